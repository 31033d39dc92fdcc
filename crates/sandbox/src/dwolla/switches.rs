//! What the documents leave open, as questions. The first value of each switch is what the sandbox assumes, the others
//! are what the provider may do just as well. A client that keeps its promise keeps it under all of them.
//!
//! Like faults, switches live in memory: they belong to a test, not to the provider.

use serde::{Deserialize, Serialize};

use crate::switches::switch;

/// All switches. As JSON the values are in snake case, and what is left out is as assumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// How replies read.
    pub output: Output,
    /// What moves bank transfers on.
    pub settlement: Settlement,
    /// Whether an `Idempotency-Key` keeps anything from being done twice.
    pub keys: Keys,
    /// What the same `Idempotency-Key` with another body comes to.
    pub other_body: OtherBody,
    /// What makes two bodies the same.
    pub same_body: SameBody,
    /// Where a key stands for one thing.
    pub key_scope: KeyScope,
    /// The longest key in characters; a longer one is 400. 255.
    pub longest_key: u32,
    /// Whether the refusal (4xx) of a keyed request is what a repeat is answered.
    pub refusals: Refusals,
    /// What a request is answered whose first copy is still being carried out.
    pub in_progress: InProgress,
    /// Whether a key is locked for 24 hours after a 500.
    pub after_500: After500,
    /// What a key that is older than 24 hours comes to.
    pub late_replay: LateReplay,
    /// The body of a 409.
    pub conflict_body: ConflictBody,
    /// Whether two transfers may have one `correlationId`.
    pub correlation_id: CorrelationIds,
    /// What a payment from or to the bank of somebody who has a balance is made of.
    pub chains: Chains,
    /// The order of a list of transfers.
    pub list_order: ListOrder,
    /// Whether transfers of the days `startDate` and `endDate` are in a list.
    pub date_bounds: DateBounds,
    /// The longest page of a list; what asks for more gets this many. 200.
    pub longest_page: u32,
    /// What is answered to the cancellation of a transfer that is cancelled already.
    pub repeated_cancel: RepeatedCancel,
    /// What is answered to the cancellation of a transfer that cannot be cancelled any more.
    pub uncancellable: Uncancellable,
    /// What is answered to the question why a transfer failed that has not.
    pub failure_of_sound: FailureOfSound,
    /// Which transfers have a link `fees`.
    pub fees_link: FeesLink,
    /// Whether banks work on federal holidays.
    pub bank_holidays: BankHolidays,
    /// After which return codes a bank is removed.
    pub bank_removal: BankRemoval,
    /// Whether `clearing` may be asked for.
    pub clearing: Feature,
    /// Whether a transfer out of a balance may carry `metadata`.
    pub balance_metadata: Feature,
    /// How many requests of one operation may come in a minute of virtual time; what comes after them is answered 429, for
    /// five minutes. As many as one likes.
    pub most_a_minute: u32,
    /// How long a token lasts, in seconds of virtual time; one hour.
    pub token_seconds: u32,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            output: Output::default(),
            settlement: Settlement::default(),
            keys: Keys::default(),
            other_body: OtherBody::default(),
            same_body: SameBody::default(),
            key_scope: KeyScope::default(),
            longest_key: 255,
            refusals: Refusals::default(),
            in_progress: InProgress::default(),
            after_500: After500::default(),
            late_replay: LateReplay::default(),
            conflict_body: ConflictBody::default(),
            correlation_id: CorrelationIds::default(),
            chains: Chains::default(),
            list_order: ListOrder::default(),
            date_bounds: DateBounds::default(),
            longest_page: 200,
            repeated_cancel: RepeatedCancel::default(),
            uncancellable: Uncancellable::default(),
            failure_of_sound: FailureOfSound::default(),
            fees_link: FeesLink::default(),
            bank_holidays: BankHolidays::default(),
            bank_removal: BankRemoval::default(),
            clearing: Feature::default(),
            balance_metadata: Feature::default(),
            most_a_minute: u32::MAX,
            token_seconds: 3600,
        }
    }
}

switch! {
    /// See [`Switches::output`].
    Output {
        /// As the provider answers today.
        Modern,
        /// As the document of 2018 has it: links with `href` only, `usd` for fees and in the reply to a cancellation,
        /// which still has its `cancel` link, and failures as `R1` without an explanation.
        SeedExact,
    }
}

switch! {
    /// See [`Switches::settlement`].
    Settlement {
        /// `POST /sandbox-simulations`, one call for each bank a transfer touches.
        Simulated,
        /// The banking days of the virtual clock (and simulations, too).
        BankingDays,
    }
}

switch! {
    /// See [`Switches::keys`].
    Keys {
        /// Yes.
        Honoured,
        /// No: the provider's guard against paying twice is gone.
        Ignored,
    }
}

switch! {
    /// See [`Switches::other_body`].
    OtherBody {
        /// A transfer of its own: a key stands for something together with its body.
        CreateNew,
        /// 409.
        Conflict,
        /// The reply to the first body.
        Replay,
    }
}

switch! {
    /// See [`Switches::same_body`].
    SameBody {
        /// Every byte.
        Bytes,
        /// The JSON they spell.
        Json,
    }
}

switch! {
    /// See [`Switches::key_scope`].
    KeyScope {
        /// In the application, for each path.
        Path,
        /// In the application as a whole.
        Application,
    }
}

switch! {
    /// See [`Switches::refusals`].
    Refusals {
        /// No: the repeat is looked at anew.
        Forgotten,
        /// Yes, for 24 hours.
        Kept,
    }
}

switch! {
    /// See [`Switches::in_progress`].
    InProgress {
        /// 409.
        Conflict,
        /// The reply to the first, once there is one.
        Wait,
    }
}

switch! {
    /// See [`Switches::after_500`].
    After500 {
        /// Yes: 409, whether the request was carried out or not.
        Locked,
        /// No: a repeat is answered at once.
        Open,
    }
}

switch! {
    /// See [`Switches::late_replay`].
    LateReplay {
        /// A new transfer.
        CreateNew,
        /// The reply to the first.
        Replay,
    }
}

switch! {
    /// See [`Switches::conflict_body`].
    ConflictBody {
        /// The code `Conflict` and a message.
        Code,
        /// None.
        Empty,
    }
}

switch! {
    /// See [`Switches::correlation_id`].
    CorrelationIds {
        /// Yes.
        Free,
        /// No: 400.
        Unique,
    }
}

switch! {
    /// See [`Switches::chains`].
    Chains {
        /// One transfer.
        Single,
        /// One for each step, from the bank to the balance and so on, each with links to the next. If a bank sends back what
        /// its owner's balance has got, only the last one fails, and the payment stays processed.
        Linked,
        /// The same, and each has the `correlationId` of the payment.
        LinkedUnderOneId,
    }
}

switch! {
    /// See [`Switches::list_order`].
    ListOrder {
        /// The newest first.
        NewestFirst,
        /// The oldest first.
        OldestFirst,
    }
}

switch! {
    /// See [`Switches::date_bounds`].
    DateBounds {
        /// Yes.
        Inclusive,
        /// No.
        Exclusive,
    }
}

switch! {
    /// See [`Switches::repeated_cancel`].
    RepeatedCancel {
        /// A refusal, as of any transfer that cannot be cancelled.
        Refused,
        /// 200 with the transfer.
        Answered,
    }
}

switch! {
    /// See [`Switches::uncancellable`].
    Uncancellable {
        /// 400 with `NotAllowed` at `/status`.
        NotAllowed,
        /// 403 `InvalidResourceState`.
        InvalidResourceState,
    }
}

switch! {
    /// See [`Switches::failure_of_sound`].
    FailureOfSound {
        /// 404.
        NotFound,
        /// 403.
        Forbidden,
    }
}

switch! {
    /// See [`Switches::fees_link`].
    FeesLink {
        /// Those with fees.
        WithFees,
        /// All.
        Always,
        /// None.
        Never,
    }
}

switch! {
    /// See [`Switches::bank_holidays`].
    BankHolidays {
        /// No.
        Observed,
        /// Yes.
        Ignored,
    }
}

switch! {
    /// See [`Switches::bank_removal`].
    BankRemoval {
        /// All but R01, as the document of 2018 says.
        Seed,
        /// All but R01, R09 and R20, as the page about failures says.
        Page,
        /// All but R01, R09 and R22, as the table of codes says.
        Table,
    }
}

switch! {
    /// Whether something may be used.
    Feature {
        /// Yes.
        Enabled,
        /// No: 400.
        Disabled,
    }
}
