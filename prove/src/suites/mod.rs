//! The suites, one file or folder each, in the order in which they are run: the cheap ones first.

mod bad_disk;
pub(crate) mod canaries;
mod crash_points;
mod exhaustive;
#[cfg(unix)]
mod fleet;
mod fuzz;
mod hostile;
mod kill;
mod model;
mod mutation;
mod power_loss;
mod rules;
mod simulation;
mod soak;
mod storm;

pub(crate) use soak::{CHILD as SOAK_CHILD, child as soak_child};

use crate::suite::Suite;

/// Every suite.
pub(crate) const SUITES: &[Suite] = &[
    exhaustive::SUITE,
    model::SUITE,
    canaries::SUITE,
    hostile::SUITE,
    fuzz::SUITE,
    simulation::SUITE,
    crash_points::SUITE,
    power_loss::SUITE,
    bad_disk::SUITE,
    storm::SUITE,
    kill::SUITE,
    #[cfg(unix)]
    fleet::SUITE,
    soak::SUITE,
    mutation::SUITE,
    rules::SUITE,
];
