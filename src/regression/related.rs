//! Where the rows of a fit stand in time and space, for covariances that ask.

use std::borrow::Cow;

use super::fit::{Model, Shared};
use crate::data::calendar::ordinals;
use crate::data::{Column, Factor, Frame, MISSING, TimeIndex};
use crate::error::{Error, Result};
use crate::inference::Covariance;
use crate::inference::covariance::{Autocorrelation, BeckKatz, Conley, Places, Related, Series, Slices};

/// Time or places of the rows, in fitting order; columns are looked for in `more` first.
pub(super) fn related<M: Model>(
    shared: &Shared<M>,
    covariance: &Covariance,
    more: Option<&Frame>,
) -> Result<Option<Related>> {
    let absorber = &shared.problem.absorber;
    let places: Vec<usize> =
        (0..shared.problem.rows()).map(|place| shared.problem.kept[absorber.row(place)]).collect();
    let callers = places.iter().map(|&place| shared.sample.origin[place]).collect();
    Rows { shared, more, callers, places }.related(covariance)
}

/// The same of any rows of the caller's data, in their order.
pub(super) fn related_rows<M: Model>(
    shared: &Shared<M>,
    covariance: &Covariance,
    callers: Vec<usize>,
) -> Result<Option<Related>> {
    if let Covariance::BeckKatz(which) = covariance {
        return Err(refused(which, "one of scores: residuals of several regressions are not of one kind"));
    }
    Rows { shared, more: None, places: callers.clone(), callers }.related(covariance)
}

fn refused(which: &BeckKatz, must: &str) -> Error {
    Error::Argument { argument: "covariance".into(), value: which.to_string(), must: must.into() }
}

/// Rows and where to look for their columns.
struct Rows<'a, M> {
    shared: &'a Shared<M>,
    more: Option<&'a Frame>,
    /// Rows of the caller.
    callers: Vec<usize>,
    /// The same in the sample.
    places: Vec<usize>,
}

/// Whose the rows of a column are.
enum Whose {
    Callers,
    Sample,
}

/// Codes and their labels.
type Units = (Vec<u32>, Vec<String>);

impl<M: Model> Rows<'_, M> {
    fn related(&self, covariance: &Covariance) -> Result<Option<Related>> {
        Ok(match covariance {
            Covariance::Autocorrelation(which) => Some(Related::Time(self.series(which)?, None)),
            Covariance::Spatial(which) => Some(Related::Space(self.places(which)?)),
            Covariance::BeckKatz(which) => Some(Related::Slices(self.slices(which)?)),
            _ => None,
        })
    }

    fn series(&self, which: &Autocorrelation) -> Result<Series> {
        let mut time = self.time(which.time.as_deref(), "standard errors under errors related over time")?;
        if which.collapse_gaps {
            let mut all = time.clone();
            all.sort_unstable();
            all.dedup();
            for t in &mut time {
                *t = all.partition_point(|other| other < t) as i64;
            }
        }
        if which.across_units {
            return Ok(Series::new(&vec![0; time.len()], &time));
        }
        let units = self.units(which.unit.as_deref())?;
        self.refuse_duplicates(units.as_ref(), &time, which.time.as_deref())?;
        let codes = units.map_or_else(|| vec![0; time.len()], |(codes, _)| codes);
        Ok(Series::new(&codes, &time))
    }

    /// Of all rows of the fit, in fitting order.
    fn slices(&self, which: &BeckKatz) -> Result<Slices> {
        if !M::CORRECTED {
            return Err(refused(which, "one of scores: this model has no residuals of one kind"));
        }
        if self.shared.sample.weights.is_some() {
            return Err(refused(which, "another one with weights: residuals of one unit are then not alike"));
        }
        let time = self.time(which.time.as_deref(), "panel-corrected standard errors")?;
        let Some(units) = self.units(which.unit.as_deref())? else {
            return Err(Error::Argument {
                argument: "unit".into(),
                value: "nothing".into(),
                must: "the column of units, or the data a Panel, for panel-corrected standard errors".into(),
            });
        };
        self.refuse_duplicates(Some(&units), &time, which.time.as_deref())?;
        let mut known = time.clone();
        known.sort_unstable();
        known.dedup();
        let periods: Vec<u32> =
            time.iter().map(|t| known.partition_point(|other| other < t) as u32).collect();
        let residuals = self.shared.estimate.pull.to_vec();
        if which.within {
            Slices::new(&units.0, &periods, residuals, which)
        } else {
            Slices::new(&periods, &units.0, residuals, which)
        }
    }

    fn places(&self, which: &Conley) -> Result<Places> {
        which.check()?;
        let latitude = self.degrees(&which.latitude, -90.0, 90.0)?;
        let longitude = self.degrees(&which.longitude, -180.0, 360.0)?;
        let known = which.time.is_some() || self.index().is_some();
        let time = if known && !which.across_periods {
            self.time(which.time.as_deref(), "neighbours of one period")?
        } else {
            vec![0; latitude.len()]
        };
        let series = if which.lags > 0 {
            if !known {
                self.time(None, "errors related over lags")?;
            }
            let Some(units) = self.units(which.unit.as_deref())? else {
                return Err(Error::Argument {
                    argument: "unit".into(),
                    value: "nothing".into(),
                    must: "the column whose errors are related over lags, or the data a Panel".into(),
                });
            };
            self.refuse_duplicates(Some(&units), &time, which.time.as_deref())?;
            let series = Series::new(&units.0, &time);
            let periods = series.distinct();
            if which.lags >= periods {
                return Err(Error::Argument {
                    argument: "lags".into(),
                    value: which.lags.to_string(),
                    must: format!("fewer than the {periods} periods of the data"),
                });
            }
            Some(series)
        } else {
            None
        };
        Ok(Places::new(&latitude, &longitude, &time, series))
    }

    fn index(&self) -> Option<&TimeIndex> {
        self.shared.origin.as_ref().and_then(|origin| origin.index.as_ref())
    }

    /// A column, and whose rows it has.
    fn column(&self, name: &str) -> Result<(Cow<'_, Column>, Whose)> {
        let sample = &self.shared.sample;
        if let Some(more) = self.more.filter(|more| more.has(name)) {
            return Ok((Cow::Borrowed(more.column(name)?), Whose::Callers));
        }
        let given = sample.clusters.iter().find(|(own, _)| own == name).map(|(_, factor)| factor);
        let absorbed = || sample.absorbed.iter().find(|a| a.name == name).map(|a| &a.factor);
        match (&self.shared.origin, given) {
            (Some(origin), _) => Ok((Cow::Borrowed(origin.frame.column(name)?), Whose::Callers)),
            (None, given) => given
                .or_else(absorbed)
                .map(|factor| (Cow::Owned(Column::Factor(factor.clone())), Whose::Sample))
                .ok_or_else(|| Error::unknown_column(name, sample.clusters.iter().map(|(n, _)| n.as_str()))),
        }
    }

    fn rows(&self, whose: &Whose) -> &[usize] {
        match whose {
            Whose::Callers => &self.callers,
            Whose::Sample => &self.places,
        }
    }

    /// Refuses missing values.
    fn complete<T>(&self, name: &str, values: Vec<Option<T>>) -> Result<Vec<T>> {
        let missing = || (0..values.len()).filter(|&place| values[place].is_none());
        if let Some(first) = missing().map(|place| self.callers[place]).min() {
            return Err(Error::Missing { what: name.to_owned(), count: missing().count(), first });
        }
        Ok(values.into_iter().flatten().collect())
    }

    /// The period of every row.
    fn time(&self, name: Option<&str>, what: &str) -> Result<Vec<i64>> {
        let own = self.shared.origin.as_ref().and_then(|origin| origin.time.as_deref());
        let indexed = self.index().filter(|_| name.is_none() || name == own);
        if let Some(index) = indexed {
            let times = self.callers.iter().map(|&row| index.time()[row]).collect();
            return self.complete(own.unwrap_or("time"), times);
        }
        let Some(name) = name else {
            return Err(Error::Argument {
                argument: "time".into(),
                value: "nothing".into(),
                must: format!("the column of periods, or the data a Panel, for {what}"),
            });
        };
        let (column, whose) = self.column(name)?;
        let all = ordinals(name, &column)?;
        self.complete(name, self.rows(&whose).iter().map(|&row| all[row]).collect())
    }

    fn units(&self, name: Option<&str>) -> Result<Option<Units>> {
        let used = match (name, self.index()) {
            (Some(name), _) => {
                let (column, whose) = self.column(name)?;
                let rows = self.rows(&whose);
                match &*column {
                    Column::Number(values) => Factor::from_numbers(values).take(rows),
                    Column::Factor(factor) => factor.take(rows),
                }
            }
            (None, Some(index)) => index.unit().take(&self.callers),
            (None, None) => return Ok(None),
        };
        let codes = used.codes().iter().map(|&c| (c != MISSING).then_some(c)).collect();
        let codes = self.complete(name.unwrap_or("unit"), codes)?;
        // In the order in which the rows here have them, whatever that of the caller's.
        let (mut place, mut labels) = (vec![MISSING; used.levels()], Vec::new());
        let mut placed = |&code: &u32| {
            let slot = &mut place[code as usize];
            if *slot == MISSING {
                *slot = labels.len() as u32;
                labels.push(used.labels()[code as usize].clone());
            }
            *slot
        };
        let codes = codes.iter().map(&mut placed).collect();
        Ok(Some((codes, labels)))
    }

    /// Numbers in degrees.
    fn degrees(&self, name: &str, least: f64, most: f64) -> Result<Vec<f64>> {
        let (column, whose) = self.column(name)?;
        let of_label = |label: &String| label.parse::<f64>().ok();
        let all: Vec<Option<f64>> = match &*column {
            Column::Number(values) => values.iter().map(|v| (!v.is_nan()).then_some(*v)).collect(),
            Column::Factor(factor) => {
                let labels: Vec<Option<f64>> = factor.labels().iter().map(of_label).collect();
                if labels.iter().any(Option::is_none) {
                    return Err(Error::ColumnKind {
                        name: name.to_owned(),
                        found: "text",
                        needed: "numbers",
                    });
                }
                factor.codes().iter().map(|&c| labels.get(c as usize).copied().flatten()).collect()
            }
        };
        let used = self.complete(name, self.rows(&whose).iter().map(|&row| all[row]).collect())?;
        let outside = |&place: &usize| !(least..=most).contains(&used[place]);
        let first = (0..used.len()).filter(outside).min_by_key(|&place| self.callers[place]);
        match first {
            None => Ok(used),
            Some(place) => Err(Error::Domain {
                what: name.to_owned(),
                row: self.callers[place],
                value: used[place].to_string(),
                must: format!("in degrees, from {least} to {most}"),
            }),
        }
    }

    /// Refuses two rows of one unit and period.
    fn refuse_duplicates(&self, units: Option<&Units>, time: &[i64], name: Option<&str>) -> Result<()> {
        let key = |place: usize| (units.map_or(0, |(codes, _)| codes[place]), time[place]);
        let origin = |place: usize| self.callers[place];
        let mut order: Vec<usize> = (0..time.len()).collect();
        order.sort_by_key(|&place| (key(place), origin(place)));
        let same = |w: &&[usize]| key(w[0]) == key(w[1]);
        let Some(pair) = order.windows(2).find(same) else { return Ok(()) };
        let unit = units.map_or_else(
            || "the one series".to_owned(),
            |(codes, labels)| labels[codes[pair[0]] as usize].clone(),
        );
        let (first, second) = (origin(pair[0]), origin(pair[1]));
        let time = self.written(name, first).unwrap_or_else(|| time[pair[0]].to_string());
        let count = order.windows(2).filter(same).count();
        Err(Error::Duplicates { count, unit, time, first, second })
    }

    /// The period of a caller's row as it is written.
    fn written(&self, name: Option<&str>, row: usize) -> Option<String> {
        let own = || self.shared.origin.as_ref().and_then(|origin| origin.time.as_deref());
        let (column, _) = self.column(name.or_else(own)?).ok()?;
        match &*column {
            Column::Number(values) => values.get(row).map(f64::to_string),
            Column::Factor(factor) => factor.label(row).map(str::to_owned),
        }
    }
}
