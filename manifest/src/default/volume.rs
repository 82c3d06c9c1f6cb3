//! Defaults of volumes.

use super::text;
use crate::image;
use crate::kind::{DownwardAPIVolumeFile, PersistentVolumeClaimSpec, Volume};

const MODE: i32 = 0o644;

pub(super) fn volume(volume: &mut Volume) {
    if (Volume { name: volume.name.clone(), ..Volume::default() }) == *volume {
        volume.empty_dir = Some(Box::default());
    }
    if let Some(source) = &mut volume.config_map {
        source.default_mode.get_or_insert(MODE);
    }
    if let Some(source) = &mut volume.secret {
        source.default_mode.get_or_insert(MODE);
    }
    if let Some(source) = &mut volume.downward_api {
        source.default_mode.get_or_insert(MODE);
        source.items.iter_mut().for_each(field);
    }
    if let Some(source) = &mut volume.host_path {
        source.r#type.get_or_insert_default();
    }
    if let Some(source) = &mut volume.image {
        let tag = image::tag(source.reference.as_deref().unwrap_or_default());
        text(&mut source.pull_policy, if tag == Some("latest") { "Always" } else { "IfNotPresent" });
    }
    if let Some(claim) = volume.ephemeral.as_mut().and_then(|source| source.volume_claim_template.as_mut()) {
        claim_spec(claim.spec.get_or_insert_default());
    }
    if let Some(source) = &mut volume.projected {
        source.default_mode.get_or_insert(MODE);
        for source in &mut source.sources {
            if let Some(token) = &mut source.service_account_token {
                token.expiration_seconds.get_or_insert(3600);
            }
            if let Some(downward) = &mut source.downward_api {
                downward.items.iter_mut().for_each(field);
            }
        }
    }
    drivers(volume);
}

/// Volumes that cannot be had on one machine have their defaults, too: who only checks manifests gets whole ones.
fn drivers(volume: &mut Volume) {
    if let Some(source) = &mut volume.iscsi {
        text(&mut source.iscsi_interface, "default");
    }
    if let Some(source) = &mut volume.rbd {
        text(&mut source.pool, "rbd");
        text(&mut source.user, "admin");
        text(&mut source.keyring, "/etc/ceph/keyring");
    }
    if let Some(source) = &mut volume.azure_disk {
        text(&mut source.caching_mode, "ReadWrite");
        text(&mut source.kind, "Shared");
        text(&mut source.fs_type, "ext4");
        source.read_only.get_or_insert(false);
    }
    if let Some(source) = &mut volume.scale_io {
        text(&mut source.storage_mode, "ThinProvisioned");
        text(&mut source.fs_type, "xfs");
    }
}

fn field(file: &mut DownwardAPIVolumeFile) {
    if let Some(field) = &mut file.field_ref {
        text(&mut field.api_version, "v1");
    }
    if let Some(resource) = &mut file.resource_field_ref {
        resource.divisor.get_or_insert_default();
    }
}

pub(super) fn claim_spec(claim: &mut PersistentVolumeClaimSpec) {
    text(&mut claim.volume_mode, "Filesystem");
}
