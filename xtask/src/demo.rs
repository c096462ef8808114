//! `cargo xtask demo`: builds the example package and runs it as a user does.
//!
//! It walks trees of its own, so it knows what the walks must log, on every machine.

mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::python::{self, Environment};
use crate::run::{Result, command, headline, root};
use tree::Tree;

/// Below the root of the repository, where the walks run. Paths relative to that have the same length on
/// every machine, and so have the lines of the log.
const DIRECTORY: &str = "target/demo";

const LEVELS: [&str; 6] = ["TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];

/// The size at which treewalk rotates its log file.
const ROTATED_AT: u64 = 1_000_000;

pub(crate) fn demo() -> Result {
    let python = python::default()?;
    println!("With {python}");
    let environment = python.environment("demo", &[])?;

    headline("Building examples/treewalk and installing it (pip and maturin)");
    environment.install_verbosely(&["--force-reinstall", "--no-deps", "./examples/treewalk"])?;

    let directory = root().join(DIRECTORY);
    let removed = match directory.exists() {
        true => fs::remove_dir_all(&directory),
        false => Ok(()),
    };
    removed.map_err(|error| format!("Cannot remove {}: {error}", directory.display()))?;

    log_at_every_level(&environment)?;
    show_dependencies(&environment)?;
    change_level_while_running(&environment)
}

fn treewalk(environment: &Environment) -> Command {
    let mut treewalk = command(environment.python());
    treewalk.args(["-m", "treewalk"]);
    treewalk
}

/// Runs a command, and returns what it wrote to its standard output and to its standard error.
fn outputs(command: &mut Command) -> Result<(String, String)> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("Cannot run treewalk: {error}"))?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok((text(output.stdout), text(output.stderr)))
}

/// Fails if the demo printed something that isn't so.
fn check<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Result {
    match found == expected {
        true => Ok(()),
        false => Err(format!("{what}: {found:?}, and not {expected:?}.")),
    }
}

/// A line of treewalk's log: `2026-01-31 12:00:00,000 DEBUG    a.logger [a thread] the message`.
struct Line<'a> {
    level: &'a str,
    logger: &'a str,
    thread: &'a str,
}

impl<'a> Line<'a> {
    fn parse(line: &'a str) -> Option<Line<'a>> {
        let mut words = line.split_whitespace().skip(2);
        let (level, logger) = (words.next()?, words.next()?);
        let (_, thread) = line.split_once('[')?;
        let (thread, _) = thread.split_once(']')?;
        LEVELS.contains(&level).then_some(Line {
            level,
            logger,
            thread,
        })
    }
}

/// Logs at every level, from several threads, into files that are rotated.
fn log_at_every_level(environment: &Environment) -> Result {
    let tree = Tree::large(&format!("{DIRECTORY}/tree"))?;
    let missing = format!("{DIRECTORY}/missing");
    let log = format!("{DIRECTORY}/treewalk.log");
    headline(&format!(
        "Walking {} at level TRACE, with four threads, into {log}",
        tree.root
    ));
    let walk = |root: &str| {
        let mut walk = treewalk(environment);
        walk.args(["--log-level", "TRACE", "--console-level", "CRITICAL"]);
        walk.args(["--threads", "4", "--log-file", &log, root]);
        outputs(&mut walk)
    };
    let (stdout, _) = walk(&tree.root)?;
    print!("{stdout}");
    check("treewalk's result", &stdout, &tree.summary())?;
    headline(&format!(
        "Walking {missing}, which doesn't exist: treewalk logs that at the level CRITICAL"
    ));
    let (_, stderr) = walk(&missing)?;
    print!("{stderr}");

    headline("Some lines of each level");
    let files = rotated(&log)?;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut threads = BTreeSet::new();
    let mut samples: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (file, _) in &files {
        let text = fs::read_to_string(file)
            .map_err(|error| format!("Cannot read {}: {error}", file.display()))?;
        for text in text.lines() {
            let line = Line::parse(text).ok_or_else(|| format!("Not a line of the log: {text}"))?;
            // The crate `ignore` logs to a logger of its own, shown below.
            if !line.logger.starts_with("treewalk") {
                continue;
            }
            *counts.entry(line.level.to_owned()).or_default() += 1;
            let samples = samples.entry(line.level.to_owned()).or_default();
            // One line of each thread.
            let is_new = threads.insert((line.level.to_owned(), line.thread.to_owned()));
            if is_new && samples.len() < 3 {
                samples.push(text.to_owned());
            }
        }
    }
    for level in LEVELS {
        let number = counts.get(level).copied().unwrap_or_default();
        println!("{level}: {number}, such as");
        for line in samples.get(level).into_iter().flatten() {
            println!("    {line}");
        }
        // Each of these two for the root that is missing.
        let of_second_walk = usize::from(["ERROR", "CRITICAL"].contains(&level));
        let expected = tree.lines_at(level) + of_second_walk;
        check(&format!("Lines at level {level}"), &number, &expected)?;
    }

    headline("The files that RotatingFileHandler wrote");
    for (file, size) in &files {
        println!("{size:>9} bytes  {}", file.display());
    }
    let is_rotated = files.len() > 1 && files.iter().all(|(_, size)| *size <= ROTATED_AT);
    check("The log was rotated", &is_rotated, &true)
}

/// Returns the files that the log was rotated to, from the oldest on, and the log, with their sizes.
fn rotated(log: &str) -> Result<Vec<(PathBuf, u64)>> {
    let old = (1..).map(|number| format!("{log}.{number}"));
    let mut files = Vec::new();
    for file in std::iter::once(log.to_owned()).chain(old) {
        let path = root().join(&file);
        if !path.exists() {
            break;
        }
        let size = path.metadata().map_err(|error| error.to_string())?.len();
        files.push((path, size));
    }
    files.reverse();
    Ok(files)
}

/// Changes the configuration of a running process through `logging.config.listen`.
fn change_level_while_running(environment: &Environment) -> Result {
    headline("Changing a level of a running process (logging.config.listen)");
    let tree = Tree::small(&format!("{DIRECTORY}/watched"))?;
    let path = root().join(DIRECTORY).join("watched.log");
    // Standard output and standard error in one file: so the lines are in the order of their events.
    let output = fs::File::create(&path).and_then(|file| Ok((file.try_clone()?, file)));
    let (stdout, stderr) =
        output.map_err(|error| format!("Cannot write {}: {error}", path.display()))?;
    let mut walk = treewalk(environment);
    walk.args(["--log-level", "WARNING", "--watch", "0.2", "--listen", "0"]);
    walk.arg(&tree.root).stdin(Stdio::null());
    let child = walk.stdout(stdout).stderr(stderr).spawn();
    let child = child.map_err(|error| format!("Cannot run treewalk: {error}"))?;
    let mut watched = Watched {
        child,
        output: path,
        summary: tree.summary(),
    };
    let changed = change_level(&mut watched, &tree);
    let _ = watched.child.kill();
    let _ = watched.child.wait();
    changed
}

fn change_level(watched: &mut Watched, tree: &Tree) -> Result {
    let port = watched.wait_for("print its port", |text| {
        let (first, _) = text.split_once('\n')?;
        Some(first.strip_prefix("listening on port ")?.parse().ok())
    })?;
    let port = port.ok_or("treewalk did not print the port on which it listens.")?;

    for (level, expected) in [
        ("WARNING", 0),
        ("DEBUG", tree.lines_at("DEBUG") + tree.lines_at("INFO")),
        ("WARNING", 0),
    ] {
        configure(port, level)?;
        let lines = watched.next_walk()?;
        println!("at {level}: {} lines a walk", lines.len());
        if let Some(line) = lines.first() {
            println!("    {line}");
        }
        check(&format!("Lines at {level}"), &lines.len(), &expected)?;
    }
    println!("treewalk was not restarted, and no reset function was called.");
    Ok(())
}

/// A treewalk that walks again and again.
struct Watched {
    child: Child,
    /// The file with what it prints and logs.
    output: PathBuf,
    /// The line that it prints after each walk.
    summary: String,
}

impl Watched {
    /// The lines that the first walk logs that begins after this call.
    fn next_walk(&mut self) -> Result<Vec<String>> {
        let summary = self.summary.clone();
        // The rest is the walk under way, which may have begun before the last change of a level.
        let walks = |text: &str| text.matches(&summary).count();
        let before = walks(&self.text()?);
        self.wait_for("end two walks", |text| {
            let walk = text.split(&summary).nth(before + 1)?;
            let is_over = walks(text) > before + 1;
            is_over.then(|| walk.lines().map(str::to_owned).collect())
        })
    }

    fn text(&self) -> Result<String> {
        fs::read_to_string(&self.output)
            .map_err(|error| format!("Cannot read {}: {error}", self.output.display()))
    }

    /// Reads what was printed until `found` finds something in it.
    fn wait_for<T>(&mut self, what: &str, found: impl Fn(&str) -> Option<T>) -> Result<T> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(60) {
            let text = self.text()?;
            if let Some(found) = found(&text) {
                return Ok(found);
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("treewalk ended ({status}):\n{text}"));
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(format!("treewalk did not {what} within a minute."))
    }
}

/// Shows the records of the crates that treewalk depends on. These crates use the `log` crate, and
/// don't depend on pylog.
fn show_dependencies(environment: &Environment) -> Result {
    headline("The records of the crates `ignore` and `globset`, which have their own loggers");
    let tree = Tree::with_ignored_files(&format!("{DIRECTORY}/ignoring"))?;
    let lines_with = |options: &[&str]| {
        let mut walk = treewalk(environment);
        let (stdout, stderr) = outputs(walk.arg(&tree.root).args(options))?;
        check("treewalk's result", &stdout, &tree.summary())?;
        let lines: Vec<_> = stderr.lines().filter_map(Line::parse).collect();
        let counts = ["ignore", "globset", "treewalk"].map(|package| {
            let of_package = |line: &&Line<'_>| {
                line.logger
                    .split('.')
                    .next()
                    .is_some_and(|it| it == package)
            };
            lines.iter().filter(of_package).count()
        });
        println!(
            "{}: ignore {}, globset {}, treewalk {}",
            options.join(" "),
            counts[0],
            counts[1],
            counts[2]
        );
        let of_ignore = |line: &&str| line.contains(" ignore.");
        if let Some(line) = stderr.lines().find(of_ignore) {
            println!("    {line}");
        }
        Result::Ok(counts.map(|count| count > 0))
    };
    let all = lines_with(&["--log-level", "DEBUG"])?;
    let silenced = [
        "--log-level",
        "DEBUG",
        "--logger",
        "ignore=INFO",
        "--logger",
        "globset=INFO",
    ];
    let silenced = lines_with(&silenced)?;
    let raised = lines_with(&["--log-level", "WARNING", "--logger", "ignore=DEBUG"])?;
    check(
        "Whether `ignore`, `globset` and treewalk logged",
        &[all, silenced, raised],
        &[
            [true, true, true],
            [false, false, true],
            [true, false, false],
        ],
    )
}

/// Sends a configuration to `logging.config.listen`. Returns when it holds.
fn configure(port: u16, level: &str) -> Result {
    let configuration = format!(
        r#"{{"version": 1, "incremental": true, "loggers": {{"treewalk": {{"level": "{level}"}}}}}}"#
    );
    let length = (configuration.len() as u32).to_be_bytes();
    let sent = TcpStream::connect(("127.0.0.1", port)).and_then(|mut connection| {
        connection.write_all(&length)?;
        connection.write_all(configuration.as_bytes())?;
        // Python closes the connection when it has applied the configuration.
        connection.read_to_end(&mut Vec::new())
    });
    sent.map(drop)
        .map_err(|error| format!("treewalk does not accept the configuration: {error}"))
}
