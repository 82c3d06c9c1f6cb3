//! Debian's docker-registry, filled by skopeo.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};

use libtest_mimic::Trial;
use serde_json::Value;

use super::layout::Layout;
use super::{Place, digest, hex};
use crate::house::{User, eventually};
use crate::trial::{Need, as_each_user};

const NEEDS: [Need; 2] = [Need::Program("docker-registry"), Need::Program("skopeo")];

pub(crate) fn trials() -> Vec<Trial> {
    let login = [&NEEDS[..], &[Need::Program("htpasswd")]].concat();
    let tls = [&NEEDS[..], &[Need::Program("openssl")]].concat();
    [
        as_each_user("pull::by_tag_and_by_digest", &NEEDS, by_tag_and_digest),
        as_each_user("pull::of_dockers_own_format", &NEEDS, dockers_format),
        as_each_user("pull::of_an_index_takes_what_runs_here", &NEEDS, index),
        as_each_user("pull::of_what_is_not_there_leaves_nothing", &NEEDS, not_there),
        as_each_user("pull::from_a_private_registry_needs_a_login", &login, private),
        as_each_user("pull::over_tls_believes_only_whom_it_should", &tls, tls_registry),
        as_each_user("pull::by_mirrors_aliases_and_other_prefixes", &NEEDS, mirrors),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// A registry, until it is dropped.
struct Registry {
    child: Child,
    port: u16,
}

impl Registry {
    /// With these further settings: `http` is a section to be gone on with.
    fn start(place: &Place, name: &str, http: &str, others: &str) -> Self {
        // Nobody else takes a port that was free just now, or nearly nobody.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let (config, root) = (place.path(&format!("{name}.yml")), place.path(name));
        let root = root.display();
        let text = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {root}}}}}\n\
             http:\n  addr: 127.0.0.1:{port}\n{http}\n{others}\n"
        );
        fs::write(&config, text).unwrap();
        let mut command = place.command("docker-registry");
        command.arg("serve").arg(config).stdout(Stdio::null()).stderr(Stdio::null());
        let registry = Self { child: command.spawn().unwrap(), port };
        eventually("the registry listens", || TcpStream::connect(("127.0.0.1", port)).ok());
        registry
    }

    fn plain(place: &Place) -> Self {
        Self::start(place, "registry", "", "")
    }

    fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Puts an image there, and hands back its manifest's digest as the registry has it.
    fn push(&self, place: &Place, layout: &Layout, name: &str, options: &[&str]) -> String {
        let directory = place.path(&format!("layout-{}", hex(name.as_bytes())));
        layout.write(&directory, "x");
        let from = format!("oci:{}:x", directory.display());
        let to = format!("docker://{}/{name}", self.host());
        let mut command = place.command("skopeo");
        command.args(["--insecure-policy", "copy", "-q", "--dest-tls-verify=false"]);
        if !options.contains(&"--format") {
            command.arg("--preserve-digests");
        }
        command.args(options).args([&from, &to]);
        place.house.finish(&mut command).ok();
        let mut command = place.command("skopeo");
        command.args(["inspect", "--raw", "--tls-verify=false"]);
        let creds = options.iter().find_map(|option| option.strip_prefix("--dest-creds="));
        command.args(creds.map(|creds| format!("--creds={creds}"))).arg(&to);
        digest(&place.house.finish(&mut command).ok().output.stdout)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // It may have ended by itself, and a test that fails for that says so.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn by_tag_and_digest(user: User) {
    let place = Place::new(user);
    let (registry, layout) = (Registry::plain(&place), Layout::image(&[100, 300_000, 3_000_000]));
    let top = registry.push(&place, &layout, "team/app:v1", &[]);
    let name = format!("{}/team/app:v1", registry.host());

    let said = place.pull(&[&name]).ok().out();
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines.first(), Some(&"v1: Pulling from team/app"), "{said}");
    let status = format!("Status: Downloaded newer image for {name}");
    assert_eq!(lines[lines.len() - 3..], [&format!("Digest: {top}"), &status, &name], "{said}");
    assert_eq!(lines.iter().filter(|line| line.ends_with(": Pull complete")).count(), 3, "{said}");
    let mut expected = layout.names();
    expected.sort();
    assert_eq!(place.blobs(), expected);
    let [reference] = &place.references()[..] else { panic!("{:?}", place.references()) };
    assert_eq!((&reference["name"], &reference["descriptor"]["digest"]), (&name.as_str().into(), &top.as_str().into()));

    let again = place.pull(&[&name]).ok().out();
    assert!(again.contains("Status: Image is up to date"), "{again}");
    assert_eq!(again.lines().filter(|line| line.ends_with(": Already exists")).count(), 3, "{again}");
    assert_eq!(place.pull(&["-q", &name]).ok().out(), format!("{name}\n"));
    let json = place.pull(&["-o", "json", &name]).json();
    assert_eq!((&json["digest"], &json["newer"]), (&top.as_str().into(), &false.into()));

    let other = Place::new(user);
    let by_digest = format!("{}/team/app@{top}", registry.host());
    let said = other.pull(&[&by_digest]).ok().out();
    assert!(said.starts_with(&format!("{top}: Pulling from team/app\n")), "{said}");
    assert_eq!(other.references()[0]["name"], *by_digest);
    assert_eq!(other.blobs(), expected);
}

fn dockers_format(user: User) {
    let place = Place::new(user);
    let registry = Registry::plain(&place);
    let top = registry.push(&place, &Layout::image(&[5000]), "app:v1", &["--format", "v2s2"]);
    let said = place.pull(&[&format!("{}/app:v1", registry.host())]).ok().out();
    assert!(said.contains(&format!("Digest: {top}\n")), "{said}");
    let manifest: Value =
        serde_json::from_slice(&fs::read(place.path("data/blobs/sha256").join(&top["sha256:".len()..])).unwrap())
            .unwrap();
    assert_eq!(manifest["mediaType"], "application/vnd.docker.distribution.manifest.v2+json");
    assert_eq!(place.blobs().len(), 3);
}

fn index(user: User) {
    let place = Place::new(user);
    let (registry, layout) = (Registry::plain(&place), Layout::index());
    let top = registry.push(&place, &layout, "app:all", &["--all"]);
    assert_eq!(top, layout.top, "the index is there as it was made");
    let name = format!("{}/app:all", registry.host());
    let chosen = |place: &Place, architecture: &str| {
        let [reference] = &place.references()[..] else { panic!("{:?}", place.references()) };
        let blob = |digest: &Value| -> Value {
            let hex = digest.as_str().unwrap().strip_prefix("sha256:").unwrap().to_owned();
            serde_json::from_slice(&fs::read(place.path("data/blobs/sha256").join(hex)).unwrap()).unwrap()
        };
        let manifest = blob(&reference["descriptor"]["digest"]);
        assert_eq!(blob(&manifest["config"]["digest"])["architecture"], architecture);
        assert_eq!(reference["descriptor"]["annotations"]["podkit.index"], *top);
        // Only what runs here: a manifest, a configuration, a layer.
        assert_eq!(place.blobs().len(), 3);
    };
    let said = place.pull(&[&name]).ok().out();
    assert!(said.contains(&format!("Digest: {top}\n")), "{said}");
    chosen(&place, if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" });
    for (platform, architecture) in [("linux/s390x", "s390x"), ("linux/arm64", "arm64"), ("linux/arm/v8", "arm")] {
        let other = Place::new(user);
        other.pull(&["--platform", platform, &format!("{}/app@{top}", registry.host())]).ok();
        chosen(&other, architecture);
    }
    let other = Place::new(user);
    other.pull(&["--platform", "linux/mips64le", &name]).refuses(125, "it is not built for linux/mips64le, only for");
    other.has_nothing();
    // One that is no index is asked for what it is, too.
    registry.push(&place, &Layout::foreign(), "foreign:v1", &[]);
    let foreign = format!("{}/foreign:v1", registry.host());
    other.pull(&[&foreign]).refuses(125, "only for linux/mips64le");
    other.has_nothing();
    other.pull(&["--platform", "linux/mips64le", &foreign]).ok();
}

fn not_there(user: User) {
    let place = Place::new(user);
    let registry = Registry::plain(&place);
    registry.push(&place, &Layout::image(&[10]), "team/app:v1", &[]);
    let host = registry.host();
    place.pull(&[&format!("{host}/team/app:v2")]).refuses(125, "has no tag v2 of team/app");
    place.pull(&[&format!("{host}/team/other")]).refuses(125, &format!("{host} has no"));
    let gone = digest(b"gone");
    place.pull(&[&format!("{host}/team/app@{gone}")]).refuses(125, &format!("has no manifest {gone} of team/app"));
    place.has_nothing();
    drop(registry);
    place.pull(&[&format!("{host}/team/app:v1")]).refuses(125, &format!("cannot reach {host}: Connection refused"));
    for name in ["Nginx", "a b", "http://q.io/a", "a:", "a@sha256:1"] {
        place.pull(&[name]).refuses(2, "is no name of an image");
    }
    place.has_nothing();
}

fn private(user: User) {
    let place = Place::new(user);
    let mut htpasswd = place.command("htpasswd");
    let users = place.house.finish(htpasswd.args(["-Bbn", "me", "very-secret"])).ok().out();
    fs::write(place.path("users"), users).unwrap();
    let users = place.path("users");
    let auth = format!("auth: {{htpasswd: {{realm: team, path: {}}}}}", users.display());
    let registry = Registry::start(&place, "registry", "", &auth);
    registry.push(&place, &Layout::image(&[1000]), "team/app:v1", &["--dest-creds=me:very-secret"]);
    let (host, name) = (registry.host(), format!("{}/team/app:v1", registry.host()));

    let refused = place.pull(&[&name]);
    assert!(refused.err().contains("hint: there is no such image, or it needs a login"), "{refused}");
    refused.refuses(125, &format!("{host} refuses tag v1 of team/app"));
    let refused = place.pull(&["--creds", "me:wrong-secret", &name]);
    assert!(!refused.err().contains("wrong-secret"), "{refused}");
    refused.refuses(125, &format!("{host} refuses tag v1 of team/app"));
    place.has_nothing();
    place.pull(&["--creds", "me:very-secret", &name]).ok();

    // me:very-secret
    let auths = |key: &str| format!(r#"{{"auths": {{"{key}": {{"auth": "bWU6dmVyeS1zZWNyZXQ="}}}}}}"#);
    let known = |file: &str, text: &str, variable: Option<&str>| {
        let path = place.path(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        let mut pull = place.pulling(&[&name]);
        if let Some(variable) = variable {
            pull.env(variable, if variable == "REGISTRY_AUTH_FILE" { &path } else { path.parent().unwrap() });
        }
        place.house.finish(&mut pull).ok();
        fs::remove_file(path).unwrap();
    };
    known("auth.json", &auths(&format!("{host}/team")), Some("REGISTRY_AUTH_FILE"));
    known("docker/config.json", &auths(&format!("https://{host}/v1/")), Some("DOCKER_CONFIG"));
    known("config/containers/auth.json", &auths(&host), None);
    known("home/.docker/config.json", &auths(&host), None);
    place.pull(&["--authfile", "nowhere.json", &name]).refuses(125, "cannot read nowhere.json");
    fs::write(place.path("bad.json"), "{\"auths\": 5}").unwrap();
    place.pull(&["--authfile", "bad.json", &name]).refuses(125, "cannot understand bad.json");
    // Somebody else's place is not ours.
    fs::write(place.path("other.json"), auths(&format!("{host}/other"))).unwrap();
    place.pull(&["--authfile", "other.json", &name]).refuses(125, "refuses tag v1");
}

fn tls_registry(user: User) {
    let place = Place::new(user);
    let openssl = |arguments: &[&str]| {
        place.house.finish(place.command("openssl").args(arguments)).ok();
    };
    let make = |name: &str, subject: &str, names: &str| {
        let (key, request) = (format!("{name}.key"), format!("{name}.csr"));
        let new = ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
        openssl(&[&new[..], &["-keyout", &key, "-out", &request, "-subj", subject]].concat());
        fs::write(place.path("names"), names).unwrap();
        let sign = ["x509", "-req", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"];
        let out = format!("{name}.cert");
        openssl(&[&sign[..], &["-in", &request, "-out", &out, "-extfile", "names"]].concat());
    };
    let own = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    openssl(&[&own[..], &["-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=ours"]].concat());
    make("server", "/CN=127.0.0.1", "subjectAltName=IP:127.0.0.1");
    make("client", "/CN=me", "extendedKeyUsage=clientAuth");
    let tls = |more: &str| {
        let (cert, key) = (place.path("server.cert"), place.path("server.key"));
        format!("  tls:\n    certificate: {}\n    key: {}\n{more}", cert.display(), key.display())
    };
    let registry = Registry::start(&place, "registry", &tls(""), "");
    registry.push(&place, &Layout::image(&[1000]), "app:v1", &[]);
    let name = format!("{}/app:v1", registry.host());
    // On this machine nobody has to prove anything, unless it is asked for.
    place.pull(&["-q", &name]).ok();
    let refused = place.pull(&["--tls-verify", &name]);
    assert!(refused.err().contains("\nhint: certs.d/HOST/ca.crt"), "{refused}");
    refused.refuses(125, &format!("cannot trust {}", registry.host()));
    let trusted = place.path("config/containers/certs.d").join(registry.host());
    fs::create_dir_all(&trusted).unwrap();
    fs::copy(place.path("ca.crt"), trusted.join("ca.crt")).unwrap();
    place.pull(&["--tls-verify=true", &name]).ok();
    fs::write(trusted.join("other.crt"), "no certificate").unwrap();
    place.pull(&["--tls-verify", &name]).refuses(125, "other.crt");
    fs::remove_file(trusted.join("other.crt")).unwrap();
    drop(registry);

    // One that wants to know who we are by a certificate of ours, with the images of the other.
    let clients = format!("    clientcas: [{}]", place.path("ca.crt").display());
    let strict = Registry::start(&place, "registry", &tls(&clients), "");
    let name = format!("{}/app:v1", strict.host());
    let refused = place.pull(&["--retry", "0", "--tls-verify=false", &name]);
    assert_eq!(refused.output.status.code(), Some(125), "{refused}");
    let trusted = place.path("config/containers/certs.d").join(strict.host());
    fs::create_dir_all(&trusted).unwrap();
    let give = |file: &str, name: &str| fs::write(trusted.join(name), fs::read(place.path(file)).unwrap()).unwrap();
    for file in ["ca.crt", "client.cert", "client.key"] {
        give(file, file);
    }
    place.pull(&["--tls-verify", &name]).ok();
    give("server.key", "client.key");
    place.pull(&["--tls-verify", &name]).refuses(125, "client.key");
}

fn mirrors(user: User) {
    let place = Place::new(user);
    let registry = Registry::plain(&place);
    registry.push(&place, &Layout::image(&[1000]), "inner/app:v1", &[]);
    let host = registry.host();
    // Nobody listens there: it was somebody's just now.
    let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    place.configure(&format!(
        r#"
        unqualified-search-registries = ["{host}"]
        [[registry]]
        prefix = "images.test/team"
        location = "{host}/inner"
        [[registry.mirror]]
        location = "{dead}/copy"
        [[registry]]
        prefix = "images.test/bad"
        blocked = true
        [aliases]
        "tool" = "images.test/team/app"
        "#
    ));
    let pulled = place.pull(&["images.test/team/app:v1"]).ok();
    assert!(pulled.out().ends_with("\nimages.test/team/app:v1\n"), "{pulled}");
    assert!(pulled.err().contains(&format!("cannot reach {dead}")), "the mirror was asked first: {pulled}");
    assert!(pulled.err().contains("asking another"), "{pulled}");
    assert_eq!(place.pull(&["-q", "tool:v1"]).ok().out(), "images.test/team/app:v1\n");
    assert_eq!(place.pull(&["-q", "inner/app:v1"]).ok().out(), format!("{host}/inner/app:v1\n"));
    place.pull(&["images.test/bad/app"]).refuses(125, "is blocked by registries.conf");
    place.configure("[[registry]]\n");
    place.pull(&["images.test/team/app"]).refuses(125, "registries.conf: a [[registry]] has neither");
    place.configure("a = [\n");
    place.pull(&["images.test/team/app"]).refuses(125, "registries.conf: line");
}
