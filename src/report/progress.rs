//! How far a long piece of work has come, on stderr.

use std::io::IsTerminal;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work that ends sooner shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// Counts bytes that are done, from any thread. Shows a bar on stderr if that is
/// a terminal and the work lasts; otherwise it does nothing.
#[derive(Debug)]
pub struct Progress {
    meter: Option<Meter>,
}

#[derive(Debug)]
struct Meter {
    started: Instant,
    total: Option<u64>,
    done: AtomicU64,
    bar: OnceLock<ProgressBar>,
}

impl Progress {
    /// Progress towards `total` bytes; `None` where the end is not known.
    #[must_use]
    pub fn on_stderr(total: Option<u64>) -> Self {
        let meter = std::io::stderr().is_terminal().then(|| Meter {
            started: Instant::now(),
            total,
            done: AtomicU64::new(0),
            bar: OnceLock::new(),
        });
        Self { meter }
    }

    /// No progress at all.
    #[must_use]
    pub fn none() -> Self {
        Self { meter: None }
    }

    /// Adds bytes that are done. Cheap, but meant for a chunk and not for a line.
    pub fn add(&self, bytes: u64) {
        let Some(meter) = &self.meter else { return };
        let done = meter.done.fetch_add(bytes, Ordering::Relaxed) + bytes;
        match meter.bar.get() {
            Some(bar) => bar.set_position(done),
            None if meter.started.elapsed() >= PATIENCE => {
                meter.bar.get_or_init(|| meter.make_bar()).set_position(done);
            }
            None => {}
        }
    }

    /// Takes the bar away while something else is written to stderr.
    pub fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        match self.meter.as_ref().and_then(|meter| meter.bar.get()) {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Takes the bar away for good; dropping does the same.
    pub fn finish(&self) {
        if let Some(bar) = self.meter.as_ref().and_then(|meter| meter.bar.get()) {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Meter {
    fn make_bar(&self) -> ProgressBar {
        let template = match self.total {
            Some(_) => "{wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left",
            None => "{bytes}, {bytes_per_sec}, {elapsed}",
        };
        let bar = ProgressBar::with_draw_target(self.total, ProgressDrawTarget::stderr());
        // The bar comes late, but the rate counts from the start.
        let bar = bar.with_elapsed(self.started.elapsed());
        match ProgressStyle::with_template(template) {
            Ok(style) => bar.set_style(style.progress_chars("━╸ ")),
            Err(_) => debug_assert!(false, "the template is a constant"),
        }
        bar
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(total: Option<u64>, started: Instant) -> Progress {
        let meter = Meter { started, total, done: AtomicU64::new(0), bar: OnceLock::new() };
        Progress { meter: Some(meter) }
    }

    #[test]
    fn short_work_shows_no_bar() {
        let progress = meter(Some(100), Instant::now());
        progress.add(50);
        assert!(progress.meter.as_ref().unwrap().bar.get().is_none());
    }

    #[test]
    fn long_work_shows_what_all_threads_did() {
        let Some(long_ago) = Instant::now().checked_sub(Duration::from_secs(5)) else { return };
        for total in [Some(4_000), None] {
            let progress = meter(total, long_ago);
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| (0..100).for_each(|_| progress.add(10)));
                }
            });
            progress.add(0);
            let meter = progress.meter.as_ref().unwrap();
            let bar = meter.bar.get().unwrap();
            assert_eq!((bar.position(), bar.length()), (4_000, total));
            assert_eq!(progress.suspend(|| 7), 7);
            progress.finish();
            assert!(bar.is_finished());
        }
    }

    #[test]
    fn none_is_none() {
        let progress = Progress::none();
        progress.add(u64::MAX);
        progress.finish();
        assert!(progress.meter.is_none());
    }
}
