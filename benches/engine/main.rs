//! What the engine costs next to ninja and GNU make, on the same campaign and interleaved: `cargo bench --bench engine`.
//!
//! `SOFTBOX_BENCH_PHOTOS=20,1000,10000` chooses the sizes, `SOFTBOX_BENCH_FOLDER=/some/disk` where, `SOFTBOX_BENCH_ROUNDS=15` how often.
//! Peers that are not on the path are left out, and so are all above [`PEERS_UP_TO`] photos: a full build takes them an hour there. At the end
//! the two largest campaigns are built in turns: how the cost grows.

mod measure;
mod shop;
mod table;

use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use measure::{Taken, median, run};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const PEERS_UP_TO: usize = 10_000;

/// Rounds of what takes long.
const FEW: usize = 3;

/// A peer that takes longer than this is measured once: GNU make needs a minute to find that nothing is to be done in 70,000 targets.
const SLOW: Duration = Duration::from_secs(8);

/// What a photo's assets take where they lie in memory, and what the largest process holds of it.
const MEMORY_EACH: usize = 40 << 10;

/// One campaign, once for each tool.
struct Bench {
    ours: PathBuf,
    peers: Vec<Peer>,
    photos: usize,
    rounds: usize,
}

/// What happens before a build.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Full,
    Nothing,
    Photo,
    Template,
    /// Of a campaign with a row in a table for each photo, one row changes; it is read and planned, not built.
    Table,
    Restore,
}

/// Another tool and its folder.
struct Peer {
    name: &'static str,
    folder: PathBuf,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["build", folder] => return shop::build(Path::new(folder)).map(drop),
        ["watch", folder] => return shop::watch(Path::new(folder)),
        ["plan", folder] => return table::plan(Path::new(folder)),
        ["touch", bytes] => return touch_memory(bytes.parse()?),
        _ => {}
    }
    let photos = std::env::var("SOFTBOX_BENCH_PHOTOS").unwrap_or_else(|_| "20,1000,10000".to_owned());
    let place = std::env::var_os("SOFTBOX_BENCH_FOLDER").map_or_else(std::env::temp_dir, PathBuf::from);
    let rounds = std::env::var("SOFTBOX_BENCH_ROUNDS").map_or(Ok(15), |rounds| rounds.parse())?;
    let mut benches = Vec::new();
    for photos in photos.split(',') {
        let folder = tempfile::tempdir_in(&place)?;
        let bench = Bench::new(folder.path(), photos.parse()?, rounds)?;
        bench.run()?;
        benches.push((folder, bench));
    }
    match &benches[..] {
        [.., (_, small), (_, large)] => compare_sizes(small, large),
        _ => Ok(()),
    }
}

impl Step {
    const ALL: [Step; 6] = [Step::Full, Step::Nothing, Step::Photo, Step::Template, Step::Table, Step::Restore];

    fn name(self) -> &'static str {
        match self {
            Step::Full => "full build",
            Step::Nothing => "nothing changed",
            Step::Photo => "one photo changed",
            Step::Template => "one template changed",
            Step::Table => "table read and planned (no-op)",
            Step::Restore => "dist restored (cp -r)",
        }
    }

    /// Changes the sources in a folder of so many photos.
    fn change(self, folder: &Path, photos: usize, round: usize) -> io::Result<()> {
        match self {
            Step::Photo => shop::write_photo(folder, round * 7919 % photos, &format!("round {round} of {photos}")),
            Step::Template => shop::write_template(folder, 1, &format!("round {round} of {photos}")),
            Step::Full | Step::Nothing | Step::Table | Step::Restore => Ok(()),
        }
    }
}

impl Bench {
    fn new(folder: &Path, photos: usize, rounds: usize) -> Result<Bench> {
        let ours = folder.join("softbox");
        shop::write_sources(&ours, photos)?;
        let mut peers = Vec::new();
        for name in ["ninja", "make"] {
            let is_there = Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success());
            if is_there && photos <= PEERS_UP_TO {
                let peer = Peer { name, folder: folder.join(name) };
                shop::write_sources(&peer.folder, photos)?;
                shop::write_rules(&peer.folder, photos)?;
                peer.clear(photos)?;
                peers.push(peer);
            }
        }
        Ok(Bench { ours, peers, photos, rounds })
    }

    fn run(&self) -> Result<()> {
        println!("\n{} photos, {} actions", self.photos, self.photos * (1 + shop::FORMATS));
        print!("{:<30}{:>10}{:>10}{:>8}", "", "wall", "cpu", "memory");
        for peer in &self.peers {
            print!("{:>13} wall{:>7}{:>17}", peer.name, "cpu", "wall, cpu ours/");
        }
        println!();
        for step in Step::ALL {
            match step {
                Step::Full | Step::Template => self.compare(step, FEW)?,
                Step::Nothing | Step::Photo | Step::Table => self.compare(step, self.rounds)?,
                Step::Restore => self.compare_with_copy()?,
            }
        }
        println!("{:<30}{:>10}", "watch: save to first action", self.watched()?);
        Ok(())
    }

    /// Builds all campaigns in turn, each time after a step. A table stands beside what the peers need to find that nothing is to be done.
    fn compare(&self, step: Step, rounds: usize) -> Result<()> {
        let mut ours = Vec::new();
        let mut theirs = vec![Vec::new(); self.peers.len()];
        for round in 0..rounds {
            ours.push(self.ours(step, round)?);
            for (peer, theirs) in self.peers.iter().zip(&mut theirs).filter(|(_, theirs)| !is_slow(theirs)) {
                if step == Step::Full {
                    peer.clear(self.photos)?;
                }
                step.change(&peer.folder, self.photos, round)?;
                theirs.push(self.run_warm(&mut peer.build())?);
            }
        }
        print(step.name(), &ours, &theirs);
        Ok(())
    }

    /// Our part of a round.
    fn ours(&self, step: Step, round: usize) -> Result<Taken> {
        let table = self.ours.with_file_name("table");
        match step {
            Step::Full => clear(&self.ours)?,
            Step::Table if table.exists() => table::change(&table, self.photos, round)?,
            Step::Table => table::write(&table, self.photos)?,
            Step::Restore => fs::remove_dir_all(self.ours.join("dist"))?,
            Step::Nothing | Step::Photo | Step::Template => step.change(&self.ours, self.photos, round)?,
        }
        match step {
            Step::Table => self.run_warm(&mut softbox("plan", &table)?),
            _ => self.run_warm(&mut softbox("build", &self.ours)?),
        }
    }

    /// Runs a command, a large campaign's in memory that was touched a moment before.
    fn run_warm(&self, command: &mut Command) -> Result<Taken> {
        settle();
        if self.photos > PEERS_UP_TO {
            // In a process of its own: what this one ever held would count for all that it starts. It empties the processor's caches, too, which
            // would matter beside peers.
            run(Command::new(std::env::current_exe()?).arg("touch").arg((self.photos * MEMORY_EACH).to_string()))?;
        }
        Ok(run(command)?)
    }

    /// All assets from the store, next to a plain copy of the same files.
    fn compare_with_copy(&self) -> Result<()> {
        let (dist, copy) = (self.ours.join("dist"), self.ours.with_file_name("copy"));
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..self.rounds.min(5) {
            ours.push(self.ours(Step::Restore, round)?);
            theirs.push(self.run_warm(Command::new("cp").arg("-r").arg(&dist).arg(&copy))?);
            fs::remove_dir_all(&copy)?;
        }
        print(Step::Restore.name(), &ours, &[theirs]);
        Ok(())
    }

    /// The median time from the end of a batch of saves to the start of the first action, in a process that watches.
    fn watched(&self) -> Result<String> {
        let output = softbox("watch", &self.ours)?.output()?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

impl Peer {
    fn build(&self) -> Command {
        let mut command = Command::new(self.name);
        command.arg("-C").arg(&self.folder).arg("-j2");
        command.arg(if self.name == "ninja" { "--quiet" } else { "--silent" });
        command
    }

    /// Leaves nothing but the sources, and the folders that make does not make itself.
    fn clear(&self, photos: usize) -> Result<()> {
        clear(&self.folder)?;
        fs::create_dir_all(self.folder.join("developed"))?;
        for photo in 0..photos {
            fs::create_dir_all(self.folder.join(format!("dist/{photo:06}")))?;
        }
        Ok(())
    }
}

/// How the cost grows from a campaign to a larger one, built in turns.
fn compare_sizes(small: &Bench, large: &Bench) -> Result<()> {
    println!("\n{} photos beside {}, in turns", large.photos, small.photos);
    println!(
        "{:<30}{:>10}{:>10}{:>8}{:>10} wall{:>7}{:>17}",
        "", "wall", "cpu", "memory", "smaller", "cpu", "wall, cpu times"
    );
    for step in Step::ALL {
        let (mut less, mut more) = (Vec::new(), Vec::new());
        // Behind the rounds before, whose changes are known.
        for round in large.rounds + FEW..large.rounds + 2 * FEW {
            less.push(small.ours(step, round)?);
            more.push(large.ours(step, round)?);
        }
        print(step.name(), &more, &[less]);
    }
    Ok(())
}

fn is_slow(taken: &[Taken]) -> bool {
    taken.last().is_some_and(|last| last.wall > SLOW)
}

/// Touches memory and gives it back: the first to use a page of a virtual machine waits for the machine below, which is nobody's cost here, and
/// which takes back what lies idle for seconds. No more than half of what is free.
fn touch_memory(bytes: usize) -> Result<()> {
    let about = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let free =
        about.lines().find_map(|line| line.strip_prefix("MemAvailable:")?.trim().strip_suffix(" kB")?.parse().ok());
    let mut memory = vec![0u8; bytes.min(free.unwrap_or(0) * 1024 / 2)];
    memory.iter_mut().step_by(4096).for_each(|page| *page = 1);
    std::hint::black_box(memory);
    Ok(())
}

/// The clock of the file system has to move on before a stat can be trusted.
fn settle() {
    std::thread::sleep(std::time::Duration::from_millis(25));
}

/// Leaves nothing but the sources.
fn clear(folder: &Path) -> Result<()> {
    for name in ["dist", "developed", ".softbox", ".ninja_log", ".ninja_deps"] {
        let path = folder.join(name);
        if path.is_dir() {
            fs::remove_dir_all(path)?;
        } else if path.exists() {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// This very program, as a process of its own.
fn softbox(what: &str, folder: &Path) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(what).arg(folder);
    Ok(command)
}

fn print(name: &str, ours: &[Taken], theirs: &[Vec<Taken>]) {
    let ours = median(ours);
    let ms = |time: std::time::Duration| format!("{:.1} ms", time.as_secs_f64() * 1e3);
    print!("{name:<30}{:>10}{:>10}{:>5} MB", ms(ours.wall), ms(ours.cpu), ours.memory >> 20);
    for theirs in theirs {
        let them = median(theirs);
        let ratio = |a: std::time::Duration, b: std::time::Duration| a.as_secs_f64() / b.as_secs_f64();
        let (wall, cpu) = (ratio(ours.wall, them.wall), ratio(ours.cpu, them.cpu));
        print!("{:>13}{:>12}{:>10.2}{:>7.2}", ms(them.wall), ms(them.cpu), wall, cpu);
    }
    println!();
}
