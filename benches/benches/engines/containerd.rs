//! containerd, asked over the CRI as a kubelet asks it. Its sandboxes have a bridge's port and an
//! address, for without it makes none.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::runtime::Runtime;
use tonic::transport::Channel;

use super::cri::{self, SandboxId, VersionRequest};
use super::machine::Machine;
use super::{Engine, PAUSE, image, need, prepare, word};
use crate::place::Place;

/// What the tests tell it, too.
const CONFIG: &str = include_str!("../../../tests/it/engine/containerd.toml");

pub(super) struct Containerd {
    channel: Channel,
    runtime: Runtime,
    /// The sandbox that there is.
    sandbox: RefCell<String>,
    _machine: Machine,
}

impl Containerd {
    pub(super) fn start(place: &Place) -> Result<Self, String> {
        need(&["containerd", "ctr", "runc"])?;
        let plugins = ["/usr/lib/cni", "/usr/libexec/cni", "/opt/cni/bin"].into_iter().map(Path::new);
        let plugins = plugins.into_iter().find(|directory| directory.join("bridge").is_file());
        let plugins = plugins.ok_or("the CNI plugins are not on this machine")?;
        let mut machine = Machine::boot(place)?;
        let work = machine.work().to_owned();
        configure(&work, plugins).map_err(|error| error.to_string())?;
        let socket = work.join("containerd.sock");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let mut containerd = machine.inside("containerd");
        containerd.arg("--config").arg(work.join("config.toml")).args(["--log-level", "warn"]);
        let channel = machine.serve(&mut containerd, |_| {
            runtime.block_on(async {
                let channel = cri::connect(&socket).await.ok()?;
                cri::call(channel.clone(), VersionRequest {}).await.ok()?;
                Some(channel)
            })
        })?;
        let mut ctr = machine.inside("ctr");
        ctr.arg("--address").arg(&socket).args(["--namespace", "k8s.io", "images", "import"]);
        prepare("ctr images import", ctr.args(["--snapshotter", "native", image(place)]))?;
        let asked = cri::status_of(PAUSE);
        machine.wait_for("the CRI to hear of the image", |_| {
            runtime.block_on(cri::call(channel.clone(), asked.clone())).ok()?.image
        })?;
        Ok(Self { channel, runtime, sandbox: RefCell::new(String::new()), _machine: machine })
    }

    fn call<C: cri::Call>(&self, request: C) -> C::Answer {
        let answer = self.runtime.block_on(cri::call(self.channel.clone(), request));
        answer.unwrap_or_else(|status| panic!("{}: {}", C::PATH, status.message()))
    }
}

impl Engine for Containerd {
    fn create(&self) -> Duration {
        let before = Instant::now();
        let SandboxId { id } = self.call(cri::sandbox("bench"));
        let taken = before.elapsed();
        *self.sandbox.borrow_mut() = id;
        taken
    }

    fn delete(&self) -> Duration {
        let id = self.sandbox.borrow().clone();
        let before = Instant::now();
        self.call(cri::StopPodSandboxRequest { id: id.clone() });
        self.call(cri::RemovePodSandboxRequest { id });
        before.elapsed()
    }

    fn exec(&self) -> Option<Duration> {
        None
    }
}

fn configure(work: &Path, plugins: &Path) -> std::io::Result<()> {
    let config = CONFIG.replace("WORK", &word(work.to_owned())).replace("PAUSE", PAUSE);
    fs::write(work.join("config.toml"), config.replace("CNI", &word(plugins.to_owned())))?;
    let ipam = json!({ "type": "host-local", "ranges": [[{ "subnet": "10.88.0.0/16" }]] });
    let bridge = json!({ "type": "bridge", "bridge": "cni0", "isGateway": true, "ipam": ipam });
    let network = json!({ "cniVersion": "0.4.0", "name": "podkit", "plugins": [bridge] });
    fs::create_dir(work.join("net.d"))?;
    fs::write(work.join("net.d/podkit.conflist"), network.to_string())
}
