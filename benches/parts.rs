//! The parts of the program on their own, in memory: `cargo bench`.
//!
//! The input is made here, the same bytes in every run. What the whole program
//! takes beside `wc -l` of the same file is for `compare.py` to say.

use std::fmt::Write as _;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};

use ldifix::directory::dn::normalize_into;
use ldifix::ldif::{ReadOptions, WriteOptions, Writer, read_chunk, read_wanted};
use ldifix::rules::idfix::Buffers;
use ldifix::rules::{
    Attr, Fingerprint, IndexBuilder, Place, Profile, ProfileOptions, Slot, StoredValue, fold_key,
    read_entries,
};

fn main() {
    divan::main();
}

/// Entries of the export, 10 MB in all.
const ENTRIES: usize = 5_000;

/// An export as ldapsearch writes it from Active Directory: folded after 76 bytes,
/// one entry in a hundred with a name beyond ASCII, one in thirty with a bad value.
fn export() -> String {
    let mut text = String::from("version: 1\n\n");
    for number in 0..ENTRIES {
        for (name, value) in entry(number) {
            add_line(&mut text, &name, &value);
        }
        text.push('\n');
    }
    text
}

fn entry(number: usize) -> Vec<(String, String)> {
    let user = format!("user{number}");
    let base = "OU=Sales,OU=Users,OU=Oslo,OU=Regions,DC=corp,DC=example,DC=com";
    let mail = match number % 30 {
        0 => format!("{user}.@corp.example..com"),
        _ => format!("{user}@corp.example.com"),
    };
    let mut lines = vec![("dn", format!("CN=User Number {number},{base}"))];
    lines.extend(
        ["top", "person", "organizationalPerson", "user"].map(|it| ("objectClass", it.into())),
    );
    lines.push(("cn", format!("User Number {number}")));
    lines.push(("givenName", "User".into()));
    if number.is_multiple_of(100) {
        lines.push(("displayName:", "Wm/DqyBQZXJleg==".into()));
    } else {
        lines.push(("displayName", format!("Number, User {number}")));
    }
    for at in 0..12 {
        lines.push(("description", format!("A value that no rule reads, the {at}th of its kind")));
    }
    for at in 0..5 {
        lines.push((
            "memberOf",
            format!("CN=GRP-{at}-Application Owners,OU=Security Groups,{base}"),
        ));
    }
    lines.push(("objectGUID:", "LTO98IbRSYUTZehAI1mF+g==".into()));
    lines.push(("whenCreated", "20150624123059.0Z".into()));
    lines.push(("proxyAddresses", format!("SMTP:{mail}")));
    lines.push(("proxyAddresses", format!("smtp:{user}@example.mail.onmicrosoft.com")));
    lines.push(("sAMAccountName", user.clone()));
    lines.push(("userPrincipalName", format!("{user}@corp.example.com")));
    lines.push((
        "objectCategory",
        "CN=Person,CN=Schema,CN=Configuration,DC=corp,DC=example,DC=com".into(),
    ));
    lines.push(("mail", mail));
    lines.push(("mailNickname", user));
    lines.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn add_line(text: &mut String, name: &str, value: &str) {
    let line = format!("{name}: {value}");
    let (first, mut rest) = line.split_at(line.len().min(76));
    text.push_str(first);
    while !rest.is_empty() {
        let (next, behind) = rest.split_at(rest.len().min(75));
        let _ = write!(text, "\n {next}");
        rest = behind;
    }
    text.push('\n');
}

/// The values that rules compare, as they stand in the export.
fn values(text: &str) -> Vec<Vec<u8>> {
    let mut values = Vec::new();
    let Ok(profile) = Profile::by_name("entra", ProfileOptions::default()) else { return values };
    read_entries(
        text.as_bytes(),
        &profile,
        ReadOptions::default(),
        false,
        &mut Default::default(),
        |entry| {
            for attr in [Attr::Mail, Attr::ProxyAddresses, Attr::UserPrincipalName] {
                values
                    .extend(entry.subject.lines(attr).iter().map(|line| line.bytes().into_owned()));
            }
        },
    );
    values
}

#[divan::bench]
fn parse(bencher: Bencher) {
    let text = export();
    bencher.counter(BytesCount::of_str(&text)).bench(|| {
        let mut lines = 0;
        read_chunk(black_box(text.as_bytes()), ReadOptions::default(), |record| {
            lines += record.attribute_lines().len();
        });
        lines
    });
}

#[divan::bench]
fn parse_what_rules_read(bencher: Bencher) {
    let text = export();
    bencher.counter(BytesCount::of_str(&text)).bench(|| {
        let mut lines = 0;
        let is_wanted = |name: &[u8]| Attr::of(name).is_some();
        read_wanted(black_box(text.as_bytes()), ReadOptions::default(), is_wanted, |record| {
            lines += record.attribute_lines().len();
        });
        lines
    });
}

#[divan::bench]
fn write(bencher: Bencher) {
    let text = export();
    let mut records = Vec::new();
    read_chunk(text.as_bytes(), ReadOptions::default(), |record| {
        records.push(record.into_record())
    });
    bencher.counter(BytesCount::of_str(&text)).bench(|| {
        let out = Vec::with_capacity(text.len() * 2);
        let mut writer = Writer::new(out, WriteOptions::content_file());
        let written = records.iter().try_for_each(|record| writer.record(black_box(record)));
        written.and_then(|()| writer.finish()).map_or(0, |out| out.len())
    });
}

#[divan::bench(args = Profile::NAMES)]
fn read_and_inspect(bencher: Bencher, profile: &str) {
    let text = export();
    let Ok(profile) = Profile::by_name(profile, ProfileOptions::default()) else { return };
    bencher.counter(ItemsCount::new(ENTRIES)).bench(|| {
        let (mut keys, mut marked) = (0_u64, 0_usize);
        let mut buffers = Buffers::default();
        let (text, read) = (black_box(text.as_bytes()), ReadOptions::default());
        read_entries(text, &profile, read, false, &mut Default::default(), |entry| {
            if profile.scope(&entry.subject).is_ok() {
                let fails = profile.inspect(&entry.subject, &mut buffers, |key| {
                    black_box(key.fingerprint);
                    keys += 1;
                });
                marked += usize::from(fails);
            }
        });
        (keys, marked)
    });
}

#[divan::bench]
fn fold(bencher: Bencher) {
    let values = values(&export());
    bencher.counter(ItemsCount::new(values.len())).bench(|| {
        let mut buffer = Vec::new();
        values.iter().map(|value| fold_key(black_box(value), &mut buffer).len()).sum::<usize>()
    });
}

#[divan::bench]
fn fold_as_stored(bencher: Bencher) {
    let values = values(&export());
    bencher.counter(ItemsCount::new(values.len())).bench(|| {
        for value in &values {
            black_box(StoredValue::of(Attr::Mail, black_box(value)));
        }
    });
}

/// A million values, one in eight of them held twice.
#[divan::bench]
fn index(bencher: Bencher) {
    let slots: Vec<Slot> = (0..1_000_000_u64)
        .filter_map(|number| {
            let value = if number % 8 == 0 { number / 16 * 16 } else { number };
            let fingerprint = Fingerprint::of(Attr::Mail, format!("user{value}").as_bytes());
            Place::new(number, 0).map(|place| Slot { fingerprint, place })
        })
        .collect();
    bencher.counter(ItemsCount::new(slots.len())).bench(|| {
        let mut builder = IndexBuilder::default();
        builder.expect(slots.len());
        builder.extend(black_box(&slots).iter().copied());
        builder.build()
    });
}

#[divan::bench]
fn normalize_dn(bencher: Bencher) {
    let text = export();
    let mut names = Vec::new();
    read_chunk(text.as_bytes(), ReadOptions::default(), |record| {
        names.push(record.dn().into_owned());
    });
    bencher.counter(ItemsCount::new(names.len())).bench(|| {
        let mut key = Vec::new();
        names.iter().filter(|dn| normalize_into(black_box(dn), &mut key).is_ok()).count()
    });
}
