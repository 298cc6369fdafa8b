//! Plots as SVG without a script, each with the table of its values behind it.

use maud::Markup;
use maud::html;

use crate::insight::share::Share;
use crate::report::table::number;

/// Units of the drawing; it is as wide as the page.
const WIDTH: u64 = 720;
const HEIGHT: u64 = 160;
/// Room for the labels below the bars.
const BELOW: u64 = 20;
/// Room for the scale on the left.
const LEFT: u64 = 44;
/// The width of a label: they must not overlap.
const LABEL: u64 = 70;
/// A single bar is no wider.
const STEP_MAX: u64 = 48;

/// A bar with two values, one upon the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bar {
    /// What stands below it.
    pub(super) label: String,
    /// From below.
    pub(super) values: [u64; 2],
}

/// A plot of bars and the table behind it. `head`: what the labels are, and the names of the values.
pub(super) fn bars(title: &str, (head, names): (&str, [&str; 2]), bars: &[Bar]) -> Markup {
    let most = bars.iter().map(|bar| bar.values.iter().sum::<u64>()).max();
    let Some(most) = most.filter(|most| *most > 0) else {
        return html! { p { "Nothing to show." } };
    };
    let table = html! {
        table {
            caption.hidden { (title) }
            thead { tr { th scope="col" { (head) } @for name in names { th scope="col" { (name) } } } }
            tbody {
                @for bar in bars {
                    tr {
                        th scope="row" { (bar.label) }
                        @for value in bar.values { td.number { (number(value)) } }
                    }
                }
            }
        }
    };
    html! {
        figure {
            (drawing(title, bars, most))
            figcaption {
                @for (name, class) in names.iter().zip(["first", "second"]) {
                    span.key { svg.swatch viewBox="0 0 10 10" aria-hidden="true" {
                        rect class=(class) width="10" height="10" {}
                    } " " (name) } " "
                }
            }
            details { summary { "Table" } (table) }
        }
    }
}

fn drawing(title: &str, bars: &[Bar], most: u64) -> Markup {
    let step = ((WIDTH - LEFT) / (bars.len() as u64).max(1)).min(STEP_MAX);
    let every = usize::try_from(LABEL.div_ceil(step)).unwrap_or(1).max(1);
    let base = HEIGHT - BELOW;
    let high = |value: u64| value * (base - 10) / most;
    html! {
        svg.plot viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label=(title) {
            line.axis x1=(LEFT) x2=(WIDTH) y1=(base) y2=(base) {}
            text.scale x=(LEFT - 6) y=(base) { "0" }
            text.scale x=(LEFT - 6) y="14" { (number(most)) }
            @for (place, bar) in bars.iter().enumerate() {
                @let x = LEFT + place as u64 * step;
                @let first = high(bar.values[0]);
                @let both = high(bar.values.iter().sum());
                g {
                    title { (bar.label) ": " (bar.values[0]) ", " (bar.values[1]) }
                    rect.first x=(x + 1) y=(base - first) width=(step.saturating_sub(2).max(1))
                        height=(first) {}
                    rect.second x=(x + 1) y=(base - both) width=(step.saturating_sub(2).max(1))
                        height=(both - first) {}
                }
                @if place % every == 0 && x + LABEL <= WIDTH { text.label x=(x) y=(HEIGHT - 4) { (bar.label) } }
            }
        }
    }
}

/// A score from 0 to 100, as a bar and a number.
pub(super) fn meter(score: Share) -> Markup {
    html! {
        span.score {
            svg.meter viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" {
                rect.rest width="100" height="10" {}
                rect.first width=(score) height="10" {}
            }
            " " (score)
        }
    }
}
