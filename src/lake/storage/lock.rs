//! Slot locks: on one machine, two processes never write the same slot.

use std::fs::File;
use std::fs::TryLockError;
use std::io::Write;
use std::path::Path;

use crate::lake::error::LakeError;
use crate::lake::storage::disk::create_folder;

/// The locks of some slots, held until dropped (or until the process ends, however it ends).
#[derive(Debug)]
pub(crate) struct SlotLocks {
    held: Vec<(u8, File)>,
}

impl SlotLocks {
    /// Takes the locks of the slots, or none of them.
    pub(crate) fn take(folder: &Path, slots: &[u8]) -> Result<Self, LakeError> {
        create_folder(folder)?;
        let mut held = Vec::with_capacity(slots.len());
        for &slot in slots {
            let path = folder.join(format!("slot-{slot:02}.lock"));
            let mut file = File::options()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)
                .map_err(LakeError::io("open", &path))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let holder = std::fs::read_to_string(&path).unwrap_or_default();
                    return Err(LakeError::Locked { path, holder });
                }
                Err(TryLockError::Error(error)) => {
                    return Err(LakeError::io("lock", &path)(error));
                }
            }
            // The id helps those who wait; without it the lock still holds.
            let _ = file
                .set_len(0)
                .and_then(|()| write!(file, "{}", std::process::id()));
            held.push((slot, file));
        }
        Ok(Self { held })
    }

    /// Whether the lock of a slot is held.
    pub(crate) fn holds(&self, slot: u8) -> bool {
        self.held.iter().any(|(held, _)| *held == slot)
    }
}
