//! What the families have to say about an object, value by value.

use std::sync::Arc;

use crate::ldif::Line;
use crate::rules::rule::{Rule, Severity};
use crate::rules::{Action, Applicability, Attr, Collision, Finding, Suggestion};

use super::{LeftOut, Object};
use crate::rules::idfix::Location;

/// The verdicts on one object: in full, in brief, or only whether there is any.
#[derive(Debug)]
pub struct Verdicts {
    profile: &'static str,
    any: bool,
    /// `None` where only their existence counts.
    full: Option<Vec<Verdict>>,
    /// Whether it matters in which way a rule is broken, and what is suggested.
    explains: bool,
    /// What the exports leave out, which is known once all objects were seen.
    left_out: Option<Arc<LeftOut>>,
}

/// What is wrong with one value.
#[derive(Debug)]
struct Verdict {
    place: Place,
    broken: Vec<&'static Rule>,
    details: Vec<String>,
    suggestion: Suggestion,
    applicability: Applicability,
    collision: Option<Box<Collision>>,
}

/// What a verdict is about.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// A value of an attribute, by its number.
    Value(Attr, usize),
    /// An attribute that is absent, or is judged as a whole.
    Whole(Attr),
    /// A suspect of the schema, by its number.
    Suspect(usize),
    /// A suspect of the schema that stands for a part of its attribute.
    Part(usize),
    /// The DN.
    Dn,
}

impl Place {
    /// The attribute, where it is one of those that rules know.
    fn attr(self) -> Option<Attr> {
        match self {
            Self::Value(attr, _) | Self::Whole(attr) => Some(attr),
            Self::Suspect(_) | Self::Part(_) | Self::Dn => None,
        }
    }
}

/// How findings call the DN.
const DN: &str = "dn";

/// Who is told which rule a value breaks, and in which way.
pub(super) type Breaks<'b> = dyn FnMut(&'static Rule, &dyn Fn() -> String) + 'b;

/// A value under judgement.
pub struct OnValue<'v> {
    verdicts: &'v mut Verdicts,
    place: Place,
    is_broken: bool,
}

impl Verdicts {
    pub(super) fn whether_any(profile: &'static str) -> Self {
        Self { profile, any: false, full: None, explains: false, left_out: None }
    }

    pub(super) fn in_full(profile: &'static str, left_out: &Arc<LeftOut>) -> Self {
        let left_out = Some(Arc::clone(left_out));
        Self { profile, any: false, full: Some(Vec::new()), explains: true, left_out }
    }

    /// Which rules are broken, without a word on it.
    pub(super) fn in_brief(profile: &'static str, left_out: &Arc<LeftOut>) -> Self {
        Self { explains: false, ..Self::in_full(profile, left_out) }
    }

    /// Whether any rule is broken.
    #[must_use]
    pub fn any(&self) -> bool {
        self.any
    }

    /// The profile whose rules are looked at.
    #[must_use]
    pub fn profile(&self) -> &'static str {
        self.profile
    }

    /// Whether a rule is one of the profile's; a check whose rules are not can be
    /// left out.
    #[must_use]
    pub fn looks_for(&self, rule: &Rule) -> bool {
        rule.profiles.contains(&self.profile)
    }

    /// Takes up the value of an attribute, by its number.
    pub fn on(&mut self, attr: Attr, value: usize) -> OnValue<'_> {
        self.on_place(Place::Value(attr, value))
    }

    /// Takes up an attribute as a whole: the number of its values, or a value that
    /// is too large to be shown. There is nothing to suggest.
    pub fn on_whole(&mut self, attr: Attr) -> OnValue<'_> {
        self.on_absent(attr)
    }

    /// Takes up an attribute that is absent.
    pub fn on_absent(&mut self, attr: Attr) -> OnValue<'_> {
        self.on_place(Place::Whole(attr))
    }

    /// Takes up a suspect of the schema, by its number.
    pub fn on_suspect(&mut self, number: usize) -> OnValue<'_> {
        self.on_place(Place::Suspect(number))
    }

    /// Takes up a suspect of the schema that stands for a part of its attribute.
    pub fn on_part(&mut self, number: usize) -> OnValue<'_> {
        self.on_place(Place::Part(number))
    }

    /// Takes up the DN.
    pub fn on_dn(&mut self) -> OnValue<'_> {
        self.on_place(Place::Dn)
    }

    fn on_place(&mut self, place: Place) -> OnValue<'_> {
        OnValue { verdicts: self, place, is_broken: false }
    }

    /// The verdicts as findings, in the order in which they were given.
    pub(super) fn into_findings<'a>(
        self,
        object: &Object<'_, 'a>,
        place: Location<'a>,
    ) -> Vec<Finding<'a>> {
        let verdicts = self.full.unwrap_or_default();
        verdicts.into_iter().map(|verdict| verdict.into_finding(object, place)).collect()
    }
}

impl OnValue<'_> {
    /// The value breaks a rule; `detail` says in which way, in a few words.
    pub fn breaks(&mut self, rule: &'static Rule, detail: &dyn Fn() -> String) {
        if !self.verdicts.looks_for(rule) {
            return;
        }
        self.verdicts.any = true;
        let Some(full) = &mut self.verdicts.full else { return };
        if !self.is_broken {
            full.push(Verdict {
                place: self.place,
                broken: Vec::new(),
                details: Vec::new(),
                suggestion: Suggestion::None,
                applicability: Applicability::Manual,
                collision: None,
            });
            self.is_broken = true;
        }
        if let Some(verdict) = full.last_mut() {
            // A value can break a rule in two ways, and two rules in the same way.
            if !verdict.broken.iter().any(|broken| broken.name == rule.name) {
                verdict.broken.push(rule);
            }
            let detail = if self.verdicts.explains { detail() } else { String::new() };
            if !detail.is_empty() && !verdict.details.contains(&detail) {
                verdict.details.push(detail);
            }
        }
    }

    /// The value breaks a rule for lack of an attribute: nothing is said where the
    /// exports leave it out.
    pub fn breaks_without(&mut self, attr: Attr, rule: &'static Rule, detail: &dyn Fn() -> String) {
        self.breaks_without_all(&[attr], rule, detail);
    }

    /// The same where the rule asks for several attributes and the exports leave one out.
    pub fn breaks_without_all(
        &mut self,
        attrs: &[Attr],
        rule: &'static Rule,
        detail: &dyn Fn() -> String,
    ) {
        let left_out = self.verdicts.left_out.as_ref();
        let missing = left_out.and_then(|it| attrs.iter().find(|attr| it.contains(**attr)));
        match (left_out, missing) {
            (Some(left_out), Some(attr)) => {
                if self.verdicts.looks_for(rule) {
                    left_out.silence(*attr, rule.name.0);
                }
            }
            _ => self.breaks(rule, detail),
        }
    }

    /// Says who else holds the value, where a rule is broken.
    pub(super) fn collide(&mut self, collision: impl FnOnce() -> Collision) {
        let verdicts = self.verdicts.full.as_mut().filter(|_| self.is_broken);
        if let Some(verdict) = verdicts.and_then(|full| full.last_mut()) {
            verdict.collision = Some(Box::new(collision()));
        }
    }

    /// Suggests something for the value, where a rule is broken.
    pub fn suggest(self, suggestion: impl FnOnce() -> Option<(Suggestion, Applicability)>) {
        let explains = self.is_broken && self.verdicts.explains;
        let verdicts = self.verdicts.full.as_mut().filter(|_| explains);
        let Some(verdict) = verdicts.and_then(|full| full.last_mut()) else { return };
        if let Some((suggestion, applicability)) = suggestion() {
            verdict.suggestion = suggestion;
            verdict.applicability = applicability;
        }
    }
}

impl Verdict {
    fn into_finding<'a>(self, object: &Object<'_, 'a>, place: Location<'a>) -> Finding<'a> {
        let subject = object.subject;
        let (attribute, line) = match self.place {
            Place::Value(attr, value) => (attr.name(), subject.lines(attr).get(value)),
            Place::Whole(attr) => (attr.name(), None),
            Place::Suspect(number) | Place::Part(number) => match subject.suspects().get(number) {
                Some(suspect) => (suspect.facts.name, Some(&suspect.line)),
                None => ("", None),
            },
            Place::Dn => (DN, None),
        };
        let is_partial =
            Attr::of(attribute.as_bytes()).is_some_and(|attr| subject.is_partial(attr));
        let closed = object.is_protected() || is_partial;
        let (suggestion, applicability) = match closed {
            true => (Suggestion::None, Applicability::Manual),
            // Whatever else it is, the name to sign in with is changed by a person.
            false if self.place.attr() == Some(object.settings.principal_name()) => {
                (self.suggestion, self.applicability.max(Applicability::Unsafe))
            }
            false => (self.suggestion, self.applicability),
        };
        let (update, action) = match &suggestion {
            Suggestion::Replace(text) | Suggestion::Add(text) => (Some(text.clone()), Action::Edit),
            Suggestion::Remove | Suggestion::RemoveCopy => (None, Action::Remove),
            Suggestion::None => (None, Action::Edit),
        };
        Finding {
            dn: subject.dn_value(),
            common_name: subject.common_name(),
            object_class: subject.last(Attr::ObjectClass).unwrap_or_default(),
            attribute,
            severity: self.broken.iter().map(|rule| rule.severity).min().unwrap_or(Severity::Info),
            rules: self.broken.iter().map(|rule| rule.name).collect(),
            error: match self.broken.as_slice() {
                [rule] => rule.label.to_owned(),
                broken => broken.iter().map(|rule| rule.label).collect::<Vec<_>>().join(", "),
            },
            message: Some(match <[String; 1]>::try_from(self.details) {
                Ok([detail]) => detail,
                Err(details) => details.join("; "),
            }),
            value: match self.place {
                Place::Dn => Some(subject.dn_value()),
                Place::Part(_) => None,
                _ => line.map(Line::bytes),
            },
            update,
            action,
            suggestion,
            applicability,
            collision: self.collision,
            extra: false,
            file: place.file,
            line: place.first_line + u64::from(line.map_or(place.dn_line, Line::line)),
        }
    }
}
