//! Randomisation tests: a regressor's paths are handed out anew among the clusters.
//!
//! The fit without the regressor does not depend on who has which path. With `ũ` its residuals and `M` the projection off
//! the other regressors and the effects, an assignment `x` gives `b = x̃'Wũ / x̃'Wx̃`, `x̃ = Mx`, and the clustered `t` of
//! `ũ` on `x̃`: for least squares the very coefficient and `t` of a regression, for counts those of the Newton step from
//! the fit without it.

use ndarray::{Array2, s};

use super::score::{Linearised, Scored, restricted, used};
use super::specification::{Bootstrap, Randomization};
use super::wild::Setting;
use super::working::Groups;
use crate::error::{Error, Result};
use crate::inference::{Assignments, Covariance, Estimates, RandomizationTest, restrictions};
use crate::parallel::{Watch, try_map};
use crate::regression::OlsFit;
use crate::regression::fit::{Fit, Model};
use crate::regression::inference::ordered;
use crate::regression::irls::TIGHT;
use crate::regression::sample::Sample;

/// Assignments projected at once.
const LANES: usize = 8;

/// The paths of a regressor by cluster and period.
struct Paths {
    /// The path that every cluster has.
    own: Vec<u32>,
    /// One value a period, for every distinct path.
    values: Vec<Vec<f64>>,
}

/// A fit without the regressor in question, and what is to be handed out.
struct Deal {
    problem: Linearised,
    /// Clusters of the rows, in the problem's order, in the order of labels; and the period of each row.
    clusters: Groups,
    periods: Groups,
    paths: Paths,
    /// The factor of the clustered variance.
    factor: f64,
}

impl OlsFit {
    /// The randomisation test of a coefficient: paths of its regressor exchanged among the clusters.
    ///
    /// ```
    /// use averted::data::Frame;
    /// use averted::regression::{Ols, Randomization};
    /// let frame = Frame::new()
    ///     .with_number("rate", vec![3.1, 2.9, 4.2, 3.8, 5.3, 4.9, 2.2, 3.8])?
    ///     .with_number("treated", vec![0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0])?
    ///     .with_number("year", vec![1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0])?
    ///     .with_text("state", &["a", "a", "b", "b", "c", "c", "d", "d"].map(Some))?;
    /// let fit = Ols::new().cluster("state").fit("rate ~ treated | state + year", &frame)?;
    /// let test = fit.randomization_test(&Randomization::new("treated").time("year").by_coefficient(true))?;
    /// assert!(test.enumerated && test.draws.len() == 4 && test.p_value == 0.25);
    /// # Ok::<(), averted::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Argument`] for a term that is no coefficient, without a cluster, when the regressor differs within a
    /// cluster's period, when a cluster lacks a period, and when all paths are alike; those of
    /// [`with_covariance`](Fit::with_covariance) for the columns.
    pub fn randomization_test(&self, test: &Randomization) -> Result<RandomizationTest> {
        self.randomization_test_watched(test, &Watch::none())
    }

    pub(crate) fn randomization_test_watched(
        &self,
        test: &Randomization,
        watch: &Watch<'_>,
    ) -> Result<RandomizationTest> {
        run(self, test, watch, |column, sample| {
            let working = self.working();
            let unit =
                Array2::from_shape_fn((1, self.names().len()), |(_, j)| f64::from(u8::from(j == column)));
            let (lower, directions) = working.directions(&unit.dot(&self.shared.estimate.ortho.root))?;
            let delta = self.coefficients()[column] / lower[[0, 0]];
            let pull = self.shared.estimate.pull.iter().zip(working.weights);
            let residual: Vec<f64> =
                pull.zip(&directions[0]).map(|((pull, weight), z)| pull / weight + delta * z).collect();
            let residual = self.shared.problem.absorber.unsorted(&residual);
            Linearised::at(sample, &vec![1.0; residual.len()], &residual)
        })
    }
}

impl<M: Scored> Fit<M> {
    /// The randomisation test of a coefficient: paths of its regressor exchanged among the clusters. The model is fitted
    /// without the regressor once; every assignment's statistic is that of the Newton step from there.
    ///
    /// # Errors
    /// As for [`OlsFit::randomization_test`]; also [`Error::NotConverged`] for the fit without the regressor.
    pub fn randomization_test(&self, test: &Randomization) -> Result<RandomizationTest> {
        self.randomization_test_watched(test, &Watch::none())
    }

    pub(crate) fn randomization_test_watched(
        &self,
        test: &Randomization,
        watch: &Watch<'_>,
    ) -> Result<RandomizationTest> {
        run(self, test, watch, |column, sample| {
            let name = &self.names()[column];
            let rows = restrictions(&[name], self.names())?;
            let (linear, dispersion) = restricted(self.model(), &used(self)?, &rows, &[0.0])?;
            Linearised::new(self.model(), sample, &linear, dispersion)
        })
    }
}

fn refuse<T>(argument: &str, value: String, must: &str) -> Result<T> {
    Err(Error::Argument { argument: argument.into(), value, must: must.into() })
}

/// `problem` makes the linear problem without the column that it is told.
fn run<M: Model>(
    fit: &Fit<M>,
    test: &Randomization,
    watch: &Watch<'_>,
    problem: impl Fn(usize, &Sample) -> Result<Linearised>,
) -> Result<RandomizationTest> {
    if test.draws == 0 {
        return refuse("draws", "0".into(), "at least 1");
    }
    let Some(column) = fit.names().iter().position(|name| *name == test.term) else {
        let must = format!("a coefficient: {}", fit.names().join(", "));
        return refuse("term", format!("`{}`", test.term), &must);
    };
    let cluster = match (&test.cluster, fit.covariance_kind()) {
        (Some(column), _) => column.clone(),
        (None, Covariance::Cluster(columns)) if columns.len() == 1 => columns[0].clone(),
        (None, _) => {
            return refuse("cluster", "nothing".into(), "the column of the clusters that have a path each");
        }
    };
    let mut sample = used(fit)?;
    let x = sample.x.column(column).to_vec();
    let others: Vec<usize> = (0..sample.x.ncols()).filter(|&j| j != column).collect();
    sample.x = sample.x.select(ndarray::Axis(1), &others);
    sample.names = others.iter().map(|&j| sample.names[j].clone()).collect();
    let problem = problem(column, &sample)?;

    // The setting's factor of the variance, from the clusters alone.
    let mut told = Bootstrap::new(&test.term).cluster(&cluster);
    told.more.clone_from(&test.more);
    let setting = Setting::new(fit, &told)?;
    let shared = &*fit.shared;
    let groups = |columns: &[String]| -> Result<(Groups, Vec<Vec<String>>)> {
        let (codes, labels) = ordered(shared, columns, test.more.as_ref())?;
        Ok((Groups { codes, count: labels.len() }, labels))
    };
    let (clusters, names) = groups(&[cluster])?;
    let time = test.time.clone().or_else(|| {
        let panel = shared.origin.as_ref().and_then(|origin| origin.panel.as_ref());
        panel.map(|(_, time)| time.clone())
    });
    let (periods, times) = match &time {
        Some(time) => groups(std::slice::from_ref(time))?,
        None => (Groups { codes: vec![0; x.len()], count: 1 }, vec![vec!["all periods".into()]]),
    };
    let values = shared.problem.absorber.sorted(&x);
    let paths = paths(&clusters, &periods, &values, (&names, &times), time.is_none())?;
    if paths.values.len() < 2 {
        return refuse("term", format!("`{}`", test.term), "a regressor whose path differs between clusters");
    }
    let absorber = &shared.problem.absorber;
    let (clusters, periods) = (problem.place(absorber, &clusters), problem.place(absorber, &periods));
    let factor = setting.crossings.first().map_or(1.0, |(factor, _)| *factor);
    let deal = Deal { problem, clusters, periods, paths, factor };

    let assignments = Assignments::new(deal.paths.own.clone(), test.draws, test.seed);
    let observed = deal.statistics(std::slice::from_ref(&deal.paths.own))?[0];
    let pick = |statistics: [f64; 2]| statistics[usize::from(!test.by_coefficient)];
    let drawn = try_map(assignments.len().div_ceil(LANES), watch, |block| {
        let range = block * LANES..((block + 1) * LANES).min(assignments.len());
        let dealt: Vec<Vec<u32>> = range.map(|i| assignments.assignment(i)).collect();
        deal.statistics(&dealt)
    })?;
    let drawn = drawn.into_iter().flatten().map(pick).collect();
    let kind = if test.by_coefficient { "coefficient" } else { "t" };
    let mut answer = RandomizationTest::new(&test.term, kind, &assignments, pick(observed), drawn);
    answer.estimate = fit.coefficients()[column];
    answer.std_error = setting.covariance[[column, column]].sqrt();
    answer.clusters = (deal.clusters.count, deal.paths.values.len());
    Ok(answer)
}

/// The path of every cluster, and the distinct ones.
fn paths(
    clusters: &Groups,
    periods: &Groups,
    values: &[f64],
    (names, times): (&[Vec<String>], &[Vec<String>]),
    timeless: bool,
) -> Result<Paths> {
    let mut table = vec![vec![f64::NAN; periods.count]; clusters.count];
    for ((&g, &t), &x) in clusters.codes.iter().zip(&periods.codes).zip(values) {
        let cell = &mut table[g as usize][t as usize];
        if !cell.is_nan() && cell.to_bits() != x.to_bits() {
            let (name, time) = (names[g as usize].join("^"), times[t as usize].join("^"));
            let must = if timeless {
                "given, because the regressor is not constant within clusters"
            } else {
                "one in which the regressor has one value in each cluster and period"
            };
            return refuse(if timeless { "time" } else { "cluster" }, format!("{name}, {time}"), must);
        }
        *cell = x;
    }
    for (g, path) in table.iter().enumerate() {
        if let Some(t) = path.iter().position(|x| x.is_nan()) {
            let value = format!("{} has no {}", names[g].join("^"), times[t].join("^"));
            return refuse("time", value, "there in every cluster, because paths are exchanged whole");
        }
    }
    let mut values: Vec<Vec<f64>> = Vec::new();
    let own = table.into_iter().map(|path| {
        let known = values.iter().position(|other| *other == path);
        known.unwrap_or_else(|| {
            values.push(path);
            values.len() - 1
        }) as u32
    });
    let own = own.collect();
    Ok(Paths { own, values })
}

impl Deal {
    /// Coefficient and `t` of every assignment.
    fn statistics(&self, dealt: &[Vec<u32>]) -> Result<Vec<[f64; 2]>> {
        let working = self.problem.working();
        let rows = self.clusters.codes.len();
        let mut x = Array2::zeros((rows, dealt.len()));
        for ((mut row, &g), &t) in x.rows_mut().into_iter().zip(&self.clusters.codes).zip(&self.periods.codes)
        {
            for (slot, paths) in row.iter_mut().zip(dealt) {
                *slot = self.paths.values[paths[g as usize] as usize][t as usize];
            }
        }
        let weighted_squares = |x: &Array2<f64>| {
            let mut sums = vec![0.0; dealt.len()];
            for (row, w) in x.rows().into_iter().zip(working.weights) {
                sums.iter_mut().zip(row).for_each(|(s, v)| *s += w * v * v);
            }
            sums
        };
        let size = weighted_squares(&x);
        working.absorber.residualize(x.view_mut(), TIGHT)?;
        for _ in 0..2 {
            let mut along = Array2::<f64>::zeros((working.basis.ncols(), dealt.len()));
            for ((z, row), w) in working.basis.rows().into_iter().zip(x.rows()).zip(working.weights) {
                for (mut target, z) in along.rows_mut().into_iter().zip(z) {
                    target.scaled_add(w * z, &row);
                }
            }
            x -= &working.basis.dot(&along);
        }
        let own = weighted_squares(&x);
        let one = |lane: usize| {
            if own[lane] <= 1e-14 * size[lane] {
                return [f64::NAN; 2];
            }
            let x = x.slice(s![.., lane]);
            let pairs = || x.iter().zip(working.weights).zip(&self.problem.residual);
            let b = pairs().map(|((x, w), u)| w * x * u).sum::<f64>() / own[lane];
            let scores = self.clusters.sums(pairs().map(|((x, w), u)| w * x * (u - b * x)));
            let square = self.factor * scores.mapv(|s| s * s).sum();
            [b, b * own[lane] / square.sqrt()]
        };
        Ok((0..dealt.len()).map(one).collect())
    }
}
