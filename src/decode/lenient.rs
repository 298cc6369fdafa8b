//! What the service's JSON is made of, read leniently: a member of the wrong type counts as missing,
//! never as a reason to lose the item.

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
use crate::model::time::Micros;

/// Characters of a preview: as many as the service gives (facts 1.9).
pub const PREVIEW_CHARS: usize = 255;

/// Characters of a subject that are kept. Programs write at most 255; nobody reads a longer one to
/// its end, and a hostile one must not weigh on every table, index and screen that shows it.
pub const SUBJECT_CHARS: usize = 4_000;

/// Levels of an item that are read quickly; items of the service have fewer than ten.
const DEPTH_MAX: usize = 60;

/// "Never", in the service's words (facts 2.3): nothing before the year 2 is an instant.
const NEVER_BEFORE: &str = "0002-01-01T00:00:00Z";

/// Reads an item; `None` where it is no object at all. Text that is cut within a character (as a
/// preview of 255 units can be) is read with a replacement character.
pub fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    if is_deep(bytes) {
        // The quick reader goes down with every level, on a stack that ends; this one does not.
        return serde_json::from_slice(bytes).ok();
    }
    if let Ok(item) = sonic_rs::from_slice(bytes) {
        return Some(item);
    }
    let mut lossy = sonic_rs::Deserializer::from_slice(bytes).utf8_lossy();
    let item = lossy.deserialize().ok()?;
    lossy.end().ok()?;
    Some(item)
}

/// Whether arrays and objects lie in one another deeper than any item of the service.
fn is_deep(bytes: &[u8]) -> bool {
    // Most items have fewer than that in all, which is told sooner.
    let opened = memchr::memchr2_iter(b'[', b'{', bytes).take(DEPTH_MAX + 1);
    opened.count() > DEPTH_MAX && depth(bytes) > DEPTH_MAX
}

fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut rest = bytes.iter();
    let mut in_text = false;
    while let Some(byte) = rest.next() {
        match byte {
            b'\\' if in_text => {
                rest.next();
            }
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// A subject as it is kept.
pub fn subject(text: &str) -> String {
    text.chars().take(SUBJECT_CHARS).collect()
}

/// Reads an instant; a time without zone is UTC.
pub fn instant(text: &str) -> Option<Micros> {
    let text = text.trim();
    let parsed = Micros::parse_rfc3339(text).or_else(|| Micros::parse_rfc3339(&format!("{text}Z")));
    parsed.filter(|instant| is_instant(*instant))
}

/// Whether it is an instant, and not "never" in the service's words.
pub fn is_instant(instant: Micros) -> bool {
    Micros::parse_rfc3339(NEVER_BEFORE).is_some_and(|never| instant >= never)
}

/// `{emailAddress: {name, address}}`.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct RawRecipient<'a> {
    #[serde(rename = "emailAddress", borrow)]
    pub email_address: Lenient<RawAddress<'a>>,
}

/// `{name, address}`.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct RawAddress<'a> {
    #[serde(borrow)]
    pub name: Text<'a>,
    #[serde(borrow)]
    pub address: Text<'a>,
}

/// `{contentType, content}`.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct RawBody<'a> {
    #[serde(rename = "contentType", borrow)]
    pub content_type: Text<'a>,
    #[serde(borrow)]
    pub content: Text<'a>,
}

/// A text; anything else is none.
#[derive(Debug, Default, PartialEq)]
pub struct Text<'a>(pub Option<Cow<'a, str>>);

/// A truth value, or one as text (facts 1.5); anything else is none.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Flag(pub Option<bool>);

/// An object; anything else is none.
#[derive(Debug, PartialEq)]
pub struct Lenient<T>(pub Option<T>);

/// An array of objects; anything else is an empty one, and what is no object in it is left out.
#[derive(Debug, PartialEq)]
pub struct Many<T>(pub Vec<T>);

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
    /// The text, where there is one that is not empty.
    pub fn filled(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }
}

impl RawBody<'_> {
    /// The text, stripped of HTML; `None` where there is nothing to read.
    pub fn text(&self) -> Option<String> {
        let content = self.content.filled()?;
        let is_html = self
            .content_type
            .filled()
            .is_none_or(|kind| kind.eq_ignore_ascii_case("html"));
        let text = if is_html {
            html::text(content)
        } else {
            content.to_owned()
        };
        (!text.trim().is_empty()).then_some(text)
    }
}

impl RawAddress<'_> {
    /// Name and address; `None` where there is neither.
    pub fn named(&self) -> Option<(Option<String>, String)> {
        let name = self.name.filled().filter(|name| !name.trim().is_empty());
        let address = self
            .address
            .filled()
            .map(str::trim)
            .filter(|address| !address.is_empty());
        // `undisclosed-recipients:;` and the like come as a name alone.
        match address {
            Some(address) => Some((name.map(str::to_owned), address.to_owned())),
            None => name.map(|name| (None, name.trim().to_owned())),
        }
    }
}

/// What a value is, of which only some kinds are wanted: all others are read over.
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
