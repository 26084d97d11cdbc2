//! Text into words and signs.

use crate::data::formula::ast::is_word;
use crate::error::{Error, Result};

/// A word or sign.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name; in backquotes it is never a function.
    Name {
        text: String,
        quoted: bool,
    },
    Number(f64),
    /// Text in quotes.
    Text(String),
    /// One of `+ - * / ^ : ~ | ( ) [ ] , =`.
    Sign(char),
    End,
}

impl Token {
    /// In words, for messages.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Name { text, .. } => format!("`{text}`"),
            Self::Number(value) => format!("`{value}`"),
            Self::Text(text) => format!("\"{text}\""),
            Self::Sign(sign) => format!("`{sign}`"),
            Self::End => "the end".into(),
        }
    }
}

/// Longer formulas are refused, which bounds the work that any text can cause.
const LONGEST: usize = 20_000;

/// An error at a character of the formula.
pub(in crate::data) fn error(text: &str, at: usize, message: impl Into<String>) -> Error {
    // On one line, so that the caret stands under the place.
    let text = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    Error::Formula { text, at, message: message.into() }
}

/// The tokens and where each begins; the last is [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, usize)>> {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() > LONGEST {
        return Err(error(
            &format!("{}…", chars[..60].iter().collect::<String>()),
            0,
            format!("a formula of {} characters; the longest allowed is {LONGEST}", chars.len()),
        ));
    }
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let start = at;
        let token = match c {
            _ if c.is_whitespace() => {
                at += 1;
                continue;
            }
            '+' | '-' | '*' | '/' | '^' | ':' | '~' | '|' | '(' | ')' | '[' | ']' | ',' | '=' => {
                at += 1;
                Token::Sign(c)
            }
            '`' | '"' | '\'' => {
                let inside = between(&chars, &mut at, c).map_err(|why| error(text, start, why))?;
                if c == '`' { Token::Name { text: inside, quoted: true } } else { Token::Text(inside) }
            }
            _ if c.is_ascii_digit() || (c == '.' && chars.get(at + 1).is_some_and(char::is_ascii_digit)) => {
                Token::Number(number(&chars, &mut at).map_err(|why| error(text, start, why))?)
            }
            _ if c.is_alphabetic() || c == '_' => {
                while chars.get(at).is_some_and(|&c| is_word(c)) {
                    at += 1;
                }
                Token::Name { text: chars[start..at].iter().collect(), quoted: false }
            }
            _ => {
                return Err(error(
                    text,
                    at,
                    format!("`{c}` has no meaning here; names with it stand in `backquotes`"),
                ));
            }
        };
        found.push((token, start));
    }
    found.push((Token::End, chars.len()));
    Ok(found)
}

/// What stands between two quotes; the quote doubled stands for itself.
fn between(chars: &[char], at: &mut usize, quote: char) -> std::result::Result<String, String> {
    let mut inside = String::new();
    *at += 1;
    while let Some(&c) = chars.get(*at) {
        *at += 1;
        if c != quote {
            inside.push(c);
        } else if chars.get(*at) == Some(&quote) {
            inside.push(quote);
            *at += 1;
        } else if inside.is_empty() && quote == '`' {
            return Err("an empty name".into());
        } else {
            return Ok(inside);
        }
    }
    Err(format!("{quote} is never closed"))
}

/// Digits, perhaps a point and more digits, perhaps an exponent.
fn number(chars: &[char], at: &mut usize) -> std::result::Result<f64, String> {
    let start = *at;
    let digits = |at: &mut usize| {
        let from = *at;
        while chars.get(*at).is_some_and(char::is_ascii_digit) {
            *at += 1;
        }
        *at > from
    };
    digits(at);
    if chars.get(*at) == Some(&'.') {
        *at += 1;
        digits(at);
    }
    if matches!(chars.get(*at), Some('e' | 'E')) {
        let mut after = *at + 1;
        if matches!(chars.get(after), Some('+' | '-')) {
            after += 1;
        }
        if digits(&mut after) {
            *at = after;
        }
    }
    let text: String = chars[start..*at].iter().collect();
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err(format!("`{text}` is not a number that can be held")),
    }
}
