//! The words of a label, read in takes: what models got wrong is told, and no honest take is accused.

use std::ops::Range;
use std::sync::LazyLock;

use softbox::imaging::Picture;
use softbox::imaging::fidelity::{Fit, Label, Line, Words, compare, compare_words, read_label};
use softbox::imaging::reading::{Fault, Finder, Reader};

use super::kinds::honest;
use super::networks::{LINES, WORDS, network};
use super::takes::{PLAIN, Sheet, Shot, cutout, texture};

static NETWORKS: LazyLock<(Finder, Reader)> =
    LazyLock::new(|| (Finder::load(network(LINES)).unwrap(), Reader::load(network(WORDS)).unwrap()));

/// What a product's photo says.
pub fn label(product: &Picture) -> Label {
    let (finder, reader) = &*NETWORKS;
    read_label(product, finder, reader).unwrap()
}

/// What a take makes of it that shows the product there.
pub fn words_at(product: &Picture, label: &Label, take: &Picture, fit: Fit) -> Words {
    compare_words(product, take, fit, label, &NETWORKS.1).unwrap()
}

fn words(product: &Picture, label: &Label, take: &Picture) -> Words {
    words_at(product, label, take, compare(product, take).unwrap().fit)
}

/// A take as models make them: elsewhere in the frame, in another light, as JPEG.
const TAKEN: Shot = Shot {
    size: (768, 1024),
    growth: 0.95,
    turn: 2.0,
    shift: [0.03, -0.02],
    light: [1.1, 1.0, 0.85],
    painted: 1.0,
    quality: Some(85),
    ..PLAIN
};

#[test]
fn a_label_is_read_whatever_way_its_lines_run() {
    let label = label(&cutout("soap"));
    let lines: Vec<&str> = label.lines.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(
        lines,
        ["Mühle & Tochter", "Lavendel Seife", "250 g", "Für weiche Hände", "Handgemacht in Köln", "LOT 4711"]
    );
    let word = |line: &Line, at: &Range<usize>| line.text.chars().skip(at.start).take(at.len()).collect();
    let sure: Vec<String> = label.lines.iter().flat_map(|line| line.sure.iter().map(|at| word(line, at))).collect();
    let words = "Mühle Tochter Lavendel Seife 250 g Für weiche Hände Handgemacht in Köln 4711";
    assert_eq!(sure.join(" "), words, "all but the LOT, which is small and runs up");
}

#[test]
fn what_a_model_got_wrong_is_told_in_the_labels_words_and_the_takes() {
    let own = cutout("soap");
    let label = label(&own);
    let wrong = [
        ("letter", "Lavendel Seife", "Lavendcl Seife"),
        ("lookalike", "Lavendel Seife", "Lavendel Seite"),
        ("swapped", "Lavendel Seife", "Lavendel Creme"),
        ("order", "Lavendel Seife", "Seife Lavendel"),
        ("missing", "Lavendel Seife", "Lavendel"),
        ("digit", "250 g", "280 g"),
        ("umlaut", "Für weiche Hände", "Für weiche Hande"),
        ("small", "Handgemacht in Köln", "Handgemacbt in Köln"),
        ("upright", "LOT 4711", "LOT 4171"),
    ];
    for (kind, before, after) in wrong {
        let altered = Sheet::of(&cutout(&format!("soap-{kind}")));
        for shot in [PLAIN, TAKEN] {
            let words = words(&own, &label, &shot.take(&altered, &texture("brick")));
            let told: Vec<String> = words.changed.iter().map(ToString::to_string).collect();
            assert_eq!(told, [format!("the label says “{before}”, the take says “{after}”")], "{kind}");
        }
    }
}

#[test]
fn an_honest_take_of_a_soap_box_is_not_accused() {
    let own = cutout("soap");
    let (sheet, label, textures) = (Sheet::of(&own), label(&own), [texture("brick"), texture("gravel")]);
    for (at, (kind, shot)) in honest().into_iter().enumerate() {
        let words = words(&own, &label, &shot.take(&sheet, &textures[at % 2]));
        assert!(words.sure > 10 && words.changed.is_empty(), "{kind}: {words:?}");
    }
}

#[test]
fn any_number_of_threads_reads_the_same() {
    let own = cutout("soap");
    let take = TAKEN.take(&Sheet::of(&cutout("soap-letter")), &texture("gravel"));
    let fit = compare(&own, &take).unwrap().fit;
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let label = label(&own);
            let words = words_at(&own, &label, &take, fit);
            (label, words)
        })
    };
    assert!(on(1) == on(3));
}

#[test]
fn a_line_that_is_gone_is_said_to_be_unreadable() {
    let own = cutout("soap");
    let take = PLAIN.take(&Sheet::of(&own).erased([0.3, 0.57, 0.75, 0.64]), &texture("gravel"));
    let words = words(&own, &label(&own), &take);
    let told: Vec<String> = words.changed.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["the label says “Für weiche Hände”, which cannot be read in the take"]);
}

#[test]
fn networks_that_cannot_read_are_refused() {
    let (finder, reader) = &*NETWORKS;
    assert_eq!(reader.prove(finder), Ok(()));
    assert!(matches!(Reader::load(network(LINES)), Err(Fault::Characters)));
    assert!(matches!(Reader::load(b"no network".to_vec()), Err(Fault::Words(_))));
    assert!(matches!(Finder::load(b"no network".to_vec()), Err(Fault::Lines(_))));
    let swapped = Finder::load(network(WORDS)).unwrap();
    assert!(matches!(reader.prove(&swapped), Err(Fault::Lines(_))));
}
