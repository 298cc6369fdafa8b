//! The JSON of one mail, read leniently.

use std::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::IgnoredAny;
use serde::de::MapAccess;
use serde::de::Visitor;

use crate::decode::lenient::Flag;
use crate::decode::lenient::Lenient;
use crate::decode::lenient::Many;
use crate::decode::lenient::RawBody;
use crate::decode::lenient::RawRecipient;
use crate::decode::lenient::Text;

/// The members of a mail item that touchpoint uses.
#[derive(Debug, Default, PartialEq)]
pub(super) struct RawItem<'a> {
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
    /// `None`: not requested, or not returned.
    pub headers: Option<Many<RawHeader<'a>>>,
    pub seen: Seen,
}

/// A header field: `{name, value}`.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(super) struct RawHeader<'a> {
    #[serde(borrow)]
    pub name: Text<'a>,
    #[serde(borrow)]
    pub value: Text<'a>,
}

/// Which members were present, whatever their value.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one question to the members' names"
)]
pub(super) struct Seen {
    pub removed: bool,
    pub subject: bool,
    pub date: bool,
    pub people: bool,
    /// A member with relevant content.
    pub news: bool,
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
            "internetMessageHeaders" => self.headers = Some(map.next_value()?),
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

/// Members that change without the content of the mail changing.
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
