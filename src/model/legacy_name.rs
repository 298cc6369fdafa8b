//! Legacy Exchange names, which occur in place of addresses (facts 1.9).

/// A legacy name (`/o=…/cn=…`) in lower case and without its prefix, quotes and brackets; `None`
/// where a text is none.
pub fn read(raw: &str) -> Option<String> {
    let mut bare = raw.trim_matches(is_decoration);
    for prefix in ["x500:", "ex:"] {
        if begins(bare, prefix) {
            bare = bare
                .get(prefix.len()..)
                .unwrap_or_default()
                .trim_start_matches(is_decoration);
        }
    }
    begins(bare, "/o=").then(|| bare.to_lowercase())
}

fn begins(text: &str, with: &str) -> bool {
    let start = text.get(..with.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(with))
}

fn is_decoration(character: char) -> bool {
    character.is_whitespace() || matches!(character, '<' | '>' | '"' | '\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_and_quotes_are_taken_away() {
        for raw in [
            "/o=Contoso/cn=Ann",
            "X500:/O=contoso/CN=ann",
            "\"ex:/o=contoso/cn=ann\"",
            " </o=contoso/cn=ann> ",
        ] {
            assert_eq!(read(raw).as_deref(), Some("/o=contoso/cn=ann"), "{raw}");
        }
        for raw in ["", "ann@x.org", "o=contoso", "x500:", "ü"] {
            assert_eq!(read(raw), None, "{raw}");
        }
    }
}
