//! The invariants, over random entries and changes: few names, and values that
//! are twins of one another, hold blanks or are not UTF-8.

use std::borrow::Cow;
use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::change::{
    Case, Edit, EntryEdits, OnRefusal, Outcome, Run, apply_to_entry, intended, invert, order, plan,
    prove,
};
use crate::change::{Fate, Image};
use crate::directory::{Entry, Facts};
use crate::ldif::{Change, ChangeRecord, ModOp, Modification, Value};

const NAMES: [&str; 5] = ["mail", "proxyAddresses", "userPrincipalName", "jpegPhoto", "sn"];
const VALUES: [&[u8]; 12] = [
    b"a",
    b"A",
    b" a",
    b"a ",
    b"a  b",
    b"A b",
    b"\xff",
    b"\xc3\xa4",
    b"\xc3\x84",
    b"1",
    b"01",
    b"\0",
];

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NAMES[..])
}

fn bytes() -> impl Strategy<Value = &'static [u8]> {
    prop::sample::select(&VALUES[..])
}

fn value(bytes: &'static [u8]) -> Value<'static> {
    Value::Bytes(Cow::Borrowed(bytes))
}

prop_compose! {
    fn entry()(active_directory in any::<bool>(), lines in vec((name(), bytes()), 0..12)) -> Entry<'static> {
        let mut entry = Entry::new(&b"cn=Joe,dc=x"[..]);
        if active_directory {
            entry.push(b"objectCategory"[..].into(), value(b"CN=Person"));
        }
        for (name, bytes) in lines {
            entry.push(name.as_bytes().into(), value(bytes));
        }
        entry
    }
}

/// An entry that a server can hold: one value in a single-valued attribute.
fn servable() -> impl Strategy<Value = Entry<'static>> {
    entry().prop_map(|entry| {
        if entry.values(b"objectCategory").is_empty() {
            return entry;
        }
        let (dn, mut attributes) = entry.into_parts();
        for own in attributes.iter_mut().filter(|own| Facts::of(&own.name).single_valued) {
            own.values = own.values.iter().take(1).cloned().collect();
        }
        Entry::with_attributes(dn, attributes)
    })
}

prop_compose! {
    fn modification()(
        op in prop::sample::select(&[ModOp::Add, ModOp::Delete, ModOp::Delete, ModOp::Replace, ModOp::Increment][..]),
        attribute in name(),
        values in vec(bytes(), 0..4),
    ) -> Modification<'static> {
        let values = values.into_iter().map(value).collect();
        Modification { op, attribute: attribute.as_bytes().into(), values }
    }
}

prop_compose! {
    fn modify()(mods in vec(modification(), 1..4)) -> ChangeRecord<'static> {
        record("cn=joe, dc=x", Change::Modify(mods))
    }
}

fn record(dn: &'static str, change: Change<'static>) -> ChangeRecord<'static> {
    ChangeRecord { dn: dn.as_bytes().into(), controls: Vec::new(), spelling: None, change }
}

prop_compose! {
    fn edit()(attribute in name(), remove in vec(bytes(), 0..3), add in vec(bytes(), 0..3)) -> Edit<'static> {
        Edit {
            attribute: attribute.as_bytes().into(),
            remove: remove.into_iter().map(Cow::Borrowed).collect(),
            add: add.into_iter().map(Cow::Borrowed).collect(),
            comments: Vec::new(),
        }
    }
}

/// The entry as sets of values; exact copies count once.
fn sets(entry: &Entry<'_>) -> BTreeSet<(Vec<u8>, Vec<u8>)> {
    let values = |name: &[u8], values: &[Value<'_>]| -> Vec<_> {
        let name = name.to_ascii_lowercase();
        values.iter().map(|v| (name.clone(), v.bytes().unwrap().to_vec())).collect()
    };
    entry.attributes().iter().flat_map(|a| values(&a.name, &a.values)).collect()
}

fn renames() -> impl Strategy<Value = ChangeRecord<'static>> {
    const RDNS: [&str; 5] = ["cn=Jim", "CN=joe", "mail=a", "cn=Joe+mail=A", "mail=b+cn=joe"];
    (prop::sample::select(&RDNS[..]), any::<bool>()).prop_map(|(rdn, delete_old_rdn)| {
        let new_rdn = rdn.as_bytes().into();
        record("cn=joe,dc=x", Change::ModRdn { new_rdn, delete_old_rdn, new_superior: None })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_inverse_of_any_modify_leads_back(before in servable(), record in modify()) {
        let mut after = before.clone();
        let applies = apply_to_entry(&mut after, &record.change).is_ok();
        let inverse = invert(Some(&before), &record);
        prop_assert_eq!(inverse.is_ok(), applies);
        if !applies {
            prop_assert_eq!(&after, &before);
        }
        for record in inverse.iter().flatten() {
            prop_assert_eq!(apply_to_entry(&mut after, &record.change), Ok(()), "{:?}", inverse);
        }
        prop_assert_eq!(sets(&after), sets(&before));
    }

    #[test]
    fn the_inverse_of_a_rename_leads_back(mut before in servable(), record in renames()) {
        before.push(b"cn"[..].into(), value(b"Joe"));
        let mut after = before.clone();
        let applies = apply_to_entry(&mut after, &record.change).is_ok();
        let inverse = invert(Some(&before), &record);
        prop_assert_eq!(inverse.is_ok(), applies);
        for record in inverse.iter().flatten() {
            prop_assert_eq!(apply_to_entry(&mut after, &record.change), Ok(()), "{:?}", inverse);
        }
        prop_assert_eq!(sets(&after), sets(&before), "{:?}", inverse);
        prop_assert_eq!(&after.dn, &before.dn);
    }

    #[test]
    fn what_is_planned_leads_to_what_is_intended_and_back(
        before in entry(), edits in vec(edit(), 1..5)
    ) {
        let planned = plan(&before, &EntryEdits { dn: before.dn.clone(), edits });
        for refused in &planned.refused {
            prop_assert!(!refused.to_string().is_empty());
        }
        let Some(planned) = planned.planned else { return Ok(()) };
        let small = Case::of(&before, &planned.edits);
        let after = intended(&before, &planned.edits);
        let ordered = order(vec![planned], &|_, _| false);
        let change: Vec<_> = ordered.steps.iter().map(|step| step.record.clone()).collect();
        let undo: Vec<_> = ordered.undo().cloned().collect();
        let cases = [Case { before, after }];
        prop_assert_eq!(prove(&cases, &change, &undo), Ok(()), "{:?}", change);
        prop_assert_eq!(prove(&[small], &change, &undo), Ok(()), "{:?}", change);
        // Nothing is named twice, and no record is empty.
        for record in change.iter().chain(&undo) {
            let Change::Modify(mods) = &record.change else { panic!("{record:?}") };
            prop_assert!(!mods.is_empty());
            for modification in mods {
                let named: BTreeSet<_> = modification.values.iter().map(|v| v.bytes()).collect();
                prop_assert_eq!(named.len(), modification.values.len());
                prop_assert!(!named.is_empty());
            }
        }
    }

    #[test]
    fn entries_exchange_unique_values_in_any_pattern(
        from in Just((0..8usize).collect::<Vec<_>>()).prop_shuffle(),
        to in Just((0..10usize).collect::<Vec<_>>()).prop_shuffle(),
        accounts in any::<bool>(),
    ) {
        let attribute: &[u8] = if accounts { b"sAMAccountName" } else { b"userPrincipalName" };
        let name = |n: usize| format!("user{n}");
        let mut planned = Vec::new();
        let mut cases = Vec::new();
        for (&from, &to) in from.iter().zip(&to) {
            let mut before = Entry::new(format!("cn={from},dc=x").into_bytes());
            before.push(attribute.into(), Value::Bytes(name(from).into_bytes().into()));
            let edit = Edit {
                attribute: attribute.into(),
                remove: vec![name(from).into_bytes().into()],
                add: vec![name(to).into_bytes().into()],
                comments: Vec::new(),
            };
            let edits = EntryEdits { dn: before.dn.clone(), edits: vec![edit] };
            planned.extend(plan(&before, &edits).planned);
            let after = intended(&before, &edits.edits);
            cases.push(Case { before, after });
        }
        let ordered = order(planned, &|_, value| value.ends_with(b"-1"));
        prop_assert_eq!(&ordered.refused, &vec![]);
        let change: Vec<_> = ordered.steps.iter().map(|step| step.record.clone()).collect();
        let undo: Vec<_> = ordered.undo().cloned().collect();
        prop_assert_eq!(prove(&cases, &change, &undo), Ok(()), "{:#?}", change);
    }
}

/// A directory that holds every entry, to compare the image with.
#[derive(Default)]
struct Naive(Vec<(Vec<String>, Entry<'static>)>);

impl Naive {
    fn find(&self, path: &[String]) -> Option<usize> {
        self.0.iter().position(|(p, _)| p == path)
    }

    fn apply(&mut self, op: &Op) -> bool {
        let Some(at) = self.find(op.target()) else {
            let Op::Add(path) = op else { return false };
            if self.find(&path[1..]).is_none() {
                return false;
            }
            self.0.push((path.clone(), entry_at(path)));
            return true;
        };
        match op {
            Op::Add(_) => false,
            Op::Delete(path) => {
                let below = |p: &[String]| p.len() > path.len() && p.ends_with(path);
                let leaf = !self.0.iter().any(|(p, _)| below(p));
                if leaf {
                    self.0.remove(at);
                }
                leaf
            }
            Op::Mark(_, mark) => {
                let name = format!("mark{mark}").into_bytes();
                let fresh = self.0[at].1.values(&name).is_empty();
                if fresh {
                    self.0[at].1.push(name.into(), value(b"1"));
                }
                fresh
            }
            Op::Rename(path, rdn, parent) => {
                let superior = parent.as_deref().unwrap_or(&path[1..]);
                let new: Vec<String> = [std::slice::from_ref(rdn), superior].concat();
                let exists = parent.is_none() || self.find(superior).is_some();
                if superior.ends_with(path) || !exists {
                    return false;
                }
                if new != *path && self.find(&new).is_some() {
                    return false;
                }
                for (p, _) in self.0.iter_mut().filter(|(p, _)| p.ends_with(path)) {
                    let kept = p.len() - path.len();
                    *p = [&p[..kept], &new].concat();
                }
                true
            }
        }
    }
}

#[derive(Debug, Clone)]
enum Op {
    Add(Vec<String>),
    Delete(Vec<String>),
    Mark(Vec<String>, u8),
    Rename(Vec<String>, String, Option<Vec<String>>),
}

impl Op {
    fn target(&self) -> &[String] {
        match self {
            Self::Add(p) | Self::Delete(p) | Self::Mark(p, _) | Self::Rename(p, ..) => p,
        }
    }

    fn record(&self) -> ChangeRecord<'static> {
        let change = match self {
            Self::Add(path) => Change::Add(entry_at(path).into_record().attributes),
            Self::Delete(_) => Change::Delete,
            Self::Mark(_, mark) => Change::Modify(vec![Modification {
                op: ModOp::Add,
                attribute: format!("mark{mark}").into_bytes().into(),
                values: vec![value(b"1")],
            }]),
            Self::Rename(_, rdn, parent) => Change::ModRdn {
                new_rdn: rdn.clone().into_bytes().into(),
                delete_old_rdn: true,
                new_superior: parent.as_ref().map(|path| path.join(",").into_bytes().into()),
            },
        };
        let dn = self.target().join(",").into_bytes().into();
        ChangeRecord { dn, controls: Vec::new(), spelling: None, change }
    }
}

/// An entry that remembers where it began, in an attribute that no rename moves.
fn entry_at(path: &[String]) -> Entry<'static> {
    let mut entry = Entry::new(path.join(",").into_bytes());
    entry.push(b"began"[..].into(), Value::Bytes(path.join(",").into_bytes().into()));
    entry
}

fn path() -> impl Strategy<Value = Vec<String>> {
    vec(prop::sample::select(&["ou=a", "ou=b", "ou=c"][..]), 0..4)
        .prop_map(|rdns| rdns.into_iter().chain(["dc=x"]).map(str::to_owned).collect())
}

/// The root of the export stays: above it anything may be.
fn below() -> impl Strategy<Value = Vec<String>> {
    path().prop_filter("the root stays", |path| path.len() > 1)
}

fn op() -> impl Strategy<Value = Op> {
    let rdn = prop::sample::select(&["ou=a", "ou=b", "ou=c"][..]).prop_map(str::to_owned);
    prop_oneof![
        path().prop_map(Op::Add),
        below().prop_map(Op::Delete),
        (path(), 0..9u8).prop_map(|(path, mark)| Op::Mark(path, mark)),
        (below(), rdn, prop::option::of(path())).prop_map(|(p, r, s)| Op::Rename(p, r, s)),
    ]
}

/// What an entry is told by, but for the values that name it.
fn shown(dn: &[u8], entry: &Entry<'_>) -> String {
    let marks: BTreeSet<String> = sets(entry)
        .into_iter()
        .filter(|(name, _)| name != b"ou")
        .map(|(name, value)| format!("{}={}", name.escape_ascii(), value.escape_ascii()))
        .collect();
    format!("{} {marks:?}", dn.escape_ascii())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn the_image_behaves_like_a_directory_that_is_held_whole(
        mut paths in vec(path(), 1..8), ops in vec(op(), 1..14)
    ) {
        // With every ancestor, parents first, each once.
        paths = paths.iter().flat_map(|p| (0..p.len()).map(|from| p[from..].to_vec())).collect();
        paths.sort_by_key(|p| (p.len(), p.clone()));
        paths.dedup();
        let mut naive = Naive(paths.iter().map(|p| (p.clone(), entry_at(p))).collect());
        let export: Vec<Entry<'_>> = naive.0.iter().map(|(_, entry)| entry.clone()).collect();
        let expected: Vec<bool> = ops.iter().map(|op| naive.apply(op)).collect();

        let records: Vec<_> = ops.iter().map(Op::record).collect();
        let mut image = Image::new(&records, OnRefusal::GoOn);
        let mut readings = 0;
        let outcomes = loop {
            for (ordinal, entry) in (0..).zip(&export) {
                match image.interest(&entry.dn) {
                    crate::change::Interest::None => {}
                    crate::change::Interest::Place => image.mark(ordinal, &entry.dn),
                    crate::change::Interest::Content => image.load(ordinal, entry.clone()),
                }
            }
            readings += 1;
            // Each record may ask for a place first and for what is below it then.
            prop_assert!(readings <= 2 * ops.len() + 1);
            if let Run::Done(outcomes) = image.run() {
                break outcomes;
            }
        };
        let applied: Vec<bool> =
            outcomes.iter().map(|outcome| matches!(outcome, Outcome::Applied(_))).collect();
        prop_assert_eq!(applied, expected, "{:?}", outcomes);

        let mut got = BTreeSet::new();
        for (ordinal, entry) in (0..).zip(&export) {
            match image.fate(ordinal, &entry.dn) {
                Fate::Unchanged => got.insert(shown(&entry.dn, entry)),
                Fate::Renamed(dn) => got.insert(shown(&dn, entry)),
                Fate::Replaced(entry) => got.insert(shown(&entry.dn.clone(), &entry)),
                Fate::Deleted => true,
            };
        }
        got.extend(image.added().map(|entry| shown(&entry.dn, &entry)));
        let expected: BTreeSet<String> =
            naive.0.iter().map(|(path, entry)| shown(path.join(",").as_bytes(), entry)).collect();
        prop_assert_eq!(got, expected);
    }
}
