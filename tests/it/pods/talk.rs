//! What a real cluster answered to one line after the other, and what this program answers to them.

use serde_json::json;

use super::transcript::called;
use super::{image, pod, put, waiting};
use crate::house::{House, User, eventually};

const TALK: &str = include_str!("talk.txt");

pub(super) fn answer_as_a_cluster_does(user: User) {
    let house = House::new(user);
    image(&house);
    called(&house);
    let one = waiting("one", "for i in 1 2 3 4 5 6; do echo one $i; done;");
    let other = waiting("other", "mkdir /w; echo page > /w/index.html; echo to stderr >&2;");
    put(&house, "two.json", &pod("two", &json!({ "containers": [one, other] })));
    let again = pod("again", &json!({ "containers": [waiting("main", "")] }));
    put(&house, "again.json", &again);
    put(&house, "again-labelled.json", &again.replacen("\"app\":\"again\"", "\"app\":\"again\",\"v\":\"2\"", 1));
    house.pod(&["apply", "-f", "two.json", "--wait", "--timeout", "30s"]).ok();
    let said = || house.pod(&["logs", "two", "other"]).err().contains("to stderr").then_some(());
    eventually("what other says", said);
    house.logged("two", "one", "one 6");
    let mut differing = Vec::new();
    for asked in TALK.split("\n\n$ ").skip(1) {
        let (line, wanted) = asked.split_once('\n').unwrap();
        let script = format!("exec 2>&1; {}", line.replace("kubectl ", "./kubectl ").replace("kubectl;", "./kubectl;"));
        let script = if line == "kubectl exec" { "exec 2>&1; ./kubectl exec".to_owned() } else { script };
        let ran = house.run("sh", &["-c", &script]);
        let code = ran.output.status.code();
        let ended = if code == Some(0) { String::new() } else { format!("[exit {}]\n", code.unwrap_or(-1)) };
        let shown = ran.out();
        let broken = if shown.is_empty() || shown.ends_with('\n') { "" } else { "\n" };
        let shown: String = format!("{shown}{broken}{ended}").lines().map(|line| masked(line) + "\n").collect();
        let wanted = format!("{}\n", wanted.trim_end_matches('\n'));
        let wanted = wanted.trim_start_matches('\n');
        if shown != wanted {
            differing.push(format!("$ {line}\n--- a cluster\n{wanted}--- here\n{shown}"));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    house.nothing_is_left();
}

/// A line without its age, or the time that it begins with.
fn masked(line: &str) -> String {
    let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
    if first.len() == 30 && first.ends_with('Z') {
        return format!("TIME {rest}");
    }
    let is_age = |word: &str| word.strip_suffix('s').is_some_and(|digits| digits.parse::<u32>().is_ok());
    match line.rsplit_once(' ') {
        Some((before, age)) if is_age(age) => format!("{before} AGE"),
        _ => line.to_owned(),
    }
}
