//! Pods of manifests, as they are applied and deleted by several subjects.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use fixtures::engine::PAUSE;
use fixtures::find;

use crate::keepers::Keepers;
use crate::place::{Place, works};

/// An image with a server in it.
pub(crate) const SERVER: &str = "localhost/podkit/server:1";
/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
/// In a directory of pods: networks, and what is in the making.
const NETWORKS: &str = ".networks";
const AT_WORK: &str = ".at-work";

/// What is applied, and where it is written.
pub(crate) struct Manifests<'a> {
    pub(crate) directory: &'a Path,
    pub(crate) place: &'a Place,
}

impl Manifests<'_> {
    /// Writes one down; hands back where.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.directory.join(name);
        fs::write(&path, text).expect("a manifest");
        path.display().to_string()
    }

    /// The directory of pods.
    pub(crate) fn pods(&self) -> PathBuf {
        self.place.work().join("pods")
    }

    /// A command that is about these pods, run to its good end.
    pub(crate) fn pod(&self, words: &[&str]) -> Duration {
        self.place.time("pod", words)
    }

    pub(crate) fn apply(&self, file: &str) -> Duration {
        self.pod(&["apply", "--wait", "--timeout", "600s", "-f", file])
    }

    pub(crate) fn delete(&self, file: &str) -> Duration {
        self.pod(&["delete", "-f", file])
    }

    /// What there is in the directory of pods, but for their network, which stays for a while.
    pub(crate) fn left(&self) -> Vec<String> {
        let left = fs::read_dir(self.pods()).into_iter().flatten().flatten();
        let left = left.map(|entry| entry.file_name().to_string_lossy().into_owned());
        left.filter(|name| name != NETWORKS && name != AT_WORK).collect()
    }

    /// Has whoever stays with the pods' network remove it.
    pub(crate) fn end_who_stays(&self) {
        let before = Instant::now();
        while self.pods().join(NETWORKS).exists() && before.elapsed() < PATIENCE {
            let stands =
                |pid: &&i32| fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|at| at.starts_with(self.pods()));
            for pid in Keepers::of(&self.pods()).processes().iter().filter(stands) {
                // It may have ended by itself.
                let _gone = Command::new("kill").arg(pid.to_string()).stderr(Stdio::null()).status();
            }
            sleep(Duration::from_millis(50));
        }
    }
}

/// What still is there, because somebody failed, goes with the place.
impl Drop for Manifests<'_> {
    fn drop(&mut self) {
        if !self.left().is_empty() {
            // Whatever cannot be deleted is told by pod itself.
            let _told = self.place.command("pod", &["delete", "pods", "--all", "--now"]).status();
        }
        self.end_who_stays();
    }
}

/// A Pod of two containers, of which the first may have a probe.
pub(crate) fn pod(name: &str, image: &str, probe: &str) -> String {
    let serves = if image == SERVER { "    command: [/bin/busybox, httpd, -f, -p, \"8080\"]\n" } else { "" };
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  terminationGracePeriodSeconds: 5\n  containers:\n  \
         - name: first\n    image: {image}\n    imagePullPolicy: Never\n{serves}{probe}  \
         - name: second\n    image: {PAUSE}\n    imagePullPolicy: Never\n"
    )
}

/// A readiness probe that [`SERVER`] answers, asked so often.
pub(crate) fn probe(delay: u32, period: u32) -> String {
    format!(
        "    readinessProbe: {{httpGet: {{port: 8080, path: /bin/busybox}}, initialDelaySeconds: {delay}, \
         periodSeconds: {period}}}\n"
    )
}

/// Makes that image of this machine's busybox, where there is none yet.
///
/// # Errors
/// There is no busybox, or the image cannot be made.
pub(crate) fn server(place: &Place, directory: &Path) -> Result<(), String> {
    let busybox = find("busybox").ok_or("busybox is not on this machine")?;
    let root = directory.join("server");
    let told = |error: std::io::Error| error.to_string();
    fs::create_dir_all(root.join("bin")).map_err(told)?;
    fs::copy(busybox, root.join("bin/busybox")).map_err(told)?;
    let archive = directory.join("server.tar");
    works(place.command("tar", &["-cf"]).arg(&archive).arg("-C").arg(&root).arg("."))?;
    works(place.command("pod", &["image", "import"]).arg(&archive).arg(SERVER))
}
