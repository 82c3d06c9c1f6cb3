//! Who we are to whom: tokens, helpers, and nobody else.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicUsize, Ordering};

use libtest_mimic::Trial;

use super::Place;
use super::layout::Layout;
use super::server::{Act, Seen, Server};
use crate::house::User;
use crate::trial::as_each_user;

/// me:very-secret
const BASIC: &str = "Basic bWU6dmVyeS1zZWNyZXQ=";

pub(crate) fn trials() -> Vec<Trial> {
    [
        as_each_user("pull::by_a_token", &[], by_a_token),
        as_each_user("pull::by_an_identity_token", &[], by_an_identity_token),
        as_each_user("pull::with_a_token_that_runs_out", &[], token_runs_out),
        as_each_user("pull::by_a_helper", &[], by_a_helper),
        as_each_user("pull::shows_nobody_else_who_we_are", &[], redirected),
        as_each_user("pull::shows_no_token_server_in_the_open_who_we_are", &[], open_realm),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn unauthorized(challenge: &str) -> Act {
    Act::Answer(401, vec![("WWW-Authenticate", challenge.to_owned())], b"{}".to_vec())
}

/// A registry that lets in who has this token, from a server at this address.
fn lets_in(layout: &Layout, realm: String, token: &'static str) -> Server {
    Server::new(layout, move |seen| match &seen.authorization {
        Some(shown) if *shown == format!("Bearer {token}") => Act::Serve,
        _ => unauthorized(&format!("Bearer realm=\"{realm}\",service=\"ours\",scope=\"repository:team/app:pull\"")),
    })
}

/// Makes out tokens for whom it likes.
fn makes_out(token: &'static str, likes: impl Fn(&Seen) -> bool + Send + Sync + 'static) -> Server {
    Server::new(&Layout::default(), move |seen| match likes(seen) {
        true => Act::Answer(200, Vec::new(), format!(r#"{{"token": "{token}"}}"#).into_bytes()),
        false => Act::Answer(401, Vec::new(), br#"{"details": "incorrect username or password"}"#.to_vec()),
    })
}

fn by_a_token(user: User) {
    let place = Place::new(user);
    let layout = Layout::image(&[1000, 2000]);
    let tokens = makes_out("good", |seen| seen.authorization.as_deref() == Some(BASIC));
    let registry = lets_in(&layout, format!("http://{}/token?x=y", tokens.host()), "good");
    let refused = place.pull(&["--retry", "0", "--creds", "me:wrong-secret", &registry.image()]);
    assert!(!refused.err().contains("wrong-secret"), "{refused}");
    refused.refuses(125, &format!("{} refuses a token for team/app (incorrect username or password)", tokens.host()));
    place.pull(&[&registry.image()]).refuses(125, "refuses a token for team/app");
    place.has_nothing();
    place.pull(&["--creds", "me:very-secret", &registry.image()]).ok();
    let asked = tokens.seen();
    let asked = asked.last().unwrap();
    assert_eq!(asked.path, "/token?x=y&service=ours&scope=repository:team/app:pull");
    // The registry never saw more than the token.
    assert!(registry.seen().iter().all(|seen| !seen.authorization.as_deref().unwrap_or_default().starts_with("Basic")));
    assert_eq!(tokens.seen().len(), 3, "one token does for all of an image");

    // Where nobody has to be known, the token is everybody's.
    let (place, tokens) = (Place::new(user), makes_out("free", |seen| seen.authorization.is_none()));
    let registry = lets_in(&layout, format!("http://{}/token", tokens.host()), "free");
    place.pull(&[&registry.image()]).ok();
    assert_eq!(place.blobs().len(), 4);
}

fn by_an_identity_token(user: User) {
    let place = Place::new(user);
    let tokens = makes_out("good", |seen| {
        let form: Vec<_> = seen.body.split('&').collect();
        seen.method == "POST"
            && ["grant_type=refresh_token", "refresh_token=who-i-am", "service=ours"].iter().all(|it| form.contains(it))
    });
    let registry = lets_in(&Layout::image(&[1000]), format!("http://{}/token", tokens.host()), "good");
    let auth = format!(r#"{{"auths": {{"{}": {{"auth": "", "identitytoken": "who-i-am"}}}}}}"#, registry.host());
    fs::write(place.path("auth.json"), auth).unwrap();
    place.pull(&["--authfile", "auth.json", &registry.image()]).ok();
    assert!(registry.seen().iter().all(|seen| !format!("{seen:?}").contains("who-i-am")));
}

/// A token that has run out in the middle of a pull is renewed.
fn token_runs_out(user: User) {
    let place = Place::new(user);
    let layout = Layout::image(&[1000]);
    let made = AtomicUsize::new(0);
    let tokens = Server::new(&Layout::default(), move |_| {
        let number = made.fetch_add(1, Ordering::SeqCst);
        Act::Answer(200, Vec::new(), format!(r#"{{"access_token": "t{number}"}}"#).into_bytes())
    });
    let realm = format!("http://{}/token", tokens.host());
    let registry = Server::new(&layout, move |seen| {
        // Each is good for one kind of thing.
        let good = if seen.is_manifest() { "Bearer t0" } else { "Bearer t1" };
        match seen.authorization.as_deref() {
            Some(shown) if shown == good => Act::Serve,
            _ => unauthorized(&format!("Bearer realm=\"{realm}\"")),
        }
    });
    place.pull(&[&registry.image()]).ok();
    assert_eq!(tokens.seen().len(), 2);
}

fn by_a_helper(user: User) {
    let place = Place::new(user);
    let registry = Server::new(&Layout::image(&[1000]), |seen| match seen.authorization.as_deref() {
        Some(BASIC) => Act::Serve,
        _ => unauthorized("Basic realm=\"x\""),
    });
    let host = registry.host();
    let helper = |name: &str, script: &str| {
        let path = place.path(&format!("docker-credential-{name}"));
        fs::write(&path, format!("#!/bin/sh\nread -r server\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    };
    let answer = r#"echo "{\"ServerURL\":\"$server\",\"Username\":\"me\",\"Secret\":\"very-secret\"}""#;
    helper("knows", &format!("test \"$1 $server\" = 'get {host}' && {answer}"));
    helper("empty", "echo credentials not found in native keychain; exit 1");
    helper("fails", "echo the keychain is locked >&2; exit 3");
    helper("raves", "echo hello");
    let pull = |name: &str| {
        fs::write(place.path("auth.json"), format!(r#"{{"credHelpers": {{"{host}": "{name}"}}}}"#)).unwrap();
        let mut pull = place.pulling(&["--authfile", "auth.json", &registry.image()]);
        // Only directories that everybody may search: else nobody knows that it is nowhere.
        pull.env(
            "PATH",
            format!("{}:{}:/usr/bin:/bin", crate::house::binaries().display(), place.house.work().display()),
        );
        place.house.finish(&mut pull)
    };
    pull("empty").refuses(125, &format!("{host} refuses tag v1 of team/app"));
    pull("fails").refuses(125, "docker-credential-fails failed: the keychain is locked");
    pull("raves").refuses(125, "cannot understand what docker-credential-raves says");
    pull("missing").refuses(125, "cannot ask docker-credential-missing: No such file");
    pull("../knows").refuses(125, "is no name of a credential helper");
    place.has_nothing();
    pull("knows").ok();
}

/// A registry keeps its blobs elsewhere. Whoever that is learns nothing of us.
fn redirected(user: User) {
    let place = Place::new(user);
    let layout = Layout::image(&[1000, 100_000]);
    let cdn = Server::new(&layout, |seen| match &seen.authorization {
        None => Act::Serve,
        // As some do that have signed the address.
        Some(_) => Act::Answer(400, Vec::new(), Vec::new()),
    });
    let elsewhere = format!("http://localhost:{}", cdn.port);
    let registry = Server::new(&layout, move |seen| match seen.authorization.as_deref() {
        Some(BASIC) if seen.is_manifest() => Act::Serve,
        Some(BASIC) => {
            let location = format!("{elsewhere}{}?signed=yes", seen.path);
            Act::Answer(307, vec![("Location", location)], Vec::new())
        }
        _ => unauthorized("Basic realm=\"x\""),
    });
    let strip = |seen: Seen| (seen.path.contains("signed=yes"), seen.authorization);
    let pulled = place.pull(&["--creds", "me:very-secret", &registry.image()]);
    let seen: Vec<_> = cdn.seen().into_iter().map(strip).collect();
    assert_eq!(seen, vec![(true, None); 3], "{pulled}");
    pulled.ok();
    assert_eq!(place.blobs().len(), 4);

    // One that asks us, too, is not told either, however it asks.
    let curious = Server::new(&layout, |_| unauthorized("Basic realm=\"tell me\""));
    let elsewhere = format!("http://localhost:{}", curious.port);
    let registry = Server::new(&layout, move |seen| match seen.authorization.as_deref() {
        Some(BASIC) if seen.is_manifest() => Act::Serve,
        Some(BASIC) => Act::Answer(302, vec![("Location", format!("{elsewhere}/x"))], Vec::new()),
        _ => unauthorized("Basic realm=\"x\""),
    });
    let place = Place::new(user);
    place.pull(&["--creds", "me:very-secret", &registry.image()]).refuses(125, "localhost");
    assert!(!curious.seen().is_empty() && curious.seen().iter().all(|seen| seen.authorization.is_none()));

    // In circles nobody is followed for long.
    let circle = Server::new(&layout, |seen| Act::Answer(302, vec![("Location", seen.path.clone())], Vec::new()));
    place.pull(&[&circle.image()]).refuses(125, "without an end");
    let away = "http://example.test/x?token=secret".to_owned();
    let lost = Server::new(&layout, move |seen| match seen.is_manifest() {
        true => Act::Answer(302, vec![("Location", "ftp://example.test/x?token=secret".to_owned())], Vec::new()),
        false => Act::Answer(302, vec![("Location", away.clone())], Vec::new()),
    });
    let refused = place.pull(&[&lost.image()]);
    assert!(!refused.err().contains("token=secret"), "{refused}");
    refused.refuses(125, "leads to ftp://example.test/x,");
    place.has_nothing();
}

/// A registry may name whom it likes for its tokens; over plain HTTP only this machine is told.
fn open_realm(user: User) {
    let place = Place::new(user);
    let registry = lets_in(&Layout::image(&[10]), "http://tokens.example.test/token".to_owned(), "good");
    let refused = place.pull(&["--creds", "me:very-secret", &registry.image()]);
    assert!(!refused.err().contains("very-secret"), "{refused}");
    refused.refuses(125, "leads to http://tokens.example.test/token, where anybody could read who we are");
}
