//! What the integration tests share: the real binary, a simulated tenant, Python as the reader.

pub(crate) mod corpora;
pub(crate) mod crm;
pub(crate) mod python;
pub(crate) mod scripted;
pub(crate) mod served;
pub(crate) mod sources;
pub(crate) mod tenant;
pub(crate) mod turn;

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;

/// The folder of the package.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files in a folder and the folders below it, in order.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Whether the name of a file has one of these endings.
pub(crate) fn ends_in(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension();
    ending.is_some_and(|ending| endings.iter().any(|known| ending == *known))
}

/// The target folder, wherever `CARGO_TARGET_DIR` has it.
pub(crate) fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()
}

/// The program under test.
pub(crate) fn touchpoint() -> Command {
    Command::new(env!("CARGO_BIN_EXE_touchpoint"))
}

/// Runs a command to its end and gives what it printed; the test fails unless it ends with `code`.
pub(crate) fn expect_code(command: &mut Command, code: i32) -> String {
    let output = command.output().unwrap();
    let found = output.status.code();
    assert_eq!(found, Some(code), "{command:?}\n{}", text_of(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Both streams of a command, for the message of a test that fails.
pub(crate) fn text_of(output: &Output) -> String {
    format!(
        "stdout: {}\nstderr: {}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// A `touchpoint` command with its configuration.
pub(crate) fn with_config(config: &Path, arguments: &[&str]) -> Command {
    let mut command = touchpoint();
    command.arg("--config").arg(config).args(arguments);
    command
}

/// A line for the shell that runs the program, with other folders in the place of those that it names.
pub(crate) fn with_folders(line: &str, folders: &[(&str, impl AsRef<Path>)]) -> Command {
    let mut here = line.replace("/usr/local/bin/touchpoint", "touchpoint");
    for (named, folder) in folders {
        here = here.replace(named, folder.as_ref().to_str().unwrap());
    }
    let program = Path::new(env!("CARGO_BIN_EXE_touchpoint"));
    let programs = program.parent().unwrap().display();
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &here]);
    command.env("PATH", format!("{programs}:/usr/local/bin:/usr/bin:/bin"));
    command
}

/// The same command, bound by the modes of files even where the tests run as root.
pub(crate) fn obeying_modes(command: &Command) -> Command {
    let mut bound = python::script("obey_modes.py");
    bound.arg(command.get_program()).args(command.get_args());
    bound
}

/// A configuration whose one source is an archive of one mailbox, `bob@contoso.example`.
pub(crate) fn archive_config(path: &str, format: &str) -> String {
    format!(
        "[lake]\npath = \"lake\"\n[index]\npath = \"index\"\n[state]\npath = \"state\"\n\
         [crm]\ncontacts = \"contacts.csv\"\naccounts = \"accounts.csv\"\n\
         [[archives]]\nname = \"old\"\nformat = \"{format}\"\npath = \"{path}\"\n\
         mailboxes = \"one\"\naddress = \"bob@contoso.example\"\ndomains = [\"contoso.example\"]\n"
    )
}

/// The same with a mailbox for each subfolder.
pub(crate) fn subfolders_config(path: &str, format: &str) -> String {
    archive_config(path, format).replace(
        "\"one\"\naddress = \"bob@contoso.example\"",
        "\"subfolders\"",
    )
}

/// A folder with a configuration, a CRM with Ann of Customer, and an archive of `.eml` files in
/// `mails`: each a name and its text.
pub(crate) fn archive_folder<'a>(
    config: &str,
    mails: impl IntoIterator<Item = (String, &'a str)>,
) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "contacts.csv",
        "id,name,email,other_emails,account_id\nc1,Ann,ann@customer.example,,a1\n",
    );
    write(
        "accounts.csv",
        "id,name,domains\na1,Customer,customer.example\n",
    );
    write("touchpoint.toml", config);
    fs::create_dir(folder.path().join("mails")).unwrap();
    for (name, mail) in mails {
        write(&format!("mails/{name}.eml"), mail);
    }
    folder
}

/// The same with one mail, from Ann to Bob.
pub(crate) fn archive_of_one_mail(config: &str) -> TempDir {
    let mail = "From: ann@customer.example\nTo: bob@contoso.example\n\
                Date: Mon, 2 Mar 2026 10:00:00 +0000\nSubject: s\n\nx\n";
    archive_folder(config, [("1".to_owned(), mail)])
}

/// Renames a file below a folder, and makes the folder that it comes into.
pub(crate) fn rename_into(folder: &Path, from: &str, to: &str) {
    let to = folder.join(to);
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::rename(folder.join(from), to).unwrap();
}

/// Starts a run and kills it after a delay. (The timing is what is tested: nothing is waited for.)
pub(crate) fn run_and_kill(config: &Path, after: Duration) {
    let mut command = with_config(config, &["run"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut process = command.spawn().unwrap();
    let (_sender, receiver) = std::sync::mpsc::channel::<()>();
    let _ = receiver.recv_timeout(after);
    process.kill().unwrap();
    process.wait().unwrap();
}

/// Runs `touchpoint run --format json` and gives its report.
pub(crate) fn run_report(config: &Path, arguments: &[&str], code: i32) -> serde_json::Value {
    let mut command = with_config(config, &["run", "--format", "json"]);
    let stdout = expect_code(command.args(arguments), code);
    serde_json::from_str(&stdout).unwrap()
}
