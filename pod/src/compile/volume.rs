//! The volumes of a pod, and what is in those that are made of objects.

use manifest::kind::{
    ConfigMapProjection, DownwardAPIVolumeFile, KeyToPath, Pod, PodSpec, SecretProjection, Volume, VolumeProjection,
};
use manifest::value::Quantity;

use super::plan::{
    Downward, Field, HostPathKind, ImageVolume, Item, Medium, Projection, Resource, VolumePlan, VolumeSource,
};
use super::pod::pull;
use super::reason::Rejection;

/// What files have that say nothing.
const USUAL_MODE: u32 = 0o644;

/// How long a token holds that says nothing.
const USUAL_EXPIRATION: u64 = 3600;

pub(super) fn volumes(pod: &Pod, spec: &PodSpec) -> Result<Vec<VolumePlan>, Rejection> {
    let plan = |volume: &Volume| Ok(VolumePlan { name: volume.name.clone(), source: source(pod, volume)? });
    spec.volumes.iter().map(plan).collect()
}

fn source(pod: &Pod, volume: &Volume) -> Result<VolumeSource, Rejection> {
    if let Some(empty) = &volume.empty_dir {
        let medium = match empty.medium.as_deref() {
            Some("Memory") => Medium::Memory,
            Some("HugePages") => Medium::HugePages(None),
            Some(sized) if sized.starts_with("HugePages-") => {
                let size: Option<Quantity> = sized.trim_start_matches("HugePages-").parse().ok();
                Medium::HugePages(size.and_then(|size| u64::try_from(size.value()).ok()))
            }
            _ => Medium::Disk,
        };
        let size_limit = empty.size_limit.and_then(|size| u64::try_from(size.value()).ok()).filter(|size| *size > 0);
        return Ok(VolumeSource::EmptyDir { medium, size_limit });
    }
    if let Some(host) = &volume.host_path {
        let kind = match host.r#type.as_deref() {
            Some("DirectoryOrCreate") => HostPathKind::DirectoryOrCreate,
            Some("Directory") => HostPathKind::Directory,
            Some("FileOrCreate") => HostPathKind::FileOrCreate,
            Some("File") => HostPathKind::File,
            Some("Socket") => HostPathKind::Socket,
            Some("CharDevice") => HostPathKind::CharDevice,
            Some("BlockDevice") => HostPathKind::BlockDevice,
            _ => HostPathKind::Any,
        };
        return Ok(VolumeSource::HostPath { path: host.path.clone(), kind });
    }
    if let Some(files) = files(volume) {
        return Ok(files);
    }
    if let Some(claim) = &volume.persistent_volume_claim {
        let read_only = claim.read_only.unwrap_or_default();
        return Ok(VolumeSource::Claim { claim: claim.claim_name.clone(), read_only, ephemeral: false });
    }
    if volume.ephemeral.is_some() {
        let claim = format!("{}-{}", pod.metadata.name.as_deref().unwrap_or_default(), volume.name);
        return Ok(VolumeSource::Claim { claim, read_only: false, ephemeral: true });
    }
    if let Some(image) = &volume.image {
        let (image, pull) = (image.reference.clone().unwrap_or_default(), pull(image.pull_policy.as_deref()));
        return Ok(VolumeSource::Image(ImageVolume { image, pull }));
    }
    Err(Rejection::new("UnsupportedVolume", format!("volume {:?} cannot be had on one machine", volume.name)))
}

fn files(volume: &Volume) -> Option<VolumeSource> {
    let made = |in_memory, mode: Option<i32>, from| VolumeSource::Files {
        in_memory,
        default_mode: mode.and_then(|mode| u32::try_from(mode).ok()).unwrap_or(USUAL_MODE),
        from,
    };
    if let Some(map) = &volume.config_map {
        let from =
            of_map(&ConfigMapProjection { items: map.items.clone(), name: map.name.clone(), optional: map.optional });
        return Some(made(false, map.default_mode, vec![from]));
    }
    if let Some(secret) = &volume.secret {
        let from = of_secret(&SecretProjection {
            items: secret.items.clone(),
            name: secret.secret_name.clone(),
            optional: secret.optional,
        });
        return Some(made(true, secret.default_mode, vec![from]));
    }
    if let Some(down) = &volume.downward_api {
        return Some(made(false, down.default_mode, vec![of_fields(&down.items)]));
    }
    let projected = volume.projected.as_ref()?;
    let from: Vec<Projection> = projected.sources.iter().filter_map(projection).collect();
    let in_memory = from.iter().any(|source| matches!(source, Projection::Secret { .. } | Projection::Token { .. }));
    Some(made(in_memory, projected.default_mode, from))
}

fn projection(source: &VolumeProjection) -> Option<Projection> {
    if let Some(map) = &source.config_map {
        return Some(of_map(map));
    }
    if let Some(secret) = &source.secret {
        return Some(of_secret(secret));
    }
    if let Some(down) = &source.downward_api {
        return Some(of_fields(&down.items));
    }
    let token = source.service_account_token.as_ref()?;
    Some(Projection::Token {
        audience: token.audience.clone().filter(|audience| !audience.is_empty()),
        expiration: token.expiration_seconds.and_then(|it| u64::try_from(it).ok()).unwrap_or(USUAL_EXPIRATION),
        path: token.path.clone(),
    })
}

fn of_map(map: &ConfigMapProjection) -> Projection {
    Projection::ConfigMap {
        name: map.name.clone().unwrap_or_default(),
        optional: map.optional.unwrap_or_default(),
        items: map.items.iter().map(item).collect(),
    }
}

fn of_secret(secret: &SecretProjection) -> Projection {
    Projection::Secret {
        name: secret.name.clone().unwrap_or_default(),
        optional: secret.optional.unwrap_or_default(),
        items: secret.items.iter().map(item).collect(),
    }
}

fn item(item: &KeyToPath) -> Item {
    Item { key: item.key.clone(), path: item.path.clone(), mode: mode(item.mode) }
}

fn mode(mode: Option<i32>) -> Option<u32> {
    mode.and_then(|mode| u32::try_from(mode).ok())
}

fn of_fields(files: &[DownwardAPIVolumeFile]) -> Projection {
    let field = |file: &DownwardAPIVolumeFile| {
        let field = match (&file.field_ref, &file.resource_field_ref) {
            (Some(field), _) => Field::Pod(field.field_path.clone()),
            (None, resource) => {
                let resource = resource.clone().unwrap_or_default();
                Field::Resource(Resource {
                    container: resource.container_name.filter(|name| !name.is_empty()),
                    resource: resource.resource,
                    divisor: resource.divisor.map_or_else(|| "1".to_owned(), |divisor| divisor.to_string()),
                })
            }
        };
        Downward { path: file.path.clone(), mode: mode(file.mode), field }
    };
    Projection::Downward(files.iter().map(field).collect())
}
