//! `cargo xtask generate [--check]`: from a published OpenAPI document to a raw client crate.
//!
//! The pipeline is published spec, overlay of reviewed fixes, lowering to what the generator reads, generation,
//! guards, split into files. Each stage is a pure function, so the same input gives the same bytes on any machine,
//! and one changed field in a spec is a small diff in its crate. A new provider is one more row of [`SPECS`].

mod client;
mod enums;
mod guards;
mod headers;
mod lower;
mod operations;
mod overlay;
mod prune;
mod split;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::root;

/// One published spec and the crate made from it. Paths are relative to the root of the repository.
struct Spec {
    /// The document as the provider publishes it, in which nothing is ever fixed, or one that this project wrote.
    published: &'static str,
    /// The reviewed fixes, each with its reason.
    overlay: &'static str,
    /// The directory that holds generated files and nothing else.
    output: &'static str,
}

const SPECS: &[Spec] = &[
    Spec {
        published: "openapi.json",
        overlay: "xtask/specs/dollr.overlay.json",
        output: "crates/dollr-raw/src/generated",
    },
    Spec {
        published: "openapi.dwolla.json",
        overlay: "xtask/specs/dwolla.overlay.json",
        output: "crates/dwolla-raw/src/generated",
    },
];

/// The published specs, as paths relative to the root of the repository.
pub(crate) fn published() -> impl Iterator<Item = &'static str> {
    SPECS.iter().map(|spec| spec.published)
}

/// What to do with the generated files.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Bring the files on disk up to date.
    Write,
    /// Write nothing and fail if a file on disk differs.
    Check,
}

/// File contents by path relative to a spec's output directory.
type Files = BTreeMap<PathBuf, String>;

/// Generates every spec's crate, or checks that it is up to date.
///
/// With [`Mode::Check`] nothing is written and the error names the stale files and the command to run.
pub(crate) fn run(mode: Mode) -> Result<()> {
    let mut stale = Vec::new();
    for spec in SPECS {
        let files = generate(spec).with_context(|| format!("cannot generate from {}", spec.published))?;
        stale.extend(update(&root().join(spec.output), &files, mode)?);
    }
    if mode == Mode::Check && !stale.is_empty() {
        let list: Vec<String> = stale
            .iter()
            .map(|path| format!("  {}", path.strip_prefix(root()).unwrap_or(path).display()))
            .collect();
        bail!("generated code is stale; run `cargo xtask generate`:\n{}", list.join("\n"));
    }
    Ok(())
}

fn generate(spec: &Spec) -> Result<Files> {
    generate_from(spec, read_json(spec.published)?)
}

/// Generates from a document as published, which need not be the one on disk.
fn generate_from(spec: &Spec, mut document: Value) -> Result<Files> {
    let fixes: overlay::Overlay = serde_json::from_value(read_json(spec.overlay)?)
        .with_context(|| format!("cannot read {}", spec.overlay))?;
    overlay::apply(&mut document, &fixes).with_context(|| format!("cannot apply {}", spec.overlay))?;
    let lowered = lower::lower(&document)?;
    guards::document(&lowered)?;

    let enums = enums::find(&lowered)?;
    let mut code = client::generate(&lowered, &enums)?;
    let constant = operations::headers(&lowered)?;
    headers::set(&mut code, &constant)?;
    prune::prune(&mut code, constant.len())?;
    let mut files = split::split(code, &lowered)?;
    files.insert("enums.rs".into(), enums::render(&enums));
    files.insert("operations.rs".into(), operations::render(&lowered)?);
    for (path, text) in &mut files {
        guards::code(path, text)?;
        text.insert_str(0, &header(spec));
    }
    Ok(files)
}

fn header(spec: &Spec) -> String {
    format!(
        "// @generated from {} and {} by `cargo xtask generate`. Do not edit by hand.\n\n",
        spec.published, spec.overlay
    )
}

fn read_json(path: &str) -> Result<Value> {
    let text = fs::read_to_string(root().join(path)).with_context(|| format!("cannot read {path}"))?;
    serde_json::from_str(&text).with_context(|| format!("{path} is not JSON"))
}

/// Makes `directory` hold exactly `files` and returns the paths that differed.
fn update(directory: &Path, files: &Files, mode: Mode) -> Result<Vec<PathBuf>> {
    let mut changed = Vec::new();
    for (name, text) in files {
        let path = directory.join(name);
        // A checkout may have turned line ends around; that alone is no difference.
        let current = fs::read_to_string(&path).ok().map(|text| text.replace("\r\n", "\n"));
        if current.as_ref() == Some(text) {
            continue;
        }
        if mode == Mode::Write {
            let parent = path.parent().expect("a generated file lies in its output directory");
            fs::create_dir_all(parent)?;
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
        changed.push(path);
    }
    for path in files_below(directory)? {
        let name = path.strip_prefix(directory).expect("the path was found below the directory");
        if !files.contains_key(name) {
            if mode == Mode::Write {
                fs::remove_file(&path)?;
            }
            changed.push(path);
        }
    }
    Ok(changed)
}

fn files_below(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !directory.exists() {
        return Ok(found);
    }
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files_below(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_code_is_fresh() -> Result<()> {
        run(Mode::Check)
    }

    #[test]
    fn generating_twice_gives_the_same_bytes() -> Result<()> {
        for spec in SPECS {
            assert_eq!(generate(spec)?, generate(spec)?);
        }
        Ok(())
    }

    #[test]
    fn one_more_member_is_one_more_field_in_one_file() -> Result<()> {
        for (spec, schema, file) in [
            (&SPECS[0], "CreatePayoutSessionPayload", "types/sessions.rs"),
            (&SPECS[1], "InitiateTransfer", "types/transfers.rs"),
        ] {
            let mut document = read_json(spec.published)?;
            let before = generate_from(spec, document.clone())?;
            let members = &mut document["components"]["schemas"][schema]["properties"];
            members["added_later"] = serde_json::json!({"type": "string"});
            let after = generate_from(spec, document)?;
            let changed: Vec<_> =
                after.iter().filter(|(path, text)| before.get(*path) != Some(text)).collect();
            assert_eq!(changed.len(), 1, "{}", spec.published);
            assert_eq!(changed[0].0, Path::new(file));
            let lines = |text: &str| text.lines().count();
            assert!(lines(changed[0].1) - lines(&before[changed[0].0]) <= 2, "{}", spec.published);
        }
        Ok(())
    }

    #[test]
    fn a_check_reports_changed_missing_and_left_over_files_and_writes_nothing() -> Result<()> {
        let directory = tempfile::tempdir()?;
        let at = |name: &str| directory.path().join(name);
        fs::write(at("same.rs"), "same")?;
        fs::write(at("changed.rs"), "old")?;
        fs::write(at("left_over.rs"), "gone from the spec")?;
        let files: Files = [("same.rs", "same"), ("changed.rs", "new"), ("missing.rs", "new")]
            .map(|(name, text)| (name.into(), text.to_owned()))
            .into();

        let stale = update(directory.path(), &files, Mode::Check)?;
        assert_eq!(stale, [at("changed.rs"), at("missing.rs"), at("left_over.rs")]);
        assert_eq!(fs::read_to_string(at("changed.rs"))?, "old");
        assert!(!at("missing.rs").exists());

        update(directory.path(), &files, Mode::Write)?;
        assert_eq!(update(directory.path(), &files, Mode::Check)?, Vec::<PathBuf>::new());
        assert!(!at("left_over.rs").exists());
        Ok(())
    }
}
