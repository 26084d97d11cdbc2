//! Tokens into terms and effects, by recursive descent. Depth and size are bounded, so that no text can exhaust
//! anything.

use crate::data::formula::Formula;
use crate::data::formula::ast::{At, Effect, Expression, Term, Variable, label_of};
use crate::data::formula::lexer::{Token, error, tokens};
use crate::error::Result;

/// Nested parentheses, functions and signs.
const DEEPEST: usize = 60;
/// Terms of one side, after `*` is written out.
const MOST_TERMS: usize = 1000;
/// Variables multiplied in one term.
const MOST_VARIABLES: usize = 12;
/// Columns that all the ranges of a term stand for.
pub(super) const WIDEST: usize = 2000;

pub(super) fn parse(text: &str) -> Result<Formula> {
    Parser::new(text)?.formula()
}

/// An expression alone.
pub(super) fn parse_expression(text: &str) -> Result<Expression> {
    let mut parser = Parser::new(text)?;
    let expression = parser.expression()?;
    if *parser.peek() == Token::End { Ok(expression) } else { parser.expected("the end") }
}

pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    tokens: Vec<(Token, usize)>,
    next: usize,
    pub(super) depth: usize,
    pub(super) pieces: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Result<Self> {
        Ok(Self { text, tokens: tokens(text)?, next: 0, depth: 0, pieces: 0 })
    }

    pub(super) fn peek(&self) -> &Token {
        &self.tokens[self.next].0
    }

    pub(super) fn peek_after(&self) -> &Token {
        &self.tokens[(self.next + 1).min(self.tokens.len() - 1)].0
    }

    pub(super) fn at(&self) -> usize {
        self.tokens[self.next].1
    }

    /// The next token; the end is never passed.
    pub(super) fn take(&mut self) -> Token {
        let token = self.peek().clone();
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        token
    }

    pub(super) fn is(&self, sign: char) -> bool {
        *self.peek() == Token::Sign(sign)
    }

    pub(super) fn took(&mut self, sign: char) -> bool {
        let there = self.is(sign);
        if there {
            self.take();
        }
        there
    }

    pub(super) fn refuse<T>(&self, at: usize, message: impl Into<String>) -> Result<T> {
        Err(error(self.text, at, message))
    }

    pub(super) fn expected<T>(&self, what: &str) -> Result<T> {
        self.refuse(self.at(), format!("expected {what}, found {}", self.peek().describe()))
    }

    pub(super) fn need(&mut self, sign: char, why: &str) -> Result<()> {
        if self.took(sign) { Ok(()) } else { self.expected(&format!("`{sign}` {why}")) }
    }

    /// Runs `inner` one level deeper.
    pub(super) fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth == DEEPEST {
            return self.refuse(self.at(), format!("nested more than {DEEPEST} deep"));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn formula(mut self) -> Result<Formula> {
        if *self.peek() == Token::End {
            return self.refuse(0, "an empty formula; write outcome ~ terms");
        }
        let at = self.at();
        let outcome = self.expression()?;
        if outcome.width() > 1 {
            return self.refuse(at, "the outcome must be one column, and a range makes several");
        }
        self.need('~', "after the outcome")?;
        let (intercept, terms) = self.right_hand_side()?;
        let mut formula = Formula {
            text: self.text.to_owned(),
            outcome,
            intercept,
            terms,
            effects: Vec::new(),
            endogenous: Vec::new(),
            instruments: Vec::new(),
        };
        if self.is('|') && !self.instruments_follow() {
            self.take();
            formula.effects = self.effects()?;
        }
        if self.took('|') {
            formula.endogenous = self.terms("an endogenous variable")?;
            self.need('~', "between the endogenous variables and their instruments")?;
            formula.instruments = self.terms("an instrument")?;
        }
        match self.peek() {
            Token::End => Ok(formula),
            Token::Sign('~') => {
                self.refuse(self.at(), "a second `~`; instruments stand as … | endogenous ~ instruments")
            }
            Token::Sign('|') => self
                .refuse(self.at(), "one part too many: outcome ~ terms | effects | endogenous ~ instruments"),
            _ => self.expected("`+`, `:`, `*`, `|` or the end"),
        }
    }

    /// Whether the part after this `|` has a `~` in it.
    fn instruments_follow(&self) -> bool {
        let part = self.tokens[self.next + 1..].iter().map(|(token, _)| token);
        part.take_while(|t| **t != Token::Sign('|')).any(|t| *t == Token::Sign('~'))
    }

    /// Terms with `1`, `0` and `- 1` among them.
    fn right_hand_side(&mut self) -> Result<(bool, Vec<Term>)> {
        let mut intercept = true;
        let mut terms = Vec::new();
        let mut less = self.took('-');
        loop {
            let at = self.at();
            let (one, zero) = (*self.peek() == Token::Number(1.0), *self.peek() == Token::Number(0.0));
            match less {
                _ if one || (zero && !less) => {
                    intercept = one && !less;
                    self.take();
                }
                true => {
                    return self
                        .refuse(at, "only `- 1` can be taken away; to leave a term out, do not write it");
                }
                false => {
                    let more = self.product()?;
                    self.add(&mut terms, more, at)?;
                }
            }
            less = self.is('-');
            if !less && !self.is('+') {
                return Ok((intercept, terms));
            }
            self.take();
        }
    }

    /// A sum of terms, without an intercept.
    fn terms(&mut self, what: &str) -> Result<Vec<Term>> {
        let mut terms = Vec::new();
        loop {
            let at = self.at();
            if !matches!(self.peek(), Token::Name { .. } | Token::Sign('(')) {
                return self.expected(what);
            }
            let more = self.product()?;
            self.add(&mut terms, more, at)?;
            if !self.took('+') {
                return Ok(terms);
            }
        }
    }

    /// Adds the terms that are not there yet.
    fn add(&self, terms: &mut Vec<Term>, more: Vec<Term>, at: usize) -> Result<()> {
        for term in more {
            if !terms.iter().any(|t| t.same(&term)) {
                terms.push(term);
            }
        }
        if terms.len() > MOST_TERMS {
            return self.refuse(at, format!("more than {MOST_TERMS} terms"));
        }
        Ok(())
    }

    /// `a * b`: a, b and their interaction.
    fn product(&mut self) -> Result<Vec<Term>> {
        let mut terms = self.interaction()?;
        while self.is('*') {
            let at = self.at();
            self.take();
            let right = self.interaction()?;
            let both = self.cross(&terms, &right, at)?;
            self.add(&mut terms, right, at)?;
            self.add(&mut terms, both, at)?;
        }
        Ok(terms)
    }

    /// `a:b`.
    fn interaction(&mut self) -> Result<Vec<Term>> {
        let mut terms = self.atom()?;
        while self.is(':') {
            let at = self.at();
            self.take();
            let right = self.atom()?;
            terms = self.cross(&terms, &right, at)?;
        }
        Ok(terms)
    }

    /// Every term of one side with every term of the other.
    fn cross(&self, left: &[Term], right: &[Term], at: usize) -> Result<Vec<Term>> {
        if left.len() * right.len() > MOST_TERMS {
            return self.refuse(at, format!("more than {MOST_TERMS} terms"));
        }
        let mut crossed = Vec::new();
        for a in left {
            for b in right {
                let mut term = a.clone();
                for variable in &b.variables {
                    if !term.variables.contains(variable) {
                        term.variables.push(variable.clone());
                    }
                }
                if term.variables.len() > MOST_VARIABLES {
                    return self
                        .refuse(at, format!("more than {MOST_VARIABLES} variables in one interaction"));
                }
                self.add(&mut crossed, vec![term], at)?;
            }
        }
        Ok(crossed)
    }

    /// One term, or several in parentheses.
    fn atom(&mut self) -> Result<Vec<Term>> {
        let at = self.at();
        let variables = match (self.peek().clone(), self.peek_after()) {
            (Token::Sign('('), _) => {
                self.take();
                let terms = self.deeper(|p| p.terms("a term"))?;
                self.need(')', "to close the parenthesis")?;
                return Ok(terms);
            }
            (Token::Name { text, quoted: false }, Token::Sign('(')) if text == "i" => self.levels()?,
            (Token::Name { .. }, _) => {
                self.pieces = 0;
                let expression = self.primary()?;
                if let Token::Sign(sign @ ('^' | '/')) = *self.peek() {
                    let message =
                        format!("arithmetic stands in I( ): I({expression} {sign} …); {}", outside(sign));
                    return self.refuse(self.at(), message);
                }
                vec![Variable::Expression(expression)]
            }
            (Token::Number(_), _) => {
                return self.refuse(
                    at,
                    "a number is no term; `1` and `0` (intercept or none) stand alone between +",
                );
            }
            _ => return self.expected("a term"),
        };
        let width = |v: &Variable| if let Variable::Expression(e) = v { e.width() } else { 1 };
        if variables.iter().map(width).fold(1, usize::saturating_mul) > WIDEST {
            return self.refuse(at, format!("the ranges of this term make more than {WIDEST} columns"));
        }
        Ok(vec![Term { variables }])
    }

    /// `i(f)`, `i(f, ref = "a")`, `i(f, x, ref = 3)`.
    fn levels(&mut self) -> Result<Vec<Variable>> {
        self.take();
        self.take();
        let (column, at) = self.column("the column whose levels are wanted")?;
        let mut reference = None;
        let mut slope = None;
        while self.took(',') {
            let named = matches!(self.peek(), Token::Name { text, .. } if text == "ref");
            if named && *self.peek_after() == Token::Sign('=') {
                self.take();
                self.take();
                reference = Some(self.label()?);
            } else if slope.is_none() {
                self.pieces = 0;
                let slope_at = At(self.at());
                slope = Some(Variable::Expression(self.expression()?.into_term(slope_at)));
            } else {
                return self.expected("`ref =`");
            }
        }
        self.need(')', "to close i( )")?;
        let levels = Variable::Levels { column, reference, at };
        Ok(std::iter::once(levels).chain(slope).collect())
    }

    /// A level, as the label that the factor has.
    fn label(&mut self) -> Result<String> {
        let negative = self.took('-');
        match (self.peek().clone(), negative) {
            (Token::Number(value), _) => {
                self.take();
                Ok(label_of(if negative { -value } else { value }))
            }
            (Token::Text(text) | Token::Name { text, .. }, false) => {
                self.take();
                Ok(text)
            }
            _ => self.expected("the reference level, a number or text in quotes"),
        }
    }

    fn column(&mut self, what: &str) -> Result<(String, At)> {
        let at = At(self.at());
        let Token::Name { text, .. } = self.peek().clone() else { return self.expected(what) };
        self.take();
        Ok((text, at))
    }

    /// `state + year^month + state[t]`.
    fn effects(&mut self) -> Result<Vec<Effect>> {
        if *self.peek() == Token::Number(0.0) {
            self.take();
            return Ok(Vec::new());
        }
        let mut effects: Vec<Effect> = Vec::new();
        loop {
            let effect = self.effect()?;
            if !effects.contains(&effect) {
                effects.push(effect);
            }
            if effects.len() > MOST_TERMS {
                return self.refuse(self.at(), format!("more than {MOST_TERMS} effects"));
            }
            match self.peek() {
                Token::Sign('+') => self.take(),
                Token::Sign(':' | '*') => {
                    return self.refuse(self.at(), "absorbed effects are crossed with `^`: a^b, a + a^b");
                }
                Token::Sign('(') => {
                    return self.refuse(
                        self.at(),
                        "absorbed effects are columns, perhaps crossed a^b or with slopes a[t]",
                    );
                }
                _ => return Ok(effects),
            };
        }
    }

    fn effect(&mut self) -> Result<Effect> {
        let mut columns = vec![self.column("a column to absorb")?];
        while self.took('^') {
            let crossed = self.column("a column after `^`")?;
            if !columns.contains(&crossed) {
                columns.push(crossed);
            }
            if columns.len() > MOST_VARIABLES {
                return self.refuse(self.at(), format!("more than {MOST_VARIABLES} columns crossed"));
            }
        }
        let mut effect = Effect { columns, slopes: Vec::new(), intercept: true };
        if self.took('[') {
            effect.intercept = !self.took('[');
            loop {
                let at = self.at();
                let slope = self.expression()?;
                if slope.width() > 1 {
                    return self.refuse(at, "a slope is one column, and a range makes several");
                }
                effect.slopes.push(slope);
                if effect.slopes.len() > MOST_VARIABLES {
                    return self.refuse(at, format!("more than {MOST_VARIABLES} slopes"));
                }
                if !self.took(',') {
                    break;
                }
            }
            self.need(']', "to close the slopes")?;
            if !effect.intercept {
                self.need(']', "to close `[[`")?;
            }
        }
        Ok(effect)
    }
}

/// What a sign of arithmetic would be taken for.
fn outside(sign: char) -> &'static str {
    if sign == '^' {
        "crossing with `^` belongs among the absorbed effects"
    } else {
        "nesting with `/` is a + a:b"
    }
}
