//! A folder with files, in which the program is run.

#![allow(dead_code, reason = "not every test needs all of it")]

use std::path::PathBuf;
use std::process::{Command, Output};

pub struct Room(tempfile::TempDir);

impl Room {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let room = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(room.path().join(name), text).unwrap();
        }
        Self(room)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// The program, run here.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ldifix"));
        command.args(args).current_dir(self.0.path()).env_remove("COLUMNS");
        command
    }
}

pub fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

pub fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}
