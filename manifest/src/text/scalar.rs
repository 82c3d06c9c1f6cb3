//! What a plain word of YAML is: a number, a truth, nothing, or text, by the rules of YAML 1.1 as kubectl has them.

use super::node::Content;

/// The words that are no text though they have no digit.
fn word(text: &str) -> Option<Content> {
    Some(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Content::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Content::Bool(false),
        "" | "~" | "null" | "Null" | "NULL" => Content::Null,
        ".nan" | ".NaN" | ".NAN" => Content::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Content::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Content::Float(f64::NEG_INFINITY),
        _ => return None,
    })
}

/// What a plain scalar is. Whole numbers past 64 bits with a sign are floats.
pub(crate) fn resolve(text: &str) -> Content {
    let text_itself = || Content::Text(text.into());
    let Some(first) = text.bytes().next() else { return Content::Null };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => {
            word(text).unwrap_or_else(text_itself)
        }
        b'.' => word(text).or_else(|| float(text).map(whole)).unwrap_or_else(text_itself),
        b'+' | b'-' | b'0'..=b'9' => word(text).or_else(|| number(text)).unwrap_or_else(text_itself),
        _ => text_itself(),
    }
}

/// Whether a word that begins with a letter is text.
pub(crate) fn is_text(word_with_letter: &str) -> bool {
    word_with_letter.len() > 5 || word(word_with_letter).is_none()
}

/// Whether a plain scalar of this text would be read as a date or a time. Dates stay text, but are quoted when written.
pub(crate) fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || !bytes[..4].iter().all(u8::is_ascii_digit) || bytes[4] != b'-' {
        return false;
    }
    let digits = |from: usize| bytes[from..].iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
    let month = digits(5);
    if !(1..=2).contains(&month) || bytes.get(5 + month) != Some(&b'-') {
        return false;
    }
    let day = digits(6 + month);
    if !(1..=2).contains(&day) {
        return false;
    }
    let number = |from: usize, length: usize| text[from..from + length].parse::<i8>().unwrap_or_default();
    let year = text[..4].parse::<i16>().unwrap_or_default();
    if jiff::civil::Date::new(year, number(5, month), number(6 + month, day)).is_err() {
        return false;
    }
    let rest = &text[6 + month + day..];
    rest.is_empty() || is_clock(rest)
}

/// `T12:00:00Z`, `t12:00:00.5+01:00`, ` 12:00:00`: what may follow a date.
fn is_clock(rest: &str) -> bool {
    if !rest.starts_with(['T', 't', ' ']) {
        return false;
    }
    let (separator, clock) = rest.split_at(1);
    let end = clock.find(|byte: char| !byte.is_ascii_digit() && byte != ':' && byte != '.').unwrap_or(clock.len());
    let (clock, zone) = clock.split_at(end);
    let (whole, _) = clock.split_once('.').unwrap_or((clock, ""));
    let parts: Vec<&str> = whole.split(':').collect();
    let in_range = |part: &str, limit: u8| (1..=2).contains(&part.len()) && part.parse::<u8>().is_ok_and(|n| n < limit);
    let [hour, minute, second] = parts.as_slice() else { return false };
    let zone_fits = match zone.as_bytes() {
        [] => separator == " ",
        [b'Z'] => separator != " ",
        [b'+' | b'-', digits @ ..] => {
            separator != " "
                && digits.len() == 5
                && digits
                    .iter()
                    .enumerate()
                    .all(|(at, byte)| if at == 2 { *byte == b':' } else { byte.is_ascii_digit() })
        }
        _ => false,
    };
    in_range(hour, 24) && in_range(minute, 60) && in_range(second, 60) && zone_fits
}

fn number(text: &str) -> Option<Content> {
    let owned;
    let plain = if text.contains('_') {
        owned = text.replace('_', "");
        &owned
    } else {
        text
    };
    if let Some(number) = integer(plain) {
        return Some(number);
    }
    looks_like_float(plain).then(|| float(plain)).flatten().map(whole)
}

/// A whole number, its base by its prefix: 0x, 0o, 0b, 0.
fn integer(text: &str) -> Option<Content> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (base, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.is_empty() || digits.starts_with(['+', '-']) {
        return None;
    }
    let size = u64::from_str_radix(digits, base).ok()?;
    match (negative, i64::try_from(size)) {
        (false, Ok(number)) => Some(Content::Int(number)),
        (true, Ok(number)) => Some(Content::Int(-number)),
        (true, Err(_)) if size == i64::MIN.unsigned_abs() => Some(Content::Int(i64::MIN)),
        // Past 64 bits with a sign it is a float to whoever reads the JSON that this becomes.
        #[allow(clippy::cast_precision_loss)]
        (false, Err(_)) => Some(Content::Float(size as f64)),
        (true, Err(_)) => None,
    }
}

/// Digits with at most one point, and an exponent.
fn looks_like_float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()),
        None => digits(mantissa) && !mantissa.is_empty(),
    };
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    mantissa_fits && exponent_fits
}

fn float(text: &str) -> Option<f64> {
    looks_like_float(text).then(|| text.parse::<f64>().ok()).flatten().filter(|number| number.is_finite())
}

/// A float without a fraction is a whole number once it has been JSON.
pub(super) fn whole(number: f64) -> Content {
    const PAST: f64 = 9_223_372_036_854_775_808.0;
    if number.fract() == 0.0 && (-PAST..PAST).contains(&number) {
        // In range and whole, as was just seen.
        #[allow(clippy::cast_possible_truncation)]
        return Content::Int(number as i64);
    }
    Content::Float(number)
}

/// A float as a key, as Go writes the shortest digits of 32 bits.
pub(super) fn float_key(number: f64) -> String {
    // The loss is what kubectl does to such keys.
    #[allow(clippy::cast_possible_truncation)]
    let short = number as f32;
    if short.is_nan() {
        return ".nan".to_owned();
    }
    if short.is_infinite() {
        return if short > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    crate::emit::shortest(&format!("{short:e}"))
}
