//! Decoding real files: every format, gapless, seeking, damage. Files are made
//! by ffmpeg where it is installed; where it is not, the tests that need it say
//! so. With `AURALIS_CORPUS` set the conformance files are held to their sums.

mod corpus;
mod damage;
mod formats;
mod support;
