//! The suites, one file or folder each, in the order in which they are run: the cheap ones first.

mod exhaustive;
mod model;
mod rules;
mod simulation;

use crate::suite::Suite;

/// Every suite.
pub(crate) const SUITES: &[Suite] = &[exhaustive::SUITE, model::SUITE, simulation::SUITE, rules::SUITE];
