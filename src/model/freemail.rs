//! Domains at which anyone can have an address: they do not identify a company.

/// Freemail domains, in order. They are never an account's and never internal by themselves.
pub const FREEMAIL: &[&str] = &[
    "126.com",
    "163.com",
    "aliyun.com",
    "aol.com",
    "aol.de",
    "arcor.de",
    "att.net",
    "bellsouth.net",
    "bluewin.ch",
    "bol.com.br",
    "btinternet.com",
    "btopenworld.com",
    "charter.net",
    "comcast.net",
    "cox.net",
    "daum.net",
    "duck.com",
    "earthlink.net",
    "email.cz",
    "fastmail.com",
    "fastmail.fm",
    "foxmail.com",
    "free.fr",
    "freenet.de",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hanmail.net",
    "hey.com",
    "hotmail.be",
    "hotmail.ch",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.de",
    "hotmail.es",
    "hotmail.fr",
    "hotmail.it",
    "hotmail.nl",
    "hushmail.com",
    "icloud.com",
    "inbox.lv",
    "inbox.ru",
    "interia.pl",
    "juno.com",
    "laposte.net",
    "libero.it",
    "list.ru",
    "live.be",
    "live.ca",
    "live.co.uk",
    "live.com",
    "live.com.au",
    "live.de",
    "live.fr",
    "live.it",
    "live.nl",
    "mac.com",
    "mail.com",
    "mail.de",
    "mail.ru",
    "mailbox.org",
    "me.com",
    "msn.com",
    "naver.com",
    "netzero.net",
    "o2.pl",
    "onet.pl",
    "online.de",
    "orange.fr",
    "outlook.at",
    "outlook.com",
    "outlook.de",
    "outlook.es",
    "outlook.fr",
    "outlook.it",
    "passport.com",
    "pm.me",
    "posteo.de",
    "prodigy.net",
    "proton.me",
    "protonmail.ch",
    "protonmail.com",
    "qq.com",
    "rambler.ru",
    "rediffmail.com",
    "rocketmail.com",
    "rogers.com",
    "sbcglobal.net",
    "seznam.cz",
    "sfr.fr",
    "shaw.ca",
    "sina.com",
    "sky.com",
    "sohu.com",
    "swbell.net",
    "sympatico.ca",
    "t-online.de",
    "telus.net",
    "tiscali.it",
    "tuta.com",
    "tutanota.com",
    "tutanota.de",
    "ukr.net",
    "uol.com.br",
    "verizon.net",
    "virgilio.it",
    "wanadoo.fr",
    "web.de",
    "windowslive.com",
    "wp.pl",
    "ya.ru",
    "yahoo.ca",
    "yahoo.co.in",
    "yahoo.co.jp",
    "yahoo.co.uk",
    "yahoo.com",
    "yahoo.com.au",
    "yahoo.com.br",
    "yahoo.de",
    "yahoo.es",
    "yahoo.fr",
    "yahoo.it",
    "yandex.com",
    "yandex.ru",
    "yeah.net",
    "ymail.com",
    "zoho.com",
];

/// Whether a domain, in the normalised form of addresses, belongs to a freemail provider or is a
/// subdomain of one (`email.msn.com`).
pub fn is_freemail(domain: &str) -> bool {
    let is_listed = |domain: &str| FREEMAIL.binary_search(&domain).is_ok();
    let parents = domain
        .match_indices('.')
        .filter_map(|(at, _)| domain.get(at + 1..));
    is_listed(domain) || parents.into_iter().any(is_listed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_for_binary_search() {
        assert!(FREEMAIL.is_sorted());
        assert!(FREEMAIL.iter().all(|domain| is_freemail(domain)));
        for own in [
            "contoso.com",
            "notgmail.com",
            "com",
            "gmail.com.contoso.com",
            "",
        ] {
            assert!(!is_freemail(own), "{own}");
        }
        for below in ["email.msn.com", "a.b.gmail.com", "mail.yahoo.co.uk"] {
            assert!(is_freemail(below), "{below}");
        }
    }
}
