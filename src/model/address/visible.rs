//! Finds addresses in text that cannot be parsed: a list with an unclosed quote or bracket, without
//! commas, or with other separators.

use crate::model::address::Address;
use crate::model::address::surroundings::SCHEMES;
use crate::model::address::surroundings::Written;
use crate::model::address::surroundings::cleaned;
use crate::model::address::surroundings::is_quote;
use crate::model::limits;

/// What was found in a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Visible {
    /// In their order.
    pub found: Vec<Written>,
    /// Whether there is an `@` that is part of none of them.
    pub has_rest: bool,
}

/// Looks for addresses in a text: each `@` with the characters on both sides that can be part of an
/// address. Outside brackets, the domain must have at least two labels.
pub fn visible(text: &str) -> Visible {
    let text = cleaned(text);
    let mut seen = Visible::default();
    let mut end = 0;
    for at in memchr::memchr_iter(b'@', text.as_bytes()) {
        if seen.found.len() > limits::PARTICIPANTS {
            break;
        }
        let before = text.get(end..at).unwrap_or_default();
        let local = local_before(before);
        let behind = text.get(at + 1..).unwrap_or_default();
        let domain = domain_behind(behind);
        let begin = before.rfind(local).unwrap_or(before.len());
        let is_bracketed = before.get(..begin).is_some_and(|text| text.ends_with('<'))
            && behind
                .get(domain.len()..)
                .is_some_and(|text| text.starts_with('>'));
        let is_whole = is_bracketed || has_top_level(domain);
        let address = Address::of_parts(local, domain);
        if let Some(address) = address.filter(|_| is_whole && !local.is_empty()) {
            let name = before.get(..begin).and_then(name_before);
            let text = format!("{local}@{domain}");
            seen.found.push(Written {
                name,
                text,
                address,
            });
            end = at + 1 + domain.len();
        } else {
            // Text directly attached to an address is a gateway (`ann@x.org@X400`).
            let after = behind.get(domain.len()..).unwrap_or_default();
            let is_glued = before.is_empty() && end > 0 && !domain.contains('.');
            seen.has_rest |= !(local.is_empty() && (is_glued || is_route(domain, after)));
        }
    }
    seen
}

/// Whether it is a relay in a source route (`@relay.org:ann@x.org`).
fn is_route(domain: &str, after: &str) -> bool {
    !domain.is_empty() && after.starts_with([':', ','])
}

/// The longest suffix that can be a local part.
fn local_before(text: &str) -> &str {
    let is_local = |c: char| {
        c.is_ascii_alphanumeric()
            || "!#$%&'*+/=?^_`{|}~.-".contains(c)
            || (!c.is_ascii() && c.is_alphanumeric())
    };
    // A quote that was opened earlier in the text.
    let text = text.strip_suffix('"').unwrap_or(text);
    let local = text.trim_end_matches(is_local);
    let local = text.get(local.len()..).unwrap_or_default();
    local.trim_start_matches(|c| "'`*/|.&-?{~".contains(c))
}

/// The longest prefix that can be a domain.
fn domain_behind(text: &str) -> &str {
    let is_host = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    let rest = text.trim_start_matches(is_host);
    let domain = text.get(..text.len() - rest.len()).unwrap_or_default();
    domain.trim_end_matches(['.', '-', '_'])
}

fn has_top_level(domain: &str) -> bool {
    let top = domain.rsplit_once('.').map(|(_, top)| top);
    top.is_some_and(|top| top.chars().count() > 1 && top.chars().any(char::is_alphabetic))
}

/// The name before an address in brackets: the text after the previous address.
fn name_before(text: &str) -> Option<String> {
    let scheme = SCHEMES.into_iter().find(|scheme| {
        let end = text.len().checked_sub(scheme.len());
        let end = end.and_then(|end| text.get(end..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(scheme))
    });
    let text = text.get(..text.len() - scheme.map_or(0, str::len))?;
    let name = text.strip_suffix('<')?;
    let name = name.rsplit([';', '<', '>']).next().unwrap_or_default();
    let is_around = |c: char| c.is_whitespace() || is_quote(c) || matches!(c, ',' | '/' | '|');
    let name = name.trim_matches(is_around);
    (!name.is_empty()).then(|| name.to_owned())
}
