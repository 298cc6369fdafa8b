//! Lists of directory objects and folders over several pages: read to their end, and given up where they
//! have none. An entry that cannot be read costs itself and not the list.

use std::collections::HashSet;

use serde::Deserialize;
use serde::Deserializer;
use url::Url;

use crate::source::graph::error::GraphError;

/// Pages of a list: ten million users by pages of 999.
const PAGES_MAX: usize = 10_000;
/// Entries of a list. The largest tenants have some hundred thousand users.
const ENTRIES_MAX: usize = 1_000_000;
/// Bytes of all its pages: what a million users take.
const BYTES_MAX: usize = 1 << 30;
/// Pages in a row that bring nothing but what earlier ones brought: so many more will not either.
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

impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for Entry<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        Ok(Self(T::deserialize(value).ok()))
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

/// A list while it is read.
#[derive(Debug)]
pub(super) struct Reading<T> {
    call: &'static str,
    /// The entries so far, each id once: the first counts.
    pub entries: Vec<T>,
    ids: HashSet<String>,
    links: HashSet<String>,
    bytes: usize,
    stale: usize,
    empty: usize,
    spoilt: usize,
}

impl<T: Listed> Reading<T> {
    /// Begins with the first page's address.
    pub fn new(call: &'static str, first: &Url) -> Self {
        Self {
            call,
            entries: Vec::new(),
            ids: HashSet::new(),
            links: HashSet::from([first.to_string()]),
            bytes: 0,
            stale: 0,
            empty: 0,
            spoilt: 0,
        }
    }

    /// Takes a page of so many bytes.
    ///
    /// # Errors
    /// The list has no end.
    pub fn take(&mut self, page: Vec<Entry<T>>, bytes: usize) -> Result<(), GraphError> {
        let (before, is_empty) = (self.entries.len(), page.is_empty());
        for entry in page {
            match entry.0 {
                Some(entry) if self.ids.insert(entry.id().to_owned()) => self.entries.push(entry),
                Some(_) => {}
                None => self.spoilt += 1,
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
    pub fn go_on(&mut self, next: &Url) -> Result<(), GraphError> {
        if self.links.len() >= PAGES_MAX || !self.links.insert(next.to_string()) {
            return Err(self.endless());
        }
        Ok(())
    }

    /// What was read, once the last page is.
    pub fn finish(self) -> Vec<T> {
        if self.spoilt > 0 {
            tracing::warn!(
                entries = self.spoilt,
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
