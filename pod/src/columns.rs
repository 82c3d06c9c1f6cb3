//! Objects that are kept, in kubectl's columns. Pure.

use jiff::Timestamp;
use manifest::kind::{Object, PersistentVolumeClaim, Resource};

use crate::status;

/// Which columns there are besides those of the kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) namespace: bool,
    /// The kind in front of the name.
    pub(crate) kind: bool,
    pub(crate) wide: bool,
    /// All labels in one.
    pub(crate) labels: bool,
    /// Labels that have one of their own.
    pub(crate) label: Vec<String>,
    pub(crate) heading: bool,
}

/// The table of objects of one kind.
pub(crate) fn table(resource: &Resource, objects: &[Object], columns: &Columns, now: Timestamp) -> String {
    Aligned::default().text(&rows(resource, objects, columns, now))
}

/// The rows of that table, with the heading if there is to be one.
pub(crate) fn rows(resource: &Resource, objects: &[Object], columns: &Columns, now: Timestamp) -> Vec<Vec<String>> {
    let mut rows = Vec::with_capacity(objects.len() + 1);
    if columns.heading {
        let own = headings(resource, columns.wide).iter().map(|heading| (*heading).to_owned());
        // A label's own column is called after its last part.
        let label = columns.label.iter().map(|key| key.rsplit('/').next().unwrap_or(key).to_uppercase());
        let namespace = columns.namespace.then(|| "NAMESPACE".to_owned());
        let labels = columns.labels.then(|| "LABELS".to_owned());
        rows.push(namespace.into_iter().chain(own).chain(label).chain(labels).collect());
    }
    rows.extend(objects.iter().map(|object| row(object, columns, now)));
    rows
}

fn headings(resource: &Resource, wide: bool) -> &'static [&'static str] {
    const CLAIM: &[&str] = &[
        "NAME",
        "STATUS",
        "VOLUME",
        "CAPACITY",
        "ACCESS MODES",
        "STORAGECLASS",
        "VOLUMEATTRIBUTESCLASS",
        "AGE",
        "VOLUMEMODE",
    ];
    const POD: &[&str] =
        &["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE", "NOMINATED NODE", "READINESS GATES"];
    match resource.kind {
        "ConfigMap" => &["NAME", "DATA", "AGE"],
        "Pod" if wide => POD,
        "Pod" => &POD[..5],
        "Secret" => &["NAME", "TYPE", "DATA", "AGE"],
        "Namespace" => &["NAME", "STATUS", "AGE"],
        "ServiceAccount" => &["NAME", "SECRETS", "AGE"],
        "PersistentVolumeClaim" if wide => CLAIM,
        "PersistentVolumeClaim" => &CLAIM[..CLAIM.len() - 1],
        _ => &["NAME", "AGE"],
    }
}

fn row(object: &Object, columns: &Columns, now: Timestamp) -> Vec<String> {
    let metadata = object.metadata();
    let name = metadata.name.clone().unwrap_or_default();
    let name = if columns.kind { object.reference() } else { name };
    let age = metadata.creation_timestamp.map_or_else(|| "<unknown>".to_owned(), |since| age(since.0, now));
    let own = match object {
        Object::ConfigMap(map) => vec![name, (map.data.len() + map.binary_data.len()).to_string(), age],
        Object::Secret(secret) => {
            vec![name, secret.r#type.clone().unwrap_or_default(), secret.data.len().to_string(), age]
        }
        Object::Namespace(namespace) => {
            let phase = namespace.status.as_ref().and_then(|status| status.phase.clone());
            vec![name, phase.unwrap_or_default(), age]
        }
        Object::ServiceAccount(account) => vec![name, account.secrets.len().to_string(), age],
        Object::PersistentVolumeClaim(claim) => claimed(claim, name, age, columns.wide),
        Object::Pod(pod) => {
            let row = status::row(pod, now);
            let mut cells = vec![name, row.ready, row.status, row.restarts, row.age];
            if columns.wide {
                cells.extend([row.ip, row.node, "<none>".to_owned(), row.gates]);
            }
            cells
        }
        _ => vec![name, age],
    };
    let value = |key: &String| metadata.labels.get(key).cloned().unwrap_or_default();
    let labels = columns.labels.then(|| {
        let pairs: Vec<String> = metadata.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        if pairs.is_empty() { "<none>".to_owned() } else { pairs.join(",") }
    });
    let namespace = columns.namespace.then(|| metadata.namespace.clone().unwrap_or_default());
    namespace.into_iter().chain(own).chain(columns.label.iter().map(value)).chain(labels).collect()
}

fn claimed(claim: &PersistentVolumeClaim, name: String, age: String, wide: bool) -> Vec<String> {
    let (spec, status) = (claim.spec.clone().unwrap_or_default(), claim.status.clone().unwrap_or_default());
    let short = |mode: &String| match mode.as_str() {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        _ => "",
    };
    let modes: Vec<&str> = status.access_modes.iter().map(short).collect();
    let capacity = status.capacity.get("storage").map(ToString::to_string).unwrap_or_default();
    let class = spec.volume_attributes_class_name.unwrap_or_else(|| "<unset>".to_owned());
    let mut row = vec![
        name,
        status.phase.unwrap_or_default(),
        spec.volume_name.unwrap_or_default(),
        capacity,
        modes.join(","),
        spec.storage_class_name.unwrap_or_default(),
        class,
        age,
    ];
    row.extend(wide.then(|| spec.volume_mode.unwrap_or_default()));
    row
}

/// How long ago, as kubectl has it: in one unit or two, the coarser the longer it is.
pub(crate) fn age(since: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - since.as_second();
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    let (days, years) = (hours / 24, hours / 24 / 365);
    let two = |first: i64, one: &str, second: i64, other: &str| {
        if second == 0 { format!("{first}{one}") } else { format!("{first}{one}{second}{other}") }
    };
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1..0 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        _ if minutes < 10 => two(minutes, "m", seconds % 60, "s"),
        _ if minutes < 180 => format!("{minutes}m"),
        _ if hours < 8 => two(hours, "h", minutes % 60, "m"),
        _ if hours < 48 => format!("{hours}h"),
        _ if days < 8 => two(days, "d", hours % 24, "h"),
        _ if years < 2 => format!("{days}d"),
        _ if years < 8 => two(years, "y", days % 365, "d"),
        _ => format!("{years}y"),
    }
}

/// A column is so wide at least, with what is between it and the next.
const NARROWEST: usize = 6;
/// What is between columns.
const GAP: usize = 3;

/// Lays out rows, which may come bit by bit: a column stays as wide as it once was.
#[derive(Debug, Default)]
pub(crate) struct Aligned {
    widths: Vec<usize>,
}

impl Aligned {
    /// The rows as lines. What others wrote is shown with control characters escaped.
    pub(crate) fn text(&mut self, rows: &[Vec<String>]) -> String {
        let shown = |cell: &String| launch::complain::printable(cell).to_string();
        let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(shown).collect()).collect();
        for row in &rows {
            // The last is as wide as it is.
            let columns = row.len().saturating_sub(1);
            self.widths.resize(self.widths.len().max(columns), NARROWEST);
            for (width, cell) in self.widths.iter_mut().zip(&row[..columns]) {
                *width = (*width).max(cell.chars().count() + GAP);
            }
        }
        let mut text = String::new();
        for row in &rows {
            for (number, cell) in row.iter().enumerate() {
                text.push_str(cell);
                if number + 1 < row.len() {
                    text.extend(std::iter::repeat_n(' ', self.widths[number] - cell.chars().count()));
                }
            }
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn object(kind: &str, value: Value) -> Object {
        Object::from_value(kind, value).expect("an object")
    }

    fn shown(object: &Object, columns: Columns) -> String {
        table(object.resource(), std::slice::from_ref(object), &columns, Timestamp::UNIX_EPOCH)
    }

    fn plain() -> Columns {
        Columns { heading: true, ..Columns::default() }
    }

    #[test]
    fn kinds_have_kubectls_columns() {
        let meta = json!({ "name": "a", "namespace": "n", "creationTimestamp": "1969-12-31T23:59:00Z", "labels": { "x/tier": "b", "c": "d" } });
        let map = object("ConfigMap", json!({ "metadata": meta, "data": { "k": "v" }, "binaryData": { "b": "AA==" } }));
        assert_eq!(shown(&map, plain()), "NAME   DATA   AGE\na      2      60s\n");
        let all = Columns {
            namespace: true,
            kind: true,
            labels: true,
            label: vec!["x/tier".to_owned(), "none".to_owned()],
            ..plain()
        };
        let expected = "NAMESPACE   NAME          DATA   AGE   TIER   NONE   LABELS\n\
                        n           configmap/a   2      60s   b             c=d,x/tier=b\n";
        assert_eq!(shown(&map, all), expected);
        let secret = object("Secret", json!({ "metadata": meta, "type": "Opaque", "data": { "k": "dg==" } }));
        assert_eq!(shown(&secret, plain()), "NAME   TYPE     DATA   AGE\na      Opaque   1      60s\n");
        let claim = json!({ "metadata": meta, "spec": { "volumeName": "pvc-u", "storageClassName": "s", "volumeMode": "Filesystem" },
            "status": { "phase": "Bound", "capacity": { "storage": "1Gi" }, "accessModes": ["ReadWriteOnce", "ReadOnlyMany"] } });
        let claim = object("PersistentVolumeClaim", claim);
        let expected = "NAME   STATUS   VOLUME   CAPACITY   ACCESS MODES   STORAGECLASS   VOLUMEATTRIBUTESCLASS   AGE   VOLUMEMODE\n\
             a      Bound    pvc-u    1Gi        RWO,ROX        s              <unset>                 60s   Filesystem\n";
        assert_eq!(shown(&claim, Columns { wide: true, ..plain() }), expected);
        let namespace = object("Namespace", json!({ "metadata": { "name": "a" }, "status": { "phase": "Active" } }));
        let bare = Columns { heading: false, ..plain() };
        assert_eq!(shown(&namespace, bare), "a     Active   <unknown>\n");
    }

    #[test]
    fn a_column_stays_as_wide_as_it_once_was() {
        let mut aligned = Aligned::default();
        let mut text = |row: [&str; 3]| aligned.text(&[row.map(str::to_owned).to_vec()]);
        assert_eq!(text(["NAME", "STATUS", "AGE"]), "NAME   STATUS   AGE\n");
        assert_eq!(text(["a", "ContainerCreating", "0s"]), "a      ContainerCreating   0s\n");
        assert_eq!(text(["a", "Running", "a-long-one"]), "a      Running             a-long-one\n");
        assert_eq!(text(["a", "Running", "0s"]), "a      Running             0s\n");
    }

    #[test]
    fn what_others_wrote_moves_no_terminal() {
        let secret = object("Secret", json!({ "metadata": { "name": "a" }, "type": "\u{1b}[2J\n" }));
        let shown = shown(&secret, plain());
        assert!(!shown.contains('\u{1b}') && shown.lines().count() == 2, "{shown}");
    }

    #[test]
    fn ages_are_kubectls() {
        let (hour, day, year) = (3600, 86400, 86400 * 365);
        for (seconds, expected) in [
            (-2, "<invalid>"),
            (-1, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (599, "9m59s"),
            (600, "10m"),
            (3 * hour - 1, "179m"),
            (3 * hour, "3h"),
            (3 * hour + 60, "3h1m"),
            (8 * hour, "8h"),
            (47 * hour, "47h"),
            (2 * day, "2d"),
            (2 * day + hour, "2d1h"),
            (8 * day + hour, "8d"),
            (2 * year - day, "729d"),
            (2 * year + day, "2y1d"),
            (8 * year + day, "8y"),
        ] {
            let now = Timestamp::from_second(1_000_000_000 + seconds).expect("a time");
            assert_eq!(age(Timestamp::from_second(1_000_000_000).expect("a time"), now), expected, "{seconds}");
        }
    }
}
