//! A line of a baseline, read and written.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::report::json_text;
use crate::rules::{Rule, RuleName};

use super::BaselineError;

/// A line: `rule,rule attribute "DN" "value" # reason`.
///
/// DN and value are texts as in JSON; where they are not UTF-8, their base64 behind
/// `base64:`. The value is `-` where the attribute is absent or meant as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaselineLine {
    /// The rules that are broken.
    pub rules: Vec<RuleName>,
    /// The attribute.
    pub attribute: String,
    /// The DN of the object.
    pub dn: Vec<u8>,
    /// The value.
    pub value: Option<Vec<u8>>,
    /// Why the finding is accepted.
    pub reason: Option<String>,
}

const BASE64: &str = "base64:";

impl BaselineLine {
    pub(super) fn parse(text: &str, line: usize) -> Result<Self, BaselineError> {
        let syntax = |reason| BaselineError::Syntax { line, reason };
        let (rules, rest) = word(text);
        let rules = rules.split(',').map(|name| Rule::by_name(name).map(|rule| rule.name));
        let rules = rules
            .collect::<Result<_, _>>()
            .map_err(|error| BaselineError::UnknownRule { line, error })?;
        let (attribute, rest) = word(rest);
        if attribute.is_empty() {
            return Err(syntax("the attribute is missing"));
        }
        let (dn, rest) = match bytes(rest) {
            Ok((Some(dn), rest)) => (dn, rest),
            Ok((None, _)) | Err(Fault::NoText) => {
                return Err(syntax("the DN is no text in quotes"));
            }
            Err(Fault::Missing) => return Err(syntax("the DN is missing")),
            Err(Fault::NoBase64) => return Err(syntax("the DN is no base64")),
        };
        let (value, rest) = bytes(rest).map_err(|fault| {
            syntax(match fault {
                Fault::Missing => "the value is missing",
                Fault::NoText => "the value is no text in quotes",
                Fault::NoBase64 => "the value is no base64",
            })
        })?;
        let reason = match rest.strip_prefix('#') {
            Some(reason) => Some(reason.trim()).filter(|reason| !reason.is_empty()),
            None if rest.is_empty() => None,
            None => return Err(syntax("something stands behind the value")),
        };
        let reason = reason.map(str::to_owned);
        Ok(Self { rules, attribute: attribute.to_owned(), dn, value, reason })
    }
}

impl fmt::Display for BaselineLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, rule) in self.rules.iter().enumerate() {
            write!(f, "{}{}", if at == 0 { "" } else { "," }, rule.0)?;
        }
        write!(f, " {} {} ", self.attribute, written(&self.dn))?;
        match &self.value {
            Some(value) => f.write_str(&written(value))?,
            None => f.write_str("-")?,
        }
        match &self.reason {
            Some(reason) => write!(f, " # {reason}"),
            None => Ok(()),
        }
    }
}

fn written(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => json_text(text),
        Err(_) => format!("{BASE64}{}", STANDARD.encode(bytes)),
    }
}

enum Fault {
    Missing,
    NoText,
    NoBase64,
}

/// The first word, and what stands behind it.
fn word(text: &str) -> (&str, &str) {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (word, rest.trim_start())
}

/// Bytes in one of their forms, `None` for `-`, and what stands behind them.
fn bytes(text: &str) -> Result<(Option<Vec<u8>>, &str), Fault> {
    if text.starts_with('"') {
        let mut texts = serde_json::Deserializer::from_str(text).into_iter::<String>();
        let read = texts.next().and_then(Result::ok).ok_or(Fault::NoText)?;
        let rest = text.get(texts.byte_offset()..).unwrap_or_default();
        return Ok((Some(read.into_bytes()), rest.trim_start()));
    }
    match word(text) {
        ("", _) => Err(Fault::Missing),
        ("-", rest) => Ok((None, rest)),
        (word, rest) => {
            let encoded = word.strip_prefix(BASE64).ok_or(Fault::NoText)?;
            let decoded = STANDARD.decode(encoded).map_err(|_| Fault::NoBase64)?;
            Ok((Some(decoded), rest))
        }
    }
}
