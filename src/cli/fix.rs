//! `ldifix fix`: writes the corrective change and its inverse.

use std::borrow::Cow;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::fix::{Draft, DraftOptions, Policy, draft};
use crate::output::{AtomicFile, commit_all};
use crate::report::{Summary, counted, quoted, visible};
use crate::rules::{Attr, CheckOptions, Finding};

use super::apart::{require_apart, require_each_once};
use super::baseline::BaselineArgs;
use super::blame::About;
use super::config::ConfigArgs;
use super::console::Console;
use super::options::{ForceArgs, LdifArgs, RuleArgs, ScopeArgs};
use super::second_cycle::{SecondCycleArgs, SecondOutputs};
use super::{Exit, inputs, summary, survey};

/// Write the change LDIF that corrects the findings, and its inverse
#[derive(Debug, clap::Args)]
pub struct Args {
    /// LDIF exports, all domains of a forest together; `-` is stdin
    #[arg(required = true, value_name = "EXPORT")]
    exports: Vec<PathBuf>,

    /// The change file, for ldapmodify; `-` is stdout
    #[arg(long, short, value_name = "CHANGE")]
    output: PathBuf,

    /// The inverse, which takes the change back
    #[arg(long, short, value_name = "UNDO")]
    undo: Option<PathBuf>,

    /// Write no inverse
    #[arg(long, conflicts_with = "undo")]
    no_undo: bool,

    /// Take unsafe suggestions too: those that do more than trim blanks
    #[arg(long = "unsafe")]
    take_unsafe: bool,

    /// Leave out the comment that says why each record is there
    #[arg(long)]
    no_comments: bool,

    #[command(flatten)]
    force: ForceArgs,

    #[command(flatten)]
    second_cycle: SecondCycleArgs,

    #[command(flatten)]
    rules: RuleArgs,

    #[command(flatten)]
    baseline: BaselineArgs,

    #[command(flatten)]
    scope: ScopeArgs,

    #[command(flatten)]
    ldif: LdifArgs,

    #[command(flatten)]
    config: ConfigArgs,
}

/// Suggestions that did not hold and are shown.
const SHOWN: usize = 20;

/// Drafts both files, proves them, and lets them appear together.
pub fn run(args: &Args, console: &Console) -> anyhow::Result<Exit> {
    let options = args.rules.check_options(&args.scope, &args.ldif.read)?;
    let options = CheckOptions { keep_held: true, ..options };
    let wanted = args.rules.wanted(&options.profile)?;
    let moves = args.second_cycle.moves(&options.profile)?;
    let outputs = [Some(&args.output), args.undo.as_ref(), args.ldif.stats()];
    require_each_once(&args.exports)?;
    require_apart(&args.exports, outputs.into_iter().chain(args.second_cycle.paths()))?;
    let outputs = args.outputs()?;
    let sources = inputs::open(&args.exports)?;
    let baseline = args.baseline.load(&sources, options.read).about("--baseline")?;
    let mut totals = Summary::new();
    let survey = survey::run(&sources, &options, &args.scope, console, &mut totals)?;
    if options.read.strict && totals.failures_total > 0 {
        bail!("a record cannot be read, and --strict was given: nothing is written");
    }
    summary::add_notes(&mut totals, &survey, &options.profile);

    let admits = |rules: &[_]| wanted.admits_all(rules);
    let accepts = |finding: &Finding<'_>| baseline.accepts(finding);
    let policy = Policy { take_unsafe: args.take_unsafe, admits: &admits, accepts: &accepts };
    let (write, comments) = (args.ldif.write.options(), !args.no_comments);
    let how = DraftOptions { policy, write, comments, moves };
    let draft = draft(&survey, &options.profile, options.read, &how)?;
    put(outputs, &draft)?;
    report(&draft, args, console);
    if draft.concerns_accounts && options.profile.settings().left_out.contains(Attr::AdminCount) {
        console.note(
            "no entry has adminCount, as if the export left it out: administrators whom Active \
             Directory protects cannot be told, and the change may touch them; export adminCount too",
        );
    }
    let failed = !totals.is_whole();
    summary::note_unable(&survey, &wanted, false, console);
    summary::add_not_exported(&mut totals, &options.profile, &wanted);
    summary::finish_quietly(&totals, args.ldif.stats(), console)?;
    let exit = match draft.declined.keys().all(|reason| *reason == "accepted") {
        _ if failed => Exit::Failure,
        true => Exit::Clean,
        false => Exit::Findings,
    };
    // The process ends: to give millions of pieces of memory back one by one would take
    // longer than to let them go with it.
    std::mem::forget((draft, survey));
    Ok(exit)
}

struct Outputs {
    change: AtomicFile,
    undo: Option<AtomicFile>,
    second: Option<SecondOutputs>,
}

impl Args {
    /// Begins both outputs before the work, so that a name that cannot be
    /// written is known at once.
    fn outputs(&self) -> anyhow::Result<Outputs> {
        if self.undo.is_none() && !self.no_undo {
            bail!("where does the inverse go? Name it with --undo FILE, or say --no-undo");
        }
        if self.undo.as_ref().is_some_and(|undo| undo.as_os_str() == "-") {
            bail!("the inverse must be a file: name one with --undo FILE");
        }
        let overwrite = self.force.overwrite();
        let change = AtomicFile::create(&self.output, overwrite)?;
        let undo =
            self.undo.as_ref().map(|path| AtomicFile::create(path, overwrite)).transpose()?;
        let second = self.second_cycle.outputs(self.no_undo, overwrite)?;
        Ok(Outputs { change, undo, second })
    }
}

fn put(outputs: Outputs, draft: &Draft<'_>) -> anyhow::Result<()> {
    let Outputs { mut change, undo, second } = outputs;
    let mut files = match (second, &draft.second) {
        (Some(second), Some(drafted)) => second.write(drafted)?,
        _ => Vec::new(),
    };
    // The inverse first: should anything go wrong, there is never a change
    // without it.
    if let Some(mut undo) = undo {
        undo.write_all(&draft.undo).context("the inverse cannot be written")?;
        files.push(undo);
    }
    change.write_all(&draft.change).context("the change cannot be written")?;
    files.push(change);
    commit_all(files)?;
    Ok(())
}

/// Words about several, said of so many: `need` of one is `needs`.
fn agreeing(count: u64, words: &str) -> Cow<'_, str> {
    let (verb, rest) = words.split_once(' ').unwrap_or((words, ""));
    let one = match verb {
        _ if count != 1 => return Cow::Borrowed(words),
        "are" => "is".to_owned(),
        "have" => "has".to_owned(),
        "cannot" => verb.to_owned(),
        _ => format!("{verb}s"),
    };
    Cow::Owned(format!("{one} {rest}"))
}

/// An output, for messages.
fn shown(path: &Path) -> String {
    match path.as_os_str().as_encoded_bytes() {
        b"-" => "(stdout)".to_owned(),
        name => visible(name),
    }
}

/// Says what is in the files and what is not.
fn report(draft: &Draft<'_>, args: &Args, console: &Console) {
    let records = draft.records as u64;
    console.note(&format!(
        "{} in {}, for {}",
        counted(records, "record", "records"),
        shown(&args.output),
        counted(draft.taken, "finding", "findings"),
    ));
    if let (Some(undo), true) = (&args.undo, records > 0) {
        console.note(&format!("the inverse is in {}", shown(undo)));
    }
    args.second_cycle.report(draft.second.as_ref(), console);
    for (reason, count) in &draft.declined {
        let words = match *reason {
            "manual" => "need a person: there is no value to suggest",
            "unsafe" => "are unsafe: look at them with `ldifix check`, take them with --unsafe",
            "not-selected" => "are left out by --select, --ignore or --severity",
            "accepted" => "are accepted by the baseline",
            "misread" => "are about entries that cannot be read as a whole",
            "stands-twice" => "are about names that stand twice in the exports",
            "still-wrong" => "have a suggestion that would be wrong again",
            "breaks-another-rule" => "have a suggestion that breaks another rule",
            "held" => "have a suggestion that another entry holds",
            "taken-in-this-run" => "have a suggestion that another entry of this run takes",
            "given-up-in-this-run" => {
                "remove a duplicate whose other holder gives it up in this run"
            }
            "needs-second-cycle" => {
                "get an address that another entry gives up, which takes a synchronisation in \
                 between: see --second-cycle"
            }
            "needs-third-cycle" => {
                "get an address that is given up in the second change only: run fix again after it"
            }
            "cannot-be-written" => "cannot be changed by a modify record",
            _ => "cannot be put in an order that a server takes",
        };
        let findings = counted(*count, "finding", "findings");
        console.note(&format!("{findings} {}", agreeing(*count, words)));
    }
    for declined in draft.listed.iter().take(SHOWN) {
        let finding = &declined.finding;
        console.note(&format!(
            "  {}: {} {}: {}",
            visible(&finding.dn),
            finding.attribute,
            quoted(finding.value.as_deref().unwrap_or_default(), 60),
            declined.reason,
        ));
    }
    if draft.listed.len() > SHOWN {
        console.note(&format!("  and {} more like these", draft.listed.len() - SHOWN));
    }
}
