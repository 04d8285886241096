//! A directory that takes what a server takes, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use crate::change::diff::Server;
use crate::change::diff::index::key_of;
use crate::directory::dn::{join, key_parent, split_rdn};
use crate::directory::{Dn, Facts, Syntax, matching};
use crate::ldif::{Attribute, Change, ChangeRecord, ModOp, ReadOptions, Value, read_chunk};

type Key = Vec<u8>;

#[derive(Debug, Clone, Default)]
struct Held {
    id: usize,
    values: BTreeMap<String, Vec<Vec<u8>>>,
    /// Values that follow the entries which they name, by number.
    links: BTreeMap<String, Vec<usize>>,
}

#[derive(Debug)]
pub(super) struct Directory {
    server: Server,
    entries: BTreeMap<Key, Held>,
    next: usize,
}

/// All entries by key, each with its values.
pub(super) type State = BTreeMap<String, BTreeSet<(String, String)>>;

const OPERATIONAL: [&str; 4] = ["objectguid", "entryuuid", "usnchanged", "name"];
/// No rule finds a value of these, except in Active Directory.
const WITHOUT_RULE: [&str; 1] = ["jpegphoto"];

impl Directory {
    pub(super) fn of(export: &str, server: Server) -> Self {
        let mut directory = Self { server, entries: BTreeMap::new(), next: 0 };
        let mut entries = Vec::new();
        read_chunk(export.as_bytes(), ReadOptions::default(), |record| {
            entries.push(crate::change::into_entry(record.into_record().into_owned()));
        });
        for entry in &entries {
            directory.next += 1;
            let held = Held { id: directory.next, ..Held::default() };
            directory.entries.insert(key_of(&entry.dn), held);
        }
        for entry in entries {
            let key = key_of(&entry.dn);
            for line in entry.into_record().attributes {
                directory.put(&key, &line).unwrap();
            }
        }
        directory
    }

    fn is_link(&self, name: &str) -> bool {
        self.server == Server::ActiveDirectory
            && Facts::of(name.as_bytes()).syntax == Syntax::DistinguishedName
    }

    /// Adds one value, without a look at what is there.
    fn put(&mut self, key: &Key, line: &Attribute<'_>) -> Result<(), String> {
        let name = String::from_utf8_lossy(&line.name).to_lowercase();
        let value = line.value.bytes().unwrap().to_vec();
        if OPERATIONAL.contains(&name.as_str()) {
            return Ok(());
        }
        if self.is_link(&name) {
            let target = self.entries.get(&key_of(&value)).map(|held| held.id);
            let target = target.ok_or(format!("no target {}", value.escape_ascii()))?;
            self.entries.get_mut(key).unwrap().links.entry(name).or_default().push(target);
        } else {
            self.entries.get_mut(key).unwrap().values.entry(name).or_default().push(value);
        }
        Ok(())
    }

    pub(super) fn state(&self) -> State {
        let names: BTreeMap<usize, &Key> =
            self.entries.iter().map(|(key, held)| (held.id, key)).collect();
        let shown = |bytes: &[u8]| bytes.escape_ascii().to_string();
        let of = |(key, held): (&Key, &Held)| {
            let values = held.values.iter().flat_map(|(name, values)| {
                values.iter().map(move |value| (name.clone(), shown(value)))
            });
            let links = held
                .links
                .iter()
                .flat_map(|(name, ids)| ids.iter().map(|id| (name.clone(), shown(names[id]))));
            (shown(key), values.chain(links).collect())
        };
        self.entries.iter().map(of).collect()
    }

    /// Which entries name which ones in Active Directory, by their numbers in the export.
    pub(super) fn links(&self) -> BTreeSet<(usize, String, usize)> {
        let of = |held: &Held| -> Vec<(usize, String, usize)> {
            let links = held.links.iter();
            let all =
                links.flat_map(|(name, ids)| ids.iter().map(|id| (held.id, name.clone(), *id)));
            all.collect()
        };
        self.entries.values().flat_map(of).collect()
    }

    pub(super) fn apply(&mut self, record: &ChangeRecord<'_>) -> Result<(), String> {
        let key = key_of(&record.dn);
        if !matches!(record.change, Change::Add(_)) && !self.entries.contains_key(&key) {
            return Err("no such entry".to_owned());
        }
        match &record.change {
            Change::Add(lines) => self.add(key, &record.dn, lines)?,
            Change::Delete => self.delete(&key)?,
            Change::Modify(mods) => {
                if mods.is_empty() {
                    return Err("empty modify".to_owned());
                }
                for modification in mods {
                    let name = String::from_utf8_lossy(&modification.attribute).to_lowercase();
                    self.modify(&key, &name, modification.op, &modification.values)?;
                }
                self.keeps_its_name(&key, &record.dn)?;
            }
            Change::ModRdn { new_rdn, delete_old_rdn, new_superior } => {
                self.rename(&key, &record.dn, new_rdn, *delete_old_rdn, new_superior.as_deref())?;
            }
        }
        self.unique()
    }

    fn add(&mut self, key: Key, dn: &[u8], lines: &[Attribute<'_>]) -> Result<(), String> {
        self.has_parent(&key)?;
        self.next += 1;
        let held = Held { id: self.next, ..Held::default() };
        if self.entries.contains_key(&key) {
            return Err("name taken".to_owned());
        }
        // A value cannot name the entry itself before it is there.
        for line in lines {
            let name = String::from_utf8_lossy(&line.name).to_lowercase();
            let target = line.value.bytes().map(key_of).unwrap_or_default();
            if self.is_link(&name) && !self.entries.contains_key(&target) {
                return Err(format!("{name} names what is not there"));
            }
        }
        self.entries.insert(key.clone(), held);
        lines.iter().try_for_each(|line| self.put(&key, line))?;
        self.keeps_its_name(&key, dn)
    }

    fn delete(&mut self, key: &Key) -> Result<(), String> {
        if self.entries.keys().any(|other| key_parent(other) == Some(key)) {
            return Err("not a leaf".to_owned());
        }
        let gone = self.entries.remove(key).unwrap().id;
        for held in self.entries.values_mut() {
            held.links.values_mut().for_each(|ids| ids.retain(|id| *id != gone));
            held.links.retain(|_, ids| !ids.is_empty());
        }
        Ok(())
    }

    fn has_parent(&self, key: &Key) -> Result<(), String> {
        let is_there = key_parent(key).is_none_or(|parent| self.entries.contains_key(parent));
        if is_there { Ok(()) } else { Err("no parent".to_owned()) }
    }

    fn modify(
        &mut self,
        key: &Key,
        name: &str,
        op: ModOp,
        values: &[Value<'_>],
    ) -> Result<(), String> {
        let names = self.server == Server::ActiveDirectory && key.starts_with(name.as_bytes());
        if names && key.get(name.len()) == Some(&b'=') {
            return Err("names the entry".to_owned());
        }
        if self.is_link(name) {
            return self.modify_links(key, name, op, values);
        }
        let finds = self.server == Server::ActiveDirectory || !WITHOUT_RULE.contains(&name);
        let syntax = Facts::of(name.as_bytes()).syntax;
        let held = self.entries.get_mut(key).unwrap().values.entry(name.to_owned()).or_default();
        let mut twins_may_come = false;
        match op {
            ModOp::Delete if values.is_empty() => {
                if std::mem::take(held).is_empty() {
                    return Err("nothing to delete".to_owned());
                }
            }
            ModOp::Delete => {
                for value in values.iter().map(|value| value.bytes().unwrap()) {
                    let equal = |other: &Vec<u8>| matching::equal(syntax, other, value);
                    let twins = held.iter().filter(|other| equal(other)).count();
                    let all = values.iter().filter(|v| equal(&v.bytes().unwrap().to_vec()));
                    if !finds || (twins > 1 && all.count() < twins) {
                        return Err(format!("cannot tell {}", value.escape_ascii()));
                    }
                    let at = held.iter().position(|other| other == value);
                    let at = at.ok_or(format!("no value {}", value.escape_ascii()))?;
                    held.remove(at);
                }
            }
            ModOp::Add => {
                twins_may_come = self.server == Server::ActiveDirectory;
                let was_empty = held.is_empty();
                for value in values.iter().map(|value| value.bytes().unwrap().to_vec()) {
                    let equal = |other: &Vec<u8>| match twins_may_come {
                        true => *other == value,
                        false => matching::equal(syntax, other, &value),
                    };
                    if held.iter().any(equal) || (!finds && !was_empty) {
                        return Err(format!("{name} holds {}", value.escape_ascii()));
                    }
                    held.push(value);
                }
            }
            ModOp::Replace | ModOp::Increment => return Err("blind".to_owned()),
        }
        let single = twins_may_come && Facts::of(name.as_bytes()).single_valued;
        if single && held.len() > 1 {
            return Err(format!("{name} takes one value"));
        }
        if held.is_empty() {
            self.entries.get_mut(key).unwrap().values.remove(name);
        }
        Ok(())
    }

    fn modify_links(
        &mut self,
        key: &Key,
        name: &str,
        op: ModOp,
        values: &[Value<'_>],
    ) -> Result<(), String> {
        for value in values {
            let target = key_of(value.bytes().unwrap());
            let target = self.entries.get(&target).ok_or("no target")?.id;
            let ids = self.entries.get_mut(key).unwrap().links.entry(name.to_owned()).or_default();
            let at = ids.iter().position(|id| *id == target);
            match (op, at) {
                (ModOp::Add, None) => ids.push(target),
                (ModOp::Delete, Some(at)) => drop(ids.remove(at)),
                _ => return Err(format!("{name}: {op:?} of {at:?}")),
            }
            if Facts::of(name.as_bytes()).single_valued && ids.len() > 1 {
                return Err(format!("{name} takes one value"));
            }
        }
        self.entries.get_mut(key).unwrap().links.retain(|_, ids| !ids.is_empty());
        Ok(())
    }

    fn rename(
        &mut self,
        key: &Key,
        dn: &[u8],
        new_rdn: &[u8],
        delete_old_rdn: bool,
        new_superior: Option<&[u8]>,
    ) -> Result<(), String> {
        if self.server == Server::ActiveDirectory && !delete_old_rdn {
            return Err("AD wants deleteoldrdn: 1".to_owned());
        }
        let above = split_rdn(dn).unwrap().1.unwrap_or_default();
        let parent = new_superior.unwrap_or(above);
        if new_superior.is_some_and(|parent| key_of(parent) == key_of(above)) {
            return Err("a new parent that is the old one".to_owned());
        }
        let new_dn = join(new_rdn, Some(parent));
        let new_key = key_of(&new_dn);
        self.has_parent(&new_key)?;
        if new_key != *key && self.entries.contains_key(&new_key) {
            return Err("name taken".to_owned());
        }
        let suffix = [b",", key.as_slice()].concat();
        if new_key.ends_with(&suffix) {
            return Err("below itself".to_owned());
        }
        let moved: Vec<Key> = self
            .entries
            .keys()
            .filter(|other| *other == key || other.ends_with(&suffix))
            .cloned()
            .collect();
        for old in moved {
            let held = self.entries.remove(&old).unwrap();
            let below = &old[..old.len() - key.len()];
            self.entries.insert([below, &new_key].concat(), held);
        }
        self.rename_values(&new_key, dn, &new_dn, delete_old_rdn);
        Ok(())
    }

    fn rename_values(&mut self, key: &Key, old_dn: &[u8], new_dn: &[u8], delete_old_rdn: bool) {
        let held = self.entries.get_mut(key).unwrap();
        for (dn, goes) in [(old_dn, true), (new_dn, false)] {
            let parsed = Dn::parse(dn).unwrap();
            let ava = &parsed.rdn().unwrap().avas()[0];
            let values = held.values.entry(ava.attribute().to_lowercase()).or_default();
            let equal = |v: &Vec<u8>| matching::equal(Syntax::CaseIgnoreString, v, ava.value());
            if goes && delete_old_rdn {
                values.retain(|value| !equal(value));
            } else if !goes && !values.iter().any(equal) {
                values.push(ava.value().to_vec());
            }
        }
    }

    fn keeps_its_name(&self, key: &Key, dn: &[u8]) -> Result<(), String> {
        let parsed = Dn::parse(dn).unwrap();
        let ava = &parsed.rdn().unwrap().avas()[0];
        let values = self.entries[key].values.get(&ava.attribute().to_lowercase());
        let equal = |v: &Vec<u8>| matching::equal(Syntax::CaseIgnoreString, v, ava.value());
        match values.is_some_and(|values| values.iter().any(equal)) {
            true => Ok(()),
            false => Err("naming violation".to_owned()),
        }
    }

    fn unique(&self) -> Result<(), String> {
        let mut seen = BTreeSet::new();
        let upns = self.entries.values().filter_map(|held| held.values.get("userprincipalname"));
        for upn in upns.flatten() {
            if !seen.insert(upn) {
                return Err(format!("{} is held twice", upn.escape_ascii()));
            }
        }
        Ok(())
    }
}
