//! Log events go to stderr; they never contain mail text, addresses or secrets.

use std::any::Any;
use std::panic;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::cli::args::LogFormat;
use crate::cli::args::LogLevel;
use crate::cli::output;

/// Starts logging. As JSON, each line of stderr is an object. Of the libraries only warnings and
/// errors are logged: what else they say may quote an address, or a token.
pub fn start(level: LogLevel, format: LogFormat) {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let levels = Targets::new()
        .with_target(env!("CARGO_CRATE_NAME"), level)
        .with_default(level.min(LevelFilter::WARN));
    let events = fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(false);
    let events = match format {
        LogFormat::Text => events.boxed(),
        LogFormat::Json => {
            output::tell_json();
            events.json().with_span_list(false).boxed()
        }
    };
    tracing_subscriber::registry()
        .with(events.with_filter(levels))
        .init();
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
