//! Who knows whom, how well, and since when? Pure: the same rows and the same day give the same
//! answer, in whatever order and in however many parts they come.

pub mod answer;
pub mod colleagues;
pub mod cooling;
pub mod directory;
pub mod evidence;
pub mod exchange;
pub mod fold;
pub mod lookup;
pub mod network;
pub mod overview;
pub mod relations;
pub mod score;
pub mod share;
pub mod timeline;

#[cfg(test)]
mod tests;
