//! How long things take where there are more and more of others: a line for each, both axes to a scale of tens, and a
//! table.

use std::path::Path;

use benches::{Case, Entry, Unit};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::Run;

/// The subject that this is about, and how its cases are called: who, and beside how many.
pub(crate) const SUBJECT: &str = "scale";
const BESIDE: &str = ", beside ";

const WIDTH: u32 = 960;
const HEIGHT: u32 = 480;
const TOP: i32 = 56;
const BOTTOM: i32 = 440;
const LEFT: i32 = 80;
const RIGHT: i32 = 720;
/// The powers of ten between which the chart is: how many others, and nanoseconds.
const FROM: (f64, f64) = (0.0, 6.0);
const TO: (f64, f64) = (3.0, 10.0);

/// Ours, then everybody else's.
const COLORS: [RGBColor; 2] = [RGBColor(46, 125, 90), RGBColor(176, 84, 60)];
const GRID: RGBColor = RGBColor(221, 221, 221);
const INK: RGBColor = RGBColor(51, 51, 51);

/// What one did, and how long that took beside how many.
#[derive(Debug, PartialEq)]
struct Line<'a> {
    measure: &'a str,
    who: &'a str,
    points: Vec<(&'a str, f64)>,
}

fn lines(run: &Run) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    for entry in &run.entries {
        let Entry::Case(Case { subject, measure, case, median, .. }) = entry else { continue };
        let Some((who, beside)) = case.split_once(BESIDE).filter(|_| subject == SUBJECT) else { continue };
        match lines.iter_mut().find(|line| line.measure == measure && line.who == who) {
            Some(line) => line.points.push((beside, *median)),
            None => lines.push(Line { measure, who, points: vec![(beside, *median)] }),
        }
    }
    lines
}

/// How many that is; commas are for people.
fn number(words: &str) -> f64 {
    words.replace(',', "").parse().unwrap_or(f64::NAN)
}

/// The table; nothing where nothing of it was measured.
pub(crate) fn table(run: &Run) -> Option<String> {
    let lines = lines(run);
    let mut heads: Vec<&str> = lines.iter().flat_map(|line| line.points.iter().map(|(beside, _)| *beside)).collect();
    heads.sort_by(|one, other| number(one).total_cmp(&number(other)));
    heads.dedup();
    if heads.is_empty() {
        return None;
    }
    let head: String = heads.iter().map(|head| format!(" beside {head} |")).collect();
    let mut text = format!("| | |{head}\n|---|---|{}\n", "---|".repeat(heads.len()));
    for Line { measure, who, points } in &lines {
        let cell =
            |head: &&str| points.iter().find(|(beside, _)| beside == head).map(|(_, time)| Unit::Time.say(*time));
        let cells: String = heads.iter().map(|head| format!(" {} |", cell(head).unwrap_or_default())).collect();
        text += &format!("| {measure} | {who} |{cells}\n");
    }
    Some(text)
}

/// Draws the lines into a file.
pub(crate) fn draw(run: &Run, path: &Path) -> anyhow::Result<()> {
    let area = SVGBackend::new(path, (WIDTH, HEIGHT)).into_drawing_area();
    area.fill(&WHITE)?;
    let title = "scale: how long one more takes, by how many there are; green: ours, red: podman's";
    area.draw(&Text::new(title, (12, 12), font(18)))?;
    for power in [0, 1, 2, 3] {
        let (x, _) = place(10_f64.powi(power), 1.0);
        area.draw(&PathElement::new(vec![(x, TOP), (x, BOTTOM)], GRID.stroke_width(1)))?;
        let below = font(14).pos(Pos::new(HPos::Center, VPos::Top));
        area.draw(&Text::new(10_f64.powi(power).to_string(), (x, BOTTOM + 8), below))?;
    }
    for power in [6, 7, 8, 9, 10] {
        let (_, y) = place(1.0, 10_f64.powi(power));
        area.draw(&PathElement::new(vec![(LEFT, y), (RIGHT, y)], GRID.stroke_width(1)))?;
        let before = font(14).pos(Pos::new(HPos::Right, VPos::Center));
        area.draw(&Text::new(Unit::Time.say(10_f64.powi(power)), (LEFT - 8, y), before))?;
    }
    let lines = lines(run);
    let ours = lines.first().map(|line| line.who);
    let ends = labels(&lines);
    for (line, label) in lines.iter().zip(ends) {
        let color = COLORS[usize::from(Some(line.who) != ours)];
        let points: Vec<_> = line.points.iter().map(|(beside, time)| place(number(beside), *time)).collect();
        for point in &points {
            area.draw(&Circle::new(*point, 3, color.filled()))?;
        }
        let end = points.last().copied().unwrap_or_default();
        area.draw(&PathElement::new(points, color.stroke_width(2)))?;
        area.draw(&PathElement::new(vec![end, (RIGHT + 12, label)], GRID.stroke_width(1)))?;
        let after = font(14).pos(Pos::new(HPos::Left, VPos::Center));
        area.draw(&Text::new(format!("{} {}", line.who, line.measure), (RIGHT + 16, label), after))?;
    }
    area.present()?;
    Ok(())
}

/// Where the words of each line stand, so that no two are upon each other: beside its end, or as near below what is above
/// it as can be read.
fn labels(lines: &[Line<'_>]) -> Vec<i32> {
    const ROW: i32 = 18;
    let end = |line: &Line<'_>| line.points.last().map_or(BOTTOM, |(_, time)| place(1.0, *time).1);
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by_key(|index| end(&lines[*index]));
    let (mut labels, mut free) = (vec![0; lines.len()], i32::MIN);
    for index in order {
        labels[index] = end(&lines[index]).max(free);
        free = labels[index] + ROW;
    }
    labels
}

/// Where so many others and so long a time are.
#[allow(clippy::cast_possible_truncation, reason = "between two numbers of pixels")]
fn place(others: f64, time: f64) -> (i32, i32) {
    let share = |value: f64, from: f64, to: f64| (value.log10().clamp(from, to) - from) / (to - from);
    let x = f64::from(LEFT) + share(others, FROM.0, TO.0) * f64::from(RIGHT - LEFT);
    let y = f64::from(BOTTOM) - share(time, FROM.1, TO.1) * f64::from(BOTTOM - TOP);
    (x.round() as i32, y.round() as i32)
}

fn font(size: u32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK)
}

#[cfg(test)]
mod tests {
    use super::super::machine::Machine;
    use super::*;

    fn run(cases: &[(&str, &str, &str, f64)]) -> Run {
        let case = |(subject, measure, case, median): &(&str, &str, &str, f64)| {
            let [subject, measure, case] = [subject, measure, case].map(|text| (*text).to_owned());
            Entry::Case(Case { subject, measure, case, unit: Unit::Time, n: 1, median: *median, p99: *median })
        };
        let machine = Machine {
            cpu: String::new(),
            cores: 1,
            memory_kb: 1,
            kernel: String::new(),
            compiler: String::new(),
            commit: None,
        };
        Run { date: String::new(), quick: true, machine, entries: cases.iter().map(case).collect() }
    }

    #[test]
    fn the_table_has_a_column_for_each_number_of_others() {
        let run = run(&[
            ("scale", "apply", "pod, beside 1", 2e6),
            ("scale", "apply", "pod, beside 1,000", 3e6),
            ("scale", "apply", "podman kube, beside 1", 4e8),
            ("scale", "memory", "each of 100 pods", 1.0),
            ("pods", "apply", "pod, beside 9", 1.0),
        ]);
        let table = table(&run).expect("a table");
        let rows: Vec<&str> = table.lines().collect();
        assert_eq!(
            rows,
            [
                "| | | beside 1 | beside 1,000 |",
                "|---|---|---|---|",
                "| apply | pod | 2 ms | 3 ms |",
                "| apply | podman kube | 400 ms |  |",
            ]
        );
    }

    #[test]
    fn nothing_measured_is_no_table() {
        assert_eq!(table(&run(&[("pods", "apply", "pod", 1.0)])), None);
    }

    #[test]
    fn no_two_words_are_upon_each_other() {
        let line = |time| Line { measure: "apply", who: "pod", points: vec![("1", time)] };
        let labels = labels(&[line(1e7), line(1e8), line(1.01e7)]);
        assert!(labels[1] < labels[0] && labels[0] + 18 <= labels[2], "{labels:?}");
    }
}
