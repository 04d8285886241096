//! Temporary files that a signal must not leave behind.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::NamedTempFile;

static NAMES: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn names() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file that is on the list as long as this lives.
#[derive(Debug)]
pub(super) struct Listed(PathBuf);

impl Drop for Listed {
    fn drop(&mut self) {
        names().remove(&self.0);
    }
}

/// Puts a new file on the list. No signal comes between the two.
pub(super) fn list(
    make: impl FnOnce() -> io::Result<NamedTempFile>,
) -> io::Result<(NamedTempFile, Listed)> {
    let mut names = names();
    let file = make()?;
    let path = file.path().to_owned();
    names.insert(path.clone());
    Ok((file, Listed(path)))
}

/// While this lives no signal ends the process: files that appear together do.
/// Nothing may be listed or taken off the list meanwhile.
#[derive(Debug)]
pub(super) struct Undisturbed {
    _names: MutexGuard<'static, BTreeSet<PathBuf>>,
}

pub(super) fn undisturbed() -> Undisturbed {
    Undisturbed { _names: names() }
}

/// From now on a signal that ends the process (SIGINT, SIGTERM, SIGHUP) first
/// removes what was begun and is not complete. The process ends by the signal all
/// the same, so that a shell sees 130 or 143 and stops its loop. A signal that is
/// ignored, as `nohup` does with SIGHUP, stays so.
///
/// Call it once, before any output begins. Without Unix signals nothing happens.
pub fn remove_unfinished_on_signals() {
    #[cfg(unix)]
    signals::watch();
}

/// Removes the files on the list, which stays locked: nothing new begins.
#[cfg_attr(not(unix), expect(dead_code, reason = "there are no signals"))]
fn remove_all() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    let names = names();
    for name in names.iter() {
        // What is gone already is as it should be.
        let _ = fs::remove_file(name);
    }
    names
}

#[cfg(unix)]
mod signals {
    use std::os::raw::c_int;

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    pub(super) fn watch() {
        // Without a watch, a signal ends the process as it always does.
        let Ok(mut signals) = Signals::new(wanted()) else { return };
        let name = "signals".to_owned();
        let _ = std::thread::Builder::new().name(name).spawn(move || {
            for signal in signals.forever() {
                let _names = super::remove_all();
                let _ = emulate_default_handler(signal);
            }
        });
    }

    fn wanted() -> Vec<c_int> {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        match ignored(&status) {
            Some(ignored) => {
                let is_heeded = |signal: &c_int| ignored & (1 << (signal - 1)) == 0;
                [SIGINT, SIGTERM, SIGHUP].into_iter().filter(is_heeded).collect()
            }
            // Who runs this under nohup must not be disappointed.
            None => vec![SIGINT, SIGTERM],
        }
    }

    /// The signals that the process ignores, one bit each, from what Linux says of
    /// it.
    fn ignored(status: &str) -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
        u64::from_str_radix(line.trim(), 16).ok()
    }

    #[cfg(test)]
    mod tests {
        #[test]
        fn ignored_signals_are_bits_from_the_first() {
            let status = "Name:\tx\nSigBlk:\t00\nSigIgn:\t0000000000001001\nSigCgt:\t02\n";
            assert_eq!(super::ignored(status), Some(0x1001));
            assert_eq!(super::ignored("Name:\tx\n"), None);
        }
    }
}
