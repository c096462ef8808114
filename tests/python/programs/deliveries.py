"""The ways of delivery, by the names that programs and `cargo xtask soak` take."""

from pylog_probe import _native as native

DELIVERIES = {
    "default": lambda: native.set_default_delivery(),
    "direct": lambda: native.set_queue(),
    "queued": lambda: native.set_queue(100_000),
    "all-queued": lambda: native.set_queue(100_000, every_thread=True),
}
