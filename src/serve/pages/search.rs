//! Searching: a form, what matches by its values, and the hits.

use maud::Markup;
use maud::html;

use crate::index::facets::Facets;
use crate::index::facets::Value;
use crate::index::hit::Hits;
use crate::index::index_state::IndexState;
use crate::index::order::Grouping;
use crate::index::order::Sort;
use crate::model::interaction::Kind;
use crate::report::table::number;
use crate::serve::answers::Asking;
use crate::serve::answers::Found;
use crate::serve::pages::hits;
use crate::serve::pages::layout;
use crate::serve::pages::layout::Section;
use crate::serve::pages::words::clean;
use crate::serve::pages::words::count;
use crate::serve::pages::words::link as link_to;
use crate::serve::parameters::PAGE;
use crate::serve::parameters::Search;
use crate::serve::visible::Contents;

/// Values of a facet that are shown.
const VALUES_MAX: usize = 8;

/// The form alone.
pub(in crate::serve) fn empty(search: &Search, contents: Contents) -> Markup {
    framed(
        search,
        &html! {
            p {
                "All words must occur, in "
                @match contents {
                    Contents::Shown => { "subject, text, names or addresses. " }
                    Contents::Hidden => { "names or addresses; subjects and texts are not searched here. " }
                }
                code { "\"two words\"" } " is a phrase, " code { "-word" } " excludes, " code { "begin*" }
                " finds beginnings, " code { "OR" } " requires one of two words. " code { "from:" } ", "
                code { "to:" } ", " code { "with:" } ", " @if contents == Contents::Shown { code { "subject:" } ", " } code { "in:" } ", "
                code { "is:meeting" } ", " code { "before:2026-01" } " and " code { "after:2026-01" }
                " are conditions."
            }
        },
    )
}

/// What a search found.
pub(in crate::serve) fn page(search: &Search, found: &Found, asking: &Asking<'_>) -> Markup {
    let (meant, found) = (&found.meant, &found.hits);
    let size = search.limit.unwrap_or(PAGE);
    let link = |offset| {
        let page = Search {
            offset,
            ..search.clone()
        };
        page.link()
    };
    framed(
        search,
        &html! {
            (behind(asking.current.index_state.as_ref()))
            @for one in meant {
                p.meta {
                    "Only with " (one.what.as_str()) " "
                    a href=(link_to(one.what, &one.id)) { (clean(&one.label)) } " (" (clean(&one.id)) ")."
                }
            }
            p role="status" { (totals(found)) " " (orders(search, found.sort)) }
            (suggestions(search, found))
            div.columns {
                @if let Some(facets) = found.facets.as_ref().filter(|_| found.total > 0) {
                    aside aria-label="What matches" { (counted(search, facets)) }
                }
                section aria-label="Hits" {
                    h2.hidden { "Hits" }
                    (hits::list(&found.hits, found.offset + 1, asking.visible.contents()))
                    (layout::paging((search.offset, size, found.groups), link))
                }
            }
        },
    )
}

fn framed(search: &Search, content: &Markup) -> Markup {
    layout::page(
        "Search",
        Section::Search,
        &html! {
            h1 { "Search" }
            (form(search))
            (content)
        },
    )
}

fn form(search: &Search) -> Markup {
    let text = |name: &str, label: &str, value: &str| {
        html! {
            div.field {
                label for=(name) { (label) }
                input id=(name) name=(name) value=(value);
            }
        }
    };
    html! {
        form.search action="/search" role="search" aria-label="Interactions" {
            div.field.wide {
                label for="q" { "Words" }
                input #q type="search" name="q" value=(search.words);
            }
            (text("contact", "Contact", &search.contact))
            (text("account", "Account", &search.account))
            (text("user", "Colleague", &search.user))
            div.field {
                label for="kind" { "Kind" }
                select #kind name="kind" {
                    option value="" { "mails and meetings" }
                    @for kind in Kind::ALL {
                        option value=(kind.as_str()) selected[search.kind == Some(*kind)] { (kind.as_str()) }
                    }
                }
            }
            (text("from", "From (2026-01, last week)", &search.from))
            (text("to", "To", &search.to))
            div.field {
                label for="sort" { "Order" }
                select #sort name="sort" {
                    option value="" { "best match for words, else newest" }
                    option value="date" selected[search.sort == Some(Sort::Date)] { "newest first" }
                    option value="relevance" selected[search.sort == Some(Sort::Relevance)] {
                        "best match first"
                    }
                }
            }
            div.field.check {
                input #ungrouped type="checkbox" name="ungrouped" value="true"
                    checked[search.grouping == Grouping::Interactions];
                label for="ungrouped" { "Each mail and meeting" }
            }
            button { "Search" }
        }
    }
}

/// Whether the index is behind.
fn behind(state: Option<&IndexState>) -> Markup {
    html! {
        @if let Some(state) = state.filter(|state| **state != IndexState::Current) {
            p.message {
                "The index does not agree with the lake (" (state.as_str()) "): the next run mends it."
            }
        }
    }
}

fn totals(found: &Hits) -> String {
    if found.total == 0 {
        return "Nothing found.".to_owned();
    }
    let mut text = count(found.total, "interaction", "interactions");
    if found.groups < found.total {
        let groups = count(
            found.groups,
            "conversation or series",
            "conversations or series",
        );
        text = format!("{text} in {groups}");
    }
    format!("{text}, {}.", order(found.sort))
}

fn order(sort: Sort) -> &'static str {
    match sort {
        Sort::Date => "newest first",
        Sort::Relevance => "best match first",
    }
}

/// The other order.
fn orders(search: &Search, current: Sort) -> Markup {
    let others = Sort::ALL.into_iter().filter(|sort| *sort != current);
    html! {
        @for sort in others {
            a href=(search.changed(|search| search.sort = Some(sort)).link()) { (order(sort)) }
        }
    }
}

fn suggestions(search: &Search, found: &Hits) -> Markup {
    html! {
        @for one in &found.suggestions {
            p.message {
                "“" (one.word) "” does not occur. Did you mean: "
                @for (number, word) in one.instead.iter().enumerate() {
                    @if number > 0 { ", " }
                    a href=(search.changed(|search| search.words.clone_from(word)).link()) { (word) }
                }
            }
        }
    }
}

fn counted(search: &Search, facets: &Facets) -> Markup {
    let link = |change: &dyn Fn(&mut Search)| search.changed(change).link();
    html! {
        h2 { "What matches" }
        (values("Kind", &facets.kinds, |value| link(&|search| search.kind = Kind::parse(value))))
        (values("Account", &facets.accounts, |value| link(&|search| value.clone_into(&mut search.account))))
        (values("Contact", &facets.contacts, |value| link(&|search| value.clone_into(&mut search.contact))))
        (values("Colleague", &facets.colleagues, |value| link(&|search| value.clone_into(&mut search.user))))
        (values("Year", &facets.years, |value| link(&|search| in_period(search, value))))
        (values("Month", &facets.months, |value| link(&|search| in_period(search, value))))
    }
}

fn in_period(search: &mut Search, value: &str) {
    value.clone_into(&mut search.from);
    value.clone_into(&mut search.to);
}

fn values(name: &str, values: &[Value], link: impl Fn(&str) -> String) -> Markup {
    html! {
        @if !values.is_empty() {
            details open[name != "Month"] {
                summary { (name) }
                ul.facet {
                    @for value in values.iter().take(VALUES_MAX) {
                        li {
                            a href=(link(&value.value)) {
                                (clean(value.name.as_deref().filter(|name| !name.is_empty())
                                    .unwrap_or(&value.value)))
                            }
                            " " span.count { (number(value.count as u64)) }
                        }
                    }
                }
            }
        }
    }
}
