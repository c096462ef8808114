//! Calls in all kinds of functions and positions.

use ::core::convert::From;
use ::core::future::{Future, ready};
use ::core::iter::Iterator;
use ::core::ops::Fn;
use ::core::result::Result::{self, Err, Ok};
use ::core::task::{Context, Poll, Waker};
use ::std::string::String;
use ::std::vec::Vec;
use ::std::{assert, assert_eq, matches, pin, unreachable, vec};

use ::pylog::testing::Capture;

fn capture(function: &str) -> Capture {
    Capture::new(
        &::std::format!("hygiene.places.{function}"),
        ::pylog::Level::INFO,
    )
}

fn generic<T: ::core::fmt::Debug>(value: &T) {
    ::pylog::info!(target: "hygiene::places::generic", "{value:?}");
}

#[test]
fn in_generic_functions_one_callsite_serves_all_types() {
    let capture = capture("generic");
    generic(&1u8);
    generic(&"two");
    let records = capture.take();
    let messages: Vec<_> = records.iter().map(|it| &*it.message).collect();
    assert_eq!(messages, ["1", "\"two\""]);
    assert_eq!(records[0].function, "hygiene::places::generic");
}

#[test]
fn warning_is_another_name_of_warn() {
    let capture = capture("warning");
    let number = 2;
    ::pylog::warning!(target: "hygiene::places::warning", "{} {number}", 1);
    ::pylog::warning!(target: "hygiene::places::warning", number; "3");
    let records = capture.take();
    let found: Vec<_> = records
        .iter()
        .map(|it| (it.level.levelno(), &*it.message))
        .collect();
    assert_eq!(found, [(30, "1 2"), (30, "3")]);
}

fn generic_values<T: ::pylog::ToValue, E: ::std::error::Error + 'static>(value: &T, error: &E) {
    ::pylog::info!(
        target: "hygiene::places::generic_values",
        value, other:err = *error, exc_info = error;
        "generic"
    );
}

#[test]
fn in_generic_functions_with_key_values() {
    let capture = capture("generic_values");
    generic_values(&1u8, &::std::fmt::Error);
    generic_values(&"two", &::std::fmt::Error);
    assert_eq!(capture.take_messages(), ["generic", "generic"]);
}

struct Grid<const WIDTH: usize>;

impl<const WIDTH: usize> Grid<WIDTH> {
    const LEVEL: ::pylog::Level = ::pylog::Level::new(25);

    fn describe(&self) {
        ::pylog::log!(target: "hygiene::places::grid", Self::LEVEL, "{WIDTH} wide");
    }
}

#[test]
fn in_const_generic_impls_with_an_associated_level() {
    let capture = capture("grid");
    Grid::<7>.describe();
    let records = capture.take();
    assert_eq!(
        (&*records[0].message, records[0].level.levelno()),
        ("7 wide", 25)
    );
    assert_eq!(
        records[0].function,
        "hygiene::places::Grid<WIDTH>::describe"
    );
}

#[test]
fn in_closures_and_as_an_expression() {
    let capture = capture("closure");
    let log = |n: u32| ::pylog::info!(target: "hygiene::places::closure", "{n}");
    log(1);
    let unit: () = match 2 {
        n @ 2 => ::pylog::info!(target: "hygiene::places::closure", "{}", n),
        _ => unreachable!(),
    };
    assert_eq!(unit, ());
    if ::pylog::enabled!(target: "hygiene::places::closure", ::pylog::Level::INFO) {
        log(3);
    } else {
        log(4);
    }
    assert_eq!(capture.take_messages(), ["1", "2", "3"]);
}

async fn asynchronous() -> u32 {
    ::pylog::info!(target: "hygiene::places::asynchronous", "{}", ready(1).await);
    ready(2).await
}

#[test]
fn in_async_functions_with_await_in_an_argument() {
    fn is_send<T: ::core::marker::Send>(future: T) -> T {
        future
    }
    let capture = capture("asynchronous");
    let mut future = pin::pin!(is_send(async {
        ::pylog::info!(target: "hygiene::places::asynchronous", "before");
        asynchronous().await
    }));
    let poll = future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(poll, Poll::Ready(2)));
    let records = capture.take();
    assert_eq!(records[0].message, "before");
    assert_eq!(records[1].function, "hygiene::places::asynchronous");
}

async fn to_a_logger(logger: ::pyo3::Py<::pyo3::PyAny>) {
    ::pylog::info!(logger: &logger, "{}", ready(3).await);
}

#[test]
fn a_future_that_awaits_in_an_argument_is_send() {
    fn is_send<T: ::core::marker::Send>(_: &T) {}
    ::pyo3::Python::attach(|py| is_send(&to_a_logger(py.None())));
}

fn fallible(value: Result<u32, String>) -> Result<u32, String> {
    ::pylog::info!(target: "hygiene::places::fallible", "{}", value?);
    Ok(1)
}

#[test]
fn with_a_question_mark_in_an_argument() {
    let capture = capture("fallible");
    assert_eq!(fallible(Ok(1)), Ok(1));
    assert!(fallible(Err(String::new())).is_err());
    assert_eq!(capture.take_messages(), ["1"]);
}

macro_rules! twice {
    ($level:ident, $name:ident, $message:literal $(, $arg:expr)*) => {
        let $name = "first";
        ::pylog::$level!(target: "hygiene::places::twice", $message $(, $arg)*);
        ::pylog::$level!(target: "hygiene::places::twice", "{}", $name);
    };
}

#[test]
fn in_macro_rules() {
    let capture = capture("twice");
    twice!(warn, local, "message {}", 1 + 1);
    assert_eq!(capture.take_messages(), ["message 2", "first"]);
    assert_eq!(local, "first");
}

#[test]
fn the_grammar_of_the_log_crate() {
    use ::pylog::Level;

    let capture = capture("grammar");
    let target = String::from("hygiene::places::grammar");
    let (width, precision, value) = (6, 2, 1.0 / 3.0);
    ::pylog::info!(target: &target, "{value:>width$.precision$}|{:>1$}|{named:?}|{{}}", 1, 3, named = "n",);
    ::pylog::log!(target: "hygiene::places::grammar", Level::Warn, "spelled as in log");
    ::pylog::log!(target: &target, if width > 1 { Level::Error } else { Level::Info }, "either");
    ::pylog::error!(target: concat!("hygiene::places", "::", "grammar"), concat!("con", "cat"));
    ::pylog::critical!(target: &target, r#"raw "{}""#, vec![1].len());
    let records = capture.take();
    let records: Vec<_> = records
        .iter()
        .map(|it| (it.level.levelno(), &*it.message))
        .collect();
    let expected = [
        (20, "  0.33|  1|\"n\"|{}"),
        (30, "spelled as in log"),
        (40, "either"),
        (40, "concat"),
        (50, "raw \"1\""),
    ];
    assert_eq!(records, expected);
}

/// Calls without `target:`, which `macro_rules!` may expand.
mod named_arguments {
    macro_rules! info_named {
        ($message:literal, $($name:ident = $value:expr),*) => {
            ::pylog::info!($message, $($name = $value),*)
        };
    }

    pub(super) fn log(text: &str) {
        let pair = (text, 2);
        ::pylog::info!("{exc_info}", exc_info = 1);
        ::pylog::info!(
            "{} {} {stack_info:?}",
            pair.0.len(),
            pair.1,
            stack_info = "a",
        );
        ::pylog::info!("{:>target$}|{:.extra$}|", "a", 0.25, target = 3, extra = 1);
        ::pylog::info!("{move} {match} {target}", move = 1, match = 1 == 2, target = pair.1);
        ::pylog::info!("{} {move}", &pair.0, move = 3);
        ::pylog::info!("{} {}", text == "a", pair.1 <= 1);
        info_named!("{logger} {every}", logger = 1 + 1, every = pair.0);
    }
}

#[test]
fn named_arguments_may_have_the_names_of_options_and_keywords() {
    let capture = capture("named_arguments");
    named_arguments::log("first");
    let expected = [
        "1",
        "5 2 \"a\"",
        "  a|0.2|",
        "1 false 2",
        "first 3",
        "false false",
        "2 first",
    ];
    assert_eq!(capture.take_messages(), expected);
}

fn call(function: impl Fn()) {
    function();
}

#[test]
fn lines_and_functions_are_those_of_the_call() {
    let capture = capture("position");
    let line = ::core::line!() + 1;
    call(|| ::pylog::info!(target: "hygiene::places::position", "here"));
    let record = &capture.take()[0];
    assert_eq!(record.line, line);
    let function = "hygiene::places::lines_and_functions_are_those_of_the_call";
    assert_eq!(record.function, function);
}
