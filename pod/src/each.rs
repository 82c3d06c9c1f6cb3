//! One thing done with every object of every text: on every processor where there are many, for one has nothing to do
//! with another.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use manifest::read::{Head, ReadError, heads};
use manifest::text::{Budget, Piece, pieces};

use crate::answer::Complaint;
use crate::input::Source;

/// What came of objects, and what is wrong with the others, both in order.
#[derive(Debug)]
pub(crate) struct Each<T> {
    pub(crate) done: Vec<T>,
    pub(crate) complaints: Vec<Complaint>,
}

/// Documents that are worth telling another processor of, and so many at a time.
const AT_ONCE: usize = 32;

/// What came of a document.
enum Came<T> {
    Of(Vec<Result<T, Complaint>>),
    /// It cannot be read, and what follows it in its text is not.
    Unreadable(ReadError),
}

/// Does it with every object. What follows a document that cannot be read in the same text is left alone, as kubectl
/// does; objects that are wrong keep nobody.
pub(crate) fn each<T: Send>(
    sources: &[Source],
    work: impl Fn(Head) -> Result<T, Complaint> + Sync,
    words: impl Fn(&ReadError) -> Complaint + Sync,
) -> Each<T> {
    let came = in_order(sources, work, words);
    let mut each = Each { done: Vec::with_capacity(came.len()), complaints: Vec::new() };
    for object in came {
        match object {
            Ok(done) => each.done.push(done),
            Err(complaint) => each.complaints.push(complaint),
        }
    }
    each
}

/// The same, with what came of each and what is wrong with others as they follow each other.
pub(crate) fn in_order<T: Send>(
    sources: &[Source],
    work: impl Fn(Head) -> Result<T, Complaint> + Sync,
    words: impl Fn(&ReadError) -> Complaint + Sync,
) -> Vec<Result<T, Complaint>> {
    let budget = Budget::default();
    let mut found = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        found.extend(pieces(&source.text, &budget).into_iter().map(|piece| (index, piece)));
    }
    let one = |(index, piece): (usize, Piece<'_>)| {
        let came = match piece.read(&budget) {
            None => Came::Of(Vec::new()),
            Some(Err(error)) => Came::Unreadable(ReadError::Syntax { file: sources[index].name.clone(), error }),
            Some(Ok(node)) => {
                let objects = heads(node, &sources[index].name).into_iter();
                Came::Of(objects.map(|head| head.map_err(|error| words(&error)).and_then(&work)).collect())
            }
        };
        (index, came)
    };
    let came = if found.len() < 2 * AT_ONCE { found.into_iter().map(one).collect() } else { share(found, one) };
    let mut all = Vec::with_capacity(came.len());
    let mut unreadable = None;
    for (index, came) in came {
        if unreadable == Some(index) {
            continue;
        }
        match came {
            Came::Of(objects) => all.extend(objects),
            Came::Unreadable(error) => {
                all.push(Err(words(&error)));
                unreadable = Some(index);
            }
        }
    }
    all
}

/// The same as mapping, with the work shared by as many threads as there are processors for us.
fn share<T: Send, U: Send>(items: Vec<T>, work: impl Fn(T) -> U + Sync) -> Vec<U> {
    let mut items = items.into_iter();
    let parcels: Vec<Mutex<Vec<T>>> =
        std::iter::from_fn(|| Some(items.by_ref().take(AT_ONCE).collect::<Vec<_>>()).filter(|some| !some.is_empty()))
            .map(Mutex::new)
            .collect();
    let results: Vec<Mutex<Vec<U>>> = parcels.iter().map(|_| Mutex::new(Vec::new())).collect();
    let next = AtomicUsize::new(0);
    let labour = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let (Some(parcel), Some(result)) = (parcels.get(at), results.get(at)) else { return };
            let parcel = std::mem::take(&mut *hold(parcel));
            *hold(result) = parcel.into_iter().map(&work).collect();
        }
    };
    let hands = thread::available_parallelism().map_or(1, NonZero::get).min(parcels.len());
    thread::scope(|scope| {
        for _ in 1..hands {
            // One that the system refuses is done without.
            let _ = thread::Builder::new().spawn_scoped(scope, labour);
        }
        labour();
    });
    results.into_iter().flat_map(|result| std::mem::take(&mut *hold(&result))).collect()
}

/// A panic ends the program, so a lock is never poisoned.
fn hold<T>(lock: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(texts: &[&str]) -> (Vec<String>, usize) {
        let sources: Vec<_> =
            texts.iter().map(|text| Source { name: "m".to_owned(), text: (*text).to_owned() }).collect();
        let name = |head: Head| {
            let name = head.node.get("metadata").and_then(|node| node.get("name")).and_then(|node| node.as_text());
            name.map(str::to_owned).ok_or_else(|| Complaint::plain("no name"))
        };
        let each = each(&sources, name, |error| Complaint::plain(error));
        (each.done, each.complaints.len())
    }

    #[test]
    fn what_follows_an_unreadable_document_in_its_text_is_left_alone() {
        let pod = |name: &str| format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\n");
        let nameless = "apiVersion: v1\nkind: Pod\n";
        let broken = [&pod("a"), "x: [\n", &pod("lost")].join("---\n");
        let other = [&pod("b"), nameless, &pod("c")].join("---\n");
        assert_eq!(names(&[&broken, &other]), (["a", "b", "c"].map(str::to_owned).to_vec(), 2));
    }

    #[test]
    fn many_come_back_in_order() {
        let text: Vec<_> =
            (0..1000).map(|n| format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p{n}}}\n")).collect();
        let expected: Vec<_> = (0..1000).map(|n| format!("p{n}")).collect();
        assert_eq!(names(&[&text.join("---\n")]), (expected, 0));
    }
}
