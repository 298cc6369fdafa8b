//! Rows that wait for their commit, encoded by month as they come: a fifth of what they take as
//! structs. All but the last of them wait on the disk, so that a commit of hundreds of thousands of
//! rows takes no more memory than a small one.
//!
//! What only the commit knows (generation, CRM snapshot, time and run) is put in when the files are
//! written.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::Int64Array;
use arrow_array::RecordBatch;
use arrow_array::StringArray;
use arrow_array::TimestampMicrosecondArray;
use bytes::Bytes;
use rayon::iter::IntoParallelIterator;
use rayon::iter::ParallelIterator;

use crate::lake::delta::data_file;
use crate::lake::error::LakeError;
use crate::lake::rows::activity::ACTIVITIES;
use crate::lake::rows::interaction::INTERACTIONS;
use crate::lake::rows::keys::InteractionKey;
use crate::lake::rows::keys::Revisions;
use crate::lake::rows::keys::month_number;
use crate::lake::rows::row_hash;
use crate::lake::rows::schema::TableName;
use crate::lake::settings::ActivityContent;
use crate::lake::storage::spill::SpillFile;
use crate::lake::storage::spill::Spilled;
use crate::lake::view::derive;
use crate::lake::view::derive::RowProvenance;
use crate::model::activity::Activity;
use crate::model::activity::MatchedInteraction;
use crate::model::mailbox::slot;
use crate::model::time::Timestamp;

/// The batches of one file.
pub(super) type Batches = Box<dyn Iterator<Item = Result<RecordBatch, LakeError>> + Send>;

/// Rows of both tables that become visible with one commit.
#[derive(Debug, Clone, Default)]
pub struct PackedRows {
    months: BTreeMap<String, Month>,
    slots: BTreeMap<u8, SlotRows>,
    revisions: Revisions,
    bytes: usize,
    file: Option<SpillFile>,
}

/// The rows of a month, in the order in which they came.
#[derive(Debug, Clone, Default)]
struct Month {
    interactions: Vec<Spilled>,
    activities: Vec<Spilled>,
    activity_rows: usize,
}

/// What the cursor file says of the rows of a slot.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SlotRows {
    pub rows: u64,
    pub hash_sum: u64,
}

/// Some rows of a month, encoded.
struct Encoded {
    interactions: Spilled,
    activities: Option<Spilled>,
    activity_rows: usize,
}

impl PackedRows {
    /// The number of interactions.
    pub fn len(&self) -> usize {
        let rows: u64 = self.slots.values().map(|slot| slot.rows).sum();
        usize::try_from(rows).unwrap_or(usize::MAX)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The bytes that they take.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Their slots, with the number of rows and the sum of their hashes.
    pub(super) fn slots(&self) -> &BTreeMap<u8, SlotRows> {
        &self.slots
    }

    /// The number of activities.
    pub(super) fn activity_rows(&self) -> usize {
        self.months.values().map(|month| month.activity_rows).sum()
    }

    /// Adds rows, on the pool of rayon that calls it.
    pub(super) fn add(
        &mut self,
        rows: &[MatchedInteraction],
        content: ActivityContent,
    ) -> Result<(), LakeError> {
        let mut months: BTreeMap<String, Vec<&MatchedInteraction>> = BTreeMap::new();
        let mut revised = BTreeSet::new();
        for row in rows {
            let interaction = &row.interaction;
            let slot = self.slots.entry(slot(&interaction.mailbox.id)).or_default();
            slot.rows += 1;
            slot.hash_sum = slot.hash_sum.wrapping_add(row_hash::of(interaction));
            let month = interaction.occurred_at.month();
            if interaction.revision > 1 {
                let key = InteractionKey::of(interaction).in_month(month_number(&month));
                self.revisions.note(key, interaction.revision);
                revised.insert(month.clone());
            }
            months.entry(month).or_default().push(row);
        }
        for month in revised {
            self.drop_overtaken(&month)?;
        }
        let revisions = &self.revisions;
        let encoded = months.into_par_iter().map(|(month, rows)| {
            let encoded = encode(&month, &rows, revisions, content)?;
            Ok::<_, LakeError>((month, encoded))
        });
        for (month, encoded) in encoded.collect::<Result<Vec<_>, _>>()? {
            let Encoded {
                interactions,
                activities,
                activity_rows,
            } = encoded;
            let month = self.months.entry(month).or_default();
            self.bytes += interactions.len() + activities.as_ref().map_or(0, Spilled::len);
            month.interactions.push(interactions);
            month.activities.extend(activities);
            month.activity_rows += activity_rows;
        }
        Ok(())
    }

    /// Moves what is in memory to a file in a folder.
    pub(super) fn spill(&mut self, folder: &Path) -> Result<(), LakeError> {
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(SpillFile::create(folder)?),
        };
        for month in self.months.values_mut() {
            for piece in month.interactions.iter_mut().chain(&mut month.activities) {
                if let Spilled::InMemory(bytes) = piece {
                    *piece = file.put(bytes)?;
                }
            }
        }
        Ok(())
    }

    /// Removes the activities of a month that belong to lower revisions than what came since: all
    /// revisions of a commit share a generation, in which only one can be current.
    fn drop_overtaken(&mut self, name: &str) -> Result<(), LakeError> {
        let Some(month) = self.months.get_mut(name) else {
            return Ok(());
        };
        let number = month_number(name);
        for piece in &mut month.activities {
            let mut rows = Vec::new();
            for batch in data_file::unpack(TableName::ContactActivity, piece.bytes()) {
                let read = ACTIVITIES.read_all(&batch?);
                rows.extend(read.map_err(|e| failed(TableName::ContactActivity, &e))?);
            }
            let all = rows.len();
            rows.retain(|row: &Activity| {
                let key = InteractionKey::of_activity(row).in_month(number);
                self.revisions.is_highest_of(key, row.revision)
            });
            if rows.len() < all {
                self.bytes -= piece.len();
                *piece = Spilled::InMemory(encode_activities(&rows)?);
                self.bytes += piece.len();
                month.activity_rows -= all - rows.len();
            }
        }
        Ok(())
    }

    /// The rows of `interactions` by month, one piece in memory at a time.
    pub(super) fn interactions(&self) -> Vec<(String, Batches)> {
        let months = self.months.iter().map(|(name, month)| {
            let pieces = month.interactions.clone().into_iter();
            let batches =
                pieces.flat_map(|piece| data_file::unpack(TableName::Interactions, piece.bytes()));
            (name.clone(), Box::new(batches) as Batches)
        });
        months.collect()
    }

    /// The rows of `contact_activity` by month, with what only the commit knows.
    pub(super) fn activities(&self, provenance: &RowProvenance) -> Vec<(String, Batches)> {
        let months = self.months.iter();
        let months = months.filter(|(_, month)| month.activity_rows > 0);
        let months = months.map(|(name, month)| {
            let pieces = month.activities.clone().into_iter();
            let provenance = provenance.clone();
            let batches = pieces
                .flat_map(|piece| data_file::unpack(TableName::ContactActivity, piece.bytes()))
                .map(move |batch| stamped(&batch?, &provenance));
            (name.clone(), Box::new(batches) as Batches)
        });
        months.collect()
    }
}

fn encode(
    month: &str,
    rows: &[&MatchedInteraction],
    revisions: &Revisions,
    content: ActivityContent,
) -> Result<Encoded, LakeError> {
    let unknown: Arc<str> = Arc::from("");
    let provenance = RowProvenance {
        generation: 0,
        matched_at: Timestamp::default(),
        crm_snapshot: Arc::clone(&unknown),
        run_id: unknown,
        content,
    };
    let mut activities = Vec::new();
    for row in rows {
        if revisions.is_highest(&row.interaction, || month_number(month)) {
            let (row, contact_matches) = (&row.interaction, &row.contact_matches);
            activities.extend(derive::derive(row, contact_matches, &provenance));
        }
    }
    let interactions: Vec<_> = rows.iter().map(|row| &row.interaction).collect();
    let interactions = INTERACTIONS.to_batch(&interactions);
    let interactions = interactions.map_err(|e| failed(TableName::Interactions, &e))?;
    let packed = (!activities.is_empty()).then(|| encode_activities(&activities));
    Ok(Encoded {
        interactions: Spilled::InMemory(data_file::pack(TableName::Interactions, &interactions)?),
        activities: packed.transpose()?.map(Spilled::InMemory),
        activity_rows: activities.len(),
    })
}

fn encode_activities(rows: &[Activity]) -> Result<Bytes, LakeError> {
    let rows: Vec<&Activity> = rows.iter().collect();
    let batch = ACTIVITIES.to_batch(&rows);
    let batch = batch.map_err(|e| failed(TableName::ContactActivity, &e))?;
    data_file::pack(TableName::ContactActivity, &batch)
}

/// The rows with what only the commit knows.
fn stamped(batch: &RecordBatch, provenance: &RowProvenance) -> Result<RecordBatch, LakeError> {
    let rows = batch.num_rows();
    let texts = |text: &str| -> ArrayRef {
        let texts = std::iter::repeat_n(text, rows);
        Arc::new(StringArray::from_iter_values(texts))
    };
    let at = TimestampMicrosecondArray::from_value(provenance.matched_at.0, rows);
    let arrays = batch.schema_ref().fields().iter().zip(batch.columns());
    let arrays = arrays.map(|(field, array)| -> ArrayRef {
        match field.name().as_str() {
            "generation" => Arc::new(Int64Array::from_value(provenance.generation, rows)),
            "matched_at" => Arc::new(at.clone().with_timezone("UTC")),
            "crm_snapshot" => texts(&provenance.crm_snapshot),
            "run_id" => texts(&provenance.run_id),
            _ => Arc::clone(array),
        }
    });
    RecordBatch::try_new(batch.schema(), arrays.collect())
        .map_err(|e| failed(TableName::ContactActivity, &e))
}

fn failed(table: TableName, why: &dyn std::fmt::Display) -> LakeError {
    LakeError::encode(table.as_str(), why)
}
