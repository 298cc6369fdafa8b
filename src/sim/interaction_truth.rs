//! What must be recorded of an interaction, be it a mail or a meeting: its content, who takes part,
//! and whom the CRM must find among them.

use serde_json::Value;
use serde_json::json;

use crate::model::time::DAY;
use crate::model::time::Timestamp;
use crate::sim::crm::records::ContactMatch;
use crate::sim::crm::records::CrmSnapshot;
use crate::sim::role::Role;
use crate::sim::spec::Content as Level;
use crate::sim::spec::Unmatched;
use crate::sim::world::Address;
use crate::sim::world::World;

/// What is kept of a text where someone in it is known to the CRM.
pub struct Content {
    /// Subject.
    pub subject: String,
    /// The first characters.
    pub preview: String,
    /// Whether the item's outcome allows that anything is kept.
    pub may_keep: bool,
}

impl Content {
    /// Writes `subject` and `preview` as the first nightly run after `sight` finds the CRM; and,
    /// for other runs, `full_subject`, `full_preview` and from when on they are kept. The CRM that
    /// a run finds when it records decides permanently.
    pub fn write(
        self,
        world: &World,
        line: &mut Value,
        visible: &[(Role, &Address)],
        (sight, at): (Timestamp, Timestamp),
    ) {
        let since = (sight.0 - world.start().0).max(0);
        let night = world.start().plus((since + DAY - 1) / DAY * DAY);
        let kept_at = |when: Timestamp| {
            let matched = visible
                .iter()
                .any(|(_, one)| one.contact_match_at(when).is_some());
            self.may_keep && (matched || world.spec.policy.unmatched == Unmatched::Keep)
        };
        let mut periods = vec![json!({"from": null, "kept": kept_at(Timestamp(i64::MIN))})];
        let later = visible.iter().flat_map(|(_, one)| &one.later);
        let mut times: Vec<Timestamp> = later
            .map(|(when, _)| *when)
            .filter(|when| *when <= at)
            .collect();
        times.sort_unstable();
        times.dedup();
        for when in times {
            let kept = kept_at(when);
            if periods.last().is_none_or(|last| last["kept"] != kept) {
                periods.push(json!({"from": when.rfc3339(), "kept": kept}));
            }
        }
        let with_preview = world.spec.policy.content == Level::Preview;
        let kept = kept_at(night);
        line["subject"] = json!(kept.then_some(&self.subject));
        line["preview"] = json!((kept && with_preview).then_some(&self.preview));
        line["full_subject"] = json!(self.subject);
        line["full_preview"] = json!(with_preview.then_some(&self.preview));
        line["content_periods"] = json!(periods);
    }
}

/// Who takes part: once for each address and role.
pub fn participants(visible: &[(Role, &Address)]) -> Vec<Value> {
    let mut seen: Vec<(Role, &str)> = Vec::new();
    let mut all = Vec::new();
    for (role, address) in visible {
        if seen.contains(&(*role, address.stored.as_str())) {
            continue;
        }
        seen.push((*role, &address.stored));
        let name = (!address.name.is_empty()).then_some(&address.name);
        all.push(
            json!({"address": address.stored, "name": name, "role": role.name(),
            "internal": address.internal}),
        );
    }
    all
}

/// The best role of the owner; shared mailboxes and rooms have none.
pub fn user_role(number: usize, purpose: &str, visible: &[(Role, &Address)]) -> &'static str {
    if purpose != "user" {
        return "none";
    }
    let own = visible.iter().filter(|(_, one)| one.person == Some(number));
    own.map(|(role, _)| *role).min().map_or("none", Role::name)
}

/// Distinct addresses inside and outside, rooms left out; the owner counts even if not named.
pub fn counts(number: usize, owner: &str, visible: &[(Role, &Address)]) -> (usize, usize) {
    let distinct = |internal: bool| {
        let mut all: Vec<&str> = visible
            .iter()
            .filter(|(role, one)| {
                *role != Role::Resource && one.counted && one.internal == internal
            })
            .map(|(_, one)| one.stored.as_str())
            .collect();
        if internal && visible.iter().all(|(_, one)| one.person != Some(number)) {
            all.push(owner);
        }
        all.sort_unstable();
        all.dedup();
        all.len()
    };
    (distinct(true), distinct(false))
}

/// What the CRM at an instant must find. One row per contact, then one per account of which no
/// contact takes part; each with the participant of the best role, then the smallest address.
pub fn contact_matches(
    snapshot: &CrmSnapshot,
    at: Timestamp,
    visible: &[(Role, &Address)],
) -> Vec<Value> {
    let mut found: Vec<(Role, &Address, &ContactMatch)> = visible
        .iter()
        .filter_map(|(role, one)| {
            one.contact_match_at(at)
                .map(|contact_match| (*role, *one, contact_match))
        })
        .collect();
    found.sort_by(|one, other| (one.0, &one.1.stored).cmp(&(other.0, &other.1.stored)));
    let of_contacts: Vec<&Option<String>> = found
        .iter()
        .filter(|(_, _, contact_match)| contact_match.contact.is_some())
        .map(|(_, _, contact_match)| &contact_match.account_id)
        .collect();
    let mut rows: Vec<(bool, String, Value)> = Vec::new();
    for (role, address, contact_match) in &found {
        let contact = contact_match
            .contact
            .and_then(|number| snapshot.contacts[number].as_ref());
        let account_name = contact_match
            .account_id
            .as_deref()
            .and_then(|id| snapshot.account_name(id));
        if contact.is_none() && of_contacts.contains(&&contact_match.account_id) {
            continue;
        }
        let key = contact
            .map(|contact| contact.id.clone())
            .or(contact_match.account_id.clone());
        let key = key.unwrap_or_default();
        if rows
            .iter()
            .any(|(account, id, _)| *account == contact.is_none() && *id == key)
        {
            continue;
        }
        let row = json!({
            "contact_id": contact.map(|contact| &contact.id),
            "contact_name": contact.map(|contact| &contact.name),
            "account_id": contact_match.account_id, "account_name": account_name,
            "contact_address": address.stored, "contact_role": role.name(), "rule": contact_match.rule,
        });
        rows.push((contact.is_none(), key, row));
    }
    rows.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
    rows.into_iter().map(|(_, _, row)| row).collect()
}
