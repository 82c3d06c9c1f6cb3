//! Questions of every kind, and what comes back.

use proptest::prelude::*;
use simple_dns::rdata::OPTCode;

use super::*;

const FILE: &str = "\
10.77.0.2 web web.default
fd00::2 web web.default
10.77.0.3 db db.default
";

fn zone() -> Zone {
    Zone::parse(FILE)
}

fn asking(name: &str, kind: TYPE) -> Packet<'_> {
    let mut packet = Packet::new_query(7);
    packet.set_flags(PacketFlag::RECURSION_DESIRED);
    let name = Name::new(name).expect("a name");
    packet.questions.push(Question::new(name, kind.into(), CLASS::IN.into(), false));
    packet
}

fn bytes(packet: &Packet<'_>) -> Vec<u8> {
    packet.build_bytes_vec().expect("a message")
}

/// An answer as a person would write it: its code, its records, its flags.
fn told(verdict: &Verdict) -> String {
    let Verdict::Answer(bytes) = verdict else { return format!("{verdict:?}") };
    let reply = Packet::parse(bytes).expect("a message");
    assert!(reply.has_flags(PacketFlag::RESPONSE));
    let mut words = vec![format!("{:?}", reply.rcode())];
    for record in &reply.answers {
        words.push(match &record.rdata {
            RData::A(a) => std::net::Ipv4Addr::from(a.address).to_string(),
            RData::AAAA(aaaa) => std::net::Ipv6Addr::from(aaaa.address).to_string(),
            RData::PTR(name) => name.0.to_string(),
            other => format!("{other:?}"),
        });
    }
    if reply.has_flags(PacketFlag::TRUNCATION) {
        words.push("cut".into());
    }
    words.join(" ")
}

fn asked(name: &str, kind: TYPE) -> String {
    told(&answer(&bytes(&asking(name, kind)), &zone(), Over::Packet))
}

#[test]
fn who_is_here_is_told_and_others_are_not_ours_to_tell() {
    for (name, kind, what) in [
        ("web", TYPE::A, "NoError 10.77.0.2"),
        ("WEB.Default", TYPE::A, "NoError 10.77.0.2"),
        ("web", TYPE::AAAA, "NoError fd00::2"),
        ("web.default.svc.cluster.local", TYPE::A, "NoError 10.77.0.2"),
        ("db", TYPE::AAAA, "NoError"),
        ("db", TYPE::MX, "NoError"),
        ("db", TYPE::HTTPS, "NoError"),
        ("default.svc.cluster.local", TYPE::A, "NoError"),
        ("nobody.default.svc.cluster.local", TYPE::A, "NameError"),
        ("2.0.77.10.in-addr.arpa", TYPE::PTR, "NoError web"),
        ("2.0.77.10.in-addr.arpa", TYPE::A, "NoError"),
        ("4.0.77.10.in-addr.arpa", TYPE::PTR, "Pass"),
        ("example.com", TYPE::A, "Pass"),
        (r"we\.b", TYPE::A, "Pass"),
    ] {
        assert_eq!(asked(name, kind), what, "{name} {kind:?}");
    }
}

#[test]
fn an_answer_bears_the_question_and_its_id() {
    let request = bytes(&asking("wEb", TYPE::A));
    let Verdict::Answer(reply) = answer(&request, &zone(), Over::Packet) else { panic!("ours") };
    assert!(wire::answers(&reply, 7, wire::question(&request).expect("a question")));
    assert_eq!(wire::question(&reply), wire::question(&request), "as it was spelt");
    let reply = Packet::parse(&reply).expect("a message");
    assert!(reply.has_flags(PacketFlag::AUTHORITATIVE_ANSWER | PacketFlag::RECURSION_DESIRED));
    assert!(reply.opt().is_none(), "nobody asked for it");
    assert_eq!(reply.answers[0].ttl, REMEMBERED);
}

#[test]
fn any_is_all_and_another_class_is_not_ours() {
    let mut packet = asking("web", TYPE::A);
    packet.questions[0].qtype = QTYPE::ANY;
    // By its id, the first of the two comes second.
    assert_eq!(told(&answer(&bytes(&packet), &zone(), Over::Packet)), "NoError fd00::2 10.77.0.2");
    packet.questions[0].qclass = CLASS::CH.into();
    assert_eq!(answer(&bytes(&packet), &zone(), Over::Packet), Verdict::Pass);
}

#[test]
fn of_many_addresses_each_is_first_for_somebody() {
    let file: String = (1..=3).map(|last| format!("10.77.0.{last} many\n")).collect();
    let first = |id: u16| {
        let mut packet = asking("many", TYPE::A);
        packet.set_id(id);
        told(&answer(&bytes(&packet), &Zone::parse(&file), Over::Packet))
    };
    assert_eq!(first(0), "NoError 10.77.0.1 10.77.0.2 10.77.0.3");
    assert_eq!(first(1), "NoError 10.77.0.2 10.77.0.3 10.77.0.1");
    assert_eq!(first(5), "NoError 10.77.0.3 10.77.0.1 10.77.0.2");
}

#[test]
fn what_is_too_long_for_a_packet_is_told_over_a_stream() {
    let file: String = (0..250).map(|last| format!("10.77.0.{last} many\n")).collect();
    let zone = Zone::parse(&file);
    let mut packet = asking("many", TYPE::A);
    assert_eq!(told(&answer(&bytes(&packet), &zone, Over::Packet)), "NoError cut");
    let whole = told(&answer(&bytes(&packet), &zone, Over::Stream));
    assert_eq!(whole.split(' ').count(), 251);
    let file: String = (0..60).map(|last| format!("10.77.0.{last} many\n")).collect();
    let zone = Zone::parse(&file);
    assert_eq!(told(&answer(&bytes(&packet), &zone, Over::Packet)), "NoError cut");
    *packet.opt_mut() = Some(OPT { opt_codes: Vec::new(), udp_packet_size: 4096, version: 0 });
    let Verdict::Answer(reply) = answer(&bytes(&packet), &zone, Over::Packet) else { panic!("ours") };
    assert!(reply.len() <= usize::from(LARGE));
    let reply = Packet::parse(&reply).expect("a message");
    assert_eq!((reply.answers.len(), reply.opt().map(|opt| opt.udp_packet_size)), (60, Some(LARGE)));
}

#[test]
fn a_later_edns_is_refused_and_its_options_are_not_read() {
    let mut packet = asking("web", TYPE::A);
    let opt_codes = vec![OPTCode { code: 10, data: b"12345678".as_slice().into() }];
    *packet.opt_mut() = Some(OPT { opt_codes, udp_packet_size: 100, version: 0 });
    assert_eq!(told(&answer(&bytes(&packet), &zone(), Over::Packet)), "NoError 10.77.0.2");
    *packet.opt_mut() = Some(OPT { opt_codes: Vec::new(), udp_packet_size: 1232, version: 1 });
    assert_eq!(told(&answer(&bytes(&packet), &zone(), Over::Packet)), "BADVERS");
}

#[test]
fn what_is_no_proper_question_is_refused_or_ignored() {
    let request = bytes(&asking("web", TYPE::A));
    let changed = |at: usize, byte: u8| {
        let mut request = request.clone();
        request[at] = byte;
        told(&answer(&request, &zone(), Over::Packet))
    };
    assert_eq!(changed(2, 0x80), "Ignore", "an answer");
    assert_eq!(changed(2, 0x28), "NotImplemented", "an update");
    assert_eq!(changed(5, 2), "FormatError", "two questions");
    assert_eq!(changed(5, 0), "FormatError", "none");
    assert_eq!(changed(7, 1), "FormatError", "an answer in a question");
    assert_eq!(changed(10, 0xff), "FormatError", "65280 records beside it");
    assert_eq!(changed(11, 1), "FormatError", "a record that is not there");
    assert_eq!(changed(12, 0xc0), "FormatError", "a name that refers to itself");
    assert_eq!(changed(17, 0xff), "Pass", "a type that nobody knows");
    assert_eq!(told(&answer(&request[..11], &zone(), Over::Packet)), "Ignore");
    assert_eq!(told(&Verdict::Answer(failure(&request))), "ServerFailure");
    // Elsewhere somebody may make sense of it.
    let mut other = bytes(&asking("example.com", TYPE::A));
    other[11] = 9;
    assert_eq!(answer(&other, &zone(), Over::Packet), Verdict::Pass);
}

proptest! {
    #[test]
    fn whatever_comes_is_judged(message in prop::collection::vec(any::<u8>(), 0..600)) {
        let _verdict = answer(&message, &zone(), Over::Packet);
        let _whether = wire::answers(&message, 7, &message);
    }

    #[test]
    fn whatever_comes_of_a_question_is_judged(at in 0_usize..60, byte: u8, length in 0_usize..60) {
        let mut packet = asking("web.default.svc.cluster.local", TYPE::A);
        *packet.opt_mut() = Some(OPT { opt_codes: Vec::new(), udp_packet_size: 1232, version: 0 });
        let mut message = bytes(&packet);
        if let Some(place) = message.get_mut(at) {
            *place = byte;
        }
        message.truncate(length);
        if let Verdict::Answer(reply) = answer(&message, &zone(), Over::Packet) {
            prop_assert!(reply[..2] == message[..2] && reply[2] & 0x80 != 0);
        }
    }
}
