//! The text that asks an administrator for consent.

use std::fmt::Write as _;

/// A letter with the permissions, each with the function that needs it, and the link.
pub fn text(
    tenant: &str,
    client_id: &str,
    permissions: &[(&'static str, &'static str)],
    link: &str,
) -> String {
    let mut text = format!(
        "Subject: Consent for touchpoint ({tenant})\n\n\
         Hello,\n\n\
         touchpoint is to read mail and meetings of the mailboxes that were agreed on, once a night. It \
         only reads: it sends no mail, changes no mailbox and joins no meeting.\n\n\
         The application is {client_id}. It needs these application permissions:\n"
    );
    for (function, permission) in permissions {
        let _ = writeln!(text, "  {permission}: {function}");
    }
    let _ = write!(
        text,
        "\nPermissions that begin with Mail, Calendars or MailboxSettings are best not granted in Entra \
         but by RBAC for Applications in Exchange Online, where they can be restricted to some mailboxes \
         (scripts/entra). Consent to the others is given here, by a global administrator or a privileged \
         role administrator:\n\n\
         {link}\n\n\
         The page lists what is requested before anything is granted.\n"
    );
    text
}
