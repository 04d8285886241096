//! Comments that are torn apart: before an entry ldapsearch writes its name in a
//! comment, and a line break in the name as it is, so that the rest of the name stands
//! in lines of its own.

use memchr::{memchr, memmem};

use super::super::grammar::{self, Lexed};

/// The text from the `dn:` line on, where a comment and what a line break tore off it
/// stand before that.
pub(super) fn behind_torn_comment(block: &[u8]) -> Option<&[u8]> {
    let mut torn = Vec::new();
    let mut rest = block;
    let mut is_behind_comment = false;
    loop {
        let end = memchr(b'\n', rest)?;
        let (line, next) = (rest.get(..end)?, rest.get(end + 1..)?);
        match grammar::without_cr(line).first()? {
            b'#' if torn.is_empty() => is_behind_comment = true,
            b' ' if torn.is_empty() && is_behind_comment => {}
            _ if grammar::starts_record(rest) => break,
            _ if is_behind_comment => torn.push(line),
            _ => return None,
        }
        rest = next;
    }
    if torn.is_empty() {
        return None;
    }
    let (_, Lexed { line: dn, .. }) = grammar::logical_line(rest).ok()?;
    is_of_name(&torn, &unescaped(&dn.bytes())).then_some(rest)
}

/// Whether each line goes on as the name does behind a line break.
fn is_of_name(torn: &[&[u8]], dn: &[u8]) -> bool {
    let mut behind = dn;
    torn.iter().all(|line| {
        let length = line.iter().position(|byte| b"\\,+;\"<>=".contains(byte));
        let begin = line.get(..length.unwrap_or(line.len())).unwrap_or_default();
        let sought = [b"\n", begin.trim_ascii_end()].concat();
        let Some(at) = memmem::find(behind, &sought) else { return false };
        behind = behind.get(at + 1..).unwrap_or_default();
        true
    })
}

/// The name with its line breaks as they are.
fn unescaped(dn: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(dn.len());
    let mut rest = dn;
    while let Some((&first, next)) = rest.split_first() {
        let is_break = rest.get(..3).is_some_and(|three| three.eq_ignore_ascii_case(b"\\0a"));
        out.push(if is_break { b'\n' } else { first });
        rest = if is_break { rest.get(3..).unwrap_or_default() } else { next };
    }
    out
}
