//! A file that only grows: records with a length and a checksum, so that what a crash or a fault left half written is noticed and cut off.
//!
//! Survives: SIGKILL at any moment (every record is handed to the system before what it announces happens). A power cut may lose the
//! newest records, which costs time and nothing else.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::Digest;
use super::fold::fold;

const HEAD: usize = 12;
/// No record is longer; a longer length is damage.
const LONGEST: usize = 64 << 20;
/// So much of a log is looked at at once.
const WINDOW: usize = 1 << 18;
/// So much is read for a single record: most are shorter.
const NEAR: usize = 512;
/// So much where one near it was asked for just before.
const AROUND: usize = 1 << 16;
/// When so many bytes wait, they are handed to the system unasked.
const BATCH: usize = 1 << 16;

/// Starts every log: what it is, and in which format.
pub type Magic = [u8; 16];

/// Where the first record is.
pub const FIRST: u64 = 16;

/// An open log.
#[derive(Debug)]
pub struct Log {
    file: File,
    /// Where the next record goes, those that wait counted.
    end: u64,
    /// Records that the system does not have yet.
    waiting: Vec<u8>,
    near: Near,
}

/// The part of a log that was read last for a single record.
#[derive(Debug, Default)]
struct Near {
    at: u64,
    bytes: Vec<u8>,
}

impl Near {
    /// What was read from an offset on.
    fn from(&self, offset: u64) -> Option<&[u8]> {
        self.bytes.get(usize::try_from(offset.checked_sub(self.at)?).ok()?..)
    }

    fn of(&self, offset: u64) -> Option<&[u8]> {
        record_at(self.from(offset)?, 0)
    }

    /// Reads what lies at an offset: where that is near what was read last, much to both sides of it, since others there will be asked for, too.
    fn move_to(&mut self, file: &File, offset: u64) -> io::Result<()> {
        let is_near = offset.abs_diff(self.at) < AROUND as u64;
        let (before, length) = if is_near { (AROUND as u64 / 2, AROUND) } else { (0, NEAR) };
        self.at = offset.saturating_sub(before);
        self.bytes.resize(length, 0);
        let there = file.read_at(&mut self.bytes, self.at);
        self.bytes.truncate(*there.as_ref().unwrap_or(&0));
        there.map(drop)
    }
}

impl Log {
    /// Opens a log to add to it and to read single records. With another magic its content is forgotten.
    pub fn open(path: &Path, magic: &Magic) -> io::Result<Log> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut start = Magic::default();
        let end = file.metadata()?.len();
        let mut log = Log { file, end, waiting: Vec::new(), near: Near::default() };
        if log.end < FIRST || log.file.read_exact_at(&mut start, 0).is_err() || start != *magic {
            log.file.set_len(0)?;
            log.file.write_all_at(magic, 0)?;
            log.end = FIRST;
        }
        Ok(log)
    }

    /// Hands every sound record to `each`. From the first damaged one on, and from the first that `each` makes no sense of (`None`), the
    /// rest is cut off.
    pub fn scan(&mut self, mut each: impl FnMut(&[u8]) -> Option<()>) -> io::Result<()> {
        let sound = self.look(FIRST, |_, record| each(record))?;
        self.cut(sound)
    }

    /// Hands sound records to `each`, with their offsets, from the one at `offset` on; tells where those that make sense end.
    pub fn look(&mut self, offset: u64, mut each: impl FnMut(u64, &[u8]) -> Option<()>) -> io::Result<u64> {
        self.flush()?;
        let mut sound = offset.clamp(FIRST, self.end);
        // What was read and not looked at, and the file's bytes behind that.
        let mut window = Vec::with_capacity(2 * WINDOW);
        (&self.file).seek(SeekFrom::Start(sound))?;
        let mut behind = (&self.file).take(self.end - sound);
        'windows: while behind.by_ref().take(WINDOW as u64).read_to_end(&mut window)? > 0 {
            let mut at = 0;
            while let Some(record) = record_at(&window, at) {
                if each(sound + at as u64, record).is_none() {
                    sound += at as u64;
                    break 'windows;
                }
                at += HEAD + record.len();
            }
            sound += at as u64;
            window.drain(..at);
        }
        Ok(sound)
    }

    /// Forgets the records from an offset on.
    pub fn cut(&mut self, offset: u64) -> io::Result<()> {
        if offset < self.end {
            self.flush()?;
            self.near = Near::default();
            self.end = offset;
            self.file.set_len(self.end)?;
        }
        Ok(())
    }

    /// Adds a record and tells its offset. It reaches the system with the next [`Log::flush`], or when enough wait.
    pub fn append(&mut self, payload: &[u8]) -> u64 {
        let offset = self.end;
        self.waiting.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        self.waiting.extend_from_slice(&checksum(payload));
        self.waiting.extend_from_slice(payload);
        self.end += (HEAD + payload.len()) as u64;
        if self.waiting.len() >= BATCH {
            // What the system does not take now stays waiting; the flush that somebody asks for tells of it.
            let _ = self.flush();
        }
        offset
    }

    /// Hands all records to the system. Those that it does not take (a full disk) wait for the next time: records refer to earlier
    /// ones by their order, so none may be missing between two others.
    pub fn flush(&mut self) -> io::Result<()> {
        if !self.waiting.is_empty() {
            self.file.write_all_at(&self.waiting, self.end - self.waiting.len() as u64)?;
            self.waiting.clear();
        }
        Ok(())
    }

    /// One record, if it is sound.
    pub fn read(&mut self, offset: u64) -> Option<Vec<u8>> {
        let written = self.end - self.waiting.len() as u64;
        if let Some(waits) = offset.checked_sub(written) {
            return record_at(&self.waiting, usize::try_from(waits).ok()?).map(<[u8]>::to_vec);
        }
        // A record that is cut off here, or was written later, does not match its checksum.
        if let Some(record) = self.near.of(offset) {
            return Some(record.to_vec());
        }
        self.near.move_to(&self.file, offset).ok()?;
        if let Some(record) = self.near.of(offset) {
            return Some(record.to_vec());
        }
        let (head, rest) = self.near.from(offset)?.split_at_checked(HEAD)?;
        let length = u32::from_le_bytes(*head.first_chunk()?) as usize;
        let is_longer = (rest.len() + 1..=LONGEST).contains(&length);
        let mut payload = vec![0; Some(length).filter(|_| is_longer)?];
        self.file.read_exact_at(&mut payload, offset + HEAD as u64).ok()?;
        (head[4..] == checksum(&payload)).then_some(payload)
    }

    /// Forgets all records.
    pub fn clear(&mut self) -> io::Result<()> {
        self.waiting.clear();
        self.near = Near::default();
        self.end = FIRST;
        self.file.set_len(FIRST)
    }

    /// Where the next record will be: bytes, records that still wait included.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Whether there is no record, not even a waiting one.
    pub fn is_empty(&self) -> bool {
        self.end == FIRST
    }
}

fn record_at(bytes: &[u8], offset: usize) -> Option<&[u8]> {
    let head = bytes.get(offset..offset + HEAD)?;
    let length = u32::from_le_bytes(*head.first_chunk()?) as usize;
    let payload = bytes.get(offset + HEAD..)?.get(..length)?;
    (head[4..] == checksum(payload)).then_some(payload)
}

/// Against accidents, not against people: who can write to the log can write anything.
fn checksum(payload: &[u8]) -> [u8; 8] {
    fold(payload).to_le_bytes()
}

/// The digest at an offset of a record.
pub(super) fn digest_at(bytes: &[u8], at: usize) -> Option<Digest> {
    bytes.get(at..)?.first_chunk().copied().map(Digest)
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().copied().map(u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAGIC: &[u8; 16] = b"softbox test 1\n\n";

    fn records(path: &Path) -> Vec<String> {
        let mut found = Vec::new();
        Log::open(path, MAGIC)
            .unwrap()
            .scan(|record| {
                found.push(String::from_utf8(record.to_vec()).ok()?);
                Some(())
            })
            .unwrap();
        found
    }

    #[test]
    fn a_cut_at_any_byte_keeps_the_records_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = Log::open(&path, MAGIC).unwrap();
        for record in ["one", "", "three"] {
            log.append(record.as_bytes());
        }
        log.flush().unwrap();
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let kept = records(&path);
            assert!(["one", "", "three"].starts_with(&kept.iter().map(String::as_str).collect::<Vec<_>>()));
            assert!(kept.len() < 3);
            let mut log = Log::open(&path, MAGIC).unwrap();
            log.scan(|_| Some(())).unwrap();
            log.append(b"next");
            log.flush().unwrap();
            assert_eq!(records(&path).last().unwrap(), "next");
        }
    }

    #[test]
    fn a_flipped_bit_cuts_off_what_follows_and_is_never_believed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = Log::open(&path, MAGIC).unwrap();
        let offset = log.append(b"one");
        log.append(b"two");
        assert_eq!(log.read(offset).unwrap(), b"one");
        let whole = std::fs::read(&path).unwrap();
        for byte in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[byte] ^= 4;
            std::fs::write(&path, &damaged).unwrap();
            let read = Log::open(&path, MAGIC).unwrap().read(offset);
            assert!(read.is_none_or(|record| record == b"one"), "byte {byte}");
            assert!(records(&path).iter().all(|record| record == "one"), "byte {byte}");
        }
    }

    #[test]
    fn what_was_cut_off_or_forgotten_never_comes_back_behind_what_is_added() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let three = || {
            let mut log = Log::open(&path, MAGIC).unwrap();
            log.clear().unwrap();
            for record in ["one", "two", "six"] {
                log.append(record.as_bytes());
            }
            log.flush().unwrap();
            std::fs::read(&path).unwrap()
        };
        let add = |magic: &Magic| {
            let mut log = Log::open(&path, magic).unwrap();
            log.scan(|_| Some(())).unwrap();
            log.append(b"new");
            log.flush().unwrap();
        };
        // The second of three records is damaged: a new one of its length takes its place.
        let mut damaged = three();
        damaged[FIRST as usize + HEAD + 3 + HEAD] ^= 1;
        std::fs::write(&path, damaged).unwrap();
        add(MAGIC);
        assert_eq!(records(&path), ["one", "new"]);
        three();
        add(b"softbox test 2\n\n");
        add(MAGIC);
        assert_eq!(records(&path), ["new"]);
        three();
        Log::open(&path, MAGIC).unwrap().clear().unwrap();
        add(MAGIC);
        assert_eq!(records(&path), ["new"]);
    }

    #[test]
    fn what_a_full_disk_did_not_take_waits_and_nothing_is_missing_in_between() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = Log::open(&path, MAGIC).unwrap();
        log.append(b"one");
        log.flush().unwrap();
        let writable = std::mem::replace(&mut log.file, File::open(&path).unwrap());
        log.append(b"two");
        assert!(log.flush().is_err());
        log.append(b"three");
        log.file = writable;
        log.append(b"four");
        log.flush().unwrap();
        assert_eq!(records(&path), ["one", "two", "three", "four"]);
    }

    #[test]
    fn records_longer_than_a_window_and_across_its_edge_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = Log::open(&path, MAGIC).unwrap();
        let lengths = [WINDOW - 3 * HEAD, 10, 3 * WINDOW, 0, NEAR - HEAD, NEAR - HEAD + 1, WINDOW, NEAR, 5, 77];
        let numbered = |at: usize| vec![b'a' + at as u8; lengths[at]];
        let offsets: Vec<u64> = (0..lengths.len()).map(|at| log.append(&numbered(at))).collect();
        log.flush().unwrap();
        for (at, offset) in offsets.iter().enumerate() {
            assert_eq!(log.read(*offset), Some(numbered(at)), "{} bytes", lengths[at]);
        }
        assert_eq!(records(&path).iter().map(String::len).collect::<Vec<_>>(), lengths);
        assert_eq!(records(&path).len(), lengths.len(), "looking cuts nothing off");
    }
}
