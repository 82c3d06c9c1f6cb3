//! Whether something listens.

use std::time::Duration;

use super::message::Near;
use super::near::Unreached;
use super::{Outcome, within};

pub(super) async fn ask(near: &Near, host: Option<&str>, port: u16, patience: Duration) -> Outcome {
    let shown = host.map_or_else(|| near.address.to_string(), str::to_owned);
    let late = || Outcome::Failure(format!("dial tcp {shown}:{port}: i/o timeout"));
    within(patience, late, async {
        match near.connect(host, port).await {
            Ok(_closed) => Outcome::Success,
            Err(Unreached::Refused(words)) => Outcome::Failure(words),
            Err(Unreached::Untried(words)) => Outcome::Error(words),
        }
    })
    .await
}
