//! The timed loops. Several extensions share them, because the `log` crate has one logger in an extension, and
//! `tracing` has one default subscriber.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// The arguments of the calls.
#[derive(Clone, Copy)]
pub(crate) struct Arguments {
    pub(crate) i: u64,
    pub(crate) x: f64,
    pub(crate) s: &'static str,
    pub(crate) b: bool,
    pub(crate) c: char,
}

/// The same calls with the macros of each peer, in a module of its own.
macro_rules! peer {
    ($peer:ident, $($macros:tt)+) => {
        mod $peer {
            use $crate::calls::Arguments;

            #[inline(never)]
            pub(crate) fn off(a: Arguments) {
                $($macros)+::debug!("value {}", a.i);
            }
            #[inline(never)]
            pub(crate) fn arguments_0(_: Arguments) {
                $($macros)+::info!("a message without arguments");
            }
            #[inline(never)]
            pub(crate) fn arguments_1(a: Arguments) {
                $($macros)+::info!("value {}", a.i);
            }
            #[inline(never)]
            pub(crate) fn arguments_2(a: Arguments) {
                $($macros)+::info!("value {} of {}", a.i, a.s);
            }
            #[inline(never)]
            pub(crate) fn arguments_5(a: Arguments) {
                $($macros)+::info!("{} {:.3} {} {} {}", a.i, a.x, a.s, a.b, a.c);
            }

            pub(crate) fn find(call: &str) -> Option<fn(Arguments)> {
                Some(match call {
                    "off" => off,
                    "arguments 0" => arguments_0,
                    "arguments 1" => arguments_1,
                    "arguments 2" => arguments_2,
                    "arguments 5" => arguments_5,
                    _ => return None,
                })
            }
        }
    };
}
pub(crate) use peer;

/// The nanoseconds of one call, on average. The thread works for `pause` before each call, if that isn't zero: without a
/// pause, a thread that lets go of the GIL mostly gets it back before another one wakes up.
pub(crate) fn time(call: fn(Arguments), iterations: u64, pause: Duration) -> f64 {
    if !pause.is_zero() {
        let one = |_| {
            let start = Instant::now();
            while start.elapsed() < pause {
                std::hint::spin_loop();
            }
            time(call, 1, Duration::ZERO)
        };
        return (0..iterations).map(one).sum::<f64>() / iterations as f64;
    }
    let start = Instant::now();
    for i in 0..iterations {
        let arguments = Arguments {
            i,
            x: 0.5,
            s: "text",
            b: true,
            c: 'c',
        };
        black_box(call)(black_box(arguments));
    }
    start.elapsed().as_secs_f64() * 1e9 / iterations as f64
}
