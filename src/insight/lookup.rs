//! Whom a text names: a contact, an account or a colleague, by id, address, domain, name or part of a
//! name. What is ambiguous or unknown is answered with suggestions.

use std::collections::BTreeSet;

use crate::insight::fold::fold;
use crate::insight::fold::spelled_out;
use crate::insight::fold::words;
use crate::model::address;
use crate::model::address::Address;
use crate::model::distance;

/// How many entries are listed where a text is ambiguous or unknown.
pub const LISTED_MAX: usize = 10;
/// Longer texts are not compared letter by letter.
const LETTERS_MAX: usize = 64;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum What {
    /// A company of the CRM.
    Account,
    /// A person of the CRM.
    Contact,
    /// Somebody whose mailbox was read.
    Colleague,
}

impl What {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Account, Self::Contact, Self::Colleague];

    /// The word in messages and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Contact => "contact",
            Self::Colleague => "colleague",
        }
    }
}

/// Something that a text may name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry<'a> {
    /// What it is.
    pub what: What,
    /// Its id.
    pub id: &'a str,
    /// Its name; empty where it has none.
    pub name: &'a str,
    /// Its addresses, the primary one first.
    pub addresses: Vec<&'a str>,
    /// Its domains.
    pub domains: Vec<&'a str>,
}

impl<'a> Entry<'a> {
    /// One of which only the id is known.
    pub fn unnamed(what: What, id: &'a str) -> Self {
        Self {
            what,
            id,
            name: "",
            addresses: Vec::new(),
            domains: Vec::new(),
        }
    }

    /// What it is called in lists: its name, or its address, or its id.
    pub fn label(&self) -> &'a str {
        let name = Some(self.name).filter(|name| !name.trim().is_empty());
        let label = name.or(self.addresses.first().copied());
        label.unwrap_or(self.id)
    }

    /// What distinguishes it from others with the same name: an address or a domain.
    pub fn detail(&self) -> Option<&'a str> {
        let detail = self.addresses.first().or(self.domains.first()).copied();
        detail.filter(|detail| *detail != self.label())
    }
}

/// What a text names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<'e, 'a> {
    /// One entry.
    One(&'e Entry<'a>),
    /// Several.
    Ambiguous {
        /// The first ones, the nearest first.
        first: Vec<&'e Entry<'a>>,
        /// How many there are.
        total: usize,
    },
    /// None; what may have been meant, the nearest first.
    Unknown(Vec<&'e Entry<'a>>),
}

/// Finds what a text names among entries, of which only some kinds are wanted; `account:`, `contact:` or
/// `colleague:` before it restricts it to one. The first of these that any entry satisfies decides: the
/// id; the id in another case; an address; a domain; the whole name; words that the words of
/// the name or of a colleague's address begin with; a part of a name, address or domain.
pub fn find<'e, 'a>(text: &str, entries: &'e [Entry<'a>], wanted: &[What]) -> Found<'e, 'a> {
    let (only, text) = qualified(text);
    let query = Query::new(text);
    let is_wanted = |what| wanted.contains(&what) && only.is_none_or(|only| only == what);
    let entries = entries.iter().filter(|it| is_wanted(it.what));
    let entries: Vec<&Entry<'a>> = entries.collect();
    if query.folded.is_empty() {
        return Found::Unknown(Vec::new());
    }
    let rules: [fn(&Query, &Entry<'_>) -> bool; 7] = [
        Query::is_id,
        Query::is_id_in_other_case,
        Query::is_address,
        Query::is_domain,
        Query::is_name,
        Query::begins_words,
        Query::is_part,
    ];
    for rule in rules {
        let mut found: Vec<&Entry<'a>> = entries
            .iter()
            .copied()
            .filter(|it| rule(&query, it))
            .collect();
        match found.as_slice() {
            [] => {}
            [one] => return Found::One(one),
            _ => {
                let total = found.len();
                // Short names are nearer to a part of them than long ones.
                found.sort_by_cached_key(|it| (fold(it.label()).chars().count(), place(it)));
                found.truncate(LISTED_MAX);
                return Found::Ambiguous {
                    first: found,
                    total,
                };
            }
        }
    }
    Found::Unknown(query.suggestions(&entries))
}

/// What a text says of the kind of what it names, and the rest.
fn qualified(text: &str) -> (Option<What>, &str) {
    let Some((kind, rest)) = text.split_once(':') else {
        return (None, text);
    };
    let kind = kind.trim();
    let mut kinds = What::ALL.into_iter();
    match kinds.find(|what| what.as_str().eq_ignore_ascii_case(kind)) {
        Some(what) => (Some(what), rest),
        None => (None, text),
    }
}

/// The order among entries that are equally near.
fn place<'a>(entry: &Entry<'a>) -> (What, &'a str, &'a str) {
    (entry.what, entry.label(), entry.id)
}

/// A text that is looked up, in the forms in which it is compared.
struct Query {
    text: String,
    folded: String,
    address: Option<Address>,
    domain: String,
}

impl Query {
    fn new(text: &str) -> Self {
        let text = text.trim();
        Self {
            text: text.to_owned(),
            folded: fold(text),
            address: Address::parse(text),
            domain: address::domain(text),
        }
    }

    fn is_id(&self, entry: &Entry<'_>) -> bool {
        entry.id == self.text
    }

    fn is_id_in_other_case(&self, entry: &Entry<'_>) -> bool {
        entry.id.eq_ignore_ascii_case(&self.text)
    }

    fn is_address(&self, entry: &Entry<'_>) -> bool {
        let is_one = |address: &Address| entry.addresses.contains(&address.as_str());
        self.address.as_ref().is_some_and(is_one)
    }

    fn is_domain(&self, entry: &Entry<'_>) -> bool {
        entry.domains.iter().any(|domain| *domain == self.domain)
    }

    fn is_name(&self, entry: &Entry<'_>) -> bool {
        forms(entry).any(|form| form == self.folded)
    }

    /// Whether each word begins a word of the name, in any order; the same word twice only where the
    /// name has two.
    fn begins_words(&self, entry: &Entry<'_>) -> bool {
        let mut wanted: Vec<&str> = words(&self.folded).collect();
        // The longest first: what it begins, a shorter one may begin as well.
        wanted.sort_by_key(|word| std::cmp::Reverse(word.len()));
        let begins_all = |form: String| {
            let mut free: Vec<&str> = words(&form).collect();
            wanted.iter().all(|word| {
                let at = free.iter().position(|other| other.starts_with(word));
                at.map(|at| free.swap_remove(at)).is_some()
            })
        };
        !wanted.is_empty() && forms(entry).any(begins_all)
    }

    fn is_part(&self, entry: &Entry<'_>) -> bool {
        let texts = entry.addresses.iter().chain(&entry.domains).copied();
        let mut all = forms(entry).chain(texts.map(fold));
        all.any(|form| form.contains(&self.folded))
    }

    /// What may have been meant: names, words of names, addresses and domains that differ in few
    /// letters, and the account to whose domain an unknown address belongs.
    fn suggestions<'e, 'a>(&self, entries: &[&'e Entry<'a>]) -> Vec<&'e Entry<'a>> {
        let most = (self.folded.chars().count() / 3).clamp(1, 4);
        let near = entries.iter().filter_map(|entry| {
            let distance = self.distance(entry, most)?;
            Some((distance, place(entry), *entry))
        });
        let mut near: Vec<_> = near.collect();
        near.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        near.truncate(LISTED_MAX);
        near.into_iter().map(|(_, _, entry)| entry).collect()
    }

    fn distance(&self, entry: &Entry<'_>, most: usize) -> Option<usize> {
        let of_domain = self.address.as_ref().map(Address::domain);
        if of_domain.is_some_and(|domain| entry.domains.contains(&domain)) {
            return Some(0);
        }
        if self.folded.chars().count() > LETTERS_MAX {
            return None;
        }
        let mut texts: BTreeSet<String> = forms(entry).collect();
        let is_one_word = words(&self.folded).nth(1).is_none();
        if is_one_word {
            let single: Vec<String> = texts
                .iter()
                .flat_map(|text| words(text))
                .map(str::to_owned)
                .collect();
            texts.extend(single);
        }
        texts.extend(
            entry
                .addresses
                .iter()
                .chain(&entry.domains)
                .map(|text| fold(text)),
        );
        texts.insert(fold(entry.id));
        let distances = texts
            .iter()
            .filter_map(|text| distance::within(&self.folded, text, most));
        distances.min()
    }
}

/// The forms of a name; of a colleague, who has none here, the part of the address before the `@`.
fn forms<'e>(entry: &'e Entry<'_>) -> impl Iterator<Item = String> + use<'e> {
    let local = entry
        .addresses
        .first()
        .filter(|_| entry.what == What::Colleague);
    let local = local.and_then(|address| address.split('@').next());
    let names = [Some(entry.name), local].into_iter().flatten();
    names
        .filter(|name| !name.is_empty())
        .flat_map(|name| [Some(fold(name)), spelled_out(name)].into_iter().flatten())
}
