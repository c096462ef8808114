//! `enabled!`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::{Error, Result, Token};

use crate::call::{Crate, Level, Options, callsite, if_allowed};

/// `(path to pylog) options, level`.
pub(crate) struct Args {
    krate: Crate,
    options: Options,
    level: Level,
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let args = Args {
            krate: input.parse()?,
            options: input.parse()?,
            level: input.parse()?,
        };
        if let Some(limit) = &args.options.limit {
            let message = "`enabled!` takes no limit: it counts nothing";
            return Err(Error::new(limit.kind.span(), message));
        }
        input.parse::<Option<Token![,]>>()?;
        if !input.is_empty() {
            return Err(input.error("`enabled!` takes nothing after the level"));
        }
        Ok(args)
    }
}

pub(crate) fn expand(args: &Args) -> TokenStream {
    let span = Span::mixed_site();
    let destination = &args.options.destination;
    let callsite = callsite(&args.krate, destination);
    let then = |level: &TokenStream| match destination.logger() {
        None => quote_spanned! {span=>
            let __pylog_callsite = #callsite;
            !__pylog_callsite.is_off(#level) && __pylog_callsite.is_enabled(#level)
        },
        Some(logger) => quote_spanned! {span=>
            #callsite.check_logger(#level, #logger).is_some()
        },
    };
    let question = if_allowed(&args.krate, &args.level, then, quote!(false));
    quote!({ #question })
}
