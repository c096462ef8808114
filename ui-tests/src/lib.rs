//! What a mistake in a call says, and where. See `cases`.
