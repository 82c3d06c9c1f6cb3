//! Questions, answers, files of names, configurations and results that are nearly what they should be: nothing panics,
//! nothing grows out of proportion, and no answer is of more than its question.
//!
//! `FUZZ_SECONDS=600 cargo test -p network --test fuzz` runs each for so long, from other seeds each time; otherwise it
//! is a fixed number of rounds from fixed ones.
#![allow(clippy::expect_used, missing_docs, reason = "tests")]

use fixtures::fuzz::{Dice, JSON, Law, PeakAlloc, mutate, rounds};
use network::cni::{CniRecord, NetworkList};
use network::zone::{Over, Verdict, Zone, answer, answers, failure, question, set_id};
use network::{Attachment, Mac, Network, NetworkRecord, Prefixed};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const LAW: Law = Law { at_least: 64 << 10, each: 200 };

const NAMES: &str =
    "10.0.0.2 web web.default.pod\n10.0.0.3 db.cache.default.svc.cluster.local db # seen\nfd00::2 web\n";

/// A header of one question and of one record beside it; a name, and what is asked of it; EDNS.
const QUESTIONS: [&[u8]; 4] = [
    b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03web\x00\x00\x01\x00\x01",
    b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01\x02db\x05cache\x07default\x03svc\x07cluster\x05local\x00\x00\x1c\x00\x01\
      \x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00",
    b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x012\x010\x010\x0210\x07in-addr\x04arpa\x00\x00\x0c\x00\x01",
    b"\x12\x34\x85\x80\x00\x01\x00\x01\x00\x00\x00\x00\x03web\x00\x00\x01\x00\x01\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x05\x00\x04\
      \x0a\x00\x00\x02",
];

const PIECES_OF_DNS: [&[u8]; 12] = [
    b"\x00",
    b"\xc0\x0c",
    b"\xc0\x00",
    b"\xff\xff",
    b"\x3f",
    b"\x40",
    b"\x00\x00\x29\x04\xd0\x00\x00\x00\x00\xff\xff",
    b"\x03web",
    b"\x07cluster\x05local\x00",
    b"\x00\xff\x00\xff",
    b"\x00\x0c\x00\x01",
    b"\x80",
];

const LISTS: [&str; 3] = [
    r#"{"cniVersion":"1.0.0","name":"lan","plugins":[{"type":"bridge","ipam":{"type":"host-local"}},{"type":"portmap","capabilities":{"portMappings":true}}]}"#,
    r#"{"cniVersion":"0.3.1","name":"lan","type":"bridge","disableCheck":"true"}"#,
    r#"{"cniVersion":"0.4.0","cniVersions":["0.3.1","1.1.0"],"name":"lan","disableCheck":true,"plugins":[{"type":"loopback"}]}"#,
];

const RESULT: &str = r#"{"cniVersion":"1.0.0","interfaces":[{"name":"eth0","mac":"02:00:00:00:00:01","mtu":1500,"sandbox":"/x"}],"ips":[{"address":"10.0.0.5/24","gateway":"10.0.0.1","interface":0},{"address":"fd00::5/64"}],"dns":{"nameservers":["10.0.0.1"],"search":["a.b"]},"routes":[{"dst":"0.0.0.0/0"}]}"#;

fn mutated(base: &[u8], dice: &mut Dice, pieces: &[&[u8]]) -> Vec<u8> {
    let mut bytes = base.to_vec();
    mutate(&mut bytes, dice, pieces);
    bytes
}

#[test]
fn questions_are_answered_passed_on_or_dropped() {
    let zone = Zone::parse(NAMES);
    let mut answered = 0_u32;
    rounds(20_000, &MEMORY, LAW, |dice| {
        let base: &[u8] = QUESTIONS[dice.below(QUESTIONS.len())];
        let message = mutated(base, dice, &PIECES_OF_DNS);
        for over in [Over::Packet, Over::Stream] {
            if let Verdict::Answer(reply) = answer(&message, &zone, over) {
                // It is an answer, and to this.
                assert!(reply.len() >= 12 && reply[2] & 0x80 != 0 && reply[..2] == message[..2], "{message:02x?}");
                assert!(over == Over::Stream || reply.len() <= 1232, "{} bytes in a packet", reply.len());
                answered += 1;
            }
        }
        if message.len() >= 12 {
            assert!(failure(&message).len() >= 12);
        }
        message.len()
    });
    assert!(answered > 0, "nothing was ever answered");
}

#[test]
fn answers_of_others_are_of_what_was_asked() {
    let mut taken = 0_u32;
    rounds(20_000, &MEMORY, LAW, |dice| {
        let asked = question(QUESTIONS[0]).expect("a question");
        let mut reply = mutated(QUESTIONS[3], dice, &PIECES_OF_DNS);
        if answers(&reply, 0x1234, asked) {
            assert!(question(&reply).is_some() && reply[..2] == [0x12, 0x34], "{reply:02x?}");
            taken += 1;
        }
        set_id(&mut reply, 7);
        assert!(!answers(&reply, 0x1234, asked));
        reply.len()
    });
    assert!(taken > 0, "nothing was ever taken");
}

#[test]
fn files_of_names_say_no_more_than_they_have() {
    let pieces: [&[u8]; 8] = [b" ", b"\n", b"#", b".", b"10.0.0.2", b"::", b".svc.cluster.local", b"\xc3\xa4"];
    rounds(20_000, &MEMORY, Law { at_least: 64 << 10, each: 2000 }, |dice| {
        let text = String::from_utf8_lossy(&mutated(NAMES.as_bytes(), dice, &pieces)).into_owned();
        let zone = Zone::parse(&text);
        assert!(zone.len() <= text.split_whitespace().count(), "{text:?}");
        text.len()
    });
}

#[test]
fn configurations_are_taken_or_refused() {
    let mut taken = 0_u32;
    rounds(20_000, &MEMORY, LAW, |dice| {
        let text =
            String::from_utf8_lossy(&mutated(LISTS[dice.below(LISTS.len())].as_bytes(), dice, &JSON)).into_owned();
        match NetworkList::parse(&text) {
            Ok(list) => {
                taken += 1;
                // What is looked up in a directory of programs has to be in it.
                let kinds = list.plugins.iter().map(|plugin| plugin["type"].as_str().unwrap_or_default());
                assert!(kinds.clone().all(|kind| !kind.is_empty() && !kind.contains('/') && kind != ".."), "{text}");
            }
            Err(why) => assert!(!why.contains('\n') && !why.is_empty(), "{why:?}"),
        }
        text.len()
    });
    assert!(taken > 0, "nothing was ever taken");
}

#[test]
fn what_plugins_say_is_looked_at() {
    let (places, runtime) = (r#"{"configurations":"/a","plugins":["/b"]}"#, r#"{"ports":[]}"#);
    let mut given = 0_u32;
    rounds(20_000, &MEMORY, LAW, |dice| {
        let result = String::from_utf8_lossy(&mutated(RESULT.as_bytes(), dice, &JSON)).into_owned();
        let list = r#"{"name":"lan","version":"1.0.0","no_check":false,"plugins":[{"type":"bridge"}]}"#;
        let text = format!(
            r#"{{"list":{list},"places":{places},"container":"x","args":"","runtime":{runtime},"result":{result}}}"#
        );
        let record = serde_json::from_str::<CniRecord>(&text);
        if let Some(one) = record.ok().and_then(|record| record.given()) {
            given += 1;
            assert!(one.addresses.len() <= 64 && one.resolvers.len() <= 64, "{result}");
        }
        text.len()
    });
    assert!(given > 0, "nothing was ever given");
}

#[test]
fn what_is_typed_is_told_as_it_is_read() {
    let bases = ["bridge", "bridge:lan", "cni:lan", "pasta", "none", "10.0.0.1/24", "fd00::1/64", "02:00:00:00:00:01"];
    let pieces: [&[u8]; 9] = [b":", b"/", b".", b"..", b"\0", b" ", b"129", b"\xc3\xa4", b"bridge:"];
    rounds(50_000, &MEMORY, LAW, |dice| {
        let text =
            String::from_utf8_lossy(&mutated(bases[dice.below(bases.len())].as_bytes(), dice, &pieces)).into_owned();
        if let Ok(network) = text.parse::<Network>() {
            assert_eq!(network.to_string().parse::<Network>().ok(), Some(network), "{text:?}");
        }
        if let Ok(address) = text.parse::<Prefixed>() {
            assert_eq!(address.to_string().parse::<Prefixed>().ok(), Some(address), "{text:?}");
        }
        if let Ok(mac) = text.parse::<Mac>() {
            assert_eq!(mac.to_string().parse::<Mac>().ok(), Some(mac), "{text:?}");
        }
        text.len()
    });
}

const RECORDS: [&str; 2] = [
    r#"{"range":{"v4":"10.214.16.0","v6":"fd01:203:405::"},"bridge":"podkit-1","mtu":1500,"inside":4026531840,"no_way_out":null}"#,
    r#"{"network":"none","interface":"eth0","mac":"02:70:0a:d6:10:02","addresses":["10.214.16.2/20","fd01::2/64"],
        "gateways":["10.214.16.1"],"mtu":1500,"resolvers":["10.214.16.1"],"searches":["a.b"],"outside":"veth1"}"#,
];

#[test]
fn records_of_networks_give_nobody_an_address_of_elsewhere() {
    let mut taken = [0_u32; 2];
    rounds(5_000, &MEMORY, LAW, |dice| {
        let text = mutated(RECORDS[dice.below(RECORDS.len())].as_bytes(), dice, &JSON);
        if let Ok(record) = serde_json::from_slice::<NetworkRecord>(&text) {
            taken[0] += 1;
            let (v4, v6) = (record.range.whole(), record.range.whole_v6());
            let given = record.range.candidates("web").take(3).chain([record.range.gateway()]);
            for address in given.flatten() {
                assert!(address.overlaps(&v4) || v6.is_some_and(|v6| address.overlaps(&v6)), "{address}");
            }
        }
        if let Ok(attachment) = serde_json::from_slice::<Attachment>(&text) {
            taken[1] += 1;
            assert_eq!(attachment.ips().len(), attachment.addresses.len());
            let again = serde_json::to_vec(&attachment).expect("JSON");
            assert_eq!(serde_json::from_slice::<Attachment>(&again).expect("an attachment"), attachment);
        }
        text.len()
    });
    assert!(taken.iter().all(|taken| *taken > 0), "{taken:?}");
}
