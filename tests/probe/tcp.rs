//! A server that ends, sends and breaks connections as it is told in their first line.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::socket::{Backlog, setsockopt, sockopt};

use crate::{Result, say_ready};

/// Serves, a thread to a connection:
/// - `echo`: what comes, until its end;
/// - `body N`: N bytes, of which the one at place P is P modulo 251;
/// - `take`: after the end of what comes, how much it was;
/// - `first`: `first` and an end; and prints how much comes after that;
/// - `watch`: `watching`; and prints whether the connection `ended` or was `reset`;
/// - `reset`: a reset.
pub(crate) fn serve(listen: SocketAddr) -> Result<()> {
    // A connection takes two descriptors, and whoever launched us may have few.
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
    let listener = TcpListener::bind(listen)?;
    // With a short queue, the kernel answers a rush with cookies, and resets those that do not come back whole.
    nix::sys::socket::listen(&listener, Backlog::MAXALLOWABLE)?;
    say_ready()?;
    for client in listener.incoming() {
        let client = client?;
        // A client that goes away is its own affair.
        thread::Builder::new().stack_size(64 << 10).spawn(move || told(client).ok())?;
    }
    Ok(())
}

fn told(mut client: TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    match line.trim().split_once(' ').unwrap_or((line.trim(), "")) {
        ("echo", _) => drop(io::copy(&mut reader, &mut client)?),
        ("body", length) => {
            let length: usize = length.parse().map_err(io::Error::other)?;
            let pattern: Vec<u8> = (0..251).collect();
            let mut repeated = pattern.repeat(300).into_iter().cycle();
            let mut left = length;
            while left > 0 {
                let block: Vec<u8> = repeated.by_ref().take(left.min(251 * 300)).collect();
                client.write_all(&block)?;
                left -= block.len();
            }
        }
        ("take", _) => {
            let length = io::copy(&mut reader, &mut io::sink())?;
            write!(client, "{length}")?;
        }
        ("first", _) => {
            client.write_all(b"first")?;
            client.shutdown(Shutdown::Write)?;
            println!("heard {}", io::copy(&mut reader, &mut io::sink())?);
        }
        ("watch", _) => {
            client.write_all(b"watching")?;
            match reader.read(&mut [0]) {
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => println!("reset"),
                _ => println!("ended"),
            }
        }
        ("reset", _) => {
            drop(reader);
            setsockopt(&client, sockopt::Linger, &libc::linger { l_onoff: 1, l_linger: 0 })?;
        }
        (other, _) => return Err(io::Error::other(format!("what is {other}?"))),
    }
    Ok(())
}
