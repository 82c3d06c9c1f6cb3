//! A registry that does what no registry should: an end in bounded time, one line, and nothing used.

use std::fs;
use std::process::Stdio;
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::layout::Layout;
use super::server::{Act, Server};
use super::{Place, digest, hex, names};
use crate::house::User;
use crate::trial::as_each_user;

pub(crate) fn trials() -> Vec<Trial> {
    [
        as_each_user("pull::broken_in_the_middle_goes_on_there", &[], broken),
        as_each_user("pull::goes_on_where_an_earlier_one_broke", &[], broken_before),
        as_each_user("pull::goes_on_without_ranges_too", &[], no_ranges),
        as_each_user("pull::what_was_left_and_is_wrong_is_fetched_anew", &[], wrong_leftover),
        as_each_user("pull::another_blob_than_was_asked_for_is_not_used", &[], other_blob),
        as_each_user("pull::a_blob_of_another_size_is_not_used", &[], other_size),
        as_each_user("pull::another_manifest_than_was_asked_for_is_not_used", &[], other_manifest),
        as_each_user("pull::asked_to_come_back_later_does_so", &[], later),
        as_each_user("pull::a_failure_that_passes_is_tried_again_and_no_other", &[], failures),
        as_each_user("pull::what_is_no_registry_is_told_to_be_none", &[], garbage),
        as_each_user("pull::silence_has_an_end", &[], silence),
        as_each_user("pull::what_is_no_image_of_ours_is_refused", &[], no_image),
        as_each_user("pull::three_layers_come_side_by_side", &[], side_by_side),
        as_each_user("pull::two_of_one_image_share_the_work", &[], shared),
        as_each_user("pull::a_store_that_is_read_only_or_full_is_told", &[], no_room),
    ]
    .into_iter()
    .flatten()
    .collect()
}

const BIG: usize = 3_000_000;

fn ranges(server: &Server, digest: &str) -> Vec<Option<String>> {
    server.asked_for(digest).into_iter().map(|seen| seen.range).collect()
}

fn broken(user: User) {
    let place = Place::new(user);
    let layout = Layout::image(&[BIG]);
    let blob = layout.layers[0].clone();
    let server = Server::new(&layout, move |seen| match seen.before {
        0 if seen.is_blob(&blob) => Act::Cut(1_000_000),
        1 if seen.is_blob(&blob) => Act::Cut(500_000),
        _ => Act::Serve,
    });
    let pulled = place.pull(&[&server.image()]).ok();
    assert_eq!(pulled.err().lines().filter(|line| line.contains("trying again in")).count(), 2, "{pulled}");
    let last = layout.blobs[&layout.layers[0]].len() - 1;
    let expected = [None, Some(format!("bytes=1000000-{last}")), Some(format!("bytes=1500000-{last}"))];
    assert_eq!(ranges(&server, &layout.layers[0]), expected, "each goes on where the one before ended");
    assert_eq!(place.blobs().len(), 3);
}

fn broken_before(user: User) {
    let place = Place::new(user);
    let layout = Layout::image(&[BIG]);
    let blob = layout.layers[0].clone();
    let server = Server::new(&layout, move |seen| match seen.before {
        0 if seen.is_blob(&blob) => Act::Cut(1_000_000),
        _ => Act::Serve,
    });
    let broke = format!("the connection to {} broke", server.host());
    place.pull(&["--retry", "0", &server.image()]).refuses(125, &broke);
    place.has_no_image();
    assert_eq!(names(&place.path("data/ingest")).len(), 1, "what came stays");
    let pulled = place.pull(&["--retry", "0", &server.image()]).ok();
    assert!(pulled.out().contains(": Resuming at "), "{pulled}");
    let last = layout.blobs[&layout.layers[0]].len() - 1;
    assert_eq!(ranges(&server, &layout.layers[0]), [None, Some(format!("bytes=1000000-{last}"))]);
    assert_eq!(names(&place.path("data/ingest")), [] as [&str; 0]);
    assert_eq!(place.blobs().len(), 3);
}

fn no_ranges(user: User) {
    let place = Place::new(user);
    let layout = Layout::image(&[BIG]);
    let blob = layout.layers[0].clone();
    let server = Server::new(&layout, move |seen| match seen.before {
        0 if seen.is_blob(&blob) => Act::Cut(1_000_000),
        _ => Act::Whole,
    });
    place.pull(&[&server.image()]).ok();
    assert_eq!(place.blobs().len(), 3);

    // And where the part that is given is another than the one that was asked for, it is not believed.
    let place = Place::new(user);
    let (blob, bytes) = (layout.layers[0].clone(), layout.blobs[&layout.layers[0]].clone());
    let server = Server::new(&layout, move |seen| match seen.before {
        0 if seen.is_blob(&blob) => Act::Cut(1_000_000),
        1 if seen.is_blob(&blob) => {
            let range = format!("bytes 999999-{}/{}", bytes.len() - 1, bytes.len());
            Act::Answer(206, vec![("Content-Range", range)], bytes[999_999..].to_vec())
        }
        _ => Act::Serve,
    });
    place.pull(&[&server.image()]).ok();
    assert_eq!(ranges(&server, &layout.layers[0]).last(), Some(&None), "it was fetched from its beginning");
    assert_eq!(place.blobs().len(), 3);
}

fn wrong_leftover(user: User) {
    let place = Place::new(user);
    let layout = Layout::image(&[BIG]);
    let blob = layout.layers[0].clone();
    let server = Server::new(&layout, move |seen| match seen.before {
        0 if seen.is_blob(&blob) => Act::Cut(1_000_000),
        _ => Act::Serve,
    });
    place.pull(&["--retry", "0", &server.image()]).exits(125);
    let [left] = &names(&place.path("data/ingest"))[..] else { panic!("nothing was left") };
    let left = place.path("data/ingest").join(left);
    let mut bytes = fs::read(&left).unwrap();
    bytes[1000] ^= 1;
    fs::write(&left, bytes).unwrap();
    place.pull(&[&server.image()]).ok();
    assert_eq!(ranges(&server, &layout.layers[0]).last(), Some(&None), "it was fetched from its beginning");
    assert_eq!(place.blobs().len(), 3);
}

fn other_blob(user: User) {
    let layout = Layout::image(&[1000]);
    let blob = layout.layers[0].clone();
    let mut bytes = layout.blobs[&blob].clone();
    bytes[600] ^= 1;
    let found = digest(&bytes);
    let server = Server::new(&layout, move |seen| match seen.is_blob(&blob) {
        true => Act::Answer(200, Vec::new(), bytes.clone()),
        false => Act::Serve,
    });
    let place = Place::new(user);
    place.pull(&[&server.image()]).refuses(125, &format!("what came has the digest {found}"));
    assert_eq!(server.asked_for(&layout.layers[0]).len(), 1, "it will be the same the next time");
    place.has_nothing();

    // The same of a configuration.
    let config = layout.manifest()["config"]["digest"].as_str().unwrap().to_owned();
    let mut bytes = layout.blobs[&config].clone();
    *bytes.last_mut().unwrap() = b' ';
    let server = Server::new(&layout, move |seen| match seen.is_blob(&config) {
        true => Act::Answer(200, Vec::new(), bytes.clone()),
        false => Act::Serve,
    });
    place.pull(&[&server.image()]).refuses(125, "what came has the digest");
    place.has_nothing();
}

fn other_size(user: User) {
    let layout = Layout::image(&[1000]);
    let blob = layout.layers[0].clone();
    let bytes = layout.blobs[&blob].clone();
    let whole = bytes.len();
    let place = Place::new(user);
    let served = |act: Box<dyn Fn() -> Act + Send + Sync>| {
        let blob = blob.clone();
        let server = Server::new(&layout, move |seen| if seen.is_blob(&blob) { act() } else { Act::Serve });
        let pulled = place.pull(&["--retry", "1", &server.image()]);
        (pulled, server.asked_for(&layout.layers[0]).len())
    };
    for size in [whole - 1, whole + 1] {
        let mut other = bytes.clone();
        other.resize(size, 0);
        let (refused, asked) = served(Box::new(move || Act::Answer(200, Vec::new(), other.clone())));
        refused.refuses(125, &format!("has {whole} bytes in the manifest, and {size} at"));
        assert_eq!(asked, 1);
    }
    // Nor is more taken of one that does not say how much it will be.
    let mut longer = bytes.clone();
    longer.extend([0; 100]);
    let unsaid = || vec![("No-Length", "yes".to_owned())];
    let (refused, _) = served(Box::new(move || Act::Answer(200, unsaid(), longer.clone())));
    refused.refuses(125, &format!("is longer than the {whole} bytes that it is said to have"));
    place.has_no_image();
    assert_eq!(place.blobs(), [] as [&str; 0]);

    // A manifest that says another size than the blob has.
    let mut manifest = layout.manifest();
    manifest["layers"][0]["size"] = (whole + 5).into();
    let lying = layout.with_manifest(&manifest);
    let server = Server::new(&lying, |_| Act::Serve);
    let lies = format!("has {} bytes in the manifest, and {whole} at", whole + 5);
    Place::new(user).pull(&[&server.image()]).refuses(125, &lies);
    let server = Server::new(&lying, |seen| if seen.path.contains("/blobs/") { Act::Whole } else { Act::Serve });
    Place::new(user).pull(&[&server.image()]).refuses(125, &lies);
}

fn other_manifest(user: User) {
    let (layout, place) = (Layout::image(&[10]), Place::new(user));
    let asked = digest(b"another");
    let bytes = layout.blobs[&layout.top].clone();
    let server = Server::new(&layout, move |_| Act::Answer(200, Vec::new(), bytes.clone()));
    let name = format!("{}/app@{asked}", server.host());
    place.pull(&[&name]).refuses(125, &format!("gives another manifest than {asked}"));
    // Nor one that the registry itself calls another.
    let bytes = layout.blobs[&layout.top].clone();
    let server =
        Server::new(&layout, move |_| Act::Answer(200, vec![("Docker-Content-Digest", asked.clone())], bytes.clone()));
    place.pull(&[&server.image()]).refuses(125, "gives another manifest than");
    place.has_nothing();
}

fn later(user: User) {
    let (layout, place) = (Layout::image(&[1000]), Place::new(user));
    let server = Server::new(&layout, |seen| match seen.before {
        0 if seen.is_manifest() || seen.path.contains("/blobs/") => {
            Act::Answer(429, vec![("Retry-After", "1".to_owned())], Vec::new())
        }
        _ => Act::Serve,
    });
    let began = Instant::now();
    place.pull(&[&server.image()]).ok();
    assert!(began.elapsed() >= Duration::from_secs(3), "manifest, configuration and layer each had to wait");

    let server = Server::new(&layout, |_| {
        let said = br#"{"errors":[{"code":"TOOMANYREQUESTS","message":"too many pulls"}]}"#;
        Act::Answer(429, vec![("Retry-After", "3600".to_owned())], said.to_vec())
    });
    let began = Instant::now();
    let refused = place.pull(&[&server.image()]);
    assert!(refused.err().contains("\nhint: it has been asked too often"), "{refused}");
    refused.refuses(125, "answers 429 when asked for tag v1 of team/app (too many pulls)");
    assert!(began.elapsed() < Duration::from_secs(10), "nobody waits for an hour");
}

fn failures(user: User) {
    let (layout, place) = (Layout::image(&[1000]), Place::new(user));
    let server = Server::new(&layout, |seen| match seen.before {
        0 | 1 if seen.path != "/v2/" => Act::Answer(500, Vec::new(), b"oops".to_vec()),
        _ => Act::Serve,
    });
    place.pull(&[&server.image()]).ok();
    let place = Place::new(user);
    for (status, times) in [(500, 3), (503, 3), (429, 3), (400, 1), (401, 1), (403, 1), (404, 1), (418, 1)] {
        let server = Server::new(&layout, move |_| Act::Answer(status, Vec::new(), b"<html>".to_vec()));
        let refused = place.pull(&["-q", "--retry", "2", &server.image()]).exits(125);
        let asked = server.seen().into_iter().filter(|seen| seen.is_manifest()).count();
        assert_eq!(asked, times, "{status}: {refused}");
        let server = Server::new(&layout, move |_| Act::Answer(status, Vec::new(), b"<html>".to_vec()));
        let says = match status {
            401 | 403 => "refuses tag v1 of team/app".to_owned(),
            404 => "has no tag v1 of team/app".to_owned(),
            status => format!("answers {status} when asked for tag v1 of team/app"),
        };
        place.pull(&["--retry", "0", &server.image()]).refuses(125, &says);
    }
    place.has_nothing();
    // A layer that is not there, beside others that are.
    let layout = Layout::image(&[1000, BIG]);
    let gone = layout.layers[0].clone();
    let server = Server::new(&layout, move |seen| match seen.is_blob(&gone) {
        true => Act::Answer(404, Vec::new(), Vec::new()),
        false => Act::Serve,
    });
    place.pull(&[&server.image()]).refuses(125, &format!("has no blob {}", layout.layers[0]));
    place.has_no_image();
}

fn garbage(user: User) {
    let (layout, place) = (Layout::image(&[10]), Place::new(user));
    for bytes in [
        &b"\x00\x01\x02 what is this\r\n\r\n"[..],
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"",
    ] {
        let server = Server::new(&layout, move |_| Act::Raw(bytes.to_vec()));
        place.pull(&["--retry", "0", &server.image()]).refuses(125, &server.host());
    }
    for (body, says) in [
        (&b"<html>welcome</html>"[..], "its manifest is none"),
        (b"{}", "its manifest is none"),
        (b"", "its manifest is none"),
        (br#"{"schemaVersion":1,"fsLayers":[]}"#, "is of docker's schema 1, which is not supported"),
    ] {
        let server = Server::new(&layout, move |_| Act::Answer(200, Vec::new(), body.to_vec()));
        place.pull(&[&server.image()]).refuses(125, says);
    }
    let server = Server::new(&layout, |_| Act::Answer(200, Vec::new(), vec![b' '; (4 << 20) + 1]));
    place.pull(&[&server.image()]).refuses(125, "its manifest has more than 4194304 bytes");
    place.has_nothing();
}

fn silence(user: User) {
    let (layout, place) = (Layout::image(&[BIG]), Place::new(user));
    let server = Server::new(&layout, |seen| if seen.is_manifest() { Act::Stall(10) } else { Act::Serve });
    let began = Instant::now();
    let says = format!("{} has said nothing for 300ms", server.host());
    place.pull(&["--timeout", "300ms", &server.image()]).refuses(125, &says);
    place.has_nothing();
    // In the middle of a layer it is tried again, from there.
    let blob = layout.layers[0].clone();
    let server = Server::new(&layout, move |seen| match seen.before {
        0 if seen.is_blob(&blob) => Act::Stall(1_000_000),
        _ => Act::Serve,
    });
    place.pull(&["--timeout", "300ms", &server.image()]).ok();
    assert_eq!(ranges(&server, &layout.layers[0]).len(), 2);
    // Nor is somebody waited for who does not even take up.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let name = format!("{}/app", listener.local_addr().unwrap());
    Place::new(user).pull(&["--timeout", "300ms", &name]).refuses(125, "has said nothing for 300ms");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

fn no_image(user: User) {
    let (layout, place) = (Layout::image(&[10, 20]), Place::new(user));
    let refused = |change: &dyn Fn(&mut Value), says: &str| {
        let mut manifest = layout.manifest();
        change(&mut manifest);
        let server = Server::new(&layout.with_manifest(&manifest), |_| Act::Serve);
        place.pull(&[&server.image()]).refuses(125, says);
    };
    let helm = "application/vnd.cncf.helm.config.v1+json";
    refused(&|it| it["config"]["mediaType"] = helm.into(), &format!("it is no image, but {helm}"));
    refused(&|it| it["layers"][0]["mediaType"] = "x/y".into(), "a layer is x/y, which is not supported");
    refused(&|it| it["manifests"] = json!([]), "both that it is one image and that it is several");
    refused(&|it| it["mediaType"] = "application/vnd.oci.image.index.v1+json".into(), "is called");
    refused(&|it| it["layers"] = json!([it["layers"][0]]), "it has 1 layers, and its configuration says 2");
    refused(&|it| it["layers"][0]["digest"] = "sha256:../../x".into(), "its manifest is none");
    refused(&|it| it["config"]["size"] = (5 << 20).into(), "its manifest has more than");
    place.has_nothing();
}

/// Each layer is given only when three have been asked for.
fn side_by_side(user: User) {
    let (layout, place) = (Layout::image(&[1000, 2000, 3000, 4000, 5000, 6000]), Place::new(user));
    let layers = layout.layers.clone();
    let (count, all) = (Mutex::new((0, 0)), Condvar::new());
    let server = Server::new(&layout, move |seen| {
        if layers.iter().any(|layer| seen.is_blob(layer)) {
            let mut held = count.lock().unwrap();
            held.0 += 1;
            held.1 = held.1.max(held.0);
            all.notify_all();
            let (mut held, late) = all.wait_timeout_while(held, Duration::from_secs(20), |held| held.1 < 3).unwrap();
            held.0 -= 1;
            assert!(held.1 <= 3, "more than three at once");
            if late.timed_out() {
                return Act::Answer(400, Vec::new(), Vec::new());
            }
        }
        Act::Serve
    });
    place.pull(&["--retry", "0", &server.image()]).ok();
    assert_eq!(place.blobs().len(), 8);
}

fn shared(user: User) {
    let (layout, place) = (Layout::image(&[BIG]), Place::new(user));
    let blob = layout.layers[0].clone();
    let (begun, both) = (Mutex::new(0), Condvar::new());
    let server = Server::new(&layout, move |seen| {
        // The layer is given when both have been told what the image is made of.
        if seen.is_manifest() {
            *begun.lock().unwrap() += 1;
            both.notify_all();
        } else if seen.is_blob(&blob) {
            let held = begun.lock().unwrap();
            let _held = both.wait_timeout_while(held, Duration::from_secs(20), |begun| *begun < 2).unwrap();
        }
        Act::Serve
    });
    let start = || {
        let mut pull = place.pulling(&[&server.image()]);
        pull.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let (one, other) = (start(), start());
    for pull in [one, other] {
        let output = pull.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    assert_eq!(server.asked_for(&layout.layers[0]).len(), 1, "one of them had to fetch it");
    assert_eq!(place.references().len(), 1);
    assert_eq!(place.blobs().len(), 3);
    assert!(place.blobs().contains(&hex(&layout.blobs[&layout.layers[0]])));
}

fn no_room(user: User) {
    let (layout, place) = (Layout::image(&[BIG]), Place::new(user));
    let server = Server::new(&layout, |_| Act::Serve);
    let name = server.image();
    // Whatever would be too large a file for us is refused as a full disk would.
    let mut pull = place.command("sh");
    pull.args(["-c", "ulimit -f 1000; trap '' XFSZ; exec pod image pull \"$1\"", "sh", &name]);
    place.house.finish(&mut pull).refuses(125, "cannot write to");
    place.has_no_image();
    if user == User::Ordinary {
        let mut pull = place.pulling(&[&name]);
        pull.env("POD_DATA_DIR", "/proc/data");
        place.house.finish(&mut pull).refuses(125, "/proc/data");
    }
}
