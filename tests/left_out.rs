//! An export of chosen attributes: whatever is left out as a whole, nothing is found that
//! is not there in the whole export.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;

use ldifix::ldif::ReadOptions;
use ldifix::rules::catalogue::Settings;
use ldifix::rules::{
    Attr, CheckOptions, Export, Profile, ProfileOptions, Reads, Selection, Survey,
};
use rayon::prelude::*;

const CORPUS: &str = include_str!("../corpus/contoso.ldif");

/// The profiles in which absence is judged by what the exports leave out.
const PROFILES: [&str; 7] =
    ["entra", "entra-cloud-sync", "exchange-online", "google", "schemus", "hygiene", "ad-schema"];

/// Findings that are new without an attribute, and why that is as it must be: attribute,
/// rule.
const NEW: [(&str, &str, &str); 2] = [
    ("adminDescription", "", "who is kept out by it is not told by anything else"),
    ("proxyAddresses", "duplicate-mail", "a finding with it too, as duplicate-masked-mail"),
];

/// What a whole domain with Exchange holds beside the people and groups of the corpus:
/// objects that are not synchronised, or only for one attribute that they have.
const DOMAIN: &str = "\
dn: CN=Administrator,CN=Users,DC=contoso,DC=com
objectClass: user
cn: Administrator
sAMAccountName: Administrator
objectSid: S-1-5-21-7-8-9-500
userAccountControl: 512
adminCount: 1
isCriticalSystemObject: TRUE

dn: CN=Gast,CN=Users,DC=contoso,DC=com
objectClass: user
cn: Gast
sAMAccountName: Gast
objectSid:: AQUAAAAAAAUVAAAABwAAAAgAAAAJAAAA9QEAAA==
userAccountControl: 66082
isCriticalSystemObject: TRUE

dn: CN=krbtgt,CN=Users,DC=contoso,DC=com
objectClass: user
cn: krbtgt
sAMAccountName: krbtgt
objectSid: S-1-5-21-7-8-9-502
userAccountControl: 514
adminCount: 1
isCriticalSystemObject: TRUE

dn: CN=FABRIKAM$,CN=Users,DC=contoso,DC=com
objectClass: user
cn: FABRIKAM$
sAMAccountName: FABRIKAM$
objectSid: S-1-5-21-7-8-9-1105
userAccountControl: 2080
isCriticalSystemObject: TRUE

dn: CN=DC1,OU=Domain Controllers,DC=contoso,DC=com
objectClass: user
objectClass: computer
cn: DC1
sAMAccountName: DC1$
userCertificate:: MIIB
objectSid: S-1-5-21-7-8-9-1106
userAccountControl: 532480
isCriticalSystemObject: TRUE

dn: CN=Domain Users,CN=Users,DC=contoso,DC=com
objectClass: group
cn: Domain Users
sAMAccountName: Domain Users
groupType: -2147483646
objectSid: S-1-5-21-7-8-9-513
isCriticalSystemObject: TRUE

dn: CN=DiscoverySearchMailbox {D919BA05-46A6-415f-80AD-7E09334BB852},CN=Users,DC=contoso,DC=com
objectClass: user
cn: DiscoverySearchMailbox {D919BA05-46A6-415f-80AD-7E09334BB852}
sAMAccountName: SM_1a2b
msExchRecipientTypeDetails: 536870912
userAccountControl: 514
mailNickname: DiscoverySearchMailbox{D919BA05-46A6-415f-80AD-7E09334BB852}
mail: DiscoverySearchMailbox{D919BA05-46A6-415f-80AD-7E09334BB852}@contoso.local
userPrincipalName: DiscoverySearchMailbox {D919BA05-46A6-415f-80AD-7E09334BB852}@contoso.local

dn: CN=SystemMailbox{e0dc1c29-89c3-4034-b678-e6c29d823ed9},CN=Users,DC=contoso,DC=com
objectClass: user
cn: SystemMailbox{e0dc1c29-89c3-4034-b678-e6c29d823ed9}
sAMAccountName: SM_1a2c
msExchRecipientTypeDetails: 8388608
userAccountControl: 514
mailNickname: SystemMailbox{e0dc1c29-89c3-4034-b678-e6c29d823ed9}
mail: SystemMailbox{e0dc1c29-89c3-4034-b678-e6c29d823ed9}@contoso.local
userPrincipalName: SystemMailbox{e0dc1c29-89c3-4034-b678-e6c29d823ed9}@contoso.local

dn: CN=Room 1,OU=Rooms,DC=contoso,DC=com
objectClass: user
cn: Room 1
displayName: Room 1
sAMAccountName: room1
msExchRecipientTypeDetails: 16
userAccountControl: 514
mailNickname: room1
mail: room1@contoso.com
proxyAddresses: SMTP:room1@contoso.com
userPrincipalName: room1@contoso.com
employeeNumber: 1

dn: CN=Kept Out,OU=Sales,DC=contoso,DC=com
objectClass: user
cn: Kept Out
sAMAccountName: kept.out
adminDescription: User_NoSync
userAccountControl: 514

dn: CN=Pat Partner,OU=Partners,DC=contoso,DC=com
objectClass: contact
cn: Pat Partner
displayName: Pat Partner
mail: pat@fabrikam.com
mailNickname: pat
targetAddress: SMTP:pat@fabrikam.com

dn: CN=Sam Supplier,OU=Partners,DC=contoso,DC=com
objectClass: contact
cn: Sam Supplier
displayName: Sam Supplier
mailNickname: sam.supplier
proxyAddresses: SMTP:sam@fabrikam.com
targetAddress: SMTP:sam@fabrikam.com

dn: CN=News,OU=Groups,DC=contoso,DC=com
objectClass: group
cn: News
displayName: News
sAMAccountName: News
groupType: 2
mail: news@contoso.com
mailNickname: news
proxyAddresses: SMTP:news@contoso.com
member: CN=Pat Partner,OU=Partners,DC=contoso,DC=com
member: CN=Sam Supplier,OU=Partners,DC=contoso,DC=com
member: CN=PC1,CN=Computers,DC=contoso,DC=com

dn: CN=PC1,CN=Computers,DC=contoso,DC=com
objectClass: user
objectClass: computer
cn: PC1
sAMAccountName: PC1$
userCertificate:: MIIB
userAccountControl: 4096

dn: CN=Lee Leaver,OU=Sales,DC=contoso,DC=com
objectClass: user
cn: Lee Leaver
givenName: Lee
sAMAccountName: lleaver
userPrincipalName: lleaver@contoso.com
userAccountControl: 514
employeeNumber: 2

dn: CN=Two,OU=Sales,DC=contoso,DC=com
objectClass: user
cn: Two
sAMAccountName: two
mail: ann.two@contoso.com
proxyAddresses: SMTP:two@contoso.com
userPrincipalName: three@contoso.com
mailNickname: two
employeeNumber: 3

dn: CN=Three,OU=Sales,DC=contoso,DC=com
objectClass: user
cn: Three
sAMAccountName: three
mail: three@contoso.com
proxyAddresses: SMTP:other@contoso.com
userPrincipalName: ann.two@contoso.com
mailNickname: three
employeeNumber: 4

";

/// The corpus as an export of chosen attributes: without any of these. Photographs are
/// small ones: they are a third of the corpus, and nothing is found by them elsewhere.
fn without(left_out: &[&str]) -> String {
    let mut export = String::new();
    let mut is_out = false;
    for line in CORPUS.split_inclusive('\n').chain(DOMAIN.split_inclusive('\n')) {
        if !line.starts_with(' ') {
            let name = line.split([':', ';', '\n']).next().unwrap();
            is_out = left_out.iter().any(|out| out.eq_ignore_ascii_case(name));
            if name == "thumbnailPhoto" && !is_out {
                export.push_str("thumbnailPhoto:: /9j/\n");
                is_out = true;
            }
        }
        if !is_out {
            export.push_str(line);
        }
    }
    export
}

fn settings() -> Settings {
    Settings {
        verified_domains: ["contoso.com", "contoso.cloud"].map(str::to_owned).into(),
        initial_domain: Some("contoso.onmicrosoft.com".to_owned()),
        ..Settings::default()
    }
}

/// What is found: DN and rule.
fn found(export: &str, profile: &str) -> BTreeSet<(String, &'static str)> {
    let options = ProfileOptions { settings: settings(), ..ProfileOptions::default() };
    let profile = Profile::by_name(profile, options).unwrap();
    let (selection, read) = (Selection::default(), ReadOptions::default());
    let options = CheckOptions { profile, selection, read, keep_held: false };
    let exports = [Export { name: "", bytes: export.as_bytes() }];
    let survey = Survey::run_as_exported(&exports, &options, &|_| {});
    let mut found = BTreeSet::new();
    survey
        .findings(|entry| {
            for finding in &entry.findings {
                let dn = String::from_utf8_lossy(&finding.dn).into_owned();
                found.extend(finding.rules.iter().map(|rule| (dn.clone(), rule.0)));
            }
            Ok::<(), std::convert::Infallible>(())
        })
        .unwrap();
    found
}

#[test]
fn what_may_have_an_address_that_is_left_out_is_looked_at() {
    for (left_out, is_looked_at) in [
        (&["objectCategory"][..], [true; 3]),
        (&["objectCategory", "mail"], [true; 3]),
        (&["objectCategory", "proxyAddresses"], [true; 3]),
        // All attributes are there, so that the contacts have no address.
        (&["mail", "proxyAddresses"], [false; 3]),
    ] {
        // Nobody but the three lacks the name that is shown.
        let export = without(left_out).replace("displayName: Pat Partner\n", "");
        let export = export.replace("displayName: Sam Supplier\n", "");
        let found = found(&export.replace("displayName: News\n", ""), "entra");
        let looked_at = ["CN=Pat Partner", "CN=Sam Supplier", "CN=News"]
            .map(|name| found.iter().any(|(dn, _)| dn.starts_with(name)));
        assert_eq!(looked_at, is_looked_at, "{left_out:?}");
    }
}

#[test]
fn what_is_left_out_as_a_whole_makes_no_new_finding() {
    let (mut wrong, mut said) = (Vec::new(), BTreeSet::new());
    // An export with objectCategory holds all attributes.
    let export = without(&["objectCategory"]);
    for name in PROFILES {
        let whole = found(&export, name);
        let profile = Profile::by_name(name, ProfileOptions::default()).unwrap();
        // The rules never see lines of which the profile reads nothing.
        let read = Attr::ALL.par_iter().filter(|attr| profile.reads(**attr) != Reads::Nothing);
        let new = read.flat_map_iter(|attr| {
            let attribute = attr.name();
            let partial = without(&["objectCategory", attribute]);
            let is_exported = partial.len() < export.len();
            let found = if is_exported { found(&partial, name) } else { BTreeSet::new() };
            let new: Vec<_> = found.difference(&whole).cloned().collect();
            new.into_iter().map(move |(dn, rule)| (attribute, dn, rule))
        });
        for (attribute, dn, rule) in new.collect::<Vec<_>>() {
            let is_said =
                |it: &(_, &str, _)| it.0 == attribute && (it.1.is_empty() || it.1 == rule);
            match NEW.iter().position(is_said) {
                Some(at) => drop(said.insert(at)),
                None => wrong.push(format!("{name} without {attribute}: {rule} {dn}")),
            }
        }
    }
    assert_eq!(said.len(), NEW.len(), "some are no longer found: {said:?}");
    assert!(wrong.is_empty(), "{} new findings\n{}", wrong.len(), wrong.join("\n"));
}
