//! As much HTTP as a demo needs: a server with one answer, a proxy, and a client.
//!
//! HTTP/1.0, one request a connection. It is for tests: nothing here is meant to face the world.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::{Result, say_ready};

/// Answers every request with this text.
pub(crate) fn answer(listen: SocketAddr, body: &str) -> Result<()> {
    let response = format!("HTTP/1.0 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    serve(listen, move |mut client| {
        read_request(&client)?;
        client.write_all(response.as_bytes())
    })
}

/// Answers every request with what another server answers to it.
pub(crate) fn proxy(listen: SocketAddr, server: SocketAddr) -> Result<()> {
    serve(listen, move |mut client| {
        let request = read_request(&client)?;
        let answer = TcpStream::connect(server).and_then(|mut server| {
            server.write_all(&request)?;
            let mut answer = Vec::new();
            server.read_to_end(&mut answer).map(|_| answer)
        });
        client.write_all(&answer.unwrap_or_else(|_| b"HTTP/1.0 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n".to_vec()))
    })
}

fn serve(listen: SocketAddr, handle: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> Result<()> {
    let listener = TcpListener::bind(listen)?;
    say_ready()?;
    thread::scope(|scope| {
        for client in listener.incoming() {
            let (client, handle) = (client?, &handle);
            // A client that goes away is its own affair.
            scope.spawn(move || handle(client).ok());
        }
        Ok(())
    })
}

/// The request up to the empty line; what is served here has no body.
fn read_request(client: &TcpStream) -> io::Result<Vec<u8>> {
    let mut reader = BufReader::new(client);
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if reader.read_until(b'\n', &mut request)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(request)
}

/// Fetches `http://HOST:PORT/PATH`, trying again until somebody answers 200.
pub(crate) fn get(url: &str, patience: Duration) -> Result<String> {
    let rest = url.strip_prefix("http://").ok_or("only http:// is understood")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let deadline = Instant::now() + patience;
    loop {
        match fetch(host, path) {
            Ok(body) => return Ok(body),
            Err(error) if Instant::now() >= deadline => return Err(format!("{url}: {error}").into()),
            Err(_) => thread::sleep(Duration::from_millis(20)),
        }
    }
}

fn fetch(host: &str, path: &str) -> io::Result<String> {
    let address: SocketAddr = host.parse().map_err(io::Error::other)?;
    let mut server = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
    server.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(server, "GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n")?;
    let mut response = String::new();
    server.read_to_string(&mut response)?;
    let (head, body) = response.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    match head.split(' ').nth(1) {
        Some("200") => Ok(body.to_owned()),
        code => Err(io::Error::other(format!("answered {}", code.unwrap_or("nothing")))),
    }
}
