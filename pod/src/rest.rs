//! Going to rest: at the last moment before who stays falls asleep, memory is given back that is not needed asleep.

use std::cell::Cell;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;

/// Who has given it back so often in so long a time keeps what has come since: it is needed.
const OFTEN: u32 = 4;
const LATELY: Duration = Duration::from_millis(250);

thread_local! {
    static WANTED: Cell<bool> = const { Cell::new(false) };
    /// Since when it is counted, and how often it was.
    static COUNTED: Cell<Option<(Instant, u32)>> = const { Cell::new(None) };
}

/// Has this thread give memory back when it next has nothing to do: nothing is due for a while.
pub(crate) fn soon() {
    WANTED.set(true);
}

fn fall_asleep() {
    if !WANTED.get() {
        return;
    }
    let lately = COUNTED.get().filter(|(since, _)| since.elapsed() < LATELY);
    let (since, times) = lately.unwrap_or_else(|| (Instant::now(), 0));
    if times < OFTEN {
        WANTED.set(false);
        COUNTED.set(Some((since, times + 1)));
        launch::give_memory_back();
    }
}

/// A runtime of one thread that goes to rest.
pub(crate) fn runtime() -> Builder {
    let mut runtime = Builder::new_current_thread();
    runtime.enable_all().on_thread_park(fall_asleep);
    runtime
}
