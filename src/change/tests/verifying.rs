//! What became of a change file, over random exports, change files and runs.

use proptest::collection::vec;
use proptest::prelude::*;

use super::directory::{run, sets};
use super::files::{applicable, change_file, export, read_into};
use super::{changes, entries, text_of, text_of_changes};
use crate::change::{
    Image, Judgement, OnRefusal, Outcome, State, Undo, Verification, VerifyRun, undo_without_base,
};
use crate::directory::Entry;
use crate::ldif::{Change, ChangeRecord};

fn verified<'a>(
    records: &'a [ChangeRecord<'a>],
    export: &[Entry<'a>],
    base: Option<&[Entry<'a>]>,
) -> (Vec<Judgement>, Vec<ChangeRecord<'a>>) {
    let mut verification = Verification::new(records);
    if base.is_none() {
        verification = verification.without_base();
    }
    let judgements = loop {
        for entry in
            export.iter().filter(|entry| verification.wants(&entry.dn)).cloned().collect::<Vec<_>>()
        {
            verification.load(entry);
        }
        for entry in base.unwrap_or_default() {
            if verification.wants_of_base(&entry.dn) {
                verification.load_base(entry.clone());
            }
        }
        if let VerifyRun::Done(judgements) = verification.run() {
            break judgements;
        }
    };
    let remaining = verification.remaining(&judgements);
    (judgements, remaining.into_iter().map(|(_, record)| record).collect())
}

/// The entries as sets of values; what is above them is spelled as servers do.
fn alike(entries: &[Entry<'_>]) -> Vec<Vec<String>> {
    let mut all = sets(entries);
    for lines in &mut all {
        if let Some(at) = lines[0].find(',') {
            let above = lines[0].split_off(at);
            lines[0].push_str(&above.to_lowercase());
        }
    }
    all.sort();
    all
}

/// The directory behind a run that made some of the records.
fn run_of(
    export: &[Entry<'static>],
    records: &[ChangeRecord<'static>],
    made: impl Fn(usize) -> bool,
) -> (Vec<Entry<'static>>, Vec<bool>) {
    let chosen: Vec<_> =
        records.iter().enumerate().filter(|(at, _)| made(*at)).map(|(_, r)| r.clone()).collect();
    let ran = run(export, &chosen, OnRefusal::GoOn);
    let mut outcomes = ran.outcomes.iter();
    let made = (0..records.len())
        .map(|at| made(at) && matches!(outcomes.next(), Some(Outcome::Applied(_))))
        .collect();
    (ran.result, made)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ran {
    Stopped,
    LeftOut,
}

/// Whether a rename and a modify both have to do with values that name entries:
/// which spelling of one a rename takes depends on what came before.
fn names_by_modify(records: &[ChangeRecord<'_>]) -> bool {
    let renames = |record: &ChangeRecord<'_>| matches!(record.change, Change::ModRdn { .. });
    let names = |record: &ChangeRecord<'_>| match &record.change {
        Change::Modify(mods) => mods.iter().any(|m| matches!(&*m.attribute, b"cn" | b"sn")),
        _ => false,
    };
    records.iter().any(renames) && records.iter().any(names)
}

/// Whether a name goes from one entry to another.
fn passes_names_on(records: &[ChangeRecord<'_>]) -> bool {
    let mut names = Vec::new();
    for record in records {
        let dn = String::from_utf8(record.dn.to_ascii_lowercase()).unwrap();
        match &record.change {
            Change::Add(_) | Change::Delete => names.push(dn),
            Change::ModRdn { new_rdn, new_superior, .. } => {
                let above = dn.split_once(',').map_or("", |(_, above)| above).as_bytes();
                let above = new_superior.as_deref().unwrap_or(above);
                let new = [&new_rdn[..], b",", above].concat().to_ascii_lowercase();
                names.push(dn);
                names.push(String::from_utf8(new).unwrap());
            }
            Change::Modify(_) => {}
        }
    }
    let all = names.len();
    names.sort();
    names.dedup();
    names.len() < all
}

fn consequences(
    export: &[Entry<'static>],
    records: &[ChangeRecord<'static>],
    half: &[Entry<'static>],
    with_base: bool,
    run_kind: Ran,
) -> Result<(), TestCaseError> {
    let (judgements, pending) = verified(records, half, with_base.then_some(export));
    let shown = || {
        let states: Vec<_> = judgements.iter().map(|j| (j.state, &j.contradictions)).collect();
        let half: Vec<String> = half.iter().map(text_of).collect();
        format!("{}\n{states:?}\nnow\n{}", text_of_changes(records), half.join("\n"))
    };
    // Where a delete was refused, what was meant for the entry behind it went to
    // the entry before it: no one can tell.
    if run_kind == Ran::LeftOut && (passes_names_on(records) || names_by_modify(records)) {
        return Ok(());
    }
    for judgement in &judgements {
        let explained = !matches!(judgement.state, State::Conflict | State::Partly);
        prop_assert!(explained, "{}", shown());
    }
    // Without it, an entry that was made again as it was cannot be told apart.
    if !with_base || judgements.iter().any(|judgement| judgement.state == State::Unclear) {
        return Ok(());
    }
    let end = run(export, records, OnRefusal::Stop).result;
    let pending: Vec<_> = pending.into_iter().map(|record| record.into_owned()).collect();
    let finished = run(half, &pending, OnRefusal::GoOn);
    if finished.outcomes.iter().all(|outcome| matches!(outcome, Outcome::Applied(_))) {
        prop_assert_eq!(alike(&finished.result), alike(&end), "{}", shown());
    }
    let undo = if with_base {
        let applied: Vec<_> = records
            .iter()
            .zip(&judgements)
            .filter(|(_, judgement)| judgement.state == State::Applied)
            .map(|(record, _)| record.clone())
            .collect();
        let mut image = Image::new(&applied, OnRefusal::GoOn).with_inverses();
        let outcomes = read_into(&mut image, export);
        Undo::of(&image, &applied, outcomes)
    } else {
        undo_without_base(records, &judgements)
    };
    if !undo.obstacles.is_empty() {
        return Ok(());
    }
    let back: Vec<_> = undo.change_records().cloned().collect();
    let rolled = run(half, &back, OnRefusal::GoOn);
    if with_base {
        for outcome in &rolled.outcomes {
            prop_assert!(matches!(outcome, Outcome::Applied(_)), "{:?} {}", outcome, shown());
        }
        prop_assert_eq!(alike(&rolled.result), alike(export), "{}", shown());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn a_run_that_stopped_can_be_finished_and_rolled_back(
        export in export(), change in change_file(), stop in 0..13_usize, with_base in any::<bool>()
    ) {
        let export = entries(&export);
        let records = applicable(&export, changes(&change));
        let stop = stop.min(records.len());
        let (half, _) = run_of(&export, &records, |at| at < stop);
        consequences(&export, &records, &half, with_base, Ran::Stopped)?;
    }

    #[test]
    fn a_run_that_left_out_records_can_be_finished_and_rolled_back(
        export in export(), change in change_file(), made in vec(any::<bool>(), 12),
    ) {
        let export = entries(&export);
        let records = applicable(&export, changes(&change));
        let (half, _) = run_of(&export, &records, |at| made[at]);
        consequences(&export, &records, &half, true, Ran::LeftOut)?;
    }

    #[test]
    fn modifies_that_were_left_out_are_found(
        export in export(), change in change_file(), made in vec(any::<bool>(), 12),
    ) {
        let export = entries(&export);
        let modifies = changes(&change)
            .into_iter()
            .filter(|record| matches!(record.change, Change::Modify(_)))
            .collect();
        let records = applicable(&export, modifies);
        let (half, _) = run_of(&export, &records, |at| made[at]);
        consequences(&export, &records, &half, true, Ran::LeftOut)?;
    }
}
