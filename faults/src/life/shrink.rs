//! From a story in which something goes wrong to a shorter one in which it does, too.

/// The steps without which nothing goes wrong: whole parts are left out first, then single steps. What is asked may be
/// wrong about a story, for not everything comes about every time; then what is left is longer than it need be.
pub(super) fn shrink<T: Copy>(story: &[T], mut goes_wrong: impl FnMut(&[T]) -> bool) -> Vec<T> {
    let mut story = story.to_vec();
    let mut size = story.len().div_ceil(2);
    while size > 0 {
        let mut start = 0;
        while start < story.len() {
            let end = (start + size).min(story.len());
            let without = [&story[..start], &story[end..]].concat();
            if !without.is_empty() && goes_wrong(&without) {
                story = without;
            } else {
                start = end;
            }
        }
        size = if size == 1 { 0 } else { size.div_ceil(2) };
    }
    story
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_is_left() {
        let story: Vec<u32> = (0..50).collect();
        let mut asked = 0;
        let short = shrink(&story, |story| {
            asked += 1;
            story.contains(&3) && story.contains(&41)
        });
        assert_eq!(short, [3, 41]);
        assert!(asked < 60, "{asked}");
        assert_eq!(shrink(&[7], |_| true), [7]);
    }
}
