//! Every type and field of the kinds that are read. Written by `cargo xtask schema`.

use super::{Holds, Root, Strategy, Support, Type, field};

pub(super) static ROOTS: [Root; 13] = [
    Root { kind: "Pod", api_version: "v1", of: &POD },
    Root { kind: "ConfigMap", api_version: "v1", of: &CONFIG_MAP },
    Root { kind: "Secret", api_version: "v1", of: &SECRET },
    Root { kind: "PersistentVolumeClaim", api_version: "v1", of: &PERSISTENT_VOLUME_CLAIM },
    Root { kind: "ServiceAccount", api_version: "v1", of: &SERVICE_ACCOUNT },
    Root { kind: "Namespace", api_version: "v1", of: &NAMESPACE },
    Root { kind: "Service", api_version: "v1", of: &SERVICE },
    Root { kind: "Deployment", api_version: "apps/v1", of: &DEPLOYMENT },
    Root { kind: "ReplicaSet", api_version: "apps/v1", of: &REPLICA_SET },
    Root { kind: "DaemonSet", api_version: "apps/v1", of: &DAEMON_SET },
    Root { kind: "StatefulSet", api_version: "apps/v1", of: &STATEFUL_SET },
    Root { kind: "Job", api_version: "batch/v1", of: &JOB },
    Root { kind: "CronJob", api_version: "batch/v1", of: &CRON_JOB },
];

pub(super) static TYPES: [&Type; 192] = [
    &AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE,
    &AFFINITY,
    &APP_ARMOR_PROFILE,
    &AZURE_DISK_VOLUME_SOURCE,
    &AZURE_FILE_VOLUME_SOURCE,
    &CSI_VOLUME_SOURCE,
    &CAPABILITIES,
    &CEPH_FS_VOLUME_SOURCE,
    &CINDER_VOLUME_SOURCE,
    &CLIENT_IP_CONFIG,
    &CLUSTER_TRUST_BUNDLE_PROJECTION,
    &CONDITION,
    &CONFIG_MAP,
    &CONFIG_MAP_ENV_SOURCE,
    &CONFIG_MAP_KEY_SELECTOR,
    &CONFIG_MAP_PROJECTION,
    &CONFIG_MAP_VOLUME_SOURCE,
    &CONTAINER,
    &CONTAINER_EXTENDED_RESOURCE_REQUEST,
    &CONTAINER_PORT,
    &CONTAINER_RESIZE_POLICY,
    &CONTAINER_RESTART_RULE,
    &CONTAINER_RESTART_RULE_ON_EXIT_CODES,
    &CONTAINER_STATE,
    &CONTAINER_STATE_RUNNING,
    &CONTAINER_STATE_TERMINATED,
    &CONTAINER_STATE_WAITING,
    &CONTAINER_STATUS,
    &CONTAINER_USER,
    &CRON_JOB,
    &CRON_JOB_SPEC,
    &CRON_JOB_STATUS,
    &DAEMON_SET,
    &DAEMON_SET_CONDITION,
    &DAEMON_SET_SPEC,
    &DAEMON_SET_STATUS,
    &DAEMON_SET_UPDATE_STRATEGY,
    &DEPLOYMENT,
    &DEPLOYMENT_CONDITION,
    &DEPLOYMENT_SPEC,
    &DEPLOYMENT_STATUS,
    &DEPLOYMENT_STRATEGY,
    &DOWNWARD_API_PROJECTION,
    &DOWNWARD_API_VOLUME_FILE,
    &DOWNWARD_API_VOLUME_SOURCE,
    &EMPTY_DIR_VOLUME_SOURCE,
    &ENV_FROM_SOURCE,
    &ENV_VAR,
    &ENV_VAR_SOURCE,
    &EPHEMERAL_CONTAINER,
    &EPHEMERAL_VOLUME_SOURCE,
    &EXEC_ACTION,
    &FC_VOLUME_SOURCE,
    &FILE_KEY_SELECTOR,
    &FLEX_VOLUME_SOURCE,
    &FLOCKER_VOLUME_SOURCE,
    &GCE_PERSISTENT_DISK_VOLUME_SOURCE,
    &GRPC_ACTION,
    &GIT_REPO_VOLUME_SOURCE,
    &GLUSTERFS_VOLUME_SOURCE,
    &HTTP_GET_ACTION,
    &HTTP_HEADER,
    &HOST_ALIAS,
    &HOST_IP,
    &HOST_PATH_VOLUME_SOURCE,
    &ISCSI_VOLUME_SOURCE,
    &IMAGE_VOLUME_SOURCE,
    &IMAGE_VOLUME_STATUS,
    &JOB,
    &JOB_CONDITION,
    &JOB_SPEC,
    &JOB_STATUS,
    &JOB_TEMPLATE_SPEC,
    &KEY_TO_PATH,
    &LABEL_SELECTOR,
    &LABEL_SELECTOR_REQUIREMENT,
    &LIFECYCLE,
    &LIFECYCLE_HANDLER,
    &LINUX_CONTAINER_USER,
    &LOAD_BALANCER_INGRESS,
    &LOAD_BALANCER_STATUS,
    &LOCAL_OBJECT_REFERENCE,
    &MANAGED_FIELDS_ENTRY,
    &MODIFY_VOLUME_STATUS,
    &NFS_VOLUME_SOURCE,
    &NAMESPACE,
    &NAMESPACE_CONDITION,
    &NAMESPACE_SPEC,
    &NAMESPACE_STATUS,
    &NODE_AFFINITY,
    &NODE_ALLOCATABLE_RESOURCE_CLAIM_STATUS,
    &NODE_SELECTOR,
    &NODE_SELECTOR_REQUIREMENT,
    &NODE_SELECTOR_TERM,
    &OBJECT_FIELD_SELECTOR,
    &OBJECT_META,
    &OBJECT_REFERENCE,
    &OWNER_REFERENCE,
    &PERSISTENT_VOLUME_CLAIM,
    &PERSISTENT_VOLUME_CLAIM_CONDITION,
    &PERSISTENT_VOLUME_CLAIM_SPEC,
    &PERSISTENT_VOLUME_CLAIM_STATUS,
    &PERSISTENT_VOLUME_CLAIM_TEMPLATE,
    &PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE,
    &PHOTON_PERSISTENT_DISK_VOLUME_SOURCE,
    &POD,
    &POD_AFFINITY,
    &POD_AFFINITY_TERM,
    &POD_ANTI_AFFINITY,
    &POD_CERTIFICATE_PROJECTION,
    &POD_CONDITION,
    &POD_DNS_CONFIG,
    &POD_DNS_CONFIG_OPTION,
    &POD_EXTENDED_RESOURCE_CLAIM_STATUS,
    &POD_FAILURE_POLICY,
    &POD_FAILURE_POLICY_ON_EXIT_CODES_REQUIREMENT,
    &POD_FAILURE_POLICY_ON_POD_CONDITIONS_PATTERN,
    &POD_FAILURE_POLICY_RULE,
    &POD_IP,
    &POD_OS,
    &POD_READINESS_GATE,
    &POD_RESOURCE_CLAIM,
    &POD_RESOURCE_CLAIM_STATUS,
    &POD_SCHEDULING_GATE,
    &POD_SCHEDULING_GROUP,
    &POD_SECURITY_CONTEXT,
    &POD_SPEC,
    &POD_STATUS,
    &POD_TEMPLATE_SPEC,
    &PORT_STATUS,
    &PORTWORX_VOLUME_SOURCE,
    &PREFERRED_SCHEDULING_TERM,
    &PROBE,
    &PROJECTED_VOLUME_SOURCE,
    &QUOBYTE_VOLUME_SOURCE,
    &RBD_VOLUME_SOURCE,
    &REPLICA_SET,
    &REPLICA_SET_CONDITION,
    &REPLICA_SET_SPEC,
    &REPLICA_SET_STATUS,
    &RESOURCE_CLAIM,
    &RESOURCE_FIELD_SELECTOR,
    &RESOURCE_HEALTH,
    &RESOURCE_REQUIREMENTS,
    &RESOURCE_STATUS,
    &ROLLING_UPDATE_DAEMON_SET,
    &ROLLING_UPDATE_DEPLOYMENT,
    &ROLLING_UPDATE_STATEFUL_SET_STRATEGY,
    &SE_LINUX_OPTIONS,
    &SCALE_IO_VOLUME_SOURCE,
    &SECCOMP_PROFILE,
    &SECRET,
    &SECRET_ENV_SOURCE,
    &SECRET_KEY_SELECTOR,
    &SECRET_PROJECTION,
    &SECRET_VOLUME_SOURCE,
    &SECURITY_CONTEXT,
    &SERVICE,
    &SERVICE_ACCOUNT,
    &SERVICE_ACCOUNT_TOKEN_PROJECTION,
    &SERVICE_PORT,
    &SERVICE_SPEC,
    &SERVICE_STATUS,
    &SESSION_AFFINITY_CONFIG,
    &SLEEP_ACTION,
    &STATEFUL_SET,
    &STATEFUL_SET_CONDITION,
    &STATEFUL_SET_ORDINALS,
    &STATEFUL_SET_PERSISTENT_VOLUME_CLAIM_RETENTION_POLICY,
    &STATEFUL_SET_SPEC,
    &STATEFUL_SET_STATUS,
    &STATEFUL_SET_UPDATE_STRATEGY,
    &STORAGE_OS_VOLUME_SOURCE,
    &SUCCESS_POLICY,
    &SUCCESS_POLICY_RULE,
    &SYSCTL,
    &TCP_SOCKET_ACTION,
    &TOLERATION,
    &TOPOLOGY_SPREAD_CONSTRAINT,
    &TYPED_LOCAL_OBJECT_REFERENCE,
    &TYPED_OBJECT_REFERENCE,
    &UNCOUNTED_TERMINATED_PODS,
    &VOLUME,
    &VOLUME_DEVICE,
    &VOLUME_MOUNT,
    &VOLUME_MOUNT_STATUS,
    &VOLUME_PROJECTION,
    &VOLUME_RESOURCE_REQUIREMENTS,
    &VOLUME_STATUS,
    &VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE,
    &WEIGHTED_POD_AFFINITY_TERM,
    &WINDOWS_SECURITY_CONTEXT_OPTIONS,
];

static AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE: Type = Type {
    name: "AWSElasticBlockStoreVolumeSource",
    help: "A disk of a cloud.",
    fields: &[
        field("fsType", Holds::Text, "string", Support::Refused, "", ""),
        field("partition", Holds::Int32, "int32", Support::Refused, "", ""),
        field("readOnly", Holds::Bool, "bool", Support::Refused, "", ""),
        field("volumeID", Holds::Text, "string", Support::Refused, "", "").required(),
    ],
};

static AFFINITY: Type = Type {
    name: "Affinity",
    help: "Which nodes and neighbours are preferred.",
    fields: &[
        field("nodeAffinity", Holds::Type(&NODE_AFFINITY), "v1.NodeAffinity", Support::Noted, "", ""),
        field("podAffinity", Holds::Type(&POD_AFFINITY), "v1.PodAffinity", Support::Noted, "", ""),
        field("podAntiAffinity", Holds::Type(&POD_ANTI_AFFINITY), "v1.PodAntiAffinity", Support::Noted, "", ""),
    ],
};

static APP_ARMOR_PROFILE: Type = Type {
    name: "AppArmorProfile",
    help: "An AppArmor profile.",
    fields: &[
        field(
            "localhostProfile",
            Holds::Text,
            "string",
            Support::Noted,
            "The loaded profile's name, for Localhost.",
            "no profile is enforced here, and a pod that asks for one is refused",
        ),
        field(
            "type",
            Holds::Text,
            "v1.AppArmorProfileType",
            Support::Noted,
            "RuntimeDefault, Unconfined or Localhost.",
            "no profile is enforced here, and a pod that asks for one is refused",
        )
        .required(),
    ],
};

static AZURE_DISK_VOLUME_SOURCE: Type = Type {
    name: "AzureDiskVolumeSource",
    help: "A disk of a cloud.",
    fields: &[
        field("cachingMode", Holds::Text, "v1.AzureDataDiskCachingMode", Support::Refused, "", ""),
        field("diskName", Holds::Text, "string", Support::Refused, "", "").required(),
        field("diskURI", Holds::Text, "string", Support::Refused, "", "").required(),
        field("fsType", Holds::Text, "string", Support::Refused, "", ""),
        field("kind", Holds::Text, "v1.AzureDataDiskKind", Support::Refused, "", ""),
        field("readOnly", Holds::Bool, "bool", Support::Refused, "", ""),
    ],
};

static AZURE_FILE_VOLUME_SOURCE: Type = Type {
    name: "AzureFileVolumeSource",
    help: "A share of a cloud.",
    fields: &[
        field("readOnly", Holds::Bool, "bool", Support::Refused, "", ""),
        field("secretName", Holds::Text, "string", Support::Refused, "", "").required(),
        field("shareName", Holds::Text, "string", Support::Refused, "", "").required(),
    ],
};

static CSI_VOLUME_SOURCE: Type = Type {
    name: "CSIVolumeSource",
    help: "A volume of a driver.",
    fields: &[
        field("driver", Holds::Text, "string", Support::Refused, "", "").required(),
        field("fsType", Holds::Text, "string", Support::Refused, "", ""),
        field(
            "nodePublishSecretRef",
            Holds::Type(&LOCAL_OBJECT_REFERENCE),
            "v1.LocalObjectReference",
            Support::Refused,
            "",
            "",
        ),
        field("readOnly", Holds::Bool, "bool", Support::Refused, "", ""),
        field("volumeAttributes", Holds::Map(&Holds::Text), "map[string]string", Support::Refused, "", ""),
    ],
};

static CAPABILITIES: Type = Type {
    name: "Capabilities",
    help: "Capabilities beyond and less than the default ones.",
    fields: &[
        field("add", Holds::List(&Holds::Text), "[]v1.Capability", Support::Honoured, "Added; ALL for all.", ""),
        field("drop", Holds::List(&Holds::Text), "[]v1.Capability", Support::Honoured, "Dropped; ALL for all.", ""),
    ],
};

static CEPH_FS_VOLUME_SOURCE: Type = Type {
    name: "CephFSVolumeSource",
    help: "A CephFS.",
    fields: &[
        field("monitors", Holds::List(&Holds::Text), "[]string", Support::Refused, "", "").required(),
        field("path", Holds::Text, "string", Support::Refused, "", ""),
        field("readOnly", Holds::Bool, "bool", Support::Refused, "", ""),
        field("secretFile", Holds::Text, "string", Support::Refused, "", ""),
        field("secretRef", Holds::Type(&LOCAL_OBJECT_REFERENCE), "v1.LocalObjectReference", Support::Refused, "", ""),
        field("user", Holds::Text, "string", Support::Refused, "", ""),
    ],
};

static CINDER_VOLUME_SOURCE: Type = Type {
    name: "CinderVolumeSource",
    help: "A disk of a cloud.",
    fields: &[
        field("fsType", Holds::Text, "string", Support::Refused, "", ""),
        field("readOnly", Holds::Bool, "bool", Support::Refused, "", ""),
        field("secretRef", Holds::Type(&LOCAL_OBJECT_REFERENCE), "v1.LocalObjectReference", Support::Refused, "", ""),
        field("volumeID", Holds::Text, "string", Support::Refused, "", "").required(),
    ],
};

static CLIENT_IP_CONFIG: Type = Type {
    name: "ClientIPConfig",
    help: "How long a client's address counts.",
    fields: &[field("timeoutSeconds", Holds::Int32, "int32", Support::Later, "", "")],
};

static CLUSTER_TRUST_BUNDLE_PROJECTION: Type = Type {
    name: "ClusterTrustBundleProjection",
    help: "Certificates that the cluster trusts.",
    fields: &[
        field("labelSelector", Holds::Type(&LABEL_SELECTOR), "v1.LabelSelector", Support::Refused, "", ""),
        field("name", Holds::Text, "string", Support::Refused, "", ""),
        field("optional", Holds::Bool, "bool", Support::Refused, "", ""),
        field("path", Holds::Text, "string", Support::Refused, "", "").required(),
        field("signerName", Holds::Text, "string", Support::Refused, "", ""),
    ],
};

static CONDITION: Type = Type {
    name: "Condition",
    help: "Whether something holds.",
    fields: &[
        field("lastTransitionTime", Holds::Time, "string", Support::Told, "", "").required(),
        field("message", Holds::Text, "string", Support::Told, "", "").required(),
        field("observedGeneration", Holds::Int64, "int64", Support::Told, "", ""),
        field("reason", Holds::Text, "string", Support::Told, "", "").required(),
        field("status", Holds::Text, "v1.ConditionStatus", Support::Told, "", "").required(),
        field("type", Holds::Text, "string", Support::Told, "", "").required(),
    ],
};

static CONFIG_MAP: Type = Type {
    name: "ConfigMap",
    help: "Settings by key, for environment variables and files.",
    fields: &[
        field(
            "apiVersion",
            Holds::Text,
            "string",
            Support::Honoured,
            "The group and version that the object is written in.",
            "",
        ),
        field(
            "binaryData",
            Holds::Map(&Holds::Bytes),
            "map[string][]uint8",
            Support::Honoured,
            "Values that are no text, in base64.",
            "",
        ),
        field("data", Holds::Map(&Holds::Text), "map[string]string", Support::Honoured, "Values that are text.", ""),
        field("immutable", Holds::Bool, "bool", Support::Honoured, "Whether it may be changed.", ""),
        field("kind", Holds::Text, "string", Support::Honoured, "What the object is.", ""),
        field(
            "metadata",
            Holds::Type(&OBJECT_META),
            "v1.ObjectMeta",
            Support::Honoured,
            "Its name, namespace, labels and annotations.",
            "",
        ),
    ],
};

static CONFIG_MAP_ENV_SOURCE: Type = Type {
    name: "ConfigMapEnvSource",
    help: "A config map by its name.",
    fields: &[
        field("name", Holds::Text, "string", Support::Honoured, "Its name.", "").within("LocalObjectReference"),
        field("optional", Holds::Bool, "bool", Support::Honoured, "Whether it may be missing.", ""),
    ],
};

static CONFIG_MAP_KEY_SELECTOR: Type = Type {
    name: "ConfigMapKeySelector",
    help: "A key of a config map.",
    fields: &[
        field("key", Holds::Text, "string", Support::Honoured, "The key.", "").required(),
        field("name", Holds::Text, "string", Support::Honoured, "The config map's name.", "")
            .within("LocalObjectReference"),
        field("optional", Holds::Bool, "bool", Support::Honoured, "Whether either may be missing.", ""),
    ],
};

static CONFIG_MAP_PROJECTION: Type = Type {
    name: "ConfigMapProjection",
    help: "A config map's keys in a projected volume.",
    fields: &[
        field(
            "items",
            Holds::List(&Holds::Type(&KEY_TO_PATH)),
            "[]v1.KeyToPath",
            Support::Honoured,
            "The keys wanted, and their paths; all if none is given.",
            "",
        ),
        field("name", Holds::Text, "string", Support::Honoured, "The config map's name.", "")
            .within("LocalObjectReference"),
        field("optional", Holds::Bool, "bool", Support::Honoured, "Whether it may be missing.", ""),
    ],
};

static CONFIG_MAP_VOLUME_SOURCE: Type = Type {
    name: "ConfigMapVolumeSource",
    help: "A config map's keys as files.",
    fields: &[
        field(
            "defaultMode",
            Holds::Int32,
            "int32",
            Support::Honoured,
            "The mode of files that have none of their own.",
            "",
        ),
        field(
            "items",
            Holds::List(&Holds::Type(&KEY_TO_PATH)),
            "[]v1.KeyToPath",
            Support::Honoured,
            "The keys wanted, and their paths; all if none is given.",
            "",
        ),
        field("name", Holds::Text, "string", Support::Honoured, "The config map's name.", "")
            .within("LocalObjectReference"),
        field("optional", Holds::Bool, "bool", Support::Honoured, "Whether it may be missing.", ""),
    ],
};

static CONTAINER: Type = Type {
    name: "Container",
    help: "A program of the pod.",
    fields: &[
        field(
            "args",
            Holds::List(&Holds::Text),
            "[]string",
            Support::Honoured,
            "Arguments of the command, in place of the image's.",
            "",
        ),
        field(
            "command",
            Holds::List(&Holds::Text),
            "[]string",
            Support::Honoured,
            "The command, in place of the image's entry point; no shell is involved.",
            "",
        ),
        field(
            "env",
            Holds::List(&Holds::Type(&ENV_VAR)),
            "[]v1.EnvVar",
            Support::Honoured,
            "Environment variables; a later one may use an earlier one as $(NAME).",
            "",
        )
        .key("name")
        .patched(Strategy::Merge),
        field(
            "envFrom",
            Holds::List(&Holds::Type(&ENV_FROM_SOURCE)),
            "[]v1.EnvFromSource",
            Support::Honoured,
            "All keys of config maps and secrets as environment variables.",
            "",
        ),
        field("image", Holds::Text, "string", Support::Honoured, "The image it runs.", ""),
        field(
            "imagePullPolicy",
            Holds::Text,
            "v1.PullPolicy",
            Support::Honoured,
            "When the image is fetched: Always, IfNotPresent, Never.",
            "",
        ),
        field(
            "lifecycle",
            Holds::Type(&LIFECYCLE),
            "v1.Lifecycle",
            Support::Honoured,
            "What is done after its start and before its end.",
            "",
        ),
        field(
            "livenessProbe",
            Holds::Type(&PROBE),
            "v1.Probe",
            Support::Honoured,
            "A check that it is alive; it is started again where that fails.",
            "",
        ),
        field("name", Holds::Text, "string", Support::Honoured, "Its name, unique in the pod.", "").required(),
        field(
            "ports",
            Holds::List(&Holds::Type(&CONTAINER_PORT)),
            "[]v1.ContainerPort",
            Support::Honoured,
            "The ports that it listens on.",
            "",
        )
        .key("containerPort")
        .patched(Strategy::Merge),
        field(
            "readinessProbe",
            Holds::Type(&PROBE),
            "v1.Probe",
            Support::Honoured,
            "A check that it is ready to serve.",
            "",
        ),
        field(
            "resizePolicy",
            Holds::List(&Holds::Type(&CONTAINER_RESIZE_POLICY)),
            "[]v1.ContainerResizePolicy",
            Support::Noted,
            "Whether a change of resources restarts it.",
            "resources of a running pod do not change here",
        ),
        field(
            "resources",
            Holds::Type(&RESOURCE_REQUIREMENTS),
            "v1.ResourceRequirements",
            Support::Honoured,
            "What it may use and is promised.",
            "",
        ),
        field(
            "restartPolicy",
            Holds::Text,
            "v1.ContainerRestartPolicy",
            Support::Honoured,
            "Whether it is started again, where that differs from the pod's; Always makes an init container a sidecar.",
            "",
        ),
        field(
            "restartPolicyRules",
            Holds::List(&Holds::Type(&CONTAINER_RESTART_RULE)),
            "[]v1.ContainerRestartRule",
            Support::Honoured,
            "Whether it is started again, by exit code.",
            "",
        ),
        field(
            "securityContext",
            Holds::Type(&SECURITY_CONTEXT),
            "v1.SecurityContext",
            Support::Honoured,
            "User, groups, rights and protection of this container.",
            "",
        ),
        field(
            "startupProbe",
            Holds::Type(&PROBE),
            "v1.Probe",
            Support::Honoured,
            "A check that it has started; the others wait for it.",
            "",
        ),
        field(
            "stdin",
            Holds::Bool,
            "bool",
            Support::Honoured,
            "Whether its standard input stays open, for who attaches to it.",
            "",
        ),
        field(
            "stdinOnce",
            Holds::Bool,
            "bool",
            Support::Honoured,
            "Whether its standard input closes when the first who types there leaves.",
            "",
        ),
        field(
            "terminationMessagePath",
            Holds::Text,
            "string",
            Support::Honoured,
            "The file that its last message is read from.",
            "",
        ),
        field(
            "terminationMessagePolicy",
            Holds::Text,
            "v1.TerminationMessagePolicy",
            Support::Honoured,
            "Whether the end of the log stands in for a missing message: File, FallbackToLogsOnError.",
            "",
        ),
        field("tty", Holds::Bool, "bool", Support::Honoured, "Whether it has a terminal.", ""),
        field(
            "volumeDevices",
            Holds::List(&Holds::Type(&VOLUME_DEVICE)),
            "[]v1.VolumeDevice",
            Support::Refused,
            "Block devices it is given.",
            "claims are directories here",
        )
        .key("devicePath")
        .patched(Strategy::Merge),
        field(
            "volumeMounts",
            Holds::List(&Holds::Type(&VOLUME_MOUNT)),
            "[]v1.VolumeMount",
            Support::Honoured,
            "Where the pod's volumes are mounted in it.",
            "",
        )
        .key("mountPath")
        .patched(Strategy::Merge),
        field(
            "workingDir",
            Holds::Text,
            "string",
            Support::Honoured,
            "The directory it starts in; the image's if none is given.",
            "",
        ),
    ],
};

static CONTAINER_EXTENDED_RESOURCE_REQUEST: Type = Type {
    name: "ContainerExtendedResourceRequest",
    help: "A resource of a driver.",
    fields: &[
        field("containerName", Holds::Text, "string", Support::Told, "", "").required(),
        field("requestName", Holds::Text, "string", Support::Told, "", "").required(),
        field("resourceName", Holds::Text, "string", Support::Told, "", "").required(),
    ],
};

static CONTAINER_PORT: Type = Type {
    name: "ContainerPort",
    help: "A port that a container listens on.",
    fields: &[
        field("containerPort", Holds::Int32, "int32", Support::Honoured, "Its number.", "").required(),
        field(
            "hostIP",
            Holds::Text,
            "string",
            Support::Honoured,
            "The address of the machine that hostPort is bound to; all if none is given.",
            "",
        ),
        field("hostPort", Holds::Int32, "int32", Support::Honoured, "The port of the machine that leads to it.", ""),
        field("name", Holds::Text, "string", Support::Honoured, "Its name, for probes and services.", ""),
        field("protocol", Holds::Text, "v1.Protocol", Support::Honoured, "TCP, UDP or SCTP.", ""),
    ],
};

static CONTAINER_RESIZE_POLICY: Type = Type {
    name: "ContainerResizePolicy",
    help: "Whether a change of a resource restarts the container.",
    fields: &[
        field("resourceName", Holds::Text, "v1.ResourceName", Support::Noted, "", "").required(),
        field("restartPolicy", Holds::Text, "v1.ResourceResizeRestartPolicy", Support::Noted, "", "").required(),
    ],
};

static CONTAINER_RESTART_RULE: Type = Type {
    name: "ContainerRestartRule",
    help: "A rule of restarting.",
    fields: &[
        field(
            "action",
            Holds::Text,
            "v1.ContainerRestartRuleAction",
            Support::Honoured,
            "What is done: Restart or RestartAllContainers.",
            "",
        )
        .required(),
        field(
            "exitCodes",
            Holds::Type(&CONTAINER_RESTART_RULE_ON_EXIT_CODES),
            "v1.ContainerRestartRuleOnExitCodes",
            Support::Honoured,
            "Which exit codes it is for.",
            "",
        ),
    ],
};

static CONTAINER_RESTART_RULE_ON_EXIT_CODES: Type = Type {
    name: "ContainerRestartRuleOnExitCodes",
    help: "Exit codes.",
    fields: &[
        field(
            "operator",
            Holds::Text,
            "v1.ContainerRestartRuleOnExitCodesOperator",
            Support::Honoured,
            "In or NotIn.",
            "",
        )
        .required(),
        field("values", Holds::List(&Holds::Int32), "[]int32", Support::Honoured, "The codes.", ""),
    ],
};

static CONTAINER_STATE: Type = Type {
    name: "ContainerState",
    help: "Whether a container waits, runs or has ended.",
    fields: &[
        field("running", Holds::Type(&CONTAINER_STATE_RUNNING), "v1.ContainerStateRunning", Support::Told, "", ""),
        field(
            "terminated",
            Holds::Type(&CONTAINER_STATE_TERMINATED),
            "v1.ContainerStateTerminated",
            Support::Told,
            "",
            "",
        ),
        field("waiting", Holds::Type(&CONTAINER_STATE_WAITING), "v1.ContainerStateWaiting", Support::Told, "", ""),
    ],
};

static CONTAINER_STATE_RUNNING: Type = Type {
    name: "ContainerStateRunning",
    help: "Since when it runs.",
    fields: &[field("startedAt", Holds::Time, "string", Support::Told, "", "")],
};

static CONTAINER_STATE_TERMINATED: Type = Type {
    name: "ContainerStateTerminated",
    help: "How it ended.",
    fields: &[
        field("containerID", Holds::Text, "string", Support::Told, "", ""),
        field("exitCode", Holds::Int32, "int32", Support::Told, "", "").required(),
        field("finishedAt", Holds::Time, "string", Support::Told, "", ""),
        field("message", Holds::Text, "string", Support::Told, "", ""),
        field("reason", Holds::Text, "string", Support::Told, "", ""),
        field("signal", Holds::Int32, "int32", Support::Told, "", ""),
        field("startedAt", Holds::Time, "string", Support::Told, "", ""),
    ],
};

static CONTAINER_STATE_WAITING: Type = Type {
    name: "ContainerStateWaiting",
    help: "Why it waits.",
    fields: &[
        field("message", Holds::Text, "string", Support::Told, "", ""),
        field("reason", Holds::Text, "string", Support::Told, "", ""),
    ],
};

static CONTAINER_STATUS: Type = Type {
    name: "ContainerStatus",
    help: "What has been seen of a container.",
    fields: &[
        field("allocatedResources", Holds::Map(&Holds::Quantity), "v1.ResourceList", Support::Told, "", ""),
        field(
            "allocatedResourcesStatus",
            Holds::List(&Holds::Type(&RESOURCE_STATUS)),
            "[]v1.ResourceStatus",
            Support::Told,
            "",
            "",
        )
        .key("name")
        .patched(Strategy::Merge),
        field("containerID", Holds::Text, "string", Support::Told, "", ""),
        field("image", Holds::Text, "string", Support::Told, "", "").required(),
        field("imageID", Holds::Text, "string", Support::Told, "", "").required(),
        field("lastState", Holds::Type(&CONTAINER_STATE), "v1.ContainerState", Support::Told, "", ""),
        field("name", Holds::Text, "string", Support::Told, "", "").required(),
        field("ready", Holds::Bool, "bool", Support::Told, "", "").required(),
        field("resources", Holds::Type(&RESOURCE_REQUIREMENTS), "v1.ResourceRequirements", Support::Told, "", ""),
        field("restartCount", Holds::Int32, "int32", Support::Told, "", "").required(),
        field("started", Holds::Bool, "bool", Support::Told, "", ""),
        field("state", Holds::Type(&CONTAINER_STATE), "v1.ContainerState", Support::Told, "", ""),
        field("stopSignal", Holds::Text, "v1.Signal", Support::Told, "", ""),
        field("user", Holds::Type(&CONTAINER_USER), "v1.ContainerUser", Support::Told, "", ""),
        field(
            "volumeMounts",
            Holds::List(&Holds::Type(&VOLUME_MOUNT_STATUS)),
            "[]v1.VolumeMountStatus",
            Support::Told,
            "",
            "",
        )
        .key("mountPath")
        .patched(Strategy::Merge),
    ],
};

static CONTAINER_USER: Type = Type {
    name: "ContainerUser",
    help: "Who it runs as.",
    fields: &[field("linux", Holds::Type(&LINUX_CONTAINER_USER), "v1.LinuxContainerUser", Support::Told, "", "")],
};

static CRON_JOB: Type = Type {
    name: "CronJob",
    help: "Jobs by the clock.",
    fields: &[
        field("apiVersion", Holds::Text, "string", Support::Later, "", ""),
        field("kind", Holds::Text, "string", Support::Later, "", ""),
        field("metadata", Holds::Type(&OBJECT_META), "v1.ObjectMeta", Support::Later, "", ""),
        field("spec", Holds::Type(&CRON_JOB_SPEC), "v1.CronJobSpec", Support::Later, "", "").required(),
        field("status", Holds::Type(&CRON_JOB_STATUS), "v1.CronJobStatus", Support::Later, "", ""),
    ],
};

static CRON_JOB_SPEC: Type = Type {
    name: "CronJobSpec",
    help: "When, and which job.",
    fields: &[
        field("concurrencyPolicy", Holds::Text, "v1.ConcurrencyPolicy", Support::Later, "", ""),
        field("failedJobsHistoryLimit", Holds::Int32, "int32", Support::Later, "", ""),
        field("jobTemplate", Holds::Type(&JOB_TEMPLATE_SPEC), "v1.JobTemplateSpec", Support::Later, "", "").required(),
        field("schedule", Holds::Text, "string", Support::Later, "", "").required(),
        field("startingDeadlineSeconds", Holds::Int64, "int64", Support::Later, "", ""),
        field("successfulJobsHistoryLimit", Holds::Int32, "int32", Support::Later, "", ""),
        field("suspend", Holds::Bool, "bool", Support::Later, "", ""),
        field("timeZone", Holds::Text, "string", Support::Later, "", ""),
    ],
};

static CRON_JOB_STATUS: Type = Type {
    name: "CronJobStatus",
    help: "What has been seen of a cron job.",
    fields: &[
        field("active", Holds::List(&Holds::Type(&OBJECT_REFERENCE)), "[]v1.ObjectReference", Support::Told, "", ""),
        field("lastScheduleTime", Holds::Time, "string", Support::Told, "", ""),
        field("lastSuccessfulTime", Holds::Time, "string", Support::Told, "", ""),
    ],
};

static DAEMON_SET: Type = Type {
    name: "DaemonSet",
    help: "A pod on every node.",
    fields: &[
        field("apiVersion", Holds::Text, "string", Support::Later, "", ""),
        field("kind", Holds::Text, "string", Support::Later, "", ""),
        field("metadata", Holds::Type(&OBJECT_META), "v1.ObjectMeta", Support::Later, "", ""),
        field("spec", Holds::Type(&DAEMON_SET_SPEC), "v1.DaemonSetSpec", Support::Later, "", ""),
        field("status", Holds::Type(&DAEMON_SET_STATUS), "v1.DaemonSetStatus", Support::Later, "", ""),
    ],
};

static DAEMON_SET_CONDITION: Type = Type {
    name: "DaemonSetCondition",
    help: "Whether something holds of a daemon set.",
    fields: &[
        field("lastTransitionTime", Holds::Time, "string", Support::Told, "", ""),
        field("message", Holds::Text, "string", Support::Told, "", ""),
        field("reason", Holds::Text, "string", Support::Told, "", ""),
        field("status", Holds::Text, "v1.ConditionStatus", Support::Told, "", "").required(),
        field("type", Holds::Text, "v1.DaemonSetConditionType", Support::Told, "", "").required(),
    ],
};

static DAEMON_SET_SPEC: Type = Type {
    name: "DaemonSetSpec",
    help: "Which template.",
    fields: &[
        field("minReadySeconds", Holds::Int32, "int32", Support::Later, "", ""),
        field("revisionHistoryLimit", Holds::Int32, "int32", Support::Later, "", ""),
        field("selector", Holds::Type(&LABEL_SELECTOR), "v1.LabelSelector", Support::Later, "", "").required(),
        field("template", Holds::Type(&POD_TEMPLATE_SPEC), "v1.PodTemplateSpec", Support::Later, "", "").required(),
        field(
            "updateStrategy",
            Holds::Type(&DAEMON_SET_UPDATE_STRATEGY),
            "v1.DaemonSetUpdateStrategy",
            Support::Later,
            "",
            "",
        ),
    ],
};

static DAEMON_SET_STATUS: Type = Type {
    name: "DaemonSetStatus",
    help: "What has been seen of a daemon set.",
    fields: &[
        field("collisionCount", Holds::Int32, "int32", Support::Told, "", ""),
        field(
            "conditions",
            Holds::List(&Holds::Type(&DAEMON_SET_CONDITION)),
            "[]v1.DaemonSetCondition",
            Support::Told,
            "",
            "",
        )
        .key("type")
        .patched(Strategy::Merge),
        field("currentNumberScheduled", Holds::Int32, "int32", Support::Told, "", "").required(),
        field("desiredNumberScheduled", Holds::Int32, "int32", Support::Told, "", "").required(),
        field("numberAvailable", Holds::Int32, "int32", Support::Told, "", ""),
        field("numberMisscheduled", Holds::Int32, "int32", Support::Told, "", "").required(),
        field("numberReady", Holds::Int32, "int32", Support::Told, "", "").required(),
        field("numberUnavailable", Holds::Int32, "int32", Support::Told, "", ""),
        field("observedGeneration", Holds::Int64, "int64", Support::Told, "", ""),
        field("updatedNumberScheduled", Holds::Int32, "int32", Support::Told, "", ""),
    ],
};

static DAEMON_SET_UPDATE_STRATEGY: Type = Type {
    name: "DaemonSetUpdateStrategy",
    help: "How pods are replaced.",
    fields: &[
        field(
            "rollingUpdate",
            Holds::Type(&ROLLING_UPDATE_DAEMON_SET),
            "v1.RollingUpdateDaemonSet",
            Support::Later,
            "",
            "",
        ),
        field("type", Holds::Text, "v1.DaemonSetUpdateStrategyType", Support::Later, "", ""),
    ],
};

static DEPLOYMENT: Type = Type {
    name: "Deployment",
    help: "Pods alike, replaced step by step when their template changes.",
    fields: &[
        field("apiVersion", Holds::Text, "string", Support::Later, "", ""),
        field("kind", Holds::Text, "string", Support::Later, "", ""),
        field("metadata", Holds::Type(&OBJECT_META), "v1.ObjectMeta", Support::Later, "", ""),
        field("spec", Holds::Type(&DEPLOYMENT_SPEC), "v1.DeploymentSpec", Support::Later, "", ""),
        field("status", Holds::Type(&DEPLOYMENT_STATUS), "v1.DeploymentStatus", Support::Later, "", ""),
    ],
};

static DEPLOYMENT_CONDITION: Type = Type {
    name: "DeploymentCondition",
    help: "Whether something holds of a deployment.",
    fields: &[
        field("lastTransitionTime", Holds::Time, "string", Support::Told, "", ""),
        field("lastUpdateTime", Holds::Time, "string", Support::Told, "", ""),
        field("message", Holds::Text, "string", Support::Told, "", ""),
        field("reason", Holds::Text, "string", Support::Told, "", ""),
        field("status", Holds::Text, "v1.ConditionStatus", Support::Told, "", "").required(),
        field("type", Holds::Text, "v1.DeploymentConditionType", Support::Told, "", "").required(),
    ],
};

static DEPLOYMENT_SPEC: Type = Type {
    name: "DeploymentSpec",
    help: "How many pods, of which template.",
    fields: &[
        field("minReadySeconds", Holds::Int32, "int32", Support::Later, "", ""),
        field("paused", Holds::Bool, "bool", Support::Later, "", ""),
        field("progressDeadlineSeconds", Holds::Int32, "int32", Support::Later, "", ""),
        field("replicas", Holds::Int32, "int32", Support::Later, "", ""),
        field("revisionHistoryLimit", Holds::Int32, "int32", Support::Later, "", ""),
        field("selector", Holds::Type(&LABEL_SELECTOR), "v1.LabelSelector", Support::Later, "", "").required(),
        field("strategy", Holds::Type(&DEPLOYMENT_STRATEGY), "v1.DeploymentStrategy", Support::Later, "", "")
            .patched(Strategy::RetainKeys),
        field("template", Holds::Type(&POD_TEMPLATE_SPEC), "v1.PodTemplateSpec", Support::Later, "", "").required(),
    ],
};

static DEPLOYMENT_STATUS: Type = Type {
    name: "DeploymentStatus",
    help: "What has been seen of a deployment.",
    fields: &[
        field("availableReplicas", Holds::Int32, "int32", Support::Told, "", ""),
        field("collisionCount", Holds::Int32, "int32", Support::Told, "", ""),
        field(
            "conditions",
            Holds::List(&Holds::Type(&DEPLOYMENT_CONDITION)),
            "[]v1.DeploymentCondition",
            Support::Told,
            "",
            "",
        )
        .key("type")
        .patched(Strategy::Merge),
        field("observedGeneration", Holds::Int64, "int64", Support::Told, "", ""),
        field("readyReplicas", Holds::Int32, "int32", Support::Told, "", ""),
        field("replicas", Holds::Int32, "int32", Support::Told, "", ""),
        field("terminatingReplicas", Holds::Int32, "int32", Support::Told, "", ""),
        field("unavailableReplicas", Holds::Int32, "int32", Support::Told, "", ""),
        field("updatedReplicas", Holds::Int32, "int32", Support::Told, "", ""),
    ],
};

static DEPLOYMENT_STRATEGY: Type = Type {
    name: "DeploymentStrategy",
    help: "How pods are replaced.",
    fields: &[
        field(
            "rollingUpdate",
            Holds::Type(&ROLLING_UPDATE_DEPLOYMENT),
            "v1.RollingUpdateDeployment",
            Support::Later,
            "",
            "",
        ),
        field("type", Holds::Text, "v1.DeploymentStrategyType", Support::Later, "", ""),
    ],
};

static DOWNWARD_API_PROJECTION: Type = Type {
    name: "DownwardAPIProjection",
    help: "Fields of the pod in a projected volume.",
    fields: &[field(
        "items",
        Holds::List(&Holds::Type(&DOWNWARD_API_VOLUME_FILE)),
        "[]v1.DownwardAPIVolumeFile",
        Support::Honoured,
        "The files.",
        "",
    )],
};

static DOWNWARD_API_VOLUME_FILE: Type = Type {
    name: "DownwardAPIVolumeFile",
    help: "A file with a field of the pod in it.",
    fields: &[
        field(
            "fieldRef",
            Holds::Type(&OBJECT_FIELD_SELECTOR),
            "v1.ObjectFieldSelector",
            Support::Honoured,
            "The field.",
            "",
        ),
        field("mode", Holds::Int32, "int32", Support::Honoured, "The file's mode.", ""),
        field("path", Holds::Text, "string", Support::Honoured, "The file, relative to the volume.", "").required(),
        field(
            "resourceFieldRef",
            Holds::Type(&RESOURCE_FIELD_SELECTOR),
            "v1.ResourceFieldSelector",
            Support::Honoured,
            "The limit or request.",
            "",
        ),
    ],
};

static DOWNWARD_API_VOLUME_SOURCE: Type = Type {
    name: "DownwardAPIVolumeSource",
    help: "Fields of the pod as files.",
    fields: &[
        field(
            "defaultMode",
            Holds::Int32,
            "int32",
            Support::Honoured,
            "The mode of files that have none of their own.",
            "",
        ),
        field(
            "items",
            Holds::List(&Holds::Type(&DOWNWARD_API_VOLUME_FILE)),
            "[]v1.DownwardAPIVolumeFile",
            Support::Honoured,
            "The files.",
            "",
        ),
    ],
};

static EMPTY_DIR_VOLUME_SOURCE: Type = Type {
    name: "EmptyDirVolumeSource",
    help: "An empty directory.",
    fields: &[
        field(
            "medium",
            Holds::Text,
            "v1.StorageMedium",
            Support::Honoured,
            "Memory for a tmpfs, HugePages for huge pages; nothing for the disk.",
            "",
        ),
        field(
            "sizeLimit",
            Holds::Quantity,
            "quantity",
            Support::Honoured,
            "The most it may hold; the pod is evicted past it.",
            "",
        ),
    ],
};

static ENV_FROM_SOURCE: Type = Type {
    name: "EnvFromSource",
    help: "Variables from all keys of an object.",
    fields: &[
        field(
            "configMapRef",
            Holds::Type(&CONFIG_MAP_ENV_SOURCE),
            "v1.ConfigMapEnvSource",
            Support::Honoured,
            "The config map.",
            "",
        ),
        field("prefix", Holds::Text, "string", Support::Honoured, "What is put before every name.", ""),
        field("secretRef", Holds::Type(&SECRET_ENV_SOURCE), "v1.SecretEnvSource", Support::Honoured, "The secret.", ""),
    ],
};

static ENV_VAR: Type = Type {
    name: "EnvVar",
    help: "An environment variable.",
    fields: &[
        field("name", Holds::Text, "string", Support::Honoured, "Its name.", "").required(),
        field("value", Holds::Text, "string", Support::Honoured, "Its value; $(NAME) is replaced, $$ is a dollar.", ""),
        field(
            "valueFrom",
            Holds::Type(&ENV_VAR_SOURCE),
            "v1.EnvVarSource",
            Support::Honoured,
            "Where its value comes from.",
            "",
        ),
    ],
};

static ENV_VAR_SOURCE: Type = Type {
    name: "EnvVarSource",
    help: "Where a variable's value comes from; exactly one.",
    fields: &[
        field(
            "configMapKeyRef",
            Holds::Type(&CONFIG_MAP_KEY_SELECTOR),
            "v1.ConfigMapKeySelector",
            Support::Honoured,
            "A key of a config map.",
            "",
        ),
        field(
            "fieldRef",
            Holds::Type(&OBJECT_FIELD_SELECTOR),
            "v1.ObjectFieldSelector",
            Support::Honoured,
            "A field of the pod.",
            "",
        ),
        field(
            "fileKeyRef",
            Holds::Type(&FILE_KEY_SELECTOR),
            "v1.FileKeySelector",
            Support::Honoured,
            "A variable in a file that an init container left in an emptyDir.",
            "",
        ),
        field(
            "resourceFieldRef",
            Holds::Type(&RESOURCE_FIELD_SELECTOR),
            "v1.ResourceFieldSelector",
            Support::Honoured,
            "A limit or a request of a container.",
            "",
        ),
        field(
            "secretKeyRef",
            Holds::Type(&SECRET_KEY_SELECTOR),
            "v1.SecretKeySelector",
            Support::Honoured,
            "A key of a secret.",
            "",
        ),
    ],
};

static EPHEMERAL_CONTAINER: Type = Type {
    name: "EphemeralContainer",
    help: "A container that was put into a running pod, by pod debug.",
    fields: &[
        field("args", Holds::List(&Holds::Text), "[]string", Support::Honoured, "Arguments of its command.", "")
            .within("EphemeralContainerCommon"),
        field(
            "command",
            Holds::List(&Holds::Text),
            "[]string",
            Support::Honoured,
            "What it runs, in place of the image's command.",
            "",
        )
        .within("EphemeralContainerCommon"),
        field(
            "env",
            Holds::List(&Holds::Type(&ENV_VAR)),
            "[]v1.EnvVar",
            Support::Honoured,
            "Variables of its environment.",
            "",
        )
        .key("name")
        .patched(Strategy::Merge)
        .within("EphemeralContainerCommon"),
        field(
            "envFrom",
            Holds::List(&Holds::Type(&ENV_FROM_SOURCE)),
            "[]v1.EnvFromSource",
            Support::Honoured,
            "Config maps and secrets whose keys become variables.",
            "",
        )
        .within("EphemeralContainerCommon"),
        field("image", Holds::Text, "string", Support::Honoured, "The image that it is made of.", "")
            .within("EphemeralContainerCommon"),
        field(
            "imagePullPolicy",
            Holds::Text,
            "v1.PullPolicy",
            Support::Honoured,
            "When the image is fetched: Always, IfNotPresent, Never.",
            "",
        )
        .within("EphemeralContainerCommon"),
        field(
            "lifecycle",
            Holds::Type(&LIFECYCLE),
            "v1.Lifecycle",
            Support::Refused,
            "What is done after its start and before its end.",
            "an ephemeral container has none",
        )
        .within("EphemeralContainerCommon"),
        field(
            "livenessProbe",
            Holds::Type(&PROBE),
            "v1.Probe",
            Support::Refused,
            "A check that it is alive.",
            "an ephemeral container has none",
        )
        .within("EphemeralContainerCommon"),
        field("name", Holds::Text, "string", Support::Honoured, "Its name, unique in the pod.", "")
            .required()
            .within("EphemeralContainerCommon"),
        field(
            "ports",
            Holds::List(&Holds::Type(&CONTAINER_PORT)),
            "[]v1.ContainerPort",
            Support::Refused,
            "The ports that it listens on.",
            "an ephemeral container has none",
        )
        .key("containerPort")
        .patched(Strategy::Merge)
        .within("EphemeralContainerCommon"),
        field(
            "readinessProbe",
            Holds::Type(&PROBE),
            "v1.Probe",
            Support::Refused,
            "A check that it is ready to serve.",
            "an ephemeral container has none",
        )
        .within("EphemeralContainerCommon"),
        field(
            "resizePolicy",
            Holds::List(&Holds::Type(&CONTAINER_RESIZE_POLICY)),
            "[]v1.ContainerResizePolicy",
            Support::Refused,
            "Whether a change of resources restarts it.",
            "an ephemeral container has none",
        )
        .within("EphemeralContainerCommon"),
        field(
            "resources",
            Holds::Type(&RESOURCE_REQUIREMENTS),
            "v1.ResourceRequirements",
            Support::Refused,
            "What it may use and is promised.",
            "an ephemeral container has none",
        )
        .within("EphemeralContainerCommon"),
        field(
            "restartPolicy",
            Holds::Text,
            "v1.ContainerRestartPolicy",
            Support::Refused,
            "Whether it is started again.",
            "it never is",
        )
        .within("EphemeralContainerCommon"),
        field(
            "restartPolicyRules",
            Holds::List(&Holds::Type(&CONTAINER_RESTART_RULE)),
            "[]v1.ContainerRestartRule",
            Support::Refused,
            "Whether it is started again, by exit code.",
            "it never is",
        )
        .within("EphemeralContainerCommon"),
        field(
            "securityContext",
            Holds::Type(&SECURITY_CONTEXT),
            "v1.SecurityContext",
            Support::Honoured,
            "User, groups, rights and protection of this container.",
            "",
        )
        .within("EphemeralContainerCommon"),
        field(
            "startupProbe",
            Holds::Type(&PROBE),
            "v1.Probe",
            Support::Refused,
            "A check that it has started.",
            "an ephemeral container has none",
        )
        .within("EphemeralContainerCommon"),
        field(
            "stdin",
            Holds::Bool,
            "bool",
            Support::Honoured,
            "Whether its standard input stays open, for who attaches to it.",
            "",
        )
        .within("EphemeralContainerCommon"),
        field(
            "stdinOnce",
            Holds::Bool,
            "bool",
            Support::Honoured,
            "Whether its standard input closes when the first who types there leaves.",
            "",
        )
        .within("EphemeralContainerCommon"),
        field(
            "targetContainerName",
            Holds::Text,
            "string",
            Support::Honoured,
            "The container whose processes it sees, and with which it ends.",
            "",
        ),
        field(
            "terminationMessagePath",
            Holds::Text,
            "string",
            Support::Honoured,
            "The file that its last message is read from.",
            "",
        )
        .within("EphemeralContainerCommon"),
        field(
            "terminationMessagePolicy",
            Holds::Text,
            "v1.TerminationMessagePolicy",
            Support::Honoured,
            "Whether the end of the log stands in for a missing message: File, FallbackToLogsOnError.",
            "",
        )
        .within("EphemeralContainerCommon"),
        field("tty", Holds::Bool, "bool", Support::Honoured, "Whether it has a terminal.", "")
            .within("EphemeralContainerCommon"),
        field(
            "volumeDevices",
            Holds::List(&Holds::Type(&VOLUME_DEVICE)),
            "[]v1.VolumeDevice",
            Support::Refused,
            "Block devices it is given.",
            "claims are directories here",
        )
        .key("devicePath")
        .patched(Strategy::Merge)
        .within("EphemeralContainerCommon"),
        field(
            "volumeMounts",
            Holds::List(&Holds::Type(&VOLUME_MOUNT)),
            "[]v1.VolumeMount",
            Support::Honoured,
            "Where volumes are, in its directories.",
            "",
        )
        .key("mountPath")
        .patched(Strategy::Merge)
        .within("EphemeralContainerCommon"),
        field("workingDir", Holds::Text, "string", Support::Honoured, "The directory that it starts in.", "")
            .within("EphemeralContainerCommon"),
    ],
};

static EPHEMERAL_VOLUME_SOURCE: Type = Type {
    name: "EphemeralVolumeSource",
    help: "A claim that lives as long as the pod.",
    fields: &[field(
        "volumeClaimTemplate",
        Holds::Type(&PERSISTENT_VOLUME_CLAIM_TEMPLATE),
        "v1.PersistentVolumeClaimTemplate",
        Support::Honoured,
        "What the claim is like.",
        "",
    )],
};

static EXEC_ACTION: Type = Type {
    name: "ExecAction",
    help: "A command in the container.",
    fields: &[field(
        "command",
        Holds::List(&Holds::Text),
        "[]string",
        Support::Honoured,
        "The command and its arguments; no shell is involved.",
        "",
    )],
};

static FC_VOLUME_SOURCE: Type = Type {
    name: "FCVolumeSource",
    help: "A disk over Fibre Channel.",
    fields: &[
        field("fsType", Holds::Text, "string", Support::Refused, "", ""),
        field("lun", Holds::Int32, "int32", Support::Refused, "", ""),
        field("readOnly", Holds::Bool, "bool", Support::Refused, "", ""),
        field("targetWWNs", Holds::List(&Holds::Text), "[]string", Support::Refused, "", ""),
        field("wwids", Holds::List(&Holds::Text), "[]string", Support::Refused, "", ""),
    ],
};

static FILE_KEY_SELECTOR: Type = Type {
    name: "FileKeySelector",
    help: "A variable in a file on a volume.",
    fields: &[
        field("key", Holds::Text, "string", Support::Honoured, "The variable's name in the file.", "").required(),
        field("optional", Holds::Bool, "bool", Support::Honoured, "Whether file or variable may be missing.", ""),
        field("path", Holds::Text, "string", Support::Honoured, "The file, relative to the volume.", "").required(),
        field("volumeName", Holds::Text, "string", Support::Honoured, "The volume.", "").required(),
    ],
};

static FLEX_VOLUME_SOURCE: Type = Type {
    name: "FlexVolumeSource",
    help: "A volume of an old kind of driver.",
    fields: &[
        field("driver", Holds::Text, "string", Support::Refused, "", "").required(),
        field("fsType", Holds::Text, "string", Support::Refused, "", ""),
        field("options", Holds::Map(&Holds::Text), "map[string]string", Support::Refused, "", ""),
        field("readOnly", Holds::Bool, "bool", Support::Refused, "", ""),
        field("secretRef", Holds::Type(&LOCAL_OBJECT_REFERENCE), "v1.LocalObjectReference", Support::Refused, "", ""),
    ],
};

static FLOCKER_VOLUME_SOURCE: Type = Type {
    name: "FlockerVolumeSource",
    help: "A volume of Flocker.",
    fields: &[
        field("datasetName", Holds::Text, "string", Support::Refused, "", ""),
        field("datasetUUID", Holds::Text, "string", Support::Refused, "", ""),
    ],
};

static GCE_PERSISTENT_DISK_VOLUME_SOURCE: Type = Type {
    name: "GCEPersistentDiskVolumeSource",
    help: "A disk of a cloud.",
    fields: &[
        field("fsType", Holds::Text, "string", Support::Refused, "", ""),
        field("partition", Holds::Int32, "int32", Support::Refused, "", ""),
        field("pdName", Holds::Text, "string", Support::Refused, "", "").required(),
        field("readOnly", Holds::Bool, "bool", Support::Refused, "", ""),
    ],
};

static GRPC_ACTION: Type = Type {
    name: "GRPCAction",
    help: "A call of the gRPC health service.",
    fields: &[
        field("port", Holds::Int32, "int32", Support::Honoured, "The port's number.", "").required(),
        field("service", Holds::Text, "string", Support::Honoured, "The name of the service that is asked about.", ""),
    ],
};

static GIT_REPO_VOLUME_SOURCE: Type = Type {
    name: "GitRepoVolumeSource",
    help: "A clone of a repository.",
    fields: &[
        field("directory", Holds::Text, "string", Support::Refused, "", ""),
        field("repository", Holds::Text, "string", Support::Refused, "", "").required(),
        field("revision", Holds::Text, "string", Support::Refused, "", ""),
    ],
};

static GLUSTERFS_VOLUME_SOURCE: Type = Type {
    name: "GlusterfsVolumeSource",
    help: "A GlusterFS.",
    fields: &[
        field("endpoints", Holds::Text, "string", Support::Refused, "", "").required(),
        field("path", Holds::Text, "string", Support::Refused, "", "").required(),
        field("readOnly", Holds::Bool, "bool", Support::Refused, "", ""),
    ],
};

static HTTP_GET_ACTION: Type = Type {
    name: "HTTPGetAction",
    help: "A request over HTTP.",
    fields: &[
        field("host", Holds::Text, "string", Support::Honoured, "The host; the pod's address if none is given.", ""),
        field(
            "httpHeaders",
            Holds::List(&Holds::Type(&HTTP_HEADER)),
            "[]v1.HTTPHeader",
            Support::Honoured,
            "Headers to send.",
            "",
        ),
        field("path", Holds::Text, "string", Support::Honoured, "The path.", ""),
        field(
            "port",
            Holds::IntOrString,
            "int32",
            Support::Honoured,
            "The port, by number or by its name in the container.",
            "",
        )
        .required(),
        field(
            "scheme",
            Holds::Text,
            "v1.URIScheme",
            Support::Honoured,
            "HTTP or HTTPS; certificates are not verified.",
            "",
        ),
    ],
};

static HTTP_HEADER: Type = Type {
    name: "HTTPHeader",
    help: "A header of HTTP.",
    fields: &[
        field("name", Holds::Text, "string", Support::Honoured, "Its name.", "").required(),
        field("value", Holds::Text, "string", Support::Honoured, "Its value.", "").required(),
    ],
};

static HOST_ALIAS: Type = Type {
    name: "HostAlias",
    help: "A line of /etc/hosts.",
    fields: &[
        field("hostnames", Holds::List(&Holds::Text), "[]string", Support::Honoured, "The names.", ""),
        field("ip", Holds::Text, "string", Support::Honoured, "Their address.", "").required(),
    ],
};

static HOST_IP: Type = Type {
    name: "HostIP",
    help: "An address of the machine.",
    fields: &[field("ip", Holds::Text, "string", Support::Told, "", "").required()],
};

static HOST_PATH_VOLUME_SOURCE: Type = Type {
    name: "HostPathVolumeSource",
    help: "A file or directory of the machine.",
    fields: &[
        field("path", Holds::Text, "string", Support::Honoured, "Its path.", "").required(),
        field(
            "type",
            Holds::Text,
            "v1.HostPathType",
            Support::Honoured,
            "What must be there, or is made: DirectoryOrCreate, Directory, FileOrCreate, File, Socket, CharDevice, BlockDevice.",
            "",
        ),
    ],
};

static ISCSI_VOLUME_SOURCE: Type = Type {
    name: "ISCSIVolumeSource",
    help: "A disk over iSCSI.",
    fields: &[
        field("chapAuthDiscovery", Holds::Bool, "bool", Support::Refused, "", ""),
        field("chapAuthSession", Holds::Bool, "bool", Support::Refused, "", ""),
        field("fsType", Holds::Text, "string", Support::Refused, "", ""),
        field("initiatorName", Holds::Text, "string", Support::Refused, "", ""),
        field("iqn", Holds::Text, "string", Support::Refused, "", "").required(),
        field("iscsiInterface", Holds::Text, "string", Support::Refused, "", ""),
        field("lun", Holds::Int32, "int32", Support::Refused, "", "").required(),
        field("portals", Holds::List(&Holds::Text), "[]string", Support::Refused, "", ""),
        field("readOnly", Holds::Bool, "bool", Support::Refused, "", ""),
        field("secretRef", Holds::Type(&LOCAL_OBJECT_REFERENCE), "v1.LocalObjectReference", Support::Refused, "", ""),
        field("targetPortal", Holds::Text, "string", Support::Refused, "", "").required(),
    ],
};

static IMAGE_VOLUME_SOURCE: Type = Type {
    name: "ImageVolumeSource",
    help: "The files of an image.",
    fields: &[
        field("pullPolicy", Holds::Text, "v1.PullPolicy", Support::Honoured, "When the image is fetched.", ""),
        field("reference", Holds::Text, "string", Support::Honoured, "The image.", ""),
    ],
};

static IMAGE_VOLUME_STATUS: Type = Type {
    name: "ImageVolumeStatus",
    help: "The image that is mounted.",
    fields: &[field("imageRef", Holds::Text, "string", Support::Told, "", "").required()],
};

static JOB: Type = Type {
    name: "Job",
    help: "Pods that run until so many have succeeded.",
    fields: &[
        field("apiVersion", Holds::Text, "string", Support::Later, "", ""),
        field("kind", Holds::Text, "string", Support::Later, "", ""),
        field("metadata", Holds::Type(&OBJECT_META), "v1.ObjectMeta", Support::Later, "", ""),
        field("spec", Holds::Type(&JOB_SPEC), "v1.JobSpec", Support::Later, "", ""),
        field("status", Holds::Type(&JOB_STATUS), "v1.JobStatus", Support::Later, "", ""),
    ],
};

static JOB_CONDITION: Type = Type {
    name: "JobCondition",
    help: "Whether something holds of a job.",
    fields: &[
        field("lastProbeTime", Holds::Time, "string", Support::Told, "", ""),
        field("lastTransitionTime", Holds::Time, "string", Support::Told, "", ""),
        field("message", Holds::Text, "string", Support::Told, "", ""),
        field("reason", Holds::Text, "string", Support::Told, "", ""),
        field("status", Holds::Text, "v1.ConditionStatus", Support::Told, "", "").required(),
        field("type", Holds::Text, "v1.JobConditionType", Support::Told, "", "").required(),
    ],
};

static JOB_SPEC: Type = Type {
    name: "JobSpec",
    help: "How many, how often, of which template.",
    fields: &[
        field("activeDeadlineSeconds", Holds::Int64, "int64", Support::Later, "", ""),
        field("backoffLimit", Holds::Int32, "int32", Support::Later, "", ""),
        field("backoffLimitPerIndex", Holds::Int32, "int32", Support::Later, "", ""),
        field("completionMode", Holds::Text, "v1.CompletionMode", Support::Later, "", ""),
        field("completions", Holds::Int32, "int32", Support::Later, "", ""),
        field("managedBy", Holds::Text, "string", Support::Later, "", ""),
        field("manualSelector", Holds::Bool, "bool", Support::Later, "", ""),
        field("maxFailedIndexes", Holds::Int32, "int32", Support::Later, "", ""),
        field("parallelism", Holds::Int32, "int32", Support::Later, "", ""),
        field("podFailurePolicy", Holds::Type(&POD_FAILURE_POLICY), "v1.PodFailurePolicy", Support::Later, "", ""),
        field("podReplacementPolicy", Holds::Text, "v1.PodReplacementPolicy", Support::Later, "", ""),
        field("selector", Holds::Type(&LABEL_SELECTOR), "v1.LabelSelector", Support::Later, "", ""),
        field("successPolicy", Holds::Type(&SUCCESS_POLICY), "v1.SuccessPolicy", Support::Later, "", ""),
        field("suspend", Holds::Bool, "bool", Support::Later, "", ""),
        field("template", Holds::Type(&POD_TEMPLATE_SPEC), "v1.PodTemplateSpec", Support::Later, "", "").required(),
        field("ttlSecondsAfterFinished", Holds::Int32, "int32", Support::Later, "", ""),
    ],
};

static JOB_STATUS: Type = Type {
    name: "JobStatus",
    help: "What has been seen of a job.",
    fields: &[
        field("active", Holds::Int32, "int32", Support::Told, "", ""),
        field("completedIndexes", Holds::Text, "string", Support::Told, "", ""),
        field("completionTime", Holds::Time, "string", Support::Told, "", ""),
        field("conditions", Holds::List(&Holds::Type(&JOB_CONDITION)), "[]v1.JobCondition", Support::Told, "", "")
            .key("type")
            .patched(Strategy::Merge),
        field("failed", Holds::Int32, "int32", Support::Told, "", ""),
        field("failedIndexes", Holds::Text, "string", Support::Told, "", ""),
        field("ready", Holds::Int32, "int32", Support::Told, "", ""),
        field("startTime", Holds::Time, "string", Support::Told, "", ""),
        field("succeeded", Holds::Int32, "int32", Support::Told, "", ""),
        field("terminating", Holds::Int32, "int32", Support::Told, "", ""),
        field(
            "uncountedTerminatedPods",
            Holds::Type(&UNCOUNTED_TERMINATED_PODS),
            "v1.UncountedTerminatedPods",
            Support::Told,
            "",
            "",
        ),
    ],
};

static JOB_TEMPLATE_SPEC: Type = Type {
    name: "JobTemplateSpec",
    help: "What a job is like.",
    fields: &[
        field("metadata", Holds::Type(&OBJECT_META), "v1.ObjectMeta", Support::Later, "", ""),
        field("spec", Holds::Type(&JOB_SPEC), "v1.JobSpec", Support::Later, "", ""),
    ],
};

static KEY_TO_PATH: Type = Type {
    name: "KeyToPath",
    help: "A key and the file it becomes.",
    fields: &[
        field("key", Holds::Text, "string", Support::Honoured, "The key.", "").required(),
        field("mode", Holds::Int32, "int32", Support::Honoured, "The file's mode.", ""),
        field("path", Holds::Text, "string", Support::Honoured, "The file, relative to the volume.", "").required(),
    ],
};

static LABEL_SELECTOR: Type = Type {
    name: "LabelSelector",
    help: "Which labels are selected.",
    fields: &[
        field(
            "matchExpressions",
            Holds::List(&Holds::Type(&LABEL_SELECTOR_REQUIREMENT)),
            "[]v1.LabelSelectorRequirement",
            Support::Honoured,
            "Conditions that all have to hold.",
            "",
        ),
        field(
            "matchLabels",
            Holds::Map(&Holds::Text),
            "map[string]string",
            Support::Honoured,
            "Labels that all have to be there.",
            "",
        ),
    ],
};

static LABEL_SELECTOR_REQUIREMENT: Type = Type {
    name: "LabelSelectorRequirement",
    help: "A condition on a label.",
    fields: &[
        field("key", Holds::Text, "string", Support::Honoured, "The label.", "").required(),
        field(
            "operator",
            Holds::Text,
            "v1.LabelSelectorOperator",
            Support::Honoured,
            "In, NotIn, Exists or DoesNotExist.",
            "",
        )
        .required(),
        field("values", Holds::List(&Holds::Text), "[]string", Support::Honoured, "The values, for In and NotIn.", ""),
    ],
};

static LIFECYCLE: Type = Type {
    name: "Lifecycle",
    help: "What is done at a container's start and end.",
    fields: &[
        field(
            "postStart",
            Holds::Type(&LIFECYCLE_HANDLER),
            "v1.LifecycleHandler",
            Support::Honoured,
            "Run at once after the start; the container is killed if it fails.",
            "",
        ),
        field(
            "preStop",
            Holds::Type(&LIFECYCLE_HANDLER),
            "v1.LifecycleHandler",
            Support::Honoured,
            "Run before TERM is sent, within the grace period.",
            "",
        ),
        field(
            "stopSignal",
            Holds::Text,
            "v1.Signal",
            Support::Honoured,
            "The signal that asks it to end, in place of the image's or TERM.",
            "",
        ),
    ],
};

static LIFECYCLE_HANDLER: Type = Type {
    name: "LifecycleHandler",
    help: "What is done: exactly one.",
    fields: &[
        field("exec", Holds::Type(&EXEC_ACTION), "v1.ExecAction", Support::Honoured, "A command in the container.", ""),
        field(
            "httpGet",
            Holds::Type(&HTTP_GET_ACTION),
            "v1.HTTPGetAction",
            Support::Honoured,
            "A request over HTTP to the container.",
            "",
        ),
        field(
            "sleep",
            Holds::Type(&SLEEP_ACTION),
            "v1.SleepAction",
            Support::Honoured,
            "Nothing, for some seconds.",
            "",
        ),
        field(
            "tcpSocket",
            Holds::Type(&TCP_SOCKET_ACTION),
            "v1.TCPSocketAction",
            Support::Refused,
            "A connection.",
            "Kubernetes, too, has dropped it from hooks and reads it only for old manifests",
        ),
    ],
};

static LINUX_CONTAINER_USER: Type = Type {
    name: "LinuxContainerUser",
    help: "Who it runs as.",
    fields: &[
        field("gid", Holds::Int64, "int64", Support::Told, "", "").required(),
        field("supplementalGroups", Holds::List(&Holds::Int64), "[]int64", Support::Told, "", ""),
        field("uid", Holds::Int64, "int64", Support::Told, "", "").required(),
    ],
};

static LOAD_BALANCER_INGRESS: Type = Type {
    name: "LoadBalancerIngress",
    help: "Where a load balancer is.",
    fields: &[
        field("hostname", Holds::Text, "string", Support::Told, "", ""),
        field("ip", Holds::Text, "string", Support::Told, "", ""),
        field("ipMode", Holds::Text, "v1.LoadBalancerIPMode", Support::Told, "", ""),
        field("ports", Holds::List(&Holds::Type(&PORT_STATUS)), "[]v1.PortStatus", Support::Told, "", ""),
    ],
};

static LOAD_BALANCER_STATUS: Type = Type {
    name: "LoadBalancerStatus",
    help: "Where a load balancer is.",
    fields: &[field(
        "ingress",
        Holds::List(&Holds::Type(&LOAD_BALANCER_INGRESS)),
        "[]v1.LoadBalancerIngress",
        Support::Told,
        "",
        "",
    )],
};

static LOCAL_OBJECT_REFERENCE: Type = Type {
    name: "LocalObjectReference",
    help: "An object of the same namespace.",
    fields: &[field("name", Holds::Text, "string", Support::Honoured, "Its name.", "")],
};

static MANAGED_FIELDS_ENTRY: Type = Type {
    name: "ManagedFieldsEntry",
    help: "Who set which fields, when and how.",
    fields: &[
        field("apiVersion", Holds::Text, "string", Support::Told, "", ""),
        field("fieldsType", Holds::Text, "string", Support::Told, "", ""),
        field("fieldsV1", Holds::Any, "any", Support::Told, "", ""),
        field("manager", Holds::Text, "string", Support::Told, "", ""),
        field("operation", Holds::Text, "v1.ManagedFieldsOperationType", Support::Told, "", ""),
        field("subresource", Holds::Text, "string", Support::Told, "", ""),
        field("time", Holds::Time, "string", Support::Told, "", ""),
    ],
};

static MODIFY_VOLUME_STATUS: Type = Type {
    name: "ModifyVolumeStatus",
    help: "What became of a change.",
    fields: &[
        field("status", Holds::Text, "v1.PersistentVolumeClaimModifyVolumeStatus", Support::Told, "", "").required(),
        field("targetVolumeAttributesClassName", Holds::Text, "string", Support::Told, "", ""),
    ],
};

static NFS_VOLUME_SOURCE: Type = Type {
    name: "NFSVolumeSource",
    help: "A directory of an NFS server.",
    fields: &[
        field("path", Holds::Text, "string", Support::Refused, "", "").required(),
        field("readOnly", Holds::Bool, "bool", Support::Refused, "", ""),
        field("server", Holds::Text, "string", Support::Refused, "", "").required(),
    ],
};

static NAMESPACE: Type = Type {
    name: "Namespace",
    help: "A room for names.",
    fields: &[
        field(
            "apiVersion",
            Holds::Text,
            "string",
            Support::Honoured,
            "The group and version that the object is written in.",
            "",
        ),
        field("kind", Holds::Text, "string", Support::Honoured, "What the object is.", ""),
        field(
            "metadata",
            Holds::Type(&OBJECT_META),
            "v1.ObjectMeta",
            Support::Honoured,
            "Its name, labels and annotations.",
            "",
        ),
        field(
            "spec",
            Holds::Type(&NAMESPACE_SPEC),
            "v1.NamespaceSpec",
            Support::Noted,
            "Who has to agree before it is gone.",
            "nobody but pod deletes on one machine",
        ),
        field(
            "status",
            Holds::Type(&NAMESPACE_STATUS),
            "v1.NamespaceStatus",
            Support::Told,
            "Whether it is being deleted.",
            "pod writes it",
        ),
    ],
};

static NAMESPACE_CONDITION: Type = Type {
    name: "NamespaceCondition",
    help: "What holds up its deletion.",
    fields: &[
        field("lastTransitionTime", Holds::Time, "string", Support::Told, "", ""),
        field("message", Holds::Text, "string", Support::Told, "", ""),
        field("reason", Holds::Text, "string", Support::Told, "", ""),
        field("status", Holds::Text, "v1.ConditionStatus", Support::Told, "", "").required(),
        field("type", Holds::Text, "v1.NamespaceConditionType", Support::Told, "", "").required(),
    ],
};

static NAMESPACE_SPEC: Type = Type {
    name: "NamespaceSpec",
    help: "Who has to agree before it is gone.",
    fields: &[field("finalizers", Holds::List(&Holds::Text), "[]v1.FinalizerName", Support::Noted, "", "")],
};

static NAMESPACE_STATUS: Type = Type {
    name: "NamespaceStatus",
    help: "Whether it is being deleted.",
    fields: &[
        field(
            "conditions",
            Holds::List(&Holds::Type(&NAMESPACE_CONDITION)),
            "[]v1.NamespaceCondition",
            Support::Told,
            "",
            "",
        )
        .key("type")
        .patched(Strategy::Merge),
        field("phase", Holds::Text, "v1.NamespacePhase", Support::Told, "", ""),
    ],
};

static NODE_AFFINITY: Type = Type {
    name: "NodeAffinity",
    help: "Which nodes are preferred.",
    fields: &[
        field(
            "preferredDuringSchedulingIgnoredDuringExecution",
            Holds::List(&Holds::Type(&PREFERRED_SCHEDULING_TERM)),
            "[]v1.PreferredSchedulingTerm",
            Support::Noted,
            "",
            "",
        ),
        field(
            "requiredDuringSchedulingIgnoredDuringExecution",
            Holds::Type(&NODE_SELECTOR),
            "v1.NodeSelector",
            Support::Noted,
            "",
            "",
        ),
    ],
};

static NODE_ALLOCATABLE_RESOURCE_CLAIM_STATUS: Type = Type {
    name: "NodeAllocatableResourceClaimStatus",
    help: "What became of a claim.",
    fields: &[
        field("containers", Holds::List(&Holds::Text), "[]string", Support::Told, "", ""),
        field("resourceClaimName", Holds::Text, "string", Support::Told, "", "").required(),
        field("resources", Holds::Map(&Holds::Quantity), "map[string]quantity", Support::Told, "", "").required(),
    ],
};

static NODE_SELECTOR: Type = Type {
    name: "NodeSelector",
    help: "Labels a node must have.",
    fields: &[field(
        "nodeSelectorTerms",
        Holds::List(&Holds::Type(&NODE_SELECTOR_TERM)),
        "[]v1.NodeSelectorTerm",
        Support::Noted,
        "",
        "",
    )
    .required()],
};

static NODE_SELECTOR_REQUIREMENT: Type = Type {
    name: "NodeSelectorRequirement",
    help: "A label a node must have.",
    fields: &[
        field("key", Holds::Text, "string", Support::Noted, "", "").required(),
        field("operator", Holds::Text, "v1.NodeSelectorOperator", Support::Noted, "", "").required(),
        field("values", Holds::List(&Holds::Text), "[]string", Support::Noted, "", ""),
    ],
};

static NODE_SELECTOR_TERM: Type = Type {
    name: "NodeSelectorTerm",
    help: "Labels a node must have.",
    fields: &[
        field(
            "matchExpressions",
            Holds::List(&Holds::Type(&NODE_SELECTOR_REQUIREMENT)),
            "[]v1.NodeSelectorRequirement",
            Support::Noted,
            "",
            "",
        ),
        field(
            "matchFields",
            Holds::List(&Holds::Type(&NODE_SELECTOR_REQUIREMENT)),
            "[]v1.NodeSelectorRequirement",
            Support::Noted,
            "",
            "",
        ),
    ],
};

static OBJECT_FIELD_SELECTOR: Type = Type {
    name: "ObjectFieldSelector",
    help: "A field of the pod.",
    fields: &[
        field("apiVersion", Holds::Text, "string", Support::Honoured, "The version its path is of.", ""),
        field(
            "fieldPath",
            Holds::Text,
            "string",
            Support::Honoured,
            "Its path, such as metadata.name or metadata.labels['app'].",
            "",
        )
        .required(),
    ],
};

static OBJECT_META: Type = Type {
    name: "ObjectMeta",
    help: "Who an object is.",
    fields: &[
        field(
            "annotations",
            Holds::Map(&Holds::Text),
            "map[string]string",
            Support::Honoured,
            "Notes by name, of any content; programs leave them.",
            "",
        ),
        field("creationTimestamp", Holds::Time, "string", Support::Told, "When it was created.", "pod writes it"),
        field(
            "deletionGracePeriodSeconds",
            Holds::Int64,
            "int64",
            Support::Told,
            "How long it has to end.",
            "pod writes it",
        ),
        field("deletionTimestamp", Holds::Time, "string", Support::Told, "When it was asked to end.", "pod writes it"),
        field(
            "finalizers",
            Holds::List(&Holds::Text),
            "[]string",
            Support::Noted,
            "Who has to agree before it is gone.",
            "nobody but pod deletes on one machine",
        )
        .patched(Strategy::Merge),
        field(
            "generateName",
            Holds::Text,
            "string",
            Support::Honoured,
            "The beginning of a name that is completed with five letters.",
            "",
        ),
        field(
            "generation",
            Holds::Int64,
            "int64",
            Support::Told,
            "How often what is wanted was changed.",
            "pod writes it",
        ),
        field("labels", Holds::Map(&Holds::Text), "map[string]string", Support::Honoured, "Words to select it by.", ""),
        field(
            "managedFields",
            Holds::List(&Holds::Type(&MANAGED_FIELDS_ENTRY)),
            "[]v1.ManagedFieldsEntry",
            Support::Told,
            "Who set which field.",
            "there is no server-side apply",
        ),
        field(
            "name",
            Holds::Text,
            "string",
            Support::Honoured,
            "Its name, unique among its kind in the namespace.",
            "",
        ),
        field(
            "namespace",
            Holds::Text,
            "string",
            Support::Honoured,
            "The namespace it is in; default if none is given.",
            "",
        ),
        field(
            "ownerReferences",
            Holds::List(&Holds::Type(&OWNER_REFERENCE)),
            "[]v1.OwnerReference",
            Support::Noted,
            "What it belongs to and is deleted with.",
            "pod keeps its own account of owners",
        )
        .key("uid")
        .patched(Strategy::Merge),
        field(
            "resourceVersion",
            Holds::Text,
            "string",
            Support::Told,
            "Which state of the object this is.",
            "pod writes it",
        ),
        field(
            "selfLink",
            Holds::Text,
            "string",
            Support::Told,
            "Where it was served; nobody has set it for years.",
            "no object has one any more",
        ),
        field(
            "uid",
            Holds::Text,
            "types.UID",
            Support::Told,
            "What tells it from an earlier one of the same name.",
            "pod writes it",
        ),
    ],
};

static OBJECT_REFERENCE: Type = Type {
    name: "ObjectReference",
    help: "An object anywhere.",
    fields: &[
        field("apiVersion", Holds::Text, "string", Support::Noted, "", ""),
        field("fieldPath", Holds::Text, "string", Support::Noted, "", ""),
        field("kind", Holds::Text, "string", Support::Noted, "", ""),
        field("name", Holds::Text, "string", Support::Noted, "", ""),
        field("namespace", Holds::Text, "string", Support::Noted, "", ""),
        field("resourceVersion", Holds::Text, "string", Support::Noted, "", ""),
        field("uid", Holds::Text, "types.UID", Support::Noted, "", ""),
    ],
};

static OWNER_REFERENCE: Type = Type {
    name: "OwnerReference",
    help: "An object that this one belongs to.",
    fields: &[
        field("apiVersion", Holds::Text, "string", Support::Noted, "", "").required(),
        field("blockOwnerDeletion", Holds::Bool, "bool", Support::Noted, "", ""),
        field("controller", Holds::Bool, "bool", Support::Noted, "", ""),
        field("kind", Holds::Text, "string", Support::Noted, "", "").required(),
        field("name", Holds::Text, "string", Support::Noted, "", "").required(),
        field("uid", Holds::Text, "types.UID", Support::Noted, "", "").required(),
    ],
};

static PERSISTENT_VOLUME_CLAIM: Type = Type {
    name: "PersistentVolumeClaim",
    help: "Storage that outlives pods: a directory here.",
    fields: &[
        field(
            "apiVersion",
            Holds::Text,
            "string",
            Support::Honoured,
            "The group and version that the object is written in.",
            "",
        ),
        field("kind", Holds::Text, "string", Support::Honoured, "What the object is.", ""),
        field(
            "metadata",
            Holds::Type(&OBJECT_META),
            "v1.ObjectMeta",
            Support::Honoured,
            "Its name, namespace, labels and annotations.",
            "",
        ),
        field(
            "spec",
            Holds::Type(&PERSISTENT_VOLUME_CLAIM_SPEC),
            "v1.PersistentVolumeClaimSpec",
            Support::Honoured,
            "What it asks for.",
            "",
        ),
        field(
            "status",
            Holds::Type(&PERSISTENT_VOLUME_CLAIM_STATUS),
            "v1.PersistentVolumeClaimStatus",
            Support::Told,
            "What it was given.",
            "pod writes it",
        ),
    ],
};

static PERSISTENT_VOLUME_CLAIM_CONDITION: Type = Type {
    name: "PersistentVolumeClaimCondition",
    help: "Whether something holds of a claim.",
    fields: &[
        field("lastProbeTime", Holds::Time, "string", Support::Told, "", ""),
        field("lastTransitionTime", Holds::Time, "string", Support::Told, "", ""),
        field("message", Holds::Text, "string", Support::Told, "", ""),
        field("reason", Holds::Text, "string", Support::Told, "", ""),
        field("status", Holds::Text, "v1.ConditionStatus", Support::Told, "", "").required(),
        field("type", Holds::Text, "v1.PersistentVolumeClaimConditionType", Support::Told, "", "").required(),
    ],
};

static PERSISTENT_VOLUME_CLAIM_SPEC: Type = Type {
    name: "PersistentVolumeClaimSpec",
    help: "What a claim asks for.",
    fields: &[
        field(
            "accessModes",
            Holds::List(&Holds::Text),
            "[]v1.PersistentVolumeAccessMode",
            Support::Noted,
            "Who may write at a time.",
            "there is one machine",
        ),
        field(
            "dataSource",
            Holds::Type(&TYPED_LOCAL_OBJECT_REFERENCE),
            "v1.TypedLocalObjectReference",
            Support::Refused,
            "An object that the volume begins as a copy of.",
            "there are no drivers on one machine",
        ),
        field(
            "dataSourceRef",
            Holds::Type(&TYPED_OBJECT_REFERENCE),
            "v1.TypedObjectReference",
            Support::Refused,
            "An object that the volume begins as a copy of.",
            "there are no drivers on one machine",
        ),
        field(
            "resources",
            Holds::Type(&VOLUME_RESOURCE_REQUIREMENTS),
            "v1.VolumeResourceRequirements",
            Support::Noted,
            "How large it is to be.",
            "a directory is as large as its disk",
        ),
        field(
            "selector",
            Holds::Type(&LABEL_SELECTOR),
            "v1.LabelSelector",
            Support::Noted,
            "Labels that the volume must have.",
            "every claim gets a directory of its own",
        ),
        field(
            "storageClassName",
            Holds::Text,
            "string",
            Support::Noted,
            "The kind of storage.",
            "every claim gets a directory of its own",
        ),
        field(
            "volumeAttributesClassName",
            Holds::Text,
            "string",
            Support::Noted,
            "The properties of the storage.",
            "every claim gets a directory of its own",
        ),
        field(
            "volumeMode",
            Holds::Text,
            "v1.PersistentVolumeMode",
            Support::Honoured,
            "Filesystem; Block is refused.",
            "",
        ),
        field(
            "volumeName",
            Holds::Text,
            "string",
            Support::Noted,
            "The volume that is wanted.",
            "every claim gets a directory of its own",
        ),
    ],
};

static PERSISTENT_VOLUME_CLAIM_STATUS: Type = Type {
    name: "PersistentVolumeClaimStatus",
    help: "What a claim was given.",
    fields: &[
        field("accessModes", Holds::List(&Holds::Text), "[]v1.PersistentVolumeAccessMode", Support::Told, "", ""),
        field(
            "allocatedResourceStatuses",
            Holds::Map(&Holds::Text),
            "map[v1.ResourceName]v1.ClaimResourceStatus",
            Support::Told,
            "",
            "",
        ),
        field("allocatedResources", Holds::Map(&Holds::Quantity), "v1.ResourceList", Support::Told, "", ""),
        field("capacity", Holds::Map(&Holds::Quantity), "v1.ResourceList", Support::Told, "", ""),
        field(
            "conditions",
            Holds::List(&Holds::Type(&PERSISTENT_VOLUME_CLAIM_CONDITION)),
            "[]v1.PersistentVolumeClaimCondition",
            Support::Told,
            "",
            "",
        )
        .key("type")
        .patched(Strategy::Merge),
        field("currentVolumeAttributesClassName", Holds::Text, "string", Support::Told, "", ""),
        field("modifyVolumeStatus", Holds::Type(&MODIFY_VOLUME_STATUS), "v1.ModifyVolumeStatus", Support::Told, "", ""),
        field("phase", Holds::Text, "v1.PersistentVolumeClaimPhase", Support::Told, "", ""),
    ],
};

static PERSISTENT_VOLUME_CLAIM_TEMPLATE: Type = Type {
    name: "PersistentVolumeClaimTemplate",
    help: "What a claim is like.",
    fields: &[
        field(
            "metadata",
            Holds::Type(&OBJECT_META),
            "v1.ObjectMeta",
            Support::Honoured,
            "Its labels and annotations.",
            "",
        ),
        field(
            "spec",
            Holds::Type(&PERSISTENT_VOLUME_CLAIM_SPEC),
            "v1.PersistentVolumeClaimSpec",
            Support::Honoured,
            "What it asks for.",
            "",
        )
        .required(),
    ],
};

static PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE: Type = Type {
    name: "PersistentVolumeClaimVolumeSource",
    help: "A claim of the namespace.",
    fields: &[
        field("claimName", Holds::Text, "string", Support::Honoured, "Its name.", "").required(),
        field("readOnly", Holds::Bool, "bool", Support::Honoured, "Whether it can only be read.", ""),
    ],
};

static PHOTON_PERSISTENT_DISK_VOLUME_SOURCE: Type = Type {
    name: "PhotonPersistentDiskVolumeSource",
    help: "A disk of a cloud.",
    fields: &[
        field("fsType", Holds::Text, "string", Support::Refused, "", ""),
        field("pdID", Holds::Text, "string", Support::Refused, "", "").required(),
    ],
};

static POD: Type = Type {
    name: "Pod",
    help: "A set of containers that share a network, IPC and a hostname, and come and go together.",
    fields: &[
        field(
            "apiVersion",
            Holds::Text,
            "string",
            Support::Honoured,
            "The group and version that the object is written in.",
            "",
        ),
        field("kind", Holds::Text, "string", Support::Honoured, "What the object is.", ""),
        field(
            "metadata",
            Holds::Type(&OBJECT_META),
            "v1.ObjectMeta",
            Support::Honoured,
            "Its name, namespace, labels and annotations.",
            "",
        ),
        field("spec", Holds::Type(&POD_SPEC), "v1.PodSpec", Support::Honoured, "What is to run, and how.", ""),
        field(
            "status",
            Holds::Type(&POD_STATUS),
            "v1.PodStatus",
            Support::Told,
            "What pod has seen of it.",
            "pod writes it",
        ),
    ],
};

static POD_AFFINITY: Type = Type {
    name: "PodAffinity",
    help: "Which neighbours are preferred.",
    fields: &[
        field(
            "preferredDuringSchedulingIgnoredDuringExecution",
            Holds::List(&Holds::Type(&WEIGHTED_POD_AFFINITY_TERM)),
            "[]v1.WeightedPodAffinityTerm",
            Support::Noted,
            "",
            "",
        ),
        field(
            "requiredDuringSchedulingIgnoredDuringExecution",
            Holds::List(&Holds::Type(&POD_AFFINITY_TERM)),
            "[]v1.PodAffinityTerm",
            Support::Noted,
            "",
            "",
        ),
    ],
};

static POD_AFFINITY_TERM: Type = Type {
    name: "PodAffinityTerm",
    help: "A neighbour.",
    fields: &[
        field("labelSelector", Holds::Type(&LABEL_SELECTOR), "v1.LabelSelector", Support::Noted, "", ""),
        field("matchLabelKeys", Holds::List(&Holds::Text), "[]string", Support::Noted, "", ""),
        field("mismatchLabelKeys", Holds::List(&Holds::Text), "[]string", Support::Noted, "", ""),
        field("namespaceSelector", Holds::Type(&LABEL_SELECTOR), "v1.LabelSelector", Support::Noted, "", ""),
        field("namespaces", Holds::List(&Holds::Text), "[]string", Support::Noted, "", ""),
        field("topologyKey", Holds::Text, "string", Support::Noted, "", "").required(),
    ],
};

static POD_ANTI_AFFINITY: Type = Type {
    name: "PodAntiAffinity",
    help: "Which neighbours are avoided.",
    fields: &[
        field(
            "preferredDuringSchedulingIgnoredDuringExecution",
            Holds::List(&Holds::Type(&WEIGHTED_POD_AFFINITY_TERM)),
            "[]v1.WeightedPodAffinityTerm",
            Support::Noted,
            "",
            "",
        ),
        field(
            "requiredDuringSchedulingIgnoredDuringExecution",
            Holds::List(&Holds::Type(&POD_AFFINITY_TERM)),
            "[]v1.PodAffinityTerm",
            Support::Noted,
            "",
            "",
        ),
    ],
};

static POD_CERTIFICATE_PROJECTION: Type = Type {
    name: "PodCertificateProjection",
    help: "A certificate for the pod.",
    fields: &[
        field("certificateChainPath", Holds::Text, "string", Support::Refused, "", ""),
        field("credentialBundlePath", Holds::Text, "string", Support::Refused, "", ""),
        field("keyPath", Holds::Text, "string", Support::Refused, "", ""),
        field("keyType", Holds::Text, "string", Support::Refused, "", "").required(),
        field("maxExpirationSeconds", Holds::Int32, "int32", Support::Refused, "", ""),
        field("signerName", Holds::Text, "string", Support::Refused, "", "").required(),
        field("userAnnotations", Holds::Map(&Holds::Text), "map[string]string", Support::Refused, "", ""),
    ],
};

static POD_CONDITION: Type = Type {
    name: "PodCondition",
    help: "Whether something holds of a pod, and since when.",
    fields: &[
        field("lastProbeTime", Holds::Time, "string", Support::Told, "", ""),
        field("lastTransitionTime", Holds::Time, "string", Support::Told, "", ""),
        field("message", Holds::Text, "string", Support::Told, "", ""),
        field("observedGeneration", Holds::Int64, "int64", Support::Told, "", ""),
        field("reason", Holds::Text, "string", Support::Told, "", ""),
        field("status", Holds::Text, "v1.ConditionStatus", Support::Told, "", "").required(),
        field("type", Holds::Text, "v1.PodConditionType", Support::Told, "", "").required(),
    ],
};

static POD_DNS_CONFIG: Type = Type {
    name: "PodDNSConfig",
    help: "What /etc/resolv.conf has beyond its policy.",
    fields: &[
        field(
            "nameservers",
            Holds::List(&Holds::Text),
            "[]string",
            Support::Honoured,
            "Addresses of name servers.",
            "",
        ),
        field(
            "options",
            Holds::List(&Holds::Type(&POD_DNS_CONFIG_OPTION)),
            "[]v1.PodDNSConfigOption",
            Support::Honoured,
            "Options of the resolver.",
            "",
        ),
        field("searches", Holds::List(&Holds::Text), "[]string", Support::Honoured, "Domains to search.", ""),
    ],
};

static POD_DNS_CONFIG_OPTION: Type = Type {
    name: "PodDNSConfigOption",
    help: "An option of the resolver.",
    fields: &[
        field("name", Holds::Text, "string", Support::Honoured, "Its name.", ""),
        field("value", Holds::Text, "string", Support::Honoured, "Its value.", ""),
    ],
};

static POD_EXTENDED_RESOURCE_CLAIM_STATUS: Type = Type {
    name: "PodExtendedResourceClaimStatus",
    help: "What became of a claim.",
    fields: &[
        field(
            "requestMappings",
            Holds::List(&Holds::Type(&CONTAINER_EXTENDED_RESOURCE_REQUEST)),
            "[]v1.ContainerExtendedResourceRequest",
            Support::Told,
            "",
            "",
        )
        .required(),
        field("resourceClaimName", Holds::Text, "string", Support::Told, "", "").required(),
    ],
};

static POD_FAILURE_POLICY: Type = Type {
    name: "PodFailurePolicy",
    help: "Which failures count.",
    fields: &[field(
        "rules",
        Holds::List(&Holds::Type(&POD_FAILURE_POLICY_RULE)),
        "[]v1.PodFailurePolicyRule",
        Support::Later,
        "",
        "",
    )
    .required()],
};

static POD_FAILURE_POLICY_ON_EXIT_CODES_REQUIREMENT: Type = Type {
    name: "PodFailurePolicyOnExitCodesRequirement",
    help: "Exit codes.",
    fields: &[
        field("containerName", Holds::Text, "string", Support::Later, "", ""),
        field("operator", Holds::Text, "v1.PodFailurePolicyOnExitCodesOperator", Support::Later, "", "").required(),
        field("values", Holds::List(&Holds::Int32), "[]int32", Support::Later, "", "").required(),
    ],
};

static POD_FAILURE_POLICY_ON_POD_CONDITIONS_PATTERN: Type = Type {
    name: "PodFailurePolicyOnPodConditionsPattern",
    help: "Conditions.",
    fields: &[
        field("status", Holds::Text, "v1.ConditionStatus", Support::Later, "", ""),
        field("type", Holds::Text, "v1.PodConditionType", Support::Later, "", "").required(),
    ],
};

static POD_FAILURE_POLICY_RULE: Type = Type {
    name: "PodFailurePolicyRule",
    help: "Which failures count.",
    fields: &[
        field("action", Holds::Text, "v1.PodFailurePolicyAction", Support::Later, "", "").required(),
        field(
            "onExitCodes",
            Holds::Type(&POD_FAILURE_POLICY_ON_EXIT_CODES_REQUIREMENT),
            "v1.PodFailurePolicyOnExitCodesRequirement",
            Support::Later,
            "",
            "",
        ),
        field(
            "onPodConditions",
            Holds::List(&Holds::Type(&POD_FAILURE_POLICY_ON_POD_CONDITIONS_PATTERN)),
            "[]v1.PodFailurePolicyOnPodConditionsPattern",
            Support::Later,
            "",
            "",
        ),
    ],
};

static POD_IP: Type = Type {
    name: "PodIP",
    help: "An address of the pod.",
    fields: &[field("ip", Holds::Text, "string", Support::Told, "", "").required()],
};

static POD_OS: Type = Type {
    name: "PodOS",
    help: "The system that containers are for.",
    fields: &[field("name", Holds::Text, "v1.OSName", Support::Honoured, "linux or windows; windows is refused.", "")
        .required()],
};

static POD_READINESS_GATE: Type = Type {
    name: "PodReadinessGate",
    help: "A condition that somebody else sets.",
    fields: &[field("conditionType", Holds::Text, "v1.PodConditionType", Support::Honoured, "Its type.", "").required()],
};

static POD_RESOURCE_CLAIM: Type = Type {
    name: "PodResourceClaim",
    help: "A device claimed from a driver.",
    fields: &[
        field("name", Holds::Text, "string", Support::Refused, "", "").required(),
        field("resourceClaimName", Holds::Text, "string", Support::Refused, "", ""),
        field("resourceClaimTemplateName", Holds::Text, "string", Support::Refused, "", ""),
    ],
};

static POD_RESOURCE_CLAIM_STATUS: Type = Type {
    name: "PodResourceClaimStatus",
    help: "What became of a claim.",
    fields: &[
        field("name", Holds::Text, "string", Support::Told, "", "").required(),
        field("resourceClaimName", Holds::Text, "string", Support::Told, "", ""),
    ],
};

static POD_SCHEDULING_GATE: Type = Type {
    name: "PodSchedulingGate",
    help: "A condition without which the pod is not placed.",
    fields: &[field("name", Holds::Text, "string", Support::Refused, "", "").required()],
};

static POD_SCHEDULING_GROUP: Type = Type {
    name: "PodSchedulingGroup",
    help: "Pods that are placed together.",
    fields: &[field("podGroupName", Holds::Text, "string", Support::Noted, "", "")],
};

static POD_SECURITY_CONTEXT: Type = Type {
    name: "PodSecurityContext",
    help: "Users, groups and rights for all containers of the pod.",
    fields: &[
        field(
            "appArmorProfile",
            Holds::Type(&APP_ARMOR_PROFILE),
            "v1.AppArmorProfile",
            Support::Noted,
            "Their AppArmor profile.",
            "no profile is enforced here, and a pod that asks for one is refused",
        ),
        field(
            "fsGroup",
            Holds::Int64,
            "int64",
            Support::Honoured,
            "A group that volumes belong to and processes are in.",
            "",
        ),
        field(
            "fsGroupChangePolicy",
            Holds::Text,
            "v1.PodFSGroupChangePolicy",
            Support::Honoured,
            "Whether ownership is set again where it is right at the top: OnRootMismatch, Always.",
            "",
        ),
        field("runAsGroup", Holds::Int64, "int64", Support::Honoured, "The group's id they run as.", ""),
        field("runAsNonRoot", Holds::Bool, "bool", Support::Honoured, "Refuse to start them as root.", ""),
        field("runAsUser", Holds::Int64, "int64", Support::Honoured, "The user's id they run as.", ""),
        field(
            "seLinuxChangePolicy",
            Holds::Text,
            "v1.PodSELinuxChangePolicy",
            Support::Noted,
            "How volumes get their label: MountOption, Recursive.",
            "no label is set here",
        ),
        field(
            "seLinuxOptions",
            Holds::Type(&SE_LINUX_OPTIONS),
            "v1.SELinuxOptions",
            Support::Noted,
            "Their SELinux label.",
            "no label is set here",
        ),
        field(
            "seccompProfile",
            Holds::Type(&SECCOMP_PROFILE),
            "v1.SeccompProfile",
            Support::Honoured,
            "Their seccomp profile.",
            "",
        ),
        field(
            "supplementalGroups",
            Holds::List(&Holds::Int64),
            "[]int64",
            Support::Honoured,
            "Further groups they are in.",
            "",
        ),
        field(
            "supplementalGroupsPolicy",
            Holds::Text,
            "v1.SupplementalGroupsPolicy",
            Support::Honoured,
            "Whether the image's groups are added: Merge, Strict.",
            "",
        ),
        field(
            "sysctls",
            Holds::List(&Holds::Type(&SYSCTL)),
            "[]v1.Sysctl",
            Support::Honoured,
            "Kernel settings of the pod's namespaces.",
            "",
        ),
        field(
            "windowsOptions",
            Holds::Type(&WINDOWS_SECURITY_CONTEXT_OPTIONS),
            "v1.WindowsSecurityContextOptions",
            Support::Refused,
            "What Windows needs.",
            "this is Linux",
        ),
    ],
};

static POD_SPEC: Type = Type { name: "PodSpec", help: "What a pod runs, and how.", fields: &[
field("activeDeadlineSeconds", Holds::Int64, "int64", Support::Honoured, "Seconds after which the pod is ended and has failed.", ""),
field("affinity", Holds::Type(&AFFINITY), "v1.Affinity", Support::Noted, "Which nodes and neighbours it prefers.", "there is one machine"),
field("automountServiceAccountToken", Holds::Bool, "bool", Support::Noted, "Whether a token for the cluster's API is mounted.", "there is no API to present it to"),
field("containers", Holds::List(&Holds::Type(&CONTAINER)), "[]v1.Container", Support::Honoured, "The programs that make up the pod; at least one.", "").required().key("name").patched(Strategy::Merge),
field("dnsConfig", Holds::Type(&POD_DNS_CONFIG), "v1.PodDNSConfig", Support::Honoured, "Name servers, search domains and options for /etc/resolv.conf.", ""),
field("dnsPolicy", Holds::Text, "v1.DNSPolicy", Support::Honoured, "Where /etc/resolv.conf comes from: ClusterFirst, ClusterFirstWithHostNet, Default, None.", ""),
field("enableServiceLinks", Holds::Bool, "bool", Support::Honoured, "Whether the services of the namespace become environment variables.", ""),
field("ephemeralContainers", Holds::List(&Holds::Type(&EPHEMERAL_CONTAINER)), "[]v1.EphemeralContainer", Support::Honoured, "Containers that were put into a running pod to look into it: by pod debug, never by a manifest.", "").key("name").patched(Strategy::Merge),
field("hostAliases", Holds::List(&Holds::Type(&HOST_ALIAS)), "[]v1.HostAlias", Support::Honoured, "Lines for /etc/hosts.", "").key("ip").patched(Strategy::Merge),
field("hostIPC", Holds::Bool, "bool", Support::Honoured, "Share the machine's IPC, /dev/shm and /dev/mqueue.", ""),
field("hostNetwork", Holds::Bool, "bool", Support::Honoured, "Share the machine's network and hostname.", ""),
field("hostPID", Holds::Bool, "bool", Support::Honoured, "See and signal the machine's processes.", ""),
field("hostUsers", Holds::Bool, "bool", Support::Honoured, "false: in a user namespace of its own.", ""),
field("hostname", Holds::Text, "string", Support::Honoured, "The hostname; the pod's name if none is given.", ""),
field("hostnameOverride", Holds::Text, "string", Support::Honoured, "The hostname whatever else is said of it.", ""),
field("imagePullSecrets", Holds::List(&Holds::Type(&LOCAL_OBJECT_REFERENCE)), "[]v1.LocalObjectReference", Support::Honoured, "Secrets with the registries' passwords.", "").key("name").patched(Strategy::Merge),
field("initContainers", Holds::List(&Holds::Type(&CONTAINER)), "[]v1.Container", Support::Honoured, "Programs that run to their end, one after the other, before the containers start; or, with restartPolicy Always, beside them.", "").key("name").patched(Strategy::Merge),
field("nodeName", Holds::Text, "string", Support::Noted, "The node it is to run on.", "there is one machine"),
field("nodeSelector", Holds::Map(&Holds::Text), "map[string]string", Support::Noted, "Labels that its node must have.", "there is one machine"),
field("os", Holds::Type(&POD_OS), "v1.PodOS", Support::Honoured, "The system that the containers are for; anything but linux is refused.", ""),
field("overhead", Holds::Map(&Holds::Quantity), "v1.ResourceList", Support::Noted, "What its sandbox costs beyond its containers.", "a pause costs a few kilobytes"),
field("preemptionPolicy", Holds::Text, "v1.PreemptionPolicy", Support::Noted, "Whether others may be evicted for it.", "nothing is evicted on one machine"),
field("priority", Holds::Int32, "int32", Support::Noted, "How important it is to a scheduler.", "there is no scheduler"),
field("priorityClassName", Holds::Text, "string", Support::Noted, "The name of its priority.", "there is no scheduler"),
field("readinessGates", Holds::List(&Holds::Type(&POD_READINESS_GATE)), "[]v1.PodReadinessGate", Support::Honoured, "Conditions that somebody else has to set before it is ready.", ""),
field("resourceClaims", Holds::List(&Holds::Type(&POD_RESOURCE_CLAIM)), "[]v1.PodResourceClaim", Support::Refused, "Devices claimed from a driver.", "there are no drivers of dynamic resources").key("name").patched(Strategy::MergeRetainKeys),
field("resources", Holds::Type(&RESOURCE_REQUIREMENTS), "v1.ResourceRequirements", Support::Honoured, "What all containers together may use and are promised.", ""),
field("restartPolicy", Holds::Text, "v1.RestartPolicy", Support::Honoured, "Whether containers that ended are started again: Always, OnFailure, Never.", ""),
field("runtimeClassName", Holds::Text, "string", Support::Honoured, "The OCI runtime that runs the containers; podkit's own if none is given.", ""),
field("schedulerName", Holds::Text, "string", Support::Noted, "Who places it.", "there is no scheduler"),
field("schedulingGates", Holds::List(&Holds::Type(&POD_SCHEDULING_GATE)), "[]v1.PodSchedulingGate", Support::Refused, "Conditions without which it is not placed.", "nobody would ever open them").key("name").patched(Strategy::Merge),
field("schedulingGroup", Holds::Type(&POD_SCHEDULING_GROUP), "v1.PodSchedulingGroup", Support::Noted, "Pods that are to be placed together.", "there is no scheduler"),
field("securityContext", Holds::Type(&POD_SECURITY_CONTEXT), "v1.PodSecurityContext", Support::Honoured, "Users, groups and rights for all containers.", ""),
field("serviceAccount", Holds::Text, "string", Support::Noted, "The old name of serviceAccountName.", "there is no API to be an account of"),
field("serviceAccountName", Holds::Text, "string", Support::Noted, "The account it speaks to the cluster's API as.", "there is no API to be an account of"),
field("setHostnameAsFQDN", Holds::Bool, "bool", Support::Honoured, "Whether the hostname is the full name with subdomain and domain.", ""),
field("shareProcessNamespace", Holds::Bool, "bool", Support::Honoured, "Whether the containers see and signal each other's processes.", ""),
field("subdomain", Holds::Text, "string", Support::Honoured, "The domain below which other pods find it by its hostname.", ""),
field("terminationGracePeriodSeconds", Holds::Int64, "int64", Support::Honoured, "Seconds between TERM and KILL.", ""),
field("tolerations", Holds::List(&Holds::Type(&TOLERATION)), "[]v1.Toleration", Support::Noted, "Which tainted nodes it may run on.", "there is one machine"),
field("topologySpreadConstraints", Holds::List(&Holds::Type(&TOPOLOGY_SPREAD_CONSTRAINT)), "[]v1.TopologySpreadConstraint", Support::Noted, "How pods alike are spread over nodes.", "there is one machine").key("topologyKey").patched(Strategy::Merge),
field("volumes", Holds::List(&Holds::Type(&VOLUME)), "[]v1.Volume", Support::Honoured, "What containers can mount.", "").key("name").patched(Strategy::MergeRetainKeys),
] };

static POD_STATUS: Type = Type {
    name: "PodStatus",
    help: "What has been seen of a pod.",
    fields: &[
        field("allocatedResources", Holds::Map(&Holds::Quantity), "v1.ResourceList", Support::Told, "", ""),
        field("conditions", Holds::List(&Holds::Type(&POD_CONDITION)), "[]v1.PodCondition", Support::Told, "", "")
            .key("type")
            .patched(Strategy::Merge),
        field(
            "containerStatuses",
            Holds::List(&Holds::Type(&CONTAINER_STATUS)),
            "[]v1.ContainerStatus",
            Support::Told,
            "",
            "",
        ),
        field(
            "ephemeralContainerStatuses",
            Holds::List(&Holds::Type(&CONTAINER_STATUS)),
            "[]v1.ContainerStatus",
            Support::Told,
            "",
            "",
        ),
        field(
            "extendedResourceClaimStatus",
            Holds::Type(&POD_EXTENDED_RESOURCE_CLAIM_STATUS),
            "v1.PodExtendedResourceClaimStatus",
            Support::Told,
            "",
            "",
        ),
        field("hostIP", Holds::Text, "string", Support::Told, "", ""),
        field("hostIPs", Holds::List(&Holds::Type(&HOST_IP)), "[]v1.HostIP", Support::Told, "", "")
            .key("ip")
            .patched(Strategy::Merge),
        field(
            "initContainerStatuses",
            Holds::List(&Holds::Type(&CONTAINER_STATUS)),
            "[]v1.ContainerStatus",
            Support::Told,
            "",
            "",
        ),
        field("message", Holds::Text, "string", Support::Told, "", ""),
        field(
            "nodeAllocatableResourceClaimStatuses",
            Holds::List(&Holds::Type(&NODE_ALLOCATABLE_RESOURCE_CLAIM_STATUS)),
            "[]v1.NodeAllocatableResourceClaimStatus",
            Support::Told,
            "",
            "",
        ),
        field("nominatedNodeName", Holds::Text, "string", Support::Told, "", ""),
        field("observedGeneration", Holds::Int64, "int64", Support::Told, "", ""),
        field("phase", Holds::Text, "v1.PodPhase", Support::Told, "", ""),
        field("podIP", Holds::Text, "string", Support::Told, "", ""),
        field("podIPs", Holds::List(&Holds::Type(&POD_IP)), "[]v1.PodIP", Support::Told, "", "")
            .key("ip")
            .patched(Strategy::Merge),
        field("qosClass", Holds::Text, "v1.PodQOSClass", Support::Told, "", ""),
        field("reason", Holds::Text, "string", Support::Told, "", ""),
        field("resize", Holds::Text, "v1.PodResizeStatus", Support::Told, "", ""),
        field(
            "resourceClaimStatuses",
            Holds::List(&Holds::Type(&POD_RESOURCE_CLAIM_STATUS)),
            "[]v1.PodResourceClaimStatus",
            Support::Told,
            "",
            "",
        )
        .key("name")
        .patched(Strategy::MergeRetainKeys),
        field("resources", Holds::Type(&RESOURCE_REQUIREMENTS), "v1.ResourceRequirements", Support::Told, "", ""),
        field("startTime", Holds::Time, "string", Support::Told, "", ""),
    ],
};

static POD_TEMPLATE_SPEC: Type = Type {
    name: "PodTemplateSpec",
    help: "What a pod is like.",
    fields: &[
        field("metadata", Holds::Type(&OBJECT_META), "v1.ObjectMeta", Support::Later, "", ""),
        field("spec", Holds::Type(&POD_SPEC), "v1.PodSpec", Support::Later, "", ""),
    ],
};

static PORT_STATUS: Type = Type {
    name: "PortStatus",
    help: "A port of a load balancer.",
    fields: &[
        field("error", Holds::Text, "string", Support::Told, "", ""),
        field("port", Holds::Int32, "int32", Support::Told, "", "").required(),
        field("protocol", Holds::Text, "v1.Protocol", Support::Told, "", "").required(),
    ],
};

static PORTWORX_VOLUME_SOURCE: Type = Type {
    name: "PortworxVolumeSource",
    help: "A volume of Portworx.",
    fields: &[
        field("fsType", Holds::Text, "string", Support::Refused, "", ""),
        field("readOnly", Holds::Bool, "bool", Support::Refused, "", ""),
        field("volumeID", Holds::Text, "string", Support::Refused, "", "").required(),
    ],
};

static PREFERRED_SCHEDULING_TERM: Type = Type {
    name: "PreferredSchedulingTerm",
    help: "A preference with its weight.",
    fields: &[
        field("preference", Holds::Type(&NODE_SELECTOR_TERM), "v1.NodeSelectorTerm", Support::Noted, "", "").required(),
        field("weight", Holds::Int32, "int32", Support::Noted, "", "").required(),
    ],
};

static PROBE: Type = Type {
    name: "Probe",
    help: "A check that is repeated.",
    fields: &[
        field(
            "exec",
            Holds::Type(&EXEC_ACTION),
            "v1.ExecAction",
            Support::Honoured,
            "A command in the container; 0 is success.",
            "",
        )
        .within("ProbeHandler"),
        field("failureThreshold", Holds::Int32, "int32", Support::Honoured, "How many failures in a row count.", ""),
        field(
            "grpc",
            Holds::Type(&GRPC_ACTION),
            "v1.GRPCAction",
            Support::Honoured,
            "A call of the gRPC health service.",
            "",
        )
        .within("ProbeHandler"),
        field(
            "httpGet",
            Holds::Type(&HTTP_GET_ACTION),
            "v1.HTTPGetAction",
            Support::Honoured,
            "A request over HTTP; 200 to 399 are success.",
            "",
        )
        .within("ProbeHandler"),
        field(
            "initialDelaySeconds",
            Holds::Int32,
            "int32",
            Support::Honoured,
            "Seconds from the start to the first check.",
            "",
        ),
        field("periodSeconds", Holds::Int32, "int32", Support::Honoured, "Seconds between checks.", ""),
        field(
            "successThreshold",
            Holds::Int32,
            "int32",
            Support::Honoured,
            "How many successes in a row count after a failure.",
            "",
        ),
        field(
            "tcpSocket",
            Holds::Type(&TCP_SOCKET_ACTION),
            "v1.TCPSocketAction",
            Support::Honoured,
            "A connection over TCP.",
            "",
        )
        .within("ProbeHandler"),
        field(
            "terminationGracePeriodSeconds",
            Holds::Int64,
            "int64",
            Support::Honoured,
            "Seconds between TERM and KILL when this check ends the container.",
            "",
        ),
        field(
            "timeoutSeconds",
            Holds::Int32,
            "int32",
            Support::Honoured,
            "Seconds after which a check has failed.",
            "",
        ),
    ],
};

static PROJECTED_VOLUME_SOURCE: Type = Type {
    name: "ProjectedVolumeSource",
    help: "Several sources in one directory.",
    fields: &[
        field(
            "defaultMode",
            Holds::Int32,
            "int32",
            Support::Honoured,
            "The mode of files that have none of their own.",
            "",
        ),
        field(
            "sources",
            Holds::List(&Holds::Type(&VOLUME_PROJECTION)),
            "[]v1.VolumeProjection",
            Support::Honoured,
            "The sources.",
            "",
        ),
    ],
};

static QUOBYTE_VOLUME_SOURCE: Type = Type {
    name: "QuobyteVolumeSource",
    help: "A volume of Quobyte.",
    fields: &[
        field("group", Holds::Text, "string", Support::Refused, "", ""),
        field("readOnly", Holds::Bool, "bool", Support::Refused, "", ""),
        field("registry", Holds::Text, "string", Support::Refused, "", "").required(),
        field("tenant", Holds::Text, "string", Support::Refused, "", ""),
        field("user", Holds::Text, "string", Support::Refused, "", ""),
        field("volume", Holds::Text, "string", Support::Refused, "", "").required(),
    ],
};

static RBD_VOLUME_SOURCE: Type = Type {
    name: "RBDVolumeSource",
    help: "A block device of Ceph.",
    fields: &[
        field("fsType", Holds::Text, "string", Support::Refused, "", ""),
        field("image", Holds::Text, "string", Support::Refused, "", "").required(),
        field("keyring", Holds::Text, "string", Support::Refused, "", ""),
        field("monitors", Holds::List(&Holds::Text), "[]string", Support::Refused, "", "").required(),
        field("pool", Holds::Text, "string", Support::Refused, "", ""),
        field("readOnly", Holds::Bool, "bool", Support::Refused, "", ""),
        field("secretRef", Holds::Type(&LOCAL_OBJECT_REFERENCE), "v1.LocalObjectReference", Support::Refused, "", ""),
        field("user", Holds::Text, "string", Support::Refused, "", ""),
    ],
};

static REPLICA_SET: Type = Type {
    name: "ReplicaSet",
    help: "So many pods alike.",
    fields: &[
        field("apiVersion", Holds::Text, "string", Support::Later, "", ""),
        field("kind", Holds::Text, "string", Support::Later, "", ""),
        field("metadata", Holds::Type(&OBJECT_META), "v1.ObjectMeta", Support::Later, "", ""),
        field("spec", Holds::Type(&REPLICA_SET_SPEC), "v1.ReplicaSetSpec", Support::Later, "", ""),
        field("status", Holds::Type(&REPLICA_SET_STATUS), "v1.ReplicaSetStatus", Support::Later, "", ""),
    ],
};

static REPLICA_SET_CONDITION: Type = Type {
    name: "ReplicaSetCondition",
    help: "Whether something holds of a replica set.",
    fields: &[
        field("lastTransitionTime", Holds::Time, "string", Support::Told, "", ""),
        field("message", Holds::Text, "string", Support::Told, "", ""),
        field("reason", Holds::Text, "string", Support::Told, "", ""),
        field("status", Holds::Text, "v1.ConditionStatus", Support::Told, "", "").required(),
        field("type", Holds::Text, "v1.ReplicaSetConditionType", Support::Told, "", "").required(),
    ],
};

static REPLICA_SET_SPEC: Type = Type {
    name: "ReplicaSetSpec",
    help: "How many pods, of which template.",
    fields: &[
        field("minReadySeconds", Holds::Int32, "int32", Support::Later, "", ""),
        field("replicas", Holds::Int32, "int32", Support::Later, "", ""),
        field("selector", Holds::Type(&LABEL_SELECTOR), "v1.LabelSelector", Support::Later, "", "").required(),
        field("template", Holds::Type(&POD_TEMPLATE_SPEC), "v1.PodTemplateSpec", Support::Later, "", ""),
    ],
};

static REPLICA_SET_STATUS: Type = Type {
    name: "ReplicaSetStatus",
    help: "What has been seen of a replica set.",
    fields: &[
        field("availableReplicas", Holds::Int32, "int32", Support::Told, "", ""),
        field(
            "conditions",
            Holds::List(&Holds::Type(&REPLICA_SET_CONDITION)),
            "[]v1.ReplicaSetCondition",
            Support::Told,
            "",
            "",
        )
        .key("type")
        .patched(Strategy::Merge),
        field("fullyLabeledReplicas", Holds::Int32, "int32", Support::Told, "", ""),
        field("observedGeneration", Holds::Int64, "int64", Support::Told, "", ""),
        field("readyReplicas", Holds::Int32, "int32", Support::Told, "", ""),
        field("replicas", Holds::Int32, "int32", Support::Told, "", "").required(),
        field("terminatingReplicas", Holds::Int32, "int32", Support::Told, "", ""),
    ],
};

static RESOURCE_CLAIM: Type = Type {
    name: "ResourceClaim",
    help: "A device claimed from a driver.",
    fields: &[
        field("name", Holds::Text, "string", Support::Refused, "", "").required(),
        field("request", Holds::Text, "string", Support::Refused, "", ""),
    ],
};

static RESOURCE_FIELD_SELECTOR: Type = Type {
    name: "ResourceFieldSelector",
    help: "A limit or request of a container.",
    fields: &[
        field(
            "containerName",
            Holds::Text,
            "string",
            Support::Honoured,
            "The container; the one that asks, if none is given.",
            "",
        ),
        field("divisor", Holds::Quantity, "quantity", Support::Honoured, "The unit it is told in.", ""),
        field("resource", Holds::Text, "string", Support::Honoured, "Which one, such as limits.cpu.", "").required(),
    ],
};

static RESOURCE_HEALTH: Type = Type {
    name: "ResourceHealth",
    help: "The health of a device.",
    fields: &[
        field("health", Holds::Text, "v1.ResourceHealthStatus", Support::Told, "", ""),
        field("message", Holds::Text, "string", Support::Told, "", ""),
        field("resourceID", Holds::Text, "v1.ResourceID", Support::Told, "", "").required(),
    ],
};

static RESOURCE_REQUIREMENTS: Type = Type {
    name: "ResourceRequirements",
    help: "What may be used, and what is promised.",
    fields: &[
        field(
            "claims",
            Holds::List(&Holds::Type(&RESOURCE_CLAIM)),
            "[]v1.ResourceClaim",
            Support::Refused,
            "Devices claimed from a driver.",
            "there are no drivers of dynamic resources",
        ),
        field(
            "limits",
            Holds::Map(&Holds::Quantity),
            "v1.ResourceList",
            Support::Honoured,
            "The most that may be used, by resource: cpu, memory, hugepages-SIZE.",
            "",
        ),
        field(
            "requests",
            Holds::Map(&Holds::Quantity),
            "v1.ResourceList",
            Support::Honoured,
            "What is promised, by resource; the limit if none is given.",
            "",
        ),
    ],
};

static RESOURCE_STATUS: Type = Type {
    name: "ResourceStatus",
    help: "The health of a resource.",
    fields: &[
        field("name", Holds::Text, "v1.ResourceName", Support::Told, "", "").required(),
        field("resources", Holds::List(&Holds::Type(&RESOURCE_HEALTH)), "[]v1.ResourceHealth", Support::Told, "", ""),
    ],
};

static ROLLING_UPDATE_DAEMON_SET: Type = Type {
    name: "RollingUpdateDaemonSet",
    help: "How many pods may be missing or too many meanwhile.",
    fields: &[
        field("maxSurge", Holds::IntOrString, "int32", Support::Later, "", ""),
        field("maxUnavailable", Holds::IntOrString, "int32", Support::Later, "", ""),
    ],
};

static ROLLING_UPDATE_DEPLOYMENT: Type = Type {
    name: "RollingUpdateDeployment",
    help: "How many pods may be missing or too many meanwhile.",
    fields: &[
        field("maxSurge", Holds::IntOrString, "int32", Support::Later, "", ""),
        field("maxUnavailable", Holds::IntOrString, "int32", Support::Later, "", ""),
    ],
};

static ROLLING_UPDATE_STATEFUL_SET_STRATEGY: Type = Type {
    name: "RollingUpdateStatefulSetStrategy",
    help: "Which pods are replaced.",
    fields: &[
        field("maxUnavailable", Holds::IntOrString, "int32", Support::Later, "", ""),
        field("partition", Holds::Int32, "int32", Support::Later, "", ""),
    ],
};

static SE_LINUX_OPTIONS: Type = Type {
    name: "SELinuxOptions",
    help: "An SELinux label.",
    fields: &[
        field("level", Holds::Text, "string", Support::Noted, "Its level.", "no label is set here"),
        field("role", Holds::Text, "string", Support::Noted, "Its role.", "no label is set here"),
        field("type", Holds::Text, "string", Support::Noted, "Its type.", "no label is set here"),
        field("user", Holds::Text, "string", Support::Noted, "Its user.", "no label is set here"),
    ],
};

static SCALE_IO_VOLUME_SOURCE: Type = Type {
    name: "ScaleIOVolumeSource",
    help: "A volume of ScaleIO.",
    fields: &[
        field("fsType", Holds::Text, "string", Support::Refused, "", ""),
        field("gateway", Holds::Text, "string", Support::Refused, "", "").required(),
        field("protectionDomain", Holds::Text, "string", Support::Refused, "", ""),
        field("readOnly", Holds::Bool, "bool", Support::Refused, "", ""),
        field("secretRef", Holds::Type(&LOCAL_OBJECT_REFERENCE), "v1.LocalObjectReference", Support::Refused, "", "")
            .required(),
        field("sslEnabled", Holds::Bool, "bool", Support::Refused, "", ""),
        field("storageMode", Holds::Text, "string", Support::Refused, "", ""),
        field("storagePool", Holds::Text, "string", Support::Refused, "", ""),
        field("system", Holds::Text, "string", Support::Refused, "", "").required(),
        field("volumeName", Holds::Text, "string", Support::Refused, "", ""),
    ],
};

static SECCOMP_PROFILE: Type = Type {
    name: "SeccompProfile",
    help: "A seccomp profile.",
    fields: &[
        field("localhostProfile", Holds::Text, "string", Support::Honoured, "The profile's file, for Localhost.", ""),
        field(
            "type",
            Holds::Text,
            "v1.SeccompProfileType",
            Support::Honoured,
            "RuntimeDefault, Unconfined or Localhost.",
            "",
        )
        .required(),
    ],
};

static SECRET: Type = Type {
    name: "Secret",
    help: "What is not for everybody's eyes, by key.",
    fields: &[
        field(
            "apiVersion",
            Holds::Text,
            "string",
            Support::Honoured,
            "The group and version that the object is written in.",
            "",
        ),
        field("data", Holds::Map(&Holds::Bytes), "map[string][]uint8", Support::Honoured, "Values in base64.", ""),
        field("immutable", Holds::Bool, "bool", Support::Honoured, "Whether it may be changed.", ""),
        field("kind", Holds::Text, "string", Support::Honoured, "What the object is.", ""),
        field(
            "metadata",
            Holds::Type(&OBJECT_META),
            "v1.ObjectMeta",
            Support::Honoured,
            "Its name, namespace, labels and annotations.",
            "",
        ),
        field(
            "stringData",
            Holds::Map(&Holds::Text),
            "map[string]string",
            Support::Honoured,
            "Values as text; they are put into data and win over it.",
            "",
        ),
        field(
            "type",
            Holds::Text,
            "v1.SecretType",
            Support::Honoured,
            "What it is for: Opaque, kubernetes.io/dockerconfigjson, kubernetes.io/tls and others, each with the keys it must have.",
            "",
        ),
    ],
};

static SECRET_ENV_SOURCE: Type = Type {
    name: "SecretEnvSource",
    help: "A secret by its name.",
    fields: &[
        field("name", Holds::Text, "string", Support::Honoured, "Its name.", "").within("LocalObjectReference"),
        field("optional", Holds::Bool, "bool", Support::Honoured, "Whether it may be missing.", ""),
    ],
};

static SECRET_KEY_SELECTOR: Type = Type {
    name: "SecretKeySelector",
    help: "A key of a secret.",
    fields: &[
        field("key", Holds::Text, "string", Support::Honoured, "The key.", "").required(),
        field("name", Holds::Text, "string", Support::Honoured, "The secret's name.", "")
            .within("LocalObjectReference"),
        field("optional", Holds::Bool, "bool", Support::Honoured, "Whether either may be missing.", ""),
    ],
};

static SECRET_PROJECTION: Type = Type {
    name: "SecretProjection",
    help: "A secret's keys in a projected volume.",
    fields: &[
        field(
            "items",
            Holds::List(&Holds::Type(&KEY_TO_PATH)),
            "[]v1.KeyToPath",
            Support::Honoured,
            "The keys wanted, and their paths; all if none is given.",
            "",
        ),
        field("name", Holds::Text, "string", Support::Honoured, "The secret's name.", "")
            .within("LocalObjectReference"),
        field("optional", Holds::Bool, "bool", Support::Honoured, "Whether it may be missing.", ""),
    ],
};

static SECRET_VOLUME_SOURCE: Type = Type {
    name: "SecretVolumeSource",
    help: "A secret's keys as files.",
    fields: &[
        field(
            "defaultMode",
            Holds::Int32,
            "int32",
            Support::Honoured,
            "The mode of files that have none of their own.",
            "",
        ),
        field(
            "items",
            Holds::List(&Holds::Type(&KEY_TO_PATH)),
            "[]v1.KeyToPath",
            Support::Honoured,
            "The keys wanted, and their paths; all if none is given.",
            "",
        ),
        field("optional", Holds::Bool, "bool", Support::Honoured, "Whether it may be missing.", ""),
        field("secretName", Holds::Text, "string", Support::Honoured, "The secret's name.", ""),
    ],
};

static SECURITY_CONTEXT: Type = Type {
    name: "SecurityContext",
    help: "User, groups, rights and protection of a container.",
    fields: &[
        field(
            "allowPrivilegeEscalation",
            Holds::Bool,
            "bool",
            Support::Honoured,
            "false: no new privileges by executing a program.",
            "",
        ),
        field(
            "appArmorProfile",
            Holds::Type(&APP_ARMOR_PROFILE),
            "v1.AppArmorProfile",
            Support::Noted,
            "Its AppArmor profile.",
            "no profile is enforced here, and a pod that asks for one is refused",
        ),
        field(
            "capabilities",
            Holds::Type(&CAPABILITIES),
            "v1.Capabilities",
            Support::Honoured,
            "Capabilities added to and dropped from the default ones.",
            "",
        ),
        field(
            "privileged",
            Holds::Bool,
            "bool",
            Support::Honoured,
            "All capabilities, all devices, nothing masked.",
            "",
        ),
        field(
            "procMount",
            Holds::Text,
            "v1.ProcMountType",
            Support::Honoured,
            "Whether /proc is masked: Default, Unmasked.",
            "",
        ),
        field(
            "readOnlyRootFilesystem",
            Holds::Bool,
            "bool",
            Support::Honoured,
            "Whether its root can only be read.",
            "",
        ),
        field("runAsGroup", Holds::Int64, "int64", Support::Honoured, "The group's id it runs as.", ""),
        field("runAsNonRoot", Holds::Bool, "bool", Support::Honoured, "Refuse to start it as root.", ""),
        field("runAsUser", Holds::Int64, "int64", Support::Honoured, "The user's id it runs as.", ""),
        field(
            "seLinuxOptions",
            Holds::Type(&SE_LINUX_OPTIONS),
            "v1.SELinuxOptions",
            Support::Noted,
            "Its SELinux label.",
            "no label is set here",
        ),
        field(
            "seccompProfile",
            Holds::Type(&SECCOMP_PROFILE),
            "v1.SeccompProfile",
            Support::Honoured,
            "Its seccomp profile.",
            "",
        ),
        field(
            "windowsOptions",
            Holds::Type(&WINDOWS_SECURITY_CONTEXT_OPTIONS),
            "v1.WindowsSecurityContextOptions",
            Support::Refused,
            "What Windows needs.",
            "this is Linux",
        ),
    ],
};

static SERVICE: Type = Type {
    name: "Service",
    help: "A name and an address for pods.",
    fields: &[
        field("apiVersion", Holds::Text, "string", Support::Later, "", ""),
        field("kind", Holds::Text, "string", Support::Later, "", ""),
        field("metadata", Holds::Type(&OBJECT_META), "v1.ObjectMeta", Support::Later, "", ""),
        field("spec", Holds::Type(&SERVICE_SPEC), "v1.ServiceSpec", Support::Later, "", ""),
        field("status", Holds::Type(&SERVICE_STATUS), "v1.ServiceStatus", Support::Later, "", ""),
    ],
};

static SERVICE_ACCOUNT: Type = Type {
    name: "ServiceAccount",
    help: "An account of programs at the cluster's API; a name here.",
    fields: &[
        field(
            "apiVersion",
            Holds::Text,
            "string",
            Support::Honoured,
            "The group and version that the object is written in.",
            "",
        ),
        field(
            "automountServiceAccountToken",
            Holds::Bool,
            "bool",
            Support::Noted,
            "Whether pods get a token.",
            "there is no API to present it to",
        ),
        field(
            "imagePullSecrets",
            Holds::List(&Holds::Type(&LOCAL_OBJECT_REFERENCE)),
            "[]v1.LocalObjectReference",
            Support::Honoured,
            "Secrets with the registries' passwords, for all pods of the account.",
            "",
        ),
        field("kind", Holds::Text, "string", Support::Honoured, "What the object is.", ""),
        field(
            "metadata",
            Holds::Type(&OBJECT_META),
            "v1.ObjectMeta",
            Support::Honoured,
            "Its name, namespace, labels and annotations.",
            "",
        ),
        field(
            "secrets",
            Holds::List(&Holds::Type(&OBJECT_REFERENCE)),
            "[]v1.ObjectReference",
            Support::Noted,
            "Secrets that pods of the account may use.",
            "every pod may use the secrets of its namespace",
        )
        .key("name")
        .patched(Strategy::Merge),
    ],
};

static SERVICE_ACCOUNT_TOKEN_PROJECTION: Type = Type {
    name: "ServiceAccountTokenProjection",
    help: "A token of a service account in a projected volume.",
    fields: &[
        field("audience", Holds::Text, "string", Support::Honoured, "Who it is for.", ""),
        field(
            "expirationSeconds",
            Holds::Int64,
            "int64",
            Support::Honoured,
            "How long it holds; it is made anew before.",
            "",
        ),
        field("path", Holds::Text, "string", Support::Honoured, "Its file's path.", "").required(),
    ],
};

static SERVICE_PORT: Type = Type {
    name: "ServicePort",
    help: "A port of a service.",
    fields: &[
        field("appProtocol", Holds::Text, "string", Support::Later, "", ""),
        field("name", Holds::Text, "string", Support::Later, "", ""),
        field("nodePort", Holds::Int32, "int32", Support::Later, "", ""),
        field("port", Holds::Int32, "int32", Support::Later, "", "").required(),
        field("protocol", Holds::Text, "v1.Protocol", Support::Later, "", ""),
        field("targetPort", Holds::IntOrString, "int32", Support::Later, "", ""),
    ],
};

static SERVICE_SPEC: Type = Type {
    name: "ServiceSpec",
    help: "Which pods, and how they are reached.",
    fields: &[
        field("allocateLoadBalancerNodePorts", Holds::Bool, "bool", Support::Later, "", ""),
        field("clusterIP", Holds::Text, "string", Support::Later, "", ""),
        field("clusterIPs", Holds::List(&Holds::Text), "[]string", Support::Later, "", ""),
        field("externalIPs", Holds::List(&Holds::Text), "[]string", Support::Later, "", ""),
        field("externalName", Holds::Text, "string", Support::Later, "", ""),
        field("externalTrafficPolicy", Holds::Text, "v1.ServiceExternalTrafficPolicy", Support::Later, "", ""),
        field("healthCheckNodePort", Holds::Int32, "int32", Support::Later, "", ""),
        field("internalTrafficPolicy", Holds::Text, "v1.ServiceInternalTrafficPolicy", Support::Later, "", ""),
        field("ipFamilies", Holds::List(&Holds::Text), "[]v1.IPFamily", Support::Later, "", ""),
        field("ipFamilyPolicy", Holds::Text, "v1.IPFamilyPolicy", Support::Later, "", ""),
        field("loadBalancerClass", Holds::Text, "string", Support::Later, "", ""),
        field("loadBalancerIP", Holds::Text, "string", Support::Later, "", ""),
        field("loadBalancerSourceRanges", Holds::List(&Holds::Text), "[]string", Support::Later, "", ""),
        field("ports", Holds::List(&Holds::Type(&SERVICE_PORT)), "[]v1.ServicePort", Support::Later, "", "")
            .key("port")
            .patched(Strategy::Merge),
        field("publishNotReadyAddresses", Holds::Bool, "bool", Support::Later, "", ""),
        field("selector", Holds::Map(&Holds::Text), "map[string]string", Support::Later, "", ""),
        field("sessionAffinity", Holds::Text, "v1.ServiceAffinity", Support::Later, "", ""),
        field(
            "sessionAffinityConfig",
            Holds::Type(&SESSION_AFFINITY_CONFIG),
            "v1.SessionAffinityConfig",
            Support::Later,
            "",
            "",
        ),
        field("trafficDistribution", Holds::Text, "string", Support::Later, "", ""),
        field("type", Holds::Text, "v1.ServiceType", Support::Later, "", ""),
    ],
};

static SERVICE_STATUS: Type = Type {
    name: "ServiceStatus",
    help: "What a service was given.",
    fields: &[
        field("conditions", Holds::List(&Holds::Type(&CONDITION)), "[]v1.Condition", Support::Told, "", "")
            .key("type")
            .patched(Strategy::Merge),
        field("loadBalancer", Holds::Type(&LOAD_BALANCER_STATUS), "v1.LoadBalancerStatus", Support::Told, "", ""),
    ],
};

static SESSION_AFFINITY_CONFIG: Type = Type {
    name: "SessionAffinityConfig",
    help: "How long a client stays with a pod.",
    fields: &[field("clientIP", Holds::Type(&CLIENT_IP_CONFIG), "v1.ClientIPConfig", Support::Later, "", "")],
};

static SLEEP_ACTION: Type = Type {
    name: "SleepAction",
    help: "A pause.",
    fields: &[field("seconds", Holds::Int64, "int64", Support::Honoured, "How long.", "").required()],
};

static STATEFUL_SET: Type = Type {
    name: "StatefulSet",
    help: "Pods that keep their names and their storage.",
    fields: &[
        field("apiVersion", Holds::Text, "string", Support::Later, "", ""),
        field("kind", Holds::Text, "string", Support::Later, "", ""),
        field("metadata", Holds::Type(&OBJECT_META), "v1.ObjectMeta", Support::Later, "", ""),
        field("spec", Holds::Type(&STATEFUL_SET_SPEC), "v1.StatefulSetSpec", Support::Later, "", ""),
        field("status", Holds::Type(&STATEFUL_SET_STATUS), "v1.StatefulSetStatus", Support::Later, "", ""),
    ],
};

static STATEFUL_SET_CONDITION: Type = Type {
    name: "StatefulSetCondition",
    help: "Whether something holds of a stateful set.",
    fields: &[
        field("lastTransitionTime", Holds::Time, "string", Support::Told, "", ""),
        field("message", Holds::Text, "string", Support::Told, "", ""),
        field("reason", Holds::Text, "string", Support::Told, "", ""),
        field("status", Holds::Text, "v1.ConditionStatus", Support::Told, "", "").required(),
        field("type", Holds::Text, "v1.StatefulSetConditionType", Support::Told, "", "").required(),
    ],
};

static STATEFUL_SET_ORDINALS: Type = Type {
    name: "StatefulSetOrdinals",
    help: "Where counting begins.",
    fields: &[field("start", Holds::Int32, "int32", Support::Later, "", "")],
};

static STATEFUL_SET_PERSISTENT_VOLUME_CLAIM_RETENTION_POLICY: Type = Type {
    name: "StatefulSetPersistentVolumeClaimRetentionPolicy",
    help: "What becomes of claims.",
    fields: &[
        field("whenDeleted", Holds::Text, "v1.PersistentVolumeClaimRetentionPolicyType", Support::Later, "", ""),
        field("whenScaled", Holds::Text, "v1.PersistentVolumeClaimRetentionPolicyType", Support::Later, "", ""),
    ],
};

static STATEFUL_SET_SPEC: Type = Type {
    name: "StatefulSetSpec",
    help: "How many pods, of which template, with which claims.",
    fields: &[
        field("minReadySeconds", Holds::Int32, "int32", Support::Later, "", ""),
        field("ordinals", Holds::Type(&STATEFUL_SET_ORDINALS), "v1.StatefulSetOrdinals", Support::Later, "", ""),
        field(
            "persistentVolumeClaimRetentionPolicy",
            Holds::Type(&STATEFUL_SET_PERSISTENT_VOLUME_CLAIM_RETENTION_POLICY),
            "v1.StatefulSetPersistentVolumeClaimRetentionPolicy",
            Support::Later,
            "",
            "",
        ),
        field("podManagementPolicy", Holds::Text, "v1.PodManagementPolicyType", Support::Later, "", ""),
        field("replicas", Holds::Int32, "int32", Support::Later, "", ""),
        field("revisionHistoryLimit", Holds::Int32, "int32", Support::Later, "", ""),
        field("selector", Holds::Type(&LABEL_SELECTOR), "v1.LabelSelector", Support::Later, "", "").required(),
        field("serviceName", Holds::Text, "string", Support::Later, "", ""),
        field("template", Holds::Type(&POD_TEMPLATE_SPEC), "v1.PodTemplateSpec", Support::Later, "", "").required(),
        field(
            "updateStrategy",
            Holds::Type(&STATEFUL_SET_UPDATE_STRATEGY),
            "v1.StatefulSetUpdateStrategy",
            Support::Later,
            "",
            "",
        ),
        field(
            "volumeClaimTemplates",
            Holds::List(&Holds::Type(&PERSISTENT_VOLUME_CLAIM)),
            "[]v1.PersistentVolumeClaim",
            Support::Later,
            "",
            "",
        ),
    ],
};

static STATEFUL_SET_STATUS: Type = Type {
    name: "StatefulSetStatus",
    help: "What has been seen of a stateful set.",
    fields: &[
        field("availableReplicas", Holds::Int32, "int32", Support::Told, "", ""),
        field("collisionCount", Holds::Int32, "int32", Support::Told, "", ""),
        field(
            "conditions",
            Holds::List(&Holds::Type(&STATEFUL_SET_CONDITION)),
            "[]v1.StatefulSetCondition",
            Support::Told,
            "",
            "",
        )
        .key("type")
        .patched(Strategy::Merge),
        field("currentReplicas", Holds::Int32, "int32", Support::Told, "", ""),
        field("currentRevision", Holds::Text, "string", Support::Told, "", ""),
        field("observedGeneration", Holds::Int64, "int64", Support::Told, "", ""),
        field("readyReplicas", Holds::Int32, "int32", Support::Told, "", ""),
        field("replicas", Holds::Int32, "int32", Support::Told, "", "").required(),
        field("updateRevision", Holds::Text, "string", Support::Told, "", ""),
        field("updatedReplicas", Holds::Int32, "int32", Support::Told, "", ""),
    ],
};

static STATEFUL_SET_UPDATE_STRATEGY: Type = Type {
    name: "StatefulSetUpdateStrategy",
    help: "How pods are replaced.",
    fields: &[
        field(
            "rollingUpdate",
            Holds::Type(&ROLLING_UPDATE_STATEFUL_SET_STRATEGY),
            "v1.RollingUpdateStatefulSetStrategy",
            Support::Later,
            "",
            "",
        ),
        field("type", Holds::Text, "v1.StatefulSetUpdateStrategyType", Support::Later, "", ""),
    ],
};

static STORAGE_OS_VOLUME_SOURCE: Type = Type {
    name: "StorageOSVolumeSource",
    help: "A volume of StorageOS.",
    fields: &[
        field("fsType", Holds::Text, "string", Support::Refused, "", ""),
        field("readOnly", Holds::Bool, "bool", Support::Refused, "", ""),
        field("secretRef", Holds::Type(&LOCAL_OBJECT_REFERENCE), "v1.LocalObjectReference", Support::Refused, "", ""),
        field("volumeName", Holds::Text, "string", Support::Refused, "", ""),
        field("volumeNamespace", Holds::Text, "string", Support::Refused, "", ""),
    ],
};

static SUCCESS_POLICY: Type = Type {
    name: "SuccessPolicy",
    help: "When a job has succeeded.",
    fields: &[field(
        "rules",
        Holds::List(&Holds::Type(&SUCCESS_POLICY_RULE)),
        "[]v1.SuccessPolicyRule",
        Support::Later,
        "",
        "",
    )
    .required()],
};

static SUCCESS_POLICY_RULE: Type = Type {
    name: "SuccessPolicyRule",
    help: "When a job has succeeded.",
    fields: &[
        field("succeededCount", Holds::Int32, "int32", Support::Later, "", ""),
        field("succeededIndexes", Holds::Text, "string", Support::Later, "", ""),
    ],
};

static SYSCTL: Type = Type {
    name: "Sysctl",
    help: "A kernel setting.",
    fields: &[
        field("name", Holds::Text, "string", Support::Honoured, "Its name.", "").required(),
        field("value", Holds::Text, "string", Support::Honoured, "Its value.", "").required(),
    ],
};

static TCP_SOCKET_ACTION: Type = Type {
    name: "TCPSocketAction",
    help: "A connection over TCP that is opened and closed.",
    fields: &[
        field("host", Holds::Text, "string", Support::Honoured, "The host; the pod's address if none is given.", ""),
        field(
            "port",
            Holds::IntOrString,
            "int32",
            Support::Honoured,
            "The port, by number or by its name in the container.",
            "",
        )
        .required(),
    ],
};

static TOLERATION: Type = Type {
    name: "Toleration",
    help: "A taint that does not keep the pod from a node.",
    fields: &[
        field("effect", Holds::Text, "v1.TaintEffect", Support::Noted, "", ""),
        field("key", Holds::Text, "string", Support::Noted, "", ""),
        field("operator", Holds::Text, "v1.TolerationOperator", Support::Noted, "", ""),
        field("tolerationSeconds", Holds::Int64, "int64", Support::Noted, "", ""),
        field("value", Holds::Text, "string", Support::Noted, "", ""),
    ],
};

static TOPOLOGY_SPREAD_CONSTRAINT: Type = Type {
    name: "TopologySpreadConstraint",
    help: "How pods alike are spread.",
    fields: &[
        field("labelSelector", Holds::Type(&LABEL_SELECTOR), "v1.LabelSelector", Support::Noted, "", ""),
        field("matchLabelKeys", Holds::List(&Holds::Text), "[]string", Support::Noted, "", ""),
        field("maxSkew", Holds::Int32, "int32", Support::Noted, "", "").required(),
        field("minDomains", Holds::Int32, "int32", Support::Noted, "", ""),
        field("nodeAffinityPolicy", Holds::Text, "v1.NodeInclusionPolicy", Support::Noted, "", ""),
        field("nodeTaintsPolicy", Holds::Text, "v1.NodeInclusionPolicy", Support::Noted, "", ""),
        field("topologyKey", Holds::Text, "string", Support::Noted, "", "").required(),
        field("whenUnsatisfiable", Holds::Text, "v1.UnsatisfiableConstraintAction", Support::Noted, "", "").required(),
    ],
};

static TYPED_LOCAL_OBJECT_REFERENCE: Type = Type {
    name: "TypedLocalObjectReference",
    help: "An object by kind and name.",
    fields: &[
        field("apiGroup", Holds::Text, "string", Support::Refused, "", ""),
        field("kind", Holds::Text, "string", Support::Refused, "", "").required(),
        field("name", Holds::Text, "string", Support::Refused, "", "").required(),
    ],
};

static TYPED_OBJECT_REFERENCE: Type = Type {
    name: "TypedObjectReference",
    help: "An object by kind, namespace and name.",
    fields: &[
        field("apiGroup", Holds::Text, "string", Support::Refused, "", ""),
        field("kind", Holds::Text, "string", Support::Refused, "", "").required(),
        field("name", Holds::Text, "string", Support::Refused, "", "").required(),
        field("namespace", Holds::Text, "string", Support::Refused, "", ""),
    ],
};

static UNCOUNTED_TERMINATED_PODS: Type = Type {
    name: "UncountedTerminatedPods",
    help: "Pods that are still to be counted.",
    fields: &[
        field("failed", Holds::List(&Holds::Text), "[]types.UID", Support::Told, "", ""),
        field("succeeded", Holds::List(&Holds::Text), "[]types.UID", Support::Told, "", ""),
    ],
};

static VOLUME: Type = Type {
    name: "Volume",
    help: "What containers can mount; a name and exactly one source.",
    fields: &[
        field(
            "awsElasticBlockStore",
            Holds::Type(&AWS_ELASTIC_BLOCK_STORE_VOLUME_SOURCE),
            "v1.AWSElasticBlockStoreVolumeSource",
            Support::Refused,
            "A disk of a cloud.",
            "there is no driver for it on one machine",
        )
        .within("VolumeSource"),
        field(
            "azureDisk",
            Holds::Type(&AZURE_DISK_VOLUME_SOURCE),
            "v1.AzureDiskVolumeSource",
            Support::Refused,
            "A disk of a cloud.",
            "there is no driver for it on one machine",
        )
        .within("VolumeSource"),
        field(
            "azureFile",
            Holds::Type(&AZURE_FILE_VOLUME_SOURCE),
            "v1.AzureFileVolumeSource",
            Support::Refused,
            "A share of a cloud.",
            "there is no driver for it on one machine",
        )
        .within("VolumeSource"),
        field(
            "cephfs",
            Holds::Type(&CEPH_FS_VOLUME_SOURCE),
            "v1.CephFSVolumeSource",
            Support::Refused,
            "A CephFS.",
            "mount it on the machine and use a hostPath",
        )
        .within("VolumeSource"),
        field(
            "cinder",
            Holds::Type(&CINDER_VOLUME_SOURCE),
            "v1.CinderVolumeSource",
            Support::Refused,
            "A disk of a cloud.",
            "there is no driver for it on one machine",
        )
        .within("VolumeSource"),
        field(
            "configMap",
            Holds::Type(&CONFIG_MAP_VOLUME_SOURCE),
            "v1.ConfigMapVolumeSource",
            Support::Honoured,
            "A config map's keys as files.",
            "",
        )
        .within("VolumeSource"),
        field(
            "csi",
            Holds::Type(&CSI_VOLUME_SOURCE),
            "v1.CSIVolumeSource",
            Support::Refused,
            "A volume of a driver.",
            "there are no drivers on one machine",
        )
        .within("VolumeSource"),
        field(
            "downwardAPI",
            Holds::Type(&DOWNWARD_API_VOLUME_SOURCE),
            "v1.DownwardAPIVolumeSource",
            Support::Honoured,
            "Fields of the pod as files.",
            "",
        )
        .within("VolumeSource"),
        field(
            "emptyDir",
            Holds::Type(&EMPTY_DIR_VOLUME_SOURCE),
            "v1.EmptyDirVolumeSource",
            Support::Honoured,
            "An empty directory, or memory, that lives as long as the pod.",
            "",
        )
        .within("VolumeSource"),
        field(
            "ephemeral",
            Holds::Type(&EPHEMERAL_VOLUME_SOURCE),
            "v1.EphemeralVolumeSource",
            Support::Honoured,
            "A claim that lives as long as the pod.",
            "",
        )
        .within("VolumeSource"),
        field(
            "fc",
            Holds::Type(&FC_VOLUME_SOURCE),
            "v1.FCVolumeSource",
            Support::Refused,
            "A disk over Fibre Channel.",
            "mount it on the machine and use a hostPath",
        )
        .within("VolumeSource"),
        field(
            "flexVolume",
            Holds::Type(&FLEX_VOLUME_SOURCE),
            "v1.FlexVolumeSource",
            Support::Refused,
            "A volume of an old kind of driver.",
            "there are no drivers on one machine",
        )
        .within("VolumeSource"),
        field(
            "flocker",
            Holds::Type(&FLOCKER_VOLUME_SOURCE),
            "v1.FlockerVolumeSource",
            Support::Refused,
            "A volume of Flocker.",
            "there is no driver for it on one machine",
        )
        .within("VolumeSource"),
        field(
            "gcePersistentDisk",
            Holds::Type(&GCE_PERSISTENT_DISK_VOLUME_SOURCE),
            "v1.GCEPersistentDiskVolumeSource",
            Support::Refused,
            "A disk of a cloud.",
            "there is no driver for it on one machine",
        )
        .within("VolumeSource"),
        field(
            "gitRepo",
            Holds::Type(&GIT_REPO_VOLUME_SOURCE),
            "v1.GitRepoVolumeSource",
            Support::Refused,
            "A clone of a repository.",
            "clone it in an init container into an emptyDir",
        )
        .within("VolumeSource"),
        field(
            "glusterfs",
            Holds::Type(&GLUSTERFS_VOLUME_SOURCE),
            "v1.GlusterfsVolumeSource",
            Support::Refused,
            "A GlusterFS.",
            "mount it on the machine and use a hostPath",
        )
        .within("VolumeSource"),
        field(
            "hostPath",
            Holds::Type(&HOST_PATH_VOLUME_SOURCE),
            "v1.HostPathVolumeSource",
            Support::Honoured,
            "A file or directory of the machine.",
            "",
        )
        .within("VolumeSource"),
        field(
            "image",
            Holds::Type(&IMAGE_VOLUME_SOURCE),
            "v1.ImageVolumeSource",
            Support::Honoured,
            "The files of an image, to be read.",
            "",
        )
        .within("VolumeSource"),
        field(
            "iscsi",
            Holds::Type(&ISCSI_VOLUME_SOURCE),
            "v1.ISCSIVolumeSource",
            Support::Refused,
            "A disk over iSCSI.",
            "mount it on the machine and use a hostPath",
        )
        .within("VolumeSource"),
        field("name", Holds::Text, "string", Support::Honoured, "Its name, unique in the pod.", "").required(),
        field(
            "nfs",
            Holds::Type(&NFS_VOLUME_SOURCE),
            "v1.NFSVolumeSource",
            Support::Refused,
            "A directory of an NFS server.",
            "mount it on the machine and use a hostPath",
        )
        .within("VolumeSource"),
        field(
            "persistentVolumeClaim",
            Holds::Type(&PERSISTENT_VOLUME_CLAIM_VOLUME_SOURCE),
            "v1.PersistentVolumeClaimVolumeSource",
            Support::Honoured,
            "A claim of the namespace.",
            "",
        )
        .within("VolumeSource"),
        field(
            "photonPersistentDisk",
            Holds::Type(&PHOTON_PERSISTENT_DISK_VOLUME_SOURCE),
            "v1.PhotonPersistentDiskVolumeSource",
            Support::Refused,
            "A disk of a cloud.",
            "there is no driver for it on one machine",
        )
        .within("VolumeSource"),
        field(
            "portworxVolume",
            Holds::Type(&PORTWORX_VOLUME_SOURCE),
            "v1.PortworxVolumeSource",
            Support::Refused,
            "A volume of Portworx.",
            "there is no driver for it on one machine",
        )
        .within("VolumeSource"),
        field(
            "projected",
            Holds::Type(&PROJECTED_VOLUME_SOURCE),
            "v1.ProjectedVolumeSource",
            Support::Honoured,
            "Several sources in one directory.",
            "",
        )
        .within("VolumeSource"),
        field(
            "quobyte",
            Holds::Type(&QUOBYTE_VOLUME_SOURCE),
            "v1.QuobyteVolumeSource",
            Support::Refused,
            "A volume of Quobyte.",
            "there is no driver for it on one machine",
        )
        .within("VolumeSource"),
        field(
            "rbd",
            Holds::Type(&RBD_VOLUME_SOURCE),
            "v1.RBDVolumeSource",
            Support::Refused,
            "A block device of Ceph.",
            "mount it on the machine and use a hostPath",
        )
        .within("VolumeSource"),
        field(
            "scaleIO",
            Holds::Type(&SCALE_IO_VOLUME_SOURCE),
            "v1.ScaleIOVolumeSource",
            Support::Refused,
            "A volume of ScaleIO.",
            "there is no driver for it on one machine",
        )
        .within("VolumeSource"),
        field(
            "secret",
            Holds::Type(&SECRET_VOLUME_SOURCE),
            "v1.SecretVolumeSource",
            Support::Honoured,
            "A secret's keys as files.",
            "",
        )
        .within("VolumeSource"),
        field(
            "storageos",
            Holds::Type(&STORAGE_OS_VOLUME_SOURCE),
            "v1.StorageOSVolumeSource",
            Support::Refused,
            "A volume of StorageOS.",
            "there is no driver for it on one machine",
        )
        .within("VolumeSource"),
        field(
            "vsphereVolume",
            Holds::Type(&VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE),
            "v1.VsphereVirtualDiskVolumeSource",
            Support::Refused,
            "A disk of vSphere.",
            "there is no driver for it on one machine",
        )
        .within("VolumeSource"),
    ],
};

static VOLUME_DEVICE: Type = Type {
    name: "VolumeDevice",
    help: "A block device.",
    fields: &[
        field("devicePath", Holds::Text, "string", Support::Refused, "", "").required(),
        field("name", Holds::Text, "string", Support::Refused, "", "").required(),
    ],
};

static VOLUME_MOUNT: Type = Type {
    name: "VolumeMount",
    help: "Where a volume is mounted.",
    fields: &[
        field("mountPath", Holds::Text, "string", Support::Honoured, "The path in the container.", "").required(),
        field(
            "mountPropagation",
            Holds::Text,
            "v1.MountPropagationMode",
            Support::Honoured,
            "Whether mounts made later are seen on the other side: None, HostToContainer, Bidirectional.",
            "",
        ),
        field("name", Holds::Text, "string", Support::Honoured, "The volume.", "").required(),
        field("readOnly", Holds::Bool, "bool", Support::Honoured, "Whether it can only be read.", ""),
        field(
            "recursiveReadOnly",
            Holds::Text,
            "v1.RecursiveReadOnlyMode",
            Support::Honoured,
            "Whether mounts below it can only be read, too: Disabled, IfPossible, Enabled.",
            "",
        ),
        field(
            "subPath",
            Holds::Text,
            "string",
            Support::Honoured,
            "A path in the volume that is mounted instead of all of it.",
            "",
        ),
        field(
            "subPathExpr",
            Holds::Text,
            "string",
            Support::Honoured,
            "The same with $(NAME) replaced by environment variables.",
            "",
        ),
    ],
};

static VOLUME_MOUNT_STATUS: Type = Type {
    name: "VolumeMountStatus",
    help: "How a volume is mounted.",
    fields: &[
        field("mountPath", Holds::Text, "string", Support::Told, "", "").required(),
        field("name", Holds::Text, "string", Support::Told, "", "").required(),
        field("readOnly", Holds::Bool, "bool", Support::Told, "", ""),
        field("recursiveReadOnly", Holds::Text, "v1.RecursiveReadOnlyMode", Support::Told, "", ""),
        field("volumeStatus", Holds::Type(&VOLUME_STATUS), "v1.VolumeStatus", Support::Told, "", ""),
    ],
};

static VOLUME_PROJECTION: Type = Type {
    name: "VolumeProjection",
    help: "A source of a projected volume; exactly one.",
    fields: &[
        field(
            "clusterTrustBundle",
            Holds::Type(&CLUSTER_TRUST_BUNDLE_PROJECTION),
            "v1.ClusterTrustBundleProjection",
            Support::Refused,
            "Certificates that the cluster trusts.",
            "there is no cluster",
        ),
        field(
            "configMap",
            Holds::Type(&CONFIG_MAP_PROJECTION),
            "v1.ConfigMapProjection",
            Support::Honoured,
            "A config map's keys.",
            "",
        ),
        field(
            "downwardAPI",
            Holds::Type(&DOWNWARD_API_PROJECTION),
            "v1.DownwardAPIProjection",
            Support::Honoured,
            "Fields of the pod.",
            "",
        ),
        field(
            "podCertificate",
            Holds::Type(&POD_CERTIFICATE_PROJECTION),
            "v1.PodCertificateProjection",
            Support::Refused,
            "A certificate for the pod.",
            "there is nobody to sign one",
        ),
        field(
            "secret",
            Holds::Type(&SECRET_PROJECTION),
            "v1.SecretProjection",
            Support::Honoured,
            "A secret's keys.",
            "",
        ),
        field(
            "serviceAccountToken",
            Holds::Type(&SERVICE_ACCOUNT_TOKEN_PROJECTION),
            "v1.ServiceAccountTokenProjection",
            Support::Honoured,
            "A token of the pod's service account, signed with a key of this machine.",
            "",
        ),
    ],
};

static VOLUME_RESOURCE_REQUIREMENTS: Type = Type {
    name: "VolumeResourceRequirements",
    help: "How large a volume is to be.",
    fields: &[
        field("limits", Holds::Map(&Holds::Quantity), "v1.ResourceList", Support::Noted, "", ""),
        field("requests", Holds::Map(&Holds::Quantity), "v1.ResourceList", Support::Noted, "", ""),
    ],
};

static VOLUME_STATUS: Type = Type {
    name: "VolumeStatus",
    help: "What is known of a mounted volume.",
    fields: &[field("image", Holds::Type(&IMAGE_VOLUME_STATUS), "v1.ImageVolumeStatus", Support::Told, "", "")],
};

static VSPHERE_VIRTUAL_DISK_VOLUME_SOURCE: Type = Type {
    name: "VsphereVirtualDiskVolumeSource",
    help: "A disk of vSphere.",
    fields: &[
        field("fsType", Holds::Text, "string", Support::Refused, "", ""),
        field("storagePolicyID", Holds::Text, "string", Support::Refused, "", ""),
        field("storagePolicyName", Holds::Text, "string", Support::Refused, "", ""),
        field("volumePath", Holds::Text, "string", Support::Refused, "", "").required(),
    ],
};

static WEIGHTED_POD_AFFINITY_TERM: Type = Type {
    name: "WeightedPodAffinityTerm",
    help: "A neighbour with its weight.",
    fields: &[
        field("podAffinityTerm", Holds::Type(&POD_AFFINITY_TERM), "v1.PodAffinityTerm", Support::Noted, "", "")
            .required(),
        field("weight", Holds::Int32, "int32", Support::Noted, "", "").required(),
    ],
};

static WINDOWS_SECURITY_CONTEXT_OPTIONS: Type = Type {
    name: "WindowsSecurityContextOptions",
    help: "What Windows needs.",
    fields: &[
        field("gmsaCredentialSpec", Holds::Text, "string", Support::Refused, "", ""),
        field("gmsaCredentialSpecName", Holds::Text, "string", Support::Refused, "", ""),
        field("hostProcess", Holds::Bool, "bool", Support::Refused, "", ""),
        field("runAsUserName", Holds::Text, "string", Support::Refused, "", ""),
    ],
};
