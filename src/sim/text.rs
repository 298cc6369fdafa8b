//! What mails say: subjects and bodies that a number decides, so that they need not be kept.

use crate::sim::rng::draw;
use crate::sim::rng::mix;

/// Subject words that the exported policy excludes. No other subject holds them.
pub const EXCLUDED_SUBJECTS: [&str; 2] = ["Gehaltsabrechnung", "strictly confidential"];
/// Graph's `bodyPreview` has this many characters at most (facts 1.9).
const PREVIEW_CHARS: usize = 255;

const TOPIC: [&str; 20] = [
    "Offer",
    "Order",
    "Delivery",
    "Invoice",
    "Renewal",
    "Workshop",
    "Roadmap",
    "Quote",
    "Angebot",
    "Lieferung",
    "Rückfrage",
    "Project plan",
    "Maintenance window",
    "Site visit",
    "Training",
    "Reclamation",
    "Framework agreement",
    "Pricing",
    "Kick-off",
    "Protokoll",
];
const DETAIL: [&str; 16] = [
    "for the Hamburg site",
    "Q3",
    "pump series 400",
    "next steps",
    "phase two",
    "spare parts",
    "für das Werk Süd",
    "licence extension",
    "your call of yesterday",
    "new contact person",
    "line 7",
    "winter campaign",
    "data migration",
    "final version",
    "open points",
    "call-off 12",
];
const SENTENCE: [&str; 16] = [
    "Thank you for the call this morning.",
    "Attached is the version that we talked about.",
    "Could you confirm the delivery date by Friday?",
    "Die Unterlagen schicke ich Ihnen bis morgen.",
    "We would like to extend the contract by a year.",
    "The customer asked for \"one more week\" & a discount.",
    "Our engineers have looked at the pump, and it runs again.",
    "Bitte prüfen Sie die Mengen in Zeile 7.",
    "I will be on site on Tuesday with two colleagues.",
    "Prices are valid until the end of the quarter.",
    "Could we move the workshop to the afternoon?",
    "The new contact for invoices is in copy.",
    "Viele Grüße aus Lübeck",
    "Let me know whether the café on the corner suits you.",
    "We have not yet received the signed order.",
    "Kind regards",
];

/// A subject.
pub fn subject(seed: u64) -> String {
    let topic = TOPIC[draw(&[seed, 1], TOPIC.len())];
    let detail = DETAIL[draw(&[seed, 2], DETAIL.len())];
    format!("{topic} {detail} ({:04})", mix(&[seed, 3]) % 10_000)
}

const OCCASION: [&str; 14] = [
    "Review",
    "Jour fixe",
    "Steering committee",
    "Site visit",
    "Lunch",
    "Demo",
    "Negotiation",
    "Planning",
    "Abstimmung",
    "Besprechung",
    "Onboarding",
    "Quarterly business review",
    "Factory tour",
    "Sprint",
];

/// The title of a meeting.
pub fn meeting(seed: u64) -> String {
    let occasion = OCCASION[draw(&[seed, 6], OCCASION.len())];
    let detail = DETAIL[draw(&[seed, 2], DETAIL.len())];
    format!("{occasion}: {detail} ({:04})", mix(&[seed, 3]) % 10_000)
}

/// The text of a mail or a meeting.
pub fn body(seed: u64) -> String {
    let count = 1 + draw(&[seed, 4], 9);
    let mut text = String::with_capacity(count * 50);
    for number in 0..count {
        if number > 0 {
            text.push(' ');
        }
        text.push_str(SENTENCE[draw(&[seed, 5, number as u64], SENTENCE.len())]);
    }
    text
}

/// The first characters of the text, without a blank at the end.
pub fn preview(seed: u64) -> String {
    let text = body(seed);
    let cut: String = text.chars().take(PREVIEW_CHARS).collect();
    cut.trim_end().to_owned()
}
