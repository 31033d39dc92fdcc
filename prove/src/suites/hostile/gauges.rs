//! What a reply costs in memory, and whether that and a redirect would be noticed.

use payonce::Rail;
use payonce_sandbox::CLIENT_SECRET;

use super::front::{Elsewhere, Front, Plan, Target};
use super::misdeeds::{self, At, MISDEEDS};
use super::{LIMIT, World, order, tls};
use crate::MEMORY;
use crate::suite::{Run, Stop};

/// By how much one reply may make the process grow.
const GROWTH: u64 = 20 << 20;

/// How much each heavy reply makes the process grow, one after the other.
pub(super) async fn memory(run: &Run, world: &World) -> Result<u64, Stop> {
    let mut most = 0;
    let order = order();
    let one_letter = Plan { target: Target::Token, after: false, act: misdeeds::token_of_one_letter };
    let heavy = MISDEEDS.iter().filter(|misdeed| misdeed.heavy && misdeed.at == At::Anywhere);
    for misdeed in heavy {
        let status = Plan { target: Target::Status, after: false, act: misdeed.act };
        let front = world.front(vec![status, one_letter]).await?;
        let dollr = world.client(&front).request_timeout(LIMIT * 2).build().map_err(anyhow::Error::from)?;
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let answer = dollr.rail().look_up(&order).await;
        let grown = MEMORY.peak_usage().saturating_sub(before) as u64;
        if grown > GROWTH {
            return Err(run
                .violation(format!("{}: the process grew by {} MiB: {answer:?}", misdeed.name, grown >> 20))
                .into());
        }
        most = most.max(grown);
    }
    Ok(most)
}

/// A client without any of the precautions falls for a redirect and for a bomb, and both are noticed here. Returns how
/// many MiB the bomb came to.
pub(super) async fn work(world: &World) -> Result<f64, Stop> {
    let find = |name: &str| MISDEEDS.iter().find(|row| row.name == name).map(|row| row.act);
    let (Some(redirect), Some(bomb)) = (find("redirect 307"), find("gzip bomb")) else {
        return Err(anyhow::anyhow!("the rows of the naive client are gone").into());
    };
    let trap = Elsewhere::start().await.map_err(anyhow::Error::from)?;
    let plan = |target, act| Plan { target, after: false, act };
    let plans = vec![plan(Target::Token, redirect), plan(Target::Status, bomb)];
    let front = Front::start(world.sandbox.addr(), trap.port, plans).await.map_err(anyhow::Error::from)?;
    let naive = reqwest::Client::builder().no_proxy().tls_backend_preconfigured(tls::nobody()?);
    let naive = naive.build().map_err(anyhow::Error::from)?;
    let url = format!("{}/v1/jwt/client/obtain/token", front.url);
    // What it is answered elsewhere does not matter.
    let _ = naive.post(url).body(CLIENT_SECRET).send().await;
    if !trap.heard(CLIENT_SECRET) {
        return Err(anyhow::anyhow!("a client that follows redirects was not caught").into());
    }
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let reply = naive.get(format!("{}/v1/status/payout/a", front.url)).send().await;
    let body = reply.map_err(anyhow::Error::from)?.bytes().await.map_err(anyhow::Error::from)?;
    let grown = MEMORY.peak_usage().saturating_sub(before);
    if body.len() < 16 << 20 || grown < 16 << 20 {
        let told = format!("a client that unpacks was not caught: {} bytes, grew by {grown}", body.len());
        return Err(anyhow::anyhow!(told).into());
    }
    Ok(body.len() as f64 / f64::from(1 << 20))
}
