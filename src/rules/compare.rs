//! What one profile finds and another one does not.

use std::hash::BuildHasher;

use rustc_hash::{FxBuildHasher, FxHashSet};

use super::catalogue::Settings;
use super::idfix::why_false_alarm;
use super::{Attr, EntryFindings, Finding, Rule, Severity, Survey};

/// On which side a finding stands alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Only IdFix reports the value: a false alarm.
    FalseAlarm,
    /// Only the profile does.
    NewFinding,
}

/// A finding that one side has alone.
#[derive(Debug)]
pub struct Difference<'f, 'a> {
    /// On which side.
    pub side: Side,
    /// The finding.
    pub finding: &'f Finding<'a>,
    /// Why the other side has none.
    pub reason: String,
}

/// The values that both sides report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Values that both report.
    pub both: u64,
}

/// Compares what a profile finds with what IdFix reports, value by value, whatever
/// the rules are called; `take` gets what only one of them has: first the false
/// alarms of IdFix, then what it does not find.
///
/// Both must be surveys of the same exports. Needs memory for 8 bytes a finding.
///
/// # Errors
/// The first error that `take` returns.
pub fn compare<'a, E>(
    profile: &Survey<'a>,
    idfix: &Survey<'a>,
    settings: &Settings,
    mut take: impl FnMut(&Difference<'_, 'a>) -> Result<(), E>,
) -> Result<Agreement, E> {
    let mut found = FxHashSet::default();
    profile.findings(|entry| {
        // What only somebody should know confirms no error.
        let grave = entry.findings.iter().filter(|it| it.severity != Severity::Info);
        found.extend(grave.flat_map(|finding| keys(entry.offset, finding)));
        Ok::<(), E>(())
    })?;
    let (mut reported, mut agreement) = (FxHashSet::default(), Agreement::default());
    idfix.findings(|entry| {
        for finding in entry.findings.iter().filter(|finding| !finding.extra) {
            reported.extend(keys(entry.offset, finding));
            if keys(entry.offset, finding).any(|key| found.contains(&key)) {
                agreement.both += 1;
                continue;
            }
            let reason = match profile.out_of_scope(&entry) {
                Some(reason) => format!("the object is not synchronised: {reason}"),
                None => why_false_alarm(finding, settings).to_owned(),
            };
            take(&Difference { side: Side::FalseAlarm, finding, reason })?;
        }
        Ok(())
    })?;
    profile.findings(|entry| {
        for finding in &entry.findings {
            if keys(entry.offset, finding).any(|key| reported.contains(&key)) {
                continue;
            }
            let reason = match idfix.out_of_scope(&entry) {
                Some(reason) => format!("IdFix leaves the object out: {reason}"),
                None => why_not_found(finding),
            };
            take(&Difference { side: Side::NewFinding, finding, reason })?;
        }
        Ok(())
    })?;
    Ok(agreement)
}

/// A value of an attribute of an entry, with whether it is wrong by itself or held
/// elsewhere too; a finding can be about both.
fn keys(offset: u64, finding: &Finding<'_>) -> impl Iterator<Item = u64> {
    let attr = Attr::of(finding.attribute.as_bytes());
    let is_duplicate = |label: &str| label == "Duplicate";
    let mut labels = finding.error.split(", ");
    let by_itself = finding.collision.is_none() && labels.clone().any(|it| !is_duplicate(it));
    let elsewhere = finding.collision.is_some() || labels.any(is_duplicate);
    let value = finding.value.as_deref();
    [(false, by_itself), (true, elsewhere)]
        .into_iter()
        .filter(|(_, is_so)| *is_so)
        .map(move |(kind, _)| FxBuildHasher.hash_one((offset, attr, value, kind)))
}

/// Why IdFix does not find what a profile finds.
fn why_not_found(finding: &Finding<'_>) -> String {
    let attr = Attr::of(finding.attribute.as_bytes());
    let is_read = attr.is_some_and(super::idfix::looks_at);
    if !is_read {
        return format!("IdFix does not look at {}", finding.attribute);
    }
    if finding.collision.is_some() {
        return "IdFix compares one attribute with itself, and tells the first holder nothing"
            .to_owned();
    }
    let gravest = finding.rules.iter().filter_map(|rule| Rule::by_name(rule.0).ok());
    let gravest = gravest.min_by_key(|rule| rule.severity);
    gravest.map_or_else(String::new, |rule| format!("IdFix has no such rule: {}", rule.summary))
}

impl Survey<'_> {
    /// Why the profile does not look at an entry; `None` where it does.
    #[must_use]
    pub fn out_of_scope(&self, entry: &EntryFindings<'_>) -> Option<&'static str> {
        let mut reason = None;
        self.read_one(self.entry_text(entry.offset), |entry| {
            reason = self.options.profile.scope(&entry.subject).err();
        });
        reason
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldif::ReadOptions;
    use crate::rules::{CheckOptions, Export, Profile, ProfileOptions, Selection};

    fn differences(entry: &str) -> Vec<(Side, &'static str, String)> {
        let options = |name| CheckOptions {
            profile: Profile::by_name(name, ProfileOptions::default()).unwrap(),
            selection: Selection::default(),
            read: ReadOptions::default(),
            keep_held: false,
        };
        let export = format!(
            "dn: CN=A,DC=x\nobjectClass: user\nobjectCategory: CN=Person\ncn: A\n\
             sAMAccountName: ann\ndisplayName: A\nmailNickname: ann\n{entry}\n"
        );
        let exports = [Export { name: "x", bytes: export.as_bytes() }];
        let (new, old) = (options("entra"), options("idfix-multitenant"));
        let surveys = [&new, &old].map(|it| Survey::run(&exports, it, &|_| {}));
        let mut rows = Vec::new();
        compare(&surveys[0], &surveys[1], &Settings::default(), |it| {
            rows.push((it.side, it.finding.rules[0].0, it.reason.clone()));
            Ok::<(), ()>(())
        })
        .unwrap();
        rows
    }

    #[test]
    fn each_known_false_alarm_of_idfix_has_its_reason() {
        for (line, rule, reason) in [
            (
                "userPrincipalName: o'a@x.com\nproxyAddresses: SMTP:o'a@x.com",
                "idfix-character",
                "an apostrophe is valid in userPrincipalName",
            ),
            (
                "userPrincipalName: ann@x.com\nproxyAddresses: SMTP:ann@x.com\nproxyAddresses: x500:/o=A ('B')/cn=c",
                "idfix-character",
                "X400 and X500 addresses keep their parentheses, blanks and apostrophes",
            ),
            (
                &format!(
                    "userPrincipalName: ann@x.com\nproxyAddresses: SMTP:ann@x.com\ngivenName: {}",
                    "a".repeat(64)
                ),
                "idfix-length",
                "the limit is higher: IdFix is one character off (displayName 256, givenName 64, targetAddress 256)",
            ),
        ] {
            let alarms = differences(line);
            let alarms: Vec<_> =
                alarms.iter().filter(|(side, ..)| *side == Side::FalseAlarm).collect();
            assert!(
                matches!(&alarms[..], [(_, found, why)] if *found == rule && why == reason),
                "{line}: {alarms:?}"
            );
        }
    }

    #[test]
    fn what_both_report_is_no_difference() {
        let rows = differences("userPrincipalName: ann archer@x.com");
        assert!(rows.iter().all(|(_, rule, _)| !rule.starts_with("idfix") && *rule != "upn-space"));
    }
}
