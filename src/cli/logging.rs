//! Log events go to stderr; they never hold mail text, addresses or secrets.

use tracing::level_filters::LevelFilter;

/// Starts to write log events: warnings, and with `verbose` what is being done.
pub fn start(verbose: bool) {
    let level = if verbose {
        LevelFilter::INFO
    } else {
        LevelFilter::WARN
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(false)
        .init();
}
