//! What is read for a request, before it is written as a page or as JSON. Everything here blocks.

use jiff::civil::Date;

use crate::config::Config;
use crate::index::hit::Hits;
use crate::index::order::Grouping;
use crate::index::order::Sort;
use crate::index::query::Exact;
use crate::index::query::Query;
use crate::index::query::Suggesting;
use crate::index::query::WithFacets;
use crate::insight::answer::Answer;
use crate::insight::answer::Named;
use crate::insight::lookup::What;
use crate::insight::network::Network;
use crate::insight::relations::Subject;
use crate::insight::timeline::Timeline;
use crate::maintenance::names;
use crate::maintenance::names::Suggestion;
use crate::maintenance::names::Values;
use crate::maintenance::show;
use crate::maintenance::who;
use crate::maintenance::who::Terms;
use crate::model::days::day_of;
use crate::model::interaction::Kind;
use crate::model::opened::Opened;
use crate::model::time::Timestamp;
use crate::report::show::Level;
use crate::serve::current::Current;
use crate::serve::failure::Failure;
use crate::serve::parameters::PAGE;
use crate::serve::parameters::Search;
use crate::serve::visible::Visible;

/// The latest interactions that are listed with a contact, an account or a colleague.
const LATEST_MAX: usize = 10;

/// Who asks, and what may be answered.
pub(super) struct Asking<'a> {
    /// The configuration.
    pub(super) config: &'a Config,
    /// Lake and index.
    pub(super) current: &'a Current,
    /// What the reader may see.
    pub(super) visible: Visible,
    /// What time it is.
    pub(super) now: Timestamp,
}

/// What a search found.
#[derive(Debug)]
pub(super) struct Found {
    /// The hits.
    pub(super) hits: Hits,
    /// The entries that abbreviated names stand for.
    pub(super) meant: Vec<Suggestion>,
    /// The ids, addresses and domains by which it was filtered.
    pub(super) filters: Vec<String>,
}

/// What is shown of a contact, an account or a colleague.
#[derive(Debug)]
pub(super) struct About {
    /// Who or what it is.
    pub(super) named: Named,
    /// Who knows them, or whom they know.
    pub(super) answer: Answer,
    /// Mails and meetings by month.
    pub(super) timeline: Timeline,
    /// Who knows whom around them.
    pub(super) network: Network,
    /// The latest interactions that the reader may see; `None`: there is no index.
    pub(super) latest: Option<Hits>,
    /// Their last day, where it is not today.
    pub(super) latest_until: Option<Date>,
}

impl Asking<'_> {
    /// Which content the configuration keeps, and what time it is.
    pub(super) fn level(&self) -> Level {
        Level {
            content: self.config.capture.content.as_str(),
            now: self.now,
        }
    }

    /// Searches.
    ///
    /// # Errors
    /// The search cannot be asked, a text names none or several, or there is no index.
    pub(super) fn search(&self, search: &Search, facets: WithFacets) -> Result<Found, Failure> {
        let [from, to] = search.days(self.now)?;
        let (mut meant, mut filters) = (Vec::new(), Vec::new());
        let [contact, account, user] = [
            (Exact::Contact, &search.contact),
            (Exact::Account, &search.account),
            (Exact::User, &search.user),
        ]
        .map(|(field, text)| {
            let found = self.values(field, text)?;
            meant.extend(found.meant);
            filters.extend(found.values.iter().cloned());
            Ok::<_, Failure>(found.values)
        });
        let query = Query {
            words: search.words.clone(),
            contact: contact?,
            account: account?,
            user: user?,
            kind: search.kind,
            from: from.map(|days| days.first),
            to: to.map(|days| days.last),
            sort: search.sort,
            grouping: search.grouping,
            facets,
            limit: search.limit.unwrap_or(PAGE),
            offset: search.offset,
            ..Query::default()
        };
        filters.dedup();
        let hits = self.find(query)?;
        Ok(Found {
            hits,
            meant,
            filters,
        })
    }

    /// One interaction.
    ///
    /// # Errors
    /// The text is no id, or the lake holds nothing of it that the reader may see.
    pub(super) fn opened(&self, id: &str) -> Result<Opened, Failure> {
        let mut opened = show::open(&self.current.lake, id, self.visible.mailboxes())?;
        let is_mail = opened.rows.iter().any(|row| row.kind == Kind::Email);
        if is_mail && !self.config.view.mail_activity {
            return Err(Failure::nothing("interaction"));
        }
        self.visible.hide_in_opened(&mut opened);
        Ok(opened)
    }

    /// The entry of an id.
    ///
    /// # Errors
    /// The CRM snapshot has none, or no mailbox has this address.
    pub(super) fn named(&self, what: What, id: &str) -> Result<Named, Failure> {
        let directory = self.current.directory()?;
        if !directory.has(what, id) {
            return Err(Failure::nothing(what.as_str()));
        }
        Ok(match what {
            What::Contact => Named::subject(&Subject::Contact(id.into()), directory),
            What::Account => Named::subject(&Subject::Account(id.into()), directory),
            What::Colleague => Named::colleague(&id.into()),
        })
    }

    /// The entry that a text names.
    ///
    /// # Errors
    /// It names none, or several.
    pub(super) fn found(&self, text: &str) -> Result<Named, Failure> {
        let directory = self.current.directory()?;
        let entries = directory.entries();
        let entry = names::find(text, &entries, &What::ALL);
        let entry = entry.map_err(Failure::Name)?;
        Ok(Named::found(entry, directory))
    }

    /// What is shown of a contact, an account or a colleague as of an instant.
    ///
    /// # Errors
    /// The lake cannot be read.
    pub(super) fn about(&self, named: Named, as_of: Timestamp) -> Result<About, Failure> {
        let directory = self.current.directory()?;
        let terms = Terms::of(self.config, as_of);
        let touches = self.current.touches(&who::touches_of(directory, &named))?;
        let (lake, found) = (&self.current.lake, (named.clone(), touches.as_slice()));
        // Both go through all rows, and a reader waits.
        let (relations, answer) = std::thread::scope(|scope| {
            let relations = scope.spawn(|| who::people(&touches, directory, terms));
            let answer = who::about(lake, directory, found, terms);
            (relations.join(), answer)
        });
        let relations = relations.map_err(|_| Failure::Unavailable)?;
        let network = Network::of(relations, |subject: &Subject| {
            Named::subject(subject, directory)
        });
        let latest = match self.latest(&named, as_of) {
            Err(Failure::NoIndex(_)) => None,
            latest => Some(latest?),
        };
        Ok(About {
            timeline: Timeline::of(&touches, terms.shown, as_of),
            answer: answer?,
            network,
            latest,
            latest_until: self.last_day(as_of),
            named,
        })
    }

    fn last_day(&self, as_of: Timestamp) -> Option<Date> {
        (as_of < self.now).then(|| day_of(as_of))
    }

    /// The latest interactions that took place.
    fn latest(&self, named: &Named, as_of: Timestamp) -> Result<Hits, Failure> {
        let id = vec![named.id.to_string()];
        let query = Query {
            words: "-is:planned".to_owned(),
            to: self.last_day(as_of),
            sort: Some(Sort::Date),
            grouping: Grouping::Interactions,
            limit: LATEST_MAX,
            ..Query::default()
        };
        self.find(match named.what {
            What::Contact => Query {
                contact: id,
                ..query
            },
            What::Account => Query {
                account: id,
                ..query
            },
            What::Colleague => Query { user: id, ..query },
        })
    }

    fn find(&self, mut query: Query) -> Result<Hits, Failure> {
        let searcher = self.current.searcher()?;
        if !self.config.view.mail_activity {
            if query.kind == Some(Kind::Email) {
                return Err(Failure::MailIsNotShown);
            }
            query.kind = Some(Kind::Meeting);
            query.suggesting = Suggesting::Nothing;
        }
        self.visible.restrict(&mut query);
        let mut hits = searcher.search_at(&query, self.now)?;
        self.visible.hide_in_hits(&mut hits);
        Ok(hits)
    }

    fn values(&self, field: Exact, text: &str) -> Result<Values, Failure> {
        if text.is_empty() {
            return Ok(Values::default());
        }
        // Elsewhere what occurs must not show.
        let sees_all = self.visible.mailboxes().is_none() && self.config.view.mail_activity;
        let searcher = sees_all.then(|| self.current.searcher()).transpose()?;
        let directory = self.current.directory.as_ref();
        names::values(text, field, searcher, directory).map_err(Failure::Name)
    }
}
