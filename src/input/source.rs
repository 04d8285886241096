//! Inputs as a whole: mapped where they are, or copied and mapped.

use std::env;
use std::io::{self, Read, Write};
use std::path::Path;

use super::decode::Stream;
use super::error::InputError;
use super::map::Map;
use super::note::InputNote;
use super::open::{Extent, Opened};
use super::sniff::{self, Encoding, Verdict};

/// The copy of a pipe is made in pieces of this size.
const PIECE: usize = 256 * 1024;

/// A whole input as UTF-8 bytes in memory that the system pages in and out.
///
/// A plain file is mapped where it lies; it must not be cut short by another
/// program while it is read. Pipes, and what must be decoded, are copied to a
/// temporary file that has no name and is gone when the source is dropped.
#[derive(Debug)]
pub struct Source {
    name: String,
    notes: Vec<InputNote>,
    map: Map,
    /// Where the text begins in the map, behind a byte order mark.
    start: usize,
}

impl Source {
    /// Opens an input; `-` is stdin.
    ///
    /// # Errors
    /// Where the input cannot be read to its end, is empty, or is no text, and
    /// where there is no space for the copy of a pipe.
    pub fn open(path: &Path) -> Result<Self, InputError> {
        let opened = Opened::path(path)?;
        match mapped(&opened)? {
            // A file system without maps is read like a pipe.
            None => Self::spool(opened),
            Some(map) => Self::from_map(map, opened),
        }
    }

    /// The decoded bytes, without a byte order mark; never empty.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.map[self.start..]
    }

    /// The name to show: the path, or `(stdin)`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What was done to the input before it could be read.
    #[must_use]
    pub fn notes(&self) -> &[InputNote] {
        &self.notes
    }

    fn from_map(map: Map, opened: Opened) -> Result<Self, InputError> {
        let window = &map[..map.len().min(sniff::WINDOW)];
        let encoding = sniff::encoding(window);
        let bom = match encoding {
            Encoding::Utf8 { bom } if !sniff::is_gzip(window) => bom,
            _ => return Self::spool(opened),
        };
        let name = opened.name;
        let start = encoding.bom_len();
        if start == map.len() {
            return Err(InputError::Empty { name });
        }
        if sniff::verdict(&window[start..]) == Verdict::Binary {
            return Err(InputError::Binary { name, format: sniff::format(window) });
        }
        let notes = bom.then_some(InputNote::Utf8Bom).into_iter().collect();
        Ok(Self { name, notes, map, start })
    }

    fn spool(opened: Opened) -> Result<Self, InputError> {
        let name = opened.name.clone();
        Self::copy_of(Stream::new(Box::new(opened.reader()), name)?)
    }

    fn copy_of(mut stream: Stream) -> Result<Self, InputError> {
        let directory = env::temp_dir();
        let failed = |source| InputError::Spool {
            name: stream.name().to_owned(),
            directory: directory.clone(),
            source,
        };
        let mut file = tempfile::tempfile_in(&directory).map_err(failed)?;
        let len = copy(&mut stream, &mut file, &directory)?;
        let name = stream.name().to_owned();
        let map =
            Map::of(&file, Extent { start: 0, len }).map_err(|source| match source.kind() {
                io::ErrorKind::OutOfMemory => InputError::NoRoom { name, bytes: len },
                _ => InputError::Spool { name, directory, source },
            })?;
        Ok(Self { name: stream.name().to_owned(), notes: stream.notes(), map, start: 0 })
    }
}

/// An input that is read once, from its begin to its end.
#[derive(Debug)]
pub enum Flow {
    /// A plain file, mapped.
    Whole(Source),
    /// A pipe, or what has to be decoded.
    Stream(Stream),
}

impl Flow {
    /// Opens an input; `-` is stdin. Nothing is copied to the disk.
    ///
    /// # Errors
    /// As [`Source::open`] and [`super::stream`].
    pub fn open(path: &Path) -> Result<Self, InputError> {
        let opened = Opened::path(path)?;
        // What finds no room as a whole can be streamed.
        if let Ok(Some(map)) = mapped(&opened)
            && is_plain(&map)
        {
            return Source::from_map(map, opened).map(Self::Whole);
        }
        let name = opened.name.clone();
        Stream::new(Box::new(opened.reader()), name).map(Self::Stream)
    }

    /// The whole input at once; a stream is copied to a temporary file.
    ///
    /// # Errors
    /// As [`Source::open`].
    pub fn into_source(self) -> Result<Source, InputError> {
        match self {
            Self::Whole(source) => Ok(source),
            Self::Stream(stream) => Source::copy_of(stream),
        }
    }

    /// The name to show: the path, or `(stdin)`.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Whole(source) => source.name(),
            Self::Stream(stream) => stream.name(),
        }
    }

    /// What was done to the input; complete once it is read to its end.
    #[must_use]
    pub fn notes(&self) -> Vec<InputNote> {
        match self {
            Self::Whole(source) => source.notes().to_vec(),
            Self::Stream(stream) => stream.notes(),
        }
    }
}

/// Whether the bytes can be read as they are.
fn is_plain(map: &Map) -> bool {
    let window = &map[..map.len().min(sniff::WINDOW)];
    !sniff::is_gzip(window) && matches!(sniff::encoding(window), Encoding::Utf8 { .. })
}

/// Copies a stream to its end; gives the number of bytes.
fn copy(from: &mut Stream, to: &mut impl Write, directory: &Path) -> Result<u64, InputError> {
    let mut piece = vec![0; PIECE];
    let mut written = 0_u64;
    loop {
        let read = match from.read(&mut piece) {
            Ok(0) => return Ok(written),
            Ok(read) => read,
            Err(error) => return Err(InputError::from_io(error, from.name())),
        };
        to.write_all(&piece[..read]).map_err(|source| {
            let (name, directory) = (from.name().to_owned(), directory.to_owned());
            match source.kind() {
                io::ErrorKind::StorageFull
                | io::ErrorKind::QuotaExceeded
                | io::ErrorKind::FileTooLarge => InputError::SpoolFull { name, directory, written },
                _ => InputError::Spool { name, directory, source },
            }
        })?;
        written += read as u64;
    }
}

/// The map of a regular file that is not empty, where the system gives one.
///
/// # Errors
/// Where there is no room for it: a copy would find none either.
fn mapped(opened: &Opened) -> Result<Option<Map>, InputError> {
    let Some(extent) = opened.extent.filter(|extent| extent.len > 0) else { return Ok(None) };
    match Map::of(&opened.file, extent) {
        Ok(map) => Ok(Some(map)),
        Err(error) if error.kind() == io::ErrorKind::OutOfMemory => {
            Err(InputError::NoRoom { name: opened.name.clone(), bytes: extent.len })
        }
        Err(_) => Ok(None),
    }
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
