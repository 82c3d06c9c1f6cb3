//! The ids of pods that have ids of their own: a range that no other pod has.
//!
//! Which one a pod has is said in its directory, so that it is free again when that is gone. They are the upper of those
//! that are for containers where systemd gives out users and groups, 524288 to 1879048191, of which nobody gives any
//! from above.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use launch::ranges::Range;
use registry::{Lock, PodDirectory, Sharing, file, tree};

use crate::error::Error;
use crate::store::Store;

/// In a pod's directory: the first.
const FILE: &str = "ids";
const FIRST: u32 = 0x6000_0000;
/// How many each has.
const COUNT: u32 = 0x1_0000;
const RANGES: u32 = 0x1000;

/// Sets a range apart for the pod in this directory.
///
/// # Errors
/// There is none left, or who has which cannot be told.
pub(crate) fn set_apart(store: &Store, directory: &PodDirectory) -> Result<Range, Error> {
    let root = store.registry().root();
    // Whoever else looks for one waits.
    let _alone =
        Lock::take(root, Sharing::Exclusive)?.ok_or_else(|| file("lock", root)(io::ErrorKind::NotFound.into()))?;
    let mut taken = BTreeSet::new();
    for place in [root.to_owned(), store.at_work()] {
        for name in tree::names(&place)? {
            taken.extend(first(&place.join(name))?);
        }
    }
    let free = free(&taken).ok_or(Error::NoIds)?;
    let path = directory.path().join(FILE);
    fs::write(&path, free.to_string()).map_err(file("write", path))?;
    Ok(Range { first: free, count: COUNT })
}

/// The first id of the pod in this directory, if it has a range.
fn first(directory: &Path) -> Result<Option<u32>, Error> {
    let path = directory.join(FILE);
    match fs::read_to_string(&path) {
        // One that was cut short was given to nobody.
        Ok(text) => Ok(text.trim().parse().ok()),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(file("read", path)(error).into()),
    }
}

fn free(taken: &BTreeSet<u32>) -> Option<u32> {
    (0..RANGES).map(|number| FIRST + number * COUNT).find(|first| !taken.contains(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_nobody_has_is_given_while_there_is_one() {
        let taken = |numbers: &[u32]| numbers.iter().map(|number| FIRST + number * COUNT).collect::<BTreeSet<_>>();
        assert_eq!(free(&taken(&[])), Some(0x6000_0000));
        assert_eq!(free(&taken(&[0, 1, 3])), Some(0x6002_0000));
        let all: Vec<u32> = (0..RANGES).collect();
        assert_eq!(free(&taken(&all)), None);
        assert_eq!(free(&taken(&all[..4095])), Some(0x6fff_0000));
    }
}
