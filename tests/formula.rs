//! The formula and the design that it makes of data.

use averted::Error;
use averted::data::{Design, Factor, Formula, Frame, Source, TimeIndex, quoted};
use proptest::prelude::*;

/// A frame with unit and time, as a panel has them.
struct Panel {
    frame: Frame,
    index: TimeIndex,
}

impl Source for Panel {
    fn frame(&self) -> &Frame {
        &self.frame
    }

    fn index(&self) -> Option<&TimeIndex> {
        Some(&self.index)
    }

    fn time(&self) -> Option<&str> {
        Some("period")
    }
}

fn frame(columns: &[(&str, &[f64])]) -> Frame {
    let add = |frame: Frame, (name, values): &(&str, &[f64])| frame.with_number(name, values.to_vec());
    columns.iter().try_fold(Frame::new(), add).expect("columns of one length")
}

fn panel(columns: &[(&str, &[f64])], unit: &[f64], time: &[i64]) -> Panel {
    let time = time.iter().map(|&t| Some(t)).collect();
    Panel {
        frame: frame(columns),
        index: TimeIndex::new(Factor::from_numbers(unit), time).expect("no duplicates"),
    }
}

fn build(formula: &str, source: &dyn Source) -> Design {
    try_build(formula, source).unwrap_or_else(|e| panic!("{e}"))
}

fn try_build(formula: &str, source: &dyn Source) -> Result<Design, Error> {
    Design::build(&Formula::parse(formula)?, source, &[])
}

fn column(design: &Design, name: &str) -> Vec<f64> {
    let place = design.names().iter().position(|n| n == name);
    let place = place.unwrap_or_else(|| panic!("no `{name}` among {:?}", design.names()));
    design.x.column(place).to_vec()
}

fn refusal(text: &str) -> (usize, String) {
    match Formula::parse(text) {
        Err(Error::Formula { at, message, .. }) => (at, message),
        other => panic!("{text}: {other:?}"),
    }
}

//  ── what is written

#[test]
fn every_form_of_the_grammar_is_written_back() {
    for (text, canonical) in [
        ("y~x", "y ~ x"),
        ("y ~ 1", "y ~ 1"),
        ("y ~ -1 + x", "y ~ 0 + x"),
        ("y ~ 0 + x", "y ~ 0 + x"),
        ("y ~ x - 1", "y ~ 0 + x"),
        ("y ~ x + x + z", "y ~ x + z"),
        ("y ~ a*b", "y ~ a + b + a:b"),
        ("y ~ a:b + b:a", "y ~ a:b"),
        ("y ~ (a + b):c", "y ~ a:c + b:c"),
        ("y ~ a*b*c", "y ~ a + b + a:b + c + a:c + b:c + a:b:c"),
        ("log(y) ~ log1p(x) + exp(x) + sqrt(x) + abs(x)", "log(y) ~ log1p(x) + exp(x) + sqrt(x) + abs(x)"),
        ("y/n ~ I(x^2) + I((a+b)*c)", "y / n ~ I(x^2) + I((a + b) * c)"),
        ("y ~ I(-x^2) + I((-x)^2) + I(2^-x)", "y ~ I(-x^2) + I((-x)^2) + I(2^-x)"),
        (
            "y ~ I(a-(b-c)) + I(a/(b/c)) + I((a^b)^c) + I(a^b^c)",
            "y ~ I(a - (b - c)) + I(a / (b / c)) + I((a^b)^c) + I(a^b^c)",
        ),
        (
            "y ~ i(f) + i(f, ref='a') + i(year, ref = 2005)",
            "y ~ i(f) + i(f, ref = \"a\") + i(year, ref = \"2005\")",
        ),
        ("y ~ i(f, x, ref = -1)", "y ~ i(f, ref = \"-1\"):x"),
        ("y ~ i(f, x/2)", "y ~ i(f):I(x / 2)"),
        (
            "y ~ lag(x,0:4) + l(x) + f(x, 1:2) + d(x) + diff(x, 12)",
            "y ~ lag(x, 0:4) + lag(x, 1) + lead(x, 1:2) + diff(x, 1) + diff(x, 12)",
        ),
        ("y ~ lag(log(x), -1:1)", "y ~ lag(log(x), -1:1)"),
        ("y ~ `Crude Rate` + `a``b` + x.1", "y ~ `Crude Rate` + `a``b` + x.1"),
        ("y ~ x | fe1 + fe2^fe3", "y ~ x | fe1 + fe2^fe3"),
        ("y ~ x | u[t] + v[[t]] + w[t, log(s)]", "y ~ x | u[t] + v[[t]] + w[t, log(s)]"),
        ("y ~ x | fe | e1 + e2 ~ z1 + z2*z3", "y ~ x | fe | e1 + e2 ~ z1 + z2 + z3 + z2:z3"),
        ("y ~ x | 0 | e ~ z", "y ~ x | e ~ z"),
        ("y ~ 1 | e ~ z", "y ~ 1 | e ~ z"),
        ("homicídios ~ gasto + 支出", "homicídios ~ gasto + 支出"),
    ] {
        let formula = Formula::parse(text).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(formula.to_string(), canonical, "{text}");
        assert_eq!(Formula::parse(canonical).expect("canonical"), formula, "{text}");
    }
}

#[test]
fn errors_point_at_the_character() {
    for (text, at, says) in [
        ("", 0, "empty"),
        ("y", 1, "expected `~`"),
        ("y ~", 3, "expected a term, found the end"),
        ("~ x", 0, "expected a column"),
        ("y ~ x +", 7, "expected a term"),
        ("y ~ + x", 4, "expected a term"),
        ("y ~ x z", 6, "found `z`"),
        ("y ~ x ~ z", 6, "second `~`"),
        ("y ~ x | a | b", 13, "expected `~`"),
        ("y ~ x | a | b ~ c | d", 18, "one part too many"),
        ("y ~ x - z", 8, "only `- 1`"),
        ("y ~ 2", 4, "a number is no term"),
        ("y ~ x^2", 5, "I(x ^ …)"),
        ("y ~ x / z", 6, "I(x / …)"),
        ("y ~ x | a:b", 9, "crossed with `^`"),
        ("y ~ x | a[t", 11, "`]`"),
        ("y ~ x | a[[t]", 13, "`[[`"),
        ("y ~ ĺog(x)", 4, "did you mean `log`"),
        ("y ~ 支 + lgo(x)", 8, "did you mean `log`"),
        ("y ~ factor(x)", 4, "i(column)"),
        ("y ~ np.log(x)", 4, "did you mean `log`"),
        ("y ~ log(x", 9, "to close log( )"),
        ("y ~ log(x, 2)", 9, "too many arguments"),
        ("y ~ lag(x, 4:0)", 11, "upward: 0:4"),
        ("y ~ lag(x, k)", 11, "whole number of periods"),
        ("y ~ lag(x, 1.5)", 11, "whole"),
        ("y ~ lag(x, 0:99999999)", 13, "at most"),
        ("y ~ lag(x, 0:9999)", 4, "more than 2000 columns"),
        ("y ~ lag(lag(x, 0:99), 0:99)", 4, "more than 2000 columns"),
        ("y ~ diff(x, 0)", 12, "at least 1"),
        ("lag(y, 0:1) ~ x", 0, "one column"),
        ("y ~ log(i(x))", 8, "a term of its own"),
        ("y ~ `x", 4, "never closed"),
        ("y ~ ``", 4, "empty name"),
        ("y ~ x & z", 6, "`&` has no meaning"),
        ("y ~ I(1e999)", 6, "not a number"),
        ("y ~ x | e ~", 11, "expected an instrument"),
    ] {
        let (found_at, message) = refusal(text);
        assert!(message.contains(says), "{text}: {message}");
        assert_eq!(found_at, at, "{text}: {message}");
    }
}

#[test]
fn no_text_exhausts_the_stack_or_the_memory() {
    let deep = format!("y ~ I({}x{})", "(".repeat(5_000), ")".repeat(5_000));
    assert!(refusal(&deep).1.contains("nested"));
    assert!(refusal(&format!("y ~ {}x", "log(".repeat(3_000))).1.contains("nested"));
    assert!(refusal(&format!("y ~ I({}x)", "-".repeat(5_000))).1.contains("nested"));
    assert!(refusal(&format!("y ~ I({}x)", "x^".repeat(5_000))).1.contains("nested"));
    assert!(refusal(&format!("y ~ I(x{})", "+x".repeat(5_000))).1.contains("pieces"));
    assert!(refusal(&format!("y ~ {}", "(".repeat(5_000))).1.contains("nested"));
    assert!(refusal(&format!("y ~ x{}", "+x".repeat(50_000))).1.contains("longest"));
    let wide: Vec<String> = (0..40).map(|i| format!("(a{i} + b{i})")).collect();
    assert!(refusal(&format!("y ~ {}", wide.join("*"))).1.contains("more than"));
    let crossed: Vec<String> = (0..40).map(|i| format!("a{i}")).collect();
    assert!(refusal(&format!("y ~ {}", crossed.join(":"))).1.contains("variables in one"));
}

#[test]
fn every_column_is_listed_once() {
    let formula = Formula::parse("y ~ x + lag(x, 1) + i(f, z) | a^b[t] | e ~ w").expect("a formula");
    assert_eq!(formula.columns(), ["y", "x", "f", "z", "e", "w", "a", "b", "t"]);
}

//  ── what it makes of data

#[test]
fn numbers_are_taken_as_they_are() {
    let data = frame(&[("y", &[1.0, 2.0, 3.0]), ("x", &[4.0, 5.0, 6.0])]);
    let design = build("y ~ x + I(x^2 - 1) + log(x)", &data);
    assert_eq!(design.names(), ["(Intercept)", "x", "I(x^2 - 1)", "log(x)"]);
    assert_eq!(column(&design, "(Intercept)"), [1.0; 3]);
    assert_eq!(column(&design, "I(x^2 - 1)"), [15.0, 24.0, 35.0]);
    assert!(
        !design.x.is_standard_layout() && design.x.t().is_standard_layout(),
        "column by column in memory"
    );
    assert_eq!(build("y ~ x - 1", &data).names(), ["x"]);
}

#[test]
fn levels_leave_the_first_out_where_the_constant_covers_it() {
    let data = frame(&[("y", &[1.0; 4]), ("x", &[1.0, 2.0, 3.0, 4.0]), ("g", &[1.0, 1.0, 2.0, 2.0])])
        .with_number("miss", vec![1.0, 1.0, f64::NAN, 1.0])
        .expect("four rows")
        .with_text("r", &[Some("b"), Some("a"), Some("c"), Some("a")])
        .expect("four rows");
    let names = |formula: &str| build(formula, &data).names().to_vec();
    assert_eq!(names("y ~ r"), ["(Intercept)", "r[b]", "r[c]"]);
    assert_eq!(names("y ~ r | g"), ["r[b]", "r[c]"]);
    assert_eq!(names("y ~ 0 + r"), ["r[a]", "r[b]", "r[c]"]);
    assert_eq!(names("y ~ 0 + r + i(g)"), ["r[a]", "r[b]", "r[c]", "g[2]"]);
    assert_eq!(names("y ~ i(r, ref = 'b')"), ["(Intercept)", "r[a]", "r[c]"]);
    assert_eq!(names("y ~ i(r, x)"), ["(Intercept)", "r[a]:x", "r[b]:x", "r[c]:x"]);
    assert_eq!(names("y ~ i(r, x, ref = 'b')"), ["(Intercept)", "r[a]:x", "r[c]:x"]);
    assert_eq!(names("y ~ x*r"), ["(Intercept)", "x", "r[b]", "r[c]", "x:r[b]", "x:r[c]"]);
    assert_eq!(names("y ~ r*i(g)"), ["(Intercept)", "r[b]", "r[c]", "g[2]", "r[b]:g[2]", "r[c]:g[2]"]);
    assert_eq!(names("y ~ r + i(r) + x + i(r):x"), ["(Intercept)", "r[b]", "r[c]", "x", "r[b]:x", "r[c]:x"]);
    let Err(Error::Formula { at: 6, message, .. }) = try_build("y ~ i(r, ref = 'd')", &data) else {
        panic!("no error")
    };
    assert_eq!(message, "r has no level d to refer to; the rows have a, b, c");
    // Level c is in the data, but not in the rows that are used.
    assert!(matches!(try_build("y ~ i(r, ref = 'c') + miss", &data), Err(Error::Formula { at: 6, .. })));
    let design = build("y ~ r*x", &data);
    assert_eq!(column(&design, "r[c]:x"), [0.0, 0.0, 3.0, 0.0]);
    let reference = &design.terms().references()[0];
    assert_eq!((reference.column.as_str(), reference.level.as_str()), ("r", "a"));
}

#[test]
fn lags_join_by_period_within_the_unit() {
    // Unit 1 has no row for 2003; the rows are shuffled.
    let data = panel(
        &[("y", &[1.0; 7]), ("x", &[12.0, 22.0, 11.0, 14.0, 21.0, 23.0, 15.0])],
        &[1.0, 2.0, 1.0, 1.0, 2.0, 2.0, 1.0],
        &[2002, 2002, 2001, 2004, 2001, 2003, 2005],
    );
    let design = build("y ~ lag(x, 0:1)", &data);
    assert_eq!(design.names(), ["(Intercept)", "lag(x, 0)", "lag(x, 1)"]);
    assert_eq!(design.rows, [0, 1, 5, 6]);
    assert_eq!(column(&design, "lag(x, 1)"), [11.0, 21.0, 22.0, 14.0]);
    let causes: Vec<(&str, usize, usize)> =
        design.dropped.iter().map(|d| (d.cause.as_str(), d.count, d.first_row)).collect();
    assert_eq!(
        causes,
        [
            ("lag of x reaches before the first period", 2, 2),
            ("lag of x falls on a period that has no row", 1, 3)
        ]
    );
    assert_eq!(column(&build("y ~ lead(x, 1)", &data), "lead(x, 1)"), [23.0, 12.0, 15.0, 22.0]);
    assert_eq!(column(&build("y ~ diff(x)", &data), "diff(x, 1)"), [1.0; 4]);
    assert_eq!(build("y ~ lag(x, 0:1) + l(x, 1)", &data).names(), ["(Intercept)", "lag(x, 0)", "lag(x, 1)"]);
    let nested = build("y ~ lag(log(x), 1) + log(lag(x, 1)) + diff(diff(x))", &data);
    assert_eq!(nested.rows, [5]);
    assert_eq!(nested.x.row(0).to_vec(), [1.0, 22.0_f64.ln(), 22.0_f64.ln(), 0.0]);
}

#[test]
fn the_time_of_a_panel_counts_in_periods_where_a_number_is_needed() {
    let mut data = panel(&[("y", &[1.0; 3]), ("x", &[1.0; 3])], &[1.0, 1.0, 1.0], &[12, 13, 15]);
    let labels = [Some("2001-01"), Some("2001-02"), Some("2001-04")];
    data.frame = data
        .frame
        .with_text("period", &labels)
        .and_then(|f| f.with_text("other", &labels))
        .expect("three rows");
    assert_eq!(
        build("y ~ 1 | x[period]", &data).absorbed[0].slope.as_deref(),
        Some([12.0, 13.0, 15.0].as_slice())
    );
    assert_eq!(column(&build("y ~ I(period - 12)", &data), "I(period - 12)"), [0.0, 1.0, 3.0]);
    assert_eq!(build("y ~ period", &data).names().len(), 3, "text among terms is a factor");
    let error = try_build("y ~ I(other - 12)", &data).expect_err("text");
    assert!(error.to_string().contains("column other holds text (\"2001-01\")"), "{error}");
}

#[test]
fn a_lag_without_unit_and_time_says_how_to_give_them() {
    let data = frame(&[("y", &[1.0]), ("x", &[1.0])]);
    let Err(Error::Formula { at, message, .. }) = try_build("y ~ lag(x, 1)", &data) else {
        panic!("no error")
    };
    assert_eq!(at, 4);
    assert!(message.contains("Panel(data, unit=…, time=…)"), "{message}");
}

#[test]
fn unknown_columns_are_suggested_at_their_place() {
    let data = frame(&[("deaths", &[1.0]), ("spend", &[1.0])]);
    for (formula, at) in [
        ("death ~ spend", 0),
        ("deaths ~ log(spnd)", 13),
        ("deaths ~ i(spnd)", 11),
        ("deaths ~ 1 | spned", 13),
        ("deaths ~ 1 | spend[spnd]", 19),
        ("deaths ~ 1 | spend ~ spnd", 21),
    ] {
        let Err(Error::Formula { at: found, message, .. }) = try_build(formula, &data) else {
            panic!("{formula}")
        };
        assert_eq!(found, at, "{formula}");
        assert!(message.contains("did you mean"), "{message}");
    }
    let extra = Design::build(&Formula::parse("deaths ~ 1").expect("a formula"), &data, &["popluation"]);
    assert!(matches!(extra, Err(Error::UnknownColumn { .. })));
}

#[test]
fn what_has_no_value_is_an_error_and_not_a_missing_value() {
    let data = frame(&[("y", &[1.0, 2.0]), ("x", &[1.0, 0.0]), ("n", &[1.0, -4.0]), ("m", &[f64::NAN, 1.0])]);
    for (formula, what, row, value) in [
        ("y ~ log(x)", "x", 1, "0"),
        ("log(x) ~ 1", "x", 1, "0"),
        ("y ~ log(n)", "n", 1, "-4"),
        ("y ~ sqrt(n)", "n", 1, "-4"),
        ("y ~ log1p(n)", "n", 1, "-4"),
        ("y ~ I(1/x)", "1 / x", 1, "1 / 0"),
        ("y ~ I(x/x)", "x / x", 1, "0 / 0"),
        ("y ~ I(n^0.5)", "n^0.5", 1, "-4 ^ 0.5"),
        ("y ~ exp(1000 * x)", "1000 * x", 0, "1000"),
        ("y ~ log(lag(x, 0) - x)", "", 0, ""),
    ] {
        match try_build(formula, &data) {
            Err(Error::Domain { what: w, row: r, value: v, .. }) => {
                assert_eq!((w.as_str(), r, v.as_str()), (what, row, value), "{formula}");
            }
            Err(Error::Formula { .. }) if formula.contains("lag") => {}
            other => panic!("{formula}: {other:?}"),
        }
    }
    // Missing stays missing, though IEEE 754 has NaN^0 = 1.
    assert_eq!(build("y ~ I(m^0)", &data).rows, [1]);
    let infinite = frame(&[("y", &[1.0, 2.0]), ("x", &[1.0, f64::NEG_INFINITY])]);
    let error = try_build("y ~ x", &infinite).expect_err("infinite");
    assert_eq!(error.to_string(), "`x`, row 1: -inf must be finite, or missing");
    assert!(matches!(try_build("y ~ 1 | x", &infinite), Err(Error::Domain { row: 1, .. })));
}

#[test]
fn rows_are_dropped_with_a_count_for_each_reason() {
    let nan = f64::NAN;
    let data = frame(&[
        ("y", &[nan, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
        ("x", &[nan, nan, 2.0, 3.0, 4.0, nan, 6.0]),
        ("s", &[1.0, 1.0, nan, 1.0, 1.0, 1.0, 1.0]),
        ("p", &[1.0, 1.0, 1.0, nan, 1.0, 1.0, 1.0]),
    ]);
    let design =
        Design::build(&Formula::parse("y ~ x | s").expect("a formula"), &data, &["p"]).expect("rows");
    assert_eq!(design.rows, [4, 6]);
    let causes: Vec<(&str, usize, usize)> =
        design.dropped.iter().map(|d| (d.cause.as_str(), d.count, d.first_row)).collect();
    assert_eq!(
        causes,
        [("missing outcome y", 1, 0), ("missing x", 2, 1), ("missing effect s", 1, 2), ("missing p", 1, 3)]
    );
    assert_eq!(design.number(&data, "x").expect("x"), [4.0, 6.0]);

    let nothing = frame(&[("y", &[nan, 1.0]), ("x", &[1.0, nan])]);
    let error = try_build("y ~ x", &nothing).expect_err("no row");
    assert_eq!(
        error.to_string(),
        "nothing to estimate: none of 2 rows is complete: missing outcome y in 1, missing x in 1"
    );
    let empty = frame(&[("y", &[]), ("x", &[])]);
    assert!(matches!(try_build("y ~ x", &empty), Err(Error::NothingToEstimate { .. })));
}

#[test]
fn effects_are_factors_on_the_used_rows() {
    let data = frame(&[
        ("y", &[1.0, 2.0, f64::NAN, 4.0]),
        ("a", &[1.0, 1.0, 2.0, 3.0]),
        ("b", &[7.0, 8.0, 7.0, 8.0]),
        ("t", &[1.0, 2.0, 3.0, 4.0]),
    ]);
    let design = build("y ~ 1 | a + a^b + b[t] + b[[t]]", &data);
    assert!(design.names().is_empty());
    let names: Vec<&str> = design.absorbed.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, ["a", "a^b", "b[t]", "b[[t]]"]);
    assert_eq!(design.absorbed[0].factor.labels(), ["1", "3"]);
    assert_eq!(design.absorbed[1].factor.labels(), ["1^7", "1^8", "3^8"]);
    assert_eq!(design.absorbed[2].slope.as_deref(), Some([1.0, 2.0, 4.0].as_slice()));
    assert_eq!(
        design.absorbed.iter().map(|a| a.with_intercept).collect::<Vec<_>>(),
        [true, true, true, false]
    );
    // Slopes alone do not cover the constant.
    assert_eq!(build("y ~ 1 | b[[t]]", &data).names(), ["(Intercept)"]);
    assert_eq!(build("y ~ 1 | b[t, a]", &data).absorbed.len(), 2);
}

#[test]
fn instruments_stand_apart() {
    let data = frame(&[
        ("y", &[1.0, 2.0, 3.0]),
        ("e", &[1.0, 0.0, 1.0]),
        ("z", &[1.0, f64::NAN, 3.0]),
        ("w", &[5.0, 6.0, 7.0]),
    ]);
    let design = build("y ~ 1 | e ~ z + w", &data);
    let instruments = design.instruments.expect("instruments");
    assert_eq!(instruments.terms.names(), ["z", "w"]);
    assert_eq!(instruments.x.column(1).to_vec(), [5.0, 7.0]);
    assert_eq!(design.endogenous.expect("endogenous").x.dim(), (2, 1));
    assert_eq!(design.outcome.to_vec(), [1.0, 3.0]);
}

#[test]
fn terms_make_the_same_columns_of_new_data() {
    let data = frame(&[("y", &[1.0, 2.0, 3.0]), ("x", &[1.0, 2.0, 3.0])])
        .with_text("r", &[Some("a"), Some("b"), Some("c")])
        .expect("three rows");
    let terms = build("y ~ log(x)*r", &data).terms().clone();
    let new = frame(&[("x", &[2.0, f64::NAN])]).with_text("r", &[Some("c"), Some("a")]).expect("two rows");
    let x = terms.matrix(&new).expect("known levels");
    let log = 2.0_f64.ln();
    assert_eq!(x.row(0).to_vec(), [1.0, log, 0.0, 1.0, 0.0, log]);
    assert!(x[[1, 1]].is_nan() && x[[1, 4]].is_nan());
    let unseen = frame(&[("x", &[2.0, 2.0])]).with_text("r", &[Some("a"), Some("d")]).expect("two rows");
    let error = terms.matrix(&unseen).expect_err("an unseen level");
    assert_eq!(error.to_string(), "`r`, row 1: d must be one of the 3 levels seen at the fit");
}

#[test]
fn effects_find_the_levels_of_the_fit_in_new_data() {
    let data = frame(&[("y", &[1.0, 2.0, f64::NAN]), ("s", &[7.0, 8.0, 9.0]), ("t", &[1.0, 2.0, 3.0])]);
    let effects = build("y ~ 1 | s + s^t + s[t]", &data).effects();
    let new = frame(&[("s", &[8.0, f64::NAN, 8.0]), ("t", &[2.0, 1.0, 2.0])]);
    let absorbed = effects.absorbed(&new).expect("known levels");
    assert_eq!(absorbed[0].factor.codes(), [1, averted::data::MISSING, 1]);
    assert_eq!(absorbed[1].factor.labels(), ["7^1", "8^2"]);
    assert_eq!(absorbed[2].slope.as_deref(), Some([2.0, 1.0, 2.0].as_slice()));
    // Level 9 had no outcome, so nothing is known of it.
    let unseen = frame(&[("s", &[7.0, 9.0]), ("t", &[1.0, 2.0])]);
    let error = effects.absorbed(&unseen).expect_err("an unseen level");
    assert_eq!(error.to_string(), "`s`, row 1: 9 must be one of the 2 levels seen at the fit");
}

#[test]
fn extras_may_be_expressions() {
    let data = frame(&[("y", &[1.0, 2.0]), ("pop", &[f64::NAN, 1.0]), ("a b", &[1.0, 2.0])]);
    let formula = Formula::parse("y ~ 1").expect("a formula");
    let design = Design::build(&formula, &data, &["log(pop)", "a b"]).expect("a row");
    assert_eq!(design.rows, [1]);
    assert_eq!(design.number(&data, "log(pop)").expect("numbers"), [0.0]);
    assert_eq!(design.number(&data, "a b").expect("numbers"), [2.0]);
    assert!(matches!(Design::build(&formula, &data, &["log(pop"]), Err(Error::Formula { at: 7, .. })));
}

#[test]
fn a_column_of_names_is_not_made_into_a_matrix() {
    let rows = 40_000;
    let names: Vec<Option<String>> = (0..rows).map(|i| Some(format!("n{i}"))).collect();
    let data = Frame::new()
        .with_number("y", vec![1.0; rows])
        .and_then(|f| f.with_text("name", &names))
        .expect("columns of one length");
    let Err(Error::Formula { at, message, .. }) = try_build("y ~ name", &data) else { panic!("no error") };
    assert_eq!(at, 4);
    assert!(message.contains("absorb them: … | name"), "{message}");
}

//  ── properties

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "x",
            "z",
            "log",
            "lag",
            "i",
            "Crude Rate",
            "a`b",
            "ref",
            "支出",
            "2015",
            "I"
        ])
        .prop_map(quoted),
        "[a-z_][a-z0-9_.]{0,5}",
    ]
}

fn arithmetic() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![name(), (0_u32..2000).prop_map(|n| (f64::from(n) / 8.0).to_string())];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let pair = (inner.clone(), prop::sample::select(vec!["+", "-", "*", "/", "^"]), inner.clone());
        prop_oneof![
            pair.prop_map(|(a, op, b)| format!("({a}) {op} ({b})")),
            inner.clone().prop_map(|a| format!("-({a})")),
            (prop::sample::select(vec!["log", "log1p", "exp", "sqrt", "abs", "I"]), inner.clone())
                .prop_map(|(f, a)| format!("{f}({a})")),
            (prop::sample::select(vec!["lag", "l", "lead", "f"]), inner.clone(), -3_i64..3)
                .prop_map(|(f, a, k)| format!("{f}({a}, {k})")),
            inner.prop_map(|a| format!("diff({a})")),
        ]
    })
}

fn term() -> impl Strategy<Value = String> {
    let variable = prop_oneof![
        name(),
        arithmetic().prop_map(|a| format!("I({a})")),
        (name(), 0_i64..3, 0_i64..3).prop_map(|(x, from, more)| format!("lag({x}, {from}:{})", from + more)),
        (name(), name()).prop_map(|(f, x)| format!("i({f}, {x}, ref = 'a')")),
        name().prop_map(|f| format!("i({f})")),
    ];
    prop::collection::vec(variable, 1..4)
        .prop_flat_map(|v| prop::sample::select(vec![":", "*"]).prop_map(move |between| v.join(between)))
}

fn formula() -> impl Strategy<Value = String> {
    let terms = || prop::collection::vec(term(), 1..4).prop_map(|t| t.join(" + "));
    let effect = (name(), name(), arithmetic(), 0..4).prop_map(|(a, b, t, kind)| match kind {
        0 => a,
        1 => format!("{a}^{b}"),
        2 => format!("{a}[{t}]"),
        _ => format!("{a}^{b}[[{t}]]"),
    });
    let effects = prop::collection::vec(effect, 0..3).prop_map(|e| e.join(" + "));
    (arithmetic(), any::<bool>(), terms(), effects, any::<bool>(), terms(), terms()).prop_map(
        |(y, intercept, x, effects, iv, e, z)| {
            let start = if intercept { "" } else { "0 + " };
            let effects = if effects.is_empty() { effects } else { format!(" | {effects}") };
            let instruments = if iv { format!(" | {e} ~ {z}") } else { String::new() };
            format!("{y} ~ {start}{x}{effects}{instruments}")
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(text in formula()) {
        let read = Formula::parse(&text);
        prop_assume!(read.is_ok());
        let read = read.expect("assumed");
        let again = Formula::parse(&read.to_string());
        prop_assert_eq!(again.as_ref(), Ok(&read), "{}", read);
    }

    #[test]
    fn nearly_every_formula_that_follows_the_grammar_is_read(text in formula()) {
        if let Err(error) = Formula::parse(&text) {
            let message = error.to_string();
            prop_assert!(message.contains("more than"), "{}", message);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        drop(Formula::parse(&text));
    }

    #[test]
    fn no_text_of_its_own_signs_makes_it_panic(text in "[xyi12 .`\"'~|+*:^/(),=\\[\\]-]{0,60}|(lag|log|i|I|y|~|\\(|\\)|\\||,|:|1|0| ){0,40}") {
        if let Err(Error::Formula { at, text: shown, .. }) = Formula::parse(&text) {
            prop_assert!(at <= shown.chars().count());
        }
    }

    #[test]
    fn permuting_the_rows_permutes_the_design(order in Just((0..24_i32).collect::<Vec<_>>()).prop_shuffle()) {
        let missing = |i: i32| if i % 7 == 0 { f64::NAN } else { f64::from(i).sin() };
        let unit = |i: i32| f64::from(i / 6);
        let of = |order: &[i32]| {
            let pick = |f: fn(i32) -> f64| order.iter().map(|&i| f(i)).collect::<Vec<f64>>();
            let text: Vec<Option<String>> = order.iter().map(|i| Some(format!("g{}", i % 3))).collect();
            let data = frame(&[("y", &pick(missing)), ("x", &pick(|i| f64::from(i).cos())), ("u", &pick(unit))])
                .with_text("g", &text)
                .expect("one length");
            let time = order.iter().map(|&i| Some(i64::from(i % 6))).collect();
            let index = TimeIndex::new(Factor::from_numbers(&pick(unit)), time).expect("no duplicates");
            Panel { frame: data, index }
        };
        let sorted: Vec<i32> = (0..24).collect();
        let text = "y ~ lag(x, 0:2) + g*x + diff(x) | u + g^u";
        let (a, b) = (build(text, &of(&sorted)), build(text, &of(&order)));
        prop_assert_eq!(a.names(), b.names());
        prop_assert_eq!(a.rows.len(), b.rows.len());
        for (i, &row) in b.rows.iter().enumerate() {
            let there = a.rows.iter().position(|&r| sorted[r] == order[row]).expect("the same rows");
            prop_assert_eq!(a.x.row(there), b.x.row(i));
            prop_assert_eq!(a.outcome[there].to_bits(), b.outcome[i].to_bits());
            for (p, q) in a.absorbed.iter().zip(&b.absorbed) {
                prop_assert_eq!(p.factor.label(there), q.factor.label(i));
            }
        }
    }
}

#[test]
fn a_star_is_its_parts_and_their_product() {
    let data = frame(&[("y", &[1.0, 2.0, 3.0]), ("a", &[1.0, 2.0, 4.0])])
        .with_text("b", &[Some("p"), Some("q"), Some("p")])
        .expect("three rows");
    assert_eq!(Formula::parse("y ~ a*b"), Formula::parse("y ~ a + b + a:b"));
    let (star, sum) = (build("y ~ a*b", &data), build("y ~ a + b + a:b", &data));
    assert_eq!((star.names(), &star.x), (sum.names(), &sum.x));
}
