//! What is asked of a CRI, in the messages that the tests speak.

pub(super) use fixtures::cri::{
    Call, ImageStatusRequest, RemovePodSandboxRequest, RunPodSandboxRequest, SandboxId, StopPodSandboxRequest,
    VersionRequest, call, connect,
};
use fixtures::cri::{ImageSpec, PodSandboxConfig, PodSandboxMetadata};

/// Whether there is an image of this name.
pub(super) fn status_of(image: &str) -> ImageStatusRequest {
    ImageStatusRequest { image: Some(ImageSpec { image: image.to_owned() }) }
}

/// A sandbox of this name.
pub(super) fn sandbox(name: &str) -> RunPodSandboxRequest {
    let (name, namespace) = (name.to_owned(), "benches".to_owned());
    let metadata = PodSandboxMetadata { name: name.clone(), uid: name.clone(), namespace };
    let config = PodSandboxConfig { metadata: Some(metadata), hostname: name, ..PodSandboxConfig::default() };
    RunPodSandboxRequest { config: Some(config) }
}
