//! The server and the command line: a folder of music, measured, listed and
//! served, to the page and to any client that plays a stream.
//!
//! Reading order: [`commands`] is what a person types; [`config`] what the
//! server is told. [`serve`] starts everything, [`listen`], [`tls`] and [`gate`]
//! let requests in, [`routes`] sends them to [`handlers`]. Below these lie the
//! rooms: the [`catalog`] knows, a [`rule`] says what is looked for in it,
//! [`scan`] finds, [`measuring`] measures, [`media`] opens files, [`stream`] renders
//! on the [`pool`], [`art`] makes pictures small. [`error`] and [`dto`] are how
//! it speaks, [`openapi`] what it says of that.

#![forbid(unsafe_code)]

pub mod admission;
pub mod alike;
pub mod art;
pub mod catalog;
pub mod client;
pub mod commands;
pub mod config;
pub mod copy;
pub mod demo;
pub mod disk;
pub mod dressed;
pub mod dto;
pub mod error;
pub mod events;
pub mod gate;
pub mod handlers;
pub mod jobs;
pub mod limits;
pub mod listen;
pub mod logs;
pub mod m3u;
pub mod measuring;
pub mod media;
pub mod metrics;
pub mod openapi;
pub mod pace;
pub mod part;
pub mod pool;
pub mod range;
pub mod routes;
pub mod rule;
pub mod scan;
pub mod serve;
pub mod stream;
pub mod tls;
pub mod wire;

/// A failure before or outside of any request, in words for whoever started
/// the program.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
