//! Where a lake lies, and how it is written.

use std::path::PathBuf;

use crate::model::mailbox::SLOTS;

/// What `contact_activity` repeats of the content of an interaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivityContent {
    /// Neither subject nor preview.
    None,
    /// The subject.
    Subject,
    /// Subject and preview.
    Preview,
}

/// Where the lake lies and how it is written.
#[derive(Debug, Clone)]
pub struct LakeSettings {
    /// Its folder.
    pub path: PathBuf,
    /// What `contact_activity` repeats of the content.
    pub activity_content: ActivityContent,
    /// The slots that this process writes.
    pub slots: Vec<u8>,
}

impl LakeSettings {
    /// Settings of a process that writes all slots.
    pub fn new(path: PathBuf, activity_content: ActivityContent) -> Self {
        Self {
            path,
            activity_content,
            slots: (0..SLOTS).collect(),
        }
    }
}
