//! The kinds that make pods.

use super::{Found, Path, Trouble, config, meta, names, pod, shown};
use crate::kind::{
    CronJob, DaemonSet, Deployment, Job, JobSpec, PodTemplateSpec, ReplicaSet, StatefulSet, StatefulSetSpec, Volume,
};
use crate::value::IntOrString;

/// The template of pods that run for ever.
fn template(template: Option<&PodTemplateSpec>, path: &Path, found: &mut Found) {
    let path = path.child("template");
    let Some(of) = template else { return found.required(&path, "") };
    meta::template(&of.metadata, &path.child("metadata"), found);
    let at = path.child("spec");
    let Some(spec) = &of.spec else { return found.required(&at.child("containers"), "") };
    pod::spec(spec, &at, found);
    let policy = spec.restart_policy.as_deref().unwrap_or_default();
    if policy != "Always" && matches!(policy, "OnFailure" | "Never") {
        found.add(&at.child("restartPolicy"), Trouble::Unsupported(policy.into(), vec!["Always"]));
    }
    if spec.active_deadline_seconds.is_some() {
        found.forbidden(&at.child("activeDeadlineSeconds"), "activeDeadlineSeconds in ReplicaSet is not Supported");
    }
}

fn labels_of(template: Option<&PodTemplateSpec>) -> std::collections::BTreeMap<String, String> {
    template.map(|template| template.metadata.labels.clone()).unwrap_or_default()
}

pub(super) fn deployment(object: &Deployment, found: &mut Found) {
    meta::metadata(&object.metadata, names::subdomain, true, found);
    let path = Path::new("spec");
    let Some(spec) = &object.spec else { return found.required(&path.child("selector"), "") };
    found.not_negative(&path.child("replicas"), spec.replicas);
    meta::selects(spec.selector.as_ref(), &labels_of(spec.template.as_ref()), &path, found);
    template(spec.template.as_ref(), &path, found);
    if let Some(strategy) = &spec.strategy {
        let path = path.child("strategy");
        match strategy.r#type.as_deref().unwrap_or_default() {
            "Recreate" if strategy.rolling_update.is_some() => {
                found
                    .forbidden(&path.child("rollingUpdate"), "may not be specified when strategy `type` is 'Recreate'");
            }
            "RollingUpdate" => {
                let path = path.child("rollingUpdate");
                let both =
                    strategy.rolling_update.as_ref().map(|rolling| (&rolling.max_unavailable, &rolling.max_surge));
                let (unavailable, surge) = both.unwrap_or((&None, &None));
                amount(unavailable.as_ref(), true, &path.child("maxUnavailable"), found);
                amount(surge.as_ref(), false, &path.child("maxSurge"), found);
                if nothing(unavailable.as_ref()) && nothing(surge.as_ref()) {
                    let value = shown(&IntOrString::Int(0));
                    found.value(&path.child("maxUnavailable"), value, "may not be 0 when `maxSurge` is 0");
                }
            }
            kind => found.one_of(&path.child("type"), kind, &["Recreate", "RollingUpdate"]),
        }
    }
    found.not_negative(&path.child("minReadySeconds"), spec.min_ready_seconds);
    found.not_negative(&path.child("revisionHistoryLimit"), spec.revision_history_limit);
    if let Some(seconds) = spec.progress_deadline_seconds {
        found.not_negative(&path.child("progressDeadlineSeconds"), Some(seconds));
        if seconds <= spec.min_ready_seconds.unwrap_or_default() {
            found.value(&path.child("progressDeadlineSeconds"), seconds, "must be greater than minReadySeconds");
        }
    }
}

fn nothing(amount: Option<&IntOrString>) -> bool {
    amount.is_none_or(|amount| *amount == IntOrString::Int(0) || amount.percent() == Some(0))
}

/// A number that is not negative, or a percentage.
fn amount(amount: Option<&IntOrString>, part: bool, path: &Path, found: &mut Found) {
    match amount {
        None => {}
        Some(IntOrString::Int(number)) => found.not_negative(path, Some(*number)),
        Some(IntOrString::String(text)) => match amount.and_then(IntOrString::percent) {
            None => {
                let detail = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
                found.value(path, text.as_str(), detail);
            }
            Some(percent) if part && percent > 100 => found.value(path, text.as_str(), "must not be greater than 100%"),
            Some(_) => {}
        },
    }
}

pub(super) fn replica_set(object: &ReplicaSet, found: &mut Found) {
    meta::metadata(&object.metadata, names::subdomain, true, found);
    let path = Path::new("spec");
    let Some(spec) = &object.spec else { return found.required(&path.child("selector"), "") };
    found.not_negative(&path.child("replicas"), spec.replicas);
    found.not_negative(&path.child("minReadySeconds"), spec.min_ready_seconds);
    meta::selects(spec.selector.as_ref(), &labels_of(spec.template.as_ref()), &path, found);
    template(spec.template.as_ref(), &path, found);
}

pub(super) fn daemon_set(object: &DaemonSet, found: &mut Found) {
    meta::metadata(&object.metadata, names::subdomain, true, found);
    let path = Path::new("spec");
    let Some(spec) = &object.spec else { return found.required(&path.child("selector"), "") };
    meta::selects(spec.selector.as_ref(), &labels_of(spec.template.as_ref()), &path, found);
    template(spec.template.as_ref(), &path, found);
    found.not_negative(&path.child("minReadySeconds"), spec.min_ready_seconds);
    if let Some(strategy) = &spec.update_strategy {
        let at = path.child("updateStrategy");
        found.one_of(&at.child("type"), strategy.r#type.as_deref().unwrap_or_default(), &["OnDelete", "RollingUpdate"]);
        if let Some(rolling) = &strategy.rolling_update {
            let at = at.child("rollingUpdate");
            amount(rolling.max_unavailable.as_ref(), true, &at.child("maxUnavailable"), found);
            amount(rolling.max_surge.as_ref(), true, &at.child("maxSurge"), found);
            match (nothing(rolling.max_unavailable.as_ref()), nothing(rolling.max_surge.as_ref())) {
                (true, true) => found.required(&at.child("maxUnavailable"), "cannot be 0 when maxSurge is 0"),
                (false, false) => {
                    found.value(
                        &at.child("maxSurge"),
                        shown(&rolling.max_surge),
                        "may not be set when maxUnavailable is non-zero",
                    );
                }
                _ => {}
            }
        }
    }
    found.not_negative(&path.child("revisionHistoryLimit"), spec.revision_history_limit);
}

pub(super) fn stateful_set(object: &StatefulSet, found: &mut Found) {
    meta::metadata(&object.metadata, names::subdomain, true, found);
    let path = Path::new("spec");
    let Some(spec) = &object.spec else { return found.required(&path.child("selector"), "") };
    found.required_one_of(
        &path.child("podManagementPolicy"),
        spec.pod_management_policy.as_deref(),
        &["OrderedReady", "Parallel"],
    );
    if let Some(strategy) = &spec.update_strategy {
        let at = path.child("updateStrategy");
        found.required_one_of(&at.child("type"), strategy.r#type.as_deref(), &["OnDelete", "RollingUpdate"]);
        if let Some(rolling) = &strategy.rolling_update {
            found.not_negative(&at.child("rollingUpdate").child("partition"), rolling.partition);
        }
    }
    found.not_negative(&path.child("replicas"), spec.replicas);
    found.not_negative(&path.child("minReadySeconds"), spec.min_ready_seconds);
    if let Some(ordinals) = &spec.ordinals {
        found.not_negative(&path.child("ordinals").child("start"), ordinals.start);
    }
    if let Some(name) = spec.service_name.as_deref().filter(|name| !name.is_empty()) {
        found.named(&path.child("serviceName"), name, names::subdomain(name));
    }
    meta::selects(spec.selector.as_ref(), &labels_of(spec.template.as_ref()), &path, found);
    template(spec.template.as_ref().map(|template| with_claims(template, spec)).as_ref(), &path, found);
    for (index, claim) in spec.volume_claim_templates.iter().enumerate() {
        config::claim_spec(claim.spec.as_ref(), &path.child("volumeClaimTemplates").index(index).child("spec"), found);
    }
}

/// The template with a volume for each claim, as its pods will have them.
fn with_claims(template: &PodTemplateSpec, set: &StatefulSetSpec) -> PodTemplateSpec {
    let mut template = template.clone();
    if let Some(pod) = &mut template.spec {
        for name in set.volume_claim_templates.iter().filter_map(|claim| claim.metadata.name.as_deref()) {
            if !pod.volumes.iter().any(|volume| volume.name == name) {
                let empty_dir = Some(Box::default());
                pod.volumes.push(Volume { name: name.to_owned(), empty_dir, ..Volume::default() });
            }
        }
    }
    template
}

pub(super) fn job(object: &Job, found: &mut Found) {
    meta::metadata(&object.metadata, names::subdomain, true, found);
    if let Some(name) = object.metadata.name.as_deref().filter(|name| name.len() > 63) {
        found.value(&Path::new("metadata").child("name"), name, "must be no more than 63 characters");
    }
    let path = Path::new("spec");
    match &object.spec {
        None => found.required(&path.child("template"), ""),
        Some(spec) => job_spec(spec, &path, found),
    }
}

fn job_spec(spec: &JobSpec, path: &Path, found: &mut Found) {
    let numbers = [
        ("parallelism", spec.parallelism),
        ("completions", spec.completions),
        ("backoffLimit", spec.backoff_limit),
        ("ttlSecondsAfterFinished", spec.ttl_seconds_after_finished),
        ("backoffLimitPerIndex", spec.backoff_limit_per_index),
        ("maxFailedIndexes", spec.max_failed_indexes),
    ];
    for (field, number) in numbers {
        found.not_negative(&path.child(field), number);
    }
    if let Some(seconds) = spec.active_deadline_seconds {
        found.not_negative(&path.child("activeDeadlineSeconds"), Some(seconds));
    }
    let mode = spec.completion_mode.as_deref().unwrap_or_default();
    if !mode.is_empty() {
        found.one_of(&path.child("completionMode"), mode, &["Indexed", "NonIndexed"]);
    }
    if mode == "Indexed" && spec.completions.is_none() {
        found.required(&path.child("completions"), "when completion mode is Indexed");
    }
    if spec.backoff_limit_per_index.is_some() && mode != "Indexed" {
        let limit = spec.backoff_limit_per_index.unwrap_or_default();
        found.value(&path.child("backoffLimitPerIndex"), limit, "requires indexed completion mode");
    }
    if let Some(policy) = &spec.pod_replacement_policy {
        found.one_of(&path.child("podReplacementPolicy"), policy, &["Failed", "TerminatingOrFailed"]);
    }
    let at = path.child("template");
    let Some(template) = &spec.template else { return found.required(&at, "") };
    meta::template(&template.metadata, &at.child("metadata"), found);
    let Some(pod) = &template.spec else { return found.required(&at.child("spec").child("containers"), "") };
    pod::spec(pod, &at.child("spec"), found);
    let restart = at.child("spec").child("restartPolicy");
    match pod.restart_policy.as_deref().unwrap_or_default() {
        "OnFailure" | "Never" => {}
        "" | "Always" => found.required(&restart, r#"valid values: "OnFailure", "Never""#),
        policy => found.one_of(&restart, policy, &["OnFailure", "Never"]),
    }
    let Some(policy) = &spec.pod_failure_policy else { return };
    if pod.restart_policy.as_deref() != Some("Never") {
        let detail = r#"only "Never" is supported when podFailurePolicy is specified"#;
        found.value(&restart, pod.restart_policy.as_deref().unwrap_or_default(), detail);
    }
    for (index, rule) in policy.rules.iter().enumerate() {
        let path = path.child("podFailurePolicy").child("rules").index(index);
        found.required_one_of(&path.child("action"), Some(&rule.action), &["Count", "FailIndex", "FailJob", "Ignore"]);
        match (&rule.on_exit_codes, rule.on_pod_conditions.is_empty()) {
            (Some(codes), true) => {
                found.required_one_of(
                    &path.child("onExitCodes").child("operator"),
                    Some(&codes.operator),
                    &["In", "NotIn"],
                );
                for (index, code) in
                    codes.values.iter().enumerate().filter(|(_, code)| **code == 0 && codes.operator == "In")
                {
                    found.value(
                        &path.child("onExitCodes").child("values").index(index),
                        *code,
                        "must not be 0 for the In operator",
                    );
                }
            }
            (None, false) => {}
            (None, true) => found.value(&path, "", "specifying one of OnExitCodes and OnPodConditions is required"),
            (Some(_), false) => {
                found.value(&path, "", "specifying both OnExitCodes and OnPodConditions is not supported")
            }
        }
    }
}

pub(super) fn cron_job(object: &CronJob, found: &mut Found) {
    meta::metadata(&object.metadata, names::subdomain, true, found);
    // What is put behind the name of each job has eleven letters.
    if let Some(name) = object.metadata.name.as_deref().filter(|name| name.len() > 52) {
        found.value(&Path::new("metadata").child("name"), name, "must be no more than 52 characters");
    }
    let path = Path::new("spec");
    let Some(spec) = &object.spec else { return found.required(&path.child("schedule"), "") };
    let at = path.child("schedule");
    if spec.schedule.is_empty() {
        found.required(&at, "");
    } else if spec.schedule.starts_with("TZ=") || spec.schedule.starts_with("CRON_TZ=") {
        found.value(&at, spec.schedule.as_str(), "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
    } else if let Err(trouble) = crate::cron::parse(&spec.schedule) {
        found.value(&at, spec.schedule.as_str(), trouble.to_string());
    }
    if spec.time_zone.as_deref().is_some_and(|zone| zone.is_empty() || zone.eq_ignore_ascii_case("local")) {
        found.value(
            &path.child("timeZone"),
            spec.time_zone.as_deref().unwrap_or_default(),
            "timeZone must be an IANA time zone",
        );
    }
    if let Some(seconds) = spec.starting_deadline_seconds {
        found.not_negative(&path.child("startingDeadlineSeconds"), Some(seconds));
    }
    found.required_one_of(
        &path.child("concurrencyPolicy"),
        spec.concurrency_policy.as_deref(),
        &["Allow", "Forbid", "Replace"],
    );
    for (field, number) in [
        ("successfulJobsHistoryLimit", spec.successful_jobs_history_limit),
        ("failedJobsHistoryLimit", spec.failed_jobs_history_limit),
    ] {
        found.not_negative(&path.child(field), number);
    }
    let at = path.child("jobTemplate").child("spec");
    match spec.job_template.as_ref().and_then(|template| template.spec.as_ref()) {
        None => found.required(&at.child("template"), ""),
        Some(spec) => job_spec(spec, &at, found),
    }
}
