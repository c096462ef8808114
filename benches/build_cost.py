"""Measures what calls cost at build time, and what pylog adds to an extension module.

Generates one crate of 2,000 calls for each peer and one crate without calls, and builds them with
cargo, as a user does.
"""

import os
import pathlib
import resource
import statistics
import struct
import subprocess
import sys
import tempfile
import time

from figures import row

ROUNDS = 5
PROCESSES = 21
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

    def build(self, *arguments, target=None):
        environment = dict(
            os.environ,
            CARGO_INCREMENTAL="0",
            PYO3_BUILD_EXTENSION_MODULE="1",
            PYO3_PYTHON=sys.executable,
        )
        cargo = environment.get("CARGO", "cargo")
        manifest = ["--manifest-path", self.directory / "Cargo.toml"]
        command = [cargo, "rustc", "--quiet", *manifest, "--target-dir", target or self.target, *arguments]
        start = time.perf_counter()
        # Not in this repository, whose settings a user doesn't have.
        subprocess.run(command, cwd=tempfile.gettempdir(), env=environment, check=True)
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


EXTENSION = """
    {attribute}
    #[pyo3::pymodule]
    mod {name} {{
        {initialization}
        #[pyo3::pyfunction]
        fn double(n: i64) -> i64 {{ {call} n * 2 }}
    }}
"""
INSTALL_PYO3_LOG = """
        #[pymodule_init]
        fn init(_module: &pyo3::Bound<'_, pyo3::types::PyModule>) -> pyo3::PyResult<()> {
            pyo3_log::init();
            Ok(())
        }
"""
PYTHON_MODULE = """
import logging
logger = logging.getLogger(__name__)
def double(n):
    logger.info("doubling %d", n)
    return n * 2
"""


def extensions(directory):
    """Returns crates of a module with one function: with pylog, with pyo3-log and without logging."""
    pyo3 = 'pyo3 = { version = "0.30", features = ["abi3-py39"] }\n'
    pylog = DEPENDENCIES["pylog"].split("\n")[0]
    pyo3_log = DEPENDENCIES["log"] + '\npyo3-log = "0.13"'
    call = 'info!("doubling {n}");'
    # The dependencies, the attribute of the module, its initialization and the call.
    kinds = {
        "pylog": (pyo3 + pylog, "#[pylog::module]", "", f"pylog::{call}"),
        "pyo3-log": (pyo3 + pyo3_log, "", INSTALL_PYO3_LOG, f"log::{call}"),
        "nothing": (pyo3, "", "", ""),
    }
    crates = {}
    for peer, (dependencies, attribute, initialization, call) in kinds.items():
        name = f"extension_with_{peer}".replace("-", "_")
        text = EXTENSION.format(name=name, attribute=attribute, initialization=initialization, call=call)
        crates[peer] = Crate(directory, name, "cdylib", dependencies, text)
    return crates


def extension(directory):
    """Measures a module with one function, its first records and its build."""
    crates = extensions(directory)
    modules, sizes = {}, {}
    for peer, crate in crates.items():
        crate.build("--release")
        library = crate.built("release", f"lib{crate.library}.*o")
        modules[peer] = library.with_name(f"{crate.library}.abi3.so")
        modules[peer].write_bytes(library.read_bytes())
        sizes[peer] = modules[peer].stat().st_size / 1024
    yield row("size of a minimal extension", "KiB", sizes)

    modules["python"] = crates["pylog"].target / "release/extension_in_python.py"
    modules["python"].write_text(PYTHON_MODULE)
    taken = {peer: [] for peer in modules}
    for _ in range(PROCESSES):
        for peer, module in modules.items():
            taken[peer].append(start_up(module))

    def medians(index, peers):
        return {peer: statistics.median(times[index] for times in taken[peer]) for peer in peers}

    logging_peers = ("pylog", "pyo3-log", "python")
    yield row("import of a minimal extension", "µs", medians(0, crates))
    yield row("first record of a process", "µs", medians(1, logging_peers))
    yield row("second record of a process", "µs", medians(2, logging_peers))

    seconds = {peer: cold_build(crate) for peer, crate in crates.items()}
    yield row("cold debug build of a minimal extension", "CPU s", seconds)


def start_up(module):
    """Times the import and two calls in a new interpreter, in microseconds."""
    name = module.name.split(".")[0]
    program = f"""
import logging, time
logging.basicConfig(level=logging.INFO, handlers=[logging.NullHandler()])
times = [time.perf_counter()]
import {name}
times.append(time.perf_counter())
{name}.double(1)
times.append(time.perf_counter())
{name}.double(1)
times.append(time.perf_counter())
print(*(end - start for start, end in zip(times, times[1:])))
"""
    environment = dict(os.environ, PYTHONPATH=str(module.parent))
    command = [sys.executable, "-c", program]
    output = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout
    return [float(seconds) * 1e6 for seconds in output.split()]


def cold_build(crate):
    """Returns the CPU seconds of a debug build into an empty target directory."""
    with tempfile.TemporaryDirectory(dir=crate.directory) as empty:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        crate.build(target=empty)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def rows(directory):
    yield from calls(directory)
    yield from extension(directory)
