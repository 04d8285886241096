//! What the families have to say about an object, value by value.

use crate::ldif::Line;
use crate::rules::rule::{Rule, Severity};
use crate::rules::{Action, Applicability, Attr, Collision, Finding, Suggestion};

use super::Object;
use crate::rules::idfix::Location;

/// The verdicts on one object: in full, or only whether there is any.
#[derive(Debug)]
pub struct Verdicts {
    profile: &'static str,
    any: bool,
    /// `None` where only their existence counts.
    full: Option<Vec<Verdict>>,
}

/// What is wrong with one value.
#[derive(Debug)]
struct Verdict {
    attr: Attr,
    /// Its number; `None` where the attribute is absent.
    value: Option<usize>,
    broken: Vec<&'static Rule>,
    details: Vec<String>,
    suggestion: Suggestion,
    applicability: Applicability,
    collision: Option<Box<Collision>>,
}

/// Who is told which rule a value breaks, and in which way.
pub(super) type Breaks<'b> = dyn FnMut(&'static Rule, &dyn Fn() -> String) + 'b;

/// A value under judgement.
pub struct OnValue<'v> {
    verdicts: &'v mut Verdicts,
    attr: Attr,
    value: Option<usize>,
    is_broken: bool,
}

impl Verdicts {
    pub(super) fn whether_any(profile: &'static str) -> Self {
        Self { profile, any: false, full: None }
    }

    pub(super) fn in_full(profile: &'static str) -> Self {
        Self { profile, any: false, full: Some(Vec::new()) }
    }

    /// Whether any rule is broken.
    #[must_use]
    pub fn any(&self) -> bool {
        self.any
    }

    /// Whether a rule is one of the profile's; a check whose rules are not can be
    /// left out.
    #[must_use]
    pub fn looks_for(&self, rule: &Rule) -> bool {
        rule.profiles.contains(&self.profile)
    }

    /// Takes up the value of an attribute, by its number.
    pub fn on(&mut self, attr: Attr, value: usize) -> OnValue<'_> {
        OnValue { verdicts: self, attr, value: Some(value), is_broken: false }
    }

    /// Takes up an attribute as a whole: the number of its values, or a value that
    /// is too large to be shown. There is nothing to suggest.
    pub fn on_whole(&mut self, attr: Attr) -> OnValue<'_> {
        self.on_absent(attr)
    }

    /// Takes up an attribute that is absent.
    pub fn on_absent(&mut self, attr: Attr) -> OnValue<'_> {
        OnValue { verdicts: self, attr, value: None, is_broken: false }
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
                attr: self.attr,
                value: self.value,
                broken: Vec::new(),
                details: Vec::new(),
                suggestion: Suggestion::None,
                applicability: Applicability::Manual,
                collision: None,
            });
            self.is_broken = true;
        }
        if let Some(verdict) = full.last_mut() {
            verdict.broken.push(rule);
            verdict.details.push(detail());
            verdict.details.retain(|detail| !detail.is_empty());
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
        let verdicts = self.verdicts.full.as_mut().filter(|_| self.is_broken);
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
        let line = self.value.and_then(|value| subject.lines(self.attr).get(value));
        let labels: Vec<&str> = self.broken.iter().map(|rule| rule.label).collect();
        let closed = object.is_protected() || subject.is_partial(self.attr);
        let (suggestion, applicability) = match closed {
            true => (Suggestion::None, Applicability::Manual),
            // Whatever else it is, the name to sign in with is changed by a person.
            false if self.attr == object.settings.principal_name() => {
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
            attribute: self.attr.name(),
            severity: self.broken.iter().map(|rule| rule.severity).min().unwrap_or(Severity::Info),
            rules: self.broken.iter().map(|rule| rule.name).collect(),
            error: labels.join(", "),
            message: Some(self.details.join("; ")),
            value: line.map(Line::bytes),
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
