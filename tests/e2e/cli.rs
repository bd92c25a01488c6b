//! The command `purse`, as its users meet it: the built program, run in a folder of its own.

mod approval;
mod bad_input;
mod batch;
mod changes;
mod demo;
mod elsewhere;
mod init;
mod limits;
mod lodging;
mod names;
mod output;
pub(crate) mod purse;
mod stopping;
mod story;
mod trusting;
mod verifying;
mod waiting;
