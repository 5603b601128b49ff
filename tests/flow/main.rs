//! The flow through the player: chunks, joins, seeks, retunes, followers.

mod chunks;
mod live;
mod material;
