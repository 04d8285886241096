//! Inputs that are read once, chunk by chunk, with their results in order.

use std::io;

use crate::input::{Flow, InputError};
use crate::ldif::{CHUNK_SIZE, Chunks, map_in_order, map_stream};
use crate::output::OutputError;

/// Why reading ends early.
#[derive(Debug)]
pub enum Halt {
    /// The first error under `--strict`.
    Strict,
    /// Input or output failed.
    Io(io::Error),
}

impl From<io::Error> for Halt {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Maps pieces of whole entries; memory does not depend on the input's size.
///
/// # Errors
/// What `take` gives, and where the input cannot be read.
pub fn pass<T: Send>(
    input: &mut Flow,
    map: impl Fn(&[u8]) -> T + Sync,
    take: impl FnMut(T) -> Result<(), Halt>,
) -> Result<(), Halt> {
    match input {
        Flow::Whole(source) => {
            map_in_order(Chunks::new(source.bytes(), CHUNK_SIZE), |chunk| map(chunk.bytes), take)
        }
        Flow::Stream(stream) => map_stream(stream, map, take),
    }
}

/// Whether reading went to the end.
///
/// # Errors
/// Where input or output failed, with what its own room says about it.
pub fn explained(ended: Result<(), Halt>, name: &str) -> anyhow::Result<bool> {
    let error = match ended {
        Ok(()) => return Ok(true),
        Err(Halt::Strict) => return Ok(false),
        Err(Halt::Io(error)) => error,
    };
    Err(match error.get_ref() {
        Some(inner) if inner.is::<OutputError>() => error.into(),
        _ if error.kind() == io::ErrorKind::BrokenPipe => error.into(),
        _ => InputError::from_io(error, name).into(),
    })
}
