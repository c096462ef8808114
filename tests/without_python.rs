//! Before there is an interpreter, calls go to the logger of the `log` crate, as in the unit tests of an
//! extension. Each test runs in a process of its own, because Python can't be unloaded.

use std::sync::Mutex;

use log::{LevelFilter, Log};
use pylog::Level;
use pylog::bridge::Logger;
use pylog::testing::Capture;
use pylog_tests::alone;

/// What a logger of the program has received: the level, the target, the line and the text.
static COLLECTED: Mutex<Vec<(log::Level, String, u32, String)>> = Mutex::new(Vec::new());

/// A logger of the program, alone or in combination with pylog's bridge.
struct Collector(Option<Logger>);

impl Log for Collector {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target() != "refused"
    }

    fn log(&self, record: &log::Record<'_>) {
        if let Some(bridge) = &self.0 {
            bridge.log(record);
        }
        assert_eq!(record.file(), Some(file!()));
        COLLECTED.lock().unwrap().push((
            record.level(),
            record.target().to_owned(),
            record.line().unwrap(),
            record.args().to_string(),
        ));
    }

    fn flush(&self) {}
}

fn install(collector: Collector) {
    log::set_logger(Box::leak(Box::new(collector))).expect("no logger is installed yet");
    log::set_max_level(LevelFilter::Debug);
}

/// The texts that the logger of the program has received since the last time.
fn collected() -> Vec<String> {
    let collected = std::mem::take(&mut *COLLECTED.lock().unwrap());
    collected.into_iter().map(|it| it.3).collect()
}

#[test]
fn calls_go_to_the_logger_of_the_program() {
    alone("calls_go_to_the_logger_of_the_program", || {
        install(Collector(None));
        let call = |number: u8| pylog::info!("number {number}");
        let line = line!() - 1;
        call(1);
        let first = COLLECTED.lock().unwrap()[0].clone();
        let module = String::from(module_path!());
        assert_eq!(first, (log::Level::Info, module, line, "number 1".into()));
        call(2);
        assert_eq!(collected(), ["number 1", "number 2"]);

        pylog::critical!(target: "net::http", "critical");
        pylog::log!(Level::new(25), "notice");
        pylog::debug!(user = 7, exc_info = std::fmt::Error; "with values");
        pylog::log!(Level::new(3), "too verbose");
        let mut evaluated = false;
        pylog::info!(target: "refused", "{}", { evaluated = true; 1 });
        pylog::trace!("{}", {
            evaluated = true;
            1
        });
        assert!(!evaluated);
        let levels: Vec<_> = COLLECTED.lock().unwrap().iter().map(|it| it.0).collect();
        assert_eq!(
            levels,
            [log::Level::Error, log::Level::Info, log::Level::Debug]
        );
        assert_eq!(COLLECTED.lock().unwrap()[0].1, "net::http");
        assert_eq!(collected(), ["critical", "notice", "with values"]);
        assert!(pylog::enabled!(Level::DEBUG) && !pylog::enabled!(Level::TRACE));

        // From the first moment of the interpreter on, they go to Python, the same calls too.
        let capture = Capture::new(module_path!(), pylog::Level::INFO);
        call(3);
        assert_eq!(capture.take_messages(), ["number 3"]);
        drop(capture);
        call(4);
        assert!(!pylog::enabled!(Level::DEBUG));
        assert_eq!(collected(), [""; 0]);
    });
}

#[test]
fn a_program_without_a_logger() {
    alone("a_program_without_a_logger", || {
        let mut evaluated = false;
        let mut call = || {
            pylog::critical!("{}", {
                evaluated = true;
                1
            });
        };
        call();
        assert!(!pylog::enabled!(Level::CRITICAL));
        // The refusal isn't kept.
        let capture = Capture::new(module_path!(), pylog::Level::INFO);
        call();
        assert_eq!(capture.take_messages(), ["1"]);
        assert!(evaluated);
    });
}

#[test]
fn the_bridge_is_no_logger_of_the_program() {
    alone("the_bridge_is_no_logger_of_the_program", || {
        Logger::default()
            .install()
            .expect("no logger is installed yet");
        pylog::critical!("with pylog");
        log::error!("with log");
        assert!(!pylog::enabled!(Level::CRITICAL));
    });
}

#[test]
fn a_bridge_in_another_logger_passes_nothing_back() {
    alone("a_bridge_in_another_logger_passes_nothing_back", || {
        install(Collector(Some(Logger::default())));
        pylog::info!("with pylog");
        log::info!("with log");
        assert_eq!(collected(), ["with pylog", "with log"]);
    });
}
