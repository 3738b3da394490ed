//! softbox itself, killed with SIGKILL at random moments of building a real campaign.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::edits::{Edit, PARTS, Shop};
use crate::oracle::clean_copy;
use crate::shrink::{Random, setting};

#[test]
fn softbox_killed_anywhere_leaves_nothing_torn_and_the_next_build_is_as_a_clean_one() {
    let mut random = Random::new(setting("SOFTBOX_SEED").unwrap_or(1));
    let mut shop = Shop::new();
    PARTS.iter().for_each(|part| shop.apply(Edit::Part(part)));
    let words = ["$35", "$34", "$33", "$32"];
    let mut met = 0;
    let kills = setting("SOFTBOX_KILLS").unwrap_or(60);
    // Kills fall into the time that a build takes here.
    let began = Instant::now();
    shop.campaign.build();
    let longest = began.elapsed().as_micros() as usize / 2;
    let mut before = shop.campaign.dist();
    for kill in 0..kills {
        shop.apply(Edit::Shoot("photos/jar.png", random.below(200) as u8, None));
        for from in words {
            shop.apply(Edit::Replace("products.csv", from, words[random.below(words.len())]));
        }
        let mut build = shop.campaign.command(&["build", "-j1"]).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(random.below(longest) as u64));
        met += u64::from(build.try_wait().unwrap().is_none());
        build.kill().unwrap();
        build.wait().unwrap();
        let wanted = clean_copy(&shop.campaign);
        wanted.build();
        let (there, wanted) = (shop.campaign.dist(), wanted.dist());
        for (path, bytes) in &there {
            let is_whole = wanted.get(path) == Some(bytes) || before.get(path) == Some(bytes);
            assert!(is_whole, "kill {kill} left dist/{path} torn");
        }
        // Every other time it is killed again before it could finish.
        before = there;
        if kill % 2 == 0 {
            shop.campaign.build();
            before = shop.campaign.dist();
            let odd: Vec<_> = wanted.iter().filter(|(path, bytes)| before.get(*path) != Some(*bytes)).collect();
            assert!(odd.is_empty() && before.len() == wanted.len(), "kill {kill}: {odd:?} are not as in a clean build");
            assert!(shop.campaign.build().events("planned").next().is_none(), "kill {kill}: something was left to do");
            assert!(
                !shop.campaign.at(".softbox/replaced").exists(),
                "kill {kill}: an asset of ours was taken for theirs"
            );
        }
    }
    assert!(met * 3 > kills, "only {met} of {kills} kills met a build");
}
