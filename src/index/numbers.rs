//! Numbers of interactions, groups and counted values, without gaps and the same in all segments: many
//! matches are counted in arrays instead of hash tables.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hash::BuildHasherDefault;
use std::hash::Hasher;
use std::sync::Arc;

use hashbrown::HashMap;
use tantivy::columnar::ColumnValues;
use tantivy::columnar::StrColumn;

use crate::index::collect::Match;
use crate::index::error::IndexError;
use crate::index::schema::Fields;
use crate::runtime::memo::Memo;

/// Where no more than one document of this many matches, only the matches are numbered: to number all
/// documents costs more, once.
const FEW: u64 = 16;

/// The keys are hashes already.
#[derive(Default)]
struct Unhashed(u64);

impl Hasher for Unhashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, bits: u64) {
        self.0 = bits;
    }
}

/// Numbers of 64-bit values in the order in which they came.
#[derive(Default)]
struct Numbering(HashMap<u64, u32, BuildHasherDefault<Unhashed>>);

impl Numbering {
    fn of(&mut self, bits: u64) -> u32 {
        // There are no more documents than 32 bits can number.
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        *self.0.entry(bits).or_insert(next)
    }
}

/// How many different interactions and groups were numbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sizes {
    /// Numbers of interactions are less.
    pub(super) interactions: usize,
    /// Numbers of groups are less.
    pub(super) groups: usize,
}

/// The numbers of all documents of one state of the index, made when they are first necessary.
#[derive(Default)]
pub(super) struct Numbers {
    documents: Memo<Documents>,
    values: [Memo<Values>; Fields::COUNTED_NAMES.len()],
}

/// The numbers of interaction and group, by segment and document.
struct Documents {
    numbers: Vec<Vec<(u32, u32)>>,
    sizes: Sizes,
}

impl Numbers {
    /// Writes their numbers into matches.
    pub(super) fn assign(
        &self,
        searcher: &tantivy::Searcher,
        matches: &mut [Match],
    ) -> Result<Sizes, IndexError> {
        if (matches.len() as u64).saturating_mul(FEW) < searcher.num_docs() {
            return among(searcher, matches);
        }
        let documents = self.documents.get(|| Documents::of(searcher))?;
        for found in matches {
            let segment = documents.numbers.get(found.address.segment_ord as usize);
            let numbers = segment.and_then(|docs| docs.get(found.address.doc_id as usize));
            (found.interaction_number, found.group_number) = numbers.copied().unwrap_or_default();
        }
        Ok(documents.sizes)
    }

    /// The numbers of the values of a counted field, by its position in [`Fields::COUNTED_NAMES`].
    pub(super) fn values(
        &self,
        searcher: &tantivy::Searcher,
        field: usize,
    ) -> Result<Arc<Values>, IndexError> {
        let (Some(held), Some(name)) = (self.values.get(field), Fields::COUNTED_NAMES.get(field))
        else {
            return Err(IndexError::Damaged);
        };
        held.get(|| Values::of(searcher, name))
    }
}

/// Numbers matches alone.
fn among(searcher: &tantivy::Searcher, matches: &mut [Match]) -> Result<Sizes, IndexError> {
    let groups = columns(searcher, Fields::GROUP_NAME)?;
    let (mut interactions, mut of_groups) = (Numbering::default(), Numbering::default());
    for found in matches {
        let group = groups.get(found.address.segment_ord as usize);
        let group = group.map_or(0, |column| column.get_val(found.address.doc_id));
        found.interaction_number = interactions.of(found.interaction);
        found.group_number = of_groups.of(group);
    }
    Ok(Sizes {
        interactions: interactions.0.len(),
        groups: of_groups.0.len(),
    })
}

fn columns(
    searcher: &tantivy::Searcher,
    name: &str,
) -> Result<Vec<Arc<dyn ColumnValues<u64>>>, IndexError> {
    let mut columns = Vec::new();
    for segment in searcher.segment_readers() {
        columns.push(segment.fast_fields().column_first_or_default(name)?);
    }
    Ok(columns)
}

impl Documents {
    fn of(searcher: &tantivy::Searcher) -> Result<Self, IndexError> {
        let interactions = columns(searcher, Fields::INTERACTION_NAME)?;
        let groups = columns(searcher, Fields::GROUP_NAME)?;
        let (mut of_interactions, mut of_groups) = (Numbering::default(), Numbering::default());
        let mut numbers = Vec::new();
        for (segment, (interactions, groups)) in searcher
            .segment_readers()
            .iter()
            .zip(interactions.iter().zip(&groups))
        {
            let documents = 0..segment.max_doc();
            let pairs = documents.map(|doc| {
                (
                    of_interactions.of(interactions.get_val(doc)),
                    of_groups.of(groups.get_val(doc)),
                )
            });
            numbers.push(pairs.collect());
        }
        Ok(Self {
            numbers,
            sizes: Sizes {
                interactions: of_interactions.0.len(),
                groups: of_groups.0.len(),
            },
        })
    }
}

/// The values of a counted field, numbered in the order of their texts.
pub(super) struct Values {
    /// The column of each segment; `None`: no document of it has a value.
    pub(super) columns: Vec<Option<ValueColumn>>,
    /// Where each number has its text: segment and ordinal.
    texts: Vec<(usize, u64)>,
}

/// The values of a segment.
pub(super) struct ValueColumn {
    /// The column.
    pub(super) column: StrColumn,
    /// The numbers by the segment's own ordinals.
    pub(super) numbers: Vec<u32>,
}

impl Values {
    fn of(searcher: &tantivy::Searcher, name: &str) -> Result<Self, IndexError> {
        let mut columns = Vec::new();
        for segment in searcher.segment_readers() {
            let column = segment.fast_fields().str(name)?;
            columns.push(column.map(|column| ValueColumn {
                numbers: vec![0; column.num_terms()],
                column,
            }));
        }
        let texts = merged(&mut columns).map_err(tantivy::TantivyError::from)?;
        Ok(Self { columns, texts })
    }

    /// How many different values there are.
    pub(super) fn count(&self) -> usize {
        self.texts.len()
    }

    /// The text of a number.
    pub(super) fn text(&self, number: usize) -> Result<String, IndexError> {
        let (segment, ordinal) = self.texts.get(number).ok_or(IndexError::Damaged)?;
        let column = self.columns.get(*segment).and_then(Option::as_ref);
        let column = column.ok_or(IndexError::Damaged)?;
        let mut text = String::new();
        let read = column.column.ord_to_str(*ordinal, &mut text);
        read.map_err(tantivy::TantivyError::from)?;
        Ok(text)
    }
}

/// Numbers the texts of all segments by going through their sorted lists side by side.
fn merged(columns: &mut [Option<ValueColumn>]) -> std::io::Result<Vec<(usize, u64)>> {
    let dictionaries: Vec<_> = columns
        .iter()
        .map(|column| column.as_ref().map(|it| it.column.clone()))
        .collect();
    let mut streams = Vec::new();
    for dictionary in &dictionaries {
        let stream = dictionary.as_ref().map(|it| it.dictionary().stream());
        streams.push(stream.transpose()?);
    }
    let mut next: BinaryHeap<Reverse<(Vec<u8>, usize)>> = BinaryHeap::new();
    for (segment, stream) in streams.iter_mut().enumerate() {
        if let Some(stream) = stream
            && stream.advance()
        {
            next.push(Reverse((stream.key().to_vec(), segment)));
        }
    }
    let mut texts: Vec<(usize, u64)> = Vec::new();
    let mut last: Option<Vec<u8>> = None;
    while let Some(Reverse((key, segment))) = next.pop() {
        let Some(Some(stream)) = streams.get_mut(segment) else {
            continue;
        };
        let ordinal = stream.term_ord();
        let is_new = last.as_ref() != Some(&key);
        if is_new {
            texts.push((segment, ordinal));
        }
        let number = u32::try_from(texts.len() - 1).unwrap_or(u32::MAX);
        if let Some(Some(column)) = columns.get_mut(segment)
            && let Some(place) = column
                .numbers
                .get_mut(usize::try_from(ordinal).unwrap_or(usize::MAX))
        {
            *place = number;
        }
        last = Some(key);
        if stream.advance() {
            next.push(Reverse((stream.key().to_vec(), segment)));
        }
    }
    Ok(texts)
}
