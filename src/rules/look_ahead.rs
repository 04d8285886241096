//! What must be known of all exports before the first entry is looked at.

use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::ldif::entry_text;

use super::catalogue::references::key_of;
use super::catalogue::{Ahead, Forest, Moment, Object, ObjectKind};
use super::{Attr, CheckOptions, Export, Gathered, Skipped, read_entries};

/// Looks for the newest change, for the groups that Active Directory protects with their
/// members, and for what stands for HOST.
pub(super) fn look_ahead(exports: &[Export<'_>], options: &CheckOptions) -> Ahead {
    let newest = exports.iter().filter_map(|export| Moment::newest_change(export.bytes)).max();
    let mut ahead = Ahead { newest, ..Ahead::default() };
    let settings = options.profile.settings();
    let (mut value, mut buffer) = (Vec::new(), Vec::new());
    for export in exports {
        for_each_marked(export.bytes, &OF_AHEAD, options, |entry| {
            let subject = &entry.subject;
            let mappings = subject.lines(Attr::SpnMappings).iter();
            mappings.for_each(|line| ahead.host_services.add(line.bytes_in(&mut value)));
            let is_marked = subject.first(Attr::AdminCount).is_some_and(|mark| *mark == *b"1");
            if is_marked && Object::of(subject, &settings).kind == ObjectKind::Group {
                let members = subject.lines(Attr::Member).iter();
                let members = members.map(|line| key_of(line.bytes_in(&mut value), &mut buffer));
                ahead.protected.add(members, subject.is_partial(Attr::Member));
            }
        });
    }
    ahead
}

/// The suffixes and the domains of the forests whose configuration is in the exports.
pub(super) fn forest(exports: &[Export<'_>], options: &CheckOptions) -> Forest {
    let mut forest = Forest::default();
    for export in exports {
        for_each_marked(export.bytes, &OF_FOREST, options, |entry| {
            let lines = |attr| entry.subject.lines(attr).iter();
            lines(Attr::DnsRoot).for_each(|line| forest.add_domain(&line.bytes()));
            lines(Attr::UpnSuffixes).for_each(|line| forest.add_suffix(&line.bytes()));
        });
    }
    forest
}

/// A line by which an entry is known to look at. Tools spell attributes as they like.
type Mark = LazyLock<Option<Regex>>;

static OF_FOREST: Mark = LazyLock::new(|| Regex::new(r"(?i-u)\n(?:uPNSuffixes|dnsRoot):").ok());
static OF_AHEAD: Mark =
    LazyLock::new(|| Regex::new(r"(?i-u)\n(?:adminCount: 1(?:[\r\n]|\z)|sPNMappings:)").ok());

/// Reads the entries that have such a line, each once.
fn for_each_marked<'a>(
    export: &'a [u8],
    mark: &Mark,
    options: &CheckOptions,
    mut each: impl FnMut(&Gathered<'a>),
) {
    let mut behind = 0;
    for at in mark.iter().flat_map(|mark| mark.find_iter(export)).map(|found| found.start()) {
        // One entry may have many such lines.
        if at < behind {
            continue;
        }
        let start = record_start(export, at);
        let text = entry_text(export, start);
        behind = start + text.len();
        read_entries(text, &options.profile, options.read, false, &mut Skipped::new(), &mut each);
    }
}

/// Where the record begins that holds a place: its first line that is no comment.
fn record_start(export: &[u8], place: usize) -> usize {
    let mut end = place;
    let mut start = loop {
        let Some(at) = memchr::memrchr(b'\n', export.get(..end).unwrap_or_default()) else {
            break 0;
        };
        let before = export.get(..at).unwrap_or_default();
        if before.strip_suffix(b"\r").unwrap_or(before).ends_with(b"\n") {
            break at + 1;
        }
        end = at;
    };
    // A comment may be folded.
    while matches!(export.get(start), Some(b'#' | b' ')) {
        let rest = export.get(start..).unwrap_or_default();
        start += memchr::memchr(b'\n', rest).map_or(rest.len(), |line| line + 1);
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ldif::ReadOptions;
    use crate::rules::{Profile, ProfileOptions, Selection};

    #[test]
    fn members_of_groups_that_are_protected_are_known_however_the_export_ends_its_lines() {
        let export = "version: 1\n\n# Admins, c\n om\ndn: CN=Admins,DC=com\nobjectClass: group\n\
                      member: CN=Ann,DC=com\nadminCount: 1\n\n\
                      dn: CN=Ann,DC=com\nobjectClass: user\nadminCount: 1\n\n\
                      dn: CN=Staff,DC=com\nobjectClass: group\nmember: CN=Bob,DC=com\n\
                      adminCount: 10\n";
        let profile = Profile::by_name("hygiene", ProfileOptions::default()).unwrap();
        let (selection, read) = (Selection::default(), ReadOptions::default());
        let options = CheckOptions { profile, selection, read, keep_held: false };
        let spelled = export.replace("adminCount", "ADMINCOUNT");
        for text in [export.to_owned(), export.replace('\n', "\r\n"), spelled] {
            let exports = [Export { name: "", bytes: text.as_bytes() }];
            let protected = look_ahead(&exports, &options).protected;
            assert!(protected.is_told());
            assert!(protected.contains(b"cn=ann,dc=COM"), "{text}");
            assert!(!protected.contains(b"CN=Bob,DC=com"));
        }
        let forest = "\ndn: CN=Partitions,CN=Configuration,DC=com\nupnsuffixes: contoso.com\n";
        let exports = [Export { name: "", bytes: forest.as_bytes() }];
        assert_ne!(super::forest(&exports, &options), Forest::default());
        for text in [
            export.replace("member: CN=Ann", "description: CN=Ann"),
            export.replace("member: CN=Ann", "member;range=0-1499: CN=Ann"),
        ] {
            let exports = [Export { name: "", bytes: text.as_bytes() }];
            assert!(!look_ahead(&exports, &options).protected.is_told(), "{text}");
        }
    }
}
