//! A file in memory that the system pages in and out.

use std::fs::File;
use std::io;
use std::ops::Deref;

use memmap2::{Mmap, MmapOptions};

use super::open::Extent;

/// A map of a part of a file.
#[derive(Debug)]
pub(super) struct Map(Mmap);

impl Map {
    // A map is unsound if another process cuts or rewrites the file meanwhile. The
    // program reads its inputs once and never writes to them; a file cut short ends
    // the process by a signal, with no output in place, which is what reading on
    // would have to do as well. Copying every input first would cost more than all
    // the work done on it.
    #[allow(unsafe_code)]
    pub(super) fn of(file: &File, extent: Extent) -> io::Result<Self> {
        let len = usize::try_from(extent.len)
            .map_err(|_| io::Error::new(io::ErrorKind::FileTooLarge, "too large to be mapped"))?;
        // SAFETY: see above; the map is read only.
        unsafe { MmapOptions::new().offset(extent.start).len(len).map(file) }.map(Self)
    }
}

impl Deref for Map {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(unix)]
impl Drop for Map {
    /// Lets the pages go on all threads: of a gigabyte there are 260,000, and one thread
    /// alone would take a thirtieth of the time of a whole check for them.
    fn drop(&mut self) {
        const PIECE: usize = 16 << 20;
        self.let_go(PIECE);
    }
}

#[cfg(unix)]
impl Map {
    /// Lets the pages of all whole pieces go, of so many bytes each.
    #[allow(unsafe_code)]
    fn let_go(&mut self, piece: usize) {
        use memmap2::UncheckedAdvice;
        use rayon::prelude::*;

        let pieces = self.len() / piece;
        if pieces < 2 {
            return;
        }
        (0..pieces).into_par_iter().for_each(|number| {
            // SAFETY: nobody borrows the map, and it is read only: what is read again comes
            // from the file.
            let advised = unsafe {
                self.0.unchecked_advise_range(UncheckedAdvice::DontNeed, number * piece, piece)
            };
            // What is not let go now goes with the map.
            drop(advised);
        });
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn pages_that_were_let_go_are_read_again_from_the_file() {
        let text: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&text).unwrap();
        // The map begins and ends within a page.
        for (start, end) in [(0, text.len()), (7, text.len() - 9), (4096, 8192)] {
            let extent = Extent { start: start as u64, len: (end - start) as u64 };
            let mut map = Map::of(&file, extent).unwrap();
            for piece in [1 << 12, 5000, 1 << 20] {
                map.let_go(piece);
                assert_eq!(&*map, &text[start..end]);
            }
        }
    }
}
