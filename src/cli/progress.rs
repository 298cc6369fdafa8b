//! Progress of a run: a bar on a terminal, otherwise an occasional line.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressBar;
use indicatif::ProgressStyle;
use tokio::task::JoinHandle;

use crate::cli::output;
use crate::model::run::Progress;
use crate::runtime::clock::Stopwatch;

/// How often the bar is updated on a terminal.
const REDRAW: Duration = Duration::from_millis(200);
/// How often a line is printed otherwise.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// Shows progress until the handle is aborted.
pub fn show(progress: Arc<Progress>) -> JoinHandle<()> {
    if std::io::stderr().is_terminal() && !output::tells_json() {
        tokio::spawn(show_bar(progress))
    } else {
        tokio::spawn(show_lines(progress))
    }
}

async fn show_bar(progress: Arc<Progress>) {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} mailboxes  {msg}  {eta}")
    {
        bar.set_style(style);
    }
    let watch = Stopwatch::start();
    loop {
        bar.set_length(Progress::read(&progress.mailboxes));
        bar.set_position(Progress::read(&progress.mailboxes_done));
        bar.set_message(line(&progress, watch));
        tokio::time::sleep(REDRAW).await;
    }
}

async fn show_lines(progress: Arc<Progress>) {
    let watch = Stopwatch::start();
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        let done = Progress::read(&progress.mailboxes_done);
        let all = Progress::read(&progress.mailboxes);
        let left =
            left_seconds(done, all, watch).map_or(String::new(), |s| format!(", about {s} s left"));
        output::print_status(&format!(
            "{done}/{all} mailboxes, {}{left}",
            line(&progress, watch)
        ));
    }
}

fn line(progress: &Progress, watch: Stopwatch) -> String {
    let items = Progress::read(&progress.items);
    let rate = items
        .checked_div(watch.elapsed().as_secs())
        .unwrap_or(items);
    let commits = Progress::read(&progress.commits);
    format!(
        "{items} items ({rate}/s), {} rows in {commits} commits",
        Progress::read(&progress.rows)
    )
}

/// The remaining time at the rate of the mailboxes so far; nothing before the first is done.
fn left_seconds(done: u64, all: u64, watch: Stopwatch) -> Option<u64> {
    let left = all.saturating_sub(done);
    (watch.elapsed().as_secs() * left).checked_div(done)
}
