//! What a model said from one origin, and conformal intervals in place of its own.

use crate::error::Result;
use crate::forecast::Outlook;
use crate::forecast::conformal::{Calibration, LEAST_SERIES, Pooled, Record, Spread, whole};
use crate::forecast::many::{Intervals, SeriesSet};

/// What a model said of one period.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) mean: f64,
    pub(super) ends: Vec<(f64, f64)>,
    pub(super) spread: Spread,
}

/// What a model said from one origin: the length of the training data, and period by period, or why not.
pub(super) struct Window {
    pub(super) cutoff: usize,
    pub(super) said: Result<Vec<Said>>,
}

/// What is asked of every window.
pub(super) struct Wanted<'a> {
    pub(super) horizon: usize,
    pub(super) gap: usize,
    pub(super) levels: &'a [f64],
}

impl Wanted<'_> {
    /// Means and intervals of an outlook; whole numbers not below zero bound what counts can be.
    pub(super) fn of(&self, outlook: &Outlook, count: bool) -> Result<Vec<Said>> {
        let forecast = &outlook.forecast;
        let ends = self.levels.iter().map(|l| forecast.interval(0, *l)).collect::<Result<Vec<_>>>()?;
        let spreads = Spread::of_forecast(forecast, 0)?;
        let at = |h: usize| Said {
            mean: if count { outlook.mean[h].max(0.0) } else { outlook.mean[h] },
            ends: ends.iter().map(|e| if count { whole(e[h]) } else { e[h] }).collect(),
            spread: spreads[h],
        };
        Ok((self.gap..self.gap + self.horizon).map(at).collect())
    }

    /// Puts conformal intervals in place of a model's; says how.
    pub(super) fn calibrate(
        &self,
        intervals: Intervals,
        set: &SeriesSet,
        answers: &mut [(Window, Vec<Window>)],
    ) -> Result<Option<String>> {
        let mut own = Vec::with_capacity(answers.len());
        for (one, (_, past)) in set.series.iter().zip(answers.iter()) {
            let mut rows = Vec::new();
            for window in past {
                let Ok(said) = &window.said else { continue };
                let came = &one.y[window.cutoff + self.gap..];
                rows.extend(said.iter().zip(came).enumerate().map(|(h, (s, y))| (h + 1, s.spread, *y)));
            }
            own.push(rows);
        }
        let stratum = set.frequency.map_or_else(|| "periods".into(), |f| f.to_string());
        let records = set.series.iter().zip(&own).flat_map(|(one, rows)| {
            let record = |&(ahead, spread, y): &(usize, Spread, f64)| Record {
                series: &one.name,
                stratum: &stratum,
                ahead,
                spread,
                y,
            };
            rows.iter().map(record)
        });
        let pooled = Pooled::new(records)?;
        let together = pooled.calibration(&stratum);
        if intervals == Intervals::Auto && together.is_err() {
            return Ok(Some(format!(
                "intervals of the model; {} series have past errors, {LEAST_SERIES} are needed for conformal ones",
                pooled.series()
            )));
        }
        for ((one, (now, _)), rows) in set.series.iter().zip(answers.iter_mut()).zip(own) {
            let Ok(said) = &mut now.said else { continue };
            let result = match &together {
                Ok(calibration) => self.widen(said, calibration, one.is_count()),
                Err(_) => Calibration::of(rows).and_then(|c| self.widen(said, &c, one.is_count())),
            };
            if let Err(error) = result {
                now.said = Err(error);
            }
        }
        Ok(Some(match together {
            Ok(_) => format!("conformal intervals from past errors of {} series", pooled.series()),
            Err(_) => "conformal intervals from each series' own past errors".into(),
        }))
    }

    fn widen(&self, said: &mut [Said], calibration: &Calibration, count: bool) -> Result<()> {
        for (h, said) in said.iter_mut().enumerate() {
            for (ends, level) in said.ends.iter_mut().zip(self.levels) {
                let found = calibration.interval(h + 1, &said.spread, *level)?;
                *ends = if count { whole(found) } else { found };
            }
        }
        Ok(())
    }
}
