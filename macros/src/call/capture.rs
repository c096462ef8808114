//! How a value is captured: `key:? = value`.

use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, LitStr, Result, Token};

/// How a value is captured.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Capture {
    /// By its type, without a `:`.
    Typed,
    /// `:?` and `:debug`.
    Debug,
    /// `:%` and `:display`.
    Display,
    /// `:err`.
    Error,
}

impl Capture {
    /// A key and what stands behind it.
    pub(super) fn behind(self, key: &LitStr) -> String {
        let sign = match self {
            Capture::Typed => "",
            Capture::Debug => ":?",
            Capture::Display => ":%",
            Capture::Error => ":err",
        };
        let key = key.token().to_string();
        // A name is a key without quotes.
        let name = key.trim_matches('"');
        match syn::parse_str::<Ident>(name) {
            Ok(_) => format!("{name}{sign}"),
            Err(_) => format!("{key}{sign}"),
        }
    }
}

/// The words of the `log` crate behind a key. The last two need dependencies that pylog doesn't have.
pub(super) const WORDS: [&str; 5] = ["debug", "display", "err", "sval", "serde"];

impl Parse for Capture {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.parse::<Option<Token![:]>>()?.is_none() {
            return Ok(Capture::Typed);
        }
        if input.parse::<Option<Token![?]>>()?.is_some() {
            return Ok(Capture::Debug);
        }
        if input.parse::<Option<Token![%]>>()?.is_some() {
            return Ok(Capture::Display);
        }
        let accepted = "accepted behind a key: `:?` or `:debug`, `:%` or `:display`, `:err`";
        if !input.peek(Ident::peek_any) {
            return Err(input.error(accepted));
        }
        let word = input.call(Ident::parse_any)?;
        match &*word.to_string() {
            "debug" => Ok(Capture::Debug),
            "display" => Ok(Capture::Display),
            "err" => Ok(Capture::Error),
            _ => Err(Error::new(word.span(), accepted)),
        }
    }
}
