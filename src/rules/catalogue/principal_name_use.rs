//! userPrincipalName among what else is known: the forest's suffixes, the addresses of
//! its holder, and the names of guests.

use rustc_hash::FxHashSet;

use crate::directory::Dn;
use crate::ldif::Line;
use crate::rules::rule::{Example, Rule, RuleName, Severity};
use crate::rules::{Applicability, Attr, Suggestion};

use super::sign_in_name::is_kept;
use super::verdict::{OnValue, Verdicts};
use super::{Object, address, identifiers::typed};

const CLASSES: &[&str] = &["user", "inetOrgPerson"];

/// A suffix that the forest does not have.
pub(super) static NOT_OF_FOREST: Rule = Rule {
    name: RuleName("upn-suffix-of-forest"),
    label: "DomainPart",
    severity: Severity::Info,
    summary: "The suffix of a userPrincipalName is none of the forest's.",
    reason: "Tools do not offer the suffix, and other forests do not send its users here: it was \
             written by a script, or taken off the list while users had it.",
    profiles: &["entra", "entra-cloud-sync"],
    classes: CLASSES,
    attributes: &["userPrincipalName", "uPNSuffixes", "dnsRoot"],
    limit: "a domain of the forest (dnsRoot) or one of uPNSuffixes; nothing is found where the \
            exports hold not both of them, in the entries at and below CN=Partitions, or no dnsRoot \
            of the user's own domain",
    fix: "none: add the suffix to the forest (Active Directory Domains and Trusts), or give the user \
          another one",
    sources: &[
        "[MS-ADTS] 3.1.1.5.1.3",
        "Microsoft: Active Directory schema, uPNSuffixes and User-Principal-Name",
    ],
    example: Example {
        wrong: &[
            "userPrincipalName: ann@contoso.org",
            "dn: CN=Partitions,CN=Configuration,DC=contoso,DC=com\n\
             objectClass: crossRefContainer\nuPNSuffixes: contoso.cloud",
            "dn: CN=CONTOSO,CN=Partitions,CN=Configuration,DC=contoso,DC=com\n\
             objectClass: crossRef\ndnsRoot: contoso.com",
        ],
        right: &[
            "userPrincipalName: ann@contoso.cloud",
            "dn: CN=Partitions,CN=Configuration,DC=contoso,DC=com\n\
             objectClass: crossRefContainer\nuPNSuffixes: Contoso.cloud",
            "dn: CN=CONTOSO,CN=Partitions,CN=Configuration,DC=contoso,DC=com\n\
             objectClass: crossRef\ndnsRoot: contoso.com",
        ],
    },
};

/// A name that is no address of its user.
pub(super) static NOT_ADDRESS: Rule = Rule {
    name: RuleName("upn-not-address"),
    label: "MailMatch",
    severity: Severity::Info,
    summary: "The userPrincipalName of a user with a mailbox is none of the user's addresses.",
    reason: "Exchange Online makes it one by itself: until then another object can take it, and \
             clients that find the mailbox by the name that somebody signs in with do not find it.",
    profiles: &["entra", "entra-cloud-sync", "exchange-online"],
    classes: CLASSES,
    attributes: &["userPrincipalName", "proxyAddresses"],
    limit: "one SMTP address that is the name, without regard to case, where there are any; mailboxes \
            by homeMDB or msExchRecipientTypeDetails, and names that the cloud takes",
    fix: "the name as a further address (smtp:), where nobody else has it; unsafe",
    sources: &[
        "Vasil Michev: UPN and the addresses of a mailbox",
        "Microsoft: How the proxyAddresses attribute is populated in Entra ID (KB3190357)",
    ],
    example: Example {
        wrong: &[
            "msExchRecipientTypeDetails: 1\nmailNickname: ann\nuserPrincipalName: ann@contoso.com\n\
             mail: ann.archer@contoso.com\nproxyAddresses: SMTP:ann.archer@contoso.com",
        ],
        right: &[
            "msExchRecipientTypeDetails: 1\nmailNickname: ann\nuserPrincipalName: ann@contoso.com\n\
             mail: ann.archer@contoso.com\nproxyAddresses: SMTP:ann.archer@contoso.com\n\
             proxyAddresses: smtp:Ann@contoso.com",
        ],
    },
};

/// A name as guests have it.
pub(super) static GUEST: Rule = Rule {
    name: RuleName("upn-guest"),
    label: "Reserved",
    severity: Severity::Warning,
    summary: "A userPrincipalName holds #EXT#, as those of guests do.",
    reason: "Entra ID makes such names for guests: the user is taken for one by people and by \
             reports.",
    profiles: &["hygiene"],
    classes: CLASSES,
    attributes: &["userPrincipalName"],
    limit: "no #EXT# before the @, without regard to case",
    fix: "none: a name to sign in with is changed by a person",
    sources: &[
        "Microsoft: Password policies and account restrictions in Entra ID, userPrincipalName \
         policies",
        "Practice in Entra ID; no document says so",
    ],
    example: Example {
        wrong: &["userPrincipalName: ann_fabrikam.com#EXT#@contoso.com"],
        right: &["userPrincipalName: ann#1@contoso.com"],
    },
};

/// The suffixes that names of a forest may have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forest {
    domains: FxHashSet<String>,
    suffixes: FxHashSet<String>,
}

impl Forest {
    /// Adds the DNS name of a domain.
    pub(in crate::rules) fn add_domain(&mut self, name: &[u8]) {
        self.domains.insert(folded(name));
    }

    /// Adds a suffix.
    pub(in crate::rules) fn add_suffix(&mut self, suffix: &[u8]) {
        self.suffixes.insert(folded(suffix));
    }

    /// Whether both the domains and the suffixes are known.
    #[must_use]
    pub fn is_told(&self) -> bool {
        !self.domains.is_empty() && !self.suffixes.is_empty()
    }

    /// Whether the domain of an entry is one of those that are known.
    fn has_domain_of(&self, dn: &[u8]) -> bool {
        domain_of(dn).is_some_and(|domain| self.domains.contains(&domain))
    }

    fn has_suffix(&self, suffix: &str) -> bool {
        let suffix = folded(suffix.as_bytes());
        self.domains.contains(&suffix) || self.suffixes.contains(&suffix)
    }
}

fn folded(name: &[u8]) -> String {
    String::from_utf8_lossy(name.trim_ascii()).to_lowercase()
}

/// The DNS name of the domain that an entry stands in, by its DN.
fn domain_of(dn: &[u8]) -> Option<String> {
    let dn = Dn::parse(dn).ok()?;
    let labels = dn.rdns().iter().filter_map(|rdn| {
        let [ava] = rdn.avas() else { return None };
        let is_label = ava.attribute().eq_ignore_ascii_case("dc");
        is_label.then(|| folded(ava.value()))
    });
    let labels: Vec<String> = labels.collect();
    (!labels.is_empty()).then(|| labels.join("."))
}

/// Whether a name is to be looked at, though nothing is odd about it by itself.
#[inline]
pub(super) fn concerns(object: &Object<'_, '_>) -> bool {
    object.settings.forest.get().is_some()
}

/// Looks at a name among what else is known.
pub(super) fn judge(name: &str, object: &Object<'_, '_>, verdict: &mut OnValue<'_>) {
    let Some((local, suffix)) = address::split(name) else { return };
    if local.to_ascii_uppercase().contains("#EXT#") {
        verdict.breaks(&GUEST, &String::new);
    }
    if let Some(forest) = object.settings.forest.get()
        && object.settings.upn_attribute.is_none()
        && !suffix.is_empty()
        && !forest.has_suffix(suffix)
        && forest.has_domain_of(object.subject.dn())
    {
        verdict
            .breaks(&NOT_OF_FOREST, &|| format!("{suffix} is neither a domain nor a suffix of it"));
    }
}

/// What stands in front of the primary address.
const PRIMARY: &[u8] = b"SMTP:";

/// Looks whether a name is an address of its user's.
pub(super) fn judge_address(name: &[u8], object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    if !verdicts.looks_for(&NOT_ADDRESS) {
        return;
    }
    let attr = Attr::ProxyAddresses;
    // It mostly is the first one, spelled alike.
    let first = object.subject.lines(attr).first().map_or(&b""[..], Line::raw);
    if let Some((kind, address)) = first.split_at_checked(PRIMARY.len())
        && kind == PRIMARY
        && address == name
    {
        return;
    }
    let name = String::from_utf8_lossy(name);
    let name = name.trim();
    let mut has_smtp = false;
    for (_, value) in object.values(attr) {
        let (kind, address) = typed(&value);
        if kind.is_some_and(|kind| kind.eq_ignore_ascii_case(b"smtp")) {
            has_smtp = true;
            let address = String::from_utf8_lossy(address);
            if address.trim().eq_ignore_ascii_case(name) {
                return;
            }
        }
    }
    if !has_smtp || !object.has_mailbox() || object.subject.is_partial(attr) {
        return;
    }
    let Some((_, domain)) = address::split(name) else { return };
    if address::is_reserved(domain)
        || address::check(name, object.settings).is_err()
        || !is_kept(name.as_bytes(), object.settings)
    {
        return;
    }
    let mut verdict = verdicts.on_whole(attr);
    verdict.breaks(&NOT_ADDRESS, &|| format!("the name is {name}"));
    verdict.suggest(|| Some((Suggestion::Add(format!("smtp:{name}")), Applicability::Unsafe)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::catalogue::{Settings, user};
    use crate::rules::idfix::Location;

    fn found(
        settings: &Settings,
        profile: &'static str,
        lines: &[(Attr, &str)],
    ) -> Vec<&'static str> {
        let subject = user(lines);
        let mut verdicts = Verdicts::in_full(profile, &settings.left_out);
        let object = Object::of(&subject, settings);
        (super::super::user_principal_name::FAMILY.check)(&object, &mut verdicts);
        let place = Location { file: "", first_line: 1, dn_line: 0 };
        let findings = verdicts.into_findings(&object, place);
        let names = findings.iter().flat_map(|it| &it.rules).map(|rule| rule.0);
        names.filter(|name| *name != "upn-not-mail").collect()
    }

    fn forest(domain: &str) -> Settings {
        let mut forest = Forest::default();
        forest.add_domain(domain.as_bytes());
        forest.add_suffix(b"Contoso.Cloud");
        Settings { forest: forest.into(), ..Settings::default() }
    }

    #[test]
    fn a_suffix_is_judged_by_the_forest_of_its_user_alone() {
        let name = |name| [(Attr::UserPrincipalName, name)];
        // The user stands in the domain com.
        let known = forest("COM");
        assert_eq!(found(&known, "entra", &name("ann@contoso.cloud")), [""; 0]);
        assert_eq!(found(&known, "entra", &name("ann@fabrikam.com")), ["upn-suffix-of-forest"]);
        let elsewhere = forest("fabrikam.com");
        assert_eq!(found(&elsewhere, "entra", &name("ann@example.org")), [""; 0]);
        assert_eq!(found(&Settings::default(), "entra", &name("ann@example.org")), [""; 0]);
    }

    #[test]
    fn a_name_is_to_be_an_address_only_of_a_mailbox_that_has_others() {
        let lines = |of_mailbox, address| {
            [
                (Attr::UserPrincipalName, "ann@contoso.com"),
                (Attr::Mail, "a@contoso.com"),
                of_mailbox,
                (Attr::ProxyAddresses, address),
            ]
        };
        let (mailbox, none) = ((Attr::HomeMdb, "CN=DB"), (Attr::Title, "x"));
        let usual = Settings::default();
        let found = |lines: &[(Attr, &str)]| found(&usual, "exchange-online", lines);
        assert_eq!(found(&lines(mailbox, "SMTP:a@contoso.com")), ["upn-not-address"]);
        assert_eq!(found(&lines(mailbox, "smtp:Ann@contoso.com ")), [""; 0]);
        assert_eq!(found(&lines(mailbox, "smtp:ann@contoso.com\u{a0}")), [""; 0]);
        assert_eq!(found(&lines(mailbox, "X500:/o=a")), [""; 0]);
        assert_eq!(found(&lines(none, "SMTP:a@contoso.com")), [""; 0]);
        // Nothing else is odd about the name then.
        let mut is_mail = lines(mailbox, "SMTP:a@contoso.com");
        is_mail[1].1 = "ann@contoso.com";
        assert_eq!(found(&is_mail), ["upn-not-address"]);
        is_mail[1] = none;
        assert_eq!(found(&is_mail), ["upn-not-address"]);
        // A blank that nobody sees is the other rules' business.
        let mut blank = lines(mailbox, "SMTP:ann@contoso.com");
        blank[0].1 = "ann@contoso.com\u{a0}";
        assert!(!found(&blank).contains(&"upn-not-address"));
        let mut local = lines(mailbox, "SMTP:a@contoso.com");
        local[0].1 = "ann@contoso.local";
        assert_eq!(found(&local), [""; 0]);
    }

    #[test]
    fn the_domain_of_an_entry_is_told_by_the_labels_of_its_name() {
        let domain = |dn: &str| domain_of(dn.as_bytes());
        assert_eq!(
            domain("CN=A,OU=b,DC=Emea, DC=contoso,DC=com").as_deref(),
            Some("emea.contoso.com")
        );
        assert_eq!(domain("CN=A\\,DC=x,O=b"), None);
    }
}
