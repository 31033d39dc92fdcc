//! What the documents leave open. Each switch is a question about the provider that no document answers; its first
//! value is what the sandbox assumes, the others are what the provider may do just as well. A client that keeps its
//! promise keeps it under all of them.
//!
//! Like faults, switches live in memory: they belong to a test, not to the provider.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::faults::millis;

/// All switches. As JSON the values are in snake case, and what is left out is as assumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// The status in which an execution that takes its time is answered.
    pub first_status: FirstStatus,
    /// When a transfer between wallets completes.
    pub transfers: Transfers,
    /// What a payout with a wrong passcode comes to.
    pub wrong_passcode: WrongPasscode,
    /// What the very same order under the same `reference_id` is answered the second time.
    pub same_order: SameOrder,
    /// What a `reference_id` that stands for something else is refused with.
    pub taken_key: TakenKey,
    /// What a session that is spent, over or unknown is refused with.
    pub dead_session: DeadSession,
    /// How many checkout sessions one invoice or order may have open.
    pub open_sessions: OpenSessions,
    /// Whether an invoice or order can be cancelled while a payment of it is under way.
    pub cancel_processing: CancelProcessing,
    /// How the entries of a 422 read.
    pub error_text: ErrorText,
    /// How long a checkout session lives, in milliseconds of virtual time; 30 minutes.
    pub checkout_session_millis: u64,
    /// How long a payout session lives, in milliseconds of virtual time; 15 minutes.
    pub payout_session_millis: u64,
    /// How long mobile money stays `PROCESSING`, in milliseconds of virtual time; 3 seconds.
    pub settle_after_millis: u64,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            first_status: FirstStatus::default(),
            transfers: Transfers::default(),
            wrong_passcode: WrongPasscode::default(),
            same_order: SameOrder::default(),
            taken_key: TakenKey::default(),
            dead_session: DeadSession::default(),
            open_sessions: OpenSessions::default(),
            cancel_processing: CancelProcessing::default(),
            error_text: ErrorText::default(),
            checkout_session_millis: millis(Duration::from_secs(30 * 60)),
            payout_session_millis: millis(Duration::from_secs(15 * 60)),
            settle_after_millis: millis(Duration::from_secs(3)),
        }
    }
}

impl Switches {
    pub(crate) fn checkout_session(&self) -> Duration {
        Duration::from_millis(self.checkout_session_millis)
    }

    pub(crate) fn payout_session(&self) -> Duration {
        Duration::from_millis(self.payout_session_millis)
    }

    pub(crate) fn settle_after(&self) -> Duration {
        Duration::from_millis(self.settle_after_millis)
    }
}

macro_rules! switch {
    ($(#[$doc:meta])* $name:ident { $(#[$first:meta])* $assumed:ident, $($(#[$other:meta])* $variant:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $(#[$first])*
            #[default]
            $assumed,
            $($(#[$other])* $variant,)+
        }
    };
}

pub(crate) use switch;

switch! {
    /// See [`Switches::first_status`].
    FirstStatus {
        /// `PENDING`; whoever looks later finds `PROCESSING`.
        Pending,
        /// `PROCESSING`.
        Processing,
    }
}

switch! {
    /// See [`Switches::transfers`].
    Transfers {
        /// Before the execution is answered.
        AtOnce,
        /// After the settling time, like everything else.
        AfterAWhile,
    }
}

switch! {
    /// See [`Switches::wrong_passcode`].
    WrongPasscode {
        /// 403, and nothing is kept.
        Forbidden,
        /// 422 that names the passcode, and nothing is kept.
        Unprocessable,
        /// An execution that ends `FAILED` at once, which uses up its key and session.
        Failed,
    }
}

switch! {
    /// See [`Switches::same_order`].
    SameOrder {
        /// The state that the first order has reached.
        CurrentState,
        /// That the key is taken.
        Refused,
    }
}

switch! {
    /// See [`Switches::taken_key`].
    TakenKey {
        /// 422 that names the `reference_id`.
        Unprocessable,
        /// 409.
        Conflict,
    }
}

switch! {
    /// See [`Switches::dead_session`].
    DeadSession {
        /// 422 that names the `session_id`.
        Unprocessable,
        /// 404.
        NotFound,
    }
}

switch! {
    /// See [`Switches::open_sessions`].
    OpenSessions {
        /// Any number; the first execution that succeeds wins.
        Many,
        /// One: another can be opened when it is spent or over.
        OnePerSource,
    }
}

switch! {
    /// See [`Switches::cancel_processing`].
    CancelProcessing {
        /// No: 422.
        Refused,
        /// Yes. The payment goes on all the same, and makes it `PAID` when it completes.
        Allowed,
    }
}

switch! {
    /// See [`Switches::error_text`].
    ErrorText {
        /// As the documents show them: `field required`, `value_error.missing`.
        Documented,
        /// As pydantic 2 words them, with the `input` that is at fault.
        PydanticV2,
    }
}

/// The body of a 422 as pydantic 2 words it. `input` is the JSON body of the request, or nothing for a query.
pub(crate) fn in_pydantic_v2(mut reply: Value, input: &Value) -> Value {
    for error in reply["detail"].as_array_mut().into_iter().flatten() {
        let mut at = input;
        let missing = error["type"] == "value_error.missing";
        let loc = error["loc"].as_array().cloned().unwrap_or_default();
        for step in loc.iter().skip(1).take(loc.len().saturating_sub(1 + usize::from(missing))) {
            at = match step {
                Value::Number(index) => {
                    &at[index.as_u64().and_then(|index| usize::try_from(index).ok()).unwrap_or(0)]
                }
                step => &at[step.as_str().unwrap_or_default()],
            };
        }
        let (kind, msg) = worded(&error["type"], &error["msg"]);
        error["type"] = json!(kind);
        error["msg"] = json!(msg);
        error["input"] = at.clone();
    }
    reply
}

fn worded(kind: &Value, msg: &Value) -> (&'static str, String) {
    let (kind, text) = match kind.as_str().unwrap_or_default() {
        "value_error.missing" => ("missing", "Field required"),
        "type_error.str" => ("string_type", "Input should be a valid string"),
        "type_error.integer" => ("int_type", "Input should be a valid integer"),
        "type_error.float" => ("float_type", "Input should be a valid number"),
        "type_error.bool" => ("bool_type", "Input should be a valid boolean"),
        "type_error.list" => ("list_type", "Input should be a valid list"),
        "type_error.dict" => ("model_attributes_type", "Input should be a valid dictionary"),
        "type_error.none.required" => ("none_required", "Input should be None"),
        "type_error.enum" | "value_error.const" => ("literal_error", "Input should be one of the literals"),
        "value_error.any_str.min_length" => ("string_too_short", "String should have more characters"),
        "value_error.any_str.max_length" => ("string_too_long", "String should have fewer characters"),
        "value_error.number.not_ge" => ("greater_than_equal", "Input should be greater"),
        "value_error.jsondecode" => ("json_invalid", "JSON decode error"),
        "value_error.datetime" => ("datetime_parsing", "Input should be a valid datetime"),
        _ => return ("value_error", format!("Value error, {}", msg.as_str().unwrap_or_default())),
    };
    (kind, text.to_owned())
}
