//! Saying and hearing messages: one to a packet, with the descriptors that go with it.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::message::{AT_ONCE, LONGEST};

/// Says something, now: an error of kind `WouldBlock` when whoever is to hear it has too much to hear already.
pub(crate) fn say(socket: impl AsFd, what: &impl Serialize, with: &[BorrowedFd<'_>]) -> io::Result<()> {
    let text = serde_json::to_vec(what)?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(AT_ONCE))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !with.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(with)) {
        return Err(io::Error::from(io::ErrorKind::ArgumentListTooLong));
    }
    let flags = SendFlags::NOSIGNAL | SendFlags::DONTWAIT;
    // A packet goes whole or not at all.
    rustix::io::retry_on_intr(|| sendmsg(&socket, &[IoSlice::new(&text)], &mut ancillary, flags))?;
    Ok(())
}

/// Hears something that has been said already: an error of kind `WouldBlock` when nothing has been;
/// `None` when whoever could say something is gone.
pub(crate) fn hear<T: DeserializeOwned>(socket: impl AsFd) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
    let mut text = vec![0; LONGEST];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(AT_ONCE))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
    let heard =
        rustix::io::retry_on_intr(|| recvmsg(&socket, &mut [IoSliceMut::new(&mut text)], &mut ancillary, flags));
    let heard = match heard {
        Err(rustix::io::Errno::CONNRESET) => return Ok(None),
        heard => heard?,
    };
    let mut with = Vec::new();
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(descriptors) = message {
            with.extend(descriptors);
        }
    }
    if heard.bytes == 0 {
        return Ok(None);
    }
    // Of descriptors, the kernel leaves out those for which there is no number left.
    if heard.flags.intersects(ReturnFlags::TRUNC | ReturnFlags::CTRUNC) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a message was cut off"));
    }
    Ok(Some((serde_json::from_slice(&text[..heard.bytes])?, with)))
}

#[cfg(test)]
mod tests {
    use fixtures::fuzz::{JSON, rounds};

    use crate::forwarder::message::{Answer, Command};
    use crate::nearly::{LAW, MEMORY, near};

    use super::*;
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
    use std::fs::File;
    use std::io::Read;

    fn pair() -> (OwnedFd, OwnedFd) {
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).expect("two sockets")
    }

    #[test]
    fn messages_and_their_descriptors_arrive_one_by_one() {
        let (one, other) = pair();
        let (read, write) = io::pipe().expect("a pipe");
        say(&one, &"first", &[write.as_fd(), read.as_fd()]).expect("said");
        say(&one, &"second", &[]).expect("said");
        drop((read, write));
        let (text, with): (String, _) = hear(&other).expect("heard").expect("a message");
        assert_eq!((text.as_str(), with.len()), ("first", 2));
        let [write, read] = <[OwnedFd; 2]>::try_from(with).expect("two");
        drop(write);
        assert_eq!(File::from(read).read(&mut [0]).expect("the end of the pipe that came over"), 0);
        let (text, with): (String, _) = hear(&other).expect("heard").expect("a message");
        assert_eq!((text.as_str(), with.len()), ("second", 0));
    }

    #[test]
    fn silence_and_departure_are_told_apart() {
        let (one, other) = pair();
        let silence = hear::<String>(&other).expect_err("nothing was said");
        assert_eq!(silence.kind(), io::ErrorKind::WouldBlock);
        drop(one);
        assert!(hear::<String>(&other).expect("departed").is_none());
    }

    #[test]
    fn what_is_too_long_is_refused() {
        let (one, other) = pair();
        say(&one, &"x".repeat(LONGEST), &[]).expect("said");
        assert_eq!(hear::<String>(&other).expect_err("cut off").kind(), io::ErrorKind::InvalidData);
    }

    fn hears<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(packet: &[u8]) -> bool {
        let (one, other) = pair();
        rustix::net::send(&one, packet, SendFlags::NOSIGNAL).expect("said");
        let Ok(Some((heard, with))) = hear::<T>(&other) else { return false };
        say(&one, &heard, &[]).expect("said again");
        let (again, _) = hear::<T>(&other).expect("heard").expect("a message");
        assert!(with.is_empty() && again == heard, "{heard:?}");
        true
    }

    #[test]
    fn nearly_right_messages_are_heard_or_refused() {
        let said = [
            r#""Begin""#,
            r#"{"Carry":[{"address":"127.0.0.1","host_port":8080,"pod_port":80,"protocol":"udp"}]}"#,
            r#"{"Leave":[{"address":"::","host_port":1,"pod_port":65535,"protocol":"tcp"}]}"#,
            r#""Done""#,
            r#"{"Refused":"cannot"}"#,
            r#"{"Event":{"Full":{"connections":4096}}}"#,
            r#"{"Event":{"Shortage":{"operation":"accept","reason":"no"}}}"#,
        ];
        let mut heard = 0_u32;
        rounds(2000, &MEMORY, LAW, |dice| {
            let packet = near(&said, dice, &JSON);
            heard += u32::from(hears::<Command>(&packet)) + u32::from(hears::<Answer>(&packet));
            packet.len()
        });
        assert!(heard > 0, "nothing was ever heard");
    }
}
