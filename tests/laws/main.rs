//! The laws, held. First the checker itself: a lawful stage of every kind
//! passes, and each way of breaking a law is caught as that law. Then every
//! stage, and the memory of what measures.

mod checker;
mod limiter;
mod memory;
mod oracle;
mod sound;
mod stages;

use auralis_tests::laws::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;
