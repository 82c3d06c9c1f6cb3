//! docker-registry on a machine of its own, with one image, and whoever pulls it there.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use fixtures::engine::configure_podman;

use super::machine::Machine;
use super::podman::with_overlay;
use super::{need, prepare};
use crate::place::Place;

/// Where it listens, on that machine's loopback.
const WHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 5000);

pub(crate) struct Registry {
    machine: Machine,
    name: String,
}

impl Registry {
    /// Has it have what is in this archive of OCI's.
    pub(crate) fn start(place: &Place, archive: &str) -> Result<Self, String> {
        need(&["docker-registry", "skopeo", "podman"])?;
        let mut machine = Machine::boot(place)?;
        configure_podman(machine.work()).map_err(|error| error.to_string())?;
        let configuration = machine.work().join("registry.yml");
        let storage = format!("{{filesystem: {{rootdirectory: {}}}}}", machine.work().join("registry").display());
        let text = format!("version: 0.1\nlog: {{level: error}}\nstorage: {storage}\nhttp: {{addr: \"{WHERE}\"}}\n");
        fs::write(&configuration, text).map_err(|error| error.to_string())?;
        let mut registry = machine.inside("docker-registry");
        registry.arg("serve").arg(configuration);
        let name = format!("{WHERE}/large:1");
        let source = format!("oci-archive:{archive}");
        let destination = format!("docker://{name}");
        let words = ["copy", "--quiet", "--insecure-policy", "--dest-tls-verify=false", &source, &destination];
        machine.serve(&mut registry, |machine| {
            // It is there when it takes the image.
            let mut skopeo = machine.inside("skopeo");
            skopeo.args(words).stderr(Stdio::null()).status().is_ok_and(|status| status.success()).then_some(())
        })?;
        let registry = Self { machine, name };
        prepare("podman pull", &mut registry.podman_pull(&registry.machine.work().join("tried")))?;
        Ok(registry)
    }

    /// This program, which stays the process that was started, pulling it.
    pub(crate) fn pull(&self, program: &str, words: &[&str]) -> Command {
        let mut command = self.machine.beside(PathBuf::from(program));
        command.args(words).arg(&self.name);
        command
    }

    /// Podman, pulling it into this place.
    pub(crate) fn podman_pull(&self, store: &Path) -> Command {
        with_overlay(&self.machine, store, &["pull", "--quiet", "--tls-verify=false", &self.name])
    }
}
