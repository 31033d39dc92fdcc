//! What only this back end must do.
