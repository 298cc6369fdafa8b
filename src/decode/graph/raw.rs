//! The JSON of one item, read leniently: a member of the wrong type counts as missing, never as a
//! reason to lose the item.

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

/// An item of a page as far as touchpoint knows its members.
#[derive(Debug, Default, PartialEq)]
pub struct RawItem<'a> {
    pub odata_type: Text<'a>,
    pub id: Text<'a>,
    pub subject: Text<'a>,
    pub body_preview: Text<'a>,
    pub body: Lenient<RawBody<'a>>,
    pub from: Lenient<RawRecipient<'a>>,
    pub sender: Lenient<RawRecipient<'a>>,
    pub to: Many<RawRecipient<'a>>,
    pub cc: Many<RawRecipient<'a>>,
    pub bcc: Many<RawRecipient<'a>>,
    pub sent: Text<'a>,
    pub received: Text<'a>,
    pub internet_message_id: Text<'a>,
    pub conversation_index: Text<'a>,
    pub is_draft: Flag,
    pub seen: Seen,
}

/// Which members were there at all, whatever their value.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one question to the members' names"
)]
pub struct Seen {
    pub removed: bool,
    pub subject: bool,
    pub date: bool,
    pub people: bool,
    /// A member that says something of interest.
    pub news: bool,
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

impl<'a> RawItem<'a> {
    fn read<A: MapAccess<'a>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "@odata.type" => self.odata_type = map.next_value()?,
            "id" => self.id = map.next_value()?,
            "@removed" => {
                map.next_value::<IgnoredAny>()?;
                self.seen.removed = true;
            }
            "subject" => {
                self.subject = map.next_value()?;
                self.seen.subject = true;
            }
            "bodyPreview" => self.body_preview = map.next_value()?,
            "body" => self.body = map.next_value()?,
            "from" => self.from = map.next_value()?,
            "sender" => self.sender = map.next_value()?,
            "toRecipients" => self.to = map.next_value()?,
            "ccRecipients" => self.cc = map.next_value()?,
            "bccRecipients" => self.bcc = map.next_value()?,
            "sentDateTime" => self.sent = map.next_value()?,
            "receivedDateTime" => self.received = map.next_value()?,
            "internetMessageId" => self.internet_message_id = map.next_value()?,
            "conversationIndex" => self.conversation_index = map.next_value()?,
            "isDraft" => self.is_draft = map.next_value()?,
            _ => {
                map.next_value::<IgnoredAny>()?;
            }
        }
        self.seen.date |= matches!(name, "sentDateTime" | "receivedDateTime");
        self.seen.people |= matches!(name, "from" | "sender" | "toRecipients");
        self.seen.news |= !is_bookkeeping(name);
        Ok(())
    }
}

/// Members that change without the mail saying anything else.
fn is_bookkeeping(name: &str) -> bool {
    name.starts_with('@')
        || matches!(
            name,
            "id" | "isRead"
                | "parentFolderId"
                | "changeKey"
                | "lastModifiedDateTime"
                | "flag"
                | "categories"
        )
}

impl<'de> Deserialize<'de> for RawItem<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = RawItem<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an item")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut item = RawItem::default();
                while let Some(name) = map.next_key::<Text<'de>>()? {
                    item.read(name.0.as_deref().unwrap_or_default(), &mut map)?;
                }
                Ok(item)
            }
        }
        deserializer.deserialize_map(Members)
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

/// Reads an item; `None` where it is no object at all. Text that is cut within a character (as a
/// preview of 255 units can be) is read with a replacement character.
pub fn parse(bytes: &[u8]) -> Option<RawItem<'_>> {
    if let Ok(item) = sonic_rs::from_slice(bytes) {
        return Some(item);
    }
    let mut lossy = sonic_rs::Deserializer::from_slice(bytes).utf8_lossy();
    let item = lossy.deserialize().ok()?;
    lossy.end().ok()?;
    Some(item)
}
