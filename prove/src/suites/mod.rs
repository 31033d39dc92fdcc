//! The suites, one file or folder each, in the order in which they are run: the cheap ones first.

pub(crate) mod canaries;
mod exhaustive;
mod fuzz;
mod hostile;
mod model;
mod mutation;
mod rules;
mod simulation;

use crate::suite::Suite;

/// Every suite.
pub(crate) const SUITES: &[Suite] = &[
    exhaustive::SUITE,
    model::SUITE,
    canaries::SUITE,
    hostile::SUITE,
    fuzz::SUITE,
    simulation::SUITE,
    mutation::SUITE,
    rules::SUITE,
];
