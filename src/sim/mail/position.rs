//! Where a chain of message delta stands, as its links hold it.

use crate::model::time::Timestamp;
use crate::sim::token;
use crate::sim::world::World;

/// What a link holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Number of the mailbox.
    pub mailbox: usize,
    /// Number of the folder.
    pub folder: usize,
    /// End of the last round; `i64::MIN` in the first.
    pub since: Timestamp,
    /// End of this round; `i64::MAX` where the link begins one.
    pub until: Timestamp,
    /// Entries already given.
    pub offset: usize,
    /// Which link of the chain this is.
    pub generation: u32,
    /// The chain.
    pub chain: u64,
    /// Ids are immutable.
    pub immutable: bool,
    /// Selected properties.
    pub fields: u32,
    /// Kinds of change that are reported after the first round: created, updated, deleted.
    pub kinds: u8,
    /// Items after which the chain ends, where `$top` caps it.
    pub cap: usize,
    /// Items after which this round ends by a fault.
    pub cut: usize,
}

/// Where no fault ends a round.
pub const UNCUT: usize = u32::MAX as usize;

impl Position {
    /// As the token of a link.
    pub fn encode(&self, world: &World) -> String {
        let text = format!(
            "{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}|{}",
            self.mailbox,
            self.folder,
            self.since.0,
            self.until.0,
            self.offset,
            self.generation,
            self.chain,
            u8::from(self.immutable),
            self.fields,
            self.kinds,
            self.cap,
            self.cut,
        );
        token::hide(world, &text)
    }

    /// What a token holds; `None` where this world did not make it.
    pub fn decode(world: &World, token: &str) -> Option<Self> {
        let text = token::reveal(world, token)?;
        let mut parts = text.split('|');
        let mut number = || parts.next()?.parse::<i128>().ok();
        Some(Self {
            mailbox: usize::try_from(number()?).ok()?,
            folder: usize::try_from(number()?).ok()?,
            since: Timestamp(i64::try_from(number()?).ok()?),
            until: Timestamp(i64::try_from(number()?).ok()?),
            offset: usize::try_from(number()?).ok()?,
            generation: u32::try_from(number()?).ok()?,
            chain: u64::try_from(number()?).ok()?,
            immutable: number()? == 1,
            fields: u32::try_from(number()?).ok()?,
            kinds: u8::try_from(number()?).ok()?,
            cap: usize::try_from(number()?).ok()?,
            cut: usize::try_from(number()?).ok()?,
        })
    }
}
