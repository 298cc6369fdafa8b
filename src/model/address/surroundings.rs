//! What stands around an address in a text: its name, quotes, schemes, and characters that mean
//! nothing.

use std::borrow::Cow;

use crate::model::address::Address;
use crate::model::address::addr_spec;
use crate::model::unicode::is_invisible;

/// An address and its display name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// As written, without quotes and comments. Encoded words are not decoded.
    pub name: Option<String>,
    /// The address as written, without the surrounding text.
    pub text: String,
    /// Normalised.
    pub address: Address,
}

/// Schemes before an address, in lower case.
pub(super) const SCHEMES: [&str; 2] = ["mailto:", "smtp:"];

/// The text without zero-width characters, with every kind of space as an ASCII space and a
/// full-width `@` as an ASCII one.
pub fn cleaned(raw: &str) -> Cow<'_, str> {
    let is_plain = |b: u8| b == b' ' || b.is_ascii_graphic();
    if raw.bytes().all(is_plain) {
        return Cow::Borrowed(raw);
    }
    let visible = raw.chars().filter(|c| !is_invisible(*c));
    let has_sign = raw.contains('@');
    let plain = |c: char| match c {
        // As East Asian input methods write it.
        '\u{ff20}' | '\u{fe6b}' if !has_sign => '@',
        c if c.is_whitespace() => ' ',
        c => c,
    };
    Cow::Owned(visible.map(plain).collect())
}

/// Quotes of any kind.
pub fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '`') || addr_spec::is_wide_quote(c)
}
