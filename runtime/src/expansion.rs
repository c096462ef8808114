//! What calls become, as far as no procedural macro is needed: a call that has a message and nothing else is
//! what most calls are, and a procedural macro costs as much of the time to build it as all the rest.
//!
//! They are exported, since the facades are; `private` has them under the names by which they are used.

/// `(path to pylog) LEVEL; message`: what [`pylog_macros::log`] makes of the same.
#[doc(hidden)]
#[macro_export]
macro_rules! __message {
    (($krate:tt) $level:ident; $($message:tt)*) => {
        if $crate::__private::allows!($level) {
            // The name of a local variable: an item of the user's by it would be meant instead.
            let __pylog_callsite =
                $crate::__private::callsite!($crate::__private::module_path!());
            if let $crate::__private::Some(__pylog_admitted) =
                __pylog_callsite.check($crate::Level::$level)
            {
                __pylog_callsite.log(
                    __pylog_admitted,
                    $crate::__private::format_args!($($message)*),
                );
            }
        }
    };
}

/// A reference to the call's callsite. Its static has a scope of its own, so that none of the user's tokens
/// can mean it.
#[doc(hidden)]
#[macro_export]
macro_rules! __callsite {
    ($target:expr) => {{
        struct Here;
        static CALLSITE: $crate::__private::Callsite = $crate::__private::Callsite::new(
            $target,
            $crate::__private::file!(),
            $crate::__private::line!(),
            $crate::__private::type_name::<Here>,
        );
        &CALLSITE
    }};
}

/// Whether the static maximum allows a named level here, where `PYLOG_MAX_LEVEL` has a say. Only a const block
/// keeps what isn't allowed out of a dev binary too.
#[doc(hidden)]
#[macro_export]
macro_rules! __allows_by_module {
    ($level:ident) => {
        const { $crate::__private::allows($crate::Level::$level, $crate::__private::module_path!()) }
    };
}

/// The same where it has none: a const block for each call would take the compiler longer than the call.
#[doc(hidden)]
#[macro_export]
macro_rules! __allows_everywhere {
    ($level:ident) => {
        $crate::__private::allowed::$level
    };
}
