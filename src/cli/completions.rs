//! `softbox completions`: print a script that completes softbox commands in a shell.

use clap::CommandFactory;
use clap_complete::Shell;

use super::show::say;
use super::{Arguments, Exit};

#[derive(Debug, clap::Args)]
pub struct Completions {
    /// The shell to complete in.
    shell: Shell,
}

impl Completions {
    pub fn run(self) -> Exit {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "softbox", &mut script);
        say(String::from_utf8_lossy(&script).trim_end());
        Exit::Done
    }
}
