//! The scenarios of Microsoft's article (KB3190357), and each step by itself.

use super::*;
use crate::ldif::Line;
use crate::rules::Subject;

fn tenant() -> Settings {
    Settings {
        verified_domains: vec!["contoso.com".to_owned()],
        initial_domain: Some("contoso.onmicrosoft.com".to_owned()),
        ..Settings::default()
    }
}

fn predicted_in(settings: &Settings, class: &str, lines: &[(Attr, &str)]) -> CloudObject {
    let mut subject = Subject::default();
    subject.reset(&Line::of(b"dn", b"CN=A"));
    subject.push(Attr::ObjectClass, Line::of(b"objectClass", class.as_bytes()));
    for (attr, value) in lines {
        subject.push(*attr, Line::of(attr.name().as_bytes(), value.as_bytes()));
    }
    CloudObject::of(&Object::of(&subject, settings))
}

fn user(lines: &[(Attr, &str)]) -> CloudObject {
    predicted_in(&tenant(), "user", lines)
}

fn alias_of(cloud: &CloudObject) -> Option<&str> {
    cloud.mail_nickname.as_ref().map(|alias| alias.text.as_str())
}

fn name_of(cloud: &CloudObject) -> (&str, NameOrigin) {
    cloud.principal_name.as_ref().map_or(("", NameOrigin::Kept), |it| (&it.text, it.origin))
}

const UPN: Attr = Attr::UserPrincipalName;
const MAIL: Attr = Attr::Mail;
const PROXY: Attr = Attr::ProxyAddresses;
const ALIAS: Attr = Attr::MailNickname;
const SAM: Attr = Attr::SamAccountName;

#[test]
fn scenario_1_a_user_with_nothing_but_a_name() {
    let cloud = user(&[(UPN, "user1upn@Contoso.com")]);
    assert_eq!(alias_of(&cloud), Some("user1upn"));
    assert_eq!(name_of(&cloud), ("user1upn@Contoso.com", NameOrigin::Kept));
    assert_eq!(cloud.mail.as_deref(), Some("user1upn@Contoso.com"));
    let addresses = ["SMTP:user1upn@Contoso.com", "smtp:user1upn@contoso.onmicrosoft.com"];
    assert_eq!(cloud.proxy_addresses, addresses);
}

#[test]
fn scenario_2_a_user_with_mail() {
    let cloud = user(&[(UPN, "user2upn@Contoso.com"), (MAIL, "user2mail@Contoso.com")]);
    assert_eq!(alias_of(&cloud), Some("user2mail"));
    assert_eq!(
        cloud.proxy_addresses,
        [
            "SMTP:user2mail@Contoso.com",
            "smtp:user2upn@Contoso.com",
            "smtp:user2mail@contoso.onmicrosoft.com"
        ]
    );
}

#[test]
fn scenario_3_addresses_in_domains_of_microsoft_are_discarded() {
    let cloud = user(&[
        (UPN, "user3upn@Contoso.com"),
        (PROXY, "smtp:user3pa3@Fabrikam.microsoftonline.com"),
        (PROXY, "smtp:user3pa2@Contoso.onmicrosoft.com"),
        (PROXY, "SMTP:user3pa1@Contoso.com"),
    ]);
    assert_eq!(alias_of(&cloud), Some("user3pa1"));
    assert_eq!(
        cloud.proxy_addresses,
        [
            "SMTP:user3pa1@Contoso.com",
            "smtp:user3upn@Contoso.com",
            "smtp:user3pa1@contoso.onmicrosoft.com"
        ]
    );
    assert!(cloud.dropped.iter().all(|it| it.reason == DropReason::Reserved));
    assert_eq!(cloud.dropped.len(), 2);
}

#[test]
fn scenario_4_without_a_primary_address_that_of_the_initial_domain_is_it() {
    let cloud = user(&[(UPN, "user4upn@Contoso.com"), (PROXY, "smtp:user4new@Contoso.com")]);
    assert_eq!(cloud.mail.as_deref(), Some("user4upn@contoso.onmicrosoft.com"));
    assert_eq!(
        cloud.proxy_addresses,
        [
            "SMTP:user4upn@contoso.onmicrosoft.com",
            "smtp:user4new@Contoso.com",
            "smtp:user4upn@Contoso.com"
        ]
    );
}

#[test]
fn scenario_6_an_alias_makes_the_address_in_the_initial_domain() {
    let cloud = user(&[(UPN, "user6a@Contoso.com"), (ALIAS, "user6mnn")]);
    assert_eq!(alias_of(&cloud), Some("user6mnn"));
    let addresses = ["SMTP:user6a@Contoso.com", "smtp:user6mnn@contoso.onmicrosoft.com"];
    assert_eq!(cloud.proxy_addresses, addresses);
}

#[test]
fn the_alias_comes_from_the_first_attribute_that_gives_one() {
    let all = [
        (ALIAS, "a"),
        (PROXY, "SMTP:b@contoso.com"),
        (MAIL, "c@contoso.com"),
        (UPN, "d@contoso.com"),
        (PROXY, "smtp:e@contoso.com"),
    ];
    for (from, alias) in [(0, "a"), (1, "b"), (2, "c"), (3, "d"), (4, "e")] {
        let cloud = user(&all[from..]);
        assert_eq!(alias_of(&cloud), Some(alias));
        assert_eq!(cloud.mail_nickname.map(|alias| alias.from), Some(all[from].0));
    }
    assert_eq!(user(&[(SAM, "ann")]).mail_nickname, None);
}

#[test]
fn a_name_that_the_cloud_does_not_take_is_made_of_the_alias() {
    for (name, origin) in [
        ("ann@contoso.com", NameOrigin::Kept),
        ("ann@contoso.onmicrosoft.com", NameOrigin::Kept),
        ("ann@fabrikam.onmicrosoft.com", NameOrigin::Unverified),
        ("ann@fabrikam.com", NameOrigin::Unverified),
        ("ann@contoso.local", NameOrigin::NotRoutable),
        ("ann archer@contoso.com", NameOrigin::Refused),
        ("jürgen@contoso.com", NameOrigin::Refused),
    ] {
        let cloud = user(&[(UPN, name), (ALIAS, "nick")]);
        let made = if origin == NameOrigin::Kept { name } else { "nick@contoso.onmicrosoft.com" };
        assert_eq!(name_of(&cloud), (made, origin));
    }
    let cloud = user(&[(SAM, "ann"), (MAIL, "a.archer@contoso.com")]);
    assert_eq!(name_of(&cloud), ("ann@contoso.onmicrosoft.com", NameOrigin::Missing));
}

#[test]
fn a_name_that_is_replaced_is_no_address() {
    let cloud = user(&[(UPN, "ann@contoso.local")]);
    assert_eq!(cloud.proxy_addresses, ["SMTP:ann@contoso.onmicrosoft.com"]);
}

#[test]
fn what_the_cloud_does_not_take_is_dropped_with_the_reason() {
    let cloud = user(&[
        (UPN, "ann@contoso.com"),
        (PROXY, "SMTP:ann@contoso.com"),
        (PROXY, "X400:c=us;s=ann"),
        (PROXY, "ann@contoso.com"),
        (PROXY, "smtp:ann archer@contoso.com"),
        (PROXY, "smtp:ann@fabrikam.com"),
        (PROXY, "smtp:ann@contoso.local"),
        (PROXY, "smtp:ann@contoso.mail.onmicrosoft.com"),
        (PROXY, "X500:/o=Contoso/cn=ann"),
        (PROXY, "sip:ann@contoso.com"),
    ]);
    let reasons: Vec<&str> = cloud.dropped.iter().map(|it| it.reason.name()).collect();
    assert_eq!(reasons, ["legacy", "malformed", "malformed", "unverified", "unverified"]);
    assert_eq!(
        cloud.proxy_addresses,
        [
            "SMTP:ann@contoso.com",
            "smtp:ann@contoso.mail.onmicrosoft.com",
            "smtp:ann@contoso.onmicrosoft.com",
            "X500:/o=Contoso/cn=ann",
            "sip:ann@contoso.com",
        ]
    );
}

#[test]
fn addresses_elsewhere_stay_where_there_is_no_mailbox() {
    let elsewhere = [(PROXY, "SMTP:ann@fabrikam.com")];
    let contact = predicted_in(&tenant(), "contact", &elsewhere);
    assert_eq!(contact.proxy_addresses.first().map(String::as_str), Some("SMTP:ann@fabrikam.com"));
    let target = [elsewhere[0], (Attr::TargetAddress, "SMTP:ann@fabrikam.com")];
    assert_eq!(user(&target).mail.as_deref(), Some("ann@fabrikam.com"));
}

#[test]
fn a_group_without_mail_and_a_computer_get_no_addresses() {
    let group = predicted_in(&tenant(), "group", &[(SAM, "sales"), (ALIAS, "sales")]);
    assert_eq!(alias_of(&group), Some("sales"));
    assert_eq!((group.moera, group.proxy_addresses), (None, Vec::<String>::new()));
    assert_eq!(group.principal_name, None);
    let computer = predicted_in(&tenant(), "computer", &[(SAM, "pc1$"), (UPN, "pc1@contoso.com")]);
    assert_eq!(computer, CloudObject::default());
}

#[test]
fn two_primary_addresses_are_one_and_a_secondary_one() {
    let cloud = user(&[(PROXY, "SMTP:a@contoso.com"), (PROXY, "SMTP:b@contoso.com")]);
    assert_eq!(cloud.proxy_addresses[..2], ["SMTP:a@contoso.com", "smtp:b@contoso.com"]);
}

#[test]
fn without_the_initial_domain_the_rest_is_predicted() {
    let cloud = predicted_in(&Settings::default(), "user", &[(UPN, "ann@fabrikam.com")]);
    assert_eq!(name_of(&cloud), ("ann@fabrikam.com", NameOrigin::Kept));
    assert_eq!(cloud.moera.as_deref(), Some("ann@<initial domain>"));
    assert_eq!(cloud.mail.as_deref(), Some("ann@fabrikam.com"));
}

proptest::proptest! {
    #[test]
    fn there_is_at_most_one_primary_address_and_none_stands_twice(
        proxies in proptest::collection::vec("(SMTP:|smtp:|X400:|)[a-c]{1,2}@(contoso.com|b.local)", 0..6),
        mail in "[a-c]?@?contoso.com",
        name in "[a-c ]{1,2}@(contoso.com|x)",
    ) {
        let mut lines: Vec<(Attr, &str)> = vec![(MAIL, &mail), (UPN, &name), (SAM, "s")];
        lines.extend(proxies.iter().map(|proxy| (PROXY, proxy.as_str())));
        let cloud = user(&lines);
        let primary = cloud.proxy_addresses.iter().filter(|it| it.starts_with("SMTP:")).count();
        proptest::prop_assert!(primary <= 1);
        let mut folded: Vec<String> =
            cloud.proxy_addresses.iter().map(|it| it.to_lowercase()).collect();
        folded.sort();
        let all = folded.len();
        folded.dedup();
        proptest::prop_assert_eq!(all, folded.len());
        proptest::prop_assert_eq!(proxies.len().min(1), proxies.len().min(all + cloud.dropped.len()).min(1));
    }
}
