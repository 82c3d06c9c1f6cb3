//! The table of what is used, in kubectl's columns. Pure.

use std::cmp::Reverse;

use super::Used;
use crate::columns::Aligned;

/// What comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Name,
    /// Who uses most of it.
    Cpu,
    Memory,
}

/// What the containers of a pod use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) containers: Vec<(String, Used)>,
}

/// Which columns and rows there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    pub(super) namespaces: bool,
    /// A row for each container.
    pub(super) containers: bool,
    pub(super) headings: bool,
    /// A last row with the sum of all.
    pub(super) sum: bool,
}

impl Row {
    fn used(&self) -> Used {
        sum(self.containers.iter().map(|(_, used)| *used))
    }
}

impl Table {
    pub(super) fn text(self, mut rows: Vec<Row>, order: Order) -> String {
        rows.sort_by_cached_key(|row| (weight(order, row.used()), row.namespace.clone(), row.name.clone()));
        let total = sum(rows.iter().map(Row::used));
        let mut lines: Vec<Vec<String>> = Vec::new();
        if self.headings {
            let whose = [self.namespaces.then_some("NAMESPACE"), self.containers.then_some("POD")];
            let headings = whose.into_iter().flatten().chain(["NAME", "CPU(cores)", "MEMORY(bytes)"]);
            lines.push(headings.map(str::to_owned).collect());
        }
        for row in &mut rows {
            if !self.containers {
                lines.push(self.line(&row.namespace, None, &row.name, row.used()));
                continue;
            }
            row.containers.sort_by_cached_key(|(name, used)| (weight(order, *used), name.clone()));
            for (container, used) in &row.containers {
                lines.push(self.line(&row.namespace, Some(&row.name), container, *used));
            }
        }
        if self.sum {
            let whose = 1 + usize::from(self.namespaces) + usize::from(self.containers);
            let before = || vec![String::new(); whose];
            lines.push([before(), vec!["________".to_owned(); 2]].concat());
            lines.push([before(), cells(total)].concat());
        }
        // kubectl's lines end with a column that is as wide as it is in all of them.
        lines.iter_mut().for_each(|line| line.push(String::new()));
        Aligned::default().text(&lines)
    }

    fn line(self, namespace: &str, pod: Option<&str>, name: &str, used: Used) -> Vec<String> {
        let whose = [self.namespaces.then_some(namespace), pod, Some(name)];
        whose.into_iter().flatten().map(str::to_owned).chain(cells(used)).collect()
    }
}

/// What is lighter comes first.
fn weight(order: Order, used: Used) -> Reverse<Option<u64>> {
    Reverse(match order {
        Order::Name => None,
        Order::Cpu => used.cpu,
        Order::Memory => used.memory,
    })
}

fn sum(all: impl Iterator<Item = Used>) -> Used {
    all.fold(Used { cpu: Some(0), memory: Some(0) }, |sum, one| sum + one)
}

fn cells(used: Used) -> Vec<String> {
    let or_unknown = |text: Option<String>| text.unwrap_or_else(|| "<unknown>".to_owned());
    let cpu = used.cpu.map(|cpu| format!("{cpu}m"));
    vec![or_unknown(cpu), or_unknown(used.memory.map(|memory| format!("{}Mi", memory >> 20)))]
}

/// So many seconds, as Go writes a duration.
pub(super) fn age(seconds: i64) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match seconds {
        ..60 => format!("{rest}s"),
        60..3600 => format!("{minutes}m{rest}s"),
        _ => format!("{hours}h{minutes}m{rest}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Row> {
        let used = |cpu, memory: u64| Used { cpu: Some(cpu), memory: Some(memory << 20) };
        let row = |name: &str, containers: &[(&str, Used)]| Row {
            namespace: "default".to_owned(),
            name: name.to_owned(),
            containers: containers.iter().map(|(name, used)| ((*name).to_owned(), *used)).collect(),
        };
        vec![row("web", &[("nginx", used(1, 30)), ("app", used(250, 5))]), row("a", &[("a", used(2, 100))])]
    }

    const PLAIN: Table = Table { namespaces: false, containers: false, headings: true, sum: false };

    #[test]
    fn rows_are_kubectls_to_the_blank() {
        let expected = "NAME   CPU(cores)   MEMORY(bytes)   \na      2m           100Mi           \nweb    251m         35Mi            \n";
        assert_eq!(PLAIN.text(rows(), Order::Name), expected);
        let sum = "       ________     ________        \n       253m         135Mi           \n";
        assert_eq!(Table { sum: true, ..PLAIN }.text(rows(), Order::Name), format!("{expected}{sum}"));
    }

    #[test]
    fn containers_have_rows_of_their_own_and_who_uses_most_comes_first() {
        let all = Table { namespaces: true, containers: true, ..PLAIN };
        let order = |order| {
            let text = all.text(rows(), order);
            let words = text.lines().map(|line| line.split_whitespace().nth(2).unwrap_or_default().to_owned());
            words.collect::<Vec<_>>()
        };
        assert_eq!(order(Order::Name), ["NAME", "a", "app", "nginx"]);
        assert_eq!(order(Order::Cpu), ["NAME", "app", "nginx", "a"]);
        assert_eq!(order(Order::Memory), ["NAME", "a", "nginx", "app"]);
    }

    #[test]
    fn what_nobody_counts_is_unknown() {
        let mut rows = rows();
        rows[0].containers[0].1.memory = None;
        let text = Table { headings: false, ..PLAIN }.text(rows, Order::Memory);
        assert_eq!(text, "a     2m     100Mi       \nweb   251m   <unknown>   \n");
    }

    #[test]
    fn ages_are_gos() {
        for (seconds, text) in [(0, "0s"), (59, "59s"), (60, "1m0s"), (3599, "59m59s"), (8479, "2h21m19s")] {
            assert_eq!(age(seconds), text);
        }
    }
}
