//! Tokens into a tree, by recursive descent. Depth and size are bounded, so that no text can exhaust anything.

use crate::data::formula::Formula;
use crate::data::formula::ast::{
    At, Effect, Expression, Function, Operator, Shift, Term, Variable, label_of, quoted,
};
use crate::data::formula::lexer::{Token, error, tokens};
use crate::error::{Error, Result, nearest};

/// Nested parentheses, functions and signs.
const DEEPEST: usize = 60;
/// Pieces of one expression.
const LARGEST: usize = 250;
/// Terms of one side, after `*` is written out.
const MOST_TERMS: usize = 1000;
/// Variables multiplied in one term.
const MOST_VARIABLES: usize = 12;
/// Columns that all the ranges of a term stand for.
const WIDEST: usize = 2000;
/// Periods of a lag.
const FARTHEST: i64 = 10_000;

/// Every word that is a function, for suggestions.
const FUNCTIONS: [&str; 13] =
    ["log", "log1p", "exp", "sqrt", "abs", "I", "i", "lag", "lead", "diff", "l", "f", "d"];

pub(super) fn parse(text: &str) -> Result<Formula> {
    Parser::new(text)?.formula()
}

/// An expression alone.
pub(super) fn parse_expression(text: &str) -> Result<Expression> {
    let mut parser = Parser::new(text)?;
    let expression = parser.expression()?;
    if *parser.peek() == Token::End { Ok(expression) } else { parser.expected("the end") }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<(Token, usize)>,
    next: usize,
    depth: usize,
    pieces: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Result<Self> {
        Ok(Self { text, tokens: tokens(text)?, next: 0, depth: 0, pieces: 0 })
    }

    fn peek(&self) -> &Token {
        &self.tokens[self.next].0
    }

    fn peek_after(&self) -> &Token {
        &self.tokens[(self.next + 1).min(self.tokens.len() - 1)].0
    }

    fn at(&self) -> usize {
        self.tokens[self.next].1
    }

    /// The next token; the end is never passed.
    fn take(&mut self) -> Token {
        let token = self.peek().clone();
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        token
    }

    fn is(&self, sign: char) -> bool {
        *self.peek() == Token::Sign(sign)
    }

    fn took(&mut self, sign: char) -> bool {
        let there = self.is(sign);
        if there {
            self.take();
        }
        there
    }

    fn refuse<T>(&self, at: usize, message: impl Into<String>) -> Result<T> {
        Err(error(self.text, at, message))
    }

    fn expected<T>(&self, what: &str) -> Result<T> {
        self.refuse(self.at(), format!("expected {what}, found {}", self.peek().describe()))
    }

    fn need(&mut self, sign: char, why: &str) -> Result<()> {
        if self.took(sign) { Ok(()) } else { self.expected(&format!("`{sign}` {why}")) }
    }

    /// Runs `inner` one level deeper.
    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth == DEEPEST {
            return self.refuse(self.at(), format!("nested more than {DEEPEST} deep"));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    //  ── the parts

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
            match (self.peek(), less) {
                (Token::Number(value), _) if *value == 1.0 || (*value == 0.0 && !less) => {
                    intercept = *value == 1.0 && !less;
                    self.take();
                }
                (_, true) => {
                    return self
                        .refuse(at, "only `- 1` can be taken away; to leave a term out, do not write it");
                }
                _ => {
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
                slope = Some(Variable::Expression(self.expression()?.as_term(slope_at)));
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

    //  ── arithmetic

    /// An expression of its own: the count of pieces begins anew.
    fn expression(&mut self) -> Result<Expression> {
        if self.depth == 0 {
            self.pieces = 0;
        }
        let at = self.at();
        let expression = self.deeper(Self::sum)?;
        if expression.width() > WIDEST {
            return self.refuse(at, format!("the ranges of this term make more than {WIDEST} columns"));
        }
        Ok(expression)
    }

    /// Counts a piece of the tree, which bounds its depth too.
    fn piece<T>(&mut self, piece: T) -> Result<T> {
        self.pieces += 1;
        if self.pieces > LARGEST {
            return self.refuse(self.at(), format!("an expression of more than {LARGEST} pieces"));
        }
        Ok(piece)
    }

    fn arithmetic(&mut self, operator: Operator, left: Expression, right: Expression) -> Result<Expression> {
        self.piece(Expression::Arithmetic { operator, left: Box::new(left), right: Box::new(right) })
    }

    fn sum(&mut self) -> Result<Expression> {
        let mut left = self.factor()?;
        while let Token::Sign(sign @ ('+' | '-')) = *self.peek() {
            self.take();
            let operator = if sign == '+' { Operator::Plus } else { Operator::Minus };
            let right = self.factor()?;
            left = self.arithmetic(operator, left, right)?;
        }
        Ok(left)
    }

    fn factor(&mut self) -> Result<Expression> {
        let mut left = self.signed()?;
        while let Token::Sign(sign @ ('*' | '/')) = *self.peek() {
            self.take();
            let operator = if sign == '*' { Operator::Times } else { Operator::Over };
            let right = self.signed()?;
            left = self.arithmetic(operator, left, right)?;
        }
        Ok(left)
    }

    /// −x^2 is −(x^2), as everywhere.
    fn signed(&mut self) -> Result<Expression> {
        if self.took('-') {
            let argument = self.deeper(Self::signed)?;
            return self.piece(Expression::Negative(Box::new(argument)));
        }
        let base = self.primary()?;
        if !self.took('^') {
            return Ok(base);
        }
        let exponent = self.deeper(Self::signed)?;
        self.arithmetic(Operator::Power, base, exponent)
    }

    fn primary(&mut self) -> Result<Expression> {
        let at = self.at();
        match (self.peek().clone(), self.peek_after()) {
            (Token::Number(value), _) => {
                self.take();
                self.piece(Expression::Number(value))
            }
            (Token::Name { text, quoted: false }, Token::Sign('(')) => {
                self.take();
                self.take();
                let call = self.deeper(|p| p.call(&text, At(at)))?;
                self.piece(call)
            }
            (Token::Name { text, .. }, _) => {
                self.take();
                self.piece(Expression::Column { name: text, at: At(at) })
            }
            (Token::Sign('('), _) => {
                self.take();
                let inside = self.deeper(Self::sum)?;
                self.need(')', "to close the parenthesis")?;
                Ok(inside)
            }
            _ => self.expected("a column, number or function"),
        }
    }

    /// A function, its name and `(` already read.
    fn call(&mut self, name: &str, at: At) -> Result<Expression> {
        let kind = match name {
            "lag" | "l" => Some(Shift::Lag),
            "lead" | "f" => Some(Shift::Lead),
            "diff" | "d" => Some(Shift::Difference),
            _ => None,
        };
        let function = Function::ALL.into_iter().find(|f| f.name() == name);
        if kind.is_none() && function.is_none() {
            return Err(self.unknown_function(name, at.0));
        }
        let argument = Box::new(self.expression()?);
        let call = match (kind, function) {
            (Some(kind), _) => {
                let periods = if self.took(',') { self.periods(kind)? } else { (1, 1) };
                Expression::Shift { kind, argument, periods, at }
            }
            (None, function) => {
                Expression::Apply { function: function.unwrap_or(Function::Identity), argument, at }
            }
        };
        if self.is(',') {
            return self.refuse(self.at(), format!("too many arguments for {name}( )"));
        }
        self.need(')', &format!("to close {name}( )"))?;
        Ok(call)
    }

    /// `2` or `0:4`.
    fn periods(&mut self, kind: Shift) -> Result<(i64, i64)> {
        let at = self.at();
        let first = self.whole()?;
        let last = if self.took(':') { self.whole()? } else { first };
        if first > last {
            return self.refuse(at, format!("a range runs upward: {last}:{first}"));
        }
        if kind == Shift::Difference && first < 1 {
            return self.refuse(at, "a difference reaches at least 1 period back");
        }
        Ok((first, last))
    }

    fn whole(&mut self) -> Result<i64> {
        let at = self.at();
        let negative = self.took('-');
        let Token::Number(value) = *self.peek() else {
            return self.expected("a whole number of periods, or a range such as 0:4");
        };
        if value.fract() != 0.0 || value > FARTHEST as f64 {
            return self.refuse(at, format!("a number of periods is whole and at most {FARTHEST}"));
        }
        self.take();
        Ok(if negative { -(value as i64) } else { value as i64 })
    }

    fn unknown_function(&self, name: &str, at: usize) -> Error {
        let last = name.rsplit('.').next().unwrap_or(name);
        let hint = match last {
            "i" => "i( ) is a term of its own".into(),
            "C" | "factor" => "for levels write i(column)".into(),
            "poly" | "pow" | "square" => "for powers write I(x^2)".into(),
            "offset" | "exposure" | "weights" => format!("{last} is an option of the model, not a term"),
            "ln" => "the natural logarithm is log( )".into(),
            "L" => "did you mean `lag`?".into(),
            _ => match nearest(last, FUNCTIONS) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "there are log, log1p, exp, sqrt, abs, I, i, lag, lead and diff".into(),
            },
        };
        let message = if last == "i" { hint } else { format!("no function {}; {hint}", quoted(name)) };
        error(self.text, at, message)
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
