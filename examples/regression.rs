//! Rates by state and year, fitted, tested and predicted: `cargo run --example regression`.

use averted::Error;
use averted::data::Frame;
use averted::inference::{Covariance, Estimates, SmallSample};
use averted::regression::Poisson;

fn main() -> Result<(), Error> {
    let data = states()?;
    let spec = Poisson::new().exposure("population").cluster("state").panel("state", "year");
    println!("{spec}\n");

    // Deaths per person on spending of this year and of the year before, net of state and year.
    let fit = spec.fit("deaths ~ lag(spend, 0:1) | state + year", &data)?;
    println!("{fit}");

    // Inference is a second step: the same fit, other standard errors.
    for (name, fit) in [
        ("robust", fit.with_covariance(Covariance::Robust)?),
        ("two-way", fit.with_covariance(Covariance::cluster(["state", "year"]))?),
        ("linearmodels", fit.with_convention("state", SmallSample::LINEARMODELS)?),
    ] {
        println!("{name:>12}: {:.5}", fit.std_errors()[0]);
    }

    // Does spending of either year matter at all?
    let test = fit.wald("lag(spend, 0) = 0, lag(spend, 1) = 0")?;
    println!("\n{}", test.table());

    // Means of the data themselves, with their standard errors; years without a lag have none.
    let expected = fit.predict(&data)?;
    let (lower, upper) = expected.interval(0.95)?;
    for row in 1..4 {
        println!("row {row}: {:.1} ({:.1} to {:.1})", expected.mean[row], lower[row], upper[row]);
    }
    Ok(())
}

/// Ten states over twelve years, by formula: no file is needed.
fn states() -> Result<Frame, Error> {
    let cells: Vec<(f64, f64)> =
        (0..10).flat_map(|s| (0..12).map(move |t| (f64::from(s), f64::from(t)))).collect();
    let column = |of: &dyn Fn(f64, f64) -> f64| cells.iter().map(|&(s, t)| of(s, t)).collect::<Vec<f64>>();
    let spend = |s: f64, t: f64| 2.0 + (1.7 * s + 0.9 * t).sin() + 0.05 * t;
    let people = |s: f64, t: f64| 1e6 * (1.0 + s / 4.0) * (1.0 + 0.01 * t);
    let rate = |s: f64, t: f64| {
        9e-5 * (0.3 * s.cos() + 0.02 * t - 0.05 * spend(s, t - 1.0) + 0.1 * (5.0 * s + 3.0 * t).sin()).exp()
    };
    let names: Vec<Option<String>> = cells.iter().map(|(s, _)| Some(format!("State {s}"))).collect();
    Frame::new()
        .with_text("state", &names)?
        .with_number("year", column(&|_, t| 2008.0 + t))?
        .with_number("spend", column(&spend))?
        .with_number("population", column(&people))?
        .with_number("deaths", column(&|s, t| (people(s, t) * rate(s, t)).round()))
}
