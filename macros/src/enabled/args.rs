use syn::parse::{Parse, ParseStream};
use syn::{Error, Result, Token};

use crate::call::{Crate, Level, Options};

/// `(path to pylog) options, level`.
pub(crate) struct Args {
    pub(crate) krate: Crate,
    pub(crate) options: Options,
    pub(crate) level: Level,
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
