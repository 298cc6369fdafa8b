//! What a `$filter` says, and whether an item passes it.

use serde_json::Value;

use crate::model::time::Timestamp;
use crate::sim::description;

/// A path of properties.
pub type Path = Vec<String>;

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// One of both.
    Or(Box<Expr>, Box<Expr>),
    /// Both.
    And(Box<Expr>, Box<Expr>),
    /// The contrary.
    Not(Box<Expr>),
    /// A property against a value.
    Compare(Path, Operator, Literal),
    /// A property among values.
    In(Path, Vec<Literal>),
    /// A function of text.
    Call(Function, Path, String),
    /// `any` or `all` of a list.
    Lambda {
        /// The list.
        path: Path,
        /// `all`.
        all: bool,
        /// About an entry: its paths begin at the entry, and the empty one is the entry itself.
        inner: Option<Box<Expr>>,
    },
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of OData")]
pub enum Operator {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

impl Operator {
    /// By its word.
    pub fn of(word: &str) -> Option<Self> {
        Some(match word {
            "eq" => Self::Eq,
            "ne" => Self::Ne,
            "gt" => Self::Gt,
            "ge" => Self::Ge,
            "lt" => Self::Lt,
            "le" => Self::Le,
            _ => return None,
        })
    }

    /// Whether two values that can be ordered stand so to each other.
    pub fn holds<T: PartialOrd>(self, one: &T, other: &T) -> bool {
        match self {
            Self::Eq => one == other,
            Self::Ne => one != other,
            Self::Gt => one > other,
            Self::Ge => one >= other,
            Self::Lt => one < other,
            Self::Le => one <= other,
        }
    }
}

/// A function of text; names are compared without case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of OData")]
pub enum Function {
    StartsWith,
    EndsWith,
    Contains,
}

impl Function {
    /// By its name.
    pub fn of(name: &str) -> Option<Self> {
        match name.to_lowercase().as_str() {
            "startswith" => Some(Self::StartsWith),
            "endswith" => Some(Self::EndsWith),
            "contains" => Some(Self::Contains),
            _ => None,
        }
    }
}

/// A value in a filter.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each says what it is")]
pub enum Literal {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    Time(Timestamp),
}

impl Expr {
    /// Takes the variable of a lambda from the beginning of each path; `false` where one begins
    /// otherwise.
    pub fn without(&mut self, variable: &str) -> bool {
        match self {
            Self::Or(one, other) | Self::And(one, other) => {
                one.without(variable) && other.without(variable)
            }
            Self::Not(inner) => inner.without(variable),
            Self::Compare(path, ..)
            | Self::In(path, _)
            | Self::Call(_, path, _)
            | Self::Lambda { path, .. } => {
                let is_its = path.first().is_some_and(|name| name == variable);
                if is_its {
                    path.remove(0);
                }
                is_its
            }
        }
    }

    /// This condition and all that stand in it, those of lambdas left out.
    pub fn parts(&self) -> Vec<&Self> {
        let mut found = vec![self];
        match self {
            Self::Or(one, other) | Self::And(one, other) => {
                found.extend(one.parts());
                found.extend(other.parts());
            }
            Self::Not(inner) => found.extend(inner.parts()),
            Self::Compare(..) | Self::In(..) | Self::Call(..) | Self::Lambda { .. } => {}
        }
        found
    }

    /// The property that a condition is about.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Compare(path, ..)
            | Self::In(path, _)
            | Self::Call(_, path, _)
            | Self::Lambda { path, .. } => Some(path),
            Self::Or(..) | Self::And(..) | Self::Not(_) => None,
        }
    }

    /// The first property that a type does not have: its name, and that of the type.
    pub fn unknown_property(&self, kind: &str) -> Option<(String, String)> {
        let mut paths = self.parts().into_iter().filter_map(Self::path);
        paths.find_map(|path| {
            let path = path.join("/");
            let (name, kind) = description::unknown_part(kind, &path)?;
            Some((name.to_owned(), kind))
        })
    }

    /// The first comparison of a property with a value of another type, as the service names them.
    pub fn mismatch(&self, kind: &str) -> Option<(&'static str, &'static str)> {
        self.parts().into_iter().find_map(|part| {
            let Self::Compare(path, _, literal) = part else {
                return None;
            };
            let [name] = &path[..] else { return None };
            let expected = description::property(kind, name)?;
            let found = literal.edm_type()?;
            if description::is_list(kind, name) {
                return Some(("Collection(Edm.String)", found));
            }
            let is_number = expected.starts_with("Edm.Int") && found == "Edm.Int32";
            let is_basic = expected.starts_with("Edm.");
            (is_basic && !is_number && expected != found).then_some((expected, found))
        })
    }

    /// Whether an item passes.
    pub fn passes(&self, item: &Value) -> bool {
        match self {
            Self::Or(one, other) => one.passes(item) || other.passes(item),
            Self::And(one, other) => one.passes(item) && other.passes(item),
            Self::Not(inner) => !inner.passes(item),
            Self::Compare(path, operator, literal) => {
                literal.compared(value(item, path), *operator)
            }
            Self::In(path, all) => all
                .iter()
                .any(|literal| literal.compared(value(item, path), Operator::Eq)),
            Self::Call(function, path, text) => {
                let found = value(item, path)
                    .as_str()
                    .unwrap_or_default()
                    .to_lowercase();
                let text = text.to_lowercase();
                match function {
                    Function::StartsWith => found.starts_with(&text),
                    Function::EndsWith => found.ends_with(&text),
                    Function::Contains => found.contains(&text),
                }
            }
            Self::Lambda { path, all, inner } => {
                let mut entries = value(item, path).as_array().into_iter().flatten();
                match inner {
                    None => entries.next().is_some(),
                    Some(inner) if *all => entries.all(|entry| inner.passes(entry)),
                    Some(inner) => entries.any(|entry| inner.passes(entry)),
                }
            }
        }
    }
}

/// A property of an item, by its path; names are compared without case.
fn value<'a>(item: &'a Value, path: &[String]) -> &'a Value {
    path.iter().fold(item, |value, name| {
        let mut all = value.as_object().into_iter().flatten();
        let found = all.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map_or(&Value::Null, |(_, value)| value)
    })
}

impl Literal {
    fn edm_type(&self) -> Option<&'static str> {
        match self {
            Self::Null => None,
            Self::Bool(_) => Some("Edm.Boolean"),
            Self::Number(_) => Some("Edm.Int32"),
            Self::Text(_) => Some("Edm.String"),
            Self::Time(_) => Some("Edm.DateTimeOffset"),
        }
    }

    /// A value against this one. Texts are compared without case, as directories do.
    fn compared(&self, value: &Value, operator: Operator) -> bool {
        match (self, value) {
            (Self::Null, value) => operator.holds(&value.is_null(), &true),
            (Self::Bool(wanted), Value::Bool(value)) => operator.holds(value, wanted),
            (Self::Number(wanted), Value::Number(value)) => value
                .as_f64()
                .is_some_and(|value| operator.holds(&value, wanted)),
            (Self::Text(wanted), Value::String(value)) => {
                operator.holds(&value.to_lowercase(), &wanted.to_lowercase())
            }
            (Self::Time(wanted), Value::String(value)) => {
                Timestamp::parse_rfc3339(value).is_some_and(|value| operator.holds(&value, wanted))
            }
            // What is null, or of another type, is not equal, and nothing else.
            _ => operator == Operator::Ne,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sim::query::parse::parse;

    #[test]
    fn an_item_passes_what_is_true_of_it() {
        let item = json!({"mail": "Ann@Contoso.com", "accountEnabled": true, "userType": null,
            "proxyAddresses": ["SMTP:ann@contoso.com", "smtp:a@contoso.com"],
            "createdDateTime": "2026-01-02T00:00:00Z", "start": {"dateTime": "2026-01-02T10"}});
        for (text, expected) in [
            ("mail eq 'ann@contoso.com'", true),
            ("proxyAddresses/any(p:p eq 'smtp:ANN@contoso.com')", true),
            ("proxyAddresses/all(p:startsWith(p,'smtp:a'))", true),
            ("proxyAddresses/any(p:p eq 'smtp:b@contoso.com')", false),
            ("userType eq null and not(accountEnabled eq false)", true),
            // Old accounts have no type: who asks for members misses them (facts 3.1).
            ("userType eq 'Member'", false),
            ("userType ne 'Guest'", true),
            ("createdDateTime gt 2026-01-01T00:00:00Z", true),
            ("start/dateTime lt '2026-01-02'", false),
            ("mail in ('x', 'ann@contoso.com')", true),
            ("contains(mail,'toso') or mail eq 'x'", true),
        ] {
            assert_eq!(parse(text).unwrap().passes(&item), expected, "{text}");
        }
    }

    #[test]
    fn names_and_types_are_held_to_the_description() {
        let unknown = |text: &str| parse(text).unwrap().unknown_property("user");
        let named = ("proxyAddress".to_owned(), "user".to_owned());
        assert_eq!(unknown("proxyAddress/any(p:p eq 'x')"), Some(named));
        assert_eq!(unknown("not(mail eq 'x') and userType eq 'y'"), None);
        let mismatch = parse("accountEnabled eq 'true'").unwrap().mismatch("user");
        assert_eq!(mismatch, Some(("Edm.Boolean", "Edm.String")));
        let list = parse("proxyAddresses eq 'x'").unwrap().mismatch("user");
        assert_eq!(list, Some(("Collection(Edm.String)", "Edm.String")));
        assert_eq!(parse("mail eq null").unwrap().mismatch("user"), None);
    }
}
