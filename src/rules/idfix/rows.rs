//! The rows of one entry, as IdFix shows them.

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use crate::ldif::Line;
use crate::rules::catalogue::uniqueness::Others;
use crate::rules::profile::{Chain, IdFix, Values};
use crate::rules::{Action, Applicability, Attr, Finding, Severity, Subject, Suggestion};

use super::address::is_smtp;
use super::chain::{Context, Outcome, run, run_absent, text};
use super::fold::fold_key;
use super::inspect::passes_by_bytes;
use super::rules::DUPLICATE;
use super::suggest::suggest;

/// What the whole input says about the keys of one entry.
///
/// Holders of a key stand in the order of the input, within an entry in the order
/// of its values.
pub trait Duplicates {
    /// Whether a value of this entry holds a key that was held before: by an
    /// earlier entry or by an earlier value of this one.
    fn is_later_holder(&self, attr: Attr, value: usize) -> bool;

    /// The first holder of a key, where it is an entry before this one or this
    /// one itself (whichever of its values it is).
    fn first_holder(&self, attr: Attr, key: &[u8]) -> Option<Holder<'_>>;

    /// Whether [`Duplicates::others`] can name any.
    fn shares_any(&self) -> bool {
        false
    }

    /// The other objects that hold the key of this number, for the rules of the
    /// catalogue.
    fn others(&self, _key: usize) -> Others {
        Others::default()
    }

    /// Whether a DN is that of an entry that is not synchronised.
    fn is_absent(&self, _dn: &[u8]) -> bool {
        false
    }

    /// Whether a DN is that of a computer that is not synchronised, as it has no
    /// certificate.
    fn lacks_certificate(&self, _dn: &[u8]) -> bool {
        false
    }

    /// Why the entry of a DN is not synchronised, where it is in the exports and is
    /// not.
    fn why_absent(&self, _dn: &[u8]) -> Option<&'static str> {
        None
    }
}

/// Where an entry is alone in the world.
#[derive(Debug, Clone, Copy)]
pub struct Alone;

impl Duplicates for Alone {
    fn is_later_holder(&self, _: Attr, _: usize) -> bool {
        false
    }

    fn first_holder(&self, _: Attr, _: &[u8]) -> Option<Holder<'_>> {
        None
    }
}

/// The entry that holds a key first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder<'h> {
    /// Its DN as it was written.
    pub dn: Cow<'h, [u8]>,
    /// Its cn ([`Subject::common_name`]).
    pub common_name: Cow<'h, [u8]>,
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Location<'a> {
    /// The name of the input.
    pub file: &'a str,
    /// Number of the physical line at which the entry's chunk begins, from 1.
    pub first_line: u64,
    /// Physical lines from there to the `dn:` line.
    pub dn_line: u32,
}

impl IdFix {
    /// The rows of an entry that is in scope, in IdFix's order.
    #[must_use]
    pub fn findings<'a>(
        &self,
        subject: &Subject<'a>,
        duplicates: &dyn Duplicates,
        place: Location<'a>,
    ) -> Vec<Finding<'a>> {
        let context = Context::of(subject);
        let mut rows = Rows { subject, context, duplicates, place, found: Vec::new() };
        for chain in self.chains {
            rows.add_chain(chain);
        }
        rows.found
    }
}

/// One value that is looked at.
struct Value<'a> {
    bytes: Cow<'a, [u8]>,
    line: u32,
    /// Whether an earlier value of the attribute has the same bytes.
    is_copy: bool,
}

struct Rows<'r, 'a> {
    subject: &'r Subject<'a>,
    context: Context<'r, 'a>,
    duplicates: &'r dyn Duplicates,
    place: Location<'a>,
    found: Vec<Finding<'a>>,
}

impl<'a> Rows<'_, 'a> {
    fn add_chain(&mut self, chain: &Chain) {
        let mut lines = self.subject.lines(chain.attr);
        if chain.values == Values::First {
            if lines.is_empty()
                && let Some(outcome) = run_absent(chain, self.context)
            {
                self.add(chain, None, outcome);
            }
            lines = &lines[..lines.len().min(1)];
        }
        let first = lines.first().map(Line::bytes).unwrap_or_default();
        let mut earlier = FxHashSet::default();
        for (at, line) in lines.iter().enumerate() {
            let bytes = line.bytes();
            let is_copy = lines.len() > 1 && !earlier.insert(bytes.clone());
            if passes_by_bytes(chain, &bytes, self.context)
                && !self.duplicates.is_later_holder(chain.attr, at)
            {
                continue;
            }
            let outcome = run(chain, &text(&bytes), self.context, &mut |current, _| {
                let is_first = *first == *current.as_bytes();
                self.duplicates
                    .is_later_holder(chain.attr, at)
                    .then(|| duplicate_action(chain.attr, current, is_first, self.subject))
            });
            if outcome.failed() {
                self.add(chain, Some(Value { bytes, line: line.line(), is_copy }), outcome);
            }
        }
    }

    fn add(&mut self, chain: &Chain, value: Option<Value<'a>>, outcome: Outcome) {
        let Outcome { rules, update, action } = outcome;
        let is_duplicate = rules.contains(&&DUPLICATE);
        let labels: Vec<_> = rules.iter().map(|rule| rule.label).collect();
        let line = value.as_ref().map_or(self.place.dn_line, |value| value.line);
        let is_copy = is_duplicate && value.as_ref().is_some_and(|value| value.is_copy);
        let bytes = value.map(|value| value.bytes);
        let (suggestion, applicability) = if self.subject.is_partial(chain.attr) {
            (Suggestion::None, Applicability::Manual)
        } else {
            suggest(chain.attr, bytes.as_deref(), update.as_deref(), action, is_copy)
        };
        let row = Finding {
            dn: self.subject.dn_value(),
            common_name: self.subject.common_name(),
            object_class: self.subject.last(Attr::ObjectClass).unwrap_or_default(),
            attribute: chain.shown,
            rules: rules.iter().map(|rule| rule.name).collect(),
            severity: Severity::Error,
            error: labels.join(", "),
            message: None,
            value: bytes,
            update,
            action,
            suggestion,
            applicability,
            collision: None,
            extra: false,
            file: self.place.file,
            line: self.place.first_line + u64::from(line),
        };
        if is_duplicate && action == Action::Edit {
            self.add_first_holder(chain.attr, &row);
        }
        self.found.push(row);
    }

    /// The row that IdFix puts before the row of a duplicate, for the first holder
    /// of the value as it stands in the export.
    fn add_first_holder(&mut self, attr: Attr, row: &Finding<'a>) {
        let mut buffer = Vec::new();
        let key = fold_key(row.value.as_deref().unwrap_or_default(), &mut buffer);
        let Some(holder) = self.duplicates.first_holder(attr, key) else { return };
        self.found.push(Finding {
            dn: Cow::Owned(holder.dn.into_owned()),
            common_name: Cow::Owned(holder.common_name.into_owned()),
            rules: vec![DUPLICATE.name],
            error: DUPLICATE.label.to_owned(),
            suggestion: Suggestion::None,
            applicability: Applicability::Manual,
            extra: true,
            ..row.clone()
        });
    }
}

/// What IdFix proposes for a duplicate: the holder that has a mailbox keeps its
/// value, as long as it is the attribute's first and not rewritten.
fn duplicate_action(attr: Attr, value: &str, is_first: bool, subject: &Subject<'_>) -> Action {
    if !is_first {
        return Action::Edit;
    }
    let has_nickname = subject.has(Attr::MailNickname);
    match attr {
        Attr::ProxyAddresses if is_smtp(value.as_bytes()) => {
            let is_typed = value
                .as_bytes()
                .first_chunk::<5>()
                .is_some_and(|it| it.eq_ignore_ascii_case(b"smtp:"));
            match (has_nickname, is_typed) {
                (false, _) => Action::Remove,
                (true, true) => Action::Complete,
                (true, false) => Action::Edit,
            }
        }
        Attr::UserPrincipalName | Attr::Mail | Attr::SamAccountName if has_nickname => {
            Action::Complete
        }
        Attr::MailNickname if subject.has(Attr::HomeMdb) => Action::Complete,
        _ => Action::Edit,
    }
}
