//! Which extended attributes of a layer's members are theirs to say.

/// Attributes: names and values.
pub(super) type Attributes = Vec<(Vec<u8>, Vec<u8>)>;

/// Whether a member may have this attribute. What an overlay reads is ours to write, and a label is
/// this machine's.
pub(super) fn may_be_set(name: &[u8]) -> bool {
    let refused: [&[u8]; 2] = [b"trusted.overlay.", b"user.overlay."];
    name != b"security.selinux" && !refused.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlays_and_labels_are_ours() {
        for (name, may) in [
            ("user.mime", true),
            ("security.capability", true),
            ("security.ima", true),
            ("security.selinux", false),
            ("trusted.overlay.opaque", false),
            ("trusted.overlay.redirect", false),
            ("user.overlay.whiteout", false),
            ("trusted.overlayx", true),
        ] {
            assert_eq!(may_be_set(name.as_bytes()), may, "{name}");
        }
    }
}
