//! What is known of a pod's surroundings, gathered for who compiles it. Looks and reads, and does nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::thread;

use container::plan::{Device, DeviceKind};
use image::Image;
use manifest::kind::{Object, Pod, PodSpec, Resource};
use nix::sys::statvfs::statvfs;
use nix::unistd::{AccessFlags, access};

use crate::compile::{Facts, ImageFacts, NodeFacts};
use crate::objects::{self, Key, Objects, ObjectsError};

/// The machine.
pub(crate) fn node(data: &Path) -> NodeFacts {
    let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let processors = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    // Of a directory that is not there yet, the file system that it will be on.
    let there = data.ancestors().find_map(|directory| statvfs(directory).ok());
    NodeFacts {
        name: objects::node_name(),
        addresses: address().into_iter().collect(),
        cpu: u64::try_from(processors).unwrap_or(u64::MAX).saturating_mul(1000),
        memory: memory(&text("/proc/meminfo")).unwrap_or(0),
        ephemeral_storage: there.map_or(0, |there| there.blocks().saturating_mul(there.fragment_size())),
        resolv_conf: text("/etc/resolv.conf"),
        hosts: text("/etc/hosts"),
        seccomp: "/var/lib/kubelet/seccomp".into(),
    }
}

/// The machine's devices, as a privileged container has them: those that we may use, but for terminals and what each
/// container has for itself.
pub(crate) fn devices() -> Vec<Device> {
    let mut found = Vec::new();
    let mut left = vec![PathBuf::from("/dev")];
    while let Some(directory) = left.pop() {
        // What is gone, or may not be looked into, has none for us.
        for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
            let path = entry.path();
            let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
            let kind = metadata.file_type();
            let is_apart = ["pts", "shm", "fd", "mqueue", "console", "ptmx", ".udev", ".lxc", ".lxd-mounts"];
            let name = entry.file_name();
            if is_apart.iter().any(|apart| name == *apart) || path.to_str().is_none() {
                continue;
            }
            let device = match () {
                () if kind.is_dir() => {
                    left.push(path);
                    continue;
                }
                () if kind.is_char_device() => DeviceKind::Character,
                () if kind.is_block_device() => DeviceKind::Block,
                () => continue,
            };
            if access(&path, AccessFlags::R_OK).is_err() && access(&path, AccessFlags::W_OK).is_err() {
                continue;
            }
            let number = metadata.rdev();
            let (major, minor) = (libc::major(number), libc::minor(number));
            let mode = metadata.mode() & 0o777;
            found.push(Device { source: path.clone(), at: path, kind: device, major, minor, mode });
        }
    }
    found.sort_by(|one, other| one.at.cmp(&other.at));
    found
}

/// The address that the machine has on the way to others: nothing is sent to find it out.
fn address() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|address| !address.is_unspecified())
}

fn memory(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

/// The objects that a pod names, as far as there are.
///
/// # Errors
/// One cannot be read.
pub(crate) fn kept(pod: &Pod, objects: &Objects, facts: &mut Facts) -> Result<(), ObjectsError> {
    let namespace = pod.metadata.namespace.as_deref().unwrap_or("default");
    let none = PodSpec::default();
    let wanted = Wanted::of(pod.spec.as_ref().unwrap_or(&none));
    let get = |word: &str, name: &str| match Resource::find(word) {
        Some(resource) => objects.get(&Key::new(resource, namespace, name)),
        None => Ok(None),
    };
    (facts.config_maps, facts.secrets) = Default::default();
    for name in wanted.config_maps {
        if let Some(Object::ConfigMap(map)) = get("configmap", &name)? {
            facts.config_maps.insert(name, *map);
        }
    }
    for name in wanted.secrets {
        if let Some(Object::Secret(secret)) = get("secret", &name)? {
            facts.secrets.insert(name, *secret);
        }
    }
    Ok(())
}

/// The names of objects that a pod is made of.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wanted {
    config_maps: BTreeSet<String>,
    secrets: BTreeSet<String>,
}

impl Wanted {
    fn of(spec: &PodSpec) -> Self {
        let mut wanted = Self::default();
        for volume in &spec.volumes {
            wanted.config_maps.extend(volume.config_map.as_ref().and_then(|map| map.name.clone()));
            wanted.secrets.extend(volume.secret.as_ref().and_then(|secret| secret.secret_name.clone()));
            for source in volume.projected.iter().flat_map(|projected| &projected.sources) {
                wanted.config_maps.extend(source.config_map.as_ref().and_then(|map| map.name.clone()));
                wanted.secrets.extend(source.secret.as_ref().and_then(|secret| secret.name.clone()));
            }
        }
        for container in spec.init_containers.iter().chain(&spec.containers) {
            for from in &container.env_from {
                wanted.config_maps.extend(from.config_map_ref.as_ref().and_then(|map| map.name.clone()));
                wanted.secrets.extend(from.secret_ref.as_ref().and_then(|secret| secret.name.clone()));
            }
            for from in container.env.iter().filter_map(|variable| variable.value_from.as_ref()) {
                wanted.config_maps.extend(from.config_map_key_ref.as_ref().and_then(|map| map.name.clone()));
                wanted.secrets.extend(from.secret_key_ref.as_ref().and_then(|secret| secret.name.clone()));
            }
        }
        wanted.secrets.extend(spec.image_pull_secrets.iter().filter_map(|secret| secret.name.clone()));
        wanted
    }
}

/// What an image says of how its program is to run.
pub(crate) fn image(name: &str, image: &Image) -> ImageFacts {
    let config = image.config.config().clone().unwrap_or_default();
    let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let variables = config.env().iter().flatten().filter_map(|variable| variable.split_once('='));
    ImageFacts {
        id: image.id.to_string(),
        name: name.to_owned(),
        entrypoint: config.entrypoint().clone().unwrap_or_default(),
        command: config.cmd().clone().unwrap_or_default(),
        environment: variables.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        directory: text(config.working_dir()),
        user: text(config.user()),
        stop_signal: text(config.stop_signal()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whatever_a_pod_names_is_looked_for() {
        let map = |name: &str| json!({ "name": name });
        let value = json!({ "metadata": { "name": "a" }, "spec": {
            "imagePullSecrets": [{ "name": "pull" }],
            "volumes": [
                { "name": "a", "configMap": map("volume") },
                { "name": "b", "secret": { "secretName": "volume" } },
                { "name": "c", "projected": { "sources": [{ "configMap": map("part") }, { "secret": map("part") }] } },
            ],
            "initContainers": [{ "name": "i", "envFrom": [{ "configMapRef": map("all") }, { "secretRef": map("all") }] }],
            "containers": [{ "name": "c", "env": [
                { "name": "A", "valueFrom": { "configMapKeyRef": { "name": "key", "key": "k" } } },
                { "name": "B", "valueFrom": { "secretKeyRef": { "name": "key", "key": "k" } } },
            ] }],
        } });
        let Ok(Object::Pod(pod)) = Object::from_value("Pod", value) else { panic!("no pod") };
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let expected = Wanted {
            config_maps: names(&["volume", "part", "all", "key"]),
            secrets: names(&["volume", "part", "all", "key", "pull"]),
        };
        assert_eq!(Wanted::of(pod.spec.as_ref().expect("a spec")), expected);
    }

    #[test]
    fn the_machine_is_as_large_as_it_is() {
        assert_eq!(memory("MemFree: 1 kB\nMemTotal:       16384 kB\n"), Some(16 << 20));
        assert_eq!(memory(""), None);
        let node = node(Path::new("/nonexistent/data"));
        assert!(node.memory > 0 && node.cpu >= 1000 && node.ephemeral_storage > 0 && !node.name.is_empty(), "{node:?}");
    }
}
