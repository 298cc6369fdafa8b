//! Names on the command line that name none or several.

use std::fmt::Write as _;

use crate::insight::lookup::What;
use crate::maintenance::names::NameError;
use crate::maintenance::names::Suggestion;
use crate::report::table::number;
use crate::report::terminal::harmless;

/// What a text names, or what may have been meant, a line each.
pub(crate) fn explain(name: &NameError) -> String {
    let (total, listed) = (name.total, name.suggestions.len());
    let called = harmless(&name.text);
    let kinds = kinds(name);
    let mut text = match (total, listed) {
        (0, 0) => format!(
            "no {kinds} is called `{called}`; give a name, a part of it, an address, \
             a domain or an id"
        ),
        (0, _) => format!("no {kinds} is called `{called}`; did you mean:"),
        _ if listed < total => format!(
            "`{called}` names {}, of which these are the first {listed}; give an id:",
            number(total as u64)
        ),
        _ => format!("`{called}` names {total}; give an id:"),
    };
    for one in &name.suggestions {
        let (mut id, label) = (harmless(&one.id), harmless(&one.label));
        if total > 0 && name.text.trim().eq_ignore_ascii_case(&one.id) {
            // The id alone would be ambiguous again.
            id = format!("{}:{id}", one.what.as_str());
        }
        // Writing into a string cannot fail.
        let _ = match &one.detail {
            Some(detail) => write!(text, "\n  {id}  {label} ({})", harmless(detail)),
            None if label == id => write!(text, "\n  {id}"),
            None => write!(text, "\n  {id}  {label}"),
        };
        let _ = write!(text, ", {}", one.what.as_str());
    }
    text
}

/// `Fabrikam (A-002)`: the entry that a text names.
pub(crate) fn describe(one: &Suggestion) -> String {
    let (id, label) = (harmless(&one.id), harmless(&one.label));
    if id == label {
        id
    } else {
        format!("{label} ({id})")
    }
}

/// `contact, account or colleague`.
fn kinds(name: &NameError) -> String {
    let words: Vec<&str> = [What::Contact, What::Account, What::Colleague]
        .into_iter()
        .filter(|what| name.wanted.contains(what))
        .map(What::as_str)
        .collect();
    match words.as_slice() {
        [] => "entry".to_owned(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
