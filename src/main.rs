//! The `ldifix` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    ldifix::cli::main()
}
