//! The quick look at an object: most have nothing wrong with their addresses, and
//! a pass over the bytes tells.

use std::cell::RefCell;
use std::hash::Hasher;

use rustc_hash::FxHasher;

use crate::ldif::Line;
use crate::rules::Attr;
use crate::rules::catalogue::everyday::Everyday;
use crate::rules::catalogue::{Object, ObjectKind};

use super::value::{AddressType, MAX_VALUE, is_routing};
use super::whole::MANY_VALUES;

/// Objects with more addresses than that are looked at closely.
const FEW: usize = 32;
const _: () = assert!(FEW <= MANY_VALUES);

thread_local! {
    /// Room for a value that is folded in the export, as those of X500 are.
    static UNFOLDED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Whether an object's addresses certainly break no rule. It must have some.
pub(super) fn is_plain(object: &Object<'_, '_>) -> bool {
    let lines = object.subject.lines(Attr::ProxyAddresses);
    if lines.len() > FEW {
        return false;
    }
    UNFOLDED.with_borrow_mut(|buffer| are_plain(lines, object, buffer))
}

fn are_plain(lines: &[Line<'_>], object: &Object<'_, '_>, buffer: &mut Vec<u8>) -> bool {
    let mut keys = [0_u64; FEW];
    let mut seen = Seen::default();
    for (at, line) in lines.iter().enumerate() {
        let value = line.bytes_in(buffer);
        if !seen.takes(value, object) {
            return false;
        }
        let key = key(value);
        let (earlier, rest) = keys.split_at_mut(at);
        // A hash that two values share sends the object to the close look.
        if earlier.contains(&key) {
            return false;
        }
        if let Some(own) = rest.first_mut() {
            *own = key;
        }
    }
    let has_smtp = seen.primaries + seen.secondaries > 0;
    let needs_smtp = matches!(object.kind, ObjectKind::Group | ObjectKind::Contact);
    let primaries = if has_smtp || needs_smtp { 1 } else { 0 };
    seen.primaries == primaries
}

/// The addresses that were looked at.
#[derive(Default)]
struct Seen {
    primaries: usize,
    secondaries: usize,
    /// Primary addresses of SIP, X500 and EUM.
    others: [usize; 3],
}

impl Seen {
    /// Whether there is certainly nothing to say about a value and those before it.
    fn takes(&mut self, value: &[u8], object: &Object<'_, '_>) -> bool {
        // Most are of one type, as it is usually spelled.
        match value {
            [b'S', b'M', b'T', b'P', b':', address @ ..] => {
                self.primaries += 1;
                return is_plain_smtp(address, object);
            }
            [b's', b'm', b't', b'p', b':', address @ ..] => {
                self.secondaries += 1;
                return is_plain_smtp(address, object);
            }
            _ => {}
        }
        let Some(colon) = value.iter().take(16).position(|byte| *byte == b':') else {
            return false;
        };
        let (name, address) = (&value[..colon], &value[colon + 1..]);
        let is_primary = !name.iter().any(u8::is_ascii_lowercase);
        let other = match AddressType::of(name) {
            AddressType::Smtp => {
                *(if is_primary { &mut self.primaries } else { &mut self.secondaries }) += 1;
                return is_plain_smtp(address, object);
            }
            AddressType::None | AddressType::Legacy => return false,
            AddressType::Other => return value.len() <= MAX_VALUE,
            AddressType::Sip if !address.iter().all(u8::is_ascii_graphic) => return false,
            AddressType::Sip => 0,
            AddressType::X500 => 1,
            AddressType::Eum => 2,
        };
        self.others[other] += usize::from(is_primary);
        // Bytes are at least as many as UTF-16 units.
        self.others[other] <= 1 && value.len() <= MAX_VALUE
    }
}

fn is_plain_smtp(address: &[u8], object: &Object<'_, '_>) -> bool {
    let Some(Everyday { domain, is_reserved, .. }) = Everyday::of(address, object.settings) else {
        return false;
    };
    match is_reserved {
        // The rule about these is one that keeps house, and looks closely.
        true => is_routing(domain, object.settings),
        false => object.kind != ObjectKind::User || object.settings.is_verified(domain),
    }
}

/// A hash that is the same for the same value in another case. Type and address
/// stand side by side: what stands around them sends a value to the close look.
fn key(value: &[u8]) -> u64 {
    const SMALL: u64 = 0x2020_2020_2020_2020;
    let mut hasher = FxHasher::default();
    let (words, rest) = value.as_chunks::<8>();
    for word in words {
        hasher.write_u64(u64::from_le_bytes(*word) | SMALL);
    }
    match value.last_chunk::<8>() {
        // Some bytes come a second time.
        Some(last) => hasher.write_u64(u64::from_le_bytes(*last) | SMALL),
        None => rest.iter().for_each(|byte| hasher.write_u8(*byte | 0x20)),
    }
    hasher.finish()
}
