//! The dashboard: what is in the books and what happens, live, with the controls beside it. The controls are those of
//! `/_sandbox/*`; here is only what they do not have.

use std::convert::Infallible;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures_util::stream::{self, Stream};
use http::StatusCode;
use tokio::sync::broadcast::error::RecvError;

use super::{overview, page};
use crate::app::App;
use crate::feed::Change;
use crate::problem::Problem;

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(show))
        .route("/_pages/overview", get(everything))
        .route("/_pages/payments/{id}", get(life))
        .route("/_pages/events", get(events))
}

#[derive(Template)]
#[template(path = "dashboard.html")]
struct Dashboard {
    url: String,
    operations: Vec<String>,
}

async fn show(State(app): State<Arc<App>>) -> Response {
    let operations =
        dollr_raw::OPERATIONS.iter().map(|known| format!("{} {}", known.method, known.path)).collect();
    page(StatusCode::OK, &Dashboard { url: app.page(""), operations })
}

async fn everything(State(app): State<Arc<App>>) -> Result<Json<overview::Overview>, Problem> {
    app.store.run(overview::overview).await.map(Json)
}

async fn life(State(app): State<Arc<App>>, Path(id): Path<i64>) -> Result<Response, Problem> {
    let requests = app.desk.requests.latest();
    let life = app.store.run(move |books| overview::life(books, id, &requests)).await?;
    let life = life.ok_or_else(|| Problem::not_found("No such payment"))?;
    Ok(Json(life).into_response())
}

/// Everything that happens from now on, as JSON. A listener that fell behind is told `reset`, on which it reads
/// everything anew.
async fn events(State(app): State<Arc<App>>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = stream::unfold(app.feed.subscribe(), |mut changes| async move {
        let change = match changes.recv().await {
            Ok(change) => change,
            Err(RecvError::Lagged(_)) => Change::Reset,
            Err(RecvError::Closed) => return None,
        };
        let event = Event::default().json_data(change).expect("a change is plain data");
        Some((Ok(event), changes))
    });
    Sse::new(changes).keep_alive(KeepAlive::default())
}
