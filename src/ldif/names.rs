//! The attribute descriptions of a chunk, each checked once.

use rustc_hash::FxHashMap;
use wide::u8x16;

use super::Line;
use super::line::Form;

/// The number of an attribute description, exactly as it is spelled, within one
/// reader: a caller's own table can say what the description is to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NameNumber(u16);

impl NameNumber {
    /// The number, counted from 0.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// The number of a description, or none, in the room of the number.
#[derive(Debug, Clone, Copy)]
pub(super) struct NumberOrNone(u16);

impl NumberOrNone {
    pub(super) const NONE: Self = Self(u16::MAX);

    #[inline(always)]
    pub(super) fn get(self) -> Option<NameNumber> {
        (self.0 != Self::NONE.0).then_some(NameNumber(self.0))
    }
}

/// No description has the number that stands for none: [`MOST`] is far below it.
impl From<NameNumber> for NumberOrNone {
    #[inline(always)]
    fn from(number: NameNumber) -> Self {
        Self(number.0)
    }
}

/// Which lines of a description a caller wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The bytes of the shortest value, as it stands, that is not wanted.
    least: u32,
    /// How many bytes more the longest one has.
    span: u32,
    /// The bit of the attribute of which the second line of a record and all further
    /// ones are wanted; 0 where they are not.
    bit: u64,
    /// The number of the word of [`Seen`] that has the bit.
    word: u8,
    /// Which values of these are not wanted all the same.
    usual: Usual,
}

/// Values about which there is nothing to say, told by how they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usual {
    /// None.
    Nothing,
    /// Numbers of digits alone up to this one, which has as many digits as it takes.
    UpTo(&'static [u8]),
    /// So many bytes in base64.
    Octets(usize),
}

impl Usual {
    /// Whether a value is one of these; `raw` is how it stands, with its folds.
    #[must_use]
    #[inline(always)]
    pub fn has(self, form: Form, raw: &[u8]) -> bool {
        match (form, self) {
            (Form::Plain, Self::UpTo(largest)) => {
                raw.len() <= largest.len() && is_number_up_to(largest, raw)
            }
            (Form::Base64, Self::Octets(octets)) => are_so_many_octets(octets, raw),
            _ => false,
        }
    }
}

impl Wanted {
    /// All lines.
    pub const ALL: Self = Self { least: u32::MAX, span: 0, bit: 0, word: 0, usual: Usual::Nothing };
    /// No lines.
    pub const NONE: Self = Self { least: 0, span: u32::MAX, ..Self::ALL };

    /// Those lines whose value has fewer bytes than `least`, or more than `most`, as
    /// it stands: with its folds, and not decoded.
    #[must_use]
    pub const fn outside(least: u32, most: u32) -> Self {
        match most.checked_sub(least) {
            Some(span) => Self { least, span, ..Self::NONE },
            None => Self::ALL,
        }
    }

    /// All lines but those with a usual value.
    #[must_use]
    pub const fn unless(usual: Usual) -> Self {
        Self { usual, ..Self::ALL }
    }

    /// The second line of an attribute in a record and all further ones too, told by
    /// [`Line::is_repeated`](super::Line::is_repeated). The number, below
    /// [`Wanted::NUMBERS`], is the caller's own for the attribute; 0 stands for none.
    #[must_use]
    pub const fn with_repeated(self, number: u16) -> Self {
        if number == 0 {
            return self;
        }
        // There are eight words.
        Self { bit: 1 << (number % 64), word: (number / 64 % 8) as u8, ..self }
    }

    /// The same, or all lines.
    #[must_use]
    pub const fn or_all(self, all: bool) -> Self {
        if all { Self { bit: self.bit, word: self.word, ..Self::ALL } } else { self }
    }

    /// Numbers that a caller can give its attributes.
    pub const NUMBERS: usize = 512;

    #[inline(always)]
    pub(super) fn takes(&self, form: Form, value: &[u8]) -> bool {
        self.takes_length(length32(value)) && !self.leaves_out(form, value)
    }

    /// Whether values of so many bytes are taken, of which some are left out.
    #[inline(always)]
    pub(super) fn takes_length(&self, length: u32) -> bool {
        length.wrapping_sub(self.least) > self.span
    }

    /// Whether a value is left out whose length is taken.
    #[inline(always)]
    pub(super) fn leaves_out(&self, form: Form, value: &[u8]) -> bool {
        self.usual.has(form, value)
    }
}

/// The attributes of which the record has a line so far, by the caller's number.
#[derive(Debug, Default)]
pub(super) struct Seen([u64; Wanted::NUMBERS / 64]);

impl Seen {
    /// Takes up a line; whether the attribute had one before. Never for number 0.
    #[inline(always)]
    pub(super) fn again(&mut self, wanted: &Wanted) -> bool {
        let word = &mut self.0[usize::from(wanted.word) % (Wanted::NUMBERS / 64)];
        let again = *word & wanted.bit != 0;
        *word |= wanted.bit;
        again
    }
}

fn length32(value: &[u8]) -> u32 {
    u32::try_from(value.len()).unwrap_or(u32::MAX)
}

/// Whether a value of no more bytes than a number has digits is one up to that.
#[inline(never)]
fn is_number_up_to(largest: &[u8], value: &[u8]) -> bool {
    are_digits(value) && (value.len() < largest.len() || value <= largest)
}

/// Whether base64 whose padding is right is that of so many bytes.
fn are_so_many_octets(octets: usize, base64: &[u8]) -> bool {
    let padding = base64.iter().rev().take_while(|byte| **byte == b'=').count();
    base64.len() == octets.div_ceil(3) * 4
        && octets.div_ceil(3) * 3 - octets == padding
        && !base64.contains(&b'\n')
}

fn are_digits(value: &[u8]) -> bool {
    match (value.first_chunk(), value.last_chunk()) {
        // Whole words, of which the last two may have bytes in common.
        (Some(first), Some(last)) => {
            let words = value.as_chunks().0.iter();
            words.chain([first, last]).all(|word| are_eight_digits(*word))
        }
        _ => !value.is_empty() && value.iter().all(u8::is_ascii_digit),
    }
}

fn are_eight_digits(bytes: [u8; 8]) -> bool {
    const HIGH: u64 = u64::from_ne_bytes([0xF0; 8]);
    const ZEROS: u64 = u64::from_ne_bytes([b'0'; 8]);
    const SIX: u64 = u64::from_ne_bytes([6; 8]);
    let word = u64::from_ne_bytes(bytes);
    // Of those whose high half is that of a digit, the ones that six more bring out of it.
    word & HIGH == ZEROS && (word + SIX) & HIGH == ZEROS
}

/// How a caller says what it wants.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pick {
    ByName(fn(&[u8]) -> bool),
    ByLine(fn(&[u8]) -> Wanted),
}

impl Pick {
    fn of(self, name: &[u8]) -> Wanted {
        match self {
            Self::ByName(wanted) if wanted(name) => Wanted::ALL,
            Self::ByName(_) => Wanted::NONE,
            Self::ByLine(wanted) => wanted(name),
        }
    }
}

/// Descriptions that are remembered at a time.
const MOST: usize = 1 << 12;

/// A description is recognised by so many bytes, its colon included.
pub(super) const HEAD: usize = 32;

/// A chunk that is no larger does not repeat its descriptions often enough.
pub(super) const SMALL: usize = 16 << 10;

/// The descriptions seen so far in a chunk, `dn` and those with options aside.
///
/// The entries of an export have the same attributes in the same order, so that
/// a line's description is nearly always the one before it, or the one that
/// stood behind that the last time. To see that it is takes one comparison of
/// [`HEAD`] bytes, where to find its end takes a look at each byte.
#[derive(Debug)]
pub(super) struct Names<'a> {
    known: Vec<Known>,
    numbers: FxHashMap<&'a [u8], NameNumber>,
    /// The description of the line before.
    last: usize,
    limit: usize,
    pick: Pick,
}

/// A description with its colon.
#[derive(Debug)]
struct Known {
    head: [u8x16; HEAD / 16],
    /// Which bytes of the head count, one bit for each.
    mask: u32,
    name: Expected,
    /// The description that stood behind this one the last time, this one itself
    /// aside.
    follower: NameNumber,
    /// The one that stood there before that: entries do not have all of their
    /// attributes alike.
    other: NameNumber,
}

/// An expected description with which a line begins.
#[derive(Debug)]
pub(super) struct Expected {
    length: u8,
    /// Which lines with it the caller wants.
    pub wanted: Wanted,
    pub number: NameNumber,
}

impl Expected {
    /// How many bytes it has; below [`HEAD`].
    #[inline(always)]
    pub(super) fn length(&self) -> usize {
        // It is below that anyway, and so the compiler knows.
        usize::from(self.length) % HEAD
    }

    /// How many bytes stand before the value, with a colon and a space behind it.
    #[inline(always)]
    pub(super) fn lead(&self) -> u32 {
        u32::from(self.length) + 2
    }
}

impl Known {
    #[inline(always)]
    fn begins(&self, line: &[u8; HEAD]) -> bool {
        let [first, second] = lanes(line);
        let same = |lane: u8x16, head| u32::from(lane.cmp_eq(head).move_mask() as u16);
        let same = same(first, self.head[0]) | same(second, self.head[1]) << 16;
        !same & self.mask == 0
    }
}

impl<'a> Names<'a> {
    /// No descriptions, for a chunk of so many bytes.
    pub(super) fn for_chunk(length: usize) -> Self {
        let limit = if length > SMALL { MOST } else { 0 };
        let (known, numbers) = (Vec::new(), FxHashMap::default());
        Self { known, numbers, last: 0, limit, pick: Pick::ByName(|_| true) }
    }

    /// Remembers descriptions however small the texts are: there are many of them.
    pub(super) fn expect_more(&mut self) {
        self.limit = MOST;
        self.last = 0;
    }

    /// Says which lines are wanted.
    pub(super) fn want(&mut self, pick: Pick) {
        self.pick = pick;
    }

    /// Which lines with the description of a line are wanted.
    pub(super) fn wanted(&self, line: &Line<'_>) -> Wanted {
        match line.name_number().and_then(|number| self.known.get(number.index())) {
            Some(known) => known.name.wanted,
            None if line.options => Wanted::ALL,
            None => self.pick.of(&line.name()),
        }
    }

    /// What is expected behind the last description.
    pub(super) fn expect(&self) -> Expectation<'_> {
        Expectation { known: &self.known, last: self.known.get(self.last) }
    }

    /// Goes on behind the last description that was expected.
    pub(super) fn resume(&mut self, last: usize) {
        self.last = last;
    }

    /// The number of a description that was not expected; it will be where this
    /// one stands again.
    pub(super) fn number(&mut self, name: &'a [u8], options: bool) -> Option<NameNumber> {
        if options || self.limit == 0 || name.eq_ignore_ascii_case(b"dn") {
            return None;
        }
        let number = match self.numbers.get(name) {
            Some(&number) => number,
            None => self.add(name)?,
        };
        if let Some(last) = self.known.get_mut(self.last)
            && self.last != number.index()
        {
            last.other = std::mem::replace(&mut last.follower, number);
        }
        self.last = number.index();
        Some(number)
    }

    fn add(&mut self, name: &'a [u8]) -> Option<NameNumber> {
        let next = self.known.len();
        if next >= self.limit || name.len() >= HEAD {
            return None;
        }
        let number = NameNumber(u16::try_from(next).ok()?);
        let mut head = [0; HEAD];
        head[..name.len()].copy_from_slice(name);
        head[name.len()] = b':';
        let mask = u32::MAX >> (HEAD - 1 - name.len());
        let length = u8::try_from(name.len()).ok()?;
        let name_of = Expected { length, number, wanted: self.pick.of(name) };
        let (follower, other) = (number, number);
        self.known.push(Known { head: lanes(&head), mask, name: name_of, follower, other });
        self.numbers.insert(name, number);
        Some(number)
    }
}

/// The names of the lines that follow each other, as long as they are expected.
#[derive(Clone, Copy)]
pub(super) struct Expectation<'n> {
    known: &'n [Known],
    last: Option<&'n Known>,
}

impl<'n> Expectation<'n> {
    /// The description with which a line begins, where that is an expected one and
    /// a colon follows it.
    #[inline(always)]
    pub(super) fn next(&mut self, head: &[u8; HEAD]) -> Option<&'n Expected> {
        let last = self.last?;
        let next = self.known.get(last.follower.index())?;
        if next.begins(head) {
            self.last = Some(next);
            return Some(&next.name);
        }
        if last.begins(head) {
            return Some(&last.name);
        }
        let other = self.known.get(last.other.index())?;
        if other.begins(head) {
            self.last = Some(other);
            return Some(&other.name);
        }
        None
    }

    /// The last description that was expected.
    pub(super) fn last(&self) -> usize {
        self.last.map_or(0, |last| last.name.number.index())
    }
}

#[inline(always)]
fn lanes(bytes: &[u8; HEAD]) -> [u8x16; HEAD / 16] {
    let lanes = bytes.as_chunks().0;
    [u8x16::new(lanes[0]), u8x16::new(lanes[1])]
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn expected(names: &mut Names<'_>, line: &str) -> Option<usize> {
        let mut expectation = names.expect();
        let length =
            format!("{line:x<40}").as_bytes().first_chunk().and_then(|head| expectation.next(head));
        let length = length.map(Expected::length);
        let last = expectation.last();
        names.resume(last);
        length
    }

    #[test]
    fn the_description_before_and_the_one_behind_it_are_expected_and_no_other() {
        let mut names = Names::for_chunk(SMALL + 1);
        assert_eq!(expected(&mut names, "cn: a"), None);
        for name in [&b"cn"[..], b"sn", b"mail", b"cn"] {
            assert!(names.number(name, false).is_some());
        }
        assert_eq!(expected(&mut names, "mail: a"), None);
        assert_eq!(expected(&mut names, "cn: a"), Some(2));
        assert_eq!(expected(&mut names, "sn:: a"), Some(2));
        assert_eq!(expected(&mut names, "sn2: a"), None);
        assert_eq!(expected(&mut names, "SN: a"), None);
        assert_eq!(expected(&mut names, "sn : a"), None);
        assert_eq!(expected(&mut names, "sn:<a"), Some(2));
        assert_eq!(expected(&mut names, "mail:"), Some(4));
        assert_eq!(expected(&mut names, "cn:"), Some(2));
    }

    #[test]
    fn of_numbers_only_those_beyond_the_largest_are_wanted_and_all_that_is_no_number() {
        const LARGEST: &[u8] = b"9223372036854775807";
        let beyond = |largest| Wanted::unless(Usual::UpTo(largest));
        let takes = |largest, value: &str| beyond(largest).takes(Form::Plain, value.as_bytes());
        for number in ["0", "7", "512", "0009", "9999"] {
            assert!(!takes(b"9999", number) && !takes(LARGEST, number), "{number}");
        }
        for number in ["10000", "12345678", "131108127854543042", "9223372036854775807"] {
            assert!(takes(b"9999", number) && !takes(LARGEST, number), "{number}");
        }
        for other in ["", "-1", " 1", "1 ", "1\n 2", "0x1", "12:4", "9223372036854775808"] {
            assert!(takes(b"9999", other) && takes(LARGEST, other), "{other}");
        }
        for length in 1..19 {
            for at in 0..length {
                for wrong in [b'/', b':', b' ', b'\n', b'0' | 0x80, b'0' - 0x10, 0xFF] {
                    let mut value = vec![b'9'; length];
                    assert!(!beyond(LARGEST).takes(Form::Plain, &value));
                    value[at] = wrong;
                    assert!(beyond(LARGEST).takes(Form::Plain, &value), "{value:?}");
                }
            }
        }
        assert!(beyond(b"9").takes(Form::Base64, b"1234"));
        assert!(beyond(b"9").or_all(true).takes(Form::Plain, b"1"));
        assert!(Wanted::ALL.takes(Form::Plain, b""));
        assert!(!Wanted::NONE.takes(Form::Plain, b"1"));
    }

    #[test]
    fn of_octets_only_those_of_another_number_are_wanted() {
        let octets = |number| Wanted::unless(Usual::Octets(number));
        for length in 0..40 {
            let base64 = STANDARD.encode(vec![0xA5; length]);
            for number in 0..40 {
                let is_wanted = octets(number).takes(Form::Base64, base64.as_bytes());
                assert_eq!(is_wanted, length != number, "{base64} {number}");
            }
        }
        let value = b"pKWlpaWlpaWlpaWlpaWlpQ==";
        assert!(octets(16).takes(Form::Plain, value));
        assert!(!octets(16).takes(Form::Base64, value));
        // Thirteen of them, in as many bytes as sixteen take.
        assert!(octets(16).takes(Form::Base64, b"pKWlpaWl\n paWlpaWl\n pQ=="));
    }

    #[test]
    fn what_calls_for_a_closer_look_is_never_expected() {
        let mut names = Names::for_chunk(SMALL + 1);
        let long = [b'a'; HEAD];
        assert_eq!(names.number(b"DN", false), None);
        assert_eq!(names.number(b"cn;lang-de", true), None);
        assert_eq!(names.number(&long, false), None);
        assert_ne!(names.number(&long[1..], false), None);
        assert_eq!(Names::for_chunk(10).number(b"cn", false), None);
    }

    #[test]
    fn one_spelling_has_one_number() {
        let mut names = Names::for_chunk(SMALL + 1);
        let number = names.number(b"cn", false);
        assert_ne!(names.number(b"CN", false), number);
        assert_eq!(names.number(b"cn", false), number);
    }
}
