//! Progress of a run: a bar on a terminal, otherwise an occasional line.

use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressBar;
use indicatif::ProgressStyle;
use tokio::task::JoinHandle;

use crate::cli::output;
use crate::cli::terminal;
use crate::cli::terminal::Show;
use crate::model::run::Progress;
use crate::runtime::clock::Stopwatch;

/// How often the bar is updated on a terminal.
const REDRAW: Duration = Duration::from_millis(200);
/// How often a line is printed otherwise.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// Shows progress until the handle is aborted.
pub fn show(progress: Arc<Progress>) -> JoinHandle<()> {
    match terminal::progress() {
        Show::Bar => tokio::spawn(show_bar(progress)),
        Show::Lines => tokio::spawn(show_lines(progress)),
        Show::Nothing => tokio::spawn(async {}),
    }
}

async fn show_bar(progress: Arc<Progress>) {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:14} {pos}/{len} mailboxes, {wide_msg}") {
        bar.set_style(style);
    }
    let watch = Stopwatch::start();
    loop {
        let (done, all) = mailboxes(&progress);
        // A bar of no mailboxes would be full.
        if all > 0 {
            bar.set_length(all);
            bar.set_position(done);
            let left = left(done, all, watch.elapsed());
            bar.set_message(format!("{}{left}", items(&progress, watch)));
        }
        tokio::time::sleep(REDRAW).await;
    }
}

async fn show_lines(progress: Arc<Progress>) {
    let watch = Stopwatch::start();
    loop {
        tokio::time::sleep(HEARTBEAT).await;
        let (done, all) = mailboxes(&progress);
        output::print_status(&format!(
            "{done}/{all} mailboxes, {}, {} rows, {} commits{}",
            items(&progress, watch),
            Progress::read(&progress.rows),
            Progress::read(&progress.commits),
            left(done, all, watch.elapsed())
        ));
    }
}

/// How many mailboxes are done, and how many there are.
fn mailboxes(progress: &Progress) -> (u64, u64) {
    let done = Progress::read(&progress.mailboxes_done);
    (done, Progress::read(&progress.mailboxes))
}

fn items(progress: &Progress, watch: Stopwatch) -> String {
    let items = Progress::read(&progress.items);
    let rate = items
        .checked_div(watch.elapsed().as_secs())
        .unwrap_or(items);
    format!("{items} items ({rate}/s)")
}

/// The remaining time at the rate of the mailboxes so far; nothing before the first is done.
fn left(done: u64, all: u64, elapsed: Duration) -> String {
    let rest = all.saturating_sub(done);
    let Some(seconds) = (elapsed.as_secs() * rest).checked_div(done) else {
        return String::new();
    };
    let left = match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
    };
    format!(", {left} left")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_is_left_has_a_unit() {
        let check = |done, all, seconds, expected: &str| {
            assert_eq!(left(done, all, Duration::from_secs(seconds)), expected);
        };
        check(0, 10, 60, "");
        check(5, 10, 60, ", 60 s left");
        check(1, 10, 60, ", 9 min left");
        check(1, 100, 120, ", 3 h 18 min left");
        check(10, 10, 60, ", 0 s left");
    }
}
