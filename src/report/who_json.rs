//! Who knows whom, for programs.

use serde_json::Value;
use serde_json::json;

use crate::insight::answer::Answer;
use crate::insight::answer::Line;
use crate::insight::answer::Named;
use crate::insight::answer::Question;
use crate::insight::exchange::Exchange;
use crate::insight::exchange::Shown;
use crate::insight::score::Score;
use crate::insight::score::WeakRule;
use crate::model::time::Timestamp;
use crate::report::who::NOTE;

/// An answer, of which at most `limit` relationships are listed.
pub fn json(answer: &Answer, limit: usize) -> Value {
    let (question, subject) = match &answer.question {
        Question::About(named) => ("about", Some(named)),
        Question::CoolingOf(named) => ("cooling", Some(named)),
        Question::Cooling => ("cooling", None),
        Question::Single => ("single", None),
    };
    let listed = (1..).zip(answer.lines.iter().take(limit));
    json!({
        "question": question,
        "subject": subject.map(named),
        "as_of": answer.as_of.rfc3339(),
        "mail_activity": answer.shown == Shown::All,
        "formula": answer.formula,
        "total": answer.lines.len(),
        "mutual": answer.mutual(),
        "not_direct": answer.not_direct,
        "rows": answer.rows,
        "is_behind": answer.is_behind,
        "newest": answer.newest.map(Timestamp::rfc3339),
        "relations": listed.map(relation).collect::<Vec<_>>(),
        "note": NOTE,
    })
}

fn named(named: &Named) -> Value {
    json!({
        "kind": named.what.as_str(),
        "id": &*named.id,
        "name": &*named.name,
        "account": named.account.as_deref(),
    })
}

fn relation((rank, line): (usize, &Line)) -> Value {
    let relation = &line.relation;
    let score = &relation.score;
    let cooling = relation.cooling.map(|cooling| {
        json!({
            "score_before": cooling.before.percent(),
            "usual_days": cooling.usual_days,
            "silent_days": cooling.silent_days,
        })
    });
    json!({
        "rank": rank,
        "score": score.total.percent(),
        "strength": score.strength().as_str(),
        "weak_by": score.weak_by.map(WeakRule::as_str),
        "colleague": &*relation.colleague,
        "subject": named(&line.subject),
        "parts": parts(score),
        "counts": counts(score),
        "first": score.first.map(Timestamp::rfc3339),
        "last": score.last.map(Timestamp::rfc3339),
        "last_by": score.last_by.map(word),
        "unanswered_since": score.unanswered_since.map(Timestamp::rfc3339),
        "next_meeting": score.next_meeting.map(Timestamp::rfc3339),
        "cooling": cooling,
    })
}

fn parts(score: &Score) -> Vec<Value> {
    let part = score.parts.iter().map(|part| {
        json!({
            "part": part.measure.as_str(),
            "value": part.value.fraction(),
            "weight": part.weight,
        })
    });
    part.collect()
}

fn counts(score: &Score) -> Value {
    let counts = &score.counts;
    json!({
        "sent": counts.sent,
        "received": counts.received,
        "meetings": counts.met,
        "same_room": counts.same_room,
        "bulk": counts.bulk,
        "people": counts.people,
        "people_known": counts.people_known,
    })
}

fn word(exchange: Exchange) -> &'static str {
    match exchange {
        Exchange::Bulk => "bulk",
        Exchange::SameRoom => "same_room",
        Exchange::Received => "received",
        Exchange::Sent => "sent",
        Exchange::Met => "meeting",
    }
}
