"""A row of figures: one value for each peer, and its ratio to the value of pylog."""


def row(title, unit, values):
    """Prints and returns a row. If pylog's value is missing or zero, there are no ratios."""
    own = values.get("pylog")
    ratios = {peer: value / own for peer, value in values.items() if own}
    shown = (
        f"{peer} {value:,.{1 if value < 100 else 0}f} {unit}"
        + (f" ({ratios[peer]:.2f})" if peer in ratios and peer != "pylog" else "")
        for peer, value in values.items()
    )
    print(f"{title:44} {'   '.join(shown)}", flush=True)
    return {"row": title, "unit": unit, "values": values, "ratio": ratios}
