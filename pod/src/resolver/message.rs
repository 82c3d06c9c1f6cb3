//! What is said between a resolver and those who keep it.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// What a resolver is told.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Command {
    /// Begin. With it comes a socket at which it is found later.
    Begin(Place),
    /// This is who is called what, and who is to be asked for the rest. With it comes a file of names.
    Know { upstream: Vec<IpAddr> },
}

/// Where a resolver is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// The addresses at which it answers.
    pub(super) at: Vec<IpAddr>,
    /// Whom it answers: who has an address that begins with so many bits of these.
    pub(super) within: Vec<(IpAddr, u8)>,
}

/// What it answers.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Answer {
    /// What was asked has been done.
    Done,
    /// It could not be done.
    Refused(String),
}

impl Place {
    /// Whether this is somebody of the network.
    pub(super) fn has(&self, address: IpAddr) -> bool {
        self.within.iter().any(|(first, bits)| is_within(address, *first, *bits))
    }
}

fn is_within(address: IpAddr, first: IpAddr, bits: u8) -> bool {
    let same = |one: u128, other: u128, width: u32| {
        let rest = width.saturating_sub(u32::from(bits));
        one.checked_shr(rest).unwrap_or(0) == other.checked_shr(rest).unwrap_or(0)
    };
    match (address, first) {
        (IpAddr::V4(one), IpAddr::V4(other)) => same(u32::from(one).into(), u32::from(other).into(), 32),
        (IpAddr::V6(one), IpAddr::V6(other)) => same(one.into(), other.into(), 128),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use fixtures::fuzz::{JSON, rounds};

    use crate::nearly::{LAW, MEMORY, near};

    use super::*;

    #[test]
    fn who_is_of_the_network_is_told_by_the_first_bits() {
        let range = |text: &str| text.parse().expect("an address");
        let place = Place { at: Vec::new(), within: vec![(range("10.77.16.0"), 20), (range("fd00:1::"), 64)] };
        for (address, is_within) in [
            ("10.77.16.1", true),
            ("10.77.31.255", true),
            ("10.77.32.0", false),
            ("127.0.0.1", false),
            ("fd00:1::ffff", true),
            ("fd00:1:0:1::1", false),
            ("::ffff:10.77.16.1", false),
        ] {
            assert_eq!(place.has(range(address)), is_within, "{address}");
        }
        let everybody = Place { at: Vec::new(), within: vec![(range("0.0.0.0"), 0), (range("::"), 0)] };
        assert!(everybody.has(range("1.2.3.4")) && everybody.has(range("fe80::1")));
        assert!(!Place { at: Vec::new(), within: Vec::new() }.has(range("1.2.3.4")));
    }

    #[test]
    fn nearly_right_messages_are_heard_or_refused() {
        let said = [
            r#"{"Begin":{"at":["10.77.16.1","fd00:1::1"],"within":[["10.77.16.0",20],["fd00:1::",64]]}}"#,
            r#"{"Know":{"upstream":["192.0.2.53"]}}"#,
            r#"{"Refused":"cannot"}"#,
        ];
        let asked: [IpAddr; 3] = [[10, 77, 16, 2].into(), [127, 0, 0, 1].into(), std::net::Ipv6Addr::LOCALHOST.into()];
        let mut heard = 0_u32;
        rounds(3000, &MEMORY, LAW, |dice| {
            let text = near(&said, dice, &JSON);
            if let Ok(command) = serde_json::from_slice::<Command>(&text) {
                heard += 1;
                if let Command::Begin(place) = &command {
                    // Of ours nobody is who is not in one of the ranges, however long they are said to be.
                    let within = asked.iter().filter(|address| place.has(**address)).count();
                    assert!(within == 0 || !place.within.is_empty());
                }
                let again = serde_json::to_vec(&command).expect("JSON");
                assert_eq!(serde_json::from_slice::<Command>(&again).expect("a command"), command);
            }
            if let Ok(answer) = serde_json::from_slice::<Answer>(&text) {
                assert!(matches!(answer, Answer::Done | Answer::Refused(_)));
            }
            text.len()
        });
        assert!(heard > 0, "nothing was ever heard");
    }
}
