//! Money: sharing out, deflation and exchange against values worked by hand from the published months, and refusals.

use averted::data::calendar::Frequency;
use averted::data::{Currency, Frame, Kind, Money, Panel, Prices, Stage, cpi_u, mxn_per_usd};
use averted::{Error, Result};
use proptest::prelude::*;

/// CPI-U from October 2017 to September 2018, from October 2018 to September 2019, and of 2020, as BLS prints them.
const FY2018: [f64; 12] = [
    246.663, 246.669, 246.524, 247.867, 248.991, 249.554, 250.546, 251.588, 251.989, 252.006, 252.146,
    252.439,
];
const FY2019: [f64; 12] = [
    252.885, 252.038, 251.233, 251.712, 252.776, 254.202, 255.548, 256.092, 256.143, 256.571, 256.558,
    256.759,
];
const IN_2020: [f64; 12] = [
    257.971, 258.678, 258.115, 256.389, 256.394, 257.797, 259.101, 259.918, 260.28, 260.388, 260.229, 260.474,
];
/// Pesos a dollar in 2018, Federal Reserve H.10.
const PESOS: [f64; 12] = [
    18.9118, 18.6473, 18.5901, 18.3876, 19.5525, 20.2878, 18.9856, 18.8633, 18.9991, 19.1958, 20.2448,
    20.0972,
];

fn mean(months: &[f64; 12]) -> f64 {
    months.iter().sum::<f64>() / 12.0
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-12 * b.abs().max(1.0)
}

/// One unit by year.
fn years(years: &[f64], amounts: &[f64]) -> Result<Panel> {
    let frame = Frame::new()
        .with_text("country", &vec![Some("Mexico"); years.len()])?
        .with_number("year", years.to_vec())?
        .with_number("aid", amounts.to_vec())?
        .with_number("people", vec![100.0; years.len()])?;
    Panel::new(frame, "country", "year")
}

fn total(money: Money) -> Money {
    money.per_person(false)
}

fn spend(panel: &Panel) -> &[f64] {
    panel.frame().number("spend").expect("declared")
}

#[test]
fn constant_dollars_are_what_hand_and_paper_give() -> Result<()> {
    let aid = total(Money::new("aid").fiscal_year_start(10).real(2020));
    let panel = years(&[2018.0, 2019.0], &[1000.0, 2000.0])?.money(aid)?;
    let (first, second) = (1000.0 * mean(&IN_2020) / mean(&FY2018), 2000.0 * mean(&IN_2020) / mean(&FY2019));
    assert!(close(spend(&panel)[0], 0.75 * first + 0.25 * second));
    assert!(close(spend(&panel)[0], 1_285.932_283_441_661_9)); // the same, worked outside this program
    assert!(spend(&panel)[1].is_nan());
    assert_eq!(panel.spending()[0].notes, ["2019 is missing: FY2020 is not in the data (1 row)"]);
    // A panel that is itself by fiscal year needs no sharing out.
    let federal = Frequency::fiscal_year(10)?;
    let frame = years(&[2018.0, 2019.0], &[1000.0, 2000.0])?.frame().clone();
    let panel = Panel::with_frequency(frame, "country", "year", federal)?;
    for money in [Money::new("aid").real(2020), Money::new("aid").real(2020).fiscal_year_start(10)] {
        let panel = panel.clone().money(total(money))?;
        assert!(close(spend(&panel)[0], first) && close(spend(&panel)[1], second));
        assert_eq!(panel.spending()[0].kind.calendar, federal);
    }
    Ok(())
}

#[test]
fn the_index_and_the_rate_are_the_published_ones() {
    // Annual averages that BLS publishes to three decimals.
    for (year, published) in
        [(1999, 166.6), (2008, 215.303), (2018, 251.107), (2020, 258.811), (2023, 304.702)]
    {
        let value = cpi_u().mean(Frequency::Year.months(year)).value.expect("a whole year");
        assert!((value - published).abs() < 0.051 / if year < 2007 { 1.0 } else { 50.0 }, "{year}: {value}");
    }
    let rate = mxn_per_usd().mean(Frequency::Year.months(2018)).value.expect("a whole year");
    assert!(close(rate, mean(&PESOS)));
    // Every line of both tables is read.
    let lines = |table: &str| table.lines().count() - 1;
    let span = |from: i64, to: i64| (from..=to).filter(|m| cpi_u().month(*m).is_some()).count();
    assert_eq!(span(12 * 1913, 12 * 2026 + 4), lines(include_str!("../src/data/money/cpi_u.csv")));
    let months = (12 * 1993 + 10..=12 * 2026 + 5).filter(|m| mxn_per_usd().month(*m).is_some()).count();
    assert_eq!(months, lines(include_str!("../src/data/money/mxn_usd.csv")));
}

#[test]
fn pesos_are_converted_then_deflated() -> Result<()> {
    let pesos = total(Money::new("aid").currency(Currency::Mxn));
    let panel = years(&[2018.0], &[19_000.0])?.money(pesos.clone().to(Currency::Usd).real(2020))?;
    assert!(close(spend(&panel)[0], 1_018.341_254_664_444_3));
    let back = total(Money::new("aid").to(Currency::Mxn));
    let panel = years(&[2018.0], &[1000.0])?.money(back)?;
    assert!(close(spend(&panel)[0], 1000.0 * mean(&PESOS)));
    assert_eq!(panel.spending()[0].kind.unit(), "nominal Mexican pesos");

    let refused = years(&[2018.0], &[1.0])?.money(pesos.clone().real(2020)).unwrap_err();
    assert!(matches!(refused, Error::Money { differ: "price base", .. }));
    assert!(refused.to_string().contains("convert to dollars first"), "{refused}");
    let constant = pesos.clone().prices(Prices::Real(2018));
    let refused = years(&[2018.0], &[1.0])?.money(constant.clone().to(Currency::Usd)).unwrap_err();
    assert!(matches!(refused, Error::Money { differ: "currency", .. }));
    let kept = years(&[2018.0], &[1.0])?.money(constant)?;
    assert_eq!(kept.spending()[0].kind.prices, Prices::Real(2018));
    // Before the rate begins there is none.
    let panel = years(&[1990.0, 2018.0], &[1.0, f64::NAN])?.money(pesos.to(Currency::Usd))?;
    assert!(spend(&panel).iter().all(|v| v.is_nan()));
    assert!(
        panel.spending()[0].notes[0].starts_with("1990 is missing: MXN/USD has 0 of its 12 months (1993-11")
    );
    Ok(())
}

#[test]
fn a_year_with_a_hole_is_averaged_and_said_and_an_unfinished_one_is_missing() -> Result<()> {
    let panel = years(&[2025.0, 2026.0], &[100.0, 100.0])?.money(total(Money::new("aid").real(2020)))?;
    let notes = &panel.spending()[0].notes;
    assert_eq!(notes[0], "2025: CPI-U is the mean of 11 of 12 months");
    assert!(notes[1].starts_with("2026 is missing: CPI-U has 5 of its 12 months"), "{notes:?}");
    // 321.943: the mean of the eleven months of 2025.
    assert!(close(spend(&panel)[0], 100.0 * mean(&IN_2020) / 321.943));
    assert!(spend(&panel)[1].is_nan());
    for year in [1900, 2026] {
        let refused = years(&[2018.0], &[1.0])?.money(total(Money::new("aid").real(year))).unwrap_err();
        assert!(refused.to_string().contains("a year that CPI-U covers (1913-01 to 2026-05)"), "{refused}");
    }
    let panel = years(&[2018.0], &[1.0])?.money(total(Money::new("aid").real(2025)))?;
    assert_eq!(panel.spending()[0].notes, ["prices of 2025 are the mean of 11 of 12 months of CPI-U"]);
    // A month has all or nothing.
    let frame = Frame::new()
        .with_text("country", &[Some("Mexico"); 2])?
        .with_text("month", &[Some("2025-09"), Some("2025-10")])?
        .with_number("aid", vec![1.0, 1.0])?;
    let panel = Panel::new(frame, "country", "month")?.money(total(Money::new("aid").real(2020)))?;
    assert!(close(spend(&panel)[0], mean(&IN_2020) / 324.8) && spend(&panel)[1].is_nan());
    Ok(())
}

#[test]
fn what_cannot_be_converted_is_refused_with_a_remedy() -> Result<()> {
    let panel = years(&[2018.0, 2019.0], &[1.0, 2.0])?;
    let message = |money: Money| panel.clone().money(money).unwrap_err().to_string();
    assert!(message(Money::new("aid")).contains("declare the panel's population before its money"));
    assert!(message(Money::new("aids")).contains("did you mean `aid`?"));
    assert!(message(total(Money::new("aid").name("aid"))).contains("the data have a column `aid` already"));
    assert!(message(total(Money::new("aid").name(""))).contains("must be a name"));
    assert!(message(total(Money::new("aid").fiscal_year_start(13))).contains("a month from 1 (January)"));
    assert!(message(total(Money::new("country"))).contains("holds text, numbers needed"));
    let infinite = years(&[2018.0], &[f64::INFINITY])?.money(total(Money::new("aid"))).unwrap_err();
    assert!(matches!(infinite, Error::Domain { row: 0, .. }));
    let frame = Frame::new()
        .with_text("country", &[Some("Mexico")])?
        .with_text("month", &[Some("2018-03")])?
        .with_number("aid", vec![1.0])?;
    let monthly = Panel::new(frame, "country", "month")?;
    let refused = monthly.money(total(Money::new("aid").fiscal_year_start(10))).unwrap_err().to_string();
    assert!(refused.contains("left out where the panel is by months"), "{refused}");
    Ok(())
}

#[test]
fn kinds_refuse_to_mix() -> Result<()> {
    let usd = Kind {
        stage: Some(Stage::Disbursed),
        currency: Currency::Usd,
        prices: Prices::Real(2020),
        calendar: Frequency::Year,
        per_person: false,
    };
    let others = [
        ("stage", Kind { stage: Some(Stage::Obligated), ..usd }),
        ("stage", Kind { stage: None, ..usd }),
        ("currency", Kind { currency: Currency::Mxn, ..usd }),
        ("price base", Kind { prices: Prices::Nominal, ..usd }),
        ("price base", Kind { prices: Prices::Real(2015), ..usd }),
        ("calendar", Kind { calendar: Frequency::FiscalYear { start_month: 10 }, ..usd }),
        ("measure", Kind { per_person: true, ..usd }),
    ];
    assert_eq!(usd.require_same(&usd), Ok(()));
    for (what, other) in others {
        let refused = usd.require_same(&other).unwrap_err();
        assert!(
            matches!(&refused, Error::Money { differ, remedy, .. } if *differ == what && !remedy.is_empty())
        );
    }
    let money = |name: &str, stage| total(Money::new("aid").name(name).stage(stage).real(2020));
    let panel = years(&[2018.0, 2019.0], &[100.0, f64::NAN])?
        .money(money("a", Stage::Disbursed))?
        .money(money("b", Stage::Disbursed))?
        .money(money("c", Stage::Obligated))?;
    let sum = panel.clone().add_money(&["a", "b"], "both")?;
    let (both, a) = (sum.frame().number("both_total")?, sum.frame().number("a")?);
    assert!(close(both[0], 2.0 * a[0]) && both[1].is_nan());
    assert_eq!(sum.spending()[3].column, "aid + aid");
    let refused = panel.clone().add_money(&["a", "c"], "mixed").unwrap_err().to_string();
    assert!(refused.contains("disbursed, calendar years and 2020 US dollars, obligated"), "{refused}");
    assert!(panel.clone().add_money(&["a", "d"], "x").unwrap_err().to_string().contains("a, b, c"));
    assert!(panel.add_money(&["a"], "x").is_err());
    Ok(())
}

#[test]
fn heads_gaps_and_money_taken_back() -> Result<()> {
    // 2020 has no row: neither 2019 nor anything is filled from across the gap.
    let aid = Money::new("aid").fiscal_year_start(10);
    let panel = years(&[2018.0, 2019.0, 2021.0, 2022.0], &[400.0, -80.0, 40.0, 80.0])?;
    let panel = panel.population("people")?.money(aid)?;
    assert!(close(spend(&panel)[0], (300.0 - 20.0) / 100.0) && spend(&panel)[1].is_nan());
    assert!(close(spend(&panel)[2], 0.5) && spend(&panel)[3].is_nan());
    assert!(close(panel.frame().number("spend_total")?[0], 280.0));
    let notes = panel.spending()[0].notes.join("\n");
    assert!(notes.contains("negative in 1 row (first in row 1)"), "{notes}");
    assert!(
        notes.contains("2019 is missing: FY2020") && notes.contains("2022 is missing: FY2023"),
        "{notes}"
    );
    Ok(())
}

proptest! {
    /// Over years whose months are all covered, sharing out keeps the total: with one amount before and after, a sum
    /// of calendar years is a sum of fiscal years less and plus the months at the ends.
    #[test]
    fn sharing_out_keeps_totals(amounts in prop::collection::vec(-1e6..1e6_f64, 3..12), start in 1_u8..=12) {
        let names: Vec<f64> = (0..amounts.len()).map(|i| 2000.0 + i as f64).collect();
        let panel = years(&names, &amounts).and_then(|p| p.money(total(Money::new("aid").fiscal_year_start(start))));
        let panel = panel.expect("plain years");
        let shared: f64 = spend(&panel).iter().filter(|v| !v.is_nan()).sum();
        let known = spend(&panel).iter().filter(|v| !v.is_nan()).count();
        // Months of the first fiscal year before its January, and months of the last before the last December.
        let before = if start == 1 { 0.0 } else { f64::from(13 - start) / 12.0 };
        let expected = if start == 1 {
            amounts.iter().sum::<f64>()
        } else {
            let inner: f64 = amounts[1..amounts.len() - 1].iter().sum();
            amounts[0] * (1.0 - before) + inner + amounts[amounts.len() - 1] * before
        };
        prop_assert_eq!(known, if start == 1 { amounts.len() } else { amounts.len() - 1 });
        prop_assert!((shared - expected).abs() <= 1e-6, "{} {}", shared, expected);
    }

    /// To another base year and back is where one began.
    #[test]
    fn deflating_there_and_back_is_identity(amount in 1.0..1e9_f64, year in 1914_i32..2024, base in 1914_i32..2024) {
        let there = total(Money::new("aid").prices(Prices::Real(year)).real(base).name("there"));
        let panel = years(&[2000.0], &[amount]).and_then(|p| p.money(there)).expect("covered years");
        let back = total(Money::new("there").prices(Prices::Real(base)).real(year));
        let panel = panel.money(back).expect("covered years");
        prop_assert!((spend(&panel)[0] / amount - 1.0).abs() < 1e-12);
    }

    /// Rows may stand in any order.
    #[test]
    fn permuting_rows_changes_nothing(seed in 0_usize..1000) {
        let names: Vec<f64> = (2000..2012).map(f64::from).collect();
        let amounts: Vec<f64> = (0..12).map(|i| f64::from(i * i) - 3.0).collect();
        let money = || total(Money::new("aid").fiscal_year_start(10).real(2015));
        let plain = years(&names, &amounts).and_then(|p| p.money(money())).expect("plain");
        let order: Vec<usize> = (0..12).map(|i| (i * 5 + seed) % 12).collect();
        let pick = |values: &[f64]| order.iter().map(|&i| values[i]).collect::<Vec<_>>();
        let mixed = years(&pick(&names), &pick(&amounts)).and_then(|p| p.money(money())).expect("plain");
        let expected = pick(spend(&plain));
        for (a, b) in spend(&mixed).iter().zip(&expected) {
            prop_assert!(a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()));
        }
        prop_assert_eq!(&plain.spending()[0].kind, &mixed.spending()[0].kind);
    }
}
