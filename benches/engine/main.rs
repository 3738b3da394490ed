//! What the engine costs next to ninja, on the same campaign and interleaved: `cargo bench --bench engine`.
//!
//! `SOFTBOX_BENCH_PHOTOS=20,1000,10000` chooses the sizes, `SOFTBOX_BENCH_FOLDER=/some/disk` where, `SOFTBOX_BENCH_ROUNDS=15` how often.
//! Without ninja on the path only softbox is measured.

mod measure;
mod shop;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use measure::{Taken, median, run};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// One campaign twice: for softbox and for ninja.
struct Bench {
    ours: PathBuf,
    theirs: Option<PathBuf>,
    photos: usize,
    rounds: usize,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [command, folder] = &arguments[..]
        && command == "build"
    {
        return shop::build(Path::new(folder)).map(drop);
    }
    let photos = std::env::var("SOFTBOX_BENCH_PHOTOS").unwrap_or_else(|_| "20,1000,10000".to_owned());
    let place = std::env::var_os("SOFTBOX_BENCH_FOLDER").map_or_else(std::env::temp_dir, PathBuf::from);
    let rounds = std::env::var("SOFTBOX_BENCH_ROUNDS").map_or(Ok(15), |rounds| rounds.parse())?;
    for photos in photos.split(',') {
        let folder = tempfile::tempdir_in(&place)?;
        Bench::new(folder.path(), photos.parse()?, rounds)?.run()?;
    }
    Ok(())
}

impl Bench {
    fn new(folder: &Path, photos: usize, rounds: usize) -> Result<Bench> {
        let ours = folder.join("softbox");
        shop::write_sources(&ours, photos)?;
        let has_ninja = Command::new("ninja").arg("--version").output().is_ok_and(|output| output.status.success());
        let theirs = has_ninja.then(|| folder.join("ninja"));
        if let Some(theirs) = &theirs {
            shop::write_sources(theirs, photos)?;
            shop::write_ninja(theirs, photos)?;
        }
        Ok(Bench { ours, theirs, photos, rounds })
    }

    fn run(&self) -> Result<()> {
        println!("\n{} photos, {} actions", self.photos, self.photos * (1 + shop::FORMATS));
        println!(
            "{:<22}{:>11}{:>11}{:>9}{:>11}{:>11}{:>9}",
            "", "wall", "cpu", "memory", "their wall", "cpu", "ratios"
        );
        let few = if self.photos > 2000 { 1 } else { 3 };
        self.compare("full build", few, |folder, _| clear(folder))?;
        self.compare("nothing changed", self.rounds, |_, _| Ok(()))?;
        let photo = |folder: &Path, round: usize| {
            Ok(shop::write_photo(folder, round * 7919 % self.photos, &format!("round {round}"))?)
        };
        self.compare("one photo changed", self.rounds, photo)?;
        let template = |folder: &Path, round: usize| Ok(shop::write_template(folder, 1, &format!("round {round}"))?);
        self.compare("one template changed", few, template)?;
        self.compare_restore()
    }

    /// Builds both campaigns in turn, each time after `change`.
    fn compare(&self, name: &str, rounds: usize, change: impl Fn(&Path, usize) -> Result<()>) -> Result<()> {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..rounds {
            change(&self.ours, round)?;
            settle();
            ours.push(run(&mut softbox(&self.ours)?)?);
            if let Some(folder) = &self.theirs {
                change(folder, round)?;
                settle();
                theirs.push(run(&mut ninja(folder))?);
            }
        }
        print(name, &ours, &theirs);
        Ok(())
    }

    /// All assets from the store, next to a plain copy of the same files.
    fn compare_restore(&self) -> Result<()> {
        let (dist, copy) = (self.ours.join("dist"), self.ours.with_file_name("copy"));
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        run(Command::new("cp").arg("-r").arg(&dist).arg(&copy))?;
        for _ in 0..self.rounds.min(5) {
            fs::remove_dir_all(&dist)?;
            ours.push(run(&mut softbox(&self.ours)?)?);
            fs::remove_dir_all(&copy)?;
            theirs.push(run(Command::new("cp").arg("-r").arg(&dist).arg(&copy))?);
        }
        fs::remove_dir_all(&copy)?;
        print("dist restored (cp -r)", &ours, &theirs);
        Ok(())
    }
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

fn softbox(folder: &Path) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("build").arg(folder);
    Ok(command)
}

fn ninja(folder: &Path) -> Command {
    let mut command = Command::new("ninja");
    command.arg("-C").arg(folder).arg("-j2").arg("--quiet");
    command
}

fn print(name: &str, ours: &[Taken], theirs: &[Taken]) {
    let (ours, them) = (median(ours), median(theirs));
    let ms = |time: std::time::Duration| format!("{:.1} ms", time.as_secs_f64() * 1e3);
    print!("{name:<22}{:>11}{:>11}{:>6} MB", ms(ours.wall), ms(ours.cpu), ours.memory >> 20);
    if !theirs.is_empty() {
        let ratio = |a: std::time::Duration, b: std::time::Duration| a.as_secs_f64() / b.as_secs_f64();
        let (wall, cpu) = (ratio(ours.wall, them.wall), ratio(ours.cpu, them.cpu));
        print!("{:>11}{:>11}  wall {wall:.2} cpu {cpu:.2}", ms(them.wall), ms(them.cpu));
    }
    println!();
}
