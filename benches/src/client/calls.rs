//! The process that is measured: it makes so many calls, so many at a time, and says what they took.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use dollr::raw::{self, HttpTransport, Reply};
use dollr::{Dollr, Operation, ReferenceId, Secret};
use nix::sys::resource::{UsageWho, getrusage};
use reqwest::header::{AUTHORIZATION, HeaderValue};
use uuid::Uuid;

use super::server::REFERENCE;
use super::{Spent, Way, handwritten};

const TOKEN: &str = "bench-token";

/// What to do.
#[derive(clap::Args)]
pub(crate) struct Load {
    /// The way to make the calls.
    #[arg(value_enum)]
    pub(crate) way: Way,
    /// Where the server is.
    pub(crate) url: String,
    /// How many calls to measure.
    pub(crate) calls: u32,
    /// How many are under way at any time.
    pub(crate) in_flight: u32,
}

/// Makes the calls and prints what they took. One thread does it all, so that no scheduling between threads is
/// measured.
pub(crate) fn run(load: &Load) -> Result<()> {
    let spent = tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(load.make())?;
    println!("{}", serde_json::to_string(&spent)?);
    Ok(())
}

impl Load {
    async fn make(&self) -> Result<Spent> {
        let reference: Uuid = REFERENCE.parse()?;
        match self.way {
            Way::Reqwest => self.by_hand(plain()?, reference).await,
            Way::ReqwestLimited => self.by_hand(limited()?, reference).await,
            Way::Raw => {
                let mut header = HeaderValue::from_str(&format!("Bearer {TOKEN}"))?;
                header.set_sensitive(true);
                let transport = Arc::new(Bearer(header));
                let client = Arc::new(raw::Client::new_with_client(&self.url, plain()?, transport));
                self.measure(move || {
                    let client = Arc::clone(&client);
                    async move {
                        let reply = client.get_payout_status(&reference).await?;
                        ensure!(reply.reference_id == reference, "another execution");
                        Ok(())
                    }
                })
                .await
            }
            Way::Facade => {
                let builder =
                    Dollr::builder().client_id("bench-client").client_secret(Secret::new("bench-secret"));
                let dollr = builder.base_url(&self.url).journal_in_memory().build()?;
                let operation = Arc::new(Operation::new("payout")?);
                let reference = ReferenceId::from(reference);
                self.measure(move || {
                    let (dollr, operation) = (dollr.clone(), Arc::clone(&operation));
                    async move {
                        let execution = dollr.execution(&operation, reference).await?;
                        ensure!(execution.reference_id == reference, "another execution");
                        Ok(())
                    }
                })
                .await
            }
        }
    }

    async fn by_hand(&self, http: reqwest::Client, reference: Uuid) -> Result<Spent> {
        let url: Arc<str> = self.url.as_str().into();
        self.measure(move || {
            let (http, url) = (http.clone(), Arc::clone(&url));
            async move {
                let execution = handwritten::status(&http, &url, TOKEN, &reference).await?;
                ensure!(execution.reference_id == reference, "another execution");
                Ok(())
            }
        })
        .await
    }

    /// Opens the connections with a few calls, then measures.
    async fn measure<F, Fut>(&self, call: F) -> Result<Spent>
    where
        F: Fn() -> Fut + Clone + Send + 'static,
        Fut: Future<Output = Result<()>> + Send,
    {
        let each = self.calls.div_ceil(self.in_flight);
        // The first call alone, because it fetches what all of them need.
        call().await?;
        repeat(self.in_flight, 4, &call).await?;
        let before = processor_time()?;
        repeat(self.in_flight, each, &call).await?;
        let cpu_us = processor_time()? - before;
        Ok(Spent { cpu_us, calls: each * self.in_flight })
    }
}

async fn repeat<F, Fut>(tasks: u32, each: u32, call: &F) -> Result<()>
where
    F: Fn() -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Result<()>> + Send,
{
    let tasks: Vec<_> = (0..tasks)
        .map(|_| {
            let call = call.clone();
            tokio::spawn(async move {
                for _ in 0..each {
                    call().await?;
                }
                anyhow::Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(())
}

/// User and system time of this process so far, in microseconds.
fn processor_time() -> Result<i64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    Ok([usage.user_time(), usage.system_time()]
        .iter()
        .map(|time| time.tv_sec() * 1_000_000 + time.tv_usec())
        .sum())
}

/// `reqwest` as it comes. Nothing is encrypted here, so that no roots of trust are needed; and no proxy of the
/// environment may come in between.
fn builder() -> Result<reqwest::ClientBuilder> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    Ok(reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy())
}

fn plain() -> Result<reqwest::Client> {
    Ok(builder()?.build()?)
}

fn limited() -> Result<reqwest::Client> {
    let limited = builder()?
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(Duration::from_secs(10))
        .timeout(Duration::from_secs(30));
    Ok(limited.build()?)
}

/// Adds the token to each request of the raw client.
#[derive(Debug)]
struct Bearer(HeaderValue);

impl HttpTransport for Bearer {
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        mut request: reqwest::Request,
        _operation: &'static str,
    ) -> Reply<'a> {
        request.headers_mut().insert(AUTHORIZATION, self.0.clone());
        Box::pin(http.execute(request))
    }
}
