//! Builds a crate as a user does, and reads the library.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

use object::{Object, ObjectSection, ObjectSymbol};

/// The root of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()
        .expect("the repository exists")
}

/// `cargo build` of a crate that is a workspace of its own.
pub struct Build {
    manifest: PathBuf,
    target: PathBuf,
    profile: &'static str,
    features: String,
    max_level: Option<String>,
    settings: &'static [&'static str],
}

impl Build {
    /// A build of the crate in `directory` below `tests`.
    pub fn of(directory: &str) -> Build {
        Build {
            manifest: repository()
                .join("tests")
                .join(directory)
                .join("Cargo.toml"),
            target: repository().join("target").join(directory),
            profile: "dev",
            features: String::new(),
            max_level: None,
            settings: &[],
        }
    }

    /// Adds settings of cargo, such as `profile.release.lto = true`.
    pub fn settings(mut self, settings: &'static [&'static str]) -> Build {
        self.settings = settings;
        self
    }

    /// Sets the profile, which is `dev` if it isn't set.
    pub fn profile(mut self, profile: &'static str) -> Build {
        self.profile = profile;
        self
    }

    /// Sets the features, separated by commas.
    pub fn features(mut self, features: impl Into<String>) -> Build {
        self.features = features.into();
        self
    }

    /// Sets `PYLOG_MAX_LEVEL`.
    pub fn max_level(mut self, directives: impl Into<String>) -> Build {
        self.max_level = Some(directives.into());
        self
    }

    fn cargo(&self, command: &str) -> Command {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args([command, "--message-format=short", "--profile", self.profile]);
        cargo.args(["--features", &self.features]);
        cargo.args(self.settings.iter().flat_map(|it| ["--config", it]));
        cargo.arg("--manifest-path").arg(&self.manifest);
        cargo.arg("--target-dir").arg(&self.target);
        // The settings of the tests' own build must not apply to this one.
        cargo.env_remove("PYLOG_MAX_LEVEL").env_remove("RUSTFLAGS");
        // The libraries are extension modules, which don't link to libpython.
        cargo.env("PYO3_BUILD_EXTENSION_MODULE", "1");
        cargo.envs(
            self.max_level
                .iter()
                .map(|directives| ("PYLOG_MAX_LEVEL", directives)),
        );
        cargo
    }

    /// Runs the build. Returns cargo's output and exit status.
    pub fn output(&self) -> Output {
        self.cargo("build").output().expect("cargo runs")
    }

    /// Compiles the crate for another target, and returns the assembly code. Needs no linker for that target.
    ///
    /// # Panics
    /// If the build fails, for example because the target isn't installed.
    pub fn assembly(&self, target: &str) -> String {
        let file = self.target.join(format!("{target}.s"));
        let mut cargo = self.cargo("rustc");
        cargo.args(["--lib", "--crate-type", "rlib", "--target", target, "--"]);
        cargo.arg("--emit").arg(format!("asm={}", file.display()));
        // No Python of that target has to be there.
        cargo.env("PYO3_NO_PYTHON", "1").env_remove("PYO3_PYTHON");
        let output = cargo.output().expect("cargo runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        std::fs::read_to_string(file).expect("the compiler wrote it")
    }

    /// Builds the shared library `name`, and reads it.
    ///
    /// # Panics
    /// If the build fails.
    pub fn library(&self, name: &str) -> Library {
        // The next build overwrites the library.
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let output = self.output();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{stderr}");
        let directory = if self.profile == "dev" {
            "debug"
        } else {
            self.profile
        };
        let path = self.target.join(directory).join(format!("lib{name}.so"));
        Library(std::fs::read(&path).expect("cargo built it"))
    }
}

/// A shared library.
pub struct Library(Vec<u8>);

impl Library {
    /// The size of the file in bytes.
    pub fn size(&self) -> usize {
        self.0.len()
    }

    /// Writes the library to a file.
    ///
    /// # Panics
    /// If that fails.
    pub fn write(&self, path: &Path) {
        std::fs::write(path, &self.0).expect("the file can be written");
    }

    fn file(&self) -> object::File<'_> {
        object::File::parse(&*self.0).expect("an object file")
    }

    /// Whether the library contains `needle` outside of the names of symbols and of debug information.
    pub fn contains(&self, needle: &str) -> bool {
        self.file().sections().any(|section| {
            let name = section.name().unwrap_or_default();
            let is_metadata = name.starts_with(".debug") || name.contains("str");
            let data = section.data().unwrap_or_default();
            !is_metadata
                && data
                    .windows(needle.len())
                    .any(|window| window == needle.as_bytes())
        })
    }

    /// The names of the symbols in which `part` occurs.
    pub fn symbols(&self, part: &str) -> Vec<String> {
        let file = self.file();
        let names = file
            .symbols()
            .filter_map(|symbol| Some(symbol.name().ok()?.to_owned()));
        names.filter(|name| name.contains(part)).collect()
    }

    /// The address and the machine code of a function.
    ///
    /// # Panics
    /// If there is no such function.
    pub fn function(&self, name: &str) -> (u64, Vec<u8>) {
        let file = self.file();
        let symbol = file.symbols().find(|symbol| symbol.name() == Ok(name));
        let symbol = symbol.unwrap_or_else(|| panic!("no function {name}"));
        let section = symbol
            .section_index()
            .expect("the function is in a section");
        let section = file.section_by_index(section).expect("the section exists");
        let code = section.data_range(symbol.address(), symbol.size());
        (
            symbol.address(),
            code.ok()
                .flatten()
                .expect("the section contains the code")
                .to_owned(),
        )
    }
}
