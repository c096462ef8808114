use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use super::args::Args;
use crate::call::{callsite, if_allowed};

pub(crate) fn expand(args: Args) -> TokenStream {
    let Args {
        krate,
        options,
        level,
    } = args;
    let span = Span::mixed_site();
    let callsite = callsite(&krate, &options.destination);
    let then = |level: &TokenStream| match options.destination.logger() {
        None => quote_spanned! {span=>
            let __pylog_callsite = #callsite;
            !__pylog_callsite.is_off(#level) && __pylog_callsite.is_enabled(#level)
        },
        Some(logger) => quote_spanned! {span=>
            #callsite.check_logger(#level, #logger).is_some()
        },
    };
    let question = if_allowed(&krate, &level, then, quote!(false));
    quote!({ #question })
}
