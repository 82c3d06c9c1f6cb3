//! Paths as the kernel takes them.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The text as the kernel takes it. No plan has one with a zero byte in it.
pub(super) fn c(text: &str) -> CString {
    CString::new(text).unwrap_or_default()
}

/// Likewise of a path.
pub(crate) fn c_path(path: &Path) -> CString {
    CString::new(path.as_os_str().as_bytes()).unwrap_or_default()
}

/// The deepest directory that all of these are in.
pub(super) fn shared<'a>(paths: impl Iterator<Item = &'a Path>) -> PathBuf {
    let parents = paths.map(|path| path.parent().unwrap_or(Path::new("/")).to_owned());
    let both = |one: PathBuf, other: PathBuf| -> PathBuf {
        one.components().zip(other.components()).take_while(|(one, other)| one == other).map(|(one, _)| one).collect()
    };
    parents.reduce(both).unwrap_or_else(|| "/".into())
}

/// What means something to overlayfs between its directories means itself.
pub(super) fn escaped(path: &Path) -> String {
    let mut text = String::new();
    for letter in path.to_string_lossy().chars() {
        if matches!(letter, '\\' | ':' | ',') {
            text.push('\\');
        }
        text.push(letter);
    }
    text
}

/// The file of a sysctl below /proc/sys: of the two ways of writing one, the one with slashes is its path.
pub(super) fn sysctl(name: &str) -> String {
    if name.contains('/') { name.to_owned() } else { name.replace('.', "/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_named_in_the_directory_that_they_share() {
        let of = |paths: &[&str]| shared(paths.iter().map(Path::new));
        assert_eq!(of(&["/a/b/1/fs", "/a/b/2/fs"]), Path::new("/a/b"));
        assert_eq!(of(&["/a/b/1"]), Path::new("/a/b"));
        assert_eq!(of(&["/a", "/b"]), Path::new("/"));
        assert_eq!(escaped(Path::new("a:b,c\\d")), "a\\:b\\,c\\\\d");
    }

    #[test]
    fn a_sysctl_with_slashes_may_have_dots_in_its_names() {
        assert_eq!(sysctl("net.ipv4.ip_forward"), "net/ipv4/ip_forward");
        assert_eq!(sysctl("net/ipv4/conf/eth0.1/rp_filter"), "net/ipv4/conf/eth0.1/rp_filter");
    }
}
