//! A containerd of a test's own, and what a kubelet asks of it.

use fixtures::cri::{
    Call, ContainerConfig, ContainerId, ContainerMetadata, CreateContainerRequest, ExecSyncRequest, ImageSpec,
    ImageStatusRequest, LinuxContainerConfig, LinuxContainerSecurityContext, LinuxPodSandboxConfig,
    LinuxSandboxSecurityContext, ListPodSandboxRequest, NamespaceMode, NamespaceOption, PodSandboxConfig,
    PodSandboxMetadata, PodSandboxStatusRequest, PodSandboxStatusResponse, RemovePodSandboxRequest,
    RunPodSandboxRequest, SandboxId, StartContainerRequest, StopPodSandboxRequest, VersionRequest, call, connect,
};
use fixtures::engine::{PAUSE, cni_plugins, containerd_socket, tell_containerd, tell_ctr};
use serde_json::Value;
use tokio::runtime::Runtime;
use tonic::transport::Channel;

use crate::engine::Engine;
use crate::house::{Ran, eventually};
use crate::image::{WORKLOAD, pause_image, workload_image};

/// A containerd with our images, and a connection to it.
pub(crate) struct Cri {
    pub(super) channel: Channel,
    pub(super) runtime: Runtime,
    pub(crate) engine: Engine,
}

/// A sandbox, and the configuration that its containers have to name again.
pub(crate) struct Pod {
    pub(crate) id: String,
    pub(super) config: PodSandboxConfig,
}

impl Cri {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut engine = Engine::new();
        let work = engine.house.work();
        let mut containerd = engine.inside("containerd");
        tell_containerd(&mut containerd, &work, &work, cni_plugins().expect("CNI plugins")).unwrap();
        let channel = engine.start(&mut containerd, |_| {
            runtime.block_on(async {
                let channel = connect(&containerd_socket(&work)).await.ok()?;
                call(channel.clone(), VersionRequest {}).await.ok()?;
                Some(channel)
            })
        });
        let cri = Self { channel, runtime, engine };
        for (image, archive) in [(PAUSE, pause_image()), (WORKLOAD, workload_image())] {
            cri.ctr(&["images", "import", "--snapshotter", "native", archive.to_str().unwrap()]).ok();
            let wanted = ImageStatusRequest { image: Some(named(image)) };
            eventually("the CRI has heard of the image", || cri.call(wanted.clone()).image);
        }
        cri
    }

    /// Containerd's own client, in the namespace of the CRI.
    pub(crate) fn ctr(&self, words: &[&str]) -> Ran {
        let mut ctr = self.engine.inside("ctr");
        tell_ctr(&mut ctr, &self.engine.house.work());
        self.engine.house.finish(ctr.args(words))
    }

    #[track_caller]
    pub(super) fn call<C: Call>(&self, request: C) -> C::Answer {
        let asked = format!("{} {request:?}", C::PATH);
        let answer = self.runtime.block_on(call(self.channel.clone(), request));
        answer.unwrap_or_else(|status| panic!("{asked}: {:?}: {}", status.code(), status.message()))
    }

    #[track_caller]
    pub(crate) fn sandbox(&self, pids: NamespaceMode) -> Pod {
        let config = sandbox_config("pod", pids);
        let SandboxId { id } = self.call(RunPodSandboxRequest { config: Some(config.clone()) });
        Pod { id, config }
    }

    #[track_caller]
    pub(super) fn status(&self, id: &str) -> PodSandboxStatusResponse {
        self.call(PodSandboxStatusRequest { id: id.to_owned(), verbose: true })
    }

    /// The pid of a sandbox's pause, as the engine's machine counts.
    pub(crate) fn pid(&self, pod: &Pod) -> i64 {
        let info = &self.status(&pod.id).info["info"];
        serde_json::from_str::<Value>(info).unwrap()["pid"].as_i64().unwrap()
    }

    /// Starts a container in a pod, with the pod's mind about pids.
    #[track_caller]
    pub(crate) fn start(&self, pod: &Pod, name: &str, command: &[&str]) -> String {
        let security = pod.config.linux.clone().unwrap().security_context.unwrap();
        let config = ContainerConfig {
            metadata: Some(ContainerMetadata { name: name.to_owned() }),
            image: Some(named(WORKLOAD)),
            command: words(command),
            linux: Some(LinuxContainerConfig {
                security_context: Some(LinuxContainerSecurityContext { namespace_options: security.namespace_options }),
            }),
        };
        let (pod_sandbox_id, sandbox_config) = (pod.id.clone(), Some(pod.config.clone()));
        let ContainerId { id } =
            self.call(CreateContainerRequest { pod_sandbox_id, config: Some(config), sandbox_config });
        self.call(StartContainerRequest { id: id.clone() });
        id
    }

    #[track_caller]
    pub(super) fn exec(&self, container: &str, command: &[&str]) -> String {
        let answer =
            self.call(ExecSyncRequest { container_id: container.to_owned(), cmd: words(command), timeout: 10 });
        assert_eq!(answer.exit_code, 0, "{command:?}: {}", String::from_utf8_lossy(&answer.stderr));
        String::from_utf8(answer.stdout).unwrap()
    }

    /// Stops and removes a pod, and there is nothing left of it.
    #[track_caller]
    pub(crate) fn remove(&self, pod: &Pod) {
        self.call(StopPodSandboxRequest { id: pod.id.clone() });
        self.call(RemovePodSandboxRequest { id: pod.id.clone() });
        assert_eq!(self.call(ListPodSandboxRequest {}).items, []);
        self.engine.nothing_is_left_of(&pod.id);
    }
}

fn named(image: &str) -> ImageSpec {
    ImageSpec { image: image.to_owned() }
}

fn words(command: &[&str]) -> Vec<String> {
    command.iter().map(|&word| word.to_owned()).collect()
}

pub(super) fn sandbox_config(name: &str, pids: NamespaceMode) -> PodSandboxConfig {
    let namespace_options = Some(NamespaceOption { pid: pids.into() });
    PodSandboxConfig {
        metadata: Some(PodSandboxMetadata {
            name: name.to_owned(),
            uid: name.to_owned(),
            namespace: "tests".to_owned(),
        }),
        hostname: name.to_owned(),
        linux: Some(LinuxPodSandboxConfig {
            security_context: Some(LinuxSandboxSecurityContext { namespace_options }),
        }),
    }
}
