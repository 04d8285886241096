//! The pass over every value: does a chain fail, and which keys does the entry
//! hold? Tables of bytes decide for plain ASCII; the rest is worked out exactly.

use crate::rules::catalogue::identifiers::IdentifierBuffers;
use crate::rules::profile::{Chain, IdFix, Step, Values};
use crate::rules::{Attr, Fingerprint, Subject};

use super::address;
use super::chain::{Context, run, run_absent, text};
use super::characters::Bytes;
use super::fold::{fold_plain, fold_text};
use crate::rules::shape::Shape;

/// The key of one value that the profile wants unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key<'k> {
    /// The attribute.
    pub attr: Attr,
    /// Which of the attribute's values, in the order of the export.
    pub value: usize,
    /// The folded value, as the steps before had rewritten it.
    pub bytes: &'k [u8],
    /// The fingerprint under which the index knows the value.
    pub fingerprint: Fingerprint,
    /// Whether a step before had rewritten it.
    pub rewritten: bool,
}

impl<'k> Key<'k> {
    /// The key of a value of an attribute.
    #[must_use]
    pub fn new(attr: Attr, value: usize, bytes: &'k [u8]) -> Self {
        Self { attr, value, bytes, fingerprint: Fingerprint::of(attr, bytes), rewritten: false }
    }
}

/// Room for what is worked out of one value, reused from value to value.
#[derive(Debug, Default)]
pub struct Buffers {
    value: Vec<u8>,
    key: Vec<u8>,
    /// For the rules of the catalogue.
    pub(in crate::rules) identifiers: IdentifierBuffers,
}

impl IdFix {
    /// Whether any chain of the entry fails, duplicates aside; every key of the
    /// entry goes to the sink.
    ///
    /// The entry must be in scope ([`IdFix::scope`]). Where this is false and none
    /// of the keys is a later holder's, [`IdFix::findings`] has nothing to say.
    pub fn inspect(
        &self,
        subject: &Subject<'_>,
        buffers: &mut Buffers,
        mut sink: impl FnMut(Key<'_>),
    ) -> bool {
        let context = Context::of(subject);
        let mut fails = false;
        for chain in self.chains {
            let lines = subject.lines(chain.attr);
            let lines = match chain.values {
                Values::Each => lines,
                Values::First => {
                    fails |= lines.is_empty() && run_absent(chain, context).is_some();
                    &lines[..lines.len().min(1)]
                }
            };
            for (at, line) in lines.iter().enumerate() {
                let value = line.bytes_in(&mut buffers.value);
                fails |= inspect_value(chain, at, value, context, &mut buffers.key, &mut sink);
            }
        }
        fails
    }
}

/// Whether one value fails; its key goes to the sink.
fn inspect_value(
    chain: &Chain,
    at: usize,
    value: &[u8],
    context: Context<'_, '_>,
    buffer: &mut Vec<u8>,
    sink: &mut impl FnMut(Key<'_>),
) -> bool {
    if passes_by_bytes(chain, value, context) {
        let is_unique = |step: &Step| match step {
            Step::Unique { unless } => !context.leaves_out(*unless),
            _ => false,
        };
        if chain.steps.iter().any(is_unique) {
            let bytes = fold_plain(value, buffer);
            sink(Key::new(chain.attr, at, bytes));
        }
        return false;
    }
    run(chain, &text(value), context, &mut |current, rewritten| {
        let bytes = fold_text(current, buffer);
        sink(Key { rewritten, ..Key::new(chain.attr, at, bytes) });
        None
    })
    .failed()
}

/// Whether a value is known to pass every step of its chain, duplicates aside,
/// without a look at its characters as text. A value with a key is then plain ASCII.
#[inline]
pub(super) fn passes_by_bytes(chain: &Chain, value: &[u8], context: Context<'_, '_>) -> bool {
    if !chain.looks_at_characters() {
        return passes(chain, value, Bytes::default(), None, context);
    }
    let shape = Shape::of(value);
    let bytes = shape.map_or_else(|| Bytes::of(value), |shape| shape.bytes());
    bytes.are_plain() && passes(chain, value, bytes, shape.as_ref(), context)
}

/// Whether a value of plain ASCII passes every step of its chain.
fn passes(
    chain: &Chain,
    value: &[u8],
    bytes: Bytes,
    shape: Option<&Shape>,
    context: Context<'_, '_>,
) -> bool {
    let passes = |step: &Step| match *step {
        Step::MaxLength(limit) => value.len() <= limit,
        Step::MaxLengthByClass { user, other } => value.len() <= context.limit(user, other),
        Step::Forbidden(class) => !bytes.have(class),
        Step::LeadingPeriods => value.first() != Some(&b'.'),
        Step::OuterWhiteSpace => {
            let is_white = |byte: Option<&u8>| matches!(byte, Some(b'\t'..=b'\r' | b' '));
            !is_white(value.first()) && !is_white(value.last())
        }
        Step::SecondColon => match shape {
            Some(shape) => !shape.has_second_colon(),
            None => {
                let mut colons = memchr::memchr_iter(b':', value);
                colons.next().is_none_or(|first| first == 0 || colons.next().is_none())
            }
        },
        Step::MailAddress => address::is_sound(value, shape),
        Step::Blank { of, .. } => !value.is_empty() || !context.needs(of),
        Step::Unique { .. } => true,
    };
    chain.steps.iter().all(passes) && chain.tail.steps(value).iter().all(passes)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::ldif::Line;
    use crate::rules::idfix::{DEDICATED, Duplicates, Holder, Location, fold_key, multitenant};
    use crate::rules::profile::RuleSet;
    use crate::rules::{Finding, ProfileOptions};

    /// Answers every question about duplicates with no.
    struct Unique;

    impl Duplicates for Unique {
        fn is_later_holder(&self, _: Attr, _: usize) -> bool {
            false
        }

        fn first_holder(&self, _: Attr, _: &[u8]) -> Option<Holder<'_>> {
            None
        }
    }

    fn profiles() -> [IdFix; 2] {
        [multitenant(ProfileOptions::default()), DEDICATED].map(|profile| {
            let RuleSet::IdFix(idfix) = profile.rules else { unreachable!() };
            idfix
        })
    }

    fn subject(lines: &[(Attr, Vec<u8>)]) -> Subject<'_> {
        let mut subject = Subject::default();
        subject.reset(&Line::of(b"dn", b"cn=x,dc=y"));
        for (attr, value) in lines {
            subject.push(*attr, Line::of(attr.name().as_bytes(), value));
        }
        subject
    }

    fn findings<'a>(profile: &IdFix, subject: &Subject<'a>) -> Vec<Finding<'a>> {
        let place = Location { file: "x.ldif", first_line: 1, dn_line: 0 };
        profile.findings(subject, &Unique, place)
    }

    type Keys = HashMap<(Attr, usize), (Vec<u8>, bool)>;

    fn inspected(profile: &IdFix, subject: &Subject<'_>) -> (bool, Keys) {
        let mut keys = Keys::new();
        let fails = profile.inspect(subject, &mut Buffers::default(), |key| {
            let held = (key.bytes.to_vec(), key.rewritten);
            assert_eq!(keys.insert((key.attr, key.value), held), None, "a value has one key");
        });
        (fails, keys)
    }

    /// The keys as the exact evaluation of every value gives them.
    fn exact_keys(profile: &IdFix, subject: &Subject<'_>) -> Keys {
        let mut keys = Keys::new();
        for chain in profile.chains {
            let looked_at = if chain.values == Values::First { 1 } else { usize::MAX };
            for (at, line) in subject.lines(chain.attr).iter().take(looked_at).enumerate() {
                let value = line.bytes();
                run(chain, &text(&value), Context::of(subject), &mut |current, rewritten| {
                    let key = fold_key(current.as_bytes(), &mut Vec::new()).to_vec();
                    keys.insert((chain.attr, at), (key, rewritten));
                    None
                });
            }
        }
        keys
    }

    fn piece() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => "[a-zA-Z0-9]{0,9}",
            2 => "[ -~]{0,4}",
            1 => "[\\x00-\\x1F]{1,2}",
            1 => "[äÖßéŸ中\u{200B}\u{A0}\u{85}\u{301}\u{212A}\u{130}😀ﬁ]{1,3}",
            1 => "\\PC{0,3}",
            1 => "[a-z.]{60,130}",
            2 => prop::sample::select(vec![
                "smtp:", "SMTP:", "x400:", "X.500:", "sip:", ":", "@", "@@", ".", "..", " ", ".com",
                ".local", "\n", "@example.com", "@b.co", "😀", "'", "",
            ])
            .prop_map(str::to_owned),
        ]
    }

    fn value() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            20 => prop::collection::vec(piece(), 0..6).prop_map(|it| it.concat().into_bytes()),
            10 => "(smtp:|SMTP:)?[a-z]{1,8}(\\.[a-z]{1,8})?@[a-z]{1,8}\\.(com|de|local)"
                .prop_map(String::into_bytes),
            1 => prop::collection::vec(any::<u8>(), 0..12),
        ]
    }

    fn lines() -> impl Strategy<Value = Vec<(Attr, Vec<u8>)>> {
        let class = prop::sample::select(vec!["user", "group", "contact", "person", "USER"])
            .prop_map(|class| (Attr::ObjectClass, class.as_bytes().to_vec()));
        let attr = prop::sample::select(vec![
            Attr::Cn,
            Attr::DisplayName,
            Attr::GivenName,
            Attr::HomeMdb,
            Attr::Mail,
            Attr::MailNickname,
            Attr::ProxyAddresses,
            Attr::ProxyAddresses,
            Attr::SamAccountName,
            Attr::Sn,
            Attr::TargetAddress,
            Attr::UserPrincipalName,
        ]);
        (class, prop::collection::vec((attr, value()), 0..8)).prop_map(|(class, mut lines)| {
            lines.push(class);
            lines
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1500))]

        #[test]
        fn the_pass_over_the_bytes_says_what_the_rows_say(lines in lines()) {
            let subject = subject(&lines);
            for profile in profiles() {
                let (fails, keys) = inspected(&profile, &subject);
                let rows = findings(&profile, &subject);
                prop_assert_eq!(fails, !rows.is_empty(), "{:?}: {:?}", profile.population, rows);
                prop_assert_eq!(keys, exact_keys(&profile, &subject), "{:?}", profile.population);
            }
        }

        #[test]
        fn a_single_value_is_judged_alike_by_bytes_and_by_text(value in value()) {
            for profile in profiles() {
                for chain in profile.chains {
                    let lines = [(Attr::ObjectClass, b"user".to_vec()), (chain.attr, value.clone())];
                    let subject = subject(&lines);
                    let bytes = Bytes::of(&value);
                    let shape = Shape::of(&value);
                    let context = Context::of(&subject);
                    let exact = run(chain, &text(&value), context, &mut |_, _| None);
                    if bytes.are_plain() {
                        for shape in [None, shape.as_ref()] {
                            let passes = passes(chain, &value, bytes, shape, context);
                            prop_assert_eq!(passes, !exact.failed());
                        }
                    }
                }
            }
        }
    }
}
