//! Volumes.

use std::collections::BTreeSet;

use super::container::descends;
use super::pod::Seen;
use super::{Found, Path, Trouble, config, env, names};
use crate::kind::{DownwardAPIVolumeFile, KeyToPath, ProjectedVolumeSource, Volume};

const FIELDS: [&str; 5] =
    ["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];

/// Checks volumes, and gives the names of those that containers can mount.
pub(super) fn volumes<'a>(volumes: &'a [Volume], path: &Path, found: &mut Found) -> BTreeSet<&'a str> {
    let mut usable = BTreeSet::new();
    for (index, volume) in volumes.iter().enumerate() {
        let path = path.index(index);
        let before = found.all.len();
        source(volume, &path, found);
        if volume.name.is_empty() {
            found.required(&path.child("name"), "");
        } else {
            found.named(&path.child("name"), &volume.name, names::label(&volume.name));
        }
        if usable.contains(volume.name.as_str()) {
            found.duplicate(&path.child("name"), volume.name.as_str());
        }
        if found.all.len() == before {
            usable.insert(volume.name.as_str());
        }
    }
    usable
}

/// Exactly one source, and that one right.
fn source(volume: &Volume, path: &Path, found: &mut Found) {
    let mut first = true;
    for (field, check) in sources(volume) {
        let path = path.child(field);
        if !std::mem::take(&mut first) {
            found.forbidden(&path, "may not specify more than 1 volume type");
        } else {
            check(volume, &path, found);
        }
    }
    if first {
        found.required(path, "must specify a volume type");
    }
}

type Check = fn(&Volume, &Path, &mut Found);

/// The sources that are given, in the order in which a server looks for them.
fn sources(volume: &Volume) -> Vec<(&'static str, Check)> {
    let nothing: Check = |_, _, _| {};
    let all: [(&str, bool, Check); 30] = [
        ("emptyDir", volume.empty_dir.is_some(), empty_dir),
        ("hostPath", volume.host_path.is_some(), host_path),
        ("gitRepo", volume.git_repo.is_some(), nothing),
        ("gcePersistentDisk", volume.gce_persistent_disk.is_some(), nothing),
        ("awsElasticBlockStore", volume.aws_elastic_block_store.is_some(), nothing),
        ("secret", volume.secret.is_some(), secret),
        ("nfs", volume.nfs.is_some(), nothing),
        ("iscsi", volume.iscsi.is_some(), nothing),
        ("glusterfs", volume.glusterfs.is_some(), nothing),
        ("flocker", volume.flocker.is_some(), nothing),
        ("persistentVolumeClaim", volume.persistent_volume_claim.is_some(), claim),
        ("rbd", volume.rbd.is_some(), nothing),
        ("cinder", volume.cinder.is_some(), nothing),
        ("cephfs", volume.cephfs.is_some(), nothing),
        ("quobyte", volume.quobyte.is_some(), nothing),
        ("downwardAPI", volume.downward_api.is_some(), downward),
        ("fc", volume.fc.is_some(), nothing),
        ("flexVolume", volume.flex_volume.is_some(), nothing),
        ("configMap", volume.config_map.is_some(), config_map),
        ("azureFile", volume.azure_file.is_some(), nothing),
        ("vsphereVolume", volume.vsphere_volume.is_some(), nothing),
        ("photonPersistentDisk", volume.photon_persistent_disk.is_some(), nothing),
        ("portworxVolume", volume.portworx_volume.is_some(), nothing),
        ("azureDisk", volume.azure_disk.is_some(), nothing),
        ("storageos", volume.storageos.is_some(), nothing),
        ("projected", volume.projected.is_some(), projected),
        ("scaleIO", volume.scale_io.is_some(), nothing),
        ("csi", volume.csi.is_some(), nothing),
        ("ephemeral", volume.ephemeral.is_some(), ephemeral),
        ("image", volume.image.is_some(), image),
    ];
    all.into_iter().filter(|(_, given, _)| *given).map(|(field, _, check)| (field, check)).collect()
}

fn empty_dir(volume: &Volume, path: &Path, found: &mut Found) {
    let limit = volume.empty_dir.as_ref().and_then(|source| source.size_limit);
    if limit.is_some_and(|limit| limit.is_negative()) {
        found.forbidden(&path.child("sizeLimit"), "SizeLimit field must be a valid resource quantity");
    }
}

fn host_path(volume: &Volume, path: &Path, found: &mut Found) {
    let Some(source) = &volume.host_path else { return };
    if source.path.is_empty() {
        return found.required(&path.child("path"), "");
    }
    if source.path.split('/').any(|part| part == "..") {
        found.value(&path.child("path"), source.path.as_str(), "must not contain '..'");
    }
    if let Some(kind) = source.r#type.as_deref().filter(|kind| !kind.is_empty()) {
        found.one_of(
            &path.child("type"),
            kind,
            &["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"],
        );
    }
}

fn secret(volume: &Volume, path: &Path, found: &mut Found) {
    let Some(source) = &volume.secret else { return };
    if source.secret_name.as_deref().unwrap_or_default().is_empty() {
        found.required(&path.child("secretName"), "");
    }
    mode(source.default_mode, &path.child("defaultMode"), found);
    keys(&source.items, &path.child("items"), found);
}

fn config_map(volume: &Volume, path: &Path, found: &mut Found) {
    let Some(source) = &volume.config_map else { return };
    if source.name.as_deref().unwrap_or_default().is_empty() {
        found.required(&path.child("name"), "");
    }
    mode(source.default_mode, &path.child("defaultMode"), found);
    keys(&source.items, &path.child("items"), found);
}

fn claim(volume: &Volume, path: &Path, found: &mut Found) {
    if volume.persistent_volume_claim.as_ref().is_some_and(|source| source.claim_name.is_empty()) {
        found.required(&path.child("claimName"), "");
    }
}

fn downward(volume: &Volume, path: &Path, found: &mut Found) {
    let Some(source) = &volume.downward_api else { return };
    mode(source.default_mode, &path.child("defaultMode"), found);
    files(&source.items, &path.child("items"), found);
}

fn ephemeral(volume: &Volume, path: &Path, found: &mut Found) {
    let path = path.child("volumeClaimTemplate");
    match volume.ephemeral.as_ref().and_then(|source| source.volume_claim_template.as_ref()) {
        None => found.required(&path, ""),
        Some(template) => config::claim_spec(template.spec.as_ref(), &path.child("spec"), found),
    }
}

fn image(volume: &Volume, path: &Path, found: &mut Found) {
    let Some(source) = &volume.image else { return };
    if source.reference.as_deref().unwrap_or_default().is_empty() {
        found.required(&path.child("reference"), "");
    }
    found.required_one_of(
        &path.child("pullPolicy"),
        source.pull_policy.as_deref(),
        &["Always", "IfNotPresent", "Never"],
    );
}

fn projected(volume: &Volume, path: &Path, found: &mut Found) {
    let Some(ProjectedVolumeSource { default_mode, sources }) = volume.projected.as_deref() else { return };
    mode(*default_mode, &path.child("defaultMode"), found);
    let mut places = Seen::new();
    for (index, source) in sources.iter().enumerate() {
        let path = path.child("sources").index(index);
        let given = [
            ("secret", source.secret.is_some()),
            ("configMap", source.config_map.is_some()),
            ("downwardAPI", source.downward_api.is_some()),
            ("serviceAccountToken", source.service_account_token.is_some()),
            ("clusterTrustBundle", source.cluster_trust_bundle.is_some()),
            ("podCertificate", source.pod_certificate.is_some()),
        ];
        let given: Vec<&str> = given.into_iter().filter_map(|(field, given)| given.then_some(field)).collect();
        if given.is_empty() {
            found.required(&path, "must specify a volume projection type");
        }
        for field in given.iter().skip(1) {
            found.forbidden(&path.child(field), "may not specify more than 1 volume type per source");
        }
        let items = [
            ("secret", source.secret.as_ref().map(|of| (&of.name, &of.items))),
            ("configMap", source.config_map.as_ref().map(|of| (&of.name, &of.items))),
        ];
        for (field, of) in items {
            let Some((name, items)) = of else { continue };
            if name.as_deref().unwrap_or_default().is_empty() {
                found.required(&path.child(field).child("name"), "");
            }
            keys(items, &path.child(field).child("items"), found);
            for item in items.iter().filter(|item| !places.first(&item.path)) {
                found.value(&path.child(field), item.path.as_str(), "conflicting duplicate paths");
            }
        }
        if let Some(downward) = &source.downward_api {
            files(&downward.items, &path.child("downwardAPI").child("items"), found);
            for item in downward.items.iter().filter(|item| !places.first(&item.path)) {
                found.value(&path.child("downwardAPI"), item.path.as_str(), "conflicting duplicate paths");
            }
        }
        if let Some(token) = &source.service_account_token {
            let path = path.child("serviceAccountToken");
            if token.expiration_seconds.is_some_and(|seconds| seconds < 600) {
                let seconds = token.expiration_seconds.unwrap_or_default();
                found.value(
                    &path.child("expirationSeconds"),
                    seconds,
                    "may not specify a duration less than 10 minutes",
                );
            }
            file(&token.path, &path.child("path"), found);
        }
    }
}

fn keys(items: &[KeyToPath], path: &Path, found: &mut Found) {
    for (index, item) in items.iter().enumerate() {
        let path = path.index(index);
        if item.key.is_empty() {
            found.required(&path.child("key"), "");
        }
        file(&item.path, &path.child("path"), found);
        mode(item.mode, &path.child("mode"), found);
    }
}

fn files(items: &[DownwardAPIVolumeFile], path: &Path, found: &mut Found) {
    for (index, item) in items.iter().enumerate() {
        let path = path.index(index);
        file(&item.path, &path.child("path"), found);
        match (&item.field_ref, &item.resource_field_ref) {
            (Some(_), Some(_)) => {
                found.value(&path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously");
            }
            (Some(field), None) => env::field_ref(field, &FIELDS, &path.child("fieldRef"), found),
            (None, Some(resource)) => env::resource_ref(resource, true, &path.child("resourceFieldRef"), found),
            (None, None) => found.required(&path, "one of fieldRef and resourceFieldRef is required"),
        }
        mode(item.mode, &path.child("mode"), found);
    }
}

/// A file below the volume that is none of the volume's own.
fn file(text: &str, path: &Path, found: &mut Found) {
    if text.is_empty() {
        return found.required(path, "");
    }
    descends(text, path, found);
    if text.starts_with("..") && !text.starts_with("../") && text != ".." {
        found.add(path, Trouble::Value(text.into(), "must not start with '..'".to_owned()));
    }
}

fn mode(mode: Option<i32>, path: &Path, found: &mut Found) {
    if let Some(mode) = mode.filter(|mode| !(0..=0o777).contains(mode)) {
        found.value(path, mode, "must be a number between 0 and 0777 (octal), both inclusive");
    }
}
