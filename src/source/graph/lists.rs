//! Lists of directory objects and folders over several pages: read to their end, and given up where
//! they have none. An entry that cannot be read costs itself and not the list.

use std::collections::HashSet;

use bytes::Bytes;
use serde::Deserialize;
use serde::Deserializer;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use url::Url;

use crate::source::graph::envelope;
use crate::source::graph::envelope::List;
use crate::source::graph::error::GraphError;

/// Pages of a list: ten million users by pages of 999.
const PAGES_MAX: usize = 10_000;
/// Entries of a list. The largest tenants have some hundred thousand users.
const ENTRIES_MAX: usize = 1_000_000;
/// Bytes of all its pages: what a million users take.
const BYTES_MAX: usize = 1 << 30;
/// Pages in a row that bring nothing but what earlier ones brought: this many more will not either.
const STALE_PAGES_MAX: usize = 4;
/// Empty pages in a row. They are normal where entries are filtered, but each is a request.
const EMPTY_PAGES_MAX: usize = 100;

/// Something with an id, of which a list holds one.
pub(super) trait Listed {
    /// Its id.
    fn id(&self) -> &str;
}

/// An entry, if it is one.
#[derive(Debug)]
pub(super) struct Entry<T>(Option<T>);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Entry<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entry = <&RawValue>::deserialize(deserializer)?;
        Ok(Self(serde_json::from_str(entry.get()).ok()))
    }
}

/// A text; anything else is none.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(text) => Some(text),
        _ => None,
    })
}

/// A truth value; anything else is none.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(serde_json::Value::deserialize(deserializer)?.as_bool())
}

/// A number; anything else is none.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(serde_json::Value::deserialize(deserializer)?.as_i64())
}

/// The texts of a list; anything else is none.
pub(super) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let serde_json::Value::Array(values) = serde_json::Value::deserialize(deserializer)? else {
        return Ok(Vec::new());
    };
    let texts = values.into_iter().filter_map(|value| match value {
        serde_json::Value::String(text) => Some(text),
        _ => None,
    });
    Ok(texts.collect())
}

/// A page, and how many bytes it had.
pub(super) type Page<T> = (List<Entry<T>>, usize);

/// Reads a page.
pub(super) fn page<T: DeserializeOwned>(body: &Bytes) -> Option<Page<T>> {
    Some((envelope::list(body)?, body.len()))
}

/// Reads a list to its end, each id once: the first counts. `ask` gives the page at an address, or
/// none where what is listed is gone; `follow` makes an address of a link.
///
/// # Errors
/// Those of both; and where the list has no end.
pub(super) async fn read<T: Listed>(
    call: &'static str,
    first: Url,
    ask: impl AsyncFn(Url) -> Result<Option<Page<T>>, GraphError>,
    follow: impl Fn(&str, &Url) -> Result<Url, GraphError>,
) -> Result<Vec<T>, GraphError> {
    let mut reading = Reading::new(call, &first);
    let mut url = first.clone();
    while let Some((page, bytes)) = ask(url).await? {
        reading.take(page.value, bytes)?;
        let Some(next) = page.next else { break };
        url = follow(&next, &first)?;
        reading.go_on(&url)?;
    }
    Ok(reading.finish())
}

/// A list while it is read.
#[derive(Debug)]
struct Reading<T> {
    call: &'static str,
    entries: Vec<T>,
    ids: HashSet<String>,
    links: HashSet<String>,
    bytes: usize,
    stale: usize,
    empty: usize,
    invalid: usize,
}

impl<T: Listed> Reading<T> {
    /// Begins with the first page's address.
    fn new(call: &'static str, first: &Url) -> Self {
        Self {
            call,
            entries: Vec::new(),
            ids: HashSet::new(),
            links: HashSet::from([first.to_string()]),
            bytes: 0,
            stale: 0,
            empty: 0,
            invalid: 0,
        }
    }

    /// Takes a page of this many bytes.
    ///
    /// # Errors
    /// The list has no end.
    fn take(&mut self, page: Vec<Entry<T>>, bytes: usize) -> Result<(), GraphError> {
        let (before, is_empty) = (self.entries.len(), page.is_empty());
        for entry in page {
            match entry.0 {
                Some(entry) if self.ids.insert(entry.id().to_owned()) => self.entries.push(entry),
                Some(_) => {}
                None => self.invalid += 1,
            }
        }
        let is_stale = !is_empty && self.entries.len() == before;
        self.stale = if is_stale { self.stale + 1 } else { 0 };
        self.empty = if is_empty { self.empty + 1 } else { 0 };
        self.bytes = self.bytes.saturating_add(bytes);
        let is_endless = self.stale >= STALE_PAGES_MAX
            || self.empty >= EMPTY_PAGES_MAX
            || self.entries.len() > ENTRIES_MAX
            || self.bytes > BYTES_MAX;
        if is_endless {
            return Err(self.endless());
        }
        Ok(())
    }

    /// Notes the next page's address.
    ///
    /// # Errors
    /// It was read already, or it would be one too many.
    fn go_on(&mut self, next: &Url) -> Result<(), GraphError> {
        if self.links.len() >= PAGES_MAX || !self.links.insert(next.to_string()) {
            return Err(self.endless());
        }
        Ok(())
    }

    /// What was read, once the last page is.
    fn finish(self) -> Vec<T> {
        if self.invalid > 0 {
            tracing::warn!(
                entries = self.invalid,
                "entries of {} cannot be read (they have no id that is a text) and are left out",
                self.call
            );
        }
        self.entries
    }

    fn endless(&self) -> GraphError {
        GraphError::EndlessChain { call: self.call }
    }
}
