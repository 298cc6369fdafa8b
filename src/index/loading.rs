//! Loads the documents of the hits that are shown, and of the copies in other mailboxes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use tantivy::DocAddress;
use tantivy::DocSet;
use tantivy::SegmentOrdinal;
use tantivy::TERMINATED;
use tantivy::TantivyDocument;
use tantivy::schema::IndexRecordOption;
use tantivy::schema::Value;

use crate::index::condition::Place;
use crate::index::doc::Shown;
use crate::index::error::IndexError;
use crate::index::highlight::Marked;
use crate::index::hit::Colleague;
use crate::index::hit::Group;
use crate::index::hit::Hit;
use crate::index::language::Words;
use crate::index::ranking::Listed;
use crate::index::schema::Fields;
use crate::model::interaction::Kind;
use crate::model::interaction::Role;
use crate::model::interaction::State;
use crate::model::limits;
use crate::model::time::Timestamp;

/// How many of the mailboxes that hold an interaction are listed with it.
const COLLEAGUES_MAX: usize = 50;

/// The hits of an entry of the list: one, unless different interactions have the same 64 bits.
pub(super) fn hits(
    searcher: &tantivy::Searcher,
    listed: &Listed,
    words: &Words,
    now: Timestamp,
) -> Result<Vec<Hit>, IndexError> {
    let mut copies: BTreeMap<String, Shown<'static>> = BTreeMap::new();
    for address in &listed.copies {
        let found = shown(searcher, *address)?;
        match copies.get(&found.interaction_id) {
            Some(first) if rank(first) <= rank(&found) => {}
            _ => {
                copies.insert(found.interaction_id.clone(), found);
            }
        }
    }
    let more = listed.interactions.saturating_sub(1);
    let hit = |copy| hit(searcher, copy, more, (words, now));
    copies.into_values().map(hit).collect()
}

/// Of several copies the author's is shown, else that of the best role, then of the first address.
fn rank<'a>(copy: &'a Shown<'_>) -> (bool, Option<Role>, &'a str, &'a str) {
    let role = copy.user_role.as_deref().and_then(Role::parse);
    (role.is_none(), role, &copy.user_address, &copy.mailbox_id)
}

fn hit(
    searcher: &tantivy::Searcher,
    copy: Shown<'static>,
    more: usize,
    (words, now): (&Words, Timestamp),
) -> Result<Hit, IndexError> {
    let (colleagues, colleagues_total) = colleagues(searcher, &copy.interaction_id)?;
    let marked = |place: Place| {
        let wanted = words.wanted_in(place);
        move |text: Cow<'_, str>| Marked::new(text.into_owned(), &wanted)
    };
    let state = standing(&copy, now).to_owned();
    let group = group(&copy, more);
    Ok(Hit {
        interaction_id: copy.interaction_id,
        mailbox_id: copy.mailbox_id.into_owned(),
        occurred_at: copy.occurred_at,
        kind: copy.kind.into_owned(),
        ended_at: copy.ended_at,
        state,
        direction: copy.direction.into_owned(),
        user_address: copy.user_address.into_owned(),
        user_role: copy.user_role.map(Cow::into_owned),
        container: copy.container.into_owned(),
        sensitivity_known: copy.sensitivity_known,
        subject: copy.subject.map(marked(Place::Subject)),
        preview: copy.preview.map(whole_words).map(marked(Place::Anywhere)),
        contacts: copy.contacts,
        accounts: copy.accounts,
        participants: copy.participants,
        participants_total: copy.participants_total,
        colleagues,
        colleagues_total,
        group,
    })
}

fn group(copy: &Shown<'_>, more: usize) -> Option<Group> {
    let (kind, id) = match (&copy.thread_id, &copy.series_id) {
        (Some(thread), _) => ("conversation", thread),
        (None, Some(series)) => ("series", series),
        (None, None) => return None,
    };
    Some(Group {
        kind,
        id: id.to_string(),
        more,
    })
}

/// A preview that was cut when it was read, without the beginning of a word at its end.
fn whole_words(preview: Cow<'_, str>) -> Cow<'_, str> {
    if preview.chars().count() < limits::WHOLE_PREVIEW_CHARS {
        return preview;
    }
    let kept = preview.trim_end();
    let end = kept.rfind(char::is_whitespace).unwrap_or(kept.len());
    let kept = kept.get(..end).unwrap_or_default().trim_end();
    Cow::Owned(format!("{kept}…"))
}

/// The state of a meeting at an instant: the lake stores only that it is active.
fn standing<'a>(shown: &'a Shown<'_>, now: Timestamp) -> &'a str {
    let is_active_meeting =
        shown.kind == Kind::Meeting.as_str() && shown.state == State::Active.as_str();
    match is_active_meeting {
        true if shown.occurred_at > now => "planned",
        true => "held",
        false => &shown.state,
    }
}

/// The first mailboxes that hold an interaction, in order of role and address, and how many do.
fn colleagues(
    searcher: &tantivy::Searcher,
    interaction_id: &str,
) -> Result<(Vec<Colleague>, usize), IndexError> {
    let addresses = copies(searcher, interaction_id)?;
    let mut found = Vec::new();
    for (_, address) in addresses.iter().take(COLLEAGUES_MAX) {
        found.push(shown(searcher, *address)?);
    }
    found.sort_by(|a, b| rank(a).cmp(&rank(b)));
    let colleagues = found.into_iter().map(|copy| Colleague {
        address: copy.user_address.into_owned(),
        mailbox_id: copy.mailbox_id.into_owned(),
        role: copy.user_role.map(Cow::into_owned),
        container: copy.container.into_owned(),
    });
    Ok((colleagues.collect(), addresses.len()))
}

/// The documents of an interaction, by their keys.
fn copies(
    searcher: &tantivy::Searcher,
    interaction_id: &str,
) -> Result<BTreeMap<Vec<u8>, DocAddress>, IndexError> {
    let (first, after) = (format!("{interaction_id}|"), format!("{interaction_id}}}"));
    let mut found = BTreeMap::new();
    for (segment, reader) in (0..).zip(searcher.segment_readers()) {
        let segment: SegmentOrdinal = segment;
        let index = reader.inverted_index(Fields::KEY)?;
        let range = index.terms().range().ge(&first).lt(&after);
        let mut keys = range.into_stream().map_err(tantivy::TantivyError::from)?;
        while keys.advance() {
            let postings =
                index.read_postings_from_terminfo(keys.value(), IndexRecordOption::Basic);
            let mut postings = postings.map_err(tantivy::TantivyError::from)?;
            while postings.doc() != TERMINATED {
                if !reader.is_deleted(postings.doc()) {
                    let address = DocAddress::new(segment, postings.doc());
                    found.insert(keys.key().to_vec(), address);
                }
                postings.advance();
            }
        }
    }
    Ok(found)
}

fn shown(searcher: &tantivy::Searcher, address: DocAddress) -> Result<Shown<'static>, IndexError> {
    let document: TantivyDocument = searcher.doc(address)?;
    let shown = document.get_first(Fields::SHOWN);
    let shown = shown.as_ref().and_then(Value::as_str);
    serde_json::from_str(shown.ok_or(IndexError::Damaged)?).map_err(|_| IndexError::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn previews_that_were_cut_end_at_a_word() {
        assert_eq!(whole_words("short preview".into()), "short preview");
        let long = "word ".repeat(60);
        let cut = whole_words(long.get(..253).unwrap().into()).into_owned();
        assert!(
            cut.ends_with("word…") && cut.chars().count() == 250,
            "{cut}"
        );
        let without_blanks = "京".repeat(255);
        let kept = whole_words(without_blanks.clone().into());
        assert_eq!(kept, format!("{without_blanks}…"));
    }
}
