//! What an attendant and its prober say to each other: one to a packet.

use std::io;
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Outcome, Purpose};
use crate::compile::Handler;

/// Longer than any message: a request's headers are a manifest's, an answer's words are bounded.
const LONGEST: usize = 256 << 10;

/// What is to be asked, and of whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Question {
    pub(super) handler: Handler,
    pub(super) purpose: Purpose,
    pub(super) near: Near,
    pub(super) patience: Duration,
}

/// Where is asked, from within the pod's network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Near {
    /// The pod's address.
    pub(super) address: IpAddr,
    /// A host that the handler names, and its address: names are looked up outside.
    pub(super) known: Option<(String, IpAddr)>,
}

/// What an attendant says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Word {
    /// Ask this.
    Ask(u64, Box<Question>),
    /// Nobody waits for the answer any more.
    Never(u64),
}

/// What a prober says: what came of asking.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Said(pub(super) u64, pub(super) Outcome);

/// Says something, now.
pub(super) fn say(socket: impl AsFd, what: &impl Serialize) -> io::Result<()> {
    let text = serde_json::to_vec(what)?;
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    rustix::io::retry_on_intr(|| send(&socket, &text, flags))?;
    Ok(())
}

/// Hears what has been said already: an error of kind `WouldBlock` when nothing has been; `None` when whoever could say
/// something is gone.
pub(super) fn hear<T: DeserializeOwned>(socket: impl AsFd) -> io::Result<Option<T>> {
    let mut text = vec![0; LONGEST];
    let heard = rustix::io::retry_on_intr(|| recv(&socket, &mut text[..], RecvFlags::DONTWAIT | RecvFlags::TRUNC));
    let length = match heard {
        Ok((_, 0)) | Err(Errno::CONNRESET) => return Ok(None),
        Ok((_, length)) => length,
        Err(errno) => return Err(errno.into()),
    };
    let whole =
        text.get(..length).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a message was cut off"))?;
    Ok(Some(serde_json::from_slice(whole)?))
}

#[cfg(test)]
mod tests {
    use fixtures::fuzz::{JSON, rounds};
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

    use super::*;
    use crate::nearly::{LAW, MEMORY, near};

    #[test]
    fn nearly_right_messages_are_heard_or_refused() {
        let question = r#"{"handler":{"Http":{"scheme":"Http","host":null,"port":{"Number":80},"path":"/","headers":[["a","b"]]}},
            "purpose":"Probe","near":{"address":"10.0.0.1","known":["h","10.0.0.2"]},"patience":{"secs":1,"nanos":0}}"#;
        let said = [
            format!(r#"{{"Ask":[7,{question}]}}"#),
            r#"{"Never":7}"#.to_owned(),
            r#"[7,"Success"]"#.to_owned(),
            r#"[7,{"Failure":"HTTP probe failed with statuscode: 500"}]"#.to_owned(),
        ];
        let (mut asked, mut answered) = (0_u32, 0_u32);
        rounds(2000, &MEMORY, LAW, |dice| {
            let packet = near(&said, dice, &JSON);
            let (one, other) =
                socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).expect("a pair");
            for _ in 0..2 {
                send(&one, &packet, SendFlags::NOSIGNAL).expect("said");
            }
            asked += u32::from(matches!(hear::<Word>(&other), Ok(Some(_))));
            answered += u32::from(matches!(hear::<Said>(&other), Ok(Some(_))));
            packet.len()
        });
        assert!(asked > 0 && answered > 0, "{asked} were asked, {answered} answered");
    }
}
