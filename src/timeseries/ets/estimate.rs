//! Maximum likelihood as least squares: Levenberg–Marquardt with exact derivatives inside a box.

use crate::error::{Error, Result};
use crate::interrupt::interrupted;
use crate::timeseries::ets::Form;
use crate::timeseries::ets::filter::{Smoothing, State, Sums, pass};
use crate::timeseries::ets::form::Season;
use crate::timeseries::ets::jacobian::Jacobian;
use crate::timeseries::ets::start::initial;

/// The least and the most of α; β and γ have the same least.
pub(super) const EDGE: f64 = 1e-4;
const DAMPING: (f64, f64) = (0.8, 0.98);

/// Starts that are followed to the end.
const FOLLOWED: usize = 2;
const MOST_STEPS: usize = 200;

/// Objectives and places this near to each other are on their way to one minimum.
const SAME: (f64, f64) = (1e-6, 1e-3);

/// A form on a series that is scaled to numbers near one.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) form: Form,
    pub(super) period: usize,
    pub(super) y: Vec<f64>,
    pub(super) given: [Option<f64>; 4],
    /// Initial states that are given, as the parameters have them.
    pub(super) states: Option<Vec<f64>>,
}

/// Where the search ended.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// α, β's and γ's share of their range, φ, then the initial states.
    pub(super) z: Vec<f64>,
    pub(super) sums: Sums,
}

/// The box of a parameter.
pub(super) fn bounds(i: usize) -> (f64, f64) {
    match i {
        0 => (EDGE, 1.0 - EDGE),
        1 | 2 => (0.0, 1.0),
        3 => DAMPING,
        _ => (f64::NEG_INFINITY, f64::INFINITY),
    }
}

impl Problem {
    pub(super) fn dimension(&self) -> usize {
        4 + self.n_states()
    }

    /// Initial states that are free: the last season follows from the others.
    pub(super) fn n_states(&self) -> usize {
        1 + usize::from(self.form.has_trend()) + if self.form.seasonal() { self.period - 1 } else { 0 }
    }

    pub(super) fn free(&self) -> Vec<bool> {
        let smoothing =
            self.form.has().into_iter().zip(self.given).map(|(has, given)| has && given.is_none());
        smoothing.chain(std::iter::repeat_n(self.states.is_none(), self.n_states())).collect()
    }

    pub(super) fn n_free(&self) -> usize {
        self.free().into_iter().filter(|f| *f).count()
    }

    /// β ranges from the edge to α, γ from the edge to 1 − α.
    pub(super) fn smoothing(&self, z: &[f64]) -> Smoothing {
        let [a, b, g, phi] = self.given;
        let has = self.form.has();
        let alpha = a.unwrap_or(z[0]);
        let beta = b.unwrap_or(EDGE + z[1] * (alpha - EDGE).max(0.0));
        let gamma = g.unwrap_or(EDGE + z[2] * (1.0 - alpha - EDGE).max(0.0));
        [
            alpha,
            if has[1] { beta } else { 0.0 },
            if has[2] { gamma } else { 0.0 },
            if has[3] { phi.unwrap_or(z[3]) } else { 1.0 },
        ]
    }

    pub(super) fn state(&self, z: &[f64]) -> State {
        let mut state = State { level: z[4], slope: 0.0, season: Vec::new(), at: 0 };
        self.set_state(z, &mut state);
        state
    }

    fn set_state(&self, z: &[f64], state: &mut State) {
        state.level = z[4];
        state.at = 0;
        let mut next = 5;
        state.slope = 0.0;
        if self.form.has_trend() {
            state.slope = z[next];
            next += 1;
        }
        if self.form.seasonal() {
            state.season.clear();
            state.season.extend_from_slice(&z[next..]);
            let sum: f64 = z[next..].iter().sum();
            let total = if self.form.season == Season::Multiplicative { self.period as f64 } else { 0.0 };
            state.season.push(total - sum);
        }
    }

    /// The sums at `z`, the state left as it is after the last period; none outside of what is allowed.
    pub(super) fn at(&self, z: &[f64], state: &mut State) -> Option<Sums> {
        let smoothing = self.smoothing(z);
        if !self.admissible(smoothing) {
            return None;
        }
        self.set_state(z, state);
        if self.form.season == Season::Multiplicative && state.season.iter().any(|s| *s <= 0.0) {
            return None;
        }
        if !state.valid(self.form) {
            return None;
        }
        pass(self.form, smoothing, state, &self.y)
    }

    /// Whether the past is forgotten: the roots of the characteristic polynomial lie inside the unit circle (Hyndman,
    /// Akram & Archibald 2008). The bounds of the parameters see to it where trend and season do not meet.
    fn admissible(&self, [alpha, beta, gamma, phi]: Smoothing) -> bool {
        if !(self.form.has_trend() && self.form.seasonal()) {
            return true;
        }
        let m = self.period;
        let mut a = vec![alpha + beta - alpha * phi; m + 2];
        a[0] = phi * (1.0 - alpha - gamma);
        a[1] = alpha + beta - alpha * phi + gamma - 1.0;
        a[m] = alpha + beta - phi;
        a[m + 1] = 1.0;
        stable(a)
    }

    /// The best end of the most promising starts.
    pub(super) fn solve(&self) -> Result<Found> {
        let states = self.states.clone().unwrap_or_else(|| initial(self.form, self.period, &self.y));
        let mut starts: Vec<(f64, Smoothing)> = Vec::new();
        let free = self.free();
        let grid = |i: usize, values: &'static [f64]| if free[i] { values } else { &values[..1] };
        let mut z = [&[0.5, 0.5, 0.5, 0.9], &states[..]].concat();
        let mut state = self.state(&z);
        for &alpha in grid(0, &[0.3, 0.1, 0.6, 0.9]) {
            if interrupted() {
                return Err(Error::Interrupted);
            }
            for &beta in grid(1, &[0.1, 0.01, 0.6]) {
                for &gamma in grid(2, &[0.1, 0.01, 0.5]) {
                    for &phi in grid(3, &[0.95, 0.85]) {
                        let shares = [alpha, beta, gamma, phi];
                        z[..4].copy_from_slice(&shares);
                        if let Some(sums) = self.at(&z, &mut state) {
                            starts.push((sums.objective(), shares));
                        }
                    }
                }
            }
        }
        starts.sort_by(|a, b| a.0.total_cmp(&b.0));
        // The second start is the best one that smooths otherwise, or both would end at one place.
        let second = starts.iter().position(|s| (s.1[0] - starts[0].1[0]).abs() > 0.25);
        let picked = [(!starts.is_empty()).then_some(0), second];
        let mut best: Option<Found> = None;
        let mut trouble = None;
        let mut search = Search::new(self);
        for i in picked.into_iter().flatten().take(FOLLOWED) {
            z[..4].copy_from_slice(&starts[i].1);
            match search.descend(&z, best.as_ref()) {
                Ok(found) if best.as_ref().is_none_or(|b| found.sums.objective() < b.sums.objective()) => {
                    best = Some(found);
                }
                Ok(_) => {}
                Err(error) => trouble = Some(error),
            }
        }
        best.ok_or_else(|| {
            trouble.unwrap_or_else(|| Error::NotConverged {
                method: format!("ETS({})", self.form),
                iterations: 0,
                last_change: f64::NAN,
                hint: "no start gives means above zero; additive errors do without".into(),
            })
        })
    }
}

/// Whether all roots of `Σ a_k z^k` lie inside the unit circle (Schur–Cohn).
fn stable(mut a: Vec<f64>) -> bool {
    while a.len() > 1 {
        let n = a.len() - 1;
        let k = a[0] / a[n];
        if k.abs() >= 1.0 || k.is_nan() {
            return false;
        }
        for i in 0..a.len() / 2 {
            let (low, high) = (a[i], a[n - i]);
            a[i] = low - k * high;
            a[n - i] = high - k * low;
        }
        if n.is_multiple_of(2) {
            a[n / 2] *= 1.0 - k;
        }
        a.remove(0);
    }
    true
}

/// What the search allocates once.
pub(super) struct Search<'a> {
    problem: &'a Problem,
    jacobian: Jacobian,
    state: State,
    matrix: Vec<f64>,
    slope: Vec<f64>,
    step: Vec<f64>,
    next: Vec<f64>,
}

impl<'a> Search<'a> {
    pub(super) fn new(problem: &'a Problem) -> Self {
        let k = problem.dimension();
        Self {
            problem,
            jacobian: Jacobian::new(k, if problem.form.seasonal() { problem.period } else { 1 }),
            state: problem.state(&vec![1.0; k]),
            matrix: vec![0.0; k * k],
            slope: vec![0.0; k],
            step: vec![0.0; k],
            next: vec![0.0; k],
        }
    }

    /// `J'J` and `J'u` in the parameters of the search, both triangles, over `exp(2 mean log μ)`.
    pub(super) fn normal(&mut self, z: &[f64]) -> Option<(&[f64], &[f64])> {
        let problem = self.problem;
        let smoothing = problem.smoothing(z);
        problem.set_state(z, &mut self.state);
        self.jacobian.pass(problem.form, smoothing, &mut self.state, &problem.y)?;
        let k = z.len();
        let (raw, slope) = (&self.jacobian.squares, &self.jacobian.gradient);
        for i in 0..k {
            for j in 0..k {
                self.matrix[i * k + j] = if i <= j { raw[i * k + j] } else { raw[j * k + i] };
            }
        }
        self.slope.copy_from_slice(slope);
        // α moves β and γ along where they are shares of what it leaves them.
        let [_, b, g, _] = problem.given;
        let alpha = smoothing[0];
        let by_alpha = [if b.is_none() { z[1] } else { 0.0 }, if g.is_none() { -z[2] } else { 0.0 }];
        let scale = [
            if b.is_none() { (alpha - EDGE).max(0.0) } else { 0.0 },
            if g.is_none() { (1.0 - alpha - EDGE).max(0.0) } else { 0.0 },
        ];
        let has = problem.form.has();
        for (which, i) in [1, 2].into_iter().enumerate().filter(|(_, i)| has[*i]) {
            let m = &mut self.matrix;
            for j in 0..k {
                m[j] += by_alpha[which] * m[i * k + j];
            }
            for j in 0..k {
                m[j * k] += by_alpha[which] * m[j * k + i];
            }
            for j in 0..k {
                m[i * k + j] *= scale[which];
            }
            for j in 0..k {
                m[j * k + i] *= scale[which];
            }
            self.slope[0] += by_alpha[which] * self.slope[i];
            self.slope[i] *= scale[which];
        }
        Some((&self.matrix, &self.slope))
    }

    /// From one start to a minimum, or to where it is seen to be on its way to the best so far.
    fn descend(&mut self, start: &[f64], best: Option<&Found>) -> Result<Found> {
        let problem = self.problem;
        let k = start.len();
        let free = problem.free();
        let mut z = start.to_vec();
        let outside = || Error::Argument {
            argument: "start".into(),
            value: format!("{start:?}"),
            must: "inside of what the form allows".into(),
        };
        let mut sums = problem.at(&z, &mut self.state).ok_or_else(outside)?;
        let mut lambda = 1e-3;
        let mut gained = f64::INFINITY;
        let floor = 1e-26 * problem.y.len() as f64;
        let mut factor = vec![0.0; k * k];
        for _ in 0..MOST_STEPS {
            if interrupted() {
                return Err(Error::Interrupted);
            }
            if sums.squares <= floor || self.normal(&z).is_none() {
                return Ok(Found { z, sums });
            }
            // At an edge with the way down outside: stays.
            let moves: Vec<usize> = (0..k)
                .filter(|&i| {
                    let (low, high) = bounds(i);
                    free[i]
                        && self.matrix[i * k + i] > 0.0
                        && !(z[i] <= low && self.slope[i] > 0.0)
                        && !(z[i] >= high && self.slope[i] < 0.0)
                })
                .collect();
            let before = sums.objective();
            let mut moved = false;
            for _ in 0..30 {
                if !self.step(&moves, lambda, &mut factor) {
                    lambda = (lambda * 10.0).max(1e-8);
                    continue;
                }
                self.next.copy_from_slice(&z);
                for (&i, step) in moves.iter().zip(&self.step) {
                    let (low, high) = bounds(i);
                    self.next[i] = (z[i] + step).clamp(low, high);
                }
                match problem.at(&self.next, &mut self.state) {
                    Some(there) if there.objective() < before => {
                        z.copy_from_slice(&self.next);
                        sums = there;
                        lambda = (lambda * 0.1).max(1e-12);
                        moved = true;
                        break;
                    }
                    _ => lambda = (lambda * 10.0).max(1e-8),
                }
                if lambda > 1e12 {
                    break;
                }
            }
            let change = if moved { 1.0 - sums.objective() / before } else { 0.0 };
            let known = best.is_some_and(|best| {
                let behind = sums.objective() / best.sums.objective() - 1.0;
                let apart = best.z.iter().zip(&z).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                (0.0..SAME.0).contains(&behind) && apart < SAME.1
            });
            if known || !moved || (change < 1e-11 && gained < 1e-9) {
                return Ok(Found { z, sums });
            }
            lambda = lambda.min(1e6);
            gained = change;
        }
        // Slow but still going down: no place to call a maximum unless the gains no longer matter.
        if gained < 1e-8 {
            return Ok(Found { z, sums });
        }
        Err(Error::NotConverged {
            method: format!("ETS({})", problem.form),
            iterations: MOST_STEPS,
            last_change: gained,
            hint: "a simpler form may suit the series better".into(),
        })
    }

    /// Solves `(J'J + λ diag) δ = −J'u` for what moves.
    fn step(&mut self, moves: &[usize], lambda: f64, l: &mut [f64]) -> bool {
        let (k, p) = (self.slope.len(), moves.len());
        let entry = |i: usize, j: usize| {
            self.matrix[moves[i] * k + moves[j]] * if i == j { 1.0 + lambda } else { 1.0 }
        };
        if !cholesky(p, entry, l) {
            return false;
        }
        for i in 0..p {
            self.step[i] = -self.slope[moves[i]];
        }
        solve(p, l, &mut self.step);
        true
    }

    /// `L` with `LL' = J'J + ridge` of what moves.
    pub(super) fn root(
        &mut self,
        z: &[f64],
        moves: &[usize],
        ridge: impl Fn(usize) -> f64,
    ) -> Option<Vec<f64>> {
        self.normal(z)?;
        let (k, p) = (z.len(), moves.len());
        let entry = |i: usize, j: usize| {
            let v = self.matrix[moves[i] * k + moves[j]];
            if i == j { v * (1.0 + 1e-9) + ridge(moves[i]) } else { v }
        };
        let mut l = vec![0.0; p * p];
        cholesky(p, entry, &mut l).then_some(l)
    }

    /// `(J'J)⁻¹` of what moves.
    pub(super) fn inverse(&mut self, z: &[f64], moves: &[usize]) -> Option<Vec<f64>> {
        let p = moves.len();
        let l = self.root(z, moves, |_| 0.0)?;
        let mut out = vec![0.0; p * p];
        for (i, column) in out.chunks_mut(p.max(1)).enumerate() {
            column[i] = 1.0;
            solve(p, &l, column);
        }
        Some(out)
    }
}

/// The lower triangle of a matrix given by its entries; false where it is not positive definite.
fn cholesky(p: usize, entry: impl Fn(usize, usize) -> f64, l: &mut [f64]) -> bool {
    for i in 0..p {
        for j in 0..=i {
            let mut v = entry(i, j);
            for c in 0..j {
                v -= l[i * p + c] * l[j * p + c];
            }
            if i == j {
                if v <= 1e-14 * entry(i, i) || v.is_nan() {
                    return false;
                }
                l[i * p + i] = v.sqrt();
            } else {
                l[i * p + j] = v / l[j * p + j];
            }
        }
    }
    true
}

/// `LL' x = b`, in place.
fn solve(p: usize, l: &[f64], x: &mut [f64]) {
    for i in 0..p {
        for c in 0..i {
            x[i] -= l[i * p + c] * x[c];
        }
        x[i] /= l[i * p + i];
    }
    for i in (0..p).rev() {
        for c in i + 1..p {
            x[i] -= l[c * p + i] * x[c];
        }
        x[i] /= l[i * p + i];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeseries::ets::Form;

    /// Derivatives by the recursions beside central differences, for every form.
    #[test]
    fn derivatives_are_those_of_the_objective() {
        let y: Vec<f64> = (0..30)
            .map(|t| {
                if t == 11 {
                    f64::NAN
                } else {
                    1.0 + 0.02 * f64::from(t)
                        + [0.2, -0.3, 0.1, 0.05][t as usize % 4] * (1.0 + f64::from(t * 37 % 11) / 30.0)
                }
            })
            .collect();
        for form in Form::all() {
            let problem = Problem { form, period: 4, y: y.clone(), given: [None; 4], states: None };
            let states = initial(form, 4, &y);
            let z = [&[0.4, 0.3, 0.35, 0.9], &states[..]].concat();
            let mut search = Search::new(&problem);
            let mut state = problem.state(&z);
            let sums = problem.at(&z, &mut state).expect("inside");
            let scale = sums.objective() / sums.squares;
            let (_, slope) = search.normal(&z).expect("derivatives");
            for i in (0..z.len()).filter(|&i| problem.free()[i]) {
                let mut there = z.clone();
                let mut value = |by: f64| {
                    there[i] = z[i] + by;
                    problem.at(&there, &mut state).expect("inside").objective()
                };
                let numeric = (value(1e-6) - value(-1e-6)) / 2e-6;
                let ours = 2.0 * slope[i] * scale;
                assert!((numeric - ours).abs() < 1e-6 * (1.0 + ours.abs()), "{form} {i}: {numeric} {ours}");
            }
        }
    }

    #[test]
    fn roots_inside_and_outside_the_circle() {
        assert!(stable(vec![0.25, -1.0, 1.0]));
        assert!(!stable(vec![1.5, -2.5, 1.0]));
        assert!(stable(vec![-0.729, 2.43, -2.7, 1.0]) && !stable(vec![-1.2, 0.0, 0.0, 1.0]));
    }
}
