//! Filling the summary of a command and putting it where it is wanted.

use std::path::Path;
use std::time::Instant;

use anyhow::Context;

use crate::output::{AtomicFile, Overwrite};
use crate::report::{Summary, Width};

use super::console::Console;

/// Writes the summary to stderr, and as JSON where `--stats` asks for it.
///
/// # Errors
/// Where the file cannot be written.
pub fn finish(
    summary: &Summary,
    stats: Option<&Path>,
    started: Instant,
    console: &Console,
) -> anyhow::Result<()> {
    if !console.is_quiet() {
        let mut stderr = std::io::stderr().lock();
        let (width, colour) = (Width::of_stderr(), console.stderr_colour());
        // A closed stderr is no reason to fail.
        let _ = summary.write_text(&mut stderr, Some(started.elapsed()), width, colour);
    }
    if let Some(path) = stats {
        let mut file = AtomicFile::create(path, Overwrite::Yes)?;
        summary
            .write_json(&mut file)
            .with_context(|| format!("cannot write the summary to {}", path.display()))?;
        file.commit()?;
    }
    Ok(())
}
