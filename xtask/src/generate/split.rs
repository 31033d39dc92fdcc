//! One generated file becomes many small ones, so that a changed field is read where it belongs.
//!
//! Calls are filed under their tag. A type is filed under the only tag that reaches it, or under `shared`.
//! The files are ordinary modules: no reader has to know that they were ever one.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use serde_json::Value;
use syn::{File, GenericArgument, ImplItem, Item, ItemImpl, PathArguments, Type};

use super::Files;

/// The file of types that several tags use, or none.
const SHARED: &str = "shared";

/// The generator's error for a value that a type refuses.
const CONVERSION_ERROR: &str = "ConversionError";

/// Splits the generator's output by tag.
pub(super) fn split(code: File, document: &Value) -> Result<Files> {
    let tags = Tags::read(document)?;
    let mut files = Files::new();
    let mut top = Vec::new();
    for item in code.items {
        match item {
            Item::Mod(module) if module.ident == "types" => {
                let (_, items) = module.content.context("the generator writes its types inline")?;
                split_types(items, &tags, &mut files)?;
            }
            // A prelude of one name helps nobody.
            Item::Mod(module) if module.ident == "prelude" => {}
            Item::Impl(block) if is_calls(&block, &tags) => split_calls(block, &tags, &mut files)?,
            other => top.push(other),
        }
    }
    let modules = quote! {
        mod client;
        pub mod enums;
        pub mod operations;
        pub mod types;
    };
    files.insert("mod.rs".into(), print(modules, top)?);
    Ok(files)
}

fn is_calls(block: &ItemImpl, tags: &Tags) -> bool {
    block
        .items
        .iter()
        .any(|item| matches!(item, ImplItem::Fn(call) if tags.of_call(&call.sig.ident.to_string()).is_some()))
}

fn split_types(items: Vec<Item>, tags: &Tags, files: &mut Files) -> Result<()> {
    let mut by_tag: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    let mut common = Vec::new();
    let refuses = items.iter().any(|item| !matches!(item, Item::Mod(_)) && mentions(item, CONVERSION_ERROR));
    for item in items {
        let name = match &item {
            Item::Struct(item) => item.ident.to_string(),
            Item::Enum(item) => item.ident.to_string(),
            Item::Type(item) => item.ident.to_string(),
            Item::Impl(item) => {
                impl_name(item, tags).context("an impl in `types` is for one of its types")?
            }
            // Written always, needed only where a type can refuse a value.
            Item::Mod(module) if module.ident == "error" && !refuses => continue,
            _ => {
                common.push(item);
                continue;
            }
        };
        by_tag.entry(tags.of_type(&name).to_owned()).or_default().push(item);
    }
    let names: Vec<_> = by_tag.keys().map(|tag| format_ident!("{tag}")).collect();
    let modules = quote! {
        #(mod #names;)*
        #(pub use self::#names::*;)*
    };
    files.insert("types/mod.rs".into(), print(modules, common)?);
    for (tag, items) in by_tag {
        let imports = quote! {
            #[allow(unused_imports)]
            use super::*;
        };
        files.insert(format!("types/{tag}.rs").into(), print(imports, items)?);
    }
    Ok(())
}

fn mentions(item: &Item, name: &str) -> bool {
    item.to_token_stream().to_string().contains(name)
}

/// The type that an impl belongs to: the one it is for, or, for a foreign one, the one that it is made from.
fn impl_name(item: &ItemImpl, tags: &Tags) -> Option<String> {
    let name = self_name(&item.self_ty)?;
    let made_from = item.trait_.as_ref().and_then(|(path, _)| match &path.segments.last()?.arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.first()? {
            GenericArgument::Type(kind) => self_name(kind),
            _ => None,
        },
        _ => None,
    });
    Some(
        made_from
            .filter(|from| !tags.types.contains_key(&name) && tags.types.contains_key(from))
            .unwrap_or(name),
    )
}

fn self_name(kind: &Type) -> Option<String> {
    match kind {
        Type::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
        _ => None,
    }
}

fn split_calls(block: ItemImpl, tags: &Tags, files: &mut Files) -> Result<()> {
    let mut by_tag: BTreeMap<&str, Vec<ImplItem>> = BTreeMap::new();
    for item in block.items {
        let ImplItem::Fn(call) = &item else { bail!("the client's calls are all functions") };
        let name = call.sig.ident.to_string();
        let tag = tags.of_call(&name).with_context(|| format!("{name} is no operation of the spec"))?;
        by_tag.entry(tag).or_default().push(item);
    }
    let names: Vec<_> = by_tag.keys().map(|tag| format_ident!("{tag}")).collect();
    files.insert("client/mod.rs".into(), print(quote!(#(mod #names;)*), Vec::new())?);
    for (tag, calls) in by_tag {
        let code = quote! {
            use crate::generated::*;

            impl Client {
                #(#calls)*
            }
        };
        files.insert(format!("client/{tag}.rs").into(), print(code, Vec::new())?);
    }
    Ok(())
}

/// Prints items with a blank line before each that begins with a comment or a block of its own.
fn print(first: TokenStream, rest: Vec<Item>) -> Result<String> {
    let mut items = syn::parse2::<File>(first)?.items;
    items.extend(rest);
    let mut text = String::new();
    for item in items {
        let file = File { shebang: None, frontmatter: None, attrs: Vec::new(), items: vec![item] };
        let printed = prettyplease::unparse(&file);
        if !text.is_empty() && printed.lines().count() > 2 {
            text.push('\n');
        }
        // Calls of one block are read one at a time, too.
        text.push_str(&printed.replace("    }\n    ///", "    }\n\n    ///"));
    }
    Ok(text)
}

/// Which tag each operation and each schema belongs to, as names of Rust modules.
struct Tags {
    calls: BTreeMap<String, String>,
    types: BTreeMap<String, BTreeSet<String>>,
}

impl Tags {
    fn read(document: &Value) -> Result<Self> {
        let mut tags = Self { calls: BTreeMap::new(), types: BTreeMap::new() };
        for operation in document["paths"]
            .as_object()
            .into_iter()
            .flatten()
            .flat_map(|(_, item)| item.as_object().into_iter().flatten().map(|(_, operation)| operation))
        {
            let id = operation["operationId"].as_str().context("an operation has a name")?;
            let tag = operation["tags"][0].as_str().with_context(|| format!("{id} has no tag"))?;
            let tag = tag.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
            tags.reach(operation, document, &tag);
            tags.calls.insert(id.into(), tag);
        }
        Ok(tags)
    }

    fn reach(&mut self, value: &Value, document: &Value, tag: &str) {
        match value {
            Value::Object(map) => {
                let target = map.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'));
                if let Some(path) = target
                    && let Some(name) = path.rsplit('/').next()
                    && self.types.entry(name.into()).or_default().insert(tag.into())
                    && let Some(schema) = document.pointer(path)
                {
                    self.reach(schema, document, tag);
                }
                map.values().for_each(|value| self.reach(value, document, tag));
            }
            Value::Array(values) => values.iter().for_each(|value| self.reach(value, document, tag)),
            _ => {}
        }
    }

    fn of_call(&self, name: &str) -> Option<&str> {
        self.calls.get(name).map(String::as_str)
    }

    fn of_type(&self, name: &str) -> &str {
        match self.types.get(name) {
            Some(tags) if tags.len() == 1 => tags.first().map_or(SHARED, String::as_str),
            _ => SHARED,
        }
    }
}
