//! Outputs that would take the place of what the run reads, or of each other.

use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::output::{Place, place_of};
use crate::report::visible;

/// Refuses an output that is an input or another output of the run. `--force` does not
/// cover it: what the change was made for, or is to be undone on, would be lost.
///
/// # Errors
/// The name of the file; where nothing can be written under an output's name.
pub fn require_apart<'p>(
    inputs: impl IntoIterator<Item = &'p PathBuf>,
    outputs: impl IntoIterator<Item = Option<&'p PathBuf>>,
) -> anyhow::Result<()> {
    let inputs: Vec<PathBuf> = inputs.into_iter().filter_map(|path| file_of(path)).collect();
    let mut taken: Vec<Place> = Vec::new();
    for path in outputs.into_iter().flatten() {
        let Some(place) = place_of(path)? else { continue };
        let shown = visible(path.as_os_str().as_encoded_bytes());
        if matches!(&place, Place::File(file) if inputs.contains(file)) {
            bail!("{shown} is read by this run and would be lost; write to another file");
        }
        match place {
            _ if !taken.contains(&place) => {}
            Place::Stdout => bail!("two outputs go to stdout; name a file for one of them"),
            Place::File(_) => {
                bail!("{shown} is named for two outputs; give each a file of its own")
            }
        }
        taken.push(place);
    }
    Ok(())
}

/// The regular file that an input's name stands for.
fn file_of(path: &Path) -> Option<PathBuf> {
    match place_of(path) {
        Ok(Some(Place::File(file))) => Some(file),
        _ => None,
    }
}

/// Refuses an input that is named twice: each of its values would be a duplicate.
///
/// # Errors
/// The name of the file.
pub fn require_each_once(inputs: &[PathBuf]) -> anyhow::Result<()> {
    let mut seen: Vec<PathBuf> = Vec::new();
    for path in inputs {
        let Some(place) = file_of(path) else { continue };
        if seen.contains(&place) {
            let shown = visible(path.as_os_str().as_encoded_bytes());
            bail!(
                "{shown} is named twice: every value would be a duplicate of itself; name it once"
            );
        }
        seen.push(place);
    }
    Ok(())
}

/// Refuses an export that is to be compared with itself: nothing would seem to change.
///
/// # Errors
/// The name of the file.
pub fn require_older(exports: &[PathBuf], previous: &[PathBuf]) -> anyhow::Result<()> {
    let exports: Vec<PathBuf> = exports.iter().filter_map(|path| file_of(path)).collect();
    let is_same = |path: &&PathBuf| file_of(path).is_some_and(|file| exports.contains(&file));
    match previous.iter().find(is_same) {
        Some(path) => {
            let shown = visible(path.as_os_str().as_encoded_bytes());
            bail!("--previous {shown}: this is the export itself; name an older one")
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn an_output_is_no_input_and_no_other_output_however_it_is_named() {
        let room = tempfile::tempdir().unwrap();
        let path = |name: &str| room.path().join(name);
        fs::create_dir(path("sub")).unwrap();
        fs::write(path("export"), "").unwrap();
        let refused = |input: &str, outputs: &[&str]| {
            let outputs: Vec<PathBuf> = outputs.iter().map(|name| path(name)).collect();
            require_apart([&path(input)], outputs.iter().map(Some)).is_err()
        };
        assert!(refused("export", &["export"]));
        assert!(refused("export", &["sub/../export"]));
        assert!(refused("export", &["new", "sub/../new"]));
        assert!(!refused("export", &["new", "other"]));
        assert!(!refused("missing", &["new"]));
        assert!(refused("export", &["sub"]) && refused("export", &["missing/new"]));
        let each_once = |inputs: &[&str]| {
            let inputs: Vec<PathBuf> = inputs.iter().map(|name| path(name)).collect();
            require_each_once(&inputs).is_ok()
        };
        assert!(each_once(&["export", "other", "missing"]));
        assert!(!each_once(&["other", "export", "sub/../export"]));
        let (dash, null) = (PathBuf::from("-"), PathBuf::from("/dev/null"));
        assert!(require_apart([&dash], [Some(&dash), Some(&null), Some(&null), None]).is_ok());
        assert!(require_apart([&null], [Some(&dash), Some(&dash)]).is_err());
    }
}
