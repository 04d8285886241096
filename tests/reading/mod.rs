//! What the tests of the reader share: reading bytes in chunks of any size, and
//! counting record starts without the reader.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ldifix::ldif::{
    Chunk, ChunkReport, Chunks, InputReport, JsonWriter, Limits, ReadOptions, Record, map_chunks,
    map_stream, read_chunk,
};

/// All that reading gave.
#[derive(Debug, PartialEq)]
pub struct Reading {
    pub records: Vec<Record<'static>>,
    pub report: InputReport,
}

type Piece = (ChunkReport, Vec<Record<'static>>);

impl Reading {
    fn new() -> Self {
        Self { records: Vec::new(), report: InputReport::default() }
    }

    fn add(&mut self, (report, records): Piece) -> Result<(), io::Error> {
        self.report.add(report);
        self.records.extend(records);
        Ok(())
    }

    pub fn errors(&self) -> Vec<&'static str> {
        self.report.failures.iter().map(|failure| failure.error.kind.name()).collect()
    }

    pub fn warnings(&self) -> Vec<&'static str> {
        self.report.observations.warnings().iter().map(|warning| warning.kind.name()).collect()
    }

    /// The records as JSON, one a line.
    pub fn json(&self) -> Vec<String> {
        let mut writer = JsonWriter::new(Vec::new());
        for record in &self.records {
            writer.record(record).unwrap();
        }
        let text = String::from_utf8(writer.finish().unwrap()).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

fn piece(bytes: &[u8], options: ReadOptions) -> Piece {
    let mut records = Vec::new();
    let report =
        read_chunk(bytes, options, |record| records.push(record.into_record().into_owned()));
    (report, records)
}

/// Reads the input cut into chunks of about `size` bytes.
pub fn read_in_chunks(input: &[u8], size: usize) -> Reading {
    let mut reading = Reading::new();
    for Chunk { bytes, .. } in Chunks::new(input, size) {
        reading.add(piece(bytes, ReadOptions::default())).unwrap();
    }
    reading
}

/// Reads the input as one chunk, under limits.
pub fn read_whole(input: &[u8], limits: Limits) -> Reading {
    let mut reading = Reading::new();
    reading.add(piece(input, ReadOptions { limits, ..ReadOptions::default() })).unwrap();
    reading
}

/// Reads the input as the commands do.
pub fn read_in_parallel(input: &[u8]) -> Reading {
    let mut reading = Reading::new();
    map_chunks(
        input,
        |chunk| piece(chunk.bytes, ReadOptions::default()),
        |piece| reading.add(piece),
    )
    .unwrap();
    reading
}

/// Reads from a pipe.
pub fn read_from(input: impl Read) -> Reading {
    let mut reading = Reading::new();
    map_stream(input, |bytes| piece(bytes, ReadOptions::default()), |piece| reading.add(piece))
        .unwrap();
    reading
}

/// A pipe that gives one to seven bytes at a time.
pub struct Trickle<'a> {
    pub rest: &'a [u8],
    pub turn: usize,
}

impl Read for Trickle<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.turn = self.turn % 7 + 1;
        let len = self.turn.min(into.len()).min(self.rest.len());
        let (now, later) = self.rest.split_at(len);
        into[..len].copy_from_slice(now);
        self.rest = later;
        Ok(len)
    }
}

/// Logical lines that begin with `dn:` in any case, behind a byte order mark or
/// not: what every record and every failure together must add up to.
pub fn record_starts(input: &[u8]) -> u64 {
    let mut starts = 0;
    let mut head = Vec::new();
    for line in input.split(|&byte| byte == b'\n').chain([&b"end"[..]]) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match line.strip_prefix(b" ") {
            // Behind a blank line there is nothing to go on with.
            Some(_) if head.is_empty() => {}
            Some(folded) => head.extend_from_slice(folded),
            None => {
                starts += u64::from(head.len() > 2 && head[..3].eq_ignore_ascii_case(b"dn:"));
                head.clear();
                head.extend_from_slice(behind_marks(line));
            }
        }
    }
    starts
}

fn behind_marks(mut line: &[u8]) -> &[u8] {
    while let Some(behind) = line.strip_prefix(b"\xef\xbb\xbf") {
        line = behind;
    }
    line
}

/// A folder of LDIF that others wrote, which need not be there.
pub fn shared(folder: &str) -> Option<PathBuf> {
    let root = std::env::var_os("LDIFIX_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let folder = root.join(folder);
    if !folder.is_dir() {
        eprintln!("skipped: there is no folder {}", folder.display());
        return None;
    }
    Some(folder)
}
