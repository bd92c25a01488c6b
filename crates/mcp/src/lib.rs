//! A server of the Model Context Protocol, over stdio, through which a language model pays within its session's limits.
//!
//! One process, one session, one key: no tool takes a key, names another session or changes what may be spent, and the
//! owner's code is not part of this crate. What sellers and the chain say comes back as quoted data in results, never in
//! the tools' descriptions, which are fixed. A refusal is a normal result that says whether money moved and what to do.
//!
//! - `tools`: what each tool is called, does and takes
//! - `arguments`: what a model gives, read strictly
//! - `server`: the protocol
//! - `work`: what each tool does
//! - `requests`: files in which the owner is asked for something

mod arguments;
mod requests;
mod server;
mod tools;
mod work;

pub use requests::{Asking, OwnerRequest, RequestError};
pub use server::{PurseServer, ServeError, serve};
pub use tools::{TOOL_NAMES, told};
