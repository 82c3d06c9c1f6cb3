//! A pull, while it goes on and when it is done: bars where somebody looks on, and lines otherwise.

use std::collections::HashMap;
use std::io::{self, IsTerminal, Write, stderr, stdout};
use std::sync::{Mutex, PoisonError};

use humantime::format_duration;
use image::Digest;
use image::remote::{Event, Pulled, Stage};
use indicatif::{HumanBytes, MultiProgress, ProgressBar, ProgressStyle};
use launch::complain::{line, printable};

use crate::cli::Format;
use crate::error::Error;

/// What is shown of a pull while it goes on.
#[derive(Debug)]
pub struct Progress {
    manner: Manner,
    /// That a line could not be written: it is told when there is nobody to disturb.
    failed: Mutex<Option<io::Error>>,
}

#[derive(Debug)]
enum Manner {
    /// Only what goes wrong.
    Quiet,
    Lines,
    Bars {
        all: MultiProgress,
        each: Mutex<HashMap<Digest, ProgressBar>>,
    },
}

impl Progress {
    /// As whoever looks on can make use of it.
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        let manner = match (quiet, stderr().is_terminal()) {
            (true, _) => Manner::Quiet,
            (false, true) => Manner::Bars { all: MultiProgress::new(), each: Mutex::default() },
            (false, false) => Manner::Lines,
        };
        Self { manner, failed: Mutex::default() }
    }

    /// Shows something that happened.
    pub fn show(&self, event: &Event<'_>) {
        match event {
            Event::Passed { endpoint, error } => {
                self.warn(&format!("{}, asking another than {}", line(error), endpoint.host));
            }
            Event::Again { error, after } => {
                self.warn(&format!("{}, trying again in {}", line(error), format_duration(whole(*after))));
            }
            Event::Found { reference, .. } => {
                let digest = reference.digest().map(ToString::to_string);
                let of = digest.as_deref().or(reference.tag()).unwrap_or_default();
                self.say(&format!("{of}: Pulling from {}", reference.path()));
            }
            Event::Unpacked { layer, outcome } => {
                for told in outcome.told() {
                    self.warn(&format!("layer {}: {told}", layer.blob.digest()));
                }
            }
            Event::Layer { digest, stage } => self.layer(digest, *stage),
            _ => {}
        }
    }

    fn layer(&self, digest: &Digest, stage: Stage) {
        let short = digest.short();
        if let Manner::Bars { all, each } = &self.manner {
            let mut each = each.lock().unwrap_or_else(PoisonError::into_inner);
            let bar = each.entry(digest.clone()).or_insert_with(|| all.add(bar(short)));
            return match stage {
                Stage::Here => finish(bar, "Already exists"),
                Stage::Begun { written, size } => {
                    bar.set_length(size);
                    bar.set_position(written);
                }
                Stage::Came(written) => bar.set_position(written),
                Stage::Done => finish(bar, "Pull complete"),
            };
        }
        match stage {
            Stage::Here => self.say(&format!("{short}: Already exists")),
            Stage::Begun { written: 0, .. } => self.say(&format!("{short}: Pulling fs layer")),
            Stage::Begun { written, .. } => self.say(&format!("{short}: Resuming at {}", HumanBytes(written))),
            Stage::Came(_) => {}
            Stage::Done => self.say(&format!("{short}: Pull complete")),
        }
    }

    /// What is news, on stdout.
    fn say(&self, text: &str) {
        let written = match &self.manner {
            Manner::Quiet => Ok(()),
            Manner::Lines => writeln!(stdout(), "{}", printable(text)),
            Manner::Bars { all, .. } => all.println(printable(text)),
        };
        if let Err(error) = written {
            self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    }

    /// What did not go well, on stderr, whoever looks on.
    fn warn(&self, text: &str) {
        let text = format!("pod: {}", printable(text));
        // A stderr that takes nothing is no reason to fail.
        let _lost = match &self.manner {
            Manner::Bars { all, .. } => all.println(text),
            _ => writeln!(stderr(), "{text}"),
        };
    }

    /// Nothing happens any more.
    ///
    /// # Errors
    /// When something could not be shown.
    pub fn end(self) -> Result<(), Error> {
        if let Manner::Bars { each, .. } = &self.manner {
            each.lock().unwrap_or_else(PoisonError::into_inner).values().for_each(ProgressBar::abandon);
        }
        self.failed
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
            .map_or(Ok(()), |error| Err(Error::Output(error)))
    }
}

/// In whole milliseconds, for that is as exact as anybody reads it.
fn whole(time: std::time::Duration) -> std::time::Duration {
    std::time::Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

fn bar(short: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix}: {bar:30} {bytes:>10}/{total_bytes:10} {msg}");
    let bar = ProgressBar::no_length().with_prefix(short.to_owned());
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

fn finish(bar: &ProgressBar, how: &str) {
    let style = ProgressStyle::with_template("{prefix}: {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.finish_with_message(how.to_owned());
}

/// Shows what has come: docker's last lines, or only the name where nothing else was wanted.
///
/// # Errors
/// When the output cannot be written.
pub fn pulled(pulled: &Pulled, quiet: bool, format: Format, out: &mut impl Write) -> Result<(), Error> {
    let Pulled { reference, digest, manifest, newer } = pulled;
    if format == Format::Json {
        let value = serde_json::json!({
            "reference": reference.to_string(),
            "digest": digest,
            "manifest": manifest,
            "newer": newer,
        });
        return super::json(&value, out);
    }
    let mut lines = String::new();
    if !quiet {
        let status = if *newer { "Downloaded newer image for" } else { "Image is up to date for" };
        lines = format!("Digest: {digest}\nStatus: {status} {}\n", reference.familiar());
    }
    writeln!(out, "{lines}{reference}").map_err(Error::Output)
}
