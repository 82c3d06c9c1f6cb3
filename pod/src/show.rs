//! Pods as text and as JSON, from the same views.
//!
//! What others wrote (commands, messages) is shown to people with control characters escaped: a
//! terminal would do what they say.

pub mod image;
pub mod pull;

use std::io::Write;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use launch::complain::printable;
use serde::Serialize;
use tabwriter::TabWriter;

use crate::error::Error;
use crate::record::{self, Missing};
use crate::verbs::publish::Changed;
use crate::view::{PodView, WorkloadStatus, WorkloadView};

/// Shows a value as JSON.
///
/// # Errors
/// When the output cannot be written.
pub fn json(value: &impl Serialize, out: &mut impl Write) -> Result<(), Error> {
    serde_json::to_writer_pretty(&mut *out, value).map_err(|error| Error::Output(error.into()))?;
    writeln!(out).map_err(Error::Output)
}

/// Shows pods as a table, one line each, with their addresses where there is room for them.
///
/// # Errors
/// When the output cannot be written.
pub fn table(pods: &[PodView], wide: bool, out: &mut impl Write) -> Result<(), Error> {
    let more = if wide { "\tIP\tNETWORK" } else { "" };
    let mut rows = vec![format!("NAME\tSTATUS\tWORKLOADS\tPORTS\tAGE{more}")];
    rows.extend(pods.iter().map(|pod| {
        let running = pod.workloads.iter().filter(|workload| workload.status == WorkloadStatus::Running).count();
        let (status, age) = (pod.status, age(pod.created));
        let more = if wide { format!("\t{}\t{}", first(&pod.addresses), pod.network) } else { String::new() };
        format!("{}\t{status:?}\t{running}/{}\t{}\t{age}{more}", pod.name, pod.workloads.len(), ports(pod))
    }));
    aligned(&rows, out)
}

/// Shows what was changed of a pod's published ports, one line each.
///
/// # Errors
/// When the output cannot be written.
pub fn published(changed: &Changed, out: &mut impl Write) -> Result<(), Error> {
    let Changed { name, added, removed, unchanged, .. } = changed;
    for (ports, what) in [(removed, "removed from"), (added, "published in"), (unchanged, "unchanged in")] {
        for port in ports {
            writeln!(out, "port/{port} {what} pod/{name}").map_err(Error::Output)?;
        }
    }
    Ok(())
}

/// Shows all there is to know of a pod.
///
/// # Errors
/// When the output cannot be written.
pub fn description(pod: &PodView, out: &mut impl Write) -> Result<(), Error> {
    let mut rows = vec![
        format!("Name:\t{}", pod.name),
        format!(
            "Status:\t{:?}{}",
            pod.status,
            pod.reason.as_ref().map(|why| format!(" ({})", printable(why))).unwrap_or_default()
        ),
        format!("Hostname:\t{}", pod.hostname.as_deref().unwrap_or("the host's")),
        format!("Created:\t{} ({} ago)", record::seconds(pod.created), age(pod.created)),
        format!("Pause:\t{}", pod.pause.map_or("none".to_owned(), |pause| format!("pid {}", pause.pid))),
        format!("Shares:\t{}", list(pod.share.iter().map(|share| share.kind().to_string()))),
        format!("Namespaces:\t{}", list(pod.namespaces.iter().map(|(kind, inode)| format!("{kind}:[{inode}]")))),
        format!("Network:\t{}", pod.network),
        format!("Addresses:\t{}", list(pod.addresses.iter().map(ToString::to_string))),
        format!("Ports:\t{}", ports(pod)),
        format!("Without:\t{}", without(&pod.missing)),
        format!("Directory:\t{}", pod.directory.display()),
        format!("Workloads:\t{}", if pod.workloads.is_empty() { "none" } else { "" }),
    ];
    for workload in &pod.workloads {
        rows.extend([
            format!("  {}:", workload.name),
            format!("    Status:\t{}", status(workload)),
            format!("    Command:\t{}", printable(&workload.command.join(" "))),
            format!("    Process:\t{}", workload.process.map_or("none".to_owned(), |it| format!("pid {}", it.pid))),
            format!("    Started:\t{}", record::seconds(workload.started)),
            format!("    Log:\t{}", workload.log.display()),
        ]);
        if !workload.missing.is_empty() {
            rows.push(format!("    Without:\t{}", without(&workload.missing)));
        }
    }
    aligned(&rows, out)
}

fn without(missing: &[Missing]) -> String {
    list(missing.iter().map(|it| format!("{} ({})", it.mount, it.reason)))
}

fn status(workload: &WorkloadView) -> String {
    if let (WorkloadStatus::Exited, Some(reason), Some(code)) =
        (workload.status, workload.end_reason, workload.exit_code)
    {
        return format!("{} ({code})", reason.name());
    }
    match (workload.status, workload.exit_code, &workload.signal) {
        (WorkloadStatus::Running, ..) => "Running".to_owned(),
        (WorkloadStatus::Unknown, ..) => "Unknown".to_owned(),
        (WorkloadStatus::Exited, Some(code), _) => format!("Exited ({code})"),
        (WorkloadStatus::Exited, None, Some(signal)) => format!("Exited ({signal})"),
        (WorkloadStatus::Exited, None, None) => "Exited (nobody saw how)".to_owned(),
    }
}

fn ports(pod: &PodView) -> String {
    let down = if pod.carried || pod.publish.is_empty() { "" } else { " (down)" };
    format!("{}{down}", list(pod.publish.iter().map(ToString::to_string)))
}

/// The address that is shown where there is room for one.
fn first(addresses: &[IpAddr]) -> String {
    addresses.first().map_or_else(|| "-".to_owned(), ToString::to_string)
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<_> = items.collect();
    if items.is_empty() { "-".to_owned() } else { items.join(", ") }
}

/// How long ago, in its two largest units: `3m 12s`.
fn age(since: SystemTime) -> String {
    let seconds = SystemTime::now().duration_since(since).unwrap_or_default().as_secs();
    let age = humantime::format_duration(Duration::from_secs(seconds)).to_string();
    age.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

fn aligned(rows: &[String], out: &mut impl Write) -> Result<(), Error> {
    let mut table = TabWriter::new(out).padding(3);
    rows.iter().try_for_each(|row| writeln!(table, "{row}")).and_then(|()| table.flush()).map_err(Error::Output)
}
