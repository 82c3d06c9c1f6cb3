//! The only rooms of this crate in which `unsafe` may stand.

pub(crate) mod loopback;
pub(crate) mod orphans;
pub(crate) mod trace;
