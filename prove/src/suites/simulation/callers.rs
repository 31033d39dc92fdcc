//! The callers in the processes of a world: they send, wait, try again, make mistakes, and say when they were lied to.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use dollr::{Clock, Effect, Error, ErrorKind, Name, Settlement};
use payonce::Payment;

use super::clients::Client;
use super::life::{PAYMENTS, Tally};
use super::world::{MINUTE, Millis, ProcessClock, SECOND, World};

/// What the callers do and were told, outside of any process: it survives their crashes.
#[derive(Debug, Default)]
pub(super) struct Desk {
    pub(super) told: [Option<Told>; PAYMENTS],
    /// How often each failed payment may be tried again.
    pub(super) agains: [u32; PAYMENTS],
    pub(super) tried_again: [bool; PAYMENTS],
    pub(super) tally: Tally,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Completed,
    Failed,
    Parked,
}

pub(super) type SharedDesk = Arc<Mutex<Desk>>;

impl Told {
    fn words(self) -> &'static str {
        match self {
            Self::Completed => "told completed",
            Self::Failed => "told failed",
            Self::Parked => "told parked",
        }
    }
}

pub(super) fn name(payment: usize) -> String {
    format!("salary/{payment}")
}

/// Which payment has that name.
pub(super) fn number(name: &Name) -> usize {
    let number = name.as_str().strip_prefix("salary/").and_then(|number| number.parse().ok());
    number.expect("every payment was named here")
}

/// Where a caller stands: in a process of a world.
#[derive(Clone)]
pub(super) struct Place<C> {
    pub(super) world: World,
    pub(super) desk: SharedDesk,
    pub(super) process: usize,
    pub(super) client: C,
}

impl<C: Client> Place<C> {
    async fn sleep(&self, wait: Millis) {
        let clock = ProcessClock { world: self.world.clone(), process: self.process };
        clock.sleep(Duration::from_millis(wait as u64)).await;
    }

    fn draw(&self, range: std::ops::Range<Millis>) -> Millis {
        self.world.lock().rng.i64(range)
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().expect("nothing panics at the desk")
    }

    /// What the ledger says of a payment, if it was never tried again: then what callers are told must agree with it.
    fn moved(&self, payment: usize) -> Option<u32> {
        if self.desk().tried_again[payment] {
            return None;
        }
        let account = &self.world.lock().provider.accounts[payment];
        (!account.beyond_terms).then_some(account.moved)
    }

    fn tell(&self, payment: usize, told: Told) {
        self.world.lock().note(told.words(), self.process as u64, payment as u64);
        let wrong = match (told, self.moved(payment)) {
            (Told::Completed, Some(moved)) => moved != 1,
            (Told::Failed, Some(moved)) => moved != 0,
            _ => false,
        };
        let short = self.world.lock().provider.accounts[payment].is_short();
        if wrong || short && told == Told::Completed && !self.desk().tried_again[payment] {
            self.world
                .lock()
                .violated(|| format!("payment {payment} was called {told:?}; the ledger disagrees"));
        }
    }

    /// What moved is not tried again, and its name is not another payment's: some callers make these mistakes.
    async fn must_not_go_again(&self, sent: &Payment<C::Rail>, payment: usize) {
        let (which, name) = (self.draw(0..12), sent.name().clone());
        let wrongly = match which {
            0 => sent.again().await.is_ok(),
            1 => self.client.send_another(name, payment).await.is_ok(),
            _ => return,
        };
        if wrongly {
            self.world
                .lock()
                .violated(|| format!("payment {payment} had moved, and went again or under another's name"));
        }
    }

    fn try_again(&self, payment: usize) {
        let mut desk = self.desk();
        desk.agains[payment] -= 1;
        desk.tally.again += 1;
        desk.tried_again[payment] = true;
    }

    /// Whether the process stood still until a moment ago.
    fn woke_just_now(&self) -> bool {
        let world = self.world.lock();
        let until = world.processes[self.process].frozen_until;
        until > 0 && world.now - until < SECOND
    }

    fn over(&self, payment: usize, told: Told) {
        self.desk().told[payment].get_or_insert(told);
    }
}

/// What a process does: takes up what is unfinished, now and every minute, while its callers send and wait.
pub(super) async fn main<C: Client>(place: Place<C>) {
    for payment in 0..PAYMENTS {
        if place.desk().told[payment].is_none() {
            tokio::spawn(caller(place.clone(), payment));
        }
    }
    loop {
        let _ = place.client.resume().await;
        place.sleep(MINUTE).await;
    }
}

/// One caller: sends by name until it is told how the payment ended, and tries again what failed if it may.
async fn caller<C: Client>(place: Place<C>, payment: usize) {
    let first = place.draw(0..20 * SECOND);
    place.sleep(first).await;
    loop {
        let error = match place.client.send(name(payment), payment).await {
            Ok(sent) => match settle(&place, sent, payment).await {
                None => return,
                Some(error) => error,
            },
            Err(error) => {
                // Where not even the name could be looked for in the journal, the error is of that alone; and a disk
                // that fails does not tell a process that it was overtaken.
                let overtaken = place.world.lock().provider.overtaken;
                let unread =
                    error.kind() == ErrorKind::Journal && (overtaken || error.reference_id().is_none());
                // And without its journal it knows of nothing that was sent before.
                let forgotten = place.desk().tally.lost_journals > 0;
                // What was decided before the process stood still, and is told after it, was true when it was decided: who
                // lets go of a payment does not know who takes it up.
                let outdated = place.woke_just_now();
                let claims = error.effect() == Effect::None && !unread && !forgotten && !outdated;
                if claims && place.moved(payment).is_some_and(|moved| moved > 0) {
                    let words = error.to_string();
                    place
                        .world
                        .lock()
                        .violated(|| format!("payment {payment} moved, and the error says: {words}"));
                }
                error
            }
        };
        if error.kind() == ErrorKind::Parked {
            place.tell(payment, Told::Parked);
            return place.over(payment, Told::Parked);
        }
        let wait = place.draw(SECOND..MINUTE);
        place.sleep(wait).await;
    }
}

/// Waits for the end. Returns why it is to be sent again, if it is.
async fn settle<C: Client>(place: &Place<C>, mut sent: Payment<C::Rail>, payment: usize) -> Option<Error> {
    loop {
        let limit = Duration::from_millis(place.draw(MINUTE..20 * MINUTE) as u64);
        match sent.settled_within(limit).await {
            Ok(Settlement::Completed(_)) => {
                place.tell(payment, Told::Completed);
                place.must_not_go_again(&sent, payment).await;
                place.over(payment, Told::Completed);
                return None;
            }
            Ok(Settlement::Failed(_)) => {
                place.tell(payment, Told::Failed);
                if place.desk().agains[payment] == 0 {
                    place.over(payment, Told::Failed);
                    return None;
                }
                place.try_again(payment);
                match sent.again().await {
                    Ok(again) => sent = again,
                    Err(error) => return Some(error),
                }
            }
            Err(error) if error.kind() == ErrorKind::Deadline => {}
            Err(error) => return Some(error),
        }
    }
}
