//! Who knows whom, as two columns of people with lines between them.

use maud::Markup;
use maud::html;

use crate::insight::answer::Named;
use crate::insight::network::Link;
use crate::insight::network::Network;
use crate::serve::pages::layout;
use crate::serve::pages::words::clean;
use crate::serve::pages::words::count;
use crate::serve::pages::words::link_of;

/// Units of the drawing.
const WIDTH: usize = 720;
const ROW: usize = 24;
/// Where the lines begin and end.
const LEFT: usize = 240;
const RIGHT: usize = 480;
/// Longer names are cut; the table has them whole.
const NAME_CHARS_MAX: usize = 30;

/// The picture of a network, and the table behind it.
pub(super) fn picture(network: &Network, about: &str) -> Markup {
    if network.links.is_empty() {
        return html! { p { "No relationship to a contact to draw." } };
    }
    let rows = network.colleagues.len().max(network.contacts.len());
    let height = ROW * rows + 8;
    html! {
        figure {
            svg.network viewBox={ "0 0 " (WIDTH) " " (height) } role="img"
                aria-label={ "Which colleagues know which contacts around " (about) } {
                @for link in &network.links { (line(link)) }
                @for (place, address) in network.colleagues.iter().enumerate() {
                    text.left x=(LEFT - 8) y=(middle(place) + 4) { (cut(address)) }
                }
                @for (place, contact) in network.contacts.iter().enumerate() {
                    text x=(RIGHT + 8) y=(middle(place) + 4) { (cut(&contact.name)) }
                }
            }
            figcaption {
                "The thicker a line, the higher the score. " (more(network))
            }
            details { summary { "Table" } (layout::scrolled("Who knows whom", &table(network))) }
        }
    }
}

fn middle(place: usize) -> usize {
    place * ROW + ROW / 2 + 4
}

fn line(link: &Link) -> Markup {
    let score = link.relation.score.total.percent();
    html! {
        line.link x1=(LEFT) y1=(middle(link.colleague)) x2=(RIGHT) y2=(middle(link.contact))
            stroke-width=(format!("{:.1}", 0.5 + score / 16.0)) {
            title { (link.relation.colleague) ": " (format!("{score:.0}")) }
        }
    }
}

fn more(network: &Network) -> String {
    let colleagues = count(network.more_colleagues, "colleague", "colleagues");
    let contacts = count(network.more_contacts, "contact", "contacts");
    match (network.more_colleagues, network.more_contacts) {
        (0, 0) => String::new(),
        (_, 0) => format!("Not drawn: {colleagues}."),
        (0, _) => format!("Not drawn: {contacts}."),
        _ => format!("Not drawn: {colleagues} and {contacts}."),
    }
}

fn cut(name: &str) -> String {
    let name = clean(name);
    match name.char_indices().nth(NAME_CHARS_MAX) {
        None => name,
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()),
    }
}

fn table(network: &Network) -> Markup {
    html! {
        table {
            caption.hidden { "Who knows whom" }
            thead {
                tr { th scope="col" { "Colleague" } th scope="col" { "Contact" } th scope="col" { "Score" } }
            }
            tbody {
                @for link in &network.links {
                    tr {
                        td {
                            a href=(link_of(&Named::colleague(&link.relation.colleague))) {
                                (link.relation.colleague)
                            }
                        }
                        td {
                            @if let Some(contact) = network.contacts.get(link.contact) {
                                a href=(link_of(contact)) { (clean(&contact.name)) }
                            }
                        }
                        td.number { (format!("{:.0}", link.relation.score.total.percent())) }
                    }
                }
            }
        }
    }
}
