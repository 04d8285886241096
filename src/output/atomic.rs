//! One file that appears when it is complete.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use super::commit::commit_all;
use super::error::OutputError;
use super::target::{Target, directory_of, target};
use super::unfinished::{self, Listed};

/// Writes are gathered up to this size.
const BUFFER: usize = 128 * 1024;

/// What happens to a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overwrite {
    /// It stays, and the output is refused; also where the file comes into being
    /// while the output is written.
    No,
    /// It is replaced when the output is complete. The new file gets its
    /// permissions and, where the system allows it, its owner.
    Yes,
}

/// A file that is written under another name in the same directory and renamed
/// by [`AtomicFile::commit`]; dropped before that, it leaves nothing behind.
///
/// Devices, pipes and `-` (stdout) cannot be renamed to: they are written as the
/// buffer fills.
pub struct AtomicFile {
    pub(super) path: PathBuf,
    pub(super) sink: Sink,
    buffer: Vec<u8>,
    /// A write has failed: what is there is incomplete and stays so.
    failed: bool,
}

pub(super) enum Sink {
    Temporary { file: NamedTempFile, listed: Listed, destination: PathBuf, overwrite: Overwrite },
    Direct(Box<dyn Write + Send>),
}

impl AtomicFile {
    /// Begins an output.
    ///
    /// # Errors
    /// Where the file exists and must not be overwritten, where it cannot be
    /// created, and where its directory is missing.
    pub fn create(path: &Path, overwrite: Overwrite) -> Result<Self, OutputError> {
        let sink = match target(path)? {
            Target::Stdout => {
                return Ok(Self::over(Path::new("(stdout)"), Sink::Direct(Box::new(io::stdout()))));
            }
            Target::Stderr => Sink::Direct(Box::new(io::stderr())),
            Target::Special => Sink::Direct(Box::new(special(path)?)),
            Target::File { existing: Some(_), .. } if overwrite == Overwrite::No => {
                return Err(OutputError::Exists { path: path.to_owned() });
            }
            Target::File { path: destination, existing } => {
                let directory = directory_of(&destination);
                let (file, listed) = unfinished::list(|| temporary(&directory, existing.as_ref()))
                    .map_err(|error| OutputError::at(path, error))?;
                Sink::Temporary { file, listed, destination, overwrite }
            }
        };
        Ok(Self::over(path, sink))
    }

    pub(super) fn over(path: &Path, sink: Sink) -> Self {
        Self { path: path.to_owned(), sink, buffer: Vec::new(), failed: false }
    }

    /// The path as it was given; `(stdout)` for `-`.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes what is left to the disk and puts the file in its place.
    ///
    /// # Errors
    /// Where that fails; then the file has not appeared.
    pub fn commit(self) -> Result<(), OutputError> {
        commit_all(vec![self])
    }

    /// Hands the buffer on, and has the disk confirm a temporary file.
    pub(super) fn settle(&mut self) -> Result<(), OutputError> {
        self.flush().map_err(|error| OutputError::at(&self.path, error))?;
        match &self.sink {
            Sink::Temporary { file, .. } => {
                file.as_file().sync_all().map_err(|error| OutputError::at(&self.path, error))
            }
            Sink::Direct(_) => Ok(()),
        }
    }

    /// Whether what is written is out at once: to a pipe or a device.
    pub(super) fn is_direct(&self) -> bool {
        matches!(self.sink, Sink::Direct(_))
    }

    fn pass(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.failed {
            let error = io::Error::other("an earlier write failed");
            return Err(OutputError::at(&self.path, error).into_io());
        }
        let result = match &mut self.sink {
            Sink::Temporary { file, .. } => file.as_file_mut().write_all(bytes),
            Sink::Direct(out) => out.write_all(bytes),
        };
        result.map_err(|error| {
            self.failed = true;
            OutputError::at(&self.path, error).into_io()
        })
    }

    fn pass_buffer(&mut self) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let result = self.pass(&buffer);
        buffer.clear();
        self.buffer = buffer;
        result
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.buffer.len() + bytes.len() > BUFFER {
            self.pass_buffer()?;
        }
        if bytes.len() >= BUFFER {
            return self.pass(bytes);
        }
        if self.buffer.capacity() == 0 {
            self.buffer.reserve_exact(BUFFER);
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pass_buffer()?;
        let result = match &mut self.sink {
            Sink::Temporary { .. } => Ok(()),
            Sink::Direct(out) => out.flush(),
        };
        result.map_err(|error| {
            self.failed = true;
            OutputError::at(&self.path, error).into_io()
        })
    }
}

impl std::fmt::Debug for AtomicFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AtomicFile").field("path", &self.path).finish_non_exhaustive()
    }
}

/// A device or a pipe. A descriptor may lead to a file that others write as
/// well, so nothing is cut off and all goes to its end.
fn special(path: &Path) -> Result<File, OutputError> {
    let opened = OpenOptions::new().append(true).open(path);
    opened.map_err(|error| OutputError::at(path, error))
}

fn temporary(directory: &Path, existing: Option<&Metadata>) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(".ldifix-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The umask is taken off by the system. A file that takes the place of a
        // private one must not be open to others even while it is written.
        let mode = if existing.is_some() { 0o600 } else { 0o666 };
        builder.permissions(std::fs::Permissions::from_mode(mode));
    }
    let file = builder.tempfile_in(directory)?;
    if let Some(existing) = existing {
        inherit(file.as_file(), existing)?;
    }
    Ok(file)
}

#[cfg(unix)]
fn inherit(file: &File, existing: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let own = file.metadata()?;
    let mut mode = existing.permissions().mode() & 0o777;
    let foreign = (own.uid(), own.gid()) != (existing.uid(), existing.gid());
    // Only root may give a file away; without that, the rights of the old group
    // must not pass to another one.
    if foreign && fchown(file, Some(existing.uid()), Some(existing.gid())).is_err() {
        let group = own.gid() == existing.gid() || fchown(file, None, Some(existing.gid())).is_ok();
        mode &= if group { 0o777 } else { 0o707 };
    }
    file.set_permissions(std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn inherit(_file: &File, _existing: &Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
#[path = "atomic_tests.rs"]
mod tests;
