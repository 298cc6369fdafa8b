//! What the configuration file states of what is read and shown, as text: the table `audit` keeps
//! each change of it.

use std::collections::BTreeMap;

use toml::Table;
use toml::Value;

/// A longer value is cut, and a digest tells whether the rest changed.
const VALUE_MAX: usize = 500;

/// The settings that are stated, by their keys (`capture.content`, `tenants.contoso.scope`). A key
/// that is not there has its default.
pub(super) fn settings(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    // The text was read before: what is no table does not come here.
    let Ok(file) = text.parse::<Table>() else {
        return found;
    };
    for section in ["capture", "view"] {
        if let Some(Value::Table(table)) = file.get(section) {
            add(&mut found, section, table);
        }
    }
    let lake = file.get("lake").and_then(Value::as_table);
    if let Some(content) = lake.and_then(|lake| lake.get("activity_content")) {
        found.insert("lake.activity_content".to_owned(), shown(content));
    }
    let tenants = file.get("tenants").and_then(Value::as_array);
    for tenant in tenants.into_iter().flatten().filter_map(Value::as_table) {
        let name = tenant.get("name").and_then(Value::as_str);
        add(
            &mut found,
            &format!("tenants.{}", name.unwrap_or_default()),
            tenant,
        );
    }
    found
}

fn add(found: &mut BTreeMap<String, String>, section: &str, table: &Table) {
    for (key, value) in table.iter().filter(|(key, _)| *key != "name") {
        found.insert(format!("{section}.{key}"), shown(value));
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(VALUE_MAX) {
        None => text,
        Some((end, _)) => {
            let digest = blake3::hash(text.as_bytes()).to_hex();
            format!(
                "{}… (digest {digest:.16})",
                text.get(..end).unwrap_or_default()
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_one_text_however_they_are_written() {
        let one = settings(
            "[capture]\nwindow = { mail = \"12 months\", meetings = \"6 months\" }\n\
             [[tenants]]\nname = \"contoso\"\nscope = { users = [\"a@contoso.com\"] }\n\
             [run]\nthreads = 2\n",
        );
        let other = settings(
            "[[tenants]]\nscope.users = ['a@contoso.com']\nname = \"contoso\"\n\
             [capture.window]\nmeetings = \"6 months\"\nmail = \"12 months\"\n",
        );
        assert_eq!(one, other);
        let keys: Vec<&str> = one.keys().map(String::as_str).collect();
        assert_eq!(keys, ["capture.window", "tenants.contoso.scope"]);
        assert_eq!(
            one["tenants.contoso.scope"],
            "{ users = [\"a@contoso.com\"] }"
        );
    }

    #[test]
    fn a_change_at_the_end_of_a_long_list_is_seen() {
        let list = |last: &str| {
            let subjects = format!("\"{}\", \"{last}\"", "a".repeat(VALUE_MAX));
            settings(&format!(
                "[capture]\nexclude = {{ subjects = [{subjects}] }}"
            ))
        };
        assert_ne!(list("b"), list("c"));
        assert!(list("b")["capture.exclude"].chars().count() < VALUE_MAX + 40);
    }
}
