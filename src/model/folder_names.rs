//! What folders and labels are for, by the names that mail programs and services give them in their
//! users' languages: Outlook, Gmail, Thunderbird, Apple Mail and the national providers.

use crate::model::unicode::composed;
use crate::model::unicode::is_invisible;

/// What a folder is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FolderUse {
    /// What was sent.
    Sent,
    /// What is not finished: drafts.
    Drafts,
    /// What waits to be sent, or never is: the outbox, templates.
    Waiting,
    /// What was sorted out as unwanted.
    Junk,
}

/// The purpose of a folder, as far as its name shows.
pub fn used_for(name: &str) -> Option<FolderUse> {
    let name = comparable(name);
    let lists = [
        (SENT, FolderUse::Sent),
        (DRAFTS, FolderUse::Drafts),
        (WAITING, FolderUse::Waiting),
        (JUNK, FolderUse::Junk),
    ];
    let found = lists.iter().find(|(list, _)| list.contains(&name.as_str()));
    found.map(|(_, used_for)| *used_for)
}

/// A name in the form in which names are compared: composed, in lower case, with `_` and `-` as
/// blanks and one blank for several.
pub fn comparable(name: &str) -> String {
    let name = composed(name);
    let visible = name.chars().filter(|c| !is_invisible(*c));
    let blank = |c: char| {
        if matches!(c, '_' | '-' | '\u{2011}') {
            ' '
        } else {
            c
        }
    };
    let text: String = visible.map(blank).collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

const SENT: &[&str] = &[
    "sent",
    "sent items",
    "sent mail",
    "sent messages",
    "sent objects",
    "sent email",
    // German
    "gesendet",
    "gesendete elemente",
    "gesendete objekte",
    "gesendete nachrichten",
    "gesendete mails",
    // French
    "éléments envoyés",
    "messages envoyés",
    "courrier envoyé",
    "envoyés",
    "objets envoyés",
    // Spanish, Catalan, Galician
    "elementos enviados",
    "enviados",
    "mensajes enviados",
    "correo enviado",
    "elements enviats",
    "enviats",
    // Italian
    "posta inviata",
    "inviata",
    "inviati",
    "elementi inviati",
    // Portuguese
    "itens enviados",
    "mensagens enviadas",
    "e mails enviados",
    "correio enviado",
    // Dutch
    "verzonden items",
    "verzonden",
    "verzonden berichten",
    "verzonden objecten",
    // Swedish, Danish, Norwegian
    "skickat",
    "skickade objekt",
    "skickade meddelanden",
    "sendt post",
    "sendt",
    "sendte elementer",
    "sendte e mails",
    // Finnish
    "lähetetyt",
    "lähetetyt kohteet",
    "lähetetyt viestit",
    // Polish
    "elementy wysłane",
    "wysłane",
    "wiadomości wysłane",
    // Czech, Slovak
    "odeslaná pošta",
    "odeslané",
    "odoslaná pošta",
    "odoslané",
    // Hungarian
    "elküldött elemek",
    "elküldött",
    "elküldött üzenetek",
    "elküldött levelek",
    // Romanian
    "elemente trimise",
    "trimise",
    "mesaje trimise",
    // Russian, Ukrainian, Bulgarian
    "отправленные",
    "отправленные элементы",
    "надіслані",
    "відправлені",
    "надіслані елементи",
    "изпратени",
    "изпратени елементи",
    // Greek
    "απεσταλμένα",
    "απεσταλμένα στοιχεία",
    // Turkish
    "gönderilmiş öğeler",
    "gönderilmiş postalar",
    "gönderilenler",
    "gönderilmiş",
    // Croatian, Slovenian, Serbian
    "poslano",
    "poslane stavke",
    "poslana pošta",
    "poslati",
    "послато",
    // Estonian, Latvian, Lithuanian
    "saadetud",
    "saadetud üksused",
    "nosūtītie vienumi",
    "nosūtītie",
    "išsiųstieji elementai",
    "išsiųsta",
    // Hebrew, Arabic
    "פריטים שנשלחו",
    "דואר שנשלח",
    "נשלח",
    "العناصر المرسلة",
    "المرسلة",
    "البريد المرسل",
    // Japanese, Korean, Chinese
    "送信済みアイテム",
    "送信済みメール",
    "送信済み",
    "送信済みトレイ",
    "보낸 편지함",
    "보낸편지함",
    "보낸 메일함",
    "보낸메일함",
    "已发送邮件",
    "已发送",
    "已发邮件",
    "寄件備份",
    "已傳送的郵件",
    "寄件備份匣",
    // Vietnamese, Thai, Indonesian, Hindi
    "mục đã gửi",
    "thư đã gửi",
    "đã gửi",
    "รายการที่ส่ง",
    "จดหมายที่ส่งแล้ว",
    "ส่งแล้ว",
    "item terkirim",
    "terkirim",
    "pesan terkirim",
    "भेजे गए आइटम",
    "भेजा गया",
];

const DRAFTS: &[&str] = &[
    "draft",
    "drafts",
    // German
    "entwurf",
    "entwürfe",
    // French
    "brouillon",
    "brouillons",
    // Spanish, Catalan
    "borrador",
    "borradores",
    "esborranys",
    // Italian
    "bozza",
    "bozze",
    // Portuguese
    "rascunho",
    "rascunhos",
    // Dutch
    "concepten",
    // Swedish, Danish, Norwegian
    "utkast",
    "kladde",
    "kladder",
    "kladd",
    // Finnish
    "luonnos",
    "luonnokset",
    // Polish
    "wersje robocze",
    "robocze",
    "kopie robocze",
    // Czech, Slovak
    "koncept",
    "koncepty",
    "rozepsané",
    "rozpísané",
    // Hungarian
    "piszkozat",
    "piszkozatok",
    // Romanian
    "schițe",
    "schiţe",
    "ciorne",
    "mesaje nefinalizate",
    // Russian, Ukrainian, Bulgarian
    "черновик",
    "черновики",
    "чернетка",
    "чернетки",
    "чернова",
    "чернови",
    // Greek
    "πρόχειρα",
    // Turkish
    "taslak",
    "taslaklar",
    // Croatian, Slovenian, Serbian
    "skice",
    "nacrti",
    "osnutki",
    "недовршене",
    "нацрти",
    "nedovršene",
    // Estonian, Latvian, Lithuanian
    "mustand",
    "mustandid",
    "melnraksti",
    "uzmetumi",
    "juodraščiai",
    // Hebrew, Arabic
    "טיוטות",
    "المسودات",
    "مسودات",
    // Japanese, Korean, Chinese
    "下書き",
    "下書きトレイ",
    "임시 보관함",
    "임시보관함",
    "초안",
    "草稿",
    "草稿箱",
    "草稿夹",
    "草稿匣",
    // Icelandic, Galician, Basque, Welsh, Afrikaans, Filipino, Persian
    "drög",
    "rascuños",
    "zirriborroak",
    "drafftiau",
    "konsepte",
    "mga draft",
    "پیشنویسها",
    // Vietnamese, Thai, Indonesian, Hindi
    "thư nháp",
    "bản nháp",
    "bản thảo",
    "ร่างจดหมาย",
    "จดหมายร่าง",
    "ร่าง",
    "แบบร่าง",
    "draf",
    "konsep",
    "ड्राफ़्ट",
    "ड्राफ्ट",
];

const WAITING: &[&str] = &[
    "outbox",
    "templates",
    "unsent messages",
    "unsent",
    "postausgang",
    "boîte d'envoi",
    "boîte d’envoi",
    "messages en attente",
    "messages à envoyer",
    "bandeja de salida",
    "safata de sortida",
    "posta in uscita",
    "caixa de saída",
    "postvak uit",
    "utkorgen",
    "utkorg",
    "udbakke",
    "utboks",
    "lähtevät",
    "lähtevät viestit",
    "skrzynka nadawcza",
    "pošta k odeslání",
    "pošta na odoslanie",
    "postázandó üzenetek",
    "kimenő üzenetek",
    "mesaje de trimis",
    "исходящие",
    "вихідні",
    "изходящи",
    "εξερχόμενα",
    "giden kutusu",
    "דואר יוצא",
    "صندوق الصادر",
    "علبة الصادر",
    "送信トレイ",
    "未送信トレイ",
    "보낼 편지함",
    "发件箱",
    "寄件匣",
    "hộp thư đi",
    "กล่องจดหมายออก",
    "kotak keluar",
];

const JUNK: &[&str] = &[
    "junk",
    "junk mail",
    "junk e mail",
    "junk email",
    "bulk mail",
    "spam",
    "spam mail",
    // German
    "junk e mails",
    "unerwünschte werbung",
    "unerwünschte e mails",
    "unerwünscht",
    "spamverdacht",
    // French
    "courrier indésirable",
    "courriers indésirables",
    "indésirables",
    "pourriel",
    "pourriels",
    // Spanish, Catalan
    "correo no deseado",
    "correo basura",
    "correo electrónico no deseado",
    "no deseado",
    "correu brossa",
    "correu no desitjat",
    // Italian
    "posta indesiderata",
    "indesiderata",
    // Portuguese
    "lixo eletrônico",
    "lixo eletrónico",
    "lixo electrónico",
    "e mail de lixo",
    "correio eletrónico de lixo",
    "correio não solicitado",
    // Dutch
    "ongewenste e mail",
    "ongewenste mail",
    "ongewenste reclame",
    "ongewenst",
    // Swedish, Danish, Norwegian
    "skräppost",
    "uønsket mail",
    "uønsket e mail",
    "uønsket post",
    "uønsket e post",
    "søppelpost",
    "useriøs e post",
    "søppel e post",
    // Finnish
    "roskaposti",
    "roskapostit",
    // Polish
    "wiadomości śmieci",
    "niechciane",
    "niechciana poczta",
    // Czech, Slovak
    "nevyžádaná pošta",
    "nevyžádaný e mail",
    "nevyžádané",
    "nevyžiadaná pošta",
    "nevyžiadané e maily",
    "nevyžiadané",
    // Hungarian
    "levélszemét",
    // Romanian
    "e mail nedorit",
    "mesaje nedorite",
    "nedorite",
    // Russian, Ukrainian, Bulgarian
    "нежелательная почта",
    "спам",
    "небажана пошта",
    "небажана електронна пошта",
    "нежелана поща",
    "нежелана електронна поща",
    "нежелани",
    // Greek
    "ανεπιθύμητη αλληλογραφία",
    "ανεπιθύμητα",
    // Turkish
    "önemsiz e posta",
    "gereksiz e posta",
    "gereksiz",
    "i\u{307}stenmeyen",
    "i\u{307}stenmeyen e posta",
    "istenmeyen",
    "istenmeyen e posta",
    // Croatian, Slovenian, Serbian
    "neželjena pošta",
    "neželjena e pošta",
    "neželena pošta",
    "vsiljena pošta",
    "neželena e pošta",
    "нежељена пошта",
    "непожељно",
    // Estonian, Latvian, Lithuanian
    "rämpspost",
    "mēstules",
    "nevēlamais e pasts",
    "nepageidaujamas el. paštas",
    "nepageidaujami laiškai",
    "šlamštas",
    "brukalas",
    // Hebrew, Arabic
    "דואר זבל",
    "ספאם",
    "البريد الإلكتروني غير الهام",
    "البريد غير الهام",
    "البريد العشوائي",
    "البريد المزعج",
    "بريد غير مرغوب فيه",
    "غير مرغوب فيه",
    "رسائل غير مرغوب فيها",
    "الرسائل غير المرغوب فيها",
    // Japanese, Korean, Chinese
    "迷惑メール",
    "정크 메일",
    "정크 전자 메일",
    "정크",
    "스팸",
    "스팸함",
    "스팸 메일함",
    "스팸메일함",
    "垃圾邮件",
    "垃圾电子邮件",
    "垃圾箱",
    "广告邮件",
    "垃圾郵件",
    "垃圾信件匣",
    "垃圾郵件匣",
    // Icelandic, Persian
    "ruslpóstur",
    "هرزنامه",
    // Vietnamese, Thai, Indonesian, Hindi
    "thư rác",
    "email rác",
    "อีเมลขยะ",
    "จดหมายขยะ",
    "เมลขยะ",
    "สแปม",
    "email sampah",
    "surat sampah",
    "जंक ईमेल",
    "स्पैम",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_stored_normalised_and_once() {
        let mut seen = std::collections::BTreeSet::new();
        for name in SENT.iter().chain(DRAFTS).chain(WAITING).chain(JUNK) {
            assert_eq!(comparable(name), *name);
            assert!(seen.insert(name), "{name}");
        }
    }

    #[test]
    fn names_are_compared_in_normalised_form() {
        for (name, expected) in [
            ("Sent", FolderUse::Sent),
            ("_sent_mail", FolderUse::Sent),
            ("Gesendete  Objekte", FolderUse::Sent),
            ("Entw\u{fc}rfe", FolderUse::Drafts),
            ("Entwu\u{308}rfe", FolderUse::Drafts),
            ("Unsent Messages", FolderUse::Waiting),
            ("Junk-E-Mail", FolderUse::Junk),
            ("WIADOMO\u{15a}CI-\u{15a}MIECI", FolderUse::Junk),
            ("\u{130}stenmeyen", FolderUse::Junk),
            ("\u{200f}דואר זבל", FolderUse::Junk),
        ] {
            assert_eq!(used_for(name), Some(expected), "{name}");
        }
        for name in [
            "",
            "Concept",
            "Bulk",
            "Scheduled",
            "presented",
            "Trash",
            "Papierkorb",
            "Inbox",
            "Clients/Drafts",
        ] {
            assert_eq!(used_for(name), None, "{name}");
        }
    }
}
