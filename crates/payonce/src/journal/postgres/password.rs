//! The password where the URL has none, so that a URL can be written down: from `PGPASSWORD`, or from the file that
//! PostgreSQL's own tools read, if nobody else can.

use std::path::{Path, PathBuf};

use tokio_postgres::config::{Config, Host};

use crate::error::{Error, ErrorKind};

/// Looks for the password of that role, host and database.
pub(super) fn find(config: &Config) -> Result<Option<String>, Error> {
    if let Ok(password) = std::env::var("PGPASSWORD") {
        return Ok(Some(password));
    }
    let place = match std::env::var_os("PGPASSFILE") {
        Some(place) => PathBuf::from(place),
        None => match std::env::var_os("HOME") {
            Some(home) => Path::new(&home).join(".pgpass"),
            None => return Ok(None),
        },
    };
    let Ok(text) = std::fs::read_to_string(&place) else { return Ok(None) };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&place).map_or(0, |file| file.permissions().mode());
        if mode & 0o077 != 0 {
            let message = format!(
                "others may read the password file {}: make it private with chmod 600",
                place.display()
            );
            return Err(Error::new(ErrorKind::Configuration, message));
        }
    }
    Ok(text.lines().find_map(|line| of_line(line, config)))
}

/// A line is `host:port:database:user:password`; a star is anything.
fn of_line(line: &str, config: &Config) -> Option<String> {
    let fields = fields(line);
    let [host, port, database, user, password] = <[String; 5]>::try_from(fields).ok()?;
    let user_name = config.get_user().unwrap_or_default();
    let hosts = config.get_hosts().iter().any(|known| match known {
        Host::Tcp(known) => *known == host,
        #[cfg(unix)]
        Host::Unix(_) => host == "localhost",
    });
    let ports = config.get_ports().iter().any(|known| known.to_string() == port)
        || config.get_ports().is_empty() && port == "5432";
    let fits = (host == "*" || hosts)
        && (port == "*" || ports)
        && (database == "*" || database == config.get_dbname().unwrap_or(user_name))
        && (user == "*" || user == user_name);
    fits.then_some(password)
}

/// Splits at colons, except after a backslash.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        if letter == ':' && fields.len() < 5 {
            fields.push(String::new());
            continue;
        }
        let letter = if letter == '\\' { letters.next() } else { Some(letter) };
        fields.last_mut().expect("there is always a field").extend(letter);
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_password_file_is_for_one_place_or_for_any() {
        let config: Config = "postgres://app@db.example:6432/shop".parse().unwrap();
        for (line, found) in [
            ("db.example:6432:shop:app:canary", Some("canary")),
            ("*:*:*:app:can\\:ary", Some("can:ary")),
            ("db.example:5432:shop:app:canary", None),
            ("db.example:6432:shop:other:canary", None),
            ("# a comment", None),
        ] {
            assert_eq!(of_line(line, &config).as_deref(), found, "{line}");
        }
    }
}
