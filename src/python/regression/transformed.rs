//! Regressions of transformed columns across the border.

use std::fmt::{self, Display};

use super::specification::AnySpecification;
use crate::data::Source;
use crate::error::{Error, Result};
use crate::regression::{Ar1, Between, FirstDifferences, RandomEffects, TransformedFit};

/// Specifications whose fit is of one kind.
#[derive(Clone)]
pub(super) enum AnyTransformed {
    RandomEffects(RandomEffects),
    Between(Between),
    FirstDifferences(FirstDifferences),
    Ar1(Ar1),
}

macro_rules! from {
    ($($kind:ident),*) => {
        $(impl From<$kind> for AnyTransformed {
            fn from(made: $kind) -> Self {
                Self::$kind(made)
            }
        })*
    };
}
from!(RandomEffects, Between, FirstDifferences, Ar1);

impl From<AnyTransformed> for AnySpecification {
    fn from(made: AnyTransformed) -> Self {
        Self::Transformed(made)
    }
}

impl AnyTransformed {
    pub(super) fn fit(&self, formula: &str, source: &dyn Source) -> Result<TransformedFit> {
        match self {
            Self::RandomEffects(made) => made.fit(formula, source),
            Self::Between(made) => made.fit(formula, source),
            Self::FirstDifferences(made) => made.fit(formula, source),
            Self::Ar1(made) => made.fit(formula, source),
        }
    }
}

impl Display for AnyTransformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RandomEffects(made) => made.fmt(f),
            Self::Between(made) => made.fmt(f),
            Self::FirstDifferences(made) => made.fmt(f),
            Self::Ar1(made) => made.fmt(f),
        }
    }
}

/// Arrays come without units and periods.
pub(super) fn without_periods() -> Error {
    let (argument, value) = ("data".into(), "arrays".into());
    Error::Argument { argument, value, must: "a formula and data with unit and time".into() }
}
