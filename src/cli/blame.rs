//! Which option an error is about: it may stand in a configuration file, whose place is
//! told then.

use std::error::Error;
use std::fmt;

use crate::report::visible;

/// An error about an option that was understood by itself; it says what it says.
#[derive(Debug)]
pub struct OptionError {
    option: &'static str,
    error: anyhow::Error,
}

impl OptionError {
    /// The option, as the command line spells it.
    pub fn option(&self) -> &'static str {
        self.option
    }
}

impl fmt::Display for OptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.error)
    }
}

impl Error for OptionError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

/// What can be wrong with an option.
pub trait About<T> {
    /// Says which option the error is about.
    ///
    /// # Errors
    /// The same one, with the option.
    fn about(self, option: &'static str) -> anyhow::Result<T>;
}

impl<T, E: Into<anyhow::Error>> About<T> for Result<T, E> {
    fn about(self, option: &'static str) -> anyhow::Result<T> {
        self.map_err(|error| OptionError { option, error: error.into() }.into())
    }
}

/// An option with its value, for messages; an empty one is seen too.
pub fn named(option: &str, value: &str) -> String {
    match value.trim() {
        "" => format!("{option} '{value}'"),
        _ => format!("{option} {}", visible(value.as_bytes())),
    }
}

/// Refuses an option.
///
/// # Errors
/// Always: what is wrong with it.
pub fn refuse<T>(option: &'static str, text: String) -> anyhow::Result<T> {
    Err(anyhow::Error::msg(text)).about(option)
}
