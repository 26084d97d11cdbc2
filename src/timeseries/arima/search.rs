//! The search for the orders.

use crate::error::{Error, Result};
use crate::interrupt::interrupted;
use crate::timeseries::arima::automatic::Criterion;
use crate::timeseries::arima::engine::{Engine, Layout};
use crate::timeseries::arima::estimate::{Effort, FULL, Found, climb, curvature};
use crate::timeseries::arima::likelihood::Objective;
use crate::timeseries::arima::polynomial::{Shape, to_partial};
use crate::timeseries::arima::prepare::{Prepared, prepare};
use crate::timeseries::arima::start::{hannan_rissanen, places};
use crate::timeseries::arima::{Arima, ArimaFit};
use crate::timeseries::structural::Series;

/// Models on R's path at most.
const MODELS: usize = 94;

/// Roots nearer to the unit circle than this rule a model out.
const NEAR: f64 = 1.01;

/// Without a season all orders with p + q up to this are fitted.
const GRID: usize = 5;

/// A search compares maxima that differ by tenths; the chosen one is climbed to its top afterwards. Nothing with a root
/// at the edge, tanh 4 = 0.9993, is a candidate.
const LIGHT: Effort =
    Effort { followed: 1, tolerance: 3e-5, gain: 1e-4, edge: 4.0, along: false, scaled: true };

/// The best of the search are looked at again from more starts.
const AGAIN: Effort = Effort { followed: 4, ..LIGHT };

/// How many of the best.
const BEST: usize = 4;

/// One start and no other, to a maximum that two programs can agree on.
const SINGLE: Effort =
    Effort { followed: 1, tolerance: 1e-6, gain: 0.0, edge: f64::INFINITY, along: false, scaled: false };

/// Maxima of other candidates that a climb begins from, at most.
const WARM: usize = 3;

/// Inverse tanh of the largest partial autocorrelation that is passed on as a start: tanh 2.1 = 0.97.
const INSIDE: f64 = 2.1;

/// The moves from a model: those of the seasonal orders first, then those of the others, then the constant.
const STEPS: [(i8, i8); 8] = [(-1, 0), (0, -1), (1, 0), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1)];

/// A candidate of an automatic search.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// The model.
    pub model: Arima,
    /// Its criterion; none where it is no candidate after all.
    pub value: Option<f64>,
    /// Why it is none, or how the value was found where that was not by likelihood.
    pub note: Option<String>,
}

/// p, q, P, Q, and whether there is a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Orders {
    pub(super) p: usize,
    pub(super) q: usize,
    pub(super) sp: usize,
    pub(super) sq: usize,
    pub(super) constant: bool,
}

impl Orders {
    fn all(self) -> [usize; 4] {
        [self.p, self.q, self.sp, self.sq]
    }

    /// How many steps apart two models are.
    fn apart(self, other: Self) -> usize {
        let orders = self.all().iter().zip(other.all()).map(|(a, b)| a.abs_diff(b)).sum::<usize>();
        orders + usize::from(self.constant != other.constant)
    }
}

/// What came of a candidate.
struct Tried {
    orders: Orders,
    /// Infinite where it is no candidate.
    value: f64,
    found: Option<Found>,
    note: Option<String>,
    /// Whether it was looked at again.
    again: bool,
}

impl Tried {
    fn refused(orders: Orders, why: String) -> Self {
        Self { orders, value: f64::INFINITY, found: None, note: Some(why), again: false }
    }
}

/// How a candidate is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// From the best start.
    Light,
    /// From several starts.
    Again,
    /// As R does.
    AsR,
    /// By conditional squares.
    Squares,
}

/// Everything that is the same for all candidates, and what was tried.
pub(super) struct Search {
    /// The numerics without and with a constant; none of the latter where differences leave no place for one.
    data: [Option<Prepared>; 2],
    d: usize,
    sd: usize,
    season: usize,
    most: Orders,
    criterion: Criterion,
    tried: Vec<Tried>,
}

impl Search {
    pub(super) fn new(
        series: &Series<'_>,
        (d, sd, season): (usize, usize, usize),
        most: Orders,
        criterion: Criterion,
    ) -> Result<Self> {
        let data = [None, None];
        let mut made = Self { data, d, sd, season, most, criterion, tried: Vec::new() };
        let regressors = series.x().is_some_and(|x| x.ncols() > 0);
        for constant in [false, true].into_iter().filter(|c| !c || most.constant) {
            let none = Orders { p: 0, q: 0, sp: 0, sq: 0, constant };
            made.data[usize::from(constant)] = match prepare(&made.specification(none), series) {
                Ok(data) => Some(data),
                Err(Error::TooShort { .. }) if constant => None,
                // A regressor may be a constant or a slope itself; without one the series is a line.
                Err(Error::NothingToEstimate { .. }) if constant && regressors => None,
                Err(error) => return Err(error),
            };
        }
        Ok(made)
    }

    fn specification(&self, o: Orders) -> Arima {
        let none = self.d + self.sd == 0;
        let spec = Arima::new((o.p, self.d, o.q)).seasonal((o.sp, self.sd, o.sq, self.season));
        if none { spec.mean(o.constant) } else { spec.drift(o.constant) }
    }

    /// Of −2 log-likelihood, n observations used and k parameters.
    fn penalised(&self, deviance: f64, n: f64, k: f64) -> f64 {
        deviance
            + match self.criterion {
                Criterion::Aicc => 2.0 * k * n / (n - k - 1.0),
                Criterion::Aic => 2.0 * k,
                Criterion::Bic => k * n.ln(),
            }
    }

    /// Maxima that a climb to those of `o` may begin from.
    fn starts(&self, o: Orders, data: &Prepared, layout: &Layout, how: How) -> Vec<Vec<f64>> {
        let near = |t: &&Tried| t.found.is_some() && t.orders.apart(o) <= 2;
        let mut near: Vec<&Tried> = self.tried.iter().filter(near).collect();
        near.sort_by(|a, b| a.value.total_cmp(&b.value));
        let mut starts: Vec<Vec<f64>> =
            near.iter().take(WARM).filter_map(|t| Some(carried(t.orders, t.found.as_ref()?, o))).collect();
        starts.extend(hannan_rissanen(&data.columns, layout).map(|natural| layout.pack_start(&natural)));
        if near.is_empty() || how == How::Again {
            starts.extend(places(layout));
        }
        starts
    }

    /// Fits a candidate.
    fn evaluate(&self, o: Orders, how: How) -> Tried {
        if interrupted() {
            return Tried::refused(o, Error::Interrupted.to_string());
        }
        let Some(data) = &self.data[usize::from(o.constant)] else {
            return Tried::refused(o, "its constant leaves no variance to estimate".into());
        };
        let columns = &data.columns;
        let shape = Shape { orders: o.all(), season: self.season };
        let layout = Layout::new(shape, vec![None; shape.len()]);
        let (n, k) = (columns.observed() as f64, (layout.free() + columns.regressors() + 1) as f64);
        if n <= k + 1.0 {
            return Tried::refused(o, format!("{k} parameters are too many for {n} observations"));
        }
        let constants = n * ((2.0 * std::f64::consts::PI / n).ln() + 1.0 + 2.0 * data.spread.ln());
        if how == How::Squares {
            let Some(found) = by_squares(data, &layout) else {
                return Tried::refused(o, "no minimum of the conditional squares".into());
            };
            if !shape.roots_beyond(&found.natural, NEAR) {
                return Tried::refused(o, near_circle());
            }
            // Of the mean square of n − p errors and not of n.
            let rows = (columns.rows - shape.degrees().0) as f64;
            let deviance = 2.0 * found.value + constants + n * (n / rows).ln();
            let note = Some("by conditional squares".into());
            return Tried {
                orders: o,
                value: self.penalised(deviance, n, k),
                found: None,
                note,
                again: false,
            };
        }
        let (starts, effort) = if how == How::AsR {
            let start = if columns.gaps > 0 {
                vec![0.0; layout.free()]
            } else {
                match r_start(data, &layout) {
                    Some(start) => start,
                    None => return Tried::refused(o, "conditional squares find no stationary start".into()),
                }
            };
            (vec![start], SINGLE)
        } else {
            (self.starts(o, data, &layout, how), if how == How::Again { AGAIN } else { LIGHT })
        };
        let mut engine = Engine::new(columns, &layout, Objective::Exact);
        let (ends, trouble) = climb(&mut engine, &layout, starts, effort);
        if ends.is_empty() {
            let why =
                trouble.map_or_else(|| "the model fits the series exactly".to_owned(), |e| e.to_string());
            return Tried::refused(o, why);
        }
        let Some(found) = ends.into_iter().find(|end| shape.roots_beyond(&end.natural, NEAR)) else {
            return Tried::refused(o, near_circle());
        };
        // R has no use for a maximum without standard errors.
        if how == How::AsR && !curved(data, &layout, &found) {
            return Tried::refused(o, "the likelihood is flat at its maximum".into());
        }
        let value = self.penalised(2.0 * found.value + constants, n, k);
        Tried { orders: o, value, found: Some(found), note: None, again: how == How::Again }
    }

    /// Tries a model unless that was done before; its value, if it was not.
    fn attempt(&mut self, o: Orders, how: How) -> Option<f64> {
        if self.tried.iter().any(|t| t.orders == o) {
            return None;
        }
        let tried = self.evaluate(o, how);
        let value = tried.value;
        self.tried.push(tried);
        Some(value)
    }

    /// The models that a search begins with.
    fn beginnings(&self, length: usize) -> Vec<Orders> {
        let m = self.most;
        let at = |p: usize, q: usize, sp: usize, sq: usize| Orders {
            p: p.min(m.p),
            q: q.min(m.q),
            sp: sp.min(m.sp),
            sq: sq.min(m.sq),
            constant: m.constant,
        };
        let first = if length < 10 { at(1, 1, 0, 0) } else { at(2, 2, 1, 1) };
        let mut all = vec![first, at(0, 0, 0, 0), at(1, 0, 1, 0), at(0, 1, 0, 1)];
        if m.constant {
            all.push(Orders { constant: false, ..at(0, 0, 0, 0) });
        }
        all
    }

    /// The moves from a model that stay within the largest orders.
    fn neighbours(&self, o: Orders) -> Vec<Orders> {
        let moved = |value: usize, step: i8, most: usize| {
            value.checked_add_signed(isize::from(step)).filter(|v| *v <= most)
        };
        let seasonal = STEPS.iter().filter_map(|&(a, b)| {
            Some(Orders { sp: moved(o.sp, a, self.most.sp)?, sq: moved(o.sq, b, self.most.sq)?, ..o })
        });
        let own = STEPS.iter().filter_map(|&(a, b)| {
            Some(Orders { p: moved(o.p, a, self.most.p)?, q: moved(o.q, b, self.most.q)?, ..o })
        });
        let constant = self.most.constant.then_some(Orders { constant: !o.constant, ..o });
        seasonal.chain(own).chain(constant).collect()
    }

    /// The path of Hyndman & Khandakar (2008) as R walks it.
    pub(super) fn path(mut self, length: usize) -> Result<ArimaFit> {
        let gaps = self.data.iter().flatten().any(|d| d.columns.gaps > 0);
        let how = if !gaps && (length > 150 || self.season > 12) { How::Squares } else { How::AsR };
        let mut best = (self.beginnings(length)[0], f64::INFINITY);
        for start in self.beginnings(length) {
            if let Some(value) = self.attempt(start, how)
                && value < best.1
            {
                // The model without a constant is kept if it is the best, and left with one.
                best = (Orders { constant: self.most.constant, ..start }, value);
            }
        }
        'again: while self.tried.len() < MODELS {
            for next in self.neighbours(best.0) {
                if self.tried.len() >= MODELS {
                    break;
                }
                if let Some(value) = self.attempt(next, how)
                    && value < best.1
                {
                    best = (next, value);
                    continue 'again;
                }
            }
            break;
        }
        if how == How::AsR {
            return self.finish();
        }
        let mut order: Vec<usize> =
            (0..self.tried.len()).filter(|&i| self.tried[i].value.is_finite()).collect();
        order.sort_by(|&a, &b| self.tried[a].value.total_cmp(&self.tried[b].value));
        for i in order {
            let exact = self.evaluate(self.tried[i].orders, How::AsR);
            if exact.value.is_finite() {
                return self.chosen(exact);
            }
        }
        Err(self.none())
    }

    /// All orders of a grid, or all beginnings; then from the best for as long as there is a better one.
    pub(super) fn thorough(mut self, length: usize) -> Result<ArimaFit> {
        let most = self.most;
        if self.season == 1 {
            for sum in 0..=GRID {
                for q in (0..=sum).filter(|&q| q <= most.q && sum - q <= most.p) {
                    for constant in [true, false].into_iter().filter(|c| !c || most.constant) {
                        self.attempt(Orders { p: sum - q, q, sp: 0, sq: 0, constant }, How::Light);
                    }
                }
            }
        } else {
            for start in self.beginnings(length) {
                self.attempt(start, How::Light);
            }
        }
        while let Some(best) = self.best().map(|i| self.tried[i].orders) {
            self.walk(best);
            self.look_again();
            if self.best().is_some_and(|i| self.tried[i].orders == best) {
                break;
            }
        }
        self.finish()
    }

    /// To the best neighbour until none is better.
    fn walk(&mut self, mut from: Orders) {
        loop {
            let around = self.neighbours(from);
            for &next in &around {
                self.attempt(next, How::Light);
            }
            let value =
                |o: Orders| self.tried.iter().find(|t| t.orders == o).map_or(f64::INFINITY, |t| t.value);
            match around.into_iter().min_by(|&a, &b| value(a).total_cmp(&value(b))) {
                Some(best) if value(best) < value(from) => from = best,
                _ => return,
            }
        }
    }

    /// The best few from more starts, where that was not done before.
    fn look_again(&mut self) {
        let mut order: Vec<usize> =
            (0..self.tried.len()).filter(|&i| self.tried[i].value.is_finite()).collect();
        order.sort_by(|&a, &b| self.tried[a].value.total_cmp(&self.tried[b].value));
        for i in order.into_iter().take(BEST).filter(|&i| !self.tried[i].again).collect::<Vec<_>>() {
            let again = self.evaluate(self.tried[i].orders, How::Again);
            if again.value < self.tried[i].value {
                self.tried[i] = again;
            }
            self.tried[i].again = true;
        }
    }

    fn best(&self) -> Option<usize> {
        let finite = (0..self.tried.len()).filter(|&i| self.tried[i].value.is_finite());
        finite.min_by(|&a, &b| self.tried[a].value.total_cmp(&self.tried[b].value))
    }

    fn finish(mut self) -> Result<ArimaFit> {
        let Some(best) = self.best() else { return Err(self.none()) };
        let Tried { orders, value, .. } = self.tried[best];
        let found = self.tried[best].found.take();
        self.chosen(Tried { orders, value, found, note: None, again: true })
    }

    /// Even the model of nothing has too many parameters, unless nobody waits for it any more.
    fn none(&self) -> Error {
        if interrupted() {
            return Error::Interrupted;
        }
        let data = self.data[0].as_ref();
        let needed = self.d + self.sd * self.season + data.map_or(0, |d| d.columns.regressors()) + 3;
        let found = data.map_or(0, |d| d.y.iter().filter(|v| !v.is_nan()).count());
        Error::TooShort { what: data.map_or_else(String::new, |d| d.name.clone()), needed, found }
    }

    /// Climbs to the top of what was chosen and makes the fit of it.
    fn chosen(mut self, best: Tried) -> Result<ArimaFit> {
        if interrupted() {
            return Err(Error::Interrupted);
        }
        let o = best.orders;
        let spec = self.specification(o);
        let trials = self.tried.iter().map(|t| Trial {
            model: self.specification(t.orders),
            value: Some(t.value).filter(|v| v.is_finite()),
            note: t.note.clone(),
        });
        let trials: Vec<Trial> = trials.collect();
        let data = self.data[usize::from(o.constant)].take();
        let (Some(data), Some(mut found)) = (data, best.found) else { return Err(self.none()) };
        let layout = Layout::new(spec.shape(), vec![None; spec.shape().len()]);
        if layout.free() > 0 {
            let mut engine = Engine::new(&data.columns, &layout, Objective::Exact);
            let top = Effort { followed: 1, ..FULL };
            let (ends, _) = climb(&mut engine, &layout, vec![found.free.clone()], top);
            let fine =
                |end: &Found| end.value <= found.value && spec.shape().roots_beyond(&end.natural, NEAR);
            if let Some(end) = ends.into_iter().find(fine) {
                found = end;
            }
        }
        Ok(ArimaFit::new(spec, data, layout, Objective::Exact, found)?.after(trials))
    }
}

fn near_circle() -> String {
    format!("a root nearer than {NEAR} to the unit circle")
}

/// The free parameters of one model as a start of another: partial autocorrelations that it has not are zero.
fn carried(from: Orders, found: &Found, to: Orders) -> Vec<f64> {
    let mut rest = found.free.as_slice();
    let mut start = Vec::new();
    for (had, has) in from.all().into_iter().zip(to.all()) {
        let (own, after) = rest.split_at(had);
        start.extend((0..has).map(|i| own.get(i).map_or(0.0, |v| v.clamp(-INSIDE, INSIDE))));
        rest = after;
    }
    start
}

/// The least conditional squares, whatever region they lie in, from zero.
fn by_squares(data: &Prepared, layout: &Layout) -> Option<Found> {
    let own = layout.natural();
    let mut engine = Engine::new(&data.columns, &own, Objective::Conditional);
    let (ends, _) = climb(&mut engine, &own, vec![vec![0.0; own.free()]], SINGLE);
    ends.into_iter().next()
}

/// Where R's likelihood starts from: the least conditional squares, if their autoregression is stationary.
fn r_start(data: &Prepared, layout: &Layout) -> Option<Vec<f64>> {
    if layout.free() == 0 {
        return Some(Vec::new());
    }
    let found = by_squares(data, layout)?;
    let shape = layout.shape;
    let stationary = |f: usize| to_partial(&found.natural[shape.first(f)..][..shape.orders[f]]).is_some();
    (stationary(0) && stationary(2)).then(|| layout.pack(&found.natural, 0.999_99))
}

/// Whether the information about the natural parameters is positive definite.
fn curved(data: &Prepared, layout: &Layout, found: &Found) -> bool {
    let at = &found.natural;
    at.is_empty()
        || curvature(&data.columns, &layout.natural(), Objective::Exact, at)
            .is_some_and(|h| crate::linalg::Cholesky::new(h.view(), "information").is_ok())
}
