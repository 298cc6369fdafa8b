//! How much fits on the terminal, whether it gets colours, and how progress is shown.

use std::io;
use std::io::IsTerminal as _;
use std::sync::OnceLock;

use clap::ValueEnum;
use terminal_size::terminal_size_of;

use crate::cli::output;
use crate::config::environment;
use crate::report::terminal::COLUMNS;

/// Whether text is coloured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set or TERM is dumb
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How the progress of a run is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ProgressChoice {
    /// A bar on a terminal, a line now and then elsewhere
    #[default]
    Auto,
    /// A line now and then, without control characters
    Plain,
    /// Not at all
    None,
}

/// Whether matches are shown in colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Color {
    /// With escape sequences.
    On,
    /// Without.
    Off,
}

/// What is seen of the progress of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// One line that changes.
    Bar,
    /// A line now and then.
    Lines,
    /// Nothing.
    Nothing,
}

static CHOICES: OnceLock<(ColorChoice, ProgressChoice)> = OnceLock::new();

/// Keeps what the options say; once, before anything is printed.
pub fn start(color: ColorChoice, progress: ProgressChoice) {
    let _ = CHOICES.set((color, progress));
}

fn choices() -> (ColorChoice, ProgressChoice) {
    CHOICES.get().copied().unwrap_or_default()
}

/// Whether results are coloured.
pub fn color() -> Color {
    let is_colored = match choices().0 {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            io::stdout().is_terminal() && !environment::no_color() && !environment::is_dumb()
        }
    };
    if is_colored { Color::On } else { Color::Off }
}

/// How progress is shown.
pub fn progress() -> Show {
    match choices().1 {
        ProgressChoice::None => Show::Nothing,
        ProgressChoice::Plain => Show::Lines,
        ProgressChoice::Auto => {
            let is_plain =
                !io::stderr().is_terminal() || output::tells_json() || environment::is_dumb();
            if is_plain { Show::Lines } else { Show::Bar }
        }
    }
}

/// The columns of a line of results.
pub fn width() -> usize {
    match terminal_size_of(io::stdout()) {
        Some((columns, _)) => usize::from(columns.0).max(COLUMNS / 2),
        None => environment::columns().unwrap_or(COLUMNS),
    }
}
