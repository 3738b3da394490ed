//! The README is true: its pieces are a campaign, its commands run, its message is what softbox says, its links lead somewhere.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

/// The contents of all fenced blocks in one language, in order.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(found) = line.strip_prefix("```") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            if found == language {
                blocks.push(block.join("\n") + "\n");
            }
        }
    }
    assert!(!blocks.is_empty(), "the README has no {language} block");
    blocks
}

/// The targets of all links and pictures on a page, without those in fenced blocks.
fn links(page: &str) -> Vec<String> {
    let mut fenced = false;
    let mut links = Vec::new();
    for line in page.lines() {
        fenced ^= line.starts_with("```");
        if !fenced {
            links.extend(
                line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link.to_owned()),
            );
        }
    }
    links
}

/// A copy of the example campaign without what was built in it.
struct Copy {
    folder: tempfile::TempDir,
}

impl Copy {
    fn new() -> Copy {
        let folder = tempfile::tempdir().unwrap();
        copy(&root().join("examples/corner-shop"), folder.path());
        Copy { folder }
    }

    fn file(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_softbox"));
        command.args(arguments).current_dir(self.folder.path()).env("NO_COLOR", "1").env_remove("COLUMNS");
        command.output().unwrap()
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (name, target) = (entry.file_name(), to.join(entry.file_name()));
        if name == "dist" || name == ".softbox" {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn its_pieces_one_after_another_are_a_campaign_without_a_mistake() {
    let shop = Copy::new();
    fs::write(shop.file("campaign.toml"), blocks(&readme(), "toml").join("\n")).unwrap();
    let output = shop.run(&["check"]);
    let said = said(&output);
    assert!(output.status.success() && said.contains("no mistakes found"), "{said}");
}

#[test]
fn its_commands_run_in_the_example() {
    let shop = Copy::new();
    for line in blocks(&readme(), "sh").iter().flat_map(|block| block.lines()) {
        let Some(arguments) = line.strip_prefix("softbox ") else { continue };
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        let output = shop.run(&arguments);
        assert!(output.status.success() && !said(&output).is_empty(), "{line}: {}", said(&output));
        match arguments[..] {
            ["explain", asset] => assert!(shop.file(asset).is_file(), "{asset} was not built"),
            [.., "json"] => assert_eq!(events(&output).last().unwrap(), "done", "{}", said(&output)),
            _ => {}
        }
    }
}

/// The `event` of every JSON line on standard output.
fn events(output: &Output) -> Vec<String> {
    let line =
        |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["event"].as_str().unwrap().to_owned();
    String::from_utf8_lossy(&output.stdout).lines().map(line).collect()
}

#[test]
fn its_scripts_are_there_and_can_be_run() {
    for line in blocks(&readme(), "sh").iter().flat_map(|block| block.lines()) {
        if let Some(script) = line.strip_prefix("./") {
            let script = root().join(script);
            assert!(script.is_file(), "{line}");
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                assert!(fs::metadata(&script).unwrap().permissions().mode() & 0o111 != 0, "{line} cannot be run");
            }
        }
    }
}

#[test]
fn its_message_is_what_softbox_says() {
    let message = blocks(&readme(), "text").remove(0);
    let wrong = message.lines().find_map(|line| line.split_once(" | ")).map(|(_, line)| line).unwrap();
    let manifest = blocks(&readme(), "toml").join("\n");
    let right = "look = \"daylight\"\n";
    assert!(manifest.contains(right), "the README's campaign has no line to break");
    let shop = Copy::new();
    fs::write(shop.file("campaign.toml"), manifest.replace(right, &format!("{wrong}\n"))).unwrap();
    let output = shop.run(&["check"]);
    let said = said(&output);
    assert!(said.contains(message.trim_end()), "softbox says\n{said}\nthe README says\n{message}");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn its_table_has_as_many_cells_in_every_row() {
    for block in blocks(&readme(), "csv") {
        let mut reader = csv::Reader::from_reader(block.as_bytes());
        assert!(reader.records().all(|row| row.is_ok()), "{block}");
    }
}

#[test]
fn every_link_of_the_pages_leads_to_a_file() {
    for page in
        ["README.md", "docs/events.md", "docs/how-it-rebuilds.md", "docs/reading.md", "examples/corner-shop/CREDITS.md"]
    {
        let page = root().join(page);
        for link in links(&fs::read_to_string(&page).unwrap()) {
            let path = link.split('#').next().unwrap();
            if path.is_empty() || path.starts_with("https://") {
                continue;
            }
            assert!(page.with_file_name(path).exists(), "{}: {link} leads nowhere", page.display());
        }
    }
}
