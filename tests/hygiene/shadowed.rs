//! Calls in a module that gives its own meaning to names that an expansion may use.

use ::pylog::testing::Capture;
use ::std::assert_eq;

mod core {}
mod std {}
mod alloc {}
mod pylog {}
struct Some;
struct None;
struct Ok;
struct Err;
struct Option;
struct Level;
struct Callsite;
struct Data;
struct Pair;
struct Probe;
struct Value;
trait ToValue {}
type u32 = ();
type bool = ();
type str = ();
const CALLSITE: &::core::primitive::str = "CALLSITE";
const LIMIT: &::core::primitive::str = "LIMIT";
struct Here;
struct Limit;

macro_rules! format_args {
    ($($any:tt)*) => {
        ::core::compile_error!("the wrong format_args")
    };
}
macro_rules! module_path {
    () => {
        ::core::compile_error!("the wrong module_path")
    };
}

#[test]
fn an_expansion_uses_its_own_names() {
    let capture = Capture::new("hygiene.shadowed", ::pylog::Level::INFO);
    let callsite = "callsite";
    let level = ::pylog::Level::WARN;
    let logger = "logger";
    ::pylog::info!("{CALLSITE} {callsite} {level} {logger}");
    ::pylog::log!(level, "{} {} {} {}", CALLSITE, callsite, level, logger);
    let error = ::std::fmt::Error;
    ::pylog::info!(
        callsite, level:% = level, private = logger, stack_info = true, exc_info = error;
        "{CALLSITE} {callsite} {level} {logger}"
    );
    let (limit, suppressed) = (1, 2);
    ::pylog::debug!(sum = limit + suppressed, parenthesized = (limit + suppressed); "off");
    ::pylog::info!(first_n: limit, "{LIMIT} {limit} {suppressed}");
    let messages = capture.take_messages();
    let expected = "CALLSITE callsite WARNING logger";
    assert_eq!(messages, [expected, expected, expected, "LIMIT 1 2"]);
    if ::pylog::enabled!(level) {
        let _: () = ::pylog::trace!("off");
    }
    items();
    let _ = (Some, None, Ok, Err, Option, Level, Callsite, Here);
    let _ = (Data, Limit, Pair, Probe, Value);
}

/// Items aren't hygienic: if an expansion's local variable had the name of one of these, `let` would mean
/// the item.
#[allow(non_upper_case_globals, non_camel_case_types)]
fn items() {
    const callsite: () = ();
    static level: () = ();
    struct logger;
    struct limit;
    const suppressed: () = ();
    ::pylog::debug!("off");
    ::pylog::debug!("off {}", 1);
    ::pylog::debug!(target: "hygiene.elsewhere", first_n: 1, key = 1; "off");
    ::pylog::log!(::pylog::Level::DEBUG, "off");
    ::pylog::log!(::pylog::Level::new(1 + 1), "off");
    let _: () = ::pylog::trace!("{:?} {:?} {:?}", callsite, level, suppressed);
    let _ = (logger, limit, ::pylog::enabled!(::pylog::Level::DEBUG));
}
