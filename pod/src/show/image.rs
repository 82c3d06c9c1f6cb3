//! Images as docker's users know them, and as JSON and YAML.

use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use image::archive::Loaded;
use image::store::Collected;
use image::{Image, Known};
use launch::complain::printable;
use serde_json::{Value, json};

use super::aligned;
use crate::cli::ImageFormat;
use crate::error::Error;
use crate::verbs::image::list::List;
use crate::verbs::image::prune::Pruned;
use crate::verbs::image::remove::Removed;

/// Shows images, a line each.
///
/// # Errors
/// When the output cannot be written.
pub fn list(images: &[Known], asked: &List, format: ImageFormat, out: &mut impl Write) -> Result<(), Error> {
    let id = |one: &Known| if asked.no_trunc { one.image.id.to_string() } else { one.image.id.short().to_owned() };
    if asked.quiet {
        return lines(images.iter().map(id), out);
    }
    match format {
        ImageFormat::Text => {
            let mut rows = vec!["REPOSITORY\tTAG\tIMAGE ID\tCREATED\tSIZE".to_owned()];
            rows.extend(images.iter().map(|one| {
                let (repository, tag) = parts(one);
                let created = created(&one.image).map_or("N/A".to_owned(), |at| format!("{} ago", ago(since(at))));
                format!("{repository}\t{tag}\t{}\t{created}\t{}", id(one), size(one.size))
            }));
            aligned(&rows, out)
        }
        ImageFormat::Name => lines(images.iter().map(|one| format!("image/{}", named(one))), out),
        format => value(&Value::Array(images.iter().map(row).collect()), format, out),
    }
}

/// Shows all there is to know of images.
///
/// # Errors
/// When the output cannot be written.
pub fn inspect(images: &[Vec<Known>], format: ImageFormat, out: &mut impl Write) -> Result<(), Error> {
    match format {
        ImageFormat::Name => lines(images.iter().flatten().map(|one| format!("image/{}", named(one))), out),
        format => value(&Value::Array(images.iter().map(|names| whole(names)).collect()), format, out),
    }
}

/// Shows what was loaded.
///
/// # Errors
/// When the output cannot be written.
pub fn loaded(images: &[Loaded], quiet: bool, out: &mut impl Write) -> Result<(), Error> {
    let all = images.iter().flat_map(|one| {
        let id = one.prepared.image.id.to_string();
        let names = one.names.iter().map(|name| (false, familiar(name)));
        let names: Vec<_> = if one.names.is_empty() { vec![(true, id)] } else { names.collect() };
        names.into_iter().map(|(is_id, name)| match (quiet, is_id) {
            (true, _) => name,
            (false, true) => format!("Loaded image ID: {name}"),
            (false, false) => format!("Loaded image: {name}"),
        })
    });
    lines(all, out)
}

/// Shows what was forgotten.
///
/// # Errors
/// When the output cannot be written.
pub fn removed(removed: &Removed, out: &mut impl Write) -> Result<(), Error> {
    let untagged = removed.untagged.iter().map(|name| format!("Untagged: {name}"));
    lines(untagged.chain(removed.deleted.iter().map(|id| format!("Deleted: {id}"))), out)
}

/// Shows what there is room for now.
///
/// # Errors
/// When the output cannot be written.
pub fn pruned(pruned: &Pruned, out: &mut impl Write) -> Result<(), Error> {
    let Collected { blobs, layers, bytes } = &pruned.collected;
    let untagged = pruned.untagged.iter().map(|name| format!("Untagged: {name}"));
    let blobs = blobs.iter().map(|digest| format!("Deleted: {digest}"));
    let layers = layers.iter().map(|chain| format!("Deleted: layer {chain}"));
    let total = std::iter::once(format!("Total reclaimed space: {}", size(*bytes)));
    lines(untagged.chain(blobs).chain(layers).chain(total), out)
}

fn lines(all: impl Iterator<Item = String>, out: &mut impl Write) -> Result<(), Error> {
    for line in all {
        writeln!(out, "{}", printable(&line)).map_err(Error::Output)?;
    }
    Ok(())
}

fn value(value: &Value, format: ImageFormat, out: &mut impl Write) -> Result<(), Error> {
    if format == ImageFormat::Yaml {
        return write!(out, "{}", manifest::emit::yaml(value)).map_err(Error::Output);
    }
    super::json(value, out)
}

fn familiar(name: &str) -> String {
    name.parse::<image::reference::Reference>().map_or_else(|_| name.to_owned(), |name| name.familiar())
}

fn named(one: &Known) -> String {
    one.name.as_ref().map_or_else(|| one.image.id.to_string(), |name| name.familiar())
}

fn parts(one: &Known) -> (String, String) {
    let none = || "<none>".to_owned();
    let Some(name) = &one.name else { return (none(), none()) };
    let tag = name.tag().map(str::to_owned);
    let whole = name.familiar();
    let repository = whole.split('@').next().unwrap_or_default();
    let repository = tag.as_ref().and_then(|tag| repository.strip_suffix(&format!(":{tag}"))).unwrap_or(repository);
    (repository.to_owned(), tag.unwrap_or_else(none))
}

fn row(one: &Known) -> Value {
    let (repository, tag) = parts(one);
    json!({
        "name": one.name.as_ref().map(ToString::to_string),
        "repository": repository,
        "tag": tag,
        "id": one.image.id,
        "digest": one.image.manifest.digest().to_string(),
        "created": one.image.config.created(),
        "size": one.size,
        "platform": one.image.platform().to_string(),
    })
}

/// As docker's own, as far as it is said of what is here.
fn whole(names: &[Known]) -> Value {
    let Some(first) = names.first() else { return Value::Null };
    let image = &first.image;
    let tags: Vec<_> = names.iter().filter_map(|one| one.name.as_ref().filter(|name| name.tag().is_some())).collect();
    let repositories: std::collections::BTreeSet<_> =
        names.iter().filter_map(|one| Some(one.name.as_ref()?.repository())).collect();
    let digest = image.manifest.digest().to_string();
    json!({
        "Id": image.id,
        "RepoTags": tags.iter().map(|name| name.familiar()).collect::<Vec<_>>(),
        "RepoDigests": repositories.iter().map(|it| format!("{it}@{digest}")).collect::<Vec<_>>(),
        "Digest": digest,
        "Created": image.config.created(),
        "Author": image.config.author(),
        "Os": image.config.os().to_string(),
        "Architecture": image.config.architecture().to_string(),
        "Variant": image.config.variant(),
        "Config": image.config.config(),
        "Size": first.size,
        "RootFS": {
            "Type": "layers",
            "Layers": image.layers.iter().map(|layer| layer.diff.to_string()).collect::<Vec<_>>(),
        },
        "History": image.config.history(),
    })
}

fn created(image: &Image) -> Option<SystemTime> {
    let at: jiff::Timestamp = image.config.created().as_ref()?.parse().ok()?;
    Some(UNIX_EPOCH + Duration::from_secs(u64::try_from(at.as_second()).ok()?))
}

fn since(at: SystemTime) -> u64 {
    SystemTime::now().duration_since(at).unwrap_or_default().as_secs()
}

/// How long ago, in docker's words.
fn ago(seconds: u64) -> String {
    let (minutes, hours) = (seconds / 60, (seconds + 1800) / 3600);
    let days = hours / 24;
    match (seconds, minutes, hours) {
        (0, ..) => "Less than a second".to_owned(),
        (1, ..) => "1 second".to_owned(),
        (2..60, ..) => format!("{seconds} seconds"),
        (_, 1, _) => "About a minute".to_owned(),
        (_, 2..60, _) => format!("{minutes} minutes"),
        (_, _, 1) => "About an hour".to_owned(),
        (_, _, 2..48) => format!("{hours} hours"),
        (_, _, 48..336) => format!("{days} days"),
        (_, _, 336..1440) => format!("{} weeks", days / 7),
        (_, _, 1440..17520) => format!("{} months", days / 30),
        _ => format!("{} years", days / 365),
    }
}

/// How many bytes, in three digits.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    let mut unit = 0;
    #[allow(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut value = bytes as f64;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let digits = if value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_ages_are_dockers() {
        for (bytes, text) in
            [(0, "0B"), (999, "999B"), (7_050_000, "7.05MB"), (187_400_000, "187MB"), (1_220_000_000, "1.22GB")]
        {
            assert_eq!(size(bytes), text);
        }
        for (seconds, text) in [
            (0, "Less than a second"),
            (59, "59 seconds"),
            (90, "About a minute"),
            (3599, "59 minutes"),
            (3600, "About an hour"),
            (86_400, "24 hours"),
            (86_400 * 3, "3 days"),
            (86_400 * 15, "2 weeks"),
            (86_400 * 90, "3 months"),
            (86_400 * 800, "2 years"),
        ] {
            assert_eq!(ago(seconds), text, "{seconds}");
        }
    }
}
