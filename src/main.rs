//! The `ldifix` command.

use std::process::ExitCode;

/// All threads make and free small pieces, and some are freed by another thread than
/// has made them: the allocator of the C library took a tenth of the time of a check
/// and more of a fix.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ldifix::cli::main()
}
