//! Ports and addresses as they are typed, and listening there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use manifest::kind::Pod;

use crate::answer::Complaint;

/// A port here, or any, and a port of the pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) local: u16,
    pub(super) remote: u16,
}

/// Something that is listened to, and the ports that it is for.
type Open = (TcpListener, Pair);

/// The ports that were typed; names are those of a pod's containers.
///
/// # Errors
/// One is none.
pub(super) fn pairs(words: &[String], pod: Option<&Pod>) -> Result<Vec<Pair>, Complaint> {
    words.iter().map(|word| pair(word, pod)).collect()
}

fn pair(word: &str, pod: Option<&Pod>) -> Result<Pair, Complaint> {
    let (local, remote) = match word.split(':').collect::<Vec<_>>()[..] {
        [port] => (port, port),
        ["", remote] => ("0", remote),
        [local, remote] => (local, remote),
        _ => return Err(Complaint::Plain(format!("invalid port format '{word}'"))),
    };
    if remote.is_empty() {
        return Err(Complaint::plain("remote port cannot be empty"));
    }
    let is_name = remote.parse::<u64>().is_err();
    let remote_port = match pod.filter(|_| is_name) {
        Some(pod) => named(pod, remote)?,
        None => port("remote", remote)?,
    };
    if remote_port == 0 {
        return Err(Complaint::plain("remote port must be > 0"));
    }
    let local = if is_name && local == remote { remote_port } else { port("local", local)? };
    Ok(Pair { local, remote: remote_port })
}

fn port(which: &str, text: &str) -> Result<u16, Complaint> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().map_err(|_| {
        let cause = if digits { "value out of range" } else { "invalid syntax" };
        Complaint::Plain(format!("error parsing {which} port '{text}': strconv.ParseUint: parsing {text:?}: {cause}"))
    })
}

fn named(pod: &Pod, name: &str) -> Result<u16, Complaint> {
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let mut ports = containers.flat_map(|container| &container.ports);
    let found = ports.find(|port| port.name.as_deref() == Some(name));
    found.and_then(|port| u16::try_from(port.container_port).ok()).ok_or_else(|| {
        let pod = pod.metadata.name.as_deref().unwrap_or_default();
        Complaint::Plain(format!("Pod '{pod}' does not have a named port '{name}'"))
    })
}

/// Where to listen, and whether that must be: of localhost's two addresses one is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Address {
    ip: IpAddr,
    must: bool,
}

/// The addresses that were typed.
///
/// # Errors
/// One is none.
pub(super) fn addresses(words: &[String]) -> Result<Vec<Address>, Complaint> {
    let mut found: Vec<Address> = Vec::new();
    let mut add = |ip: IpAddr, must: bool| match found.iter_mut().find(|known| known.ip == ip) {
        Some(known) => known.must |= must,
        None => found.push(Address { ip, must }),
    };
    for word in words {
        if word == "localhost" {
            add(Ipv4Addr::LOCALHOST.into(), false);
            add(Ipv6Addr::LOCALHOST.into(), false);
        } else {
            let ip = word.parse().map_err(|_| Complaint::Plain(format!("{word} is not a valid IP")))?;
            add(ip, true);
        }
    }
    Ok(found)
}

/// Listens at all addresses for each port; hands back what is listened to, and what is to be said of ports that are
/// not.
///
/// # Errors
/// None is.
pub(super) fn listen(pairs: &[Pair], addresses: &[Address]) -> Result<(Vec<Open>, Vec<String>), Complaint> {
    let (mut open, mut said) = (Vec::new(), Vec::new());
    for pair in pairs {
        match listen_to(*pair, addresses) {
            Ok(listeners) => open.extend(listeners),
            Err(troubles) => said.push(format!(
                "Unable to listen on port {}: Listeners failed to create with the following errors: [{}]",
                pair.local,
                troubles.join(" ")
            )),
        }
    }
    if open.is_empty() {
        let ports: Vec<String> = pairs.iter().map(|pair| format!("{{{} {}}}", pair.local, pair.remote)).collect();
        said.push(format!("error: unable to listen on any of the requested ports: [{}]", ports.join(" ")));
        return Err(Complaint::Whole(said.join("\n")));
    }
    Ok((open, said))
}

fn listen_to(pair: Pair, addresses: &[Address]) -> Result<Vec<Open>, Vec<String>> {
    let (mut open, mut troubles, mut failed) = (Vec::new(), Vec::new(), false);
    let mut pair = pair;
    for address in addresses {
        let at = SocketAddr::new(address.ip, pair.local);
        match TcpListener::bind(at).and_then(|listener| Ok((listener.local_addr()?.port(), listener))) {
            Ok((port, listener)) => {
                // All addresses have the port that the first was given.
                pair.local = port;
                open.push((listener, pair));
            }
            Err(error) => {
                failed |= address.must;
                let cause = error.raw_os_error().map_or_else(|| error.to_string(), words);
                let family = if at.is_ipv4() { "tcp4" } else { "tcp6" };
                troubles.push(format!("unable to create listener: Error listen {family} {at}: bind: {cause}"));
            }
        }
    }
    if failed || open.is_empty() { Err(troubles) } else { Ok(open) }
}

fn words(errno: i32) -> String {
    nix::errno::Errno::from_raw(errno).desc().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn typed(word: &str) -> Result<(u16, u16), String> {
        let value = json!({ "metadata": { "name": "web" }, "spec": { "containers": [{ "name": "a", "ports": [
            { "containerPort": 8080, "name": "http" }] }] } });
        let Ok(manifest::kind::Object::Pod(pod)) = manifest::kind::Object::from_value("Pod", value) else { panic!() };
        match pair(word, Some(&pod)) {
            Ok(pair) => Ok((pair.local, pair.remote)),
            Err(Complaint::Plain(text)) => Err(text),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn ports_are_typed_as_for_kubectl() {
        for (word, expected) in [
            ("80", (80, 80)),
            ("8080:80", (8080, 80)),
            (":80", (0, 80)),
            ("0:80", (0, 80)),
            ("http", (8080, 8080)),
            ("1:http", (1, 8080)),
        ] {
            assert_eq!(typed(word), Ok(expected), "{word}");
        }
        for (word, expected) in [
            ("0", "remote port must be > 0"),
            ("a:b:c", "invalid port format 'a:b:c'"),
            ("80:", "remote port cannot be empty"),
            ("nosuch", "Pod 'web' does not have a named port 'nosuch'"),
            ("x:80", "error parsing local port 'x': strconv.ParseUint: parsing \"x\": invalid syntax"),
            ("70000", "error parsing remote port '70000': strconv.ParseUint: parsing \"70000\": value out of range"),
        ] {
            assert_eq!(typed(word), Err(expected.to_owned()), "{word}");
        }
    }

    #[test]
    fn localhost_is_two_addresses_of_which_one_is_enough() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let found = addresses(&words(&["localhost", "127.0.0.1"])).expect("addresses");
        assert_eq!(found.iter().map(|address| address.must).collect::<Vec<_>>(), [true, false]);
        assert_eq!(addresses(&words(&["x"])), Err(Complaint::plain("x is not a valid IP")));
    }
}
