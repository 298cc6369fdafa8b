//! The company's own domains as the last run knew them: they are needed to prepare a CRM snapshot
//! without signing in anywhere.

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

use hashbrown::HashSet;

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
        let path = self.own_domains_file();
        let text = serde_json::to_string(&sorted).map_err(|e| LakeError::bad_file(&path)(&e))?;
        publish_file(&path, text.as_bytes(), Place::Any)
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
        let path = tenants_file(&self.root);
        let text = serde_json::to_string(&all).map_err(|e| LakeError::bad_file(&path)(&e))?;
        publish_file(&path, text.as_bytes(), Place::Any)
    }

    fn own_domains_file(&self) -> PathBuf {
        file(&self.root)
    }
}

/// The domains of the last run into the lake in a folder, which need not exist; `None` where no run has
/// come that far.
pub fn kept(lake: &Path) -> Result<Option<HashSet<String>>, LakeError> {
    let path = file(lake);
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        text => text.map_err(LakeError::io("read", &path))?,
    };
    let domains: Vec<String> =
        serde_json::from_str(&text).map_err(|e| LakeError::bad_file(&path)(&e))?;
    Ok(Some(domains.into_iter().collect()))
}

/// The names of the tenants whose domains an earlier run has kept.
pub fn tenants(lake: &Path) -> Result<BTreeSet<String>, LakeError> {
    let path = tenants_file(lake);
    match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeSet::new()),
        text => {
            let text = text.map_err(LakeError::io("read", &path))?;
            serde_json::from_str(&text).map_err(|e| LakeError::bad_file(&path)(&e))
        }
    }
}

fn tenants_file(lake: &Path) -> PathBuf {
    lake.join("_touchpoint/tenants.json")
}

fn file(lake: &Path) -> PathBuf {
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
        std::fs::write(lake.own_domains_file(), "[").unwrap();
        let error = lake.own_domains().unwrap_err().to_string();
        assert!(error.contains("own_domains.json"), "{error}");
    }
}
