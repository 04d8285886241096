use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::super::samples::{self, BJORN, ZOE, finding};
use super::super::visible::is_deceptive;
use super::super::{FindingFormat, FindingWriter};
use super::*;

fn written(findings: &[Finding<'_>], columns: usize, colour: Colour) -> String {
    let mut out = Vec::new();
    let format = FindingFormat::Table(Width::of(columns), colour);
    let mut table = FindingWriter::new(&mut out, format).unwrap();
    for finding in findings {
        table.write(finding).unwrap();
    }
    table.finish().unwrap();
    String::from_utf8(out).unwrap()
}

fn realistic() -> Vec<Finding<'static>> {
    let mail = Some("ZOE@EXAMPLE.COM");
    let long = "smtp:anna.maria.von.adler-hohen%stein@mail.corp.example.com";
    vec![
        finding(ZOE, "displayName", "Blank", None, Some("Zoë Perez 27")),
        Finding {
            applicability: Applicability::Safe,
            ..finding(ZOE, "mail", "Character", Some(" zoe@example.com "), Some("zoe@example.com"))
        },
        samples::proxy(),
        finding(ZOE, "proxyAddresses", "LocalPart", Some(long), Some(&long.replace('%', ""))),
        Finding { extra: true, ..finding(ZOE, "mail", "Duplicate", Some("zoe@example.com"), None) },
        finding(BJORN, "mail", "Duplicate", mail, mail),
        Finding {
            action: Action::Remove,
            ..finding(BJORN, "proxyAddresses", "Duplicate", Some("smtp:zoe@example.com"), None)
        },
        Finding {
            applicability: Applicability::Manual,
            ..finding(BJORN, "targetAddress", "Format", Some("SMTP:a@@b"), Some("SMTP:a@b"))
        },
    ]
}

#[test]
fn at_80_columns_values_stand_beside_their_errors() {
    assert_eq!(
        written(&realistic(), 80, Colour::Never),
        concat!(
            "CN=Zoë Perez 27,OU=Staff,DC=corp,DC=example\n",
            "  displayName        Blank            ?→ Zoë Perez 27\n",
            "  mail               Character           ␠zoe@example.com␠\n",
            "                                       → zoe@example.com\n",
            "  proxyAddresses     Format,             smtp:ZOË.PEREZ27@-BAD.COM\n",
            "                     DomainPart,      ?→ smtp:ZO.PEREZ27@BAD.COM\n",
            "                     LocalPart\n",
            "  proxyAddresses     LocalPart           smtp:anna…ler-hohen%stein@mai…ample.com\n",
            "                                      ?→ smtp:anna…ler-hohenstein@mail…ample.com\n",
            "\n",
            "CN=Bjorn Müller 53,OU=Staff,DC=corp,DC=example\n",
            "  mail               first holder        CN=Zoë Perez 27,OU=…,DC=corp,DC=example\n",
            "                                         zoe@example.com\n",
            "  mail               Duplicate           ZOE@EXAMPLE.COM\n",
            "                                         (no suggestion)\n",
            "  proxyAddresses     Duplicate           smtp:zoe@example.com\n",
            "                                      ?→ (remove)\n",
            "  targetAddress      Format              SMTP:a@@b\n",
            "                                     (→) SMTP:a@b\n",
            "\n",
            "?→  only fix --unsafe takes these\n",
            "(→) fix takes none of these\n",
        )
    );
}

#[test]
fn at_40_columns_values_stand_below_their_errors() {
    assert_eq!(
        written(&realistic(), 40, Colour::Never),
        concat!(
            "CN=Zoë Perez 27,OU=S…,DC=corp,DC=example\n",
            "  displayName       Blank\n",
            "  ?→ Zoë Perez 27\n",
            "  mail              Character\n",
            "     ␠zoe@example.com␠\n",
            "   → zoe@example.com\n",
            "  proxyAddresses    Format, DomainPart,\n",
            "                    LocalPart\n",
            "     smtp:ZOË.PEREZ27@-BAD.COM\n",
            "  ?→ smtp:ZO.PEREZ27@BAD.COM\n",
            "  proxyAddresses    LocalPart\n",
            "     smtp:ann…er-hohen%stein@ma…mple.com\n",
            "  ?→ smtp:ann…er-hohenstein@mai…mple.com\n",
            "\n",
            "CN=Bjorn Müller 53,O…,DC=corp,DC=example\n",
            "  mail              first holder\n",
            "     CN=Zoë Perez 27,O…C=corp,DC=example\n",
            "     zoe@example.com\n",
            "  mail              Duplicate\n",
            "     ZOE@EXAMPLE.COM\n",
            "     (no suggestion)\n",
            "  proxyAddresses    Duplicate\n",
            "     smtp:zoe@example.com\n",
            "  ?→ (remove)\n",
            "  targetAddress     Format\n",
            "     SMTP:a@@b\n",
            " (→) SMTP:a@b\n",
            "\n",
            "?→  only fix --unsafe takes these\n",
            "(→) fix takes none of these\n",
        )
    );
}

#[test]
fn a_first_holder_without_a_second_has_its_own_heading() {
    let first = Finding { extra: true, ..finding(ZOE, "mail", "Duplicate", Some("z@x.y"), None) };
    assert_eq!(
        written(&[first], 80, Colour::Never),
        "CN=Zoë Perez 27,OU=Staff,DC=corp,DC=example\n  \
         mail               first holder        z@x.y\n"
    );
}

#[test]
fn no_findings_leave_no_trace() {
    assert_eq!(written(&[], 80, Colour::Always), "");
}

#[test]
fn colour_adds_styles_and_no_text() {
    let coloured = written(&realistic(), 80, Colour::Always);
    let plain = anstream::adapter::strip_str(&coloured).to_string();
    assert_eq!(plain, written(&realistic(), 80, Colour::Never));
    assert!(coloured.contains("\u{1b}[33mCharacter\u{1b}[0m"), "safe is yellow");
    assert!(coloured.contains("\u{1b}[31mBlank\u{1b}[0m"), "unsafe is red");
    assert!(coloured.contains("\u{1b}[32mZoë Perez 27\u{1b}[0m"), "an update is green");
}

#[test]
fn values_of_any_size_are_cut_to_a_line() {
    let value = vec![b'x'; 5 << 20];
    let finding = Finding {
        value: Some(Cow::Borrowed(&value)),
        update: Some("x".repeat((5 << 20) - 1)),
        ..samples::proxy()
    };
    assert!(written(&[finding], 80, Colour::Never).lines().all(|line| line.width() <= 80));
}

#[test]
fn a_message_about_a_value_of_any_length_leaves_room_for_other_findings() {
    let message = format!("the mail address is {}@x.com", "m".repeat(9_000));
    let finding = Finding { message: Some(message), ..samples::proxy() };
    let text = written(&[finding], 80, Colour::Never);
    assert!(text.lines().count() < 20 && text.contains("mmm@x.com"), "{text}");
}

proptest! {
    #[test]
    fn no_line_is_wider_than_the_terminal_and_none_acts_upon_it(
        dn: String,
        value in proptest::option::of(any::<String>()),
        update in proptest::option::of(any::<String>()),
        bytes: Vec<u8>,
        error in "[A-Za-z, ]{0,60}",
        columns in 0_usize..130,
        extra: bool,
    ) {
        let mut finding = Finding {
            dn: Cow::Owned(dn.into_bytes()),
            value: value.map(|value| Cow::Owned(value.into_bytes())),
            update,
            error,
            extra,
            attribute: "msExchHideFromAddressLists",
            ..samples::proxy()
        };
        let other = Finding { value: Some(Cow::Borrowed(&bytes)), extra: false, ..finding.clone() };
        finding.file = "x";
        let text = written(&[finding, other], columns, Colour::Never);
        for line in text.lines() {
            prop_assert!(line.width() <= columns.max(20), "{:?}", line);
            prop_assert!(line.chars().all(|c| !is_deceptive(c)), "{:?}", line);
            prop_assert!(!line.ends_with(' '), "{:?}", line);
        }
    }
}
