//! Sorting of more fixed-size records than fit in memory: sorted runs on disk, then one merge.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io;
use std::io::BufReader;
use std::io::BufWriter;
use std::io::Read;
use std::io::Seek;
use std::io::Write;
use std::path::PathBuf;

/// Runs that are open at a time: each costs a file handle and a buffer.
const RUNS_MAX: usize = 128;
/// Enough for the disk to stream, small enough that all runs together stay within a few MB.
const BUFFER_BYTES: usize = 32 << 10;

/// Collects records of `N` bytes and gives them back in order of their bytes.
pub(crate) struct Sorter<const N: usize> {
    folder: PathBuf,
    records_max: usize,
    chunk: Vec<[u8; N]>,
    runs: Vec<File>,
    runs_max: usize,
}

impl<const N: usize> Sorter<N> {
    /// Sorts within about `memory_bytes` and puts the rest in unnamed files in `folder`.
    pub(crate) fn new(folder: PathBuf, memory_bytes: usize) -> Self {
        Self {
            folder,
            records_max: (memory_bytes / N).max(1),
            chunk: Vec::new(),
            runs: Vec::new(),
            runs_max: RUNS_MAX,
        }
    }

    /// Takes one record.
    pub(crate) fn push(&mut self, record: [u8; N]) -> io::Result<()> {
        self.chunk.push(record);
        if self.chunk.len() >= self.records_max {
            self.spill()?;
        }
        Ok(())
    }

    /// All records in order, equal ones as often as they were pushed.
    pub(crate) fn sorted(mut self) -> io::Result<Merge<N>> {
        self.chunk.sort_unstable();
        Merge::new(self.runs, self.chunk)
    }

    fn spill(&mut self) -> io::Result<()> {
        self.chunk.sort_unstable();
        if self.runs.len() >= self.runs_max {
            let merged = Merge::new(std::mem::take(&mut self.runs), Vec::new())?;
            let run = self.write_run(merged)?;
            self.runs.push(run);
        }
        let chunk = std::mem::take(&mut self.chunk);
        let run = self.write_run(chunk.iter().map(|record| Ok(*record)))?;
        self.runs.push(run);
        self.chunk = chunk;
        self.chunk.clear();
        Ok(())
    }

    fn write_run(&self, records: impl Iterator<Item = io::Result<[u8; N]>>) -> io::Result<File> {
        let mut writer =
            BufWriter::with_capacity(BUFFER_BYTES, tempfile::tempfile_in(&self.folder)?);
        for record in records {
            writer.write_all(&record?)?;
        }
        let mut file = writer
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        Ok(file)
    }
}

/// Records in order, from several sorted runs and a sorted chunk in memory.
pub(crate) struct Merge<const N: usize> {
    runs: Vec<BufReader<File>>,
    chunk: std::vec::IntoIter<[u8; N]>,
    heads: BinaryHeap<Reverse<([u8; N], usize)>>,
}

impl<const N: usize> Merge<N> {
    fn new(runs: Vec<File>, chunk: Vec<[u8; N]>) -> io::Result<Self> {
        let mut merge = Self {
            runs: runs
                .into_iter()
                .map(|run| BufReader::with_capacity(BUFFER_BYTES, run))
                .collect(),
            chunk: chunk.into_iter(),
            heads: BinaryHeap::new(),
        };
        for source in 0..=merge.runs.len() {
            merge.refill(source)?;
        }
        Ok(merge)
    }

    /// Puts the next record of a run, or (one past the last run) of the chunk, among the heads.
    fn refill(&mut self, source: usize) -> io::Result<()> {
        let next = match self.runs.get_mut(source) {
            Some(run) => read_record(run)?,
            None => self.chunk.next(),
        };
        if let Some(record) = next {
            self.heads.push(Reverse((record, source)));
        }
        Ok(())
    }
}

impl<const N: usize> Iterator for Merge<N> {
    type Item = io::Result<[u8; N]>;

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((record, source)) = self.heads.pop()?;
        Some(self.refill(source).map(|()| record))
    }
}

/// One record, or nothing at the end of the run.
fn read_record<const N: usize>(run: &mut BufReader<File>) -> io::Result<Option<[u8; N]>> {
    let mut record = [0; N];
    let filled = run.read(&mut record)?;
    if filled == 0 {
        return Ok(None);
    }
    run.read_exact(record.get_mut(filled..).unwrap_or_default())?;
    Ok(Some(record))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;

    fn sort(records: &[[u8; 2]], memory_bytes: usize, runs_max: usize) -> Vec<[u8; 2]> {
        let folder = tempfile::tempdir().unwrap();
        let mut sorter = Sorter::new(folder.path().to_owned(), memory_bytes);
        sorter.runs_max = runs_max;
        for record in records {
            sorter.push(*record).unwrap();
        }
        let left_on_disk = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left_on_disk, 0);
        sorter.sorted().unwrap().map(Result::unwrap).collect()
    }

    proptest! {
        #[test]
        fn records_are_sorted_with_any_amount_of_memory(
            records in prop::collection::vec(any::<[u8; 2]>(), 0..200),
            memory_bytes in 0_usize..500,
            runs_max in 1_usize..4,
        ) {
            let mut expected = records.clone();
            expected.sort_unstable();
            prop_assert_eq!(sort(&records, memory_bytes, runs_max), expected);
        }
    }
}
