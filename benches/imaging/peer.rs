//! sharp, in a process of its own that waits for its turns.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::Outcome;
use super::measure::Cost;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/imaging");

/// A way to use sharp.
pub struct Way {
    /// For people.
    pub name: &'static str,
    /// For the script: a function and how many threads libvips uses inside each picture.
    order: &'static str,
}

/// As its documentation shows it, and as those write it who know it well; each with one and two threads inside.
pub const WAYS: [Way; 6] = [
    Way { name: "usual, 1 inside", order: "usual 1" },
    Way { name: "usual, 2 inside", order: "usual 2" },
    Way { name: "expert, 1 inside", order: "expert 1" },
    Way { name: "expert, 2 inside", order: "expert 2" },
    Way { name: "at half, 1 inside", order: "expertAtHalf 1" },
    Way { name: "at half, 2 inside", order: "expertAtHalf 2" },
];

pub struct Peer {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    folder: tempfile::TempDir,
}

impl Peer {
    /// `None`, with a line that says so, where node or sharp is missing.
    pub fn start(sizes: &[(u32, u32)]) -> Outcome<Option<Peer>> {
        let sizes: Vec<String> = sizes.iter().map(|(width, height)| format!("{width}x{height}")).collect();
        let process = Command::new("node")
            .arg("peer-sharp.mjs")
            .args(sizes)
            .current_dir(FOLDER)
            .env("UV_THREADPOOL_SIZE", "2")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let missing = "no comparison with sharp: it needs node, and `npm install` in benches/imaging";
        let Ok(mut process) = process else {
            println!("{missing}");
            return Ok(None);
        };
        let orders = process.stdin.take().ok_or("no way to send orders")?;
        let answers = BufReader::new(process.stdout.take().ok_or("no way to read answers")?);
        let mut peer = Peer { process, orders, answers, folder: tempfile::tempdir()? };
        let greeting = peer.answer()?;
        if greeting.is_empty() {
            println!("{missing}");
            return Ok(None);
        }
        println!("Beside it: {greeting}");
        Ok(Some(peer))
    }

    /// The photo that the next turns are about.
    pub fn open(&mut self, photo: &[u8]) -> Outcome<()> {
        let path = self.folder.path().join("photo.jpg");
        std::fs::write(&path, photo)?;
        writeln!(self.orders, "open {}", path.display())?;
        self.answer()?;
        Ok(())
    }

    /// One turn, measured by itself in its own process.
    pub fn run(&mut self, way: &Way) -> Outcome<Cost> {
        writeln!(self.orders, "{}", way.order)?;
        let answer = self.answer()?;
        let numbers: Vec<f64> = answer.split(' ').map(str::parse).collect::<Result<_, _>>()?;
        let &[cpu, wall, bytes] = &numbers[..] else { return Err(format!("sharp answers {answer:?}").into()) };
        Ok(Cost { cpu, wall, bytes: bytes as u64 })
    }

    fn answer(&mut self) -> Outcome<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
