//! Working on pieces in parallel, with the results in the order of the pieces.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rayon::Yield;

/// Maps the pieces that `next` gives in parallel; `take` gets the results in order, on
/// this thread, while others are worked on. At most `window` pieces are under way or
/// done and not taken yet.
///
/// # Errors
/// The first error of `next` or `take`; no further piece is then begun. The results of
/// all pieces before an error of `next` are taken, and then it is told.
pub(super) fn in_order<P: Send, T: Send, E>(
    window: usize,
    next: impl FnMut() -> Result<Option<P>, E>,
    map: impl Fn(P) -> T + Sync,
    take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let (is_over, arrivals) = (AtomicBool::new(false), Arrivals::default());
    let (map, is_over, arrivals) = (&map, &is_over, &arrivals);
    rayon::in_place_scope_fifo(|scope| {
        let begin = |number, piece| {
            let delivery = Delivery { number, result: None, to: arrivals };
            scope.spawn_fifo(move |_| {
                if !is_over.load(Ordering::Relaxed) {
                    delivery.bring(|| map(piece));
                }
            });
        };
        let ended = hand_over(window, next, begin, arrivals, take);
        is_over.store(true, Ordering::Relaxed);
        ended
    })
}

/// The number of a piece and its result; none where the work on it panicked.
type Arrival<T> = (usize, Option<T>);

/// A result on its way, or the news that there is none, because its work panicked.
struct Delivery<'t, T> {
    number: usize,
    result: Option<T>,
    to: &'t Arrivals<T>,
}

impl<T> Delivery<'_, T> {
    fn bring(mut self, work: impl FnOnce() -> T) {
        self.result = Some(work());
    }
}

impl<T> Drop for Delivery<'_, T> {
    fn drop(&mut self) {
        self.to.put((self.number, self.result.take()));
    }
}

/// Results that were brought and not picked up yet.
///
/// To wake the thread that waits for them costs two changes of threads where all cores
/// are at work, so that it is woken for some of them together.
struct Arrivals<T> {
    pending: Mutex<Pending<T>>,
    are_enough: Condvar,
}

struct Pending<T> {
    results: Vec<Arrival<T>>,
    /// How many of them somebody waits for.
    enough: usize,
}

impl<T> Default for Arrivals<T> {
    fn default() -> Self {
        let pending = Pending { results: Vec::new(), enough: usize::MAX };
        Self { pending: Mutex::new(pending), are_enough: Condvar::new() }
    }
}

impl<T> Arrivals<T> {
    fn put(&self, arrival: Arrival<T>) {
        let mut pending = self.pending();
        pending.results.push(arrival);
        let are_enough = pending.results.len() == pending.enough;
        drop(pending);
        if are_enough {
            self.are_enough.notify_one();
        }
    }

    /// What has arrived by now.
    fn pick_up(&self) -> Vec<Arrival<T>> {
        std::mem::take(&mut self.pending().results)
    }

    /// Waits for so many results, which must be under way. A thread of the pool does not
    /// sleep over them while there is work: it may be the only one.
    fn wait(&self, enough: usize) -> Vec<Arrival<T>> {
        const NAP: Duration = Duration::from_micros(50);
        let mut pending = self.pending();
        pending.enough = enough;
        while pending.results.len() < enough {
            drop(pending);
            let idle = rayon::yield_now();
            pending = self.pending();
            if pending.results.len() < enough {
                pending = match idle {
                    None => self.are_enough.wait(pending).unwrap_or_else(PoisonError::into_inner),
                    Some(Yield::Idle) => {
                        let waited = self.are_enough.wait_timeout(pending, NAP);
                        waited.unwrap_or_else(PoisonError::into_inner).0
                    }
                    Some(Yield::Executed) => pending,
                };
            }
        }
        pending.enough = usize::MAX;
        std::mem::take(&mut pending.results)
    }

    fn pending(&self) -> MutexGuard<'_, Pending<T>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hand_over<P, T, E>(
    window: usize,
    mut next: impl FnMut() -> Result<Option<P>, E>,
    begin: impl Fn(usize, P),
    arrivals: &Arrivals<T>,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let window = window.max(1);
    let mut done = Done { first: 0, arrived: 0, results: VecDeque::new(), lacks_one: false };
    let (mut begun, mut ended) = (0, None);
    loop {
        while ended.is_none() && begun - done.first < window {
            match next() {
                Ok(Some(piece)) => begin(begun, piece),
                no_more => {
                    ended = Some(no_more.map(|_| ()));
                    break;
                }
            }
            begun += 1;
            done.put_all(arrivals.pick_up());
            done.take_all(&mut take)?;
        }
        if done.lacks_one {
            return Ok(());
        }
        if done.first == begun
            && let Some(ended) = ended
        {
            return ended;
        }
        done.put_all(arrivals.wait(enough(begun - done.arrived, window)));
        done.take_all(&mut take)?;
    }
}

/// How many results are waited for together: three quarters of the window are left to work
/// on until those are taken. Where fewer are under way, because one in front takes long,
/// each one counts.
fn enough(under_way: usize, window: usize) -> usize {
    under_way.saturating_sub(window - window.div_ceil(4)).max(1)
}

/// Results that wait for those before them.
struct Done<T> {
    /// The number of the first result that was not taken yet.
    first: usize,
    /// How many results have arrived, taken or not.
    arrived: usize,
    results: VecDeque<Option<T>>,
    /// Whether the work on one piece panicked: the scope goes on with that panic.
    lacks_one: bool,
}

impl<T> Done<T> {
    fn put_all(&mut self, arrivals: Vec<Arrival<T>>) {
        self.arrived += arrivals.len();
        arrivals.into_iter().for_each(|arrival| self.put(arrival));
    }

    fn put(&mut self, (number, result): Arrival<T>) {
        self.lacks_one |= result.is_none();
        let at = number - self.first;
        if self.results.len() <= at {
            self.results.resize_with(at + 1, || None);
        }
        self.results[at] = result;
    }

    fn take_all<E>(&mut self, mut take: impl FnMut(T) -> Result<(), E>) -> Result<(), E> {
        while let Some(result) = self.results.front_mut().and_then(Option::take) {
            self.results.pop_front();
            self.first += 1;
            take(result)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubled(window: usize, pieces: usize) -> Vec<usize> {
        let (mut pieces, mut taken) = (0..pieces, Vec::new());
        let next = || Ok(pieces.next());
        let map = |piece: usize| {
            // Those in front take longest.
            std::thread::sleep(Duration::from_micros(if piece.is_multiple_of(7) {
                300
            } else {
                0
            }));
            2 * piece
        };
        let ended: Result<(), ()> = in_order(window, next, map, |result| {
            taken.push(result);
            Ok(())
        });
        assert_eq!(ended, Ok(()));
        taken
    }

    #[test]
    fn results_come_in_the_order_of_the_pieces_whatever_the_window() {
        for window in [0, 1, 2, 5, 100] {
            let expected: Vec<usize> = (0..50).map(|piece| 2 * piece).collect();
            assert_eq!(doubled(window, 50), expected);
            assert!(doubled(window, 0).is_empty());
        }
    }

    #[test]
    fn a_thread_of_the_pool_that_waits_does_the_work_itself_where_nobody_else_does() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let both = pool.install(|| rayon::join(|| doubled(4, 30).len(), || doubled(4, 20).len()));
        assert_eq!(both, (30, 20));
    }

    #[test]
    fn no_more_pieces_are_under_way_than_the_window_has_room_for() {
        use std::sync::atomic::AtomicUsize;
        let (begun, mut taken) = (AtomicUsize::new(0), 0);
        let mut pieces = 0..40;
        let next = || {
            begun.fetch_add(1, Ordering::Relaxed);
            Ok(pieces.next())
        };
        let ended: Result<(), ()> = in_order(
            3,
            next,
            |piece| piece,
            |_| {
                // One is being taken, and two more are under way at most.
                assert!(begun.load(Ordering::Relaxed) <= taken + 3 + 1);
                taken += 1;
                Ok(())
            },
        );
        assert_eq!((ended, taken), (Ok(()), 40));
    }

    #[test]
    fn an_error_ends_the_work_and_a_panic_goes_on_where_it_was_waited_for() {
        let mut pieces = 0..1000;
        let mut taken = 0;
        let ended = in_order(
            8,
            || Ok(pieces.next()),
            |piece| piece,
            |piece| {
                taken += 1;
                if piece == 20 { Err("full") } else { Ok(()) }
            },
        );
        assert_eq!((ended, taken), (Err("full"), 21));
        assert!(pieces.next().is_some_and(|next| next < 60));

        let mut pieces = 0..20;
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let work = |piece| if piece == 5 { std::panic::panic_any("five") } else { piece };
            let _: Result<(), ()> = in_order(4, || Ok(pieces.next()), work, |_| Ok(()));
        }));
        let payload = panicked.unwrap_err();
        assert_eq!(payload.downcast_ref(), Some(&"five"));
    }

    #[test]
    fn all_pieces_before_one_that_cannot_be_had_are_taken() {
        for (window, pieces) in [(1, 5), (8, 3), (8, 50), (64, 40)] {
            let (mut given, mut taken) = (0, 0);
            let next = || {
                given += 1;
                if given > pieces { Err("cut off") } else { Ok(Some(given)) }
            };
            let map = |piece: usize| {
                std::thread::sleep(Duration::from_micros(100));
                piece
            };
            let ended = in_order(window, next, map, |piece| {
                taken += 1;
                assert_eq!(piece, taken);
                Ok(())
            });
            assert_eq!((ended, taken, given), (Err("cut off"), pieces, pieces + 1));
        }
    }

    #[test]
    fn who_waits_is_woken_whoever_is_last_and_while_pieces_are_slow() {
        for slow in [0, 1, 14, 15, 39] {
            let (mut pieces, mut taken) = (0..40, Vec::new());
            let map = |piece: usize| {
                let pause = if piece == slow { 20 } else { 0 };
                std::thread::sleep(Duration::from_millis(pause));
                piece
            };
            let ended: Result<(), ()> = in_order(
                16,
                || Ok(pieces.next()),
                map,
                |piece| {
                    taken.push(piece);
                    Ok(())
                },
            );
            assert_eq!((ended, taken), (Ok(()), (0..40).collect()));
        }
    }

    #[test]
    fn results_are_waited_for_some_together_but_for_each_one_where_few_are_under_way() {
        let arrivals = Arrivals::default();
        std::thread::scope(|scope| {
            scope.spawn(|| (0..3).for_each(|number| arrivals.put((number, Some(number)))));
            assert_eq!(arrivals.wait(3).len(), 3);
        });
        arrivals.put((3, None));
        assert_eq!(arrivals.wait(1), [(3, None)]);
        assert!(arrivals.pick_up().is_empty());
        let cases = [(64, 64, 16), (52, 64, 4), (48, 64, 1), (3, 64, 1), (16, 16, 4), (1, 1, 1)];
        for (under_way, window, expected) in cases {
            assert_eq!(enough(under_way, window), expected, "{under_way} of {window}");
        }
    }
}
