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
        // SAFETY: see above; the map is private to this process and read only.
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
    /// alone would take a twentieth of the time of a whole check for them.
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        use memmap2::UncheckedAdvice;
        use rayon::prelude::*;

        const PIECE: usize = 16 << 20;
        let pieces = self.len() / PIECE;
        if pieces < 2 {
            return;
        }
        (0..pieces).into_par_iter().for_each(|piece| {
            // SAFETY: nobody borrows the map any more; and what would be read again
            // comes from the file, since nothing was written to the pages.
            let advised = unsafe {
                self.0.unchecked_advise_range(UncheckedAdvice::DontNeed, piece * PIECE, PIECE)
            };
            // What is not let go now goes with the map.
            drop(advised);
        });
    }
}
