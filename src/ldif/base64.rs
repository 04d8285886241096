//! Base64 as LDIF uses it (RFC 4648 section 4).

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
