//! Inputs that are read once, chunk by chunk, with their results in order.

use std::io;
use std::sync::Mutex;

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

/// Buffers for output that are used again: fresh memory costs more than what is
/// written into it.
#[derive(Debug, Default)]
pub struct Spare(Mutex<Vec<Vec<u8>>>);

impl Spare {
    /// An empty buffer.
    pub fn take(&self) -> Vec<u8> {
        self.0.lock().ok().and_then(|mut spare| spare.pop()).unwrap_or_default()
    }

    /// Gives a buffer back. One that has grown far beyond a chunk is dropped.
    pub fn put(&self, mut buffer: Vec<u8>) {
        if buffer.capacity() <= 4 * CHUNK_SIZE
            && let Ok(mut spare) = self.0.lock()
        {
            buffer.clear();
            spare.push(buffer);
        }
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
