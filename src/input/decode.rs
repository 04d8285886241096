//! Inputs read piece by piece: decompressed, transcoded, without their mark.

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};
use std::path::Path;

use flate2::bufread::GzDecoder;

use super::error::InputError;
use super::note::InputNote;
use super::open::Opened;
use super::sniff::{self, Encoding, Verdict};
use super::utf16::Utf16Reader;

type Bytes = Box<dyn Read + Send>;

/// The compressed side of gzip is read in pieces of this size.
const COMPRESSED: usize = 128 * 1024;

/// Opens an input to be read in constant memory; `-` is stdin.
///
/// # Errors
/// Where the input cannot be opened, is empty, or is no text. What goes wrong
/// later comes out of [`Stream::read`]; [`InputError::from_io`] gives it back.
pub fn stream(path: &Path) -> Result<Stream, InputError> {
    let opened = Opened::path(path)?;
    let name = opened.name.clone();
    Stream::new(Box::new(opened.reader()), name)
}

/// Decoded UTF-8 bytes of an input, without a byte order mark.
pub struct Stream {
    name: String,
    notes: Vec<InputNote>,
    /// What was read to judge the content, handed out first.
    window: Vec<u8>,
    given: usize,
    body: Body,
}

enum Body {
    Utf8(Bytes),
    Utf16(Box<Utf16Reader<Bytes>>),
}

impl Stream {
    /// Decodes what `raw` gives.
    pub(super) fn new(raw: Bytes, name: String) -> Result<Self, InputError> {
        let explain = |error| InputError::from_io(error, &name);
        let mut notes = Vec::new();
        let (mut head, mut reader) = peek(raw).map_err(explain)?;
        if sniff::is_gzip(&head) {
            notes.push(InputNote::Gzip);
            let gunzip = Gunzip::new(head, reader, name.clone());
            (head, reader) = peek(Box::new(gunzip)).map_err(explain)?;
        }
        let encoding = sniff::encoding(&head);
        let format = sniff::format(&head);
        let skipped = encoding.bom_len();
        let rest: Bytes = Box::new(behind(head, skipped, reader));
        let body = match encoding {
            Encoding::Utf8 { bom } => {
                notes.extend(bom.then_some(InputNote::Utf8Bom));
                Body::Utf8(rest)
            }
            Encoding::Utf16 { endian, bom } => {
                notes.push(InputNote::Utf16 { endian, bom });
                Body::Utf16(Box::new(Utf16Reader::new(rest, endian, skipped)))
            }
        };
        let mut stream = Self { name, notes, window: Vec::new(), given: 0, body };
        match stream.judge() {
            Ok(Verdict::Text) if stream.window.is_empty() => {
                Err(InputError::Empty { name: stream.name })
            }
            Ok(Verdict::Text) => Ok(stream),
            Ok(Verdict::Binary) => Err(InputError::Binary { name: stream.name, format }),
            Err(error) => Err(InputError::from_io(error, &stream.name)),
        }
    }

    /// The name to show: the path, or `(stdin)`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What was done to the input so far; complete once it is read to the end.
    #[must_use]
    pub fn notes(&self) -> Vec<InputNote> {
        let mut notes = self.notes.clone();
        if let Body::Utf16(reader) = &self.body {
            notes.extend(reader.note());
        }
        notes
    }

    /// Reads until the content is known to be text or not. A pipe that trickles
    /// is not held up: text is told from what is there.
    fn judge(&mut self) -> io::Result<Verdict> {
        self.window.resize(sniff::WINDOW, 0);
        let mut len = 0;
        let mut judged = 0;
        let verdict = loop {
            let read = self.body.read(&mut self.window[len..])?;
            len += read;
            let last = read == 0 || len == self.window.len();
            // Judging again at every byte of a slow pipe would be quadratic.
            if !last && len < judged * 2 {
                continue;
            }
            judged = len;
            let verdict = sniff::verdict(&self.window[..len]);
            if last || verdict == Verdict::Text {
                break verdict;
            }
        };
        self.window.truncate(len);
        Ok(verdict)
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.given == self.window.len() {
            return self.body.read(into);
        }
        let len = into.len().min(self.window.len() - self.given);
        into[..len].copy_from_slice(&self.window[self.given..self.given + len]);
        self.given += len;
        if self.given == self.window.len() {
            self.window = Vec::new();
            self.given = 0;
        }
        Ok(len)
    }
}

impl Read for Body {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Utf8(reader) => reader.read(into),
            Self::Utf16(reader) => reader.read(into),
        }
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream").field("name", &self.name).field("notes", &self.notes).finish()
    }
}

/// Reads enough to tell the encoding, or all there is.
fn peek(mut reader: Bytes) -> io::Result<(Vec<u8>, Bytes)> {
    let mut head = vec![0; 16 * 1024];
    let mut len = 0;
    while len < sniff::HEAD {
        match reader.read(&mut head[len..])? {
            0 => break,
            read => len += read,
        }
    }
    head.truncate(len);
    Ok((head, reader))
}

/// The bytes of `head` from `skipped` on, and then those of `reader`.
fn behind(head: Vec<u8>, skipped: usize, reader: Bytes) -> Chain<Cursor<Vec<u8>>, Bytes> {
    let mut start = Cursor::new(head);
    start.set_position(skipped as u64);
    start.chain(reader)
}

/// The compressed bytes.
type Compressed = BufReader<Chain<Cursor<Vec<u8>>, Bytes>>;

/// Decompressed bytes of one or several gzip members, as a file holds them that several
/// were appended to.
struct Gunzip {
    /// `None` behind the last one.
    decoder: Option<GzDecoder<Compressed>>,
    name: String,
    decoded: u64,
}

impl Gunzip {
    fn new(head: Vec<u8>, reader: Bytes, name: String) -> Self {
        let compressed = BufReader::with_capacity(COMPRESSED, behind(head, 0, reader));
        Self { decoder: Some(GzDecoder::new(compressed)), name, decoded: 0 }
    }

    fn explain(&self, error: io::Error) -> io::Error {
        let (name, decoded) = (self.name.clone(), self.decoded);
        let error = match error.downcast::<InputError>() {
            Ok(error) => error,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                InputError::GzipTruncated { name, decoded }
            }
            Err(error) => InputError::GzipCorrupt { name, decoded, reason: error.to_string() },
        };
        error.into_io()
    }

    /// The decoder of the member behind one that is read; none at the end. Zeros fill
    /// the last block of a tape.
    fn next_member(&self, mut rest: Compressed) -> io::Result<Option<GzDecoder<Compressed>>> {
        loop {
            let ahead = rest.fill_buf()?;
            let zeros = ahead.iter().take_while(|&&byte| byte == 0).count();
            match ahead {
                [] => return Ok(None),
                [0x1f] | [0x1f, 0x8b, ..] => return Ok(Some(GzDecoder::new(rest))),
                [0, ..] => rest.consume(zeros),
                _ => {
                    let (name, decoded) = (self.name.clone(), self.decoded);
                    return Err(InputError::GzipTrailing { name, decoded }.into_io());
                }
            }
        }
    }
}

impl Read for Gunzip {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while let Some(mut decoder) = self.decoder.take() {
            let read = decoder.read(into).map_err(|error| self.explain(error))?;
            if read > 0 || into.is_empty() {
                self.decoder = Some(decoder);
                self.decoded += read as u64;
                return Ok(read);
            }
            let next = self.next_member(decoder.into_inner());
            self.decoder = next.map_err(|error| self.explain(error))?;
        }
        Ok(0)
    }
}
