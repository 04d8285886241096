//! The second change file of `fix`, for addresses that move from one entry to another.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::fix::{CycleFiles, Moves};
use crate::output::{AtomicFile, Overwrite};
use crate::report::{counted, visible};
use crate::rules::Profile;

use super::blame::refuse;
use super::console::Console;

/// Where the second change goes.
#[derive(Debug, clap::Args)]
pub struct SecondCycleArgs {
    /// A second change file, for after a synchronisation: addresses that another entry gives up
    #[arg(long, value_name = "CHANGE")]
    second_cycle: Option<PathBuf>,

    /// Its inverse, to be applied before the other
    #[arg(long, value_name = "UNDO", requires = "second_cycle", conflicts_with = "no_undo")]
    second_undo: Option<PathBuf>,
}

/// The second change file and its inverse, begun.
pub struct SecondOutputs {
    change: AtomicFile,
    undo: Option<AtomicFile>,
}

impl SecondCycleArgs {
    /// The files that are to be written.
    pub fn paths(&self) -> [Option<&PathBuf>; 2] {
        [self.second_cycle.as_ref(), self.second_undo.as_ref()]
    }

    /// What becomes of addresses that move.
    ///
    /// # Errors
    /// Where they may move at once, and a second change is asked for.
    pub fn moves(&self, profile: &Profile) -> anyhow::Result<Moves> {
        match (&self.second_cycle, profile.knows_moves()) {
            (Some(_), false) => {
                let name = profile.name;
                let text =
                    format!("--second-cycle means nothing to the profile {name}; leave it out");
                refuse("--second-cycle", text)
            }
            (None, false) => Ok(Moves::AtOnce),
            (Some(_), true) => Ok(Moves::Apart),
            (None, true) => Ok(Moves::LeftOut),
        }
    }

    /// Begins the files before the work. They appear only where an address moves.
    ///
    /// # Errors
    /// Where one cannot be written, or the inverse has no name.
    pub fn outputs(
        &self,
        no_undo: bool,
        overwrite: Overwrite,
    ) -> anyhow::Result<Option<SecondOutputs>> {
        let Some(path) = &self.second_cycle else { return Ok(None) };
        if self.second_undo.is_none() && !no_undo {
            bail!(
                "where does the inverse of the second change go? Name it with --second-undo FILE"
            );
        }
        if [Some(path), self.second_undo.as_ref()].into_iter().flatten().any(|it| it == "-") {
            bail!("the second change and its inverse must be files: stdout takes one only");
        }
        let change = AtomicFile::create(path, overwrite)?;
        let undo = self.second_undo.as_ref();
        let undo = undo.map(|path| AtomicFile::create(path, overwrite)).transpose()?;
        Ok(Some(SecondOutputs { change, undo }))
    }

    /// Says what is in the second file.
    pub fn report(&self, files: Option<&CycleFiles>, console: &Console) {
        let (Some(files), Some(path)) = (files, &self.second_cycle) else { return };
        console.note(&format!(
            "{} in {}, for after the first change and a synchronisation: addresses that another \
             entry gives up",
            counted(files.records as u64, "record", "records"),
            visible(path.as_os_str().as_encoded_bytes()),
        ));
        if let Some(undo) = &self.second_undo {
            console.note(&format!(
                "its inverse is in {}: to take all back, apply it before the other",
                visible(undo.as_os_str().as_encoded_bytes())
            ));
        }
    }
}

impl SecondOutputs {
    /// Writes the files; the inverse stands first in the list.
    ///
    /// # Errors
    /// Where one cannot be written.
    pub fn write(self, files: &CycleFiles) -> anyhow::Result<Vec<AtomicFile>> {
        let mut written = Vec::new();
        if let Some(mut undo) = self.undo {
            undo.write_all(&files.undo).context("the second inverse cannot be written")?;
            written.push(undo);
        }
        let mut change = self.change;
        change.write_all(&files.change).context("the second change cannot be written")?;
        written.push(change);
        Ok(written)
    }
}
