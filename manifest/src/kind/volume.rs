//! Volumes and where they are mounted. Written by `cargo xtask schema`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::shape::{Held, Mismatch, Shape, drawn, fill, give, shaped, take};
use super::*;
use crate::value::Quantity;

/// A disk of a cloud.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AWSElasticBlockStoreVolumeSource {
    /// `fsType`.
    pub fs_type: Option<String>,
    /// `partition`.
    pub partition: Option<i32>,
    /// `readOnly`.
    pub read_only: Option<bool>,
    /// `volumeID`.
    pub volume_id: String,
}

impl Shape for AWSElasticBlockStoreVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "fsType" => take(&mut self.fs_type, value),
            "partition" => take(&mut self.partition, value),
            "readOnly" => take(&mut self.read_only, value),
            "volumeID" => take(&mut self.volume_id, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "fsType", &self.fs_type);
        give(map, "partition", &self.partition);
        give(map, "readOnly", &self.read_only);
        give(map, "volumeID", &self.volume_id);
    }
}

/// A disk of a cloud.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AzureDiskVolumeSource {
    /// `cachingMode`.
    pub caching_mode: Option<String>,
    /// `diskName`.
    pub disk_name: String,
    /// `diskURI`.
    pub disk_uri: String,
    /// `fsType`.
    pub fs_type: Option<String>,
    /// `kind`.
    pub kind: Option<String>,
    /// `readOnly`.
    pub read_only: Option<bool>,
}

impl Shape for AzureDiskVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "cachingMode" => take(&mut self.caching_mode, value),
            "diskName" => take(&mut self.disk_name, value),
            "diskURI" => take(&mut self.disk_uri, value),
            "fsType" => take(&mut self.fs_type, value),
            "kind" => take(&mut self.kind, value),
            "readOnly" => take(&mut self.read_only, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "cachingMode", &self.caching_mode);
        give(map, "diskName", &self.disk_name);
        give(map, "diskURI", &self.disk_uri);
        give(map, "fsType", &self.fs_type);
        give(map, "kind", &self.kind);
        give(map, "readOnly", &self.read_only);
    }
}

/// A share of a cloud.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AzureFileVolumeSource {
    /// `readOnly`.
    pub read_only: Option<bool>,
    /// `secretName`.
    pub secret_name: String,
    /// `shareName`.
    pub share_name: String,
}

impl Shape for AzureFileVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "readOnly" => take(&mut self.read_only, value),
            "secretName" => take(&mut self.secret_name, value),
            "shareName" => take(&mut self.share_name, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "readOnly", &self.read_only);
        give(map, "secretName", &self.secret_name);
        give(map, "shareName", &self.share_name);
    }
}

/// A volume of a driver.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CSIVolumeSource {
    /// `driver`.
    pub driver: String,
    /// `fsType`.
    pub fs_type: Option<String>,
    /// `nodePublishSecretRef`.
    pub node_publish_secret_ref: Option<LocalObjectReference>,
    /// `readOnly`.
    pub read_only: Option<bool>,
    /// `volumeAttributes`.
    pub volume_attributes: BTreeMap<String, String>,
}

impl Shape for CSIVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "driver" => take(&mut self.driver, value),
            "fsType" => take(&mut self.fs_type, value),
            "nodePublishSecretRef" => take(&mut self.node_publish_secret_ref, value),
            "readOnly" => take(&mut self.read_only, value),
            "volumeAttributes" => take(&mut self.volume_attributes, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "driver", &self.driver);
        give(map, "fsType", &self.fs_type);
        give(map, "nodePublishSecretRef", &self.node_publish_secret_ref);
        give(map, "readOnly", &self.read_only);
        give(map, "volumeAttributes", &self.volume_attributes);
    }
}

/// A CephFS.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CephFSVolumeSource {
    /// `monitors`.
    pub monitors: Vec<String>,
    /// `path`.
    pub path: Option<String>,
    /// `readOnly`.
    pub read_only: Option<bool>,
    /// `secretFile`.
    pub secret_file: Option<String>,
    /// `secretRef`.
    pub secret_ref: Option<LocalObjectReference>,
    /// `user`.
    pub user: Option<String>,
}

impl Shape for CephFSVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "monitors" => take(&mut self.monitors, value),
            "path" => take(&mut self.path, value),
            "readOnly" => take(&mut self.read_only, value),
            "secretFile" => take(&mut self.secret_file, value),
            "secretRef" => take(&mut self.secret_ref, value),
            "user" => take(&mut self.user, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "monitors", &self.monitors);
        give(map, "path", &self.path);
        give(map, "readOnly", &self.read_only);
        give(map, "secretFile", &self.secret_file);
        give(map, "secretRef", &self.secret_ref);
        give(map, "user", &self.user);
    }
}

/// A disk of a cloud.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CinderVolumeSource {
    /// `fsType`.
    pub fs_type: Option<String>,
    /// `readOnly`.
    pub read_only: Option<bool>,
    /// `secretRef`.
    pub secret_ref: Option<LocalObjectReference>,
    /// `volumeID`.
    pub volume_id: String,
}

impl Shape for CinderVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "fsType" => take(&mut self.fs_type, value),
            "readOnly" => take(&mut self.read_only, value),
            "secretRef" => take(&mut self.secret_ref, value),
            "volumeID" => take(&mut self.volume_id, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "fsType", &self.fs_type);
        give(map, "readOnly", &self.read_only);
        give(map, "secretRef", &self.secret_ref);
        give(map, "volumeID", &self.volume_id);
    }
}

/// Certificates that the cluster trusts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClusterTrustBundleProjection {
    /// `labelSelector`.
    pub label_selector: Option<LabelSelector>,
    /// `name`.
    pub name: Option<String>,
    /// `optional`.
    pub optional: Option<bool>,
    /// `path`.
    pub path: String,
    /// `signerName`.
    pub signer_name: Option<String>,
}

impl Shape for ClusterTrustBundleProjection {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "labelSelector" => take(&mut self.label_selector, value),
            "name" => take(&mut self.name, value),
            "optional" => take(&mut self.optional, value),
            "path" => take(&mut self.path, value),
            "signerName" => take(&mut self.signer_name, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "labelSelector", &self.label_selector);
        give(map, "name", &self.name);
        give(map, "optional", &self.optional);
        give(map, "path", &self.path);
        give(map, "signerName", &self.signer_name);
    }
}

/// A config map's keys in a projected volume.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConfigMapProjection {
    /// The keys wanted, and their paths; all if none is given.
    pub items: Vec<KeyToPath>,
    /// The config map's name.
    pub name: Option<String>,
    /// Whether it may be missing.
    pub optional: Option<bool>,
}

impl Shape for ConfigMapProjection {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "items" => take(&mut self.items, value),
            "name" => take(&mut self.name, value),
            "optional" => take(&mut self.optional, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "items", &self.items);
        give(map, "name", &self.name);
        give(map, "optional", &self.optional);
    }
}

/// A config map's keys as files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConfigMapVolumeSource {
    /// The mode of files that have none of their own.
    pub default_mode: Option<i32>,
    /// The keys wanted, and their paths; all if none is given.
    pub items: Vec<KeyToPath>,
    /// The config map's name.
    pub name: Option<String>,
    /// Whether it may be missing.
    pub optional: Option<bool>,
}

impl Shape for ConfigMapVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "defaultMode" => take(&mut self.default_mode, value),
            "items" => take(&mut self.items, value),
            "name" => take(&mut self.name, value),
            "optional" => take(&mut self.optional, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "defaultMode", &self.default_mode);
        give(map, "items", &self.items);
        give(map, "name", &self.name);
        give(map, "optional", &self.optional);
    }
}

/// Fields of the pod in a projected volume.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DownwardAPIProjection {
    /// The files.
    pub items: Vec<DownwardAPIVolumeFile>,
}

impl Shape for DownwardAPIProjection {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "items" => take(&mut self.items, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "items", &self.items);
    }
}

/// A file with a field of the pod in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DownwardAPIVolumeFile {
    /// The field.
    pub field_ref: Option<ObjectFieldSelector>,
    /// The file's mode.
    pub mode: Option<i32>,
    /// The file, relative to the volume.
    pub path: String,
    /// The limit or request.
    pub resource_field_ref: Option<ResourceFieldSelector>,
}

impl Shape for DownwardAPIVolumeFile {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "fieldRef" => take(&mut self.field_ref, value),
            "mode" => take(&mut self.mode, value),
            "path" => take(&mut self.path, value),
            "resourceFieldRef" => take(&mut self.resource_field_ref, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "fieldRef", &self.field_ref);
        give(map, "mode", &self.mode);
        give(map, "path", &self.path);
        give(map, "resourceFieldRef", &self.resource_field_ref);
    }
}

/// Fields of the pod as files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DownwardAPIVolumeSource {
    /// The mode of files that have none of their own.
    pub default_mode: Option<i32>,
    /// The files.
    pub items: Vec<DownwardAPIVolumeFile>,
}

impl Shape for DownwardAPIVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "defaultMode" => take(&mut self.default_mode, value),
            "items" => take(&mut self.items, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "defaultMode", &self.default_mode);
        give(map, "items", &self.items);
    }
}

/// An empty directory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EmptyDirVolumeSource {
    /// Memory for a tmpfs, HugePages for huge pages; nothing for the disk.
    pub medium: Option<String>,
    /// The most it may hold; the pod is evicted past it.
    pub size_limit: Option<Quantity>,
}

impl Shape for EmptyDirVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "medium" => take(&mut self.medium, value),
            "sizeLimit" => take(&mut self.size_limit, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "medium", &self.medium);
        give(map, "sizeLimit", &self.size_limit);
    }
}

/// A claim that lives as long as the pod.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EphemeralVolumeSource {
    /// What the claim is like.
    pub volume_claim_template: Option<PersistentVolumeClaimTemplate>,
}

impl Shape for EphemeralVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "volumeClaimTemplate" => take(&mut self.volume_claim_template, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "volumeClaimTemplate", &self.volume_claim_template);
    }
}

/// A disk over Fibre Channel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FCVolumeSource {
    /// `fsType`.
    pub fs_type: Option<String>,
    /// `lun`.
    pub lun: Option<i32>,
    /// `readOnly`.
    pub read_only: Option<bool>,
    /// `targetWWNs`.
    pub target_wwns: Vec<String>,
    /// `wwids`.
    pub wwids: Vec<String>,
}

impl Shape for FCVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "fsType" => take(&mut self.fs_type, value),
            "lun" => take(&mut self.lun, value),
            "readOnly" => take(&mut self.read_only, value),
            "targetWWNs" => take(&mut self.target_wwns, value),
            "wwids" => take(&mut self.wwids, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "fsType", &self.fs_type);
        give(map, "lun", &self.lun);
        give(map, "readOnly", &self.read_only);
        give(map, "targetWWNs", &self.target_wwns);
        give(map, "wwids", &self.wwids);
    }
}

/// A volume of an old kind of driver.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FlexVolumeSource {
    /// `driver`.
    pub driver: String,
    /// `fsType`.
    pub fs_type: Option<String>,
    /// `options`.
    pub options: BTreeMap<String, String>,
    /// `readOnly`.
    pub read_only: Option<bool>,
    /// `secretRef`.
    pub secret_ref: Option<LocalObjectReference>,
}

impl Shape for FlexVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "driver" => take(&mut self.driver, value),
            "fsType" => take(&mut self.fs_type, value),
            "options" => take(&mut self.options, value),
            "readOnly" => take(&mut self.read_only, value),
            "secretRef" => take(&mut self.secret_ref, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "driver", &self.driver);
        give(map, "fsType", &self.fs_type);
        give(map, "options", &self.options);
        give(map, "readOnly", &self.read_only);
        give(map, "secretRef", &self.secret_ref);
    }
}

/// A volume of Flocker.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FlockerVolumeSource {
    /// `datasetName`.
    pub dataset_name: Option<String>,
    /// `datasetUUID`.
    pub dataset_uuid: Option<String>,
}

impl Shape for FlockerVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "datasetName" => take(&mut self.dataset_name, value),
            "datasetUUID" => take(&mut self.dataset_uuid, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "datasetName", &self.dataset_name);
        give(map, "datasetUUID", &self.dataset_uuid);
    }
}

/// A disk of a cloud.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GCEPersistentDiskVolumeSource {
    /// `fsType`.
    pub fs_type: Option<String>,
    /// `partition`.
    pub partition: Option<i32>,
    /// `pdName`.
    pub pd_name: String,
    /// `readOnly`.
    pub read_only: Option<bool>,
}

impl Shape for GCEPersistentDiskVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "fsType" => take(&mut self.fs_type, value),
            "partition" => take(&mut self.partition, value),
            "pdName" => take(&mut self.pd_name, value),
            "readOnly" => take(&mut self.read_only, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "fsType", &self.fs_type);
        give(map, "partition", &self.partition);
        give(map, "pdName", &self.pd_name);
        give(map, "readOnly", &self.read_only);
    }
}

/// A clone of a repository.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GitRepoVolumeSource {
    /// `directory`.
    pub directory: Option<String>,
    /// `repository`.
    pub repository: String,
    /// `revision`.
    pub revision: Option<String>,
}

impl Shape for GitRepoVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "directory" => take(&mut self.directory, value),
            "repository" => take(&mut self.repository, value),
            "revision" => take(&mut self.revision, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "directory", &self.directory);
        give(map, "repository", &self.repository);
        give(map, "revision", &self.revision);
    }
}

/// A GlusterFS.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GlusterfsVolumeSource {
    /// `endpoints`.
    pub endpoints: String,
    /// `path`.
    pub path: String,
    /// `readOnly`.
    pub read_only: Option<bool>,
}

impl Shape for GlusterfsVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "endpoints" => take(&mut self.endpoints, value),
            "path" => take(&mut self.path, value),
            "readOnly" => take(&mut self.read_only, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "endpoints", &self.endpoints);
        give(map, "path", &self.path);
        give(map, "readOnly", &self.read_only);
    }
}

/// A file or directory of the machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostPathVolumeSource {
    /// Its path.
    pub path: String,
    /// What must be there, or is made: DirectoryOrCreate, Directory, FileOrCreate, File, Socket, CharDevice, BlockDevice.
    pub r#type: Option<String>,
}

impl Shape for HostPathVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "path" => take(&mut self.path, value),
            "type" => take(&mut self.r#type, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "path", &self.path);
        give(map, "type", &self.r#type);
    }
}

/// A disk over iSCSI.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ISCSIVolumeSource {
    /// `chapAuthDiscovery`.
    pub chap_auth_discovery: Option<bool>,
    /// `chapAuthSession`.
    pub chap_auth_session: Option<bool>,
    /// `fsType`.
    pub fs_type: Option<String>,
    /// `initiatorName`.
    pub initiator_name: Option<String>,
    /// `iqn`.
    pub iqn: String,
    /// `iscsiInterface`.
    pub iscsi_interface: Option<String>,
    /// `lun`.
    pub lun: i32,
    /// `portals`.
    pub portals: Vec<String>,
    /// `readOnly`.
    pub read_only: Option<bool>,
    /// `secretRef`.
    pub secret_ref: Option<LocalObjectReference>,
    /// `targetPortal`.
    pub target_portal: String,
}

impl Shape for ISCSIVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "chapAuthDiscovery" => take(&mut self.chap_auth_discovery, value),
            "chapAuthSession" => take(&mut self.chap_auth_session, value),
            "fsType" => take(&mut self.fs_type, value),
            "initiatorName" => take(&mut self.initiator_name, value),
            "iqn" => take(&mut self.iqn, value),
            "iscsiInterface" => take(&mut self.iscsi_interface, value),
            "lun" => take(&mut self.lun, value),
            "portals" => take(&mut self.portals, value),
            "readOnly" => take(&mut self.read_only, value),
            "secretRef" => take(&mut self.secret_ref, value),
            "targetPortal" => take(&mut self.target_portal, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "chapAuthDiscovery", &self.chap_auth_discovery);
        give(map, "chapAuthSession", &self.chap_auth_session);
        give(map, "fsType", &self.fs_type);
        give(map, "initiatorName", &self.initiator_name);
        give(map, "iqn", &self.iqn);
        give(map, "iscsiInterface", &self.iscsi_interface);
        give(map, "lun", &self.lun);
        give(map, "portals", &self.portals);
        give(map, "readOnly", &self.read_only);
        give(map, "secretRef", &self.secret_ref);
        give(map, "targetPortal", &self.target_portal);
    }
}

/// The files of an image.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImageVolumeSource {
    /// When the image is fetched.
    pub pull_policy: Option<String>,
    /// The image.
    pub reference: Option<String>,
}

impl Shape for ImageVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "pullPolicy" => take(&mut self.pull_policy, value),
            "reference" => take(&mut self.reference, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "pullPolicy", &self.pull_policy);
        give(map, "reference", &self.reference);
    }
}

/// A key and the file it becomes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeyToPath {
    /// The key.
    pub key: String,
    /// The file's mode.
    pub mode: Option<i32>,
    /// The file, relative to the volume.
    pub path: String,
}

impl Shape for KeyToPath {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "key" => take(&mut self.key, value),
            "mode" => take(&mut self.mode, value),
            "path" => take(&mut self.path, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "key", &self.key);
        give(map, "mode", &self.mode);
        give(map, "path", &self.path);
    }
}

/// A directory of an NFS server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NFSVolumeSource {
    /// `path`.
    pub path: String,
    /// `readOnly`.
    pub read_only: Option<bool>,
    /// `server`.
    pub server: String,
}

impl Shape for NFSVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "path" => take(&mut self.path, value),
            "readOnly" => take(&mut self.read_only, value),
            "server" => take(&mut self.server, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "path", &self.path);
        give(map, "readOnly", &self.read_only);
        give(map, "server", &self.server);
    }
}

/// A disk of a cloud.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PhotonPersistentDiskVolumeSource {
    /// `fsType`.
    pub fs_type: Option<String>,
    /// `pdID`.
    pub pd_id: String,
}

impl Shape for PhotonPersistentDiskVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "fsType" => take(&mut self.fs_type, value),
            "pdID" => take(&mut self.pd_id, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "fsType", &self.fs_type);
        give(map, "pdID", &self.pd_id);
    }
}

/// A certificate for the pod.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodCertificateProjection {
    /// `certificateChainPath`.
    pub certificate_chain_path: Option<String>,
    /// `credentialBundlePath`.
    pub credential_bundle_path: Option<String>,
    /// `keyPath`.
    pub key_path: Option<String>,
    /// `keyType`.
    pub key_type: String,
    /// `maxExpirationSeconds`.
    pub max_expiration_seconds: Option<i32>,
    /// `signerName`.
    pub signer_name: String,
    /// `userAnnotations`.
    pub user_annotations: BTreeMap<String, String>,
}

impl Shape for PodCertificateProjection {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "certificateChainPath" => take(&mut self.certificate_chain_path, value),
            "credentialBundlePath" => take(&mut self.credential_bundle_path, value),
            "keyPath" => take(&mut self.key_path, value),
            "keyType" => take(&mut self.key_type, value),
            "maxExpirationSeconds" => take(&mut self.max_expiration_seconds, value),
            "signerName" => take(&mut self.signer_name, value),
            "userAnnotations" => take(&mut self.user_annotations, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "certificateChainPath", &self.certificate_chain_path);
        give(map, "credentialBundlePath", &self.credential_bundle_path);
        give(map, "keyPath", &self.key_path);
        give(map, "keyType", &self.key_type);
        give(map, "maxExpirationSeconds", &self.max_expiration_seconds);
        give(map, "signerName", &self.signer_name);
        give(map, "userAnnotations", &self.user_annotations);
    }
}

/// A volume of Portworx.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PortworxVolumeSource {
    /// `fsType`.
    pub fs_type: Option<String>,
    /// `readOnly`.
    pub read_only: Option<bool>,
    /// `volumeID`.
    pub volume_id: String,
}

impl Shape for PortworxVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "fsType" => take(&mut self.fs_type, value),
            "readOnly" => take(&mut self.read_only, value),
            "volumeID" => take(&mut self.volume_id, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "fsType", &self.fs_type);
        give(map, "readOnly", &self.read_only);
        give(map, "volumeID", &self.volume_id);
    }
}

/// Several sources in one directory.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProjectedVolumeSource {
    /// The mode of files that have none of their own.
    pub default_mode: Option<i32>,
    /// The sources.
    pub sources: Vec<VolumeProjection>,
}

impl Shape for ProjectedVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "defaultMode" => take(&mut self.default_mode, value),
            "sources" => take(&mut self.sources, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "defaultMode", &self.default_mode);
        give(map, "sources", &self.sources);
    }
}

/// A volume of Quobyte.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QuobyteVolumeSource {
    /// `group`.
    pub group: Option<String>,
    /// `readOnly`.
    pub read_only: Option<bool>,
    /// `registry`.
    pub registry: String,
    /// `tenant`.
    pub tenant: Option<String>,
    /// `user`.
    pub user: Option<String>,
    /// `volume`.
    pub volume: String,
}

impl Shape for QuobyteVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "group" => take(&mut self.group, value),
            "readOnly" => take(&mut self.read_only, value),
            "registry" => take(&mut self.registry, value),
            "tenant" => take(&mut self.tenant, value),
            "user" => take(&mut self.user, value),
            "volume" => take(&mut self.volume, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "group", &self.group);
        give(map, "readOnly", &self.read_only);
        give(map, "registry", &self.registry);
        give(map, "tenant", &self.tenant);
        give(map, "user", &self.user);
        give(map, "volume", &self.volume);
    }
}

/// A block device of Ceph.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RBDVolumeSource {
    /// `fsType`.
    pub fs_type: Option<String>,
    /// `image`.
    pub image: String,
    /// `keyring`.
    pub keyring: Option<String>,
    /// `monitors`.
    pub monitors: Vec<String>,
    /// `pool`.
    pub pool: Option<String>,
    /// `readOnly`.
    pub read_only: Option<bool>,
    /// `secretRef`.
    pub secret_ref: Option<LocalObjectReference>,
    /// `user`.
    pub user: Option<String>,
}

impl Shape for RBDVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "fsType" => take(&mut self.fs_type, value),
            "image" => take(&mut self.image, value),
            "keyring" => take(&mut self.keyring, value),
            "monitors" => take(&mut self.monitors, value),
            "pool" => take(&mut self.pool, value),
            "readOnly" => take(&mut self.read_only, value),
            "secretRef" => take(&mut self.secret_ref, value),
            "user" => take(&mut self.user, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "fsType", &self.fs_type);
        give(map, "image", &self.image);
        give(map, "keyring", &self.keyring);
        give(map, "monitors", &self.monitors);
        give(map, "pool", &self.pool);
        give(map, "readOnly", &self.read_only);
        give(map, "secretRef", &self.secret_ref);
        give(map, "user", &self.user);
    }
}

/// A volume of ScaleIO.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScaleIOVolumeSource {
    /// `fsType`.
    pub fs_type: Option<String>,
    /// `gateway`.
    pub gateway: String,
    /// `protectionDomain`.
    pub protection_domain: Option<String>,
    /// `readOnly`.
    pub read_only: Option<bool>,
    /// `secretRef`.
    pub secret_ref: Option<LocalObjectReference>,
    /// `sslEnabled`.
    pub ssl_enabled: Option<bool>,
    /// `storageMode`.
    pub storage_mode: Option<String>,
    /// `storagePool`.
    pub storage_pool: Option<String>,
    /// `system`.
    pub system: String,
    /// `volumeName`.
    pub volume_name: Option<String>,
}

impl Shape for ScaleIOVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "fsType" => take(&mut self.fs_type, value),
            "gateway" => take(&mut self.gateway, value),
            "protectionDomain" => take(&mut self.protection_domain, value),
            "readOnly" => take(&mut self.read_only, value),
            "secretRef" => take(&mut self.secret_ref, value),
            "sslEnabled" => take(&mut self.ssl_enabled, value),
            "storageMode" => take(&mut self.storage_mode, value),
            "storagePool" => take(&mut self.storage_pool, value),
            "system" => take(&mut self.system, value),
            "volumeName" => take(&mut self.volume_name, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "fsType", &self.fs_type);
        give(map, "gateway", &self.gateway);
        give(map, "protectionDomain", &self.protection_domain);
        give(map, "readOnly", &self.read_only);
        give(map, "secretRef", &self.secret_ref);
        give(map, "sslEnabled", &self.ssl_enabled);
        give(map, "storageMode", &self.storage_mode);
        give(map, "storagePool", &self.storage_pool);
        give(map, "system", &self.system);
        give(map, "volumeName", &self.volume_name);
    }
}

/// A secret's keys in a projected volume.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SecretProjection {
    /// The keys wanted, and their paths; all if none is given.
    pub items: Vec<KeyToPath>,
    /// The secret's name.
    pub name: Option<String>,
    /// Whether it may be missing.
    pub optional: Option<bool>,
}

impl Shape for SecretProjection {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "items" => take(&mut self.items, value),
            "name" => take(&mut self.name, value),
            "optional" => take(&mut self.optional, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "items", &self.items);
        give(map, "name", &self.name);
        give(map, "optional", &self.optional);
    }
}

/// A secret's keys as files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SecretVolumeSource {
    /// The mode of files that have none of their own.
    pub default_mode: Option<i32>,
    /// The keys wanted, and their paths; all if none is given.
    pub items: Vec<KeyToPath>,
    /// Whether it may be missing.
    pub optional: Option<bool>,
    /// The secret's name.
    pub secret_name: Option<String>,
}

impl Shape for SecretVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "defaultMode" => take(&mut self.default_mode, value),
            "items" => take(&mut self.items, value),
            "optional" => take(&mut self.optional, value),
            "secretName" => take(&mut self.secret_name, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "defaultMode", &self.default_mode);
        give(map, "items", &self.items);
        give(map, "optional", &self.optional);
        give(map, "secretName", &self.secret_name);
    }
}

/// A token of a service account in a projected volume.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceAccountTokenProjection {
    /// Who it is for.
    pub audience: Option<String>,
    /// How long it holds; it is made anew before.
    pub expiration_seconds: Option<i64>,
    /// Its file's path.
    pub path: String,
}

impl Shape for ServiceAccountTokenProjection {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "audience" => take(&mut self.audience, value),
            "expirationSeconds" => take(&mut self.expiration_seconds, value),
            "path" => take(&mut self.path, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "audience", &self.audience);
        give(map, "expirationSeconds", &self.expiration_seconds);
        give(map, "path", &self.path);
    }
}

/// A volume of StorageOS.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StorageOSVolumeSource {
    /// `fsType`.
    pub fs_type: Option<String>,
    /// `readOnly`.
    pub read_only: Option<bool>,
    /// `secretRef`.
    pub secret_ref: Option<LocalObjectReference>,
    /// `volumeName`.
    pub volume_name: Option<String>,
    /// `volumeNamespace`.
    pub volume_namespace: Option<String>,
}

impl Shape for StorageOSVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "fsType" => take(&mut self.fs_type, value),
            "readOnly" => take(&mut self.read_only, value),
            "secretRef" => take(&mut self.secret_ref, value),
            "volumeName" => take(&mut self.volume_name, value),
            "volumeNamespace" => take(&mut self.volume_namespace, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "fsType", &self.fs_type);
        give(map, "readOnly", &self.read_only);
        give(map, "secretRef", &self.secret_ref);
        give(map, "volumeName", &self.volume_name);
        give(map, "volumeNamespace", &self.volume_namespace);
    }
}

/// What containers can mount; a name and exactly one source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Volume {
    /// A disk of a cloud.
    pub aws_elastic_block_store: Option<Box<AWSElasticBlockStoreVolumeSource>>,
    /// A disk of a cloud.
    pub azure_disk: Option<Box<AzureDiskVolumeSource>>,
    /// A share of a cloud.
    pub azure_file: Option<Box<AzureFileVolumeSource>>,
    /// A CephFS.
    pub cephfs: Option<Box<CephFSVolumeSource>>,
    /// A disk of a cloud.
    pub cinder: Option<Box<CinderVolumeSource>>,
    /// A config map's keys as files.
    pub config_map: Option<Box<ConfigMapVolumeSource>>,
    /// A volume of a driver.
    pub csi: Option<Box<CSIVolumeSource>>,
    /// Fields of the pod as files.
    pub downward_api: Option<Box<DownwardAPIVolumeSource>>,
    /// An empty directory, or memory, that lives as long as the pod.
    pub empty_dir: Option<Box<EmptyDirVolumeSource>>,
    /// A claim that lives as long as the pod.
    pub ephemeral: Option<Box<EphemeralVolumeSource>>,
    /// A disk over Fibre Channel.
    pub fc: Option<Box<FCVolumeSource>>,
    /// A volume of an old kind of driver.
    pub flex_volume: Option<Box<FlexVolumeSource>>,
    /// A volume of Flocker.
    pub flocker: Option<Box<FlockerVolumeSource>>,
    /// A disk of a cloud.
    pub gce_persistent_disk: Option<Box<GCEPersistentDiskVolumeSource>>,
    /// A clone of a repository.
    pub git_repo: Option<Box<GitRepoVolumeSource>>,
    /// A GlusterFS.
    pub glusterfs: Option<Box<GlusterfsVolumeSource>>,
    /// A file or directory of the machine.
    pub host_path: Option<Box<HostPathVolumeSource>>,
    /// The files of an image, to be read.
    pub image: Option<Box<ImageVolumeSource>>,
    /// A disk over iSCSI.
    pub iscsi: Option<Box<ISCSIVolumeSource>>,
    /// Its name, unique in the pod.
    pub name: String,
    /// A directory of an NFS server.
    pub nfs: Option<Box<NFSVolumeSource>>,
    /// A claim of the namespace.
    pub persistent_volume_claim: Option<Box<PersistentVolumeClaimVolumeSource>>,
    /// A disk of a cloud.
    pub photon_persistent_disk: Option<Box<PhotonPersistentDiskVolumeSource>>,
    /// A volume of Portworx.
    pub portworx_volume: Option<Box<PortworxVolumeSource>>,
    /// Several sources in one directory.
    pub projected: Option<Box<ProjectedVolumeSource>>,
    /// A volume of Quobyte.
    pub quobyte: Option<Box<QuobyteVolumeSource>>,
    /// A block device of Ceph.
    pub rbd: Option<Box<RBDVolumeSource>>,
    /// A volume of ScaleIO.
    pub scale_io: Option<Box<ScaleIOVolumeSource>>,
    /// A secret's keys as files.
    pub secret: Option<Box<SecretVolumeSource>>,
    /// A volume of StorageOS.
    pub storageos: Option<Box<StorageOSVolumeSource>>,
    /// A disk of vSphere.
    pub vsphere_volume: Option<Box<VsphereVirtualDiskVolumeSource>>,
}

impl Shape for Volume {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "awsElasticBlockStore" => take(&mut self.aws_elastic_block_store, value),
            "azureDisk" => take(&mut self.azure_disk, value),
            "azureFile" => take(&mut self.azure_file, value),
            "cephfs" => take(&mut self.cephfs, value),
            "cinder" => take(&mut self.cinder, value),
            "configMap" => take(&mut self.config_map, value),
            "csi" => take(&mut self.csi, value),
            "downwardAPI" => take(&mut self.downward_api, value),
            "emptyDir" => take(&mut self.empty_dir, value),
            "ephemeral" => take(&mut self.ephemeral, value),
            "fc" => take(&mut self.fc, value),
            "flexVolume" => take(&mut self.flex_volume, value),
            "flocker" => take(&mut self.flocker, value),
            "gcePersistentDisk" => take(&mut self.gce_persistent_disk, value),
            "gitRepo" => take(&mut self.git_repo, value),
            "glusterfs" => take(&mut self.glusterfs, value),
            "hostPath" => take(&mut self.host_path, value),
            "image" => take(&mut self.image, value),
            "iscsi" => take(&mut self.iscsi, value),
            "name" => take(&mut self.name, value),
            "nfs" => take(&mut self.nfs, value),
            "persistentVolumeClaim" => take(&mut self.persistent_volume_claim, value),
            "photonPersistentDisk" => take(&mut self.photon_persistent_disk, value),
            "portworxVolume" => take(&mut self.portworx_volume, value),
            "projected" => take(&mut self.projected, value),
            "quobyte" => take(&mut self.quobyte, value),
            "rbd" => take(&mut self.rbd, value),
            "scaleIO" => take(&mut self.scale_io, value),
            "secret" => take(&mut self.secret, value),
            "storageos" => take(&mut self.storageos, value),
            "vsphereVolume" => take(&mut self.vsphere_volume, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "awsElasticBlockStore", &self.aws_elastic_block_store);
        give(map, "azureDisk", &self.azure_disk);
        give(map, "azureFile", &self.azure_file);
        give(map, "cephfs", &self.cephfs);
        give(map, "cinder", &self.cinder);
        give(map, "configMap", &self.config_map);
        give(map, "csi", &self.csi);
        give(map, "downwardAPI", &self.downward_api);
        give(map, "emptyDir", &self.empty_dir);
        give(map, "ephemeral", &self.ephemeral);
        give(map, "fc", &self.fc);
        give(map, "flexVolume", &self.flex_volume);
        give(map, "flocker", &self.flocker);
        give(map, "gcePersistentDisk", &self.gce_persistent_disk);
        give(map, "gitRepo", &self.git_repo);
        give(map, "glusterfs", &self.glusterfs);
        give(map, "hostPath", &self.host_path);
        give(map, "image", &self.image);
        give(map, "iscsi", &self.iscsi);
        give(map, "name", &self.name);
        give(map, "nfs", &self.nfs);
        give(map, "persistentVolumeClaim", &self.persistent_volume_claim);
        give(map, "photonPersistentDisk", &self.photon_persistent_disk);
        give(map, "portworxVolume", &self.portworx_volume);
        give(map, "projected", &self.projected);
        give(map, "quobyte", &self.quobyte);
        give(map, "rbd", &self.rbd);
        give(map, "scaleIO", &self.scale_io);
        give(map, "secret", &self.secret);
        give(map, "storageos", &self.storageos);
        give(map, "vsphereVolume", &self.vsphere_volume);
    }
}

/// A block device.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VolumeDevice {
    /// `devicePath`.
    pub device_path: String,
    /// `name`.
    pub name: String,
}

impl Shape for VolumeDevice {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "devicePath" => take(&mut self.device_path, value),
            "name" => take(&mut self.name, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "devicePath", &self.device_path);
        give(map, "name", &self.name);
    }
}

/// Where a volume is mounted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VolumeMount {
    /// The path in the container.
    pub mount_path: String,
    /// Whether mounts made later are seen on the other side: None, HostToContainer, Bidirectional.
    pub mount_propagation: Option<String>,
    /// The volume.
    pub name: String,
    /// Whether it can only be read.
    pub read_only: Option<bool>,
    /// Whether mounts below it can only be read, too: Disabled, IfPossible, Enabled.
    pub recursive_read_only: Option<String>,
    /// A path in the volume that is mounted instead of all of it.
    pub sub_path: Option<String>,
    /// The same with $(NAME) replaced by environment variables.
    pub sub_path_expr: Option<String>,
}

impl Shape for VolumeMount {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "mountPath" => take(&mut self.mount_path, value),
            "mountPropagation" => take(&mut self.mount_propagation, value),
            "name" => take(&mut self.name, value),
            "readOnly" => take(&mut self.read_only, value),
            "recursiveReadOnly" => take(&mut self.recursive_read_only, value),
            "subPath" => take(&mut self.sub_path, value),
            "subPathExpr" => take(&mut self.sub_path_expr, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "mountPath", &self.mount_path);
        give(map, "mountPropagation", &self.mount_propagation);
        give(map, "name", &self.name);
        give(map, "readOnly", &self.read_only);
        give(map, "recursiveReadOnly", &self.recursive_read_only);
        give(map, "subPath", &self.sub_path);
        give(map, "subPathExpr", &self.sub_path_expr);
    }
}

/// A source of a projected volume; exactly one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VolumeProjection {
    /// Certificates that the cluster trusts.
    pub cluster_trust_bundle: Option<ClusterTrustBundleProjection>,
    /// A config map's keys.
    pub config_map: Option<ConfigMapProjection>,
    /// Fields of the pod.
    pub downward_api: Option<DownwardAPIProjection>,
    /// A certificate for the pod.
    pub pod_certificate: Option<PodCertificateProjection>,
    /// A secret's keys.
    pub secret: Option<SecretProjection>,
    /// A token of the pod's service account, signed with a key of this machine.
    pub service_account_token: Option<ServiceAccountTokenProjection>,
}

impl Shape for VolumeProjection {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "clusterTrustBundle" => take(&mut self.cluster_trust_bundle, value),
            "configMap" => take(&mut self.config_map, value),
            "downwardAPI" => take(&mut self.downward_api, value),
            "podCertificate" => take(&mut self.pod_certificate, value),
            "secret" => take(&mut self.secret, value),
            "serviceAccountToken" => take(&mut self.service_account_token, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "clusterTrustBundle", &self.cluster_trust_bundle);
        give(map, "configMap", &self.config_map);
        give(map, "downwardAPI", &self.downward_api);
        give(map, "podCertificate", &self.pod_certificate);
        give(map, "secret", &self.secret);
        give(map, "serviceAccountToken", &self.service_account_token);
    }
}

/// A disk of vSphere.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VsphereVirtualDiskVolumeSource {
    /// `fsType`.
    pub fs_type: Option<String>,
    /// `storagePolicyID`.
    pub storage_policy_id: Option<String>,
    /// `storagePolicyName`.
    pub storage_policy_name: Option<String>,
    /// `volumePath`.
    pub volume_path: String,
}

impl Shape for VsphereVirtualDiskVolumeSource {
    fn set(&mut self, key: &str, value: Value) -> Result<(), Mismatch> {
        match key {
            "fsType" => take(&mut self.fs_type, value),
            "storagePolicyID" => take(&mut self.storage_policy_id, value),
            "storagePolicyName" => take(&mut self.storage_policy_name, value),
            "volumePath" => take(&mut self.volume_path, value),
            _ => Ok(()),
        }
    }

    fn put(&self, map: &mut Map<String, Value>) {
        give(map, "fsType", &self.fs_type);
        give(map, "storagePolicyID", &self.storage_policy_id);
        give(map, "storagePolicyName", &self.storage_policy_name);
        give(map, "volumePath", &self.volume_path);
    }
}

shaped! { AWSElasticBlockStoreVolumeSource AzureDiskVolumeSource AzureFileVolumeSource CSIVolumeSource CephFSVolumeSource CinderVolumeSource ClusterTrustBundleProjection ConfigMapProjection ConfigMapVolumeSource DownwardAPIProjection DownwardAPIVolumeFile DownwardAPIVolumeSource EmptyDirVolumeSource EphemeralVolumeSource FCVolumeSource FlexVolumeSource FlockerVolumeSource GCEPersistentDiskVolumeSource GitRepoVolumeSource GlusterfsVolumeSource HostPathVolumeSource ISCSIVolumeSource ImageVolumeSource KeyToPath NFSVolumeSource PhotonPersistentDiskVolumeSource PodCertificateProjection PortworxVolumeSource ProjectedVolumeSource QuobyteVolumeSource RBDVolumeSource ScaleIOVolumeSource SecretProjection SecretVolumeSource ServiceAccountTokenProjection StorageOSVolumeSource Volume VolumeDevice VolumeMount VolumeProjection VsphereVirtualDiskVolumeSource }
