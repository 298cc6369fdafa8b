//! Words of many scripts and spellings, found in the index.

use tempfile::TempDir;

use crate::index::tests::index;
use crate::index::tests::mail;
use crate::index::tests::numbers;
use crate::index::tests::words;

/// An index of mails with these texts, numbered from 1.
fn index_of(texts: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let numbered = (1_u8..).zip(texts);
    let mails: Vec<_> = numbered
        .map(|(number, text)| mail(number, "bob", "s", text, 1))
        .collect();
    index(folder.path(), &mails);
    folder
}

/// Each query finds exactly the mails of these numbers.
fn check(texts: &[&str], expected: &[(&str, &[u8])]) {
    let folder = index_of(texts);
    for (typed, found) in expected {
        assert_eq!(numbers(folder.path(), &words(typed)), *found, "{typed}");
    }
}

#[test]
fn words_inside_running_text_of_south_east_asia_are_found() {
    check(
        &[
            "สวัสดีครับ ประชุมพรุ่งนี้เวลาสิบโมง",
            "ກອງປະຊຸມມື້ອື່ນເວລາສິບໂມງ",
            "យើងមានប្រជុំនៅថ្ងៃស្អែក",
            "မနက်ဖြန်အစည်းအဝေးရှိပါတယ်",
            "ส่งไฟล์PDFแล้วครับ",
        ],
        &[
            ("ประชุม", &[1]),
            ("พรุ่งนี้", &[1]),
            ("พรุงนี", &[1]),
            ("เวลา", &[1]),
            ("ชุมพร", &[]),
            ("ประชุม เวลา -ครับ", &[]),
            ("\"ประชุมพรุ่งนี้\"", &[1]),
            ("\"พรุ่งนี้ประชุม\"", &[]),
            ("ประช*", &[1]),
            ("ປະຊຸມ", &[2]),
            ("ມື້ອື່ນ", &[2]),
            ("ប្រជុំ", &[3]),
            ("ថ្ងៃស្អែក", &[3]),
            ("အစည်းအဝေး", &[4]),
            ("မနက်ဖြန်", &[4]),
            ("pdf", &[5]),
            ("ไฟล์ -pdf", &[]),
            ("ครับ", &[1, 5]),
        ],
    );
}

#[test]
fn korean_words_are_found_with_particles_and_decomposed() {
    check(
        &[
            "회의를 내일 합니다",
            "\u{1112}\u{116c}\u{110b}\u{1174}\u{110b}\u{1166}\u{1109}\u{1165} 만나요",
            "정기회의록은 PDF로 보냅니다",
            "의회에서",
        ],
        &[
            ("회의", &[1, 2, 3]),
            ("\u{1112}\u{116c}\u{110b}\u{1174}", &[1, 2, 3]),
            ("회의록", &[3]),
            ("회의*", &[1, 2, 3]),
            ("\"회의를 내일\"", &[1]),
            ("회의 -정기", &[1, 2]),
            ("PDF", &[3]),
            ("의회", &[4]),
        ],
    );
}

#[test]
fn words_are_found_in_any_compatibility_form() {
    check(
        &[
            "次のﾐｰﾃｨﾝｸﾞは１０月",
            "ミーティング ガイド",
            "㈱東京 ㍿大阪",
            "Acme™ ﬁnance, Ｔｕｒｂｉｎｅ Ⅳ",
            "①offer 1½ hours, 20 m², 5㎏",
        ],
        &[
            ("ミーティング", &[1, 2]),
            ("ﾐｰﾃｨﾝｸﾞ", &[1, 2]),
            ("ﾐｰﾃｨﾝｸ", &[1, 2]),
            ("ｶﾞｲﾄﾞ", &[2]),
            ("10", &[1]),
            ("株", &[3]),
            ("株式会社", &[3]),
            ("㈱ -㍿", &[]),
            ("acme", &[4]),
            ("acme™", &[4]),
            ("tm", &[4]),
            ("finance turbine iv", &[4]),
            ("fi* turb*", &[4]),
            ("offer", &[5]),
            ("1", &[5]),
            ("\"1 1/2 hours\"", &[5]),
            ("m2 5kg", &[5]),
            ("11", &[]),
        ],
    );
}

#[test]
fn umlauts_are_found_as_they_are_written_without_their_keys() {
    check(
        &[
            "Grüße von Herrn Scho\u{308}nbäck",
            "Gruesse von Herrn Schoenbaeck",
            "Grusse von Herrn Schonback",
            "zu Füßen",
        ],
        &[
            ("gruesse", &[1, 2]),
            ("grüße", &[1, 2, 3]),
            ("grusse", &[1, 3]),
            ("schoenbaeck", &[1, 2]),
            ("schoe*", &[1, 2]),
            ("schö*", &[1, 2, 3]),
            ("\"herrn schoenbaeck\"", &[1, 2]),
            ("\"herrn schönbäck\"", &[1, 2, 3]),
            ("von -schoenbaeck", &[3]),
            ("fuss*", &[4]),
            ("fuess*", &[4]),
            ("füss*", &[4]),
        ],
    );
}
