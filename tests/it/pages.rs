//! What the pages at the root of the repository name is there.

use std::path::Path;

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
