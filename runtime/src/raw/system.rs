//! What the system tells of this thread and this process: stacks, threads, forks.

use std::cell::Cell;
use std::ffi::CStr;
#[cfg(unix)]
use std::ffi::c_void;
#[cfg(unix)]
use std::mem::MaybeUninit;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fmt, io::Write};

use super::once::Once;

/// The lowest address of this thread's stack, and the address above it. `None` where the system doesn't tell.
pub(crate) fn stack_bounds() -> Option<Range<usize>> {
    #[cfg(target_os = "linux")]
    return stack_bounds_of_linux();

    #[cfg(target_vendor = "apple")]
    // SAFETY: these functions may be called in any thread, for itself.
    return unsafe {
        let this = libc::pthread_self();
        let end = libc::pthread_get_stackaddr_np(this).addr();
        Some(end.checked_sub(libc::pthread_get_stacksize_np(this))?..end)
    };

    #[cfg(windows)]
    {
        #[link(name = "kernel32")]
        unsafe extern "system" {
            fn GetCurrentThreadStackLimits(low: *mut usize, high: *mut usize);
        }
        let (mut low, mut high) = (0, 0);
        // SAFETY: the function, which Windows has from version 8 on, stores two integers, in any thread.
        unsafe { GetCurrentThreadStackLimits(&raw mut low, &raw mut high) };
        return Some(low..high);
    }

    #[allow(unreachable_code, reason = "on the systems above")]
    None
}

/// Writes a line to stderr, whatever Python's `sys.stderr` is. `eprintln!` would add what it panics with if that fails.
pub(crate) fn write_line(line: fmt::Arguments<'_>) {
    // There is no place for an error.
    let _ = std::io::stderr().write_all(format!("pylog: {line}\n").as_bytes());
}

#[cfg(target_os = "linux")]
fn stack_bounds_of_linux() -> Option<Range<usize>> {
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    let (mut start, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: `pthread_getattr_np` initializes the attributes, unless it fails. They are destroyed once, after their
    // last use.
    let bounds = unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return None;
        }
        let result =
            libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut start, &raw mut size);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        (result == 0).then(|| start.addr()..start.addr() + size)
    }?;
    // musl tells only how much of the stack of the main thread is in use.
    #[cfg(target_env = "musl")]
    // SAFETY: the calls have no effect but that `getrlimit` fills `limit`.
    unsafe {
        let mut limit = MaybeUninit::<libc::rlimit>::uninit();
        let thread = libc::syscall(libc::SYS_gettid);
        if thread == libc::c_long::from(libc::getpid()) {
            if libc::getrlimit(libc::RLIMIT_STACK, limit.as_mut_ptr()) != 0 {
                return None;
            }
            let limit = usize::try_from(limit.assume_init().rlim_cur).ok()?;
            return Some(bounds.end.checked_sub(limit)?..bounds.end);
        }
    }
    Some(bounds)
}

thread_local! {
    /// The name of a thread that [`spawn`] has started.
    static THREAD_NAME: Cell<Option<&'static CStr>> = const { Cell::new(None) };
}

/// The name of this thread, if [`spawn`] has started it and Rust has none for it.
pub(crate) fn thread_name() -> Option<&'static str> {
    let name = THREAD_NAME.try_with(Cell::get).ok().flatten();
    name.and_then(|name| name.to_str().ok())
}

/// Starts a thread, which gets no signals of the process but with [`Signals`]: where the program has blocked a signal in its
/// own threads, this one would get it. Returns whether there was one. `std::thread` would add 20 KiB to each extension.
#[cfg(unix)]
pub(crate) fn spawn(name: &'static CStr, run: fn()) -> bool {
    /// As much as `std::thread` gives to a thread, in bytes.
    const STACK: usize = 2 * 1024 * 1024;

    struct Start {
        name: &'static CStr,
        run: fn(),
        signals: libc::sigset_t,
    }
    extern "C" fn start(start: *mut c_void) -> *mut c_void {
        // SAFETY: `spawn` has leaked it for this thread.
        let Start { name, run, signals } = *unsafe { Box::from_raw(start.cast::<Start>()) };
        THREAD_NAME.set(Some(name));
        SIGNALS.set(Some(signals));
        // SAFETY: the name ends with a null byte, and has no more than 15 others.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        unsafe {
            libc::pthread_setname_np(libc::pthread_self(), name.as_ptr());
        }
        // SAFETY: as above.
        #[cfg(target_vendor = "apple")]
        unsafe {
            libc::pthread_setname_np(name.as_ptr());
        }
        // A panic has been printed. The thread ends, as one of `std::thread` would.
        let _ = std::panic::catch_unwind(run);
        std::ptr::null_mut()
    }
    let signals = block_signals();
    let argument = Box::into_raw(Box::new(Start { name, run, signals }));
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    let mut thread = MaybeUninit::<libc::pthread_t>::uninit();
    // SAFETY: the attributes are initialized before they are used, and destroyed once. The new thread gets the argument,
    // which is freed here if there is no thread. The thread is detached once: nothing else knows it.
    unsafe {
        if libc::pthread_attr_init(attributes.as_mut_ptr()) == 0 {
            libc::pthread_attr_setstacksize(attributes.as_mut_ptr(), STACK);
            let result = libc::pthread_create(
                thread.as_mut_ptr(),
                attributes.as_ptr(),
                start,
                argument.cast(),
            );
            libc::pthread_attr_destroy(attributes.as_mut_ptr());
            set_signals(&signals);
            if result == 0 {
                libc::pthread_detach(thread.assume_init());
                return true;
            }
        }
        drop(Box::from_raw(argument));
    }
    set_signals(&signals);
    false
}

#[cfg(unix)]
thread_local! {
    /// The signals that the thread that has started this one blocked.
    static SIGNALS: Cell<Option<libc::sigset_t>> = const { Cell::new(None) };
}

/// A guard: while it lives, a thread of [`spawn`] gets the signals that it would get if it didn't block them. It runs code of
/// the program meanwhile, which may send this thread a signal, or start a process, which blocks what this thread blocks.
pub(crate) struct Signals(());

/// See [`Signals`]. Has no effect in another thread.
pub(crate) fn let_signals_in() -> Signals {
    #[cfg(unix)]
    if let Some(signals) = SIGNALS.get() {
        set_signals(&signals);
    }
    Signals(())
}

impl Drop for Signals {
    fn drop(&mut self) {
        #[cfg(unix)]
        if SIGNALS.get().is_some() {
            block_signals();
        }
    }
}

/// Blocks all signals in this thread but those that the system sends for what this thread does. Returns those that it blocked
/// before.
#[cfg(unix)]
fn block_signals() -> libc::sigset_t {
    let mut blocked = MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `sigfillset` initializes `blocked`, and `pthread_sigmask`, which doesn't fail for a valid set, `before`.
    unsafe {
        libc::sigfillset(blocked.as_mut_ptr());
        for signal in [
            libc::SIGSEGV,
            libc::SIGBUS,
            libc::SIGFPE,
            libc::SIGILL,
            libc::SIGABRT,
            libc::SIGSYS,
            libc::SIGTRAP,
        ] {
            libc::sigdelset(blocked.as_mut_ptr(), signal);
        }
        libc::pthread_sigmask(libc::SIG_SETMASK, blocked.as_ptr(), before.as_mut_ptr());
        before.assume_init()
    }
}

/// Makes this thread block these signals, and no others.
#[cfg(unix)]
fn set_signals(blocked: &libc::sigset_t) {
    // SAFETY: the set is initialized.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, blocked, std::ptr::null_mut()) };
}

/// Starts a thread. Returns whether there was one.
#[cfg(not(unix))]
pub(crate) fn spawn(name: &'static CStr, run: fn()) -> bool {
    let name = name.to_string_lossy().into_owned();
    let builder = std::thread::Builder::new().name(name);
    builder.spawn(run).is_ok()
}

/// How many forks lie between the first process and this one, plus one; 0 before [`count_forks`].
static FORKS: AtomicU32 = AtomicU32::new(0);

/// How many forks lie between the first process and this one. `None` before [`count_forks`].
pub(crate) fn forks() -> Option<u32> {
    FORKS.load(Ordering::Relaxed).checked_sub(1)
}

/// What runs before each fork, and after it in the parent.
static AROUND_FORKS: Once<[fn(); 2]> = Once::new();

/// Sets functions that run before each fork, also one that C code makes, and after it in the parent. They must not
/// panic. The thread may be attached or not.
pub(crate) fn set_around_forks(before: fn(), after: fn()) {
    AROUND_FORKS.get_or_make(|| [before, after]);
}

/// Makes the system report forks, also those that C code makes.
pub(crate) fn count_forks() -> Result<(), ()> {
    // Emscripten has no forks.
    #[cfg(all(unix, not(target_os = "emscripten")))]
    {
        extern "C" fn before() {
            AROUND_FORKS.get().inspect(|[before, _]| before());
        }
        extern "C" fn in_parent() {
            AROUND_FORKS.get().inspect(|[_, after]| after());
        }
        extern "C" fn in_child() {
            FORKS.fetch_add(1, Ordering::Relaxed);
        }
        // SAFETY: the system calls the first two in the thread that forks, and `in_child` in the only thread of a forked
        // child. That increments an atomic. They stay as long as the process, since a Python extension module is
        // never unloaded.
        if unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) } != 0 {
            return Err(());
        }
    }
    FORKS.store(1, Ordering::Relaxed);
    Ok(())
}
