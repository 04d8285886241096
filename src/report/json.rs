//! Findings as JSON lines: one object a line, always the same keys in the same
//! order, `null` where there is nothing.
//!
//! A value that is not UTF-8 stands as `value_b64` in place of `value`. A DN that
//! is not UTF-8 stands as `dn_b64` beside `dn`, where U+FFFD replaces its bytes.
//! Controls, bidi controls and other characters that cannot be seen are written
//! as `\u` escapes, so that the lines can be looked at in a terminal.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Serialize, Serializer};

use super::visible::is_deceptive;
use crate::rules::{Applicability, Collision, Finding, RuleName, Severity};

/// Findings as JSON, one object a line.
#[derive(Default)]
pub struct JsonRows {
    text: Vec<u8>,
}

impl JsonRows {
    pub(super) fn add(&mut self, finding: &Finding<'_>) -> io::Result<()> {
        let mut serializer = serde_json::Serializer::with_formatter(&mut self.text, Visible);
        Row::from(finding).serialize(&mut serializer)?;
        self.text.push(b'\n');
        Ok(())
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }
}

#[derive(Serialize)]
struct Row<'a> {
    dn: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dn_b64: Option<String>,
    class: Cow<'a, str>,
    attribute: &'a str,
    rule: Joined<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<Severity>,
    error: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(flatten)]
    value: RowValue<'a>,
    update: Option<&'a str>,
    action: &'static str,
    applicability: Applicability,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    collision: Option<Group<'a>>,
    file: &'a str,
    line: u64,
}

#[derive(Serialize)]
struct Group<'a> {
    group: &'a str,
    holders: Vec<Holder<'a>>,
    #[serde(skip_serializing_if = "is_none")]
    more_holders: usize,
}

fn is_none(count: &usize) -> bool {
    *count == 0
}

#[derive(Serialize)]
struct Holder<'a> {
    dn: Cow<'a, str>,
    attribute: &'a str,
    enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keeps: Option<bool>,
}

impl<'a> From<&'a Collision> for Group<'a> {
    fn from(collision: &'a Collision) -> Self {
        let holders = collision.holders.iter().map(|holder| Holder {
            dn: String::from_utf8_lossy(&holder.dn),
            attribute: holder.attribute,
            enabled: holder.is_enabled,
            keeps: holder.keeps,
        });
        Self { group: &collision.group, holders: holders.collect(), more_holders: collision.more }
    }
}

#[derive(Serialize)]
enum RowValue<'a> {
    #[serde(rename = "value")]
    Text(Option<&'a str>),
    #[serde(rename = "value_b64")]
    Bytes(String),
}

impl<'a> From<&'a Finding<'_>> for Row<'a> {
    fn from(finding: &'a Finding<'_>) -> Self {
        let dn = String::from_utf8_lossy(&finding.dn);
        let dn_b64 = std::str::from_utf8(&finding.dn).is_err();
        let value = match finding.value.as_deref().map(|value| (value, std::str::from_utf8(value)))
        {
            None => RowValue::Text(None),
            Some((_, Ok(text))) => RowValue::Text(Some(text)),
            Some((bytes, Err(_))) => RowValue::Bytes(STANDARD.encode(bytes)),
        };
        Self {
            dn,
            dn_b64: dn_b64.then(|| STANDARD.encode(&finding.dn)),
            class: String::from_utf8_lossy(&finding.object_class),
            attribute: finding.attribute,
            rule: Joined(&finding.rules),
            // IdFix knows neither.
            severity: finding.message.is_some().then_some(finding.severity),
            error: &finding.error,
            message: finding.message.as_deref(),
            value,
            update: finding.update.as_deref(),
            action: finding.action.label(),
            applicability: finding.applicability,
            collision: finding.collision.as_deref().map(Group::from),
            file: finding.file,
            line: finding.line,
        }
    }
}

/// A text as JSON writes it, with nothing in it that acts on a terminal.
#[must_use]
pub fn json_text(text: &str) -> String {
    let mut out = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, Visible);
    // A vector takes every byte, and a string is always JSON.
    let _ = text.serialize(&mut serializer);
    String::from_utf8_lossy(&out).into_owned()
}

struct Joined<'a>(&'a [RuleName]);

impl fmt::Display for Joined<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, rule) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { ", " };
            write!(f, "{separator}{}", rule.0)?;
        }
        Ok(())
    }
}

impl Serialize for Joined<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Compact JSON whose strings hold nothing that acts on a terminal.
pub(super) struct Visible;

impl serde_json::ser::Formatter for Visible {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if fragment.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return writer.write_all(fragment.as_bytes());
        }
        let mut rest = fragment;
        // ASCII controls but DEL never come here: JSON escapes them anyway.
        while let Some(at) = rest.find(|c: char| !matches!(c, ' '..='~') && is_deceptive(c)) {
            let (before, from) = rest.split_at(at);
            writer.write_all(before.as_bytes())?;
            let mut chars = from.chars();
            let mut units = [0; 2];
            for unit in chars.next().unwrap_or_default().encode_utf16(&mut units) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = chars.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples;
    use super::*;

    fn written(finding: &Finding<'_>) -> String {
        let mut json = JsonRows::default();
        json.add(finding).unwrap();
        String::from_utf8(json.text).unwrap()
    }

    #[test]
    fn a_line_has_all_keys_in_order() {
        assert_eq!(
            written(&samples::proxy()),
            "{\"dn\":\"CN=Zoë Perez 27,OU=Staff,DC=corp,DC=example\",\"class\":\"user\",\
             \"attribute\":\"proxyAddresses\",\"rule\":\"format, domain-part, local-part\",\
             \"error\":\"Format, DomainPart, LocalPart\",\"value\":\"smtp:ZOË.PEREZ27@-BAD.COM\",\
             \"update\":\"smtp:ZO.PEREZ27@BAD.COM\",\"action\":\"EDIT\",\
             \"applicability\":\"unsafe\",\"file\":\"corp.ldif\",\"line\":4711}\n"
        );
    }

    #[test]
    fn what_is_absent_is_null() {
        let line = written(&Finding { value: None, update: None, ..samples::proxy() });
        assert!(line.contains("\"value\":null,\"update\":null,"));
    }

    #[test]
    fn bytes_that_are_not_utf8_survive_as_base64() {
        let line = written(&Finding {
            dn: Cow::Borrowed(b"CN=M\xfcller"),
            value: Some(Cow::Borrowed(b"\xff")),
            ..samples::proxy()
        });
        assert!(line.starts_with("{\"dn\":\"CN=M\u{fffd}ller\",\"dn_b64\":\"Q049Tfxs"), "{line}");
        assert!(line.contains(",\"value_b64\":\"/w==\",\"update\""), "{line}");
    }

    #[test]
    fn what_a_terminal_would_act_upon_is_escaped() {
        let value =
            Some(Cow::Borrowed("\u{1b}[2J\u{9b}2J\u{202e}\u{200b}\u{7f}\u{e0041}".as_bytes()));
        let line = written(&Finding { value, ..samples::proxy() });
        assert!(
            line.contains(r#""value":"\u001b[2J\u009b2J\u202e\u200b\u007f\udb40\udc41""#),
            "{line}"
        );
    }

    proptest! {
        #[test]
        fn lines_parse_back_to_the_same_bytes(value: Vec<u8>, text: String, update: String) {
            for value in [value.as_slice(), text.as_bytes()] {
                let finding = Finding {
                    dn: Cow::Borrowed(value),
                    value: Some(Cow::Borrowed(value)),
                    update: Some(update.clone()),
                    ..samples::proxy()
                };
                let line = written(&finding);
                prop_assert_eq!(line.matches('\n').count(), 1);
                prop_assert!(line.trim_end().chars().all(|c| !is_deceptive(c)));
                let row: serde_json::Value = serde_json::from_str(&line).unwrap();
                let bytes = |plain: &str, encoded: &str| match row[encoded].as_str() {
                    Some(text) => STANDARD.decode(text).unwrap(),
                    None => row[plain].as_str().unwrap().as_bytes().to_vec(),
                };
                prop_assert_eq!(bytes("value", "value_b64"), value);
                prop_assert_eq!(bytes("dn", "dn_b64"), value);
                prop_assert_eq!(row["update"].as_str(), Some(update.as_str()));
            }
        }
    }
}
