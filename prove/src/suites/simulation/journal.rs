//! A journal whose writes take time, may fail, and are lost with their process until they are done.
//!
//! What it keeps, and who may write, is `MemoryJournal`'s business; this adds the disk. A write that is dropped by its
//! caller is made all the same, unless the process dies first.

use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use payonce::journal::{
    Claim, Filter, Intent, Journal, Key, Lease, Listed, MemoryJournal, PaymentId, Record, Standing,
};
use payonce::step::{Entry, Event};
use payonce::{BoxFuture, Effect, Error, ErrorKind, Namespace, Timestamp};

use super::callers;
use super::world::{Pigeonhole, World};

type Result<T> = std::result::Result<T, Error>;

/// The journal as one process has it open.
#[derive(Clone)]
pub(crate) struct Disk(Arc<Inner>);

struct Inner {
    world: World,
    process: usize,
    life: u32,
    store: Mutex<MemoryJournal>,
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Disk")
    }
}

/// The answer of the journal in memory, which never waits.
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => unreachable!("the journal in memory answers at once"),
    }
}

impl Disk {
    pub(crate) fn new(world: &World, process: usize, store: MemoryJournal) -> Self {
        let life = world.lock().processes[process].life;
        Self(Arc::new(Inner { world: world.clone(), process, life, store: Mutex::new(store) }))
    }

    /// Has every lease of this process taken for lost by the others, as if it had been away for too long.
    pub(crate) fn lose_leases(&self) {
        let mut store = self.0.store.lock().expect("nothing panics while it holds the store");
        *store = store.another();
        self.0.world.lock().provider.overtaken = true;
    }

    /// Reads or writes: later, if the process still lives then.
    fn access<T: Send + 'static>(
        &self,
        what: &'static str,
        apply: impl FnOnce(&MemoryJournal) -> Result<T> + Send + 'static,
    ) -> BoxFuture<'static, Result<T>> {
        let hole = Pigeonhole::new();
        let waiting = hole.clone();
        let (wait, back, fault) = {
            let mut world = self.0.world.lock();
            let fault = if world.rare_mishap(4) { world.rng.u8(1..=2) } else { 0 };
            let slow = world.rng.u8(0..50) == 0;
            (world.rng.i64(0..if slow { 3000 } else { 8 }), world.rng.i64(0..4), fault)
        };
        let disk = self.clone();
        self.0.world.after(wait, move |world| {
            let Inner { process, life, ref store, .. } = *disk.0;
            {
                let mut world = world.lock();
                if !world.processes[process].alive || world.processes[process].life != life {
                    return;
                }
                world.note(what, process as u64, u64::from(fault));
            }
            let result = match fault {
                1 => Err(Error::new(ErrorKind::Journal, "the disk is full")),
                fault => {
                    let done = apply(&store.lock().expect("nothing panics while it holds the store"));
                    let doubt =
                        || Error::new(ErrorKind::Journal, "input/output error").with_effect(Effect::Unknown);
                    if fault == 2 { Err(doubt()) } else { done }
                }
            };
            world.after(back, move |world| hole.put(world, process, result));
        });
        Box::pin(waiting)
    }
}

/// Tells the provider's books what the journal has come to say of a payment.
fn call_failed(world: &World, store: &MemoryJournal, id: PaymentId, failed: bool) -> Result<()> {
    let rail = world.lock().provider.terrain.rail();
    let all = at_once(store.list(rail, Filter { limit: usize::MAX, ..Filter::default() }))?;
    let named = all.iter().flatten().find(|payment| payment.id == id).expect("what was written is there");
    let number = callers::number(&named.name);
    world.lock().provider.called_failed(number, failed);
    Ok(())
}

impl Journal for Disk {
    fn bind<'a>(&'a self, rail: &'a str, namespace: &'a Namespace) -> BoxFuture<'a, Result<()>> {
        let (rail, namespace) = (rail.to_owned(), namespace.clone());
        self.access("bind", move |store| at_once(store.bind(&rail, &namespace)))
    }
    fn intend(&self, intent: Intent, at: Timestamp) -> BoxFuture<'_, Result<(Record, Option<Lease>)>> {
        self.access("intend", move |store| at_once(store.intend(intent, at)))
    }
    fn claim(&self, id: PaymentId) -> BoxFuture<'_, Result<Claim>> {
        self.access("claim", move |store| at_once(store.claim(id)))
    }
    fn claim_free<'a>(&'a self, rail: &'a str, limit: usize) -> BoxFuture<'a, Result<Vec<(Lease, Record)>>> {
        let rail = rail.to_owned();
        self.access("claim", move |store| at_once(store.claim_free(&rail, limit)))
    }
    fn append(&self, lease: Lease, entries: Vec<Entry>, standing: Standing) -> BoxFuture<'_, Result<Lease>> {
        let sends = entries.iter().filter(|entry| entry.event == Event::Sending).count();
        if sends > 0 {
            self.0.world.lock().provider.license(self.0.process, sends);
        }
        let world = self.0.world.clone();
        self.access("append", move |store| {
            let lease = at_once(store.append(lease, entries, standing))?;
            if standing == Standing::Failed {
                call_failed(&world, store, lease.id, true)?;
            }
            Ok(lease)
        })
    }
    fn release(&self, lease: Lease) -> BoxFuture<'_, Result<()>> {
        self.access("release", move |store| at_once(store.release(lease)))
    }
    fn reopen<'a>(&'a self, record: &'a Record, again: Entry) -> BoxFuture<'a, Result<Lease>> {
        let record = record.clone();
        let world = self.0.world.clone();
        self.access("reopen", move |store| {
            let lease = at_once(store.reopen(&record, again))?;
            call_failed(&world, store, lease.id, false)?;
            Ok(lease)
        })
    }
    fn resolve<'a>(
        &'a self,
        record: &'a Record,
        resolved: Entry,
        standing: Standing,
    ) -> BoxFuture<'a, Result<()>> {
        let record = record.clone();
        self.access("resolve", move |store| at_once(store.resolve(&record, resolved, standing)))
    }
    fn find<'a>(&'a self, rail: &'a str, key: Key) -> BoxFuture<'a, Result<Option<Record>>> {
        let rail = rail.to_owned();
        self.access("find", move |store| at_once(store.find(&rail, key)))
    }
    fn list<'a>(&'a self, rail: &'a str, filter: Filter) -> BoxFuture<'a, Result<Vec<Listed>>> {
        let rail = rail.to_owned();
        self.access("list", move |store| at_once(store.list(&rail, filter)))
    }
}
