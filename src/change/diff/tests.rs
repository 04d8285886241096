//! The change and its undo on a directory that is stricter than any: it knows
//! parents, leaves, free names, unique values, and, like Active Directory, values
//! that follow the entries which they name.

mod directory;
mod examples;
mod left_out;
mod model;

use proptest::collection::vec;
use proptest::prelude::*;

use self::directory::Directory;
use self::model::{Dice, Model};
use super::compared::Compared;
use super::{DiffDraft, DiffError, DiffOptions, EntryIndex, Kinds, Scope, Server, diff};
use crate::change::tests::same_cases;
use crate::ldif::{ChangeRecord, ReadOptions, Record, WriteOptions, read_chunk};

fn options() -> DiffOptions {
    DiffOptions {
        compared: Compared::default(),
        scope: Scope::default(),
        kinds: Kinds::default(),
        write: WriteOptions::content_file(),
    }
}

fn index(text: &str) -> EntryIndex<'_> {
    EntryIndex::read(text.as_bytes(), ReadOptions::default(), &|_| {}).unwrap()
}

fn drafted(old: &str, new: &str, options: &DiffOptions) -> Result<DiffDraft, DiffError> {
    diff(&index(old), &index(new), options)
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn changes(bytes: &[u8]) -> Vec<ChangeRecord<'static>> {
    let mut records = Vec::new();
    read_chunk(bytes, ReadOptions::default(), |record| match record.into_record().into_owned() {
        Record::Change(change) => records.push(change),
        Record::Content(content) => panic!("{content:?} is no change"),
    });
    records
}

/// Applies a draft to a strict directory, there and back.
fn there_and_back(old: &str, new: &str, draft: &DiffDraft, server: Server) -> Result<(), String> {
    let mut directory = Directory::of(old, server);
    let start = directory.state();
    for record in changes(&draft.change) {
        let done = directory.apply(&record);
        done.map_err(|why| format!("{why}: {record:?}\n{}", text(&draft.change)))?;
    }
    let (got, want) = (directory.state(), Directory::of(new, server).state());
    if got != want {
        return Err(format!("got {got:#?}\nwant {want:#?}\n{}", text(&draft.change)));
    }
    for record in changes(&draft.undo) {
        let done = directory.apply(&record);
        done.map_err(|why| format!("undo: {why}: {record:?}\n{}", text(&draft.undo)))?;
    }
    let got = directory.state();
    if got != start {
        return Err(format!("undo: got {got:#?}\nwant {start:#?}\n{}", text(&draft.undo)));
    }
    Ok(())
}

fn check(server: Server, base: &[Dice], edits: &[Dice]) -> Result<(), TestCaseError> {
    let mut model = Model::new(server);
    base.iter().for_each(|dice| model.roll(*dice));
    let old = model.export();
    model.begin_edits();
    edits.iter().for_each(|dice| model.roll(*dice));
    let new = model.export();
    let draft = drafted(&old, &new, &options())
        .map_err(|error| TestCaseError::fail(format!("{error}\n{old}\n----\n{new}")))?;
    if let Err(why) = there_and_back(&old, &new, &draft, server) {
        return Err(TestCaseError::fail(format!("{why}\n---- old\n{old}\n---- new\n{new}")));
    }
    prop_assert!(!text(&draft.change).contains("replace:"));
    Ok(())
}

proptest! {
    #![proptest_config(same_cases(400))]

    #[test]
    fn the_change_leads_there_and_the_undo_back_in_active_directory(
        base in vec(any::<Dice>(), 0..24), edits in vec(any::<Dice>(), 0..16),
    ) {
        check(Server::ActiveDirectory, &base, &edits)?;
    }

    #[test]
    fn the_change_leads_there_and_the_undo_back_in_other_directories(
        base in vec(any::<Dice>(), 0..24), edits in vec(any::<Dice>(), 0..16),
    ) {
        check(Server::Plain, &base, &edits)?;
    }

    #[test]
    fn an_export_does_not_differ_from_itself_in_another_order(
        base in vec(any::<Dice>(), 0..24), ad in any::<bool>(), turn in 0..9_usize,
    ) {
        let mut model = Model::new(if ad { Server::ActiveDirectory } else { Server::Plain });
        base.iter().for_each(|dice| model.roll(*dice));
        let old = model.export();
        let mut entries: Vec<&str> = old.split_inclusive("\n\n").collect();
        entries.reverse();
        let turn = turn.min(entries.len());
        entries.rotate_left(turn);
        let new = entries.concat();
        let draft = drafted(&old, &new, &options()).unwrap();
        prop_assert!(!draft.differs(), "{}", text(&draft.change));
    }
}
