//! The exact evaluation of a chain, on text, step by step.

use std::borrow::Cow;

use crate::rules::Rule;
use crate::rules::profile::{Chain, Fill, Holders, Step};
use crate::rules::{Action, Attr, Subject};

use super::address;
use super::rules::{BLANK, CHARACTER, DUPLICATE, LENGTH};

/// What the steps want to know of the entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'s, 'a> {
    /// The entry.
    pub(super) subject: &'s Subject<'a>,
    kind: Kind,
}

/// What the last objectClass value says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    User,
    Group,
    Contact,
    Other,
}

impl<'s, 'a> Context<'s, 'a> {
    pub(super) fn of(subject: &'s Subject<'a>) -> Self {
        let class = subject.last(Attr::ObjectClass).unwrap_or_default();
        let kind = if class.eq_ignore_ascii_case(b"user") {
            Kind::User
        } else if class.eq_ignore_ascii_case(b"group") {
            Kind::Group
        } else if class.eq_ignore_ascii_case(b"contact") {
            Kind::Contact
        } else {
            Kind::Other
        };
        Self { subject, kind }
    }

    /// The limit of a step that limits the length.
    pub(super) fn limit(self, user: usize, other: usize) -> usize {
        if self.kind == Kind::User { user } else { other }
    }

    /// Whether a value must be there in this entry.
    pub(super) fn needs(self, of: Holders) -> bool {
        match of {
            Holders::All => true,
            Holders::Groups => self.kind == Kind::Group,
            Holders::Contacts => self.kind == Kind::Contact,
            Holders::WithoutMailbox => {
                matches!(self.kind, Kind::Contact | Kind::User) && !self.has_mailbox()
            }
        }
    }

    /// Whether the step that looks for duplicates is left out.
    pub(super) fn leaves_out(self, unless: Option<Attr>) -> bool {
        unless.is_some_and(|attr| self.subject.has(attr))
    }

    fn has_mailbox(self) -> bool {
        self.text(Attr::HomeMdb).is_some_and(|value| !value.trim().is_empty())
    }

    /// The first value of an attribute as text.
    fn text(self, attr: Attr) -> Option<String> {
        self.subject.first(attr).map(|value| text(&value).into_owned())
    }

    fn common_name(self) -> String {
        text(&self.subject.common_name()).into_owned()
    }

    /// The suggestion for a value that is absent (`None`) or empty.
    fn fill(self, fill: Fill, value: Option<&str>) -> Option<String> {
        match fill {
            Fill::CommonName(limit) => Some(cut(&self.common_name(), limit)),
            Fill::PersonName => {
                let given = self.text(Attr::GivenName).unwrap_or_default();
                let name = match self.text(Attr::Sn) {
                    Some(surname) if given.is_empty() => surname,
                    Some(surname) => format!("{given}.{surname}"),
                    None => given,
                };
                if !name.is_empty() {
                    return Some(name);
                }
                Some(self.text(Attr::SamAccountName).unwrap_or_else(|| self.common_name()))
            }
            Fill::External(limit) => match self.text(Attr::Mail) {
                Some(mail) if self.kind == Kind::Contact => {
                    Some(cut(&format!("SMTP:{mail}"), limit))
                }
                _ => value.map(str::to_owned),
            },
        }
    }
}

/// What the steps of a chain have to say about one value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// The rules that fired, in order.
    pub(super) rules: Vec<&'static Rule>,
    /// The value as the last failing step rewrote it.
    pub(super) update: Option<String>,
    /// What the last failing step proposes.
    pub(super) action: Action,
}

impl Outcome {
    /// Whether any step failed.
    pub(super) fn failed(&self) -> bool {
        !self.rules.is_empty()
    }
}

/// The answer to whether a value is a duplicate: what is proposed where it is.
///
/// Gets the value as rewritten so far, and whether it was rewritten.
pub(super) type IfDuplicate<'d> = &'d mut dyn FnMut(&str, bool) -> Option<Action>;

/// Runs the steps of a chain over one value.
pub(super) fn run(
    chain: &Chain,
    value: &str,
    context: Context<'_, '_>,
    if_duplicate: IfDuplicate<'_>,
) -> Outcome {
    let mut outcome = Outcome { rules: Vec::new(), update: None, action: Action::Edit };
    let mut current = Cow::Borrowed(value);
    let tail = chain.tail.steps(value.as_bytes());
    for step in chain.steps.iter().chain(tail) {
        let Some((rules, update)) = apply(*step, &current, context) else {
            if let Step::Unique { unless } = *step
                && !context.leaves_out(unless)
                && let Some(action) = if_duplicate(&current, *current != *value)
            {
                outcome.rules.push(&DUPLICATE);
                outcome.action = action;
                outcome.update = Some(current.clone().into_owned());
            }
            continue;
        };
        outcome.rules.extend(rules);
        outcome.action = Action::Edit;
        outcome.update = Some(update.clone());
        current = Cow::Owned(update);
    }
    outcome
}

/// What a chain has to say where the attribute is absent: only whether it must be
/// there.
pub(super) fn run_absent(chain: &Chain, context: Context<'_, '_>) -> Option<Outcome> {
    chain.steps.iter().find_map(|step| match *step {
        Step::Blank { of, fill } => context.needs(of).then(|| Outcome {
            rules: vec![&BLANK],
            update: context.fill(fill, None),
            action: Action::Edit,
        }),
        _ => None,
    })
}

/// The rules that a step finds broken and the rewritten value; `None` where it
/// passes, and for the step that looks for duplicates.
fn apply(
    step: Step,
    value: &str,
    context: Context<'_, '_>,
) -> Option<(Vec<&'static Rule>, String)> {
    match step {
        Step::MaxLength(limit) => over_length(value, limit),
        Step::MaxLengthByClass { user, other } => over_length(value, context.limit(user, other)),
        Step::Forbidden(class) => {
            let kept = value.chars().filter(|&c| !class.has(c)).collect();
            rewritten(value, kept, context)
        }
        Step::LeadingPeriods => rewritten(value, value.trim_start_matches('.').to_owned(), context),
        Step::OuterWhiteSpace => rewritten(value, value.trim().to_owned(), context),
        Step::SecondColon => {
            let (kind, rest) = value.split_once(':')?;
            (!kind.is_empty() && rest.contains(':'))
                .then(|| (vec![&CHARACTER], format!("{kind}:{}", rest.replace(':', ""))))
        }
        Step::MailAddress => address::fault(value).map(|fault| (fault.rules, fault.update)),
        Step::Blank { of, fill } => (value.is_empty() && context.needs(of))
            .then(|| (vec![&BLANK], context.fill(fill, Some(value)).unwrap_or_default())),
        Step::Unique { .. } => None,
    }
}

fn over_length(value: &str, limit: usize) -> Option<(Vec<&'static Rule>, String)> {
    // No text has more UTF-16 units than bytes.
    (value.len() > limit && value.encode_utf16().count() > limit)
        .then(|| (vec![&LENGTH], cut(value, limit)))
}

/// The outcome of a step that removes characters: the cn where nothing is left.
fn rewritten(
    value: &str,
    kept: String,
    context: Context<'_, '_>,
) -> Option<(Vec<&'static Rule>, String)> {
    (kept.len() != value.len())
        .then(|| (vec![&CHARACTER], if kept.is_empty() { context.common_name() } else { kept }))
}

/// The first UTF-16 units of a text. Half a pair is what no text can hold: it
/// becomes U+FFFD, as in every encoder.
fn cut(value: &str, limit: usize) -> String {
    if value.len() <= limit {
        return value.to_owned();
    }
    let units: Vec<u16> = value.encode_utf16().take(limit).collect();
    String::from_utf16_lossy(&units)
}

/// Bytes as text; what is not UTF-8 counts as U+FFFD.
pub(super) fn text(value: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(value)
}
