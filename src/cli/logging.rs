//! Log events go to stderr; they never hold mail text, addresses or secrets.

use tracing::level_filters::LevelFilter;

use crate::cli::args::Format;
use crate::cli::output;

/// Starts to write log events: warnings, and with `verbose` what is being done. As JSON, each line
/// of stderr is an object.
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
