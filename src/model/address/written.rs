//! Parses one address in the forms in which people and programs write it.
//!
//! Accepted are: `ann@x.org`; after a name (`Ann <ann@x.org>`) or before a comment (`ann@x.org
//! (Ann)`); with `mailto:` (RFC 6068) or `smtp:`; in quotes of any kind, in brackets, in a
//! spreadsheet formula (`="ann@x.org"`); with comments and white space that RFC 5322 allows; with
//! trailing separators; with zero-width characters or spaces of any kind, as copied text contains
//! them. Header fields, the service's recipients, CRM files and exclusions are all parsed here.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::model::address::Address;
use crate::model::address::GUEST_MARK;
use crate::model::address::addr_spec;
use crate::model::address::addr_spec::Place;
use crate::model::address::surroundings::SCHEMES;
use crate::model::address::surroundings::Written;
use crate::model::address::surroundings::cleaned;
use crate::model::address::surroundings::is_quote;
use crate::model::address::visible::visible;
use crate::model::limits;

/// How many nested quotes, brackets and schemes are removed: real input never has more.
const NESTING_MAX: usize = 8;

/// The prefix of an address that Exchange encapsulated (MS-OXOAB, IMCEA).
const ENCAPSULATED: &str = "imceasmtp-";

impl Address {
    /// Normalises what a header, a directory or a file holds, in any of the forms of [this
    /// module](self); `None` where it is not one address.
    pub fn parse(raw: &str) -> Option<Self> {
        read(raw).map(|written| written.address)
    }

    /// The original address from which a directory name was derived; any other address is returned
    /// unchanged. The last `_` of a guest's principal name replaces the `@`, since no domain
    /// contains one; Exchange encodes foreign addresses in the local part of its own
    /// (`IMCEASMTP-ann+40x+2Eorg@…`).
    #[must_use]
    pub fn at_home(self) -> Self {
        let of_guest = || {
            let (name, _) = self.local().split_once(GUEST_MARK)?;
            let (local, domain) = name.rsplit_once('_')?;
            let is_whole = !local.is_empty() && domain.contains('.');
            is_whole.then(|| Self::of_parts(local, domain))?
        };
        let of_exchange = || {
            let code = self.local().strip_prefix(ENCAPSULATED)?;
            let code = code.replace('%', "%25").replace('+', "%");
            Self::parse(&percent_decode_str(&code).decode_utf8().ok()?)
        };
        of_guest().or_else(of_exchange).unwrap_or(self)
    }
}

/// Parses a text that contains exactly one address. `None` if there is none or more than one, or if
/// there is other text that is not a name.
pub fn read(raw: &str) -> Option<Written> {
    if let Some(written) = plain(raw) {
        return Some(written);
    }
    if raw.len() > limits::PARTICIPANT_BYTES {
        return None;
    }
    let text = cleaned(raw);
    let found = nested(&text, 0).or_else(|| {
        // Unclosed brackets.
        let bare = text.trim_matches(|c| is_outside(c) || is_quote(c));
        nested(bare.trim_matches(['<', '>']), 0)
    })?;
    if !found.address.local().starts_with(['\'', '`']) {
        return Some(found);
    }
    // An unbalanced quote after a bracket.
    let bare = nested(&found.text, 0)?;
    let name = found.name;
    Some(Written { name, ..bare })
}

/// An address of the usual characters, for which the rest can be skipped.
fn plain(raw: &str) -> Option<Written> {
    let (local, domain) = raw.split_once('@')?;
    let is_usual = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let is_plain = |part: &str| part.bytes().all(is_usual) && !part.is_empty();
    let is_local = |part: &str| part.bytes().all(|b| is_usual(b) || b == b'+') && !part.is_empty();
    if !is_local(local) || !is_plain(domain) || domain.ends_with('.') {
        return None;
    }
    Some(Written {
        name: None,
        text: raw.to_owned(),
        address: Address::of_parts(local, domain)?,
    })
}

/// Separators between addresses, or at the end of a text.
fn is_outside(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | ';')
}

fn nested(text: &str, depth: usize) -> Option<Written> {
    let text = text.trim_matches(is_outside);
    if depth > NESTING_MAX || text.is_empty() {
        return None;
    }
    if let Some(inside) = unwrapped(text) {
        return in_brackets(text).or_else(|| nested(inside, depth + 1));
    }
    if let Some(inside) = without_scheme(text) {
        return nested(&inside, depth + 1);
    }
    // Spreadsheets mark text cells with a leading apostrophe.
    let bare = text.trim_start_matches(['\'', '`']);
    match addr_spec::read(bare, Place::Alone) {
        Some((written, address)) => Some(Written {
            name: only_comment(text),
            text: written,
            address,
        }),
        None => behind_name(text),
    }
}

/// The content of a pair of quotes or brackets that encloses the whole text.
fn unwrapped(text: &str) -> Option<&str> {
    let formula = text.strip_prefix('=').map(str::trim_start);
    if let Some(formula) = formula.filter(|text| text.starts_with(is_quote)) {
        return Some(formula);
    }
    let (first, last) = (text.chars().next()?, text.chars().next_back()?);
    let inside = text.get(first.len_utf8()..)?.strip_suffix(last)?;
    let is_pair = match first {
        '<' => last == '>' && !inside.trim_matches(['<', '>']).contains(['<', '>']),
        '[' => last == ']' && inside.contains('@') && !inside.contains(['[', ']']),
        _ => is_quote(first) && is_quote(last) && !inside.contains('"'),
    };
    is_pair.then_some(inside)
}

/// The text after `smtp:` or `mailto:`; for the latter without the fields after a `?` and with
/// percent-encoding decoded (RFC 6068 section 2).
fn without_scheme(text: &str) -> Option<Cow<'_, str>> {
    let begins = |scheme: &&str| {
        let start = text.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    let scheme = SCHEMES.into_iter().find(|scheme| begins(scheme))?;
    let rest = text.get(scheme.len()..)?;
    if scheme == "smtp:" {
        return Some(rest.into());
    }
    let address = rest.split('?').next().unwrap_or_default();
    let address = address.trim_start_matches('/');
    // An unencoded `%` in an address is kept.
    Some(match percent_decode_str(address).decode_utf8() {
        Ok(decoded) if decoded.matches('@').count() == 1 => decoded,
        _ => address.into(),
    })
}

/// `Ann <ann@x.org>`: a name may precede the brackets, comments may follow them.
fn behind_name(text: &str) -> Option<Written> {
    let open = last_bracket(text)?;
    let (name, rest) = text.split_at_checked(open)?;
    let rest = rest.get(1..)?;
    let (inside, behind) = rest.split_once('>').unwrap_or((rest, ""));
    let behind = addr_spec::without_comments(behind)?;
    let is_end = behind
        .chars()
        .all(|c| is_outside(c) || is_quote(c) || c == '>');
    let written = in_brackets(inside).filter(|_| is_end)?;
    if holds_another(name, &written.address) {
        return None;
    }
    Some(Written {
        name: name_of(name).or_else(|| only_comment(rest)),
        ..written
    })
}

/// The last `<` outside quotes and comments.
fn last_bracket(text: &str) -> Option<usize> {
    let mut found = None;
    let mut comments = 0_usize;
    let mut is_quoted = false;
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = is_quoted || comments > 0,
            '"' if comments == 0 => is_quoted = !is_quoted,
            '(' if !is_quoted => comments += 1,
            ')' if !is_quoted => comments = comments.saturating_sub(1),
            '<' if !is_quoted && comments == 0 => found = Some(at),
            _ => {}
        }
    }
    found
}

fn in_brackets(inside: &str) -> Option<Written> {
    if let Some(written) = plain(inside) {
        return Some(written);
    }
    let mut text = Cow::Borrowed(inside);
    for _ in 0..NESTING_MAX {
        let bare = text.trim_matches(is_outside);
        let next = unwrapped(bare).map(|inside| inside.to_owned().into());
        let Some(next) = next.or_else(|| without_scheme(bare)) else {
            let (text, address) = addr_spec::read(bare, Place::Brackets)?;
            return Some(Written {
                name: None,
                text,
                address,
            });
        };
        text = next.into_owned().into();
    }
    None
}

/// Whether an unquoted name contains another address: then a comma may be missing between the two.
/// `ann@x.org <ann@x.org>` and `Ann@Home <ann@x.org>` are names, and so is the name with which a
/// group replaces the author: `ann@x.org via Team <team@x.org>`.
fn holds_another(name: &str, address: &Address) -> bool {
    let is_of_group = || {
        name.split_whitespace()
            .any(|word| word.eq_ignore_ascii_case("via"))
    };
    if !name.contains('@') || is_of_group() {
        return false;
    }
    let mut is_quoted = false;
    let outside: String = name
        .chars()
        .map(|c| {
            is_quoted ^= c == '"';
            if is_quoted || c == '"' { ' ' } else { c }
        })
        .collect();
    let seen = visible(&outside);
    seen.found.iter().any(|other| other.address != *address)
}

/// A name without its quotes and comments.
fn name_of(text: &str) -> Option<String> {
    let bare = addr_spec::without_comments(text).unwrap_or_else(|| text.to_owned());
    let mut bare = bare.trim();
    while let Some(inside) = unwrapped_name(bare) {
        bare = inside.trim();
    }
    let mut name = String::with_capacity(bare.len());
    let mut characters = bare.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => name.extend(characters.next()),
            '"' => {}
            c => name.push(c),
        }
    }
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

fn unwrapped_name(text: &str) -> Option<&str> {
    let first = text.chars().next().filter(|c| is_quote(*c))?;
    let last = text.chars().next_back().filter(|c| is_quote(*c))?;
    text.get(first.len_utf8()..)?.strip_suffix(last)
}

/// The comment after an address without a name: `ann@x.org (Ann)`.
fn only_comment(text: &str) -> Option<String> {
    let (_, comment) = text.split_once('(')?;
    let inside = comment.trim_end().strip_suffix(')')?;
    name_of(inside).filter(|name| !name.contains(['(', ')', '@']))
}
