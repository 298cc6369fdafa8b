//! What an error of a command says, and the exit code that it gives.

use crate::pipeline::error::RunError;
use crate::report::exit;

/// The error and its causes, each once: some messages contain their cause already.
pub(super) fn causes(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// The exit code.
pub(super) fn exit_code(error: &anyhow::Error) -> u8 {
    if matches!(error.downcast_ref(), Some(RunError::Interrupted)) {
        exit::INTERRUPTED
    } else {
        exit::NOT_RUN
    }
}
