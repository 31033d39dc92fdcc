//! The provider's realtime channel, for collections: it says sooner than the next poll that there is news.
//!
//! What must stay true: nothing is believed that the channel says. Whatever arrives on it has the engine read the
//! payment's status, which a forged message may do as well, and the status read decides. A channel that is lost, refused
//! or silent costs nothing but time, because the payment is polled all the same. No key is logged.

mod follow;
mod message;
mod socket;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use payonce::{Error, ReferenceId, Secret};
use payonce_rest::{Address, tls};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::client::Inner;

/// Where the provider's realtime channel is, and the key that lets a client connect.
///
/// Both are what a browser is given to follow its payment with: the URL of the provider's Supabase project, and its
/// anonymous key, which is public. The key to each payment's own channel is asked for as it is needed.
#[derive(Clone, Debug)]
pub struct Realtime {
    url: String,
    anon_key: Secret,
}

impl Realtime {
    /// The channel at that URL: HTTPS, or HTTP on this machine. Checked when the client is built.
    pub fn new(url: impl Into<String>, anon_key: Secret) -> Self {
        Self { url: url.into(), anon_key }
    }
}

/// The payments that are followed, and the task that follows them.
pub(crate) struct Live {
    address: Address,
    anon_key: Secret,
    tls: Arc<rustls::ClientConfig>,
    wanted: Mutex<BTreeSet<ReferenceId>>,
    /// The set has changed.
    changed: Notify,
    client: OnceLock<Weak<Inner>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("url", &self.address.text).finish_non_exhaustive()
    }
}

impl Live {
    /// Connects to nothing yet.
    pub(crate) fn new(realtime: Realtime, roots: &[u8]) -> Result<Arc<Self>, Error> {
        let address = Address::new(&realtime.url, ("the realtime URL", "DOLLR_REALTIME_URL"))?;
        let tls = Arc::new(tls(address.is_encrypted(), roots)?);
        Ok(Arc::new(Self {
            address,
            anon_key: realtime.anon_key,
            tls,
            wanted: Mutex::default(),
            changed: Notify::new(),
            client: OnceLock::new(),
            task: Mutex::default(),
        }))
    }

    /// Says whose payments are followed. The task ends with that client.
    pub(crate) fn serve(&self, client: &Arc<Inner>) {
        // A rail belongs to one client, so none was named before.
        let _ = self.client.set(Arc::downgrade(client));
    }

    /// Follows a collection until [`leave`](Self::leave), and starts the task that does so if it does not run.
    pub(crate) fn follow(self: &Arc<Self>, reference_id: ReferenceId) {
        if !lock(&self.wanted).insert(reference_id) {
            return;
        }
        self.changed.notify_one();
        let Some(client) = self.client.get().and_then(Weak::upgrade) else { return };
        let mut task = lock(&self.task);
        if task.as_ref().is_none_or(JoinHandle::is_finished) {
            let engine = client.engine.clone();
            *task = Some(tokio::spawn(follow::run(Arc::clone(self), engine)));
        }
    }

    /// Follows it no more.
    pub(crate) fn leave(&self, reference_id: ReferenceId) {
        if lock(&self.wanted).remove(&reference_id) {
            self.changed.notify_one();
        }
    }

    /// Ends the task.
    pub(crate) fn stop(&self) {
        if let Some(task) = lock(&self.task).take() {
            task.abort();
        }
    }

    fn wanted(&self) -> BTreeSet<ReferenceId> {
        lock(&self.wanted).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
