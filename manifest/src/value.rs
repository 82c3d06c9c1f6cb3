//! Values that are more than text or a number.

mod bytes;
mod duration;
mod expand;
mod port;
mod quantity;
mod time;

pub use bytes::Bytes;
pub use duration::{InvalidDuration, age, duration};
pub use expand::expand;
pub use port::IntOrString;
pub use quantity::{InvalidQuantity, Quantity};
pub use time::{InvalidTime, Time};
