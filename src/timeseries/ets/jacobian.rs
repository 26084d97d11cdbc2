//! The recursions' derivatives by parameters and initial states.

use crate::timeseries::ets::Form;
use crate::timeseries::ets::filter::{Smoothing, State, Step};
use crate::timeseries::ets::form::{Season, Trend};
use crate::timeseries::ets::unseasonal::{self, Normal};

/// Room for the derivatives, one column a parameter: α, β, γ, φ, level, slope, seasons but the last.
#[derive(Debug, Clone)]
pub(super) struct Jacobian {
    columns: usize,
    level: Vec<f64>,
    slope: Vec<f64>,
    season: Vec<f64>,
    row: Vec<f64>,
    logs: Vec<f64>,
    /// `Σ ∂e ∂e'`, upper triangle, row by row.
    pub(super) squares: Vec<f64>,
    /// `Σ e ∂e`.
    pub(super) gradient: Vec<f64>,
}

impl Jacobian {
    pub(super) fn new(columns: usize, period: usize) -> Self {
        let zeros = vec![0.0; columns];
        Self {
            columns,
            level: zeros.clone(),
            slope: zeros.clone(),
            season: vec![0.0; columns * period.max(1)],
            row: zeros.clone(),
            logs: zeros.clone(),
            squares: vec![0.0; columns * columns],
            gradient: zeros,
        }
    }

    fn start(&mut self, form: Form, period: usize) {
        let k = self.columns;
        for part in [&mut self.level, &mut self.slope, &mut self.season, &mut self.logs] {
            part.fill(0.0);
        }
        self.squares.fill(0.0);
        self.gradient.fill(0.0);
        self.level[4] = 1.0;
        let mut next = 5;
        if form.has_trend() {
            self.slope[next] = 1.0;
            next += 1;
        }
        if form.seasonal() {
            for slot in 0..period - 1 {
                self.season[slot * k + next + slot] = 1.0;
                self.season[(period - 1) * k + next + slot] = -1.0;
            }
        }
    }

    /// The same pass with derivatives: fills `squares` and `gradient` of the scaled errors `e · exp(mean log μ)`, up to
    /// that factor.
    pub(super) fn pass(
        &mut self,
        form: Form,
        smoothing: Smoothing,
        state: &mut State,
        y: &[f64],
    ) -> Option<()> {
        if !form.seasonal() {
            self.squares.fill(0.0);
            self.gradient.fill(0.0);
            let out = Normal { squares: &mut self.squares, gradient: &mut self.gradient };
            return unseasonal::derivatives(form, smoothing, state, y, out);
        }
        let [alpha, beta, gamma, phi] = smoothing;
        let k = self.columns;
        self.start(form, state.season.len());
        let (mut sum, mut count) = (0.0, 0_usize);
        for &y in y {
            let step = state.ahead(form, phi);
            if form.multiplicative && !(step.mu > 0.0 && step.q > 0.0) {
                return None;
            }
            let seen = !y.is_nan();
            let y = if seen { y } else { step.mu };
            let Step { q, s, mu, carried } = step;
            let (l, b) = (state.level, state.slope);
            // Every derivative below is linear in those of the state, with these coefficients.
            let on = f64::from(u8::from(seen));
            let (ql, qb, q_phi) = match form.trend {
                Trend::None => (1.0, 0.0, 0.0),
                Trend::Additive | Trend::AdditiveDamped => (1.0, phi, b),
                _ => (carried, l * phi * carried / b, l * carried * b.ln()),
            };
            let (mq, ms) = match form.season {
                Season::None => (1.0, 0.0),
                Season::Additive => (1.0, 1.0),
                Season::Multiplicative => (s, q),
            };
            let error = y - mu;
            let (d, ds) = match form.season {
                Season::None => (error, 0.0),
                Season::Additive => (error, -on),
                Season::Multiplicative => (error / s, -on * y / (s * s)),
            };
            let (bb, bl, bd, b_phi, b_beta) = match form.trend {
                Trend::None => (0.0, 0.0, 0.0, 0.0, 0.0),
                Trend::Additive | Trend::AdditiveDamped => (phi, 0.0, beta, b, d),
                _ => (phi * carried / b, -beta * d / (l * l), beta / l, carried * b.ln(), d / l),
            };
            let (sq, ss, s_gamma) = match form.season {
                Season::None => (0.0, 0.0, 0.0),
                Season::Additive => (-on * gamma, 1.0 - on * gamma, error),
                Season::Multiplicative => (-on * gamma * y / (q * q), 1.0 - on * gamma, error / q),
            };
            let (e, de) = if form.multiplicative { (error / mu, -y / (mu * mu)) } else { (error, -1.0) };
            let slot = state.at * k;
            let season = &mut self.season[slot..slot + k];
            for j in 0..k {
                let (vl, vb, vs) = (self.level[j], self.slope[j], season[j]);
                let vq = ql * vl + qb * vb + if j == 3 { q_phi } else { 0.0 };
                let vm = mq * vq + ms * vs;
                let vd = ds * vs - on * vq;
                self.row[j] = vm;
                self.level[j] = vq + alpha * vd;
                self.slope[j] = bb * vb + bl * vl + bd * vd;
                season[j] = ss * vs + sq * vq;
            }
            self.level[0] += d;
            self.slope[1] += b_beta;
            self.slope[3] += b_phi;
            season[2] += s_gamma;
            if seen {
                sum += e * e;
                count += 1;
                if form.multiplicative {
                    (0..k).for_each(|j| self.logs[j] += self.row[j] / mu);
                }
                for i in 0..k {
                    let v = de * self.row[i];
                    self.gradient[i] += e * v;
                    if v != 0.0 {
                        let factor = v * de;
                        let line = &mut self.squares[i * k..(i + 1) * k];
                        line[i..].iter_mut().zip(&self.row[i..]).for_each(|(a, r)| *a += factor * r);
                    }
                }
            }
            state.update(form, smoothing, step, seen.then_some(y));
        }
        if form.multiplicative && count > 0 {
            let n = count as f64;
            self.logs.iter_mut().for_each(|v| *v /= n);
            for i in 0..k {
                for j in i..k {
                    self.squares[i * k + j] += self.gradient[i] * self.logs[j]
                        + self.logs[i] * self.gradient[j]
                        + sum * self.logs[i] * self.logs[j];
                }
            }
            (0..k).for_each(|i| self.gradient[i] += sum * self.logs[i]);
        }
        sum.is_finite().then_some(())
    }
}
