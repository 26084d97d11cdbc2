//! Text into rows: the delimiter, the header, where the rows end and what stands below them.

use csv::{ReaderBuilder, StringRecord};

use crate::error::{Error, Result};

/// The delimiters that are tried.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How much of a file decides the delimiter.
const SAMPLE: usize = 64 * 1024;

/// The rows of a text, read twice: once to see what they are, once to take them.
pub(super) struct Rows<'a> {
    what: &'a str,
    text: &'a str,
    pub(super) delimiter: u8,
    /// Lines above `text`.
    skipped: usize,
}

/// What the first reading finds.
pub(super) struct Layout {
    /// The names of the columns, one for every column kept.
    pub(super) names: Vec<String>,
    /// How many rows.
    pub(super) rows: usize,
    /// The lines below the rows.
    pub(super) footer: Vec<String>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(what: &'a str, text: &'a str, delimiter: Option<u8>, skip: usize) -> Self {
        let (mut text, mut skipped) = (text, skip);
        for _ in 0..skip {
            text = text.split_once('\n').map_or("", |(_, rest)| rest);
        }
        let mut stated = None;
        // Excel's own hint.
        if let Some(rest) = text.strip_prefix("sep=")
            && let Some((sign, rest)) = rest.split_once('\n')
            && let &[sign] = sign.trim_end_matches('\r').as_bytes()
            && sign.is_ascii()
        {
            (stated, text, skipped) = (Some(sign), rest, skipped + 1);
        }
        let delimiter = delimiter.or(stated).unwrap_or_else(|| sniff(text));
        Self { what, text, delimiter, skipped }
    }

    /// Reads the structure, and shows every row to `see`.
    pub(super) fn layout(&self, mut see: impl FnMut(&StringRecord)) -> Result<Layout> {
        let mut reader = reader(self.text, self.delimiter);
        let mut record = StringRecord::new();
        // A title of blanks only is no header.
        loop {
            if !self.next(&mut reader, &mut record)? {
                return Err(self.unreadable("it is empty"));
            }
            if !is_blank(&record) {
                break;
            }
        }
        let mut layout = Layout { names: self.header(&record)?, rows: 0, footer: Vec::new() };
        let width = record.len();
        let mut at = start(&record);
        while self.next(&mut reader, &mut record)? {
            at = start(&record);
            let odd = record.len() != width;
            let single = record.len() == 1 && odd;
            let below = is_rule(&record[0]) && record.iter().skip(1).all(|cell| cell.trim().is_empty());
            if !layout.footer.is_empty() {
                layout.footer.push(self.joined(&record));
                // Below a rule anything may stand; below a blank line, single lines only.
                if !odd && !is_rule(&layout.footer[0]) {
                    return Err(self.odd_row(at, width));
                }
            } else if below || (single && layout.rows > 0 && !is_blank(&record) && self.after_blank(at)) {
                layout.footer.push(self.joined(&record));
            } else if width == 1 && self.after_blank(at) {
                let must =
                    "clear: among single values a blank line may be a missing one (write NA) or nothing";
                return Err(self.parse_error(self.line(at) - 1, String::new(), must.into()));
            } else if odd && !(single && is_blank(&record)) {
                return Err(self.odd_row(at, width));
            } else if !odd {
                see(&record);
                layout.rows += 1;
            }
        }
        self.check_quotes(at)?;
        if layout.rows == 0 {
            return Err(self.unreadable("it has a header and no rows"));
        }
        Ok(layout)
    }

    /// Shows the rows again.
    pub(super) fn each(&self, layout: &Layout, mut see: impl FnMut(&StringRecord)) -> Result<()> {
        let mut reader = reader(self.text, self.delimiter);
        let mut record = StringRecord::new();
        let mut header = true;
        let mut width = 0;
        let mut left = layout.rows;
        while left > 0 && self.next(&mut reader, &mut record)? {
            if is_blank(&record) && (header || width > 1) {
                continue;
            }
            if header {
                (header, width) = (false, record.len());
                continue;
            }
            see(&record);
            left -= 1;
        }
        Ok(())
    }

    fn next(&self, reader: &mut csv::Reader<&[u8]>, record: &mut StringRecord) -> Result<bool> {
        reader.read_record(record).map_err(|error| self.unreadable(&error.to_string()))
    }

    fn unreadable(&self, why: &str) -> Error {
        Error::Unreadable { path: self.what.to_owned(), why: why.to_owned() }
    }

    fn parse_error(&self, line: usize, text: String, must: String) -> Error {
        let text =
            if text.chars().count() > 60 { text.chars().take(60).chain(['…']).collect() } else { text };
        Error::Parse { what: self.what.to_owned(), line, text, must }
    }

    /// The names of the columns. A first column without a name holds row names, a last one is a trailing delimiter.
    fn header(&self, record: &StringRecord) -> Result<Vec<String>> {
        let line = self.line(start(record));
        let mut names: Vec<String> = record.iter().map(|name| name.trim().to_owned()).collect();
        if names.iter().all(|name| name.parse::<f64>().is_ok()) {
            let must = "a header: the first line must name the columns".into();
            return Err(self.parse_error(line, self.joined(record), must));
        }
        if names[0].is_empty() && names.len() > 1 {
            names[0] = "row".into();
            if names[1..].contains(&names[0]) {
                names[0] = "row name".into();
            }
        }
        if names.len() > 2 && names.last().is_some_and(String::is_empty) {
            names.pop();
        }
        for (i, name) in names.iter().enumerate() {
            if name.is_empty() {
                let must = format!("a header that names every column: column {} has no name", i + 1);
                return Err(self.parse_error(line, self.joined(record), must));
            }
            if let Some(before) = names[..i].iter().position(|other| other == name) {
                let must =
                    format!("a name of one column only: columns {} and {} share it", before + 1, i + 1);
                return Err(self.parse_error(line, name.clone(), must));
            }
        }
        Ok(names)
    }

    fn odd_row(&self, at: usize, width: usize) -> Error {
        let rest = &self.text[at..];
        let text = rest.trim_start_matches(['\r', '\n']).lines().next().unwrap_or_default();
        let must = format!(
            "a row of the {width} columns of the header; lines above the header can be skipped, \
             and lines below the rows stand under `---` or a blank line"
        );
        self.parse_error(self.line(at), text.to_owned(), must)
    }

    /// A quote that is never closed swallows the rest of the file into one cell of the last record.
    fn check_quotes(&self, at: usize) -> Result<()> {
        let last = self.text[at..].trim();
        if last.contains('\n') && !last.matches('"').count().is_multiple_of(2) {
            let text = last.lines().next().unwrap_or_default().to_owned();
            return Err(self.parse_error(self.line(at), text, "a row whose quotes are closed".into()));
        }
        Ok(())
    }

    /// The line of a place: the reader notes the place before line ends and blank lines.
    fn line(&self, at: usize) -> usize {
        let blank = self.text[at..].len() - self.text[at..].trim_start_matches(['\r', '\n']).len();
        self.skipped + 1 + self.text[..at + blank].matches('\n').count()
    }

    /// Whether a blank line stands before the record that begins here.
    fn after_blank(&self, at: usize) -> bool {
        let content = self.text[at..].len() - self.text[at..].trim_start().len();
        let before = self.text[..at + content].trim_end_matches(char::is_whitespace);
        self.text[before.len()..at + content].matches('\n').count() > 1
    }

    fn joined(&self, record: &StringRecord) -> String {
        record.iter().collect::<Vec<_>>().join(&char::from(self.delimiter).to_string())
    }
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    ReaderBuilder::new().delimiter(delimiter).flexible(true).has_headers(false).from_reader(text.as_bytes())
}

/// The byte where a record begins.
fn start(record: &StringRecord) -> usize {
    record.position().map_or(0, |p| usize::try_from(p.byte()).unwrap_or_default())
}

/// Blanks only.
fn is_blank(record: &StringRecord) -> bool {
    record.len() == 1 && record[0].trim().is_empty()
}

/// `---`, as WONDER draws below its rows.
fn is_rule(cell: &str) -> bool {
    let cell = cell.trim();
    cell.len() > 2 && cell.bytes().all(|b| b == b'-')
}

/// The delimiter under which most of the first lines have as many cells as the header; of equals, more cells.
fn sniff(text: &str) -> u8 {
    let mut end = text.len().min(SAMPLE);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let sample = if end < text.len() {
        text[..end].rsplit_once('\n').map_or(&text[..end], |(all, _)| all)
    } else {
        text
    };
    let score = |&delimiter: &u8| {
        let mut records =
            reader(sample, delimiter).into_records().flatten().filter(|record| !is_blank(record));
        let width = records.next().map_or(0, |header| header.len());
        let (mut same, mut all) = (0_usize, 0_usize);
        for record in records.take_while(|r| !is_rule(&r[0])) {
            all += 1;
            same += usize::from(record.len() == width);
        }
        // In thousandths, so that scores can be compared.
        (width > 1).then(|| ((same + 1) * 1000 / (all + 1), width))
    };
    let scored = DELIMITERS.iter().rev().filter_map(|d| score(d).map(|s| (s, *d)));
    scored.max_by_key(|(score, _)| *score).map_or(b',', |(_, delimiter)| delimiter)
}
