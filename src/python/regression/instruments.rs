//! Regressions with instruments.

use crate::Error;
use crate::Result;
use crate::regression::Method;

/// A method by name; `alpha` is Fuller's constant.
pub(super) fn method(name: &str, alpha: f64) -> Result<Method> {
    Ok(match name {
        "2sls" => Method::TwoStage,
        "liml" => Method::LimitedInformation,
        "fuller" => Method::Fuller(alpha),
        "gmm" => Method::Gmm,
        "iterated_gmm" => Method::IteratedGmm,
        _ => {
            let (argument, value) = ("method".into(), format!("`{name}`"));
            let must = "2sls, liml, fuller, gmm or iterated_gmm".into();
            return Err(Error::Argument { argument, value, must });
        }
    })
}
