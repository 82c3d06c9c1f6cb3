//! containerd, asked over the CRI as a kubelet asks it. Its sandboxes have a bridge's port and an
//! address, for without it makes none.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use fixtures::engine::{PAUSE, cni_plugins, containerd_socket, tell_containerd, tell_ctr};
use tokio::runtime::Runtime;
use tonic::transport::Channel;

use super::cri::{self, SandboxId, VersionRequest};
use super::machine::Machine;
use super::{Engine, image, need, prepare};
use crate::place::Place;

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
        let plugins = cni_plugins().ok_or("the CNI plugins are not on this machine")?;
        let mut machine = Machine::boot(place)?;
        let work = machine.work().to_owned();
        let socket = containerd_socket(&work);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let mut containerd = machine.inside("containerd");
        tell_containerd(&mut containerd, &work, machine.volatile(), plugins).map_err(|error| error.to_string())?;
        let channel = machine.serve(&mut containerd, |_| {
            runtime.block_on(async {
                let channel = cri::connect(&socket).await.ok()?;
                cri::call(channel.clone(), VersionRequest {}).await.ok()?;
                Some(channel)
            })
        })?;
        let mut ctr = machine.inside("ctr");
        tell_ctr(&mut ctr, &work);
        prepare("ctr images import", ctr.args(["images", "import", "--snapshotter", "native", image(place)]))?;
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
