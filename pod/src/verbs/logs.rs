//! `pod logs`: what a workload has said, line by line, and with `-f` what it goes on to say.
//!
//! kubectl's options, but for two differences: logs that were put aside are shown, too, and `-f` goes on with
//! the next launch of the workload if there is one by the time that one ends.

mod entry;
mod follow;
mod read;
mod refused;
mod several;

use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use manifest::selector::Selector;
use manifest::value::duration;
use registry::{Found, Name, Registry};

use super::meant::{Meant, meant};
use super::named;
use crate::answer::{Answer, Complaint};
use crate::error::Error;
use crate::record::{self, WorkloadRecord};
use entry::Shower;
use follow::{Follow, Until};
use read::{Launch, last};

/// Print what a workload has said.
#[derive(Debug, Args)]
pub struct Logs {
    /// The pod's name: web, pod/web
    #[arg(value_name = "POD", required_unless_present = "selector", conflicts_with = "selector", value_parser = named::called)]
    pod: Option<Name>,

    /// The workload's name [default: the only one; of the pod of a manifest its default container]
    #[arg(value_name = "WORKLOAD", conflicts_with_all = ["container", "all_containers"])]
    workload: Option<Name>,

    /// The namespace of a manifest's pod
    #[arg(short, long, value_name = "NAME")]
    namespace: Option<String>,

    /// Of all containers
    #[arg(long, conflicts_with = "container")]
    all_containers: bool,

    /// Of all pods whose labels are like this; of each so many entries as --tail says, or 10
    #[arg(short = 'l', long, value_name = "SELECTOR", value_parser = str::parse::<Selector>)]
    selector: Option<Selector>,

    /// How many logs may be followed at once
    #[arg(long, value_name = "LOGS", default_value_t = 5)]
    max_log_requests: usize,

    /// Go on with the others where one cannot be shown
    #[arg(long)]
    ignore_errors: bool,

    /// The same
    #[arg(short, long, value_name = "NAME")]
    container: Option<Name>,

    /// Go on with what it says, until it has ended
    #[arg(short, long)]
    follow: bool,

    /// Of the launch before the last
    #[arg(short, long, conflicts_with = "follow")]
    previous: bool,

    /// Of what there is, only so many entries; -1 is all
    #[arg(long, value_name = "LINES", allow_hyphen_values = true)]
    tail: Option<i64>,

    /// Only what was said in this time before now, like 5s, 2m or 3h
    #[arg(long, value_name = "DURATION", conflicts_with = "since_time", value_parser = since)]
    since: Option<Duration>,

    /// Only what was said since, in RFC 3339
    #[arg(long, value_name = "TIME", value_parser = instant)]
    since_time: Option<SystemTime>,

    /// Before each line, when it was said
    #[arg(long)]
    timestamps: bool,

    /// Before each line, whose it is
    #[arg(long)]
    prefix: bool,

    /// No more than so many bytes
    #[arg(long, value_name = "BYTES")]
    limit_bytes: Option<u64>,
}

fn since(text: &str) -> Result<Duration, String> {
    match duration(text) {
        Ok((false, duration)) if !duration.is_zero() => Ok(duration),
        Ok(_) => Err("it has to be greater than 0".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn instant(text: &str) -> Result<SystemTime, String> {
    let time = text.parse::<jiff::Timestamp>().map_err(|error| error.to_string())?;
    let since = u64::try_from(time.as_nanosecond()).map_err(|_| format!("{text} is before there were logs"))?;
    Ok(UNIX_EPOCH + Duration::from_nanos(since))
}

/// Writes all that a workload says from one of its launches on, each line with this before it, until it has ended and
/// no further launch is there; says which was the last.
///
/// # Errors
/// The log cannot be read, or the text not written.
pub(crate) fn follow(
    found: &Found,
    workload: &Name,
    first: u32,
    prefix: String,
    out: &mut impl Write,
    err: &mut impl Write,
) -> Result<u32, Error> {
    let follow = Follow::new(found, workload)?;
    let launch = Launch::open(found.directory(), workload, first)?;
    let prefix = Some(prefix);
    let mut shower = Shower { since: None, timestamps: false, prefix, left: None, goes_on: [false; 2], out, err };
    let last = follow.run(launch, &mut shower)?;
    shower.flush().map(|()| last)
}

/// Writes what a workload says in this launch until that has ended; what it has said before, too, where that was
/// missed.
///
/// # Errors
/// As [`follow`].
pub(super) fn listen(
    found: &Found,
    workload: &Name,
    launch: u32,
    missed: bool,
    out: &mut impl Write,
    err: &mut impl Write,
) -> Result<(), Error> {
    let follow = Follow::new(found, workload)?.until(Until::Ended);
    let mut launch = Launch::open(found.directory(), workload, launch)?;
    if !missed {
        last(&mut launch, 0, |_| Ok(true))?;
    }
    let mut shower = Shower { since: None, timestamps: false, prefix: None, left: None, goes_on: [false; 2], out, err };
    follow.run(launch, &mut shower)?;
    shower.flush()
}

impl Logs {
    /// Writes what the workload has said since it was launched last, or the time before, as it said it: each
    /// stream to its own. A line is said when it is whole, or longer than 16 KiB.
    ///
    /// # Errors
    /// When there is no such pod by hand, or no such workload or launch of it, or the log cannot be read or the text not
    /// written.
    pub fn run(&self, registry: &Registry, out: &mut impl Write, err: &mut impl Write) -> Result<Answer, Error> {
        if self.tail.is_some_and(|tail| tail < -1) {
            return Ok(Complaint::plain("--tail must be greater than or equal to -1").into());
        }
        match self.write(registry, out, err) {
            Ok(()) => Ok(Answer::default()),
            Err(error) => self.refused(error, registry),
        }
    }

    fn write(&self, registry: &Registry, out: &mut impl Write, err: &mut impl Write) -> Result<(), Error> {
        let Some(name) = self.pod.as_ref().filter(|_| !self.all_containers) else {
            return self.run_several(registry, out, err);
        };
        let found = named::found(registry, self.namespace.as_deref(), name)?;
        let opened = self.open(&found);
        // Before anything is said: these may be another's of its name.
        if !found.is_there()? {
            return Err(found.ended().into());
        }
        let (meant, launch) = opened?;
        if let Some(told) = meant.told {
            // A stderr that takes nothing is no reason to show nothing.
            let _lost = writeln!(err, "{told}");
        }
        self.show(&found, name.as_str(), &meant.workload, launch, out, err)
    }

    fn show(
        &self,
        found: &Found,
        pod: &str,
        workload: &Name,
        mut launch: Launch,
        out: &mut impl Write,
        err: &mut impl Write,
    ) -> Result<(), Error> {
        let since = self.since.and_then(|since| SystemTime::now().checked_sub(since)).or(self.since_time);
        let mut shower = Shower {
            since: since.map(|since| record::nanos(since).to_string()),
            timestamps: self.timestamps,
            prefix: self.prefix.then(|| format!("[pod/{pod}/{workload}] ")),
            left: self.limit_bytes,
            goes_on: [false; 2],
            out,
            err,
        };
        let tail = self.tail.unwrap_or(if self.selector.is_some() { 10 } else { -1 });
        let wants_more = match usize::try_from(tail) {
            Ok(tail) => last(&mut launch, tail, |entry| shower.show(entry))?,
            Err(_all) => launch.read(|entry| shower.show(entry))?,
        };
        if !wants_more {
            return shower.flush();
        }
        if self.follow {
            Follow::new(found, workload)?.run(launch, &mut shower)?;
        } else {
            launch.rest(|entry| shower.show(entry))?;
        }
        shower.flush()
    }

    /// The namespace that was meant.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.namespace.as_deref().filter(|name| !name.is_empty()).unwrap_or("default")
    }

    /// The workload, and the logs of the launch that is meant.
    fn open(&self, found: &Found) -> Result<(Meant, Launch), Error> {
        let typed = self.workload.as_ref().or(self.container.as_ref());
        let meant = match typed {
            Some(name) => Meant { workload: name.clone(), told: None },
            None => meant(found)?.ok_or_else(|| Error::NoWorkload { pod: found.name().clone() })?,
        };
        let launch = self.launch(found, &meant.workload)?;
        Ok((meant, launch))
    }

    /// The logs of the launch of a workload that is meant.
    fn launch(&self, found: &Found, workload: &Name) -> Result<Launch, Error> {
        let (pod, workload) = (|| found.name().clone(), workload.clone());
        let Some(WorkloadRecord { number, .. }) = found.directory().spec(&workload)? else {
            return Err(Error::NoSuchWorkload { pod: pod(), workload });
        };
        let previous = number.checked_sub(u32::from(self.previous));
        let launch = previous.map(|number| Launch::open(found.directory(), &workload, number)).transpose()?;
        match launch.filter(|launch| !self.previous || launch.is_there()) {
            Some(launch) => Ok(launch),
            None => Err(Error::NoPrevious { pod: pod(), workload }),
        }
    }
}
