//! Several files that appear together.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use tempfile::{Builder, NamedTempFile, TempPath};

use super::atomic::{AtomicFile, Overwrite, Sink};
use super::error::OutputError;
use super::target::directory_of;
use super::unfinished;

/// Puts several outputs in their places: all are written to the disk before the
/// first one is renamed, and if a rename fails, those before it are undone.
///
/// # Errors
/// Where an output cannot be written or renamed. Then none of the files has
/// appeared and those to be replaced are as they were; where even that could not
/// be had, [`OutputError::Partly`] says how each one stands.
pub fn commit_all(mut files: Vec<AtomicFile>) -> Result<(), OutputError> {
    refuse_same(&files)?;
    // A disk takes as long for several files as for one.
    let waiting = files.par_iter_mut().filter(|file| !file.is_direct());
    let failures: Vec<OutputError> = waiting.filter_map(|file| file.settle().err()).collect();
    if let Some(first) = failures.into_iter().next() {
        return Err(first);
    }
    // What goes to a pipe cannot be taken back, so it goes last.
    for file in files.iter_mut().filter(|file| file.is_direct()) {
        file.settle()?;
    }
    // Off the list only when all is done: the list is locked while files are renamed.
    let mut listed = Vec::new();
    let mut temporaries = Vec::new();
    for AtomicFile { path, sink, .. } in files {
        if let Sink::Temporary { file, listed: name, destination, overwrite } = sink {
            listed.push(name);
            temporaries.push((path, file, destination, overwrite));
        }
    }
    let _undisturbed = unfinished::undisturbed();
    let mut placed = Vec::new();
    for (path, file, destination, overwrite) in temporaries {
        match place(file, destination, overwrite) {
            Ok(done) => placed.push(done),
            Err(error) => return Err(undo(placed, OutputError::at(&path, error))),
        }
    }
    let directories: BTreeSet<PathBuf> =
        placed.iter().map(|done| directory_of(&done.destination)).collect();
    for directory in directories {
        if let Err(error) = sync_directory(&directory) {
            return Err(undo(placed, OutputError::at(&directory, error)));
        }
    }
    Ok(())
}

fn refuse_same(files: &[AtomicFile]) -> Result<(), OutputError> {
    let mut seen = BTreeSet::new();
    for file in files {
        if let Sink::Temporary { destination, .. } = &file.sink
            && !seen.insert(destination)
        {
            return Err(OutputError::Same { path: file.path.clone() });
        }
    }
    Ok(())
}

/// A file that has been renamed to its place.
struct Placed {
    destination: PathBuf,
    before: Before,
}

/// What was in that place before.
enum Before {
    Nothing,
    /// A file, which a second link still holds; dropped, the link goes.
    Kept(TempPath),
    /// A file on a system that knows no links.
    Lost,
}

fn place(file: NamedTempFile, destination: PathBuf, overwrite: Overwrite) -> io::Result<Placed> {
    let before = match overwrite {
        Overwrite::No => {
            file.persist_noclobber(&destination).map_err(|error| error.error)?;
            Before::Nothing
        }
        Overwrite::Yes => {
            let before = keep(&destination);
            file.persist(&destination).map_err(|error| error.error)?;
            before
        }
    };
    Ok(Placed { destination, before })
}

/// A second link to the file that is about to be replaced.
fn keep(destination: &Path) -> Before {
    let link = Builder::new()
        .prefix(".ldifix-")
        .suffix(".old")
        .make_in(directory_of(destination), |link| fs::hard_link(destination, link));
    match link {
        Ok(link) => Before::Kept(link.into_temp_path()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Before::Nothing,
        Err(_) => Before::Lost,
    }
}

/// Takes back what was placed, last first, and adds to the error what could not
/// be taken back.
fn undo(placed: Vec<Placed>, cause: OutputError) -> OutputError {
    let mut left = Vec::new();
    for Placed { destination, before } in placed.into_iter().rev() {
        let name = destination.display();
        match before {
            Before::Nothing => {
                if let Err(error) = fs::remove_file(&destination) {
                    left.push(format!("{name} is new and could not be removed ({error})"));
                }
            }
            Before::Kept(link) => {
                if let Err(failed) = link.persist(&destination) {
                    let error = failed.error;
                    match failed.path.keep() {
                        Ok(old) => left.push(format!(
                            "{name} is replaced; its old content is in {} ({error})",
                            old.display()
                        )),
                        Err(_) => left.push(format!("{name} is replaced ({error})")),
                    }
                }
            }
            Before::Lost => left.push(format!("{name} is replaced already")),
        }
    }
    if left.is_empty() {
        return cause;
    }
    OutputError::Partly { cause: Box::new(cause), state: left.join("; ") }
}

/// Has the disk confirm the renames. Some network file systems and Windows know
/// no such thing for a directory, and one may be written but not read.
fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    match fs::File::open(directory).and_then(|directory| directory.sync_all()) {
        Err(error)
            if !matches!(
                error.kind(),
                io::ErrorKind::InvalidInput
                    | io::ErrorKind::Unsupported
                    | io::ErrorKind::PermissionDenied
            ) =>
        {
            Err(error)
        }
        _ => Ok(()),
    }
}
