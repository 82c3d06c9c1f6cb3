//! What networks of pods are made of: a bridge wants nft for its way out, and for who is not root pasta, which wants a
//! device; plugins want a configuration. And what there is of networks that nobody uses any more.

use std::env;
use std::fs::File;
use std::path::PathBuf;

use network::{Netlink, NetworkDirectory, nft};
use registry::Registry;

use super::look::words;
use super::{Finding, cni};
use crate::connect;

pub(super) fn look() -> Vec<Finding> {
    let mut found =
        vec![program("pasta", "leads pods out for anybody: --network pasta, and bridge for who is not root"), tun()];
    found.extend(cni::look());
    found.push(program("nft", "lets packets of pods out: --network bridge"));
    found.extend(there());
    found
}

/// The networks that there are, and what is left of others.
fn there() -> Vec<Finding> {
    const WHAT: &str = "networks";
    let registry = Registry::of_this_user();
    let root = registry.root();
    let mut bridges = Vec::new();
    let mut names = Vec::new();
    let found = match (NetworkDirectory::all(root), connect::unused(root)) {
        (Err(error), _) => Finding::unknown(WHAT, words(&error)),
        (_, Err(error)) => Finding::unknown(WHAT, words(&error)),
        (Ok(all), Ok(unused)) => {
            for directory in &all {
                names.extend(directory.path().file_name().map(|name| name.to_string_lossy().into_owned()));
                bridges.extend(directory.record().ok().flatten().map(|record| record.bridge));
            }
            names.sort();
            if unused.is_empty() {
                let found = if names.is_empty() { "none is in use".to_owned() } else { names.join(", ") };
                Finding::ok(WHAT, found)
            } else {
                let told: Vec<String> = unused.iter().map(connect::Unused::to_string).collect();
                Finding::without(WHAT, format!("left behind: {}", told.join("; ")), Some("pod prune".to_owned()))
            }
        }
    };
    [found].into_iter().chain(strangers(&bridges)).collect()
}

/// Bridges that are called as ours are, and are of no network in this state directory: of another's, who may be in use.
fn strangers(ours: &[String]) -> Option<Finding> {
    let links = Netlink::open().and_then(|network| network.links()).ok()?;
    let strange: Vec<String> = links
        .into_iter()
        .map(|link| link.name)
        .filter(|name| name.starts_with(nft::BRIDGES) && !ours.contains(name))
        .collect();
    let first = strange.first()?;
    let table = nft::table(first);
    let mend = format!(
        "if no other state directory has it: ip link delete {first}; nft delete table inet {table}; \
         nft delete table bridge {table}"
    );
    let found = format!("{}: of no network in this state directory", strange.join(", "));
    Some(Finding { mend: Some(mend), ..Finding::unknown("bridges", found) })
}

fn program(name: &'static str, what: &str) -> Finding {
    let path = env::var_os("PATH").unwrap_or_default();
    // Who is no administrator need not have all in their PATH.
    let directories = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    match directories.map(|directory| directory.join(name)).find(|path| path.is_file()) {
        Some(found) => Finding::ok(name, format!("{}; {what}", found.display())),
        None => Finding::without(name, format!("not in PATH; {what}"), None),
    }
}

fn tun() -> Finding {
    const DEVICE: &str = "/dev/net/tun";
    match File::options().read(true).write(true).open(DEVICE) {
        Ok(_) => Finding::ok(DEVICE, "can be opened; pasta needs it".to_owned()),
        Err(error) => Finding::without(DEVICE, format!("cannot open it: {error}; pasta needs it"), None),
    }
}
