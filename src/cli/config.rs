//! The configuration file: long options by their names, in TOML. The command line
//! goes before it.

use std::ffi::OsString;
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, CommandFactory, FromArgMatches};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::ldif::Position;
use crate::report::{Colour, Problem, Severity, Width};
use crate::rules::nearest;

use super::Cli;
use super::blame::OptionError;

/// Where options stand that are not on the command line.
#[derive(Debug, clap::Args)]
pub struct ConfigArgs {
    /// Take options from a TOML file: `severity = "warning"`,
    /// `verified-domain = ["contoso.com"]`; the command line goes before it
    #[arg(long, value_name = "FILE", help_heading = None)]
    config: Option<PathBuf>,
}

/// The commands that take a file. One file serves all of them: each passes over the
/// options of the others.
const COMMANDS: [&str; 2] = ["check", "fix"];

/// Options that name what one run reads and writes, or end it.
const NOT_IN_FILES: [&str; 4] = ["config", "output", "help", "version"];

/// The options that a file added to the command line.
#[derive(Debug, Default)]
pub struct FromFile(Vec<Added>);

/// An option of a file.
#[derive(Debug)]
struct Added {
    /// The file and the line.
    place: String,
    name: String,
}

impl FromFile {
    /// The error with its place, where it is about an option of the file.
    pub fn explain(&self, error: anyhow::Error) -> anyhow::Error {
        let option = error.downcast_ref::<OptionError>().map(OptionError::option);
        let is_about =
            |added: &&Added| option.and_then(|it| it.strip_prefix("--")) == Some(&*added.name);
        match self.0.iter().find(is_about) {
            Some(Added { place, .. }) => anyhow::anyhow!("{place}: {error:#}"),
            None => error,
        }
    }
}

/// The command line with what the file that it names adds.
///
/// # Errors
/// Where the file cannot be read or understood. What is wrong with the command line
/// itself ends the program.
pub fn parse(args: impl Iterator<Item = OsString>) -> anyhow::Result<(Cli, FromFile)> {
    let mut from_file = FromFile::default();
    let mut args: Vec<OsString> = args.collect();
    let mut command = Cli::command();
    command.build();
    let mut matches = command.clone().get_matches_from(&args);
    if let Some((name, given)) = matches.subcommand()
        && let Ok(Some(path)) = given.try_get_one::<PathBuf>("config")
        && let Some(own) = command.find_subcommand(name)
    {
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, &error))?;
        let file = File { path, text: &text, command: &command };
        // Behind `--` there are no options.
        let end = args.iter().position(|arg| arg == "--").unwrap_or(args.len());
        let (added, places) = file.options(own, given, (&args, end))?;
        from_file = places;
        args.splice(end..end, added);
        // The command line alone was understood: what is wrong came with the file.
        matches = command
            .clone()
            .try_get_matches_from(&args)
            .map_err(|error| anyhow::anyhow!("{}: {}", path.display(), without_usage(&error)))?;
    }
    let cli = Cli::from_arg_matches(&matches).map_err(|error| error.exit())?;
    Ok((cli, from_file))
}

fn unreadable(path: &Path, error: &std::io::Error) -> anyhow::Error {
    use std::io::ErrorKind;
    let path = path.display();
    match error.kind() {
        ErrorKind::NotFound => {
            anyhow::anyhow!("{path}: no such file; check the spelling and the current directory")
        }
        ErrorKind::IsADirectory => {
            anyhow::anyhow!("{path}: is a directory; name the TOML file in it")
        }
        ErrorKind::InvalidData => {
            anyhow::anyhow!("{path}: the configuration is not UTF-8; save it as UTF-8")
        }
        ErrorKind::PermissionDenied => anyhow::anyhow!(
            "{path}: permission denied; make the file readable for the user who runs this"
        ),
        _ => anyhow::anyhow!("{path}: the configuration cannot be read: {error}"),
    }
}

struct File<'f> {
    path: &'f Path,
    text: &'f str,
    command: &'f Command,
}

impl File<'_> {
    /// The options that the file adds to those given.
    fn options(
        &self,
        own: &Command,
        given: &ArgMatches,
        (args, end): (&[OsString], usize),
    ) -> anyhow::Result<(Vec<OsString>, FromFile)> {
        let table = DeTable::parse(self.text).map_err(|error| {
            let span = error.span().unwrap_or_default();
            self.error(span, &format!("no TOML: {}", error.message()), None)
        })?;
        let (mut added, mut places) = (Vec::new(), FromFile::default());
        for (key, value) in table.get_ref() {
            if matches!(value.get_ref(), DeValue::Table(_)) {
                let message = "options stand by themselves, under no heading";
                return Err(self.error(key.span(), message, None));
            }
            let arg = self.known(key)?;
            let options = self.written(arg, value)?;
            let Some(arg) = own.get_arguments().find(|it| it.get_id() == arg.get_id()) else {
                continue;
            };
            if is_overruled(own, arg, given) {
                continue;
            }
            let mut tried = args.to_vec();
            tried.splice(end..end, options.iter().cloned());
            // What another option must go with, another key may give.
            if let Err(error) = self.command.clone().try_get_matches_from(tried)
                && error.kind() != ErrorKind::MissingRequiredArgument
            {
                return Err(self.error(value.span(), &without_usage(&error), None));
            }
            let name = arg.get_long().unwrap_or_default().to_owned();
            let line = self.position(key.span().start).line;
            let place = format!("{}:{line}", self.path.display());
            places.0.push(Added { place, name });
            added.extend(options);
        }
        Ok((added, places))
    }

    /// The option that a key names.
    fn known(&self, key: &Spanned<toml::de::DeString<'_>>) -> anyhow::Result<&Arg> {
        let name = key.get_ref().as_ref();
        let of_commands = || {
            let commands = COMMANDS.iter().filter_map(|name| self.command.find_subcommand(name));
            commands.flat_map(Command::get_arguments)
        };
        let found = of_commands().find(|arg| arg.get_long() == Some(name));
        match found.filter(|_| !NOT_IN_FILES.contains(&name)) {
            Some(arg) => Ok(arg),
            None if found.is_some() => {
                let message = format!("--{name} is given on the command line only");
                Err(self.error(key.span(), &message, None))
            }
            None => {
                let names = of_commands().filter_map(Arg::get_long);
                let hint = nearest(name, names.filter(|name| !NOT_IN_FILES.contains(name)))
                    .map(|name| format!("did you mean `{name}`?"));
                let message = format!("there is no option --{name}");
                Err(self.error(key.span(), &message, hint.as_deref()))
            }
        }
    }

    /// A key and its value as they would stand on the command line.
    fn written(&self, arg: &Arg, value: &Spanned<DeValue<'_>>) -> anyhow::Result<Vec<OsString>> {
        let name = arg.get_long().unwrap_or_default();
        let expected = match arg.get_action() {
            ArgAction::SetTrue => match value.get_ref() {
                DeValue::Boolean(true) => return Ok(vec![format!("--{name}").into()]),
                DeValue::Boolean(false) => return Ok(Vec::new()),
                _ => "true or false",
            },
            ArgAction::Append => match value.get_ref() {
                DeValue::Array(items) => {
                    return items.iter().map(|item| self.single(arg, item)).collect();
                }
                DeValue::String(_) => return Ok(vec![self.single(arg, value)?]),
                _ => "a list of texts, as in [\"one\", \"two\"],",
            },
            _ => return Ok(vec![self.single(arg, value)?]),
        };
        Err(self.wrong_type(name, expected, value))
    }

    fn single(&self, arg: &Arg, value: &Spanned<DeValue<'_>>) -> anyhow::Result<OsString> {
        let name = arg.get_long().unwrap_or_default();
        let text = match value.get_ref() {
            DeValue::String(text) => text.as_ref().to_owned(),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Datetime(date) => date.to_string(),
            _ => return Err(self.wrong_type(name, "a text in quotes or a whole number", value)),
        };
        let mut option = OsString::from(format!("--{name}="));
        let is_path = arg.get_value_parser().type_id() == std::any::TypeId::of::<PathBuf>();
        match self.path.parent() {
            // A path counts from where the file is, `-` is no path.
            Some(folder) if is_path && text != "-" => option.push(folder.join(text)),
            _ => option.push(text),
        }
        Ok(option)
    }

    fn wrong_type(
        &self,
        name: &str,
        expected: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> anyhow::Error {
        let found = value.get_ref().type_str();
        self.error(value.span(), &format!("{name} takes {expected} and is of type {found}"), None)
    }

    fn position(&self, offset: usize) -> Position {
        let before = self.text.get(..offset).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let lines = before.bytes().filter(|byte| *byte == b'\n').count();
        Position {
            offset: offset as u64,
            line: lines as u64 + 1,
            column: u32::try_from(offset - line_start + 1).unwrap_or(u32::MAX),
        }
    }

    fn error(&self, span: Range<usize>, message: &str, hint: Option<&str>) -> anyhow::Error {
        let start = span.start.min(self.text.len());
        let before = self.text.get(..start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = self.text.get(line_start..).unwrap_or_default().lines().next();
        let position = self.position(start);
        let mut out = Vec::new();
        let problem = Problem {
            severity: Severity::Error,
            file: &self.path.display().to_string(),
            position: Some(position),
            message: &message,
            text: line.unwrap_or_default().as_bytes(),
            offset: start - line_start,
            hint,
        };
        // A vector takes every byte.
        let _ = problem.write(&mut out, Width::of_stderr(), Colour::Never);
        anyhow::anyhow!("{}", String::from_utf8_lossy(&out).trim_end())
    }
}

/// Whether the command line says the same or the contrary.
fn is_overruled(own: &Command, arg: &Arg, given: &ArgMatches) -> bool {
    let is_given =
        |arg: &Arg| given.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
    let excludes = |one: &Arg, other: &Arg| {
        own.get_arg_conflicts_with(one).iter().any(|it| it.get_id() == other.get_id())
    };
    is_given(arg)
        || own
            .get_arguments()
            .any(|other| is_given(other) && (excludes(arg, other) || excludes(other, arg)))
}

/// What clap says, without its headings and its advice on the command line.
fn without_usage(error: &clap::Error) -> String {
    let text = error.to_string();
    let said = text.split("\n\n").next().unwrap_or_default();
    said.trim_start_matches("error: ").split_whitespace().collect::<Vec<_>>().join(" ")
}
