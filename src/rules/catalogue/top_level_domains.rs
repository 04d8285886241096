//! A list of top-level domains that stands for the one that is built in.

/// The top-level domains that count, in place of those that are built in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopLevelDomains {
    /// In lower case, ascending.
    labels: Vec<Box<str>>,
}

/// Why a text is no list of top-level domains.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TopLevelDomainsError {
    /// There is no label in it.
    #[error("no top-level domain is in it; take IANA's tlds-alpha-by-domain.txt")]
    Empty,
    /// A line is no label.
    #[error(
        "line {line} is no top-level domain; the list has one on each line, as in IANA's \
         tlds-alpha-by-domain.txt"
    )]
    NotALabel {
        /// The line, from 1.
        line: usize,
    },
}

impl TopLevelDomains {
    /// Reads a list as IANA writes it (`tlds-alpha-by-domain.txt`): a label on each
    /// line, internationalised ones as A-labels (RFC 5890); `#` begins a comment.
    ///
    /// # Errors
    /// [`TopLevelDomainsError`] where it is none.
    pub fn parse(list: &[u8]) -> Result<Self, TopLevelDomainsError> {
        let mut labels = Vec::new();
        for (number, line) in list.split(|byte| *byte == b'\n').enumerate() {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            let line = line.strip_prefix(b".").unwrap_or(line);
            let label = std::str::from_utf8(line).ok().filter(|label| is_label(label));
            let label = label.ok_or(TopLevelDomainsError::NotALabel { line: number + 1 })?;
            labels.push(label.to_ascii_lowercase().into_boxed_str());
        }
        labels.sort_unstable();
        labels.dedup();
        if labels.is_empty() { Err(TopLevelDomainsError::Empty) } else { Ok(Self { labels }) }
    }

    /// Whether a label is one of them, without regard to case.
    #[must_use]
    pub fn contains(&self, label: &str) -> bool {
        let lower = label.bytes().map(|byte| byte.to_ascii_lowercase());
        let found = self.labels.binary_search_by(|known| known.bytes().cmp(lower.clone()));
        found.is_ok()
    }
}

/// Whether a text is a label that can stand at the top (RFC 3696 section 2).
fn is_label(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (2..=63).contains(&text.len())
        && text.bytes().all(is_allowed)
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_iana_is_read() {
        let list = b"# Version 2026112200, Last Updated\r\nAAA\r\nXN--VERMGENSBERATUNG-PWB\r\n";
        let list = TopLevelDomains::parse(list).unwrap();
        assert!(list.contains("aaa") && list.contains("Xn--Vermgensberatung-Pwb"));
        assert!(!list.contains("com") && !list.contains(""));
    }

    #[test]
    fn what_is_no_list_is_refused_with_its_line() {
        assert_eq!(TopLevelDomains::parse(b""), Err(TopLevelDomainsError::Empty));
        assert_eq!(TopLevelDomains::parse(b"# nothing\n\n"), Err(TopLevelDomainsError::Empty));
        for text in ["<html>", "a b", "contoso.com", "\u{fc}", "123", "-a", "a"] {
            let list = format!("COM\n{text}\n");
            assert_eq!(
                TopLevelDomains::parse(list.as_bytes()),
                Err(TopLevelDomainsError::NotALabel { line: 2 }),
                "{text}"
            );
        }
    }
}
