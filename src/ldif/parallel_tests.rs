use super::*;
use std::io;

#[test]
fn records_that_are_refused_later_stand_in_order_among_the_failures() {
    let input = b"dn: a\n\nbad\n\ndn: b\n\nworse\n\ndn: c\n";
    let mut lines = Vec::new();
    let mut chunk = read_chunk(input, ReadOptions::default(), |record| {
        lines.extend(record.first_line().copied());
    });
    for line in lines.iter().rev() {
        chunk.refuse(LdifErrorKind::UnwritableUrl, line);
    }
    assert!(chunk.has_failures());
    let mut report = InputReport::default();
    report.add(chunk);
    let lines: Vec<_> = report.failures.iter().map(|f| f.error.position.line).collect();
    assert_eq!(lines, [1, 3, 5, 7, 9]);
    assert_eq!((report.failed_blocks, report.failed_records), (5, 3));
    assert_eq!(report.read_records(), 0);
}

#[test]
fn a_chunk_keeps_as_many_failures_as_are_shown_and_counts_the_others() {
    let input = "dn: a\n\n".repeat(3) + &"bad\n\n".repeat(3000);
    let mut first = None;
    let mut chunk = read_chunk(input.as_bytes(), ReadOptions::default(), |record| {
        first = first.or(record.first_line().copied());
    });
    chunk.refuse(LdifErrorKind::UnwritableUrl, &first.unwrap());
    assert_eq!(chunk.failures.len(), InputReport::KEPT_FAILURES);
    assert_eq!(chunk.failures[0].error.kind, LdifErrorKind::UnwritableUrl);
    assert_eq!((chunk.failed_blocks, chunk.failed_records), (3001, 1));
}

#[test]
fn a_stream_is_cut_where_no_entry_goes_on() {
    let entry = |at: usize| format!("dn: cn={at}\nchangetype: add\ncn: {at}\n\n");
    let more = |at: usize| {
        format!("# more\n\ndn: CN={at}\nchangetype: modify\nadd: m\n{}-\n\n", "m: x\n".repeat(500))
    };
    let text: String = (0..1000).map(|at| entry(at) + &more(at)).collect();
    let mut buffers = Vec::new();
    map_stream::<_, io::Error>(
        text.as_bytes(),
        |buffer| buffer.to_vec(),
        |buffer| {
            buffers.push(buffer);
            Ok(())
        },
    )
    .unwrap();
    assert!(buffers.len() > 2, "{} buffers", buffers.len());
    assert_eq!(buffers.concat(), text.as_bytes());
    for buffer in buffers {
        let start = String::from_utf8_lossy(&buffer[..60]).into_owned();
        assert!(start.contains("changetype: add"), "{start}");
    }
}

#[test]
fn an_error_of_the_stream_or_of_the_taker_ends_it() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("broken"))
        }
    }
    let ended = map_stream::<_, io::Error>(Broken, <[u8]>::len, |_| Ok(()));
    assert_eq!(ended.unwrap_err().to_string(), "broken");
    let text = "dn: a\n\n".repeat(500_000);
    let mut taken = 0;
    let ended = map_stream(text.as_bytes(), <[u8]>::len, |_| {
        taken += 1;
        Err(io::Error::other("enough"))
    });
    assert_eq!((ended.unwrap_err().to_string().as_str(), taken), ("enough", 1));
}

#[test]
fn a_strict_reading_ends_at_the_first_error() {
    let options = ReadOptions { strict: true, ..ReadOptions::default() };
    let mut read = 0;
    let chunk = read_chunk(b"dn: a\n\nbad\n\ndn: b\n", options, |_| read += 1);
    assert_eq!((read, chunk.failed_blocks), (1, 1));
}
