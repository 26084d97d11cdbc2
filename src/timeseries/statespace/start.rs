//! What of a diffuse start hangs on T, Z and gaps alone.
//!
//! `P_∞` is worked out without any variance: the likelihoods of a search share it (Koopman & Durbin 2003, §3).

use crate::timeseries::statespace::StateSpace;

/// Periods from which on a start is not remembered: a season that is never whole, or a long gap before the first value.
const LONGEST: usize = 512;

/// `F_∞` and `M_∞` of every period of a diffuse start, and what they were worked out from.
#[derive(Debug, Clone, Default)]
pub(super) struct Start {
    diffuse: Vec<bool>,
    /// States that have had diffuse variance: only what leads away from them counts.
    reached: Vec<bool>,
    /// Nonzero entries of T that do.
    entries: Vec<(usize, usize, f64)>,
    missing: Vec<bool>,
    /// `Z_t`, period by period.
    loading: Vec<f64>,
    f_inf: Vec<f64>,
    m_inf: Vec<f64>,
    /// Whether it was followed to its end.
    whole: bool,
}

impl Start {
    /// To be worked out anew.
    pub(super) fn forget(&mut self) {
        self.whole = false;
        self.missing.clear();
        self.loading.clear();
        self.f_inf.clear();
        self.m_inf.clear();
    }

    /// One more period.
    pub(super) fn push(&mut self, missing: bool, loading: &[f64], f_inf: f64, m_inf: &[f64], p_inf: &[f64]) {
        let m = loading.len();
        if self.periods() == LONGEST {
            return;
        }
        if self.missing.is_empty() {
            self.reached.clear();
            self.reached.resize(m, false);
        }
        let variances = p_inf.iter().step_by(m + 1);
        self.reached.iter_mut().zip(variances).for_each(|(reached, p)| *reached |= *p != 0.0);
        self.missing.push(missing);
        self.loading.extend_from_slice(loading);
        self.f_inf.push(f_inf);
        self.m_inf.extend_from_slice(m_inf);
    }

    /// No state is diffuse any more.
    pub(super) fn close(&mut self, model: &StateSpace) {
        self.diffuse.clone_from(&model.diffuse);
        self.entries.clear();
        self.entries.extend(model.transition.entries().iter().filter(|e| self.reached[e.1]));
        self.whole = self.periods() < LONGEST;
    }

    /// Whether it is that of this model and series; `loading` is scratch.
    pub(super) fn is_of(&self, model: &StateSpace, y: &[f64], loading: &mut [f64]) -> bool {
        let entries = model.transition.entries();
        let mut same_loading = |(t, known): (usize, &[f64])| {
            model.loading_at(t, loading);
            *loading == *known
        };
        self.whole
            && self.diffuse == model.diffuse
            && y.len() >= self.missing.len()
            && self.missing.iter().zip(y).all(|(missing, y)| *missing == y.is_nan())
            && entries.iter().filter(|e| self.reached[e.1]).eq(&self.entries)
            && if model.moving.is_none() {
                same_loading((0, &self.loading[..model.states]))
            } else {
                self.loading.chunks_exact(model.states).enumerate().all(same_loading)
            }
    }

    /// Its length.
    pub(super) fn periods(&self) -> usize {
        self.f_inf.len()
    }

    /// `F_∞`, with `M_∞` written to `m_inf`.
    pub(super) fn at(&self, t: usize, m_inf: &mut [f64]) -> f64 {
        let m = m_inf.len();
        m_inf.copy_from_slice(&self.m_inf[t * m..(t + 1) * m]);
        self.f_inf[t]
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use crate::timeseries::statespace::{StateSpace, Workspace};

    const NAN: f64 = f64::NAN;

    /// Level, slope that starts with a variance, three seasonal states, and a coefficient.
    fn model(noise: f64, damping: f64, x: &Array2<f64>) -> StateSpace {
        let mut model = StateSpace::new(6).transition(0, 0, 1.0).transition(0, 1, 1.0).observe(0, 1.0);
        model = model.transition(1, 1, damping).start(1, 0.0, 0.5).diffuse(0).observation_variance(noise);
        for j in 2..5 {
            model = model.transition(2, j, -1.0).diffuse(j);
            model = if j > 2 { model.transition(j, j - 1, 1.0) } else { model.observe(j, 1.0) };
        }
        let model = model.state_variance(0, 0.3).state_variance(1, 0.1).state_variance(2, 0.2);
        model.transition(5, 5, 1.0).diffuse(5).regressors(5, x.view()).expect("a state")
    }

    /// A start that is known already gives every digit of one that is not, and is not taken for that of another model.
    #[test]
    fn a_known_start_changes_nothing() {
        let n = 30;
        let series = |gaps: &[usize]| -> Vec<f64> {
            let one = |t: usize| if gaps.contains(&t) { NAN } else { ((t * 7919) % 13) as f64 };
            (0..n).map(one).collect()
        };
        let x = Array2::from_shape_fn((n, 1), |(t, _)| ((t * 31) % 7) as f64);
        let other = x.mapv(|x| x + f64::from(x > 3.0));
        let (y, gaps, short) = (series(&[]), series(&[0, 2, 3]), series(&[])[..8].to_vec());
        let mut work = Workspace::new(&model(1.0, 0.9, &x));
        let seasonal = model(1.0, 0.9, &x).transition(2, 4, 0.5);
        for (model, y, replays) in [
            (model(1.0, 0.9, &x), &y, false),
            (model(2.0, 0.5, &x), &y, true),
            (model(2.0, 0.5, &x), &gaps, false),
            (model(1.0, 0.5, &x), &gaps, true),
            (model(1.0, 0.5, &other), &gaps, false),
            (model(1.0, 0.9, &other).start(1, 1.0, 2.0), &gaps, true),
            (model(1.0, 0.9, &x), &short, false),
            (model(1.5, 0.9, &x), &y, true),
            (seasonal, &y, false),
            (model(1.0, 0.9, &x).start(0, 1.0, 2.0), &y, false),
        ] {
            let ours = work.log_likelihood(&model, y).expect("a pass");
            assert_eq!(work.replays, replays);
            let mut fresh = Workspace::new(&model);
            assert_eq!(ours, fresh.log_likelihood(&model, y).expect("a pass"));
            assert_eq!(work.next(), fresh.next());
        }
        // One that goes on and on is worked out every time.
        let n = 600;
        let late: Vec<f64> = (0..n).map(|t| if t < n - 20 { NAN } else { y[t % 30] }).collect();
        let x = Array2::from_shape_fn((n, 1), |(t, _)| ((t * 31) % 7) as f64);
        let model = model(1.0, 0.9, &x);
        let first = work.log_likelihood(&model, &late).expect("a pass");
        assert_eq!((work.log_likelihood(&model, &late).expect("a pass"), work.replays), (first, false));
    }
}
