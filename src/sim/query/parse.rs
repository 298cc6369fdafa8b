//! The grammar of `$filter`, as far as mailboxes and directories need it: comparisons, `and`, `or`,
//! `not`, `in`, functions of text, `any` and `all`.

use crate::model::time::Timestamp;
use crate::sim::query::filter::Expr;
use crate::sim::query::filter::Function;
use crate::sim::query::filter::Literal;
use crate::sim::query::filter::Operator;
use crate::sim::query::filter::Path;

/// Where a filter ceases to be one: the position of the character, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyntaxError(pub usize);

/// Brackets and `not` nest so deep at most: the service has a limit, too, and the stack is finite.
const DEPTH_MAX: usize = 50;

/// Reads a whole filter.
pub fn parse(text: &str) -> Result<Expr, SyntaxError> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        end: text.len(),
        depth: 0,
    };
    let expr = parser.either()?;
    match parser.peek() {
        None => Ok(expr),
        Some(_) => Err(parser.error()),
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// `(`, `)`, `,`, `/` or `:`.
    Mark(char),
    /// A name, an operator, or a word such as `true`.
    Word(String),
    /// What stands between apostrophes.
    Text(String),
    /// What begins with a digit or a sign.
    Number(String),
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, SyntaxError> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let at = text.len() - rest.len();
        let (token, length) = match letter {
            ' ' => {
                rest = after(rest, 1);
                continue;
            }
            '(' | ')' | ',' | '/' | ':' => (Token::Mark(letter), 1),
            '\'' => quoted(rest).ok_or(SyntaxError(at))?,
            letter if letter.is_ascii_digit() || letter == '-' => {
                let word = run(rest, ":.+-");
                (Token::Number(word.to_owned()), word.len())
            }
            letter if letter.is_ascii_alphabetic() || letter == '_' => {
                let word = run(rest, "._");
                (Token::Word(word.to_owned()), word.len())
            }
            _ => return Err(SyntaxError(at)),
        };
        found.push((at, token));
        rest = after(rest, length);
    }
    Ok(found)
}

/// What is behind the first bytes of this number, where a letter begins.
fn after(text: &str, bytes: usize) -> &str {
    text.get(bytes..).unwrap_or_default()
}

/// Letters, digits and these marks, from the beginning.
fn run<'a>(text: &'a str, marks: &str) -> &'a str {
    let is_end = |letter: char| !letter.is_ascii_alphanumeric() && !marks.contains(letter);
    text.split(is_end).next().unwrap_or_default()
}

/// A text in apostrophes, each of which is written twice inside, and its length.
fn quoted(text: &str) -> Option<(Token, usize)> {
    let mut inner = String::new();
    let mut letters = text.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        if letter != '\'' {
            inner.push(letter);
        } else if letters.next_if(|(_, next)| *next == '\'').is_some() {
            inner.push('\'');
        } else {
            return Some((Token::Text(inner), at + 1));
        }
    }
    None
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    end: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    fn error(&self) -> SyntaxError {
        SyntaxError(self.tokens.get(self.next).map_or(self.end, |(at, _)| *at))
    }

    fn take(&mut self, wanted: &Token) -> bool {
        let is_there = self.peek() == Some(wanted);
        self.next += usize::from(is_there);
        is_there
    }

    fn word(&mut self, wanted: &str) -> bool {
        self.take(&Token::Word(wanted.to_owned()))
    }

    fn mark(&mut self, wanted: char) -> Result<(), SyntaxError> {
        let is_there = self.take(&Token::Mark(wanted));
        is_there.then_some(()).ok_or_else(|| self.error())
    }

    fn name(&mut self) -> Result<String, SyntaxError> {
        match self.peek() {
            Some(Token::Word(name)) => {
                let name = name.clone();
                self.next += 1;
                Ok(name)
            }
            _ => Err(self.error()),
        }
    }

    fn either(&mut self) -> Result<Expr, SyntaxError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.error());
        }
        let mut expr = self.both()?;
        while self.word("or") {
            expr = Expr::Or(Box::new(expr), Box::new(self.both()?));
        }
        self.depth -= 1;
        Ok(expr)
    }

    fn both(&mut self) -> Result<Expr, SyntaxError> {
        let mut expr = self.single()?;
        while self.word("and") {
            expr = Expr::And(Box::new(expr), Box::new(self.single()?));
        }
        Ok(expr)
    }

    fn single(&mut self) -> Result<Expr, SyntaxError> {
        let mut is_negated = false;
        while self.word("not") {
            is_negated = !is_negated;
        }
        let expr = if self.take(&Token::Mark('(')) {
            let expr = self.either()?;
            self.mark(')')?;
            expr
        } else {
            self.comparison()?
        };
        Ok(if is_negated {
            Expr::Not(Box::new(expr))
        } else {
            expr
        })
    }

    fn comparison(&mut self) -> Result<Expr, SyntaxError> {
        let name = self.name()?;
        if self.peek() == Some(&Token::Mark('(')) && name != "cast" {
            return self.call(&name);
        }
        let path = if name == "cast" {
            self.cast()?
        } else {
            let mut path = vec![name];
            while self.take(&Token::Mark('/')) {
                let name = self.name()?;
                let is_lambda = matches!(name.as_str(), "any" | "all");
                if is_lambda && self.take(&Token::Mark('(')) {
                    return self.lambda(path, name == "all");
                }
                path.push(name);
            }
            path
        };
        if self.word("in") {
            return Ok(Expr::In(path, self.literals()?));
        }
        let here = self.error();
        let operator = Operator::of(&self.name()?).ok_or(here)?;
        Ok(Expr::Compare(path, operator, self.literal()?))
    }

    /// A path of properties.
    fn path(&mut self) -> Result<Path, SyntaxError> {
        let mut path = vec![self.name()?];
        while self.take(&Token::Mark('/')) {
            path.push(self.name()?);
        }
        Ok(path)
    }

    /// `cast(path, Edm.Int32)` behind its first word: the path.
    fn cast(&mut self) -> Result<Vec<String>, SyntaxError> {
        self.mark('(')?;
        let path = self.path()?;
        self.mark(',')?;
        let here = self.error();
        if !self.name()?.starts_with("Edm.") {
            return Err(here);
        }
        self.mark(')')?;
        Ok(path)
    }

    fn call(&mut self, name: &str) -> Result<Expr, SyntaxError> {
        let function = Function::of(name).ok_or_else(|| self.error())?;
        self.mark('(')?;
        let path = self.path()?;
        self.mark(',')?;
        let here = self.error();
        let Literal::Text(text) = self.literal()? else {
            return Err(here);
        };
        self.mark(')')?;
        // `startsWith(…) eq true` is the same.
        if self.word("eq") && !self.word("true") {
            return Err(self.error());
        }
        Ok(Expr::Call(function, path, text))
    }

    fn lambda(&mut self, path: Vec<String>, all: bool) -> Result<Expr, SyntaxError> {
        if self.take(&Token::Mark(')')) && !all {
            return Ok(Expr::Lambda {
                path,
                all,
                inner: None,
            });
        }
        let variable = self.name()?;
        self.mark(':')?;
        let mut inner = self.either()?;
        self.mark(')')?;
        if !inner.without(&variable) {
            return Err(self.error());
        }
        Ok(Expr::Lambda {
            path,
            all,
            inner: Some(Box::new(inner)),
        })
    }

    fn literals(&mut self) -> Result<Vec<Literal>, SyntaxError> {
        self.mark('(')?;
        let mut all = vec![self.literal()?];
        while self.take(&Token::Mark(',')) {
            all.push(self.literal()?);
        }
        self.mark(')')?;
        Ok(all)
    }

    fn literal(&mut self) -> Result<Literal, SyntaxError> {
        let here = self.error();
        let literal = match self.peek().ok_or(here)? {
            Token::Text(text) => Literal::Text(text.clone()),
            Token::Word(word) => match word.as_str() {
                "true" => Literal::Bool(true),
                "false" => Literal::Bool(false),
                "null" => Literal::Null,
                _ => return Err(here),
            },
            Token::Number(word) => match (word.parse(), Timestamp::parse_rfc3339(word)) {
                (Ok(number), _) => Literal::Number(number),
                (_, Some(time)) => Literal::Time(time),
                _ => return Err(here),
            },
            Token::Mark(_) => return Err(here),
        };
        self.next += 1;
        Ok(literal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_documents_show_is_a_filter() {
        for text in [
            "mail eq 'a@b.c' or proxyAddresses/any(p:p eq 'smtp:a@b.c')",
            "startsWith(displayName,'O''Neil') and accountEnabled eq true",
            "not(userType eq 'Guest')",
            "userType in ('Member', 'Guest')",
            "receivedDateTime ge 2026-01-01T00:00:00Z and receivedDateTime lt 2026-02-01T00:00:00.5+01:00",
            "singleValueExtendedProperties/any(ep: ep/id eq 'Integer 0x36' and cast(ep/value, Edm.Int32) gt 0)",
            "start/dateTime ge '2026-01-01T00:00:00'",
            "assignedLicenses/any()",
        ] {
            assert!(parse(text).is_ok(), "{text}: {:?}", parse(text));
        }
    }

    #[test]
    fn what_is_no_filter_is_refused_where_it_ceases_to_be_one() {
        for (text, at) in [
            ("mail equals 'x' oder (((", 5),
            ("mail eq x", 8),
            ("mail eq 'x", 8),
            ("mail eq 'x' or", 14),
            ("(mail eq 'x'", 12),
            ("blah 0x36 (((", 5),
            ("proxyAddresses/any(p:q eq 'x')", 30),
            ("beginsWith(mail,'x')", 10),
            ("mail eq 'x' 'y'", 12),
            ("", 0),
        ] {
            assert_eq!(parse(text), Err(SyntaxError(at)), "{text}");
        }
        assert!(parse(&"not ".repeat(20_000)).is_err());
        assert!(parse(&"(".repeat(20_000)).is_err());
    }
}
