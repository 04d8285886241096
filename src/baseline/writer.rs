//! A baseline in the making.

use std::collections::BTreeSet;

use crate::report::visible;
use crate::rules::Finding;

use super::HEADER;
use super::line::BaselineLine;

/// Gathers findings as lines. What has the same findings is the same text, in
/// whichever order they come.
#[derive(Debug, Default)]
pub struct BaselineWriter {
    lines: BTreeSet<(Vec<u8>, String)>,
}

impl BaselineWriter {
    /// Adds a finding, with the reason where one is known.
    pub fn add(&mut self, finding: &Finding<'_>, reason: Option<&str>) {
        let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let line = BaselineLine {
            rules: finding.rules.clone(),
            attribute: finding.attribute.to_owned(),
            dn: finding.dn.to_vec(),
            value: finding.value.as_deref().map(<[u8]>::to_vec),
            reason: reason.map(|reason| visible(one_line(reason).as_bytes())),
        };
        // By object first: what belongs together is seen together.
        self.lines.insert((line.dn.to_ascii_lowercase(), line.to_string()));
    }

    /// Adds the lines of other findings.
    pub fn append(&mut self, other: Self) {
        // To append a set to another one takes time for all of both.
        self.lines.extend(other.lines);
    }

    /// The number of lines so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is no line yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The text.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        let mut text =
            format!("{HEADER}\n# rule attribute \"DN\" \"value\" # why it is accepted\n");
        for (_, line) in self.lines {
            text.push_str(&line);
            text.push('\n');
        }
        text.into_bytes()
    }
}
