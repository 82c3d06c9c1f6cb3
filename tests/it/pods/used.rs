//! What pods use, as `top` shows it.

use serde_json::json;

use super::{container, gone, image, pod, put, waiting};
use crate::house::{House, User, eventually};

/// The cells of a line.
fn cells(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

pub(super) fn top(user: User) {
    let house = House::new(user);
    image(&house);
    assert_eq!(house.pod(&["top", "pod"]).ok().err(), "No resources found in default namespace.\n");
    let busy = container("busy", "trap 'exit 0' TERM; while :; do :; done");
    let idle = waiting("idle", "");
    let file = put(&house, "busy.json", &pod("busy", &json!({ "containers": [busy, idle] })));
    house.pod(&["apply", "-f", &file, "--wait", "--timeout", "30s"]).ok();
    house.pod(&["top", "pod", "nosuch"]).refuses(1, "Error from server (NotFound): pods \"nosuch\" not found");
    let top = house.pod(&["top", "pod", "busy", "--containers", "--sort-by", "cpu"]);
    if user == User::Ordinary {
        // Nobody has given it a control group that it could divide.
        top.refuses(1, "error: Metrics not available for pod default/busy, age: ");
        house.pod(&["top", "pod", "-A"]).refuses(1, "error: Metrics not available for pod default/busy, age: ");
        gone(&house, &file);
        return;
    }
    let said = top.ok().out();
    let lines: Vec<_> = said.lines().map(cells).collect();
    assert_eq!(lines[0], ["POD", "NAME", "CPU(cores)", "MEMORY(bytes)"]);
    assert_eq!([&lines[1][..2], &lines[2][..2]], [["busy", "busy"], ["busy", "idle"]], "{said}");
    let number = |cell: &str, unit: &str| cell.strip_suffix(unit).unwrap().parse::<u64>().unwrap();
    let (busy, idle) = (number(&lines[1][2], "m"), number(&lines[2][2], "m"));
    // However busy the machine is, a loop gets more of it than who sleeps.
    assert!(busy > 50 && busy < 1100 && idle < busy / 2, "{said}");
    assert!(lines[1..].iter().all(|line| number(&line[3], "Mi") < 64), "{said}");
    let whole = house.pod(&["top", "po", "-A", "--sum"]).ok().out();
    let lines: Vec<_> = whole.lines().map(cells).collect();
    assert_eq!(lines[0], ["NAMESPACE", "NAME", "CPU(cores)", "MEMORY(bytes)"]);
    assert_eq!(lines[1][..2], ["default", "busy"], "{whole}");
    assert_eq!((lines[2].join(" ").as_str(), &lines[3]), ("________ ________", &lines[1][2..].to_vec()), "{whole}");
    let selected = |arguments: &[&str]| house.pod(&[&["top", "pod", "--no-headers"], arguments].concat()).ok().out();
    assert_eq!(cells(&selected(&["-l", "app=busy"]))[0], "busy");
    assert_eq!(selected(&["-l", "app=other"]), "");
    assert_eq!(cells(&selected(&["--field-selector", "metadata.name=busy"]))[0], "busy");
    gone(&house, &file);
    // Of one that has ended nothing is known.
    let ended = json!({ "containers": [container("main", "exit 0")], "restartPolicy": "Never" });
    let file = put(&house, "ended.json", &pod("ended", &ended));
    house.pod(&["apply", "-f", &file]).ok();
    eventually("it has ended", || {
        let phase = house.pod(&["get", "pod", "ended", "-o", "jsonpath={.status.phase}"]).out();
        (phase == "Succeeded").then_some(())
    });
    house.pod(&["top", "pod", "ended"]).refuses(1, "error: Metrics not available for pod default/ended, age: ");
    gone(&house, &file);
}
