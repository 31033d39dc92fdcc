//! How a transfer is cancelled: while no bank has heard of it.

use serde_json::Value;
use uuid::Uuid;

use super::Form;
use crate::dwolla::books::Books;
use crate::dwolla::hal::Answer;
use crate::dwolla::problem::{Refusal, Wrong};
use crate::dwolla::switches::{RepeatedCancel, Uncancellable};
use crate::dwolla::things::Status;

impl Books {
    /// Cancels a transfer. Its money is back where it came from when this returns.
    pub(crate) fn cancel(&mut self, id: Uuid, body: &[u8]) -> Result<Answer, Refusal> {
        let body: Value = serde_json::from_slice(body)
            .ok()
            .filter(Value::is_object)
            .ok_or_else(|| Refusal::bad_request("The request body is not a JSON object."))?;
        match &body["status"] {
            Value::Null => return Err(Wrong::required("/status").into()),
            status if status != "cancelled" => {
                return Err(Wrong::at("Invalid", "/status", "Invalid status.").into());
            }
            _ => {}
        }
        let transfer = self.transfers.find(&id).ok_or_else(Refusal::not_found)?.clone();
        let repeated = transfer.status() == Status::Cancelled
            && self.switches.repeated_cancel == RepeatedCancel::Answered;
        if !repeated {
            if !transfer.is_cancellable(self.now) {
                return Err(match self.switches.uncancellable {
                    Uncancellable::NotAllowed => {
                        Wrong::at("NotAllowed", "/status", "Transfer cannot be cancelled.").into()
                    }
                    Uncancellable::InvalidResourceState => {
                        Refusal::invalid_state("Transfer cannot be cancelled.")
                    }
                });
            }
            self.give_back(&transfer, Status::Cancelled, self.now);
            self.legs_follow(id, self.now);
        }
        let transfer = self.transfers.find(&id).ok_or_else(Refusal::not_found)?;
        let shown = self.show(transfer, self.now, Form::Cancelled).ok_or_else(Refusal::not_found)?;
        Ok(Answer::ok(shown))
    }
}
