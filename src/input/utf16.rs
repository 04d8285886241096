//! UTF-16 read as UTF-8, piece by piece.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, UTF_16BE, UTF_16LE};

use super::note::{Endian, InputNote};

const INPUT: usize = 64 * 1024;
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// A reader of UTF-8 over a reader of UTF-16 (without its byte order mark).
pub(super) struct Utf16Reader<R> {
    inner: R,
    decoder: Decoder,
    input: Vec<u8>,
    /// Decoded bytes; those before `given` have been handed out.
    output: Vec<u8>,
    given: usize,
    ready: usize,
    ended: bool,
    /// Bytes of UTF-16 that have gone into the decoder, byte order mark included.
    consumed: u64,
    /// Bytes of UTF-8 that came out before those in `output`.
    produced: u64,
    replaced: u64,
    first: (u64, u64),
}

impl<R: Read> Utf16Reader<R> {
    /// `skipped` is the length of the byte order mark before `inner`.
    pub(super) fn new(inner: R, endian: Endian, skipped: usize) -> Self {
        let encoding = match endian {
            Endian::Little => UTF_16LE,
            Endian::Big => UTF_16BE,
        };
        Self {
            inner,
            decoder: encoding.new_decoder_without_bom_handling(),
            input: vec![0; INPUT],
            // A unit of two bytes becomes three at the most.
            output: vec![0; INPUT / 2 * 3 + 16],
            given: 0,
            ready: 0,
            ended: false,
            consumed: skipped as u64,
            produced: 0,
            replaced: 0,
            first: (0, 0),
        }
    }

    /// What was replaced so far.
    pub(super) fn note(&self) -> Option<InputNote> {
        let (offset, decoded_offset) = self.first;
        (self.replaced > 0).then_some(InputNote::Utf16Replaced {
            count: self.replaced,
            offset,
            decoded_offset,
        })
    }

    fn fill(&mut self) -> io::Result<()> {
        while self.given == self.ready && !self.ended {
            let read = self.inner.read(&mut self.input)?;
            self.ended = read == 0;
            self.produced += self.ready as u64;
            self.given = 0;
            self.ready = 0;
            self.decode(read);
        }
        Ok(())
    }

    fn decode(&mut self, read: usize) {
        let mut at = 0;
        loop {
            let (result, took, gave) = self.decoder.decode_to_utf8_without_replacement(
                &self.input[at..read],
                &mut self.output[self.ready..],
                self.ended,
            );
            at += took;
            self.consumed += took as u64;
            self.ready += gave;
            match result {
                DecoderResult::InputEmpty => return,
                DecoderResult::OutputFull => self.grow(),
                DecoderResult::Malformed(bad, after) => self.replace(bad, after),
            }
        }
    }

    fn replace(&mut self, bad: u8, after: u8) {
        if self.replaced == 0 {
            let behind = u64::from(bad) + u64::from(after);
            self.first = (self.consumed.saturating_sub(behind), self.produced + self.ready as u64);
        }
        self.replaced += 1;
        if self.output.len() - self.ready < REPLACEMENT.len() {
            self.grow();
        }
        self.output[self.ready..self.ready + REPLACEMENT.len()].copy_from_slice(REPLACEMENT);
        self.ready += REPLACEMENT.len();
    }

    fn grow(&mut self) {
        self.output.resize(self.output.len() + 1024, 0);
    }
}

impl<R: Read> Read for Utf16Reader<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.fill()?;
        let len = into.len().min(self.ready - self.given);
        into[..len].copy_from_slice(&self.output[self.given..self.given + len]);
        self.given += len;
        Ok(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Hands out a few bytes at a time, so that units and pairs are cut.
    struct Dribble<'a>(&'a [u8], usize);

    impl Read for Dribble<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let len = self.1.min(self.0.len()).min(into.len());
            let (now, later) = self.0.split_at(len);
            into[..len].copy_from_slice(now);
            self.0 = later;
            Ok(len)
        }
    }

    fn bytes(units: &[u16], endian: Endian) -> Vec<u8> {
        let order = |unit: &u16| match endian {
            Endian::Little => unit.to_le_bytes(),
            Endian::Big => unit.to_be_bytes(),
        };
        units.iter().flat_map(order).collect()
    }

    fn read_all(data: &[u8], endian: Endian, step: usize) -> (Vec<u8>, Option<InputNote>) {
        let mut reader = Utf16Reader::new(Dribble(data, step), endian, 2);
        let mut out = Vec::new();
        reader.read_to_end(&mut out).unwrap();
        (out, reader.note())
    }

    proptest! {
        #[test]
        fn any_units_decode_as_the_standard_library_does(
            units in proptest::collection::vec(
                prop_oneof![any::<u16>(), 0xd7f0_u16..0xe010, 0x20_u16..0x7f], 0..400),
            step in 1_usize..9,
            little in any::<bool>(),
        ) {
            let endian = if little { Endian::Little } else { Endian::Big };
            let (out, note) = read_all(&bytes(&units, endian), endian, step);
            let mut expected = String::new();
            let mut replaced = 0;
            let mut first = None;
            let mut at = 2_u64;
            for decoded in char::decode_utf16(units.iter().copied()) {
                if let Ok(c) = decoded {
                    at += c.len_utf16() as u64 * 2;
                    expected.push(c);
                } else {
                    replaced += 1;
                    first.get_or_insert((at, expected.len() as u64));
                    at += 2;
                    expected.push('\u{fffd}');
                }
            }
            prop_assert_eq!(out, expected.into_bytes());
            let expected_note = first.map(|(offset, decoded_offset)|
                InputNote::Utf16Replaced { count: replaced, offset, decoded_offset });
            prop_assert_eq!(note, expected_note);
        }
    }

    #[test]
    fn a_file_cut_within_a_unit_says_so() {
        let (out, note) = read_all(b"d\0n\0:", Endian::Little, 64);
        assert_eq!(out, "dn\u{fffd}".as_bytes());
        assert_eq!(note, Some(InputNote::Utf16Replaced { count: 1, offset: 6, decoded_offset: 2 }));
    }

    #[test]
    fn nothing_but_lone_surrogates_fits_the_buffer() {
        let units = vec![0xdc00_u16; INPUT];
        let (out, note) = read_all(&bytes(&units, Endian::Big), Endian::Big, INPUT);
        assert_eq!(out.len(), units.len() * 3);
        assert!(matches!(note, Some(InputNote::Utf16Replaced { count, .. }) if count == 65_536));
    }
}
