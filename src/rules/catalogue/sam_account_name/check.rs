//! What is wrong with a sAMAccountName.

use crate::ldif::Line;
use crate::rules::catalogue::text::{self, is_invisible, shown};
use crate::rules::catalogue::verdict::{Breaks, Verdicts};
use crate::rules::catalogue::{Object, ObjectKind, user_principal_name};
use crate::rules::rule::{Rule, Severity};
use crate::rules::{Applicability, Attr, Suggestion};

use super::rules;

/// UTF-16 units of the longest names.
const MAX_USER: usize = 20;
const MAX_GROUP: usize = 256;
const MAX_GROUP_OF_OLD: usize = 64;
const MAX_COMPUTER: usize = 15;

/// What Active Directory puts before a name that another object has.
const DUPLICATE_MARK: &str = "$DUPLICATE-";

/// What has the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Account {
    User,
    Group,
    Computer,
    /// A managed service account, of one computer or of many.
    Service,
}

impl Account {
    fn of(object: &Object<'_, '_>) -> Option<Self> {
        let is_service = |line: &Line<'_>| {
            let class = line.bytes();
            class.eq_ignore_ascii_case(b"msDS-GroupManagedServiceAccount")
                || class.eq_ignore_ascii_case(b"msDS-ManagedServiceAccount")
        };
        Some(match object.kind {
            ObjectKind::User => Self::User,
            ObjectKind::Group => Self::Group,
            ObjectKind::Computer
                if object.subject.lines(Attr::ObjectClass).iter().any(is_service) =>
            {
                Self::Service
            }
            ObjectKind::Computer => Self::Computer,
            ObjectKind::Contact | ObjectKind::Other => return None,
        })
    }
}

pub(super) fn check(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    for (at, value) in object.values(Attr::SamAccountName) {
        let is_person = matches!(object.kind, ObjectKind::User | ObjectKind::Group);
        if is_person && is_plain(&value) {
            continue;
        }
        let Some(account) = Account::of(object) else { return };
        let name = text::of(value);
        let mut verdict = verdicts.on(Attr::SamAccountName, at);
        let mut refused = false;
        judge(&name, account, &mut |rule, detail| {
            refused |= rule.severity == Severity::Error;
            verdict.breaks(rule, detail);
        });
        if refused && account == Account::User {
            let login = object.text(object.settings.principal_name());
            let attr = object.settings.principal_name();
            match login {
                None => verdict.breaks_without(attr, &rules::NEITHER, &String::new),
                Some(it) if user_principal_name::is_refused(&it, object.settings) => {
                    verdict.breaks(&rules::NEITHER, &String::new);
                }
                Some(_) => {}
            }
        }
        // What only somebody should know is no reason for another logon name.
        verdict.suggest(|| {
            let better = refused.then(|| corrected(&name, account))??;
            Some((Suggestion::Replace(better), Applicability::Unsafe))
        });
    }
}

/// Whether a name is one of letters, digits, hyphens, underscores and inner dots
/// that suits a user and a group.
fn is_plain(name: &[u8]) -> bool {
    (1..=MAX_USER).contains(&name.len())
        && name.last() != Some(&b'.')
        && name.iter().all(|byte| PLAIN[usize::from(*byte)])
}

static PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = b'-';
    while byte <= b'z' {
        plain[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        byte += 1;
    }
    plain
};

/// Says which rules a name breaks, and in which way.
fn judge(name: &str, account: Account, breaks: &mut Breaks<'_>) {
    if name.trim().is_empty() {
        return breaks(&rules::BLANK, &String::new);
    }
    let length = text::utf16_len(name);
    if let Some((rule, limit)) = length_rule(name, length, account) {
        breaks(rule, &move || format!("it has {length} characters, {limit} at most"));
    }
    if let Some(c) = name.chars().find(|c| is_refused(*c)) {
        breaks(&rules::CHARACTER, &move || format!("it holds {}", shown(c)));
    }
    if name.contains('\'') {
        breaks(&rules::APOSTROPHE, &String::new);
    }
    let strange = |c: &char| matches!(c, ' ' | '@') || !c.is_ascii();
    if account == Account::User
        && let Some(c) = name.chars().find(strange)
    {
        breaks(&rules::PORTABLE, &move || format!("it holds {}", shown(c)));
    }
    if name.ends_with('.') {
        breaks(&rules::END_DOT, &String::new);
    }
    let bare = name.strip_suffix('$').unwrap_or(name);
    if account == Account::Computer && bare.bytes().all(|byte| byte.is_ascii_digit()) {
        breaks(&rules::DIGITS, &String::new);
    }
    match (account, name.ends_with('$')) {
        (Account::User, true) => breaks(&rules::DOLLAR, &|| "a user's ends with $".to_owned()),
        (Account::Computer | Account::Service, false) => {
            breaks(&rules::DOLLAR, &|| "there is no $ at its end".to_owned());
        }
        _ => {}
    }
    let start = name.get(..DUPLICATE_MARK.len());
    if start.is_some_and(|start| start.eq_ignore_ascii_case(DUPLICATE_MARK)) {
        breaks(&rules::DUPLICATE_MARK, &String::new);
    }
}

/// The rule that a name of such a length breaks, with the limit.
fn length_rule(name: &str, length: usize, account: Account) -> Option<(&'static Rule, usize)> {
    let dollar = usize::from(name.ends_with('$'));
    let (rule, limit) = match account {
        Account::User => (&rules::LENGTH, MAX_USER),
        Account::Group if length > MAX_GROUP => (&rules::GROUP_LENGTH, MAX_GROUP),
        Account::Group => (&rules::GROUP_LONG, MAX_GROUP_OF_OLD),
        Account::Computer => (&rules::COMPUTER_LENGTH, MAX_COMPUTER + dollar),
        Account::Service => (&rules::SERVICE_LENGTH, MAX_COMPUTER),
    };
    (length > limit).then_some((rule, limit))
}

/// The characters that Active Directory refuses ([MS-SAMR] 3.1.1.6).
fn is_refused(c: char) -> bool {
    c <= '\u{1f}' || "\"/\\[]:;|=,+*?<>".contains(c)
}

/// The name as it would hold; `None` where no such name can be told, and where
/// nothing needs to be corrected.
fn corrected(name: &str, account: Account) -> Option<String> {
    // Computers and services know their name themselves.
    if !matches!(account, Account::User | Account::Group) {
        return None;
    }
    let seen = name.chars().filter(|c| *c == ' ' || !is_invisible(*c));
    let allowed: String = seen.map(|c| if is_refused(c) { '_' } else { c }).collect();
    let mut kept = allowed.trim();
    if account == Account::User && text::utf16_len(kept) > MAX_USER {
        kept = text::utf16_prefix(kept, MAX_USER);
    }
    let corrected = kept.trim_end_matches(['.', ' ']);
    let mut holds = corrected != name;
    judge(corrected, account, &mut |rule, _| {
        // What is a name of its own kind, no correction makes another's.
        holds &= !matches!(rule.severity, Severity::Error | Severity::Warning);
    });
    holds.then(|| corrected.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(name: &str, account: Account) -> Vec<&'static str> {
        let mut broken = Vec::new();
        judge(name, account, &mut |rule, _| broken.push(rule.name.0));
        broken
    }

    #[test]
    fn a_name_that_the_directory_takes_is_no_finding() {
        for name in ["ann", "Ann-Archer_1.b", "a", "12345", "ann(x)!#%&{}~`^$x", "$ann"] {
            assert_eq!(broken(name, Account::User), Vec::<&str>::new(), "{name}");
        }
        for name in ["Domain Admins", "Vertrieb Süd @Köln", &"g".repeat(64), "Staff$"] {
            assert_eq!(broken(name, Account::Group), Vec::<&str>::new(), "{name}");
        }
        assert_eq!(broken("ABCDEFGHIJKLMNO$", Account::Computer), Vec::<&str>::new());
        assert_eq!(broken("abcdefghijklmn$", Account::Service), Vec::<&str>::new());
    }

    #[test]
    fn each_fault_of_a_name_is_found_and_no_other() {
        use Account::{Computer, Group, Service, User};
        for (name, account, rules) in [
            (" ", User, &["sam-blank"][..]),
            ("abcdefghijklmnopqrstu", User, &["sam-length"]),
            (&"g".repeat(257), Group, &["sam-group-length"]),
            (&"g".repeat(65), Group, &["sam-group-long"]),
            ("ABCDEFGHIJKLMNOP$", Computer, &["sam-computer-length"]),
            ("ABCDEFGHIJKLMNOP", Computer, &["sam-computer-length", "sam-dollar"]),
            ("abcdefghijklmno$", Service, &["sam-service-length"]),
            ("a\u{1}b", User, &["sam-character"]),
            ("o'neil", User, &["sam-apostrophe"]),
            ("o'neil", Group, &["sam-apostrophe"]),
            ("ann@x", User, &["sam-not-portable"]),
            ("jürgen", User, &["sam-not-portable"]),
            ("ann.", Group, &["sam-end-dot"]),
            ("123$", Computer, &["sam-digits"]),
            ("ann$", User, &["sam-dollar"]),
            ("svc", Service, &["sam-dollar"]),
            ("$duplicate-1", User, &["sam-duplicate-mark"]),
        ] {
            assert_eq!(broken(name, account), rules, "{name}");
        }
        for c in "\"/\\[]:;|=,+*?<>".chars() {
            assert_eq!(broken(&format!("a{c}b"), User), ["sam-character"], "{c}");
        }
    }

    #[test]
    fn a_plain_name_breaks_no_rule() {
        for byte in 0..=u8::MAX {
            for name in [vec![byte], vec![b'a', byte], vec![byte; 20], vec![byte; 21]] {
                if !is_plain(&name) {
                    continue;
                }
                let name = String::from_utf8(name).unwrap();
                assert_eq!(broken(&name, Account::User), Vec::<&str>::new());
                assert_eq!(broken(&name, Account::Group), Vec::<&str>::new());
            }
        }
    }

    #[test]
    fn the_length_counts_utf16_units_and_a_suggestion_splits_no_character() {
        let name = |smiles: usize| format!("a{}", "😀".repeat(smiles));
        assert!(!broken(&name(9), Account::User).contains(&"sam-length"));
        assert!(broken(&name(10), Account::User).contains(&"sam-length"));
        assert_eq!(corrected(&name(10), Account::User), Some(name(9)));
    }

    #[test]
    fn a_suggestion_holds_or_is_none() {
        use Account::{Computer, Group, User};
        for (name, account, better) in [
            ("ann,archer", User, Some("ann_archer")),
            ("ann..", User, Some("ann")),
            ("annabelle.victoria. archer", User, Some("annabelle.victoria")),
            ("Sales/Marketing", Group, Some("Sales_Marketing")),
            (" ann\tb\u{200b};c ", User, Some("annb_c")),
            ("...", User, None),
            ("ann$", User, None),
            ("$DUPLICATE-1", User, None),
            ("o'neil", User, None),
            ("ann archer", User, None),
            ("a,b$", Computer, None),
        ] {
            assert_eq!(corrected(name, account).as_deref(), better, "{name}");
        }
    }
}
