//! The part of the CRI that makes a sandbox: its messages by field number, and a client for its socket.
//!
//! By hand, for generated types would want protoc wherever the benches are built.
//!
//! # References
//! `runtime.v1` in Kubernetes' `cri-api`, `pkg/apis/runtime/v1/api.proto`

use std::path::Path;

use prost::Message;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use tonic_prost::ProstCodec;

/// A request, and what is answered.
pub(super) trait Call: Message + Default + 'static {
    const PATH: &'static str;
    type Answer: Message + Default + 'static;
}

macro_rules! calls {
    ($($service:literal / $method:literal: $request:ty => $answer:ty;)+) => {
        $(impl Call for $request {
            const PATH: &'static str = concat!("/runtime.v1.", $service, "/", $method);
            type Answer = $answer;
        })+
    };
}

calls! {
    "RuntimeService" / "Version": VersionRequest => Nothing;
    "ImageService" / "ImageStatus": ImageStatusRequest => ImageStatusResponse;
    "RuntimeService" / "RunPodSandbox": RunPodSandboxRequest => SandboxId;
    "RuntimeService" / "StopPodSandbox": StopPodSandboxRequest => Nothing;
    "RuntimeService" / "RemovePodSandbox": RemovePodSandboxRequest => Nothing;
}

/// Connects to a CRI's unix socket.
pub(super) async fn connect(socket: &Path) -> Result<Channel, tonic::transport::Error> {
    Endpoint::try_from(format!("unix://{}", socket.display()))?.connect().await
}

/// Makes one call.
pub(super) async fn call<C: Call>(channel: Channel, request: C) -> Result<C::Answer, Status> {
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let codec = ProstCodec::<C, C::Answer>::default();
    Ok(grpc.unary(Request::new(request), PathAndQuery::from_static(C::PATH), codec).await?.into_inner())
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Nothing {}

#[derive(Clone, PartialEq, Message)]
pub(super) struct VersionRequest {}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SandboxId {
    #[prost(string, tag = "1")]
    pub(super) id: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct StopPodSandboxRequest {
    #[prost(string, tag = "1")]
    pub(super) id: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct RemovePodSandboxRequest {
    #[prost(string, tag = "1")]
    pub(super) id: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ImageStatusRequest {
    #[prost(message, optional, tag = "1")]
    image: Option<ImageSpec>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ImageSpec {
    #[prost(string, tag = "1")]
    image: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ImageStatusResponse {
    /// That there is one is all that we want to know.
    #[prost(message, optional, tag = "1")]
    pub(super) image: Option<Nothing>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct RunPodSandboxRequest {
    #[prost(message, optional, tag = "1")]
    config: Option<PodSandboxConfig>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct PodSandboxConfig {
    #[prost(message, optional, tag = "1")]
    metadata: Option<PodSandboxMetadata>,
    #[prost(string, tag = "2")]
    hostname: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct PodSandboxMetadata {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    uid: String,
    #[prost(string, tag = "3")]
    namespace: String,
}

impl ImageStatusRequest {
    pub(super) fn of(image: &str) -> Self {
        Self { image: Some(ImageSpec { image: image.to_owned() }) }
    }
}

impl RunPodSandboxRequest {
    pub(super) fn of(name: &str) -> Self {
        let (name, namespace) = (name.to_owned(), "benches".to_owned());
        let metadata = Some(PodSandboxMetadata { name: name.clone(), uid: name.clone(), namespace });
        Self { config: Some(PodSandboxConfig { metadata, hostname: name }) }
    }
}
