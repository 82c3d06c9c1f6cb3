//! The ratios that we promise: of medians, in one run on one machine.

/// That ours is at most so much of theirs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Promise {
    /// The file of the bench.
    pub subject: &'static str,
    /// What is measured of both.
    pub measure: &'static str,
    /// The case that is ours.
    pub ours: &'static str,
    /// The case beside it.
    pub theirs: &'static str,
    /// The ratio that is not to be passed.
    pub at_most: f64,
}

const fn promise(
    subject: &'static str,
    measure: &'static str,
    ours: &'static str,
    theirs: &'static str,
    at_most: f64,
) -> Promise {
    Promise { subject, measure, ours, theirs, at_most }
}

/// All of them.
pub const PROMISES: [Promise; 45] = [
    promise("startup", "create", "pod create", "unshare", 1.0),
    promise("startup", "create", "pod create", "runc run", 0.1),
    promise("startup", "create", "pod create", "containerd CRI", 0.035),
    promise("startup", "create", "pod create", "docker run", 0.01),
    promise("startup", "create", "library", "floor, furnished", 1.15),
    promise("join", "join", "nsjoin", "nsenter", 0.6),
    promise("join", "join", "nsjoin", "floor", 1.4),
    promise("join", "join", "library", "floor, verified", 1.25),
    promise("reap", "zombie to reaped", "pause", "catatonit -P", 0.15),
    promise("reap", "zombie to reaped", "reaper", "tini", 0.5),
    promise("reap", "context switches", "pause", "orphans", 0.0),
    promise("reap", "context switches", "reaper", "orphans", 0.0),
    promise("ports", "body", "forwarder", "docker-proxy", 1.0),
    promise("ports", "body", "forwarder", "iptables", 1.43),
    promise("ports", "body", "forwarder", "pasta", 1.0),
    promise("ports", "body", "forwarder", "rootlessport", 1.0),
    promise("ports", "request", "forwarder", "docker-proxy", 0.667),
    promise("ports", "connection", "forwarder", "docker-proxy", 0.667),
    promise("ports", "CPU of a request", "forwarder", "docker-proxy", 0.75),
    promise("ports", "CPU of a connection", "forwarder", "docker-proxy", 0.75),
    promise("networks", "set-up", "bridge", "CNI", 0.1),
    promise("manifest", "1,000 documents", "pod label", "kubectl label", 0.02),
    promise("container", "until it has run", "pod add", "runc run", 0.2),
    promise("container", "until it has run", "pod add", "crun run", 0.35),
    promise("container", "until it has run", "pod add", "podman run --pod", 0.03),
    promise("container", "launch", "library", "floor", 1.5),
    promise("container", "exec", "pod exec", "podman exec", 0.1),
    promise("container", "exec", "pod exec", "docker exec", 0.1),
    promise("image", "unpack", "pod image load", "podman load", 0.7),
    promise("image", "unpack", "pod image load", "umoci unpack", 0.9),
    promise("image", "pull", "pod image pull", "podman pull", 0.7),
    promise("image", "peak memory", "pod image load", "64 MiB", 1.0),
    promise("image", "peak memory", "pod image pull", "64 MiB", 1.0),
    promise("pods", "apply", "pod", "podman kube", 0.03),
    promise("pods", "delete", "pod", "podman kube", 0.05),
    promise("pods", "restart", "pod", "podman kube", 0.05),
    promise("pods", "memory", "pod", "podman kube", 0.25),
    promise("scale", "apply", "beside 1,000", "beside 1", 1.3),
    promise("scale", "wake-ups in 5 s", "idle pods", "pods", 0.0),
    promise("footprint", "bytes", "pause", "catatonit", 0.005),
    promise("footprint", "bytes", "reaper", "catatonit", 0.15),
    promise("footprint", "RSS", "pause", "catatonit -P", 0.03),
    promise("footprint", "RSS", "reaper", "catatonit", 0.1),
    promise("footprint", "create", "1,000th", "1st", 1.2),
    promise("footprint", "create", "1,000th", "1st, as the floor grows", 1.2),
];

impl Promise {
    /// What is promised of these two, if anything is.
    #[must_use]
    pub fn of(subject: &str, measure: &str, ours: &str, theirs: &str) -> Option<f64> {
        let this = |promise: &&Self| {
            [promise.subject, promise.measure, promise.ours, promise.theirs] == [subject, measure, ours, theirs]
        };
        PROMISES.iter().find(this).map(|promise| promise.at_most)
    }
}
