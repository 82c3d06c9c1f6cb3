//! Containers that were put into a pod to look into it, as containers like any other.

use manifest::kind::{Container, EphemeralContainer, PodSpec};

/// Those of a pod.
#[must_use]
pub fn containers(spec: &PodSpec) -> Vec<Container> {
    spec.ephemeral_containers.iter().map(container).collect()
}

/// The container whose processes this one is to see.
#[must_use]
pub fn target<'a>(spec: &'a PodSpec, name: &str) -> Option<&'a str> {
    let one = spec.ephemeral_containers.iter().find(|one| one.name == name)?;
    one.target_container_name.as_deref().filter(|target| !target.is_empty())
}

fn container(one: &EphemeralContainer) -> Container {
    let one = one.clone();
    Container {
        args: one.args,
        command: one.command,
        env: one.env,
        env_from: one.env_from,
        image: one.image,
        image_pull_policy: one.image_pull_policy,
        name: one.name,
        security_context: one.security_context,
        stdin: one.stdin,
        stdin_once: one.stdin_once,
        termination_message_path: one.termination_message_path,
        termination_message_policy: one.termination_message_policy,
        tty: one.tty,
        volume_mounts: one.volume_mounts,
        working_dir: one.working_dir,
        // It is never started again, asks for nothing, and nobody asks how it is.
        ..Container::default()
    }
}
