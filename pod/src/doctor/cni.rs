//! CNI: which networks are configured, which of their plugins are there, and whether pods' networks are as plugins have
//! made them.

use launch::Origin;
use network::cni::CniPlaces;
use registry::Registry;

use super::Finding;
use crate::connect;

const WHAT: &str = "CNI";
const USE: &str = "for --network cni:NAME";

/// What there is of it.
pub(super) fn look() -> Vec<Finding> {
    let places = CniPlaces::of_the_environment();
    let directories: Vec<String> = places.plugins.iter().map(|path| path.display().to_string()).collect();
    let (plugins, configurations) = (directories.join(", "), places.configurations.display());
    let configured = match places.networks() {
        Err(error) => Finding::unknown(WHAT, format!("{}; {USE}", launch::complain::line(&error))),
        Ok((networks, troubles)) => {
            let complaints = networks.iter().filter_map(|list| places.programs(list).err()).chain(troubles);
            let complaints: String = complaints.map(|it| format!("; {}", launch::complain::line(&it))).collect();
            let names: Vec<&str> = networks.iter().map(|list| list.name.as_str()).collect();
            if names.is_empty() {
                let found =
                    format!("no network is configured in {configurations}, plugins are looked for in {plugins}");
                Finding::without(WHAT, format!("{found}{complaints}; {USE}"), None)
            } else {
                Finding::ok(WHAT, format!("networks {} of {configurations}{complaints}; {USE}", names.join(", ")))
            }
        }
    };
    [configured].into_iter().chain(pods()).collect()
}

/// Asks the plugins of all pods that have such.
fn pods() -> Option<Finding> {
    const WHAT: &str = "CNI CHECK";
    let here = Origin::here().ok()?;
    let registry = Registry::of_this_user();
    let pods = registry.names().ok()?;
    let (mut well, mut troubles) = (Vec::new(), Vec::new());
    for name in pods {
        match connect::check(&registry.directory(&name), &here) {
            Ok(false) => {}
            Ok(true) => well.push(name.to_string()),
            Err(error) => troubles.push(format!("pod {name}: {}", launch::complain::line(&error))),
        }
    }
    match (well.is_empty(), troubles.is_empty()) {
        (true, true) => None,
        (_, true) => Some(Finding::ok(WHAT, format!("as plugins have made it, the network of {}", well.join(", ")))),
        (_, false) => Some(Finding::without(WHAT, troubles.join("; "), None)),
    }
}
