//! Only what changed is made again, and everything that changed is.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::Campaign;

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn the_first_build_makes_every_asset_with_its_words() {
    let shop = Campaign::shop();
    let built = shop.build();
    let made: Vec<String> = shop.dist().into_keys().collect();
    let mut wanted = Vec::new();
    for product in ["amber", "jar"] {
        for format in ["small.square", "small.wide"] {
            for ending in ["alt.txt", "jpg", "txt"] {
                wanted.push(format!("card/{product}.{format}.{ending}"));
            }
        }
    }
    assert_eq!(made, wanted);
    assert_eq!(built.done()["made"], 12);
    assert_eq!(shop.dist()["card/amber.small.wide.txt"], b"Amber is in.\n");
    assert_eq!(shop.dist()["card/jar.small.wide.alt.txt"], b"Jar on a table\n");
}

#[test]
fn the_second_build_runs_nothing() {
    let shop = Campaign::shop();
    shop.build();
    let built = shop.build();
    assert_eq!(built.events("planned").count(), 0, "nothing is even planned");
    assert_eq!(built.done()["kept"], 12);
}

#[test]
fn touching_every_file_runs_nothing() {
    let shop = Campaign::shop();
    shop.build();
    for path in ["campaign.toml", "products.csv", "templates/card.html", "templates/price.html", "photos/amber.png"] {
        let bytes = fs::read(shop.at(path)).unwrap();
        fs::write(shop.at(path), bytes).unwrap();
        shop.age(path, 1_900_000_000);
    }
    let built = shop.build();
    assert!(built.ran().is_empty() && built.wrote().is_empty(), "{:?}", built.ran());
}

#[test]
fn a_price_changes_only_the_assets_that_show_it() {
    let shop = Campaign::shop();
    shop.build();
    shop.edit("products.csv", "$12", "$11");
    let built = shop.build();
    assert_eq!(built.wrote(), names(&["card/jar.small.square.jpg", "card/jar.small.wide.jpg"]));
    assert_eq!(built.done()["kept"], 10);
}

#[test]
fn a_field_that_no_template_uses_paints_nothing() {
    let shop = Campaign::shop();
    shop.build();
    shop.write("products.csv", "id,name,price,tags,origin\namber,Amber,$35,new,Spain\njar,Jar,$12,,Peru\n");
    let built = shop.build();
    assert_eq!(built.ran().get("render"), None);
    assert!(built.wrote().is_empty());
}

#[test]
fn a_photo_with_an_older_mtime_is_a_new_photo() {
    let shop = Campaign::shop();
    shop.build();
    let before = shop.dist();
    shop.shoot("photos/jar.png", 9);
    shop.age("photos/jar.png", 1_000_000);
    let built = shop.build();
    assert_eq!(built.wrote(), names(&["card/jar.small.square.jpg", "card/jar.small.wide.jpg"]));
    assert_ne!(shop.dist()["card/jar.small.wide.jpg"], before["card/jar.small.wide.jpg"]);
}

#[test]
fn templates_partials_and_stylesheets_count_from_then_on() {
    let shop = Campaign::shop();
    shop.build();
    for (path, from, to) in [
        ("templates/card.html", "<p>", "<p style=\"color: red\">"),
        ("templates/price.html", "<b>", "<i>"),
        ("templates/card.css", "20px", "24px"),
        ("campaign.toml", "New in", "Back in"),
        ("campaign.toml", "#224466", "#662244"),
    ] {
        shop.edit(path, from, to);
        assert_eq!(shop.build().wrote().len(), 4, "{path}");
        assert!(shop.build().wrote().is_empty());
    }
    shop.edit("captions/launch.md", "is in", "is back");
    let built = shop.build();
    assert_eq!(built.wrote().len(), 4);
    assert!(built.wrote().iter().all(|path| path.ends_with(".txt")));
}

#[test]
fn going_back_to_an_earlier_text_runs_no_painting() {
    let shop = Campaign::shop();
    shop.build();
    let before = shop.dist();
    shop.edit("campaign.toml", "New in", "Back in");
    shop.build();
    shop.edit("campaign.toml", "Back in", "New in");
    let built = shop.build();
    assert_eq!(built.ran().get("render"), None);
    assert_eq!(built.wrote().len(), 4);
    assert_eq!(shop.dist(), before);
}

#[test]
fn a_deleted_or_altered_asset_comes_back_and_what_lay_there_is_kept() {
    let shop = Campaign::shop();
    shop.build();
    let before = shop.dist();
    shop.remove("dist/card/jar.small.wide.jpg");
    shop.write("dist/card/amber.small.wide.txt", "my own words");
    let built = shop.build();
    assert_eq!(built.wrote(), names(&["card/jar.small.wide.jpg", "card/amber.small.wide.txt"]));
    assert!(built.ran().is_empty(), "they come from the store");
    assert_eq!(shop.dist(), before);
    let kept = shop.at(".softbox/replaced/dist/card/amber.small.wide.txt");
    assert_eq!(fs::read_to_string(kept).unwrap(), "my own words");
}

#[test]
fn a_removed_product_takes_its_assets_along_and_a_persons_own_file_stays() {
    let shop = Campaign::shop();
    shop.build();
    shop.write("dist/card/notes.md", "mine");
    shop.write("products.csv", "id,name,price,tags\namber,Amber,$35,new\n");
    shop.remove("photos/jar.png");
    let built = shop.build();
    assert_eq!(built.done()["removed"], 6);
    let left: Vec<String> = shop.dist().into_keys().filter(|path| !path.starts_with("card/amber")).collect();
    assert_eq!(left, ["card/notes.md"]);
}

#[test]
fn two_folders_and_any_number_of_threads_give_the_same_bytes() {
    let (one, two) = (Campaign::shop(), Campaign::shop());
    one.softbox(&["build", "--jobs=1"]);
    two.softbox(&["build", "--jobs=2"]);
    assert_eq!(one.dist().len(), 12);
    assert_eq!(one.dist(), two.dist());
}

#[test]
fn a_lost_memory_costs_time_and_nothing_else() {
    let shop = Campaign::shop();
    shop.build();
    let before = shop.dist();
    fs::remove_dir_all(shop.at(".softbox")).unwrap();
    let built = shop.build();
    assert!(built.wrote().is_empty(), "the assets were right already: {:?}", built.wrote());
    assert_eq!(shop.dist(), before);
    assert!(!shop.at(".softbox/replaced").exists());
}

/// What becomes of a file's bytes; `None` where it goes.
type Damage = fn(Vec<u8>) -> Option<Vec<u8>>;

#[test]
fn any_file_of_the_memory_may_be_flipped_cut_or_deleted_and_a_build_is_right_all_the_same() {
    let shop = Campaign::shop();
    shop.build();
    let damages: [Damage; 3] = [
        |_| None,
        |bytes| Some(bytes[..bytes.len() / 2].to_vec()),
        |mut bytes| {
            let middle = bytes.len() / 2;
            bytes.get_mut(middle).into_iter().for_each(|byte| *byte ^= 16);
            Some(bytes)
        },
    ];
    let prices = ["$12", "$11"];
    let mut round = 0;
    for damage in damages {
        let stored = walk(&shop.at(".softbox/store")).into_iter().take(2);
        let kept = walk(&shop.at(".softbox")).into_iter().filter(|path| !path.starts_with(shop.at(".softbox/store")));
        for path in stored.chain(kept).collect::<Vec<_>>() {
            let Ok(bytes) = fs::read(&path) else { continue }; // healing removed it
            match damage(bytes) {
                Some(bytes) => fs::write(&path, bytes).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            shop.edit("products.csv", prices[round % 2], prices[(round + 1) % 2]);
            fs::remove_file(shop.at("dist/card/amber.small.wide.jpg")).unwrap();
            round += 1;
            let built = shop.build();
            assert!(built.wrote().contains("card/jar.small.wide.jpg"), "{}", path.display());
            assert_eq!(shop.dist(), fresh(&shop).dist(), "{} was damaged", path.display());
            assert!(shop.build().wrote().is_empty(), "{}", path.display());
        }
    }
    assert!(round > 20, "only {round} files were damaged");
}

/// The same sources in another folder, built there.
fn fresh(shop: &Campaign) -> Campaign {
    let fresh = Campaign::shop();
    for name in ["campaign.toml", "products.csv"] {
        fs::copy(shop.at(name), fresh.at(name)).unwrap();
    }
    fresh.build();
    fresh
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(walk(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn a_dist_that_cannot_be_written_is_told_loses_nothing_and_is_made_up_for() {
    let shop = Campaign::shop();
    shop.build();
    let before = shop.dist();
    let Some(unlock) = lock(&shop.at("dist")) else { return };
    assert!(shop.build().wrote().is_empty(), "with nothing to do there is nothing to write");
    shop.edit("products.csv", "$12", "$11");
    let built = shop.softbox(&["build"]);
    assert_eq!(built.code, 1);
    assert_eq!(built.problems().len(), 2, "{:?}", built.problems());
    assert!(built.problems().iter().all(|problem| problem.contains("dist/card/jar.small.")), "{:?}", built.problems());
    assert_eq!(shop.dist(), before, "the last good ones stay");
    unlock();
    let mended = shop.build();
    assert_eq!(mended.wrote(), names(&["card/jar.small.square.jpg", "card/jar.small.wide.jpg"]));
    assert_eq!(shop.dist(), fresh(&shop).dist());
}

/// Makes a folder one that nobody can write in, by its mode or, where that stops nobody, by a mount; gives what undoes it.
fn lock(folder: &Path) -> Option<impl FnOnce() + use<>> {
    use std::os::unix::fs::PermissionsExt;
    let mode = |folder: &Path, mode: u32| {
        let files = walk(folder);
        for folder in files.iter().filter_map(|path| path.parent()).chain([folder]) {
            fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    let run = |arguments: &[&str]| {
        let done = Command::new(arguments[0]).args(&arguments[1..]).arg(folder).output();
        done.is_ok_and(|done| done.status.success())
    };
    let is_open = || fs::write(folder.join("probe"), "").and_then(|()| fs::remove_file(folder.join("probe"))).is_ok();
    mode(folder, 0o555);
    let is_mounted = is_open() && {
        let name = folder.to_str().unwrap();
        run(&["mount", "--bind", name]) && run(&["mount", "-o", "remount,bind,ro"])
    };
    let is_locked = !is_open();
    let folder = folder.to_owned();
    let unlock = move || {
        if is_mounted {
            assert!(Command::new("umount").arg(&folder).status().unwrap().success());
        }
        mode(&folder, 0o755);
    };
    if is_locked {
        Some(unlock)
    } else {
        unlock();
        None
    }
}

#[test]
fn builds_started_together_make_what_one_makes_and_each_action_runs_once() {
    let shop = Campaign::shop();
    let alone = fresh(&shop);
    let built: Vec<_> = std::thread::scope(|scope| {
        let builds: Vec<_> = (0..4).map(|_| scope.spawn(|| shop.build())).collect();
        builds.into_iter().map(|build| build.join().unwrap()).collect()
    });
    let busy: Vec<_> = built.iter().filter(|built| !built.ran().is_empty()).collect();
    assert_eq!((busy.len(), busy[0].wrote().len()), (1, 12));
    assert_eq!(shop.dist(), alone.dist());
    for other in built.iter().filter(|built| built.ran().is_empty()) {
        assert_eq!((other.done()["kept"].as_u64(), other.wrote().len()), (Some(12), 0));
    }
}

#[test]
fn one_broken_photo_stops_only_its_own_assets() {
    let shop = Campaign::shop();
    shop.write("photos/jar.png", "not a picture");
    let built = shop.softbox(&["build"]);
    assert_eq!(built.code, 1);
    assert_eq!(built.done()["failed"], 2);
    assert!(built.problems()[0].contains("photos/jar.png"), "{:?}", built.problems());
    assert!(shop.at("dist/card/amber.small.wide.jpg").exists());
    shop.shoot("photos/jar.png", 2);
    let built = shop.build();
    assert_eq!(built.wrote(), names(&["card/jar.small.square.jpg", "card/jar.small.wide.jpg"]));
}

#[test]
fn a_mistake_in_the_manifest_keeps_the_rest_and_removes_nothing() {
    let shop = Campaign::shop();
    shop.build();
    shop.edit("campaign.toml", "caption = \"launch\"", "caption = \"lunch\"");
    let built = shop.softbox(&["build"]);
    assert_eq!(built.code, 2);
    assert_eq!(built.done()["removed"], 0);
    assert_eq!(shop.dist().len(), 12);
}

#[test]
fn only_the_named_assets_are_made() {
    let shop = Campaign::shop();
    let built = shop.softbox(&["build", "card/jar*.jpg"]);
    assert_eq!(built.wrote(), names(&["card/jar.small.square.jpg", "card/jar.small.wide.jpg"]));
    let built = shop.softbox(&["build", "card/jra.small.wide.jpg"]);
    assert_eq!(built.code, 2);
}

#[test]
fn clean_takes_what_softbox_made_and_leaves_what_people_made() {
    let shop = Campaign::shop();
    shop.build();
    shop.write("dist/card/notes.md", "mine");
    shop.write("dist/card/amber.small.wide.txt", "my own words");
    shop.human(&["clean"]);
    let left: Vec<String> = shop.dist().into_keys().collect();
    assert_eq!(left, ["card/amber.small.wide.txt", "card/notes.md"]);
}

#[test]
fn the_point_of_interest_stays_in_view_where_a_box_shows_only_a_part() {
    let shop = Campaign::shop();
    shop.edit(
        "templates/card.css",
        "img { width: 30px; height: 30px }",
        "img { width: 80px; height: 20px; object-fit: cover }",
    );
    shop.edit("campaign.toml", "steps = [{", "steps = [{ crop = { focus = [0.5, 0.05] } }, {");
    shop.build();
    let high = shop.dist()["card/jar.small.wide.jpg"].clone();
    shop.edit("campaign.toml", "focus = [0.5, 0.05]", "focus = [0.5, 0.95]");
    shop.build();
    let low = shop.dist()["card/jar.small.wide.jpg"].clone();
    let green = |jpeg: &[u8]| {
        let picture = softbox::imaging::decode(jpeg, 0, &softbox::imaging::Limits::default()).unwrap();
        picture.pixels()[(10 * 160 + 40) * 3 + 1]
    };
    // The picture gets greener from top to bottom.
    assert!(green(&high) + 60 < green(&low), "{} {}", green(&high), green(&low));
}

#[test]
fn a_slip_in_the_brand_or_in_a_key_never_replaces_a_good_asset_by_a_worse_one() {
    let shop = Campaign::shop();
    shop.build();
    let before = shop.dist();
    for (from, to) in [
        ("ink = \"#224466\"", "ink = \"#22446\""),
        ("colors =", "colours ="),
        ("look = \"daylight\"", "lok = \"daylight\""),
        ("[brand]\n", "[brand]\nlogo = \"lgo.svg\"\n"),
    ] {
        let manifest = fs::read_to_string(shop.at("campaign.toml")).unwrap();
        shop.edit("campaign.toml", from, to);
        let built = shop.softbox(&["build"]);
        assert_eq!((built.code, shop.dist() == before), (2, true), "{to}: {:?}", built.problems());
        shop.write("campaign.toml", &manifest);
    }
    assert!(shop.build().wrote().is_empty());
}

#[test]
fn a_warning_about_the_campaign_is_told_again_though_nothing_changed() {
    let shop = Campaign::shop();
    shop.edit("campaign.toml", "[post.card]", "[post.card]\nproducts = { tags = [\"hot\"] }");
    for _ in 0..2 {
        let built = shop.softbox(&["build"]);
        assert_eq!(built.code, 0);
        assert!(
            built.problems().iter().any(|problem| problem.starts_with("empty-selection")),
            "{:?}",
            built.problems()
        );
    }
    shop.edit("campaign.toml", "\"hot\"", "\"new\"");
    shop.build();
    let again = shop.build();
    assert_eq!((again.problems().len(), again.events("planned").count()), (0, 0));
}

#[test]
fn a_comma_that_nobody_quoted_is_told() {
    let shop = Campaign::shop();
    shop.write("products.csv", "id,name,price,tags\namber,Amber, dark,$35,\njar,Jar,$12,\n");
    let built = shop.softbox(&["check"]);
    assert!(built.problems().iter().any(|problem| problem.contains("products.csv:2")), "{:?}", built.problems());
    // Separators at the end of every row are how some programs write tables.
    shop.write("products.csv", "id,name,price,tags,\namber,Amber,$35,,\njar,Jar,$12,,\n");
    assert_eq!(shop.softbox(&["check"]).code, 0);
}
