//! Lines of entries, with what is asked of each looked up once per description.

use super::evaluate::{Attributes, Visit};
use super::{Matcher, Selector};
use crate::directory::attribute_list::AttributeList;
use crate::ldif::{Form, Line};

/// The bit of a description that was looked up.
const KNOWN: u64 = 1 << 63;
/// The bit of one that the list of attributes takes.
const LISTED: u64 = 1 << 62;
/// Selectors with a bit of their own; more are asked each time.
const SELECTORS: usize = 62;

/// Which selectors of a matcher, and which list, take the lines of one reader.
#[derive(Debug)]
pub struct Choices<'m> {
    selectors: &'m [Selector],
    list: Option<&'m AttributeList>,
    without: Option<&'m AttributeList>,
    /// By number of description.
    known: Vec<u64>,
    /// Of the lines at hand.
    lines: Vec<u64>,
}

impl<'m> Choices<'m> {
    /// For the lines of one reader. `list` is `None` for all attributes; those of
    /// `without` are left out.
    #[must_use]
    pub fn new(
        matcher: Option<&'m Matcher>,
        list: Option<&'m AttributeList>,
        without: Option<&'m AttributeList>,
    ) -> Self {
        let selectors = matcher.map(Matcher::selectors).unwrap_or_default();
        Self { selectors, list, without, known: Vec::new(), lines: Vec::new() }
    }

    /// The attribute lines of an entry, looked up.
    pub fn of<'c, 'a>(&'c mut self, dn: &'c [u8], lines: &'c [Line<'a>]) -> ChosenLines<'c, 'a> {
        let mut chosen = std::mem::take(&mut self.lines);
        chosen.clear();
        chosen.extend(lines.iter().map(|line| self.choice(line)));
        self.lines = chosen;
        ChosenLines { dn, lines, chosen: &self.lines }
    }

    fn choice(&mut self, line: &Line<'_>) -> u64 {
        let Some(number) = line.name_number().map(|number| number.index()) else {
            return self.look_up(&line.name());
        };
        match self.known.get(number) {
            Some(&known) if known != 0 => known,
            _ => {
                let choice = self.look_up(&line.name());
                if self.known.len() <= number {
                    self.known.resize(number + 1, 0);
                }
                self.known[number] = choice;
                choice
            }
        }
    }

    fn look_up(&self, name: &[u8]) -> u64 {
        let taken = self.selectors.iter().take(SELECTORS).enumerate();
        let taken = taken.filter(|(_, selector)| selector.takes(name));
        let mut choice = taken.fold(KNOWN, |choice, (number, _)| choice | 1 << number);
        if self.list.is_none_or(|list| list.takes(name))
            && !self.without.is_some_and(|list| list.takes(name))
        {
            choice |= LISTED;
        }
        choice
    }
}

/// The attribute lines of an entry, with what takes them.
#[derive(Debug, Clone, Copy)]
pub struct ChosenLines<'c, 'a> {
    dn: &'c [u8],
    lines: &'c [Line<'a>],
    chosen: &'c [u64],
}

impl<'c, 'a> ChosenLines<'c, 'a> {
    /// The lines that the list takes.
    pub fn listed(self) -> impl Iterator<Item = &'c Line<'a>> {
        let lines = self.lines.iter().zip(self.chosen);
        lines.filter(|(_, chosen)| **chosen & LISTED != 0).map(|(line, _)| line)
    }
}

impl Attributes for ChosenLines<'_, '_> {
    fn dn(&self) -> &[u8] {
        self.dn
    }

    fn for_each_value(&self, selector: &Selector, visit: &mut Visit<'_>) {
        let bit = (selector.number() < SELECTORS).then(|| 1_u64 << selector.number());
        let mut buffer = Vec::new();
        for (line, &chosen) in self.lines.iter().zip(self.chosen) {
            let takes = match bit {
                Some(bit) => chosen & bit != 0,
                None => selector.takes(&line.name()),
            };
            if !takes {
                continue;
            }
            let name = line.name();
            let flow = match line.form() {
                Form::Url => visit(&name, None),
                Form::Plain | Form::Base64 => visit(&name, Some(line.bytes_in(&mut buffer))),
            };
            if flow.is_break() {
                return;
            }
        }
    }
}
