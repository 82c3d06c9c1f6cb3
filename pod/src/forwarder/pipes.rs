//! The pipes that bytes go through: a few for all, taken while bytes flow.

use std::cell::{Cell, RefCell};
use std::os::fd::OwnedFd;
use std::rc::Rc;

use rustix::io::Errno;
use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};

/// How much goes through a pipe at once, where the kernel lets us have that much.
pub(super) const AT_ONCE: usize = 1 << 20;

/// How many are kept although nobody needs them.
const SPARE: usize = 4;

/// The pipes.
#[derive(Debug)]
pub(super) struct Pipes {
    most: usize,
    made: Cell<usize>,
    spare: RefCell<Vec<Rc<Ends>>>,
}

/// The two ends of one.
#[derive(Debug)]
pub(super) struct Ends {
    pub(super) read: OwnedFd,
    pub(super) write: OwnedFd,
}

/// A pipe that is in use.
#[derive(Debug)]
pub(super) struct Pipe {
    pub(super) ends: Rc<Ends>,
    pipes: Rc<Pipes>,
    /// How many bytes are in it.
    pub(super) holds: usize,
}

impl Pipes {
    pub(super) fn new(most: usize) -> Rc<Self> {
        Rc::new(Self { most, made: Cell::new(0), spare: RefCell::default() })
    }

    /// A pipe; `None` when as many as there may be are in use.
    ///
    /// # Errors
    /// When the kernel has none.
    pub(super) fn take(self: &Rc<Self>) -> Result<Option<Pipe>, Errno> {
        let spare = self.spare.borrow_mut().pop();
        let ends = match spare {
            Some(ends) => ends,
            None if self.made.get() >= self.most => return Ok(None),
            None => {
                let (read, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
                // Refused when the user's pipes are large enough already; then it is a small one.
                let _refused = fcntl_setpipe_size(&write, AT_ONCE);
                self.made.set(self.made.get() + 1);
                Rc::new(Ends { read, write })
            }
        };
        Ok(Some(Pipe { ends, pipes: Rc::clone(self), holds: 0 }))
    }
}

/// An empty one is for the next; one that holds what nobody takes any more is closed.
impl Drop for Pipe {
    fn drop(&mut self) {
        let mut spare = self.pipes.spare.borrow_mut();
        if self.holds == 0 && spare.len() < SPARE {
            spare.push(Rc::clone(&self.ends));
        } else {
            self.pipes.made.set(self.pipes.made.get() - 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_pipe_is_used_again_and_a_full_one_is_not() {
        let pipes = Pipes::new(1);
        let mut first = pipes.take().expect("a pipe").expect("there is room");
        let first_ends = Rc::downgrade(&first.ends);
        assert!(pipes.take().expect("no error").is_none(), "there may be one");
        first.holds = 1;
        drop(first);
        assert!(first_ends.upgrade().is_none(), "it is closed");
        let second = pipes.take().expect("a pipe").expect("there is room again");
        let second_ends = Rc::clone(&second.ends);
        drop(second);
        assert_eq!((pipes.spare.borrow().len(), pipes.made.get()), (1, 1));
        let third = pipes.take().expect("a pipe").expect("there is room again");
        assert!(Rc::ptr_eq(&third.ends, &second_ends));
    }
}
