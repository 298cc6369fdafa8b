//! The bare address: `addr-spec` of RFC 5322 section 3.4.1, with the comments and white space that
//! sections 3.2.2 and 4.4 allow in it.

use crate::model::address::Address;
use crate::model::limits;

/// Where an address occurs: this decides which spaces are part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Between angle brackets: spaces around each dot.
    Brackets,
    /// On its own. `Dr. ann@x.org` is a title and an address, so a space after a dot in the local
    /// part belongs to the address only if there is a space before the dot as well.
    Alone,
}

/// Parses `local@domain`; returns it as written, without comments and spaces, and normalised.
/// `None` if it is not an address or there is other text next to it.
pub fn read(text: &str, place: Place) -> Option<(String, Address)> {
    if text.len() > limits::PARTICIPANT_BYTES {
        return None;
    }
    let bare = without_comments(text)?;
    let bare = without_route(bare.trim());
    let (local, domain) = at_sign(bare)?;
    let (local, domain) = (local_part(local.trim(), place)?, domain_of(domain.trim())?);
    let address = Address::of_parts(&local, &domain)?;
    Some((format!("{local}@{domain}"), address))
}

/// Removes comments, including nested ones; `None` if one is not closed.
pub fn without_comments(text: &str) -> Option<String> {
    let mut bare = String::with_capacity(text.len());
    let mut depth = 0_usize;
    let mut is_quoted = false;
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' if depth > 0 => drop(characters.next()),
            '\\' if is_quoted => {
                bare.push(c);
                bare.extend(characters.next());
            }
            '"' if depth == 0 => {
                is_quoted = !is_quoted;
                bare.push(c);
            }
            '(' if !is_quoted => depth += 1,
            ')' if depth > 0 => depth -= 1,
            _ if depth == 0 => bare.push(c),
            _ => {}
        }
    }
    (depth == 0).then_some(bare)
}

/// `@relay.org,@other.org:ann@x.org` is an obsolete way to write `ann@x.org` (RFC 5322 section
/// 4.4).
fn without_route(text: &str) -> &str {
    let target = || {
        let route = text.strip_prefix('@')?;
        let (_, target) = route.split_once(':')?;
        Some(target.trim_start())
    };
    target().unwrap_or(text)
}

/// The parts before and after the only `@` outside quotes.
fn at_sign(text: &str) -> Option<(&str, &str)> {
    let mut is_quoted = false;
    let mut is_escaped = false;
    let mut found = None;
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = is_quoted,
            '"' => is_quoted = !is_quoted,
            '@' if !is_quoted && found.is_some() => return None,
            '@' if !is_quoted => found = Some(at),
            _ => {}
        }
    }
    let (local, rest) = text.split_at_checked(found?)?;
    Some((local, rest.get(1..)?))
}

/// Words between dots. If any of them needs quotes, the local part is quoted once, as a whole.
fn local_part(text: &str, place: Place) -> Option<String> {
    let mut local = String::with_capacity(text.len());
    let mut needs_quotes = false;
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix('"') {
            let (word, behind) = quoted_word(quoted)?;
            needs_quotes |= !word.chars().all(|c| c == '.' || is_atom(c));
            local.push_str(&word);
            rest = behind;
        } else {
            let is_end = |c: char| matches!(c, '.' | '"') || c.is_whitespace();
            let end = rest.find(is_end).unwrap_or(rest.len());
            let (word, behind) = rest.split_at_checked(end)?;
            word.chars().all(is_atom).then(|| local.push_str(word))?;
            rest = behind;
        }
        rest = behind_dot(rest, &mut local, place)?;
    }
    let is_some = !local.is_empty();
    is_some.then(|| {
        if needs_quotes {
            format!("\"{local}\"")
        } else {
            local
        }
    })
}

/// Reads the dot after a word, if there is one.
fn behind_dot<'a>(rest: &'a str, local: &mut String, place: Place) -> Option<&'a str> {
    let trimmed = rest.trim_start();
    let Some(behind) = trimmed.strip_prefix('.') else {
        // Two words without a dot between them.
        return trimmed.is_empty().then_some("");
    };
    local.push('.');
    let next = behind.trim_start();
    let has_blank = next.len() < behind.len();
    let has_blank_before = trimmed.len() < rest.len();
    let is_apart = place == Place::Alone && has_blank && !has_blank_before;
    (!is_apart).then_some(next)
}

/// The content of a quoted string, after its first quote, and the rest. `None` if it contains what
/// an address cannot represent (a second `@`, quotes, brackets, control characters).
fn quoted_word(text: &str) -> Option<(String, &str)> {
    let mut word = String::new();
    let mut characters = text.chars();
    loop {
        match characters.next()? {
            '"' => return Some((word, characters.as_str())),
            '\\' => word.push(characters.next()?),
            c => word.push(c),
        }
        let is_kept = |c: char| !matches!(c, '@' | '"' | '\\' | '<' | '>') && !c.is_control();
        word.ends_with(is_kept).then_some(())?;
    }
}

/// A character that needs no quotes (RFC 5322 section 3.2.3; RFC 6532 for those beyond ASCII).
fn is_atom(c: char) -> bool {
    let is_special = matches!(
        c,
        '(' | ')' | '<' | '>' | '[' | ']' | ':' | ';' | '@' | '\\' | ',' | '.' | '"'
    );
    !is_special && !c.is_whitespace() && !c.is_control() && !is_wide_quote(c)
}

/// A domain without the spaces around its dots, or a domain literal. A trailing dot is the root.
fn domain_of(text: &str) -> Option<String> {
    if text.starts_with('[') {
        let inside = text.strip_prefix('[')?.strip_suffix(']')?;
        let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-');
        return inside.chars().all(is_host).then(|| text.to_owned());
    }
    let labels: Vec<&str> = text.split('.').map(str::trim).collect();
    let domain = labels.join(".");
    let domain = domain.trim_end_matches('.');
    let is_host = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, '.' | '-' | '_')
            || (!c.is_ascii() && !c.is_whitespace() && !c.is_control() && !is_wide_quote(c))
    };
    domain.chars().all(is_host).then(|| domain.to_owned())
}

/// Non-ASCII quotes, as word processors insert them.
pub(super) fn is_wide_quote(c: char) -> bool {
    matches!(c,
        '\u{2018}'..='\u{201f}' | '\u{2039}' | '\u{203a}' | '\u{ab}' | '\u{bb}' | '\u{b4}'
        | '\u{300c}'..='\u{300f}' | '\u{301d}'..='\u{301f}' | '\u{ff02}' | '\u{ff07}')
}
