//! A chart of ratios: a bar from 1 to each of them, to a scale of tens.

use std::path::Path;

use benches::Pair;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::page::digits;

const WIDTH: u32 = 960;
const ROW: i32 = 22;
const TOP: i32 = 56;
const LEFT: i32 = 400;
const RIGHT: i32 = 880;
/// The powers of ten between which the chart is; what is beyond is drawn at its edge.
const FROM: f64 = -4.0;
const TO: f64 = 1.0;

const OURS: RGBColor = RGBColor(46, 125, 90);
const WORSE: RGBColor = RGBColor(176, 84, 60);
const GRID: RGBColor = RGBColor(221, 221, 221);
const INK: RGBColor = RGBColor(51, 51, 51);

/// Draws these into a file.
pub(crate) fn draw(pairs: &[&Pair], title: &str, path: &Path) -> anyhow::Result<()> {
    let rows = i32::try_from(pairs.len())?;
    let height = TOP + rows * ROW + 12;
    let area = SVGBackend::new(path, (WIDTH, height.try_into()?)).into_drawing_area();
    area.fill(&WHITE)?;
    let legend = "ours / theirs, left of 1 is better; red: promised; thin: in parts of the run";
    area.draw(&Text::new(format!("{title}: {legend}"), (12, 12), font(18)))?;
    for power in [-4, -3, -2, -1, 0, 1] {
        let x = place(10_f64.powi(power));
        let line = if power == 0 { INK.stroke_width(1) } else { GRID.stroke_width(1) };
        area.draw(&PathElement::new(vec![(x, TOP - 4), (x, height - 10)], line))?;
        let above = font(14).pos(Pos::new(HPos::Center, VPos::Bottom));
        area.draw(&Text::new(10_f64.powi(power).to_string(), (x, TOP - 6), above))?;
    }
    for (row, pair) in (0..).zip(pairs) {
        draw_row(&area, pair, TOP + row * ROW)?;
    }
    area.present()?;
    Ok(())
}

fn draw_row<Backend: DrawingBackend>(
    area: &DrawingArea<Backend, plotters::coord::Shift>,
    pair: &Pair,
    top: i32,
) -> anyhow::Result<()>
where
    Backend::ErrorType: 'static,
{
    let middle = top + ROW / 2;
    let label = format!("{}: {} / {}", pair.measure, pair.ours, pair.theirs);
    let before = font(16).pos(Pos::new(HPos::Right, VPos::Center));
    area.draw(&Text::new(label, (LEFT - 8, middle), before))?;
    let color = if pair.is_broken() { WORSE } else { OURS };
    area.draw(&Rectangle::new([(place(1.0), top + 4), (place(pair.ratio), top + ROW - 4)], color.mix(0.8).filled()))?;
    let spread = vec![(place(pair.lowest), middle), (place(pair.highest), middle)];
    area.draw(&PathElement::new(spread, INK.stroke_width(1)))?;
    if let Some(at_most) = pair.promise {
        let x = place(at_most);
        area.draw(&PathElement::new(vec![(x, top + 2), (x, top + ROW - 2)], RED.stroke_width(2)))?;
    }
    let after = font(16).pos(Pos::new(HPos::Left, VPos::Center));
    area.draw(&Text::new(digits(pair.ratio), (RIGHT + 8, middle), after))?;
    Ok(())
}

/// Where a ratio is, from left to right.
#[allow(clippy::cast_possible_truncation, reason = "between two numbers of pixels")]
fn place(ratio: f64) -> i32 {
    let power = ratio.log10().clamp(FROM, TO);
    LEFT + ((power - FROM) / (TO - FROM) * f64::from(RIGHT - LEFT)).round() as i32
}

fn font(size: u32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK)
}
