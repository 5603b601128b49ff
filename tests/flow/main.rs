//! The flow through the player: chunks, joins, seeks, retunes, followers.

mod chunks;
mod joins;
mod live;
mod material;
mod relay;

use auralis_tests::laws::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;
