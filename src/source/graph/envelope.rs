//! Pages: the envelope is opened, the items of `value[]` stay bytes.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

use bytes::Bytes;
use serde::Deserialize;
use serde::Deserializer;
use serde::de::Error as _;
use serde::de::SeqAccess;
use serde::de::Visitor;
use serde_json::value::RawValue;

use crate::model::page::Link;

/// An opened page of a chain.
#[derive(Debug)]
pub struct Opened {
    /// The body.
    pub body: Bytes,
    /// Where in it each item lies.
    pub items: Vec<Range<usize>>,
    /// Where the chain continues.
    pub link: Link,
}

/// A page of a plain list.
#[derive(Debug, Deserialize)]
pub struct List<T> {
    /// The items.
    #[serde(deserialize_with = "bounded", bound = "T: Deserialize<'de>")]
    pub value: Vec<T>,
    /// The next page, if there is one.
    #[serde(rename = "@odata.nextLink", default)]
    pub next: Option<String>,
}

/// A page of a plain list whose items stay as they are.
#[derive(Debug, Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, deserialize_with = "bounded")]
    value: Vec<&'a RawValue>,
    #[serde(rename = "@odata.nextLink", borrow, default)]
    next: Option<Cow<'a, str>>,
    #[serde(rename = "@odata.deltaLink", borrow, default)]
    delta: Option<Cow<'a, str>>,
}

/// An opened page of a plain list.
#[derive(Debug)]
pub struct OpenedList {
    /// The body.
    pub body: Bytes,
    /// Where in it each item lies.
    pub items: Vec<Range<usize>>,
    /// The next page, if there is one.
    pub next: Option<String>,
}

/// Items of a page: ten times what the service gives at most (facts 1.3, 1.7). A page of millions
/// of empty items is within the limit of bodies, and would fill memory.
const ITEMS_MAX: usize = 10_000;

/// Reads a list that is not longer than a page may be.
pub fn bounded<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_seq(Bounded(PhantomData))
}

struct Bounded<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Bounded<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of at most {ITEMS_MAX} items")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            if items.len() == ITEMS_MAX {
                return Err(A::Error::invalid_length(ITEMS_MAX + 1, &self));
            }
            items.push(item);
        }
        Ok(items)
    }
}

/// Opens a page of a chain. `None`: it is no whole page, or says not exactly one of how the chain
/// continues (facts 1.4); then nothing of it counts.
pub fn open(body: Bytes) -> Option<Opened> {
    let body = as_text(body);
    let (items, link) = {
        let envelope: Envelope<'_> = serde_json::from_slice(&body).ok()?;
        // By the member's name alone: a deltaLink can hold a skip token (facts 1.4).
        let link = match (envelope.next, envelope.delta) {
            (Some(next), None) => Link::Next(next.into_owned()),
            (None, Some(delta)) => Link::Delta(delta.into_owned()),
            _ => return None,
        };
        (ranges(&body, &envelope.value)?, link)
    };
    Some(Opened { body, items, link })
}

/// Opens a page of a plain list, whose items stay bytes.
pub fn open_list(body: Bytes) -> Option<OpenedList> {
    let body = as_text(body);
    let (items, next) = {
        let envelope: Envelope<'_> = serde_json::from_slice(&body).ok()?;
        let next = envelope.next.map(Cow::into_owned);
        (ranges(&body, &envelope.value)?, next)
    };
    Some(OpenedList { body, items, next })
}

/// One byte that is no UTF-8 in one item must not cost the page.
fn as_text(body: Bytes) -> Bytes {
    match std::str::from_utf8(&body) {
        Ok(_) => body,
        Err(_) => Bytes::from(String::from_utf8_lossy(&body).into_owned()),
    }
}

fn ranges(body: &[u8], items: &[&RawValue]) -> Option<Vec<Range<usize>>> {
    items.iter().map(|item| range(body, item.get())).collect()
}

/// Reads a page of a plain list.
pub fn list<T: serde::de::DeserializeOwned>(body: &Bytes) -> Option<List<T>> {
    serde_json::from_slice(body).ok()
}

/// Where in `body` a part that was borrowed from it lies.
pub fn range(body: &[u8], part: &str) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(body.as_ptr().addr())?;
    let end = start.checked_add(part.len())?;
    (end <= body.len()).then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(text: &str) -> Option<Opened> {
        open(Bytes::copy_from_slice(text.as_bytes()))
    }

    #[test]
    fn items_are_the_bytes_between_the_commas() {
        let page = opened(
            r#"{"@odata.context":"x","value":[ {"id":"a","s":"],}"} ,{"id":"b"}],"@odata.nextLink":"https:\/\/x\/n"}"#,
        )
        .unwrap();
        let items: Vec<&[u8]> = page
            .items
            .iter()
            .map(|range| &page.body[range.clone()])
            .collect();
        assert_eq!(items, [&br#"{"id":"a","s":"],}"}"#[..], br#"{"id":"b"}"#]);
        assert_eq!(page.link, Link::Next("https://x/n".into()));
    }

    /// Facts 1.4.
    #[test]
    fn a_page_has_exactly_one_of_next_link_and_delta_link() {
        assert!(opened(r#"{"value":[]}"#).is_none());
        assert!(opened(r#"{"value":[],"@odata.nextLink":"n","@odata.deltaLink":"d"}"#).is_none());
        assert!(opened(r#"{"value":[],"@odata.nextLink":null,"@odata.deltaLink":"d"}"#).is_some());
        assert!(opened(r#"{"@odata.deltaLink":"d"}"#).is_none());
    }

    /// Facts 1.4.
    #[test]
    fn a_delta_link_with_a_skip_token_is_a_delta_link() {
        let page = opened(r#"{"value":[],"@odata.deltaLink":"https://x/delta?$skiptoken=y"}"#);
        assert!(matches!(page.unwrap().link, Link::Delta(_)));
    }

    #[test]
    fn a_page_that_is_cut_off_is_no_page() {
        let whole = r#"{"value":[{"id":"a"}],"@odata.deltaLink":"d"}"#;
        for length in 0..whole.len() {
            assert!(opened(whole.get(..length).unwrap()).is_none(), "{length}");
        }
        assert!(opened(whole).is_some());
    }

    #[test]
    fn an_item_with_broken_text_does_not_cost_the_page() {
        let text =
            r#"{"value":[{"id":"a","subject":"\ud83d %"},{"id":"b"}],"@odata.deltaLink":"d"}"#;
        let broken = |byte| if byte == b'%' { 0xff } else { byte };
        let body: Vec<u8> = text.bytes().map(broken).collect();
        let page = open(body.into()).unwrap();
        assert_eq!(page.items.len(), 2);
        assert_eq!(&page.body[page.items[1].clone()], br#"{"id":"b"}"#);
    }

    #[test]
    fn a_page_with_too_many_items_is_refused_before_it_fills_memory() {
        let page = |items: usize| {
            let items = vec!["{}"; items].join(",");
            format!(r#"{{"value":[{items}],"@odata.deltaLink":"d"}}"#)
        };
        assert!(opened(&page(ITEMS_MAX)).is_some());
        assert!(opened(&page(ITEMS_MAX + 1)).is_none());
        let listed = list::<serde_json::Value>(&page(ITEMS_MAX + 1).into());
        assert!(listed.is_none());
    }
}
