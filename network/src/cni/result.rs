//! What a plugin says: looked at before it is believed. Pure.

use std::net::IpAddr;

use reaper::WaitStatus;
use serde_json::Value;

use super::version::Version;
use crate::attachment::{Mac, Prefixed};
use crate::plain::plain;

/// More addresses than anybody has.
const MOST: usize = 64;

/// What plugins have made, as far as it is ours to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// The pod's addresses, the first first.
    pub addresses: Vec<Prefixed>,
    /// Who it sends to what is for others.
    pub gateways: Vec<IpAddr>,
    /// The address of its link.
    pub mac: Option<Mac>,
    /// The longest packet.
    pub mtu: Option<u32>,
    /// The network's name servers.
    pub resolvers: Vec<IpAddr>,
    /// The domains that are searched.
    pub searches: Vec<String>,
}

/// Reads what a plugin says when it has done what it was to do: a result of this version.
pub(super) fn parse(text: &[u8], version: Version) -> Result<Value, String> {
    if text.trim_ascii().is_empty() {
        return Err("it says nothing".to_owned());
    }
    let value: Value = serde_json::from_slice(text).map_err(|error| plain(&error.to_string()))?;
    let whole = value.as_object().ok_or("it is no object")?;
    match whole.get("cniVersion").map(|said| said.as_str()) {
        Some(Some(said)) if said == version.name() => Ok(value),
        Some(Some(said)) => Err(format!("it is of version {:?}, and {version} was asked for", plain(said))),
        _ => Err("it has no cniVersion".to_owned()),
    }
}

/// What a result means for a pod whose link is called so.
pub(super) fn given(value: &Value, interface: &str) -> Result<Given, String> {
    let list = |of: &Value, name: &str| match of.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) if list.len() <= MOST => Ok(list.clone()),
        Some(Value::Array(list)) => Err(format!("it has {} {name}", list.len())),
        Some(_) => Err(format!("its {name} are no list")),
    };
    let interfaces = list(value, "interfaces")?;
    let mut given = Given::default();
    for ip in list(value, "ips")? {
        let of = match ip.get("interface") {
            None | Some(Value::Null) => None,
            Some(index) => {
                let index = index.as_u64().and_then(|index| usize::try_from(index).ok());
                let found = index.and_then(|index| interfaces.get(index));
                Some(found.ok_or("an address of it is of an interface that it has not")?)
            }
        };
        // What is of the outside, or of the loopback, is not what others find the pod by.
        if of.is_some_and(|of| text(of, "sandbox").is_empty() || text(of, "name") == "lo") {
            continue;
        }
        let address = ip.get("address").and_then(Value::as_str).ok_or("an address of it is no text")?;
        given.addresses.push(usable(address)?);
        if let Some(gateway) = ip.get("gateway").and_then(Value::as_str).filter(|gateway| !gateway.is_empty()) {
            let gateway: IpAddr = gateway.parse().map_err(|_| format!("its gateway is {:?}", plain(gateway)))?;
            if !given.gateways.iter().any(|known| known.is_ipv4() == gateway.is_ipv4()) {
                given.gateways.push(gateway);
            }
        }
    }
    let ours = interfaces.iter().find(|it| text(it, "name") == interface && !text(it, "sandbox").is_empty());
    if let Some(ours) = ours {
        given.mac = text(ours, "mac").to_ascii_lowercase().parse().ok();
        given.mtu = ours.get("mtu").and_then(Value::as_u64).and_then(|mtu| mtu.try_into().ok()).filter(|mtu| *mtu > 0);
    }
    if let Some(dns) = value.get("dns").filter(|dns| dns.is_object()) {
        let words = |name| -> Result<Vec<String>, String> {
            let words = list(dns, name)?.into_iter();
            words
                .map(|word| word.as_str().map(str::to_owned).ok_or_else(|| format!("its {name} are no text")))
                .collect()
        };
        let server = |server: String| server.parse().map_err(|_| format!("its name server is {:?}", plain(&server)));
        given.resolvers = words("nameservers")?.into_iter().map(server).collect::<Result<_, _>>()?;
        given.searches = words("search")?;
        if let Some(odd) = given.searches.iter().find(|domain| !is_domain(domain)) {
            return Err(format!("it searches {:?}", plain(odd)));
        }
    }
    Ok(given)
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// What stands in a line of resolv.conf, and cannot begin another.
fn is_domain(text: &str) -> bool {
    let inner = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_');
    !text.is_empty() && text.len() <= 255 && text.chars().all(inner)
}

/// An address that somebody can have.
fn usable(address: &str) -> Result<Prefixed, String> {
    let odd = || format!("its address is {:?}", plain(address));
    let prefixed: Prefixed = address.parse().map_err(|_| odd())?;
    let broadcast = matches!(prefixed.ip, IpAddr::V4(ip) if ip.is_broadcast());
    let is_nobodys =
        prefixed.ip.is_unspecified() || prefixed.ip.is_multicast() || prefixed.ip.is_loopback() || broadcast;
    if is_nobodys || prefixed.prefix == 0 { Err(odd()) } else { Ok(prefixed) }
}

/// The words of a plugin that has failed: its error, else what it complains of, else how it ended.
///
/// # References
/// The specification, section 5, "Error"
pub(super) fn complaint(said: &[u8], complained: &[u8], ended: WaitStatus) -> String {
    let error = serde_json::from_slice::<Value>(said).ok().and_then(|value| {
        let (message, details) = (text(&value, "msg"), text(&value, "details"));
        let code = value.get("code").and_then(Value::as_u64);
        let words: Vec<_> = [message, details].into_iter().filter(|words| !words.is_empty()).collect();
        let words = words.join(": ");
        match (words.is_empty(), code) {
            (false, _) => Some(words),
            (true, Some(code)) => Some(format!("error {code}")),
            (true, None) => None,
        }
    });
    if let Some(error) = error {
        return plain(&error);
    }
    let all = [said, complained].map(String::from_utf8_lossy);
    let last = all.iter().rev().find_map(|text| text.lines().rev().find(|line| !line.trim().is_empty()));
    let how = match ended {
        WaitStatus::Exited(code) => format!("it ended with {code}"),
        WaitStatus::Signaled { signal, .. } => format!("it ended by {signal}"),
        WaitStatus::Stopped(_) | WaitStatus::Continued => "it has not ended".to_owned(),
    };
    last.map_or(how.clone(), |last| format!("{how}: {}", plain(last)))
}

#[cfg(test)]
mod tests;
