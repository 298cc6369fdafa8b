//! The addresses under which a directory user sends and receives mail.

use crate::model::address::Address;
use crate::model::directory::DirectoryUser;

/// The primary address: the proxy address with `SMTP:` in capitals (facts 3.1), else `mail`, else
/// the first further proxy address.
pub(crate) fn primary(user: &DirectoryUser) -> Option<Address> {
    let marked = user.proxy_addresses.iter();
    let marked = marked.filter_map(|proxy| proxy.strip_prefix("SMTP:"));
    let mut candidates = marked.filter_map(Address::parse);
    candidates
        .next()
        .or_else(|| user.mail.as_deref().and_then(Address::parse))
        .or_else(|| proxies(user).next())
}

/// All distinct addresses, the primary one first. The user principal name is not included: no mail
/// is delivered to it unless it is also a proxy address.
pub(crate) fn all(user: &DirectoryUser) -> Vec<Address> {
    let mut all: Vec<Address> = primary(user).into_iter().collect();
    let mail = user.mail.as_deref().and_then(Address::parse);
    for address in mail.into_iter().chain(proxies(user)) {
        if !all.contains(&address) {
            all.push(address);
        }
    }
    all
}

/// The principal name, where it has the form of an address.
pub(crate) fn principal(user: &DirectoryUser) -> Option<Address> {
    Address::parse(&user.user_principal_name)
}

/// Proxy addresses for mail; others (`X500:`, `SIP:`) are ignored.
pub(crate) fn proxies(user: &DirectoryUser) -> impl Iterator<Item = Address> {
    let of_mail = user.proxy_addresses.iter().filter_map(|proxy| {
        let (kind, address) = proxy.split_once(':')?;
        kind.eq_ignore_ascii_case("smtp").then_some(address)
    });
    of_mail.filter_map(Address::parse)
}

/// Legacy Exchange names (`X500:/o=…`), in lower case.
pub(crate) fn legacy_names(user: &DirectoryUser) -> impl Iterator<Item = String> {
    user.proxy_addresses.iter().filter_map(|proxy| {
        let (kind, name) = proxy.split_once(':')?;
        let is_legacy = kind.eq_ignore_ascii_case("x500");
        is_legacy.then(|| name.trim().to_lowercase())
    })
}

/// Whether a user is a guest: by `userType`, or if that is missing (old accounts, facts 3.1) by the
/// principal name.
pub(crate) fn is_guest(user: &DirectoryUser) -> bool {
    match &user.user_type {
        Some(kind) => kind.eq_ignore_ascii_case("guest"),
        None => user.user_principal_name.to_uppercase().contains("#EXT#"),
    }
}
