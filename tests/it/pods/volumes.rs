//! What is in the volumes of a pod, and what becomes of it.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};

use serde_json::{Value, json};

use super::{becomes, container, gone, image, line, pod, put, waiting};
use crate::house::{House, User};

fn exec(house: &House, script: &str) -> String {
    house.pod(&["exec", "web", "-c", "main", "--", "sh", "-c", script]).ok().out()
}

pub(super) fn files(user: User) {
    let house = House::new(user);
    image(&house);
    house.pod(&["create", "secret", "generic", "s", "--from-literal=key=secret", "--from-literal=other=x"]).ok();
    let mut main = waiting("main", "echo ready;");
    main["resources"] = json!({ "requests": { "cpu": "250m" } });
    main["volumeMounts"] = json!([{ "name": "all", "mountPath": "/all" }]);
    let field = |path: &str, field: &str| json!({ "path": path, "fieldRef": { "fieldPath": field } });
    let sources = json!([
        { "secret": { "name": "s", "items": [{ "key": "key", "path": "deep/key", "mode": 0o400 }] } },
        { "configMap": { "name": "nosuch", "optional": true } },
        { "downwardAPI": { "items": [
            field("labels", "metadata.labels"),
            field("name", "metadata.name"),
            { "path": "cpu", "resourceFieldRef": { "containerName": "main", "resource": "requests.cpu", "divisor": "1m" } },
        ] } },
        { "serviceAccountToken": { "path": "token", "audience": "vault", "expirationSeconds": 600 } },
    ]);
    let volumes = json!([{ "name": "all", "projected": { "sources": sources, "defaultMode": 0o444 } }]);
    let file = put(&house, "web.json", &pod("web", &json!({ "containers": [main], "volumes": volumes })));
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    assert_eq!(
        exec(&house, "ls /all; cat /all/deep/key; echo; cat /all/name; echo; cat /all/cpu; echo; cat /all/labels"),
        "cpu\ndeep\nlabels\nname\ntoken\nsecret\nweb\n250\napp=\"web\""
    );
    assert_eq!(
        exec(&house, "cd /all; ls -lL deep/key name | while read m rest; do echo $m; done"),
        "-r--------\n-r--r--r--\n"
    );
    let token = exec(&house, "cat /all/token");
    assert_eq!(token.split('.').count(), 3, "{token}");
    // A label that changes is seen in the volume.
    let labelled = fs::read_to_string(&file).unwrap().replace("\"app\":\"web\"", "\"app\":\"web\",\"more\":\"1\"");
    house.pod(&["apply", "-f", &put(&house, "web.json", &labelled)]).ok();
    crate::house::eventually("the labels have changed", || {
        (exec(&house, "cat /all/labels") == "app=\"web\"\nmore=\"1\"").then_some(())
    });
    assert_eq!(line(&house, "web").2, "0");
    gone(&house, &file);
}

pub(super) fn claimed(user: User) {
    let house = House::new(user);
    image(&house);
    let claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c}\nspec:\n  accessModes: [ReadWriteOnce]\n  \
                 resources: {requests: {storage: 1Gi}}\n";
    let claim = put(&house, "c.yaml", claim);
    let of = |name: &str, script: &str, read_only: bool| {
        let mut main = container("main", script);
        main["volumeMounts"] = json!([{ "name": "v", "mountPath": "/v" }]);
        let volumes = json!([{ "name": "v", "persistentVolumeClaim": { "claimName": "c", "readOnly": read_only } }]);
        let spec = json!({ "restartPolicy": "Never", "containers": [main], "volumes": volumes });
        put(&house, &format!("{name}.json"), &pod(name, &spec))
    };
    let first = of("first", "echo kept > /v/x", false);
    house.pod(&["apply", "-f", &first]).ok();
    becomes(&house, "first", "ContainerCreating");
    house.pod(&["apply", "-f", &claim]).ok();
    becomes(&house, "first", "Completed");
    house.pod(&["delete", "-f", &first]).ok();
    // Another pod finds what the first has left, and may not change it.
    let second = of("second", "cat /v/x; ! touch /v/y 2>/dev/null", true);
    house.pod(&["apply", "-f", &second, "--wait", "--timeout", "30s"]).ok();
    assert_eq!(house.logged("second", "main", "kept"), "kept\n");
    house.pod(&["delete", "-f", &second]).ok();
    let claims = house.work().join("data/claims");
    assert_eq!(fs::read_dir(&claims).unwrap().count(), 1);
    house.pod(&["delete", "pvc", "c"]).ok();
    assert_eq!(fs::read_dir(&claims).unwrap().count(), 0);
    house.nothing_is_left();
}

pub(super) fn of_the_machine(user: User) {
    let house = House::new(user);
    image(&house);
    let host = house.work().join("host");
    fs::create_dir(&host).unwrap();
    fs::write(host.join("file"), "of the machine\n").unwrap();
    // A part of a volume does not lead out of it, whoever has linked what.
    symlink("/etc", host.join("out")).unwrap();
    house.user.owns(&host);
    let spec = |kind: &str, part: Value| {
        let mut main = waiting("main", "echo ready;");
        main["volumeMounts"] = json!([{ "name": "v", "mountPath": "/v", "readOnly": true }]);
        if part.is_string() {
            main["volumeMounts"][0]["subPath"] = part;
        }
        let volumes = json!([{ "name": "v", "hostPath": { "path": host, "type": kind } }]);
        pod("web", &json!({ "containers": [main], "volumes": volumes }))
    };
    let file = put(&house, "web.json", &spec("File", Value::Null));
    house.pod(&["apply", "-f", &file]).ok();
    becomes(&house, "web", "ContainerCreating");
    house.pod(&["delete", "pod", "web", "--now"]).ok();
    let file = put(&house, "web.json", &spec("Directory", json!("out")));
    house.pod(&["apply", "-f", &file]).ok();
    becomes(&house, "web", "CreateContainerConfigError");
    let message = super::shown(&house, "web", "{.status.containerStatuses[0].state.waiting.message}");
    assert!(message.starts_with("failed to prepare subPath for volumeMount \"v\" of container \"main\""), "{message}");
    assert!(!message.contains("/etc"), "where it is, is nobody's business: {message}");
    house.pod(&["delete", "pod", "web", "--now"]).ok();
    let file = put(&house, "web.json", &spec("Directory", Value::Null));
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    assert_eq!(exec(&house, "cat /v/file; touch /v/x 2>/dev/null || echo no"), "of the machine\nno\n");
    gone(&house, &file);
    assert!(host.join("file").exists());
}

/// A claim of a pod's own comes and goes with it, and nobody else's is taken for it.
pub(super) fn own(user: User) {
    let house = House::new(user);
    image(&house);
    let mut main = waiting("main", "echo written > /v/x; echo ready;");
    main["volumeMounts"] = json!([{ "name": "v", "mountPath": "/v" }]);
    let spec = json!({ "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } });
    let template = json!({ "metadata": { "labels": { "app": "web" } }, "spec": spec });
    let volumes = json!([{ "name": "v", "ephemeral": { "volumeClaimTemplate": template } }]);
    let file = put(&house, "web.json", &pod("web", &json!({ "containers": [main], "volumes": volumes })));
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    house.logged("web", "main", "ready");
    let claim = house.pod(&["get", "pvc", "web-v", "-o", "json"]).json();
    let owner = &claim["metadata"]["ownerReferences"][0];
    assert_eq!((&owner["kind"], &owner["name"], &owner["controller"]), (&json!("Pod"), &json!("web"), &json!(true)));
    assert_eq!(owner["uid"], json!(super::shown(&house, "web", "{.metadata.uid}")));
    assert_eq!((&claim["metadata"]["labels"]["app"], &claim["status"]["phase"]), (&json!("web"), &json!("Bound")));
    let claims = house.work().join("data/claims");
    let kept = claims.join(claim["metadata"]["uid"].as_str().unwrap());
    assert_eq!(fs::read_to_string(kept.join("x")).unwrap(), "written\n");
    gone(&house, &file);
    assert_eq!(house.pod(&["get", "pvc", "-o", "name"]).ok().out(), "");
    assert_eq!(fs::read_dir(&claims).unwrap().count(), 0);
    let other =
        json!({ "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "name": "web-v" }, "spec": spec });
    let other = put(&house, "claim.json", &other.to_string());
    house.pod(&["apply", "-f", &other]).ok();
    house.pod(&["apply", "-f", &file]).ok();
    let words = "PVC default/web-v was not created for pod default/web (pod is not owner)";
    crate::house::eventually("it is said", || {
        house.pod(&["describe", "pod", "web"]).ok().out().contains(words).then_some(())
    });
    house.pod(&["delete", "-f", &file]).ok();
    assert_eq!(house.pod(&["get", "pvc", "-o", "name"]).ok().out(), "persistentvolumeclaim/web-v\n");
    house.pod(&["delete", "-f", &other]).ok();
    house.nothing_is_left();
}

/// The files of an image are there to be read, and for nothing else, as long as somebody has them.
pub(super) fn images(user: User) {
    let house = House::new(user);
    image(&house);
    let root = house.work().join("files");
    fs::create_dir_all(root.join("deep")).unwrap();
    fs::write(root.join("deep/x"), "of an image\n").unwrap();
    fs::copy(crate::house::binaries().join("probe"), root.join("program")).unwrap();
    house.user.owns(&root);
    house.run("busybox", &["tar", "-C", root.to_str().unwrap(), "-cf", "files.tar", "."]).ok();
    house.pod(&["image", "import", "files.tar", "files"]).ok();
    let of = |reference: &str| {
        let mut main = waiting("main", "echo ready;");
        let mount = |at: &str| json!({ "name": "v", "mountPath": at });
        main["volumeMounts"] = json!([mount("/v"), mount("/part")]);
        main["volumeMounts"][1]["subPath"] = json!("deep");
        let volumes = json!([{ "name": "v", "image": { "reference": reference, "pullPolicy": "Never" } }]);
        put(&house, "web.json", &pod("web", &json!({ "containers": [main], "volumes": volumes })))
    };
    let file = of("files");
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    let script =
        "cat /v/deep/x /part/x; touch /v/y 2>/dev/null || echo sealed; /v/program x 2>/dev/null; echo $?; ls /v";
    let seen = "of an image\nof an image\nsealed\n126\ndeep\nprogram\n";
    assert_eq!(exec(&house, script), seen);
    // Whoever forgets the image by force does not take its files away.
    house.pod(&["image", "remove", "files"]).refuses(125, "image files is in use");
    house.pod(&["image", "remove", "--force", "files"]).ok();
    house.pod(&["image", "prune"]).ok();
    assert_eq!(exec(&house, script), seen);
    gone(&house, &file);
    let file = of("nosuch");
    house.pod(&["apply", "-f", &file]).ok();
    becomes(&house, "web", "ErrImageNeverPull");
    gone(&house, &file);
}

/// Root alone may give something to a group.
pub(super) fn grouped() {
    let house = House::new(User::Root);
    image(&house);
    let mut main = waiting("main", "echo ready; id; touch /v/mine;");
    main["volumeMounts"] = json!([{ "name": "v", "mountPath": "/v" }]);
    let context = json!({ "runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 4321 });
    let volumes = json!([{ "name": "v", "emptyDir": {} }]);
    let file = put(
        &house,
        "web.json",
        &pod("web", &json!({ "securityContext": context, "containers": [main], "volumes": volumes })),
    );
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    let said = house.logged("web", "main", "uid=");
    assert!(said.contains("uid=1000 gid=1000") && said.contains("4321"), "{said}");
    let kept = fs::read_dir(house.work().join("data/pods")).unwrap().next().unwrap().unwrap().path().join("volumes/v");
    crate::house::eventually("it has written", || kept.join("mine").exists().then_some(()));
    let (volume, mine) = (fs::metadata(&kept).unwrap(), fs::metadata(kept.join("mine")).unwrap());
    assert_eq!((volume.gid(), volume.mode() & 0o2770, mine.uid(), mine.gid()), (4321, 0o2770, 1000, 4321));
    gone(&house, &file);
}
