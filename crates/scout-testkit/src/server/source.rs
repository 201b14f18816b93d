//! Where a RediSearch comes from: the first source that works.

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use redis::aio::MultiplexedConnection;

use super::instance::{connect, last_lines, log};
use super::process::Process;
use super::{External, Installation, RedisServer, ServerError, Surroundings, Unavailable, port, wheels};

/// Whose RediSearch is used.
#[derive(Clone, Debug)]
pub enum Source {
    /// A server that runs already.
    External(External),
    /// A program that is started as often as needed.
    Installed(Installation),
}

impl Source {
    /// Takes the first that works: the server of `SCOUT_TEST_REDIS_URL`, a program on the search path, the pair
    /// of wheels. Also says why those before it were passed over.
    pub async fn find(surroundings: &Surroundings) -> Result<(Self, Vec<String>), Unavailable> {
        let passed_over = match External::find(surroundings).await? {
            Ok(external) => return Ok((Self::External(external), Vec::new())),
            Err(reason) => vec![reason],
        };
        match find_installed(surroundings, passed_over).await {
            Ok((installation, passed_over)) => Ok((Self::Installed(installation), passed_over)),
            Err(tried) => Err(Unavailable { tried }),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::External(external) => write!(out, "the server of SCOUT_TEST_REDIS_URL ({external})"),
            Self::Installed(installation) => installation.fmt(out),
        }
    }
}

/// Passes over the server that runs already, for those who need one of their own.
pub(super) async fn find_installation(surroundings: &Surroundings) -> Result<Installation, Unavailable> {
    match find_installed(surroundings, Vec::new()).await {
        Ok((installation, _)) => Ok(installation),
        Err(tried) => Err(Unavailable { tried }),
    }
}

async fn find_installed(
    surroundings: &Surroundings,
    mut passed_over: Vec<String>,
) -> Result<(Installation, Vec<String>), Vec<String>> {
    for (name, first_version) in [("redis-stack-server", 0), ("redis-server", 8)] {
        let found = match surroundings.program(name) {
            None => Err("not on the PATH".to_owned()),
            Some(program) => match old_version(&program, first_version) {
                Some(reason) => Err(reason),
                None => probe(name, &program).await.map_err(|error| error.to_string()),
            },
        };
        match found {
            Ok(installation) => return Ok((installation, passed_over)),
            Err(reason) => passed_over.push(format!("{name}: {reason}")),
        }
    }
    let folder = surroundings.folder.clone();
    let unpacked = tokio::task::spawn_blocking(move || wheels::unpacked(&folder)).await;
    match unpacked.map_err(std::io::Error::other).and_then(|result| result) {
        Ok(installation) => Ok((installation, passed_over)),
        Err(error) => {
            passed_over.push(format!("the wheels: {error}"));
            Err(passed_over)
        }
    }
}

/// Why this program is too old, if it is.
fn old_version(program: &Path, first_version: u32) -> Option<String> {
    if first_version == 0 {
        return None;
    }
    let output = match Command::new(program).arg("--version").stdin(Stdio::null()).output() {
        Ok(output) => output,
        Err(error) => return Some(error.to_string()),
    };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = text.split_whitespace().find_map(|word| word.strip_prefix("v="))?;
    let major: u32 = version.split('.').next().and_then(|number| number.parse().ok())?;
    (major < first_version).then(|| format!("{} is version {version}", program.display()))
}

/// Starts a program as it is, asks it for its modules, and makes sure that it also runs our way.
///
/// What lies on the path may be a script around the server; what is kept is the program that the script runs.
async fn probe(name: &str, program: &Path) -> Result<Installation, ServerError> {
    let port = port::free().ok_or(ServerError::NoPort(1))?;
    let folder = tempfile::Builder::new().prefix("scout-redis-").tempdir()?;
    let arguments = [("port", port.to_string()), ("bind", "127.0.0.1".to_owned())]
        .into_iter()
        .flat_map(|(key, value)| [format!("--{key}"), value])
        .collect::<Vec<_>>();
    let mut process = Process::start(program, &arguments, folder.path())?;
    let asked = tokio::time::timeout(Duration::from_secs(20), ask(&mut process, name, program, port)).await;
    match asked {
        Ok(Ok(Some(installation))) => {
            // The proof: it starts with these modules, by itself.
            drop(RedisServer::launch(installation.clone(), RedisServer::builder()).await?);
            Ok(installation)
        }
        Ok(Ok(None)) => Err(std::io::Error::other("does not list the modules search and ReJSON").into()),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(ServerError::Silent {
            program: program.display().to_string(),
            seconds: 20,
            log: last_lines(&log(folder.path())),
        }),
    }
}

async fn ask(
    process: &mut Process,
    name: &str,
    program: &Path,
    port: u16,
) -> Result<Option<Installation>, ServerError> {
    let mut connection = loop {
        if let Ok(connection) = connect(&format!("redis://127.0.0.1:{port}/")).await {
            break connection;
        }
        if let Some(status) = process.status()? {
            return Err(std::io::Error::other(format!("ended before it answered ({status})")).into());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    let modules = modules(&mut connection).await?;
    let info: String = redis::cmd("INFO").arg("server").query_async(&mut connection).await?;
    let real_program = real_program(&info).unwrap_or_else(|| program.to_owned());
    // A script that waits for its server would leave it behind if it were killed. The answer is the end of the line.
    let _ = redis::cmd("SHUTDOWN").arg("NOSAVE").query_async::<()>(&mut connection).await;
    if !has_modules(&modules) {
        return Ok(None);
    }
    let path_of = |wanted: &str| {
        modules
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, path)| path)
            .filter(|path| path.is_file())
            .cloned()
    };
    Ok(Some(Installation {
        name: name.to_owned(),
        program: real_program,
        search: path_of("search"),
        json: path_of("ReJSON"),
    }))
}

/// The program of the process that answered.
fn real_program(info: &str) -> Option<PathBuf> {
    let by_process = std::fs::read_link(format!("/proc/{}/exe", info_field(info, "process_id")?)).ok();
    by_process.or_else(|| info_field(info, "executable").map(PathBuf::from)).filter(|path| path.is_file())
}

/// A field of the answer to INFO.
pub(super) fn info_field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

/// The names of a server's modules, and their files as far as it tells.
pub(super) async fn modules(
    connection: &mut MultiplexedConnection,
) -> Result<Vec<(String, PathBuf)>, redis::RedisError> {
    let modules: Vec<std::collections::HashMap<String, redis::Value>> =
        redis::cmd("MODULE").arg("LIST").query_async(connection).await?;
    let text = |value: Option<&redis::Value>| {
        value.and_then(|value| redis::from_redis_value_ref::<String>(value).ok()).unwrap_or_default()
    };
    Ok(modules.iter().map(|module| (text(module.get("name")), text(module.get("path")).into())).collect())
}

pub(super) fn has_modules(modules: &[(String, PathBuf)]) -> bool {
    ["search", "ReJSON"].iter().all(|wanted| modules.iter().any(|(name, _)| name == wanted))
}
