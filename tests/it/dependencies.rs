//! The licences and the duplicates among the dependencies are those that `deny.toml` lists, also
//! where cargo-deny is not installed.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use toml::Table;

/// A package of the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Package {
    name: String,
    version: String,
    licence: String,
}

#[test]
fn licences_and_duplicates_of_dependencies_are_listed_in_deny_toml() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("deny.toml")).unwrap();
    let lists = Lists::new(&toml::from_str(&text).unwrap());
    let graph = graph(root, &lists.target);
    assert!(graph.len() > 100, "{graph:?}");
    let wrong = lists.violations(&graph);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_deny_toml_does_not_list_is_named() {
    let text = r#"
        graph.targets = ["x86_64-unknown-linux-gnu"]
        licenses.allow = ["MIT", "Apache-2.0"]
        bans.deny = [{ crate = "openssl-sys", reason = "…" }]
        bans.skip = [{ crate = "rand@0.9", reason = "…" }]
    "#;
    let lists = Lists::new(&toml::from_str(text).unwrap());
    let package = |name: &str, version: &str, licence: &str| Package {
        name: name.to_owned(),
        version: version.to_owned(),
        licence: licence.to_owned(),
    };
    let mut graph = vec![
        package("a", "1.0.0", "MIT OR GPL-3.0"),
        package("b", "1.0.0", "Unlicense/MIT"),
        package("c", "1.0.0", "(MIT OR BSL-1.0) AND Apache-2.0"),
        package("rand", "0.9.5", "MIT"),
        package("rand", "0.10.4", "MIT"),
    ];
    assert_eq!(lists.violations(&graph), [""; 0]);
    graph.retain(|package| package.version != "0.9.5");
    graph.extend([
        package("a", "2.0.0", "MIT AND GPL-3.0"),
        package("d", "1.0.0", "Apache-2.0 WITH LLVM-exception"),
        package("e", "1.0.0", ""),
        package("openssl-sys", "0.9.1", "MIT"),
    ]);
    let expected = [
        "a 2.0.0: licence `MIT AND GPL-3.0` is not allowed",
        "d 1.0.0: licence `Apache-2.0 WITH LLVM-exception` is not allowed",
        "e 1.0.0: licence `` is not allowed",
        "openssl-sys 0.9.1 is denied",
        "a is there in several versions: 1.0.0, 2.0.0",
        "rand@0.9 is skipped and not there",
    ];
    assert_eq!(lists.violations(&graph), expected);
}

/// What the file lists.
struct Lists {
    target: String,
    licences: BTreeSet<String>,
    denied: Vec<String>,
    skipped: Vec<String>,
}

impl Lists {
    fn new(file: &Table) -> Self {
        let texts = |section: &str, key: &str| -> Vec<String> {
            let list = file[section][key].as_array().unwrap().iter();
            let text = |entry: &toml::Value| match entry.get("crate") {
                Some(name) => name.as_str().unwrap().to_owned(),
                None => entry.as_str().unwrap().to_owned(),
            };
            list.map(text).collect()
        };
        let [target] = texts("graph", "targets").try_into().unwrap();
        Self {
            target,
            licences: texts("licenses", "allow").into_iter().collect(),
            denied: texts("bans", "deny"),
            skipped: texts("bans", "skip"),
        }
    }

    fn violations(&self, graph: &[Package]) -> Vec<String> {
        let mut wrong = Vec::new();
        for Package {
            name,
            version,
            licence,
        } in graph
        {
            if !is_allowed(licence, &self.licences) {
                wrong.push(format!(
                    "{name} {version}: licence `{licence}` is not allowed"
                ));
            }
            if self
                .denied
                .iter()
                .any(|denied| matches(denied, name, version))
            {
                wrong.push(format!("{name} {version} is denied"));
            }
        }
        let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let is_skipped = |package: &&Package| {
            let mut skipped = self.skipped.iter();
            skipped.any(|skipped| matches(skipped, &package.name, &package.version))
        };
        for package in graph.iter().filter(|package| !is_skipped(package)) {
            let versions = versions.entry(&package.name).or_default();
            versions.push(&package.version);
        }
        for (name, versions) in versions {
            if versions.len() > 1 {
                let versions = versions.join(", ");
                wrong.push(format!("{name} is there in several versions: {versions}"));
            }
        }
        for skipped in &self.skipped {
            let mut packages = graph.iter();
            if !packages.any(|package| matches(skipped, &package.name, &package.version)) {
                wrong.push(format!("{skipped} is skipped and not there"));
            }
        }
        wrong
    }
}

/// Whether an entry (`rand`, `rand@0.9`) is of a package.
fn matches(entry: &str, name: &str, version: &str) -> bool {
    let (wanted, prefix) = entry.split_once('@').unwrap_or((entry, ""));
    let rest = version.strip_prefix(prefix);
    let is_version =
        prefix.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    wanted == name && is_version
}

/// Whether these licences satisfy an expression.
fn is_allowed(expression: &str, licences: &BTreeSet<String>) -> bool {
    let mut expression = Expression::new(expression);
    let is_allowed = expression.either(licences);
    is_allowed && expression.at == expression.words.len()
}

/// A licence expression in the form of SPDX, or in the older one with `/` for `OR`.
struct Expression {
    words: Vec<String>,
    at: usize,
}

impl Expression {
    fn new(text: &str) -> Self {
        let text = text
            .replace('/', " OR ")
            .replace('(', " ( ")
            .replace(')', " ) ");
        Self {
            words: text.split_whitespace().map(str::to_owned).collect(),
            at: 0,
        }
    }

    fn either(&mut self, licences: &BTreeSet<String>) -> bool {
        let mut is_allowed = self.both(licences);
        while self.takes("OR") {
            is_allowed |= self.both(licences);
        }
        is_allowed
    }

    fn both(&mut self, licences: &BTreeSet<String>) -> bool {
        let mut is_allowed = self.one(licences);
        while self.takes("AND") {
            is_allowed &= self.one(licences);
        }
        is_allowed
    }

    fn one(&mut self, licences: &BTreeSet<String>) -> bool {
        if self.takes("(") {
            let is_allowed = self.either(licences);
            return self.takes(")") && is_allowed;
        }
        let Some(mut name) = self.words.get(self.at).cloned() else {
            return false;
        };
        self.at += 1;
        if self.takes("WITH") {
            name = format!("{name} WITH {}", self.words[self.at]);
            self.at += 1;
        }
        licences.contains(&name)
    }

    fn takes(&mut self, word: &str) -> bool {
        let is_next = self.words.get(self.at).is_some_and(|next| next == word);
        self.at += usize::from(is_next);
        is_next
    }
}

/// Every package that is compiled for a target, dependencies of tests and build scripts too.
fn graph(root: &Path, target: &str) -> Vec<Package> {
    let mut command = Command::new(env!("CARGO"));
    command.args(["metadata", "--format-version", "1", "--offline", "--locked"]);
    command
        .args(["--filter-platform", target])
        .current_dir(root);
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let text = |package: &Value, key: &str| package[key].as_str().unwrap_or_default().to_owned();
    packages
        .map(|package| Package {
            name: text(package, "name"),
            version: text(package, "version"),
            licence: text(package, "license"),
        })
        .collect()
}
