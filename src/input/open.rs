//! Files and stdin, opened.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use super::error::InputError;

/// The name under which stdin is shown.
const STDIN: &str = "(stdin)";

/// An opened input, before anything is known of its content.
pub(super) struct Opened {
    pub(super) name: String,
    pub(super) file: File,
    /// Where reading begins, and the bytes from there to the end, for a regular
    /// file that says how long it is.
    pub(super) extent: Option<Extent>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    pub(super) start: u64,
    pub(super) len: u64,
}

impl Opened {
    /// Opens a file, or stdin for `-`.
    pub(super) fn path(path: &Path) -> Result<Self, InputError> {
        if path.as_os_str() == "-" {
            let file = stdin().map_err(|source| InputError::opening(STDIN, source))?;
            return Self::file(STDIN.to_owned(), file);
        }
        let name = display_name(path);
        // Windows refuses to open a directory with a misleading reason.
        if path.is_dir() {
            return Err(InputError::Directory { name });
        }
        let file = File::open(path).map_err(|source| InputError::opening(&name, source))?;
        Self::file(name, file)
    }

    pub(super) fn file(name: String, mut file: File) -> Result<Self, InputError> {
        let metadata =
            file.metadata().map_err(|source| InputError::Read { name: name.clone(), source })?;
        if metadata.is_dir() {
            return Err(InputError::Directory { name });
        }
        // Files of /proc call themselves regular and of length zero.
        let extent = (metadata.is_file() && metadata.len() > 0)
            .then(|| file.stream_position().ok())
            .flatten()
            .map(|start| Extent { start, len: metadata.len().saturating_sub(start) });
        Ok(Self { name, file, extent })
    }

    /// A reader whose errors carry the name and are not mistaken for those of a
    /// decoder above it.
    pub(super) fn reader(self) -> Raw {
        Raw { name: self.name, file: self.file }
    }
}

/// The raw bytes of an input.
pub(super) struct Raw {
    name: String,
    file: File,
}

impl Read for Raw {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.file.read(into) {
                Ok(len) => return Ok(len),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    return Err(InputError::Read { name: self.name.clone(), source }.into_io());
                }
            }
        }
    }
}

/// A path as messages show it; control characters cannot reach the terminal.
fn display_name(path: &Path) -> String {
    path.to_string_lossy()
        .chars()
        .flat_map(|c| {
            let escaped = c.is_control().then(|| c.escape_default());
            let plain = escaped.is_none().then_some(c);
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}

/// Stdin without the buffer of the standard library, so that a redirected file
/// can be mapped.
#[cfg(unix)]
fn stdin() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

/// Stdin without the buffer of the standard library, so that a redirected file
/// can be mapped.
#[cfg(windows)]
fn stdin() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(File::from(io::stdin().as_handle().try_clone_to_owned()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_cannot_write_to_the_terminal() {
        assert_eq!(display_name(Path::new("a\u{1b}[2Jü.ldif")), "a\\u{1b}[2Jü.ldif");
    }
}
