//! Why an output cannot be written, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

/// An output that cannot be written. Unless the message says otherwise, nothing
/// of it has appeared and what was there before is untouched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// There is a file of this name, and it was not to be overwritten.
    #[error("{}: exists already; choose another name, or --force to replace it", path.display())]
    Exists {
        /// The output.
        path: PathBuf,
    },
    /// The name is that of a directory.
    #[error("{}: is a directory; name a file in it", path.display())]
    Directory {
        /// The output.
        path: PathBuf,
    },
    /// The directory that should hold the file does not exist.
    #[error("{}: there is no directory {}; create it first", path.display(), directory.display())]
    NoDirectory {
        /// The output.
        path: PathBuf,
        /// The directory that is missing.
        directory: PathBuf,
    },
    /// The file or its directory may not be written.
    #[error("{}: permission denied; name a file in a directory that can be written", path.display())]
    PermissionDenied {
        /// The output.
        path: PathBuf,
    },
    /// Two outputs are the same file.
    #[error("{}: is named for two outputs; give each a file of its own", path.display())]
    Same {
        /// The output.
        path: PathBuf,
    },
    /// The disk is full, or a quota or size limit is reached.
    #[error("{}: no space left on the disk; free some, or name a file on another", path.display())]
    Full {
        /// The output.
        path: PathBuf,
    },
    /// The system refused to write.
    #[error("{}: cannot be written: {source}", path.display())]
    Write {
        /// The output.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file of several could not be put in its place when others already were.
    #[error("{cause}; {state}")]
    Partly {
        /// What went wrong.
        cause: Box<OutputError>,
        /// How the other files stand now.
        state: String,
    },
}

impl OutputError {
    /// An error of the system at an output.
    pub(super) fn at(path: &Path, source: io::Error) -> Self {
        let source = match source.downcast::<Self>() {
            Ok(error) => return error,
            Err(source) => source,
        };
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::AlreadyExists => Self::Exists { path },
            io::ErrorKind::IsADirectory => Self::Directory { path },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::PermissionDenied { path }
            }
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::Full { path },
            _ => Self::Write { path, source },
        }
    }

    /// The error in the form that [`io::Write`] asks for; its kind stays.
    pub(super) fn into_io(self) -> io::Error {
        let kind = match &self {
            Self::Full { .. } => io::ErrorKind::StorageFull,
            Self::PermissionDenied { .. } => io::ErrorKind::PermissionDenied,
            Self::Write { source, .. } => source.kind(),
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, self)
    }

    /// The error that an [`AtomicFile`](super::AtomicFile) gave as an
    /// [`io::Error`], as it was before.
    #[must_use]
    pub fn from_io(error: io::Error, path: &Path) -> Self {
        Self::at(path, error)
    }

    /// Whether the reader of a pipe has gone, which is no failure of ours.
    #[must_use]
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Write { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }
}
