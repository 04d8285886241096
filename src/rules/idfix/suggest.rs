//! What may be written, and how far without a person.

use crate::rules::{Action, Applicability, Attr, Suggestion};

/// The suggestion for one row, and how far it may be taken.
///
/// Safe are only white space trimmed off the ends and the removal of an exact
/// copy within the entry, and neither for the names that a person logs in or
/// receives mail by.
pub(super) fn suggest(
    attr: Attr,
    value: Option<&[u8]>,
    update: Option<&str>,
    action: Action,
    copy_of_earlier: bool,
) -> (Suggestion, Applicability) {
    let nothing = (Suggestion::None, Applicability::Manual);
    let Some(value) = value else {
        return match update {
            Some(update) if !update.is_empty() => {
                (Suggestion::Add(update.to_owned()), Applicability::Unsafe)
            }
            _ => nothing,
        };
    };
    let Ok(value) = std::str::from_utf8(value) else { return nothing };
    let if_safe =
        if is_protected(attr, value) { Applicability::Unsafe } else { Applicability::Safe };
    if copy_of_earlier {
        return (Suggestion::RemoveCopy, if_safe);
    }
    match (action, update) {
        (Action::Complete, _) | (Action::Edit, None) => nothing,
        (Action::Remove, _) => (Suggestion::Remove, Applicability::Unsafe),
        (Action::Edit, Some(update)) if is_unwritable(value, update) => nothing,
        (Action::Edit, Some(update)) => {
            let applicability =
                if update == value.trim() { if_safe } else { Applicability::Unsafe };
            (Suggestion::Replace(update.to_owned()), applicability)
        }
    }
}

/// Whether an update changes nothing, leaves nothing, or was cut in the middle of
/// a character.
fn is_unwritable(value: &str, update: &str) -> bool {
    let is_replacement = |c: &char| *c == char::REPLACEMENT_CHARACTER;
    update == value
        || update.is_empty()
        || update.chars().filter(is_replacement).count()
            > value.chars().filter(is_replacement).count()
}

/// Whether a value is one that a person logs in or receives mail by.
fn is_protected(attr: Attr, value: &str) -> bool {
    match attr {
        Attr::UserPrincipalName | Attr::SamAccountName | Attr::MailNickname => true,
        Attr::ProxyAddresses => value.trim_start().starts_with("SMTP:"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(attr: Attr, value: &str, update: &str) -> (Suggestion, Applicability) {
        suggest(attr, Some(value.as_bytes()), Some(update), Action::Edit, false)
    }

    const NOTHING: (Suggestion, Applicability) = (Suggestion::None, Applicability::Manual);

    #[test]
    fn only_white_space_at_the_ends_is_trimmed_without_a_person() {
        let replace = |to: &str| Suggestion::Replace(to.to_owned());
        assert_eq!(edit(Attr::DisplayName, " a b\t", "a b"), (replace("a b"), Applicability::Safe));
        assert_eq!(edit(Attr::DisplayName, " a b", "ab"), (replace("ab"), Applicability::Unsafe));
        assert_eq!(
            edit(Attr::ProxyAddresses, " smtp:a@b.c", "smtp:a@b.c"),
            (replace("smtp:a@b.c"), Applicability::Safe)
        );
    }

    #[test]
    fn what_a_person_logs_in_or_receives_mail_by_is_never_changed_without_one() {
        for attr in [Attr::UserPrincipalName, Attr::SamAccountName, Attr::MailNickname] {
            assert_eq!(edit(attr, " a", "a").1, Applicability::Unsafe, "{attr:?}");
        }
        for value in ["SMTP:a@b.c ", " SMTP:a@b.c"] {
            assert_eq!(edit(Attr::ProxyAddresses, value, value.trim()).1, Applicability::Unsafe);
        }
        assert_eq!(edit(Attr::TargetAddress, "SMTP:a@b.c ", "SMTP:a@b.c").1, Applicability::Safe);
    }

    #[test]
    fn an_exact_copy_within_the_entry_is_removed_whatever_the_row_proposes() {
        for action in [Action::Edit, Action::Remove, Action::Complete] {
            let of = |value: &[u8]| suggest(Attr::ProxyAddresses, Some(value), None, action, true);
            assert_eq!(of(b"smtp:a@b.c"), (Suggestion::RemoveCopy, Applicability::Safe));
            assert_eq!(of(b"SMTP:a@b.c"), (Suggestion::RemoveCopy, Applicability::Unsafe));
        }
    }

    #[test]
    fn where_there_is_nothing_to_write_a_person_must_decide() {
        assert_eq!(edit(Attr::Mail, "a", "a"), NOTHING);
        assert_eq!(edit(Attr::Mail, "a", ""), NOTHING);
        assert_eq!(edit(Attr::Mail, "a😀", "a\u{FFFD}"), NOTHING);
        assert_eq!(suggest(Attr::Mail, Some(b"\xFF "), Some("x"), Action::Edit, false), NOTHING);
        assert_eq!(suggest(Attr::Mail, Some(b"a"), Some("b"), Action::Complete, false), NOTHING);
        assert_eq!(suggest(Attr::TargetAddress, None, None, Action::Edit, false), NOTHING);
    }

    #[test]
    fn a_missing_value_is_added_and_a_duplicate_removed_with_a_person_only() {
        assert_eq!(
            suggest(Attr::DisplayName, None, Some("x"), Action::Edit, false),
            (Suggestion::Add("x".to_owned()), Applicability::Unsafe)
        );
        assert_eq!(
            suggest(Attr::ProxyAddresses, Some(b"smtp:a"), Some("smtp:a"), Action::Remove, false),
            (Suggestion::Remove, Applicability::Unsafe)
        );
    }
}
