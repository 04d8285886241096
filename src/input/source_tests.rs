use super::*;
use crate::input::Endian;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::File;
use std::path::PathBuf;
use tempfile::TempDir;

const TEXT: &str = "version: 1\n\ndn: cn=Zoë,dc=x\ncn: Zoë\n";

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn file(&self, content: &[u8]) -> PathBuf {
        let path = self.0.path().join("in.ldif");
        std::fs::write(&path, content).unwrap();
        path
    }
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn utf16(text: &str, endian: Endian, bom: bool) -> Vec<u8> {
    let order = |unit: u16| match endian {
        Endian::Little => unit.to_le_bytes(),
        Endian::Big => unit.to_be_bytes(),
    };
    let mark = bom.then_some('\u{feff}').into_iter().collect::<String>();
    (mark + text).encode_utf16().flat_map(order).collect()
}

/// Reads a file as a whole and piece by piece, and checks that both agree.
fn read(content: &[u8]) -> Result<(Vec<u8>, Vec<InputNote>), InputError> {
    let folder = Folder::new();
    let path = folder.file(content);
    let streamed = crate::input::stream(&path).and_then(|mut stream| {
        let mut out = Vec::new();
        let name = path.display().to_string();
        stream.read_to_end(&mut out).map_err(|error| InputError::from_io(error, &name))?;
        Ok((out, stream.notes()))
    });
    let whole = Source::open(&path);
    match (whole, streamed) {
        (Ok(source), Ok((out, notes))) => {
            assert_eq!(source.bytes(), out);
            assert_eq!(source.notes(), notes);
            assert_eq!(source.name(), path.display().to_string());
            Ok((out, notes))
        }
        (Err(whole), Err(streamed)) => {
            assert_eq!(whole.to_string(), streamed.to_string());
            Err(whole)
        }
        (whole, streamed) => panic!("{whole:?} is not {streamed:?}"),
    }
}

#[test]
fn every_encoding_gives_the_same_text() {
    let text = TEXT.as_bytes();
    let marked = [b"\xef\xbb\xbf", text].concat();
    assert_eq!(read(text).unwrap(), (text.to_vec(), vec![]));
    assert_eq!(read(&marked).unwrap(), (text.to_vec(), vec![InputNote::Utf8Bom]));
    assert_eq!(read(&gzip(text)).unwrap(), (text.to_vec(), vec![InputNote::Gzip]));
    assert_eq!(
        read(&gzip(&marked)).unwrap(),
        (text.to_vec(), vec![InputNote::Gzip, InputNote::Utf8Bom])
    );
    for endian in [Endian::Little, Endian::Big] {
        for bom in [false, true] {
            let data = utf16(TEXT, endian, bom);
            let note = InputNote::Utf16 { endian, bom };
            assert_eq!(read(&data).unwrap(), (text.to_vec(), vec![note]));
            assert_eq!(read(&gzip(&data)).unwrap(), (text.to_vec(), vec![InputNote::Gzip, note]));
        }
    }
}

#[test]
fn several_gzip_members_are_one_text() {
    let (first, second) = TEXT.as_bytes().split_at(20);
    assert_eq!(read(&[gzip(first), gzip(second)].concat()).unwrap().0, TEXT.as_bytes());
}

#[test]
fn large_inputs_come_through_whole() {
    let text = "dn: cn=Zoë Müller,dc=example\ndescription: 😀 über\n\n".repeat(20_000);
    for data in [
        text.clone().into_bytes(),
        gzip(text.as_bytes()),
        utf16(&text, Endian::Little, true),
        gzip(&utf16(&text, Endian::Big, false)),
    ] {
        assert!(read(&data).unwrap().0 == text.as_bytes());
    }
}

#[test]
fn a_replaced_surrogate_is_reported_with_both_offsets() {
    let mut data = utf16("dn: cn=", Endian::Little, true);
    data.extend_from_slice(&[0x00, 0xd8]);
    data.extend_from_slice(&utf16("x\n", Endian::Little, false));
    let (out, notes) = read(&data).unwrap();
    assert_eq!(out, "dn: cn=\u{fffd}x\n".as_bytes());
    assert_eq!(notes[1], InputNote::Utf16Replaced { count: 1, offset: 16, decoded_offset: 7 });
    assert!(notes[1].is_warning());
}

#[test]
fn legal_ldif_with_raw_bytes_is_no_binary() {
    let mut text = b"dn: cn=x\na: ".to_vec();
    text.extend(std::iter::repeat_n(0_u8, 100_000));
    text.extend_from_slice(b"\xff\xfe\n");
    assert_eq!(read(&text).unwrap().0, text);
}

#[test]
fn nothing_to_read_is_an_error_in_every_encoding() {
    for data in [&b""[..], b"\xef\xbb\xbf", b"\xff\xfe", &gzip(b""), &gzip(b"\xfe\xff")] {
        let error = read(data).unwrap_err();
        assert!(matches!(error, InputError::Empty { .. }), "{error}");
    }
    let null = Source::open(Path::new("/dev/null")).unwrap_err();
    assert!(matches!(null, InputError::Empty { .. }), "{null}");
}

#[test]
fn binaries_are_refused_with_what_they_are() {
    let noise: Vec<u8> =
        (0..200_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let error = read(&noise).unwrap_err();
    assert!(matches!(error, InputError::Binary { format: None, .. }), "{error}");
    let zstd = [&[0x28, 0xb5, 0x2f, 0xfd, 0, 0, 1, 2][..], &noise].concat();
    let error = read(&zstd).unwrap_err().to_string();
    assert!(
        error.ends_with(
            "looks binary (zstd); pipe it through `zstd -dc FILE`, with `-` as the input"
        ),
        "{error}"
    );
    let error = read(&gzip(&gzip(TEXT.as_bytes()))).unwrap_err().to_string();
    assert!(error.contains("gzip within gzip"), "{error}");
    let error = read(b"\xff\xfe\0\0d\0\0\0n\0\0\0:\0\0\0").unwrap_err().to_string();
    assert!(error.contains("iconv -f UTF-32"), "{error}");
}

#[test]
fn gzip_cut_off_says_how_much_came_out() {
    let text: String = (0..50_000).map(|i| format!("dn: cn={}\n\n", i * 7919 % 50_000)).collect();
    let data = gzip(text.as_bytes());
    match read(&data[..data.len() / 2]).unwrap_err() {
        InputError::GzipTruncated { decoded, .. } => {
            assert!(decoded > 10_000 && decoded < text.len() as u64, "{decoded}");
        }
        other => panic!("{other}"),
    }
    for cut in [2, 3, 9, 11, data.len() - 8, data.len() - 1] {
        let error = read(&data[..cut]).unwrap_err();
        assert!(matches!(error, InputError::GzipTruncated { .. }), "{cut}: {error}");
    }
}

#[test]
fn corrupt_gzip_is_an_error_wherever_the_damage_is() {
    let text = TEXT.repeat(5_000);
    let mut data = gzip(text.as_bytes());
    let crc = data.len() - 6;
    data[crc] ^= 0xff;
    let error = read(&data).unwrap_err();
    assert!(matches!(error, InputError::GzipCorrupt { .. }), "{error}");
    data[crc] ^= 0xff;
}

#[test]
fn what_follows_gzip_data_is_not_called_a_cut_end() {
    let data = gzip(TEXT.as_bytes());
    for behind in ["m", "more text behind", "\0\0x"] {
        let error = read(&[&data, behind.as_bytes()].concat()).unwrap_err();
        let InputError::GzipTrailing { decoded, .. } = error else { panic!("{error}") };
        assert_eq!(decoded, TEXT.len() as u64);
    }
    let error = read(&[&data, &data[..5]].concat()).unwrap_err();
    assert!(matches!(error, InputError::GzipTruncated { .. }), "{error}");
}

#[test]
fn zeros_behind_gzip_data_fill_the_block_of_a_tape() {
    let padded = [gzip(TEXT.as_bytes()), vec![0; 1000]].concat();
    assert_eq!(read(&padded).unwrap().0, TEXT.as_bytes());
}

#[test]
fn what_cannot_be_opened_says_why() {
    let folder = Folder::new();
    let missing = Source::open(&folder.0.path().join("none.ldif")).unwrap_err();
    assert!(matches!(missing, InputError::NotFound { .. }), "{missing}");
    let directory = Source::open(folder.0.path()).unwrap_err();
    assert!(matches!(directory, InputError::Directory { .. }), "{directory}");
}

#[cfg(target_os = "linux")]
#[test]
fn files_that_hide_their_length_are_read() {
    let source = Source::open(Path::new("/proc/self/status")).unwrap();
    assert!(source.bytes().starts_with(b"Name:"));
}

#[cfg(target_os = "linux")]
#[test]
fn an_error_while_reading_keeps_the_words_of_the_system() {
    let error = Source::open(Path::new("/proc/self/mem")).unwrap_err();
    assert!(matches!(error, InputError::Read { .. }), "{error}");
    assert!(error.to_string().contains("(os error 5)"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_fifo_is_spooled() {
    let folder = Folder::new();
    let path = folder.0.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    let write_end = path.clone();
    let writer = std::thread::spawn(move || std::fs::write(write_end, gzip(TEXT.as_bytes())));
    let source = Source::open(&path).unwrap();
    writer.join().unwrap().unwrap();
    assert_eq!(source.bytes(), TEXT.as_bytes());
    assert_eq!(source.notes(), [InputNote::Gzip]);
}

/// A disk with room for so many bytes.
struct SmallDisk(usize);

impl Write for SmallDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.0.min(bytes.len());
        self.0 -= room;
        if room == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(room) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_full_disk_names_the_directory_and_the_way_out() {
    let text = TEXT.repeat(20_000);
    let raw = io::Cursor::new(text.into_bytes());
    let mut stream = Stream::new(Box::new(raw), "(stdin)".to_owned()).unwrap();
    let error = copy(&mut stream, &mut SmallDisk(300_000), Path::new("/small")).unwrap_err();
    match &error {
        InputError::SpoolFull { written, .. } => assert!(*written <= 300_000),
        other => panic!("{other}"),
    }
    let error = error.to_string();
    assert!(error.contains("no space left in /small") && error.contains("TMPDIR"), "{error}");
}

#[test]
fn a_redirected_stdin_is_mapped_from_where_it_stands() {
    let folder = Folder::new();
    let path = folder.file(b"skipped\ndn: cn=x\n");
    let mut file = File::open(path).unwrap();
    file.read_exact(&mut [0; 8]).unwrap();
    let opened = Opened::file("(stdin)".to_owned(), file).unwrap();
    let map = mapped(&opened).unwrap().unwrap();
    assert_eq!(&map[..], b"dn: cn=x\n");
    assert_eq!(Source::from_map(map, opened).unwrap().bytes(), b"dn: cn=x\n");
}

#[test]
fn the_shared_cases_are_decoded() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shared = env::var_os("LDIFIX_SHARED").map_or(manifest.join("../shared"), PathBuf::from);
    if !shared.join("cases").is_dir() {
        println!("skipped: no folder {}", shared.display());
        return;
    }
    for entry in shared.join("cases").read_dir().unwrap() {
        let path = entry.unwrap().path();
        let source = Source::open(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let notes: Vec<_> = source.notes().to_vec();
        let expected = if name.contains("utf16") {
            vec![InputNote::Utf16 { endian: Endian::Little, bom: !name.contains("nobom") }]
        } else if name.contains("bom") {
            vec![InputNote::Utf8Bom]
        } else {
            vec![]
        };
        assert_eq!(notes, expected, "{name}");
    }
}
