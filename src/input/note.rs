//! What was done to an input before it could be read as UTF-8.

use std::fmt;

/// The order of the bytes in a UTF-16 unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endian {
    /// The low byte first, as Windows writes it.
    Little,
    /// The high byte first.
    Big,
}

/// Something about an input that its reader should be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InputNote {
    /// The input was compressed with gzip.
    Gzip,
    /// A UTF-8 byte order mark was taken off.
    Utf8Bom,
    /// The input was transcoded from UTF-16.
    Utf16 {
        /// The byte order.
        endian: Endian,
        /// Whether a byte order mark said so; otherwise the pattern of zero
        /// bytes did, and the guess deserves a warning.
        bom: bool,
    },
    /// UTF-16 that stands for no character was replaced by U+FFFD: values differ
    /// from what was written.
    Utf16Replaced {
        /// How many replacements there were.
        count: u64,
        /// Bytes from the start of the UTF-16 text (byte order mark included,
        /// after decompression) to the first replaced unit.
        offset: u64,
        /// Bytes from the start of the decoded input to the first U+FFFD.
        decoded_offset: u64,
    },
}

impl InputNote {
    /// Whether the note asks for attention, because something was guessed or
    /// changed; the others only inform.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        match self {
            Self::Gzip | Self::Utf8Bom => false,
            Self::Utf16 { bom, .. } => !bom,
            Self::Utf16Replaced { .. } => true,
        }
    }
}

impl fmt::Display for Endian {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Little => "UTF-16LE",
            Self::Big => "UTF-16BE",
        })
    }
}

impl fmt::Display for InputNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gzip => f.write_str("decompressed with gzip"),
            Self::Utf8Bom => f.write_str("a UTF-8 byte order mark was taken off"),
            Self::Utf16 { endian, bom: true } => write!(f, "decoded from {endian}"),
            Self::Utf16 { endian, bom: false } => write!(
                f,
                "has no byte order mark and was taken for {endian} by its pattern of zero bytes"
            ),
            Self::Utf16Replaced { count, offset, .. } => write!(
                f,
                "{} read as U+FFFD, the first at byte {offset} of the UTF-16 text: these values are \
                 not what was exported",
                match count {
                    1 => "1 UTF-16 unit without a partner was".to_owned(),
                    _ => format!("{count} UTF-16 units without a partner were"),
                }
            ),
        }
    }
}
