//! Key-values, exceptions and stacks.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::error::Error;
use std::fmt;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use pylog::{Level, ToValue, Value};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// A type of the user's own.
struct Meters(f64);

impl ToValue for Meters {
    fn to_value(&self) -> Value<'_> {
        self.0.into()
    }
}

/// Passes an expression on as macros do: in invisible parentheses.
macro_rules! passed_on {
    ($value:expr) => {
        $value
    };
}

/// One of each type that has a natural form in Python.
#[pyfunction]
pub(crate) fn log_values(object: Bound<'_, PyAny>) {
    let text = String::from("text");
    let kept: Py<PyAny> = object.clone().unbind();
    let empty = "";
    let huge = "x".repeat(100_000);
    pylog::info!(
        i8 = i8::MIN, i16 = i16::MIN, i32 = i32::MIN, i64 = i64::MIN, i128 = i128::MIN,
        u8 = u8::MAX, u16 = u16::MAX, u32 = u32::MAX, u64 = u64::MAX, u128 = u128::MAX,
        isize = -1_isize, usize = 1_usize, f32 = 0.5_f32, f64 = 0.1,
        nan = f64::NAN, infinity = f64::INFINITY, yes = true, no = false,
        character = 'ß', str = "näh", string = text, reference = &text, cow = Cow::Borrowed("cow"),
        empty, huge,
        bytes = &[0_u8, 159, 146, 150][..], array = [1_u8, 2], vector = vec![3_u8],
        none = None::<u8>, some = Some(5), nested = Some(Some("deep")), nested_none = Some(None::<u8>),
        boxed = Box::new(7), shared = Rc::new(8), atomic = Arc::new("nine"),
        own = Meters(3.5), object = object, kept = kept, r#type = "raw",
        debug:? = [1, 2], display:% = Level::INFO, word:debug = "quoted", other:display = 1.50,
        error:err = failing(),
        "http.status" = 200, "with space" = 1,
        sum = (2 + 3), cast:% = empty.len() as f64, range:? = 1..3, both = huge.len() > 4 && text.len() == 4, negative = -1,
        unsized_value = text[..2], through_a_macro = passed_on!(1 + 2);
        "{} values of {text}", "many"
    );
}

/// A type of the user's own that becomes a `dict`.
struct Point {
    x: i32,
    label: &'static str,
}

impl ToValue for Point {
    fn to_value(&self) -> Value<'_> {
        [("x", self.x.into()), ("label", self.label.into())]
            .into_iter()
            .collect()
    }
}

/// Lists, tuples, sets and dicts, in the thread of the caller and in a detached one.
#[pyfunction]
pub(crate) fn log_containers(py: Python<'_>) {
    let log = || {
        let points = vec![Point { x: 1, label: "a" }, Point { x: 2, label: "b" }];
        pylog::info!(
            ids = vec![1, 2, 3], array = [0.5, 1.5], slice = &["a", "b"][..],
            optional = vec![Some(1), None], nested = [vec![true], vec![]], empty = Vec::<i32>::new(),
            chunks = [[1_u8, 2], [3, 4]], no_bytes = Vec::<u8>::new(), cow = Cow::Borrowed(&[1_u16][..]),
            signed_bytes = [1_i8, 2], references = [&7_u8],
            pair = (1, "one"), single = (2.5,), twelve = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
            by_name = HashMap::from([("one", 1)]), by_number = BTreeMap::from([(2, vec!["two"]), (1, vec![])]),
            by_pair = BTreeMap::from([((1, true), None::<i32>)]),
            unique = HashSet::from([String::from("x")]), ordered = BTreeSet::from([3, 1]),
            points, shared = Arc::new([1, 2]);
            "containers"
        );
    };
    log();
    py.detach(log);
}

/// Values of types of the standard library that become objects of Python's.
#[pyfunction]
pub(crate) fn log_std_types(py: Python<'_>) {
    let log = || {
        let path = Path::new("/tmp").join("ä");
        let moment = SystemTime::UNIX_EPOCH + Duration::from_micros(90_000_001);
        pylog::info!(
            elapsed = Duration::from_micros(90_000_001), moment,
            no_duration_in_python = Duration::MAX,
            path = path.as_path(), buffer = &path, parent = path.parent(), last = path.file_name(),
            string = path.as_os_str().to_os_string(), paths = vec![&path],
            by_path = HashMap::from([(path.clone(), Duration::ZERO)]);
            "types of the standard library"
        );
    };
    log();
    py.detach(log);
}

/// Values of the types of other crates.
#[pyfunction]
pub(crate) fn log_types_of_other_crates(py: Python<'_>) {
    use chrono::{FixedOffset, NaiveDate, TimeDelta, TimeZone, Utc};
    use jiff::civil;

    let log = || {
        let date = NaiveDate::from_ymd_opt(2024, 2, 29).unwrap_or_default();
        let moment = date.and_hms_opt(23, 59, 58).unwrap_or_default();
        let east = FixedOffset::east_opt(3600).map(|it| it.from_utc_datetime(&moment));
        let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(1));
        let json = serde_json::json!({
            "text": "a", "whole": -7, "big": u64::MAX, "float": 0.5, "yes": true,
            "nothing": null, "list": [1, {"deep": []}],
        });
        pylog::info!(
            date, time = moment.time(), moment, utc = Utc.from_utc_datetime(&moment), east,
            delta = TimeDelta::seconds(90), no_date_in_python = NaiveDate::MAX,
            by_date = HashMap::from([(date, 1)]),
            jiff_date = civil::date(2024, 2, 29), jiff_time = civil::time(23, 59, 58, 0),
            jiff_moment = civil::date(2024, 2, 29).at(23, 59, 58, 0),
            timestamp = jiff::Timestamp::UNIX_EPOCH, zoned = jiff::Timestamp::UNIX_EPOCH.to_zoned(zone),
            duration = jiff::SignedDuration::from_secs(90),
            uuid = uuid::Uuid::from_u128(7), map = json.as_object(), json;
            "types of other crates"
        );
    };
    log();
    py.detach(log);
}

fn failing() -> Failure {
    Failure("reading", Some(Box::new(Failure("opening", None))))
}

/// An error whose `Display` fails half-way.
#[derive(Debug)]
struct Unspeakable;

impl fmt::Display for Unspeakable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("half").and(Err(fmt::Error))
    }
}

impl Error for Unspeakable {}

#[derive(Debug)]
pub(crate) struct Failure(&'static str, Option<Box<dyn Error + Send + Sync>>);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.1.as_deref().map(|source| source as _)
    }
}

/// How often a value was evaluated in as many calls.
#[pyfunction]
pub(crate) fn count_evaluations(calls: usize) -> usize {
    static EVALUATED: AtomicUsize = AtomicUsize::new(0);
    let before = EVALUATED.load(Ordering::Relaxed);
    for _ in 0..calls {
        pylog::info!(value = EVALUATED.fetch_add(1, Ordering::Relaxed); "counted");
    }
    EVALUATED.load(Ordering::Relaxed) - before
}

/// The same call with and without values, and to a logger and a target.
#[pyfunction]
pub(crate) fn log_pair(logger: Bound<'_, PyAny>, number: i64) {
    pylog::info!(number; "from the module");
    pylog::info!(target: "values::target", number; "to a target");
    let target = String::from("values::dynamic");
    pylog::info!(target: &target, number; "to a dynamic target");
    pylog::info!(logger: &logger, number, exc_info = PyValueError::new_err("bad"), stack_info = true; "to a logger");
    pylog::log!(logger: logger, Level::new(25), number; "at a level");
}

/// Calls `function` and logs what it raises, in every form.
#[pyfunction]
pub(crate) fn log_raised(function: Bound<'_, PyAny>) {
    let Err(error) = function.call0() else {
        return;
    };
    let py = function.py();
    let object = error.value(py).clone();
    let kept = object.clone().unbind();
    let boxed: Box<dyn Error + Send + Sync> = Box::new(error.clone_ref(py));
    pylog::error!(exc_info = error; "by value");
    pylog::error!(exc_info = &error; "by reference");
    pylog::error!(exc_info = Some(&error); "in an option");
    pylog::error!(exc_info = object; "an object");
    pylog::error!(exc_info = &kept; "a kept object");
    pylog::error!(exc_info = boxed; "boxed");
    let wrapped = Failure("calling", Some(Box::new(error)));
    pylog::error!(exc_info = wrapped; "as the cause of an error");
}

/// `exc_info = true` and `false`, and none at all.
#[pyfunction]
pub(crate) fn log_handled() {
    pylog::error!(exc_info = true; "handled");
    pylog::error!(exc_info = false; "nothing");
    pylog::error!(exc_info = None::<PyErr>; "nothing");
}

/// Rust errors, by value, by reference, as trait objects.
#[pyfunction]
pub(crate) fn log_rust_errors() {
    let chain = Failure(
        "reading",
        Some(Box::new(Failure("opening", Some("gone".into())))),
    );
    pylog::error!(exc_info = chain; "three deep");
    if let Err(error) = &"x".parse::<u8>() {
        pylog::error!(exc_info = error; "by reference");
    }
    let dynamic: &(dyn Error + 'static) = &chain;
    pylog::error!(exc_info = dynamic; "dynamic");
    let boxed: Box<dyn Error> = "only text".into();
    pylog::error!(exc_info = &boxed; "boxed");
    pylog::error!(exc_info = Unspeakable; "half");
}

/// An error that borrows.
#[derive(Debug)]
struct Borrowing<'a>(&'a str);

impl fmt::Display for Borrowing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Borrowing<'_> {}

/// Everything that is an error in some way: as `exc_info`, and as a value in the attribute `error`.
#[pyfunction]
pub(crate) fn log_error_types(raised: Bound<'_, PyAny>) {
    let py = raised.py();
    let exception = || PyErr::from_value(raised.clone());
    let chain = || Failure("reading", Some("gone".into()));
    let text = String::from("borrowed");
    let borrowing = Borrowing(&text);
    let failed: Result<u8, _> = Err::<u8, _>(chain());
    let anyhow = || anyhow::Error::new(chain());
    macro_rules! log {
        ($($error:expr => $what:literal;)+) => {
            $(pylog::error!(exc_info = $error, error:err = $error; $what);)+
        };
    }
    fn reference_of_any_lifetime(error: &dyn Error) {
        log!(error => "&dyn Error";);
        log!(&error => "&dyn Error";);
    }
    fn own<E: Error>(error: E) {
        log!(error => "generic"; &error => "generic"; Some(&error) => "generic";);
    }
    log! {
        chain() => "Failure";
        &chain() => "Failure";
        &&chain() => "Failure";
        Some(chain()) => "Failure";
        failed.as_ref().err() => "Failure";
        Box::new(chain()) => "Failure";
        Arc::new(chain()) => "Failure";
        borrowing => "Borrowing";
        &borrowing => "Borrowing";
        Some(&borrowing) => "Borrowing";
        Box::<dyn Error>::from(chain()) => "Box";
        &Box::<dyn Error>::from(chain()) => "Box";
        &*Box::<dyn Error>::from(chain()) => "Box";
        Box::new(chain()) as Box<dyn Error + Send> => "Box";
        Box::<dyn Error + Send + Sync>::from(chain()) => "Box";
        Some(Box::<dyn Error + Send + Sync>::from(chain())) => "Box";
        Some(&Box::<dyn Error + Send + Sync>::from(chain())) => "Box";
        Arc::<dyn Error + Send + Sync>::from(Box::<dyn Error + Send + Sync>::from(chain())) => "Arc";
        anyhow() => "anyhow";
        &anyhow() => "anyhow";
        Some(anyhow()) => "anyhow";
        Some(&anyhow()) => "anyhow";
        anyhow().context("with context") => "context";
        eyre::Report::new(chain()) => "eyre";
        Some(&eyre::Report::new(chain())) => "eyre";
        None::<Failure> => "none";
        None::<&Failure> => "none";
        None::<anyhow::Error> => "none";
        None::<&Box<dyn Error>> => "none";
        Box::<dyn Error>::from(exception()) => "raised";
        &Box::<dyn Error + Send + Sync>::from(exception()) => "raised";
        Some(&Box::<dyn Error>::from(exception())) => "raised";
        anyhow::Error::new(exception()) => "raised";
        eyre::Report::new(exception()) => "raised";
        exception() => "raised";
        Some(exception()) => "raised";
        exception().clone_ref(py) => "raised";
    }
    reference_of_any_lifetime(&chain());
    reference_of_any_lifetime(&borrowing);
    own(borrowing);
}

#[pyfunction]
pub(crate) fn log_stack(py: Python<'_>) {
    let wanted = true;
    pylog::info!(stack_info = wanted; "with");
    pylog::info!(stack_info = false; "without");
    py.detach(|| {
        std::thread::scope(|scope| {
            scope.spawn(|| pylog::info!(stack_info = true; "in a thread without Python code"));
        });
    });
}

/// Calls with each limit, and how often the arguments were evaluated.
#[pyfunction]
pub(crate) fn log_limited(times: usize, n: u64, logger: Bound<'_, PyAny>) -> usize {
    static EVALUATED: AtomicUsize = AtomicUsize::new(0);
    let evaluate = || EVALUATED.fetch_add(1, Ordering::Relaxed);
    let before = EVALUATED.load(Ordering::Relaxed);
    for i in 0..times {
        pylog::info!(target: "limited::first", first_n: 2, "{i} {}", evaluate());
        pylog::info!(target: "limited::nth", every_n: n, i; "{i}");
        pylog::info!(every: Duration::from_secs(3600), target: "limited::hourly", "{i}");
        pylog::log!(logger: &logger, every_n: 5, Level::new(25), value = i; "{i}");
        pylog::debug!(target: "limited::unlimited", "{i}");
    }
    EVALUATED.load(Ordering::Relaxed) - before
}

/// Logs a Python object as a value.
#[pyfunction]
pub(crate) fn log_objects(target: &str, message: &str, value: Bound<'_, PyAny>) {
    pylog::info!(target: target, value; "{message}");
}
