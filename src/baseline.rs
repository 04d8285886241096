//! Findings that the administrator has accepted: a text with a line for each, and a
//! place for the reason.
//!
//! A finding is known by its rules, the DN of its object, its attribute and its
//! value, not by where it stands: the text outlives new exports.

mod line;
mod writer;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use rustc_hash::FxHashMap;

use crate::directory::dn::{naming_context, normalize_into};
use crate::rules::{Finding, RuleName, UnknownRule};

pub use line::BaselineLine;
pub use writer::BaselineWriter;

/// The first line of every baseline.
const HEADER: &str = "# ldifix baseline 1";

/// What the administrator has accepted.
#[derive(Debug, Default)]
pub struct Baseline {
    lines: Vec<Accepted>,
    /// The lines for a value of an attribute of an object.
    by_value: FxHashMap<Vec<u8>, Vec<usize>>,
    /// The naming contexts of its objects, each as one of its DNs writes it.
    contexts: BTreeMap<Vec<u8>, String>,
}

#[derive(Debug)]
struct Accepted {
    /// The number of the line, from 1.
    number: usize,
    line: BaselineLine,
    /// Whether a finding was there.
    is_met: AtomicBool,
}

/// Why a text is no baseline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BaselineError {
    /// It does not begin as one.
    #[error("no baseline: the first line is not `{HEADER}`; write one with --write-baseline")]
    NoHeader,
    /// It is not UTF-8.
    #[error("line {line}: not UTF-8")]
    NotUtf8 {
        /// The line, from 1.
        line: usize,
    },
    /// A line is not of four parts.
    #[error("line {line}: {reason}; write it as `rule attribute \"DN\" \"value\" # reason`")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A line names a rule that there is not.
    #[error("line {line}: {error}")]
    UnknownRule {
        /// The line, from 1.
        line: usize,
        /// The rule.
        error: UnknownRule,
    },
}

impl Baseline {
    /// Reads a baseline.
    ///
    /// # Errors
    /// [`BaselineError`] where the text is none.
    pub fn parse(text: &[u8]) -> Result<Self, BaselineError> {
        let mut lines = text.split(|byte| *byte == b'\n').enumerate();
        let first = lines.next().map(|(_, line)| line.trim_ascii_end());
        if first != Some(HEADER.as_bytes()) {
            return Err(BaselineError::NoHeader);
        }
        let mut baseline = Self::default();
        for (at, line) in lines {
            let number = at + 1;
            let line =
                std::str::from_utf8(line).map_err(|_| BaselineError::NotUtf8 { line: number })?;
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                baseline.add(BaselineLine::parse(line, number)?, number);
            }
        }
        Ok(baseline)
    }

    fn add(&mut self, line: BaselineLine, number: usize) {
        let mut key = Vec::new();
        if normalize_into(&line.dn, &mut key).is_ok() {
            let context = naming_context(&key);
            if !self.contexts.contains_key(context) {
                let shown = String::from_utf8_lossy(&line.dn);
                let rdns = context.iter().filter(|byte| **byte == b',').count();
                let start = shown.rmatch_indices(',').nth(rdns).map_or(0, |(at, _)| at + 1);
                self.contexts.insert(context.to_vec(), shown[start..].to_owned());
            }
        }
        key_into(&line.dn, &line.attribute, line.value.as_deref(), &mut key);
        self.by_value.entry(key).or_default().push(self.lines.len());
        self.lines.push(Accepted { number, line, is_met: AtomicBool::new(false) });
    }

    /// Whether a finding is accepted: each of its rules is. Its lines are met then,
    /// whichever of them they name.
    #[must_use]
    pub fn accepts(&self, finding: &Finding<'_>) -> bool {
        if self.lines.is_empty() {
            return false;
        }
        let mut accepted: Vec<RuleName> = Vec::new();
        for line in self.lines_for(finding) {
            let before = accepted.len();
            accepted.extend(line.line.rules.iter().filter(|rule| finding.rules.contains(rule)));
            if accepted.len() > before {
                line.is_met.store(true, Ordering::Relaxed);
            }
        }
        !accepted.is_empty() && finding.rules.iter().all(|rule| accepted.contains(rule))
    }

    /// Why a finding is accepted, where a line for it says so.
    #[must_use]
    pub fn reason(&self, finding: &Finding<'_>) -> Option<&str> {
        self.lines_for(finding).find_map(|line| line.line.reason.as_deref())
    }

    fn lines_for(&self, finding: &Finding<'_>) -> impl Iterator<Item = &Accepted> {
        let mut key = Vec::new();
        key_into(&finding.dn, finding.attribute, finding.value.as_deref(), &mut key);
        let lines = self.by_value.get(&key).map(Vec::as_slice).unwrap_or_default();
        lines.iter().filter_map(|at| self.lines.get(*at))
    }

    /// The lines for which there was no finding, each with its number from 1, of
    /// those that have a rule that was looked at.
    pub fn stale(
        &self,
        is_looked_at: impl Fn(RuleName) -> bool,
    ) -> impl Iterator<Item = (usize, &BaselineLine)> {
        self.lines
            .iter()
            .filter(move |it| {
                !it.is_met.load(Ordering::Relaxed)
                    && it.line.rules.iter().any(|rule| is_looked_at(*rule))
            })
            .map(|it| (it.number, &it.line))
    }

    /// Whether an object of the naming context of this DN, given by its key
    /// ([`normalize_into`]), is in the baseline.
    #[must_use]
    pub fn has_context_of(&self, key: &[u8]) -> bool {
        self.contexts.contains_key(naming_context(key))
    }

    /// The naming contexts of its objects.
    pub fn contexts(&self) -> impl Iterator<Item = &str> {
        self.contexts.values().map(String::as_str)
    }
}

/// What findings are told apart by, besides their rules. DNs that mean the same are
/// the same.
fn key_into(dn: &[u8], attribute: &str, value: Option<&[u8]>, key: &mut Vec<u8>) {
    if normalize_into(dn, key).is_err() {
        key.clear();
        key.extend_from_slice(dn);
    }
    // No attribute has a NUL, and what is before it has no line feed.
    key.push(b'\n');
    key.extend(attribute.bytes().map(|byte| byte.to_ascii_lowercase()));
    key.push(0);
    if let Some(value) = value {
        key.push(b'=');
        key.extend_from_slice(value);
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::rules::{Action, Applicability, Severity, Suggestion};

    fn finding<'a>(dn: &'a str, rules: &[&'static str], value: Option<&'a [u8]>) -> Finding<'a> {
        Finding {
            dn: Cow::Borrowed(dn.as_bytes()),
            common_name: Cow::Borrowed(b""),
            object_class: Cow::Borrowed(b"user"),
            attribute: "mail",
            rules: rules.iter().map(|rule| RuleName(rule)).collect(),
            severity: Severity::Error,
            error: String::new(),
            message: None,
            value: value.map(Cow::Borrowed),
            update: None,
            action: Action::Edit,
            suggestion: Suggestion::None,
            applicability: Applicability::Manual,
            collision: None,
            extra: false,
            file: "x",
            line: 1,
        }
    }

    const DN: &str = "CN=Ann,DC=contoso,DC=com";

    fn baseline(lines: &str) -> Baseline {
        Baseline::parse(format!("{HEADER}\r\n\n# a comment\n{lines}\n").as_bytes()).unwrap()
    }

    #[test]
    fn a_finding_is_known_by_rule_object_attribute_and_value() {
        let accepted =
            baseline("mail-format MAIL \"cn=ann, dc=Contoso,dc=com\" \"a b\" # so be it");
        let known = finding(DN, &["mail-format"], Some(b"a b"));
        assert_eq!(accepted.stale(|_| true).count(), 1);
        assert!(accepted.accepts(&known));
        assert_eq!(accepted.reason(&known), Some("so be it"));
        assert_eq!(accepted.stale(|_| true).count(), 0);
        for other in [
            finding("CN=Bob,DC=contoso,DC=com", &["mail-format"], Some(b"a b")),
            finding(DN, &["mail-length"], Some(b"a b")),
            finding(DN, &["mail-format", "mail-length"], Some(b"a b")),
            finding(DN, &["mail-format"], Some(b"A b")),
            finding(DN, &["mail-format"], None),
            Finding { attribute: "sn", ..known.clone() },
        ] {
            assert!(!accepted.accepts(&other), "{other:?}");
        }
    }

    #[test]
    fn several_lines_can_accept_the_rules_of_one_finding() {
        let line = |rule: &str| format!("{rule} mail \"{DN}\" -\n");
        let accepted = baseline(&(line("mail-format") + &line("mail-length,mail-several")));
        assert!(accepted.accepts(&finding(DN, &["mail-length", "mail-format"], None)));
        assert!(!accepted.accepts(&finding(DN, &["mail-length", "mail-blank"], None)));
    }

    #[test]
    fn what_is_written_is_read_again_whatever_bytes_it_holds() {
        let dns = ["CN=\u{202e}A\\\"b\t#,DC=x", "CN=A # b,DC=x"];
        let values: [Option<&[u8]>; 5] = [
            None,
            Some(b""),
            Some(b"a # b \"c\"\n"),
            Some(b"\xff\x00"),
            Some("\u{200b}-".as_bytes()),
        ];
        let mut writer = BaselineWriter::default();
        for dn in dns {
            for value in values {
                writer.add(&finding(dn, &["mail-format", "mail-blank"], value), Some("x # y\nz"));
            }
        }
        let text = writer.finish();
        assert!(text.iter().all(|byte| byte.is_ascii_graphic() || b" \n".contains(byte)));
        let accepted = Baseline::parse(&text).unwrap();
        for dn in dns {
            for value in values {
                let finding = finding(dn, &["mail-blank", "mail-format"], value);
                assert!(accepted.accepts(&finding), "{dn} {value:?}");
                assert_eq!(accepted.reason(&finding), Some("x # y z"));
            }
        }
        assert_eq!(accepted.stale(|_| true).count(), 0);
    }

    #[test]
    fn the_order_of_findings_makes_no_difference_to_the_text() {
        let findings =
            [finding(DN, &["mail-format"], None), finding("CN=B", &["mail-blank"], None)];
        let written = |order: [usize; 3]| {
            let mut writer = BaselineWriter::default();
            order.iter().for_each(|at| writer.add(&findings[*at], None));
            writer.finish()
        };
        assert_eq!(written([0, 1, 1]), written([1, 0, 0]));
    }

    #[test]
    fn the_naming_contexts_tell_another_export() {
        let accepted = baseline("mail-format mail \"CN=Ann,OU=x,DC=Contoso,DC=com\" -");
        assert_eq!(accepted.contexts().collect::<Vec<_>>(), ["DC=Contoso,DC=com"]);
        assert!(accepted.has_context_of(b"ou=y,dc=contoso,dc=com"));
        assert!(!accepted.has_context_of(b"ou=y,dc=fabrikam,dc=com"));
    }

    #[test]
    fn what_is_no_baseline_is_refused_with_its_line() {
        assert_eq!(Baseline::parse(b"dn: x\n").err(), Some(BaselineError::NoHeader));
        for (line, said) in [
            ("mail-fromat mail \"x\" -", "line 2: there is no rule 'mail-fromat'; did you mean"),
            ("mail-format", "line 2: the attribute is missing"),
            ("mail-format mail", "line 2: the DN is missing"),
            ("mail-format mail cn=x -", "line 2: the DN is no text in quotes"),
            ("mail-format mail \"x", "line 2: the DN is no text in quotes"),
            ("mail-format mail \"x\"", "line 2: the value is missing"),
            ("mail-format mail \"x\" y", "line 2: the value is no text in quotes"),
            ("mail-format mail \"x\" base64:?", "line 2: the value is no base64"),
            ("mail-format mail \"x\" - y", "line 2: something stands behind the value"),
        ] {
            let error = Baseline::parse(format!("{HEADER}\n{line}").as_bytes()).unwrap_err();
            assert!(error.to_string().starts_with(said), "{error}");
        }
    }
}
