//! `cargo xtask demo`: builds the example package and runs it as a user does.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use crate::python::{self, Environment, Python};
use crate::run::{Result, command, headline, run, target};

const LEVELS: [&str; 6] = ["TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];

pub(crate) fn demo() -> Result {
    let python = python::default()?;
    println!("With {python}");
    let environment = python.environment("demo", &[])?;

    headline("Building examples/treewalk and installing it (pip and maturin)");
    environment.install(&["--force-reinstall", "--no-deps", "./examples/treewalk"])?;

    let directory = target("demo");
    let made = fs::remove_dir_all(&directory)
        .or(Ok(()))
        .and_then(|()| fs::create_dir_all(&directory));
    made.map_err(|error| format!("Cannot create {}: {error}", directory.display()))?;

    walk_standard_library(&python, &environment, &directory)?;
    show_dependencies(&environment, &directory)?;
    change_level_while_running(&python, &environment, &directory)
}

fn treewalk(environment: &Environment) -> std::process::Command {
    let mut treewalk = command(environment.python());
    treewalk.args(["-m", "treewalk"]);
    treewalk
}

/// Logs at every level, from several threads, into rotated files.
fn walk_standard_library(python: &Python, environment: &Environment, directory: &Path) -> Result {
    let library = &python.standard_library;
    let log = directory.join("treewalk.log");
    headline(&format!(
        "Walking {} at level TRACE, into {}",
        library.display(),
        log.display()
    ));
    let walk = |root: &Path| {
        let mut walk = treewalk(environment);
        walk.args(["--log-level", "TRACE", "--console-level", "CRITICAL"]);
        walk.arg("--log-file").arg(&log).arg(root);
        walk
    };
    run(&mut walk(library), "The walk failed.")?;

    // A standard library may lack these: a file that isn't text, and a root that doesn't exist.
    let odd = directory.join("odd");
    let written =
        fs::create_dir_all(&odd).and_then(|()| fs::write(odd.join("latin-1.txt"), b"caf\xe9\n"));
    written.map_err(|error| format!("Cannot write {}: {error}", odd.display()))?;
    for root in [odd, directory.join("missing")] {
        // The second walk fails, and logs that at level CRITICAL.
        let _ = walk(&root).stdout(Stdio::null()).status();
    }

    headline("Some lines of each level");
    let files = rotated(&log)?;
    let mut samples: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (file, _) in &files {
        let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
        for line in text.lines() {
            let Some(level) = LEVELS
                .into_iter()
                .find(|level| line.contains(&format!(" {level} ")))
            else {
                continue;
            };
            *counts.entry(level).or_default() += 1;
            let lines = samples.entry(level).or_default();
            let thread = |line: &str| line.split(['[', ']']).nth(1).map(str::to_owned);
            // Prefer lines of different threads.
            if lines.len() < 3
                && lines
                    .iter()
                    .all(|other| lines.len() < 2 || thread(other) != thread(line))
            {
                lines.push(line.to_owned());
            }
        }
    }
    for level in LEVELS {
        let lines = samples
            .get(level)
            .ok_or(format!("No line at level {level} was logged."))?;
        println!("{} lines at level {level}, such as", counts[level]);
        for line in lines {
            println!("    {}", line.chars().take(150).collect::<String>());
        }
    }

    headline("The files that RotatingFileHandler wrote");
    for (file, size) in &files {
        println!("{size:>9} bytes  {}", file.display());
    }
    if files.len() < 2 {
        return Err("The log was never rotated.".to_owned());
    }
    Ok(())
}

/// Returns the log file and the files that it was rotated to, with their sizes.
fn rotated(log: &Path) -> Result<Vec<(PathBuf, u64)>> {
    let entries = log
        .parent()
        .map(fs::read_dir)
        .ok_or("The log is in no directory.")?;
    let entries = entries.map_err(|error| error.to_string())?.flatten();
    let is_log = |path: &PathBuf| path.to_string_lossy().starts_with(&*log.to_string_lossy());
    let paths = entries.map(|entry| entry.path()).filter(is_log);
    let mut files: Vec<_> = paths
        .map(|path| (path.metadata().map_or(0, |data| data.len()), path))
        .collect();
    files.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(files.into_iter().map(|(size, path)| (path, size)).collect())
}

/// Changes the configuration of a running process through `logging.config.listen`.
fn change_level_while_running(
    python: &Python,
    environment: &Environment,
    directory: &Path,
) -> Result {
    headline("Changing a level of a running process (logging.config.listen)");
    let mut walk = treewalk(environment);
    walk.arg(python.standard_library.join("json"));
    walk.args(["--log-level", "WARNING", "--watch", "0.2", "--listen", "0"]);
    let log = fs::File::create(directory.join("watched.log")).map_err(|error| error.to_string())?;
    let mut child = walk
        .env("PYTHONUNBUFFERED", "1")
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .map_err(|error| format!("Cannot run treewalk: {error}"))?;
    let changed = change_level(&mut child, &directory.join("watched.log"));
    let _ = child.kill();
    let _ = child.wait();
    changed
}

fn change_level(child: &mut Child, log: &Path) -> Result {
    let stdout = child
        .stdout
        .take()
        .ok_or("treewalk has no standard output.")?;
    let mut lines = BufReader::new(stdout)
        .lines()
        .map_while(std::result::Result::ok);
    let port = lines
        .next()
        .and_then(|line| line.rsplit(' ').next()?.parse::<u16>().ok());
    let port = port.ok_or("treewalk did not print the port on which it listens.")?;

    let observe = |level: &str| {
        // treewalk walks five times a second. A walk that began with the old level ends first.
        thread::sleep(Duration::from_millis(500));
        let before = fs::read_to_string(log).unwrap_or_default().lines().count();
        thread::sleep(Duration::from_millis(500));
        let text = fs::read_to_string(log).unwrap_or_default();
        let new: Vec<_> = text.lines().skip(before).collect();
        println!("at {level}: {} lines in half a second", new.len());
        if let Some(line) = new.first() {
            println!("    {line}");
        }
        new.len()
    };
    let mut seen = vec![observe("WARNING")];
    for level in ["DEBUG", "WARNING"] {
        configure(port, level)?;
        seen.push(observe(level));
    }
    match seen[..] {
        [0, at_debug, 0] if at_debug > 0 => {
            println!("treewalk was not restarted, and no reset function was called.");
            Ok(())
        }
        _ => Err("The level did not have the expected effect.".to_owned()),
    }
}

/// Shows the records of the crates that treewalk depends on. These crates use the `log` crate, and
/// don't depend on pylog.
fn show_dependencies(environment: &Environment, directory: &Path) -> Result {
    headline("The records of the crates `ignore` and `globset`, which have their own loggers");
    let root = directory.join("ignoring");
    let written = fs::create_dir_all(root.join("build"))
        .and_then(|()| fs::write(root.join(".ignore"), "*.tmp\nbuild/\n"))
        .and_then(|()| fs::write(root.join("scratch.tmp"), "passing\n"))
        .and_then(|()| fs::write(root.join("kept.txt"), "kept\n"));
    written.map_err(|error| format!("Cannot write {}: {error}", root.display()))?;

    let lines_with = |options: &[&str]| {
        let mut walk = treewalk(environment);
        let output = walk.arg(&root).args(options).output();
        let output = output.map_err(|error| format!("Cannot run treewalk: {error}"))?;
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let of = |logger: &str| {
            let name = format!(" {logger}");
            text.lines().filter(|line| line.contains(&name)).count()
        };
        let counts = [of("ignore."), of("globset"), of("treewalk.")];
        println!(
            "{}: ignore {}, globset {}, treewalk {}",
            options.join(" "),
            counts[0],
            counts[1],
            counts[2]
        );
        if let Some(line) = text.lines().find(|line| line.contains(" ignore.")) {
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
    let expected = (
        [true, true, true],
        [false, false, true],
        [true, false, false],
    );
    match (all, silenced, raised) == expected {
        true => Ok(()),
        false => Err("The levels did not have the expected effect.".to_owned()),
    }
}

/// Sends a configuration to `logging.config.listen`.
fn configure(port: u16, level: &str) -> Result {
    let configuration = format!(
        r#"{{"version": 1, "incremental": true, "loggers": {{"treewalk": {{"level": "{level}"}}}}}}"#
    );
    let length = (configuration.len() as u32).to_be_bytes();
    let sent = TcpStream::connect(("127.0.0.1", port)).and_then(|mut connection| {
        connection.write_all(&length)?;
        connection.write_all(configuration.as_bytes())
    });
    sent.map_err(|error| format!("treewalk does not accept the configuration: {error}"))
}
