//! `cargo xtask demo`: the example package, as its users would run it.

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
    made.map_err(|error| format!("{} cannot be made: {error}", directory.display()))?;

    walk_standard_library(&python, &environment, &directory)?;
    hear_dependencies(&environment, &directory)?;
    change_level_while_running(&python, &environment, &directory)
}

fn treewalk(environment: &Environment) -> std::process::Command {
    let mut treewalk = command(environment.python());
    treewalk.args(["-m", "treewalk"]);
    treewalk
}

/// Thousands of files on several threads, every level, into rotated files.
fn walk_standard_library(python: &Python, environment: &Environment, directory: &Path) -> Result {
    let library = &python.standard_library;
    let log = directory.join("treewalk.log");
    headline(&format!(
        "Walking {} at level TRACE, into {}",
        library.display(),
        log.display()
    ));
    let mut walk = treewalk(environment);
    walk.arg(library).args([
        "--log-level",
        "TRACE",
        "--console-level",
        "CRITICAL",
        "--log-file",
    ]);
    run(walk.arg(&log), "The walk failed.")?;

    // What a standard library may not have: a file that is no text, and a root that is no directory.
    let odd = directory.join("odd");
    let written =
        fs::create_dir_all(&odd).and_then(|()| fs::write(odd.join("latin-1.txt"), b"caf\xe9\n"));
    written.map_err(|error| format!("{} cannot be written: {error}", odd.display()))?;
    for root in [odd, directory.join("missing")] {
        let mut walk = treewalk(environment);
        walk.arg(root)
            .args([
                "--log-level",
                "TRACE",
                "--console-level",
                "CRITICAL",
                "--log-file",
            ])
            .arg(&log);
        // The second one fails, and says so at level CRITICAL.
        let _ = walk.stdout(Stdio::null()).status();
    }

    headline("A few lines of every level");
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
            // Lines of different threads say more.
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
            .ok_or(format!("no line at level {level} was logged"))?;
        println!("{} at level {level}, such as", counts[level]);
        for line in lines {
            println!("    {}", line.chars().take(150).collect::<String>());
        }
    }

    headline("The files, as RotatingFileHandler left them");
    for (file, size) in &files {
        println!("{size:>9} bytes  {}", file.display());
    }
    if files.len() < 2 {
        return Err("the log was never rotated".to_owned());
    }
    Ok(())
}

/// The log and its rotated predecessors, with their sizes.
fn rotated(log: &Path) -> Result<Vec<(PathBuf, u64)>> {
    let entries = log.parent().map(fs::read_dir).ok_or("no directory")?;
    let entries = entries.map_err(|error| error.to_string())?.flatten();
    let is_log = |path: &PathBuf| path.to_string_lossy().starts_with(&*log.to_string_lossy());
    let paths = entries.map(|entry| entry.path()).filter(is_log);
    let mut files: Vec<_> = paths
        .map(|path| (path.metadata().map_or(0, |data| data.len()), path))
        .collect();
    files.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(files.into_iter().map(|(size, path)| (path, size)).collect())
}

/// A running process gets another configuration through `logging.config.listen`.
fn change_level_while_running(
    python: &Python,
    environment: &Environment,
    directory: &Path,
) -> Result {
    headline("A level changed while it runs (logging.config.listen)");
    let mut walk = treewalk(environment);
    walk.arg(python.standard_library.join("json"));
    walk.args(["--log-level", "WARNING", "--watch", "0.2", "--listen", "0"]);
    let log = fs::File::create(directory.join("watched.log")).map_err(|error| error.to_string())?;
    let mut child = walk
        .env("PYTHONUNBUFFERED", "1")
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .map_err(|error| format!("treewalk cannot be run: {error}"))?;
    let changed = change_level(&mut child, &directory.join("watched.log"));
    let _ = child.kill();
    let _ = child.wait();
    changed
}

fn change_level(child: &mut Child, log: &Path) -> Result {
    let stdout = child.stdout.take().ok_or("no output")?;
    let mut lines = BufReader::new(stdout)
        .lines()
        .map_while(std::result::Result::ok);
    let port = lines
        .next()
        .and_then(|line| line.rsplit(' ').next()?.parse::<u16>().ok());
    let port = port.ok_or("treewalk did not say on which port it listens")?;

    let observe = |level: &str| {
        // It walks five times a second; what was under way comes to its end first.
        thread::sleep(Duration::from_millis(500));
        let before = fs::read_to_string(log).unwrap_or_default().lines().count();
        thread::sleep(Duration::from_millis(500));
        let text = fs::read_to_string(log).unwrap_or_default();
        let new: Vec<_> = text.lines().skip(before).collect();
        println!("in half a second at {level}: {} lines logged", new.len());
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
            println!("No restart, and nothing reset.");
            Ok(())
        }
        _ => Err("the level had not the effect that it should have".to_owned()),
    }
}

/// What crates say that treewalk is made of: they use the `log` crate and know nothing of Python.
fn hear_dependencies(environment: &Environment, directory: &Path) -> Result {
    headline("What the crates `ignore` and `globset` log, under loggers of their own");
    let root = directory.join("ignoring");
    let written = fs::create_dir_all(root.join("build"))
        .and_then(|()| fs::write(root.join(".ignore"), "*.tmp\nbuild/\n"))
        .and_then(|()| fs::write(root.join("scratch.tmp"), "passing\n"))
        .and_then(|()| fs::write(root.join("kept.txt"), "kept\n"));
    written.map_err(|error| format!("{} cannot be written: {error}", root.display()))?;

    let lines_with = |options: &[&str]| {
        let mut walk = treewalk(environment);
        let output = walk.arg(&root).args(options).output();
        let output = output.map_err(|error| format!("treewalk cannot be run: {error}"))?;
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
        false => Err("the levels had not the effect that they should have".to_owned()),
    }
}

/// What an administrator's tool sends to `logging.config.listen`.
fn configure(port: u16, level: &str) -> Result {
    let configuration = format!(
        r#"{{"version": 1, "incremental": true, "loggers": {{"treewalk": {{"level": "{level}"}}}}}}"#
    );
    let length = (configuration.len() as u32).to_be_bytes();
    let sent = TcpStream::connect(("127.0.0.1", port)).and_then(|mut connection| {
        connection.write_all(&length)?;
        connection.write_all(configuration.as_bytes())
    });
    sent.map_err(|error| format!("treewalk does not listen: {error}"))
}
