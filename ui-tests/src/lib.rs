//! What a mistake in a call says, and where. See `tests/ui.rs` and `cases`.
