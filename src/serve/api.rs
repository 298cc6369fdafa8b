//! Answers for programs; `openapi.json` beside this file describes them.

use axum::http::StatusCode;
use serde_json::Value;
use serde_json::json;
use url::form_urlencoded;

use crate::index::hit::Hits;
use crate::index::index_state::IndexState;
use crate::index::query::WithFacets;
use crate::insight::network::Network;
use crate::insight::timeline::Timeline;
use crate::maintenance::names::Suggestion;
use crate::model::opened::Opened;
use crate::report::show::Level;
use crate::report::show_json;
use crate::report::status;
use crate::report::who_json;
use crate::serve::answers::About;
use crate::serve::coverage::Coverage;
use crate::serve::failure::Failure;
use crate::serve::parameters;
use crate::serve::parameters::List;
use crate::serve::parameters::PAGE;
use crate::serve::parameters::Search;
use crate::serve::visible::Contents;
use crate::serve::visible::NOT_SHOWN;

/// Reads the query of a search; beside the page's parameters there is `facets`.
///
/// # Errors
/// A parameter is unknown, or has a value that it does not take.
pub(super) fn search(query: &str) -> Result<(Search, WithFacets), Failure> {
    let mut facets = WithFacets::No;
    let mut rest = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name != "facets" {
            rest.append_pair(&name, &value);
        } else if parameters::truth(&name, &value)? {
            facets = WithFacets::Yes;
        } else {
            facets = WithFacets::No;
        }
    }
    Ok((Search::parse(&rest.finish())?, facets))
}

/// What a search found.
pub(super) fn hits(hits: &Hits, state: Option<&IndexState>) -> Value {
    match state {
        Some(state) => state.json_of(hits),
        None => json!(hits),
    }
}

/// One interaction.
pub(super) fn opened(opened: &Opened, level: Level, contents: Contents) -> Value {
    let mut json = show_json::json(opened, level);
    if contents == Contents::Hidden {
        json["content_missing"] = json!(NOT_SHOWN);
    }
    json
}

/// What is shown of a contact, an account or a colleague.
pub(super) fn about(about: &About, list: &List, state: Option<&IndexState>) -> Value {
    json!({
        "relationships": who_json::json(&about.answer, list.limit.unwrap_or(PAGE)),
        "timeline": timeline(&about.timeline),
        "network": network(&about.network),
        "latest": about.latest.as_ref().map(|found| hits(found, state)),
    })
}

fn timeline(timeline: &Timeline) -> Value {
    let months = timeline
        .months
        .iter()
        .map(|one| json!({ "month": one.month, "mails": one.mails, "meetings": one.meetings }));
    json!({
        "months": months.collect::<Vec<_>>(),
        "earlier": timeline.earlier,
        "bulk": timeline.bulk,
    })
}

fn network(network: &Network) -> Value {
    let contacts = network.contacts.iter();
    let contacts = contacts.map(|one| json!({ "id": &*one.id, "name": &*one.name }));
    let links = network.links.iter().map(|link| {
        json!({
            "colleague": link.colleague,
            "contact": link.contact,
            "score": link.relation.score.total.percent(),
        })
    });
    json!({
        "colleagues": network.colleagues.iter().map(|one| &**one).collect::<Vec<_>>(),
        "contacts": contacts.collect::<Vec<_>>(),
        "links": links.collect::<Vec<_>>(),
        "more_colleagues": network.more_colleagues,
        "more_contacts": network.more_contacts,
    })
}

/// Whether everything is there.
pub(super) fn coverage(coverage: &Coverage) -> Value {
    let mailboxes = coverage.mailboxes.iter().map(status::line_json);
    let outcomes = coverage.outcomes.iter();
    let outcomes = outcomes.map(|(outcome, count)| (outcome.as_str().to_owned(), json!(count)));
    let nights = coverage.nights.iter().map(|night| {
        json!({
            "day": night.day.to_string(),
            "complete": night.complete,
            "others": night.others,
            "recorded": night.recorded,
        })
    });
    json!({
        "summary": coverage.summary,
        "total": coverage.total,
        "hidden": coverage.hidden,
        "mailboxes": mailboxes.collect::<Vec<_>>(),
        "outcomes": outcomes.collect::<serde_json::Map<_, _>>(),
        "nights": nights.collect::<Vec<_>>(),
    })
}

/// Why a request is refused before it is looked at.
pub(super) fn error(status: StatusCode, message: &str) -> Value {
    json!({
        "error": {
            "status": status.as_u16(),
            "message": message,
            "suggestions": [],
        }
    })
}

/// Why a request is not answered.
pub(super) fn failure(failure: &Failure) -> Value {
    let suggestions = match failure {
        Failure::Name(error) => error.suggestions.iter().map(suggestion).collect(),
        _ => Vec::new(),
    };
    json!({
        "error": {
            "status": failure.status().as_u16(),
            "message": failure.to_string(),
            "suggestions": suggestions,
        }
    })
}

fn suggestion(one: &Suggestion) -> Value {
    json!({
        "kind": one.what.as_str(),
        "id": one.id,
        "name": one.label,
        "detail": one.detail,
    })
}
