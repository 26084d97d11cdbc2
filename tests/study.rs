//! Every check of the audit on data made so that the truth is known, with the trap and without it; and the sentences.

use averted::Error;
use averted::data::{Frame, Panel};
use averted::distribution;
use averted::random::{self, Generator};
use averted::spending::SpendingResponse;
use averted::study::audit::CODES;
use averted::study::{Audit, Claim, Design, Language, Level, Referee, Severity};

/// Columns to be filled row by row.
#[derive(Default)]
struct Rows {
    unit: Vec<String>,
    time: Vec<f64>,
    deaths: Vec<f64>,
    people: Vec<f64>,
    spend: Vec<f64>,
}

impl Rows {
    fn push(&mut self, unit: usize, time: f64, deaths: f64, people: f64, spend: f64) {
        self.unit.push(format!("u{unit:03}"));
        self.time.push(time);
        self.deaths.push(deaths);
        self.people.push(people);
        self.spend.push(spend);
    }

    fn panel(self) -> Panel {
        let labels: Vec<Option<&str>> = self.unit.iter().map(|u| Some(u.as_str())).collect();
        let frame = Frame::new()
            .with_text("state", &labels)
            .and_then(|f| f.with_number("year", self.time))
            .and_then(|f| f.with_number("deaths", self.deaths))
            .and_then(|f| f.with_number("people", self.people))
            .and_then(|f| f.with_number("spend", self.spend))
            .expect("one length");
        declared(frame)
    }
}

fn declared(frame: Frame) -> Panel {
    Panel::new(frame, "state", "year")
        .and_then(|p| p.events("deaths"))
        .and_then(|p| p.population("people"))
        .expect("a panel")
}

fn poisson(mean: f64, g: &mut Generator) -> f64 {
    distribution::Poisson::new(mean).expect("a mean").draw(g)
}

/// A panel without any trap.
fn clean(seed: u64, units: usize, years: usize, slope: f64) -> Panel {
    let mut g = random::stream(seed, 0);
    let mut rows = Rows::default();
    for i in 0..units {
        let (size, rate) = (1e6 * (1.0 + random::uniform(&mut g)), 1e-4 * (1.0 + random::uniform(&mut g)));
        for t in 0..years {
            let spend = 3.0 + random::uniform(&mut g);
            let people = size * 1.01_f64.powi(t as i32);
            let mean = people * rate * (slope * spend).exp();
            rows.push(i, 2001.0 + t as f64, poisson(mean, &mut g), people, spend);
        }
    }
    rows.panel()
}

fn audit(panel: &Panel) -> Audit {
    Referee::new().spend("spend").audit(panel).expect("an audit")
}

/// Whether a code was found, and its main number.
fn value(audit: &Audit, code: &str) -> f64 {
    audit.finding(code).unwrap_or_else(|| panic!("{code} not in\n{audit}")).measured[0].value
}

fn measured(audit: &Audit, code: &str, name: &str) -> f64 {
    let finding = audit.finding(code).unwrap_or_else(|| panic!("{code} not in\n{audit}"));
    let found = finding.measured.iter().find(|m| m.name == name);
    found.unwrap_or_else(|| panic!("no {name} in {}", finding.numbers())).value
}

#[test]
fn a_panel_without_traps_is_clear() {
    let audit = audit(&clean(1, 40, 12, 0.0));
    let worrying: Vec<_> = audit.findings.iter().filter(|f| f.severity > Severity::Note).collect();
    assert!(worrying.is_empty(), "{audit}");
    assert!(audit.refused().is_empty() && audit.permit().is_ok());
    for code in ["AV01", "AV02", "AV05", "AV08", "AV15", "AV16", "AV17", "AV18"] {
        assert!(audit.clear.contains(&code), "{code} in\n{audit}");
    }
    assert_eq!(audit.finding("AV03").expect("always said").severity, Severity::Note);
}

/// Months of one unit, and their sums over twelve.
fn monthly(seed: u64, seasonal: f64, walk: f64) -> (Vec<f64>, Vec<f64>) {
    let mut g = random::stream(seed, 0);
    let mut level = 5.0_f64;
    let months: Vec<f64> = (0..96)
        .map(|t| {
            level += walk * random::normal(&mut g);
            let season = seasonal * (std::f64::consts::TAU * f64::from(t) / 12.0).sin();
            poisson((level + season).exp(), &mut g)
        })
        .collect();
    let sums = months.windows(12).map(|w| w.iter().sum()).collect();
    (months, sums)
}

fn months_panel(series: &[Vec<f64>]) -> Panel {
    let (mut unit, mut month, mut deaths) = (vec![], vec![], vec![]);
    for (i, values) in series.iter().enumerate() {
        for (t, value) in values.iter().enumerate() {
            unit.push(format!("u{i}"));
            month.push(format!("{}-{:02}", 2010 + t / 12, 1 + t % 12));
            deaths.push(*value);
        }
    }
    let text = |values: &[String]| values.iter().map(|v| Some(v.clone())).collect::<Vec<_>>();
    let frame = Frame::new()
        .with_text("state", &text(&unit))
        .and_then(|f| f.with_text("month", &text(&month)))
        .and_then(|f| f.with_number("deaths", deaths))
        .expect("one length");
    Panel::new(frame, "state", "month").and_then(|p| p.events("deaths")).expect("a panel")
}

#[test]
fn av01_refuses_sums_over_twelve_months_and_nothing_else() {
    let referee = Referee::new();
    for (seed, seasonal, walk) in
        [(1, 0.0, 0.0), (2, 0.3, 0.0), (3, 0.2, 0.02), (4, 0.0, 0.0), (5, 0.3, 0.01)]
    {
        let (months, sums) = monthly(seed, seasonal, walk);
        let audit = referee.audit(&months_panel(&[months])).expect("an audit");
        assert!(audit.finding("AV01").is_none(), "{audit}");
        let audit = referee.audit(&months_panel(&[sums])).expect("an audit");
        let finding = audit.finding("AV01").unwrap_or_else(|| panic!("{audit}"));
        assert_eq!(finding.severity, Severity::Refuse);
        assert!((-0.75..-0.25).contains(&finding.measured[0].value), "{}", finding.numbers());
    }
    // Many independent units: the autocorrelation is close to −½.
    let series: Vec<Vec<f64>> = (10..40).map(|seed| monthly(seed, 0.2, 0.0).1).collect();
    let audit = referee.audit(&months_panel(&series)).expect("an audit");
    assert!((value(&audit, "AV01") + 0.5).abs() < 0.05, "{}", value(&audit, "AV01"));
    // Too short to tell, but the name tells.
    let (_, sums) = monthly(6, 0.0, 0.0);
    let short = months_panel(&[sums[..20].to_vec()]);
    assert!(referee.audit(&short).expect("an audit").finding("AV01").is_none());
    let labels = vec![Some("12 month-ending"); 20];
    let frame = short.frame().clone().with_text("period", &labels).expect("one length");
    let named = Panel::new(frame, "state", "month").and_then(|p| p.events("deaths")).expect("a panel");
    assert!(referee.audit(&named).expect("an audit").finding("AV01").is_some());
}

#[test]
fn av02_tells_random_walks_from_noise() {
    let walk = |drift: f64, step: f64| {
        let mut g = random::stream(7, 0);
        let mut rows = Rows::default();
        for i in 0..30 {
            let (mut a, mut b) = (0.0, 5.0);
            for t in 0..20 {
                a = step * a + drift + 0.15 * random::normal(&mut g);
                b = 5.0 * (1.0 - step) + step * b + drift + 0.3 * random::normal(&mut g);
                let mean = 500.0 * a.exp();
                rows.push(i, 2001.0 + f64::from(t), poisson(mean, &mut g), 1e6, b.max(0.1));
            }
        }
        rows.panel()
    };
    let drifting = audit(&walk(0.1, 1.0));
    assert_eq!(drifting.finding("AV02").expect("spurious").severity, Severity::Warn);
    // A random walk of 20 periods has 6/21; the trend lowers it further.
    assert!(value(&drifting, "AV02") < 0.4, "{drifting}");
    assert!((measured(&drifting, "AV02", "of a random walk") - 6.0 / 21.0).abs() < 1e-12);
    assert!(measured(&drifting, "AV02", "units in which both trend") > 80.0);
    assert!(audit(&walk(0.0, 0.0)).finding("AV02").is_none());
}

#[test]
fn av03_warns_where_spending_follows_deaths() {
    let base = clean(8, 30, 14, 0.0);
    let mut g = random::stream(9, 0);
    let frame = base.frame();
    let (deaths, people) = (frame.number("deaths").expect("there"), frame.number("people").expect("there"));
    let rate: Vec<f64> = deaths.iter().zip(people).map(|(d, n)| 1e5 * d / n).collect();
    let before = base.index().shift(&rate, 1);
    let spend = before.iter().map(|r| r + 0.3 * random::normal(&mut g)).collect();
    let panel = declared(frame.clone().with_number("spend", spend).expect("one length"));
    let audit = audit(&panel);
    let finding = audit.finding("AV03").expect("a finding");
    assert_eq!(finding.severity, Severity::Warn);
    assert!(measured(&audit, "AV03", "past deaths in spending, p") < 1e-4);
    assert!(value(&audit, "AV03") < 1e-4);
}

#[test]
fn av05_bounds_what_is_hidden() {
    let frame = Frame::new()
        .with_text("state", &["a", "a", "b", "b", "c"].map(Some))
        .and_then(|f| f.with_number("year", vec![2001.0, 2002.0, 2001.0, 2002.0, 2001.0]))
        .and_then(|f| f.with_text("deaths", &["60", "Suppressed", "1-9", "31", "40"].map(Some)))
        .and_then(|f| f.with_number("people", vec![1e5; 5]))
        .expect("one length");
    let audit = Referee::new().audit(&declared(frame)).expect("an audit");
    assert_eq!(value(&audit, "AV05"), 40.0);
    assert_eq!(measured(&audit, "AV05", "which hide at least"), 1.0);
    assert_eq!(measured(&audit, "AV05", "and at most"), 18.0);
    assert_eq!(measured(&audit, "AV05", "at most"), 100.0 * 18.0 / 149.0);
    // Blank cells that a column marks.
    let panel = clean(10, 6, 4, 0.0);
    let mut deaths = panel.frame().number("deaths").expect("there").to_vec();
    deaths[2] = f64::NAN;
    deaths[3] = f64::NAN;
    let mut marks = vec![None; deaths.len()];
    marks[2] = Some("heroin deaths, deaths");
    marks[3] = Some("heroin");
    let frame =
        panel.frame().clone().with_number("deaths", deaths).and_then(|f| f.with_text("suppressed", &marks));
    let audit = Referee::new().audit(&declared(frame.expect("one length"))).expect("an audit");
    assert!((value(&audit, "AV05") - 100.0 / 24.0).abs() < 1e-12);
}

#[test]
fn av08_tells_lost_zeros_from_gaps() {
    let mut g = random::stream(11, 0);
    let make = |keep_zeros: bool, g: &mut Generator| {
        let mut rows = Rows::default();
        for i in 0..20 {
            for t in 0..15 {
                let deaths = poisson(1.5, g);
                if deaths > 0.0 || keep_zeros {
                    rows.push(i, 2001.0 + f64::from(t), deaths, 1e5, 1.0 + f64::from(t % 3));
                }
            }
        }
        rows.panel()
    };
    let lost = audit(&make(false, &mut g));
    assert_eq!(lost.finding("AV08").expect("lost zeros").severity, Severity::Warn);
    // A fifth of Poisson cells of mean 1.5 are zero.
    assert!((15.0..30.0).contains(&measured(&lost, "AV08", "absent")), "{lost}");
    assert!(value(&lost, "AV08") > 3.0);
    assert_eq!(measured(&lost, "AV08", "zeros written"), 0.0);
    let kept = audit(&make(true, &mut g));
    assert!(kept.finding("AV08").is_none() && kept.finding("AV17").is_some(), "{kept}");
    // A hole in large counts is a gap, no zero.
    let whole = clean(12, 8, 9, 0.0);
    let mut rows = Rows::default();
    let frame = whole.frame();
    let column = |name: &str| frame.number(name).expect("there").to_vec();
    let (year, deaths, people, spend) = (column("year"), column("deaths"), column("people"), column("spend"));
    for row in (0..frame.rows()).filter(|row| *row != 3) {
        rows.push(row / 9, year[row], deaths[row], people[row], spend[row]);
    }
    let gap = audit(&rows.panel());
    assert_eq!(gap.finding("AV08").expect("a gap").severity, Severity::Note);
    assert!((value(&gap, "AV08") - 100.0 / 72.0).abs() < 1e-12);
}

fn with(panel: &Panel, column: &str, change: impl Fn(usize, f64) -> f64) -> Panel {
    let old = panel.frame().number(column).expect("there");
    let new = old.iter().enumerate().map(|(row, value)| change(row, *value)).collect();
    declared(panel.frame().clone().with_number(column, new).expect("one length"))
}

#[test]
fn av15_finds_the_year_in_which_money_changes_and_what_is_taken_back() {
    let panel = clean(13, 20, 14, 0.0);
    // From the seventh year on three times the money, for everyone.
    let broken = audit(&with(&panel, "spend", |row, s| if row % 14 >= 6 { 3.0 * s } else { s }));
    let finding = broken.finding("AV15").expect("a break");
    assert_eq!(finding.severity, Severity::Warn);
    assert!(finding.evidence.contains("2007") && !finding.evidence.contains("2008"), "{}", finding.evidence);
    assert!((value(&broken, "AV15") - 200.0).abs() < 40.0, "{broken}");
    // One unit alone is no change of scope.
    let one = audit(&with(&panel, "spend", |row, s| if row == 6 { 30.0 * s } else { s }));
    assert!(one.finding("AV15").is_none(), "{one}");
    let taken = audit(&with(&panel, "spend", |row, s| if row == 6 { -20.0 } else { s }));
    assert_eq!(value(&taken, "AV15"), 1.0);
    assert!((measured(&taken, "AV15", "negative") - 100.0 / 280.0).abs() < 1e-12);
}

#[test]
fn av16_finds_frozen_populations_and_seams() {
    let panel = clean(14, 20, 14, 0.0);
    let people = panel.frame().number("people").expect("there").to_vec();
    // Unit 2 keeps its first year's population for ten years.
    let frozen =
        audit(&with(&panel, "people", |row, n| if (28..38).contains(&row) { people[28] } else { n }));
    let finding = frozen.finding("AV16").expect("frozen");
    assert_eq!((finding.severity, finding.measured[0].value), (Severity::Warn, 5.0));
    assert_eq!(measured(&frozen, "AV16", "longest run"), 10.0);
    assert!(
        (measured(&frozen, "AV16", "largest change after one") - 100.0 * (1.01_f64.powi(10) - 1.0)).abs()
            < 1e-9
    );
    // Everyone loses 4 % in one year: two vintages.
    let seam = audit(&with(&panel, "people", |row, n| if row % 14 >= 9 { 0.96 * n } else { n }));
    let finding = seam.finding("AV16").expect("a seam");
    assert_eq!((finding.severity, finding.measured[0].value), (Severity::Note, 100.0));
    assert!(finding.evidence.contains("2010"), "{}", finding.evidence);
}

#[test]
fn av17_shows_how_log1p_depends_on_units() {
    let mut g = random::stream(15, 0);
    let mut rows = Rows::default();
    for i in 0..20 {
        for t in 0..10 {
            rows.push(i, 2001.0 + f64::from(t), poisson(2.0, &mut g), 1e5, f64::from((i as i32 + t) % 4));
        }
    }
    let panel = rows.panel();
    let frame = panel.frame().number("deaths").expect("there");
    let zeros = frame.iter().filter(|d| **d == 0.0).count();
    let plain = audit(&panel);
    assert_eq!(plain.finding("AV17").expect("zeros").severity, Severity::Note);
    assert_eq!(value(&plain, "AV17"), zeros as f64 / 2.0);
    assert_eq!(measured(&plain, "AV17", "zero or less in spend"), 25.0);
    let logged = |formula: &str| Referee::new().formula(formula).audit(&panel).expect("an audit");
    let scaled = logged("log1p(deaths) ~ spend | state");
    assert_eq!(scaled.finding("AV17").expect("log1p").severity, Severity::Warn);
    let coefficient =
        |factor: u32| measured(&scaled, "AV17", &format!("spend with the outcome times {factor}"));
    assert!(
        (coefficient(1000) / coefficient(1)).abs() > 1.5 || (coefficient(1000) - coefficient(1)).abs() > 0.02
    );
    assert_eq!(logged("log(deaths) ~ spend").finding("AV17").expect("log").severity, Severity::Refuse);
    assert_eq!(logged("deaths ~ log(spend)").finding("AV17").expect("zeros").severity, Severity::Note);
}

#[test]
fn av18_counts_clusters_that_carry_information() {
    // Equal leverage: as many effective clusters as there are.
    let mut rows = Rows::default();
    for i in 0..12 {
        for t in 0..8 {
            let sign = if (i + t) % 2 == 0 { 1.0 } else { -1.0 };
            rows.push(i, 2001.0 + t as f64, 50.0, 1e6, 3.0 + sign);
        }
    }
    let even = audit(&rows.panel());
    assert_eq!(even.finding("AV18").expect("twelve are few").severity, Severity::Warn);
    assert_eq!(measured(&even, "AV18", "clusters"), 12.0);
    assert!((value(&even, "AV18") - 12.0).abs() < 1e-9);
    // Spending moves in three units only.
    let three = audit(&with(&clean(16, 40, 10, 0.0), "spend", |row, s| if row < 30 { s } else { 2.0 }));
    assert_eq!(three.finding("AV18").expect("three").severity, Severity::Refuse);
    assert_eq!(measured(&three, "AV18", "with spending that varies"), 3.0);
    // One unit carries nearly everything.
    let heavy = audit(&with(&clean(17, 40, 10, 0.0), "spend", |row, s| if row < 10 { 100.0 * s } else { s }));
    assert!(measured(&heavy, "AV18", "effective clusters") < 1.5, "{heavy}");
    assert!(heavy.finding("AV18").expect("heavy").evidence.contains("u000 alone carries"));
}

#[test]
fn accepting_takes_a_code_and_a_reason() {
    let panel = with(&clean(18, 40, 10, 0.0), "spend", |row, s| if row < 30 { s } else { 2.0 });
    let response = SpendingResponse::new().spend("spend").lags(1);
    let refused = Referee::new().respond(&response, &panel).unwrap_err();
    assert!(matches!(refused, Error::Refused { code: "AV18", .. }), "{refused}");
    let accepted = Referee::new().accept("AV18", "three pilots, by design").expect("a reason");
    assert!(accepted.respond(&response, &panel).is_ok());
    let audit = accepted.spend("spend").audit(&panel).expect("an audit");
    assert!(
        audit.refused().is_empty() && audit.to_string().contains("AV18 accepted: three pilots, by design")
    );
    let error = Referee::new().accept("AV81", "x").unwrap_err().to_string();
    assert!(error.contains("did you mean AV18?") || error.contains("did you mean AV01?"), "{error}");
    assert!(Referee::new().accept("AV18", "  ").is_err());
    assert!(CODES.windows(2).all(|w| w[0].0 < w[1].0));
}

#[test]
fn bad_panels_end_in_answers_or_typed_errors() {
    let bare = Panel::new(clean(19, 3, 3, 0.0).frame().clone(), "state", "year").expect("a panel");
    let audit = Referee::new().audit(&bare).expect("an audit");
    assert!(audit.skipped.iter().any(|(code, _)| *code == "AV05"));
    assert!(matches!(Referee::new().spend("spnd").audit(&bare), Err(Error::UnknownColumn { .. })));
    assert!(matches!(Referee::new().spend("state").audit(&bare), Err(Error::ColumnKind { .. })));
    assert!(matches!(Referee::new().formula("log(").audit(&bare), Err(Error::Formula { .. })));
    for panel in [clean(20, 1, 1, 0.0), clean(21, 1, 12, 0.0), clean(22, 12, 1, 0.0)] {
        let audit = Referee::new().spend("spend").audit(&panel).expect("an audit");
        assert!(audit.skipped.iter().any(|(code, _)| *code == "AV03"), "{audit}");
        let zeros = with(&panel, "deaths", |_, _| 0.0);
        Referee::new().spend("spend").audit(&zeros).expect("an audit");
        let same = with(&panel, "spend", |_, _| 1.0);
        Referee::new().spend("spend").audit(&same).expect("an audit");
        let none = with(&panel, "spend", |_, _| f64::NAN);
        Referee::new().spend("spend").audit(&none).expect("an audit");
    }
}

fn sentence(panel: &Panel, design: Option<&Design>, language: Language, adjusted: bool) -> Claim {
    let mut response = SpendingResponse::new().spend("spend").lags(1);
    if !adjusted {
        response = response.effects(Vec::<String>::new());
    }
    let fit = response.fit(panel).expect("a fit");
    let averted = fit.averted(1e6).expect("money");
    let test = fit.lead_test(2).expect("a test");
    Claim::new(&fit, &averted, Some(&test), design, language)
}

#[test]
fn no_causal_word_stands_below_the_third_rung() {
    let causal = ["averted", "reduced", "caused ", "saved", "evitó", "redujo", "salvó"];
    let strong = clean(23, 40, 12, -0.3);
    let null = clean(24, 40, 12, 0.0);
    for panel in [&strong, &null] {
        for language in [Language::English, Language::Spanish] {
            for (adjusted, level) in [(true, Level::Adjusted), (false, Level::Associated)] {
                let claim = sentence(panel, None, language, adjusted);
                assert_eq!(claim.level, level);
                let end = claim.sentence.find(". ").expect("a first sentence");
                for word in causal {
                    assert!(!claim.sentence[..end].contains(word), "{claim}");
                }
                assert!(!claim.limits.is_empty());
            }
        }
    }
    let found = sentence(&strong, None, Language::English, true);
    assert!(
        found.sentence.contains("was associated with") && found.sentence.contains("fewer deaths"),
        "{found}"
    );
    assert!(found.sentence.contains("could have detected"), "{found}");
    let nothing = sentence(&null, None, Language::English, true);
    assert!(nothing.sentence.contains("no association was found"), "{nothing}");
    assert!(nothing.sentence.contains("neither shown nor excluded"), "{nothing}");
    let nada = sentence(&null, None, Language::Spanish, true);
    assert!(nada.sentence.contains("no se halló asociación"), "{nada}");
}

#[test]
fn a_design_lifts_the_claim_only_if_its_checks_and_the_lead_test_pass() {
    let panel = clean(25, 40, 12, -0.3);
    let design = |passed| Design {
        name: "lottery of grants".into(),
        checks: vec![("balance".into(), true), ("no sorting".into(), passed)],
        randomised: false,
    };
    let lifted = sentence(&panel, Some(&design(true)), Language::English, true);
    assert_eq!(lifted.level, Level::QuasiExperimental, "{lifted}");
    assert!(lifted.sentence.contains("is estimated to have averted"), "{lifted}");
    let failed = sentence(&panel, Some(&design(false)), Language::English, true);
    assert_eq!(failed.level, Level::Adjusted);
    assert!(failed.limits[0].contains("no sorting"));
    let unchecked = Design { checks: Vec::new(), ..design(true) };
    assert_eq!(sentence(&panel, Some(&unchecked), Language::English, true).level, Level::Adjusted);
    let random = Design { randomised: true, ..design(true) };
    assert_eq!(sentence(&panel, Some(&random), Language::Spanish, true).level, Level::Randomised);
    // Spending that follows deaths fails the lead test, and with it the design.
    let frame = panel.frame();
    let (deaths, people) = (frame.number("deaths").expect("there"), frame.number("people").expect("there"));
    let rate: Vec<f64> = deaths.iter().zip(people).map(|(d, n)| 1e5 * d / n).collect();
    let mut g = random::stream(26, 0);
    let before = panel.index().shift(&rate, 1);
    let chased = before.iter().map(|r| r + 0.3 * random::normal(&mut g)).collect();
    let chased = declared(frame.clone().with_number("spend", chased).expect("one length"));
    let claim = sentence(&chased, Some(&design(true)), Language::English, true);
    assert_eq!(claim.level, Level::Adjusted);
    assert!(claim.sentence.contains("must not be read as an effect"), "{claim}");
    assert!(claim.sentence.contains("Spending follows earlier deaths"), "{claim}");
}

#[test]
fn the_same_panel_gives_the_same_words() {
    let panel = clean(27, 30, 10, -0.1);
    assert_eq!(audit(&panel), audit(&panel));
    let twice = || sentence(&panel, None, Language::English, true).to_string();
    assert_eq!(twice(), twice());
}

/// The clean panel with money declared on it.
fn with_money(money: averted::data::Money) -> Audit {
    let panel = clean(28, 40, 12, 0.0);
    let frame = panel.frame();
    let (spend, people) = (frame.number("spend").expect("there"), frame.number("people").expect("there"));
    let total = spend.iter().zip(people).map(|(s, n)| s * n).collect();
    let frame = frame.clone().with_number("budget", total).expect("one length");
    let panel = declared(frame).money(money).expect("money");
    Referee::new().audit(&panel).expect("an audit")
}

#[test]
fn av12_to_av14_read_what_the_money_is() {
    use averted::data::{Currency, Money, Stage};
    let budget = || Money::new("budget").name("money");
    let bad = with_money(budget().stage(Stage::Appropriated));
    // CPI-U: 177.1 in 2001 and 229.594 in 2012, annual means.
    let rise = 100.0 * (229.593_9 / 177.066_667 - 1.0);
    assert!((value(&bad, "AV12") - rise).abs() < 0.01, "{} {rise}", value(&bad, "AV12"));
    assert_eq!(bad.finding("AV13").expect("a budget").severity, Severity::Warn);
    assert_eq!((bad.finding("AV14").expect("voted").severity, value(&bad, "AV13")), (Severity::Warn, 25.0));
    let good = with_money(budget().stage(Stage::Disbursed).fiscal_year_start(10).real(2020));
    assert!(good.clear.contains(&"AV12") && good.clear.contains(&"AV14"), "{good}");
    let shared = good.finding("AV13").expect("shared out");
    assert_eq!((shared.severity, shared.measured[0].value), (Severity::Note, 25.0));
    let unsaid = with_money(budget());
    assert!(unsaid.finding("AV14").expect("unsaid").evidence.contains("not stated"));
    assert_eq!(unsaid.finding("AV13").expect("perhaps").severity, Severity::Note);
    let pesos = with_money(budget().currency(Currency::Mxn).stage(Stage::Expended));
    assert!(pesos.clear.contains(&"AV13") && pesos.clear.contains(&"AV14"), "{pesos}");
    assert!(
        Referee::new()
            .audit(&clean(29, 6, 5, 0.0))
            .expect("an audit")
            .skipped
            .iter()
            .any(|(c, _)| *c == "AV12")
    );
}

#[test]
fn the_response_takes_the_panels_own_money() {
    use averted::data::{Money, Stage};
    let panel = clean(30, 20, 10, -0.1);
    let money = Money::new("spend").name("money").stage(Stage::Disbursed).per_person(false);
    let frame = panel.frame();
    let (spend, people) = (frame.number("spend").expect("there"), frame.number("people").expect("there"));
    let total = spend.iter().zip(people).map(|(s, n)| s * n).collect();
    let totals = declared(frame.clone().with_number("spend", total).expect("one length"));
    let totals = totals.money(money).expect("money");
    let by_hand = SpendingResponse::new().spend("spend").lags(1).fit(&panel).expect("a fit");
    let own = SpendingResponse::new().lags(1).fit(&totals).expect("a fit");
    let (a, b) = (by_hand.averted(1e6).expect("money"), own.averted(1e6).expect("money"));
    assert!((a.estimate.estimate / b.estimate.estimate - 1.0).abs() < 1e-8);
    assert_eq!(own.spend(), "money");
    assert_eq!(own.money(), "nominal US dollars a head, disbursed, calendar years");
    let claim = Claim::new(&own, &b, None, None, Language::English);
    assert!(claim.sentence.contains("of money (nominal US dollars, disbursed, calendar years)"), "{claim}");
    let dicho = Claim::new(&own, &b, None, None, Language::Spanish);
    assert!(dicho.sentence.contains("dólares de EE. UU., desembolsados, años calendario"), "{dicho}");
    let two = totals.money(Money::new("spend").name("more").per_person(false)).expect("money");
    assert!(
        matches!(SpendingResponse::new().fit(&two), Err(Error::Argument { argument, .. }) if argument == "spend")
    );
}
