//! One question of one client: what is said to it.

use std::net::IpAddr;
use std::rc::Rc;

use network::zone::{Over, Verdict, answer, failure};

use super::share::{Share, Taken};
use super::upstream;

/// What is to be done about a question.
#[derive(Debug)]
pub(super) enum Said {
    /// This is said.
    Now(Vec<u8>),
    /// Others are asked first.
    Later(Taken),
    /// Nothing is.
    Nothing,
}

/// What is said to a question, as far as nobody else is to be asked.
pub(super) fn heard(message: &[u8], client: IpAddr, over: Over, share: &Rc<Share>) -> Said {
    match answer(message, &share.zone(), over) {
        Verdict::Answer(reply) => Said::Now(reply),
        Verdict::Ignore => Said::Nothing,
        // Who asks for more than there is room for is told so at once, and asks again.
        Verdict::Pass => share.asked.take(client).map_or_else(|| Said::Now(failure(message)), Said::Later),
    }
}

/// What others say to it.
pub(super) async fn elsewhere(message: &[u8], over: Over, share: &Share) -> Vec<u8> {
    let servers = share.upstream();
    let said = match over {
        Over::Packet => upstream::by_packet(message, &servers).await,
        Over::Stream => upstream::by_stream(message, &servers).await,
    };
    said.unwrap_or_else(|| failure(message))
}
