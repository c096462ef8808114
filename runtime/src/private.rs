//! What an expansion may name, and nothing else. Not public API.

pub use core::any::type_name;
pub use core::option::Option::{None, Some};
pub use core::{file, format_args, line, module_path};

#[cfg(feature = "templates")]
pub use pylog_macros::log as message;
pub use pylog_macros::{enabled, log};
pub use pyo3;

pub use crate::__callsite as callsite;
#[cfg(not(feature = "templates"))]
pub use crate::__message as message;
pub use crate::callsite::{Callsite, Metadata};
pub use crate::data::Data;
pub use crate::exc_info::{Probe, ProbeError, ProbeErrorReference, ProbeReference};
pub use crate::limit::Limit;
pub use crate::message::Mark;
pub use crate::module::init as init_module;
pub use crate::static_filter::{allowed, allows, max_level};
pub use crate::value::{AsDebug, AsDisplay, AsError};

pylog_macros::if_directed! {
    { pub use crate::__allows_by_module as allows; }
    { pub use crate::__allows_everywhere as allows; }
}
