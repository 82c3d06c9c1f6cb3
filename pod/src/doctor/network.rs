//! What others make networks of, and pods here do without: told, for who wants to know why something is not used.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::Finding;

const UNUSED: &str = "pods do without";
/// Where the plugins of CNI are, unless the environment says so.
const PLUGINS: [&str; 3] = ["/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni"];
const CONFIGURATION: &str = "/etc/cni/net.d";

pub(super) fn look() -> [Finding; 4] {
    [program("pasta"), tun(), cni(), program("nft")]
}

fn program(name: &'static str) -> Finding {
    let path = env::var_os("PATH").unwrap_or_default();
    match env::split_paths(&path).map(|directory| directory.join(name)).find(|path| path.is_file()) {
        Some(found) => Finding::ok(name, format!("{}; {UNUSED}", found.display())),
        None => Finding::without(name, format!("not in PATH; {UNUSED}"), None),
    }
}

fn tun() -> Finding {
    const DEVICE: &str = "/dev/net/tun";
    match File::options().read(true).write(true).open(DEVICE) {
        Ok(_) => Finding::ok(DEVICE, format!("can be opened; {UNUSED}")),
        Err(error) => Finding::without(DEVICE, format!("cannot open it: {error}; {UNUSED}"), None),
    }
}

fn cni() -> Finding {
    const WHAT: &str = "CNI";
    let named = env::var_os("CNI_PATH").unwrap_or_default();
    let directories = env::split_paths(&named).chain(PLUGINS.iter().map(PathBuf::from));
    let plugins = directories.into_iter().find(|directory| holds_something(directory));
    let Some(plugins) = plugins else {
        return Finding::without(WHAT, format!("no plugins in {}; {UNUSED}", PLUGINS.join(", ")), None);
    };
    let configured = if holds_something(Path::new(CONFIGURATION)) { "configured" } else { "not configured" };
    Finding::ok(WHAT, format!("plugins in {}, {configured} in {CONFIGURATION}; {UNUSED}", plugins.display()))
}

fn holds_something(directory: &Path) -> bool {
    fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some())
}
