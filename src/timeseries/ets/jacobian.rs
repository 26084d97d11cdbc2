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
    products: Products,
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
            products: Products::new(columns),
            squares: vec![0.0; columns * columns],
            gradient: zeros,
        }
    }

    fn start(&mut self, form: Form, period: usize) {
        let k = self.columns;
        for part in [&mut self.level, &mut self.slope, &mut self.season, &mut self.logs] {
            part.fill(0.0);
        }
        self.products.start();
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
        let multiplies = form.season == Season::Multiplicative;
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
            let (mq, ms) = if multiplies { (s, q) } else { (1.0, 1.0) };
            let error = y - mu;
            let (d, ds) = if multiplies { (error / s, -on * y / (s * s)) } else { (error, -on) };
            let (bb, bl, bd, b_phi, b_beta) = match form.trend {
                Trend::None => (0.0, 0.0, 0.0, 0.0, 0.0),
                Trend::Additive | Trend::AdditiveDamped => (phi, 0.0, beta, b, d),
                _ => (phi * carried / b, -beta * d / (l * l), beta / l, carried * b.ln(), d / l),
            };
            let (sq, s_gamma) =
                if multiplies { (-on * gamma * y / (q * q), error / q) } else { (-on * gamma, error) };
            let ss = 1.0 - on * gamma;
            let (e, de) = if form.multiplicative { (error / mu, -y / (mu * mu)) } else { (error, -1.0) };
            let season = &mut self.season[state.at * k..][..k];
            let states = self.level.iter_mut().zip(&mut self.slope).zip(&mut *season);
            for (((vl, vb), vs), row) in states.zip(&mut self.row) {
                let vq = ql * *vl + qb * *vb;
                let vd = ds * *vs - on * vq;
                *row = mq * vq + ms * *vs;
                *vb = bb * *vb + bl * *vl + bd * vd;
                *vl = vq + alpha * vd;
                *vs = ss * *vs + sq * vq;
            }
            // What φ moves by itself.
            self.row[3] += mq * q_phi;
            self.level[3] += q_phi - alpha * on * q_phi;
            self.slope[3] += b_phi - bd * on * q_phi;
            season[3] += sq * q_phi;
            self.level[0] += d;
            self.slope[1] += b_beta;
            season[2] += s_gamma;
            if seen {
                sum += e * e;
                count += 1;
                if form.multiplicative {
                    let share = 1.0 / mu;
                    self.logs.iter_mut().zip(&self.row).for_each(|(logs, row)| *logs += row * share);
                }
                let pull = e * de;
                self.gradient.iter_mut().zip(&self.row).for_each(|(out, row)| *out += pull * row);
                self.products.push(de, &self.row);
            }
            state.update(form, smoothing, step, seen.then_some(y));
        }
        self.products.write(&mut self.squares, k);
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

/// Rows that are multiplied together.
const ROWS: usize = 8;
/// Columns that are added to together.
const LANES: usize = 4;

/// `Σ r r'` of rows, several at a time, so that the sums are fetched and put back once for all of them.
#[derive(Debug, Clone)]
struct Products {
    /// Columns, made up to whole lanes.
    width: usize,
    rows: Vec<f64>,
    filled: usize,
    /// Upper triangle, and of the lower one what is in the lanes of the diagonal.
    sums: Vec<f64>,
}

impl Products {
    fn new(columns: usize) -> Self {
        let width = columns.next_multiple_of(LANES);
        Self { width, rows: vec![0.0; ROWS * width], filled: 0, sums: vec![0.0; width * width] }
    }

    fn start(&mut self) {
        self.sums.fill(0.0);
        self.filled = 0;
    }

    /// One more row, times a factor.
    fn push(&mut self, factor: f64, row: &[f64]) {
        let to = &mut self.rows[self.filled * self.width..];
        to.iter_mut().zip(row).for_each(|(to, row)| *to = factor * row);
        self.filled += 1;
        if self.filled == ROWS {
            self.add();
        }
    }

    fn add(&mut self) {
        self.rows[self.filled * self.width..].fill(0.0);
        let across = self.width / LANES;
        let (rows, sums) = (self.rows.as_chunks::<LANES>().0, self.sums.as_chunks_mut::<LANES>().0);
        for (i, sums) in sums.chunks_exact_mut(across).enumerate() {
            let weights: [f64; ROWS] = std::array::from_fn(|row| rows[row * across + i / LANES][i % LANES]);
            for (lane, sums) in sums.iter_mut().enumerate().skip(i / LANES) {
                let mut sum = *sums;
                for (weight, row) in weights.iter().zip(rows[lane..].iter().step_by(across)) {
                    (0..LANES).for_each(|k| sum[k] += weight * row[k]);
                }
                *sums = sum;
            }
        }
        self.filled = 0;
    }

    /// The sums, upper triangle, row by row.
    fn write(&mut self, out: &mut [f64], columns: usize) {
        self.add();
        for (to, from) in out.chunks_exact_mut(columns).zip(self.sums.chunks_exact(self.width)) {
            to.copy_from_slice(&from[..columns]);
        }
    }
}
