//! What networks of pods are made of: a bridge wants nft for its way out, pasta a device, plugins a configuration.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::Finding;

/// Where the plugins of CNI are, unless the environment says so.
const PLUGINS: [&str; 3] = ["/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni"];
const CONFIGURATION: &str = "/etc/cni/net.d";

pub(super) fn look() -> [Finding; 4] {
    [
        program("pasta", "leads pods out for anybody: --network pasta"),
        tun(),
        cni(),
        program("nft", "lets packets of pods out: --network bridge"),
    ]
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

fn cni() -> Finding {
    const WHAT: &str = "CNI";
    let named = env::var_os("CNI_PATH").unwrap_or_default();
    let directories = env::split_paths(&named).chain(PLUGINS.iter().map(PathBuf::from));
    let plugins = directories.into_iter().find(|directory| holds_something(directory));
    let Some(plugins) = plugins else {
        return Finding::without(WHAT, format!("no plugins in {}; for --network cni:NAME", PLUGINS.join(", ")), None);
    };
    let configured = if holds_something(Path::new(CONFIGURATION)) { "configured" } else { "not configured" };
    Finding::ok(
        WHAT,
        format!("plugins in {}, {configured} in {CONFIGURATION}; for --network cni:NAME", plugins.display()),
    )
}

fn holds_something(directory: &Path) -> bool {
    fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some())
}
