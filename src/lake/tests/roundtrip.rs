//! Rows of any shape come back as they were committed.

use std::sync::Arc;

use proptest::option;
use proptest::prelude::*;

use crate::lake::rows::activity::ACTIVITIES;
use crate::lake::rows::interaction::INTERACTIONS;
use crate::lake::rows::row_hash;
use crate::lake::settings::ActivityContent;
use crate::lake::tests::fixture::contact_match;
use crate::lake::tests::fixture::mail;
use crate::lake::view::derive;
use crate::lake::view::derive::RowProvenance;
use crate::model::activity::ContactMatch;
use crate::model::activity::MatchRule;
use crate::model::address::Address;
use crate::model::interaction::Interaction;
use crate::model::interaction::Kind;
use crate::model::interaction::Participant;
use crate::model::interaction::Role;
use crate::model::interaction::State;
use crate::model::time::Timestamp;

fn text() -> impl Strategy<Value = Option<String>> {
    option::of("\\PC{0,12}")
}

fn role() -> impl Strategy<Value = Role> {
    (0..Role::ALL.len()).prop_map(|at| Role::ALL[at])
}

prop_compose! {
    fn participant()(
        raw in prop_oneof!["[a-z.]{1,8}@[a-zé.]{1,8}", "\\PC{0,9}"],
        name in text(),
        role in role(),
        response in text(),
        internal: bool,
    ) -> Participant {
        let address = Address::parse(&raw);
        let address = address.map_or_else(|| raw.to_lowercase(), |address| address.to_string());
        Participant {
            is_address: Address::stored(&address).is_some(),
            address,
            name,
            role,
            response,
            internal,
        }
    }
}

prop_compose! {
    fn interaction()(
        number in 0_u32..1_000,
        texts in proptest::array::uniform6(text()),
        flags in proptest::array::uniform3(option::of(any::<bool>())),
        participants in proptest::collection::vec(participant(), 0..6),
        (is_meeting, is_bulk, sensitivity_known) in any::<(bool, bool, bool)>(),
        (fingerprint, occurred, ended) in (any::<i64>(), any::<i64>(), option::of(any::<i64>())),
        state in 0..State::ALL.len(),
        user_role in option::of(role()),
    ) -> Interaction {
        let [subject, preview, body_text, thread_id, series_id, bulk_reason] = texts;
        let [is_online_meeting, is_recurring, is_all_day] = flags;
        Interaction {
            kind: if is_meeting { Kind::Meeting } else { Kind::Email },
            state: State::ALL[state],
            online_provider: subject.clone(),
            occurred_at: Timestamp(occurred),
            ended_at: ended.map(Timestamp),
            subject, preview, body_text, thread_id, series_id, bulk_reason,
            is_online_meeting, is_recurring, is_all_day,
            participants, is_bulk, sensitivity_known, fingerprint, user_role,
            ..mail("ann", number)
        }
    }
}

prop_compose! {
    fn any_contact_match()(
        contact in option::of(("\\PC{1,5}", "\\PC{0,5}")),
        account in ("\\PC{1,5}", option::of("\\PC{0,5}")),
        has_account: bool,
        response in text(),
        role in role(),
    ) -> ContactMatch {
        let has_contact = contact.is_some();
        ContactMatch {
            contact: contact.map(|(id, name)| (id.into(), name.into())),
            account: (has_account || !has_contact)
                .then(|| (Arc::from(account.0), account.1.map(Arc::from))),
            rule: if has_contact { MatchRule::ContactAlias } else { MatchRule::AccountDomain },
            response,
            role,
            ..contact_match()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn interactions_come_back_as_they_were(rows in proptest::collection::vec(interaction(), 0..8)) {
        let batch = INTERACTIONS.to_batch(&rows.iter().collect::<Vec<_>>()).unwrap();
        let back = INTERACTIONS.read_all(&batch).unwrap();
        let sums = [&rows, &back].map(|rows| rows.iter().map(row_hash::of).collect::<Vec<_>>());
        prop_assert_eq!(&sums[0], &sums[1]);
        prop_assert_eq!(back, rows);
    }

    #[test]
    fn activities_come_back_as_they_were(
        row in interaction(),
        contact_matches in proptest::collection::vec(any_contact_match(), 0..4),
    ) {
        let provenance = RowProvenance {
            generation: 7,
            matched_at: Timestamp(1),
            crm_snapshot: "snapshot".into(),
            run_id: "run".into(),
            content: ActivityContent::Preview,
        };
        let mut rows = derive::derive(&row, &contact_matches, &provenance);
        rows.push(derive::closing(&row, &provenance));
        let batch = ACTIVITIES.to_batch(&rows.iter().collect::<Vec<_>>()).unwrap();
        prop_assert_eq!(ACTIVITIES.read_all(&batch).unwrap(), rows);
    }

    #[test]
    fn a_change_of_any_column_changes_the_hash(row in interaction(), other in interaction()) {
        prop_assume!(row != other);
        prop_assert_ne!(row_hash::of(&row), row_hash::of(&other));
    }
}
