//! Runs a command and measures what it took.

use std::io;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What one process took, its own children counted.
#[derive(Debug, Clone, Copy)]
pub struct Taken {
    pub wall: Duration,
    pub cpu: Duration,
    /// Peak of resident memory, in bytes.
    pub memory: u64,
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> io::Result<Taken> {
    let started = Instant::now();
    let child = command.stdout(Stdio::null()).spawn()?;
    let (mut status, mut usage) = (0, std::mem::MaybeUninit::<libc::rusage>::zeroed());
    // SAFETY: both pointers are to values that live until the call returns; all zeroes is a valid rusage.
    let (waited, usage) = unsafe {
        let waited = libc::wait4(child.id() as libc::pid_t, &mut status, 0, usage.as_mut_ptr());
        (waited, usage.assume_init())
    };
    if waited < 0 {
        return Err(io::Error::last_os_error());
    }
    if status != 0 {
        return Err(io::Error::other(format!("{command:?} ended with {status}")));
    }
    let time = |time: libc::timeval| Duration::new(time.tv_sec as u64, time.tv_usec as u32 * 1000);
    let cpu = time(usage.ru_utime) + time(usage.ru_stime);
    Ok(Taken { wall: started.elapsed(), cpu, memory: usage.ru_maxrss as u64 * 1024 })
}

/// The middle of several measurements, each figure for itself.
pub fn median(all: &[Taken]) -> Taken {
    let middle = |figure: &dyn Fn(&Taken) -> u64| {
        let mut figures: Vec<u64> = all.iter().map(figure).collect();
        figures.sort_unstable();
        figures.get(figures.len() / 2).copied().unwrap_or_default()
    };
    Taken {
        wall: Duration::from_nanos(middle(&|taken| taken.wall.as_nanos() as u64)),
        cpu: Duration::from_nanos(middle(&|taken| taken.cpu.as_nanos() as u64)),
        memory: middle(&|taken| taken.memory),
    }
}
