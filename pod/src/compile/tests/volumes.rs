//! Volumes, where they are mounted, and what is in them.

use super::*;

#[test]
fn mounts_are_volumes_with_their_paths_filled_in() {
    let mounts = "volumeMounts:\n- {name: v, mountPath: /a/b/c, readOnly: true, recursiveReadOnly: IfPossible}\n- {name: v, mountPath: a, subPathExpr: 'x/$(POD)'}\n- {name: v, mountPath: /s, subPath: s}";
    let pod = |env: &str| {
        let mounts: String = mounts.lines().map(|line| format!("  {line}\n")).collect();
        web(&format!(
            "containers:\n- name: main\n  image: i:1\n  env: [{env}]\n{mounts}volumes: [{{name: v, emptyDir: {{}}}}]"
        ))
    };
    let start = started(&pod("{name: POD, value: p}"), &facts()).expect("a start");
    let found: Vec<_> =
        start.mounts.iter().map(|it| (it.at.to_str().expect("text"), it.sub_path.as_deref(), it.read_only)).collect();
    assert_eq!(found, [("/a", Some("x/p"), false), ("/s", Some("s"), false), ("/a/b/c", None, true)]);
    assert_eq!(start.mounts[2].recursive, Recursive::IfPossible);
    assert_eq!(refused(&pod("")), "CreateContainerConfigError: missing value for POD");
    let out = "CreateContainerConfigError: failed to prepare subPath for volumeMount \"v\" of container \"main\"";
    assert_eq!(refused(&pod("{name: POD, value: '../..'}")), out);
}

#[test]
fn volumes_are_what_they_are_made_of() {
    let source = |text: &str| {
        let pod = web(&format!("containers: [{{name: main, image: 'i:1'}}]\nvolumes: [{{name: v, {text}}}]"));
        planned(&pod).volumes.remove(0).source
    };
    assert_eq!(source("emptyDir: {}"), VolumeSource::EmptyDir { medium: Medium::Disk, size_limit: None });
    assert_eq!(
        source("emptyDir: {medium: Memory, sizeLimit: 1Mi}"),
        VolumeSource::EmptyDir { medium: Medium::Memory, size_limit: Some(1 << 20) }
    );
    let path = "/x".to_owned();
    assert_eq!(source("hostPath: {path: /x}"), VolumeSource::HostPath { path: path.clone(), kind: HostPathKind::Any });
    assert_eq!(
        source("hostPath: {path: /x, type: Socket}"),
        VolumeSource::HostPath { path, kind: HostPathKind::Socket }
    );
    assert_eq!(
        source("persistentVolumeClaim: {claimName: c, readOnly: true}"),
        VolumeSource::Claim { claim: "c".to_owned(), read_only: true, ephemeral: false }
    );
    let VolumeSource::Files { in_memory, default_mode, .. } = source("secret: {secretName: s, defaultMode: 0400}")
    else {
        panic!("files")
    };
    assert_eq!((in_memory, default_mode), (true, 0o400));
}

#[test]
fn files_of_volumes_are_what_objects_say() {
    let files = |volume: &str| {
        let pod = web(&format!("containers: [{{name: main, image: 'i:1'}}]\nvolumes: [{{name: v, {volume}}}]"));
        let VolumeSource::Files { default_mode, from, .. } = planned(&pod).volumes.remove(0).source else {
            panic!("files")
        };
        let files = payload(&from, default_mode, &pod, &facts())?;
        let told = |file: File| match file.content {
            Content::Bytes(bytes) => (file.path, file.mode, String::from_utf8(bytes).expect("text")),
            Content::Token { expiration, .. } => (file.path, file.mode, format!("token {expiration}")),
        };
        Ok::<_, String>(files.into_iter().map(told).collect::<Vec<_>>())
    };
    let file = |path: &str, mode, text: &str| (path.to_owned(), mode, text.to_owned());
    let all = files("configMap: {name: cm}").expect("files");
    assert_eq!(all, [file("a", 0o644, "1"), file("b", 0o644, "x$(Z)"), file("c", 0o644, "\0\u{1}\u{2}")]);
    let some =
        files("configMap: {name: cm, defaultMode: 0600, items: [{key: a, path: d/x}, {key: b, path: q, mode: 0444}]}");
    assert_eq!(some.expect("files"), [file("d/x", 0o600, "1"), file("q", 0o444, "x$(Z)")]);
    let projected = "projected: {sources: [{configMap: {name: cm, items: [{key: a, path: k}]}}, {secret: {name: s}}, {serviceAccountToken: {path: token, expirationSeconds: 700}}, {downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}}]}";
    let expected = [
        file("k", 0o644, "secret"),
        file("labels", 0o644, "app=\"web\"\ntier=\"front\""),
        file("token", 0o644, "token 700"),
    ];
    assert_eq!(files(projected).expect("files"), expected, "later ones win");
    let down = "downwardAPI: {items: [{path: note, fieldRef: {fieldPath: metadata.annotations}}, {path: c, resourceFieldRef: {containerName: main, resource: limits.cpu}}]}";
    assert_eq!(files(down).expect("files"), [file("c", 0o644, "4"), file("note", 0o644, "note=\"a \\\"b\\\"\"")]);
    for (volume, trouble) in [
        ("configMap: {name: nosuch}", "configmap \"nosuch\" not found"),
        ("configMap: {name: cm, items: [{key: z, path: z}]}", "configmap references non-existent config key: z"),
        ("secret: {secretName: nosuch}", "secret \"nosuch\" not found"),
        ("secret: {secretName: s, items: [{key: z, path: z}]}", "references non-existent secret key: z"),
        (
            "projected: {sources: [{configMap: {name: nosuch}}, {secret: {name: nosuch}}]}",
            "[configmap \"nosuch\" not found, secret \"nosuch\" not found]",
        ),
    ] {
        assert_eq!(files(volume).expect_err(volume), trouble);
    }
    for volume in ["{name: nosuch, optional: true}", "{name: cm, optional: true, items: [{key: z, path: z}]}"] {
        assert!(files(&format!("configMap: {volume}")).expect("nothing").is_empty());
    }
}
