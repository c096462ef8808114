"""Measures what calls cost at build time, and what pylog adds to an extension module.

Generates one crate of 2,000 calls for each peer and one crate without calls, and builds them with
cargo, as a user does.
"""

import os
import pathlib
import statistics
import struct
import subprocess
import sys
import time

from figures import row

ROUNDS = 5
FUNCTIONS = 500
CALLS = [
    ("debug", '"pass {k} starts"'),
    ("info", '"pass {k}: read {{rows}} rows"'),
    ("warn", '"pass {k}: {{rows}} of {{}} are left", name'),
    ("info", '"pass {k}: {{name:?}} has {{}} columns", rows + 1'),
]
RUNTIME = pathlib.Path(__file__).parent.parent / "runtime"
DEPENDENCIES = {
    "pylog": f'pylog = {{ path = "{RUNTIME}" }}\npyo3 = {{ version = "0.30", default-features = false, features = ["abi3-py39"] }}',
    "log": 'log = "0.4"',
    "tracing": 'tracing = "0.1"',
}


class Crate:
    def __init__(self, directory, name, kind, dependencies, source):
        self.directory = pathlib.Path(directory) / name
        self.target = pathlib.Path(directory) / "target"
        self.library = name.replace("-", "_")
        self.source = self.directory / "src/lib.rs"
        self.source.parent.mkdir(parents=True, exist_ok=True)
        self.source.write_text(source)
        (self.directory / "Cargo.toml").write_text(
            f'[package]\nname = "{name}"\nversion = "0.0.0"\nedition = "2024"\n'
            f'[lib]\ncrate-type = ["{kind}"]\n[dependencies]\n{dependencies}\n'
            '[profile.release]\nstrip = "symbols"\n[workspace]\n'
        )

    def build(self, *arguments):
        environment = dict(
            os.environ,
            CARGO_INCREMENTAL="0",
            PYO3_BUILD_EXTENSION_MODULE="1",
            PYO3_PYTHON=sys.executable,
        )
        cargo = environment.get("CARGO", "cargo")
        command = [cargo, "rustc", "--quiet", "--target-dir", self.target, *arguments]
        start = time.perf_counter()
        subprocess.run(command, cwd=self.directory, env=environment, check=True)
        return time.perf_counter() - start

    def built(self, profile, pattern):
        (found,) = (self.target / profile).glob(pattern)
        return found


def source(peer):
    modules = []
    for module in range(10):
        functions = []
        for k in range(module * FUNCTIONS // 10, (module + 1) * FUNCTIONS // 10):
            calls = (f"{peer}::{level}!({text.format(k=k)});" for level, text in CALLS)
            body = "core::hint::black_box((rows, name));"
            if peer in DEPENDENCIES:
                body = " ".join(calls)
            # Without this attribute, nothing would be left of the crate without calls.
            functions.append(f"#[inline(never)] pub fn step{k}(rows: u64, name: &str) {{ {body} }}")
        modules.append(f"pub mod part{module} {{\n" + "\n".join(functions) + "\n}\n")
    return "".join(modules)


def sections(path):
    """Returns the number of bytes of machine code and of writable data in an ELF object file."""
    elf = path.read_bytes()
    (headers,) = struct.unpack_from("<Q", elf, 40)
    (count,) = struct.unpack_from("<H", elf, 60)
    code = data = 0
    for index in range(count):
        _, kind, flags, _, _, size = struct.unpack_from("<IIQQQQ", elf, headers + 64 * index)
        is_loaded, is_writable, is_code = flags & 2, flags & 1, flags & 4
        if is_loaded and is_code:
            code += size
        elif is_loaded and is_writable:
            data += size
    return code, data


def calls(directory):
    crates = {
        peer: Crate(directory, f"calls-{peer}", "lib", dependencies, source(peer))
        for peer, dependencies in {**DEPENDENCIES, "nothing": ""}.items()
    }
    number = FUNCTIONS * len(CALLS)
    for profile, arguments in {"debug": (), "release": ("--release",)}.items():
        taken = {peer: [] for peer in crates}
        for crate in crates.values():
            crate.build(*arguments)
        for _ in range(ROUNDS):
            for peer, crate in crates.items():
                crate.source.touch()
                taken[peer].append(crate.build(*arguments))
        seconds = {peer: statistics.median(values) for peer, values in taken.items()}
        yield row(f"cargo build of {number:,} calls, {profile}", "s", seconds)
    if sys.platform != "linux":
        print("No code sizes are measured: they are read from ELF files, which only Linux builds make.")
        return
    sizes = {}
    for peer, crate in crates.items():
        pattern = f"deps/{crate.library}-*.o"
        for old in (crate.target / "release").glob(pattern):
            old.unlink()
        crate.source.touch()
        crate.build("--release", "--", "--emit=obj", "-Ccodegen-units=1")
        sizes[peer] = sections(crate.built("release", pattern))
    base = sizes.pop("nothing")
    for index, title in enumerate(("code", "static")):
        values = {peer: (size[index] - base[index]) / number for peer, size in sizes.items()}
        yield row(f"{title} a call, release", "bytes", values)


def extension(directory):
    """Measures a module with one function, with and without pylog."""
    source = """
        {attribute}
        #[pyo3::pymodule]
        mod {name} {{
            #[pyo3::pyfunction]
            fn double(n: i64) -> i64 {{ {call} n * 2 }}
        }}
    """
    pyo3 = 'pyo3 = { version = "0.30", features = ["abi3-py39"] }'
    kinds = {
        "pylog": (DEPENDENCIES["pylog"].split("\n")[0] + "\n" + pyo3, "#[pylog::module]", 'pylog::info!("doubling {n}");'),
        "nothing": (pyo3, "", ""),
    }
    sizes, times = {}, {}
    for peer, (dependencies, attribute, call) in kinds.items():
        name = f"extension_with_{peer}"
        text = source.format(name=name, attribute=attribute, call=call)
        crate = Crate(directory, name, "cdylib", dependencies, text)
        crate.build("--release")
        library = crate.built("release", f"lib{name}.*o")
        module = library.with_name(f"{name}.abi3.so")
        module.write_bytes(library.read_bytes())
        sizes[peer] = module.stat().st_size / 1024
        times[peer] = statistics.median(import_time(module, name) for _ in range(21))
    yield row("size of a minimal extension", "KiB", sizes)
    yield row("import of a minimal extension", "µs", times)


def import_time(module, name):
    """Times the import in a new interpreter that has imported `logging`, in microseconds."""
    program = (
        "import logging, threading, time; start = time.perf_counter();"
        f"import {name}; print(time.perf_counter() - start)"
    )
    environment = dict(os.environ, PYTHONPATH=str(module.parent))
    command = [sys.executable, "-c", program]
    return float(subprocess.run(command, env=environment, capture_output=True, check=True).stdout) * 1e6


def rows(directory):
    yield from calls(directory)
    yield from extension(directory)
