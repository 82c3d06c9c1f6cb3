//! Volumes, told at length.

use manifest::kind::{KeyToPath, Volume, VolumeProjection};

use super::{field, line};

pub(super) fn volumes(told: &mut String, volumes: &[Volume]) {
    if volumes.is_empty() {
        return field(told, 0, "Volumes", "<none>");
    }
    line(told, 0, "Volumes:");
    for volume in volumes {
        line(told, 1, &format!("{}:", volume.name));
        source(told, volume);
    }
}

fn source(told: &mut String, volume: &Volume) {
    let flag = |flag: Option<bool>| flag.unwrap_or_default().to_string();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    if let Some(empty) = &volume.empty_dir {
        field(told, 2, "Type", "EmptyDir (a temporary directory that shares a pod's lifetime)");
        field(told, 2, "Medium", &text(&empty.medium));
        let limit = empty.size_limit.filter(|limit| !limit.is_zero());
        field(told, 2, "SizeLimit", &limit.map_or_else(|| "<unset>".to_owned(), |limit| limit.to_string()));
    } else if let Some(host) = &volume.host_path {
        field(told, 2, "Type", "HostPath (bare host directory volume)");
        field(told, 2, "Path", &host.path);
        field(told, 2, "HostPathType", host.r#type.as_deref().unwrap_or("<none>"));
    } else if let Some(map) = &volume.config_map {
        field(told, 2, "Type", "ConfigMap (a volume populated by a ConfigMap)");
        field(told, 2, "Name", &text(&map.name));
        items(told, &map.items);
        field(told, 2, "Optional", &flag(map.optional));
    } else if let Some(secret) = &volume.secret {
        field(told, 2, "Type", "Secret (a volume populated by a Secret)");
        field(told, 2, "SecretName", &text(&secret.secret_name));
        items(told, &secret.items);
        field(told, 2, "Optional", &flag(secret.optional));
    } else if let Some(down) = &volume.downward_api {
        field(told, 2, "Type", "DownwardAPI (a volume populated by information about the pod)");
        line(told, 2, "Items:");
        for item in &down.items {
            if let Some(of) = &item.field_ref {
                line(told, 3, &format!("{} -> {}", of.field_path, item.path));
            }
            if let Some(of) = &item.resource_field_ref {
                line(told, 3, &format!("{} -> {}", of.resource, item.path));
            }
        }
    } else if let Some(projected) = &volume.projected {
        field(told, 2, "Type", "Projected (a volume that contains injected data from multiple sources)");
        projected.sources.iter().for_each(|source| projection(told, source));
    } else if let Some(claim) = &volume.persistent_volume_claim {
        let kind = "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)";
        field(told, 2, "Type", kind);
        field(told, 2, "ClaimName", &claim.claim_name);
        field(told, 2, "ReadOnly", &flag(claim.read_only));
    } else if volume.ephemeral.is_some() {
        let kind = "EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)";
        field(told, 2, "Type", kind);
    } else if let Some(image) = &volume.image {
        field(told, 2, "Type", "Image (a container image or OCI artifact)");
        field(told, 2, "Reference", &text(&image.reference));
        field(told, 2, "PullPolicy", &text(&image.pull_policy));
    } else {
        field(told, 2, "Type", "<unknown>");
    }
}

fn items(told: &mut String, items: &[KeyToPath]) {
    if !items.is_empty() {
        line(told, 2, "Items:");
        items.iter().for_each(|item| line(told, 3, &format!("{} -> {}", item.key, item.path)));
    }
}

fn projection(told: &mut String, source: &VolumeProjection) {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    if let Some(secret) = &source.secret {
        field(told, 2, "SecretName", &text(&secret.name));
        field(told, 2, "Optional", &secret.optional.unwrap_or_default().to_string());
    } else if source.downward_api.is_some() {
        field(told, 2, "DownwardAPI", "true");
    } else if let Some(map) = &source.config_map {
        field(told, 2, "ConfigMapName", &text(&map.name));
        field(told, 2, "Optional", &map.optional.unwrap_or_default().to_string());
    } else if let Some(token) = &source.service_account_token {
        let seconds = token.expiration_seconds.unwrap_or(3600);
        field(told, 2, "TokenExpirationSeconds", &seconds.to_string());
    }
}
