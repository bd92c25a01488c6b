//! The command `purse`, as its users meet it: the built program, run in a folder of its own.

mod bad_input;
mod changes;
mod demo;
mod elsewhere;
mod init;
mod names;
mod output;
mod purse;
mod stopping;
mod story;
