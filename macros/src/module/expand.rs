use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{
    Expr, FnArg, Ident, Item, ItemFn, Pat, Path, ReturnType, Stmt, Type, parse_quote_spanned,
};

use super::args::{Args, Module, is_module};

pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let args = syn::parse2(args);
    let module = syn::parse2(item.clone());
    let expansion = match (args, module) {
        (Ok(args), Ok(module)) => Ok(expand_module(&args, module)),
        (Err(mut error), Err(other)) => {
            error.combine(other);
            Err(error)
        }
        (Err(error), Ok(_)) | (Ok(_), Err(error)) => Err(error),
    };
    // The user's item is kept, so that one mistake gives one message.
    expansion.unwrap_or_else(|error| {
        let error = error.into_compile_error();
        quote!(#error #item)
    })
}

fn expand_module(args: &Args, module: Module) -> TokenStream {
    match module {
        Module::Function(mut function) => {
            call_init(args, &mut function, false);
            function.into_token_stream()
        }
        Module::Inline(mut module) => {
            if let Some((_, items)) = &mut module.content {
                if !items.iter_mut().any(|item| init_function(item).is_some()) {
                    items.push(empty_init_function(args));
                }
                for function in items.iter_mut().filter_map(init_function) {
                    call_init(args, function, true);
                }
            }
            module.into_token_stream()
        }
    }
}

fn init_function(item: &mut Item) -> Option<&mut ItemFn> {
    match item {
        Item::Fn(item)
            if item
                .attrs
                .iter()
                .any(|it| it.path().is_ident("pymodule_init")) =>
        {
            Some(item)
        }
        _ => None,
    }
}

fn empty_init_function(args: &Args) -> Item {
    let pyo3 = pyo3(&args.krate);
    parse_quote_spanned! {Span::mixed_site()=>
        #[pymodule_init]
        fn __pylog_init() -> #pyo3::PyResult<()> {
            #pyo3::PyResult::Ok(())
        }
    }
}

/// Inserts the call to pylog at the beginning of a function to which PyO3 passes the module.
fn call_init(args: &Args, function: &mut ItemFn, is_inline: bool) {
    let span = Span::mixed_site();
    let pyo3 = pyo3(&args.krate);
    let inputs = &mut function.sig.inputs;
    if !inputs.iter().any(is_module) {
        inputs.push(parse_quote_spanned! {span=>
            module: &#pyo3::Bound<'_, #pyo3::types::PyModule>
        });
    }
    for input in inputs.iter_mut().filter(|input| is_module(input)) {
        if let FnArg::Typed(parameter) = input {
            if !matches!(*parameter.pat, Pat::Ident(_)) {
                *parameter.pat = parse_quote_spanned!(span=> module);
            }
            if let Pat::Ident(module) = &*parameter.pat {
                let init = init(args, &module.ident, is_inline);
                let statement: Stmt = match returns_py_result(&function.sig.output) {
                    true => parse_quote_spanned!(span=> #init?;),
                    false => parse_quote_spanned!(span=> let _ = #init;),
                };
                function.block.stmts.insert(0, statement);
            }
        }
    }
}

/// Whether a function returns a `PyResult`. Otherwise its errors may be of a type that takes no `PyErr`.
fn returns_py_result(output: &ReturnType) -> bool {
    let ReturnType::Type(_, returned) = output else {
        return false;
    };
    let Type::Path(returned) = &**returned else {
        return false;
    };
    let last = returned.path.segments.last();
    last.is_some_and(|last| last.ident == "PyResult")
}

/// Makes the crate log as the attribute says.
fn init(args: &Args, module: &Ident, is_inline: bool) -> Expr {
    let Args {
        logger,
        crates,
        log,
        asks_for_log,
        tracing,
        delivery,
        krate,
    } = args;
    let logger = option(logger.as_ref(), krate);
    let delivery = delivery.as_ref();
    let delivery = delivery.map(|it| quote!(|py| #krate::set_delivery(py, #krate::Delivery::#it)));
    let delivery = option(delivery.as_ref(), krate);
    let filters = log.as_ref().map(|filters| {
        let filters = filters.iter();
        let filters = filters.map(|(target, level)| quote!((#target, #level)));
        quote!(&[#(#filters),*])
    });
    let log = match asks_for_log {
        Some(span) => quote_spanned!(*span=> #krate::__private::bridge!(#filters)),
        None => option(filters.as_ref(), krate),
    };
    let tracing = match tracing {
        true => quote!(#krate::__private::tracing!()),
        false => option(None::<&TokenStream>, krate),
    };
    parse_quote_spanned! {Span::mixed_site()=> {
        static METADATA: #krate::__private::Metadata = #krate::__private::Metadata::in_module(
            #krate::__private::module_path!(),
            #krate::__private::file!(),
            #krate::__private::line!(),
            #krate::__private::module_path!(),
        );
        static OPTIONS: #krate::__private::ModuleOptions = #krate::__private::ModuleOptions {
            is_inline: #is_inline,
            logger: #logger,
            crates: &[#(#crates),*],
            log: #log,
            tracing: #tracing,
            delivery: #delivery,
        };
        #krate::__private::init_module(#module.as_any(), &METADATA, &OPTIONS)
    }}
}

fn option(value: Option<&impl ToTokens>, krate: &Path) -> TokenStream {
    match value {
        Some(value) => quote!(#krate::__private::Some(#value)),
        None => quote!(#krate::__private::None),
    }
}

fn pyo3(krate: &Path) -> TokenStream {
    quote_spanned!(Span::mixed_site()=> #krate::__private::pyo3)
}
