//! Base64 as LDIF uses it (RFC 4648 section 4).

use std::io;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Missing padding is read (with a warning); stray trailing bits are dropped,
/// as every other reader of LDIF does.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Decodes text that was checked when its line was read; what was not base64
/// then gives no bytes now.
pub(crate) fn decode(text: &[u8]) -> Vec<u8> {
    ENGINE.decode(text).unwrap_or_default()
}

/// Bytes are encoded in pieces of this size, a multiple of three.
const PIECE: usize = 12 * 1024;

/// Encodes bytes piece by piece into a buffer that is used again, and hands each
/// piece of text on.
pub(crate) fn encode(
    bytes: &[u8],
    buffer: &mut Vec<u8>,
    mut hand_on: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    for piece in bytes.chunks(PIECE) {
        let len = piece.len().div_ceil(3) * 4;
        if buffer.len() < len {
            buffer.resize(len, 0);
        }
        let len = ENGINE.encode_slice(piece, buffer).map_err(io::Error::other)?;
        hand_on(&buffer[..len])?;
    }
    Ok(())
}
