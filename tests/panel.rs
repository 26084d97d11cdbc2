//! Panels: calendars, counts, gaps, zeros that the source leaves out, and bad input.

use averted::data::{Count, Events, Frame, Money, Panel};
use averted::{Error, Result};

fn towns() -> Frame {
    Frame::new()
        .with_text("town", &[Some("B"), Some("A"), Some("A"), Some("C")])
        .and_then(|f| {
            f.with_text("month", &[Some("2019-01"), Some("Mar 2019"), Some("2019-01"), Some("2019-05")])
        })
        .and_then(|f| f.with_text("deaths", &[Some("Suppressed"), Some("12"), None, Some("0")]))
        .and_then(|f| f.with_number("people", vec![10.0, 20.0, f64::NAN, 30.0]))
        .expect("four rows")
}

#[test]
fn zeros_are_added_only_when_asked_and_only_in_periods_that_exist() -> Result<()> {
    let panel = Panel::new(towns(), "town", "month")?.events("deaths")?.population("people")?;
    assert_eq!(panel.frame().rows(), 4);
    let full = panel.implicit_zeros()?;
    // Three towns by January, March and May; February and April are in nobody's data.
    assert_eq!(full.frame().rows(), 9);
    let counts = full.counts().expect("declared");
    assert_eq!(counts[0], Count::Interval { lo: 0.0, hi: 9.0 });
    assert_eq!((counts[2], counts[3]), (Count::Missing, Count::Exact(0.0)));
    assert!(counts[4..].iter().all(|c| *c == Count::Exact(0.0)));
    assert!(full.frame().number("people")?[4..].iter().all(|p| p.is_nan()));
    assert!(full.frame().number("deaths")?[4..].iter().all(|d| *d == 0.0));
    assert_eq!(full.gaps().iter().map(averted::data::Gap::periods).sum::<u64>(), 6);
    assert_eq!(
        full.notes(),
        ["5 rows added with no `deaths`, as asked: cells that the source leaves out are zeros"]
    );
    for row in 4..9 {
        let period = full.index().time()[row].expect("a period");
        assert_eq!(full.index().row(full.index().unit().codes()[row], period), Some(row));
    }
    // Nothing to add, nothing done.
    assert_eq!(full.clone().implicit_zeros()?.frame().rows(), 9);
    Ok(())
}

#[test]
fn zeros_come_after_events_and_before_money() -> Result<()> {
    let panel = Panel::new(towns(), "town", "month")?;
    assert!(panel.clone().implicit_zeros().unwrap_err().to_string().contains("after the events"));
    let panel = panel.events("deaths")?.money(Money::new("people").per_person(false))?;
    assert!(panel.implicit_zeros().unwrap_err().to_string().contains("before money"));
    Ok(())
}

#[test]
fn a_panel_is_a_paragraph() -> Result<()> {
    let panel = Panel::new(towns(), "town", "month")?.events("deaths")?.population("people")?;
    let panel = panel.money(Money::new("people").name("aid"))?;
    assert_eq!(
        panel.to_string(),
        "Panel of 3 units by `town` and `month`, months 2019-01 to 2019-05: 4 rows, 11 cells of the grid without a \
         row. Events `deaths`: 12 in 2 rows, 1 suppressed, 1 missing. Population `people`, missing in 1 row. Money \
         `aid`: nominal US dollars a head, stage not stated, months, missing in 1 row."
    );
    Ok(())
}

#[test]
fn bad_panels_are_refused_with_their_row() -> Result<()> {
    let frame = |years: &[f64], deaths: &[f64], people: f64| {
        Frame::new()
            .with_text("town", &vec![Some("A"); years.len()])
            .and_then(|f| f.with_number("year", years.to_vec()))
            .and_then(|f| f.with_number("deaths", deaths.to_vec()))
            .and_then(|f| f.with_number("people", vec![people; years.len()]))
            .expect("one length")
    };
    let build = |years: &[f64], deaths: &[f64], people: f64| {
        Panel::new(frame(years, deaths, people), "town", "year")?.events("deaths")?.population("people")
    };
    let message = |built: Result<Panel>| built.unwrap_err().to_string();
    assert!(matches!(build(&[], &[], 1.0), Err(Error::TooShort { .. })));
    assert!(message(build(&[2019.0, 2019.0], &[1.0, 2.0], 1.0)).contains("A, 2019 in rows 0 and 1"));
    assert!(message(build(&[2019.0, 2019.5], &[1.0, 2.0], 1.0)).contains("`year`, row 1: 2019.5"));
    assert!(message(build(&[2019.0, f64::NAN], &[1.0, 2.0], 1.0)).contains("`year` is missing in 1 rows"));
    assert!(message(build(&[2019.0, 2020.0], &[1.0, -2.0], 1.0)).contains("`deaths`, row 1: -2"));
    assert!(
        message(build(&[2019.0, 2020.0], &[1.0, 2.5], 1.0)).contains("row 1: 2.5 must be a whole number")
    );
    assert!(message(build(&[2019.0], &[1.0], 0.0)).contains("`people`, row 0: 0 must be a population above"));
    let unknown = Panel::new(frame(&[2019.0], &[1.0], 1.0), "twon", "year").unwrap_err();
    assert_eq!(unknown.to_string(), "no column `twon`; did you mean `town`?");
    // One unit and one period are few, but a panel.
    let one = build(&[2019.0], &[0.0], 5.0)?;
    assert!(one.gaps().is_empty());
    assert_eq!(one.tally().map(|t| (t.events, t.exact)), Some((0.0, 1)));
    Panel::new(frame(&[2019.0], &[2.5], 1.0), "town", "year")?.events(Events::new("deaths").fractional())?;
    Ok(())
}
