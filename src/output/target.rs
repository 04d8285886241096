//! What an output's name stands for.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use super::error::OutputError;

/// Symbolic links are followed this far, as Linux does.
const LINKS: usize = 40;

/// Where an output goes.
#[derive(Debug)]
pub(super) enum Target {
    /// The standard output of this process.
    Stdout,
    /// The standard error of this process.
    Stderr,
    /// A device, a pipe, or a descriptor: written as it is.
    Special,
    /// A regular file, links followed; it may not exist yet.
    File { path: PathBuf, existing: Option<Metadata> },
}

/// Finds what `path` stands for, without changing anything.
pub(super) fn target(path: &Path) -> Result<Target, OutputError> {
    match path.to_str() {
        Some("-" | "/dev/stdout" | "/dev/fd/1" | "/proc/self/fd/1") => return Ok(Target::Stdout),
        Some("/dev/stderr" | "/dev/fd/2" | "/proc/self/fd/2") => return Ok(Target::Stderr),
        _ => {}
    }
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(OutputError::Directory { path: path.to_owned() }),
        Ok(metadata) if !metadata.is_file() || is_descriptor(path) => Ok(Target::Special),
        Ok(metadata) => {
            let resolved = fs::canonicalize(path).map_err(|error| OutputError::at(path, error))?;
            Ok(Target::File { path: resolved, existing: Some(metadata) })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => new_file(path),
        Err(error) => Err(OutputError::at(path, error)),
    }
}

/// What an output and an input, or two outputs, must not share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The standard output of this process.
    Stdout,
    /// A regular file, links followed, there or not yet.
    File(PathBuf),
}

/// The place that an output's name stands for; `None` of devices, pipes and stderr.
///
/// # Errors
/// Where nothing can be written under that name: it is a directory, or in none.
pub fn place_of(path: &Path) -> Result<Option<Place>, OutputError> {
    Ok(match target(path)? {
        Target::File { path, .. } => Some(Place::File(path)),
        Target::Stdout => Some(Place::Stdout),
        Target::Stderr | Target::Special => None,
    })
}

fn is_descriptor(path: &Path) -> bool {
    path.starts_with("/dev/fd") || path.starts_with("/proc")
}

/// A file that does not exist, or to which a link points that leads nowhere yet.
fn new_file(path: &Path) -> Result<Target, OutputError> {
    let mut file = path.to_owned();
    for _ in 0..LINKS {
        let Ok(next) = fs::read_link(&file) else { break };
        file = directory_of(&file).join(next);
    }
    let parent = directory_of(&file);
    let Some(name) = file.file_name() else {
        return Err(OutputError::Directory { path: path.to_owned() });
    };
    if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Err(OutputError::NoDirectory { path: path.to_owned(), directory: file });
    }
    match fs::canonicalize(&parent) {
        Ok(parent) => Ok(Target::File { path: parent.join(name), existing: None }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(OutputError::NoDirectory { path: path.to_owned(), directory: parent })
        }
        Err(error) => Err(OutputError::at(path, error)),
    }
}

/// The directory that holds a file.
pub(super) fn directory_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}
