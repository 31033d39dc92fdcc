//! What the generator writes and this project does not want, taken out of the syntax before it is printed.
//!
//! A status is asked for again and again, so what each call does in vain goes, too. Each removal fails if it finds nothing to remove, so that a new generator version is looked at again.

use anyhow::{Result, bail};
use quote::{ToTokens, format_ident};
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Expr, ExprLit, Field, FieldValue, FnArg, ImplItem, ImplItemFn, Item, ItemImpl, Lit, Macro,
    Meta, Token, parse_quote,
};

/// Removes `Client::new`, copies that nobody needs, the parsing of the base URL in each call,
/// and block comments.
pub(super) fn prune(code: &mut syn::File, operations: usize) -> Result<()> {
    remove_own_client(code)?;
    let mut copies = Copies::default();
    copies.visit_file_mut(code);
    if copies.replies == 0 {
        bail!("the generator no longer reads replies in the way it did; look at generate/prune.rs");
    }
    let mut urls = BaseUrl::default();
    urls.visit_file_mut(code);
    if (urls.fields, urls.values, urls.calls) != (1, 1, operations) {
        bail!("the generator no longer puts URLs together in the way it did; look at generate/prune.rs");
    }
    LineDocs.visit_file_mut(code);
    Ok(())
}

/// Drops the constructor that builds an HTTP client with a timeout and redirects of its own choice.
fn remove_own_client(code: &mut syn::File) -> Result<()> {
    let mut removed = 0;
    for item in &mut code.items {
        let Item::Impl(ItemImpl { items, trait_: None, .. }) = item else { continue };
        items.retain(|item| {
            let own = matches!(item, ImplItem::Fn(function) if function.sig.ident == "new");
            removed += usize::from(own);
            !own
        });
    }
    if removed != 1 {
        bail!("expected one `Client::new` in generated code, found {removed}");
    }
    Ok(())
}

/// Reads replies without a copy of their headers, and writes a UUID into a path without escaping its text.
#[derive(Default)]
struct Copies {
    replies: usize,
    /// The parameters of the current call that are UUIDs, whose text has nothing to escape.
    uuids: Vec<String>,
}

impl VisitMut for Copies {
    fn visit_impl_item_fn_mut(&mut self, call: &mut ImplItemFn) {
        self.uuids.clear();
        for input in &call.sig.inputs {
            if let FnArg::Typed(input) = input
                && input.ty.to_token_stream().to_string().ends_with(":: uuid :: Uuid")
            {
                self.uuids.push(input.pat.to_token_stream().to_string());
            }
        }
        visit_mut::visit_impl_item_fn_mut(self, call);
    }

    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        if let Expr::Call(call) = expression
            && call.func.to_token_stream().to_string() == "ResponseValue :: from_response"
        {
            *call.func = parse_quote!(::payonce_wire::read);
            self.replies += 1;
        }
        visit_mut::visit_expr_mut(self, expression);
    }

    fn visit_macro_mut(&mut self, call: &mut Macro) {
        let arguments = Punctuated::<Expr, Token![,]>::parse_terminated;
        if !call.path.is_ident("format") || self.uuids.is_empty() {
            return;
        }
        let Ok(mut arguments) = call.parse_body_with(arguments) else { return };
        for argument in &mut arguments {
            let text = argument.to_token_stream().to_string();
            let uuid =
                self.uuids.iter().find(|name| text == format!("encode_path (& {name} . to_string ())"));
            if let Some(name) = uuid {
                let name = format_ident!("{name}");
                *argument = parse_quote!(#name);
            }
        }
        call.tokens = arguments.to_token_stream();
    }
}

/// Keeps the base URL parsed, and joins each call's path to it.
#[derive(Default)]
struct BaseUrl {
    fields: usize,
    values: usize,
    calls: usize,
}

impl VisitMut for BaseUrl {
    fn visit_field_mut(&mut self, field: &mut Field) {
        if field.ident.as_ref().is_some_and(|name| name == "baseurl") {
            field.ty = parse_quote!(::payonce_wire::BaseUrl);
            self.fields += 1;
        }
    }

    fn visit_field_value_mut(&mut self, field: &mut FieldValue) {
        if field.expr.to_token_stream().to_string() == "baseurl . to_string ()" {
            field.expr = parse_quote!(::payonce_wire::BaseUrl::new(baseurl));
            self.values += 1;
        }
    }

    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        if let Expr::Macro(call) = expression
            && let Some(path) = path_of(&call.mac)
        {
            *expression = parse_quote!(self.baseurl.join(&format!(#path))?);
            self.calls += 1;
        }
        visit_mut::visit_expr_mut(self, expression);
    }
}

/// The arguments of `format!("{}/v1/…", self.baseurl, …)` without the base URL.
fn path_of(call: &Macro) -> Option<Punctuated<Expr, Token![,]>> {
    let arguments = call.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated).ok()?;
    let mut arguments = arguments.into_iter();
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = arguments.next()? else { return None };
    let path = text.value().strip_prefix("{}")?.to_owned();
    let base = arguments.next()?.to_token_stream().to_string();
    let path: Expr = parse_quote!(#path);
    (base == "self . baseurl").then(|| std::iter::once(path).chain(arguments).collect())
}

/// Turns each doc string into `///` lines, and drops one that only repeats the name of its type.
struct LineDocs;

impl VisitMut for LineDocs {
    fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
        let old = std::mem::take(attributes);
        for attribute in old {
            let Some(text) = doc_text(&attribute) else {
                attributes.push(attribute);
                continue;
            };
            let text = text.trim();
            if is_quoted_name(text) {
                continue;
            }
            // A doc string of one line may be a blank one between two others.
            let lines = text.lines().chain(text.is_empty().then_some("")).map(str::trim_end);
            attributes.extend(lines.map(|line| {
                let line = if line.is_empty() { String::new() } else { format!(" {line}") };
                parse_quote!(#[doc = #line])
            }));
        }
    }
}

fn is_quoted_name(text: &str) -> bool {
    let name = text.strip_prefix('`').and_then(|text| text.strip_suffix('`'));
    name.is_some_and(|name| !name.is_empty() && name.chars().all(char::is_alphanumeric))
}

fn doc_text(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    match &pair.value {
        Expr::Lit(literal) if pair.path.is_ident("doc") => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(call: &str) -> syn::File {
        let text = format!(
            "struct Client {{ baseurl: String }}
            impl Client {{ pub fn new() {{}} fn with() {{ Self {{ baseurl: baseurl.to_string() }} }} }}
            impl Client {{ async fn pay(&self) {{ {call} }} }}"
        );
        syn::parse_file(&text).unwrap()
    }

    const CALL: &str = "let url = format!(\"{}/v1/pay/{}\", self.baseurl, id,);
        let request = self.client.get(url).build()?;
        ResponseValue::from_response(response).await";

    #[test]
    fn the_own_client_is_gone_and_the_base_url_is_parsed_once() -> Result<()> {
        let mut code = client(CALL);
        prune(&mut code, 1)?;
        let text = prettyplease::unparse(&code);
        assert!(!text.contains("fn new"), "{text}");
        assert!(text.contains("let url = self.baseurl.join(&format!(\"/v1/pay/{}\", id))?;"), "{text}");
        assert!(text.contains("baseurl: ::payonce_wire::BaseUrl::new(baseurl)"), "{text}");
        Ok(())
    }

    #[test]
    fn a_reply_is_read_without_a_copy_and_only_a_uuid_is_not_escaped() -> Result<()> {
        let call = "impl Client { async fn pay(&self, id: &::uuid::Uuid, name: &str) {
            let url = format!(\"{}/{}\", encode_path(&id.to_string()), encode_path(&name.to_string()),);
            ResponseValue::from_response(response).await } }";
        let mut code = syn::parse_file(call)?;
        Copies::default().visit_file_mut(&mut code);
        let text = code.to_token_stream().to_string();
        assert!(text.contains("\"{}/{}\" , id , encode_path (& name . to_string ())"), "{text}");
        assert!(text.contains(":: payonce_wire :: read (response)"), "{text}");
        Ok(())
    }

    #[test]
    fn a_generator_that_writes_calls_in_another_way_is_noticed() {
        assert!(prune(&mut client("self.client.get(url).build()?;"), 1).is_err());
        assert!(prune(&mut client(CALL), 2).is_err());
    }

    #[test]
    fn doc_comments_are_lines_and_say_more_than_the_name() {
        let text = "/**Refund\n\nSends it.\n\n*/\nstruct A;\n///`B`\nstruct B;\n/// One.\n///\n/// Two.\nstruct C;\n";
        let mut code = syn::parse_file(text).unwrap();
        LineDocs.visit_file_mut(&mut code);
        let expected =
            "/// Refund\n///\n/// Sends it.\nstruct A;\nstruct B;\n/// One.\n///\n/// Two.\nstruct C;\n";
        assert_eq!(prettyplease::unparse(&code), expected);
    }
}
