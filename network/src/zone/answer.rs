//! From a question to its answer, where it is ours to give.

use std::net::IpAddr;

use simple_dns::rdata::{A, AAAA, OPT, PTR, RData, SOA};
use simple_dns::{CLASS, Name, OPCODE, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, ResourceRecord, TYPE};

use super::wire::{self, is_request};
use super::{DOMAIN, Known, LONGEST, Zone};

/// How many seconds an answer may be remembered: pods come and go.
const REMEMBERED: u32 = 5;

/// What goes into a packet where nothing else is said, and at most: more would come in pieces.
///
/// # References
/// RFC 1035, 4.2.1; DNS flag day 2020
const SMALL: usize = 512;
const LARGE: u16 = 1232;

/// A question has no more records beside it than this.
const MOST_BESIDE: u8 = 8;

/// What a question came over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// UDP: an answer may be too long for it.
    Packet,
    /// TCP.
    Stream,
}

/// What is to be done with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This is the answer.
    Answer(Vec<u8>),
    /// Others are to be asked, as it stands.
    Pass,
    /// It is no question.
    Ignore,
}

/// What a message is answered with.
#[must_use]
pub fn answer(message: &[u8], zone: &Zone, over: Over) -> Verdict {
    if !is_request(message) {
        return Verdict::Ignore;
    }
    if !is_plain_query(message) {
        return Verdict::Answer(refused(message, RCODE::NotImplemented));
    }
    let Some(question) = wire::question(message) else {
        return Verdict::Answer(refused(message, RCODE::FormatError));
    };
    // What has records where a question has none, or more than there are kinds of, is not taken apart for anybody.
    let has_only_a_question = message[6..10] == [0; 4] && message[10] == 0 && message[11] <= MOST_BESIDE;
    // The question by itself, whatever else the message says to have.
    let alone = [&message[..2], &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0], question].concat();
    let Ok(packet) = Packet::parse(&alone) else { return Verdict::Pass };
    let Some(asked) = packet.questions.first() else { return Verdict::Pass };
    let Some(name) = plain(&asked.qname) else { return Verdict::Pass };
    if !matches!(asked.qclass, QCLASS::CLASS(CLASS::IN) | QCLASS::ANY) {
        return Verdict::Pass;
    }
    let known = zone.known(&name);
    if known == Known::Elsewhere {
        return Verdict::Pass;
    }
    // Whoever takes it apart makes room for as many as it says to have.
    let whole = if has_only_a_question { Packet::parse(message).ok() } else { None };
    let Some(whole) = whole else { return Verdict::Answer(refused(message, RCODE::FormatError)) };
    let reply = reply(&whole, asked, known, over);
    Verdict::Answer(reply.unwrap_or_else(|_| refused(message, RCODE::ServerFailure)))
}

/// What a question is answered with that nobody has answered.
#[must_use]
pub fn failure(message: &[u8]) -> Vec<u8> {
    refused(message, RCODE::ServerFailure)
}

/// The opcode is that of a query.
fn is_plain_query(message: &[u8]) -> bool {
    message[2] & 0x78 == (OPCODE::StandardQuery as u8) << 3
}

/// A name in small letters, of what hosts are called with; others are none of ours.
fn plain(name: &Name<'_>) -> Option<String> {
    let mut text = String::new();
    for label in name.as_bytes() {
        if !label.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
            return None;
        }
        if !text.is_empty() {
            text.push('.');
        }
        text.extend(label.iter().map(|byte| char::from(byte.to_ascii_lowercase())));
    }
    Some(text)
}

/// Answers by a header and the question, if there is one.
fn refused(message: &[u8], code: RCODE) -> Vec<u8> {
    let question = wire::question(message).unwrap_or_default();
    let mut reply = message[..2].to_vec();
    // An answer, with the opcode of what was asked and whether more was wished for; more can be had here.
    reply.extend([0x80 | message[2] & 0x79, 0x80 | code as u8, 0, u8::from(!question.is_empty()), 0, 0, 0, 0, 0, 0]);
    reply.extend(question);
    reply
}

fn reply(request: &Packet<'_>, asked: &Question<'_>, known: Known<'_>, over: Over) -> simple_dns::Result<Vec<u8>> {
    let mut reply = Packet::new_reply(request.id());
    reply.set_flags(PacketFlag::AUTHORITATIVE_ANSWER | PacketFlag::RECURSION_AVAILABLE);
    if request.has_flags(PacketFlag::RECURSION_DESIRED) {
        reply.set_flags(PacketFlag::RECURSION_DESIRED);
    }
    reply.questions.push(asked.clone());
    let mut room = if over == Over::Stream { LONGEST } else { SMALL };
    if let Some(opt) = request.opt() {
        *reply.opt_mut() = Some(OPT { opt_codes: Vec::new(), udp_packet_size: LARGE, version: 0 });
        if opt.version != 0 {
            *reply.rcode_mut() = RCODE::BADVERS;
            return reply.build_bytes_vec_compressed();
        }
        room = room.max(usize::from(opt.udp_packet_size.min(LARGE)));
    }
    let record = |data| ResourceRecord::new(asked.qname.clone(), CLASS::IN, REMEMBERED, data);
    match known {
        Known::At(addresses) => {
            reply.answers.extend(addresses.iter().filter_map(|address| data(*address, asked.qtype)).map(record));
            // So that not everybody goes to the first of many.
            let turn = usize::from(request.id()) % reply.answers.len().max(1);
            reply.answers.rotate_left(turn);
        }
        Known::Called(name) => {
            if matches!(asked.qtype, QTYPE::TYPE(TYPE::PTR) | QTYPE::ANY) {
                reply.answers.push(record(RData::PTR(PTR(Name::new(name)?))));
            }
        }
        Known::Missing => *reply.rcode_mut() = RCODE::NameError,
        Known::Above | Known::Elsewhere => {}
    }
    if reply.answers.is_empty() && matches!(known, Known::Missing | Known::Above) {
        reply.name_servers.push(ResourceRecord::new(Name::new(DOMAIN)?, CLASS::IN, REMEMBERED, authority()?));
    }
    let bytes = reply.build_bytes_vec_compressed()?;
    if bytes.len() <= room {
        return Ok(bytes);
    }
    reply.answers.clear();
    reply.set_flags(PacketFlag::TRUNCATION);
    reply.build_bytes_vec_compressed()
}

/// An address, if it is of the type that was asked for.
fn data(address: IpAddr, kind: QTYPE) -> Option<RData<'static>> {
    match (address, kind) {
        (IpAddr::V4(address), QTYPE::TYPE(TYPE::A) | QTYPE::ANY) => Some(RData::A(A::from(address))),
        (IpAddr::V6(address), QTYPE::TYPE(TYPE::AAAA) | QTYPE::ANY) => Some(RData::AAAA(AAAA::from(address))),
        _ => None,
    }
}

/// For how long it may be remembered that there is nobody of a name.
///
/// # References
/// RFC 2308, 5
fn authority() -> simple_dns::Result<RData<'static>> {
    let seconds = REMEMBERED.cast_signed();
    Ok(RData::SOA(SOA {
        mname: Name::new("ns.dns.cluster.local")?,
        rname: Name::new("hostmaster.cluster.local")?,
        serial: 1,
        refresh: seconds,
        retry: seconds,
        expire: seconds,
        minimum: REMEMBERED,
    }))
}

#[cfg(test)]
mod tests;
