//! The headers of each generated call: those that the spec fixes are there, the generator's own are not.
//!
//! The generator gives each call a map of headers, called `header_map`. Its own `api-version`, which no provider asked
//! for, goes, and the map with it unless a parameter of the call is in it, too. Every change is counted, so that a new
//! generator version that writes its calls in another way is looked at again.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ExprMethodCall, ImplItemFn, Lit, LitInt, Pat, Stmt, parse_quote};

/// The constant headers of each call, by the name of the call and their own lower-case name.
pub(super) type Constant = BTreeMap<String, BTreeMap<String, String>>;

/// Gives each call in `constant` its constant headers, and takes `api-version` from it.
pub(super) fn set(code: &mut syn::File, constant: &Constant) -> Result<()> {
    let mut calls = Calls { constant, versions: 0, maps: 0, requests: 0 };
    calls.visit_file_mut(code);
    let all = constant.len();
    if (calls.versions, calls.maps, calls.requests) != (all, all, all) {
        bail!("the generator no longer sets headers in the way it did; look at generate/headers.rs");
    }
    Ok(())
}

struct Calls<'a> {
    constant: &'a Constant,
    /// How many `api-version` headers were found, and removed.
    versions: usize,
    /// How many maps were found, and made smaller or removed.
    maps: usize,
    /// How many requests were found, and given their constant headers.
    requests: usize,
}

impl VisitMut for Calls<'_> {
    fn visit_impl_item_fn_mut(&mut self, call: &mut ImplItemFn) {
        let Some(constant) = self.constant.get(&call.sig.ident.to_string()) else { return };
        self.versions += remove_version(&mut call.block);
        let mut map = HeaderMap { keep: appends(&call.block), found: 0 };
        map.visit_block_mut(&mut call.block);
        call.block.stmts.retain(|statement| map.keep || !is_map_of_its_own(statement));
        self.maps += map.found;
        let mut request = Request { constant, found: 0 };
        request.visit_block_mut(&mut call.block);
        self.requests += request.found;
    }
}

fn remove_version(block: &mut Block) -> usize {
    let before = block.stmts.len();
    block.stmts.retain(|statement| {
        let Stmt::Expr(Expr::MethodCall(call), _) = statement else { return true };
        !(is_map(&call.receiver) && call.args.to_token_stream().to_string().contains("\"api-version\""))
    });
    before - block.stmts.len()
}

/// Whether a parameter of the call goes into its map.
fn appends(block: &Block) -> bool {
    block.stmts.iter().any(|statement| {
        matches!(statement, Stmt::Expr(..))
            && statement.to_token_stream().to_string().contains("header_map . append")
    })
}

fn is_map_of_its_own(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Local(local) if matches!(&local.pat, Pat::Ident(name) if name.ident == "header_map"))
}

fn is_map(expression: &Expr) -> bool {
    expression.to_token_stream().to_string() == "header_map"
}

/// Makes the map one smaller, or no longer sends it.
struct HeaderMap {
    keep: bool,
    found: usize,
}

impl VisitMut for HeaderMap {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        visit_mut::visit_expr_mut(self, expression);
        match expression {
            Expr::Call(call) if call.func.to_token_stream().to_string().ends_with("with_capacity") => {
                if let Some(Expr::Lit(literal)) = call.args.first_mut()
                    && let Lit::Int(size) = &literal.lit
                    && let Ok(old @ 1..) = size.base10_parse::<usize>()
                {
                    literal.lit = Lit::Int(LitInt::new(&format!("{}usize", old - 1), size.span()));
                    self.found += 1;
                }
            }
            Expr::MethodCall(call)
                if !self.keep && call.method == "headers" && call.args.first().is_some_and(is_map) =>
            {
                *expression = (*call.receiver).clone();
            }
            _ => {}
        }
    }
}

/// Puts constant headers first, where nothing that follows can replace them by the generator's own.
struct Request<'a> {
    constant: &'a BTreeMap<String, String>,
    found: usize,
}

impl VisitMut for Request<'_> {
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        visit_mut::visit_expr_mut(self, expression);
        let Expr::MethodCall(call) = expression else { return };
        if call.receiver.to_token_stream().to_string() == "self . client" {
            self.found += 1;
            for (name, value) in self.constant {
                let name: Expr = match name.as_str() {
                    "accept" => parse_quote!(::reqwest::header::ACCEPT),
                    "content-type" => parse_quote!(::reqwest::header::CONTENT_TYPE),
                    other => parse_quote!(::reqwest::header::HeaderName::from_static(#other)),
                };
                *expression = parse_quote! {
                    #expression.header(#name, ::reqwest::header::HeaderValue::from_static(#value))
                };
            }
        } else if self.constant.contains_key("accept") && accepts_json(call) {
            *expression = (*call.receiver).clone();
        }
    }
}

/// Whether a call is the `Accept: application/json` that the generator sends for every typed reply.
fn accepts_json(call: &ExprMethodCall) -> bool {
    let arguments = call.args.to_token_stream().to_string();
    call.method == "header" && arguments.contains(":: ACCEPT") && arguments.contains("\"application/json\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAP: &str = "let mut header_map = ::reqwest::header::HeaderMap::with_capacity(SIZEusize);
        header_map.append(HeaderName::from_static(\"api-version\"), HeaderValue::from_static(Self::api_version()));";

    const OWN: &str = "if let Some(value) = idempotency_key {
            header_map.append(\"Idempotency-Key\", value.to_string().try_into()?);
        }";

    const SEND: &str = "#[allow(unused_mut)]
        let mut request = self.client.post(url).header(::reqwest::header::ACCEPT,
            ::reqwest::header::HeaderValue::from_static(\"application/json\")).json(&body)
            .headers(header_map).build()?;";

    fn changed(body: &str, constant: &[(&str, &str)]) -> Result<String> {
        let mut code =
            syn::parse_file(&format!("impl Client {{ async fn pay(&self) {{ {body} }} fn base() {{}} }}"))?;
        let constant = constant.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        set(&mut code, &[("pay".to_owned(), constant)].into())?;
        Ok(prettyplease::unparse(&code))
    }

    #[test]
    fn a_call_without_headers_loses_its_map() -> Result<()> {
        let text = changed(&format!("{}{SEND}", MAP.replace("SIZE", "1")), &[])?;
        assert!(!text.contains("header_map") && !text.contains("api-version"), "{text}");
        assert!(text.contains("from_static(\"application/json\")"), "{text}");
        Ok(())
    }

    #[test]
    fn a_header_that_is_a_parameter_stays_in_the_map() -> Result<()> {
        let text = changed(&format!("{}{OWN}{SEND}", MAP.replace("SIZE", "2")), &[])?;
        assert!(!text.contains("api-version"), "{text}");
        assert!(text.contains("with_capacity(1usize)") && text.contains(".headers(header_map)"), "{text}");
        assert!(text.contains("header_map.append(\"Idempotency-Key\", value"), "{text}");
        Ok(())
    }

    #[test]
    fn a_constant_header_stands_instead_of_the_generators_own() -> Result<()> {
        let constant = [
            ("accept", "application/hal+json"),
            ("content-type", "application/hal+json"),
            ("x-version", "2"),
        ];
        let text = changed(&format!("{}{SEND}", MAP.replace("SIZE", "1")), &constant)?;
        assert!(!text.contains("application/json"), "{text}");
        for name in ["::ACCEPT", "::CONTENT_TYPE", "HeaderName::from_static(\"x-version\")"] {
            assert_eq!(text.matches(name).count(), 1, "{text}");
        }
        let (header, body) = (text.find("CONTENT_TYPE"), text.find(".json(&body)"));
        assert!(
            header < body,
            "a content type that comes after the body would be sent beside its own: {text}"
        );
        Ok(())
    }

    #[test]
    fn a_generator_that_sets_headers_in_another_way_is_noticed() {
        for other in [
            "self.client.post(url).headers(header_map).build()?;".to_owned(),
            format!("{}{SEND}", MAP.replace("SIZE", "1").replace("api-version", "version")),
            format!("{}request().headers(header_map)", MAP.replace("SIZE", "1")),
        ] {
            assert!(changed(&other, &[]).is_err(), "{other}");
        }
    }
}
