use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use super::args::Args;
use crate::call::{callsite, if_allowed};

pub(crate) fn expand(args: Args) -> TokenStream {
    let Args {
        krate,
        level,
        options,
        message,
    } = args;
    let then = |level: &TokenStream| {
        let callsite = callsite(&krate, &options.destination);
        let dynamic = options.destination.dynamic(&krate);
        let krate = &krate.0;
        let span = Span::mixed_site();
        let args = quote_spanned!(span=> #krate::__private::format_args!(#message));
        match dynamic {
            None => quote_spanned! {span=>
                let callsite = #callsite;
                if !callsite.is_off(#level) && callsite.admits(#level) {
                    callsite.log(#level, #args);
                }
            },
            Some(destination) => quote_spanned! {span=>
                let callsite = #callsite;
                if let #krate::__private::Some(logger) = callsite.find(#level, #destination) {
                    callsite.log_to(logger, #level, #args);
                }
            },
        }
    };
    let call = if_allowed(&krate, &level, then, quote!());
    quote!({ #call })
}
