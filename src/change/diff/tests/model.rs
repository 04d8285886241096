//! Random directories, and random edits of them.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::change::diff::Server;

/// What to do, with which entries, and how.
pub(super) type Dice = (u8, u8, u8, u8);

/// Names under which entries stand: few, some of which are spellings of one.
const NAMES: [&str; 8] = ["a", "A", "b", "B", "c", "d e", "D  E", "f"];
const ADDRESSES: [&str; 5] = ["SMTP:a@x", "smtp:a@x", "smtp:A@x", "smtp:b@x", "X500:/o=1"];

#[derive(Debug, Clone)]
struct Node {
    id: usize,
    parent: usize,
    name: usize,
    alias: Option<usize>,
    /// What it is called in German: in the attribute that names it, with an option.
    german: Option<usize>,
    upn: Option<u8>,
    sn: Option<u8>,
    photo: Option<u8>,
    addresses: BTreeSet<usize>,
    members: BTreeSet<usize>,
    manager: Option<usize>,
    alive: bool,
}

/// A directory: entry 0 is its root.
#[derive(Debug)]
pub(super) struct Model {
    server: Server,
    nodes: Vec<Node>,
    /// The DNs before the edits, by id: what stale values say.
    before: Vec<String>,
    written: u32,
}

impl Model {
    pub(super) fn new(server: Server) -> Self {
        let mut model = Self { server, nodes: Vec::new(), before: Vec::new(), written: 0 };
        model.nodes.push(Node::new(0, 0, 0));
        model
    }

    /// From here on values of a plain server may name entries as they were.
    pub(super) fn begin_edits(&mut self) {
        self.before = (0..self.nodes.len()).map(|id| self.dn(id)).collect();
    }

    pub(super) fn roll(&mut self, (what, first, second, how): Dice) {
        let alive: Vec<usize> =
            self.nodes.iter().filter(|node| node.alive).map(|node| node.id).collect();
        let one = alive[usize::from(first) % alive.len()];
        let other = alive[usize::from(second) % alive.len()];
        let name = usize::from(how) % NAMES.len();
        let digit = how % 6;
        match what % 16 {
            0..=4 if self.is_free(one, name, None) => {
                let id = self.nodes.len();
                let mut node = Node::new(id, one, name);
                node.upn = Some(second % 12).filter(|upn| self.holder(*upn).is_none());
                node.sn = second.is_multiple_of(3).then_some(digit);
                node.manager = (second.is_multiple_of(5) && other != 0).then_some(other);
                self.nodes.push(node);
            }
            5 if one != 0 => self.delete(one),
            6 if one != 0 => self.place(one, other, self.nodes[one].name),
            7 if one != 0 => self.place(one, other, name),
            8 if one != 0 => self.place(one, self.nodes[one].parent, name),
            9 if one != 0 && other != 0 => self.swap(one, other),
            10 => self.nodes[one].sn = (digit > 0).then_some(digit),
            11 => self.swap_upns(one, other),
            12 => {
                let at = usize::from(how) % ADDRESSES.len();
                if !self.nodes[one].addresses.remove(&at) && self.may_add_address(one, at) {
                    self.nodes[one].addresses.insert(at);
                }
            }
            13 if other != 0 => {
                let members = &mut self.nodes[one].members;
                let was = members.remove(&other);
                members.extend((!was).then_some(other));
            }
            14 if other != 0 => {
                let now = &mut self.nodes[one].manager;
                *now = if *now == Some(other) { None } else { Some(other) };
            }
            15 if self.server == Server::Plain => {
                let node = &mut self.nodes[one];
                node.photo = (digit > 0).then_some(digit);
                node.alias = (how % 2 == 0).then_some(name);
                node.german = (how % 4 < 3).then_some(name);
            }
            _ => {}
        }
    }

    /// Outside of AD no server holds two spellings of an address.
    fn may_add_address(&self, one: usize, at: usize) -> bool {
        let held = &self.nodes[one].addresses;
        self.server == Server::ActiveDirectory
            || !held.iter().any(|&other| ADDRESSES[other].eq_ignore_ascii_case(ADDRESSES[at]))
    }

    fn holder(&self, upn: u8) -> Option<usize> {
        let holds = |node: &&Node| node.alive && node.upn == Some(upn);
        self.nodes.iter().find(holds).map(|node| node.id)
    }

    fn swap_upns(&mut self, one: usize, other: usize) {
        let (a, b) = (self.nodes[one].upn, self.nodes[other].upn);
        self.nodes[one].upn = b;
        self.nodes[other].upn = a;
    }

    fn is_free(&self, parent: usize, name: usize, but: Option<usize>) -> bool {
        let key = |name: usize| NAMES[name].to_lowercase().split_whitespace().collect::<String>();
        !self.nodes.iter().any(|node| {
            node.alive
                && node.id != 0
                && Some(node.id) != but
                && node.parent == parent
                && key(node.name) == key(name)
        })
    }

    fn is_within(&self, mut node: usize, above: usize) -> bool {
        while node != above && node != 0 {
            node = self.nodes[node].parent;
        }
        node == above
    }

    fn delete(&mut self, one: usize) {
        let gone: Vec<usize> = (0..self.nodes.len())
            .filter(|&id| self.nodes[id].alive && self.is_within(id, one))
            .collect();
        for &id in &gone {
            self.nodes[id].alive = false;
        }
        if self.server == Server::ActiveDirectory {
            for node in &mut self.nodes {
                node.members.retain(|id| !gone.contains(id));
                node.manager = node.manager.filter(|id| !gone.contains(id));
            }
        }
    }

    fn place(&mut self, one: usize, parent: usize, name: usize) {
        if !self.is_within(parent, one) && self.is_free(parent, name, Some(one)) {
            self.nodes[one].parent = parent;
            self.nodes[one].name = name;
        }
    }

    fn swap(&mut self, one: usize, other: usize) {
        let (a, b) = (self.nodes[one].clone(), self.nodes[other].clone());
        if one == other {
            return;
        }
        if self.is_within(a.parent, other) || self.is_within(b.parent, one) {
            // One above the other: they change places, and the upper one takes the
            // lower one's name below it.
            let (upper, lower) = if self.is_within(one, other) { (b, a) } else { (a, b) };
            if self.is_free(lower.id, lower.name, None) {
                self.nodes[lower.id].parent = upper.parent;
                self.nodes[lower.id].name = upper.name;
                self.nodes[upper.id].parent = lower.id;
                self.nodes[upper.id].name = lower.name;
            }
            return;
        }
        self.nodes[one].parent = b.parent;
        self.nodes[one].name = b.name;
        self.nodes[other].parent = a.parent;
        self.nodes[other].name = a.name;
    }

    fn kind(&self, id: usize) -> &'static str {
        if id % 2 == 1 { "ou" } else { "cn" }
    }

    fn dn(&self, id: usize) -> String {
        if id == 0 {
            return "dc=x".to_owned();
        }
        let node = &self.nodes[id];
        format!("{}={},{}", self.kind(id), NAMES[node.name], self.dn(node.parent))
    }

    /// The text by which a value names an entry.
    fn link(&self, holder: usize, id: usize) -> Option<String> {
        let is_stale = !self.nodes[id].alive || (holder + id).is_multiple_of(3);
        match (self.server, self.before.get(id)) {
            (Server::ActiveDirectory, _) => self.nodes[id].alive.then(|| self.dn(id)),
            (Server::Plain, Some(before)) if is_stale => Some(before.clone()),
            (Server::Plain, _) => self.nodes[id].alive.then(|| self.dn(id)),
        }
    }

    pub(super) fn export(&mut self) -> String {
        self.written += 1;
        let mut out = String::new();
        for node in self.nodes.iter().filter(|node| node.alive) {
            self.write(node, &mut out);
        }
        out
    }

    fn write(&self, node: &Node, out: &mut String) {
        let mut line = |name: &str, value: &str| {
            let _ = writeln!(out, "{name}: {value}");
        };
        line("dn", &self.dn(node.id));
        if node.id == 0 {
            line("dc", "x");
        } else {
            line(self.kind(node.id), NAMES[node.name]);
            let alias = node.alias.map(|name| NAMES[name]);
            let differs = |alias: &&str| {
                let words = |text: &str| text.to_lowercase().split_whitespace().collect::<String>();
                words(alias) != words(NAMES[node.name])
            };
            if let Some(alias) = alias.filter(differs) {
                line(self.kind(node.id), alias);
            }
            if let Some(german) = node.german {
                line(&format!("{};lang-de", self.kind(node.id)), NAMES[german]);
            }
        }
        let id = format!("00000000-0000-0000-0000-{:012}", node.id);
        match self.server {
            Server::ActiveDirectory => {
                line("objectGUID", &id);
                line("name", NAMES[node.name]);
                line("uSNChanged", &(self.written * 1000).to_string());
            }
            Server::Plain => line("entryUUID", &id),
        }
        for (name, digit) in [("sn", node.sn), ("jpegPhoto", node.photo)] {
            if let Some(digit) = digit {
                line(name, ["s", "S", "t", "t u", "T  u", "v"][usize::from(digit)]);
            }
        }
        if let Some(upn) = node.upn {
            line("userPrincipalName", &format!("u{upn}@x"));
        }
        node.addresses.iter().for_each(|&at| line("proxyAddresses", ADDRESSES[at]));
        let mut seen = BTreeSet::new();
        for member in node.members.iter().filter_map(|&id| self.link(node.id, id)) {
            if seen.insert(member.to_lowercase().replace("  ", " ")) {
                line("member", &member);
            }
        }
        if let Some(manager) = node.manager.and_then(|id| self.link(node.id, id)) {
            line("manager", &manager);
        }
        out.push('\n');
    }
}

impl Node {
    fn new(id: usize, parent: usize, name: usize) -> Self {
        Self {
            id,
            parent,
            name,
            alias: None,
            german: None,
            upn: None,
            sn: None,
            photo: None,
            addresses: BTreeSet::new(),
            members: BTreeSet::new(),
            manager: None,
            alive: true,
        }
    }
}
