//! Where bytes go: files that appear complete or not at all.
//!
//! Knows nothing of LDIF.

mod atomic;
mod commit;
mod error;
mod target;
mod unfinished;

pub use atomic::{AtomicFile, Overwrite};
pub use commit::commit_all;
pub use error::OutputError;
pub use target::{Place, place_of};
pub use unfinished::remove_unfinished_on_signals;
