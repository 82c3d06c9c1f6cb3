//! Going to rest: at the last moment before who stays falls asleep, memory is given back that is not needed asleep.

use std::cell::Cell;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;

/// Who has just given it back keeps what has come since: it is needed often.
const OFTEN: Duration = Duration::from_millis(250);

thread_local! {
    static WANTED: Cell<bool> = const { Cell::new(false) };
    static LAST: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Has this thread give memory back when it next has nothing to do: nothing is due for a while.
pub(crate) fn soon() {
    WANTED.set(true);
}

fn fall_asleep() {
    let wanted = WANTED.get() && LAST.get().is_none_or(|last| last.elapsed() >= OFTEN);
    if wanted {
        WANTED.set(false);
        LAST.set(Some(Instant::now()));
        launch::give_memory_back();
    }
}

/// A runtime of one thread that goes to rest.
pub(crate) fn runtime() -> Builder {
    let mut runtime = Builder::new_current_thread();
    runtime.enable_all().on_thread_park(fall_asleep);
    runtime
}
