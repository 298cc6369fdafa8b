//! The source files of the library, and which of them each one imports.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use crate::support::ends_in;
use crate::support::files_below;
use crate::support::root;

/// A module by the names on its way from the root: `["sim", "calendar", "delta"]`.
pub(crate) type Module = Vec<String>;

/// A file under `src`.
pub(crate) struct SourceFile {
    pub path: PathBuf,
    /// The module that the file is; the root has no names.
    pub module: Module,
    pub text: String,
    /// Compiled for tests only.
    pub is_test: bool,
}

impl SourceFile {
    /// The folder directly under `src` that the file lies in.
    pub(crate) fn room(&self) -> Option<&str> {
        let is_in_folder = self.path.strip_prefix(src()).unwrap().components().count() > 1;
        is_in_folder.then(|| self.module[0].as_str())
    }

    /// The number and text of each line that is no comment.
    pub(crate) fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate();
        lines
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .map(|(number, line)| (number + 1, line))
    }

    /// The same without the module of tests that the file may end with.
    pub(crate) fn product_code(&self) -> impl Iterator<Item = &str> {
        let lines: Vec<&str> = self.code().map(|(_, line)| line).collect();
        let tests = lines
            .windows(2)
            .position(|pair| pair[0] == "#[cfg(test)]" && pair[1].ends_with('{'));
        let count = tests.unwrap_or(lines.len());
        lines.into_iter().take(count)
    }

    /// Names of the modules that it declares, and whether they are compiled for tests only.
    fn children(&self) -> Vec<(&str, bool)> {
        let mut found = Vec::new();
        let mut is_test = false;
        for (_, line) in self.code() {
            let declared = line
                .split_once("mod ")
                .filter(|(before, _)| before.is_empty() || before.starts_with("pub"))
                .and_then(|(_, name)| name.strip_suffix(';'));
            found.extend(declared.map(|name| (name, is_test)));
            is_test = line == "#[cfg(test)]" || (is_test && line.starts_with("#["));
        }
        found
    }
}

/// All files under `src`, with those in test modules marked.
pub(crate) fn source_files() -> Vec<SourceFile> {
    let mut files: Vec<SourceFile> = rust_files(&src()).into_iter().map(read).collect();
    let tests: BTreeSet<Module> = files
        .iter()
        .flat_map(|file| {
            let children = file.children().into_iter().filter(|(_, is_test)| *is_test);
            children.map(|(name, _)| child_of(&file.module, name))
        })
        .collect();
    assert!(!tests.is_empty(), "no test modules were found");
    for file in &mut files {
        file.is_test = (1..=file.module.len()).any(|count| tests.contains(&file.module[..count]));
    }
    files
}

/// Which files each file imports, tests left out: where an imported item's module lies, whether it
/// is named by `use`, through a module that was imported, or by its whole path. A file that only
/// declares another as its child does not import it.
pub(crate) fn imports(files: &[SourceFile]) -> BTreeMap<Module, BTreeSet<Module>> {
    let product = || files.iter().filter(|file| !file.is_test);
    let modules: BTreeMap<&Module, &SourceFile> = files
        .iter()
        .filter(|file| !file.module.is_empty())
        .map(|file| (&file.module, file))
        .collect();
    let mut graph = BTreeMap::new();
    for file in product().filter(|file| !file.module.is_empty()) {
        let children = file.children();
        let aliases: BTreeMap<&str, Vec<&str>> = file
            .product_code()
            .filter_map(|line| {
                line.trim_start()
                    .strip_prefix("use crate::")?
                    .strip_suffix(';')
            })
            .filter_map(|path| path.split("::").last().map(|name| (name, path)))
            .map(|(name, path)| (name, path.split("::").collect()))
            .collect();
        let mut imported = BTreeSet::new();
        for path in file.product_code().flat_map(paths) {
            let through = aliases
                .get(path[0])
                .map(|begin| [begin, &path[1..]].concat());
            let named = match through {
                Some(path) => Some(owned(&path)),
                None => absolute(&file.module, &children, &path),
            };
            let lives_in = named.and_then(|named| {
                (1..=named.len())
                    .rev()
                    .find_map(|count| modules.get(&named[..count].to_vec()))
            });
            // Product code names a test module only where it is compiled for tests.
            let product = lives_in.filter(|other| !other.is_test && other.module != file.module);
            imported.extend(product.map(|other| other.module.clone()));
        }
        graph.insert(file.module.clone(), imported);
    }
    graph
}

/// Groups of files that import each other, directly or by way of others of the group.
pub(crate) fn cycles(graph: &BTreeMap<Module, BTreeSet<Module>>) -> Vec<BTreeSet<Module>> {
    let reachable: BTreeMap<&Module, BTreeSet<&Module>> = graph
        .keys()
        .map(|from| (from, reachable(graph, from)))
        .collect();
    let mut found = BTreeSet::new();
    for (from, reached) in &reachable {
        let group: BTreeSet<Module> = reached
            .iter()
            .filter(|to| reachable[**to].contains(from))
            .map(|to| (*to).clone())
            .collect();
        if !group.is_empty() {
            found.insert(group);
        }
    }
    found.into_iter().collect()
}

fn reachable<'a>(
    graph: &'a BTreeMap<Module, BTreeSet<Module>>,
    from: &Module,
) -> BTreeSet<&'a Module> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Module> = graph[from].iter().collect();
    while let Some(next) = open.pop() {
        if reached.insert(next) {
            open.extend(&graph[next]);
        }
    }
    reached
}

/// The folder of the library.
pub(crate) fn src() -> PathBuf {
    root().join("src")
}

fn read(path: PathBuf) -> SourceFile {
    let text = fs::read_to_string(&path).unwrap();
    let module = module_of(path.strip_prefix(src()).unwrap());
    SourceFile {
        path,
        module,
        text,
        is_test: false,
    }
}

fn module_of(inside: &Path) -> Module {
    let mut module: Module = inside
        .with_extension("")
        .iter()
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    module.pop_if(|last| ["mod", "lib", "main"].contains(&last.as_str()));
    module
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = files_below(folder);
    files.retain(|file| ends_in(file, &["rs"]));
    assert!(!files.is_empty());
    files
}

fn owned(names: &[&str]) -> Module {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn child_of(module: &[String], name: &str) -> Module {
    [module, &[name.to_owned()]].concat()
}

/// The paths of two names and more in a line: `crate::sim::mail::delivery::put`.
fn paths(line: &str) -> Vec<Vec<&str>> {
    let code = line.split(" // ").next().unwrap_or_default();
    code.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':')
        .map(|path| path.split("::").collect::<Vec<_>>())
        .filter(|names| names.len() > 1)
        .collect()
}

/// The way from the root to what a path in a module names, if it leads into the library.
fn absolute(module: &[String], children: &[(&str, bool)], path: &[&str]) -> Option<Module> {
    match path[0] {
        "crate" => Some(owned(&path[1..])),
        "super" => {
            let ups = path.iter().take_while(|name| **name == "super").count();
            let parent = &module[..module.len() - ups];
            Some([parent, &owned(&path[ups..])].concat())
        }
        "self" => Some([module, &owned(&path[1..])].concat()),
        name if children.contains(&(name, false)) => Some([module, &owned(path)].concat()),
        _ => None,
    }
}

#[test]
fn files_that_import_each_other_are_a_cycle() {
    let module = |name: &str| vec![name.to_owned()];
    let check = |edges: &[(&str, &[&str])], expected: &[&[&str]]| {
        let graph = edges
            .iter()
            .map(|(from, to)| (module(from), to.iter().map(|to| module(to)).collect()))
            .collect();
        let expected: Vec<BTreeSet<Module>> = expected
            .iter()
            .map(|group| group.iter().map(|name| module(name)).collect())
            .collect();
        assert_eq!(cycles(&graph), expected);
    };
    check(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])], &[]);
    check(
        &[("a", &["b"]), ("b", &["c"]), ("c", &["a"]), ("d", &["a"])],
        &[&["a", "b", "c"]],
    );
}

#[test]
fn imports_are_found_in_every_form() {
    let file = |path: &str, text: &str| SourceFile {
        path: src().join(path),
        module: module_of(Path::new(path)),
        text: text.to_owned(),
        is_test: false,
    };
    let files = [
        file("a/mod.rs", "pub mod b;\nmod c;\nfn f() { c::g() }\n"),
        file("a/b.rs", "use crate::d::Item;\n// use crate::a::Item;\n"),
        file("a/c.rs", "fn g() -> super::b::Item { crate::a::b::h() }\n"),
        file("e.rs", "use crate::a;\nfn e() { a::c::g() }\n"),
        file(
            "d.rs",
            "#[cfg(test)]\nmod tests {\n    use crate::a::X;\n}\n",
        ),
        file("f.rs", "#[cfg(test)]\nuse crate::a::tests::T;\n"),
        SourceFile {
            is_test: true,
            ..file("a/tests.rs", "use crate::f::X;\n")
        },
    ];
    let text: Vec<String> = imports(&files)
        .iter()
        .map(|(from, to)| {
            let to: Vec<String> = to.iter().map(|to| to.join("::")).collect();
            format!("{} -> {}", from.join("::"), to.join(", "))
        })
        .collect();
    assert_eq!(
        text,
        [
            "a -> a::c",
            "a::b -> d",
            "a::c -> a::b",
            "d -> ",
            "e -> a, a::c",
            "f -> "
        ]
    );
}
