//! `touchpoint export`: tables for people without a Delta reader.

use std::fs::File;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use anyhow::bail;
use clap::ValueEnum;
use tempfile::NamedTempFile;

use crate::cli::format::Format;
use crate::cli::output;
use crate::cli::setup::load;
use crate::cli::setup::with_lake;
use crate::lake::export::Output;
use crate::lake::export::RowSink;
use crate::maintenance::export;
use crate::maintenance::export::Exported;
use crate::maintenance::who::Terms;
use crate::report::spreadsheet::harmless;
use crate::report::table::number;
use crate::runtime::clock;

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// The contacts of the CRM that the last run used
    Contacts,
    /// Its accounts
    Accounts,
    /// Who had contact with whom: current rows of `contact_activity`
    Activity,
    /// Colleagues and the contacts and accounts they know, with scores
    Relationships,
}

/// Write a table for a spreadsheet or for another program: current rows only.
///
/// The file is CSV, or Parquet with --format parquet or where its name ends in .parquet; one that exists
/// is replaced once the new one is complete. It belongs to its owner alone, as the lake does.
///
/// Example: touchpoint export relationships relationships.csv
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// What to export
    #[arg(value_enum)]
    what: What,
    /// The file to write
    #[arg(value_name = "OUT")]
    out: PathBuf,
}

/// Writes the file.
pub fn run(config: &Path, options: &ExportArgs, format: Format) -> anyhow::Result<ExitCode> {
    let config = load(config)?;
    let is_parquet = match format {
        Format::Parquet => true,
        Format::Csv => false,
        Format::Text => options.out.extension().is_some_and(|end| end == "parquet"),
        Format::Json => bail!("export writes csv or parquet, not json"),
    };
    let exported = match options.what {
        What::Contacts => Exported::Contacts,
        What::Accounts => Exported::Accounts,
        What::Activity => Exported::Activity,
        What::Relationships => Exported::Relationships,
    };
    let folder = options
        .out
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let draft = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))
        .with_context(|| format!("making a file beside {}", options.out.display()))?;
    let file = draft.reopen().context("opening the file to write")?;
    let rows = with_lake(&config, move |config, lake| {
        let terms = Terms::of(config, clock::now());
        Ok(export::write(
            lake,
            exported,
            terms,
            output_to(file, is_parquet),
        )?)
    })?;
    draft.as_file().sync_all().context("writing the file")?;
    let kept = draft.persist(&options.out);
    kept.with_context(|| format!("writing {}", options.out.display()))?;
    output::print_status(&format!(
        "{} rows in {}",
        number(rows),
        options.out.display()
    ));
    Ok(ExitCode::SUCCESS)
}

fn output_to(file: File, is_parquet: bool) -> Output<File> {
    if is_parquet {
        return Output::Parquet(file);
    }
    Output::Rows(Box::new(Spreadsheet(csv::Writer::from_writer(file))))
}

/// Cells that a spreadsheet does not take for formulas.
struct Spreadsheet(csv::Writer<File>);

impl RowSink for Spreadsheet {
    fn put(&mut self, cells: &[String]) -> std::io::Result<()> {
        let cells = cells.iter().map(|cell| harmless(cell));
        Ok(self.0.write_record(cells)?)
    }

    fn end(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}
