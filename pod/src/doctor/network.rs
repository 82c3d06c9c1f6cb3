//! What networks of pods are made of: a bridge wants nft for its way out, and for who is not root pasta, which wants a
//! device; plugins want a configuration.

use std::env;
use std::fs::File;
use std::path::PathBuf;

use super::{Finding, cni};

pub(super) fn look() -> Vec<Finding> {
    let mut found =
        vec![program("pasta", "leads pods out for anybody: --network pasta, and bridge for who is not root"), tun()];
    found.extend(cni::look());
    found.push(program("nft", "lets packets of pods out: --network bridge"));
    found
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
