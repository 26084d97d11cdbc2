//! Delimited text as statistical offices publish it: any delimiter, encoding and way to write numbers.
//!
//! What is found out, and how:
//!
//! - **Encoding**: a byte order mark decides; else what is valid UTF-8 is UTF-8, the rest Windows-1252 (Latin-1 is a
//!   part of it).
//! - **Delimiter**: comma, semicolon, tab or bar, whichever cuts the first lines most evenly.
//! - **Decimals**: points, unless the delimiter is not a comma and the numbers can only be read with decimal commas.
//!   Between semicolons, `1.234` alone could be either: that is an error which asks for
//!   [`decimal`](Delimited::decimal).
//! - **Thousands**: `1,234` is a number where the whole column is written so.
//! - **A column is numbers** only if every cell is a number or missing. One `Suppressed`, `Unreliable`, `*`, `<10` or
//!   `2-3.9` makes it text, cell by cell as it stood: a suppressed count is neither missing nor zero. Codes with
//!   leading zeros (`01`) and identifiers of more than 15 digits are text too, since numbers would lose them.
//! - **Missing**: empty cells, `NA`, `N/A`, `NaN`, `null`; among numbers also `.`, `..`, `-`, `--`.
//! - **Blanks** around cells and names are dropped.
//! - **Footers**: what stands below `---`, and single lines below a blank line, is kept apart. Any other row of the
//!   wrong length is an error with its line.
//!
//! ```
//! use averted::sources::Delimited;
//! let text = "state;year;deaths\nSonora;2020;1.204,5\nOaxaca;2020;\n";
//! let reading = Delimited::new().parse(text.as_bytes(), "deaths.csv")?;
//! assert_eq!((reading.delimiter, reading.decimal), (';', ','));
//! assert_eq!(reading.frame.number("deaths")?[0], 1204.5);
//! assert_eq!(reading.frame.factor("state")?.labels(), ["Oaxaca", "Sonora"]);
//! # Ok::<(), averted::Error>(())
//! ```

mod cell;
mod columns;
mod decode;
mod lines;

use std::path::Path;

use crate::data::Frame;
use crate::error::{Error, Result};
use crate::sources::delimited::cell::Notation;
use crate::sources::delimited::columns::{Builder, Evidence, push_row};
use crate::sources::delimited::lines::Rows;

/// How to read delimited text. See the [module](self) for what it finds out by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delimited {
    delimiter: Option<char>,
    decimal: Option<char>,
    skip: usize,
}

/// What was read, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The columns.
    pub frame: Frame,
    /// The name of the encoding.
    pub encoding: &'static str,
    /// What stood between the cells.
    pub delimiter: char,
    /// What stood before the decimals.
    pub decimal: char,
    /// The lines below the rows.
    pub footer: Vec<String>,
    /// What a careful reader should know.
    pub notes: Vec<String>,
}

impl Delimited {
    /// Finds everything out by itself.
    pub fn new() -> Self {
        Self::default()
    }

    /// The delimiter is this.
    #[must_use]
    pub fn delimiter(mut self, delimiter: char) -> Self {
        self.delimiter = Some(delimiter);
        self
    }

    /// Decimals stand after this: a point or a comma.
    #[must_use]
    pub fn decimal(mut self, decimal: char) -> Self {
        self.decimal = Some(decimal);
        self
    }

    /// Leaves out so many lines above the header.
    #[must_use]
    pub fn skip(mut self, lines: usize) -> Self {
        self.skip = lines;
        self
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::Unreadable`] for what is no text, or empty; as for [`parse`](Self::parse).
    pub fn read(&self, path: impl AsRef<Path>) -> Result<Reading> {
        let name = path.as_ref().display().to_string();
        let bytes = std::fs::read(path)
            .map_err(|error| Error::Unreadable { path: name.clone(), why: error.to_string() })?;
        self.parse(&bytes, &name)
    }

    /// Reads bytes; `name` is for messages.
    ///
    /// # Errors
    /// [`Error::Unreadable`] for what is no text, or has no rows; [`Error::Parse`] with the line for a header without
    /// names or with a name twice, a row of the wrong length and a quote that is never closed; [`Error::Argument`]
    /// when decimals and thousands cannot be told apart.
    pub fn parse(&self, bytes: &[u8], name: &str) -> Result<Reading> {
        let delimiter = self.delimiter.map(delimiter_byte).transpose()?;
        let decimal = self.decimal.map(notation_of).transpose()?;
        let (text, encoding) = decode::decode(bytes, name)?;
        let rows = Rows::new(name, &text, delimiter, self.skip);
        let mut evidence: Vec<Evidence> = Vec::new();
        let layout = rows.layout(|record| {
            evidence.resize_with(record.len(), Evidence::default);
            evidence.iter_mut().zip(record).for_each(|(column, cell)| column.see(cell));
        })?;
        // Cells under a delimiter that trails the header.
        if let Some(extra) = evidence.get(layout.names.len())
            && !extra.is_empty()
        {
            let must = format!("a name for each of its {} columns", evidence.len());
            return Err(Error::Parse { what: name.to_owned(), line: 1, text: layout.names.join(", "), must });
        }
        let (notation, sure) = match decimal {
            Some(notation) => (notation, true),
            None => decide(&evidence, &layout.names, rows.delimiter)?,
        };

        let mut notes = Vec::new();
        let mut columns: Vec<Builder> = Vec::new();
        for (column, name) in evidence.iter().zip(&layout.names) {
            let number = column.is_number(notation) && (sure || !column.is_unclear());
            if number && column.groups(notation) {
                let sign = if notation == Notation::Point { "commas" } else { "points" };
                notes.push(format!("{sign} in `{name}` are separators of thousands"));
            }
            if number && column.dash {
                notes.push(format!("dashes in `{name}` are missing values; some tables mean 0 by them"));
            }
            columns.push(if number {
                Builder::number(layout.rows, notation)
            } else {
                Builder::text(layout.rows)
            });
        }
        rows.each(&layout, |record| push_row(&mut columns, record))?;
        if !layout.footer.is_empty() {
            notes.push(format!("{} lines below the rows were set apart", layout.footer.len()));
        }
        let mut frame = Frame::new();
        for (builder, name) in columns.into_iter().zip(&layout.names) {
            frame = frame.with_column(name, builder.finish())?;
        }
        Ok(Reading {
            frame,
            encoding,
            delimiter: char::from(rows.delimiter),
            decimal: if notation == Notation::Point { '.' } else { ',' },
            footer: layout.footer,
            notes,
        })
    }
}

fn delimiter_byte(delimiter: char) -> Result<u8> {
    match u8::try_from(delimiter) {
        Ok(byte) if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(byte),
        _ => Err(Error::Argument {
            argument: "delimiter".into(),
            value: format!("{delimiter:?}"),
            must: "one ASCII character, not a quote or line end".into(),
        }),
    }
}

fn notation_of(decimal: char) -> Result<Notation> {
    match decimal {
        '.' => Ok(Notation::Point),
        ',' => Ok(Notation::Comma),
        _ => Err(Error::Argument {
            argument: "decimal".into(),
            value: format!("{decimal:?}"),
            must: "'.' or ','".into(),
        }),
    }
}

/// The notation of the file, and whether it is the only one in it. Where columns disagree, those that could be read
/// both ways stay text.
fn decide(evidence: &[Evidence], names: &[String], delimiter: u8) -> Result<(Notation, bool)> {
    if delimiter == b',' {
        return Ok((Notation::Point, true));
    }
    let speaks = |notation| evidence.iter().any(|column| column.speaks_for(notation));
    match (speaks(Notation::Point), speaks(Notation::Comma)) {
        (true, false) => Ok((Notation::Point, true)),
        (false, true) => Ok((Notation::Comma, true)),
        (true, true) => Ok((Notation::Point, false)),
        (false, false) => match evidence.iter().zip(names).find(|(column, _)| column.is_unclear()) {
            Some((column, name)) if delimiter == b';' => {
                let cell = column.unclear.as_deref().unwrap_or_default();
                Err(Error::Argument {
                    argument: "decimal".into(),
                    value: "not given".into(),
                    must: format!("'.' or ',', for {cell} in column `{name}` can be read both ways"),
                })
            }
            _ => Ok((Notation::Point, true)),
        },
    }
}
