//! The text that asks an administrator for consent.

use std::fmt::Write as _;

/// A permission, and the functions that need it.
type Permission = (&'static str, Vec<&'static str>);

/// What the letter is about.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The tenant's name in the configuration.
    pub tenant: &'a str,
    /// The application's id.
    pub client_id: &'a str,
    /// What is read: `mail`, `meetings`, `mail and meetings`.
    pub what: &'a str,
    /// Whose mailboxes: the scope of the configuration.
    pub scope: &'a str,
    /// Permissions, each with the functions that need it.
    pub permissions: &'a [Permission],
    /// Where consent is given.
    pub link: &'a str,
}

/// A letter with the permissions, each with the functions that need it, and the link.
pub fn text(request: Request<'_>) -> String {
    let permissions = request.permissions.iter();
    let (in_exchange, in_entra): (Vec<&Permission>, Vec<_>) = permissions
        .partition(|(name, _)| name.starts_with("Mail") || name.starts_with("Calendars"));
    let Request {
        tenant,
        client_id,
        what,
        scope,
        link,
        ..
    } = request;
    let mut text = format!(
        "Subject: Consent for touchpoint ({tenant})\n\n\
         Hello,\n\n\
         touchpoint is to read {what} of the mailboxes that were agreed on (scope: {scope}), once a night. \
         It only reads: it sends no mail, changes no mailbox and joins no meeting.\n\n\
         The application is {client_id}.\n\n\
         1. In Exchange Online, by RBAC for Applications, so that these hold for the agreed mailboxes alone \
         (in Entra they would hold for every mailbox of the company); scripts/entra does it and tests it, and \
         ENTRA-ADMIN.md describes each step:\n"
    );
    write_permissions(&mut text, &in_exchange);
    text.push_str(
        "\n2. In Entra, as application permissions with admin consent by a global administrator or a \
         privileged role administrator:\n",
    );
    write_permissions(&mut text, &in_entra);
    let _ = write!(
        text,
        "\n{link}\n\nThe page lists what is requested before anything is granted. Then touchpoint check \
         proves that mailboxes in the scope can be read and others cannot.\n"
    );
    text
}

fn write_permissions(text: &mut String, permissions: &[&Permission]) {
    for (permission, functions) in permissions {
        // What Exchange has roles for (facts 5.2).
        let name = match *permission {
            "Mail.ReadBasic.All" => "Mail.ReadBasic",
            "Calendars.ReadBasic" => "Calendars.Read",
            other => other,
        };
        let _ = writeln!(text, "  {name}: {}", functions.join(", "));
    }
}
