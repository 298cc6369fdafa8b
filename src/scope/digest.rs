//! A digest of whose mailboxes are in scope: who confirms it has seen that list.

use crate::model::id::Id128;

/// The digest of the mailboxes in scope, by tenant and user id, in any order.
pub(crate) fn of<'a>(mailboxes: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut mailboxes: Vec<(&str, &str)> = mailboxes.collect();
    mailboxes.sort_unstable();
    mailboxes.dedup();
    let parts = mailboxes
        .iter()
        .flat_map(|(tenant, user)| [tenant.as_bytes(), user.as_bytes()]);
    let parts: Vec<&[u8]> = std::iter::once(b"scope".as_slice()).chain(parts).collect();
    Id128::of(&parts).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_depends_on_who_is_in_it_alone() {
        let digest = |list: &[(&'static str, &'static str)]| of(list.iter().copied());
        let both = digest(&[("a", "1"), ("b", "2")]);
        assert_eq!(both, digest(&[("b", "2"), ("a", "1"), ("b", "2")]));
        assert_ne!(both, digest(&[("a", "1")]));
        assert_ne!(both, digest(&[("a", "2"), ("b", "1")]));
        assert_ne!(digest(&[("a", "b1")]), digest(&[("ab", "1")]));
    }
}
