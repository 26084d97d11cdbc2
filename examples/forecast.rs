//! Deaths of the next years under two scenarios of spending, and how such forecasts did: `cargo run --example forecast`.

use averted::Error;
use averted::data::{Frame, Panel};
use averted::forecast::PanelForecast;
use averted::forecast::backtest::Backtest;
use averted::forecast::scenario::{LagResponse, Scenario};
use averted::parallel::Watch;
use ndarray::array;

fn main() -> Result<(), Error> {
    let panel = panel()?;
    // What spending does is known from elsewhere, with its uncertainty: log rate ratios of this year and of the last.
    let response = LagResponse::new("spend", array![-0.010, -0.005], array![[1e-5, 0.0], [0.0, 1e-5]])?;
    let spec = PanelForecast::new(5)
        .scenario("flat", vec![])
        .scenario("+20%", vec![("spend".into(), Scenario::multiple("+20%", 1.2)?)])
        .response(response)
        .seed(1);
    for unit in spec.run(&panel)? {
        match unit.outcome {
            Ok(outcome) => {
                println!("{}\n{}", unit.unit, outcome.forecast.table(0.95)?);
                let gap = outcome.forecast.difference(1, 0, 5, 0.95)?;
                println!("+20% minus flat: {:.0} ({:.0} to {:.0})\n", gap.estimate, gap.lower, gap.upper);
            }
            Err(reason) => println!("{}: no forecast: {reason}\n", unit.unit),
        }
    }
    for (unit, result) in spec.backtest(&panel, &Backtest::new(3).windows(5).seed(1), &Watch::none())? {
        println!("{unit}\n{}", result?.table());
    }
    Ok(())
}

/// A state over thirty years, by formula: no file is needed.
fn panel() -> Result<Panel, Error> {
    let wave = |t: f64| 400.0 * (0.02 * t + 0.15 * (0.9 * t).sin()).exp();
    let years = || (0..30).map(f64::from);
    let frame = Frame::new()
        .with_text("state", &[Some("Sonora"); 30])?
        .with_number("year", years().map(|t| 1994.0 + t).collect())?
        .with_number("deaths", years().map(|t| wave(t).round()).collect())?
        .with_number("people", years().map(|t| 2.2e6 * (0.01 * t).exp()).collect())?
        .with_number("spend", years().map(|t| 10.0 + (t % 5.0)).collect())?;
    Panel::new(frame, "state", "year")?.events("deaths")?.population("people")
}
