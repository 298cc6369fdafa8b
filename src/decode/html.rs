//! Extracts the text of an HTML mail for previews and search.

use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::html::add_html_token;

/// Elements whose content is not displayed.
const HIDDEN: &[&str] = &["script", "style", "title", "template"];

/// Elements that do not separate words; all others become a space or a new line.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "big", "code", "em", "font", "i", "ins", "kbd", "s", "small", "span",
    "strike", "strong", "sub", "sup", "tt", "u", "wbr",
];

/// An entity is at most this long: `&CounterClockwiseContourIntegral;`.
const ENTITY_MAX: usize = 40;

/// Removes tags, comments and hidden content, and decodes entities. Malformed HTML loses no text
/// that a browser would show: comments end where browsers end them, and a `<` that does not open a
/// tag is a character.
pub fn text(html: &str) -> String {
    let mut reader = Reader {
        out: String::with_capacity(html.len() / 2),
        has_endless_comment: false,
    };
    let mut rest = html;
    while let Some(at) = memchr::memchr2(b'<', b'&', rest.as_bytes()) {
        let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
        reader.out.push_str(before);
        rest = if from.starts_with('&') {
            entity(from, &mut reader.out)
        } else {
            reader.markup(from)
        };
    }
    reader.out.push_str(rest);
    reader.out
}

/// Bytes of a page that are searched for its charset (HTML Standard, section 13.2.3.2: 1,024; mail
/// programs write their styles before it).
const CHARSET_BYTES: usize = 16 << 10;

/// The charset that a page states itself: in a `<meta>`, or as XML. UTF-16 there means UTF-8: in
/// UTF-16 the tag would not have been found.
pub fn charset(page: &[u8]) -> Option<&str> {
    let head = page.get(..CHARSET_BYTES).unwrap_or(page);
    let is_meta = |at: &usize| {
        let tag = head.get(at + 1..at + 5);
        tag.is_some_and(|tag| tag.eq_ignore_ascii_case(b"meta") || tag == b"?xml")
    };
    let mut tags = memchr::memchr_iter(b'<', head).filter(is_meta);
    let named = tags.find_map(|at| {
        let tag = head.get(at..)?;
        let end = memchr::memchr(b'>', tag)?;
        charset_in(tag.get(..end)?)
    })?;
    let is_utf_16 = named
        .get(..6)
        .is_some_and(|name| name.eq_ignore_ascii_case("utf-16"));
    Some(if is_utf_16 { "utf-8" } else { named })
}

fn charset_in(tag: &[u8]) -> Option<&str> {
    let lower = tag.to_ascii_lowercase();
    ["charset", "encoding"].into_iter().find_map(|word| {
        let at = memchr::memmem::find(&lower, word.as_bytes())? + word.len();
        let value = tag.get(at..)?.trim_ascii_start().strip_prefix(b"=")?;
        let value = value.trim_ascii_start();
        let value = value
            .strip_prefix(b"\"")
            .or(value.strip_prefix(b"'"))
            .unwrap_or(value);
        let is_name = |b: &&u8| b.is_ascii_alphanumeric() || b"-_.:+".contains(b);
        let name = value.get(..value.iter().take_while(is_name).count())?;
        std::str::from_utf8(name)
            .ok()
            .filter(|name| !name.is_empty())
    })
}

/// Whether a text that is labelled plain is a complete HTML page.
pub fn is_page(text: &str) -> bool {
    let begins = |text: &str, with: &str| {
        let start = text.as_bytes().get(..with.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(with.as_bytes()))
    };
    let mut text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    while begins(text, "<?xml") || begins(text, "<!--") {
        let end = if begins(text, "<?xml") { ">" } else { "-->" };
        text = after(text, end).trim_start();
    }
    let is_begun = begins(text, "<html>") || begins(text, "<html ");
    begins(text, "<!doctype html") || (is_begun && has_parts(text))
}

/// Bytes of a page that are searched for its parts.
const PARTS_BYTES: usize = 64 << 10;

/// Whether a page has a head or a body, or an end tag: plain text may start with the first tag.
fn has_parts(page: &str) -> bool {
    let head = page.as_bytes();
    let head = head.get(..PARTS_BYTES).unwrap_or(head);
    let lower = head.to_ascii_lowercase();
    let parts: [&[u8]; 3] = [b"<head", b"<body", b"</html"];
    parts
        .iter()
        .any(|part| memchr::memmem::find(&lower, part).is_some())
}

struct Reader {
    out: String,
    /// No later comment ends either, so the search is not repeated.
    has_endless_comment: bool,
}

impl Reader {
    /// Reads the markup that a `<` opens, and returns the rest.
    fn markup<'a>(&mut self, from: &'a str) -> &'a str {
        let inside = from.get(1..).unwrap_or_default();
        match inside.strip_prefix("!--") {
            Some(comment) => self.comment(comment),
            None => tag(inside, &mut self.out),
        }
    }

    /// An unterminated comment hides only its opening mark.
    fn comment<'a>(&mut self, comment: &'a str) -> &'a str {
        if let Some(rest) = after_short_comment(comment) {
            return rest;
        }
        let after = if self.has_endless_comment {
            None
        } else {
            after_comment(comment)
        };
        self.has_endless_comment = after.is_none();
        after.unwrap_or(comment)
    }
}

/// Reads a tag after its `<`, and returns the rest.
fn tag<'a>(inside: &'a str, out: &mut String) -> &'a str {
    let is_close = inside.starts_with('/');
    let named = inside.strip_prefix('/').unwrap_or(inside);
    match named.bytes().next() {
        Some(b'a'..=b'z' | b'A'..=b'Z') => {}
        Some(b'!' | b'?') => return after(inside, ">"),
        _ => {
            out.push('<');
            return inside;
        }
    }
    let end = named
        .find(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/'))
        .unwrap_or(named.len());
    let (name, attributes) = named.split_at_checked(end).unwrap_or((named, ""));
    let name = name.to_ascii_lowercase();
    if !INLINE.contains(&name.as_str()) {
        out.push('\n');
    }
    let content = after_tag(attributes);
    if !is_close && HIDDEN.contains(&name.as_str()) {
        return at_close(content, &name);
    }
    content
}

/// `<!-->` and `<!--->` are whole comments.
fn after_short_comment(comment: &str) -> Option<&str> {
    comment
        .strip_prefix('>')
        .or_else(|| comment.strip_prefix("->"))
}

/// The text after a comment; `None` if it is not terminated. `--!>` also ends one.
fn after_comment(comment: &str) -> Option<&str> {
    let bytes = comment.as_bytes();
    let is_end = |at: &usize| {
        let inside = bytes.get(..*at).unwrap_or_default();
        inside.ends_with(b"--") || inside.ends_with(b"--!")
    };
    let end = memchr::memchr_iter(b'>', bytes).find(is_end);
    end.and_then(|end| comment.get(end + 1..))
}

/// The text after the `>` of a tag; a `>` within a quoted value does not end it.
fn after_tag(attributes: &str) -> &str {
    let bytes = attributes.as_bytes();
    let mut at = 0;
    let mut is_value = false;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'>' => return attributes.get(at + 1..).unwrap_or_default(),
            b'=' => is_value = true,
            b'"' | b'\'' if is_value => {
                is_value = false;
                let quoted = bytes.get(at + 1..).unwrap_or_default();
                // A quote that is never closed is a character of the value.
                at += memchr::memchr(*byte, quoted).map_or(0, |length| length + 1);
            }
            b if b.is_ascii_whitespace() => {}
            _ => is_value = false,
        }
        at += 1;
    }
    ""
}

/// From the closing tag of a hidden element on; without one, the element hides the rest.
fn at_close<'a>(content: &'a str, name: &str) -> &'a str {
    let bytes = content.as_bytes();
    for at in memchr::memmem::find_iter(bytes, b"</") {
        let tag = bytes.get(at + 2..at + 2 + name.len());
        if tag.is_some_and(|tag| tag.eq_ignore_ascii_case(name.as_bytes())) {
            return content.get(at..).unwrap_or_default();
        }
    }
    ""
}

fn after<'a>(text: &'a str, mark: &str) -> &'a str {
    text.split_once(mark).map_or("", |(_, rest)| rest)
}

/// Entities that are read without a semicolon as well (HTML Standard, section 13.5).
const WITHOUT_SEMICOLON: [&str; 5] = ["nbsp", "amp", "lt", "gt", "quot"];

/// Reads the entity that a `&` opens, and returns the rest.
fn entity<'a>(from: &'a str, out: &mut String) -> &'a str {
    let inside = from.get(1..).unwrap_or_default();
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '#';
    let end = inside.find(|c| !is_name(c)).unwrap_or(inside.len());
    let (name, rest) = inside.split_at_checked(end).unwrap_or((inside, ""));
    let after = match rest.strip_prefix(';') {
        Some(after) if name.len() < ENTITY_MAX && !name.is_empty() => Some(after),
        _ => WITHOUT_SEMICOLON.contains(&name).then_some(rest),
    };
    let Some(after) = after else {
        out.push('&');
        return inside;
    };
    let mut character = String::new();
    add_html_token(&mut character, format!("&{name};").as_bytes(), false);
    out.push_str(&printable(character));
    after
}

/// Numbers 128 to 159 are meant, and shown, as Windows-1252.
fn printable(character: String) -> String {
    let code = character.chars().next().map_or(0, u32::from);
    match (u8::try_from(code), charset_decoder(b"windows-1252")) {
        (Ok(code @ 0x80..=0x9f), Some(decode)) => decode(&[code]),
        _ => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(html: &str, expected: &str) {
        let words: Vec<String> = text(html).split_whitespace().map(str::to_owned).collect();
        assert_eq!(words.join(" "), expected, "{html}");
    }

    #[test]
    fn tags_and_what_nobody_reads_are_taken_away() {
        check("<p>a<b>b</b></p><p>c</p>", "ab c");
        check("<HEAD><Title>t</title><style>p > q</STYLE></HEAD>x", "x");
        check("<script>if (a</b) {}</script>x", "x");
        check("<a title=\"x > y\" href='z>'>k</a>", "k");
        check("<td>1<td>2<br>3", "1 2 3");
    }

    #[test]
    fn a_page_states_its_charset() {
        for (page, expected) in [
            ("<meta charset=iso-8859-2>", Some("iso-8859-2")),
            ("<html><META CharSet = \"KOI8-R\"/>", Some("KOI8-R")),
            (
                "<meta http-equiv='Content-Type' content='text/html; charset=windows-1250'>",
                Some("windows-1250"),
            ),
            ("<meta name=x><meta charset='utf-16le'>", Some("utf-8")),
            (
                "<?xml version='1.0' encoding='iso-8859-7'?>",
                Some("iso-8859-7"),
            ),
            ("<p>charset=x</p>", None),
            ("<meta charset=>", None),
            ("<meta charset=iso", None),
        ] {
            assert_eq!(charset(page.as_bytes()), expected, "{page}");
        }
    }

    #[test]
    fn an_html_page_is_distinguished_from_text_about_html() {
        for page in [
            "<html>x</html>",
            "<!-- c --><html><body>",
            "\u{feff} <!DOCTYPE HTML><p>",
            "<?xml?>\n<HTML lang=en><Head>",
        ] {
            assert!(is_page(page), "{page}");
        }
        for text in [
            "<htmlx>",
            "see <html>",
            "<html> is a tag",
            "<b>x</b>",
            "",
            "<?xml",
            "<!--",
        ] {
            assert!(!is_page(text), "{text}");
        }
    }

    #[test]
    fn broken_html_loses_no_text() {
        check("a<!---->b<!-- x -->c<!-->d<!--->e<!--x--!>f", "abcdef");
        check("1 < 2 <3 & 4", "1 < 2 <3 & 4");
        check("<head>never closed <p>x", "never closed x");
        check("<p class=\"never closed>x", "x");
        check("a<!-- never closed", "a never closed");
        check("a<!-- ended <!--> b <!---> c", "a b c");
        check("a<!-- never <!-- closed <b>b", "a never closed b");
        check("<!DOCTYPE html><?xml?>x", "x");
        check("a</!B>b", "ab");
    }

    #[test]
    fn entities_are_characters() {
        check("&lt;&amp;&eacute;&#233;&#xE9;&nbsp;x", "<&ééé x");
        check("&#149;&#146;", "•’");
        check("&bogus; AT&T; a&b", "&bogus; AT&T; a&b");
        check(
            "1 &lt 2&nbsp!; a&amp=b &amplifier &; &",
            "1 < 2 !; a&=b &amplifier &; &",
        );
    }
}
