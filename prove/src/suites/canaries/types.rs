//! Which public types there are, read from the source, and which of them could hold a secret.
//!
//! The lint `unreachable_pub` keeps `pub` from being written on what nobody outside can reach, so that every `pub`
//! type found here is public, and no other is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use quote::ToTokens;
use syn::{Fields, Item, Visibility};

/// The crates that a user holds types of.
const CRATES: [(&str, &str); 7] = [
    ("payonce", "payonce"),
    ("payonce_wire", "wire"),
    ("payonce_rest", "rest"),
    ("dollr", "dollr"),
    ("dollr_raw", "dollr-raw"),
    ("dwolla", "dwolla"),
    ("dwolla_raw", "dwolla-raw"),
];

/// Field names that tell of a secret. The words of a fault and the code of a country are none.
const TELLING: [&str; 9] = [
    "secret",
    "client_secret",
    "access_token",
    "token",
    "passcode",
    "password",
    "code",
    "pin",
    "hosted_path_or_token",
];

/// A type, and what its fields are made of.
///
/// A derived `Debug` shows what the fields show and nothing else. So a secret can only come out of a field that is
/// plain text, which its name must not tell, or out of a `Debug` that was written by hand, which must be tried.
#[derive(Debug, Default)]
struct Type {
    public: bool,
    by_hand: bool,
    parts: BTreeSet<String>,
}

pub(super) struct Checked {
    pub(super) public: usize,
    pub(super) carriers: usize,
}

/// Compares what could hold a secret with what was printed.
pub(super) fn check(printed: &BTreeSet<&str>) -> Result<Result<Checked, String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the package lies below the root")?;
    let mut types = BTreeMap::new();
    for (name, directory) in CRATES {
        for path in sources(&root.join("crates").join(directory).join("src"))? {
            let text = fs::read_to_string(&path)?;
            let file = syn::parse_file(&text).with_context(|| path.display().to_string())?;
            if let Err(what) = read(name, file.items, &mut types) {
                return Ok(Err(what));
            }
        }
    }
    let carriers = carriers(&types);
    let public = |name: &str| types.get(name).is_some_and(|of| of.public);
    let tried = |name: &str| types.get(name).is_some_and(|of| of.public && of.by_hand);
    let missing: Vec<_> = carriers.iter().filter(|name| tried(name) && !printed.contains(*name)).collect();
    let carriers = carriers.iter().filter(|name| public(name)).count();
    let found = tried("dollr::DollrRail") && tried("dwolla::DwollaRail") && carriers > 10;
    anyhow::ensure!(found, "the types were not found");
    if !missing.is_empty() {
        return Ok(Err(format!(
            "nobody has printed these with a secret in them, see prove/src/suites/canaries/inside.rs: {missing:?}"
        )));
    }
    Ok(Ok(Checked { public: types.values().filter(|of| of.public).count(), carriers }))
}

fn sources(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Reads the types among the items, and says which field has a telling name but is no secret.
fn read(krate: &str, items: Vec<Item>, types: &mut BTreeMap<String, Type>) -> Result<(), String> {
    for item in items {
        let (name, visibility, fields) = match item {
            Item::Mod(inner) if is_test(&inner.attrs) => continue,
            Item::Mod(inner) => {
                read(krate, inner.content.map(|(_, items)| items).unwrap_or_default(), types)?;
                continue;
            }
            Item::Struct(of) => (of.ident, of.vis, vec![of.fields]),
            Item::Enum(of) => {
                (of.ident, of.vis, of.variants.into_iter().map(|variant| variant.fields).collect())
            }
            Item::Type(of) => {
                let parts = names(&of.ty.to_token_stream().to_string());
                types.entry(format!("{krate}::{}", of.ident)).or_default().parts.extend(parts);
                continue;
            }
            Item::Impl(of) => {
                let trait_name = of.trait_.as_ref().and_then(|(path, _)| path.segments.last());
                if trait_name.is_some_and(|name| name.ident == "Debug")
                    && let syn::Type::Path(shown) = *of.self_ty
                    && let Some(shown) = shown.path.segments.last()
                {
                    types.entry(format!("{krate}::{}", shown.ident)).or_default().by_hand = true;
                }
                continue;
            }
            _ => continue,
        };
        let name = format!("{krate}::{name}");
        let of = types.entry(name.clone()).or_default();
        of.public |= matches!(visibility, Visibility::Public(_));
        for field in fields.iter().flat_map(Fields::iter) {
            let parts = names(&field.ty.to_token_stream().to_string());
            let told = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
            let bare = parts.iter().all(|part| PLAIN.contains(&part.as_str()));
            if of.public && bare && TELLING.contains(&told.as_str()) {
                return Err(format!("{name}.{told} is told by its name to be a secret, and is plain text"));
            }
            of.parts.extend(parts);
        }
    }
    Ok(())
}

/// What a text is made of, and nothing else is.
const PLAIN: [&str; 8] = ["String", "Option", "Vec", "std", "string", "option", "str", "vec"];

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.to_token_stream().to_string().contains("test"))
}

/// The names in a type.
fn names(tokens: &str) -> BTreeSet<String> {
    let words = tokens.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Every type that is a secret or has a part that is.
fn carriers(types: &BTreeMap<String, Type>) -> BTreeSet<&str> {
    // A header holds a token; it is marked as sensitive.
    let mut words: BTreeSet<&str> = ["SecretString", "HeaderValue"].into();
    let mut carriers = BTreeSet::new();
    loop {
        let before = carriers.len();
        for (name, of) in types {
            if of.parts.iter().any(|part| words.contains(part.as_str())) && carriers.insert(name.as_str()) {
                words.insert(name.rsplit(':').next().unwrap_or(name));
            }
        }
        if carriers.len() == before {
            return carriers;
        }
    }
}
