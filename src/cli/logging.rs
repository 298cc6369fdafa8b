//! Log events go to stderr; they never contain mail text, addresses or secrets.

use std::any::Any;
use std::panic;

use tracing::level_filters::LevelFilter;

use crate::cli::args::Format;
use crate::cli::output;

/// Starts logging: warnings, and with `verbose` also progress. As JSON, each line of stderr is an
/// object.
pub fn start(verbose: bool, format: Format) {
    let level = if verbose {
        LevelFilter::INFO
    } else {
        LevelFilter::WARN
    };
    let events = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(false);
    match format {
        Format::Text => events.init(),
        Format::Json => {
            output::tell_json();
            events.json().init();
        }
    }
}

/// Panics are logged with their location and only the literal part of the message. The rest may
/// quote data (`byte index 7 is not a char boundary; it is inside ...`).
pub fn tell_panics() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let place = place.unwrap_or_default();
        let what = redacted(panic.payload());
        tracing::error!(place, what, "a part of the program panicked");
    }));
}

fn redacted(payload: &(dyn Any + Send)) -> &'static str {
    let literal = payload.downcast_ref::<&'static str>();
    literal.copied().unwrap_or("(omitted: it may quote a mail)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_panic_quotes_is_not_told() {
        let literal = panic::catch_unwind(|| panic!("never happens")).unwrap_err();
        assert_eq!(redacted(&*literal), "never happens");
        let text = std::hint::black_box("d\u{e9}j\u{e0} vu");
        let quoting = panic::catch_unwind(|| text.split_at(2)).unwrap_err();
        assert!(quoting.downcast_ref::<String>().is_some());
        assert_eq!(redacted(&*quoting), "(omitted: it may quote a mail)");
    }
}
