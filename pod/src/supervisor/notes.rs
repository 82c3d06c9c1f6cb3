//! What becomes of a pod's ports and of its way out while it lives: told to whoever attends to the pod, or to the log.

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// That something is not as it should be.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    /// In a word, as events have it.
    pub(crate) reason: &'static str,
    /// In a line.
    pub(crate) message: String,
}

/// Where notes go.
#[derive(Clone, Debug)]
pub(crate) struct Notes(Option<UnboundedSender<Note>>);

impl Notes {
    /// To the log.
    pub(super) fn logged() -> Self {
        Self(None)
    }

    /// To who listens.
    pub(crate) fn told() -> (Self, UnboundedReceiver<Note>) {
        let (tell, heard) = unbounded_channel();
        (Self(Some(tell)), heard)
    }

    pub(super) fn take(&self, reason: &'static str, message: String) {
        let Some(tell) = &self.0 else {
            eprintln!("pod: {message}");
            return;
        };
        let _at_the_end = tell.send(Note { reason, message });
    }
}
