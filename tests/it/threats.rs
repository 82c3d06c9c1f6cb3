//! What somebody inside may try against who joins them, each by the name that it became known by.

mod lacking;
mod led_astray;
mod looked_at;

use libtest_mimic::Trial;

use crate::house::{House, User};

pub(crate) fn trials() -> Vec<Trial> {
    [looked_at::trials(), led_astray::trials(), lacking::trials()].into_iter().flatten().collect()
}

/// A pod called web, in a house.
fn pod(user: User) -> House {
    let house = House::new(user);
    house.pod(&["create", "web"]).ok();
    house
}
