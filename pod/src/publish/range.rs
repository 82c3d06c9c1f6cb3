//! Ports as they are typed: `8080:80`, or a range of them, `8000-8010:80-90`.

use std::str::FromStr;

use super::{InvalidPublish, Parts, Publish, port};

/// What one `--publish` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Published(pub(crate) Vec<Publish>);

impl FromStr for Published {
    type Err = InvalidPublish;

    fn from_str(text: &str) -> Result<Self, InvalidPublish> {
        let parts = Parts::of(text)?;
        if !parts.host.contains('-') && !parts.pod.contains('-') {
            return Ok(Self(vec![text.parse()?]));
        }
        let ((host, hosts), (pod, pods)) = (range(parts.host)?, range(parts.pod)?);
        if hosts != pods {
            return Err(InvalidPublish::Uneven(parts.host.to_owned(), parts.pod.to_owned()));
        }
        let publish =
            |at| Publish { address: parts.address, host_port: host + at, pod_port: pod + at, protocol: parts.protocol };
        Ok(Self((0..=hosts).map(publish).collect()))
    }
}

/// The first of a range, and how many come after it. What the kernel chooses has no order, so 0 begins none.
pub(crate) fn range(text: &str) -> Result<(u16, u16), InvalidPublish> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = match (port(first)?, port(last)?) {
        (0, _) => return Err(InvalidPublish::Port(first.to_owned())),
        both => both,
    };
    let more = last.checked_sub(first).ok_or_else(|| InvalidPublish::Backwards(text.to_owned()))?;
    Ok((first, more))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match text.parse::<Published>() {
            Ok(Published(all)) => all.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_range_is_each_port_of_it() {
        for (text, ports) in [
            ("8080:80", "8080->80"),
            ("0:80", "0->80"),
            ("8000-8002:8000-8002", "8000->8000 8001->8001 8002->8002"),
            ("127.0.0.1:8000-8001:80-81/udp", "127.0.0.1:8000->80/udp 127.0.0.1:8001->81/udp"),
            ("[::1]:8000-8000:80", "[::1]:8000->80"),
            ("65534-65535:65534-65535", "65534->65534 65535->65535"),
            ("8000-8010:80-81", r#""8000-8010" and "80-81" are not as many ports"#),
            ("8000-8010:80", r#""8000-8010" and "80" are not as many ports"#),
            ("8001-8000:80-81", r#""8001-8000" ends before it begins"#),
            ("0-1:80-81", r#""0" is no port"#),
            ("8000-:80-81", r#""" is no port"#),
            ("8000-8001-8002:80-82", r#""8001-8002" is no port"#),
            ("8000-8001", r#""8000-8001" is not [ADDRESS:]HOST:POD[/PROTOCOL]"#),
        ] {
            assert_eq!(shown(text), ports, "{text}");
        }
        assert_eq!("1-65535:1-65535".parse::<Published>().expect("a range").0.len(), 65535);
    }
}
