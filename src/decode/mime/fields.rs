//! The header fields of a mail, all of them and in their order.

use crate::decode::mime::charset;
use crate::model::limits;

/// A header field as written in the mail.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'a> {
    name: &'a [u8],
    /// The text after the colon, folded.
    value: &'a [u8],
}

/// The fields of a mail. Lines that are not fields are skipped, including an mbox line at the top.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    fields: Vec<Field<'a>>,
    /// Whether there are more than are read.
    pub is_cut: bool,
}

/// Longer names are not accepted as field names: the longest registered ones have half this length.
const NAME_MAX: usize = 128;

impl<'a> Fields<'a> {
    /// Reads up to the first empty line.
    pub(super) fn read(mail: &'a [u8]) -> Self {
        let mail = mail.strip_prefix(b"\xef\xbb\xbf").unwrap_or(mail);
        let mut fields = Vec::with_capacity(32);
        let mut rest = skip_empty_lines(mail);
        let is_long = rest.len() > limits::HEADER_BYTES;
        if is_long {
            rest = rest.get(..limits::HEADER_BYTES).unwrap_or(rest);
        }
        while !rest.starts_with(b"\n") && !rest.starts_with(b"\r\n") {
            if rest.is_empty() || fields.len() == limits::HEADER_FIELDS {
                let is_cut = is_long || !rest.is_empty();
                return Self { fields, is_cut };
            }
            let mut end = end_of_field(rest);
            let (line, next) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            let (mut last, mut ahead) = (line, next);
            while goes_on(last, ahead) {
                let length = end_of_field(ahead);
                end += length;
                (last, ahead) = ahead.split_at_checked(length).unwrap_or((ahead, &[]));
            }
            let (line, next) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            fields.extend(field(line));
            rest = next;
        }
        Self {
            fields,
            is_cut: false,
        }
    }

    /// Values of the fields of that name (in lower case), in order.
    pub(super) fn all<'n>(
        &self,
        name: &'n str,
    ) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n, '_> {
        let named = move |field: &&Field<'_>| field.name.eq_ignore_ascii_case(name.as_bytes());
        self.fields.iter().filter(named).map(|field| field.value)
    }

    /// The value of the first field of that name, unfolded and trimmed; `None` if it is empty. At
    /// most [`limits::FIELD_BYTES`] of it are read.
    pub(super) fn first(&self, name: &str) -> Option<String> {
        let value = self.all(name).next()?;
        let value = unfolded(value.get(..limits::FIELD_BYTES).unwrap_or(value));
        let trimmed = value.trim();
        (!trimmed.is_empty()).then(|| trimmed.to_owned())
    }
}

/// The value unfolded; tabs become spaces.
pub(super) fn unfolded(value: &[u8]) -> String {
    let text = charset::lenient(value);
    let characters = text.chars().filter(|c| !matches!(c, '\r' | '\n'));
    characters
        .map(|c| if c == '\t' { ' ' } else { c })
        .collect()
}

fn skip_empty_lines(mut mail: &[u8]) -> &[u8] {
    while let Some(rest) = mail
        .strip_prefix(b"\n")
        .or_else(|| mail.strip_prefix(b"\r\n"))
    {
        mail = rest;
    }
    mail
}

/// The end of the first field: after the first line that is not followed by a folded line.
fn end_of_field(rest: &[u8]) -> usize {
    let mut line_ends = memchr::memchr_iter(b'\n', rest).map(|at| at + 1);
    let end = line_ends.find(|end| !matches!(rest.get(*end), Some(b' ' | b'\t')));
    end.unwrap_or(rest.len())
}

/// Whether a list of recipients was folded without the required space: it ends in a comma, and the
/// next line is not a field and contains an address.
fn goes_on(line: &[u8], next: &[u8]) -> bool {
    let is_open = line.trim_ascii_end().ends_with(b",");
    let next = next.get(..end_of_field(next)).unwrap_or(next);
    is_open && memchr::memchr(b'@', next).is_some() && field(next).is_none()
}

fn field(line: &[u8]) -> Option<Field<'_>> {
    let colon = memchr::memchr(b':', line)?;
    let (name, value) = line.split_at_checked(colon)?;
    // Spaces before the colon are obsolete but legal (RFC 5322 section 4.5).
    let name = name.trim_ascii();
    let is_name = (1..=NAME_MAX).contains(&name.len()) && name.iter().all(u8::is_ascii_graphic);
    let value = value.get(1..)?;
    is_name.then_some(Field { name, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_and_folded_fields_keep_their_order() {
        let mail = b"\r\nFrom x Thu Jan  1 00:00:00 1970\r\nTo: a\r\nX:\r\n y\r\n\tz\r\n\
                     garbage\r\nto : b\r\n\r\nTo: c\r\n";
        let fields = Fields::read(mail);
        let to: Vec<String> = fields.all("to").map(unfolded).collect();
        assert_eq!(to, [" a", " b"]);
        assert_eq!(fields.first("x").as_deref(), Some("y z"));
        assert_eq!(fields.first("cc"), None);
    }

    #[test]
    fn a_list_folded_without_a_space_continues() {
        let fields =
            Fields::read(b"To: a@x,\nb@x,\nz@x\nCc: c@x,\nno address\nSubject: d,\nX: e@x\n\n");
        assert_eq!(fields.first("to").as_deref(), Some("a@x,b@x,z@x"));
        assert_eq!(fields.first("cc").as_deref(), Some("c@x,"));
        assert_eq!(fields.first("x").as_deref(), Some("e@x"));
    }

    #[test]
    fn no_more_fields_are_read_than_a_mail_can_need() {
        let short = Fields::read(b"A: b\n\nC: d\n");
        assert!(!short.is_cut);
        let many = Fields::read(&b"a:\n".repeat(limits::HEADER_FIELDS + 1)).is_cut;
        assert!(many);
        let long = [b"A: ".to_vec(), vec![b'x'; limits::HEADER_BYTES * 2]].concat();
        let fields = Fields::read(&long);
        assert!(fields.is_cut);
        let first = fields.first("a").unwrap();
        assert!(first.len() < limits::FIELD_BYTES);
    }

    #[test]
    fn eight_bit_values_are_read() {
        let fields = Fields::read(b"A: caf\xc3\xa9\nB: caf\xe9\n");
        assert_eq!(fields.first("a").as_deref(), Some("café"));
        assert_eq!(fields.first("b").as_deref(), Some("café"));
    }
}
