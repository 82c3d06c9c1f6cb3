//! A Pod of two containers whose image is here, beside `podman kube play` of the same manifest. Cases:
//! - apply, delete: `pod apply --wait` until it is Running, `pod delete` of containers that end on TERM;
//! - restart: from the death of a container to the process that comes after it, where nobody has to wait for that;
//! - memory: of whoever looks after the pod, when all has been quiet for a while; ours has a readiness probe every
//!   second, which podman leaves out;
//! - a hundred pods with such a probe each: until all of them are Ready, what looking after them takes of a processor,
//!   and the memory of each.
//!
//! All of it needs root. The containers are our pause, which ends on TERM, and where there are probes busybox's httpd.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use benches::{Entry, Unit};
use fixtures::engine::PAUSE;
use fixtures::find;
use nix::unistd::{SysconfVar, sysconf};

use crate::engines::{self, Podman};
use crate::footprint::memory::Gauge;
use crate::inits::number_in;
use crate::place::{Place, time, works};
use crate::session::Session;
use crate::turns::{Turns, case, nanoseconds, pair, said, timed};

const SUBJECT: &str = "pods";
const SERVER: &str = "localhost/podkit/server:1";
/// In a directory of pods: networks, and what is in the making.
const NETWORKS: &str = ".networks";
const AT_WORK: &str = ".at-work";
/// How many there are at once.
const MANY: usize = 100;
/// How long nothing is asked, before it is looked what that takes.
const QUIET: Duration = Duration::from_secs(5);
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) fn measure(session: &mut Session, place: &Place) {
    if !nix::unistd::geteuid().is_root() {
        session.leave_out(SUBJECT, "pods", "needs root");
        return;
    }
    place.time("pod", &["image", "load", "--quiet", "--input", engines::image(place)]);
    let directory = engines::directory().expect("a directory");
    let manifests = Manifests { directory: directory.path(), place };
    match Podman::start(place) {
        Ok(podman) => manifests.beside(session, &podman),
        Err(reason) => session.leave_out(SUBJECT, "podman kube play", &reason),
    }
    match server(place, directory.path()) {
        Ok(()) => manifests.many(session),
        Err(reason) => session.leave_out(SUBJECT, "pods with probes", &reason),
    }
}

/// What is applied, and where it is written; the pods are there, too: a pod has a /dev/shm of its own, so that nothing of
/// its containers can be in ours.
struct Manifests<'a> {
    directory: &'a Path,
    place: &'a Place,
}

impl Manifests<'_> {
    fn write(&self, name: &str, text: &str) -> String {
        let path = self.directory.join(name);
        fs::write(&path, text).expect("a manifest");
        path.display().to_string()
    }

    fn pods(&self) -> PathBuf {
        self.directory.join("pods")
    }

    fn pod(&self, words: &[&str]) -> Duration {
        time(self.place.command("pod", words).env("POD_STATE_DIR", self.pods()))
    }

    fn apply(&self, file: &str) -> Duration {
        self.pod(&["apply", "--wait", "--timeout", "60s", "-f", file])
    }

    fn delete(&self, file: &str) -> Duration {
        self.pod(&["delete", "-f", file])
    }

    /// Has whoever stays with the pods' network remove it.
    fn end_who_stays(&self) {
        let before = Instant::now();
        while self.pods().join(NETWORKS).exists() && before.elapsed() < PATIENCE {
            let stands =
                |pid: &&i32| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|at| at.starts_with(self.pods()));
            for pid in Keepers::called(|name| name == "pod").0.iter().filter(stands) {
                // It may have ended by itself.
                let _gone = Command::new("kill").arg(pid.to_string()).stderr(Stdio::null()).status();
            }
            sleep(Duration::from_millis(50));
        }
    }

    fn beside(&self, session: &mut Session, podman: &Podman) {
        let two = self.write("two.yaml", &pod("two", PAUSE, ""));
        let ours = case("pod", || [self.apply(&two), self.delete(&two)].map(|time| Some(nanoseconds(time))));
        let theirs = case("podman kube", || {
            [time(&mut podman.play(&two)), time(&mut podman.down(&two))].map(|time| Some(nanoseconds(time)))
        });
        let measures = [("apply", Unit::Time), ("delete", Unit::Time)];
        let pairs = [("pod", "podman kube")];
        Turns { subject: SUBJECT, measures, pairs: &pairs, rounds: session.rounds(20) }
            .take(session, vec![ours, theirs]);
        self.restarts(session, podman, &two);
        self.memory(session, podman, &two);
    }

    /// Each of ours is a pod's first: the second would wait for ten seconds.
    fn restarts(&self, session: &mut Session, podman: &Podman, two: &str) {
        time(&mut podman.play(two));
        let record = self.pods().join("two/workloads/first/process");
        let ours = timed("pod", || {
            self.apply(two);
            let taken = until_another(&record, |text| text.split(' ').next()?.parse().ok(), kill);
            self.delete(two);
            taken
        });
        let (theirs, pid_file) = podman.process_of("two-first");
        assert!(theirs > 0, "podman's container runs");
        let theirs =
            timed("podman kube", || until_another(&pid_file, |text| text.trim().parse().ok(), |pid| podman.kill(pid)));
        let measures = [("restart", Unit::Time)];
        let pairs = [("pod", "podman kube")];
        Turns { subject: SUBJECT, measures, pairs: &pairs, rounds: session.rounds(20) }
            .take(session, vec![ours, theirs]);
        time(&mut podman.down(two));
    }

    fn memory(&self, session: &mut Session, podman: &Podman, two: &str) {
        if let Err(reason) = server(self.place, self.directory) {
            session.leave_out(SUBJECT, "memory", &reason);
            return;
        }
        let probed = self.write("probed.yaml", &pod("probed", SERVER, PROBE));
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..session.rounds(5) {
            let before = Keepers::ours();
            self.apply(&probed);
            sleep(QUIET);
            ours.push(Keepers::ours().since(&before).memory());
            self.delete(&probed);
            let before = Keepers::podmans();
            time(&mut podman.play(two));
            sleep(QUIET);
            theirs.push(Keepers::podmans().since(&before).memory());
            time(&mut podman.down(two));
        }
        for (name, values) in [("pod", &ours), ("podman kube", &theirs)] {
            session.say(&Entry::Case(said(SUBJECT, "memory", name, Unit::Bytes, values)));
        }
        session.say(&Entry::Pair(pair([SUBJECT, "memory", "pod", "podman kube"], Unit::Bytes, &ours, &theirs)));
    }

    fn many(&self, session: &mut Session) {
        let mut text = String::new();
        for number in 0..MANY {
            let _written = write!(text, "---\n{}", pod(&format!("many-{number}"), SERVER, PROBE));
        }
        let file = self.write("many.yaml", &text);
        let (gauge, before) = (Gauge::new(), Keepers::ours());
        let empty = gauge.read();
        let taken = self.apply(&file);
        let memory = (gauge.read() - empty) / MANY as f64;
        let keepers = Keepers::ours().since(&before);
        sleep(QUIET);
        let busy = keepers.processor_time();
        sleep(QUIET);
        let share = keepers.processor_time().saturating_sub(busy).as_secs_f64() / QUIET.as_secs_f64() / MANY as f64;
        let kept = keepers.memory() / MANY as f64;
        let deleted = self.delete(&file);
        let left = fs::read_dir(self.pods()).into_iter().flatten().flatten();
        // Their network stays for a while.
        let left: Vec<_> =
            left.map(|entry| entry.file_name()).filter(|name| *name != NETWORKS && *name != AT_WORK).collect();
        assert!(left.is_empty(), "left of {MANY} pods: {left:?}");
        let each = format!("each of {MANY} pods");
        for (measure, unit, value) in [
            ("until all are Ready", Unit::Time, nanoseconds(taken)),
            ("until all are gone", Unit::Time, nanoseconds(deleted)),
            ("memory with containers", Unit::Bytes, memory),
            ("memory of who looks after it", Unit::Bytes, kept),
            ("processor time in a second", Unit::Time, share * 1e9),
        ] {
            session.say(&Entry::Case(said(SUBJECT, measure, &each, unit, &[value])));
        }
    }
}

/// What still is there, because somebody failed, goes with the place.
impl Drop for Manifests<'_> {
    fn drop(&mut self) {
        let entries = fs::read_dir(self.pods()).into_iter().flatten().flatten();
        for name in entries.filter_map(|entry| entry.file_name().into_string().ok()) {
            let mut delete = self.place.command("pod", &["delete", "pod", &name, "--now"]);
            // Whatever cannot be deleted is told by pod itself.
            let _told = delete.env("POD_STATE_DIR", self.pods()).status();
        }
        self.end_who_stays();
    }
}

const PROBE: &str = "    readinessProbe: {httpGet: {port: 8080, path: /bin/busybox}, periodSeconds: 1}\n";

/// A Pod of two containers, of which the first may have a probe.
fn pod(name: &str, image: &str, probe: &str) -> String {
    let serves = if image == SERVER { "    command: [/bin/busybox, httpd, -f, -p, \"8080\"]\n" } else { "" };
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  terminationGracePeriodSeconds: 5\n  containers:\n  \
         - name: first\n    image: {image}\n    imagePullPolicy: Never\n{serves}{probe}  \
         - name: second\n    image: {PAUSE}\n    imagePullPolicy: Never\n"
    )
}

/// The image of busybox, made of this machine's own.
fn server(place: &Place, directory: &Path) -> Result<(), String> {
    let busybox = find("busybox").ok_or("busybox is not on this machine")?;
    let root = directory.join("server");
    let told = |error: std::io::Error| error.to_string();
    fs::create_dir_all(root.join("bin")).map_err(told)?;
    fs::copy(busybox, root.join("bin/busybox")).map_err(told)?;
    let archive = directory.join("server.tar");
    works(place.command("tar", &["-cf"]).arg(&archive).arg("-C").arg(&root).arg("."))?;
    works(place.command("pod", &["image", "import"]).arg(&archive).arg(SERVER))
}

fn kill(pid: i32) {
    time(Command::new("kill").args(["-KILL", &pid.to_string()]));
}

/// Ends the process that a file tells of; until there it tells of another.
fn until_another(file: &Path, read: impl Fn(&str) -> Option<i32>, end: impl Fn(i32)) -> Duration {
    let told = || read(&fs::read_to_string(file).ok()?);
    let first = told().expect("a process");
    let before = Instant::now();
    end(first);
    // Not asleep: being woken takes a part of what is measured.
    while told().is_none_or(|pid| pid == first) {
        assert!(before.elapsed() < PATIENCE, "{}: none came after {first}", file.display());
        std::hint::spin_loop();
    }
    before.elapsed()
}

/// The processes that look after pods.
struct Keepers(BTreeSet<i32>);

impl Keepers {
    fn ours() -> Self {
        Self::called(|name| name == "pod" || name.starts_with("pod-"))
    }

    fn podmans() -> Self {
        let theirs = ["conmon", "podman", "rootlessport", "aardvark-dns", "netavark"];
        Self::called(|name| theirs.iter().any(|one| name.starts_with(one)))
    }

    fn called(is_one: impl Fn(&str) -> bool) -> Self {
        let pids = fs::read_dir("/proc").expect("/proc").flatten();
        let pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let name = |pid: &i32| fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        Self(pids.filter(|pid| is_one(name(pid).trim())).collect())
    }

    fn since(&self, before: &Self) -> Self {
        Self(self.0.difference(&before.0).copied().collect())
    }

    /// Proportional, in bytes.
    fn memory(&self) -> f64 {
        let of = |pid: &i32| number_in(PathBuf::from(format!("/proc/{pid}/smaps_rollup")), "Pss").unwrap_or_default();
        self.0.iter().map(of).sum::<f64>() * 1024.0
    }

    /// Of all their threads, those that have ended, too.
    fn processor_time(&self) -> Duration {
        let ticks = |pid: &i32| -> Option<u64> {
            let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            // After the name, which may hold anything: utime and stime.
            let mut fields = text.rsplit_once(')')?.1.split_whitespace().skip(11);
            Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
        };
        let second = sysconf(SysconfVar::CLK_TCK).ok().flatten().unwrap_or(100);
        let sum: u64 = self.0.iter().filter_map(ticks).sum();
        Duration::from_secs_f64(sum as f64 / second as f64)
    }
}
