//! Signal masks and dispositions as a command is to have them: plain data.

use reaper::SignalSet;

/// The signal mask and the dispositions that a program was started with and a command inherits.
///
/// Of the dispositions only two need remembering: that of SIGPIPE, which Rust's runtime changes
/// before main, and that of SIGCHLD, which whoever waits for children has to change. Exec keeps
/// every other ignored signal ignored and puts every handler back to the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inherited {
    pub(crate) mask: SignalSet,
    pub(crate) pipe_ignored: bool,
    pub(crate) chld_ignored: bool,
}
