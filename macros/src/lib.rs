//! The procedural macros of `pylog`. Nothing here is meant to be used but through that crate.

mod call;
mod enabled;
mod log;
mod module;

use proc_macro::{TokenStream, TokenTree};

/// `(path to pylog) LEVEL; options, message`, behind the facades `info!`, `log!` and the like.
#[proc_macro]
pub fn log(input: TokenStream) -> TokenStream {
    finish(syn::parse(input).map(log::expand))
}

/// `(path to pylog) options, level`, behind the facade `enabled!`.
#[proc_macro]
pub fn enabled(input: TokenStream) -> TokenStream {
    finish(syn::parse(input).map(enabled::expand))
}

/// `{ items } { items }`, for `pylog` itself: the first if `PYLOG_MAX_LEVEL` is set while it is compiled, else the
/// second. No `cfg` can tell.
#[proc_macro]
pub fn if_directed(input: TokenStream) -> TokenStream {
    let is_set = std::env::var_os("PYLOG_MAX_LEVEL").is_some_and(|value| !value.is_empty());
    let mut blocks = input.into_iter();
    let first = blocks.next();
    match if is_set { first } else { blocks.next() } {
        Some(TokenTree::Group(items)) => items.stream(),
        _ => TokenStream::new(),
    }
}

/// `#[module(options)]` above a `#[pymodule]`. Its documentation is where `pylog` re-exports it.
#[proc_macro_attribute]
pub fn module(args: TokenStream, item: TokenStream) -> TokenStream {
    module::expand(args.into(), item.into()).into()
}

fn finish(expansion: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    expansion
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
