//! The names that expansions use, and nothing else. Not public API.

pub use core::any::type_name;
pub use core::option::Option::{None, Some};
pub use core::{compile_error, file, format_args, line, module_path};

#[cfg(feature = "templates")]
pub use pylog_macros::log as message;
pub use pylog_macros::{enabled, log};
pub use pyo3;

pub use crate::__callsite as callsite;
#[cfg(not(feature = "templates"))]
pub use crate::__message as message;
pub use crate::callsite::site::Callsite;
pub use crate::event::error::{
    ForValue, Probe, ProbeError, ProbeOption, ProbeOptionOfPointer, ProbeOptionOfReference,
    ProbePointer, ProbePointerReference,
};
pub use crate::event::exc_info::{ForExcInfo, ProbeExcInfo};
pub use crate::event::keywords::Keywords;
pub use crate::event::limit::Limit;
pub use crate::event::message::ArgumentMark;
pub use crate::event::value::{AsDebug, AsDisplay, AsError};
pub use crate::metadata::Metadata;
pub use crate::module::{Options as ModuleOptions, init as init_module};
pub use crate::static_level::{allowed, allows, max_level};

#[cfg(feature = "tracing")]
pub use crate::__tracing as tracing;
#[cfg(not(feature = "tracing"))]
pub use crate::__tracing_is_missing as tracing;
#[cfg(feature = "tracing")]
pub use crate::tracing::install as install_tracing;

#[cfg(feature = "log")]
pub use crate::__bridge as bridge;
#[cfg(not(feature = "log"))]
pub use crate::__bridge_is_missing as bridge;

#[cfg(pylog_directed)]
pub use crate::__allows_by_module as allows;
#[cfg(not(pylog_directed))]
pub use crate::__allows_everywhere as allows;
