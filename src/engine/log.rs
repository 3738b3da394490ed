//! A file that only grows: records with a length and a checksum, so that what a crash or a fault left half written is noticed and cut off.
//!
//! Survives: SIGKILL at any moment (every record is handed to the system before what it announces happens). A power cut may lose the
//! newest records, which costs time and nothing else.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

const HEAD: usize = 12;
/// No record is longer; a longer length is damage.
const LONGEST: usize = 64 << 20;

/// An open log, positioned at its end.
#[derive(Debug)]
pub struct Log {
    file: File,
    end: u64,
    waiting: Vec<u8>,
}

/// Records this large are handed to the system at once.
const BATCH: usize = 1 << 16;

impl Log {
    /// Opens a log that starts with `magic`, handing every sound record with its offset to `each`. From the first damaged record on, and
    /// with another magic, the rest is cut off.
    pub fn open(path: &Path, magic: &[u8; 16], mut each: impl FnMut(u64, &[u8])) -> io::Result<Log> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let mut end = 0;
        if bytes.starts_with(magic) {
            end = magic.len();
            while let Some(record) = record_at(&bytes, end) {
                each(end as u64, record);
                end += HEAD + record.len();
            }
        }
        if end < bytes.len() || end == 0 {
            file.set_len(end as u64)?;
        }
        let mut log = Log { file, end: end as u64, waiting: Vec::new() };
        log.file.seek(SeekFrom::Start(log.end))?;
        if end == 0 {
            log.file.write_all(magic)?;
            log.end = magic.len() as u64;
        }
        Ok(log)
    }

    /// Adds a record and tells its offset. It reaches the system with the next [`Log::flush`], or when enough wait.
    pub fn append(&mut self, payload: &[u8]) -> io::Result<u64> {
        let offset = self.end;
        self.waiting.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        self.waiting.extend_from_slice(&checksum(payload));
        self.waiting.extend_from_slice(payload);
        self.end += (HEAD + payload.len()) as u64;
        if self.waiting.len() >= BATCH {
            self.flush()?;
        }
        Ok(offset)
    }

    /// Hands all records to the system.
    pub fn flush(&mut self) -> io::Result<()> {
        let written = self.file.write_all(&self.waiting);
        self.waiting.clear();
        written
    }

    /// One record, if it is sound.
    pub fn read(&mut self, offset: u64) -> Option<Vec<u8>> {
        self.flush().ok()?;
        let mut head = [0; HEAD];
        let mut read_at = |offset, buffer: &mut [u8]| {
            self.file.seek(SeekFrom::Start(offset))?;
            self.file.read_exact(buffer)
        };
        read_at(offset, &mut head).ok()?;
        let length = u32::from_le_bytes(*head.first_chunk()?) as usize;
        let mut payload = vec![0; Some(length).filter(|length| *length <= LONGEST)?];
        let read = read_at(offset + HEAD as u64, &mut payload);
        self.file.seek(SeekFrom::Start(self.end)).ok()?;
        read.ok()?;
        (head[4..] == checksum(&payload)).then_some(payload)
    }

    /// Forgets all records.
    pub fn clear(&mut self, magic: &[u8; 16]) -> io::Result<()> {
        self.waiting.clear();
        self.end = magic.len() as u64;
        self.file.set_len(self.end)?;
        self.file.seek(SeekFrom::Start(self.end)).map(drop)
    }

    /// Bytes, records that still wait included.
    pub fn end(&self) -> u64 {
        self.end
    }
}

fn record_at(bytes: &[u8], offset: usize) -> Option<&[u8]> {
    let head = bytes.get(offset..offset + HEAD)?;
    let length = u32::from_le_bytes(*head.first_chunk()?) as usize;
    let payload = bytes.get(offset + HEAD..)?.get(..length)?;
    (head[4..] == checksum(payload)).then_some(payload)
}

fn checksum(payload: &[u8]) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = *blake3::hash(payload).as_bytes();
    [a, b, c, d, e, f, g, h]
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAGIC: &[u8; 16] = b"softbox test 1\n\n";

    fn records(path: &Path) -> Vec<String> {
        let mut found = Vec::new();
        Log::open(path, MAGIC, |_, record| found.push(String::from_utf8(record.to_vec()).unwrap())).unwrap();
        found
    }

    #[test]
    fn a_cut_at_any_byte_keeps_the_records_before_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = Log::open(&path, MAGIC, |_, _| {}).unwrap();
        for record in ["one", "", "three"] {
            log.append(record.as_bytes()).unwrap();
        }
        log.flush().unwrap();
        let whole = std::fs::read(&path).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let kept = records(&path);
            assert!(["one", "", "three"].starts_with(&kept.iter().map(String::as_str).collect::<Vec<_>>()));
            assert!(kept.len() < 3);
            let mut log = Log::open(&path, MAGIC, |_, _| {}).unwrap();
            log.append(b"next").unwrap();
            log.flush().unwrap();
            assert_eq!(records(&path).last().unwrap(), "next");
        }
    }

    #[test]
    fn a_flipped_bit_cuts_off_what_follows_and_is_never_believed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut log = Log::open(&path, MAGIC, |_, _| {}).unwrap();
        let offset = log.append(b"one").unwrap();
        log.append(b"two").unwrap();
        assert_eq!(log.read(offset).unwrap(), b"one");
        let whole = std::fs::read(&path).unwrap();
        for byte in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[byte] ^= 4;
            std::fs::write(&path, &damaged).unwrap();
            assert!(records(&path).iter().all(|record| record == "one"), "byte {byte}");
        }
    }
}
