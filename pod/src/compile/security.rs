//! As whom a container runs, and with which rights.

use container::plan::{Capabilities, Memberships, Named, Seccomp, User};
use manifest::kind::{Container, Pod, PodSecurityContext, PodSpec, SeccompProfile, SecurityContext};

use super::facts::{Facts, ImageFacts};
use super::plan::PodPlan;
use super::pod::all_containers;
use super::reason::{Refusal, Rejection};

/// What both the pod and the container say, the container's word first.
pub(super) struct Context<'a> {
    pub(super) pod: PodSecurityContext,
    pub(super) own: SecurityContext,
    plan: &'a PodPlan,
    container: &'a Container,
}

impl<'a> Context<'a> {
    pub(super) fn of(pod: &Pod, plan: &'a PodPlan, container: &'a Container) -> Self {
        let of_pod = pod.spec.as_ref().and_then(|spec| spec.security_context.clone());
        let own = container.security_context.clone().unwrap_or_default();
        Self { pod: of_pod.unwrap_or_default(), own, plan, container }
    }

    pub(super) fn privileged(&self) -> bool {
        self.own.privileged == Some(true)
    }

    /// Who runs it: as the Pod says, else as the image says, else root.
    pub(super) fn user(&self, image: &ImageFacts) -> Result<User, Refusal> {
        let id = |id: i64| u32::try_from(id).map_err(|_| Refusal::create(format!("no user or group has the id {id}")));
        let said = self.own.run_as_user.or(self.pod.run_as_user);
        let mut user = match (said, &image.user) {
            (Some(said), _) => User { user: Named::Number(id(said)?), ..User::root() },
            (None, Some(text)) => text.parse().map_err(|error| Refusal::create(format!("{error}")))?,
            (None, None) => User::root(),
        };
        self.check_non_root(said, image)?;
        if self.pod.supplemental_groups_policy.as_deref() == Some("Strict") {
            user.memberships = Memberships::Given;
        }
        if let Some(group) = self.own.run_as_group.or(self.pod.run_as_group) {
            user.group = Some(Named::Number(id(group)?));
        }
        for group in self.pod.fs_group.iter().chain(&self.pod.supplemental_groups) {
            let group = Named::Number(id(*group)?);
            if !user.additional.contains(&group) {
                user.additional.push(group);
            }
        }
        Ok(user)
    }

    fn check_non_root(&self, said: Option<i64>, image: &ImageFacts) -> Result<(), Refusal> {
        if self.own.run_as_non_root.or(self.pod.run_as_non_root) != Some(true) {
            return Ok(());
        }
        let PodPlan { name, namespace, uid, .. } = self.plan;
        let who = format!("(pod: \"{name}_{namespace}({uid})\", container: {})", self.container.name);
        let text = image.user.as_deref().unwrap_or_default();
        let name = text.split(':').next().unwrap_or_default();
        let trouble = match (said, name.parse::<u32>()) {
            (Some(0), _) => format!("container's runAsUser breaks non-root policy {who}"),
            (Some(_), _) => return Ok(()),
            (None, Ok(0)) => format!("container has runAsNonRoot and image will run as root {who}"),
            (None, Ok(_)) => return Ok(()),
            (None, Err(_)) if name.is_empty() => {
                format!("container has runAsNonRoot and image will run as root {who}")
            }
            (None, Err(_)) => format!(
                "container has runAsNonRoot and image has non-numeric user ({name}), cannot verify user is non-root {who}"
            ),
        };
        Err(Refusal::config(trouble))
    }

    /// All, then none, then the single ones: in whatever order they were written.
    pub(super) fn capabilities(&self) -> Result<Capabilities, Refusal> {
        if self.privileged() {
            return Ok(Capabilities::all());
        }
        let said = self.own.capabilities.clone().unwrap_or_default();
        let is_all = |name: &String| name.eq_ignore_ascii_case("ALL");
        let set = |names: &[String]| -> Result<Capabilities, Refusal> {
            let single = names.iter().filter(|name| !is_all(name));
            single.map(|name| one(name)).try_fold(Capabilities::default(), |all, one| Ok(all.with(one?)))
        };
        let mut capabilities = Capabilities::usual();
        if said.add.iter().any(is_all) {
            capabilities = Capabilities::all();
        }
        if said.drop.iter().any(is_all) {
            capabilities = Capabilities::default();
        }
        Ok(capabilities.with(set(&said.add)?).without(set(&said.drop)?))
    }

    /// The system calls that it may make: the usual ones, where nothing is said.
    pub(super) fn seccomp(&self, facts: &Facts) -> Seccomp {
        let said: Option<&SeccompProfile> = self.own.seccomp_profile.as_ref().or(self.pod.seccomp_profile.as_ref());
        match said {
            _ if self.privileged() => Seccomp::Unconfined,
            Some(profile) if profile.r#type == "Unconfined" => Seccomp::Unconfined,
            Some(profile) if profile.r#type == "Localhost" => {
                Seccomp::Localhost(facts.node.seccomp.join(profile.localhost_profile.as_deref().unwrap_or_default()))
            }
            _ => Seccomp::RuntimeDefault,
        }
    }
}

/// Whether somebody has asked for a profile of AppArmor, which nothing here puts a process under.
pub(super) fn check_apparmor(spec: &PodSpec) -> Result<(), Rejection> {
    let of_pod = spec.security_context.iter().filter_map(|context| context.app_armor_profile.as_ref());
    let own = all_containers(spec).filter_map(|(container, _)| container.security_context.as_ref());
    let mut asked = of_pod.chain(own.filter_map(|context| context.app_armor_profile.as_ref()));
    match asked.find(|profile| profile.r#type != "Unconfined") {
        None => Ok(()),
        Some(profile) => {
            let message =
                format!("Cannot enforce AppArmor: no profile is enforced here, and {} is asked for", profile.r#type);
            Err(Rejection::new("AppArmor", message))
        }
    }
}

fn one(name: &str) -> Result<Capabilities, Refusal> {
    let set = launch::capabilities(name).map_err(|error| Refusal::create(error.to_string()))?;
    Ok(set.into_iter().collect())
}
