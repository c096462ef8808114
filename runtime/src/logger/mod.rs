//! Python's loggers: their names, the lookup by name, their levels, their attributes and classes.

pub(crate) mod as_logger;
pub(crate) mod dict;
pub(crate) mod levels;
pub(crate) mod lookup;
pub(crate) mod names;
pub(crate) mod stock_answer;
