//! The parameters of a request, and the links that repeat them: each state of a page has its own.

use std::fmt::Display;
use std::str::FromStr;

use url::form_urlencoded;

use crate::index::order::Grouping;
use crate::index::order::Sort;
use crate::model::days::Days;
use crate::model::days::day_of;
use crate::model::interaction::Kind;
use crate::model::time::Timestamp;
use crate::serve::failure::Failure;

/// Hits of a page.
pub(super) const PAGE: usize = 20;
/// Hits of an answer for programs: more are further requests.
const LIMIT_MAX: usize = 100;

/// Entries that can be skipped: all mailboxes of a large company, or hits as deep as they are ranked.
const OFFSET_MAX: usize = 1_000_000;

/// The parameters of a search, as they were typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Search {
    /// Words and conditions.
    pub(super) words: String,
    /// A contact.
    pub(super) contact: String,
    /// An account.
    pub(super) account: String,
    /// A mailbox.
    pub(super) user: String,
    /// Only mails or only meetings.
    pub(super) kind: Option<Kind>,
    /// The first day.
    pub(super) from: String,
    /// The last day.
    pub(super) to: String,
    /// The order.
    pub(super) sort: Option<Sort>,
    /// What is one hit.
    pub(super) grouping: Grouping,
    /// Hits that are skipped.
    pub(super) offset: usize,
    /// Hits that are listed.
    pub(super) limit: Option<usize>,
}

impl Search {
    /// Reads the query of an address.
    ///
    /// # Errors
    /// A parameter is unknown, or has a value that it does not take.
    pub(super) fn parse(query: &str) -> Result<Self, Failure> {
        let mut search = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let text = || value.trim().to_owned();
            match &*name {
                "q" => search.words = text(),
                "contact" => search.contact = text(),
                "account" => search.account = text(),
                "user" => search.user = text(),
                "from" => search.from = text(),
                "to" => search.to = text(),
                // What is left empty in a form.
                _ if value.is_empty() => {}
                "kind" => search.kind = Some(word(&name, &value, Kind::parse)?),
                "sort" => search.sort = Some(word(&name, &value, Sort::parse)?),
                "ungrouped" => search.grouping = grouping(&value)?,
                "offset" => search.offset = offset(&name, &value)?,
                "limit" => search.limit = Some(limit(&name, &value)?),
                _ => return Err(unknown(&name)),
            }
        }
        Ok(search)
    }

    /// Whether anything is to be searched for.
    pub(super) fn is_empty(&self) -> bool {
        let texts = [
            &self.words,
            &self.contact,
            &self.account,
            &self.user,
            &self.from,
            &self.to,
        ];
        texts.iter().all(|text| text.is_empty()) && self.kind.is_none()
    }

    /// The days that were typed, as of an instant.
    ///
    /// # Errors
    /// A text is no date.
    pub(super) fn days(&self, now: Timestamp) -> Result<[Option<Days>; 2], Failure> {
        let read = |name: &str, text: &str| {
            if text.is_empty() {
                return Ok(None);
            }
            let days = Days::parse(text, day_of(now));
            days.map(Some).map_err(|error| refused(name, &error))
        };
        Ok([read("from", &self.from)?, read("to", &self.to)?])
    }

    /// The address of this state of the page.
    pub(super) fn link(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let offset = match self.offset {
            0 => String::new(),
            offset => offset.to_string(),
        };
        let limit = self.limit.map(|limit| limit.to_string());
        let ungrouped = match self.grouping {
            Grouping::Conversations => "",
            Grouping::Interactions => "true",
        };
        let pairs = [
            ("q", self.words.as_str()),
            ("contact", &self.contact),
            ("account", &self.account),
            ("user", &self.user),
            ("kind", self.kind.map_or("", Kind::as_str)),
            ("from", &self.from),
            ("to", &self.to),
            ("sort", self.sort.map_or("", Sort::as_str)),
            ("ungrouped", ungrouped),
            ("offset", &offset),
            ("limit", limit.as_deref().unwrap_or_default()),
        ];
        for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        let query = query.finish();
        if query.is_empty() {
            "/".to_owned()
        } else {
            format!("/search?{query}")
        }
    }

    /// The first page of a changed search.
    pub(super) fn changed(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut search = Self {
            offset: 0,
            ..self.clone()
        };
        change(&mut search);
        search
    }
}

/// The parameters of a list: as of when, from where on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct List {
    /// As of the end of these days, and how they were typed.
    as_of: Option<(Days, String)>,
    /// Entries that are skipped.
    pub(super) offset: usize,
    /// Entries that are listed.
    pub(super) limit: Option<usize>,
    /// Whether only what needs attention is listed.
    pub(super) problems: bool,
}

impl List {
    /// Reads the query of an address, of which only some parameters are known.
    ///
    /// # Errors
    /// A parameter is unknown, or has a value that it does not take.
    pub(super) fn parse(query: &str, known: &[&str], now: Timestamp) -> Result<Self, Failure> {
        let mut list = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if !known.contains(&&*name) {
                return Err(unknown(&name));
            }
            if value.is_empty() {
                continue;
            }
            match &*name {
                "as_of" => {
                    let days = Days::parse(&value, day_of(now));
                    let days = days.map_err(|error| refused(&name, &error))?;
                    list.as_of = Some((days, value.into_owned()));
                }
                "offset" => list.offset = offset(&name, &value)?,
                "limit" => list.limit = Some(limit(&name, &value)?),
                "problems" => list.problems = truth(&name, &value)?,
                _ => return Err(unknown(&name)),
            }
        }
        Ok(list)
    }
}

impl List {
    /// As of when is asked.
    pub(super) fn as_of(&self, now: Timestamp) -> Timestamp {
        let days = self.as_of.as_ref();
        days.map_or(now, |(days, _)| days.as_of(now))
    }

    /// The address of another part of the list.
    pub(super) fn link(&self, path: &str, offset: usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some((_, typed)) = &self.as_of {
            query.append_pair("as_of", typed);
        }
        if self.problems {
            query.append_pair("problems", "true");
        }
        if let Some(limit) = self.limit {
            query.append_pair("limit", &limit.to_string());
        }
        query.append_pair("offset", &offset.to_string());
        format!("{path}?{}", query.finish())
    }
}

/// The value of the only parameter.
///
/// # Errors
/// Another parameter is there.
pub(super) fn only(query: &str, name: &str) -> Result<String, Failure> {
    let mut found = String::new();
    for (given, value) in form_urlencoded::parse(query.as_bytes()) {
        if given != name {
            return Err(unknown(&given));
        }
        value.trim().clone_into(&mut found);
    }
    Ok(found)
}

fn word<T>(name: &str, value: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, Failure> {
    parse(value).ok_or_else(|| refused(name, &format!("`{value}` is unknown")))
}

fn grouping(value: &str) -> Result<Grouping, Failure> {
    Ok(if truth("ungrouped", value)? {
        Grouping::Interactions
    } else {
        Grouping::Conversations
    })
}

/// `true` or `false`.
///
/// # Errors
/// It is neither.
pub(super) fn truth(name: &str, value: &str) -> Result<bool, Failure> {
    let error = |_| refused(name, &"write true or false");
    value.parse().map_err(error)
}

fn offset(name: &str, value: &str) -> Result<usize, Failure> {
    let offset = number(name, value)?;
    if offset > OFFSET_MAX {
        return Err(refused(name, &format!("write a number up to {OFFSET_MAX}")));
    }
    Ok(offset)
}

fn number<T: FromStr>(name: &str, value: &str) -> Result<T, Failure> {
    value.parse().map_err(|_| refused(name, &"write a number"))
}

fn limit(name: &str, value: &str) -> Result<usize, Failure> {
    let limit = number(name, value)?;
    if (1..=LIMIT_MAX).contains(&limit) {
        Ok(limit)
    } else {
        Err(refused(
            name,
            &format!("write a number from 1 to {LIMIT_MAX}"),
        ))
    }
}

fn refused(name: &str, why: &dyn Display) -> Failure {
    Failure::BadRequest(format!("parameter {name}: {why}"))
}

fn unknown(name: &str) -> Failure {
    Failure::BadRequest(format!("the parameter `{name}` is unknown here"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_repeats_what_was_read() {
        for link in [
            "/",
            "/search?q=offer+%22a+b%22&contact=C%261&from=last+week&sort=date&ungrouped=true&offset=20",
            "/search?kind=meeting",
        ] {
            let query = link.split_once('?').map_or("", |(_, query)| query);
            let search = Search::parse(query).unwrap();
            assert_eq!(search.link(), link);
        }
        let search = Search::parse("q=a&offset=40&kind=&sort=").unwrap();
        let changed = search.changed(|search| search.kind = Some(Kind::Email));
        assert_eq!(changed.link(), "/search?q=a&kind=email");
    }

    #[test]
    fn unknown_parameters_and_values_are_errors() {
        for query in [
            "x=1",
            "kind=chat",
            "offset=-1",
            "limit=0",
            "limit=101",
            "ungrouped=yes",
            "offset=18446744073709551615",
        ] {
            assert!(Search::parse(query).is_err(), "{query}");
        }
        let now = Timestamp(0);
        let search = Search::parse("from=never").unwrap();
        assert!(search.days(now).is_err());
        assert!(List::parse("offset=1", &["as_of"], now).is_err());
        assert!(only("name=a&x=b", "name").is_err());
    }

    #[test]
    fn other_parts_of_a_list_keep_its_parameters() {
        let known = ["as_of", "limit", "offset", "problems"];
        let list = List::parse(
            "as_of=last+week&limit=5&problems=true",
            &known,
            Timestamp(0),
        );
        assert_eq!(
            list.unwrap().link("/coverage", 10),
            "/coverage?as_of=last+week&problems=true&limit=5&offset=10"
        );
    }
}
