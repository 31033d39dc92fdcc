//! The engine's eleven rules, and for each the lines that keep it, as they are and as they would be without it.

/// A place in a file where a text is to be replaced by another.
pub(crate) struct Edit {
    pub(crate) file: &'static str,
    pub(crate) find: &'static str,
    pub(crate) put: &'static str,
}

/// A rule, and how to take it out.
pub(crate) struct Rule {
    pub(crate) number: u8,
    pub(crate) name: &'static str,
    pub(crate) edits: &'static [Edit],
}

const STEP: &str = "crates/payonce/src/step.rs";
const DRIVE: &str = "crates/payonce/src/drive.rs";
const ENGINE: &str = "crates/payonce/src/engine.rs";
const MEMORY: &str = "crates/payonce/src/journal/memory.rs";

/// Every rule.
pub(crate) const RULES: [Rule; 11] = [
    Rule {
        number: 1,
        name: "journal first",
        edits: &[Edit {
            file: DRIVE,
            find: "                work.write(journal, effect).await?;\n",
            put: "                let _ = effect;\n",
        }],
    },
    Rule {
        number: 2,
        name: "one attempt keeps one key",
        edits: &[Edit {
            file: DRIVE,
            find: "Order::of(&record.intent, state.reference_id());",
            put: "Order::of(&record.intent, uuid::Uuid::new_v4().into());",
        }],
    },
    Rule {
        number: 3,
        name: "look up after an ambiguous send",
        edits: &[
            Edit {
                file: STEP,
                find: "        Some(_) if alive => Step::Submit,\n",
                put: "        _ if alive => Step::Submit,\n",
            },
            Edit {
                file: STEP,
                find: "let blind = self.seen || self.in_doubt() && self.not_found.is_none();",
                put: "let blind = self.seen;",
            },
        ],
    },
    Rule {
        number: 4,
        name: "not found is not not landed",
        edits: &[Edit {
            file: STEP,
            find: "        Some(_) if alive => Step::Submit,\n",
            put: "        Some(_) if alive => Step::Prepare,\n",
        }],
    },
    Rule {
        number: 5,
        name: "after pending, not found is stale",
        edits: &[Edit { file: STEP, find: "                self.seen = true;\n", put: "" }],
    },
    Rule {
        number: 6,
        name: "a refusal proves nothing by itself",
        edits: &[Edit {
            file: STEP,
            find: "        (Some(refusal), _) => after_refusal(state, refusal, now, terms),\n",
            put: "        (Some(refusal), _) => {\n            Step::Fail(Failure { reason: refusal.reason.clone(), recorded: false })\n        }\n",
        }],
    },
    Rule {
        number: 7,
        name: "another amount parks",
        edits: &[Edit { file: STEP, find: "if self.expect.is_met_by(&receipt) {", put: "if true {" }],
    },
    Rule {
        number: 8,
        name: "a name keeps its contents",
        edits: &[Edit {
            file: ENGINE,
            find: "if record.intent.digest() != digest {",
            put: "if false && record.intent.digest() != digest {",
        }],
    },
    Rule {
        number: 9,
        name: "again only after a failure",
        edits: &[
            Edit {
                file: ENGINE,
                find: "        let Some(Outcome::Failed(failure)) = state.outcome() else {\n            return Err(Error::new(ErrorKind::NotFailed, \"only a failed payment can be tried again\")\n                .with_payment(intent.operation.clone(), state.reference_id()));\n        };\n        let attempt = state.attempt() + u32::from(failure.recorded);\n",
                put: "        let kept = matches!(state.outcome(), Some(Outcome::Failed(failure)) if !failure.recorded);\n        let attempt = state.attempt() + u32::from(!kept);\n",
            },
            Edit {
                file: MEMORY,
                find: "if payment.standing != Standing::Failed || payment.record",
                put: "if payment.record",
            },
            Edit {
                file: STEP,
                find: "        let Some(Outcome::Failed(failure)) = self.outcome.take() else {\n            return Err(Impossible { event: \"a further attempt\".to_owned() });\n        };\n",
                put: "        let failure = match self.outcome.take() {\n            Some(Outcome::Failed(failure)) => failure,\n            _ => Failure { reason: String::new(), recorded: true },\n        };\n",
            },
        ],
    },
    Rule {
        number: 10,
        name: "a crash leaves what an unknown outcome leaves",
        edits: &[
            Edit { file: STEP, find: "                session.in_doubt += 1;\n", put: "" },
            Edit {
                file: STEP,
                find: "                session.in_doubt -= 1;\n",
                put: "                session.used = true;\n",
            },
            Edit {
                file: STEP,
                find: "            Event::Unknown { .. } => {\n",
                put: "            Event::Unknown { .. } => {\n                if let Some(session) = self.session.as_mut() {\n                    session.in_doubt += 1;\n                }\n",
            },
        ],
    },
    Rule {
        number: 11,
        name: "one retry loop",
        edits: &[Edit {
            file: DRIVE,
            find: "    let submission = rail.submit(&work.order, &body).await;\n",
            put: "    let mut submission = rail.submit(&work.order, &body).await;\n    if matches!(submission, Submission::NotSent(_) | Submission::Unknown(_)) {\n        submission = rail.submit(&work.order, &body).await;\n    }\n",
        }],
    },
];
