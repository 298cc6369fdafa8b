//! Who knows whom, for people.

use std::fmt::Write as _;

use crate::insight::answer::Answer;
use crate::insight::answer::Line;
use crate::insight::answer::Named;
use crate::insight::answer::Question;
use crate::insight::exchange::Exchange;
use crate::insight::exchange::Shown;
use crate::insight::lookup::What;
use crate::insight::score::Part;
use crate::insight::score::Score;
use crate::insight::score::WeakRule;
use crate::report::instant::day;
use crate::report::instant::minute;
use crate::report::table::number;
use crate::report::terminal::harmless;
use crate::report::terminal::push_wrapped;

/// What every answer says of its use.
pub const NOTE: &str = "Scores say how much contact touchpoint has recorded. They are not made to \
                        rate employees.";

/// An answer, of which at most `limit` lines are listed. Lines have at most 80 columns, unless a name
/// has more.
pub fn text(answer: &Answer, limit: usize) -> String {
    let mut text = String::new();
    push_wrapped(&mut text, "", &title(answer));
    if answer.shown == Shown::Meetings {
        let only = "only meetings count: the configuration says mail_activity = false in [view]";
        push_wrapped(&mut text, "", only);
    }
    if answer.lines.is_empty() {
        push_wrapped(&mut text, "", &why_empty(answer));
    } else {
        push_summary(&mut text, answer);
    }
    push_hint(&mut text, answer);
    let listed = answer.lines.iter().take(limit);
    for (number, line) in (1..).zip(listed) {
        text.push('\n');
        push_line(&mut text, number, line, &answer.question);
    }
    let more = answer.lines.len().saturating_sub(limit);
    if more > 0 {
        let _ = writeln!(text, "\n… and {} more (--limit)", number(more as u64));
    }
    text.push('\n');
    push_wrapped(&mut text, "", NOTE);
    text
}

fn title(answer: &Answer) -> String {
    let day = day(answer.as_of);
    let about = match &answer.question {
        Question::About(named) if named.what == What::Colleague => {
            format!("Whom {} knows", called(named))
        }
        Question::About(named) => format!("Who knows {}", called(named)),
        Question::CoolingOf(named) => format!("Relationships of {} that cool", called(named)),
        Question::Cooling => "Relationships that cool".to_owned(),
        Question::Single => "Accounts that one colleague alone knows".to_owned(),
    };
    format!("{about}, as of {day} (times are UTC)")
}

/// Name, id and account.
fn called(named: &Named) -> String {
    let name = harmless(&named.name);
    let id = harmless(&named.id);
    match (&named.account, named.what) {
        (Some(account), _) => format!("{name} ({}, contact {id})", harmless(account)),
        (None, What::Colleague) => name,
        (None, what) => format!("{name} ({} {id})", what.as_str()),
    }
}

fn why_empty(answer: &Answer) -> String {
    match &answer.question {
        Question::Cooling | Question::CoolingOf(_) => {
            let formula = &answer.formula;
            return format!(
                "none: no relationship with a score of {} or more has been silent for {} days and {} \
                 times its usual interval",
                formula.strong_min, formula.cooling_days_min, formula.cooling_factor
            );
        }
        Question::Single => {
            return "none: every account is known by several colleagues, or by none".to_owned();
        }
        Question::About(_) if answer.rows == 0 => {
            return "no relationship: the lake has no interaction with them up to this day; what is \
                    older than the window of the first run was not read"
                .to_owned();
        }
        Question::About(_) => {}
    }
    format!(
        "no relationship: {} rows of the lake concern them, and none is a direct exchange; bulk mail, \
         mails and meetings with more than {} people, mails between others, and shared mailboxes make \
         none",
        number(answer.rows),
        answer.formula.people_max
    )
}

/// A hint where everything lies before the window. The option is on a line of its own, whole.
fn push_hint(text: &mut String, answer: &Answer) {
    let days = answer.formula.window_days;
    let Some(newest) = answer.newest else { return };
    if answer.as_of.day() - newest.day() < i64::from(days) {
        return;
    }
    let newest = day(newest);
    let why =
        format!("nothing in the {days} days that count; the newest interaction is of {newest}");
    push_wrapped(text, "", &why);
    push_wrapped(text, "", &format!("--as-of {newest} shows that day"));
}

fn push_summary(text: &mut String, answer: &Answer) {
    let mutual = answer.mutual();
    let weak = answer.lines.len() - mutual;
    let sides = match &answer.question {
        Question::About(named) if named.what == What::Colleague => "accounts and contacts",
        Question::About(_) => "colleagues",
        Question::CoolingOf(_) | Question::Cooling | Question::Single => {
            let found = number(answer.lines.len() as u64);
            push_wrapped(text, "", &format!("{found} found"));
            return;
        }
    };
    let mut summary = format!(
        "{} {sides} in both directions, {} weak by rule",
        number(mutual as u64),
        number(weak as u64)
    );
    if answer.not_direct > 0 {
        let _ = write!(
            summary,
            "; {} more only by bulk mail or among many people",
            number(answer.not_direct)
        );
    }
    push_wrapped(text, "", &summary);
    if mutual == 1 && sides == "colleagues" {
        push_wrapped(text, "", "known by one colleague only");
    }
    let scores = || answer.lines.iter().map(|line| &line.relation.score);
    let mut dates = Vec::new();
    if let Some(first) = scores().filter_map(|score| score.first).min() {
        dates.push(format!("first contact {}", day(first)));
    }
    if let Some(last) = scores().filter_map(|score| score.last).max() {
        dates.push(format!("last contact {}", day(last)));
    }
    if let Some(next) = scores().filter_map(|score| score.next_meeting).min() {
        dates.push(format!("next meeting {}", minute(next)));
    }
    push_wrapped(text, "", &dates.join(", "));
    let parts = answer.lines.first().map(|line| &line.relation.score.parts);
    let weight = |part: &Part| format!("{} {}", part.measure.as_str(), part.weight);
    let weights: Vec<String> = parts.into_iter().flatten().map(weight).collect();
    push_wrapped(text, "", &format!("weights: {}", weights.join(", ")));
}

fn push_line(text: &mut String, number: usize, line: &Line, question: &Question) {
    let score = &line.relation.score;
    let colleague = harmless(&line.relation.colleague);
    let subject = called(&line.subject);
    let name = match question {
        Question::About(named) | Question::CoolingOf(named) if named.what == What::Colleague => {
            subject
        }
        Question::About(_) | Question::CoolingOf(_) => colleague,
        Question::Cooling | Question::Single => format!("{subject}: {colleague}"),
    };
    push_wrapped(text, &format!("{number:>2}. {:>5}  ", score.total), &name);
    let indent = " ".repeat(11);
    for words in details(line) {
        push_wrapped(text, &indent, &words);
    }
    push_uncounted(text, &indent, score);
}

/// The parts of a score and what they rest on.
fn details(line: &Line) -> Vec<String> {
    let score = &line.relation.score;
    let counts = &score.counts;
    let value = |part: &Part| format!("{} {}", part.measure.as_str(), part.value.hundredths());
    let values: Vec<String> = score.parts.iter().map(value).collect();
    let mut details = vec![values.join(", ")];
    let mut evidence = format!(
        "{} sent, {} received, {} meetings",
        number(counts.sent),
        number(counts.received),
        number(counts.met)
    );
    if let Some(known) = counts.people_known {
        let _ = write!(
            evidence,
            ", {} of {} people",
            number(counts.people),
            number(known)
        );
    }
    match score.weak_by {
        Some(WeakRule::OneWay) => evidence.push_str("; weak by rule: one direction only"),
        Some(WeakRule::Silent) => evidence.push_str("; weak by rule: nothing in the window"),
        None => {}
    }
    details.push(evidence);
    if let (Some(first), Some(last)) = (score.first, score.last) {
        let by = match score.last_by {
            Some(Exchange::Sent) => " (by the colleague)",
            Some(Exchange::Received) => " (by the contact)",
            Some(Exchange::Met) => " (a meeting)",
            Some(Exchange::SameRoom | Exchange::Bulk) | None => "",
        };
        details.push(format!("first {}, last {}{by}", day(first), day(last)));
    }
    let mut open = Vec::new();
    if let Some(since) = score.unanswered_since {
        open.push(format!("unanswered since {}", day(since)));
    }
    if let Some(next) = score.next_meeting {
        open.push(format!("next meeting {}", minute(next)));
    }
    if let Some(cooling) = line.relation.cooling {
        open.push(format!(
            "cooling: silent for {} days, usually {}; the score was {}",
            cooling.silent_days, cooling.usual_days, cooling.before
        ));
    }
    if !open.is_empty() {
        details.push(open.join("; "));
    }
    details
}

fn push_uncounted(text: &mut String, indent: &str, score: &Score) {
    let counts = [
        (score.counts.same_room, "in the same room"),
        (score.counts.bulk, "by bulk mail"),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts
        .map(|(count, what)| format!("{} {what}", number(count)))
        .collect();
    if !counts.is_empty() {
        push_wrapped(text, indent, &format!("not counted: {}", counts.join(", ")));
    }
}
