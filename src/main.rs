//! Arguments, one command, exit code.

use std::process::ExitCode;

use clap::Parser;
use softbox::{cli, memory};

fn main() -> ExitCode {
    memory::give_back_soon();
    cli::run(cli::Arguments::parse()).into()
}
