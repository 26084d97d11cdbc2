//! The likelihood of a series without gaps as that of its differences.
//!
//! Level, slope and a season of dummies start from nothing known: differences take them out, and the likelihood of the
//! differences is the diffuse one up to a constant (Harvey 1989, §4.1; Francke, Koopman & de Vos 2010). With
//! `w_t = y_t − y_{t−s}` (s = 1 without a season)
//!
//! ```text
//! w_t = Σ_{j<s} (ν_{t−1−j} + ξ_{t−1−j}) + ω_{t−1} − ω_{t−2} + ε_t − ε_{t−s}
//! u_1 = w_1,   u_t = w_t − φ w_{t−1}
//! ```
//!
//! u is a moving average of order s + 1, its first value aside: its covariance matrix is a band, whose factor takes a quarter of
//! the time of the filter. A slope that starts diffuse has φ = 1, and `w_1` is gone with it; without a slope u is w.

use crate::special::LogProduct;
use crate::timeseries::statespace::LogLikelihood;
use crate::timeseries::structural::{Season, Structural, Trend};

/// `½ log 2π`.
const HALF_LOG_TWO_PI: f64 = 0.918_938_533_204_672_8;

/// How far two ways to one number may lie apart, relative to its size.
const CLOSE: f64 = 1e-8;

/// The variances of a model, and φ.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) irregular: f64,
    pub(super) level: f64,
    pub(super) slope: f64,
    pub(super) seasonal: f64,
    pub(super) damping: f64,
}

/// A series' differences and the memory to work with them.
#[derive(Debug, Clone)]
pub(super) struct Differenced {
    trend: Trend,
    season: usize,
    w: Vec<f64>,
    /// Of the log-determinant.
    constant: f64,
    n_diffuse: usize,
    /// Covariances of u by lag, and of `u_1` with what comes after.
    by_lag: Vec<f64>,
    first: Vec<f64>,
    /// Powers of φ.
    powers: Vec<f64>,
    polynomial: Vec<f64>,
    /// What is left of u.
    u: Vec<f64>,
    /// What is left of the next rows of the covariance matrix, from the diagonal on, in a ring.
    rows: Vec<f64>,
    pivot: Vec<f64>,
}

impl Differenced {
    /// None where the series has gaps or is too short, or the model has parts that differences leave.
    pub(super) fn new(spec: &Structural, regressors: usize, z: &[f64]) -> Option<Self> {
        let season = match spec.season {
            None => 1,
            Some((s, Season::Dummy)) => s,
            Some((_, Season::Trigonometric)) => return None,
        };
        let plain = spec.cycle.is_none() && !spec.sampling && spec.family.is_none() && regressors == 0;
        let n_diffuse = season + usize::from(spec.trend == Trend::Local);
        if !plain || z.iter().any(|z| z.is_nan()) || z.len() <= n_diffuse {
            return None;
        }
        let order = season + usize::from(spec.trend != Trend::None);
        let w: Vec<f64> = z[season..].iter().zip(z).map(|(now, then)| now - then).collect();
        Some(Self {
            trend: spec.trend,
            season,
            constant: 0.0,
            n_diffuse,
            by_lag: vec![0.0; order + 1],
            first: vec![0.0; order + 1],
            powers: vec![0.0; 2 * season + 1],
            polynomial: Vec::with_capacity(order + 1),
            u: vec![0.0; w.len() + order],
            rows: vec![0.0; (order + 1) * (order + 1)],
            pivot: vec![0.0; order + 1],
            w,
        })
    }

    /// The same, held to what the filter says at one place; none where the two do not agree.
    pub(super) fn checked(mut self, sizes: &Sizes, filter: &LogLikelihood) -> Option<Self> {
        let ours = self.at(sizes)?;
        self.constant = filter.log_determinant - ours.log_determinant;
        let same = (ours.quadratic - filter.quadratic).abs() <= CLOSE * filter.quadratic;
        (same && (ours.n_observed, ours.n_diffuse) == (filter.n_observed, filter.n_diffuse)).then_some(self)
    }

    /// The likelihood; none where the covariances are not those of anything.
    pub(super) fn at(&mut self, sizes: &Sizes) -> Option<LogLikelihood> {
        let n = self.difference(sizes);
        self.covariances(sizes);
        let (quadratic, log_determinant) = self.factor(n)?;
        let log_determinant = log_determinant + self.constant;
        Some(LogLikelihood {
            value: -HALF_LOG_TWO_PI * n as f64 - 0.5 * (log_determinant + quadratic),
            n_diffuse: self.n_diffuse,
            n_observed: n + self.n_diffuse,
            quadratic,
            log_determinant,
        })
    }

    /// u; its length.
    fn difference(&mut self, sizes: &Sizes) -> usize {
        let w = &self.w;
        let phi = match self.trend {
            Trend::None => 0.0,
            Trend::Local => 1.0,
            Trend::Damped => sizes.damping,
        };
        let from = usize::from(self.trend == Trend::Local);
        let n = w.len() - from;
        self.u[..n].copy_from_slice(&w[from..]);
        self.u[n..].fill(0.0);
        if phi != 0.0 {
            let later = &mut self.u[1 - from..n];
            later.iter_mut().zip(w).for_each(|(u, before)| *u -= phi * before);
        }
        n
    }

    fn covariances(&mut self, sizes: &Sizes) {
        let s = self.season;
        let factor: &[f64] = match self.trend {
            Trend::None => &[1.0],
            Trend::Local => &[1.0, -1.0],
            Trend::Damped => &[1.0, -sizes.damping],
        };
        self.by_lag.fill(0.0);
        if self.trend != Trend::None {
            (0..s).for_each(|k| self.by_lag[k] = sizes.slope * (s - k) as f64);
        }
        let mut add = |variance: f64, last: usize, coefficient: &dyn Fn(usize) -> f64| {
            if variance == 0.0 {
                return;
            }
            self.polynomial.clear();
            let of = |i: usize| if i > last { 0.0 } else { coefficient(i) };
            let one =
                |i: usize| of(i) + factor.get(1).map_or(0.0, |f| if i > 0 { f * of(i - 1) } else { 0.0 });
            self.polynomial.extend((0..last + factor.len()).map(one));
            for (k, covariance) in self.by_lag.iter_mut().enumerate().take(self.polynomial.len()) {
                let pairs = self.polynomial.iter().zip(&self.polynomial[k..]);
                *covariance += variance * pairs.map(|(a, b)| a * b).sum::<f64>();
            }
        };
        add(sizes.level, s - 1, &|_| 1.0);
        add(sizes.irregular, s, &|i| {
            if i == 0 {
                1.0
            } else if i == s {
                -1.0
            } else {
                0.0
            }
        });
        if s > 1 {
            add(sizes.seasonal, 1, &|i| if i == 0 { 1.0 } else { -1.0 });
        }
        if self.trend == Trend::Damped {
            self.first_row(sizes);
        } else {
            self.first.copy_from_slice(&self.by_lag);
        }
    }

    /// Covariances of `w_1` with itself and `u_2`, `u_3`, …
    fn first_row(&mut self, sizes: &Sizes) {
        let (s, phi) = (self.season, sizes.damping);
        let mut power = 1.0;
        for slot in &mut self.powers {
            *slot = power;
            power *= phi;
        }
        let of_slope = sizes.slope / (1.0 - phi * phi);
        let mut before = 0.0;
        for k in 0..self.first.len() {
            // Sums of s values of the slope, k periods apart.
            let sums = |d: usize| {
                let (ahead, back) = (self.powers[k + d], self.powers[k.abs_diff(d)]);
                (s - d) as f64 * if d == 0 { ahead } else { ahead + back }
            };
            let mut of_w = if of_slope > 0.0 { of_slope * (0..s).map(sums).sum::<f64>() } else { 0.0 };
            of_w += sizes.level * s.saturating_sub(k) as f64;
            of_w += sizes.irregular
                * if k == 0 {
                    2.0
                } else if k == s {
                    -1.0
                } else {
                    0.0
                };
            if s > 1 {
                of_w += sizes.seasonal * [2.0, -1.0].get(k).copied().unwrap_or(0.0);
            }
            self.first[k] = if k == 0 { of_w } else { of_w - phi * before };
            before = of_w;
        }
    }

    /// `u'V⁻¹u` and `log |V|`, row by row of `V = LDL'`.
    fn factor(&mut self, n: usize) -> Option<(f64, f64)> {
        let width = self.by_lag.len();
        for row in self.rows.chunks_exact_mut(width) {
            row.copy_from_slice(&self.by_lag);
        }
        self.rows[..width].copy_from_slice(&self.first);
        let mut quadratic = 0.0;
        let mut determinant = LogProduct::new();
        let mut slot = 0;
        for i in 0..n {
            let row = &mut self.rows[slot * width..(slot + 1) * width];
            self.pivot.copy_from_slice(row);
            // The row that comes into reach of the band.
            row.copy_from_slice(&self.by_lag);
            let d = self.pivot[0];
            if !(d > 0.0 && d.is_finite()) {
                return None;
            }
            determinant.take(d);
            let share = 1.0 / d;
            let (innovation, later) = self.u[i..].split_first_mut()?;
            let pull = *innovation * share;
            quadratic += *innovation * pull;
            later.iter_mut().zip(&self.pivot[1..]).for_each(|(u, c)| *u -= c * pull);
            // Rows below in the ring: those behind the slot, then those from its start.
            let (start, end) = self.rows.split_at_mut(slot * width);
            let below = end.chunks_exact_mut(width).skip(1).chain(start.chunks_exact_mut(width));
            for (k, row) in below.enumerate() {
                let from = &self.pivot[k + 1..];
                let multiple = from[0] * share;
                row.iter_mut().zip(from).for_each(|(row, c)| *row -= multiple * c);
            }
            slot = if slot + 1 < width { slot + 1 } else { 0 };
        }
        Some((quadratic, determinant.ln()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeseries::statespace::Workspace;
    use crate::timeseries::structural::prepare::prepare;
    use crate::timeseries::structural::regressors::Regressors;
    use crate::timeseries::structural::states::state_space;
    use crate::timeseries::structural::{Cycle, Series};

    fn series(n: usize) -> Vec<f64> {
        let one = |t: u32| {
            let season = [2.0, -1.0, 0.5, -1.5][t as usize % 4];
            10.0 + 0.1 * f64::from(t) + season + f64::from(t * 37 % 11) / 5.0
        };
        (0..n as u32).map(one).collect()
    }

    /// Every trend and season, variances of any size and at zero, φ from nearly none to nearly one.
    #[test]
    fn likelihoods_are_those_of_the_filter() {
        let mut checked = 0;
        for (trend, season, n) in [
            (Trend::None, 1, 30),
            (Trend::None, 4, 9),
            (Trend::None, 12, 80),
            (Trend::Local, 1, 3),
            (Trend::Local, 2, 30),
            (Trend::Local, 12, 80),
            (Trend::Damped, 1, 30),
            (Trend::Damped, 1, 2),
            (Trend::Damped, 2, 30),
            (Trend::Damped, 4, 30),
            (Trend::Damped, 12, 80),
        ] {
            let spec = Structural::new().trend(trend);
            let spec = if season > 1 { spec.seasonal(season) } else { spec };
            let y = series(n);
            let regressors = Regressors::default();
            let mut model = state_space(&spec, &regressors, 1.0).expect("a model");
            let mut shorter = Differenced::new(&spec, 0, &y).expect("a way");
            let mut work = Workspace::new(&model);
            let mut constant = None;
            for sizes in [
                [1.0, 1.0, 1.0, 1.0, 0.5],
                [1.0, 0.0, 0.0, 0.0, 0.9],
                [0.0, 2.0, 0.1, 0.3, 0.98],
                [1.0, 1e-9, 1e6, 1e-3, 0.01],
                [0.3, 1e4, 1e-7, 20.0, 0.7],
                [0.0, 0.0, 2.0, 1.0, 0.3],
            ] {
                let [irregular, level, slope, seasonal, damping] = sizes;
                let sizes = Sizes { irregular, level, slope, seasonal, damping };
                model.set_observation_variance(irregular);
                model.set_state_variance(0, level);
                if trend != Trend::None {
                    model.set_state_variance(1, slope);
                }
                if trend == Trend::Damped {
                    model.set_transition(1, 1, damping);
                    model.set_start_variance(1, slope / (1.0 - damping * damping));
                }
                if season > 1 {
                    model.set_state_variance(1 + usize::from(trend != Trend::None), seasonal);
                }
                let Ok(filter) = work.log_likelihood(&model, &y) else { continue };
                let ours = shorter.at(&sizes).expect("a likelihood");
                let offset = filter.log_determinant - ours.log_determinant;
                let constant = *constant.get_or_insert(offset);
                assert!((offset - constant).abs() < 1e-9, "{spec} {sizes:?}: {offset} {constant}");
                let apart = (ours.quadratic - filter.quadratic).abs();
                assert!(apart < 1e-9 * filter.quadratic, "{spec} {sizes:?}: {ours:?} {filter:?}");
                assert_eq!((ours.n_diffuse, ours.n_observed), (filter.n_diffuse, filter.n_observed));
                checked += 1;
            }
        }
        assert!(checked > 55, "{checked}");
    }

    #[test]
    fn what_differences_leave_has_no_shorter_way() {
        let y = series(30);
        let mut gaps = y.clone();
        gaps[4] = f64::NAN;
        let usual = Structural::new().seasonal(4);
        assert!(Differenced::new(&usual, 0, &y).is_some());
        assert!(Differenced::new(&usual, 0, &gaps).is_none());
        assert!(Differenced::new(&usual, 1, &y).is_none());
        assert!(Differenced::new(&usual, 0, &y[..4]).is_none());
        assert!(Differenced::new(&usual.clone().cycle(Cycle::of(8.0)), 0, &y).is_none());
        // Nor is one taken that the filter does not agree with.
        let data = prepare(&usual, &Series::new("y", &y)).expect("a series");
        let filter =
            LogLikelihood { value: 0.0, n_diffuse: 4, n_observed: 30, quadratic: 1.0, log_determinant: 0.0 };
        let sizes = Sizes { irregular: 1.0, level: 1.0, slope: 0.0, seasonal: 1.0, damping: 0.0 };
        let shorter = Differenced::new(&usual, 0, &data.z).expect("a way");
        assert!(shorter.checked(&sizes, &filter).is_none());
    }
}
