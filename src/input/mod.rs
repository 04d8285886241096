//! Where bytes come from: files, pipes and stdin, plain, compressed or UTF-16,
//! all handed on as UTF-8 without a byte order mark.
//!
//! Knows nothing of LDIF. [`Source`] gives the whole input at once, as a memory
//! map; [`stream`] gives it piece by piece in constant memory; [`Flow`] is the
//! cheaper of the two for an input that is read once.

mod decode;
mod error;
mod map;
mod note;
mod open;
mod sniff;
mod source;
mod utf16;

pub use decode::{Stream, stream};
pub use error::{Format, InputError};
pub use note::{Endian, InputNote};
pub use source::{Flow, Source};
