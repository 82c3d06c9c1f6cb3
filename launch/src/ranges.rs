//! Ids that were set apart for a user, as /etc/subuid and /etc/subgid have them: as plain data.
//!
//! In a user namespace of theirs, root is the user; 1, 2 and so on are the ids that were set apart, in the
//! order of the files.

/// The ids of a user: for users, and for groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranges {
    /// Of users.
    pub uids: Vec<Range>,
    /// Of groups.
    pub gids: Vec<Range>,
}

/// Ids that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first, outside.
    pub first: u32,
    /// How many.
    pub count: u32,
}

/// The kernel takes no more lines, and one is the user's own.
const MOST: usize = 339;

/// The ranges that such a file has for somebody of this name or this number.
///
/// # References
/// subuid(5): `NAME-OR-NUMBER:FIRST:COUNT`
#[must_use]
pub fn parse(text: &str, name: Option<&str>, number: u32) -> Vec<Range> {
    let number = number.to_string();
    let of = |line: &str| {
        let mut fields = line.trim().split(':');
        let (who, first, count) = (fields.next()?, fields.next()?, fields.next()?);
        if Some(who) != name && who != number {
            return None;
        }
        let range = Range { first: first.parse().ok()?, count: count.parse().ok()? };
        // The last number of all is no id.
        (range.count > 0 && range.first.checked_add(range.count).is_some()).then_some(range)
    };
    let mut found: Vec<Range> = Vec::new();
    for range in text.lines().filter_map(of).take(MOST) {
        if !found.contains(&range) {
            found.push(range);
        }
    }
    found
}

/// The words by which newuidmap and newgidmap are told how ids are to be mapped for a process: its pid, then
/// for each range the first inside, the first outside, how many.
#[must_use]
pub fn words(pid: i32, own: u32, ranges: &[Range]) -> Vec<String> {
    let mut words = vec![pid.to_string(), "0".to_owned(), own.to_string(), "1".to_owned()];
    let mut next: u32 = 1;
    for range in ranges {
        words.extend([next, range.first, range.count].map(|number| number.to_string()));
        next = next.saturating_add(range.count);
    }
    words
}

/// Whether there is this id inside.
#[must_use]
pub fn has(ranges: &[Range], id: u32) -> bool {
    u64::from(id) <= ranges.iter().map(|range| u64::from(range.count)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "root:1:1\nann:100000:65536\n# bob:1:1\n1001:300000:10\nann:x:1\nann:7\nann:200000:0\n\
        ann:4294967295:1\nann:400000:5\nann:100000:65536\n";

    #[test]
    fn ranges_are_those_of_a_name_or_a_number() {
        let range = |first, count| Range { first, count };
        assert_eq!(parse(TEXT, Some("ann"), 1000), [range(100_000, 65536), range(400_000, 5)]);
        assert_eq!(parse(TEXT, Some("bob"), 1001), [range(300_000, 10)]);
        assert_eq!(parse(TEXT, None, 1000), []);
        assert_eq!(parse("", Some("ann"), 0), []);
    }

    #[test]
    fn root_inside_is_the_user_and_the_others_follow_each_other() {
        let ranges = parse(TEXT, Some("ann"), 1000);
        let told = words(7, 1000, &ranges).join(" ");
        assert_eq!(told, "7 0 1000 1 1 100000 65536 65537 400000 5");
        assert!(has(&ranges, 0) && has(&ranges, 65541) && !has(&ranges, 65542));
        assert!(has(&[], 0) && !has(&[], 1));
    }
}
