//! When a cron job runs: five fields, or a word such as `@hourly`.

/// A schedule, as it was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// By the clock.
    Fields(Fields),
    /// Every so many seconds.
    Every(u64),
}

/// The minutes, hours, days and months at which it runs, a bit for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fields {
    /// Minutes, 0 to 59.
    pub minutes: u64,
    /// Hours, 0 to 23.
    pub hours: u64,
    /// Days of the month, 1 to 31.
    pub days: u64,
    /// Months, 1 to 12.
    pub months: u64,
    /// Days of the week, 0 to 6, from Sunday.
    pub weekdays: u64,
    /// Whether any day of the month will do.
    pub any_day: bool,
    /// Whether any day of the week will do.
    pub any_weekday: bool,
}

/// Text that is no schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSchedule {
    /// It has not five fields.
    #[error("expected exactly 5 fields, found {count}: {fields:?}")]
    Count {
        /// How many it has.
        count: usize,
        /// Which.
        fields: Vec<String>,
    },
    /// A word that there is not.
    #[error("unrecognized descriptor: {0}")]
    Word(String),
    /// A duration that is none.
    #[error("failed to parse duration {0}")]
    Every(String),
    /// A number or a name that there is not.
    #[error("failed to parse int from {0}")]
    Number(String),
    /// A number that is too large or too small.
    #[error("{what} ({number}) {is} {limit}: {text}")]
    Range {
        /// Which end of the range.
        what: &'static str,
        /// The number.
        number: u32,
        /// How it misses.
        is: &'static str,
        /// What it misses.
        limit: String,
        /// The part of the field.
        text: String,
    },
    /// Steps of nothing.
    #[error("step of range should be a positive number: {0}")]
    Step(String),
    /// Too many signs.
    #[error("too many {sign}: {text}")]
    Signs {
        /// Which.
        sign: &'static str,
        /// The part of the field.
        text: String,
    },
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

struct Bounds {
    least: u32,
    most: u32,
    names: &'static [&'static str],
}

/// Reads a schedule.
///
/// # Errors
/// It is none.
pub fn parse(text: &str) -> Result<Schedule, InvalidSchedule> {
    if let Some(word) = text.strip_prefix('@') {
        if let Some(every) = word.strip_prefix("every ") {
            let (negative, duration) =
                crate::value::duration(every).map_err(|_| InvalidSchedule::Every(text.to_owned()))?;
            return Ok(Schedule::Every(if negative { 1 } else { duration.as_secs().max(1) }));
        }
        let same = match word {
            "yearly" | "annually" => "0 0 1 1 *",
            "monthly" => "0 0 1 * *",
            "weekly" => "0 0 * * 0",
            "daily" | "midnight" => "0 0 * * *",
            "hourly" => "0 * * * *",
            _ => return Err(InvalidSchedule::Word(text.to_owned())),
        };
        return parse(same);
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [minutes, hours, days, months, weekdays] = fields.as_slice() else {
        let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
        return Err(InvalidSchedule::Count { count: fields.len(), fields });
    };
    let of = |text: &str, least, most, names| field(text, &Bounds { least, most, names });
    let (minutes, _) = of(minutes, 0, 59, &[])?;
    let (hours, _) = of(hours, 0, 23, &[])?;
    let (days, any_day) = of(days, 1, 31, &[])?;
    let (months, _) = of(months, 1, 12, &MONTHS)?;
    let (weekdays, any_weekday) = of(weekdays, 0, 6, &DAYS)?;
    Ok(Schedule::Fields(Fields { minutes, hours, days, months, weekdays, any_day, any_weekday }))
}

fn field(text: &str, bounds: &Bounds) -> Result<(u64, bool), InvalidSchedule> {
    let mut bits = 0;
    let mut any = false;
    for part in text.split(',') {
        let (some, star) = range(part, bounds)?;
        bits |= some;
        any |= star;
    }
    Ok((bits, any))
}

/// `3`, `*`, `1-5`, `*/15`, `10-50/20`.
fn range(text: &str, bounds: &Bounds) -> Result<(u64, bool), InvalidSchedule> {
    let signs = |sign| InvalidSchedule::Signs { sign, text: text.to_owned() };
    let mut parts = text.split('/');
    let span = parts.next().unwrap_or_default();
    let step = parts.next();
    if parts.next().is_some() {
        return Err(signs("slashes"));
    }
    let ends: Vec<&str> = span.split('-').collect();
    let (from, to, star) = match ends.as_slice() {
        ["*" | "?"] => (bounds.least, bounds.most, step.is_none_or(|step| step == "1")),
        [one] => {
            let from = number(one, bounds)?;
            (from, if step.is_some() { bounds.most } else { from }, false)
        }
        [from, to] => (number(from, bounds)?, number(to, bounds)?, false),
        _ => return Err(signs("hyphens")),
    };
    let step = match step {
        None => 1,
        Some(step) => step.parse::<u32>().map_err(|_| InvalidSchedule::Number(step.to_owned()))?,
    };
    let miss = |what, number, is, limit: String| {
        Err(InvalidSchedule::Range { what, number, is, limit, text: text.to_owned() })
    };
    if from < bounds.least {
        return miss("beginning of range", from, "below minimum", format!("({})", bounds.least));
    }
    if to > bounds.most {
        return miss("end of range", to, "above maximum", format!("({})", bounds.most));
    }
    if from > to {
        return miss("beginning of range", from, "beyond end of range", format!("({to})"));
    }
    if step == 0 {
        return Err(InvalidSchedule::Step(text.to_owned()));
    }
    let bits = (from..=to).step_by(usize::try_from(step).unwrap_or(64)).fold(0, |bits, at| bits | 1 << at);
    Ok((bits, star))
}

fn number(text: &str, bounds: &Bounds) -> Result<u32, InvalidSchedule> {
    let lower = text.to_lowercase();
    if let Some(index) = bounds.names.iter().position(|name| *name == lower) {
        return Ok(bounds.least + u32::try_from(index).unwrap_or_default());
    }
    text.parse().map_err(|_| InvalidSchedule::Number(text.to_owned()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn schedules_are_five_fields_or_a_word() {
        let Schedule::Fields(fields) = parse("*/15 0-6/3 1,15 jan-mar mon").unwrap() else { unreachable!() };
        assert_eq!(fields.minutes, 1 | 1 << 15 | 1 << 30 | 1 << 45);
        assert_eq!(fields.hours, 1 | 1 << 3 | 1 << 6);
        assert_eq!(fields.months, 0b1110);
        assert_eq!(fields.weekdays, 0b10);
        assert!(!fields.any_day && !fields.any_weekday);
        assert_eq!(parse("@every 5m"), Ok(Schedule::Every(300)));
        assert_eq!(parse("@hourly"), parse("0 * * * ?"));
        for wrong in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "*/0 * * * *",
            "5-1 * * * *",
            "x * * * *",
            "1-2-3 * * * *",
            "@nope",
            "* * 0 * *",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
