//! The state smoother, through the exact diffuse start (Durbin & Koopman 2012, §4.4 and §5.3).

use crate::timeseries::statespace::filter::dot;
use crate::timeseries::statespace::{Filtered, StateSpace};

/// The states given the whole series.
#[derive(Debug, Clone, PartialEq)]
pub struct Smoothed {
    /// Mean of the states, time × states.
    pub mean: Vec<Vec<f64>>,
    /// Variances of the states, time × states.
    pub variance: Vec<Vec<f64>>,
}

/// The recursions' memory: `r_0, r_1` and `N_0, N_1, N_2`.
struct Backward {
    r: [Vec<f64>; 2],
    n: [Vec<f64>; 3],
    scratch: Vec<f64>,
}

/// Smooths the states of a filtered series.
pub fn smooth(model: &StateSpace, filtered: &Filtered) -> Smoothed {
    let m = model.states;
    let mut back = Backward {
        r: std::array::from_fn(|_| vec![0.0; m]),
        n: std::array::from_fn(|_| vec![0.0; m * m]),
        scratch: vec![0.0; m * m],
    };
    let mut z = vec![0.0; m];
    let mut smoothed = Smoothed { mean: Vec::new(), variance: Vec::new() };
    for (t, step) in filtered.steps.iter().enumerate().rev() {
        back.through_transition(model);
        if !step.innovation.is_nan() {
            model.loading_at(t, &mut z);
            let m_star = product(&step.covariance, &z);
            if step.diffuse_variance > 0.0 {
                let m_inf = product(&step.diffuse_covariance, &z);
                back.through_diffuse(
                    &z,
                    &m_star,
                    &m_inf,
                    step.innovation,
                    step.variance,
                    step.diffuse_variance,
                );
            } else {
                back.through_regular(&z, &m_star, step.innovation, step.variance);
            }
        }
        let mut mean = step.mean.clone();
        add_product(&mut mean, &step.covariance, &back.r[0]);
        let p = &step.covariance;
        let mut variance: Vec<f64> = (0..m).map(|i| p[i * m + i] - quadratic(p, &back.n[0], p, i)).collect();
        if !step.diffuse_covariance.is_empty() {
            let p_inf = &step.diffuse_covariance;
            add_product(&mut mean, p_inf, &back.r[1]);
            for (i, v) in variance.iter_mut().enumerate() {
                *v -= 2.0 * quadratic(p_inf, &back.n[1], p, i) + quadratic(p_inf, &back.n[2], p_inf, i);
            }
        }
        smoothed.mean.push(mean);
        smoothed.variance.push(variance.into_iter().map(|v| v.max(0.0)).collect());
    }
    smoothed.mean.reverse();
    smoothed.variance.reverse();
    smoothed
}

impl Backward {
    fn through_transition(&mut self, model: &StateSpace) {
        let m = model.states;
        for r in &mut self.r {
            model.transition.step_mean_back(r, &mut self.scratch[..m]);
        }
        for n in &mut self.n {
            model.transition.step_covariance_back(n, &mut self.scratch);
        }
    }

    /// `L = I − K Z'`, `K = M_*/F_*`.
    fn through_regular(&mut self, z: &[f64], m_star: &[f64], v: f64, f: f64) {
        let m = z.len();
        let gain: Vec<f64> = m_star.iter().map(|m| m / f).collect();
        let pulled: Vec<f64> = self.r.iter().map(|r| dot(&gain, r)).collect();
        for i in 0..m {
            self.r[0][i] += z[i] * (v / f - pulled[0]);
            self.r[1][i] -= z[i] * pulled[1];
        }
        let l = plus_outer(&gain, z, true);
        for n in &mut self.n {
            *n = sandwich(&l, n, &l, m);
        }
        add_outer(&mut self.n[0], z, 1.0 / f);
    }

    /// `L_0 = I − K_0 Z'`, `L_1 = −K_1 Z'`, `K_0 = M_∞/F_∞`, `K_1 = (M_* − M_∞ F_*/F_∞)/F_∞`.
    fn through_diffuse(&mut self, z: &[f64], m_star: &[f64], m_inf: &[f64], v: f64, f: f64, f_inf: f64) {
        let m = z.len();
        let k0: Vec<f64> = m_inf.iter().map(|m| m / f_inf).collect();
        let k1: Vec<f64> = m_star.iter().zip(m_inf).map(|(s, i)| (s - i * f / f_inf) / f_inf).collect();
        let (k0_r0, k0_r1, k1_r0) = (dot(&k0, &self.r[0]), dot(&k0, &self.r[1]), dot(&k1, &self.r[0]));
        for i in 0..m {
            self.r[1][i] += z[i] * (v / f_inf - k0_r1 - k1_r0);
            self.r[0][i] -= z[i] * k0_r0;
        }
        let l0 = plus_outer(&k0, z, true);
        let l1 = plus_outer(&k1, z, false);
        let [n0, n1, n2] = &self.n;
        let cross = sandwich(&l1, n0, &l0, m);
        let mut next1 = sandwich(&l0, n1, &l0, m);
        for (i, value) in next1.iter_mut().enumerate() {
            // N_1 is not symmetric on the way; only L_1' N_0 L_0 belongs to it.
            *value += cross[i];
        }
        add_outer(&mut next1, z, 1.0 / f_inf);
        let mut next2 = sandwich(&l0, n2, &l0, m);
        let mixed = sandwich(&l0, n1, &l1, m);
        let both = sandwich(&l1, n0, &l1, m);
        let transposed = transpose(&mixed, m);
        for i in 0..m * m {
            next2[i] += mixed[i] + transposed[i] + both[i];
        }
        add_outer(&mut next2, z, -f / (f_inf * f_inf));
        let next0 = sandwich(&l0, n0, &l0, m);
        self.n = [next0, next1, next2];
    }
}

fn product(p: &[f64], z: &[f64]) -> Vec<f64> {
    p.chunks_exact(z.len()).map(|row| dot(row, z)).collect()
}

fn add_product(to: &mut [f64], p: &[f64], r: &[f64]) {
    let m = r.len();
    for (i, to) in to.iter_mut().enumerate() {
        *to += dot(&p[i * m..(i + 1) * m], r);
    }
}

/// `(A N B)_{ii}` for symmetric A and B.
fn quadratic(a: &[f64], n: &[f64], b: &[f64], i: usize) -> f64 {
    let m = (n.len() as f64).sqrt() as usize;
    (0..m).map(|j| a[i * m + j] * dot(&n[j * m..(j + 1) * m], &b[i * m..(i + 1) * m])).sum()
}

/// `−k z'`, plus the identity if asked.
fn plus_outer(k: &[f64], z: &[f64], identity: bool) -> Vec<f64> {
    let m = z.len();
    let mut l = vec![0.0; m * m];
    for i in 0..m {
        for j in 0..m {
            l[i * m + j] = f64::from(identity && i == j) - k[i] * z[j];
        }
    }
    l
}

fn add_outer(n: &mut [f64], z: &[f64], scale: f64) {
    let m = z.len();
    for i in 0..m {
        for j in 0..m {
            n[i * m + j] += z[i] * z[j] * scale;
        }
    }
}

/// `A' N B`.
fn sandwich(a: &[f64], n: &[f64], b: &[f64], m: usize) -> Vec<f64> {
    let multiply = |left: &dyn Fn(usize, usize) -> f64, right: &[f64]| {
        let mut out = vec![0.0; m * m];
        for i in 0..m {
            for k in 0..m {
                let l = left(i, k);
                if l != 0.0 {
                    for j in 0..m {
                        out[i * m + j] += l * right[k * m + j];
                    }
                }
            }
        }
        out
    };
    let half = multiply(&|i, k| a[k * m + i], n);
    multiply(&|i, k| half[i * m + k], b)
}

fn transpose(a: &[f64], m: usize) -> Vec<f64> {
    (0..m * m).map(|i| a[(i % m) * m + i / m]).collect()
}
