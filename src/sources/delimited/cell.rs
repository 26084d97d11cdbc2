//! What a cell may be: a number in one notation or the other, missing, or text.

/// How numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Notation {
    /// 1,234.5
    Point,
    /// 1.234,5
    Comma,
}

impl Notation {
    fn decimal(self) -> u8 {
        if self == Self::Point { b'.' } else { b',' }
    }

    fn grouping(self) -> u8 {
        if self == Self::Point { b',' } else { b'.' }
    }
}

/// Missing wherever it stands.
pub(super) fn is_missing(cell: &str) -> bool {
    matches!(cell, "" | "NA" | "N/A" | "n/a" | "#N/A" | "NaN" | "nan" | "NAN" | "null" | "NULL" | "Null")
}

/// Missing among numbers; among text it is text.
pub(super) fn is_missing_number(cell: &str) -> bool {
    is_missing(cell) || matches!(cell, "." | ".." | "-" | "--" | "...")
}

/// What can be said of a number from its writing alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// Without separators; `large` from 1000 up, where a grouped column would have grouped it.
    Plain { large: bool },
    /// Only so in this notation; `grouped` with separators of thousands, `large` where they could be and are not.
    Surely { notation: Notation, grouped: bool, large: bool },
    /// `1,234`: grouped with a point for decimals, else a fraction. `1.234` the other way round.
    Either { grouped_in: Notation },
    /// No number that could be written back: text, a code with leading zeros, an identifier too long for a number.
    Not,
}

/// Reads the writing, not the value.
pub(super) fn written(cell: &str) -> Written {
    let bytes = cell.as_bytes();
    let body = bytes.strip_prefix(b"-").or_else(|| bytes.strip_prefix(b"+")).unwrap_or(bytes);
    if body.first().is_none_or(|b| !b.is_ascii_digit() && !matches!(b, b'.' | b',')) {
        let infinite = [b"inf".as_slice(), b"infinity"].iter().any(|i| body.eq_ignore_ascii_case(i));
        return if infinite { Written::Plain { large: false } } else { Written::Not };
    }
    let (body, exponent) = match body.iter().position(|b| matches!(b, b'e' | b'E')) {
        None => (body, None),
        Some(at) => (&body[..at], Some(&body[at + 1..])),
    };
    if exponent.is_some_and(|e| !is_exponent(e)) {
        return Written::Not;
    }
    if body.iter().all(u8::is_ascii_digit) {
        let code = body.len() > 15 || (body.len() > 1 && body[0] == b'0');
        return if code { Written::Not } else { Written::Plain { large: body.len() > 3 } };
    }
    let fits = |notation| Shape::of(body, notation).filter(|shape| exponent.is_none() || !shape.grouped);
    match (fits(Notation::Point), fits(Notation::Comma)) {
        (None, None) => Written::Not,
        (Some(shape), None) => shape.surely(Notation::Point),
        (None, Some(shape)) => shape.surely(Notation::Comma),
        (Some(point), Some(_)) => {
            Written::Either { grouped_in: if point.grouped { Notation::Point } else { Notation::Comma } }
        }
    }
}

/// With the digits before it, small enough to be held.
fn is_exponent(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    let size = digits
        .iter()
        .fold(0_u32, |n, d| n.saturating_mul(10).saturating_add(u32::from(d.wrapping_sub(b'0'))));
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) && size <= 290
}

/// A number in one notation.
struct Shape {
    grouped: bool,
    large: bool,
}

impl Shape {
    fn of(body: &[u8], notation: Notation) -> Option<Self> {
        let mut halves = body.splitn(2, |b| *b == notation.decimal());
        let whole = halves.next().unwrap_or_default();
        let fraction = halves.next();
        if fraction.is_some_and(|f| !f.iter().all(u8::is_ascii_digit)) {
            return None;
        }
        if whole.is_empty() {
            // .5, but not a point alone
            return fraction.filter(|f| !f.is_empty()).map(|_| Self { grouped: false, large: false });
        }
        let groups: Vec<&[u8]> = whole.split(|b| *b == notation.grouping()).collect();
        let leading_zero = whole[0] == b'0' && whole.len() > 1;
        let digits = groups.iter().all(|g| !g.is_empty() && g.iter().all(u8::is_ascii_digit));
        let count: usize = groups.iter().map(|g| g.len()).sum();
        if leading_zero || !digits || count > 15 {
            return None;
        }
        if groups.len() == 1 {
            return Some(Self { grouped: false, large: whole.len() > 3 });
        }
        let even = groups[0].len() <= 3 && groups[1..].iter().all(|g| g.len() == 3);
        even.then_some(Self { grouped: true, large: false })
    }

    fn surely(self, notation: Notation) -> Written {
        Written::Surely { notation, grouped: self.grouped, large: self.large }
    }
}

/// The value of a cell that [`written`] accepts in this notation.
pub(super) fn value(cell: &str, notation: Notation, buffer: &mut String) -> Option<f64> {
    if notation == Notation::Point && !cell.contains(',') {
        return cell.parse().ok();
    }
    buffer.clear();
    for c in cell.chars() {
        if c == char::from(notation.decimal()) {
            buffer.push('.');
        } else if c != char::from(notation.grouping()) {
            buffer.push(c);
        }
    }
    buffer.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_is_told_apart() {
        let surely = |notation, grouped| Written::Surely { notation, grouped, large: false };
        for (cell, expected) in [
            ("0", Written::Plain { large: false }),
            ("-12", Written::Plain { large: false }),
            ("1234", Written::Plain { large: true }),
            ("1e5", Written::Plain { large: false }),
            ("inf", Written::Plain { large: false }),
            ("3.5", surely(Notation::Point, false)),
            (".5", surely(Notation::Point, false)),
            ("5.", surely(Notation::Point, false)),
            ("0.123", surely(Notation::Point, false)),
            ("1234.567", Written::Surely { notation: Notation::Point, grouped: false, large: true }),
            ("1.5e-3", surely(Notation::Point, false)),
            ("1,234.5", surely(Notation::Point, true)),
            ("1,234,567", surely(Notation::Point, true)),
            ("3,5", surely(Notation::Comma, false)),
            ("0,123", surely(Notation::Comma, false)),
            ("1.234,5", surely(Notation::Comma, true)),
            ("1.234.567", surely(Notation::Comma, true)),
            ("1,234", Written::Either { grouped_in: Notation::Point }),
            ("12.345", Written::Either { grouped_in: Notation::Comma }),
            ("007", Written::Not),
            ("1234567890123456", Written::Not),
            ("1,23,456", Written::Not),
            ("1e999", Written::Not),
            ("2020-01-05", Written::Not),
            ("<10", Written::Not),
            ("2-3.9", Written::Not),
            ("*", Written::Not),
            (".", Written::Not),
            (",", Written::Not),
            ("e5", Written::Not),
            ("$5", Written::Not),
        ] {
            assert_eq!(written(cell), expected, "{cell}");
        }
    }

    #[test]
    fn values_follow_the_notation() {
        let mut buffer = String::new();
        for (cell, notation, expected) in [
            ("1,234.5", Notation::Point, 1234.5),
            ("1.234,5", Notation::Comma, 1234.5),
            ("1.234", Notation::Point, 1.234),
            ("1.234", Notation::Comma, 1234.0),
            ("-1,5e3", Notation::Comma, -1500.0),
        ] {
            assert_eq!(value(cell, notation, &mut buffer), Some(expected), "{cell}");
        }
    }
}
