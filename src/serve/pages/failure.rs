//! The page of a request that is not answered.

use maud::Markup;
use maud::html;

use crate::maintenance::names::Suggestion;
use crate::serve::failure::Failure;
use crate::serve::pages::layout;
use crate::serve::pages::layout::Section;
use crate::serve::pages::words::clean;
use crate::serve::pages::words::link;

/// Says what happened, and whom a text may have meant.
pub(in crate::serve) fn page(failure: &Failure) -> Markup {
    let title = match failure.status().as_u16() {
        404 => "Not found",
        409 => "Several",
        503 => "Not available",
        _ => "Not answered",
    };
    let suggestions: &[Suggestion] = match failure {
        Failure::Name(error) => &error.suggestions,
        _ => &[],
    };
    layout::page(
        title,
        Section::Other,
        &html! {
            h1 { (title) }
            p.message { (clean(&failure.to_string())) }
            @if !suggestions.is_empty() {
                p { "Perhaps one of these was meant:" }
                ul {
                    @for one in suggestions {
                        li {
                            a href=(link(one.what, &one.id)) { (clean(&one.label)) }
                            @if let Some(detail) = &one.detail { " (" (clean(detail)) ")" }
                            ", " (one.what.as_str())
                        }
                    }
                }
            }
        },
    )
}
