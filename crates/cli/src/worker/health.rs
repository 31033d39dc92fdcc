//! `/health` and `/metrics` of a worker, on the loopback address.
//!
//! What must stay true: nobody on another machine can ask; and neither tells a name, an amount or a secret.

use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use payonce::{Timestamp, Vitals};

use super::metrics::{Metrics, kind, sample};
use crate::facade::Facade;

/// A worker that has had no answer of the journal for so long is not well.
const FRESH: Duration = Duration::from_secs(30);

/// An address of this machine that no other can reach.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loopback(SocketAddr);

impl FromStr for Loopback {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let address: SocketAddr =
            text.parse().map_err(|_| "an address and a port are wanted, such as 127.0.0.1:9464")?;
        if !address.ip().is_loopback() {
            return Err(
                "other machines could ask there; name a loopback address such as 127.0.0.1:9464, and let a proxy \
                        or an agent on this machine pass it on",
            );
        }
        Ok(Self(address))
    }
}

/// What one rail's worker says of itself.
type Ask = Box<dyn Fn() -> Vitals + Send + Sync>;

/// What a gauge shows of a worker at that moment, if there is anything to show.
type Gauge = fn(&Vitals, Timestamp) -> Option<u64>;

/// The workers of this process, by their rails, and what was counted.
#[derive(Default)]
pub(crate) struct Workers {
    rails: Vec<(&'static str, Ask)>,
    counted: Metrics,
}

impl Workers {
    /// Counts from here on.
    pub(crate) fn counting() -> Self {
        let counted = Metrics::default();
        // There is no other recorder in this program.
        let _ = metrics::set_global_recorder(counted.clone());
        Self { rails: Vec::new(), counted }
    }

    pub(crate) fn add<F: Facade>(&mut self, facade: F) {
        self.rails.push((F::RAIL.name(), Box::new(move || facade.vitals())));
    }

    /// Answers at that address until the process ends, and says where.
    pub(crate) async fn listen(self, at: Loopback) -> std::io::Result<SocketAddr> {
        let listener = tokio::net::TcpListener::bind(at.0).await?;
        let address = listener.local_addr()?;
        let workers = Arc::new(self);
        let asked = Arc::clone(&workers);
        let router = Router::new().route("/health", get(async move || asked.health())).route(
            "/metrics",
            get(async move || ([(CONTENT_TYPE, "text/plain; version=0.0.4")], workers.text())),
        );
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(address)
    }

    fn health(&self) -> impl IntoResponse + use<> {
        let ills: Vec<String> = self
            .rails
            .iter()
            .filter_map(|(rail, ask)| ill(&ask(), chrono::Utc::now()).map(|why| format!("{rail}: {why}\n")))
            .collect();
        match ills.is_empty() {
            true => (StatusCode::OK, "ok\n".to_owned()),
            false => (StatusCode::SERVICE_UNAVAILABLE, ills.concat()),
        }
    }

    fn text(&self) -> String {
        let mut text = self.counted.text();
        let vitals: Vec<(String, Vitals)> =
            self.rails.iter().map(|(rail, ask)| (format!("rail=\"{rail}\""), ask())).collect();
        let now = chrono::Utc::now();
        let gauges: [(&str, Gauge); 5] = [
            ("payonce_in_hand", |vitals, _| Some(vitals.in_hand as u64)),
            ("payonce_waiting", |vitals, _| Some(vitals.waiting as u64)),
            ("payonce_in_flight", |vitals, _| Some(vitals.in_flight as u64)),
            ("payonce_looked_seconds_ago", |vitals, now| Some(since(vitals.looked_at?, now).as_secs())),
            ("payonce_lease_seconds_left", |vitals, _| Some(vitals.lease_left?.as_secs())),
        ];
        for (name, gauge) in gauges {
            kind(&mut text, name, "gauge");
            for (labels, vitals) in &vitals {
                if let Some(value) = gauge(vitals, now) {
                    sample(&mut text, name, labels, value);
                }
            }
        }
        text
    }
}

fn since(then: Timestamp, now: Timestamp) -> Duration {
    (now - then).to_std().unwrap_or_default()
}

/// What is wrong with a worker, if anything is.
fn ill(vitals: &Vitals, now: Timestamp) -> Option<String> {
    let why = vitals.trouble.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
    if vitals.stopping {
        return Some("it was told to stop, and takes nothing new".to_owned());
    }
    let Some(looked_at) = vitals.looked_at else {
        return Some(format!("it has not reached the journal yet{why}"));
    };
    let ago = since(looked_at, now);
    if ago > FRESH {
        return Some(format!("the journal last answered {} s ago{why}", ago.as_secs()));
    }
    if vitals.lease_left.is_some_and(|left| left.is_zero()) {
        return Some(format!("it holds no lease in the journal{why}"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_is_well_while_the_journal_answers_and_its_lease_is_held() {
        let now = chrono::Utc::now();
        let well = Vitals {
            in_hand: 1,
            waiting: 0,
            in_flight: 1,
            looked_at: Some(now),
            trouble: None,
            lease_left: Some(Duration::from_secs(20)),
            stopping: false,
        };
        assert_eq!(ill(&well, now), None);
        assert_eq!(
            ill(&Vitals { lease_left: None, ..well.clone() }, now),
            None,
            "a file has no lease that ends"
        );
        let later = now + Duration::from_secs(31);
        let unreached = payonce::Error::new(payonce::ErrorKind::Journal, "nobody there");
        for (vitals, at, words) in [
            (Vitals { looked_at: None, trouble: Some(unreached), ..well.clone() }, now, "yet: nobody there"),
            (well.clone(), later, "31 s ago"),
            (Vitals { lease_left: Some(Duration::ZERO), ..well.clone() }, now, "no lease"),
            (Vitals { stopping: true, ..well.clone() }, now, "told to stop"),
        ] {
            let said = ill(&vitals, at).unwrap();
            assert!(said.contains(words), "{said}");
        }
    }

    #[test]
    fn only_a_loopback_address_is_listened_at() {
        for address in ["127.0.0.1:9464", "[::1]:0"] {
            assert!(address.parse::<Loopback>().is_ok(), "{address}");
        }
        for address in ["0.0.0.0:9464", "[::]:9464", "10.0.0.1:9464", "localhost", "9464"] {
            assert!(address.parse::<Loopback>().is_err(), "{address}");
        }
    }
}
