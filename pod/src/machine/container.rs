//! What is known of a container.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::probing::Prober;
use super::starting::Step;
use super::{Backoff, ProbeKind, Stamp};
use crate::compile::Waiting;

/// A container, and how it does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// What it is shown as.
    pub shown: Shown,
    /// How the latest of its instances ended that has ended.
    pub end: Option<End>,
    /// How the one before that did.
    pub previous: Option<End>,
    /// How many instances there were.
    pub instances: u32,
    /// Its image, once it was here.
    pub image: Option<Image>,
    /// What the latest instance is called.
    pub id: Option<String>,
    /// Whether it has come up.
    pub started: bool,
    /// Whether it is ready.
    pub ready: bool,
    /// Since when it runs, as long as it does.
    pub since: Option<Stamp>,
    pub(super) step: Step,
    /// Whether it is to be started: again, too.
    pub(super) wanted: bool,
    /// Before when it is not tried.
    pub(super) retry: Option<Duration>,
    /// What it is shown to wait for, from when on.
    pub(super) soon: Option<(Duration, Waiting, String)>,
    /// The end that waits are counted from.
    pub(super) basis: Option<Duration>,
    pub(super) crashes: Backoff,
    pub(super) pulls: Backoff,
    /// When its image could not be fetched, and why.
    pub(super) pull_failed: Option<(Duration, String)>,
    /// Which image that was, where it is one that it mounts.
    #[serde(default)]
    pub(super) failed_volume: Option<String>,
    pub(super) probers: BTreeMap<ProbeKind, Prober>,
}

/// What a container is shown as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shown {
    /// It waits, for this.
    Waiting {
        /// What for; what the whole pod waits for, where nothing is said.
        reason: Option<Waiting>,
        /// In a sentence.
        message: String,
    },
    /// It runs.
    Running,
    /// It has ended.
    Ended,
}

/// How an instance of a container ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Its exit code.
    pub code: i32,
    /// In a word.
    pub reason: String,
    /// The word that it left.
    pub message: String,
    /// When it was started, if it was.
    pub started: Option<Stamp>,
    /// When it ended.
    pub finished: Stamp,
    /// What it was called.
    pub id: Option<String>,
}

/// An image, as a container's status has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The name that it is known by.
    pub name: String,
    /// Its digest.
    pub id: String,
}

impl Container {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            shown: Shown::Waiting { reason: None, message: String::new() },
            end: None,
            previous: None,
            instances: 0,
            image: None,
            id: None,
            started: false,
            ready: false,
            since: None,
            step: Step::Idle,
            wanted: true,
            retry: None,
            soon: None,
            basis: None,
            crashes: Backoff::default(),
            pulls: Backoff::default(),
            pull_failed: None,
            failed_volume: None,
            probers: BTreeMap::new(),
        }
    }

    /// How often it was started again.
    #[must_use]
    pub fn restarts(&self) -> u32 {
        self.instances.saturating_sub(1)
    }

    /// How it ended, where it is shown as ended.
    #[must_use]
    pub fn ended(&self) -> Option<&End> {
        self.end.as_ref().filter(|_| self.shown == Shown::Ended)
    }

    /// How it ended the time before what is shown.
    #[must_use]
    pub fn last(&self) -> Option<&End> {
        if self.shown == Shown::Ended { self.previous.as_ref() } else { self.end.as_ref() }
    }

    /// Whether it runs, as shown.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.shown == Shown::Running
    }

    /// Whether it has ended well, and is not to run again.
    pub(super) fn is_done(&self) -> bool {
        !self.wanted && self.end.as_ref().is_some_and(|end| end.code == 0)
    }

    pub(super) fn waits(&mut self, reason: Waiting, message: &str) {
        self.shown = Shown::Waiting { reason: Some(reason), message: message.to_owned() };
    }

    /// The instance that runs, or is being launched or ended.
    pub(super) fn instance(&self) -> u32 {
        self.instances.saturating_sub(1)
    }
}
