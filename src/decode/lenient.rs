//! Lenient readers for the service's JSON: a member of the wrong type counts as missing, and never
//! causes the item to be lost.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::IgnoredAny;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
use serde::de::value::MapAccessDeserializer;

use crate::decode::html;
use crate::decode::kept::Kept;
use crate::model::address::visible::Visible;
use crate::model::address::visible::visible;
use crate::model::address::written;
use crate::model::legacy_name;
use crate::model::time::Timestamp;

/// The service's encoding of "never" (facts 2.3): times before the year 2 are not instants.
const NEVER_BEFORE: &str = "0002-01-01T00:00:00Z";

/// Parses an item; `None` if it is not an object. Text that is cut within a character (as a preview
/// of 255 units can be) is read with a replacement character; the repaired JSON is stored in
/// `mended`.
pub(super) fn parse<'a, T: Deserialize<'a>>(json: &'a [u8], mended: &'a mut Vec<u8>) -> Option<T> {
    if let Ok(item) = serde_json::from_slice(json) {
        return Some(item);
    }
    *mended = mend(json);
    serde_json::from_slice(mended).ok()
}

/// The same JSON with a replacement character for invalid UTF-8 and for each lone surrogate.
fn mend(json: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(json);
    let mut rest = text.as_bytes();
    let mut mended = Vec::with_capacity(rest.len());
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (before, escape) = rest.split_at(at);
        mended.extend_from_slice(before);
        let next = escape.get(6..).and_then(unit);
        let (kept, length) = match (unit(escape), next) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => (escape.get(..12), 12),
            (Some(0xD800..=0xDFFF), _) => (Some(&br"\ufffd"[..]), 6),
            _ => (escape.get(..2), 2),
        };
        mended.extend_from_slice(kept.unwrap_or(escape));
        rest = escape.get(length..).unwrap_or_default();
    }
    mended.extend_from_slice(rest);
    mended
}

/// The UTF-16 unit of an escape `\uXXXX` at the beginning.
fn unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(br"\u")?.get(..4)?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Reads an instant; a time without zone is UTC.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let parsed =
        Timestamp::parse_rfc3339(text).or_else(|| Timestamp::parse_rfc3339(&format!("{text}Z")));
    parsed.filter(|instant| is_instant(*instant))
}

/// Whether it is an instant, and not the service's encoding of "never".
pub(super) fn is_instant(instant: Timestamp) -> bool {
    Timestamp::parse_rfc3339(NEVER_BEFORE).is_some_and(|never| instant >= never)
}

/// `{emailAddress: {name, address}}`.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct RawRecipient<'a> {
    #[serde(rename = "emailAddress", borrow)]
    pub email_address: Lenient<RawAddress<'a>>,
}

/// `{name, address}`.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct RawAddress<'a> {
    #[serde(borrow)]
    pub name: Text<'a>,
    #[serde(borrow)]
    pub address: Text<'a>,
}

/// `{contentType, content}`.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct RawBody<'a> {
    #[serde(rename = "contentType", borrow)]
    pub content_type: Text<'a>,
    #[serde(borrow)]
    pub content: Text<'a>,
}

/// A text; any other type counts as missing.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Text<'a>(pub Option<Cow<'a, str>>);

/// A boolean, or one as text (facts 1.5); any other type counts as missing.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flag(pub Option<bool>);

/// An object; any other type counts as missing.
#[derive(Debug, PartialEq)]
pub(super) struct Lenient<T>(pub Option<T>);

/// An array of objects; any other type counts as an empty array, and elements that are not objects
/// are skipped.
#[derive(Debug, PartialEq)]
pub(super) struct Many<T>(pub Vec<T>);

impl<T> Default for Lenient<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Default for Many<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl Text<'_> {
    /// The text, if it is not empty.
    pub(super) fn filled(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }
}

impl RawBody<'_> {
    /// The text, stripped of HTML; `None` if nothing remains.
    pub(super) fn text(&self, kept: &mut Kept) -> Option<String> {
        let content = kept.source(self.content.filled()?);
        let is_html = self
            .content_type
            .filled()
            .is_none_or(|kind| kind.eq_ignore_ascii_case("html"));
        let text = if is_html || html::is_page(content) {
            html::text(content)
        } else {
            content.to_owned()
        };
        (!text.trim().is_empty()).then(|| kept.text(text))
    }
}

impl RawAddress<'_> {
    /// Name and address; several if the address contains more than one, none if there is neither.
    /// Text that is not an address is returned unchanged in its place.
    pub(super) fn named(&self, kept: &mut Kept) -> Vec<(Option<String>, String)> {
        let plain = |text: &'_ Text<'_>| {
            let text = text.filled().map(str::trim);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let (name, address) = (plain(&self.name), plain(&self.address));
        let Some(address) = address else {
            // `undisclosed-recipients:;` and the like come as a name alone.
            return name.map_or_else(Vec::new, |name| written(None, &name, kept));
        };
        written(name, &address, kept)
    }
}

/// The address, or the addresses that can be found in the text. A separate name takes precedence
/// over one within the address.
fn written(name: Option<String>, text: &str, kept: &mut Kept) -> Vec<(Option<String>, String)> {
    let name = name.map(|name| kept.name(name));
    let seen = if legacy_name::read(text).is_some() {
        Visible::default()
    } else {
        seen_in(text)
    };
    let mut named: Vec<_> = seen
        .found
        .into_iter()
        .map(|written| {
            let beside = written.name.map(|name| kept.name(name));
            (name.clone().or(beside), kept.address(written.text))
        })
        .collect();
    if named.is_empty() || seen.has_rest {
        named.push((name, kept.address(text.to_owned())));
    }
    named
}

fn seen_in(text: &str) -> Visible {
    match written::read(text) {
        Some(written) => Visible {
            found: vec![written],
            has_rest: false,
        },
        None => visible(text),
    }
}

/// The kind of a value of which only some kinds are used: all others are skipped.
macro_rules! unwanted {
    ($($visit:ident: $kind:ty),* $(,)?) => {
        $(fn $visit<E: serde::de::Error>(self, _: $kind) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        })*

        fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        }

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a value")
        }
    };
}

fn skip_seq<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

fn skip_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsText;
        impl<'de> Visitor<'de> for AsText {
            type Value = Text<'de>;

            unwanted!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64);

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Borrowed(text))))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Some(Cow::Owned(text.to_owned()))))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                skip_seq(seq).map(|()| Text(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                skip_map(map).map(|()| Text(None))
            }
        }
        deserializer.deserialize_any(AsText)
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsFlag;
        impl<'de> Visitor<'de> for AsFlag {
            type Value = Flag;

            unwanted!(visit_i64: i64, visit_u64: u64, visit_f64: f64);

            fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
                Ok(Flag(Some(flag)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                let is = |word: &str| text.trim().eq_ignore_ascii_case(word);
                Ok(Flag(if is("true") {
                    Some(true)
                } else if is("false") {
                    Some(false)
                } else {
                    None
                }))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                skip_seq(seq).map(|()| Flag(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                skip_map(map).map(|()| Flag(None))
            }
        }
        deserializer.deserialize_any(AsFlag)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsObject<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for AsObject<T> {
            type Value = Lenient<T>;

            unwanted!(
                visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str
            );

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                skip_seq(seq).map(|()| Lenient(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|object| Lenient(Some(object)))
            }
        }
        deserializer.deserialize_any(AsObject(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AsArray<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for AsArray<T> {
            type Value = Many<T>;

            unwanted!(
                visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str
            );

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut many = Vec::new();
                while let Some(element) = seq.next_element::<Lenient<T>>()? {
                    many.extend(element.0);
                }
                Ok(Many(many))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                skip_map(map).map(|()| Many(Vec::new()))
            }
        }
        deserializer.deserialize_any(AsArray(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(json: &[u8]) -> Option<String> {
        let mut mended = Vec::new();
        let address: RawAddress<'_> = parse(json, &mut mended)?;
        address.name.filled().map(str::to_owned)
    }

    #[test]
    fn lone_surrogates_become_replacement_characters() {
        for (text, expected) in [
            (r"high \ud83d", "high \u{fffd}"),
            (r"high \uD83D then text", "high \u{fffd} then text"),
            (r"low \ude04!", "low \u{fffd}!"),
            (r"reversed \ude04\ud83d", "reversed \u{fffd}\u{fffd}"),
            (r"pair \ud83d\ude04", "pair \u{1f604}"),
            (
                r"half \ud83d\ud83d\ude04 pair",
                "half \u{fffd}\u{1f604} pair",
            ),
            (r"half \ud83d\u0041", "half \u{fffd}A"),
            (r"half \ud83d\n", "half \u{fffd}\n"),
            (r"text \\ud83d", r"text \ud83d"),
            (r"text \\ud83d, half \ud83d", "text \\ud83d, half \u{fffd}"),
            (r"text \\\ud83d", "text \\\u{fffd}"),
        ] {
            let json = format!(r#"{{"name":"{text}","address":"a"}}"#);
            assert_eq!(name(json.as_bytes()).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn lone_surrogates_in_ignored_members_are_harmless() {
        let json = br#"{"other":"\ud83d","name":"n","\ude04":["\ud83d"]}"#;
        assert_eq!(name(json).as_deref(), Some("n"));
    }

    #[test]
    fn invalid_utf8_is_read_with_replacement_characters() {
        let json = b"{\"\xff\":1,\"name\":\"caf\xe9 \xf0\x9f\",\"address\":\"a\"}";
        assert_eq!(name(json).as_deref(), Some("caf\u{fffd} \u{fffd}"));
        let both = b"{\"name\":\"caf\xe9 \\ud83d\"}";
        assert_eq!(name(both).as_deref(), Some("caf\u{fffd} \u{fffd}"));
    }

    #[test]
    fn what_is_no_json_stays_unread() {
        for json in [
            r#"{"name":"\ud83"}"#,
            r#"{"name":"\ud83d\"}"#,
            r#"{"name":"\ud83d\u"}"#,
            r#"{"name":"\x"}"#,
            r#"{"name":"\"#,
            r#"{"name":"\ud83d"#,
            r#"{"name":"\é"}"#,
        ] {
            assert_eq!(name(json.as_bytes()), None, "{json}");
        }
    }
}
