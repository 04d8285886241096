//! What was seen beside the records: warnings, line ends, and what the tool
//! that wrote the export says of itself.

use super::{LdifWarning, Position, WarningKind};

/// Observations of one chunk, or of a whole input once merged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observations {
    warnings: [Option<(Position, u64)>; WarningKind::ALL.len()],
    /// Records whose `dn:` line begins a logical line, read or not.
    pub record_starts: u64,
    /// Content records read.
    pub content_records: u64,
    /// Change records read.
    pub change_records: u64,
    /// Blocks that are `ref:` lines of a search, and `# refldap:` comments.
    pub referrals: u64,
    /// `include:` blocks.
    pub includes: u64,
    /// Physical lines that end with LF.
    pub lf_lines: u64,
    /// Physical lines that end with CRLF.
    pub crlf_lines: u64,
    /// What the exporting tool says of the export.
    pub export: ExportClaims,
}

/// What ldapsearch and ldbsearch write around their entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportClaims {
    /// Whether the header of ldapsearch's extended LDIF was seen.
    pub header: bool,
    /// `result:` lines seen.
    pub results: u64,
    /// The first result other than `0`: its code and text.
    pub failed_result: Option<(u32, String)>,
    /// Whether the last paging cookie was not empty: more pages were due.
    pub open_cookie: bool,
    /// Whether any paging cookie was seen.
    pub paged: bool,
    /// The number of entries that the tool says it wrote.
    pub entries: Option<u64>,
}

impl Observations {
    pub(super) fn warn(&mut self, kind: WarningKind, position: Position) {
        let slot = &mut self.warnings[kind as usize];
        let (_, count) = slot.get_or_insert((position, 0));
        *count += 1;
    }

    /// All warnings with their first place and number.
    #[must_use]
    pub fn warnings(&self) -> Vec<LdifWarning> {
        let mut warnings: Vec<_> = WarningKind::ALL
            .iter()
            .zip(&self.warnings)
            .filter_map(|(&kind, slot)| {
                slot.map(|(first, count)| LdifWarning { kind, first, count })
            })
            .collect();
        let start = Position { offset: 0, line: 1, column: 1 };
        if self.lf_lines > 0 && self.crlf_lines > 0 {
            let count = self.lf_lines.min(self.crlf_lines);
            warnings.push(LdifWarning { kind: WarningKind::MixedLineEnds, first: start, count });
        }
        if self.content_records > 0 && self.change_records > 0 {
            let count = self.content_records.min(self.change_records);
            let kind = WarningKind::MixedContentAndChanges;
            warnings.push(LdifWarning { kind, first: start, count });
        }
        warnings
    }

    pub(super) fn count_of(&self, kind: WarningKind) -> u64 {
        self.warnings[kind as usize].map_or(0, |(_, count)| count)
    }

    /// Physical lines seen.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.lf_lines + self.crlf_lines
    }

    /// Adds the observations of the next chunk, which begins at `base`.
    pub fn merge(&mut self, next: &Self, base: Position) {
        for (slot, other) in self.warnings.iter_mut().zip(&next.warnings) {
            if let Some((first, count)) = other {
                let (_, total) = slot.get_or_insert((first.behind(base), 0));
                *total += count;
            }
        }
        self.record_starts += next.record_starts;
        self.content_records += next.content_records;
        self.change_records += next.change_records;
        self.referrals += next.referrals;
        self.includes += next.includes;
        self.lf_lines += next.lf_lines;
        self.crlf_lines += next.crlf_lines;
        self.export.merge(&next.export);
    }
}

impl ExportClaims {
    fn merge(&mut self, next: &Self) {
        self.header |= next.header;
        self.results += next.results;
        self.failed_result = self.failed_result.take().or_else(|| next.failed_result.clone());
        if next.paged {
            self.paged = true;
            self.open_cookie = next.open_cookie;
        }
        if let Some(entries) = next.entries {
            self.entries = Some(self.entries.unwrap_or(0).saturating_add(entries));
        }
    }

    /// Takes in a comment (without its `#`); tells whether it stands for a
    /// search reference.
    pub(super) fn comment(&mut self, text: &[u8]) -> bool {
        if text.starts_with(b" refldap://") || text.starts_with(b" refldaps://") {
            return true;
        }
        if text == b" extended LDIF" {
            self.header = true;
        } else if let Some(paged) = text.strip_prefix(b" pagedresults: ") {
            self.paged_results(paged);
        } else if let Some(number) = text.strip_prefix(b" numEntries: ") {
            self.add_entries(number);
        } else if let Some(number) =
            text.strip_prefix(b" returned ").and_then(|rest| rest.strip_suffix(b" records"))
        {
            self.add_entries(number);
        } else if let Some(number) = text.strip_suffix(b" referrals") {
            // ldbsearch counts references among the records that it returned.
            let entries = self.entries.as_mut().zip(parse_number(number));
            if let Some((entries, referrals)) = entries {
                *entries = entries.saturating_sub(referrals);
            }
        }
        false
    }

    /// Takes in `cookie=…`, or `estimate=104 cookie=…` of servers that guess.
    pub(super) fn paged_results(&mut self, text: &[u8]) {
        const COOKIE: &[u8] = b"cookie=";
        let cookie = text.windows(COOKIE.len()).position(|word| word == COOKIE);
        if let Some(cookie) = cookie.and_then(|at| text.get(at + COOKIE.len()..)) {
            self.paged = true;
            self.open_cookie = !cookie.trim_ascii().is_empty();
        }
    }

    fn add_entries(&mut self, number: &[u8]) {
        if let Some(number) = parse_number(number) {
            self.entries = Some(self.entries.unwrap_or(0).saturating_add(number));
        }
    }

    pub(super) fn result(&mut self, text: &[u8]) {
        self.results += 1;
        let text = String::from_utf8_lossy(text);
        let (code, reason) = text.split_once(' ').unwrap_or((&text, ""));
        let code = code.parse().unwrap_or(u32::MAX);
        if code != 0 && self.failed_result.is_none() {
            self.failed_result = Some((code, reason.trim().to_owned()));
        }
    }

    /// Why the export is incomplete, as far as its own words tell.
    ///
    /// `content_records` is the number of entries read or failed.
    #[must_use]
    pub fn incomplete(&self, content_records: u64) -> Option<String> {
        if let Some((code, reason)) = &self.failed_result {
            return Some(format!("the search ended with result {code} {reason}"));
        }
        if self.open_cookie {
            return Some("the last page's cookie is not empty: more pages were due".to_owned());
        }
        if self.header && self.results == 0 {
            return Some(
                "the `result:` line that ldapsearch writes at the end is missing".to_owned(),
            );
        }
        match self.entries {
            Some(entries) if entries > content_records => Some(format!(
                "the exporting tool says that it wrote {entries} entries; {content_records} are here"
            )),
            _ => None,
        }
    }
}

fn parse_number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

#[cfg(test)]
#[path = "observation_tests.rs"]
mod tests;
