//! Filters of the directory, and what it answers only as an advanced query: with the header
//! `ConsistencyLevel: eventual`, and `$count=true` where it filters (facts 3.1).

use serde_json::Value;

use crate::sim::query::filter::Expr;
use crate::sim::query::filter::Function;
use crate::sim::query::filter::Operator;
use crate::sim::query::options;
use crate::sim::query::parse::parse;
use crate::sim::request::Request;
use crate::sim::request::Response;

/// Properties of users that lie outside the directory, which cannot filter by them.
const OUTSIDE: [&str; 12] = [
    "aboutme",
    "birthday",
    "hiredate",
    "interests",
    "mailboxsettings",
    "mysite",
    "pastprojects",
    "preferredname",
    "print",
    "responsibilities",
    "schools",
    "skills",
];
/// What can be ordered by without further ado.
const ORDERED: [&str; 2] = ["displayname", "userprincipalname"];

/// What a request to the directory filters and counts.
#[derive(Debug, Default)]
pub struct Query {
    filter: Option<Expr>,
    search: Option<(String, String)>,
    /// `@odata.count` is requested.
    pub counts: bool,
}

impl Query {
    /// Reads the options of a request for objects of this type.
    pub fn of(request: &Request, kind: &str) -> Result<Self, Response> {
        let level = request.header("consistencylevel").unwrap_or_default();
        let is_eventual = level.eq_ignore_ascii_case("eventual");
        let counts = request.option("$count").as_deref() == Some("true");
        let is_advanced = is_eventual && counts;
        if request.option("$skip").is_some() {
            return Err(unsupported("'$skip' is not supported by the service."));
        }
        let filter = match request.option("$filter") {
            Some(text) => Some(filter(&text, kind, is_advanced)?),
            None => None,
        };
        if let Some(text) = request.option("$orderby") {
            let mut names = text.split(',').map(|name| name.trim().to_lowercase());
            let is_plain = |name: String| {
                let name = name.split(' ').next().unwrap_or_default().to_owned();
                ORDERED.contains(&name.as_str())
            };
            let is_all_plain = names.all(is_plain);
            if (filter.is_some() || !is_all_plain) && !is_advanced {
                return Err(unsupported("Sorting not supported for current query."));
            }
        }
        let search = match request.option("$search") {
            Some(_) if !is_eventual => {
                return Err(bad(
                    "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'",
                ));
            }
            Some(text) => Some(searched(&text)?),
            None => None,
        };
        if counts && !is_eventual {
            return Err(bad("$count is not currently supported."));
        }
        Ok(Self {
            filter,
            search,
            counts,
        })
    }

    /// Whether an object is among those that were requested.
    pub fn passes(&self, object: &Value) -> bool {
        let filtered = self.filter.as_ref().is_none_or(|one| one.passes(object));
        let found = self.search.as_ref().is_none_or(|(name, words)| {
            let text = object[name.as_str()].as_str().unwrap_or_default();
            let text = text.to_lowercase();
            let mut found = text.split([' ', '.', '@']);
            found.any(|word| word.starts_with(words.as_str()))
        });
        filtered && found
    }
}

fn filter(text: &str, kind: &str, is_advanced: bool) -> Result<Expr, Response> {
    let expr = parse(text).map_err(|error| {
        bad(&format!(
            "Invalid filter clause: Syntax error at position {} in '{text}'.",
            error.0
        ))
    })?;
    if let Some((name, kind)) = expr.unknown_property(kind) {
        return Err(bad(&format!(
            "Invalid filter clause: Could not find a property named '{name}' on type 'microsoft.graph.{kind}'."
        )));
    }
    if let Some((expected, found)) = expr.mismatch(kind) {
        return Err(bad(&format!(
            "Invalid filter clause: A binary operator with incompatible types was detected. Found operand types '{expected}' and '{found}' for operator kind 'Equal'."
        )));
    }
    for part in expr.parts() {
        let is_outside = part.path().is_some_and(|path| {
            let name = path.first().map(|name| name.to_lowercase());
            name.is_some_and(|name| OUTSIDE.contains(&name.as_str()))
        });
        if is_outside || never(part) {
            return Err(unsupported("Unsupported or invalid query filter clause."));
        }
        if needs_advanced(part) && !is_advanced {
            return Err(unsupported("Unsupported Query."));
        }
    }
    Ok(expr)
}

/// What the directory does not filter by at all: parts of texts, all entries of a list, the order
/// of texts.
fn never(part: &Expr) -> bool {
    match part {
        Expr::Call(Function::Contains, ..)
        | Expr::Lambda { all: true, .. }
        | Expr::Compare(_, Operator::Gt | Operator::Lt, _) => true,
        Expr::Lambda {
            inner: Some(inner), ..
        } => inner.parts().into_iter().any(never),
        _ => false,
    }
}

fn needs_advanced(part: &Expr) -> bool {
    match part {
        Expr::Not(_)
        | Expr::Compare(_, Operator::Ne, _)
        | Expr::Call(Function::EndsWith, ..)
        | Expr::Lambda { inner: None, .. } => true,
        Expr::Lambda {
            inner: Some(inner), ..
        } => inner.parts().into_iter().any(needs_advanced),
        _ => false,
    }
}

/// `"displayName:word"`, in double quotes: the property and the word in lower case.
fn searched(text: &str) -> Result<(String, String), Response> {
    let inner = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let clause = inner.and_then(|inner| inner.split_once(':'));
    match clause {
        Some((name @ ("displayName" | "mail" | "userPrincipalName" | "description"), words)) => {
            Ok((name.to_owned(), words.to_lowercase()))
        }
        _ => Err(bad(
            "Unrecognized query argument specified: '$search'. Use \"property:words\".",
        )),
    }
}

fn bad(message: &str) -> Response {
    Response::error(400, "Request_BadRequest", message)
}

fn unsupported(message: &str) -> Response {
    Response::error(400, "Request_UnsupportedQuery", message)
}

/// A filter of a mailbox's folders or events, whose grammar has no advanced part.
pub fn mailbox_filter(request: &Request, kind: &str) -> Result<Option<Expr>, Response> {
    let Some(text) = request.option("$filter") else {
        return Ok(None);
    };
    let expr = parse(&text).map_err(|error| {
        let message = format!(
            "Invalid filter clause: Syntax error at position {} in '{text}'.",
            error.0
        );
        Response::error(400, "BadRequest", &message)
    })?;
    match expr.unknown_property(kind) {
        Some((name, kind)) => Err(options::no_property(&name, &kind)),
        None => Ok(Some(expr)),
    }
}
