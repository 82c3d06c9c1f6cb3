//! Servers that do what servers do, asked as a kubelet asks.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::message::Near;
use super::*;
use crate::compile::{HttpGet, Scheme};

/// A server that answers one connection after the other with these, and hands out what it was asked.
fn serve(answers: Vec<Vec<u8>>) -> (u16, Receiver<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (said, heard) = channel();
    thread::spawn(move || {
        for answer in answers {
            let Ok((mut stream, _)) = listener.accept() else { return };
            let (mut request, mut some) = (Vec::new(), [0; 1024]);
            // Who begins to speak in secret waits for an answer before there is an end.
            while !request.starts_with(&[0x16]) && !request.windows(4).any(|end| end == b"\r\n\r\n") {
                match stream.read(&mut some) {
                    Ok(0) | Err(_) => break,
                    Ok(count) => request.extend_from_slice(&some[..count]),
                }
            }
            let _nobody = said.send(String::from_utf8_lossy(&request).into_owned());
            // Whoever asks may have heard enough.
            let _gone = stream.write_all(&answer);
        }
        // Once nothing more is said, nobody listens.
        drop(listener);
        drop(said);
    });
    (port, heard)
}

fn answer(head: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn get(port: u16) -> HttpGet {
    let port = PortRef::Number(port);
    HttpGet { scheme: Scheme::Http, host: None, port, path: "/healthz".to_owned(), headers: Vec::new() }
}

fn asked(handler: &Handler, purpose: Purpose, patience: Duration) -> Outcome {
    let near = Near { address: IpAddr::V4(Ipv4Addr::LOCALHOST), known: None };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(super::answer(handler, purpose, &near, patience))
}

const PATIENCE: Duration = Duration::from_secs(5);

fn probed(get: &HttpGet) -> Outcome {
    asked(&Handler::Http(get.clone()), Purpose::Probe, PATIENCE)
}

fn failed(outcome: Outcome) -> String {
    match outcome {
        Outcome::Failure(words) => words,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_server_is_well_that_answers_so() {
    let (port, heard) = serve(vec![answer("200 OK", "fine"), answer("503 Service Unavailable", "no")]);
    assert_eq!(probed(&get(port)), Outcome::Success);
    let request = heard.recv().expect("a request");
    assert!(
        request.starts_with("GET /healthz HTTP/1.1\r\n") && request.contains("user-agent: kube-probe/"),
        "{request}"
    );
    assert_eq!(failed(probed(&get(port))), "HTTP probe failed with statuscode: 503");
}

#[test]
fn redirects_are_followed_to_the_same_host_only() {
    let elsewhere = "302 Found\r\nLocation: http://example.invalid/";
    let (port, heard) =
        serve(vec![answer("302 Found\r\nLocation: /other", ""), answer("200 OK", ""), answer(elsewhere, "gone")]);
    assert_eq!(probed(&get(port)), Outcome::Success);
    assert!(heard.recv().is_ok() && heard.recv().expect("another").starts_with("GET /other "));
    let warned = Outcome::Warning("Probe terminated redirects, Response body: gone".to_owned());
    assert_eq!(probed(&get(port)), warned);
    let (port, _) = serve(vec![answer("302 Found\r\nLocation: /again", ""); 11]);
    assert!(failed(probed(&get(port))).ends_with("stopped after 10 redirects"));
}

#[test]
fn whoever_does_not_answer_is_not_waited_for() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let before = Instant::now();
    let outcome = asked(&Handler::Http(get(port)), Purpose::Probe, Duration::from_millis(200));
    let words = failed(outcome);
    let expected = format!(
        "Get \"http://127.0.0.1:{port}/healthz\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
    );
    assert_eq!(words, expected);
    assert!(before.elapsed() < Duration::from_secs(3));
    let grpc = Handler::Grpc { port, service: String::new() };
    assert!(failed(asked(&grpc, Purpose::Probe, Duration::from_millis(200))).starts_with("timeout: "));
}

#[test]
fn what_has_no_end_is_read_to_a_limit() {
    let endless = format!("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n{}", "x".repeat(100_000));
    let (port, _) = serve(vec![endless.into_bytes()]);
    assert_eq!(probed(&get(port)), Outcome::Success);
    let header = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(200_000));
    let (port, _) = serve(vec![header.into_bytes()]);
    failed(probed(&get(port)));
}

#[test]
fn what_is_no_answer_is_a_failure() {
    let (port, heard) = serve(vec![b"garbage\r\n\r\n".to_vec(), Vec::new()]);
    failed(probed(&get(port)));
    assert!(failed(probed(&get(port))).ends_with("EOF"));
    // Nobody listens there any more.
    while heard.recv().is_ok() {}
    let refused = failed(probed(&get(port)));
    let expected =
        format!("Get \"http://127.0.0.1:{port}/healthz\": dial tcp 127.0.0.1:{port}: connect: connection refused");
    assert_eq!(refused, expected);
}

#[test]
fn what_speaks_in_the_clear_is_no_https_but_to_a_hook() {
    let plain = || answer("400 Bad Request", "");
    let (port, _) = serve(vec![plain()]);
    let https = HttpGet { scheme: Scheme::Https, ..get(port) };
    let words = failed(probed(&https));
    assert!(words.ends_with("http: server gave HTTP response to HTTPS client"), "{words}");
    let (port, _) = serve(vec![plain(), plain()]);
    let https = HttpGet { scheme: Scheme::Https, ..get(port) };
    assert_eq!(asked(&Handler::Http(https), Purpose::Hook, PATIENCE), Outcome::Success);
}

#[test]
fn a_port_is_open_or_not_and_has_to_be_one() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let tcp = |port| Handler::Tcp { host: None, port };
    assert_eq!(asked(&tcp(PortRef::Number(port)), Purpose::Probe, PATIENCE), Outcome::Success);
    drop(listener);
    let refused = failed(asked(&tcp(PortRef::Number(port)), Purpose::Probe, PATIENCE));
    assert_eq!(refused, format!("dial tcp 127.0.0.1:{port}: connect: connection refused"));
    let unknown = asked(&tcp(PortRef::Unknown("web".to_owned())), Purpose::Probe, PATIENCE);
    assert_eq!(unknown, Outcome::Error("couldn't find port: \"web\"".to_owned()));
    failed(asked(&tcp(PortRef::Number(port)), Purpose::Hook, PATIENCE));
}

#[test]
fn names_are_not_looked_up_where_is_asked() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = PortRef::Number(listener.local_addr().expect("an address").port());
    let handler = Handler::Tcp { host: Some("web".to_owned()), port };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let ask = |known| runtime.block_on(super::answer(&handler, Purpose::Probe, &Near { address, known }, PATIENCE));
    assert!(failed(ask(None)).ends_with("lookup web: no such host"));
    assert_eq!(ask(Some(("web".to_owned(), address))), Outcome::Success);
}

/// What is asked, by somebody who can do nothing else.
fn behind_the_filter(handlers: Vec<Handler>) -> Vec<Outcome> {
    let ask = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        crate::forwarder::confined(crate::forwarder::Work::Ask).expect("a filter");
        let near = Near { address: IpAddr::V4(Ipv4Addr::LOCALHOST), known: None };
        let ask = |handler: Handler| runtime.block_on(super::answer(&handler, Purpose::Probe, &near, PATIENCE));
        handlers.into_iter().map(ask).collect()
    };
    thread::spawn(ask).join().expect("a thread that ends well")
}

#[test]
fn a_filter_keeps_nobody_from_asking() {
    let https = |port| Handler::Http(HttpGet { scheme: Scheme::Https, ..get(port) });
    let (well, _) = serve(vec![answer("200 OK", "fine"), answer("200 OK", "fine")]);
    let (plain, _) = serve(vec![answer("400 Bad Request", "")]);
    let (grpc, _) = serve(vec![b"garbage".to_vec()]);
    let outcomes = behind_the_filter(vec![
        Handler::Http(get(well)),
        Handler::Tcp { host: None, port: PortRef::Number(well) },
        https(plain),
        Handler::Grpc { port: grpc, service: "s".to_owned() },
    ]);
    assert_eq!(outcomes[..2], [Outcome::Success, Outcome::Success]);
    let words = failed(outcomes[2].clone());
    assert!(words.ends_with("http: server gave HTTP response to HTTPS client"), "{words}");
    let words = failed(outcomes[3].clone());
    assert!(words.starts_with("error: health rpc probe failed: ") && !words.contains("permitted"), "{words}");
}
