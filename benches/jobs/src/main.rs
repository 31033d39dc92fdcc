//! The payments of the fleet benchmark as workflows of DBOS: a queue that workers poll, and a step for each of the two calls,
//! whose outcome is durable before what comes after it begins.
//!
//! It is given what suits it: a queue that is polled a hundred times a second instead of once, because a worker takes no more at
//! a poll than it has room for.

#[path = "../../src/provider.rs"]
mod provider;

use std::env;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use dbos::{
    Client, ClientConfig, Config, DBOS, EnqueueOptions, QueueConflict, QueueOptions, WorkflowHandle, step,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::task::JoinSet;
use uuid::Uuid;

use provider::{Payout, Provider};

const APPLICATION: &str = "payouts";
const VERSION: &str = "1";
const WORKFLOW: &str = "pay";

/// Where the workers look.
const QUEUE: &str = "payouts";

/// Where payments are recorded first. It is no queue that anybody looks at.
const HELD: &str = "held";

const POLLED: Duration = Duration::from_millis(10);

/// How many connections record.
const CONNECTIONS: u32 = 5;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["prepare", database, at_once] => prepare(database, at_once.parse()?).await,
        ["enqueue", database, first, count] => enqueue(database, first.parse()?, count.parse()?).await,
        ["work", database, url] => work(database, url).await,
        _ => bail!("it is run by the fleet benchmark: cargo xtask bench fleet"),
    }
}

fn config(database: &str) -> Config {
    Config {
        app_version: Some(VERSION.to_owned()),
        executor_id: Some(Uuid::new_v4().to_string()),
        ..Config::new(APPLICATION, database)
    }
}

/// Makes the tables and the queue, of which each worker takes so many at once.
async fn prepare(database: &str, at_once: i32) -> Result<()> {
    let dbos = DBOS::new(config(database));
    dbos.launch().await?;
    let options = QueueOptions {
        worker_concurrency: Some(at_once),
        polling_interval: POLLED,
        ..QueueOptions::default()
    };
    dbos.register_queue(QUEUE, options, QueueConflict::AlwaysUpdate).await.context("the queue")?;
    dbos.shutdown().await;
    Ok(())
}

/// Records payments where no worker looks.
async fn enqueue(database: &str, first: u32, count: u32) -> Result<()> {
    let config = ClientConfig { app_name: Some(APPLICATION.to_owned()), ..ClientConfig::new(database) };
    let client = Client::connect(ClientConfig { max_connections: CONNECTIONS, ..config }).await?;
    let mut callers = JoinSet::new();
    for caller in 0..CONNECTIONS {
        let client = client.clone();
        callers.spawn(async move {
            for number in (first..first + count).filter(|number| number % CONNECTIONS == caller) {
                let payout = Payout {
                    reference_id: Uuid::new_v4(),
                    account: 18,
                    amount: RawValue::from_string(format!("{}.{:02}", 100 + number % 400, number % 100))?,
                    currency: "USD".to_owned(),
                };
                let id = format!("salary/2026-11/{number:06}");
                let options = EnqueueOptions {
                    workflow_id: Some(&id),
                    app_version: Some(VERSION),
                    ..EnqueueOptions::new(HELD)
                };
                let _: WorkflowHandle<String> = client.enqueue_with(WORKFLOW, payout, options).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(ended) = callers.join_next().await {
        ended??;
    }
    client.close().await;
    Ok(())
}

/// Works until it is killed, and says when it begins.
async fn work(database: &str, url: &str) -> Result<()> {
    let provider = Arc::new(Provider::sign_in(reqwest::Client::new(), url.to_owned()).await?);
    let dbos = DBOS::new(Config { migrate: false, ..config(database) });
    dbos.register_workflow(WORKFLOW, move |payout: Payout| pay(Arc::clone(&provider), payout))?;
    dbos.launch().await?;
    println!("working");
    std::future::pending().await
}

/// Why a payment did not complete.
#[derive(Debug, Serialize, Deserialize)]
struct Failed(String);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failed {}

async fn pay(provider: Arc<Provider>, payout: Payout) -> dbos::Result<String, Failed> {
    let failed = |error: reqwest::Error| dbos::Error::Application(Failed(error.to_string()));
    let body = step("open", || async { provider.open(&payout).await.map_err(failed) }).await?;
    step("execute", || async { provider.execute(&body).await.map_err(failed) }).await
}
