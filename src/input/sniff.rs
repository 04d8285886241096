//! What an input is, told by its first bytes.

use super::error::Format;
use super::note::Endian;

/// How many decoded bytes are looked at before an input is called binary.
pub(super) const WINDOW: usize = 64 * 1024;

/// How many bytes suffice to tell the encoding.
pub(super) const HEAD: usize = 4;

/// The UTF-16 pattern is looked for in this many units.
const UTF16_UNITS: usize = 512;

/// The encoding of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8 { bom: bool },
    Utf16 { endian: Endian, bom: bool },
}

impl Encoding {
    /// Bytes of the byte order mark.
    pub(super) fn bom_len(self) -> usize {
        match self {
            Self::Utf8 { bom: true } => 3,
            Self::Utf16 { bom: true, .. } => 2,
            Self::Utf8 { bom: false } | Self::Utf16 { bom: false, .. } => 0,
        }
    }
}

pub(super) fn is_gzip(head: &[u8]) -> bool {
    head.starts_with(&[0x1f, 0x8b])
}

pub(super) fn encoding(head: &[u8]) -> Encoding {
    if head.starts_with(&[0xef, 0xbb, 0xbf]) {
        return Encoding::Utf8 { bom: true };
    }
    if is_utf32(head) {
        return Encoding::Utf8 { bom: false };
    }
    if head.starts_with(&[0xff, 0xfe]) {
        return Encoding::Utf16 { endian: Endian::Little, bom: true };
    }
    if head.starts_with(&[0xfe, 0xff]) {
        return Encoding::Utf16 { endian: Endian::Big, bom: true };
    }
    for endian in [Endian::Little, Endian::Big] {
        if is_bare_utf16(head, endian) {
            return Encoding::Utf16 { endian, bom: false };
        }
    }
    Encoding::Utf8 { bom: false }
}

/// UTF-16 without a byte order mark: text begins with an ASCII character, and
/// so every other byte is zero. A comment may go on in any script, hence only
/// its first unit must be ASCII, and one in eight of the others.
fn is_bare_utf16(head: &[u8], endian: Endian) -> bool {
    let ascii = |unit: &[u8]| match (endian, unit) {
        (Endian::Little, &[low, 0]) | (Endian::Big, &[0, low]) => is_text_ascii(low),
        _ => false,
    };
    let comment = |unit: &[u8]| ascii(unit) && unit.contains(&b'#');
    let mut units = head.chunks_exact(2).take(UTF16_UNITS);
    let (Some(first), Some(second)) = (units.next(), units.next()) else {
        return false;
    };
    let total = units.len();
    let found = units.filter(|unit| ascii(unit)).count();
    ascii(first) && (ascii(second) || comment(first)) && found * 8 >= total
}

fn is_text_ascii(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n')
}

fn is_utf32(head: &[u8]) -> bool {
    head.starts_with(&[0xff, 0xfe, 0, 0]) || head.starts_with(&[0, 0, 0xfe, 0xff])
}

/// Whether decoded bytes may be LDIF, as far as they go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Text, or LDIF with odd values: to be read.
    Text,
    /// Control bytes, and no record has begun.
    Binary,
}

/// Judges the first bytes of a decoded input. LDIF may hold any byte in a value,
/// but a record begins with `dn:`, and a file with a record or its version.
pub(super) fn verdict(window: &[u8]) -> Verdict {
    let controls = window.iter().filter(|&&byte| is_control(byte)).count();
    // Compressed or executable data has a dozen control bytes in a hundred; one
    // stray in a long comment must not turn a file away.
    if controls * 50 < window.len().max(1) || begins_record(window) {
        Verdict::Text
    } else {
        Verdict::Binary
    }
}

fn is_control(byte: u8) -> bool {
    matches!(byte, 0..=8 | 0x0e..=0x1f | 0x7f)
}

fn begins_record(window: &[u8]) -> bool {
    window.split(|&byte| byte == b'\n' || byte == b'\r').any(|line| {
        let starts = |word: &[u8]| {
            line.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
        };
        starts(b"dn:") || starts(b"version:")
    })
}

/// A known format that is not read, by its magic number.
pub(super) fn format(head: &[u8]) -> Option<Format> {
    const MAGIC: [(&[u8], Format); 5] = [
        (b"BZh", Format::Bzip2),
        (&[0x1f, 0x8b], Format::Gzip),
        (&[0xfd, b'7', b'z', b'X', b'Z', 0], Format::Xz),
        (&[0x28, 0xb5, 0x2f, 0xfd], Format::Zstd),
        (b"PK\x03\x04", Format::Zip),
    ];
    if is_utf32(head) {
        return Some(Format::Utf32);
    }
    MAGIC.iter().find(|(magic, _)| head.starts_with(magic)).map(|&(_, format)| format)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, endian: Endian) -> Vec<u8> {
        let unit = |unit: u16| match endian {
            Endian::Little => unit.to_le_bytes(),
            Endian::Big => unit.to_be_bytes(),
        };
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn utf16_without_a_mark_is_told_by_its_zero_bytes_in_both_orders() {
        for endian in [Endian::Little, Endian::Big] {
            for text in ["dn: cn=x\n", "version: 1\r\n", "# Übersicht über alles\n", "\r\ndn:"] {
                assert_eq!(
                    encoding(&utf16(text, endian)),
                    Encoding::Utf16 { endian, bom: false },
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn a_comment_in_another_script_does_not_hide_utf16() {
        let text = "#Выгрузка каталога\ndn: cn=x\nobjectClass: user\n";
        assert_eq!(
            encoding(&utf16(text, Endian::Little)),
            Encoding::Utf16 { endian: Endian::Little, bom: false }
        );
    }

    #[test]
    fn utf8_with_zero_bytes_in_a_value_is_not_taken_for_utf16() {
        for text in [&b"dn: cn=x\na: \0\0\0\0\n"[..], b"d\0n: x\n", b"#\0\0\0 x", b"", b"d"] {
            assert_eq!(encoding(text), Encoding::Utf8 { bom: false }, "{text:?}");
        }
    }

    #[test]
    fn a_record_makes_a_window_of_control_bytes_legal() {
        let mut window = vec![0_u8; 1000];
        assert_eq!(verdict(&window), Verdict::Binary);
        window.extend_from_slice(b"\nDN: cn=x\n");
        assert_eq!(verdict(&window), Verdict::Text);
    }

    #[test]
    fn one_control_byte_in_a_long_comment_is_no_binary() {
        let mut window = vec![b'#'; 1000];
        window[500] = 0;
        assert_eq!(verdict(&window), Verdict::Text);
        assert_eq!(verdict(b""), Verdict::Text);
        assert_eq!(verdict(b"\0"), Verdict::Binary);
    }
}
