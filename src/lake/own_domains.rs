//! The company's own domains as the last run knew them: they are needed to prepare a CRM snapshot
//! without signing in anywhere.

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

use hashbrown::HashSet;
use serde::Serialize;

use crate::lake::Lake;
use crate::lake::error::LakeError;
use crate::lake::storage::disk::Place;
use crate::lake::storage::disk::publish_file;

impl Lake {
    /// Keeps the domains with which CRM snapshots are prepared from now on. Where they are kept
    /// already, nothing is written.
    pub fn store_own_domains(&self, domains: &HashSet<String>) -> Result<(), LakeError> {
        if self.own_domains()?.as_ref() == Some(domains) {
            return Ok(());
        }
        let mut sorted: Vec<&String> = domains.iter().collect();
        sorted.sort();
        publish_json(&domains_file(&self.root), &sorted)
    }

    /// The domains of the last run; `None` where no run has come that far.
    pub fn own_domains(&self) -> Result<Option<HashSet<String>>, LakeError> {
        kept(&self.root)
    }

    /// Keeps the names of the tenants whose domains are known. Where they are kept already, nothing is
    /// written.
    pub fn store_tenants(&self, names: &[String]) -> Result<(), LakeError> {
        let mut all = tenants(&self.root)?;
        let count = all.len();
        all.extend(names.iter().cloned());
        if all.len() == count {
            return Ok(());
        }
        publish_json(&tenants_file(&self.root), &all)
    }
}

/// The domains of the last run into the lake in a folder, which need not exist; `None` where no run has
/// come that far.
pub fn kept(lake: &Path) -> Result<Option<HashSet<String>>, LakeError> {
    read_json(&domains_file(lake))
}

/// The names of the tenants whose domains an earlier run has kept.
pub fn tenants(lake: &Path) -> Result<BTreeSet<String>, LakeError> {
    Ok(read_json(&tenants_file(lake))?.unwrap_or_default())
}

/// Reads a list of texts; `None` where there is no such file.
fn read_json<T: FromIterator<String>>(path: &Path) -> Result<Option<T>, LakeError> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        text => text.map_err(LakeError::io("read", path))?,
    };
    let texts: Vec<String> =
        serde_json::from_str(&text).map_err(|e| LakeError::bad_file(path)(&e))?;
    Ok(Some(texts.into_iter().collect()))
}

fn publish_json(path: &Path, texts: &impl Serialize) -> Result<(), LakeError> {
    let text = serde_json::to_string(texts).map_err(|e| LakeError::bad_file(path)(&e))?;
    publish_file(path, text.as_bytes(), Place::Any)
}

fn tenants_file(lake: &Path) -> PathBuf {
    lake.join("_touchpoint/tenants.json")
}

fn domains_file(lake: &Path) -> PathBuf {
    lake.join("_touchpoint/own_domains.json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::tests::fixture::TestLake;

    #[test]
    fn domains_are_kept_for_commands_that_do_not_sign_in() {
        let test_lake = TestLake::new();
        let lake = test_lake.write();
        assert_eq!(lake.own_domains().unwrap(), None);
        for domains in [&["contoso.com", "contoso.de"][..], &["contoso.com"], &[]] {
            let domains: HashSet<String> = domains.iter().map(|&d| d.to_owned()).collect();
            lake.store_own_domains(&domains).unwrap();
            assert_eq!(lake.own_domains().unwrap(), Some(domains));
        }
        std::fs::write(domains_file(&lake.root), "[").unwrap();
        let error = lake.own_domains().unwrap_err().to_string();
        assert!(error.contains("own_domains.json"), "{error}");
    }
}
