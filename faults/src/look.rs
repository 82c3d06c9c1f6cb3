//! Looking: pods as `pod get` shows them, everything else as the kernel does; and waiting, within
//! bounds, for what comes about in the kernel's own time.

use std::collections::BTreeSet;
use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::Deserialize;

use crate::place::{Place, Ran};
use crate::promises::{Pod, Seen, Talk, Violation, Workload};
use crate::verbs::{self, POD, WORKLOAD};
use crate::world;

/// How long the kernel, and what was told to end, may take.
pub(crate) const SETTLING: Duration = Duration::from_millis(1500);

/// Of `pod get -o json`, what is promised.
#[derive(Debug, Deserialize)]
struct Shown {
    name: String,
    status: String,
    pause: Option<Numbered>,
    #[serde(default)]
    publish: Vec<Published>,
    carried: bool,
    #[serde(default)]
    workloads: Vec<Worked>,
}

#[derive(Debug, Deserialize)]
struct Numbered {
    pid: i32,
}

#[derive(Debug, Deserialize)]
struct Published {
    host_port: u16,
}

#[derive(Debug, Deserialize)]
struct Worked {
    name: String,
    status: String,
    process: Option<Numbered>,
    signal: Option<String>,
}

/// The pods that a `get` has shown; one that fails about a pod may show the others.
pub(crate) fn pods(get: &Ran) -> anyhow::Result<Vec<Pod>> {
    if get.out.is_empty() {
        return Ok(Vec::new());
    }
    let shown: Vec<Shown> = serde_json::from_str(&get.out).with_context(|| format!("{}: {}", get.words, get.out))?;
    Ok(shown.into_iter().map(Pod::from).collect())
}

impl From<Shown> for Pod {
    fn from(shown: Shown) -> Self {
        let workload = |worked: Worked| Workload {
            name: worked.name,
            running: worked.status == "Running",
            process: worked.process.map(|process| process.pid),
            killed: worked.signal.as_deref() == Some("SIGKILL"),
        };
        Self {
            running: shown.status == "Running",
            pause: shown.pause.map(|pause| pause.pid),
            // Those that nobody carries for now are shown as that.
            ports: shown.publish.iter().filter(|_| shown.carried).map(|publish| publish.host_port).collect(),
            workloads: shown.workloads.into_iter().map(workload).collect(),
            name: shown.name,
        }
    }
}

/// The names that a list of images has shown.
pub(crate) fn images(list: &Ran) -> Vec<String> {
    list.out.lines().filter_map(|line| line.strip_prefix("image/")).map(str::to_owned).collect()
}

/// What there is now, besides these pods.
pub(crate) fn around(place: &Place, pods: &[Pod]) -> anyhow::Result<Seen> {
    Ok(Seen {
        pods: pods.to_vec(),
        processes: world::processes()?,
        listeners: world::listeners()?,
        unix_listeners: world::unix_listeners()?,
        mounts: world::mounts()?,
        links: world::links()?,
        leases: place.leases()?,
        tables: Vec::new(),
        cgroups: Vec::new(),
        entries: world::entries(&place.state())?,
        talk: None,
    })
}

/// What the talking workload has said until now, and what of it does not come into its log in time.
pub(crate) fn talk(place: &Place) -> anyhow::Result<Option<Talk>> {
    let Some(said) = fs::read_to_string(place.work().join("said")).ok().and_then(|text| text.trim().parse().ok())
    else {
        return Ok(None);
    };
    let deadline = Instant::now() + SETTLING;
    loop {
        let log = place.run(&verbs::logs(POD, WORKLOAD))?;
        let logged: BTreeSet<&str> = log.out.lines().collect();
        let missing = (1..=said).filter(|number| !logged.contains(number.to_string().as_str())).count();
        let talk = Talk { said, missing: u64::try_from(missing)? };
        if missing == 0 || Instant::now() > deadline {
            return Ok(Some(talk));
        }
        sleep(Duration::from_millis(10));
    }
}

/// Looks until nothing is to be complained of, or until it is too late.
pub(crate) fn settled(mut look: impl FnMut() -> anyhow::Result<Vec<Violation>>) -> anyhow::Result<Vec<Violation>> {
    let deadline = Instant::now() + SETTLING;
    loop {
        let violations = look()?;
        if violations.is_empty() || Instant::now() > deadline {
            return Ok(violations);
        }
        sleep(Duration::from_millis(2));
    }
}
