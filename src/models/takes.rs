//! Takes: what models answered, kept in git as untouched bytes under readable names, each with a small .toml beside it.
//!
//! They are found by the digest of their request, so they may be renamed and moved. Where the pictures of a request come out as other bytes
//! (another processor rounds another way, a new release cuts out better), its recipe finds them: what the pictures were made from. The
//! .toml is written last: a take without one is none.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::{Fault, Money, RequestDigest, Usage, durable};

/// The .toml beside a take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    pub request: RequestDigest,
    /// What the pictures that were sent were made from: see [`super::Request::recipe`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<String>,
    pub service: String,
    /// As it was asked for.
    pub model: String,
    /// As the service named it in its answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<String>,
    pub take: u32,
    pub time: toml::value::Datetime,
    /// Absent where nobody knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Money>,
    /// Requests of this take that may have been billed for nothing.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lost: u32,
    /// The service's name for the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Why there is no answer, where the service refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub usage: Usage,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<Kept>,
    /// What was sent, with digests for pictures; as JSON, which has values that TOML has not.
    pub sent: String,
}

/// A file of a take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// Its name, in the folder of the .toml.
    pub name: String,
    pub blake3: String,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_default(usage: &Usage) -> bool {
    *usage == Usage::default()
}

/// A take on disk.
#[derive(Debug, Clone, PartialEq)]
pub struct Take {
    /// The .toml.
    pub path: PathBuf,
    pub record: Record,
}

impl Take {
    /// Paths of its files, in the order of the answer; none for a refusal.
    pub fn files(&self) -> impl Iterator<Item = PathBuf> {
        self.record.files.iter().map(|file| self.path.with_file_name(&file.name))
    }

    /// The bytes of its files, checked against the record.
    ///
    /// # Errors
    /// A file that is missing, altered, or a pointer that Git LFS left in its place.
    pub fn read(&self) -> Result<Vec<Vec<u8>>, Fault> {
        let one = |(path, kept): (PathBuf, &Kept)| {
            let bad = |what: &str| Fault::BadTake { path: path.display().to_string(), what: what.to_owned() };
            let bytes = fs::read(&path).map_err(|error| bad(&format!("a file of a take cannot be read ({error})")))?;
            if blake3::hash(&bytes).to_hex().as_str() == kept.blake3 {
                Ok(bytes)
            } else if bytes.starts_with(b"version https://git-lfs.github.com/spec/") {
                Err(bad("this is a pointer of Git LFS, the take itself was not fetched: run `git lfs pull`"))
            } else {
                Err(bad("this take was altered: it is not what the model answered"))
            }
        };
        self.files().zip(&self.record.files).map(one).collect()
    }
}

/// The folder of takes.
#[derive(Debug)]
pub struct Takes {
    folder: PathBuf,
    known: Mutex<BTreeMap<RequestDigest, Take>>,
}

impl Takes {
    /// Reads the records of all takes below a folder; one that is not there has none.
    ///
    /// # Errors
    /// A record that cannot be read: it may stand for money.
    pub fn open(folder: &Path) -> Result<Takes, Fault> {
        let mut known = BTreeMap::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
            paths.sort();
            for path in paths {
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "toml") {
                    let take = read(&path)?;
                    known.insert(take.record.request.clone(), take);
                }
            }
        }
        Ok(Takes { folder: folder.to_owned(), known: Mutex::new(known) })
    }

    /// The take of a request: the one whose request had the same bytes, or the same recipe. Of several with the same recipe, one that was
    /// not refused.
    pub fn of(&self, request: &RequestDigest, recipe: Option<&str>) -> Option<Take> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let same = || known.values().filter(|take| recipe.is_some() && take.record.recipe.as_deref() == recipe);
        known.get(request).or_else(|| same().min_by_key(|take| take.record.refused.is_some())).cloned()
    }

    /// All takes, by the digests of their requests.
    pub fn all(&self) -> Vec<Take> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Keeps a take: its files first, then its record. `name` is a readable path below the folder, without an extension; the beginning of
    /// the digest is added, so that two takes never meet. Each file comes as an extension and bytes. Durable when this returns.
    pub(super) fn keep(&self, name: &str, files: &[(&str, Vec<u8>)], mut record: Record) -> Result<Take, Fault> {
        let name = format!("{}-{}", safe(name), record.request.short());
        let path = self.folder.join(format!("{name}.toml"));
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for (at, (extension, bytes)) in files.iter().enumerate() {
            let number = if files.len() == 1 { String::new() } else { format!("-{}", at + 1) };
            let name = format!("{stem}{number}.{extension}");
            let path = path.with_file_name(&name);
            durable::write(&path, bytes).map_err(|error| Fault::disk(&path, error))?;
            record.files.push(Kept { name, blake3: blake3::hash(bytes).to_hex().to_string() });
        }
        let text = toml::to_string(&record).map_err(|error| Fault::disk(&path, std::io::Error::other(error)))?;
        durable::write(&path, text.as_bytes()).map_err(|error| Fault::disk(&path, error))?;
        let take = Take { path, record };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(old) = known.insert(take.record.request.clone(), take.clone()).filter(|old| old.path != take.path) {
            // A refusal that was asked again, and moved meanwhile: two records of one request would disagree.
            durable::remove(&old.path).map_err(|error| Fault::disk(&old.path, error))?;
        }
        Ok(take)
    }
}

fn read(path: &Path) -> Result<Take, Fault> {
    let bad = |what: String| Fault::BadTake { path: path.display().to_string(), what };
    let text = fs::read_to_string(path).map_err(|error| Fault::disk(path, error))?;
    let record: Record =
        toml::from_str(&text).map_err(|error| bad(format!("not the record of a take: {}", error.message())))?;
    let leaves = |file: &Kept| file.name.contains(['/', '\\']) || file.name == "..";
    if RequestDigest::parse(record.request.as_str()).is_none() {
        return Err(bad("not the record of a take: `request` is no digest".into()));
    }
    if record.files.iter().any(leaves) {
        return Err(bad("a file of a take lies in another folder".into()));
    }
    Ok(Take { path: path.to_owned(), record })
}

/// Names for people come from campaigns: whatever they hold, the path stays below the folder and legal everywhere.
fn safe(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' };
    let part = |part: &str| part.chars().map(plain).collect::<String>().trim_start_matches('.').to_owned();
    let parts: Vec<String> = name.split('/').map(part).filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { "take".to_owned() } else { parts.join("/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(request: &str) -> Record {
        Record {
            request: RequestDigest::parse(&request.repeat(64)).unwrap(),
            recipe: None,
            service: "gemini".into(),
            model: "banana".into(),
            answered_by: None,
            take: 1,
            time: "2026-11-23T12:00:00Z".parse().unwrap(),
            cost: Some(Money::usd(50_400)),
            lost: 0,
            id: None,
            seed: None,
            refused: None,
            usage: Usage::default(),
            files: Vec::new(),
            sent: r#"{"prompt":"warm"}"#.into(),
        }
    }

    #[test]
    fn a_take_is_found_by_its_request_even_after_it_moved() {
        let folder = tempfile::tempdir().unwrap();
        let takes = Takes::open(folder.path()).unwrap();
        let take = takes
            .keep("hero/../Citrus Haze", &[("jpg", b"one".to_vec()), ("jpg", b"two".to_vec())], record("a"))
            .unwrap();
        let names: Vec<_> = take.files().map(|file| file.strip_prefix(folder.path()).unwrap().to_owned()).collect();
        assert_eq!(names, [Path::new("hero/Citrus-Haze-aaaaaaaa-1.jpg"), Path::new("hero/Citrus-Haze-aaaaaaaa-2.jpg")]);
        fs::rename(folder.path().join("hero"), folder.path().join("kept")).unwrap();
        let found = Takes::open(folder.path()).unwrap().of(&take.record.request, None).unwrap();
        assert_eq!(found.record, take.record);
        assert_eq!(found.read().unwrap(), [b"one", b"two"]);
    }

    #[test]
    fn altered_missing_and_unfetched_files_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let takes = Takes::open(folder.path()).unwrap();
        let take = takes.keep("a", &[("png", b"one".to_vec())], record("a")).unwrap();
        let file = take.files().next().unwrap();
        for (bytes, word) in
            [(&b"other"[..], "altered"), (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull")]
        {
            fs::write(&file, bytes).unwrap();
            assert!(take.read().unwrap_err().to_string().contains(word));
        }
        fs::remove_file(&file).unwrap();
        assert!(take.read().unwrap_err().to_string().contains("cannot be read"));
    }

    #[test]
    fn a_record_that_cannot_be_read_stops_rather_than_paying_again() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.toml"), "<<<<<<< HEAD\n").unwrap();
        assert!(Takes::open(folder.path()).unwrap_err().to_string().contains("a.toml"));
    }
}
