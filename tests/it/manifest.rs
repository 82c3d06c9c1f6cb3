//! Manifests beside a real kubectl, which reads, labels, patches and prints without a server; and beside the published
//! schemas of Kubernetes.

mod cluster;
mod kubectl;
mod living;
mod schemas;
mod verbs;

use libtest_mimic::Trial;

pub(crate) fn trials() -> Vec<Trial> {
    [kubectl::trials(), living::trials(), schemas::trials(), verbs::trials()].into_iter().flatten().collect()
}
