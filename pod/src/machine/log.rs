//! What has happened to a pod, for whoever asks: equal things are counted, and old ones forgotten.

use serde::{Deserialize, Serialize};

use super::Stamp;

/// How many different things are kept.
const MOST: usize = 100;
/// How long they are kept, in seconds.
const KEPT: i64 = 3600;
/// How long a sentence may be: what others have written goes into it.
const LONGEST: usize = 1024;

/// What has happened, the latest last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log(Vec<Note>);

/// Something that has happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Whether it is trouble.
    pub weight: Weight,
    /// The container that it is about, if it is about one.
    pub container: Option<String>,
    /// In a word.
    pub reason: String,
    /// In a sentence.
    pub message: String,
    /// How often.
    pub count: u32,
    /// When first.
    pub first: Stamp,
    /// When last.
    pub last: Stamp,
}

/// Whether something is trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Weight {
    /// It is not.
    Normal,
    /// It is.
    Warning,
}

impl Note {
    /// Whether it is trouble, in Kubernetes' word.
    #[must_use]
    pub fn weight_word(&self) -> &'static str {
        match self.weight {
            Weight::Normal => "Normal",
            Weight::Warning => "Warning",
        }
    }
}

impl Log {
    /// All that is known.
    #[must_use]
    pub fn notes(&self) -> &[Note] {
        &self.0
    }

    pub(super) fn tell(&mut self, container: Option<&str>, reason: &str, message: &str, now: Stamp) {
        self.add(Weight::Normal, container, reason, message, now);
    }

    pub(super) fn warn(&mut self, container: Option<&str>, reason: &str, message: &str, now: Stamp) {
        self.add(Weight::Warning, container, reason, message, now);
    }

    pub(super) fn add(&mut self, weight: Weight, container: Option<&str>, reason: &str, message: &str, now: Stamp) {
        let message = shortened(message);
        self.0.retain(|note| now.wall.saturating_sub(note.last.wall) <= KEPT);
        let same = |note: &Note| {
            note.weight == weight
                && note.container.as_deref() == container
                && note.reason == reason
                && note.message == message
        };
        let note = match self.0.iter().position(same) {
            Some(at) => {
                let before = self.0.remove(at);
                Note { count: before.count.saturating_add(1), last: now, ..before }
            }
            None => Note {
                weight,
                container: container.map(str::to_owned),
                reason: reason.to_owned(),
                message: message.to_owned(),
                count: 1,
                first: now,
                last: now,
            },
        };
        self.0.push(note);
        if self.0.len() > MOST {
            self.0.remove(0);
        }
    }
}

fn shortened(message: &str) -> &str {
    let mut end = message.len().min(LONGEST);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    &message[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Stamp {
        Stamp { at: std::time::Duration::from_secs(seconds.unsigned_abs()), wall: seconds }
    }

    #[test]
    fn equal_things_are_counted() {
        let mut log = Log::default();
        log.warn(Some("web"), "Unhealthy", "no", at(1));
        log.tell(None, "Scheduled", "yes", at(2));
        log.warn(Some("web"), "Unhealthy", "no", at(3));
        log.warn(Some("app"), "Unhealthy", "no", at(4));
        let told: Vec<_> = log.notes().iter().map(|note| (note.reason.as_str(), note.count, note.first.wall)).collect();
        assert_eq!(told, [("Scheduled", 1, 2), ("Unhealthy", 2, 1), ("Unhealthy", 1, 4)]);
    }

    #[test]
    fn there_are_not_more_than_a_hundred_and_none_older_than_an_hour() {
        let mut log = Log::default();
        for number in 0..150 {
            log.warn(None, "Failed", &number.to_string(), at(number));
        }
        assert_eq!((log.notes().len(), log.notes()[0].message.as_str()), (100, "50"));
        log.tell(None, "Started", "late", at(3740));
        assert_eq!(log.notes().len(), 11);
    }

    #[test]
    fn what_others_wrote_is_cut() {
        let mut log = Log::default();
        log.warn(None, "Failed", &"ä".repeat(1000), at(0));
        assert_eq!(log.notes()[0].message.len(), 1024);
    }
}
