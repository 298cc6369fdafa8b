//! Joins lines that end in a soft line break (`format=flowed; delsp=yes`, RFC 3676 section 4.2):
//! programs split words of languages without spaces, and links, in this way.
//!
//! Without `delsp` the space separates two words, and nothing has to be done.

/// The text with its lines joined. Quote marks are kept.
pub(super) fn joined(flowed: &str) -> String {
    let mut out = String::with_capacity(flowed.len());
    let mut open: Option<usize> = None;
    for (number, line) in flowed.lines().enumerate() {
        let unquoted = line.trim_start_matches('>');
        let depth = line.len() - unquoted.len();
        let content = unquoted.strip_prefix(' ').unwrap_or(unquoted);
        // A signature delimiter is never joined, nor is a line of another quote depth.
        let is_signature = content == "-- ";
        if open.is_none_or(|open| open != depth || is_signature) {
            if number > 0 {
                out.push('\n');
            }
            out.push_str(line.get(..depth).unwrap_or_default());
            if depth > 0 && !content.is_empty() {
                out.push(' ');
            }
        }
        let joining = content.strip_suffix(' ').filter(|_| !is_signature);
        out.push_str(joining.unwrap_or(content));
        open = joining.map(|_| depth);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_end_in_a_blank_are_joined() {
        for (flowed, expected) in [
            ("a \nb\nc", "ab\nc"),
            ("a  \nb", "a b"),
            ("a \r\nb\r\n", "ab"),
            ("> a \n> b\n>> c \n> d", "> ab\n>> c\n> d"),
            ("a\n-- \nAnn", "a\n-- \nAnn"),
            (" >a\n  b", ">a\n b"),
            ("\n\na", "\n\na"),
            ("", ""),
        ] {
            assert_eq!(joined(flowed), expected, "{flowed:?}");
        }
    }
}
