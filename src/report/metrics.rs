//! How a run went, for monitoring: `OpenMetrics` text, as `node_exporter` collects it.
//!
//! That collector reads the older Prometheus format. What is written is valid in both: gauges only,
//! without times of their own, and the last line of `OpenMetrics` is a comment in the other. Labels
//! are names of tenants and archives, never of mailboxes or people.

use std::fmt::Display;
use std::fmt::Write as _;

use crate::model::connection::Connection;
use crate::model::coverage::Cost;
use crate::model::coverage::Coverage;
use crate::model::coverage::Status;
use crate::model::mailbox_status::MailboxStatus;
use crate::model::outcome::Outcome;
use crate::model::outcome::Tally;
use crate::model::run::RunSummary;
use crate::model::table_size::TableSize;
use crate::model::time::DAY;
use crate::model::time::SECOND;
use crate::model::time::Timestamp;
use crate::report::text::seconds_between;

/// The metric that the next file takes over from this one where a run has gaps or fails.
const LAST_SUCCESS: &str = "touchpoint_run_last_success_timestamp_seconds";

/// For how many days mailboxes may not have been read until they are counted.
const DAYS: [i64; 3] = [1, 3, 7];

/// A run and what it left; what is unknown where it failed is missing.
#[derive(Debug)]
pub struct Metrics<'a> {
    /// The version of the program.
    pub version: &'a str,
    /// `2/4`, where the run read one part of the mailboxes.
    pub shard: Option<&'a str>,
    /// When the command began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Its exit code.
    pub exit_code: u8,
    /// When a run last ended with exit code 0, in seconds.
    pub last_success: Option<i64>,
    /// The most memory that the process had, in bytes.
    pub peak_memory: Option<u64>,
    /// Names of the tenants and archives of the configuration.
    pub names: &'a [String],
    /// The run, if it came to its end.
    pub summary: Option<&'a RunSummary>,
    /// The mailboxes of these tenants and archives, and the tables, if the lake can be read.
    pub lake: Option<(&'a [MailboxStatus], &'a [TableSize])>,
}

/// When a run last ended with exit code 0, as an earlier file says.
pub fn last_success(file: &str) -> Option<i64> {
    let mut lines = file.lines();
    let line = lines.find(|line| line.starts_with(LAST_SUCCESS))?;
    line.rsplit(' ').next()?.parse().ok()
}

/// The file.
pub fn render(metrics: &Metrics<'_>) -> String {
    let mut page = Page {
        text: String::new(),
        shard: metrics.shard,
    };
    write_process(&mut page, metrics);
    if let Some(summary) = metrics.summary {
        write_run(&mut page, summary, metrics.names);
    }
    if let Some((mailboxes, tables)) = metrics.lake {
        write_mailboxes(&mut page, mailboxes, metrics);
        write_tables(&mut page, tables);
    }
    page.text.push_str("# EOF\n");
    page.text
}

/// Labels of a value: names and contents.
type Labels<'a> = Vec<(&'static str, &'a str)>;

/// What is written so far.
struct Page<'a> {
    text: String,
    shard: Option<&'a str>,
}

impl Page<'_> {
    /// A metric with one value for each set of labels; nothing where there is none.
    fn gauge<'a, V: Display>(
        &mut self,
        name: &str,
        help: &str,
        values: impl IntoIterator<Item = (Labels<'a>, V)>,
    ) {
        let mut values = values.into_iter().peekable();
        if values.peek().is_none() {
            return;
        }
        let _ = writeln!(self.text, "# TYPE {name} gauge\n# HELP {name} {help}");
        for (labels, value) in values {
            let shard = self.shard.map(|shard| ("shard", shard));
            let labels = labels.into_iter().chain(shard);
            let labels: Vec<String> = labels
                .map(|(label, content)| format!("{label}=\"{}\"", escaped(content)))
                .collect();
            let labels = if labels.is_empty() {
                String::new()
            } else {
                format!("{{{}}}", labels.join(","))
            };
            let _ = writeln!(self.text, "{name}{labels} {value}");
        }
    }

    /// The same with one value.
    fn single(&mut self, name: &str, help: &str, value: impl Display) {
        self.gauge(name, help, [(Vec::new(), value)]);
    }
}

fn escaped(label: &str) -> String {
    let label = label.replace('\\', "\\\\").replace('"', "\\\"");
    label.replace('\n', "\\n")
}

fn seconds(at: Timestamp) -> i64 {
    at.0.div_euclid(SECOND)
}

fn write_process(page: &mut Page<'_>, metrics: &Metrics<'_>) {
    page.gauge(
        "touchpoint_build_info",
        "The version that wrote this file.",
        [(vec![("version", metrics.version)], 1)],
    );
    for (name, help, value) in [
        (
            "touchpoint_run_start_timestamp_seconds",
            "When the last run began.",
            Some(seconds(metrics.started_at)),
        ),
        (
            "touchpoint_run_end_timestamp_seconds",
            "When the last run ended, however it ended.",
            Some(seconds(metrics.ended_at)),
        ),
        (
            LAST_SUCCESS,
            "When a run last ended with exit code 0.",
            metrics.last_success,
        ),
        (
            "touchpoint_run_exit_code",
            "0 complete, 1 with gaps, 2 did not run or had to stop, 130 interrupted.",
            Some(i64::from(metrics.exit_code)),
        ),
        (
            "touchpoint_run_peak_memory_bytes",
            "The most memory that the last run had.",
            metrics.peak_memory.map(u64::cast_signed),
        ),
    ] {
        page.gauge(name, help, value.map(|value| (Vec::new(), value)));
    }
    page.single(
        "touchpoint_run_duration_seconds",
        "How long the last run took.",
        seconds_between(metrics.started_at, metrics.ended_at),
    );
}

/// What the run read, by tenant or archive.
fn write_run(page: &mut Page<'_>, summary: &RunSummary, names: &[String]) {
    let sums: Vec<Sum<'_>> = names.iter().map(|name| Sum::of(summary, name)).collect();
    let tenants = || sums.iter().map(|sum| (vec![("tenant", sum.name)], sum));
    page.gauge(
        "touchpoint_run_tenant_listed",
        "1 where the mailboxes of the tenant could be listed, else 0.",
        tenants().map(|(labels, sum)| (labels, u8::from(sum.is_listed))),
    );
    page.gauge(
        "touchpoint_run_mailboxes",
        "Mailboxes that the last run read or tried to read, by how that ended.",
        sums.iter().flat_map(|sum| {
            Status::ALL.map(|status| {
                let labels = vec![("tenant", sum.name), ("status", status.as_str())];
                (labels, count(&sum.coverage, |one| one.status == status))
            })
        }),
    );
    page.gauge(
        "touchpoint_run_items_received",
        "Items that the last run received.",
        tenants().map(|(labels, sum)| (labels, sum.tally.received)),
    );
    page.gauge(
        "touchpoint_run_items",
        "Items that the last run received, by what became of them.",
        sums.iter().flat_map(|sum| {
            Outcome::ALL.map(|outcome| {
                let labels = vec![("tenant", sum.name), ("outcome", outcome.as_str())];
                (labels, sum.tally.of(outcome))
            })
        }),
    );
    page.gauge(
        "touchpoint_run_requests",
        "Requests for mailboxes, retries among them.",
        tenants().map(|(labels, sum)| (labels, sum.cost.requests)),
    );
    page.gauge(
        "touchpoint_run_received_bytes",
        "Bytes received, or read from archives.",
        tenants().map(|(labels, sum)| (labels, sum.cost.bytes)),
    );
    page.gauge(
        "touchpoint_run_throttled_seconds",
        "Seconds that mailboxes waited because the service throttled, added up.",
        tenants().map(|(labels, sum)| (labels, sum.cost.waited_seconds)),
    );
    page.single(
        "touchpoint_run_index_behind",
        "1 where the search index is behind the lake, else 0.",
        u8::from(summary.index_behind.is_some()),
    );
}

/// What a run read of a tenant or archive.
struct Sum<'a> {
    name: &'a str,
    is_listed: bool,
    coverage: Vec<&'a Coverage>,
    tally: Tally,
    cost: Cost,
}

impl<'a> Sum<'a> {
    fn of(summary: &'a RunSummary, name: &'a str) -> Self {
        let all = summary.coverage.iter();
        let coverage: Vec<&Coverage> = all.filter(|one| &*one.mailbox.tenant == name).collect();
        let (mut tally, mut cost) = (Tally::default(), Cost::default());
        for one in &coverage {
            tally.add(&one.tally);
            cost.add(one.cost);
        }
        let mut failed = summary.failed_tenants.iter();
        Self {
            name,
            is_listed: !failed.any(|failed| failed.tenant == name),
            coverage,
            tally,
            cost,
        }
    }
}

fn count<T>(all: &[&T], is_meant: impl Fn(&T) -> bool) -> usize {
    all.iter().filter(|one| is_meant(one)).count()
}

/// How the mailboxes of each tenant or archive are after the run, as the lake says.
fn write_mailboxes(page: &mut Page<'_>, mailboxes: &[MailboxStatus], metrics: &Metrics<'_>) {
    let of_name = |name: &'_ String| -> Vec<&MailboxStatus> {
        let all = mailboxes.iter();
        all.filter(|one| *one.latest.mailbox.tenant == **name)
            .collect()
    };
    let tenants: Vec<(&str, Vec<&MailboxStatus>)> = metrics
        .names
        .iter()
        .map(|name| (name.as_str(), of_name(name)))
        .collect();
    page.gauge(
        "touchpoint_mailboxes",
        "All mailboxes that the lake knows, by how they are connected.",
        tenants.iter().flat_map(|(name, all)| {
            Connection::ALL.map(|connection| {
                let labels = vec![("tenant", *name), ("connection", connection.as_str())];
                (labels, count(all, |one| one.connection == connection))
            })
        }),
    );
    page.gauge(
        "touchpoint_mailboxes_not_read",
        "Mailboxes in scope that no run has read completely for this many days, as of the last run.",
        tenants.iter().flat_map(|(name, all)| {
            DAYS.into_iter().zip(["1", "3", "7"]).map(|(days, label)| {
                let since = metrics.ended_at.plus(-days * DAY);
                let is_older = |one: &MailboxStatus| one.read_at().is_some_and(|at| at < since);
                (
                    vec![("tenant", *name), ("days", label)],
                    count(all, is_older),
                )
            })
        }),
    );
    let oldest = |all: &[&MailboxStatus]| all.iter().filter_map(|one| one.read_at()).min();
    page.gauge(
        "touchpoint_oldest_mailbox_timestamp_seconds",
        "When the mailbox in scope that was not read for the longest time was last read completely, or \
         first listed.",
        tenants.iter().filter_map(|(name, all)| {
            Some((vec![("tenant", *name)], seconds(oldest(all)?)))
        }),
    );
    page.gauge(
        "touchpoint_unreadable_items",
        "Items that could not be read and are tried again.",
        tenants.iter().map(|(name, all)| {
            let items: usize = all.iter().map(|one| one.unread.len()).sum();
            (vec![("tenant", *name)], items)
        }),
    );
    page.gauge(
        "touchpoint_recorded_interactions",
        "Mails and meetings in the lake, counted once for each mailbox.",
        tenants.iter().map(|(name, all)| {
            let recorded: i64 = all.iter().map(|one| one.latest.recorded_total).sum();
            (vec![("tenant", *name)], recorded)
        }),
    );
}

/// The tables as a whole.
fn write_tables(page: &mut Page<'_>, tables: &[TableSize]) {
    let values = |value: fn(&TableSize) -> u64| {
        let values = tables.iter();
        values.map(move |size| (vec![("table", size.table)], value(size)))
    };
    page.gauge(
        "touchpoint_table_version",
        "The version of the table's log.",
        values(|size| size.version),
    );
    page.gauge(
        "touchpoint_table_rows",
        "Rows of the whole table, all revisions or generations.",
        values(|size| size.rows),
    );
    page.gauge(
        "touchpoint_table_files",
        "Files of the table.",
        values(|size| size.files),
    );
    page.gauge(
        "touchpoint_table_bytes",
        "Bytes of these files.",
        values(|size| size.bytes),
    );
}
