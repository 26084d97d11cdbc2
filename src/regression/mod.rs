//! Regressions of counts and rates on covariates, with any number of absorbed effects.
