//! One table, four renderings: text, HTML, Markdown and LaTeX come from the same cells, so they cannot disagree.

use std::fmt::{self, Display, Write as _};

/// A cell and how it prints.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Words, set left.
    Text(String),
    /// Numbers that are printed already, such as an error in brackets, set right.
    Printed(String),
    /// A measured number: five significant digits.
    Number(f64),
    /// A count: thousands separated, no decimals.
    Count(f64),
    /// A probability: four decimals, `<0.0001` below.
    Probability(f64),
    /// Nothing.
    Empty,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) | Self::Printed(text) => f.write_str(text),
            Self::Number(x) => f.write_str(&significant(*x, 5)),
            Self::Count(x) if x.is_finite() => f.write_str(&thousands(*x)),
            Self::Probability(p) if *p < 1e-4 => f.write_str("<0.0001"),
            Self::Probability(p) if p.is_finite() => write!(f, "{p:.4}"),
            Self::Count(_) | Self::Probability(_) => f.write_str("–"),
            Self::Empty => Ok(()),
        }
    }
}

/// A titled table with notes under it.
///
/// ```
/// use averted::inference::{Cell, Table};
/// let mut table = Table::new(&["country", "deaths"]).title("Homicides, 2019");
/// table.push(vec!["Mexico".into(), Cell::Count(36_661.0)]);
/// assert!(table.to_string().contains("36,661"));
/// assert!(table.html().contains("<td>Mexico</td>"));
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    title: String,
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
    notes: Vec<String>,
}

impl Table {
    /// A table with these columns and no rows.
    pub fn new<S: AsRef<str>>(columns: &[S]) -> Self {
        let columns = columns.iter().map(|c| c.as_ref().to_owned()).collect();
        Self { columns, ..Self::default() }
    }

    /// Under this title.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// With one more note under it.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// One more row; short rows are filled with empty cells.
    pub fn push(&mut self, mut row: Vec<Cell>) {
        row.resize(self.columns.len(), Cell::Empty);
        self.rows.push(row);
    }

    /// The column names.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The cells, row by row.
    pub fn rows(&self) -> &[Vec<Cell>] {
        &self.rows
    }

    /// The title.
    pub fn heading(&self) -> &str {
        &self.title
    }

    /// The notes.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// An HTML table, everything escaped.
    pub fn html(&self) -> String {
        let mut out = String::from("<table class=\"averted\">");
        if !self.title.is_empty() {
            let _ = write!(out, "<caption>{}</caption>", escape_html(&self.title));
        }
        out.push_str("<thead><tr>");
        for column in &self.columns {
            let _ = write!(out, "<th>{}</th>", escape_html(column));
        }
        out.push_str("</tr></thead><tbody>");
        for row in &self.rows {
            out.push_str("<tr>");
            for cell in row {
                let align = if is_text(cell) { "" } else { " style=\"text-align:right\"" };
                let _ = write!(out, "<td{align}>{}</td>", escape_html(&cell.to_string()));
            }
            out.push_str("</tr>");
        }
        out.push_str("</tbody>");
        if !self.notes.is_empty() {
            let notes: Vec<String> = self.notes.iter().map(|n| escape_html(n)).collect();
            let width = self.columns.len();
            let _ =
                write!(out, "<tfoot><tr><td colspan=\"{width}\">{}</td></tr></tfoot>", notes.join("<br>"));
        }
        out.push_str("</table>");
        out
    }

    /// A Markdown table.
    pub fn markdown(&self) -> String {
        let line = |cells: &[String]| {
            let cells: Vec<String> = cells.iter().map(|c| c.replace('|', "\\|")).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let mut out = if self.title.is_empty() { String::new() } else { format!("**{}**\n\n", self.title) };
        out += &line(&self.columns);
        let rule: Vec<String> = (0..self.columns.len())
            .map(|j| if self.left_aligned(j) { "---".into() } else { "---:".into() })
            .collect();
        out += &line(&rule);
        for row in &self.rows {
            out += &line(&row.iter().map(Cell::to_string).collect::<Vec<_>>());
        }
        for note in &self.notes {
            let _ = write!(out, "\n{note}\n");
        }
        out
    }

    /// A LaTeX tabular in booktabs style.
    pub fn latex(&self) -> String {
        let align: String =
            (0..self.columns.len()).map(|j| if self.left_aligned(j) { 'l' } else { 'r' }).collect();
        let line = |cells: Vec<String>| format!("{} \\\\\n", cells.join(" & "));
        let mut out = format!("\\begin{{tabular}}{{{align}}}\n\\toprule\n");
        out += &line(self.columns.iter().map(|c| escape_latex(c)).collect());
        out += "\\midrule\n";
        for row in &self.rows {
            out += &line(row.iter().map(|c| escape_latex(&c.to_string())).collect());
        }
        out += "\\bottomrule\n";
        for note in &self.notes {
            let _ = writeln!(
                out,
                "\\multicolumn{{{}}}{{l}}{{\\footnotesize {}}} \\\\",
                self.columns.len(),
                escape_latex(note)
            );
        }
        out += "\\end{tabular}\n";
        out
    }

    fn left_aligned(&self, column: usize) -> bool {
        self.rows.iter().all(|row| is_text(&row[column]))
    }
}

impl Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let printed: Vec<Vec<String>> =
            self.rows.iter().map(|row| row.iter().map(Cell::to_string).collect()).collect();
        let width = |j: usize| {
            let cells = printed.iter().map(|row| row[j].chars().count());
            cells.chain([self.columns[j].chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let rule = "─".repeat(widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1));
        if !self.title.is_empty() {
            writeln!(f, "{}", self.title)?;
        }
        writeln!(f, "{rule}")?;
        self.write_line(f, &self.columns, &widths)?;
        writeln!(f, "{rule}")?;
        for row in &printed {
            self.write_line(f, row, &widths)?;
        }
        write!(f, "{rule}")?;
        for note in &self.notes {
            write!(f, "\n{note}")?;
        }
        Ok(())
    }
}

impl Table {
    fn write_line(&self, f: &mut fmt::Formatter<'_>, cells: &[String], widths: &[usize]) -> fmt::Result {
        let mut line = String::new();
        for (j, (cell, width)) in cells.iter().zip(widths).enumerate() {
            let pad = " ".repeat(width - cell.chars().count());
            let gap = if j == 0 { "" } else { "  " };
            if self.left_aligned(j) {
                let _ = write!(line, "{gap}{cell}{pad}");
            } else {
                let _ = write!(line, "{gap}{pad}{cell}");
            }
        }
        writeln!(f, "{}", line.trim_end())
    }
}

fn is_text(cell: &Cell) -> bool {
    matches!(cell, Cell::Text(_) | Cell::Empty)
}

/// `digits` significant digits, in plain notation where that is short.
pub fn significant(x: f64, digits: usize) -> String {
    if x.is_nan() {
        return "–".into();
    }
    if x.is_infinite() {
        return if x > 0.0 { "∞".into() } else { "−∞".into() };
    }
    if x == 0.0 {
        return "0".into();
    }
    let magnitude = x.abs().log10().floor() as i32;
    if !(-5..9).contains(&magnitude) {
        return format!("{x:.*e}", digits - 1);
    }
    let decimals = (digits as i32 - 1 - magnitude).max(0) as usize;
    format!("{x:.decimals$}")
}

/// A whole number with its thousands set apart: `36,661`.
pub fn thousands(x: f64) -> String {
    let digits = format!("{:.0}", x.abs());
    let mut out = String::from(if x < 0.0 && digits != "0" { "-" } else { "" });
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn escape_latex(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => out.extend(['\\', c]),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '\\' => out.push_str("\\textbackslash{}"),
            '<' => out.push_str("\\textless{}"),
            '>' => out.push_str("\\textgreater{}"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_five_digits() {
        assert_eq!(significant(0.083_463_504_8, 5), "0.083464");
        assert_eq!(significant(-2_607.888, 5), "-2607.9");
        assert_eq!(significant(1.5e-9, 3), "1.50e-9");
        assert_eq!(thousands(-1_234_567.8), "-1,234,568");
    }

    #[test]
    fn every_rendering_escapes() {
        let mut table = Table::new(&["a_b", "c"]);
        table.push(vec!["<x> & 50%".into(), Cell::Number(1.0)]);
        assert!(table.html().contains("&lt;x&gt; &amp; 50%"));
        assert!(table.latex().contains("a\\_b") && table.latex().contains("50\\%"));
    }
}
