//! The volumes of a pod.

use serde::{Deserialize, Serialize};

use super::Pull;

/// A volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumePlan {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub source: VolumeSource,
}

/// What is in a volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VolumeSource {
    /// Nothing at first; it goes with the pod.
    EmptyDir {
        /// Where it is kept.
        medium: Medium,
        /// How many bytes there may be. In memory it is a limit; on disk the pod is evicted that exceeds it.
        size_limit: Option<u64>,
    },
    /// A file or directory of the machine.
    HostPath {
        /// Its path.
        path: String,
        /// What it has to be.
        kind: HostPathKind,
    },
    /// Files made of objects, in order: a later one takes the place of an earlier one of its path.
    Files {
        /// Whether they are kept in memory only.
        in_memory: bool,
        /// The mode of files that say none.
        default_mode: u32,
        /// What they are made of.
        from: Vec<Projection>,
    },
    /// A directory that stays until its claim is deleted.
    Claim {
        /// The claim's name, in the pod's namespace.
        claim: String,
        /// Whether nobody may write to it.
        read_only: bool,
        /// Whether the claim is made with the pod and goes with it.
        ephemeral: bool,
    },
    /// An image's files, which nobody may write to or execute.
    Image(ImageVolume),
}

/// Where an empty directory is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Medium {
    /// On disk.
    Disk,
    /// In memory.
    Memory,
    /// In huge pages of so many bytes; `None` is the machine's usual size.
    HugePages(Option<u64>),
}

/// What a path of the machine has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HostPathKind {
    /// Whatever it is; a directory is made where there is nothing.
    Any,
    /// A directory, which is made where there is nothing.
    DirectoryOrCreate,
    /// A directory.
    Directory,
    /// A file, which is made where there is nothing.
    FileOrCreate,
    /// A file.
    File,
    /// A socket.
    Socket,
    /// A device that is read by characters.
    CharDevice,
    /// A device that is read by blocks.
    BlockDevice,
}

/// What files of a volume are made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Projection {
    /// A config map.
    ConfigMap {
        /// Its name.
        name: String,
        /// Whether it may be missing, and keys of it.
        optional: bool,
        /// Which keys are which files; all, by their own names, where nothing is said.
        items: Vec<Item>,
    },
    /// A secret.
    Secret {
        /// Its name.
        name: String,
        /// Whether it may be missing, and keys of it.
        optional: bool,
        /// Which keys are which files; all, by their own names, where nothing is said.
        items: Vec<Item>,
    },
    /// What the pod says of itself.
    Downward(Vec<Downward>),
    /// A token of the pod's service account.
    Token {
        /// Who it is for; whoever checks it where nothing is said.
        audience: Option<String>,
        /// The seconds that it holds.
        expiration: u64,
        /// Its file.
        path: String,
    },
}

/// Which key is which file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The key.
    pub key: String,
    /// The file's path within the volume.
    pub path: String,
    /// The file's mode, where it is not the usual one.
    pub mode: Option<u32>,
}

/// A file of what the pod says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Downward {
    /// The file's path within the volume.
    pub path: String,
    /// The file's mode, where it is not the usual one.
    pub mode: Option<u32>,
    /// What it says.
    pub field: Field,
}

/// Something that a pod says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Field {
    /// A field of the Pod, by its path.
    Pod(String),
    /// What a container asks for or gets at most.
    Resource(Resource),
}

/// What a container asks for or gets at most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// The container; who asks where nothing is said.
    pub container: Option<String>,
    /// Of what: `limits.cpu`.
    pub resource: String,
    /// In what, as a quantity: 1 where nothing is said.
    pub divisor: String,
}

/// An image whose files are a volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageVolume {
    /// The image, as it was written.
    pub image: String,
    /// Whether it is fetched.
    pub pull: Pull,
}

/// The group that owns a pod's volumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FsGroup {
    /// Its id.
    pub id: u32,
    /// Whether what is below is only looked at where the volume itself is not the group's.
    pub on_root_mismatch: bool,
}
