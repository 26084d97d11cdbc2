//! Covariances of errors related in time and space, as Python writes them: a name, words `key=value`, and columns.

use std::str::FromStr;

use crate::error::{Error, Result};
use crate::inference::Covariance;
use crate::inference::covariance::{Autocorrelation, Bandwidth, BeckKatz, Conley, Distance};

/// The values behind the keys, and the columns by role.
struct Words<'a> {
    words: Vec<(&'a str, &'a str)>,
    columns: Vec<(&'a str, String)>,
}

impl<'a> Words<'a> {
    fn new(words: impl Iterator<Item = &'a str>, columns: Vec<String>) -> Self {
        let words: Vec<(&str, &str)> = words.filter_map(|word| word.split_once('=')).collect();
        let roles = words.iter().find(|(key, _)| *key == "roles").map_or("", |(_, roles)| *roles);
        Self { columns: roles.split(',').zip(columns).collect(), words }
    }

    fn get(&self, key: &str) -> &'a str {
        self.words.iter().find(|(known, _)| *known == key).map_or("", |(_, value)| *value)
    }

    fn number<T: FromStr>(&self, key: &str, must: &str) -> Result<T> {
        let value = self.get(key);
        value.parse().map_err(|_| Error::Argument {
            argument: key.to_owned(),
            value: value.to_owned(),
            must: must.to_owned(),
        })
    }

    fn column(&self, role: &str) -> Option<String> {
        self.columns.iter().find(|(known, _)| *known == role).map(|(_, column)| column.clone())
    }
}

/// The covariance behind a name of ours, if it is one.
pub(super) fn related<'a>(
    name: &str,
    words: impl Iterator<Item = &'a str>,
    columns: Vec<String>,
) -> Result<Option<Covariance>> {
    let words = Words::new(words, columns);
    Ok(match name {
        "newey_west" => Some(autocorrelation(Autocorrelation::newey_west(), &words)?.into()),
        "driscoll_kraay" => Some(autocorrelation(Autocorrelation::driscoll_kraay(), &words)?.into()),
        "conley" => Some(conley(&words)?.into()),
        "beck_katz" => Some(beck_katz(&words).into()),
        _ => None,
    })
}

fn autocorrelation(mut made: Autocorrelation, words: &Words<'_>) -> Result<Autocorrelation> {
    made.kernel = words.get("kernel").parse()?;
    made.bandwidth = match words.get("reach") {
        "" => None,
        "lags" => Some(Bandwidth::Lags(words.number("lags", "a whole number of at least 0")?)),
        "bandwidth" => Some(Bandwidth::Width(words.number("bandwidth", "a number above 0")?)),
        "newey_west" => Some(Bandwidth::NeweyWest),
        "andrews" => Some(Bandwidth::Andrews),
        "fourth_root" => Some(Bandwidth::FourthRoot),
        "rule_of_thumb" => Some(Bandwidth::RuleOfThumb),
        other => {
            return Err(Error::Argument {
                argument: "lags".into(),
                value: format!("`{other}`"),
                must: "a number, newey_west, andrews, fourth_root or rule_of_thumb".into(),
            });
        }
    };
    made.collapse_gaps = words.get("gaps") == "collapse";
    made.prewhiten = words.get("prewhiten") == "True";
    made.unit = words.column("unit");
    made.time = words.column("time");
    Ok(made)
}

fn conley(words: &Words<'_>) -> Result<Conley> {
    let (Some(latitude), Some(longitude)) = (words.column("latitude"), words.column("longitude")) else {
        let (argument, value) = ("latitude, longitude".into(), "nothing".into());
        return Err(Error::Argument { argument, value, must: "two columns".into() });
    };
    let cutoff = words.number("cutoff_km", "a distance above 0")?;
    let mut made = Conley::new(latitude, longitude, cutoff).kernel(words.get("kernel").parse()?);
    made.distance = if words.get("distance") == "planar" { Distance::Planar } else { Distance::GreatCircle };
    made.lags = words.number("lags", "a whole number of at least 0")?;
    made.across_periods = words.get("periods") == "across";
    made.radius_km = words.number("radius_km", "a distance above 0")?;
    made.unit = words.column("unit");
    made.time = words.column("time");
    made.check()?;
    Ok(made)
}

fn beck_katz(words: &Words<'_>) -> BeckKatz {
    let within = words.get("related") == "over_time";
    let made = if within { BeckKatz::within_units() } else { BeckKatz::between_units() };
    BeckKatz { unit: words.column("unit"), time: words.column("time"), ..made }
}
