//! How subjects of automatic answers and delivery reports begin, in the languages of the programs
//! that write them.

/// People write "Out of office next week" themselves: only what programs write is listed, as
/// Exchange, Gmail and others write it in their users' languages.
pub(super) const AUTO_REPLY_SUBJECTS: &[&str] = &[
    "automatic reply",
    "automatic response",
    "auto reply",
    "auto-reply",
    "autoreply",
    "auto response",
    "auto-response",
    "out of office autoreply",
    "out of office auto-reply",
    "out of office reply",
    // German
    "abwesenheitsnotiz",
    "automatische abwesenheitsnotiz",
    "abwesenheitsmeldung",
    "abwesenheitsbenachrichtigung",
    "abwesenheitsassistent",
    "automatische antwort",
    "autom. antwort",
    // French
    "réponse automatique",
    // Spanish, Catalan, Galician
    "respuesta automática",
    "resposta automàtica",
    // Italian
    "risposta automatica",
    // Portuguese
    "resposta automática",
    // Dutch
    "automatisch antwoord",
    "automatische beantwoording",
    "afwezigheidsbericht",
    // Swedish, Danish, Norwegian
    "automatiskt svar",
    "frånvaromeddelande",
    "fraværsmelding",
    "automatisk svar",
    // Finnish
    "automaattinen vastaus",
    "poissaoloilmoitus",
    // Polish
    "automatyczna odpowiedź",
    "odpowiedź automatyczna",
    "autoodpowiedź",
    // Czech, Slovak
    "automatická odpověď",
    "automatická odpoveď",
    // Hungarian
    "automatikus válasz",
    // Romanian
    "răspuns automat",
    // Russian, Ukrainian, Bulgarian, Serbian
    "автоматический ответ",
    "автоответ",
    "автоматична відповідь",
    "автоматичен отговор",
    "аутоматски одговор",
    // Greek
    "αυτόματη απάντηση",
    // Turkish
    "otomatik yanit",
    "otomatik cevap",
    // Croatian, Slovenian
    "automatski odgovor",
    "samodejni odgovor",
    // Estonian, Latvian, Lithuanian
    "automaatvastus",
    "automaatne vastus",
    "automātiska atbilde",
    "automātiskā atbilde",
    "automatinis atsakymas",
    // Hebrew, Arabic
    "תשובה אוטומטית",
    "מענה אוטומטי",
    "رد تلقائي",
    "الرد التلقائي",
    // Japanese, Korean, Chinese
    "自動応答",
    "自動返信",
    "不在通知",
    "자동 회신",
    "자동 응답",
    "자동회신",
    "부재 중 자동 회신",
    "부재중 자동 응답",
    "自动答复",
    "自动回复",
    "自動回覆",
    "自動答覆",
    // Vietnamese, Thai, Indonesian
    "trả lời tự động",
    "tự động trả lời",
    "ตอบกลับอัตโนมัติ",
    "การตอบกลับอัตโนมัติ",
    "balasan otomatis",
    "jawaban otomatis",
];

/// Words that people write as well: written by a program only if followed by a colon.
pub(super) const ABSENCE_WORDS: &[&str] = &[
    "out of office",
    "abwesenheit",
    "afwezig",
    "poissa",
    "frånvaro",
    "fuori sede",
    "fuori ufficio",
    "absent du bureau",
    "absence du bureau",
    "ikke til stede",
    "fuera de la oficina",
    "fuera de oficina",
    "message d'absence",
    "message d’absence",
    "ausência temporária",
    "autosvar",
];

pub(super) const DELIVERY_REPORT_SUBJECTS: &[&str] = &[
    "undeliverable",
    "undelivered mail returned to sender",
    "undelivered mail",
    "unzustellbar",
    "delivery status notification",
    "delivery failure",
    "delivery delayed",
    "mail delivery failed",
    "mail delivery failure",
    "mail delivery system",
    "returned mail",
    "failure notice",
];
