//! Tags `invoices` and `orders`: one set of routes for both. What differs is the name of a few fields, which is in
//! `wire`.

mod wire;

use std::sync::Arc;

use axum::{Json, Router};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Caller, Names, Parameters, Payload, Serve};
use crate::app::App;
use crate::counterparties::Counterparty;
use crate::merchants::Merchant;
use crate::problem::Problem;
use crate::sources::{self, Changes, Draft, Item, ItemChanges, Name, NewItem, Receipt, Source, SourceKind};
use crate::store::Books;

pub(super) fn routes() -> Router<Arc<App>> {
    routes_of::<wire::Invoices>().merge(routes_of::<wire::Orders>())
}

/// A source, and whose it is.
struct Owned<T>(T, Merchant);

/// A source with everything that hangs on it.
struct Detail {
    source: Source,
    items: Vec<Item>,
    counterparty: Option<Counterparty>,
}

/// What one of the two tags sends and gets.
trait Tag: 'static {
    const KIND: SourceKind;
    /// The tag, which is also the first segment of its paths.
    const NAME: &'static str;
    /// What its paths call the id of a source where there is another id, and its number.
    const ID: &'static str;
    const NUMBER: &'static str;
    const NOT_FOUND: &'static str;
    type Create: DeserializeOwned + TryInto<Draft, Error = Problem> + Send;
    type Update: DeserializeOwned + TryInto<Changes, Error = Problem> + Send;
    type AddItem: DeserializeOwned + TryInto<NewItem, Error = Problem> + Send;
    type UpdateItem: DeserializeOwned + TryInto<ItemChanges, Error = Problem> + Send;
    type Source: From<Owned<Source>> + Serialize + Send;
    type Detail: From<Owned<Detail>> + Serialize + Send;
    type Item: From<Item> + Serialize + Send;
    type Receipt: From<Owned<Receipt>> + Serialize + Send;
}

fn routes_of<T: Tag>() -> Router<Arc<App>> {
    let (tag, id, number) = (T::NAME, T::ID, T::NUMBER);
    Router::new()
        .serve(&format!("POST /v1/{tag}/create"), create::<T>)
        .serve(&format!("GET /v1/{tag}/list"), list::<T>)
        .serve(&format!("GET /v1/{tag}/retrieve/{{id}}"), retrieve::<T>)
        .serve(&format!("GET /v1/{tag}/retrieve/number/{{{number}}}"), retrieve::<T>)
        .serve(&format!("PUT /v1/{tag}/update/{{id}}"), update::<T>)
        .serve(&format!("PUT /v1/{tag}/publish/{{id}}"), publish::<T>)
        .serve(&format!("DELETE /v1/{tag}/cancel/{{id}}"), cancel::<T>)
        .serve(&format!("POST /v1/{tag}/{{{id}}}/items/add"), add_item::<T>)
        .serve(&format!("PUT /v1/{tag}/{{{id}}}/items/{{id}}/update"), update_item::<T>)
        .serve(&format!("DELETE /v1/{tag}/{{{id}}}/items/{{id}}/remove"), remove_item::<T>)
        .serve(&format!("GET /v1/{tag}/receipt/{{id}}"), receipt::<T>)
        .serve(&format!("GET /v1/{tag}/receipt/number/{{{number}}}"), receipt::<T>)
}

fn unknown<T: Tag>() -> Problem {
    Problem::not_found(T::NOT_FOUND)
}

fn no_item() -> Problem {
    Problem::not_found("Item not found")
}

/// The name of a source in a path, and the parameter it is in.
fn named<T: Tag>(names: &Names, id: &'static str) -> Result<(Name, &'static str), Problem> {
    let number = names.text(T::NUMBER);
    if number.is_empty() {
        Ok((Name::Id(names.id(id).ok_or_else(unknown::<T>)?), id))
    } else {
        Ok((Name::Number(number.to_owned()), T::NUMBER))
    }
}

fn known<T: Tag>(books: &Books<'_>, name: &Name) -> Result<Source, Problem> {
    sources::find(books, T::KIND, name)?.ok_or_else(unknown::<T>)
}

async fn create<T: Tag>(
    caller: Caller,
    Payload(asked): Payload<T::Create>,
) -> Result<Json<T::Source>, Problem> {
    let draft = asked.try_into()?;
    let source = caller.run(move |books| sources::create(books, draft)).await?;
    Ok(Json(Owned(source, caller.merchant).into()))
}

async fn list<T: Tag>(caller: Caller, parameters: Parameters) -> Result<Json<Vec<T::Source>>, Problem> {
    let currency = parameters.get("currency").map(str::to_owned);
    let status = parameters.get("status").map(str::to_owned);
    let found = caller
        .run(move |books| sources::list(books, T::KIND, currency.as_deref(), status.as_deref()))
        .await?;
    Ok(Json(found.into_iter().map(|source| Owned(source, caller.merchant).into()).collect()))
}

async fn retrieve<T: Tag>(caller: Caller, names: Names) -> Result<Json<T::Detail>, Problem> {
    let (name, _) = named::<T>(&names, "id")?;
    let detail = caller
        .run(move |books| {
            let source = known::<T>(books, &name)?;
            Ok(Detail {
                items: sources::items(books, &source)?,
                counterparty: sources::counterparty(books, &source)?,
                source,
            })
        })
        .await?;
    Ok(Json(Owned(detail, caller.merchant).into()))
}

async fn update<T: Tag>(
    caller: Caller,
    names: Names,
    Payload(asked): Payload<T::Update>,
) -> Result<Json<T::Source>, Problem> {
    let changes = asked.try_into()?;
    change::<T>(caller, names, move |books, source| sources::update(books, source, &changes)).await
}

async fn publish<T: Tag>(caller: Caller, names: Names) -> Result<Json<T::Source>, Problem> {
    change::<T>(caller, names, sources::publish).await
}

async fn cancel<T: Tag>(caller: Caller, names: Names) -> Result<Json<T::Source>, Problem> {
    change::<T>(caller, names, sources::cancel).await
}

async fn change<T: Tag>(
    caller: Caller,
    names: Names,
    change: impl FnOnce(&Books<'_>, &Source) -> Result<Source, Problem> + Send + 'static,
) -> Result<Json<T::Source>, Problem> {
    let (name, _) = named::<T>(&names, "id")?;
    let source = caller.run(move |books| change(books, &known::<T>(books, &name)?)).await?;
    Ok(Json(Owned(source, caller.merchant).into()))
}

async fn add_item<T: Tag>(
    caller: Caller,
    names: Names,
    Payload(asked): Payload<T::AddItem>,
) -> Result<Json<T::Item>, Problem> {
    let (name, parameter) = named::<T>(&names, T::ID)?;
    let new = asked.try_into()?;
    let item =
        caller.run(move |books| sources::add(books, &known::<T>(books, &name)?, parameter, &new)).await?;
    Ok(Json(item.into()))
}

async fn update_item<T: Tag>(
    caller: Caller,
    names: Names,
    Payload(asked): Payload<T::UpdateItem>,
) -> Result<Json<T::Item>, Problem> {
    let (name, parameter) = named::<T>(&names, T::ID)?;
    let id = names.id("id").ok_or_else(no_item)?;
    let changes = asked.try_into()?;
    let item = caller
        .run(move |books| sources::update_item(books, &known::<T>(books, &name)?, parameter, id, &changes))
        .await?;
    Ok(Json(item.ok_or_else(no_item)?.into()))
}

async fn remove_item<T: Tag>(caller: Caller, names: Names) -> Result<Json<Value>, Problem> {
    let (name, parameter) = named::<T>(&names, T::ID)?;
    let id = names.id("id").ok_or_else(no_item)?;
    let removed =
        caller.run(move |books| sources::remove(books, &known::<T>(books, &name)?, parameter, id)).await?;
    removed.map(|_| Json(json!({}))).ok_or_else(no_item)
}

async fn receipt<T: Tag>(caller: Caller, names: Names) -> Result<Json<T::Receipt>, Problem> {
    let (name, parameter) = named::<T>(&names, "id")?;
    let receipt =
        caller.run(move |books| sources::receipt(books, known::<T>(books, &name)?, parameter)).await?;
    Ok(Json(Owned(receipt, caller.merchant).into()))
}
