//! Arguments, one command, exit code.

use std::process::ExitCode;

use clap::Parser;
use softbox::cli;

fn main() -> ExitCode {
    cli::run(cli::Arguments::parse()).into()
}
