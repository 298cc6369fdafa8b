//! Which permissions the functions that are switched on need, and which of them the application has
//! (facts 3, 4.5, 5.2). Pure.

use crate::config::capture::Capture;
use crate::config::capture::Content;
use crate::config::capture::Meetings;
use crate::config::tenant::Scope;
use crate::config::tenant::Tenant;
use crate::model::access::ConsentRow;
use crate::model::access::Expected;
use crate::model::access::Grant;
use crate::model::access::Probe;
use crate::model::access::ProbeAnswer;
use crate::model::access::ProbeKind;

/// A function, and what allows it.
#[derive(Debug, Clone, Copy)]
struct Need {
    function: &'static str,
    /// The least permission that suffices, as Microsoft publishes it.
    least: &'static str,
    /// Others that allow it as well; one that may write where reading suffices is not among them.
    other: &'static [&'static str],
    /// The request that shows whether a mailbox grants it.
    probe: Option<ProbeKind>,
    is_optional: bool,
}

const DIRECTORY: Need = Need {
    function: "directory",
    least: "User.Read.All",
    other: &["Directory.Read.All"],
    probe: None,
    is_optional: false,
};
const DOMAINS: Need = Need {
    function: "domains of the tenant",
    least: "Organization.Read.All",
    other: &["Directory.Read.All"],
    probe: None,
    is_optional: true,
};
const GROUP: Need = Need {
    function: "group",
    least: "GroupMember.Read.All",
    other: &["Group.Read.All", "Directory.Read.All"],
    probe: None,
    is_optional: false,
};
const ADMIN_UNIT: Need = Need {
    function: "administrative unit",
    least: "AdministrativeUnit.Read.All",
    other: &["Directory.Read.All"],
    probe: None,
    is_optional: false,
};
const MAIL_ENVELOPE: Need = Need {
    function: "mail envelope",
    least: "Mail.ReadBasic.All",
    other: &["Mail.ReadBasic", "Mail.Read"],
    probe: Some(ProbeKind::Mail),
    is_optional: false,
};
/// With the permission that the content needs, no other is needed.
const MAIL_ENVELOPE_OF_CONTENT: Need = Need {
    least: "Mail.Read",
    other: &["Mail.ReadBasic", "Mail.ReadBasic.All"],
    ..MAIL_ENVELOPE
};
const MAIL_CONTENT: Need = Need {
    function: "mail content",
    least: "Mail.Read",
    other: &[],
    probe: Some(ProbeKind::MailContent),
    is_optional: false,
};
const CALENDAR: Need = Need {
    function: "calendar",
    least: "Calendars.ReadBasic",
    other: &["Calendars.Read"],
    probe: Some(ProbeKind::Calendar),
    is_optional: false,
};
const CALENDAR_CONTENT: Need = Need {
    least: "Calendars.Read",
    other: &["Calendars.ReadBasic"],
    ..CALENDAR
};
const MAILBOX_KIND: Need = Need {
    function: "mailbox kind",
    least: "MailboxSettings.Read",
    other: &[],
    probe: Some(ProbeKind::MailboxKind),
    is_optional: true,
};

/// Shows members that are hidden, which no function needs by itself (facts 3.4).
const HIDDEN_MEMBERS: &str = "Member.Read.Hidden";

impl Need {
    /// Whether a permission allows it, one that also allows to write included.
    fn is_met_by(&self, role: &str) -> bool {
        let reading = role.replace("ReadWrite", "Read");
        [role, &reading]
            .iter()
            .any(|role| self.least == *role || self.other.contains(role))
    }

    fn grant(&self, roles: Option<&[String]>, probes: &[Probe]) -> Grant {
        let named = roles.unwrap_or_default();
        let named: Vec<String> = named
            .iter()
            .filter(|role| self.is_met_by(role))
            .cloned()
            .collect();
        if !named.is_empty() {
            return Grant::Entra(named);
        }
        let Some(kind) = self.probe else {
            return roles.map_or(Grant::Unknown, |_| Grant::Missing);
        };
        let of_kind = |probe: &&Probe| probe.expected == Expected::Granted && probe.kind == kind;
        let mut answers = probes.iter().filter(of_kind).map(|probe| &probe.found);
        if answers.clone().any(|found| *found == ProbeAnswer::Granted) {
            Grant::Exchange
        } else if answers.any(ProbeAnswer::is_decisive) {
            Grant::Missing
        } else {
            Grant::Unknown
        }
    }
}

fn needs(tenant: &Tenant, capture: &Capture) -> Vec<Need> {
    let mut needs = vec![DIRECTORY, DOMAINS];
    if matches!(tenant.scope, Scope::Group(_)) || tenant.deny.group.is_some() {
        needs.push(GROUP);
    }
    if matches!(tenant.scope, Scope::AdminUnit(_)) {
        needs.push(ADMIN_UNIT);
    }
    let shows_content = capture.content > Content::Envelope;
    if capture.mail && shows_content {
        needs.extend([MAIL_ENVELOPE_OF_CONTENT, MAIL_CONTENT]);
    } else if capture.mail {
        needs.push(MAIL_ENVELOPE);
    }
    if capture.meetings != Meetings::None {
        needs.push(if shows_content {
            CALENDAR_CONTENT
        } else {
            CALENDAR
        });
    }
    needs.push(MAILBOX_KIND);
    needs
}

/// The least permissions that suffice for what is switched on in any of these tenants, each with its
/// functions.
pub fn permissions<'a>(
    tenants: impl IntoIterator<Item = &'a Tenant>,
    capture: &Capture,
) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
    let needs = tenants
        .into_iter()
        .flat_map(|tenant| needs(tenant, capture));
    for Need {
        function, least, ..
    } in needs
    {
        match found.iter_mut().find(|(known, _)| *known == least) {
            Some((_, functions)) if functions.contains(&function) => {}
            Some((_, functions)) => functions.push(function),
            None => found.push((least, vec![function])),
        }
    }
    found
}

/// One row for each function that is switched on. `roles` is what the token names (`None`: it cannot be
/// read), `probes` what mailboxes answered.
pub(crate) fn rows(
    tenant: &Tenant,
    capture: &Capture,
    roles: Option<&[String]>,
    probes: &[Probe],
) -> Vec<ConsentRow> {
    let row = |need: Need| {
        let grant = need.grant(roles, probes);
        ConsentRow {
            function: need.function,
            probe: need.probe,
            permission: match grant {
                // There is no other role for calendars in Exchange (facts 5.2).
                Grant::Exchange if need.probe == Some(ProbeKind::Calendar) => "Calendars.Read",
                _ => need.least,
            },
            is_optional: need.is_optional,
            grant,
        }
    };
    needs(tenant, capture).into_iter().map(row).collect()
}

/// Permissions that allow to write, to send or to have everything.
pub(crate) fn too_wide(roles: &[String]) -> Vec<String> {
    let is_wide = |role: &&String| {
        let words = [
            "Write",
            "Send",
            "Manage",
            "Create",
            "full_access",
            "FullControl",
            "AccessAs",
        ];
        words.iter().any(|word| role.contains(word))
    };
    roles.iter().filter(is_wide).cloned().collect()
}

/// Permissions to read what nothing needs that is switched on.
pub(crate) fn not_needed(tenant: &Tenant, capture: &Capture, roles: &[String]) -> Vec<String> {
    let needs = needs(tenant, capture);
    let wide = too_wide(roles);
    let is_idle = |role: &&String| {
        !wide.contains(role)
            && role.as_str() != HIDDEN_MEMBERS
            && !needs.iter().any(|need| need.is_met_by(role))
    };
    roles.iter().filter(is_idle).cloned().collect()
}

/// What the content level and the permissions show and hide (facts 1.1, 1.9, 5.2).
pub(crate) fn content(capture: &Capture, rows: &[ConsentRow], shown: Content) -> Vec<String> {
    let level = capture.content.as_str();
    let mut lines = vec![match capture.content {
        Content::Envelope => {
            format!("content = \"{level}\": subjects, no text of mails or meetings")
        }
        Content::Preview => {
            format!("content = \"{level}\": subjects and up to 255 characters of text")
        }
        Content::Full => format!("content = \"{level}\": subjects and the whole text"),
    }];
    let is_basic = |grant: &Grant| match grant {
        Grant::Entra(names) => names.iter().all(|name| name.contains("ReadBasic")),
        _ => false,
    };
    let of = |function: &str| rows.iter().find(|row| row.function == function);
    let is_hidden = shown == Content::Envelope;
    if capture.mail && (is_hidden || of("mail envelope").is_some_and(|row| is_basic(&row.grant))) {
        lines.push(
            "Mail.ReadBasic hides the sensitivity of mails: subjects and previews stay empty unless \
             unknown_sensitivity = \"record\"; bulk mail is recognised by fewer rules"
                .to_owned(),
        );
    }
    if of("calendar").is_some_and(|row| is_basic(&row.grant)) {
        lines.push("Calendars.ReadBasic shows no text of meetings".to_owned());
    }
    if capture.meetings != Meetings::None {
        lines.push(
            "Exchange has no role Application Calendars.ReadBasic: a calendar restricted to some \
             mailboxes needs Application Calendars.Read; Calendars.ReadBasic can only be granted in \
             Entra, for all mailboxes"
                .to_owned(),
        );
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn probe(found: ProbeAnswer) -> Probe {
        Probe {
            mailbox: "in@contoso.com".to_owned(),
            kind: ProbeKind::Mail,
            is_named: true,
            expected: Expected::Granted,
            found,
        }
    }

    fn denied() -> ProbeAnswer {
        let code = "erroraccessdenied".to_owned();
        ProbeAnswer::Denied { code }
    }

    /// Facts 4.5, 5.2.
    #[test]
    fn a_permission_is_found_in_the_token_or_by_what_mailboxes_answer() {
        let grant = |roles: Option<&[String]>, answers: Vec<ProbeAnswer>| {
            let probes: Vec<Probe> = answers.into_iter().map(probe).collect();
            MAIL_ENVELOPE.grant(roles, &probes)
        };
        let none = owned(&["User.Read.All"]);
        let wide = owned(&["Mail.ReadWrite", "User.Read.All"]);
        let of_token = Grant::Entra(owned(&["Mail.ReadWrite"]));
        assert_eq!(grant(Some(&wide), vec![denied()]), of_token);
        let one_of_two = vec![denied(), ProbeAnswer::Granted];
        assert_eq!(grant(Some(&none), one_of_two), Grant::Exchange);
        assert_eq!(grant(Some(&none), vec![denied()]), Grant::Missing);
        assert_eq!(grant(Some(&none), Vec::new()), Grant::Unknown);
        let code = "resourcenotfound".to_owned();
        let nothing_there = vec![ProbeAnswer::NoMailbox { code }];
        assert_eq!(grant(None, nothing_there), Grant::Unknown);
        assert_eq!(
            DIRECTORY.grant(Some(&none), &[]),
            Grant::Entra(none.clone())
        );
        assert_eq!(GROUP.grant(Some(&none), &[]), Grant::Missing);
        assert_eq!(GROUP.grant(None, &[]), Grant::Unknown);
    }

    #[test]
    fn what_allows_to_write_or_send_is_too_wide() {
        let roles = owned(&[
            "Calendars.Read",
            "Mail.ReadBasic.All",
            "Mail.ReadWrite",
            "Mail.Send",
            "User.ManageIdentities.All",
            "full_access_as_app",
        ]);
        assert_eq!(too_wide(&roles), roles[2..]);
    }
}
