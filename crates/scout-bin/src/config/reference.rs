//! The table of keys as documents: the page in `docs/` and the sample file.

use super::key::{AnyKey, Info};
use super::keys;
use super::kind::Shape;

/// The tables of keys for `docs/configuration.md`, one for each section.
pub fn markdown() -> String {
    let tables: Vec<String> = sections().map(table).collect();
    tables.join("\n")
}

/// The keys, section by section.
fn sections() -> impl Iterator<Item = &'static [&'static dyn AnyKey]> {
    keys::ALL.chunk_by(|one, next| section_of(one.info()) == section_of(next.info()))
}

fn section_of(info: &Info) -> Option<&'static str> {
    info.path.split_once('.').map(|(section, _)| section)
}

fn table(section: &[&dyn AnyKey]) -> String {
    let name = section.first().and_then(|key| section_of(key.info()));
    let title = name.map_or_else(|| "General".to_owned(), |name| format!("`[{name}]`"));
    let rows: Vec<String> = section.iter().map(|key| row(*key)).collect();
    format!(
        "### {title}\n\n| key | environment | flag | default | values | meaning |\n|---|---|---|---|---|---|\n{}\n",
        rows.join("\n")
    )
}

fn row(key: &dyn AnyKey) -> String {
    let info = key.info();
    let flag = info.flag.map_or_else(String::new, |flag| format!("`--{flag}`"));
    let default = info.default.map_or_else(|| format!("unset: {}", info.unset), |text| format!("`{text}`"));
    let secret = if info.secret { " Secret." } else { "" };
    let planned = match info.planned {
        "" => String::new(),
        undone => format!(" **Accepted, without effect: {undone}.**"),
    };
    format!(
        "| `{}` | `{}` | {flag} | {default} | {} | {}{secret}{planned} |",
        info.path,
        info.env,
        key.domain(),
        info.help,
    )
}

/// A `scout.toml` with every key, each commented out and with its default or an example.
pub fn sample() -> String {
    let mut lines = vec![
        "# Scout's configuration. Every key stands here with its default, or with an example where it has none."
            .to_owned(),
        "# Remove the # before a key to set it. The environment overrides this file, and flags override both."
            .to_owned(),
    ];
    for section in sections() {
        if let Some(name) = section.first().and_then(|key| section_of(key.info())) {
            lines.extend([String::new(), format!("[{name}]")]);
        }
        for key in section {
            let path = key.info().path;
            let name = path.rsplit('.').next().unwrap_or(path);
            lines.push(String::new());
            lines.extend(comments(*key).iter().map(|text| format!("# {text}")));
            lines.push(format!("#{name} = {}", literal(*key)));
        }
    }
    lines.push(String::new());
    lines.join("\n")
}

fn comments(key: &dyn AnyKey) -> Vec<String> {
    let info = key.info();
    let mut comments = vec![info.help.to_owned(), format!("Values: {}.", key.domain())];
    if info.default.is_none() {
        comments.push(format!("Unset: {}.", info.unset));
    }
    if !info.planned.is_empty() {
        comments.push(format!("Accepted, without effect: {}.", info.planned));
    }
    let flag = info.flag.map_or_else(String::new, |flag| format!(", flag: --{flag}"));
    comments.push(format!("Environment: {}{flag}.", info.env));
    comments
}

/// The default or the example as TOML has it.
fn literal(key: &dyn AnyKey) -> String {
    let text = key.info().default.unwrap_or(key.info().example);
    match key.shape() {
        Shape::Integer | Shape::Boolean => text.to_owned(),
        Shape::Text => quoted(text),
        Shape::List => format!("[{}]", text.split(',').map(quoted).collect::<Vec<_>>().join(", ")),
    }
}

/// Defaults and examples hold nothing that TOML would have escaped otherwise.
fn quoted(text: &str) -> String {
    format!("{text:?}")
}
