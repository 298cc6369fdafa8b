//! Before any mail is read: which mailboxes there are, which of them are read, who is of the
//! company.

use std::sync::Arc;

use hashbrown::HashMap;
use hashbrown::HashSet;

use crate::access::directory::Listing;
use crate::access::gate::Gate;
use crate::access::input::TenantInput;
use crate::access::survey;
use crate::config::Config;
use crate::config::crm;
use crate::config::crm_notes;
use crate::lake::own_domains;
use crate::model::access::RunAccess;
use crate::model::address::Address;
use crate::model::contact::CrmSnapshot;
use crate::model::directory::Account;
use crate::model::directory::Directory;
use crate::model::mailbox::Mailbox;
use crate::model::mailbox::MailboxKind;
use crate::model::mailbox::MailboxName;
use crate::model::run::CrmCounts;
use crate::model::run::FailedTenant;
use crate::model::run::FoundKind;
use crate::model::run::MailboxFacts;
use crate::model::run::Plan;
use crate::model::run::PlanLine;
use crate::model::run::PlanVerdict;
use crate::model::shard::Shard;
use crate::pipeline::error::RunError;
use crate::pipeline::inputs::ArchiveInput;
use crate::pipeline::inputs::Inputs;
use crate::scope::company::Company;
use crate::scope::digest;
use crate::scope::excluded::Excluded;
use crate::scope::plan::PlanEntry;
use crate::scope::plan::Verdict;
use crate::sync::job::FileMailbox;
use crate::sync::job::History;
use crate::sync::job::Job;
use crate::sync::tenant_mailbox::TenantMailbox;

/// What this run reads, and with what.
#[derive(Debug)]
pub struct Discovery {
    /// Mailboxes to read, in order of tenant and address.
    pub(crate) jobs: Vec<Job>,
    /// Every mailbox that was requested, in or out and why, in the same order, and a digest of those
    /// of the tenants that are in scope.
    pub plan: Plan,
    /// Who belongs to the company.
    pub directory: Directory,
    /// The CRM snapshot, without the company's own domains.
    pub snapshot: CrmSnapshot,
    /// How much of the CRM files was read.
    pub crm: CrmCounts,
    /// What was found of the tenants' permissions.
    pub access: Vec<RunAccess>,
    /// What the user should know of the files.
    pub notes: Vec<String>,
    /// To which the mailboxes to read belong.
    pub shard: Shard,
    /// Tenants that could not be listed.
    pub failed: Vec<FailedTenant>,
    /// Tenants of which all users are in the plan; none where only one mailbox was wanted.
    pub listed: Vec<String>,
    /// What the directories say of the accounts of mailboxes in scope, by id.
    pub accounts: HashMap<String, Account>,
    /// Names of the tenants and archives.
    pub configured: Vec<String>,
    /// Whether all mailboxes were wanted, and not one of them.
    pub is_whole: bool,
}

/// What was found in the tenants.
#[derive(Default)]
struct Found {
    jobs: Vec<Job>,
    lines: Vec<PlanLine>,
    /// Why the last mailbox that was skipped is not read.
    skipped_because: Option<String>,
    /// Tenant and user id of all mailboxes in scope.
    in_scope: Vec<(Arc<str>, String)>,
    /// What the directory says of their accounts, by id.
    accounts: HashMap<String, Account>,
}

impl Found {
    /// Adds what the tenants said; who is excluded for good by one section is so by all.
    fn add_all(
        &mut self,
        listed: Vec<(TenantInput, Listing)>,
        only: Option<&MailboxName>,
        shard: Shard,
    ) {
        let entries = listed.iter().flat_map(|(_, listing)| &listing.entries);
        let excluded = Excluded::of(entries);
        for (tenant, listing) in listed {
            for mut entry in listing.entries {
                if let Some(reason) = excluded.reason(&entry.user_id) {
                    entry.verdict = Verdict::Out { reason };
                }
                self.add(&tenant, &entry, only, shard);
            }
        }
    }

    fn add(
        &mut self,
        tenant: &TenantInput,
        entry: &PlanEntry,
        only: Option<&MailboxName>,
        shard: Shard,
    ) {
        let line = plan_line(tenant, entry);
        if entry.verdict == Verdict::In {
            let mailbox = (Arc::clone(&tenant.name), entry.user_id.clone());
            self.in_scope.push(mailbox);
            self.accounts.insert(entry.user_id.clone(), entry.account);
        }
        let is_named =
            |only: &MailboxName| only.is_of(&entry.user_id, &line.address, &entry.own_addresses);
        if !only.is_none_or(is_named) {
            return;
        }
        if !shard.has(&entry.user_id) {
            self.skipped_because = Some("it belongs to another shard".to_owned());
            return;
        }
        if let Some(reason) = line.why_not() {
            self.skipped_because = Some(reason.to_owned());
        } else {
            self.jobs.push(Job {
                mailbox: entry.mailbox(MailboxKind::User, &tenant.name),
                source: Box::new(TenantMailbox {
                    tenant: tenant.source.clone(),
                    captures_mail: entry.captures_mail,
                    captures_meetings: entry.captures_meetings,
                    reads_shared: tenant.config.shared_mailboxes,
                }),
                history: History::New,
                readdressed: 0,
            });
        }
        self.lines.push(line);
    }
}

impl Discovery {
    /// Signs in to the tenants and lists who is there. `only` keeps one mailbox, `shard` those that
    /// belong to it.
    pub(crate) async fn take(
        config: &Config,
        inputs: Inputs,
        (only, shard): (Option<&MailboxName>, Shard),
        gate: Gate<'_>,
    ) -> Result<Self, RunError> {
        let mut company = Company::default();
        let mut found = Found::default();
        let survey = survey::all(&config.capture, inputs.tenants, gate).await?;
        if !survey.failed.is_empty() {
            company.add_archive(&kept_domains(config, &survey.failed)?, &[]);
        }
        for (tenant, listing) in &survey.listed {
            company.add_tenant(listing.domains(), &listing.users, &tenant.members);
        }
        let listed = only.map_or_else(|| survey.names(), |_| Vec::new());
        found.add_all(survey.listed, only, shard);
        let Found {
            mut jobs,
            mut lines,
            skipped_because,
            in_scope,
            accounts,
        } = found;
        let unaddressed: Vec<String> = inputs.archives.iter().filter_map(unaddressed).collect();
        for archive in inputs.archives {
            add_archive(archive, (only, shard), &mut company, &mut jobs, &mut lines);
        }
        dedup_by_mailbox(&mut jobs);
        if only.is_some() && jobs.is_empty() {
            let reason = skipped_because
                .unwrap_or_else(|| "no mailbox has this address, id or name".to_owned());
            return Err(RunError::NotInScope { reason });
        }
        if let Some(only) = only {
            one_by_name(only, &jobs)?;
        }
        let in_scope = in_scope.iter().map(|(tenant, id)| (&**tenant, &**id));
        let digest = (in_scope.len() > 0).then(|| digest::of(in_scope));
        let directory = company.into_directory();
        let is_own = |domain: &str| directory.is_internal_domain(domain);
        let snapshot = crm::without_own_domains(inputs.snapshot, is_own);
        let mut notes = crm_notes::lines(&snapshot.notes);
        notes.extend(survey.notes.into_iter().chain(unaddressed));
        let crm = CrmCounts {
            contacts: snapshot.snapshot.contacts.len(),
            accounts: snapshot.snapshot.accounts.len(),
            passed_over: snapshot.passed_over(),
        };
        Ok(Self {
            jobs,
            plan: Plan {
                lines,
                digest,
                failed: survey.failed.clone(),
            },
            directory,
            snapshot: snapshot.snapshot,
            crm,
            access: survey.access,
            notes,
            shard,
            failed: survey.failed,
            listed,
            accounts,
            configured: config.names(),
            is_whole: only.is_none(),
        })
    }
}

/// The company's domains as the last run knew them. What is internal is decided once for each row, so a
/// run without them must not begin.
fn kept_domains(config: &Config, failed: &[FailedTenant]) -> Result<Vec<String>, RunError> {
    let known = own_domains::tenants(&config.lake.path)?;
    let are_known = failed.iter().all(|failed| known.contains(&failed.tenant));
    let kept = own_domains::kept(&config.lake.path)?.filter(|_| are_known);
    let kept = kept.map(|domains| domains.into_iter().collect());
    kept.ok_or_else(|| RunError::UnknownDomains {
        reason: failed
            .iter()
            .map(|failed| failed.reason.as_str())
            .collect::<Vec<_>>()
            .join("; "),
    })
}

/// A name that several mailboxes have is refused. (Several that have one address belong to one person.)
fn one_by_name(only: &MailboxName, jobs: &[Job]) -> Result<(), RunError> {
    let mailboxes = jobs.iter().map(|job| &job.mailbox);
    let named: Vec<&str> = mailboxes
        .filter(|mailbox| !only.is_address_of(&mailbox.own_addresses))
        .map(|mailbox| &*mailbox.id)
        .collect();
    match named[..] {
        [_, _, ..] => Err(RunError::Ambiguous {
            ids: named.join(", "),
        }),
        _ => Ok(()),
    }
}

/// A mailbox that a listing repeats, or that two entries for one tenant name, is read once: two
/// tasks would each record its mails.
fn dedup_by_mailbox(jobs: &mut Vec<Job>) {
    let mut seen = HashSet::new();
    jobs.retain(|job| seen.insert(job.mailbox.id.clone()));
}

fn plan_line(tenant: &TenantInput, entry: &PlanEntry) -> PlanLine {
    PlanLine {
        tenant: tenant.name.to_string(),
        mailbox_id: entry.user_id.clone(),
        address: if entry.address.is_empty() {
            entry.user_id.clone()
        } else {
            entry.address.clone()
        },
        facts: facts(entry),
        verdict: match entry.verdict {
            Verdict::In => PlanVerdict::In {
                by: tenant.config.scope.to_string(),
            },
            Verdict::Out { reason } => PlanVerdict::Out {
                because: reason.as_str().to_owned(),
                connection: reason.connection(),
            },
        },
    }
}

fn facts(entry: &PlanEntry) -> MailboxFacts {
    let others = entry.own_addresses.iter().map(Address::as_str);
    let others = others.filter(|address| *address != entry.address);
    MailboxFacts {
        other_addresses: others.map(str::to_owned).collect(),
        captures_mail: entry.captures_mail,
        meetings: entry.captures_meetings.as_str(),
        account: entry.account,
        ..MailboxFacts::default()
    }
}

/// The note on an archive in which some mailboxes have no address.
fn unaddressed(archive: &ArchiveInput) -> Option<String> {
    let mailboxes = &archive.mailboxes;
    let is_unaddressed = |mailbox: &&FileMailbox| Address::parse(&mailbox.address).is_none();
    let count = mailboxes.iter().filter(is_unaddressed).count();
    (count > 0).then(|| {
        format!(
            "archive {}: {count} of {} mailboxes have no address, so user_role is none on all of \
             their rows; name a file with the columns folder,address in `addresses`, and the next \
             run gives the rows role and address",
            archive.config.name,
            mailboxes.len()
        )
    })
}

fn add_archive(
    archive: ArchiveInput,
    (only, shard): (Option<&MailboxName>, Shard),
    company: &mut Company,
    jobs: &mut Vec<Job>,
    lines: &mut Vec<PlanLine>,
) {
    let ArchiveInput { config, mailboxes } = archive;
    let own: Vec<Address> = mailboxes
        .iter()
        .filter_map(|mailbox| Address::parse(&mailbox.address))
        .collect();
    company.add_archive(&config.domains, &own);
    let tenant: Arc<str> = config.name.as_str().into();
    for found in mailboxes {
        let own = Address::parse(&found.address);
        let address: Arc<str> = own
            .as_ref()
            .map_or(found.address.clone(), |a| a.as_str().into());
        let own_addresses: Vec<Address> = own.into_iter().collect();
        let is_named = |only: &MailboxName| only.is_of(&found.id, &address, &own_addresses);
        if !only.is_none_or(is_named) || !shard.has(&found.id) {
            continue;
        }
        lines.push(PlanLine {
            tenant: tenant.to_string(),
            mailbox_id: found.id.to_string(),
            address: address.to_string(),
            verdict: PlanVerdict::In {
                by: "archive".to_owned(),
            },
            facts: MailboxFacts {
                captures_mail: true,
                kind: Some(FoundKind::Mailbox(MailboxKind::Archive)),
                ..MailboxFacts::default()
            },
        });
        let mailbox = Mailbox {
            id: found.id.clone(),
            address,
            kind: MailboxKind::Archive,
            tenant: tenant.clone(),
            own_addresses,
        };
        jobs.push(Job {
            mailbox,
            source: found.source,
            history: History::New,
            readdressed: 0,
        });
    }
}
