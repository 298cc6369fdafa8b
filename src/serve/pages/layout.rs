//! What all pages have around their content.

use maud::DOCTYPE;
use maud::Markup;
use maud::html;

/// The section of the navigation to which a page belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// Searching.
    Search,
    /// Whether everything is there.
    Coverage,
    /// Any other.
    Other,
}

/// A whole page.
pub(super) fn page(title: &str, section: Section, content: &Markup) -> Markup {
    let current = |one: Section| (one == section).then_some("page");
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " – touchpoint" }
                link rel="stylesheet" href="/style.css";
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                header {
                    nav aria-label="Pages" {
                        strong { "touchpoint" }
                        a href="/" aria-current=[current(Section::Search)] { "Search" }
                        a href="/coverage" aria-current=[current(Section::Coverage)] { "Coverage" }
                    }
                    form.find action="/find" role="search" aria-label="Who knows whom" {
                        label for="find" { "Contact, account or colleague" }
                        input #find type="search" name="name" required;
                        button { "Who knows them?" }
                    }
                }
                main #content { (content) }
                footer {
                    p { "All times are UTC." }
                }
            }
        }
    }
}

/// Links to the pages before and after this one.
pub(super) fn paging(
    (offset, size, total): (usize, usize, usize),
    link: impl Fn(usize) -> String,
) -> Markup {
    let next = offset.saturating_add(size);
    html! {
        @if offset > 0 || next < total {
            nav.paging aria-label="Pages of the list" {
                @if offset > 0 {
                    a rel="prev" href=(link(offset.saturating_sub(size))) { "Previous page" }
                }
                @if next < total {
                    a rel="next" href=(link(next)) { "Next page" }
                }
            }
        }
    }
}

/// A table in an area that is scrolled where the window is narrow.
pub(super) fn scrolled(name: &str, table: &Markup) -> Markup {
    html! {
        div.scrolled role="region" aria-label=(name) tabindex="0" { (table) }
    }
}
