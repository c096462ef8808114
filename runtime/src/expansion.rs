//! The expansion of calls that have only a message, without a procedural macro. Most calls are like this,
//! and a procedural macro would double the time to compile them.
//!
//! The macros are exported, because the expansion is in the user's crate. `private` re-exports them under the
//! names that expansions use.

/// `(path to pylog) LEVEL; message`: expands to the same as [`pylog_macros::log`].
#[doc(hidden)]
#[macro_export]
macro_rules! __message {
    // Variables that a message captures are evaluated without an effect, so that one cold call does it all.
    (($krate:tt) $level:ident; $message:literal) => {
        $crate::__private::message!(@without_effect ($krate) $level; [] $message)
    };
    // So are variables that are arguments. They are passed on twice: those that were matched as an `ident` have
    // lost their place, so that the compiler would report them at the whole call.
    (($krate:tt) $level:ident; $message:literal $(, $argument:tt)+ $(,)?) => {
        $crate::__private::message!(
            @without_effect ($krate) $level; [$($argument)+] $message $(, $argument)+
        )
    };
    (@without_effect ($krate:tt) $level:ident; [$($variable:ident)*] $($message:tt)*) => {
        if $crate::__private::allows!($level) {
            let __pylog_callsite =
                $crate::__private::callsite!($crate::__private::module_path!());
            if !__pylog_callsite.is_off($crate::Level::$level) {
                __pylog_callsite.check_and_log(
                    $crate::Level::$level,
                    $crate::__private::format_args!($($message)*),
                );
            }
        }
    };
    (@without_effect ($krate:tt) $level:ident; [$($argument:tt)*] $($message:tt)*) => {
        $crate::__private::message!(@any ($krate) $level; $($message)*)
    };
    // A message with a named argument, which can be a key-value as in Python's calls, or with a semicolon or a
    // colon behind the arguments. `pylog_macros::log` reports these mistakes. The arguments before the `=`, the
    // `;` or the `:` are variables, literals, fields and method calls; with any other one the last rule matches.
    // None is matched as an `expr`: at the valid argument `move = 1`, that would be an error.
    (
        ($krate:tt) $level:ident; $message:literal
        $(, $first:tt $(. $member:tt $(($($args:tt)*))?)*)+ = $($rest:tt)*
    ) => {
        $crate::__private::log!(
            ($krate) $level; $message
            $(, $first $(. $member $(($($args)*))?)*)+ = $($rest)*
        )
    };
    (
        ($krate:tt) $level:ident; $message:literal
        $(, $first:tt $(. $member:tt $(($($args:tt)*))?)*)+; $($rest:tt)*
    ) => {
        $crate::__private::log!(
            ($krate) $level; $message
            $(, $first $(. $member $(($($args)*))?)*)+; $($rest)*
        )
    };
    (
        ($krate:tt) $level:ident; $message:literal
        $(, $first:tt $(. $member:tt $(($($args:tt)*))?)*)+ : $($rest:tt)*
    ) => {
        $crate::__private::log!(
            ($krate) $level; $message
            $(, $first $(. $member $(($($args)*))?)*)+ : $($rest)*
        )
    };
    ($(@any)? ($krate:tt) $level:ident; $($message:tt)*) => {
        if $crate::__private::allows!($level) {
            // Local variables are hygienic, but an item of the same name would hide this one. Hence the
            // prefix.
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

/// A reference to the call's callsite. The static has a scope of its own, so that code of the user can't
/// refer to it by accident.
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

/// Whether the static maximum allows a named level, if `PYLOG_MAX_LEVEL` is set. It is a const block, so that a
/// call that isn't allowed is not in the binary of a dev build either.
#[doc(hidden)]
#[macro_export]
macro_rules! __allows_by_module {
    ($level:ident) => {
        const { $crate::__private::allows($crate::Level::$level, $crate::__private::module_path!()) }
    };
}

/// Whether the static maximum allows a named level, if `PYLOG_MAX_LEVEL` isn't set. This avoids a const block
/// for each call, which would take longer to compile than the call itself.
#[doc(hidden)]
#[macro_export]
macro_rules! __allows_everywhere {
    ($level:ident) => {
        $crate::__private::allowed::$level
    };
}

/// The filters of the bridge, if an option of the attribute asks for it.
#[cfg(feature = "log")]
#[doc(hidden)]
#[macro_export]
macro_rules! __bridge {
    ($filters:expr) => {
        $crate::__private::Some($filters)
    };
}

/// The same without the feature.
#[cfg(not(feature = "log"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __bridge_is_missing {
    ($filters:expr) => {
        $crate::__private::compile_error!(
            "`log = true` and `log_filter` need pylog's feature `log`: `features = [\"log\"]` in Cargo.toml"
        )
    };
}

/// The value of `tracing = true`.
#[cfg(feature = "tracing")]
#[doc(hidden)]
#[macro_export]
macro_rules! __tracing {
    () => {
        $crate::__private::Some($crate::__private::install_tracing)
    };
}

/// The same without the feature.
#[cfg(not(feature = "tracing"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __tracing_is_missing {
    () => {
        $crate::__private::compile_error!("`tracing = true` needs pylog's feature `tracing`: `features = [\"tracing\"]` in Cargo.toml")
    };
}
