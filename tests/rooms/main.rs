//! The house stays as it is drawn: the README's map and room table, the laws
//! that can be read from the text of the core, dependencies, file heads and the
//! top level. Each check is a function from a tree to its faults; it is held
//! against this tree, and against small trees made to fail.

mod core_text;
mod dependencies;
mod heads;
mod map;
mod rooms;
mod source;

#[cfg(test)]
mod trees;
