//! What a worker tells about itself, to whoever looks after it.

pub(crate) mod health;
pub(crate) mod metrics;
