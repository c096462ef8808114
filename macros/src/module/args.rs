use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{
    Attribute, Error, Expr, FnArg, Ident, Item, ItemFn, ItemMod, Lit, LitBool, LitStr, Path,
    Result, Token, Type, bracketed, parse_quote_spanned,
};

use super::renamed::renamed;

/// The options of the attribute.
pub(crate) struct Args {
    pub(crate) logger: Option<LitStr>,
    pub(crate) crates: Vec<String>,
    /// The filters of the bridge; `None` without a bridge. A target, or "" for all others, and the number of the
    /// `log::LevelFilter` from which on its records pass.
    pub(crate) log: Option<Vec<(String, u8)>>,
    /// The value of the option that asks for the bridge, which isn't there without pylog's feature `log`.
    pub(crate) asks_for_log: Option<Span>,
    pub(crate) tracing: bool,
    /// A variant of `pylog::Delivery`. Direct delivery is what there is without a setting, and an extension that sets none is
    /// linked without a queue.
    pub(crate) delivery: Option<TokenStream>,
    pub(crate) krate: Path,
}

/// The options, each with an example.
const OPTIONS: [(&str, &str); 9] = [
    ("logger", "logger = \"…\""),
    ("crates", "crates = [\"…\"]"),
    ("log", "log = false"),
    ("log_filter", "log_filter = \"…\""),
    ("tracing", "tracing = true"),
    ("direct", "direct = true"),
    ("queue", "queue = 65536"),
    ("queue_all", "queue_all = 65536"),
    ("crate", "crate = path"),
];

fn accepted() -> String {
    OPTIONS
        .map(|(_, example)| format!("`{example}`"))
        .join(", ")
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut logger = None;
        let mut crates = None;
        let mut log: Option<LitBool> = None;
        let mut log_filter: Option<LitStr> = None;
        let mut tracing: Option<LitBool> = None;
        let mut direct: Option<LitBool> = None;
        let mut queue: Option<Expr> = None;
        let mut queue_all: Option<Expr> = None;
        // The names of those options that choose a delivery.
        let mut deliveries = Vec::new();
        let mut krate = None;
        while !input.is_empty() {
            if !input.peek(Ident::peek_any) {
                let message = match input.fork().parse::<LitStr>() {
                    Ok(name) => {
                        let name = name.token();
                        format!("the name of the logger is an option: `logger = {name}`")
                    }
                    Err(_) => format!("expected an option; accepted: {}", accepted()),
                };
                return Err(input.error(message));
            }
            let name = input.call(Ident::parse_any)?;
            let is_duplicate = match name.to_string().as_str() {
                "logger" => logger.replace(literal(input, &name)?).is_some(),
                "crates" => crates.replace(value::<Crates>(input, &name)?).is_some(),
                "log" => log.replace(literal(input, &name)?).is_some(),
                "log_filter" => log_filter.replace(literal(input, &name)?).is_some(),
                "tracing" => tracing.replace(literal(input, &name)?).is_some(),
                "direct" => direct.replace(literal(input, &name)?).is_some(),
                "queue" => queue.replace(capacity(input, &name)?).is_some(),
                "queue_all" => queue_all.replace(capacity(input, &name)?).is_some(),
                "crate" => krate.replace(value(input, &name)?).is_some(),
                _ => {
                    let accepted = accepted();
                    let message = format!("unknown option `{name}`; accepted: {accepted}");
                    return Err(Error::new(name.span(), message));
                }
            };
            if is_duplicate {
                return Err(Error::new(
                    name.span(),
                    format!("duplicate option `{name}`"),
                ));
            }
            if ["direct", "queue", "queue_all"].contains(&&*name.to_string()) {
                deliveries.push(name);
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        if let [first, second, ..] = &deliveries[..] {
            let message = format!("`{first}` and `{second}` exclude each other");
            return Err(Error::new(second.span(), message));
        }
        if let Some(logger) = &logger {
            crate::call::check_target(logger)?;
            if logger.value().contains("::") {
                let name = logger.value().replace("::", ".");
                let message =
                    format!("the name of a Python logger has dots: `logger = \"{name}\"`");
                return Err(Error::new(logger.span(), message));
            }
        }
        let asks_for_log = match (&log, &log_filter) {
            (_, Some(filter)) => Some(filter.span()),
            (Some(log), None) if log.value() => Some(log.span()),
            _ => None,
        };
        let log = match (log, log_filter) {
            (Some(log), None) if !log.value() => None,
            (Some(log), Some(filter)) if !log.value() => {
                let message = "`log_filter` needs the bridge, which `log = false` doesn't install";
                return Err(Error::new(filter.span(), message));
            }
            (_, filter) => Some(filter.as_ref().map_or(Ok(Vec::new()), filters)?),
        };
        if krate.is_none() {
            if let Some(name) = renamed() {
                let message =
                    format!("Cargo.toml has pylog under the name `{name}`: write `crate = {name}`");
                return Err(Error::new(Span::call_site(), message));
            }
        }
        Ok(Args {
            logger,
            crates: crates.map_or(Vec::new(), |Crates(crates)| crates),
            log,
            asks_for_log,
            tracing: tracing.is_some_and(|tracing| tracing.value()),
            delivery: match (direct, queue, queue_all) {
                (Some(direct), ..) if direct.value() => None,
                (_, Some(capacity), _) => Some(quote!(Queued(#capacity))),
                (.., Some(capacity)) => Some(quote!(AllQueued(#capacity))),
                _ => Some(quote!(Default)),
            },
            krate: krate.unwrap_or_else(|| parse_quote_spanned!(Span::mixed_site()=> ::pylog)),
        })
    }
}

/// Parses the value of `queue` or `queue_all`.
fn capacity(input: ParseStream<'_>, name: &Ident) -> Result<Expr> {
    let capacity: Expr = value(input, name)?;
    let is_valid = match &capacity {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(number) => {
                matches!(number.suffix(), "" | "usize")
                    && number.base10_parse::<usize>().is_ok_and(|it| it > 0)
            }
            _ => false,
        },
        // The compiler knows its type.
        _ => true,
    };
    if !is_valid {
        let message = format!(
            "`{name}` takes how many records may wait, a `usize` above 0: `{name} = 65536`"
        );
        return Err(Error::new_spanned(capacity, message));
    }
    Ok(capacity)
}

/// `["forms_core", "forms_util"]`.
struct Crates(Vec<String>);

impl Parse for Crates {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let message = "`crates` takes the names of crates: `crates = [\"my_core\"]`";
        if !input.peek(syn::token::Bracket) {
            return Err(input.error(message));
        }
        let names;
        bracketed!(names in input);
        let mut crates = Vec::new();
        while !names.is_empty() {
            if !names.peek(LitStr) {
                return Err(names.error(message));
            }
            let name: LitStr = names.parse()?;
            // Cargo writes the name of a package with `-`, and Rust that of its crate with `_`.
            let krate = name.value().replace('-', "_");
            if syn::parse_str::<Ident>(&krate).is_err() {
                return Err(Error::new(name.span(), message));
            }
            crates.push(krate);
            if !names.is_empty() {
                names.parse::<Token![,]>()?;
            }
        }
        Ok(Crates(crates))
    }
}

/// The filters in `"info,ignore=warn"`.
fn filters(text: &LitStr) -> Result<Vec<(String, u8)>> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let value = text.value();
    let directives = value.split(',').map(str::trim);
    directives
        .filter(|directive| !directive.is_empty())
        .map(|directive| {
            let (target, level) = directive.split_once('=').unwrap_or(("", directive));
            let level = level.trim().to_lowercase();
            // Python's name for the level.
            let level = match &*level {
                "warning" => "warn",
                level => level,
            };
            let level = LEVELS.iter().position(|it| *it == level).ok_or_else(|| {
                let message = format!(
                    "the directive `{directive}` names no level; accepted: LEVEL or target=LEVEL, \
                     separated by commas, where LEVEL is one of {}",
                    LEVELS.join(", ")
                );
                Error::new(text.span(), message)
            })?;
            Ok((target.trim().to_owned(), level as u8))
        })
        .collect()
}

/// Parses the value of an option that takes a literal.
fn literal<T: Parse>(input: ParseStream<'_>, name: &Ident) -> Result<T> {
    let start = input.fork();
    value(input, name).map_err(|error| {
        let is_missing = !start.peek(Token![=]);
        let example = example(name);
        match is_missing {
            true => error,
            false => Error::new(
                error.span(),
                format!("`{name}` takes a literal: `{example}`"),
            ),
        }
    })
}

/// How an option is written.
fn example(name: &Ident) -> &'static str {
    let example = OPTIONS.iter().find(|(option, _)| name == option);
    example.map_or("", |(_, example)| example)
}

fn value<T: Parse>(input: ParseStream<'_>, name: &Ident) -> Result<T> {
    if !input.peek(Token![=]) {
        let example = example(name);
        let message = format!("option `{name}` takes a value after `=`: `{example}`");
        return Err(Error::new(name.span(), message));
    }
    input.parse::<Token![=]>()?;
    input.parse()
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
        if let Some(second) = attrs.iter().find(|it| is_own(it)) {
            let message = "`#[pylog::module]` stands there twice";
            return Err(Error::new_spanned(second, message));
        }
        if !attrs.iter().any(is_pymodule) {
            let message = "`#[pylog::module]` goes above `#[pymodule]`";
            return Err(Error::new(Span::call_site(), message));
        }
        Ok(module)
    }
}

/// Whether an attribute is `#[pylog::module]`.
fn is_own(attribute: &Attribute) -> bool {
    let segments = &attribute.path().segments;
    segments.len() == 2 && segments[0].ident == "pylog" && segments[1].ident == "module"
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
