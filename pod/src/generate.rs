//! A pod made by hand, as the manifest of one like it. Pure: which image a container stands on is looked up before.

use std::ffi::OsStr;
use std::path::Path;

use container::Parts;
use container::limits::Limits;
use container::plan::{Capabilities, Named, Process, Propagation, ReadOnly, Seccomp, What};
use registry::Name;
use serde_json::{Map, Value, json};

use crate::plan::{Console, PodPlan, Share, WorkloadPlan};
use crate::publish::{Publish, Transport};

/// A workload of the pod, and what its image is called, if it is of one that has a name.
#[derive(Debug)]
pub(crate) struct Workload {
    pub(crate) plan: WorkloadPlan,
    pub(crate) image: Option<String>,
}

/// The manifest, and what of the pod it does not say.
#[derive(Debug, PartialEq)]
pub(crate) struct Generated {
    pub(crate) value: Value,
    pub(crate) told: Vec<String>,
}

/// The manifest of a pod like this one, whose own files are in this directory.
///
/// # Errors
/// No workload of it is a container of an image, or a word of one is no text.
pub(crate) fn manifest(pod: &PodPlan, directory: &Path, workloads: &[Workload]) -> Result<Generated, String> {
    let (mut told, mut volumes, mut containers) = (Vec::new(), Vec::new(), Vec::new());
    for Workload { plan, image } in workloads {
        match (&plan.container, image) {
            (Some(container), Some(image)) => {
                let mut made = Container { name: &plan.name, directory, volumes: &mut volumes, told: &mut told };
                containers.push(made.value(plan, container.parts(), image)?);
            }
            (None, _) => told.push(format!("workload {} is a program of this machine, and left out", plan.name)),
            (Some(_), None) => told.push(format!("workload {} has no image with a name, and is left out", plan.name)),
        }
    }
    let Some(first) = containers.first_mut() else {
        return Err(format!("pod {}: no workload of it is a container of an image with a name", pod.name()));
    };
    if !pod.publish().is_empty() {
        first["ports"] = pod.publish().iter().map(port).collect();
    }
    let mut spec = Map::new();
    spec.insert("containers".to_owned(), containers.into());
    if !pod.shares(Share::Net) {
        spec.insert("hostNetwork".to_owned(), true.into());
    }
    if !pod.shares(Share::Ipc) {
        spec.insert("hostIPC".to_owned(), true.into());
    }
    match pod.shares(Share::Uts) {
        true if pod.hostname().as_str() != pod.name().as_str() => {
            spec.insert("hostname".to_owned(), pod.hostname().as_str().into());
        }
        true => {}
        false if pod.shares(Share::Net) => {
            told.push("the machine's hostname is shared with a pod that has its network only".to_owned());
        }
        false => {}
    }
    if pod.shares(Share::Pid) {
        spec.insert("shareProcessNamespace".to_owned(), true.into());
    }
    // What was added by hand is added once.
    spec.insert("restartPolicy".to_owned(), "Never".into());
    if !volumes.is_empty() {
        let volume = |(number, path): (usize, &String)| json!({ "hostPath": { "path": path }, "name": called(number) });
        spec.insert("volumes".to_owned(), volumes.iter().enumerate().map(volume).collect());
    }
    let name = pod.name().as_str();
    let value = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "labels": { "app": name }, "name": name },
        "spec": spec,
    });
    Ok(Generated { value, told })
}

fn called(volume: usize) -> String {
    format!("host-{volume}")
}

fn port(port: &Publish) -> Value {
    let mut value = json!({ "containerPort": port.pod_port, "hostPort": port.host_port });
    if !port.address.is_unspecified() {
        value["hostIP"] = port.address.to_string().into();
    }
    if port.protocol == Transport::Udp {
        value["protocol"] = "UDP".into();
    }
    value
}

/// A container in the making.
struct Container<'a> {
    name: &'a Name,
    directory: &'a Path,
    /// The paths of the machine that containers have, each once.
    volumes: &'a mut Vec<String>,
    told: &'a mut Vec<String>,
}

impl Container<'_> {
    fn value(&mut self, plan: &WorkloadPlan, parts: &Parts, image: &str) -> Result<Value, String> {
        let process = &parts.process;
        let mut value = json!({
            "command": process.command.iter().map(|word| self.text(word)).collect::<Result<Vec<_>, _>>()?,
            "image": image,
            "imagePullPolicy": "IfNotPresent",
            "name": self.name.as_str(),
            "securityContext": self.rights(process, parts.read_only),
            "workingDir": self.path(&process.directory)?,
        });
        let mut variables = Vec::new();
        // A kubelet has a name of the pod's for it.
        for (key, text) in process.environment.iter().filter(|(key, _)| key != "HOSTNAME") {
            variables.push(json!({ "name": self.text(key)?, "value": self.text(text)? }));
        }
        if !variables.is_empty() {
            value["env"] = variables.into();
        }
        let mounts = self.mounts(parts)?;
        if !mounts.is_empty() {
            value["volumeMounts"] = mounts.into();
        }
        let limits = self.limits(&parts.limits);
        if !limits.is_empty() {
            value["resources"] = json!({ "limits": limits });
        }
        match plan.console {
            Console::Terminal(_) => (value["stdin"], value["tty"]) = (true.into(), true.into()),
            Console::Pipe => value["stdin"] = true.into(),
            Console::None => {}
        }
        if let Some(runtime) = &plan.runtime {
            self.tell(&format!("{} runs it here", runtime.display()));
        }
        Ok(value)
    }

    fn tell(&mut self, what: &str) {
        self.told.push(format!("container {}: {what}", self.name));
    }

    fn text(&self, word: &OsStr) -> Result<String, String> {
        let text = word.to_str().map(str::to_owned);
        text.ok_or_else(|| format!("container {}: {} is no text", self.name, word.display()))
    }

    fn path(&self, path: &Path) -> Result<String, String> {
        self.text(path.as_os_str())
    }

    fn rights(&mut self, process: &Process, read_only: bool) -> Value {
        let mut rights = Map::new();
        let mut set = |key: &str, value: Value| rights.insert(key.to_owned(), value);
        let names = |one: Capabilities, other: Capabilities| -> Vec<String> {
            one.without(other).iter().map(|it| it.to_string().trim_start_matches("CAP_").to_owned()).collect()
        };
        let usual = Capabilities::usual();
        let changes = [("add", names(process.capabilities, usual)), ("drop", names(usual, process.capabilities))];
        let changes: Map<_, _> = changes
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(key, names)| (key.to_owned(), names.into()))
            .collect();
        if !changes.is_empty() {
            set("capabilities", changes.into());
        }
        if process.no_new_privileges {
            set("allowPrivilegeEscalation", false.into());
        }
        if read_only {
            set("readOnlyRootFilesystem", true.into());
        }
        let mut lacking = Vec::new();
        for (key, named) in [("runAsUser", Some(&process.user.user)), ("runAsGroup", process.user.group.as_ref())] {
            match named {
                Some(Named::Number(number)) => drop(set(key, (*number).into())),
                Some(Named::Name(name)) if name == "root" => drop(set(key, 0.into())),
                Some(Named::Name(name)) => {
                    lacking.push(format!("{key} takes no name, so {name:?} is left to the image"))
                }
                None => {}
            }
        }
        match &process.seccomp {
            Seccomp::RuntimeDefault => drop(set("seccompProfile", json!({ "type": "RuntimeDefault" }))),
            Seccomp::Unconfined => drop(set("seccompProfile", json!({ "type": "Unconfined" }))),
            Seccomp::Localhost(path) => lacking.push(format!("its seccomp profile {} is left out", path.display())),
        }
        lacking.iter().for_each(|what| self.tell(what));
        rights.into()
    }

    /// What of the machine's it sees, but for what every container does.
    fn mounts(&mut self, parts: &Parts) -> Result<Vec<Value>, String> {
        let mut mounts = Vec::new();
        for mount in &parts.mounts {
            let What::Bind { source, .. } = &mount.what else { continue };
            let is_own = [Path::new("/etc/hostname"), Path::new("/etc/hosts"), Path::new("/etc/resolv.conf")]
                .contains(&mount.at.as_path());
            if is_own && (source.starts_with(self.directory) || *source == mount.at) {
                continue;
            }
            let source = self.path(source)?;
            let number = self.volumes.iter().position(|volume| *volume == source).unwrap_or_else(|| {
                self.volumes.push(source);
                self.volumes.len() - 1
            });
            let mut value = json!({ "mountPath": self.path(&mount.at)?, "name": called(number) });
            match mount.attributes.read_only {
                ReadOnly::No => {}
                ReadOnly::Itself => value["readOnly"] = true.into(),
                ReadOnly::AllBelow => {
                    value["readOnly"] = true.into();
                    value["recursiveReadOnly"] = "IfPossible".into();
                }
            }
            match mount.propagation {
                Propagation::Private => {}
                Propagation::Slave => value["mountPropagation"] = "HostToContainer".into(),
                Propagation::Shared => value["mountPropagation"] = "Bidirectional".into(),
            }
            mounts.push(value);
        }
        Ok(mounts)
    }

    fn limits(&mut self, limits: &Limits) -> Map<String, Value> {
        let Limits { memory, shares, quota, pids, huge_pages, io_weight, cpus, memory_nodes } = limits;
        let mut said = Map::new();
        if let Some(memory) = memory {
            said.insert("memory".to_owned(), memory.limit.to_string().into());
        }
        if let Some(quota) = quota {
            said.insert("cpu".to_owned(), format!("{}m", (quota.quota() * 1000).div_ceil(quota.period())).into());
        }
        let others = [
            ("shares of processors", shares.is_some()),
            ("number of processes", pids.is_some()),
            ("huge pages", !huge_pages.is_empty()),
            ("share of disks", io_weight.is_some()),
            ("processors", cpus.is_some()),
            ("memory nodes", memory_nodes.is_some()),
        ];
        for (what, _) in others.into_iter().filter(|(_, is_limited)| *is_limited) {
            self.tell(&format!("its {what} cannot be said in a manifest"));
        }
        said
    }
}
