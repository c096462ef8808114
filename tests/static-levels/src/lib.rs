//! Functions with calls. The tests in `tests/binary` search the library for their messages, symbols and code.
#![deny(warnings)]
// The tests find the functions by their symbols. An `extern "C"` function would have to catch panics.
#![allow(clippy::no_mangle_with_rust_abi)]

use pylog::Level;

/// Functions that contain only a call, one for each level.
macro_rules! only_calls {
    ($($level:ident $function:ident $needle:literal;)*) => {
        $(
            #[unsafe(no_mangle)]
            pub fn $function(x: u32) {
                let used_by_the_call_alone = x;
                pylog::$level!(
                    "needle-key" = used_by_the_call_alone, exc_info = true;
                    $needle, used_by_the_call_alone, costly(x)
                );
            }
        )*
    };
}

only_calls! {
    trace only_trace "needle-trace {} {}";
    debug only_debug "needle-debug {} {}";
    info only_info "needle-info {} {}";
    warn only_warn "needle-warn {} {}";
    error only_error "needle-error {} {}";
    critical only_critical "needle-critical {} {}";
}

#[unsafe(no_mangle)]
pub fn only_nothing(x: u32) {
    let _ = x;
}

#[inline(never)]
fn costly(x: u32) -> String {
    format!("needle-argument {x}")
}

#[cold]
#[inline(never)]
fn summarize() {
    std::hint::black_box(());
}

/// A module that `PYLOG_MAX_LEVEL` can name.
pub mod hot {
    #[unsafe(no_mangle)]
    pub fn hot_calls(x: u32) {
        pylog::debug!("needle-hot-debug {x}");
        pylog::error!("needle-hot-error {x}");
    }

    /// A module below `hot`.
    pub mod inner {
        #[unsafe(no_mangle)]
        pub fn inner_calls(x: u32) {
            pylog::debug!("needle-inner-debug {x}");
            pylog::error!("needle-inner-error {x}");
        }
    }
}

/// A constant level without a name, constant targets, and `enabled!`.
#[unsafe(no_mangle)]
pub fn other_calls(x: u32) -> bool {
    pylog::log!(Level::new(25), "needle-25 {x}");
    pylog::log!(target: "needle-target", Level::ERROR, "needle-log {x}");
    pylog::info!(target: concat!("needle", "-concat"), "{x}");
    pylog::enabled!(target: "needle-enabled", Level::INFO)
}

macro_rules! passed_on {
    ($level:expr, $target:expr, $($message:tt)+) => {
        pylog::log!(target: $target, ($level), $($message)+)
    };
}

/// A level and a target that another macro passes on.
#[unsafe(no_mangle)]
pub fn passed_on(x: u32) {
    passed_on!(Level::INFO, "a::target", "needle-passed {x}");
}

macro_rules! straight_paths {
    ($($function:ident($x:ident) { $($call:tt)* })*) => {
        $(
            #[unsafe(no_mangle)]
            pub fn $function($x: u32) -> u32 {
                $($call)*
                $x.wrapping_mul(3)
            }
        )*
    };
}

straight_paths! {
    straight_without(x) {}
    straight_literal(x) { pylog::info!("a message"); }
    straight_value(x) { pylog::info!("a message with {}", { x }); }
    straight_target(x) { pylog::info!(target: "a::target", "a message"); }
    straight_constant_level(x) { pylog::log!(Level::new(25), "a message"); }
    straight_sum(x) { pylog::info!("{:?}", x + 1); }
    straight_pairs(x) {
        pylog::info!(answer = 42, exc_info = true, stack_info = true; "a message");
    }
    straight_limited(x) { pylog::info!(every_n: 100, answer = 42; "a message"); }
    straight_borrow(x) { pylog::info!("a message with {x}"); }
    straight_destructor(x) { pylog::info!("a message with {}", costly(x)); }
    straight_enabled(x) { if pylog::enabled!(Level::DEBUG) { summarize(); } }
}

/// The same calls with pylog and with `log`, to compare the size of their code.
macro_rules! sized_calls {
    ($macros:ident $literal:ident $value:ident $values:ident $arguments:ident $expression:ident) => {
        #[unsafe(no_mangle)]
        pub fn $literal() {
            $macros::info!("a message");
        }
        #[unsafe(no_mangle)]
        pub fn $value(n: u64) {
            $macros::info!("read {n} rows");
        }
        #[unsafe(no_mangle)]
        pub fn $values(n: u64, name: &str) {
            $macros::debug!("read {n} rows of {name:?}");
        }
        #[unsafe(no_mangle)]
        pub fn $arguments(n: u64, m: u64) -> u64 {
            $macros::debug!("{} times {}", n, m);
            n.wrapping_mul(m)
        }
        #[unsafe(no_mangle)]
        pub fn $expression(names: &[String]) {
            $macros::warn!("{} names, the first is {:?}", names.len(), names.first());
        }
    };
}

sized_calls!(pylog sized_pylog_literal sized_pylog_value sized_pylog_values sized_pylog_arguments sized_pylog_expression);
sized_calls!(log sized_log_literal sized_log_value sized_log_values sized_log_arguments sized_log_expression);

/// The same variables as `sized_pylog_arguments`, captured by the message, and as arguments of a call with an option.
#[unsafe(no_mangle)]
pub fn captured_variables(n: u64, m: u64) -> u64 {
    pylog::debug!("{n} times {m}");
    n.wrapping_mul(m)
}

#[unsafe(no_mangle)]
pub fn arguments_with_target(n: u64, m: u64) -> u64 {
    pylog::debug!(target: "net", "{} times {}", n, m,);
    n.wrapping_mul(m)
}
