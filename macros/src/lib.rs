//! The procedural macros of `pylog`. Use them through that crate.

mod call;
mod enabled;
mod log;
mod module;

use proc_macro::{TokenStream, TokenTree};

/// `(path to pylog) LEVEL; options, message`: called by the facades `info!`, `log!` and so on.
#[proc_macro]
pub fn log(input: TokenStream) -> TokenStream {
    finish(syn::parse(input).map(log::expand))
}

/// `(path to pylog) options, level`: called by the facade `enabled!`.
#[proc_macro]
pub fn enabled(input: TokenStream) -> TokenStream {
    finish(syn::parse(input).map(enabled::expand))
}

/// `{ items } { items }`, called by `pylog` itself: expands to the first items if `PYLOG_MAX_LEVEL` is set
/// while `pylog` is compiled, else to the second ones. There is no `cfg` for environment variables.
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

/// `#[module(options)]` above a `#[pymodule]`. `pylog` documents it where it re-exports it.
#[proc_macro_attribute]
pub fn module(args: TokenStream, item: TokenStream) -> TokenStream {
    module::expand(args.into(), item.into()).into()
}

fn finish(expansion: syn::Result<proc_macro2::TokenStream>) -> TokenStream {
    expansion
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
