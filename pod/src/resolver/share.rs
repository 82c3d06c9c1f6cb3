//! What all questions share: who is called what, who is asked for the rest, and room.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use network::zone::Zone;

use super::message::Place;

/// How many questions may be on their way to others at once, and of these of one client.
pub(super) const MOST_ASKED: usize = 256;
pub(super) const MOST_ASKED_BY_ONE: usize = 64;

/// How many streams there may be, and of these of one client.
pub(super) const MOST_STREAMS: usize = 64;
pub(super) const MOST_STREAMS_OF_ONE: usize = 16;

/// The port of a resolver.
pub(super) const PORT: u16 = 53;

/// What a resolver knows.
#[derive(Debug)]
pub(super) struct Share {
    place: Place,
    zone: RefCell<Rc<Zone>>,
    upstream: RefCell<Rc<[SocketAddr]>>,
    pub(super) asked: Rc<Room>,
    pub(super) streams: Rc<Room>,
}

impl Share {
    pub(super) fn new(place: Place) -> Rc<Self> {
        Rc::new(Self {
            place,
            zone: RefCell::default(),
            upstream: RefCell::new([].into()),
            asked: Room::new(MOST_ASKED, MOST_ASKED_BY_ONE),
            streams: Room::new(MOST_STREAMS, MOST_STREAMS_OF_ONE),
        })
    }

    /// Knows this from now on. That whoever is to be asked is we ourselves would have no end.
    pub(super) fn know(&self, zone: Zone, upstream: &[SocketAddr]) {
        let others = upstream.iter().filter(|server| !self.place.at.contains(&server.ip()));
        self.upstream.replace(others.copied().collect());
        self.zone.replace(Rc::new(zone));
    }

    pub(super) fn zone(&self) -> Rc<Zone> {
        Rc::clone(&self.zone.borrow())
    }

    pub(super) fn upstream(&self) -> Rc<[SocketAddr]> {
        Rc::clone(&self.upstream.borrow())
    }

    /// Whether this is somebody who is answered.
    pub(super) fn answers(&self, client: IpAddr) -> bool {
        self.place.has(client)
    }
}

/// Room for so many, and of each client for fewer, so that none is there for others alone.
#[derive(Debug)]
pub(super) struct Room {
    most: usize,
    most_of_one: usize,
    taken: RefCell<BTreeMap<IpAddr, usize>>,
}

/// A place in it, until it is dropped.
#[derive(Debug)]
pub(super) struct Taken {
    room: Rc<Room>,
    by: IpAddr,
}

impl Room {
    pub(super) fn new(most: usize, most_of_one: usize) -> Rc<Self> {
        Rc::new(Self { most, most_of_one, taken: RefCell::default() })
    }

    /// A place for this client, if there is one.
    pub(super) fn take(self: &Rc<Self>, by: IpAddr) -> Option<Taken> {
        let mut taken = self.taken.borrow_mut();
        let own = taken.get(&by).copied().unwrap_or_default();
        if own >= self.most_of_one || taken.values().sum::<usize>() >= self.most {
            return None;
        }
        taken.insert(by, own + 1);
        Some(Taken { room: Rc::clone(self), by })
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut taken = self.room.taken.borrow_mut();
        match taken.get_mut(&self.by) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(taken.remove(&self.by)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_client_takes_not_all_the_room_and_gives_it_back() {
        let room = Room::new(3, 2);
        let client = |last: u8| IpAddr::from([10, 77, 0, last]);
        let first = room.take(client(1)).expect("room");
        let _second = room.take(client(1)).expect("room");
        assert!(room.take(client(1)).is_none(), "two of one");
        let third = room.take(client(2)).expect("room for another");
        assert!(room.take(client(3)).is_none(), "three of all");
        drop((first, third));
        assert!(room.take(client(3)).is_some() && room.take(client(1)).is_some());
        assert_eq!(room.taken.borrow().len(), 1, "who has gone is forgotten");
    }

    #[test]
    fn nobody_asks_themselves() {
        let own: IpAddr = [10, 77, 0, 1].into();
        let share = Share::new(Place { at: vec![own], within: Vec::new() });
        let other = SocketAddr::from(([127, 0, 0, 53], PORT));
        share.know(Zone::default(), &[SocketAddr::new(own, PORT), other]);
        assert_eq!(*share.upstream(), [other]);
    }
}
