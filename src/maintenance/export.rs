//! Tables for people without a Delta reader.

use std::fs::File;

use crate::insight::directory::Directory;
use crate::insight::exchange::Shown;
use crate::insight::relations::Grouping;
use crate::insight::relations::Relation;
use crate::insight::relations::Subject;
use crate::insight::score::Strength;
use crate::lake::Lake;
use crate::lake::export;
use crate::lake::export::ExportedActivity;
use crate::lake::export::Output;
use crate::maintenance::who;
use crate::maintenance::who::Terms;
use crate::maintenance::who::WhoError;
use crate::model::relationship::Relationship;

/// A table that can be exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exported {
    /// The contacts of the CRM.
    Contacts,
    /// The accounts of the CRM.
    Accounts,
    /// Current rows of `contact_activity`.
    Activity,
    /// Colleagues and whom they know, with scores.
    Relationships,
}

/// Exports a table; gives the number of rows. Call it from a blocking thread.
///
/// # Errors
/// The lake cannot be read, or the output cannot be written.
pub(crate) fn write(
    lake: &Lake,
    exported: Exported,
    terms: Terms,
    output: Output<File>,
) -> Result<u64, WhoError> {
    match exported {
        Exported::Contacts => Ok(lake.export_contacts(output)?),
        Exported::Accounts => Ok(lake.export_accounts(output)?),
        Exported::Activity => {
            let wanted = match terms.shown {
                Shown::All => ExportedActivity::All,
                Shown::Meetings => ExportedActivity::Meetings,
            };
            Ok(lake.export_activity(wanted, output)?)
        }
        Exported::Relationships => {
            let directory = who::directory(lake)?;
            let parts = who::parts(lake, &directory, Grouping::AccountsAndContacts, terms)?;
            let rows = parts.map(|part| {
                let (_, relations) = part?;
                let known = relations.iter();
                let known = known.filter(|one| one.score.strength() != Strength::None);
                Ok(known.map(|relation| row(relation, &directory)).collect())
            });
            Ok(export::export_relationships(rows, output)?)
        }
    }
}

fn row(relation: &Relation, directory: &Directory) -> Relationship {
    let score = &relation.score;
    let name = directory.name(&relation.subject);
    let row = Relationship {
        user_address: relation.colleague.clone(),
        score: score.total.percent(),
        strength: match score.strength() {
            Strength::Mutual => "mutual".into(),
            Strength::Weak | Strength::None => "weak".into(),
        },
        sent: score.counts.sent,
        received: score.counts.received,
        meetings: score.counts.met,
        first_at: score.first,
        last_at: score.last,
        next_meeting_at: score.next_meeting,
        unanswered_since: score.unanswered_since,
        is_cooling: relation.cooling.is_some(),
        ..Relationship::default()
    };
    match &relation.subject {
        Subject::Account(id) => Relationship {
            account_id: Some(id.clone()),
            account_name: Some(name),
            ..row
        },
        Subject::Contact(id) => {
            let account_id = directory.account_of(id);
            let account = account_id.clone().map(Subject::Account);
            Relationship {
                contact_id: Some(id.clone()),
                contact_name: Some(name),
                account_name: account.map(|account| directory.name(&account)),
                account_id,
                ..row
            }
        }
    }
}
