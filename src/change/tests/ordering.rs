use super::{change, entry};
use crate::change::{
    Edit, EntryEdits, OrderRefusal, Ordered, Planned, apply_to_entry, invert_guarded, order, plan,
};
use crate::ldif::{Change, ChangeRecord, ModOp};

/// The plan that gives an entry another value of a unique attribute.
fn takes(dn: &str, attribute: &str, old: &str, new: &str) -> Planned {
    let entry = entry(&format!("dn: {dn}\n{attribute}: {old}\n"));
    let edit = Edit {
        attribute: attribute.as_bytes().into(),
        remove: vec![old.as_bytes().into()],
        add: vec![new.as_bytes().into()],
        comments: vec!["why".into()],
    };
    plan(&entry, &EntryEdits { dn: entry.dn.clone(), edits: vec![edit] }).planned.unwrap()
}

fn upn(dn: &str, old: &str, new: &str) -> Planned {
    takes(dn, "userPrincipalName", old, new)
}

/// Each record in short: `dn: -old +new`.
fn short(record: &ChangeRecord<'_>) -> String {
    let mut text = record.dn.escape_ascii().to_string();
    if let Change::Modify(mods) = &record.change {
        for modification in mods {
            let sign = if modification.op == ModOp::Add { '+' } else { '-' };
            for value in &modification.values {
                let value = value.bytes().unwrap_or_default().escape_ascii();
                text.push_str(&format!(" {sign}{value}"));
            }
        }
    }
    text
}

fn in_order(planned: Vec<Planned>) -> Vec<String> {
    let ordered = order(planned, &|_, _| false);
    assert_eq!(ordered.refused, []);
    ordered.steps.iter().map(|step| short(&step.record)).collect()
}

#[test]
fn records_that_do_not_meet_keep_their_order() {
    let planned: Vec<_> =
        (0..20).map(|n| upn(&format!("cn={n}"), &format!("a{n}"), &format!("b{n}"))).collect();
    let dns: Vec<String> = planned.iter().map(|p| short(&p.record)).collect();
    assert_eq!(in_order(planned), dns);
}

#[test]
fn a_value_is_free_before_it_is_taken() {
    let chain = vec![upn("cn=1", "a", "b"), upn("cn=2", "x", "y"), upn("cn=3", "B", "c")];
    assert_eq!(in_order(chain), ["cn=3 -B +c", "cn=1 -a +b", "cn=2 -x +y"]);
}

#[test]
fn a_long_chain_is_walked_without_recursion() {
    let last = 50_000;
    let chain: Vec<_> =
        (0..last).map(|n| upn(&format!("cn={n}"), &n.to_string(), &(n + 1).to_string())).collect();
    let steps = in_order(chain);
    assert_eq!(steps[0], format!("cn={} -{} +{last}", last - 1, last - 1));
    assert_eq!(steps.len(), last);
}

#[test]
fn a_swap_goes_by_a_temporary_value_and_back() {
    let ordered = order(vec![upn("cn=1", "a@x", "b@x"), upn("cn=2", "b@x", "a@x")], &|_, _| false);
    let steps: Vec<_> = ordered.steps.iter().map(|step| short(&step.record)).collect();
    assert_eq!(
        steps,
        ["cn=1 -a@x +a.ldifix-tmp-1@x", "cn=2 -b@x +a@x", "cn=1 -a.ldifix-tmp-1@x +b@x"]
    );
    let undo: Vec<_> = ordered.undo().map(short).collect();
    assert_eq!(
        undo,
        ["cn=1 -b@x +a.ldifix-tmp-1@x", "cn=2 -a@x +b@x", "cn=1 -a.ldifix-tmp-1@x +a@x"]
    );
    assert_eq!(ordered.steps.iter().filter(|step| step.temporary).count(), 1);
}

#[test]
fn rings_and_two_attributes_at_once_are_opened() {
    let ring = vec![upn("cn=1", "a", "b"), upn("cn=2", "b", "c"), upn("cn=3", "c", "a")];
    free_before_taken(&order(ring, &|_, _| false), 4);
    let mut both = vec![upn("cn=1", "a", "b"), upn("cn=2", "b", "a")];
    for (planned, (old, new)) in both.iter_mut().zip([("s", "t"), ("t", "s")]) {
        let dn = planned.record.dn.escape_ascii().to_string();
        let account = takes(&dn, "sAMAccountName", old, new);
        planned.frees.extend(account.frees);
        planned.takes.extend(account.takes);
        if let (Change::Modify(mods), Change::Modify(more)) =
            (&mut planned.record.change, account.record.change)
        {
            mods.extend(more);
        }
    }
    free_before_taken(&order(both, &|_, _| false), 4);
}

/// Plays the steps and their undo on a table of holders.
fn free_before_taken(ordered: &Ordered, steps: usize) {
    assert_eq!((ordered.steps.len(), ordered.refused.len()), (steps, 0));
    let forth: Vec<_> = ordered.steps.iter().map(|step| &step.record).collect();
    let back: Vec<_> = ordered.undo().collect();
    for records in [forth, back] {
        let mut gone = std::collections::HashSet::new();
        let mut held = std::collections::HashSet::new();
        for record in records {
            let Change::Modify(mods) = &record.change else { panic!("{record:?}") };
            for m in mods {
                let key = |v: &crate::ldif::Value<'_>| {
                    (m.attribute.to_vec(), v.bytes().unwrap().to_vec())
                };
                for value in m.values.iter().map(key) {
                    if m.op == ModOp::Delete {
                        held.remove(&value);
                        gone.insert(value);
                    } else {
                        let is_new = String::from_utf8_lossy(&value.1).contains("tmp");
                        assert!(is_new || gone.contains(&value), "{value:?} is taken too early");
                        assert!(held.insert(value.clone()), "{value:?} is taken twice");
                        gone.remove(&value);
                    }
                }
            }
        }
    }
}

#[test]
fn a_temporary_account_name_fits_and_is_new() {
    let long = "verylongaccount-name";
    let planned = vec![
        takes("cn=1,dc=x", "sAMAccountName", long, "pc$"),
        takes("cn=2,dc=x", "sAMAccountName", "pc$", long),
    ];
    let in_use = |_: &[u8], value: &[u8]| value.ends_with(b"tmp-1");
    let ordered = order(planned, &in_use);
    let step = short(&ordered.steps[0].record);
    assert_eq!(step, format!("cn=1,dc=x -{long} +verylon.ldifix-tmp-2"));
}

#[test]
fn account_names_are_unique_within_their_domain_only() {
    let planned = vec![
        takes("cn=1,dc=a,dc=x", "sAMAccountName", "joe", "jim"),
        takes("cn=2,dc=b,dc=x", "sAMAccountName", "jim", "joe"),
    ];
    assert_eq!(in_order(planned).len(), 2);
}

#[test]
fn several_holders_all_let_go_first() {
    let planned = vec![upn("cn=1", "z", "a"), upn("cn=2", "a", "b"), upn("cn=3", "A", "c")];
    assert_eq!(in_order(planned), ["cn=2 -a +b", "cn=3 -A +c", "cn=1 -z +a"]);
}

#[test]
fn a_ring_in_a_multi_valued_attribute_needs_no_temporary_value() {
    let spn = |dn, old, new| takes(dn, "servicePrincipalName", old, new);
    let steps = in_order(vec![spn("cn=1", "http/a", "http/b"), spn("cn=2", "http/b", "http/a")]);
    assert_eq!(steps, ["cn=1 -http/a", "cn=2 -http/b +http/a", "cn=1 +http/b"]);
}

#[test]
fn what_cannot_be_ordered_is_refused_with_all_that_waits_for_it() {
    let planned = vec![
        upn("cn=1", "a", "new"),
        upn("cn=2", "b", "NEW"),
        upn("cn=3", "c", "b"),
        upn("cn=4", "d", "e"),
    ];
    let ordered = order(planned, &|_, _| false);
    let refused: Vec<_> = ordered
        .refused
        .iter()
        .map(|(planned, why)| (planned.record.dn.escape_ascii().to_string(), *why))
        .collect();
    assert_eq!(
        refused,
        [
            ("cn=2".to_owned(), OrderRefusal::TakenTwice),
            ("cn=3".to_owned(), OrderRefusal::StillHeld)
        ]
    );
    let ring = vec![upn("cn=1", "a", "b"), upn("cn=2", "b", "a"), upn("cn=4", "d", "e")];
    let ordered = order(ring, &|_, _| true);
    let refused: Vec<_> = ordered.refused.iter().map(|(_, why)| *why).collect();
    assert_eq!(refused, [OrderRefusal::NoTemporary, OrderRefusal::StillHeld]);
    assert_eq!(ordered.steps.len(), 1);
}

#[test]
fn only_guarded_records_are_inverted_without_the_entry() {
    for mods in ["delete: a\n-\n", "replace: a\na: 1\n-\n", "increment: a\na: 1\n-\n"] {
        let record = change(&format!("dn: cn=a\nchangetype: modify\n{mods}"));
        assert_eq!(invert_guarded(&record), None);
    }
    let record = change("dn: cn=a\nchangetype: modify\ndelete: a\na: 1\n-\nadd: a\na: 2\n-\n");
    let undo = invert_guarded(&record).unwrap();
    let before = entry("dn: cn=a\na: 1\n");
    let mut after = before.clone();
    apply_to_entry(&mut after, &record.change).unwrap();
    assert_ne!(after, before);
    apply_to_entry(&mut after, &undo.change).unwrap();
    assert_eq!(after, before);
}
