//! Which mailboxes are tried, and what the service answers for them.

use hashbrown::HashSet;

use crate::access::directory::Listing;
use crate::access::error::AccessError;
use crate::access::input::TenantInput;
use crate::config::capture::Capture;
use crate::config::capture::Content;
use crate::config::capture::Meetings;
use crate::config::tenant::Scope;
use crate::model::access::Expected;
use crate::model::access::NO_CONTENT;
use crate::model::access::Probe;
use crate::model::access::ProbeAnswer;
use crate::model::access::ProbeKind;
use crate::model::address::Address;
use crate::scope::plan::OutReason;
use crate::scope::plan::PlanEntry;
use crate::scope::plan::Verdict;

/// Mailboxes in scope that are tried where the configuration names none: several, since one that is
/// refused does not distinguish a missing permission from a policy.
const CHOSEN_GRANTED: usize = 3;
/// Users outside the scope who are tried, one after the other, until one has a mailbox.
const CHOSEN_DENIED: usize = 3;

/// A mailbox to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    user_id: String,
    address: String,
    /// Whether the configuration names it.
    is_named: bool,
    /// Whether the settings of today let its mail be captured.
    captures_mail: bool,
    /// Which of its meetings they let be captured.
    captures_meetings: Meetings,
}

impl Target {
    fn named(entry: &PlanEntry) -> Self {
        Self {
            user_id: entry.user_id.clone(),
            address: entry.address.clone(),
            is_named: true,
            captures_mail: entry.captures_mail,
            captures_meetings: entry.captures_meetings,
        }
    }

    fn chosen(entry: &PlanEntry) -> Self {
        Self {
            is_named: false,
            ..Self::named(entry)
        }
    }

    /// Whether a run requests this of it.
    fn is_read(&self, kind: ProbeKind) -> bool {
        match kind {
            ProbeKind::Mail | ProbeKind::MailContent => self.captures_mail,
            ProbeKind::Calendar => self.captures_meetings != Meetings::None,
            ProbeKind::MailboxKind => true,
        }
    }
}

/// Mailboxes that must be refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Denied {
    /// Those that the configuration names.
    Named(Vec<Target>),
    /// Users outside the scope, of whom one with a mailbox is tried.
    Chosen(Vec<Target>),
    /// The scope is the whole tenant.
    WholeTenant,
}

/// The requests that are switched on, of which each needs a permission of its own.
pub(crate) fn kinds(capture: &Capture) -> Vec<ProbeKind> {
    let mut kinds = Vec::new();
    if capture.mail {
        kinds.push(ProbeKind::Mail);
    }
    if capture.meetings != Meetings::None {
        kinds.push(ProbeKind::Calendar);
    }
    kinds
}

/// The mailboxes in scope to try: those that the configuration names, or else a few.
///
/// # Errors
/// A named mailbox is not in the tenant, or not in scope.
pub(crate) fn granted(tenant: &TenantInput, listing: &Listing) -> Result<Vec<Target>, AccessError> {
    let named = named(tenant, listing, ("granted", &tenant.config.probe.granted))?;
    for (number, entry) in (1..).zip(&named) {
        if let Verdict::Out { reason } = entry.verdict {
            let why = format!(
                "it is not in scope ({}); name another mailbox",
                reason.as_str()
            );
            return Err(AccessError::probe(&tenant.name, "granted", number, why));
        }
    }
    if !named.is_empty() {
        return Ok(named.into_iter().map(Target::named).collect());
    }
    let within = listing.entries.iter().filter(|entry| is_in(entry));
    let (whole, rest): (Vec<&PlanEntry>, Vec<_>) = within.partition(|entry| is_wholly_read(entry));
    let within = if whole.is_empty() { rest } else { whole };
    // From the beginning, the middle and the end of the list: neighbours are often of one kind.
    let step = within.len().div_ceil(CHOSEN_GRANTED).max(1);
    let chosen = within.into_iter().step_by(step);
    Ok(chosen.map(Target::chosen).collect())
}

/// The mailboxes that the configuration names as readable: those in scope, to try, and the addresses of
/// the others.
///
/// # Errors
/// A named mailbox is not in the tenant.
pub(crate) fn named_granted(
    tenant: &TenantInput,
    listing: &Listing,
) -> Result<(Vec<Target>, Vec<String>), AccessError> {
    let named = named(tenant, listing, ("granted", &tenant.config.probe.granted))?;
    let (within, outside): (Vec<&PlanEntry>, Vec<_>) =
        named.into_iter().partition(|entry| is_in(entry));
    let outside = outside.into_iter().map(|entry| entry.address.clone());
    Ok((
        within.into_iter().map(Target::named).collect(),
        outside.collect(),
    ))
}

/// The mailboxes outside the scope to try; `selected` are the users whom the scope of some section
/// holds.
///
/// # Errors
/// A named mailbox is not in the tenant, or in scope.
pub(crate) fn denied(
    tenant: &TenantInput,
    listing: &Listing,
    selected: &HashSet<String>,
) -> Result<Denied, AccessError> {
    let named = named(tenant, listing, ("denied", &tenant.config.probe.denied))?;
    for (number, entry) in (1..).zip(&named) {
        let why = if tenant.config.scope == Scope::All {
            "the scope is the whole tenant, so no mailbox is outside of it; remove the key instead"
        } else if is_in(entry) {
            "it is in scope; name another mailbox"
        } else if selected_here(entry) {
            "the scope holds it, and only this configuration leaves it out (never, deny list): the \
             service may well let it be read, so it proves nothing; name another mailbox"
        } else {
            continue;
        };
        let why = why.to_owned();
        return Err(AccessError::probe(&tenant.name, "denied", number, why));
    }
    if !named.is_empty() {
        return Ok(Denied::Named(
            named.into_iter().map(Target::named).collect(),
        ));
    }
    if tenant.config.scope == Scope::All {
        return Ok(Denied::WholeTenant);
    }
    let is_outside = |entry: &&PlanEntry| {
        let outside = OutReason::NotInScope;
        entry.verdict == (Verdict::Out { reason: outside }) && entry.address.contains('@')
    };
    let outside = listing.entries.iter().filter(is_outside);
    // Guests have no mailbox here.
    let outside = outside.filter(|entry| !entry.is_guest && !selected.contains(&entry.user_id));
    let chosen = outside.take(CHOSEN_DENIED).map(Target::chosen);
    Ok(Denied::Chosen(chosen.collect()))
}

/// Whether it is left out by the configuration alone.
fn selected_here(entry: &PlanEntry) -> bool {
    let reasons = [
        OutReason::Never,
        OutReason::DenyList,
        OutReason::FurtherMailbox,
    ];
    matches!(entry.verdict, Verdict::Out { reason } if reasons.contains(&reason))
}

fn is_in(entry: &PlanEntry) -> bool {
    entry.verdict == Verdict::In
}

/// Whether both its mail and its meetings are read, so that it can show whether either is granted.
fn is_wholly_read(entry: &PlanEntry) -> bool {
    entry.captures_mail && entry.captures_meetings != Meetings::None
}

fn named<'a>(
    tenant: &TenantInput,
    listing: &'a Listing,
    (key, addresses): (&'static str, &[Address]),
) -> Result<Vec<&'a PlanEntry>, AccessError> {
    let find = |address: &Address| {
        let mut entries = listing.entries.iter();
        entries.find(|entry| {
            let is_listed = !entry.user_id.is_empty();
            is_listed
                && (entry.own_addresses.contains(address) || entry.address == address.as_str())
        })
    };
    let found = (1..).zip(addresses).map(|(number, address)| {
        let unknown = || {
            let why =
                "the directory has no user with this address; name another mailbox".to_owned();
            AccessError::probe(&tenant.name, key, number, why)
        };
        find(address).ok_or_else(unknown)
    });
    found.collect()
}

/// Tries mailboxes in scope: what is switched on for all and for each, and what the content level and
/// the kind of mailbox need.
pub(crate) async fn try_granted(
    tenant: &TenantInput,
    capture: &Capture,
    targets: &[Target],
) -> Vec<Probe> {
    let mut kinds = kinds(capture);
    if capture.mail && capture.content > Content::Envelope {
        kinds.push(ProbeKind::MailContent);
    }
    kinds.push(ProbeKind::MailboxKind);
    try_each(tenant, targets, &kinds).await
}

/// Tries mailboxes in scope: only whether they may be read.
pub(crate) async fn try_readable(
    tenant: &TenantInput,
    capture: &Capture,
    targets: &[Target],
) -> Vec<Probe> {
    try_each(tenant, targets, &kinds(capture)).await
}

async fn try_each(tenant: &TenantInput, targets: &[Target], kinds: &[ProbeKind]) -> Vec<Probe> {
    let mut probes = Vec::new();
    for target in targets {
        for &kind in kinds.iter().filter(|kind| target.is_read(**kind)) {
            probes.push(attempt(tenant, target, kind, Expected::Granted).await);
        }
    }
    probes
}

/// How much of mails the permissions show, tried with the first mailboxes that have one to show.
pub(crate) async fn shown_content(tenant: &TenantInput, targets: &[Target]) -> Content {
    for target in targets.iter().filter(|target| target.captures_mail) {
        let kind = ProbeKind::MailContent;
        match tenant.source.probe(&target.user_id, kind).await {
            ProbeAnswer::Granted => return Content::Full,
            ProbeAnswer::Denied { code } if code == NO_CONTENT => return Content::Envelope,
            _ => {}
        }
    }
    Content::Full
}

/// Tries mailboxes outside the scope: nothing of them is requested but whether they may be read.
pub(crate) async fn try_denied(
    tenant: &TenantInput,
    capture: &Capture,
    denied: &Denied,
) -> Vec<Probe> {
    let (targets, is_one_enough) = match denied {
        Denied::Named(targets) => (targets.as_slice(), false),
        Denied::Chosen(targets) => (targets.as_slice(), true),
        Denied::WholeTenant => return Vec::new(),
    };
    let mut probes = Vec::new();
    for target in targets {
        let mut is_answered = false;
        for kind in kinds(capture) {
            let probe = attempt(tenant, target, kind, Expected::Denied).await;
            is_answered |= probe.found.is_decisive();
            probes.push(probe);
        }
        if is_answered && is_one_enough {
            break;
        }
    }
    probes
}

/// Whether any answer tells whether a mailbox may be read.
pub(crate) fn have_answered(probes: &[Probe]) -> bool {
    probes.iter().any(|probe| probe.found.is_decisive())
}

async fn attempt(
    tenant: &TenantInput,
    target: &Target,
    kind: ProbeKind,
    expected: Expected,
) -> Probe {
    Probe {
        mailbox: target.address.clone(),
        is_named: target.is_named,
        kind,
        expected,
        found: tenant.source.probe(&target.user_id, kind).await,
    }
}
