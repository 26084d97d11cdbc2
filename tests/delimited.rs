//! Delimited text as statistical offices publish it.

mod common;

use std::path::{Path, PathBuf};

use averted::Error;
use averted::data::{Column, MISSING};
use averted::sources::{Delimited, Reading};
use proptest::prelude::*;

fn read(text: &str) -> Reading {
    parse(text.as_bytes()).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

fn parse(bytes: &[u8]) -> Result<Reading, Error> {
    Delimited::new().parse(bytes, "file")
}

fn refusal(text: &str) -> String {
    parse(text.as_bytes()).expect_err(text).to_string()
}

fn numbers(reading: &Reading, name: &str) -> Vec<f64> {
    reading.frame.number(name).unwrap_or_else(|e| panic!("{e}")).to_vec()
}

fn labels(reading: &Reading, name: &str) -> Vec<Option<String>> {
    match reading.frame.column(name).expect("the column") {
        Column::Factor(factor) => {
            (0..factor.rows()).map(|row| factor.label(row).map(str::to_owned)).collect()
        }
        Column::Number(values) => panic!("{name} holds numbers: {values:?}"),
    }
}

fn some(labels: &[&str]) -> Vec<Option<String>> {
    labels.iter().map(|l| Some((*l).to_owned())).collect()
}

//  ── what is found out

#[test]
fn every_delimiter_is_found() {
    for delimiter in [',', ';', '\t', '|'] {
        let text =
            "year d deaths d note\n2019 d 3 d a\n2020 d 5 d b\n".replace(" d ", &delimiter.to_string());
        let reading = read(&text);
        assert_eq!(reading.delimiter, delimiter);
        assert_eq!(numbers(&reading, "deaths"), [3.0, 5.0]);
    }
    // Commas inside the cells of another delimiter.
    let reading = read("place;n\nMéxico, D.F.;1\nTijuana, B.C.;2\n");
    assert_eq!((reading.delimiter, labels(&reading, "place")[0].as_deref()), (';', Some("México, D.F.")));
    assert_eq!(read("sep=|\na,b|c\n1|2\n").frame.names().collect::<Vec<_>>(), ["a,b", "c"]);
    assert_eq!(numbers(&read("deaths\n3\n5\n"), "deaths"), [3.0, 5.0]);
    assert_eq!(Delimited::new().delimiter('!').parse(b"a!b\n1!2\n", "file").expect("rows").frame.rows(), 1);
}

#[test]
fn marks_line_ends_and_blanks_are_no_part_of_the_cells() {
    let reading = read("\u{feff}Year,\"State \"\r\n\"2020 \",\" Sonora\"\r\n 2021 ,Oaxaca\r\n");
    assert_eq!(reading.frame.names().collect::<Vec<_>>(), ["Year", "State"]);
    assert_eq!(numbers(&reading, "Year"), [2020.0, 2021.0]);
    assert_eq!(labels(&reading, "State"), some(&["Sonora", "Oaxaca"]));
    let reading = read("a,b\n\"x,\ny\",\"say \"\"no\"\"\"\n");
    assert_eq!(labels(&reading, "a"), some(&["x,\ny"]));
    assert_eq!(labels(&reading, "b"), some(&["say \"no\""]));
}

#[test]
fn decimal_commas_are_read_where_they_are_certain() {
    let reading = read("x;pop\n1,5;1.234.567\n-2;12\n");
    assert_eq!(
        (reading.decimal, numbers(&reading, "x"), numbers(&reading, "pop")),
        (',', vec![1.5, -2.0], vec![1_234_567.0, 12.0])
    );
    assert_eq!(reading.notes, ["points in `pop` are separators of thousands"]);
    assert_eq!(numbers(&read("x\ty\n1,5\t1\n"), "x"), [1.5]);
    // Between commas a comma is never a decimal sign.
    assert_eq!(labels(&read("x,y\n\"1,5\",1\n"), "x"), some(&["1,5"]));
    // One file, two notations: what is certain is read, the rest stays as it stood.
    let reading = read("x;y;z\n1.5;2,5;1,234\n");
    assert_eq!(numbers(&reading, "x"), [1.5]);
    assert_eq!((labels(&reading, "y"), labels(&reading, "z")), (some(&["2,5"]), some(&["1,234"])));
}

#[test]
fn what_could_be_thousands_or_decimals_is_asked_for() {
    let message = refusal("x;y\n1.234;1\n5.678;2\n");
    assert_eq!(
        message,
        "decimal = not given: must be '.' or ',', for 1.234 in column `x` can be read both ways"
    );
    let with = |decimal| {
        let reading = Delimited::new().decimal(decimal).parse(b"x;y\n1.234;1\n5.678;2\n", "file");
        numbers(&reading.expect("a notation"), "x")
    };
    assert_eq!((with('.'), with(',')), (vec![1.234, 5.678], vec![1234.0, 5678.0]));
    assert!(matches!(Delimited::new().decimal('x').parse(b"x\n1\n", "file"), Err(Error::Argument { .. })));
}

#[test]
fn thousands_are_read_where_the_whole_column_has_them() {
    let reading = read("a,b\n\"1,234\",\"12,345.5\"\n999,\"1,000,000\"\n");
    assert_eq!(numbers(&reading, "a"), [1234.0, 999.0]);
    assert_eq!(numbers(&reading, "b"), [12_345.5, 1e6]);
    assert_eq!(reading.notes.len(), 2);
    assert_eq!(labels(&read("a,b\n\"1,234\",1\n1234,2\n"), "a"), some(&["1,234", "1234"]));
    assert_eq!(labels(&read("a,b\n\"12,34\",1\n"), "a"), some(&["12,34"]));
}

#[test]
fn missing_is_not_suppressed_and_not_zero() {
    let reading = read("a,b,c,d\n,NA,Suppressed,<10\nNaN,null,12,*\n.,3,,11\n0,N/A,0,\n");
    assert!(numbers(&reading, "a")[..3].iter().all(|v| v.is_nan()));
    assert_eq!(numbers(&reading, "a")[3].to_bits(), 0.0_f64.to_bits());
    assert_eq!(numbers(&reading, "b")[2].to_bits(), 3.0_f64.to_bits());
    assert_eq!(labels(&reading, "c"), [Some("Suppressed".into()), Some("12".into()), None, Some("0".into())]);
    assert_eq!(labels(&reading, "d"), [Some("<10".into()), Some("*".into()), Some("11".into()), None]);
    assert_eq!(
        read("a,b\n-,1\n3,2\n").notes,
        ["dashes in `a` are missing values; some tables mean 0 by them"]
    );
    // A point is missing among numbers only.
    assert_eq!(labels(&read("a,b\n.,1\nx,2\n"), "a"), some(&[".", "x"]));
}

#[test]
fn codes_and_long_identifiers_keep_every_digit() {
    let reading = read("fips,id,x\n01,12345678901234567,0.5\n36,12345678901234568,10\n");
    assert_eq!(labels(&reading, "fips"), some(&["01", "36"]));
    assert_eq!(labels(&reading, "id").len(), 2);
    assert_ne!(labels(&reading, "id")[0], labels(&reading, "id")[1]);
    assert_eq!(numbers(&reading, "x"), [0.5, 10.0]);
}

#[test]
fn footers_are_set_apart() {
    let reading = read("y\tn\n\"2019\"\t3\n\"Total\"\t3\n\"---\"\n\"Dataset: x\"\na\tb\tc\n1\t2\n");
    assert_eq!((reading.frame.rows(), reading.footer.len()), (2, 4));
    let reading = read("y,n\n2019,3\n\nSource: WONDER\nRead on Monday\n");
    assert_eq!(
        (reading.frame.rows(), reading.footer),
        (1, vec!["Source: WONDER".into(), "Read on Monday".into()])
    );
    assert_eq!(read("y,n\r\n2019,3\r\n\r\nSource: WONDER\r\n").footer, ["Source: WONDER"]);
    // A row cut short is no footer.
    assert!(refusal("y,n\n2019,3\n2020\n").contains("line 3: `2020` is not a row of the 2 columns"));
    assert!(refusal("y,n\n2019,3\n\nSource\n2020,4\n").contains("line 5"));
}

#[test]
fn unnamed_columns_at_the_edges_are_understood() {
    let reading = read(",x,\n1,2,\n3,4,\n");
    assert_eq!(reading.frame.names().collect::<Vec<_>>(), ["row", "x"]);
    assert!(refusal("a,b,\n1,2,3\n").contains("a name for each of its 3 columns"));
}

#[test]
fn what_cannot_be_read_is_refused_with_its_line() {
    for (text, says) in [
        ("", "empty"),
        ("\n\n", "empty"),
        ("a,b\n", "a header and no rows"),
        ("a,b\n---\n", "a header and no rows"),
        ("a,b,a\n1,2,3\n", "line 1: `a` is not a name of one column only: columns 1 and 3 share it"),
        ("a,,b\n1,2,3\n", "column 2 has no name"),
        ("1,2\n3,4\n", "the first line must name the columns"),
        ("Table 3\na,b\n1,2\n", "line 2: `a,b`"),
        ("a,b\n1,2\n\n\n3,4,5\n", "line 5: `3,4,5`"),
        ("a,b\r\n1,2\r\n\r\n3,4,5\r\n", "line 4: `3,4,5`"),
        ("a,b\n\"x\ny\",2\n3\n", "line 4: `3`"),
        ("a,b\n1,\"x\n2,y\n3,z\n", "line 2: `1,\"x` is not a row whose quotes are closed"),
        ("a\n1\n\n3\n", "line 3: `` is not clear"),
        ("PK\u{3}\u{4}", "Excel"),
        ("a\0b,c\n1,2\n", "zero bytes"),
    ] {
        let message = refusal(text);
        assert!(message.contains(says), "{text:?}: {message}");
    }
    assert!(matches!(Delimited::new().read("no/such/file.csv"), Err(Error::Unreadable { .. })));
    let skipped =
        Delimited::new().skip(2).parse(b"Table 3\n\na,b\n1,2\n3\n", "file").expect_err("a short row");
    assert!(skipped.to_string().contains("line 5"), "{skipped}");
    assert_eq!(Delimited::new().skip(1).parse(b"Table 3\na,b\n1,2\n", "file").expect("rows").frame.rows(), 1);
    assert!(matches!(Delimited::new().delimiter('é').parse(b"a", "file"), Err(Error::Argument { .. })));
}

//  ── real files

fn shape(path: &str) -> Option<(usize, usize, Reading)> {
    let reading = Delimited::new().read(common::shared(path)?).unwrap_or_else(|e| panic!("{e}"));
    Some((reading.frame.rows(), reading.frame.names().count(), reading))
}

#[test]
fn the_samples_of_every_source_are_read() {
    for (file, rows, columns, footer, encoding) in [
        ("lapanquecita_estatal_n.csv", 3648, 19, 0, "windows-1252"),
        ("nchs_county_variant_head.csv", 5, 7, 0, "UTF-8"),
        ("nchs_state.csv", 2703, 18, 0, "UTF-8"),
        ("vsrr_lketema.csv", 6931, 10, 0, "UTF-8"),
        ("wonder_guns_fasiha.txt", 133, 8, 63, "UTF-8"),
        ("wonder_singlerace_2018.txt", 2779, 14, 61, "UTF-8"),
        ("wonder_state_ci_ebrevdo.txt", 52, 12, 66, "UTF-8"),
        ("wonder_ucd_1999_2020_fasiha.txt", 1387, 8, 62, "UTF-8"),
        ("wonder_ucd_gitable.txt", 5, 6, 44, "UTF-8"),
    ] {
        let Some((r, c, reading)) = shape(&format!("data/format_samples/{file}")) else { return };
        assert_eq!(
            (r, c, reading.footer.len(), reading.encoding),
            (rows, columns, footer, encoding),
            "{file}"
        );
    }
    let Some((_, _, vsrr)) = shape("data/format_samples/vsrr_lketema.csv") else { return };
    assert_eq!(numbers(&vsrr, "Data Value")[..2], [4034.0, 4084.0]);
    assert_eq!(vsrr.frame.factor("Percent Complete").expect("text").labels()[..3], ["100", "98.8", "99+"]);
    let Some((_, _, sesnsp)) = shape("data/format_samples/lapanquecita_estatal_n.csv") else { return };
    assert_eq!(sesnsp.frame.factor("Bien jurídico afectado").expect("text").levels(), 7);
    // Months to come are blank, not zero.
    assert!(numbers(&sesnsp, "Diciembre").iter().all(|v| v.is_nan()));
    assert_eq!(numbers(&sesnsp, "Enero").iter().filter(|v| v.is_nan()).count(), 0);
    let Some((_, _, wonder)) = shape("data/format_samples/wonder_ucd_1999_2020_fasiha.txt") else { return };
    assert!(wonder.frame.factor("Crude Rate").expect("text").code("Unreliable").is_some());
    assert_eq!(numbers(&wonder, "Year")[0].to_bits(), 1999.0_f64.to_bits());
}

#[test]
fn the_shapes_of_the_shared_data_are_known() {
    for (file, rows, columns) in [
        ("facts_annual.csv", 27, 15),
        ("joined/western_hemisphere_aid_homicide.csv", 1365, 22),
        ("joined/state_police_spending_homicide_overdose.csv", 1479, 35),
        ("joined/city_police_spending_homicide_2000_2015.csv", 928, 18),
        ("mx_homicide_state_month/mx_homicides_state_month_2000_2019.csv", 7680, 5),
        ("mx_homicide_state_month/raw_pipe_separated_2000_2004_fixture.csv", 1920, 6),
        ("policy_panels/california_prop99.csv", 1209, 4),
        ("policy_panels/castle_mixtape.csv", 550, 35),
        ("policy_panels/guns_ayres_donohue.csv", 1173, 14),
        ("policy_panels/mpdta.csv", 2500, 6),
        ("spending_and_deflators/us_cpi_u_monthly.csv", 1360, 3),
        ("spending_and_deflators/us_state_local_expenditure_2017.csv", 52, 15),
        ("ts_classics/Seatbelts.csv", 192, 9),
        ("us_homicide_fbi/estimated_crimes_1979_2020.csv", 2168, 15),
        ("us_overdose_county/raw_wonder_ucd_county_2009.txt", 4364, 8),
        ("us_overdose_state_month_wonder/raw_wonder_export_monthly_opium_all_suppressed.txt", 12_904, 8),
        ("us_overdose_state_month_wonder/state_month_anymention_1999_2017.csv", 104_652, 6),
    ] {
        let Some((r, c, _)) = shape(&format!("data/{file}")) else { return };
        assert_eq!((r, c), (rows, columns), "{file}");
    }
    let Some((_, _, prop99)) = shape("data/policy_panels/california_prop99.csv") else { return };
    assert_eq!((prop99.delimiter, prop99.decimal), (';', '.'));
    let Some((_, _, raw)) =
        shape("data/us_overdose_state_month_wonder/raw_wonder_export_monthly_opium_all_suppressed.txt")
    else {
        return;
    };
    assert!(raw.frame.factor("Deaths").expect("text").code("Suppressed").is_some());
}

fn text_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten();
    let inside = |path: PathBuf| if path.is_dir() { text_files(&path) } else { vec![path] };
    let is_text = |path: &PathBuf| path.extension().is_some_and(|e| e == "csv" || e == "txt");
    let mut files: Vec<PathBuf> = entries.flat_map(|e| inside(e.path())).filter(is_text).collect();
    files.sort();
    files
}

#[test]
fn every_file_of_the_shared_data_reads_or_says_why_not() {
    let Some(folder) = common::shared("data") else { return };
    let mut refused = Vec::new();
    for file in text_files(&folder) {
        match Delimited::new().read(&file) {
            Ok(reading) => {
                assert!(reading.frame.rows() > 0, "{}", file.display());
                for name in reading.frame.names() {
                    if let Column::Factor(factor) = reading.frame.column(name).expect("its own name") {
                        assert!(factor.codes().iter().any(|c| *c != MISSING), "{}: {name}", file.display());
                        // Nothing that is a number was left as text, but codes.
                        let number =
                            |l: &String| l.parse::<f64>().is_ok() && !(l.len() > 1 && l.starts_with('0'));
                        assert!(!factor.labels().iter().all(number), "{}: {name}", file.display());
                    }
                }
            }
            Err(Error::Parse { line, must, .. }) => {
                refused.push(file.file_name().expect("a name").to_string_lossy().into_owned());
                assert!(line == 1 && must.contains("no name"), "{}: {line} {must}", file.display());
            }
            Err(error) => panic!("{error}"),
        }
    }
    // Sheets saved with their titles and merged headers.
    assert_eq!(
        refused,
        [
            "inegi_vs_sesnsp_annual_1990_2017.csv",
            "bjs_sce8210at01_state_corrections_1982_2010.csv",
            "bjs_sce8210at02_state_corrections_1982_2010.csv",
            "bjs_sce8210t02_state_corrections_1982_2010.csv",
        ]
    );
}

//  ── properties

/// A cell as a writer of CSV would quote it.
fn quote(cell: &str, delimiter: char) -> String {
    if cell.contains(['"', '\n', '\r', delimiter]) || cell.trim() != cell {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

proptest! {
    #[test]
    fn numbers_and_text_come_back(
        rows in prop::collection::vec((prop::num::f64::NORMAL, "[a-zA-Z ,;|áñ\"\n]{0,8}", -999_i64..999_999), 2..20),
        delimiter in prop::sample::select(vec![',', ';', '\t', '|']),
        bom in any::<bool>(),
        crlf in any::<bool>(),
    ) {
        let end = if crlf { "\r\n" } else { "\n" };
        let mut text = if bom { "\u{feff}".to_owned() } else { String::new() };
        text += &["number", "text", "whole"].join(&delimiter.to_string());
        for (number, label, whole) in &rows {
            let cells = [format!("{number:e}"), quote(&format!("t{label}"), delimiter), whole.to_string()];
            text += end;
            text += &cells.join(&delimiter.to_string());
        }
        prop_assume!(rows.iter().all(|(f, ..)| (1e-290..1e290).contains(&f.abs())));
        // Ten to the something with three decimals can be thousands under a semicolon; say which.
        let reading = Delimited::new().decimal('.').delimiter(delimiter).parse(text.as_bytes(), "file");
        let reading = reading.map_err(|e| TestCaseError::fail(e.to_string()))?;
        let numbers = numbers(&reading, "number");
        for (i, (number, label, whole)) in rows.iter().enumerate() {
            prop_assert_eq!(numbers[i].to_bits(), number.to_bits());
            prop_assert!((reading.frame.number("whole").expect("numbers")[i] - *whole as f64).abs() < 0.5);
            let label = format!("t{label}");
            prop_assert_eq!(&labels(&reading, "text")[i], &Some(label.trim().to_owned()));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        drop(parse(&bytes));
    }

    #[test]
    fn no_text_of_its_own_signs_makes_it_panic(text in "[ab1.,;|\t\"\n\r -]{0,80}") {
        drop(parse(text.as_bytes()));
    }
}
