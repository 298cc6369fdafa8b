//! Where a chain of calendarView delta stands, as its links hold it.

use crate::model::time::Timestamp;
use crate::sim::token;
use crate::sim::world::World;

/// What a link holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Number of the mailbox.
    pub mailbox: usize,
    /// The window, frozen when the chain began.
    pub window: (Timestamp, Timestamp),
    /// End of the last round; `i64::MIN` in the first.
    pub since: Timestamp,
    /// End of this round; `i64::MAX` where the link begins one.
    pub until: Timestamp,
    /// Blocks already given.
    pub offset: usize,
    /// Which link of the chain this is.
    pub generation: u32,
    /// The chain.
    pub chain: u64,
    /// Ids are immutable.
    pub immutable: bool,
}

impl Position {
    /// As the token of a link.
    pub fn encode(&self, world: &World) -> String {
        let text = format!(
            "{}|{}|{}|{}|{}|{}|{}|{}|{}",
            self.mailbox,
            self.window.0.0,
            self.window.1.0,
            self.since.0,
            self.until.0,
            self.offset,
            self.generation,
            self.chain,
            u8::from(self.immutable),
        );
        token::hide(world, &text)
    }

    /// What a token holds; `None` where this world did not make it.
    pub fn decode(world: &World, token: &str) -> Option<Self> {
        let text = token::reveal(world, token)?;
        let mut parts = text.split('|');
        let mut number = || parts.next()?.parse::<i128>().ok();
        let instant = |number: i128| i64::try_from(number).ok().map(Timestamp);
        Some(Self {
            mailbox: usize::try_from(number()?).ok()?,
            window: (instant(number()?)?, instant(number()?)?),
            since: instant(number()?)?,
            until: instant(number()?)?,
            offset: usize::try_from(number()?).ok()?,
            generation: u32::try_from(number()?).ok()?,
            chain: u64::try_from(number()?).ok()?,
            immutable: number()? == 1,
        })
    }
}
