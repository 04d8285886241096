//! Counting findings, some entries at a time.

use std::collections::BTreeMap;

use crate::rules::Finding;

/// The findings of some entries that follow each other, counted.
#[derive(Debug, Default)]
pub struct Tally {
    /// By rule. A finding of two rules counts for both.
    pub(super) by_rule: BTreeMap<&'static str, u64>,
    pub(super) rows: u64,
    pub(super) first_holder_rows: u64,
    pub(super) entries: u64,
    pub(super) hidden: u64,
    pub(super) accepted: u64,
    /// The DNs of the first and the last entry with a finding.
    pub(super) ends: Option<[Vec<u8>; 2]>,
}

impl Tally {
    /// Counts a finding. Findings of one entry come one after the other.
    pub fn find(&mut self, finding: &Finding<'_>) {
        if finding.extra {
            self.first_holder_rows += 1;
            return;
        }
        self.find_in_transition(finding);
        match &mut self.ends {
            Some([_, last]) if *last == *finding.dn => return,
            Some([_, last]) => {
                last.clear();
                last.extend_from_slice(&finding.dn);
            }
            None => self.ends = Some([finding.dn.to_vec(), finding.dn.to_vec()]),
        }
        self.entries += 1;
    }

    /// Counts a finding about what changes since the previous export: its entry has
    /// been counted, or is none of the export.
    pub fn find_in_transition(&mut self, finding: &Finding<'_>) {
        self.rows += 1;
        for rule in &finding.rules {
            *self.by_rule.entry(rule.0).or_default() += 1;
        }
    }

    /// Counts a finding of rules that were not asked for.
    pub fn hide(&mut self, finding: &Finding<'_>) {
        self.hidden += u64::from(!finding.extra);
    }

    /// Counts a finding that the baseline accepts.
    pub fn accept(&mut self, finding: &Finding<'_>) {
        self.accepted += u64::from(!finding.extra);
    }
}
