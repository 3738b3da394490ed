//! The starter templates beside headless Chromium's rendering of the same HTML, with the same fonts and pictures.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use softbox::actions::paint::Rgba;

use super::studio::{decode, format, save};
use super::templates::dressed;

/// Alike enough that a person sees no difference: 39 to 45 dB were measured, and text that moves by half a pixel falls to 33.
const LEAST_DB: f64 = 37.0;

const LOGO: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"200\" height=\"80\" viewBox=\"0 0 200 80\"><circle cx=\"40\" cy=\"40\" r=\"34\" fill=\"#e4572e\"/><rect x=\"90\" y=\"20\" width=\"100\" height=\"40\" rx=\"8\" fill=\"#17181c\"/></svg>";

fn chromium() -> Option<&'static str> {
    ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        .into_iter()
        .find(|path| Path::new(path).exists())
}

/// A soft picture with edges: a lit ball on a table.
fn ball() -> Rgba {
    let (width, height) = (900u32, 1200u32);
    let pixel = |x: u32, y: u32| {
        let (u, v) = (f64::from(x) / 900.0 - 0.5, f64::from(y) / 1200.0 - 0.55);
        let distance = (u * u + v * v * 1.6).sqrt();
        let light = 0.5 + (u - v) * 0.4;
        let [r, g, b] = if distance < 0.28 {
            [200.0 * (1.1 - distance), 90.0 + 60.0 * light, 60.0]
        } else {
            [150.0 + 60.0 * v, 140.0, 120.0 + 80.0 * light]
        };
        [r as u8, g as u8, b as u8, 255]
    };
    let pixels = (0..height).flat_map(|y| (0..width).flat_map(move |x| pixel(x, y))).collect();
    Rgba { width, height, pixels }
}

fn decibels(a: &Rgba, b: &Rgba) -> f64 {
    let square = |(a, b): (&u8, &u8)| f64::from(a.abs_diff(*b)).powi(2);
    let (mut sum, mut count) = (0.0, 0.0);
    for y in 0..a.height as usize {
        let row = |picture: &Rgba| picture.pixels[y * picture.width as usize * 4..][..a.width as usize * 4].to_vec();
        sum += row(a).iter().zip(&row(b)).map(square).sum::<f64>();
        // Alpha is the same everywhere and counts for nothing.
        count += f64::from(a.width) * 3.0;
    }
    10.0 * (255.0f64.powi(2) / (sum / count).max(1e-9)).log10()
}

#[test]
fn the_templates_look_as_in_a_browser() {
    let Some(browser) = chromium() else {
        println!("skipped: there is no Chromium at /usr/bin/chromium to compare with");
        return;
    };
    let fields = serde_json::json!({
        "name": "Northwood Calming Tincture", "price": "$42", "was": "$56", "tagline": "Full-spectrum drops for slow evenings",
        "tags": ["tincture", "30 ml"], "badge": "New 🌿", "photo": "photo:photo", "post": {}, "brand": { "name": "Corner", "logo": "brand/logo.svg" },
    });
    for (template, id, width, height) in [
        ("card.html", "instagram.portrait", 1080, 1350),
        ("card.html", "x.landscape", 1600, 900),
        ("story.html", "instagram.square", 1080, 1080),
        ("story.html", "instagram.story", 1080, 1920),
        ("price-drop.html", "instagram.portrait", 1080, 1350),
        ("price-drop.html", "facebook.link", 1200, 630),
    ] {
        let mut studio = dressed(template, format(id, width, height), fields.clone())
            .photo("photo", ball())
            .file("brand/logo.svg", LOGO);
        let ours = studio.paint().picture;
        let settled = studio.settle();
        let folder = tempfile::tempdir().unwrap();
        let theirs = shoot(browser, folder.path(), &settled.html, &settled.css, (width, height));
        let likeness = decibels(&ours, &theirs);
        println!("{template} {id}: {likeness:.1} dB");
        if let Ok(out) = std::env::var("SOFTBOX_GALLERY") {
            save(&ours, &Path::new(&out).join(format!("{template}-{id}-ours.png")));
            save(&theirs, &Path::new(&out).join(format!("{template}-{id}-theirs.png")));
        }
        assert!(likeness >= LEAST_DB, "{template} in {id}: {likeness:.1} dB, less than {LEAST_DB}");
    }
}

/// Chromium's picture of a page; larger than asked for, with the page in its top left corner.
fn shoot(browser: &str, folder: &Path, html: &str, css: &str, (width, height): (u32, u32)) -> Rgba {
    let fonts = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/actions/fonts");
    let face = |family: &str, file: &str| {
        format!(
            "@font-face{{font-family:\"{family}\";src:url(\"file://{}\");font-weight:100 900}}\n",
            fonts.join(file).display()
        )
    };
    // The window's size is not quite the page's, so the page is told its own.
    let frame = format!(
        "html,body{{width:{width}px!important;height:{height}px!important;overflow:hidden}} body{{position:relative}}"
    );
    let faces = face("Inter", "Inter.ttf") + &face("Noto Color Emoji", "NotoColorEmoji.ttf");
    let css = css.replace("font-family: \"Inter\"", "font-family: \"Inter\", \"Noto Color Emoji\"");
    let style = format!("<head><meta charset=utf-8><style>{faces}{css}{frame}</style></head><body");
    fs::write(
        folder.join("page.html"),
        html.replacen("<body", &style, 1).replace("photo:photo", "photo.png").replace("brand/logo.svg", "logo.svg"),
    )
    .unwrap();
    fs::write(folder.join("logo.svg"), LOGO).unwrap();
    save(&ball(), &folder.join("photo.png"));
    // Hinting bends letters to whole pixels for small screens; pictures are made without it.
    let edits = ["pattern", "font"].map(|target| {
        let edit = |name: &str, value: &str| format!("<edit name=\"{name}\" mode=\"assign\">{value}</edit>");
        let edits = edit("hinting", "<bool>false</bool>")
            + &edit("autohint", "<bool>false</bool>")
            + &edit("hintstyle", "<const>hintnone</const>");
        format!("<match target=\"{target}\">{edits}</match>")
    });
    let conf = folder.join("fonts.conf");
    fs::write(
        &conf,
        format!("<?xml version=\"1.0\"?><fontconfig><dir>{}</dir>{}</fontconfig>", fonts.display(), edits.concat()),
    )
    .unwrap();
    let shot = folder.join("shot.png");
    let run = Command::new(browser)
        .env("FONTCONFIG_FILE", &conf)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
        ])
        .args([
            "--disable-sync",
            "--no-first-run",
            "--hide-scrollbars",
            "--force-device-scale-factor=1",
            "--force-color-profile=srgb",
        ])
        .args(["--disable-lcd-text", "--allow-file-access-from-files", "--virtual-time-budget=5000"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("--window-size={},{}", width, height + 300))
        .arg(format!("--screenshot={}", shot.display()))
        .arg(format!("file://{}", folder.join("page.html").display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(run.is_ok_and(|status| status.success()), "{browser} failed");
    decode(&fs::read(&shot).unwrap())
}
