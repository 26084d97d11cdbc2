//! What was estimated, in the units of the outcome, and what is to be said about it.

use ndarray::Array2;

use crate::timeseries::structural::likelihood::{Problem, Shape};
use crate::timeseries::structural::{Component, Structural};

/// One estimated or given number of the model.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// `variance of level`, `damping`.
    pub name: String,
    /// Its value.
    pub estimate: f64,
    /// Its standard error; NaN for what was given and for a variance at exactly zero.
    pub std_error: f64,
}

/// A fit's parameters, as [`Problem`] has them.
pub(super) struct Estimated<'a> {
    pub(super) spec: &'a Structural,
    pub(super) problem: &'a Problem,
    pub(super) theta: &'a [f64],
    /// `theta + root · standard normals` is a draw of the parameters.
    pub(super) root: &'a Array2<f64>,
    /// Of the scale, and of every regressor.
    pub(super) spread: f64,
    pub(super) x_spread: &'a [f64],
    pub(super) names: &'a [String],
}

impl Estimated<'_> {
    fn unit(&self, component: Component) -> f64 {
        match component {
            Component::Dispersion => 1.0,
            Component::Coefficient(j) => (self.spread / self.x_spread[j]).powi(2),
            _ => self.spread * self.spread,
        }
    }

    /// A variance; none if the model has no such component.
    pub(super) fn variance(&self, component: Component) -> Option<f64> {
        Some(self.problem.variance(component, self.theta)? * self.unit(component))
    }

    /// A bend; none if the model has none, NaN where nothing that it bends moves.
    pub(super) fn shape(&self, is: impl Fn(Shape) -> bool) -> Option<f64> {
        self.problem.shapes(self.theta).into_iter().find(|(b, ..)| is(b.shape)).map(|(_, value, _)| value)
    }

    fn name(&self, component: Component) -> String {
        match component {
            Component::Dispersion => "dispersion".into(),
            Component::Coefficient(j) => format!("variance of coefficient of {}", self.names[j]),
            other => format!("variance of {}", other.name()),
        }
    }

    /// All, with standard errors by the delta method on the log and logit scale.
    pub(super) fn rows(&self) -> Vec<Parameter> {
        let error = |i: usize| self.root.row(i).iter().map(|r| r * r).sum::<f64>().sqrt();
        let mut rows = Vec::new();
        for component in self.spec.components() {
            let Some(estimate) = self.variance(component) else { continue };
            let place = self.problem.variances().position(|m| m.component == component);
            let std_error = place.map_or(f64::NAN, |i| estimate * error(i));
            rows.push(Parameter { name: self.name(component), estimate, std_error });
        }
        for (bend, estimate, place) in self.problem.shapes(self.theta) {
            let std_error = place.map_or(f64::NAN, |i| bend.shape.slope(self.theta[i]) * error(i));
            rows.push(Parameter { name: bend.shape.name().into(), estimate, std_error });
        }
        rows
    }

    /// True things about them.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let zero = |c: &Component| self.variance(*c) == Some(0.0) && self.spec.given(*c).is_none();
        let zeros: Vec<String> =
            self.spec.components().into_iter().filter(zero).map(|c| self.name(c)).collect();
        if !zeros.is_empty() {
            notes.push(format!("estimated at exactly zero: {}", zeros.join(", ")));
        }
        if self.shape(|s| s == Shape::Damping).is_some_and(f64::is_nan) {
            notes.push(
                "the slope does not move, so that there is no trend and its damping has no meaning".into(),
            );
        }
        if self.shape(|s| s == Shape::CycleDamping).is_some_and(f64::is_nan) {
            notes.push("the cycle does not move, so that there is none".into());
        }
        notes
    }
}
