//! The gradient of the likelihood by running it backwards: a few times the cost of the value, however many parameters.
//!
//! At the coefficients of the regressors the objective depends on the columns only through sums u'Xu of their corrected
//! cross products X (see [`likelihood`](super::likelihood)): one for the outcome less its regression, and one a gap for
//! log |D'Σ⁻¹D|. Each adds κ(e'e − b'S⁻¹b), S = I + L'Λ'ΛL, with e and b those of the combined column; their derivatives
//! run back through b = L'Λ'e, Λ'Λ, L and the recursion of Levinson to the coefficients of the two lag polynomials.

use crate::timeseries::arima::likelihood::{Columns, Objective, Work};

/// Derivatives by the coefficients of φ(B)Φ(Bˢ) and θ(B)Θ(Bˢ), from lag 1, and memory.
pub(super) struct Adjoint {
    pub(super) ar: Vec<f64>,
    pub(super) ma: Vec<f64>,
    levinson: Vec<f64>,
    variances: Vec<f64>,
    seed: Vec<f64>,
    data: Vec<f64>,
    errors: Vec<f64>,
    behind: Vec<f64>,
    ahead: Vec<f64>,
    half: Vec<f64>,
    inner: Vec<f64>,
    inverse: Vec<f64>,
    start: Vec<f64>,
    product: Vec<f64>,
    turned: Vec<f64>,
    gram: Vec<f64>,
}

/// `out += a · x`.
fn add(out: &mut [f64], a: f64, x: &[f64]) {
    out.iter_mut().zip(x).for_each(|(out, x)| *out += a * x);
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl Adjoint {
    pub(super) fn new(work: &Work<f64>, columns: &Columns) -> Self {
        let zeros = |n: usize| vec![0.0; n];
        let (p, q) = (work.ar.len(), work.ma.len());
        let (n, width) = (columns.rows, p.max(q));
        let square = || zeros(width * width);
        Self {
            ar: zeros(p),
            ma: zeros(q),
            levinson: zeros((p + 1) * p),
            variances: zeros(p + 1),
            seed: zeros(columns.width()),
            data: zeros(n),
            errors: zeros(n),
            behind: zeros(n),
            ahead: zeros(n),
            half: zeros(width),
            inner: square(),
            inverse: square(),
            start: square(),
            product: square(),
            turned: square(),
            gram: square(),
        }
    }

    /// After [`Work::objective`] of the same columns.
    pub(super) fn run(&mut self, work: &Work<f64>, columns: &Columns, kind: Objective) {
        let (p, width) = (work.ar.len(), work.ar.len().max(work.ma.len()));
        let (n, k) = (columns.rows, columns.width());
        let conditional = kind == Objective::Conditional;
        let (m, skip) = if conditional { (0, p.min(n)) } else { (width.min(n), 0) };
        self.ar.fill(0.0);
        self.ma.fill(0.0);
        if m > 0 {
            self.start.fill(0.0);
            self.determinant(work, width);
        }
        let scale = match kind {
            Objective::Given(variance) => 0.5 / variance,
            _ => 0.5 * columns.observed() as f64 / work.quadratic,
        };
        self.seed[..k - 1].iter_mut().zip(&work.beta).for_each(|(u, b)| *u = -b);
        self.seed[k - 1] = 1.0;
        self.column(work, columns, m, skip, scale);
        // Conditional squares have no determinant.
        for gap in 0..if conditional { 0 } else { columns.gaps } {
            // A column of the inverse of the transposed triangle, by back substitution.
            self.seed.fill(0.0);
            self.seed[gap] = 1.0 / work.cross[gap * k + gap];
            for i in (0..gap).rev() {
                let sum: f64 = (i + 1..=gap).map(|j| work.cross[j * k + i] * self.seed[j]).sum();
                self.seed[i] = -sum / work.cross[i * k + i];
            }
            self.column(work, columns, m, skip, 0.5);
        }
        if m > 0 {
            self.products(work, m, width);
            self.impulse(work, m);
            self.presample(work, m, width);
        }
    }

    /// ½ log |S|: half the inverse of S into `inner`.
    fn determinant(&mut self, work: &Work<f64>, width: usize) {
        let (triangle, v) = (&work.inner, &mut self.inverse);
        for i in 0..width {
            let (done, rest) = v.split_at_mut(i * width);
            let row = &mut rest[..width];
            row.fill(0.0);
            let pivot = 1.0 / triangle[i * width + i];
            for j in 0..i {
                add(&mut row[..=j], -pivot * triangle[i * width + j], &done[j * width..][..=j]);
            }
            row[i] = pivot;
        }
        self.inner.fill(0.0);
        for row in v.chunks_exact(width).take(width) {
            for a in 0..width {
                if row[a] != 0.0 {
                    add(&mut self.inner[a * width..][..=a], 0.5 * row[a], row);
                }
            }
        }
        for a in 0..width {
            for b in 0..a {
                self.inner[b * width + a] = self.inner[a * width + b];
            }
        }
    }

    /// κ(e'e − b'S⁻¹b) of the combination in `seed`.
    fn column(&mut self, work: &Work<f64>, columns: &Columns, m: usize, skip: usize, scale: f64) {
        let (n, width) = (columns.rows, self.half.len());
        self.data.fill(0.0);
        self.errors.fill(0.0);
        for (c, &u) in self.seed.iter().enumerate().filter(|(_, u)| **u != 0.0) {
            add(&mut self.data, u, &columns.values[c * n..][..n]);
            add(&mut self.errors, u, &work.errors[c * n..][..n]);
        }
        self.behind.copy_from_slice(&self.errors);
        work.backwards(&mut self.behind);
        self.ahead.fill(0.0);
        if m > 0 {
            let end = work.horizon(m);
            self.half.fill(0.0);
            for (c, &u) in self.seed.iter().enumerate().filter(|(_, u)| **u != 0.0) {
                add(&mut self.half, u, &work.shifted[c * width..][..width]);
            }
            // S⁻¹b from half of it.
            for i in (0..width).rev() {
                self.half[i] /= work.inner[i * width + i];
                let value = self.half[i];
                add(&mut self.half[..i], -value, &work.inner[i * width..][..i]);
            }
            for i in 0..width {
                add(&mut self.inner[i * width..][..width], scale * self.half[i], &self.half);
            }
            for t in 0..m {
                let row = &work.start[t * width..][..width];
                self.ahead[t] = -2.0 * scale * dot(row, &self.half);
                add(&mut self.start[t * width..][..width], -2.0 * scale * self.behind[t], &self.half);
            }
            work.forwards(&mut self.ahead[..end]);
            for &lag in &work.ma_lags {
                if lag < n {
                    self.ma[lag - 1] -= dot(&self.ahead[..end.min(n - lag)], &self.behind[lag..]);
                }
            }
            work.backwards(&mut self.ahead[..end]);
        }
        add(&mut self.ahead, 2.0 * scale, &self.behind);
        for (lags, out, past) in
            [(&work.ma_lags, &mut self.ma, &self.errors), (&work.ar_lags, &mut self.ar, &self.data)]
        {
            for &lag in lags {
                let first = lag.max(skip).min(n);
                if first < n {
                    out[lag - 1] -= dot(&self.ahead[first..], &past[first - lag..n - lag]);
                }
            }
        }
    }

    /// From S to Λ'Λ and L.
    fn products(&mut self, work: &Work<f64>, m: usize, width: usize) {
        self.product.fill(0.0);
        for t in 0..m {
            for i in 0..width {
                let l = work.start[t * width + i];
                if l != 0.0 {
                    let row = &self.inner[i * width..][..width];
                    add(&mut self.product[t * width..][..width], l, row);
                }
                let g = 2.0 * work.product[t * width + i];
                add(&mut self.start[t * width..][..width], g, &self.inner[i * width..][..width]);
            }
        }
        for t in 0..m {
            for i in 0..width {
                self.turned[i * width + t] = self.product[t * width + i];
            }
        }
        self.gram.fill(0.0);
        for a in 0..m {
            for i in 0..width {
                let l = work.start[a * width + i];
                if l != 0.0 {
                    add(&mut self.gram[a * width + a..][..m - a], l, &self.turned[i * width + a..][..m - a]);
                }
            }
            // The matrix is symmetric and one half of it was filled from the other.
            self.gram[a * width + a + 1..][..m - a - 1].iter_mut().for_each(|g| *g *= 2.0);
        }
    }

    /// From Λ'Λ to the impulse response, and from that to θ.
    fn impulse(&mut self, work: &Work<f64>, m: usize) {
        let (n, width) = (work.impulse.len(), self.half.len());
        // Where the response has ended before the end of the series, nothing is cut off there.
        let end = work.horizon(m);
        let errors = &mut self.errors[..end];
        errors.fill(0.0);
        for i in (1..m).rev() {
            for j in i..m {
                let g = self.gram[i * width + j];
                self.gram[(i - 1) * width + j - 1] += g;
                if end == n {
                    errors[n - i] -= g * work.impulse[n - j];
                    errors[n - j] -= g * work.impulse[n - i];
                }
            }
        }
        let (behind, ahead) = (&mut self.behind[..end], &mut self.ahead[..end]);
        behind.copy_from_slice(&work.impulse[..end]);
        work.backwards(behind);
        ahead.fill(0.0);
        ahead[..m].copy_from_slice(&self.gram[..m]);
        work.forwards(ahead);
        for &lag in work.ma_lags.iter().filter(|&&l| l < end) {
            self.ma[lag - 1] -= dot(&ahead[..end - lag], &behind[lag..]);
        }
        add(errors, 1.0, ahead);
        work.backwards(errors);
        for &lag in work.ma_lags.iter().filter(|&&l| l < end) {
            self.ma[lag - 1] -= dot(&errors[lag..], &work.impulse[..end - lag]);
        }
    }

    /// From L to φ and θ.
    fn presample(&mut self, work: &Work<f64>, m: usize, width: usize) {
        let p = self.ar.len();
        if p > 0 {
            self.levinson.fill(0.0);
            self.variances.fill(0.0);
            for k in (0..width).rev() {
                let order = (width - 1 - k).min(p);
                let size = work.variances[order].sqrt();
                let mut of_size = 0.0;
                for t in 0..m {
                    let row = &mut self.start[t * width..][..width];
                    let here = work.start[t * width + k] / size;
                    of_size += row[k] * here;
                    row[k] *= size;
                    if order == p {
                        for &lag in &work.ar_lags {
                            row[k] += row[k + lag] * work.ar[lag - 1];
                            self.ar[lag - 1] += here * row[k + lag];
                        }
                    } else {
                        let after = &row[k + 1..][..order];
                        add(&mut self.levinson[order * p..][..order], here, after);
                        row[k] += dot(after, &work.levinson[order * p..][..order]);
                    }
                }
                self.variances[order] += 0.5 * of_size / size;
            }
            self.levinson(work, p);
        }
        for t in 0..m {
            let row = &self.start[t * width..][..width];
            for &lag in work.ma_lags.iter().filter(|&&l| l > t) {
                self.ma[lag - 1] += row[lag - t - 1];
            }
            for &lag in work.ar_lags.iter().filter(|&&l| l > t) {
                self.ar[lag - 1] += row[lag - t - 1];
            }
            for &i in work.ar_lags.iter().take_while(|&&i| i <= t) {
                for &lag in work.ma_lags.iter().filter(|&&l| l > t - i) {
                    let slope = row[lag - (t - i) - 1];
                    self.ar[i - 1] -= slope * work.ma[lag - 1];
                    self.ma[lag - 1] -= slope * work.ar[i - 1];
                }
            }
            for &j in work.ma_lags.iter().take_while(|&&j| j <= t) {
                for &lag in work.ar_lags.iter().filter(|&&l| l > t - j) {
                    let slope = row[lag - (t - j) - 1];
                    self.ma[j - 1] += slope * work.ar[lag - 1];
                    self.ar[lag - 1] += slope * work.ma[j - 1];
                }
            }
        }
    }

    /// From the predictions of shorter orders to those of the longest.
    fn levinson(&mut self, work: &Work<f64>, p: usize) {
        for k in 1..=p {
            let (shorter, longer) = self.levinson.split_at_mut(k * p);
            let (shorter, longer) = (&shorter[(k - 1) * p..], &mut longer[..p]);
            let (a, b) = (&work.levinson[k * p..][..p], &work.levinson[(k - 1) * p..][..p]);
            let r = a[k - 1];
            let rest = 1.0 / (1.0 - r * r);
            let (mut of_r, mut of_rest) = (0.0, self.variances[k - 1] * work.variances[k]);
            for j in 0..k - 1 {
                let slope = shorter[j];
                longer[j] += slope * rest;
                longer[k - 2 - j] += slope * r * rest;
                of_r += slope * a[k - 2 - j] * rest;
                of_rest += slope * b[j] / rest;
            }
            self.variances[k] += self.variances[k - 1] * rest;
            longer[k - 1] += of_r + of_rest * rest * rest * 2.0 * r;
        }
        add(&mut self.ar, 1.0, &self.levinson[p * p..][..p]);
    }
}
