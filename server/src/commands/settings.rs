//! The settings file: TOML, a line per option, named like the option. What it
//! says becomes the default of that option in every command that has it, so
//! variables and flags win by clap's own rule, and nothing is parsed twice.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::PathBuf;

use clap::{ArgAction, Command};

/// The variable that names the file.
pub const FILE_VARIABLE: &str = "AURALIS_CONFIG";

/// `command` with the defaults of the settings file that `words` or the
/// environment name, or of the usual one if it exists.
pub fn apply(command: Command, words: &[OsString]) -> Result<Command, String> {
    let named = named(words).or_else(|| std::env::var_os(FILE_VARIABLE).filter(|name| !name.is_empty()));
    let (path, is_named) = match named {
        Some(path) => (PathBuf::from(path), true),
        None => match usual() {
            Some(path) => (path, false),
            None => return Ok(command),
        },
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound && !is_named => return Ok(command),
        // Run as somebody else, one's own settings may be out of reach.
        Err(error) if error.kind() == ErrorKind::PermissionDenied && !is_named => {
            super::say(&format!(
                "no permission to read the settings file {}; going on without",
                path.display()
            ));
            return Ok(command);
        }
        Err(error) => return Err(format!("the settings file {} cannot be read: {error}", path.display())),
    };
    with(command, &text).map_err(|why| format!("the settings file {}: {why}", path.display()))
}

/// The value of `--config` among the words of the command line.
fn named(words: &[OsString]) -> Option<OsString> {
    let mut words = words.iter().skip(1).take_while(|word| *word != "--");
    while let Some(word) = words.next() {
        if word == "--config" {
            return words.next().cloned();
        }
        if let Some(value) = word.to_str().and_then(|word| word.strip_prefix("--config=")) {
            return Some(value.into());
        }
    }
    None
}

/// Where the file usually lies (XDG Base Directory Specification).
fn usual() -> Option<PathBuf> {
    let folder = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .filter(|folder| folder.is_absolute())
        .or_else(|| Some(std::env::home_dir()?.join(".config")))?;
    Some(folder.join("auralis/config.toml"))
}

/// `command` with the defaults that `text` gives.
fn with(mut command: Command, text: &str) -> Result<Command, String> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
    let commands: Vec<String> =
        command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    for (key, value) in &table {
        let name = key.replace('_', "-");
        let values =
            values(value).ok_or(format!("{key} must be text, a number, true, false or a list of these"))?;
        let mut is_known = false;
        for sub in &commands {
            command = command.mut_subcommand(sub, |sub| {
                let Some(id) = option(&sub, &name) else { return sub };
                is_known = true;
                sub.mut_arg(id, |arg| match arg.get_action() {
                    ArgAction::Append => arg.default_values(&values),
                    _ => arg.default_value(values.join(" ")),
                })
            });
        }
        if !is_known {
            return Err(format!("there is no option --{name}; auralis help lists what there is"));
        }
    }
    Ok(command)
}

/// The id of the option `--name` that a setting may stand for.
fn option(command: &Command, name: &str) -> Option<String> {
    let arg = command.get_arguments().find(|arg| arg.get_long() == Some(name))?;
    let is_setting = arg.get_env().is_some() && arg.get_long() != Some("config");
    is_setting.then(|| arg.get_id().to_string())
}

fn values(value: &toml::Value) -> Option<Vec<String>> {
    match value {
        toml::Value::String(text) => Some(vec![text.clone()]),
        toml::Value::Integer(number) => Some(vec![number.to_string()]),
        toml::Value::Float(number) => Some(vec![number.to_string()]),
        toml::Value::Boolean(is_on) => Some(vec![is_on.to_string()]),
        toml::Value::Array(list) => {
            let parts: Option<Vec<_>> = list.iter().map(values).collect();
            Some(parts?.concat())
        }
        toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}

/// The folder for what the program keeps, when none is named (XDG as above).
pub fn data_folder() -> PathBuf {
    let named = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let home = || std::env::home_dir().map(|home| home.join(".local/share"));
    named.or_else(home).unwrap_or_else(|| PathBuf::from(".")).join("auralis")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn matches(text: &str, words: &[&str]) -> clap::ArgMatches {
        let command = with(super::super::Arguments::command(), text).unwrap();
        command.get_matches_from(words)
    }

    #[test]
    fn a_setting_is_a_default_and_flags_win() {
        let text = "preset = \"warm\"\nintensity = 0.5";
        let plan = ["auralis", "plan", "x.wav"];
        let found = matches(text, &plan);
        let (_, sub) = found.subcommand().unwrap();
        assert_eq!(sub.get_one::<f32>("intensity"), Some(&0.5));
        let found = matches(text, &[&plan[..], &["--intensity", "0.25"]].concat());
        let (_, sub) = found.subcommand().unwrap();
        assert_eq!(sub.get_one::<f32>("intensity"), Some(&0.25));
    }

    #[test]
    fn what_is_no_setting_is_named() {
        for (text, word) in [
            ("colour = 1", "--colour"),
            ("output = \"x\"", "--output"),
            ("preset = 1979-05-27", "preset"),
            ("preset =", "preset"),
        ] {
            let why = with(super::super::Arguments::command(), text).unwrap_err();
            assert!(why.contains(word), "{why}");
        }
    }

    #[test]
    fn the_file_is_found_among_the_words() {
        let words = |line: &str| line.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert_eq!(named(&words("auralis plan --config a x")), Some("a".into()));
        assert_eq!(named(&words("auralis --config=b plan x")), Some("b".into()));
        assert_eq!(named(&words("auralis plan -- --config a")), None);
    }
}
