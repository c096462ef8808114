use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{
    Attribute, Error, FnArg, Ident, Item, ItemFn, ItemMod, LitBool, LitInt, LitStr, Path, Result,
    Token,
};
use syn::{Type, parse_quote_spanned};

/// `logger = "…", log = false, queue = 65536, queue_all = 65536, crate = path`.
pub(crate) struct Args {
    pub(crate) logger: Option<LitStr>,
    pub(crate) log: bool,
    pub(crate) delivery: Option<Delivery>,
    pub(crate) krate: Path,
}

/// `queue = 65536` or `queue_all = 65536`.
pub(crate) struct Delivery {
    /// The variant of `pylog::Delivery`.
    pub(crate) variant: &'static str,
    pub(crate) capacity: LitInt,
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut logger = None;
        let mut log: Option<LitBool> = None;
        let mut delivery: Option<Delivery> = None;
        let mut krate = None;
        while !input.is_empty() {
            let name = input.call(Ident::parse_any)?;
            let is_duplicate = match name.to_string().as_str() {
                "logger" => logger.replace(value(input)?).is_some(),
                "log" => log.replace(value(input)?).is_some(),
                "queue" => delivery.replace(queue("Queued", input)?).is_some(),
                "queue_all" => delivery.replace(queue("AllQueued", input)?).is_some(),
                "crate" => krate.replace(value(input)?).is_some(),
                _ => {
                    let message = format!(
                        "unknown option `{name}`; accepted: `logger = \"…\"`, `log = false`, \
                         `queue = 65536`, `queue_all = 65536`, `crate = path`"
                    );
                    return Err(Error::new(name.span(), message));
                }
            };
            if is_duplicate {
                return Err(Error::new(
                    name.span(),
                    format!("duplicate option `{name}`"),
                ));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        if let Some(logger) = &logger {
            crate::call::check_target(logger)?;
        }
        Ok(Args {
            logger,
            log: log.is_none_or(|log| log.value()),
            delivery,
            krate: krate.unwrap_or_else(|| parse_quote_spanned!(Span::mixed_site()=> ::pylog)),
        })
    }
}

fn value<T: Parse>(input: ParseStream<'_>) -> Result<T> {
    input.parse::<Token![=]>()?;
    input.parse()
}

fn queue(variant: &'static str, input: ParseStream<'_>) -> Result<Delivery> {
    let capacity: LitInt = value(input)?;
    let number = capacity.base10_parse::<usize>();
    if capacity.suffix() != "" && capacity.suffix() != "usize" || !number.is_ok_and(|it| it > 0) {
        let message = "this is how many records may wait, at least 1: `queue = 65536`";
        return Err(Error::new(capacity.span(), message));
    }
    Ok(Delivery { variant, capacity })
}

/// The item under the attribute.
pub(crate) enum Module {
    /// `#[pymodule] fn`.
    Function(Box<ItemFn>),
    /// `#[pymodule] mod`.
    Inline(ItemMod),
}

impl Parse for Module {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let module = match input.parse()? {
            Item::Fn(item) => Module::Function(Box::new(item)),
            Item::Mod(item) if item.content.is_some() => Module::Inline(item),
            item => {
                let message = "`#[pylog::module]` goes on a `#[pymodule]`: \
                     a function, or a `mod` with its content in braces";
                return Err(Error::new_spanned(item, message));
            }
        };
        let attrs = match &module {
            Module::Function(item) => &item.attrs,
            Module::Inline(item) => &item.attrs,
        };
        if !attrs.iter().any(is_pymodule) {
            let message = "`#[pylog::module]` goes above `#[pymodule]`";
            return Err(Error::new(Span::call_site(), message));
        }
        Ok(module)
    }
}

fn is_pymodule(attribute: &Attribute) -> bool {
    let path = attribute.path();
    path.segments
        .last()
        .is_some_and(|it| it.ident == "pymodule")
        || path.is_ident("cfg_attr")
}

/// Whether a parameter of a `#[pymodule]` or `#[pymodule_init]` is the module. The only other parameter
/// that PyO3 allows is a `Python`.
pub(crate) fn is_module(parameter: &FnArg) -> bool {
    let FnArg::Typed(parameter) = parameter else {
        return false;
    };
    match &*parameter.ty {
        Type::Path(ty) => ty
            .path
            .segments
            .last()
            .is_none_or(|it| it.ident != "Python"),
        _ => true,
    }
}
