//! `set env`, `set resources` and `set serviceaccount`: the containers of an object changed alike.

use std::collections::{BTreeMap, BTreeSet};

use super::EditError;
use crate::kind::{Container, EnvVar, EnvVarSource, Object, PodSpec, ResourceRequirements};
use crate::value::Quantity;

/// Which containers: a name, or part of one with `*` for the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Containers(String);

impl Containers {
    /// Those whose names are like this.
    #[must_use]
    pub fn like(pattern: &str) -> Self {
        Self(pattern.to_owned())
    }

    /// Whether one of this name is among them.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or_default()) else { return false };
        let mut parts: Vec<&str> = parts.collect();
        let Some(last) = parts.pop() else { return rest.is_empty() };
        for part in parts {
            let Some(at) = rest.find(part) else { return false };
            rest = &rest[at + part.len()..];
        }
        rest.ends_with(last)
    }

    fn of<'a>(&'a self, spec: &'a mut PodSpec) -> impl Iterator<Item = &'a mut Container> {
        spec.containers.iter_mut().chain(&mut spec.init_containers).filter(|container| self.has(&container.name))
    }
}

/// Variables that are to have these values, and others that are not to be there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Variables {
    /// The first of a name counts.
    pub set: Vec<EnvVar>,
    /// The names of the others.
    pub removed: Vec<String>,
}

impl Variables {
    /// Changes the environments of containers, and says whether there are such containers.
    ///
    /// # Errors
    /// A variable that has another value, unless it may be overwritten.
    pub fn change(&self, spec: &mut PodSpec, of: &Containers, overwrite: bool) -> Result<bool, EditError> {
        let mut found = false;
        for container in of.of(spec) {
            found = true;
            if !overwrite {
                self.keep(&container.env)?;
            }
            container.env = self.become_of(std::mem::take(&mut container.env));
        }
        Ok(found)
    }

    fn keep(&self, env: &[EnvVar]) -> Result<(), EditError> {
        for wanted in &self.set {
            let there = env.iter().find(|there| there.name == wanted.name && there.value != wanted.value);
            if let Some(there) = there {
                let value = there.value.clone().unwrap_or_default();
                return Err(EditError::Taken(there.name.clone(), value));
            }
        }
        Ok(())
    }

    fn become_of(&self, env: Vec<EnvVar>) -> Vec<EnvVar> {
        let mut covered: BTreeSet<String> = self.removed.iter().cloned().collect();
        let mut after = Vec::with_capacity(env.len() + self.set.len());
        for there in env.into_iter().filter(|there| !self.removed.contains(&there.name)) {
            let wanted = self.set.iter().find(|wanted| wanted.name == there.name);
            match wanted {
                Some(wanted) if covered.insert(there.name.clone()) => after.push(wanted.clone()),
                Some(_) => {}
                None => after.push(there),
            }
        }
        for wanted in &self.set {
            if covered.insert(wanted.name.clone()) {
                after.push(wanted.clone());
            }
        }
        after
    }
}

/// Where a variable's value comes from, in kubectl's words.
#[must_use]
pub fn source(from: &EnvVarSource) -> String {
    let name = |name: &Option<String>| name.clone().unwrap_or_default();
    if let Some(of) = &from.config_map_key_ref {
        return format!("configmap {}, key {}", name(&of.name), of.key);
    }
    if let Some(of) = &from.secret_key_ref {
        return format!("secret {}, key {}", name(&of.name), of.key);
    }
    if let Some(of) = &from.field_ref {
        return format!("field path {}", of.field_path);
    }
    if let Some(of) = &from.resource_field_ref {
        let container = of.container_name.as_ref().map(|name| format!("{name}/")).unwrap_or_default();
        return format!("resource field {container}{}", of.resource);
    }
    "invalid valueFrom".to_owned()
}

/// What containers may use and are promised.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Amounts {
    /// The most that may be used.
    pub limits: BTreeMap<String, Quantity>,
    /// What is promised.
    pub requests: BTreeMap<String, Quantity>,
}

impl Amounts {
    /// Changes what containers may use, and says whether there are such containers.
    pub fn change(&self, spec: &mut PodSpec, of: &Containers) -> bool {
        let mut found = false;
        for container in of.of(spec) {
            found = true;
            let resources = container.resources.get_or_insert_with(ResourceRequirements::default);
            let own = |amounts: &BTreeMap<String, Quantity>| amounts.clone().into_iter().collect::<Vec<_>>();
            resources.limits.extend(own(&self.limits));
            resources.requests.extend(own(&self.requests));
        }
        found
    }
}

/// The pods that it makes, or the pod that it is, to be given something: one that says nothing of itself has a spec then.
pub fn spec_of(object: &mut Object) -> Option<&mut PodSpec> {
    match object {
        Object::Pod(pod) => Some(pod.spec.get_or_insert_default()),
        object => object.pod_spec_mut(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> PodSpec {
        let container = |name: &str, env: &[(&str, &str)]| Container {
            name: name.to_owned(),
            env: env.iter().map(|(name, value)| variable(name, value)).collect(),
            ..Container::default()
        };
        PodSpec {
            containers: vec![container("web", &[("A", "1"), ("B", "2")]), container("side", &[])],
            init_containers: vec![container("first", &[("B", "2")])],
            ..PodSpec::default()
        }
    }

    fn variable(name: &str, value: &str) -> EnvVar {
        EnvVar { name: name.to_owned(), value: Some(value.to_owned()), value_from: None }
    }

    fn shown(spec: &PodSpec) -> Vec<String> {
        let of = |container: &Container| {
            let env =
                container.env.iter().map(|it| format!(" {}={}", it.name, it.value.as_deref().unwrap_or_default()));
            format!("{}{}", container.name, env.collect::<String>())
        };
        spec.containers.iter().chain(&spec.init_containers).map(of).collect()
    }

    #[test]
    fn containers_are_meant_by_name_or_by_part_of_it() {
        for (pattern, yes, no) in [
            ("*", &["a", ""][..], &[][..]),
            ("web", &["web"], &["web2", "we"]),
            ("w*", &["web", "w"], &["aw", ""]),
            ("*b", &["web", "b"], &["ba"]),
            ("a*b*c", &["abc", "axbxc", "abbc"], &["acb", "ab", "xabc"]),
            ("a*a", &["aa", "aba"], &["a"]),
        ] {
            let of = Containers::like(pattern);
            assert!(yes.iter().all(|name| of.has(name)) && !no.iter().any(|name| of.has(name)), "{pattern}");
        }
    }

    #[test]
    fn variables_are_changed_where_they_stand_and_added_at_the_end() {
        let change = Variables {
            set: vec![variable("C", "3"), variable("A", "9"), variable("A", "lost")],
            removed: vec!["B".to_owned()],
        };
        let mut of = spec();
        assert_eq!(change.change(&mut of, &Containers::like("*"), true), Ok(true));
        assert_eq!(shown(&of), ["web A=9 C=3", "side C=3 A=9", "first C=3 A=9"]);
        let mut of = spec();
        assert_eq!(change.change(&mut of, &Containers::like("f*"), true), Ok(true));
        assert_eq!(shown(&of), ["web A=1 B=2", "side", "first C=3 A=9"]);
        assert_eq!(change.change(&mut of, &Containers::like("nosuch"), true), Ok(false));
        let taken = EditError::Taken("A".to_owned(), "1".to_owned());
        assert_eq!(change.change(&mut of, &Containers::like("web"), false), Err(taken));
    }

    #[test]
    fn amounts_are_put_beside_those_that_are_there() {
        let amounts = |of: &[(&str, &str)]| {
            of.iter().map(|(name, amount)| ((*name).to_owned(), amount.parse().expect("an amount"))).collect()
        };
        let change = Amounts { limits: amounts(&[("cpu", "1")]), requests: amounts(&[]) };
        let mut of = spec();
        of.containers[0].resources =
            Some(ResourceRequirements { limits: amounts(&[("cpu", "2"), ("memory", "1Gi")]), ..Default::default() });
        assert!(change.change(&mut of, &Containers::like("web")));
        let limits = of.containers[0].resources.as_ref().map(|resources| resources.limits.clone());
        assert_eq!(limits, Some(amounts(&[("cpu", "1"), ("memory", "1Gi")])));
        assert_eq!(of.containers[1].resources, None);
        assert!(!change.change(&mut of, &Containers::like("nosuch")));
    }
}
