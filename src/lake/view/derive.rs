//! From an interaction and its matches to rows of `contact_activity`.

use std::collections::HashSet;
use std::sync::Arc;

use crate::lake::settings::ActivityContent;
use crate::model::activity::Activity;
use crate::model::activity::ContactMatch;
use crate::model::address::Address;
use crate::model::id::Id128;
use crate::model::interaction::Interaction;
use crate::model::interaction::Role;
use crate::model::interaction::State;
use crate::model::time::Timestamp;

/// What all rows of one commit share.
#[derive(Debug, Clone)]
pub(crate) struct RowProvenance {
    /// The version under which they are written.
    pub generation: i64,
    /// When the rows were matched with the CRM snapshot.
    pub matched_at: Timestamp,
    /// Digest of the CRM snapshot.
    pub crm_snapshot: Arc<str>,
    /// The run.
    pub run_id: Arc<str>,
    /// What is repeated of the content.
    pub content: ActivityContent,
}

/// The rows of an interaction with the matches `contact_matches`: one for each contact or
/// account. The first revision of an interaction without any has none; a later one has a closing
/// row, so that what an earlier one said no longer counts.
pub(crate) fn derive(
    interaction: &Interaction,
    contact_matches: &[ContactMatch],
    provenance: &RowProvenance,
) -> Vec<Activity> {
    if interaction.state == State::Superseded {
        return vec![Activity {
            state: State::Superseded,
            ..closing(interaction, provenance)
        }];
    }
    if contact_matches.is_empty() {
        let is_revised = interaction.revision > 1;
        return Vec::from_iter(is_revised.then(|| closing(interaction, provenance)));
    }
    let people = count_people(interaction);
    let rows = contact_matches.iter().map(|contact_match| Activity {
        contact_match: Some(contact_match.clone()),
        ..row(interaction, Some(contact_match), people, provenance)
    });
    rows.collect()
}

/// The row that takes an interaction out of the view: a generation without any contact.
pub(crate) fn closing(interaction: &Interaction, provenance: &RowProvenance) -> Activity {
    Activity {
        state: State::Withdrawn,
        ..row(interaction, None, count_people(interaction), provenance)
    }
}

fn row(
    interaction: &Interaction,
    contact_match: Option<&ContactMatch>,
    (internal_count, external_count): (i32, i32),
    provenance: &RowProvenance,
) -> Activity {
    let subject = match provenance.content {
        ActivityContent::None => None,
        ActivityContent::Subject | ActivityContent::Preview => interaction.subject.clone(),
    };
    let preview = match provenance.content {
        ActivityContent::None | ActivityContent::Subject => None,
        ActivityContent::Preview => interaction.preview.clone(),
    };
    Activity {
        activity_id: activity_id(interaction, contact_match),
        generation: provenance.generation,
        interaction_id: interaction.interaction_id,
        mailbox: Arc::clone(&interaction.mailbox),
        revision: interaction.revision,
        state: interaction.state,
        kind: interaction.kind,
        direction: interaction.direction,
        occurred_at: interaction.occurred_at,
        ended_at: interaction.ended_at,
        subject,
        preview,
        thread_id: interaction.thread_id.clone(),
        is_bulk: interaction.is_bulk,
        user_role: interaction.user_role,
        contact_match: None,
        internal_count,
        external_count,
        matched_at: provenance.matched_at,
        crm_snapshot: Arc::clone(&provenance.crm_snapshot),
        run_id: Arc::clone(&provenance.run_id),
    }
}

/// Contact ids and account ids may be equal in a CRM, so the hash distinguishes them.
fn activity_id(interaction: &Interaction, contact_match: Option<&ContactMatch>) -> Id128 {
    let (what, id) = match contact_match {
        Some(ContactMatch {
            contact: Some((id, _)),
            ..
        }) => ("contact", &**id),
        Some(ContactMatch {
            account: Some((id, _)),
            ..
        }) => ("account", &**id),
        _ => ("nobody", ""),
    };
    Id128::of(&[
        b"activity",
        &interaction.interaction_id.0,
        interaction.mailbox.id.as_bytes(),
        what.as_bytes(),
        id.as_bytes(),
    ])
}

/// Distinct internal and external addresses; rooms are left out, an owner who is not named counts.
fn count_people(interaction: &Interaction) -> (i32, i32) {
    let people = interaction
        .participants
        .iter()
        .filter(|person| person.is_address && person.role != Role::Resource);
    let (internal, external): (Vec<_>, Vec<_>) = people.partition(|person| person.internal);
    let distinct = |people: Vec<&crate::model::interaction::Participant>| {
        let addresses: HashSet<&str> = people.iter().map(|p| p.address.as_str()).collect();
        i32::try_from(addresses.len()).unwrap_or(i32::MAX)
    };
    let owner = i32::from(is_owner_unnamed(interaction));
    (distinct(internal).saturating_add(owner), distinct(external))
}

/// A list or a blind copy brought it: the owner's address is not among the participants. (That of
/// a shared mailbox may be, though it has no role.)
fn is_owner_unnamed(interaction: &Interaction) -> bool {
    let owner = &*interaction.mailbox.address;
    interaction.user_role.is_none()
        && Address::parse(owner).is_some()
        && interaction
            .participants
            .iter()
            .all(|person| person.address != owner)
}
