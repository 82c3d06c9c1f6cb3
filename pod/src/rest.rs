//! Going to rest: at the last moment before who stays falls asleep, memory is given back that is not needed asleep.

use std::cell::Cell;

use tokio::runtime::Builder;

thread_local! {
    static WANTED: Cell<bool> = const { Cell::new(false) };
}

/// Has this thread give memory back when it next has nothing to do: nothing is due for a while.
pub(crate) fn soon() {
    WANTED.set(true);
}

/// A runtime of one thread that goes to rest.
pub(crate) fn runtime() -> Builder {
    let mut runtime = Builder::new_current_thread();
    runtime.enable_all().on_thread_park(|| {
        if WANTED.replace(false) {
            launch::give_memory_back();
        }
    });
    runtime
}
