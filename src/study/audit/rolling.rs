//! AV01: sums over twelve months, used as if they were months.
//!
//! If `Rₜ = xₜ + … + xₜ₋₁₁`, then `Rₜ − Rₜ₋₁ = xₜ − xₜ₋₁₂`: the first differences are a moving average whose autocorrelation
//! at lag 12 is −½ when months are independent, and stays below −¼ for autoregressions up to about 0.94. Differences of
//! true monthly counts are positively correlated at lag 12 when there are seasons, and not at all when there are none.
//! Independent series in such sums correlate "significantly" in half of all cases (Slutzky, E. (1937), *Econometrica* 5).

use crate::data::Column;
use crate::study::audit::finding::{Finding, Measured, Severity};
use crate::study::audit::referee::Outcome;
use crate::study::audit::series::{Sheet, percent};

pub(super) const CODE: &str = "AV01";
pub(super) const TITLE: &str = "Sums over twelve months used as data";

/// Pairs of differences below which the autocorrelation says nothing.
const ENOUGH: usize = 24;

pub(super) fn check(sheet: &Sheet<'_>) -> Outcome {
    let Some(events) = sheet.panel.events_name() else {
        return Outcome::skipped("the panel has no events");
    };
    let year = sheet.panel.frequency().per_year();
    if year == 1 {
        return Outcome::Clear;
    }
    let named = marked(sheet, events);
    let (r, pairs) = seasonal_autocorrelation(sheet, year);
    let signature = pairs >= ENOUGH && r <= -0.25 && r * (pairs as f64).sqrt() <= -3.0;
    if named.is_none() && !signature {
        return if pairs < ENOUGH {
            Outcome::Skipped(format!("{pairs} pairs of changes a year apart, {ENOUGH} are needed"))
        } else {
            Outcome::Clear
        };
    }
    let pattern = format!(
        "Changes of `{events}` come back with the opposite sign after a year, as those of sums over a year do and \
         those of single periods do not."
    );
    let evidence = match (named, signature) {
        (Some(name), true) => format!("{name} says so. {pattern}"),
        (Some(name), false) => format!("{name} says so."),
        (None, _) => pattern,
    };
    Outcome::Found(vec![Finding {
        code: CODE,
        title: TITLE,
        severity: Severity::Refuse,
        measured: vec![
            Measured::new(format!("autocorrelation of changes at lag {year}"), r, ""),
            Measured::new("from", pairs as f64, "pairs"),
        ],
        evidence,
        action: "a response of these events is refused".into(),
        remedy: "Use counts of single periods: neighbouring sums share nearly all of their deaths, and every standard \
                 error from them is wrong."
            .into(),
        accepted: None,
    }])
}

/// The autocorrelation of first differences a year apart, all units together, and the number of pairs.
fn seasonal_autocorrelation(sheet: &Sheet<'_>, year: usize) -> (f64, usize) {
    let mut change = vec![f64::NAN; sheet.deaths.len()];
    for (before, now) in sheet.steps(&sheet.deaths) {
        change[now] = sheet.deaths[now] - sheet.deaths[before];
    }
    // Units differ in size by orders of magnitude: each has the same say.
    for rows in &sheet.units {
        let known: Vec<usize> = rows.iter().copied().filter(|&row| change[row].is_finite()).collect();
        let n = known.len() as f64;
        let mean = known.iter().map(|&row| change[row]).sum::<f64>() / n;
        let size = (known.iter().map(|&row| (change[row] - mean).powi(2)).sum::<f64>() / n).sqrt();
        for row in known {
            change[row] = if size > 0.0 { (change[row] - mean) / size } else { f64::NAN };
        }
    }
    let earlier = sheet.panel.index().shift(&change, year as i64);
    let both = |(now, then): &(&f64, &f64)| now.is_finite() && then.is_finite();
    let pairs: Vec<f64> = change.iter().zip(&earlier).filter(both).map(|(a, b)| a * b).collect();
    (pairs.iter().sum::<f64>() / pairs.len() as f64, pairs.len())
}

/// The column name or label that says that these are sums over twelve months.
fn marked(sheet: &Sheet<'_>, events: &str) -> Option<String> {
    if says_so(events) {
        return Some(format!("The name `{events}`"));
    }
    let frame = sheet.panel.frame();
    frame.names().find_map(|name| {
        let Ok(Column::Factor(factor)) = frame.column(name) else { return None };
        let speaks: Vec<bool> = factor.labels().iter().map(|label| says_so(label)).collect();
        let label = factor.labels().get(speaks.iter().position(|s| *s)?)?;
        let rows = factor.codes().iter().filter(|&&c| speaks.get(c as usize).copied().unwrap_or(false));
        (percent(rows.count(), frame.rows()) > 50.0).then(|| format!("Column `{name}` (\"{label}\")"))
    })
}

/// Whether a text speaks of a period of twelve months that ends.
fn says_so(text: &str) -> bool {
    let plain: String = text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    let has = |marks: &[&str]| marks.iter().any(|m| plain.contains(m));
    has(&["rolling12", "trailing12"])
        || (has(&["12month", "twelvemonth", "12mo"]) && has(&["end", "sum", "total", "rolling", "trailing"]))
}

#[cfg(test)]
mod tests {
    use super::says_so;

    #[test]
    fn names_that_speak_of_twelve_months() {
        let marks =
            ["12 month-ending", "Deaths (12-month ending)", "deaths_12mo_sum", "rolling_12", "Trailing 12"];
        assert!(marks.iter().all(|text| says_so(text)));
        assert!(!["deaths", "month", "December 12", "12 months", "ending"].iter().any(|text| says_so(text)));
    }
}
