use std::sync::Arc;

use crate::ldif::Line;
use crate::rules::catalogue::{Catalogue, Object, Settings, Verdicts};
use crate::rules::idfix::Alone;
use crate::rules::idfix::Location;
use crate::rules::{Applicability, Attr, Finding, Subject, Suggestion};

use super::check::look_closely;
use super::plain::is_plain;

const GROUP: (Attr, &str) = (Attr::ObjectClass, "group");
const CONTACT: (Attr, &str) = (Attr::ObjectClass, "contact");

const fn proxy(value: &str) -> (Attr, &str) {
    (Attr::ProxyAddresses, value)
}

const fn mail(value: &str) -> (Attr, &str) {
    (Attr::Mail, value)
}

fn settings() -> Settings {
    Settings {
        verified_domains: vec!["contoso.com".to_owned(), "xn--mller-kva.de".to_owned()],
        initial_domain: Some("contoso.onmicrosoft.com".to_owned()),
        mapped_domains: vec![("corp.local".to_owned(), "contoso.com".to_owned())],
        ..Settings::default()
    }
}

/// What is found in a user with these lines, of this family only.
fn found_in(profile: &'static str, lines: &[(Attr, &str)]) -> Vec<Finding<'static>> {
    let mut subject = Subject::default();
    subject.reset(&Line::of(b"dn", b"CN=A"));
    for (attr, value) in [(Attr::ObjectClass, "user")].iter().chain(lines) {
        subject.push(*attr, Line::of(attr.name().as_bytes(), value.as_bytes()));
    }
    let catalogue = Catalogue { profile, settings: Arc::new(settings()), timings: None };
    let place = Location { file: "", first_line: 1, dn_line: 0 };
    let findings = catalogue.findings(&subject, &Alone, place);
    assert_eq!(
        catalogue.inspect(&subject, &mut Default::default(), |_| {}),
        !findings.is_empty(),
        "{lines:?}"
    );
    findings
        .into_iter()
        .filter(|finding| finding.attribute == "proxyAddresses")
        .map(|finding| Finding {
            dn: finding.dn.into_owned().into(),
            common_name: finding.common_name.into_owned().into(),
            object_class: finding.object_class.into_owned().into(),
            value: finding.value.map(|value| value.into_owned().into()),
            file: "",
            ..finding
        })
        .collect()
}

fn findings(lines: &[(Attr, &str)]) -> Vec<Finding<'static>> {
    found_in("entra", lines)
}

/// The rules that a value breaks beside a primary address that is in order.
fn broken(value: &str) -> Vec<&'static str> {
    let findings =
        findings(&[proxy("SMTP:ann@contoso.com"), mail("ann@contoso.com"), proxy(value)]);
    let rules = findings.iter().flat_map(|finding| finding.rules.iter().map(|rule| rule.0));
    rules.collect()
}

/// What is suggested for a value beside a primary address that is in order.
fn suggested(value: &str) -> (Suggestion, Applicability) {
    let mut findings =
        findings(&[proxy("SMTP:ann@contoso.com"), mail("ann@contoso.com"), proxy(value)]);
    assert_eq!(findings.len(), 1, "{value}");
    findings.pop().map(|it| (it.suggestion, it.applicability)).unwrap_or_else(|| unreachable!())
}

/// The rules and the suggestion of each finding.
fn told(lines: &[(Attr, &str)]) -> Vec<(String, &'static str, Suggestion)> {
    let told = |finding: Finding<'_>| {
        let value = finding.value.as_deref().map(String::from_utf8_lossy);
        (value.unwrap_or_default().into_owned(), finding.rules[0].0, finding.suggestion)
    };
    findings(lines).into_iter().map(told).collect()
}

fn replace(value: &str) -> Suggestion {
    Suggestion::Replace(value.to_owned())
}

fn add(value: &str) -> Suggestion {
    Suggestion::Add(value.to_owned())
}

#[test]
fn addresses_that_the_cloud_takes_are_no_finding() {
    for value in [
        "smtp:ann.o'neil@contoso.com",
        "Smtp:Ann_Archer+x@CONTOSO.com",
        "smtp:a&b~c!d@contoso.com",
        "smtp:ann#1@contoso.com",
        "smtp:ann@xn--mller-kva.de",
        "smtp:ann@Contoso.mail.onmicrosoft.com",
        "sip:ann@contoso.com",
        "X500:/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=a, b; 'c' = d",
        "x500:/O=Größe/cn=ann",
        "X.500:/o=Contoso/cn=ann",
        "EUM:1234;phone-context=dialplan.contoso.com",
        "SPO:SPO_1234@SPO_5678",
        "NOTES:Ann Archer/Contoso",
        "FAX:+47 (22) 123456",
        "GWISE:Contoso.PO1.Ann Archer",
    ] {
        assert_eq!(broken(value), Vec::<&str>::new(), "{value}");
    }
}

#[test]
fn each_fault_of_an_address_is_found_and_no_other() {
    for (value, rules) in [
        ("bob@contoso.com", &["proxy-type-missing"][..]),
        ("mailto:bob@contoso.com", &["proxy-type-missing"]),
        ("/o=Contoso/cn=x:y", &["proxy-type-missing"]),
        ("", &["proxy-type-missing"]),
        (" smtp:bob@contoso.com", &["proxy-space"]),
        ("smtp: bob@contoso.com", &["proxy-space"]),
        ("smtp:bob @contoso.com", &["proxy-space"]),
        ("smtp:bob@contoso.com\u{200b}", &["proxy-space"]),
        ("sip:bob archer@contoso.com", &["proxy-space"]),
        ("smtp:bob(x)@contoso.com", &["proxy-character"]),
        ("smtp:<bob@contoso.com>", &["proxy-character"]),
        ("smtp:\"bob\"@contoso.com", &["proxy-character"]),
        ("smtp:b;o,b@contoso.com", &["proxy-character"]),
        ("smtp:user:M@contoso.com", &["proxy-colon"]),
        ("smtp:smtp:bob@contoso.com", &["proxy-colon"]),
        ("smtp:jürgen@contoso.com", &["proxy-non-ascii"]),
        ("smtp:bob@müller.de", &["proxy-idn"]),
        ("smtp:a=b@contoso.com", &["proxy-replaced"]),
        ("smtp:a`|?/%@contoso.com", &["proxy-replaced"]),
        (".smtp:bob@contoso.com", &[]),
        ("smtp:.bob@contoso.com", &["proxy-local-part"]),
        ("smtp:bob.@contoso.com", &["proxy-local-part"]),
        ("smtp:b..ob@contoso.com", &["proxy-local-part"]),
        ("smtp:b\\ob@contoso.com", &["proxy-local-part"]),
        ("smtp:a@b@contoso.com", &["proxy-local-part"]),
        ("smtp:@contoso.com", &["proxy-local-part"]),
        ("smtp:bob", &["proxy-domain"]),
        ("smtp:bob@", &["proxy-domain"]),
        ("smtp:bob@con_toso.com", &["proxy-domain"]),
        ("smtp:bob@[10.0.0.1]", &["proxy-character", "proxy-domain"]),
        ("smtp:bob@contoso.local", &["proxy-not-routable"]),
        ("smtp:bob@contoso", &["proxy-not-routable"]),
        ("smtp:bob@fabrikam.com", &["proxy-unverified"]),
        ("smtp:bob@contoso.onmicrosoft.com", &["proxy-reserved"]),
        ("smtp:bob@fabrikam.mail.onmicrosoft.com", &["proxy-reserved"]),
        ("X400:c=US;a= ;p=Contoso;o=Exchange;s=Archer;g=Ann;", &["proxy-legacy-type"]),
        ("X.400:c=US;a= ;p=Contoso", &["proxy-legacy-type"]),
        ("MSMAIL:CONTOSO/PO/ANN", &["proxy-legacy-type"]),
        ("smtp:Ann@Contoso.COM", &["proxy-repeated"]),
        ("SMTP:bob@contoso.com", &["proxy-primary-several"]),
    ] {
        assert_eq!(broken(value), rules, "{value}");
    }
}

#[test]
fn lengths_count_bytes_of_the_address_and_utf16_units_of_the_value() {
    let local = |length: usize| format!("smtp:{}@contoso.com", "a".repeat(length));
    assert_eq!(broken(&local(64)), Vec::<&str>::new());
    assert_eq!(broken(&local(65)), ["proxy-length"]);
    let x500 = |length: usize, c: &str| format!("X500:{}", c.repeat(length));
    assert_eq!(broken(&x500(251, "ü")), Vec::<&str>::new());
    assert_eq!(broken(&x500(252, "ü")), ["proxy-length"]);
    assert_eq!(broken(&x500(125, "😀")), Vec::<&str>::new());
    assert_eq!(broken(&x500(126, "😀")), ["proxy-length"]);
    // Too long in two ways is one rule.
    let told = findings(&[proxy("SMTP:ann@contoso.com"), proxy(&local(300))]);
    let rules: Vec<Vec<_>> =
        told.iter().map(|it| it.rules.iter().map(|rule| rule.0).collect()).collect();
    assert_eq!(rules, [vec!["proxy-length"]]);
    assert!(told.iter().all(|it| it.message.as_ref().is_some_and(|said| said.contains("; "))));
    let label = format!("smtp:a@{}.com", "b".repeat(64));
    assert_eq!(broken(&label), ["proxy-length"]);
}

#[test]
fn a_suggestion_holds_or_is_none() {
    use Applicability::{Safe, Unsafe};
    for (value, better, how) in [
        ("bob@contoso.com", "smtp:bob@contoso.com", Safe),
        (" smtp: bob@contoso.com\u{a0}", "smtp:bob@contoso.com", Safe),
        ("smtp:.b..ob.@contoso..com.", "smtp:b.ob@contoso.com", Safe),
        ("smtp:bob@müller.de", "smtp:bob@xn--mller-kva.de", Safe),
        ("mailto:bob@contoso.com", "smtp:bob@contoso.com", Unsafe),
        ("smtp:b ob@contoso.com", "smtp:bob@contoso.com", Unsafe),
        ("smtp:b(x)ob@contoso.com", "smtp:bxob@contoso.com", Unsafe),
        ("smtp:Bob Archer <bob@contoso.com>", "smtp:bob@contoso.com", Unsafe),
        ("smtp:SMTP:bob@contoso.com", "smtp:bob@contoso.com", Unsafe),
        ("smtp:user:M@contoso.com", "smtp:userM@contoso.com", Unsafe),
        ("smtp:jürgen@contoso.com", "smtp:jurgen@contoso.com", Unsafe),
        ("smtp:a=b@contoso.com", "smtp:a_b@contoso.com", Unsafe),
        ("smtp:bob@@contoso.com", "smtp:bob@contoso.com", Unsafe),
        ("smtp:b.@contoso.mail.onmicrosoft.com", "smtp:b@contoso.mail.onmicrosoft.com", Safe),
        ("smtp:bob@corp.local", "smtp:bob@contoso.com", Unsafe),
        ("sip:b ob@contoso.com", "sip:bob@contoso.com", Unsafe),
        ("sip:bob@contoso.com ", "sip:bob@contoso.com", Safe),
    ] {
        assert_eq!(suggested(value), (replace(better), how), "{value}");
    }
    for value in [
        "smtp:юлия@contoso.com",
        "smtp:a@b@contoso.com",
        "smtp:bob",
        "smtp:bob.@fabrikam.com",
        "smtp:bob@contoso.onmicrosoft.com",
        "X400:c=US;a= ;p=Contoso",
        "/o=Contoso/cn=ann",
    ] {
        assert_eq!(suggested(value), (Suggestion::None, Applicability::Manual), "{value}");
    }
}

#[test]
fn what_another_value_says_already_goes() {
    use Applicability::{Safe, Unsafe};
    assert_eq!(suggested("smtp:Ann@contoso.com "), (Suggestion::Remove, Safe));
    assert_eq!(suggested("SMTP:ANN@contoso.com"), (Suggestion::Remove, Unsafe));
    assert_eq!(suggested("SMTP:ann@contoso.com"), (Suggestion::RemoveCopy, Unsafe));
    // Corrected, it would be the address that is there already.
    assert_eq!(suggested("smtp:ann.@contoso.com"), (Suggestion::Remove, Unsafe));
    assert_eq!(suggested("ann@contoso.com"), (Suggestion::Remove, Unsafe));
    // Nobody can reach it.
    assert_eq!(suggested("smtp:bob@contoso.local"), (Suggestion::Remove, Unsafe));
}

#[test]
fn the_primary_one_of_two_equal_addresses_stays_wherever_it_stands() {
    let lines = [
        proxy("smtp:ann@contoso.com"),
        proxy("SMTP:Ann@contoso.com"),
        proxy("smtp:ann@contoso.com"),
    ];
    assert_eq!(
        told(&lines),
        [
            ("smtp:ann@contoso.com".to_owned(), "proxy-repeated", Suggestion::Remove),
            ("smtp:ann@contoso.com".to_owned(), "proxy-repeated", Suggestion::RemoveCopy),
        ]
    );
}

#[test]
fn an_x500_address_is_never_rewritten_nor_removed_unless_it_is_a_copy() {
    let lines = [
        proxy("SMTP:ann@contoso.com"),
        proxy("X500:/o=Contoso/cn=ann"),
        proxy("X500:/o=contoso/cn=ANN"),
        proxy("X500:/o=Contoso/cn=old"),
        proxy("X500:/o=Contoso/cn=ann"),
    ];
    let told = told(&lines);
    let rules: Vec<_> = told.iter().map(|(_, rule, suggestion)| (*rule, suggestion)).collect();
    assert_eq!(
        rules,
        [
            ("proxy-repeated", &Suggestion::None),
            ("proxy-type-primary-several", &Suggestion::None),
            ("proxy-repeated", &Suggestion::RemoveCopy),
        ]
    );
}

#[test]
fn without_a_primary_address_the_one_that_mail_names_becomes_it() {
    let value = |it: &str| it.to_owned();
    let rule = "proxy-primary-missing";
    let (ann, bob) = (proxy("smtp:ann@contoso.com"), proxy("smtp:bob@contoso.com"));
    assert_eq!(
        told(&[bob, ann, mail("Ann@contoso.com")]),
        [(value("smtp:ann@contoso.com"), rule, replace("SMTP:ann@contoso.com"))]
    );
    assert_eq!(
        told(&[ann]),
        [(value("smtp:ann@contoso.com"), rule, replace("SMTP:ann@contoso.com"))]
    );
    assert_eq!(
        told(&[ann, bob, mail("carl@contoso.com")]),
        [(value(""), rule, add("SMTP:carl@contoso.com"))]
    );
    assert_eq!(told(&[ann, bob]), [(value(""), rule, Suggestion::None)]);
    // A mail address that will be corrected counts as it will be.
    assert_eq!(
        told(&[ann, bob, mail("bob.@contoso.com")]),
        [(value("smtp:bob@contoso.com"), rule, replace("SMTP:bob@contoso.com"))]
    );
    // An address that the cloud discards is not one to answer to.
    let routing = proxy("smtp:ann@contoso.mail.onmicrosoft.com");
    assert_eq!(told(&[routing]), [(value(""), rule, Suggestion::None)]);
    assert_eq!(told(&[ann, mail("nobody")]), [(value(""), rule, Suggestion::None)]);
    let how = findings(&[ann, mail("ann@contoso.com")]).pop().map(|it| it.applicability);
    assert_eq!(how, Some(Applicability::Unsafe));
}

#[test]
fn a_value_without_type_becomes_the_primary_address_where_it_must() {
    let value = || "ann@contoso.com".to_owned();
    let primary = [(value(), "proxy-type-missing", replace("SMTP:ann@contoso.com"))];
    assert_eq!(told(&[proxy("ann@contoso.com")]), primary);
    assert_eq!(told(&[proxy("ann@contoso.com"), mail("ann@contoso.com")]), primary);
}

#[test]
fn of_several_primary_addresses_the_mail_address_stays() {
    let (ann, bob) = (proxy("SMTP:ann@contoso.com"), proxy("SMTP:bob@contoso.com"));
    let rule = "proxy-primary-several";
    assert_eq!(
        told(&[ann, bob, mail("bob@contoso.com")]),
        [(ann.1.to_owned(), rule, replace("smtp:ann@contoso.com"))]
    );
    assert_eq!(
        told(&[ann, bob, mail("carl@contoso.com")]),
        [(ann.1.to_owned(), rule, Suggestion::None), (bob.1.to_owned(), rule, Suggestion::None)]
    );
}

#[test]
fn the_second_primary_address_of_another_type_becomes_a_secondary_one() {
    let lines = [
        proxy("SMTP:ann@contoso.com"),
        proxy("SIP:ann@contoso.com"),
        proxy("SIP:bob@contoso.com"),
        proxy("EUM:1;phone-context=x"),
        proxy("EUM:2;phone-context=x"),
    ];
    let told = told(&lines);
    let suggested: Vec<_> = told.iter().map(|(_, _, suggestion)| suggestion).collect();
    assert_eq!(suggested, [&replace("sip:bob@contoso.com"), &replace("eum:2;phone-context=x")]);
}

#[test]
fn groups_and_contacts_need_an_smtp_address() {
    let x500 = proxy("X500:/o=Contoso/cn=sales");
    let (rule, value) = ("proxy-smtp-missing", String::new());
    for class in [GROUP, CONTACT] {
        assert_eq!(
            told(&[class, x500, mail("sales@contoso.com")]),
            [(value.clone(), rule, add("SMTP:sales@contoso.com"))]
        );
    }
    assert_eq!(told(&[GROUP, x500]), [(value, rule, Suggestion::None)]);
    assert_eq!(told(&[x500]), []);
}

#[test]
fn a_group_or_shared_mailbox_has_no_hash_and_a_group_may_have_any_domain() {
    let shared = (Attr::MsExchRecipientTypeDetails, "34359738368");
    let lines = [proxy("SMTP:sales#1@contoso.com")];
    for who in [GROUP, shared] {
        let told = told(&[who, lines[0]]);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].1, "proxy-hash");
        assert_eq!(told[0].2, replace("SMTP:sales1@contoso.com"));
    }
    assert_eq!(told(&[(Attr::MsExchRecipientTypeDetails, "1"), lines[0]]), []);
    assert_eq!(told(&[GROUP, proxy("SMTP:sales@fabrikam.com")]), []);
}

#[test]
fn a_user_with_a_mailbox_needs_an_address() {
    let alias = (Attr::MailNickname, "ann");
    let name = (Attr::UserPrincipalName, "ann@contoso.com");
    let told_of = |lines: &[_]| told(lines).into_iter().map(|it| (it.1, it.2)).collect::<Vec<_>>();
    assert_eq!(told_of(&[alias, name]), [("proxy-missing", add("SMTP:ann@contoso.com"))]);
    assert_eq!(told_of(&[alias]), [("proxy-missing", Suggestion::None)]);
    assert_eq!(told_of(&[name]), []);
    assert_eq!(told_of(&[alias, mail("ann@contoso.com")]), []);
    assert_eq!(told_of(&[GROUP, alias]), []);
}

#[test]
fn many_addresses_are_told_and_too_many_are_an_error() {
    let values: Vec<String> = (0..340).map(|at| format!("x500:/o=Contoso/cn={at}")).collect();
    let rules = |count: usize| -> Vec<&str> {
        let lines: Vec<_> = values.iter().take(count).map(|value| proxy(value)).collect();
        told(&lines).into_iter().map(|(_, rule, _)| rule).collect()
    };
    assert_eq!(rules(300), Vec::<&str>::new());
    assert_eq!(rules(301), ["proxy-many"]);
    assert_eq!(rules(329), ["proxy-many"]);
    assert_eq!(rules(330), ["proxy-too-many"]);
}

#[test]
fn the_time_for_an_object_grows_with_its_addresses_and_no_faster() {
    let values: Vec<String> = (0..50_000).map(|at| format!("SMTP:a{at}@contoso.com")).collect();
    let lines: Vec<_> = values.iter().map(|value| proxy(value)).collect();
    // Minutes, were each compared with each.
    let found = findings(&lines);
    assert_eq!(found.len(), 50_000 + 1);
}

#[test]
fn what_the_export_does_not_hold_is_not_missing() {
    let mut subject = Subject::default();
    subject.reset(&Line::of(b"dn", b"CN=A"));
    let alias = (Attr::MailNickname, "a");
    let account = (Attr::SamAccountName, "a");
    for (attr, value) in [GROUP, alias, account, proxy("smtp:a@contoso.com")] {
        subject.push(attr, Line::of(attr.name().as_bytes(), value.as_bytes()));
    }
    subject.mark_partial(Attr::ProxyAddresses);
    let catalogue = Catalogue { profile: "entra", settings: Arc::new(settings()), timings: None };
    let place = Location { file: "", first_line: 1, dn_line: 0 };
    let findings = catalogue.findings(&subject, &Alone, place);
    let rules: Vec<&str> = findings.iter().flat_map(|it| &it.rules).map(|rule| rule.0).collect();
    assert!(!rules.iter().any(|rule| rule.starts_with("proxy-")), "{rules:?}");
}

#[test]
fn values_that_are_not_utf8_are_told_and_not_corrected() {
    let mut subject = Subject::default();
    subject.reset(&Line::of(b"dn", b"CN=A"));
    subject.push(Attr::ObjectClass, Line::of(b"objectClass", b"group"));
    subject.push(Attr::ProxyAddresses, Line::of(b"proxyAddresses", b"SMTP:j\xfcrgen@contoso.com"));
    let catalogue = Catalogue { profile: "entra", settings: Arc::new(settings()), timings: None };
    let place = Location { file: "", first_line: 1, dn_line: 0 };
    let findings = catalogue.findings(&subject, &Alone, place);
    assert_eq!(findings[0].rules[0].0, "proxy-non-ascii");
    assert_eq!(findings[0].suggestion, Suggestion::None);
}

#[test]
fn the_hygiene_of_a_user_who_moved() {
    let name = (Attr::UserPrincipalName, "ann@contoso.com");
    let moved = (Attr::MsExchRecipientTypeDetails, "2147483648");
    let former = (Attr::LegacyExchangeDn, "/o=Contoso/cn=ann");
    let told = |lines: &[_]| -> Vec<_> {
        found_in("hygiene", lines).into_iter().map(|it| (it.rules[0].0, it.suggestion)).collect()
    };
    let primary = proxy("SMTP:ann@contoso.com");
    assert_eq!(
        told(&[name, moved, former, primary]),
        [("proxy-legacy-dn", add("X500:/o=Contoso/cn=ann"))]
    );
    assert_eq!(told(&[name, moved, former, primary, proxy("x500:/O=CONTOSO/cn=Ann")]), []);
    assert_eq!(told(&[name, former, primary]), []);
    assert_eq!(
        told(&[name, primary, proxy("SIP:archer@contoso.com")]),
        [("proxy-sip", replace("SIP:ann@contoso.com"))]
    );
    assert_eq!(told(&[name, primary, proxy("SIP:Ann@contoso.com")]), []);
    assert_eq!(
        told(&[primary, proxy("smtp:ann@contoso.mail.onmicrosoft.com")]),
        [("proxy-routing", Suggestion::None)]
    );
}

mod property {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_suggested_is_found_no_more(
            values in prop::collection::vec("(smtp:|SMTP:|sip:|SIP:|x500:)?[ .a-bü:(=]{0,4}@?(contoso|müller|corp)?[.]{0,2}(com|local|de)?[ ]?", 1..6),
            named in prop::option::of("[ab]@contoso[.]com"),
        ) {
            let mut lines: Vec<_> = values.iter().map(|value| proxy(value)).collect();
            lines.extend(named.as_deref().map(mail));
            for finding in findings(&lines) {
                let Suggestion::Replace(better) = &finding.suggestion else { continue };
                let at = lines.iter().position(|(attr, value)| {
                    *attr == Attr::ProxyAddresses && Some(value.as_bytes()) == finding.value.as_deref()
                });
                let mut corrected = lines.clone();
                corrected[at.unwrap_or_default()].1 = better;
                let again: Vec<_> = findings(&corrected)
                    .into_iter()
                    .filter(|it| it.value.as_deref() == Some(better.as_bytes()))
                    .filter(|it| it.rules[0].0 != "proxy-repeated" && it.rules[0].0 != "proxy-primary-missing")
                    .collect();
                prop_assert!(again.is_empty(), "{:?} for {:?}: {:?}", better, finding.value, again);
            }
        }

        #[test]
        fn what_is_plain_at_a_quick_look_is_so_at_a_close_one(
            values in prop::collection::vec("(smtp|SMTP|Smtp|sip|SIP|x500|X500|EUM|X400|FAX):([ab'.]{1,3}@?(contoso|fabrikam|a[.]mail[.]onmicrosoft|contoso[.]mail[.]onmicrosoft)[.](com|local)|[ -~ü]{0,6})", 1..6),
            class in prop::sample::select(&["user", "group", "contact"][..]),
        ) {
            let mut subject = Subject::default();
            subject.reset(&Line::of(b"dn", b"CN=A"));
            subject.push(Attr::ObjectClass, Line::of(b"objectClass", class.as_bytes()));
            for value in &values {
                subject.push(Attr::ProxyAddresses, Line::of(b"proxyAddresses", value.as_bytes()));
            }
            let settings = settings();
            let object = Object::of(&subject, &settings);
            if is_plain(&object) {
                let mut verdicts = Verdicts::whether_any("entra");
                look_closely(&object, false, &mut verdicts);
                prop_assert!(!verdicts.any(), "{:?}", values);
            }
        }

        #[test]
        fn no_value_makes_a_check_fail(values in prop::collection::vec(".{0,40}", 0..5)) {
            let lines: Vec<_> = values.iter().map(|value| proxy(value)).collect();
            findings(&lines);
        }
    }
}
