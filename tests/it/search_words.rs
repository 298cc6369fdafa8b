//! Words that no blank separates, of archives that the real program read.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::commands::json_of;
use crate::support::run_report;

const CONFIG: &str = r#"
[lake]
path = "lake"
[index]
path = "index"
[state]
path = "state"
[crm]
contacts = "contacts.csv"
accounts = "accounts.csv"
[capture]
content = "full"
unmatched = "keep"
[[archives]]
name = "old"
format = "eml"
path = "mails"
mailboxes = "subfolders"
domains = ["contoso.com"]
"#;

/// An archive of Ann's, with the mails of these fixtures.
fn archive(fixtures: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("touchpoint.toml", CONFIG);
    write(
        "contacts.csv",
        "id,name,email,other_emails,account_id\nC1,Buyer,buyer@fabrikam.com,,A1\n\
         C2,Eva,eva@fabrikam.com,,A1\n",
    );
    write(
        "accounts.csv",
        "id,name,domains\nA1,Fabrikam,fabrikam.com\n",
    );
    fs::create_dir_all(folder.path().join("mails/ann")).unwrap();
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/field-cases");
    for name in fixtures {
        let mail = folder.path().join("mails/ann").join(name);
        fs::copy(cases.join(name), mail).unwrap();
    }
    folder
}

#[test]
fn thai_and_korean_words_are_found_inside_running_text() {
    let folder = archive(&[
        "search-thai-word-inside-text.eml",
        "search-korean-with-particle.eml",
    ]);
    let config = folder.path().join("touchpoint.toml");
    run_report(&config, &[], 0);
    for (typed, subject, field, marked) in [
        ("ประชุม", "Thai", "preview", "ประชุม"),
        ("พรุ่งนี้", "Thai", "preview", "พรุ่งนี้"),
        ("회의", "회의는 내일입니다", "subject", "회의"),
        ("서울", "회의는 내일입니다", "preview", "서울"),
    ] {
        let found = json_of(&config, &["search", typed], 0);
        assert_eq!(found["total"], 1, "{typed}: {found}");
        let hit = &found["hits"][0];
        assert_eq!(hit["subject"]["text"], subject, "{typed}");
        let text = hit[field]["text"].as_str().unwrap();
        let mark = |place: usize| usize::try_from(hit[field]["marks"][0][place].as_u64().unwrap());
        let (start, end) = (mark(0).unwrap(), mark(1).unwrap());
        assert_eq!(&text[start..end], marked, "{typed}: {hit}");
    }
}
