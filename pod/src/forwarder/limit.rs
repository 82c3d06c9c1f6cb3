//! How many connections there may be: as many as there are descriptors for.

/// Descriptors that are not for connections: stdio, what tokio has, the control sockets, a few to
/// hear what comes with a message.
const KEPT: usize = 16;

/// Of the descriptors, pipes get this part, and not more than so many pipes.
const PART_FOR_PIPES: usize = 16;
const MOST_PIPES: usize = 64;

/// What the descriptors are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// How many connections, of two descriptors each.
    pub(super) connections: usize,
    /// How many pipes, of two descriptors each.
    pub(super) pipes: usize,
}

impl Limits {
    /// What to do with so many descriptors, with none of them for listeners yet.
    pub(super) fn of(descriptors: usize) -> Self {
        let left = descriptors.saturating_sub(KEPT);
        let pipes = (left / PART_FOR_PIPES).min(MOST_PIPES);
        // With fewer descriptors than that nothing is sure, and one connection is better than none.
        let connections = (left / 2).saturating_sub(pipes).max(1);
        Self { connections, pipes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_descriptors_are_for_something_and_none_for_two_things() {
        for (descriptors, connections, pipes) in
            [(0, 1, 0), (16, 1, 0), (40, 11, 1), (1024, 441, 63), (20_000, 9928, 64), (1 << 20, 524_216, 64)]
        {
            assert_eq!(Limits::of(descriptors), Limits { connections, pipes }, "{descriptors}");
            assert!(2 * (connections + pipes) + KEPT <= descriptors || connections == 1);
        }
    }
}
