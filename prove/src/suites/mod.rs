//! The suites, one file or folder each, in the order in which they are run: the cheap ones first.

mod exhaustive;

use crate::suite::Suite;

/// Every suite.
pub(crate) const SUITES: &[Suite] = &[exhaustive::SUITE];
