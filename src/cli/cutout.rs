//! `softbox cutout`: isolate the products of some photos, or of all, and show how well that went.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use serde_json::json;

use super::build::Limits;
use super::place::{cannot_keep, open};
use super::show::{has_errors, say};
use super::{Common, Exit, MessageFormat};
use crate::actions::{Failed, Task};
use crate::campaign::{Campaign, Loaded, Place, Problem, RelPath, Shot, Step, did_you_mean, load};
use crate::engine::{DERIVED, Engine, Event};
use crate::imaging::cutout::{Cut, lift};
use crate::imaging::{self, Encoding, FileType, Limits as Pixels, Picture, Region};
use crate::plan::{self, Folder};
use crate::report::sheet::{self, Shown};

/// The longer side of the pictures on the contact sheet, in pixels.
const SHOWN: u32 = 720;

#[derive(Debug, clap::Args)]
pub struct Cutout {
    /// The photos. Left out: all whose look has the step "cutout".
    #[arg(value_name = "PHOTO")]
    photos: Vec<String>,

    #[command(flatten)]
    limits: Limits,
}

impl Cutout {
    pub fn run(self, common: &Common) -> Exit {
        self.limits.hold();
        let mut face = common.face(Instant::now());
        let engine = common.campaign().and_then(|folder| {
            let engine = open(&folder, "cutout", |holder| face.tell(&Event::Waiting { holder }))?;
            Ok((folder, engine))
        });
        let (folder, mut engine) = match engine {
            Ok(both) => both,
            Err(problem) => return common.refuse(problem),
        };
        let Loaded { campaign, problems } = load(&Folder(engine.files()));
        face.problems(&problems);
        let photos = match self.wanted(&folder, &engine, &campaign) {
            Ok(photos) => photos,
            Err(problem) => return common.refuse(problem),
        };
        let graph = plan::cutouts(&campaign, &photos);
        let options = self.limits.part(None);
        let mut failed = BTreeSet::new();
        let built = engine.build(&graph, &options, &mut |event| {
            if let Event::Finished { name, failure: Some(_), .. } = event {
                failed.insert(name.to_owned());
            }
            face.tell(&event);
        });
        if let Err(error) = built {
            face.problems(&Failed::from(error).0);
            return Exit::Failed;
        }
        let mut shown = Vec::new();
        for (id, node) in graph.nodes() {
            let Task::Cutout(cutout) = &node.action else { continue };
            if failed.contains(&node.name) {
                continue;
            }
            let Some(mask) = engine.output(id) else { continue };
            match show(&folder, &engine, &cutout.path, &mask) {
                Ok(one) => shown.push(one),
                Err(problem) => {
                    face.problems(&[problem]);
                    failed.insert(node.name.clone());
                }
            }
        }
        shown.sort_by(|a, b| a.confidence.total_cmp(&b.confidence).then_with(|| a.photo.cmp(&b.photo)));
        if let Err(error) = write(&folder, "index.html", sheet::page(&campaign.name, &shown).as_bytes()) {
            return common.refuse(cannot_keep(&folder, &error));
        }
        tell(common, &shown);
        match (has_errors(&problems), failed.is_empty()) {
            (true, _) => Exit::Wrong,
            (false, true) => Exit::Done,
            (false, false) => Exit::Failed,
        }
    }

    /// The photos that were named, or all that a look isolates.
    fn wanted(&self, folder: &Path, engine: &Engine, campaign: &Campaign) -> Result<Vec<RelPath>, Problem> {
        let isolates = |look: &Option<String>| {
            let look = look.as_ref().and_then(|look| campaign.looks.get(look));
            look.is_some_and(|look| look.steps.contains(&Step::Cutout))
        };
        let isolated = campaign.photos.values().filter(|photo| isolates(&photo.look));
        let mut all: Vec<RelPath> = isolated.flat_map(|photo| &photo.shots).flat_map(Shot::files).cloned().collect();
        all.sort();
        all.dedup();
        if self.photos.is_empty() {
            let nothing = Problem::error("no-cutout", "no look has the step \"cutout\"");
            let hint = "name a photo to try it: softbox cutout photos/soap.jpg; or write steps = [\"cutout\"]";
            return if all.is_empty() { Err(nothing.hint(hint)) } else { Ok(all) };
        }
        let find = |written: &String| {
            let path = super::names::from_campaign(folder, written);
            let path = RelPath::parse(&path).ok();
            let is_there = |path: &RelPath| engine.files().digest(path.as_str()).is_ok_and(|found| !found.is_absent());
            path.filter(is_there).ok_or_else(|| {
                let problem = Problem::error("missing-file", format!("there is no photo `{written}`"));
                match did_you_mean(written, all.iter().map(RelPath::as_str)) {
                    Some(near) => problem.hint(format!("did you mean `{near}`?")),
                    None => problem.hint("name it by its path, such as photos/soap.jpg"),
                }
            })
        };
        self.photos.iter().map(find).collect()
    }
}

/// Writes a photo's mask and cutout, and makes what the contact sheet shows of it.
fn show(folder: &Path, engine: &Engine, photo: &str, mask: &[u8]) -> Result<Shown, Problem> {
    let failed = |error: &dyn std::fmt::Display| Problem::error("photo", error.to_string()).at(Place::file(photo));
    let cut = Cut::from_png(mask).map_err(|error| failed(&error))?;
    let bytes = engine.files().read(photo).ok().flatten().map(|(bytes, _)| bytes);
    let bytes = bytes.ok_or_else(|| failed(&"it is gone"))?;
    let picture = imaging::decode(&bytes, 0, &Pixels::default()).map_err(|error| failed(&error))?;
    let whole = lift(&picture, &cut.mask).map_err(|error| failed(&error))?;
    let (width, height) = (picture.width(), picture.height());
    let scale = f64::from(SHOWN) / f64::from(width.max(height));
    let side = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
    let small = |picture: &Picture| {
        imaging::cut(picture, Region::WHOLE, side(width), side(height)).map_err(|error| failed(&error))
    };
    let (seen, lifted) = (small(&picture)?, small(&whole)?);
    let file = |picture: &Picture, file_type| {
        let encoding = Encoding::plain(file_type, 85);
        imaging::encode(picture, &encoding).map(|encoded| encoded.bytes).map_err(|error| failed(&error))
    };
    let name = photo.replace('/', "-");
    let (mask_name, cutout_name) = (format!("{name}.mask.png"), format!("{name}.cutout.png"));
    write(folder, &mask_name, mask).map_err(|error| cannot_keep(folder, &error))?;
    write(folder, &cutout_name, &file(&whole, FileType::Png)?).map_err(|error| cannot_keep(folder, &error))?;
    Ok(Shown {
        photo: photo.to_owned(),
        confidence: cut.confidence,
        remarks: cut.remarks.iter().map(ToString::to_string).collect(),
        area: around(&lifted),
        outlined: file(&outlined(&seen, &lifted)?, FileType::Jpeg)?,
        cutout: file(&lifted, FileType::Png)?,
        mask_path: format!("{DERIVED}/{FOLDER}/{mask_name}"),
        cutout_path: format!("{DERIVED}/{FOLDER}/{cutout_name}"),
    })
}

/// Where what is shown lies, in the derived folder.
const FOLDER: &str = "cutouts";

fn write(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let folder = folder.join(DERIVED).join(FOLDER);
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(name), bytes)
}

/// A box around the product, a little larger than it, in fractions of the photo; the whole photo where there is none.
fn around(lifted: &Picture) -> [f64; 4] {
    const MORE: f64 = 0.02;
    let (width, height) = (lifted.width() as usize, lifted.height() as usize);
    let inside = |x: usize, y: usize| lifted.pixels()[(y * width + x) * 4 + 3] > 127;
    let columns: Vec<usize> = (0..width).filter(|x| (0..height).any(|y| inside(*x, y))).collect();
    let rows: Vec<usize> = (0..height).filter(|y| (0..width).any(|x| inside(x, *y))).collect();
    let span = |taken: &[usize], length: usize| match (taken.first(), taken.last()) {
        (Some(first), Some(last)) => {
            let start = (*first as f64 / length as f64 - MORE).max(0.0);
            let end = ((*last + 1) as f64 / length as f64 + MORE).min(1.0);
            (start, end - start)
        }
        _ => (0.0, 1.0),
    };
    let ((left, across), (top, down)) = (span(&columns, width), span(&rows, height));
    [left, top, across, down]
}

/// The photo with a line around the product.
fn outlined(photo: &Picture, lifted: &Picture) -> Result<Picture, Problem> {
    let (width, height) = (photo.width() as usize, photo.height() as usize);
    let channels = usize::from(photo.channels());
    let mut pixels: Vec<u8> =
        photo.pixels().chunks_exact(channels).flat_map(|pixel| [pixel[0], pixel[1], pixel[2]]).collect();
    let inside = |x: usize, y: usize| lifted.pixels()[(y * width + x) * 4 + 3] > 127;
    for y in 1..height.saturating_sub(1) {
        for x in 1..width.saturating_sub(1) {
            let own = inside(x, y);
            let is_border = [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)].iter().any(|(x, y)| inside(*x, *y) != own);
            if is_border {
                pixels[(y * width + x) * 3..][..3].copy_from_slice(&[255, 0, 170]);
            }
        }
    }
    Picture::from_pixels(pixels, width as u32, height as u32, 3)
        .map_err(|error| Problem::error("internal", error.to_string()).hint("please report it, with this line"))
}

fn tell(common: &Common, shown: &[Shown]) {
    let sheet = format!("{DERIVED}/{FOLDER}/index.html");
    for one in shown {
        if common.message_format == MessageFormat::Json {
            let event = json!({
                "event": "cutout",
                "photo": one.photo,
                "confidence": one.confidence,
                "remarks": one.remarks,
                "mask": one.mask_path,
                "cutout": one.cutout_path,
                "sheet": sheet,
            });
            say(&event.to_string());
        } else {
            let why = if one.remarks.is_empty() { String::new() } else { format!("  ({})", one.remarks.join("; ")) };
            say(&format!("{:>3.0} % sure  {}  {}{why}", one.confidence * 100.0, one.photo, one.cutout_path));
        }
    }
    if common.message_format != MessageFormat::Json && !shown.is_empty() {
        say(&format!("open {sheet} to look at them, the least sure first"));
    }
}
