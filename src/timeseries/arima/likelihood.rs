//! The exact likelihood of a stationary series in O(n(p + q)), everything linear in it concentrated out.
//!
//! With x the autoregression behind the series, φ(B)x = ε and w = θ(B)x, what lies before the first observation enters
//! through the last m = max(p, q) values of x: given them, ε = θ⁻¹(B)(φ(B)w − u) with u = H x₋. So w is an invertible
//! linear image of ε + Λu, Λ the first m columns of the Toeplitz matrix of 1/θ(B), and with u = Lη, η ~ N(0, I)
//!
//! ```text
//! |Σ| = |I + L'Λ'ΛL|        w'Σ⁻¹w = e'e − b'(I + L'Λ'ΛL)⁻¹b        e = θ⁻¹(B)φ(B)w,  b = L'Λ'e
//! ```
//!
//! (Box & Jenkins 1970, ch. 7; Ljung & Box 1979). Λ'e is a filter run backwards, and Λ'Λ is known from its first row. L
//! comes from the Levinson recursion, so that nothing in it is ever a root of zero. Missing observations are
//! regressors with a flat prior, one a gap (Gómez, Maravall & Peña 1999): |D'Σ⁻¹D| makes the likelihood that of what
//! was seen.

use crate::timeseries::arima::dual::Scalar;
use crate::timeseries::arima::polynomial::{Shape, inverse};

/// What the likelihood is of: columns of one length, differenced; gaps first, then regressors, the outcome last.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Columns {
    /// Column by column.
    pub(super) values: Vec<f64>,
    /// Rows.
    pub(super) rows: usize,
    /// How many of the columns are gaps.
    pub(super) gaps: usize,
}

impl Columns {
    /// Regressors that are not gaps.
    pub(super) fn regressors(&self) -> usize {
        self.width() - 1 - self.gaps
    }

    pub(super) fn width(&self) -> usize {
        self.values.len() / self.rows.max(1)
    }

    /// Observations that are there.
    pub(super) fn observed(&self) -> usize {
        self.rows - self.gaps
    }
}

/// Which function of the data is the objective.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Objective {
    /// Minus the exact log-likelihood without its constant, σ² concentrated out.
    Exact,
    /// The same at a given σ².
    Given(f64),
    /// Half n times the log of the mean square of the errors after the first p, those before them taken as zero.
    Conditional,
}

/// Memory of the likelihood, and what the last evaluation found.
#[derive(Debug, Clone)]
pub(super) struct Work<T> {
    shape: Shape,
    pub(super) ar_lags: Vec<usize>,
    pub(super) ma_lags: Vec<usize>,
    pub(super) ar: Vec<T>,
    pub(super) ma: Vec<T>,
    /// Prediction coefficients of every order up to p, order by order, and their variances.
    pub(super) levinson: Vec<T>,
    pub(super) variances: Vec<T>,
    series: Vec<T>,
    pub(super) impulse: Vec<T>,
    /// Rows after which the impulse response of 1/θ(B) has ended.
    pub(super) reach: usize,
    pub(super) errors: Vec<T>,
    gram: Vec<T>,
    pub(super) start: Vec<T>,
    pub(super) product: Vec<T>,
    pub(super) inner: Vec<T>,
    pub(super) shifted: Vec<T>,
    /// Cross products of the columns, then their Cholesky triangle.
    pub(super) cross: Vec<T>,
    /// Coefficients of gaps and regressors.
    pub(super) beta: Vec<T>,
    /// w'Σ⁻¹w of what the regressors leave.
    pub(super) quadratic: T,
    /// log |Σ| + log |D'Σ⁻¹D|.
    pub(super) determinant: T,
}

impl<T: Scalar> Work<T> {
    pub(super) fn new(shape: Shape, columns: &Columns) -> Self {
        let zeros = |n: usize| vec![T::of(0.0); n];
        let (p, q) = shape.degrees();
        let (n, k) = (columns.rows, columns.width());
        let m = p.max(q);
        Self {
            shape,
            ar_lags: shape.lags(0),
            ma_lags: shape.lags(1),
            ar: zeros(p),
            ma: zeros(q),
            levinson: zeros((p + 1) * p),
            variances: zeros(p + 1),
            series: zeros(n),
            impulse: zeros(n),
            reach: 0,
            errors: zeros(n * k),
            gram: zeros(m * m),
            start: zeros(m * m),
            product: zeros(m * m),
            inner: zeros(m * m),
            shifted: zeros(m * k),
            cross: zeros(k * k),
            beta: zeros(k - 1),
            quadratic: T::of(0.0),
            determinant: T::of(0.0),
        }
    }

    /// The objective at these natural parameters (φ, θ, Φ, Θ); none where there is no such process or no such number.
    pub(super) fn objective(&mut self, columns: &Columns, natural: &[T], kind: Objective) -> Option<T> {
        self.shape.expand(natural, &mut self.ar, &mut self.ma);
        self.profile(columns, kind == Objective::Conditional)?;
        let half = 0.5 * columns.observed() as f64;
        let value = match kind {
            Objective::Given(variance) => {
                self.quadratic * (0.5 / variance) + self.determinant * 0.5 + T::of(half * variance.ln())
            }
            Objective::Exact => self.quadratic.ln() * half + self.determinant * 0.5,
            Objective::Conditional => self.quadratic.ln() * half,
        };
        value.value().is_finite().then_some(value)
    }

    fn profile(&mut self, columns: &Columns, conditional: bool) -> Option<()> {
        let (p, q) = self.shape.degrees();
        let (n, k) = (columns.rows, columns.width());
        let m = if conditional { 0 } else { p.max(q).min(n) };
        self.filter(columns, if conditional { p } else { 0 });
        self.determinant = T::of(0.0);
        for i in 0..k {
            for j in 0..=i {
                let (a, b) = (&self.errors[i * n..][..n], &self.errors[j * n..][..n]);
                let mut sum = T::of(0.0);
                a.iter().zip(b).for_each(|(&a, &b)| sum += a * b);
                self.cross[i * k + j] = sum;
            }
        }
        if m > 0 {
            self.gram(m);
            self.presample(m)?;
            self.inner(m);
            self.shift(m, columns);
            self.correct(k)?;
        }
        self.concentrate(columns.gaps, k)
    }

    /// e = θ⁻¹(B)φ(B)w for every column, zero in the first `skip` rows.
    fn filter(&mut self, columns: &Columns, skip: usize) {
        let n = columns.rows;
        let skip = skip.min(n);
        for (e, column) in self.errors.chunks_exact_mut(n).zip(columns.values.chunks_exact(n)) {
            e.iter_mut().zip(column).for_each(|(e, &w)| *e = T::of(w));
            for &lag in self.ar_lags.iter().take_while(|&&l| l < n) {
                let a = self.ar[lag - 1];
                e[lag..].iter_mut().zip(column).for_each(|(e, &w)| *e -= a * w);
            }
            e[..skip].fill(T::of(0.0));
            divide(&self.ma, &self.ma_lags, e);
        }
    }

    /// θ⁻¹ of what is given, in place.
    pub(super) fn forwards(&self, series: &mut [T]) {
        divide(&self.ma, &self.ma_lags, series);
    }

    /// θ⁻¹ run backwards, in place.
    pub(super) fn backwards(&self, series: &mut [T]) {
        let n = series.len();
        for t in (0..n).rev() {
            let mut sum = series[t];
            for &lag in self.ma_lags.iter().take_while(|&&l| t + l < n) {
                sum -= self.ma[lag - 1] * series[t + lag];
            }
            series[t] = sum;
        }
    }

    /// 1/θ(B) until it ends.
    fn respond(&mut self) {
        let before = self.reach;
        self.reach = inverse(&self.ma, &self.ma_lags, &mut self.impulse);
        if self.reach < before {
            self.impulse[self.reach..before].fill(T::of(0.0));
        }
    }

    /// Rows behind which nothing moves what lies before the series by way of 1/θ(B).
    pub(super) fn horizon(&self, m: usize) -> usize {
        (self.reach + m).min(self.impulse.len())
    }

    /// Λ'Λ: its first row from the impulse response run backwards, the others by what the end cuts off.
    fn gram(&mut self, m: usize) {
        let n = self.impulse.len();
        self.respond();
        let mut series = std::mem::take(&mut self.series);
        let end = self.horizon(m);
        series[..end].copy_from_slice(&self.impulse[..end]);
        self.backwards(&mut series[..end]);
        self.gram[..m].copy_from_slice(&series[..m]);
        self.series = series;
        for i in 1..m {
            for j in i..m {
                self.gram[i * m + j] =
                    self.gram[(i - 1) * m + j - 1] - self.impulse[n - i] * self.impulse[n - j];
            }
        }
        for i in 0..m {
            for j in 0..i {
                self.gram[i * m + j] = self.gram[j * m + i];
            }
        }
    }

    /// L: how what lies before the series moves its first m values, in independent unit shocks.
    fn presample(&mut self, m: usize) -> Option<()> {
        let (p, q) = self.shape.degrees();
        // The width stays that of the state even where the series is shorter than it.
        let width = p.max(q);
        let zero = T::of(0.0);
        self.start.fill(zero);
        for t in 0..m {
            // u_t = Σ_k H_tk x_{1−k}
            let row = &mut self.start[t * width..][..width];
            for &lag in self.ma_lags.iter().filter(|&&l| l > t) {
                row[lag - t - 1] += self.ma[lag - 1];
            }
            for &lag in self.ar_lags.iter().filter(|&&l| l > t) {
                row[lag - t - 1] += self.ar[lag - 1];
            }
            for &i in self.ar_lags.iter().take_while(|&&i| i <= t) {
                for &lag in self.ma_lags.iter().filter(|&&l| l > t - i) {
                    row[lag - (t - i) - 1] -= self.ar[i - 1] * self.ma[lag - 1];
                }
            }
            for &j in self.ma_lags.iter().take_while(|&&j| j <= t) {
                for &lag in self.ar_lags.iter().filter(|&&l| l > t - j) {
                    row[lag - (t - j) - 1] += self.ma[j - 1] * self.ar[lag - 1];
                }
            }
        }
        if p == 0 {
            return Some(());
        }
        self.levinson(p)?;
        for k in 0..width {
            let order = (width - 1 - k).min(p);
            let coefficients = &self.levinson[order * p..][..order];
            let size = self.variances[order].sqrt();
            for t in 0..m {
                let row = &mut self.start[t * width..][..width];
                let here = row[k];
                if order == p {
                    for &lag in &self.ar_lags {
                        row[k + lag] += here * self.ar[lag - 1];
                    }
                } else {
                    for (j, &c) in coefficients.iter().enumerate() {
                        row[k + 1 + j] += here * c;
                    }
                }
                row[k] = here * size;
            }
        }
        Some(())
    }

    /// Prediction from 0 … p past values of the autoregression, from the longest down.
    fn levinson(&mut self, p: usize) -> Option<()> {
        let one = T::of(1.0);
        self.levinson[p * p..][..p].copy_from_slice(&self.ar);
        self.variances[p] = one;
        for k in (1..=p).rev() {
            let (before, after) = self.levinson.split_at_mut(k * p);
            let r = after[k - 1];
            if r.value().is_nan() || r.value().abs() >= 1.0 {
                return None;
            }
            let rest = one / (one - r * r);
            for j in 0..k - 1 {
                before[(k - 1) * p + j] = (after[j] + r * after[k - 2 - j]) * rest;
            }
            self.variances[k - 1] = self.variances[k] * rest;
        }
        Some(())
    }

    /// I + L'Λ'ΛL in `inner`.
    fn inner(&mut self, m: usize) {
        let width = self.width();
        let zero = T::of(0.0);
        // Moving averages alone leave most of L empty.
        let sparse = self.ar.is_empty();
        for i in 0..m {
            let out = &mut self.product[i * width..][..width];
            out.fill(zero);
            for t in 0..m {
                let g = self.gram[i * m + t];
                let row = &self.start[t * width..][..width];
                if sparse {
                    for &lag in self.ma_lags.iter().filter(|&&l| l > t) {
                        out[lag - t - 1] += g * row[lag - t - 1];
                    }
                } else {
                    out.iter_mut().zip(row).for_each(|(out, &l)| *out += g * l);
                }
            }
        }
        self.inner.fill(zero);
        for t in 0..m {
            let (row, product) = (&self.start[t * width..][..width], &self.product[t * width..][..width]);
            let mut add = |i: usize| {
                let l = row[i];
                let out = &mut self.inner[i * width..][..=i];
                out.iter_mut().zip(product).for_each(|(out, &g)| *out += l * g);
            };
            if sparse {
                self.ma_lags.iter().filter(|&&l| l > t).for_each(|&lag| add(lag - t - 1));
            } else {
                (0..width).for_each(add);
            }
        }
        for i in 0..width {
            self.inner[i * width + i] += T::of(1.0);
        }
    }

    fn width(&self) -> usize {
        self.ar.len().max(self.ma.len())
    }

    /// b = L'Λ'e of every column.
    fn shift(&mut self, m: usize, columns: &Columns) {
        let (n, width) = (columns.rows, self.width());
        let mut series = std::mem::take(&mut self.series);
        let end = self.horizon(m);
        for c in 0..columns.width() {
            series[..end].copy_from_slice(&self.errors[c * n..][..end]);
            self.backwards(&mut series[..end]);
            let out = &mut self.shifted[c * width..][..width];
            out.fill(T::of(0.0));
            for (&e, row) in series[..m].iter().zip(self.start.chunks_exact(width)) {
                out.iter_mut().zip(row).for_each(|(out, &l)| *out += l * e);
            }
        }
        self.series = series;
    }

    /// Cross products less b'(I + L'Λ'ΛL)⁻¹b, and the determinant.
    fn correct(&mut self, k: usize) -> Option<()> {
        let width = self.width();
        factorise(&mut self.inner, width)?;
        for i in 0..width {
            self.determinant += self.inner[i * width + i].ln() * 2.0;
        }
        for c in 0..k {
            let b = &mut self.shifted[c * width..][..width];
            for i in 0..width {
                let row = &self.inner[i * width..][..=i];
                let mut sum = b[i];
                row[..i].iter().zip(b.iter()).for_each(|(&l, &b)| sum -= l * b);
                b[i] = sum / row[i];
            }
        }
        for i in 0..k {
            for j in 0..=i {
                let (a, b) = (&self.shifted[i * width..][..width], &self.shifted[j * width..][..width]);
                let mut sum = T::of(0.0);
                a.iter().zip(b).for_each(|(&a, &b)| sum += a * b);
                self.cross[i * k + j] -= sum;
            }
        }
        Some(())
    }

    /// Regresses the last column on the others.
    fn concentrate(&mut self, gaps: usize, k: usize) -> Option<()> {
        factorise(&mut self.cross, k)?;
        for i in 0..gaps {
            self.determinant += self.cross[i * k + i].ln() * 2.0;
        }
        let last = self.cross[k * k - 1];
        self.quadratic = last * last;
        for i in (0..k - 1).rev() {
            let mut sum = self.cross[(k - 1) * k + i];
            for j in i + 1..k - 1 {
                sum -= self.cross[j * k + i] * self.beta[j];
            }
            self.beta[i] = sum / self.cross[i * k + i];
        }
        Some(())
    }
}

/// θ⁻¹(B) of a series, in place.
fn divide<T: Scalar>(ma: &[T], lags: &[usize], series: &mut [T]) {
    let Some(&longest) = lags.last() else { return };
    let n = series.len();
    for t in 0..n.min(longest) {
        let mut sum = series[t];
        for &lag in lags.iter().take_while(|&&l| l <= t) {
            sum -= ma[lag - 1] * series[t - lag];
        }
        series[t] = sum;
    }
    for t in longest..n {
        let mut sum = series[t];
        for &lag in lags {
            sum -= ma[lag - 1] * series[t - lag];
        }
        series[t] = sum;
    }
}

/// The Cholesky triangle of the lower triangle of a matrix of this width, in place; none unless positive definite.
fn factorise<T: Scalar>(a: &mut [T], width: usize) -> Option<()> {
    for j in 0..width {
        let (head, tail) = a.split_at_mut((j + 1) * width);
        let pivots = &mut head[j * width..][..=j];
        let mut pivot = pivots[j];
        pivots[..j].iter().for_each(|&l| pivot -= l * l);
        if pivot.value().is_nan() || pivot.value() <= 0.0 {
            return None;
        }
        let root = pivot.sqrt();
        let inverse = T::of(1.0) / root;
        pivots[j] = root;
        for row in tail.chunks_exact_mut(width) {
            let mut sum = row[j];
            row[..j].iter().zip(&pivots[..j]).for_each(|(&a, &b)| sum -= a * b);
            row[j] = sum * inverse;
        }
    }
    Some(())
}
