//! Why an input cannot be read, and what to do about it.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// An input that cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// There is no file of this name.
    #[error("{name}: no such file; check the spelling and the current directory")]
    NotFound {
        /// The input's display name.
        name: String,
    },
    /// The file may not be read.
    #[error("{name}: permission denied; make the file readable for the user who runs this")]
    PermissionDenied {
        /// The input's display name.
        name: String,
    },
    /// The name is that of a directory.
    #[error("{name}: is a directory; name the LDIF file in it")]
    Directory {
        /// The input's display name.
        name: String,
    },
    /// There is not one byte, after decompression and without a byte order mark.
    #[error("{name}: is empty; check that the export or the command before the pipe succeeded")]
    Empty {
        /// The input's display name.
        name: String,
    },
    /// Control bytes and nothing that looks like LDIF.
    #[error("{name}: is not LDIF but looks binary{}", advice(format.as_ref()))]
    Binary {
        /// The input's display name.
        name: String,
        /// What it is, where its first bytes tell.
        format: Option<Format>,
    },
    /// The compressed data ends too early.
    #[error(
        "{name}: the gzip data is cut off after {decoded} decompressed bytes; copy or export it again"
    )]
    GzipTruncated {
        /// The input's display name.
        name: String,
        /// How many bytes could be decompressed.
        decoded: u64,
    },
    /// Something else follows the compressed data.
    #[error(
        "{name}: the gzip data ends after {decoded} decompressed bytes, and something else \
         follows it in the file; copy or export it again, or, if that does not belong to it, pipe \
         it through `gzip -dc FILE`, with `-` as the input"
    )]
    GzipTrailing {
        /// The input's display name.
        name: String,
        /// How many bytes could be decompressed.
        decoded: u64,
    },
    /// The compressed data is damaged.
    #[error(
        "{name}: the gzip data is corrupt after {decoded} decompressed bytes ({reason}); \
         test it with `gzip -t` and copy or export it again"
    )]
    GzipCorrupt {
        /// The input's display name.
        name: String,
        /// How many bytes could be decompressed.
        decoded: u64,
        /// What the decompressor says.
        reason: String,
    },
    /// The system refused to open or read.
    #[error("{name}: cannot be read: {source}")]
    Read {
        /// The input's display name.
        name: String,
        /// The system's error.
        source: io::Error,
    },
    /// No space is left for the temporary copy of a pipe or a decoded file.
    #[error(
        "{name}: no space left in {} for a temporary copy, after {written} bytes; \
         free some, or set TMPDIR to a directory on a larger disk",
        directory.display()
    )]
    SpoolFull {
        /// The input's display name.
        name: String,
        /// The directory of temporary files.
        directory: PathBuf,
        /// How many bytes had been written.
        written: u64,
    },
    /// The process has no room in its address space for the input, which is not copied to
    /// memory but mapped.
    #[error(
        "{name}: its {bytes} bytes find no room in memory that the process may address; \
         allow it more (`ulimit -v unlimited`)"
    )]
    NoRoom {
        /// The input's display name.
        name: String,
        /// How many bytes it has.
        bytes: u64,
    },
    /// The temporary copy cannot be made for another reason.
    #[error(
        "{name}: cannot make a temporary copy in {}: {source}; \
         set TMPDIR to a directory that can be written",
        directory.display()
    )]
    Spool {
        /// The input's display name.
        name: String,
        /// The directory of temporary files.
        directory: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

/// A format that is recognised by its first bytes, to say what to do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Compressed with bzip2.
    Bzip2,
    /// Compressed with gzip, twice.
    Gzip,
    /// Compressed with xz.
    Xz,
    /// Compressed with zstd.
    Zstd,
    /// A zip archive.
    Zip,
    /// UTF-32 text.
    Utf32,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bzip2 => "bzip2",
            Self::Gzip => "gzip within gzip",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
            Self::Zip => "a zip archive",
            Self::Utf32 => "UTF-32",
        })
    }
}

fn advice(format: Option<&Format>) -> String {
    let Some(format) = format else {
        return "; name an LDIF export (text, UTF-16 or gzip)".to_owned();
    };
    let command = match format {
        Format::Bzip2 => "bzip2 -dc FILE",
        Format::Gzip => "gzip -dc FILE",
        Format::Xz => "xz -dc FILE",
        Format::Zstd => "zstd -dc FILE",
        Format::Zip => "unzip -p FILE",
        Format::Utf32 => "iconv -f UTF-32 -t UTF-8 FILE",
    };
    format!(" ({format}); pipe it through `{command}`, with `-` as the input")
}

impl InputError {
    /// An error of opening.
    pub(super) fn opening(name: &str, source: io::Error) -> Self {
        let name = name.to_owned();
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound { name },
            io::ErrorKind::PermissionDenied => Self::PermissionDenied { name },
            io::ErrorKind::IsADirectory => Self::Directory { name },
            _ => Self::Read { name, source },
        }
    }

    /// An error that a [`Stream`](super::Stream) gave as an [`io::Error`], as it
    /// was before; what came from elsewhere becomes [`InputError::Read`].
    #[must_use]
    pub fn from_io(error: io::Error, name: &str) -> Self {
        match error.downcast::<Self>() {
            Ok(error) => error,
            Err(source) => Self::Read { name: name.to_owned(), source },
        }
    }

    /// The error in the form that [`io::Read`] asks for.
    pub(super) fn into_io(self) -> io::Error {
        let kind = match &self {
            Self::GzipTruncated { .. } => io::ErrorKind::UnexpectedEof,
            Self::Read { source, .. } | Self::Spool { source, .. } => source.kind(),
            Self::SpoolFull { .. } => io::ErrorKind::StorageFull,
            Self::NoRoom { .. } => io::ErrorKind::OutOfMemory,
            _ => io::ErrorKind::InvalidData,
        };
        io::Error::new(kind, self)
    }
}
