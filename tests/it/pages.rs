//! What the pages at the root of the repository name is there.

use std::path::Path;

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    std::fs::read_to_string(root.join(path)).unwrap()
}

/// An example as a user would write it: without what stands before it, and without the sandbox it starts.
fn program(path: &str) -> String {
    let text = read(path);
    let program = text[text.find("use ").unwrap()..].replace("    support::sandbox().await?;\n\n", "");
    program.trim_end().to_owned()
}

#[test]
fn the_same_program_runs_on_both_rails_but_for_the_client_and_the_two_ends() {
    let dollr = program("crates/dollr/examples/transfer.rs");
    let dwolla = program("crates/dwolla/examples/bank_transfer.rs");
    let page = read("docs/rails.md");
    let shown: Vec<&str> =
        page.split("```rust\n").skip(1).filter_map(|rest| rest.split("\n```").next()).collect();
    assert_eq!(shown, [&dollr, &dwolla], "docs/rails.md shows the two examples as they are");
    assert_eq!(dollr.lines().count(), dwolla.lines().count());
    for (on_dollr, on_dwolla) in dollr.lines().zip(dwolla.lines()).filter(|(one, other)| one != other) {
        let may_differ = ["use d", "    let client = D", "    let from = ", "    let to = "];
        let alike = may_differ.iter().any(|may| on_dollr.starts_with(may) && on_dwolla.starts_with(may));
        assert!(alike, "the programs differ in more than that:\n{on_dollr}\n{on_dwolla}");
    }
}

#[test]
fn every_path_that_a_page_links_to_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for page in ["README.md", "llms.txt", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        let text = std::fs::read_to_string(root.join(page)).unwrap();
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.contains("://") && !target.starts_with('#')) {
            assert!(root.join(target).exists(), "{page} links to {target}, which is not there");
        }
    }
    let llms = std::fs::read_to_string(root.join("llms.txt")).unwrap();
    assert!(llms.split("](").count() > 10, "it leads somewhere");
}
