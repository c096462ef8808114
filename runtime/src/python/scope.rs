//! A context around a future.

use std::future::Future;
use std::pin::Pin;
use std::task::Poll;

use super::context::{Context, Entered, RecordContext};

impl Context {
    /// Makes a future that enters the context whenever it is polled, and when it is dropped. All polls share one
    /// copy of it.
    ///
    /// A task of an async runtime moves from thread to thread, and takes turns with others, so a guard of
    /// [`enter`](Context::enter) can't be kept across an `await`.
    ///
    /// ```
    /// use pyo3::prelude::*;
    ///
    /// async fn load() -> u32 {
    ///     pylog::info!("with the request's id");
    ///     7
    /// }
    ///
    /// # fn spawn<F: Future + Send + 'static>(future: F) {
    /// #     let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    /// #     assert!(std::pin::pin!(future).poll(&mut context).is_ready());
    /// # }
    /// #[pyfunction]
    /// fn start(py: Python<'_>) -> PyResult<()> {
    ///     let context = pylog::Context::capture(py)?;
    ///     spawn(context.scope(load())); // such as `tokio::spawn`
    ///     Ok(())
    /// }
    /// # Python::attach(start).unwrap();
    /// ```
    pub fn scope<F: Future>(&self, future: F) -> Scoped<F> {
        Scoped {
            context: RecordContext::of(Some(self.clone())),
            future: Some(Box::pin(future)),
        }
    }
}

/// A future that is polled and dropped in a [`Context`]. See [`Context::scope`].
#[derive(Debug)]
#[must_use = "futures do nothing unless they are polled"]
pub struct Scoped<F> {
    context: RecordContext,
    /// `None` while it is dropped.
    future: Option<Pin<Box<F>>>,
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, task: &mut std::task::Context<'_>) -> Poll<F::Output> {
        let _entered = Entered::new(self.context.clone());
        match &mut self.future {
            Some(future) => future.as_mut().poll(task),
            None => Poll::Pending,
        }
    }
}

impl<F> Drop for Scoped<F> {
    fn drop(&mut self) {
        let _entered = Entered::new(self.context.clone());
        self.future = None;
    }
}
