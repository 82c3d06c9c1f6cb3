//! Who else carries a published port in user space: pasta, docker's proxy, and rootless podman's.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::at_home;
use super::carrier::Carrier;
use crate::network::{Network, ip};
use crate::place::Place;

/// pasta between two networks, for both ports.
pub(super) struct Pasta {
    pub(super) addresses: [SocketAddr; 2],
    pasta: Child,
}

impl Pasta {
    pub(super) fn new(program: &Path, place: &Place, pod: &Network, to: [SocketAddr; 2]) -> Result<Self, String> {
        let addresses = to.map(|_| free());
        // It looks for the way out before anything else; and into a process of root's it may not look, only into a file.
        ip("route add default via 10.88.0.2 dev outside");
        let place = place.work().join("pasta");
        File::create(&place).map_err(|error| error.to_string())?;
        let mut pasta = Command::new("unshare");
        pasta.args(["--mount", "sh", "-c", r#"mount --bind "$0" "$1" && at=$1 && shift && exec "$@" --netns "$at""#]);
        pasta.arg(format!("/proc/{}/ns/net", pod.holder())).arg(&place).arg(program);
        pasta.args(["--foreground", "--quiet", "--runas", "0", "--netns-only"]);
        pasta.args(["-u", "none", "-T", "none", "-U", "none"]);
        for (at, to) in addresses.iter().zip(to) {
            pasta.args(["-t", &format!("127.0.0.1/{}:{}", at.port(), to.port())]);
        }
        pasta.stdin(Stdio::null()).stdout(Stdio::null());
        let mut pasta = pasta.stderr(Stdio::piped()).spawn().map_err(|error| error.to_string())?;
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(addresses[1]).is_err() {
            if pasta.try_wait().is_ok_and(|ended| ended.is_some()) || Instant::now() > deadline {
                let _gone = pasta.kill();
                let said = pasta.wait_with_output().map(|output| output.stderr).unwrap_or_default();
                let said = String::from_utf8_lossy(&said);
                return Err(said.lines().last().unwrap_or("it does not listen").to_owned());
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(Self { addresses, pasta })
    }
}

impl Pasta {
    pub(super) fn carrier(&self) -> Carrier {
        Carrier::Process(self.pasta.id())
    }
}

impl Drop for Pasta {
    fn drop(&mut self) {
        let _gone = self.pasta.kill();
        let _reaped = self.pasta.wait();
    }
}

/// A port that nobody listens at.
fn free() -> SocketAddr {
    TcpListener::bind(at_home(0)).and_then(|free| free.local_addr()).expect("an address")
}

/// Docker's proxy for one port.
pub(super) struct Proxied {
    pub(super) address: SocketAddr,
    proxy: Child,
}

impl Proxied {
    pub(super) fn new(program: &Path, to: SocketAddr) -> Self {
        let address = free();
        let (host, container, pod) = (address.port().to_string(), to.port().to_string(), to.ip().to_string());
        let ends = ["-host-ip", "127.0.0.1", "-host-port", &host, "-container-ip", &pod, "-container-port", &container];
        // It says that it is ready to whoever has given it this descriptor.
        let mut proxy = Command::new("sh");
        proxy
            .args(["-c", "exec \"$0\" \"$@\" 3> /dev/null"])
            .arg(program)
            .args(["-proto", "tcp"])
            .args(ends)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let proxy = proxy.spawn().expect("docker-proxy");
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "docker-proxy does not listen");
            thread::yield_now();
        }
        Self { address, proxy }
    }
}

impl Proxied {
    pub(super) fn carrier(&self) -> Carrier {
        Carrier::Process(self.proxy.id())
    }
}

impl Drop for Proxied {
    fn drop(&mut self) {
        let _gone = self.proxy.kill();
        let _reaped = self.proxy.wait();
    }
}

/// Rootless podman's proxy, for both ports: one process in each network.
pub(super) struct Rootlessport {
    pub(super) addresses: [SocketAddr; 2],
    port: Child,
}

impl Rootlessport {
    const PROGRAM: &str = "/usr/lib/podman/rootlessport";

    pub(super) fn new(place: &Place, pod: &Network, to: [SocketAddr; 2]) -> Result<Self, String> {
        if !Path::new(Self::PROGRAM).exists() {
            return Err("it is not here".to_owned());
        }
        let addresses = to.map(|_| free());
        let mappings: Vec<_> = addresses.iter().zip(to).map(|(at, to)| {
            let ends = (at.port(), to.port());
            json!({"host_ip": "127.0.0.1", "host_port": ends.0, "container_port": ends.1, "range": 1, "protocol": "tcp"})
        }).collect();
        let work = place.work().join("rootlessport");
        fs::create_dir(&work).map_err(|error| error.to_string())?;
        // It ends with what it reads from the one descriptor, and says to the other that it is ready.
        let told = json!({
            "Mappings": mappings, "NetNSPath": format!("/proc/{}/ns/net", pod.holder()), "TmpDir": work,
            "ExitFD": 3, "ReadyFD": 4, "ChildIP": "127.0.0.1", "ContainerID": "bench", "RootlessCNI": false,
        });
        let config = work.join("config.json");
        fs::write(&config, told.to_string()).map_err(|error| error.to_string())?;
        let mut port = Command::new("sh");
        port.args(["-c", r#"exec "$0" 3<&0 4> /dev/null < "$1""#, Self::PROGRAM]).arg(&config);
        port.env("XDG_RUNTIME_DIR", &work).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let port = Self { addresses, port: port.spawn().map_err(|error| error.to_string())? };
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(addresses[1]).is_err() {
            if Instant::now() > deadline {
                return Err("it does not listen".to_owned());
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(port)
    }
}

/// The process in the other network ends with its stdin, too.
impl Drop for Rootlessport {
    fn drop(&mut self) {
        drop(self.port.stdin.take());
        let deadline = Instant::now() + Duration::from_secs(5);
        while matches!(self.port.try_wait(), Ok(None)) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
        let _gone = self.port.kill();
        let _reaped = self.port.wait();
    }
}
