//! What there is of the pods, by `pod get` and by the kernel.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{ErrorKind, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;

use super::model::{Listed, Sight, Worker};
use super::story::{self, KEY, PODS, SHAPE, Shape, WHO, Whom};
use crate::place::Place;
use crate::world::{self, Process, Role};

/// How long a port may take to say that nobody is behind it.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn look(place: &Place) -> anyhow::Result<Sight> {
    let listed = listed(place)?;
    let processes = world::processes()?;
    let listeners: BTreeSet<u16> = world::listeners()?;
    let ports = (0..PODS).map(story::port).filter(|port| listeners.contains(port));
    Ok(Sight {
        listed,
        workers: workers(&processes),
        attendants: processes.iter().filter_map(attended).collect(),
        dumb: ports.filter(|port| is_dumb(*port)).collect(),
        listeners,
    })
}

fn listed(place: &Place) -> anyhow::Result<BTreeMap<String, Listed>> {
    let got = place.must(&["pod", "get", "pods", "-o", "json"])?;
    let list: Value = serde_json::from_str(&got.out).with_context(|| got.out.clone())?;
    let items = list["items"].as_array().context("no list")?;
    let one = |item: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let statuses = item["status"]["containerStatuses"].as_array().cloned().unwrap_or_default();
        let ready = statuses.iter().filter(|status| status["ready"] == true).count();
        let shape = Shape::read(&text(&item["metadata"]["labels"][SHAPE]));
        (text(&item["metadata"]["name"]), Listed { shape, ready, row: item["status"].to_string() })
    };
    Ok(items.iter().map(one).collect())
}

/// The containers, by who they say that they are.
fn workers(processes: &[Process]) -> BTreeMap<String, Vec<Worker>> {
    let mut workers: BTreeMap<String, Vec<Worker>> = BTreeMap::new();
    for process in processes.iter().filter(|process| process.command == crate::images::WAITS) {
        // It may have ended since it was listed.
        let Ok(environment) = fs::read(format!("/proc/{}/environ", process.pid)) else { continue };
        let environment = String::from_utf8_lossy(&environment).into_owned();
        let mut variables = environment.split('\0').filter_map(|variable| variable.split_once('='));
        let Some((_, who)) = variables.find(|(name, _)| *name == WHO) else { continue };
        let number = |directory: &str| {
            let file = format!("/proc/{}/root/{directory}/{KEY}", process.pid);
            fs::read_to_string(file).ok()?.parse().ok()
        };
        let worker = Worker { pid: process.pid, told: number("told"), kept: number("kept") };
        workers.entry(who.to_owned()).or_default().push(worker);
    }
    workers
}

/// The pod that a process attends to.
fn attended(process: &Process) -> Option<String> {
    let mut words = process.command.split(' ').skip_while(|word| *word != "attend");
    (process.role == Role::Attendant).then(|| words.nth(2).map(str::to_owned))?
}

/// Whether a port takes a connection and then is silent: in the pod nobody listens, so whoever carries it says so at once.
fn is_dumb(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let Ok(mut stream) = TcpStream::connect_timeout(&address, PATIENCE) else { return false };
    let waits = stream.set_read_timeout(Some(PATIENCE)).and_then(|()| stream.read(&mut [0]));
    waits.is_err_and(|error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut))
}

/// The processes of a pod that are to be killed.
pub(super) fn of_a_pod(place: &Place, pod: usize, whom: Whom) -> anyhow::Result<Vec<i32>> {
    let processes = world::processes()?;
    let name = story::name(pod);
    let attendant = processes.iter().find(|process| attended(process).as_ref() == Some(&name));
    // Who serves a pod is a child of who attends to it.
    let child = |role: Role| {
        let of = |process: &&Process| process.role == role && attendant.is_some_and(|one| one.pid == process.parent);
        processes.iter().find(of).map(|process| process.pid)
    };
    let found = match whom {
        Whom::Container(number) => {
            let workers = workers(&processes);
            workers.get(&story::who(pod, number)).and_then(|workers| workers.first()).map(|worker| worker.pid)
        }
        Whom::Pause => {
            let record = fs::read_to_string(place.state().join(&name).join("pause")).unwrap_or_default();
            let pid = record.split(' ').next().and_then(|pid| pid.parse().ok());
            // A record stays until the pod is seen to have ended; whose pid it is by now is another matter.
            pid.filter(|pid| processes.iter().any(|process| process.pid == *pid && process.role == Role::Pause))
        }
        Whom::Attendant => attendant.map(|process| process.pid),
        Whom::Prober => child(Role::Prober),
        Whom::Forwarder => child(Role::Forwarder),
    };
    Ok(found.into_iter().collect())
}
