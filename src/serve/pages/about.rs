//! A contact, an account or a colleague: who knows them, when they were in touch, and who is around
//! them.

use maud::Markup;
use maud::html;

use crate::index::order::Grouping;
use crate::index::order::Sort;
use crate::insight::answer::Answer;
use crate::insight::answer::Line;
use crate::insight::answer::Named;
use crate::insight::lookup::What;
use crate::insight::score::Part;
use crate::insight::score::Score;
use crate::insight::score::WeakRule;
use crate::report::instant::day;
use crate::report::instant::minute_utc;
use crate::report::table::number;
use crate::report::who::NOTE;
use crate::serve::answers::About;
use crate::serve::pages::chart;
use crate::serve::pages::chart::Bar;
use crate::serve::pages::hits;
use crate::serve::pages::layout;
use crate::serve::pages::layout::Section;
use crate::serve::pages::network;
use crate::serve::pages::words::clean;
use crate::serve::pages::words::count;
use crate::serve::pages::words::link_of;
use crate::serve::parameters::List;
use crate::serve::parameters::PAGE;
use crate::serve::parameters::Search;
use crate::serve::visible::Contents;

/// The page.
pub(in crate::serve) fn page(about: &About, list: &List, contents: Contents) -> Markup {
    let named = &about.named;
    let is_colleague = named.what == What::Colleague;
    layout::page(
        &clean(&named.name),
        Section::Other,
        &html! {
            h1 { (clean(&named.name)) }
            p.meta {
                (named.what.as_str()) " " code { (clean(&named.id)) }
                @if let Some(account) = &named.account { ", " (clean(account)) }
                " · as of " (day(about.answer.as_of))
            }
            (facts(&about.answer))
            h2 { @if is_colleague { "Strongest relationships" } @else { "Who knows them" } }
            (relations(about, list))
            @if is_colleague { (cooling(&about.answer)) }
            h2 { "Mails and meetings by month" }
            (timeline(about))
            h2 { "Who knows whom" }
            (network::picture(&about.network, &named.name))
            h2 { "Last said" }
            (latest(about, contents))
        },
    )
}

/// First and last contact, next meeting, and by how many they are known.
fn facts(answer: &Answer) -> Markup {
    let scores = || answer.lines.iter().map(|line| &line.relation.score);
    let first = scores().filter_map(|score| score.first).min();
    let last = scores().filter_map(|score| score.last).max();
    let next = scores().filter_map(|score| score.next_meeting).min();
    let mutual = answer.mutual();
    html! {
        dl.facts {
            div { dt { "In both directions" } dd { (number(mutual as u64)) } }
            div { dt { "Weak by rule" } dd { (number((answer.lines.len() - mutual) as u64)) } }
            @for (what, at) in [("First contact", first), ("Last contact", last)] {
                @if let Some(at) = at { div { dt { (what) } dd { (day(at)) } } }
            }
            div { dt { "Next meeting" } dd { (next.map_or("none".to_owned(), minute_utc)) } }
        }
        @if answer.is_behind {
            p.message { "The table that was read is behind the lake: the next run adds the missing rows." }
        }
    }
}

fn relations(about: &About, list: &List) -> Markup {
    let answer = &about.answer;
    let size = list.limit.unwrap_or(PAGE);
    let shown = (list.offset + 1..).zip(answer.lines.iter().skip(list.offset).take(size));
    let is_colleague = about.named.what == What::Colleague;
    // A relationship with a contact without account has no reach.
    let parts = answer.lines.iter().map(|line| &line.relation.score.parts);
    let parts = parts.max_by_key(|parts| parts.len()).cloned();
    let parts = parts.unwrap_or_default();
    let table = html! {
        table.relations {
            caption.hidden { "Relationships, the strongest first" }
            thead {
                tr {
                    th scope="col" { "#" }
                    th scope="col" { @if is_colleague { "Account or contact" } @else { "Colleague" } }
                    th scope="col" { "Score" }
                    @for part in &parts {
                        th scope="col" { (part.measure.as_str()) " (weight " (part.weight) ")" }
                    }
                    th scope="col" { "Exchanges" } th scope="col" { "Last" } th scope="col" { "Remarks" }
                }
            }
            tbody { @for (rank, line) in shown { (relation(rank, line, &parts, is_colleague)) } }
        }
    };
    let link = |offset| list.link(&link_of(&about.named), offset);
    html! {
        @if answer.lines.is_empty() {
            p { "No direct exchange was recorded in " (number(answer.rows)) " rows that concern them." }
        } @else {
            (layout::scrolled("Relationships", &table))
            (layout::paging((list.offset, size, answer.lines.len()), link))
        }
        @if answer.not_direct > 0 {
            p.meta { (number(answer.not_direct)) " more only by bulk mail or among many people." }
        }
        p.meta { (NOTE) }
    }
}

fn relation(rank: usize, line: &Line, columns: &[Part], is_colleague: bool) -> Markup {
    let score = &line.relation.score;
    let other = if is_colleague {
        line.subject.clone()
    } else {
        Named::colleague(&line.relation.colleague)
    };
    html! {
        tr {
            td { (rank) }
            th scope="row" { a href=(link_of(&other)) { (clean(&other.name)) } }
            td { (chart::meter(score.total)) }
            @for column in columns {
                td.number {
                    @for part in score.parts.iter().filter(|part| part.measure == column.measure) {
                        (part.value.hundredths())
                    }
                }
            }
            td.remarks {
                (number(score.counts.sent)) " sent, " (number(score.counts.received)) " received, "
                (number(score.counts.met)) " meetings"
                @if let Some(known) = score.counts.people_known {
                    ", " (number(score.counts.people)) " of " (number(known)) " people"
                }
            }
            td.when { @if let Some(last) = score.last { (day(last)) } }
            td.remarks { (remarks(line, score)) }
        }
    }
}

fn remarks(line: &Line, score: &Score) -> String {
    let mut remarks = Vec::new();
    match score.weak_by {
        Some(WeakRule::OneWay) => remarks.push("weak by rule: one direction only".to_owned()),
        Some(WeakRule::Silent) => remarks.push("weak by rule: nothing in the window".to_owned()),
        None => {}
    }
    if let Some(cooling) = line.relation.cooling {
        remarks.push(format!(
            "cooling: silent for {} days, usually {}; the score was {}",
            cooling.silent_days, cooling.usual_days, cooling.before
        ));
    }
    if let Some(since) = score.unanswered_since {
        remarks.push(format!("unanswered since {}", day(since)));
    }
    if let Some(next) = score.next_meeting {
        remarks.push(format!("next meeting {}", minute_utc(next)));
    }
    for (count, what) in [
        (score.counts.same_room, "in the same room"),
        (score.counts.bulk, "by bulk mail"),
    ] {
        if count > 0 {
            remarks.push(format!("not counted: {} {what}", number(count)));
        }
    }
    remarks.join("; ")
}

/// The relationships that were strong and are silent.
fn cooling(answer: &Answer) -> Markup {
    let cooling: Vec<&Line> = answer
        .lines
        .iter()
        .filter(|line| line.relation.cooling.is_some())
        .take(PAGE)
        .collect();
    html! {
        h2 { "Cooling" }
        @if cooling.is_empty() { p { "None: no strong relationship is silent for longer than usual." } }
        ul {
            @for line in cooling {
                li {
                    a href=(link_of(&line.subject)) { (clean(&line.subject.name)) }
                    @if let Some(cooling) = line.relation.cooling {
                        ": silent for " (cooling.silent_days) " days, usually " (cooling.usual_days)
                    }
                }
            }
        }
    }
}

fn timeline(about: &About) -> Markup {
    let timeline = &about.timeline;
    let bars: Vec<Bar> = timeline
        .months
        .iter()
        .map(|one| Bar {
            label: one.month.clone(),
            values: [one.mails as u64, one.meetings as u64],
        })
        .collect();
    html! {
        (chart::bars("Mails and meetings by month", ("Month", ["mails", "meetings"]), &bars))
        @if timeline.earlier + timeline.bulk > 0 {
            p.meta {
                @if timeline.earlier > 0 { (number(timeline.earlier as u64)) " earlier. " }
                @if timeline.bulk > 0 { (count(timeline.bulk, "bulk mail is", "bulk mails are")) " not counted." }
            }
        }
    }
}

fn latest(about: &About, contents: Contents) -> Markup {
    html! {
        @match &about.latest {
            None => { p.message { "There is no search index yet; the next run makes it." } }
            Some(found) if found.hits.is_empty() => { p { "Nothing that you may see." } }
            Some(found) => {
                (hits::list(&found.hits, 1, contents))
                p {
                    a href=(everything(about)) {
                        "All " (count(found.total, "interaction", "interactions"))
                    }
                }
            }
        }
    }
}

/// The search for everything that has taken place with them, as of the page.
fn everything(about: &About) -> String {
    let mut search = Search {
        words: "-is:planned".to_owned(),
        sort: Some(Sort::Date),
        grouping: Grouping::Interactions,
        to: about
            .latest_until
            .map_or(String::new(), |day| day.to_string()),
        ..Search::default()
    };
    let id = about.named.id.to_string();
    match about.named.what {
        What::Contact => search.contact = id,
        What::Account => search.account = id,
        What::Colleague => search.user = id,
    }
    search.link()
}
