//! Prism: had from npm into the directory of results, where nothing outside of it is touched.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::report;

pub(super) const VERSION: &str = "5.16.0";

/// The program that the installed package holds.
pub(super) struct Prism(PathBuf);

impl Prism {
    /// Finds it where an earlier run installed it, or installs it. None, and the reason on the terminal, where it
    /// cannot be had.
    pub(super) fn get() -> Result<Option<Self>> {
        if !succeeds(Command::new("node").arg("--version")) {
            println!("Prism is not measured: node is not installed.\n");
            return Ok(None);
        }
        let directory = report::directory()?.join(format!("prism-{VERSION}"));
        let program = directory.join("node_modules/@stoplight/prism-cli/dist/index.js");
        let prism = Self(program);
        if prism.is_there() {
            return Ok(Some(prism));
        }
        println!("Installing Prism {VERSION} with npm.");
        if !install(&directory) || !prism.is_there() {
            println!("Prism is not measured: npm could not install @stoplight/prism-cli {VERSION}.\n");
            return Ok(None);
        }
        Ok(Some(prism))
    }

    fn is_there(&self) -> bool {
        self.0.is_file() && succeeds(Command::new("node").arg(&self.0).arg("--version"))
    }

    /// What `node` is started with to serve the document on this address.
    pub(super) fn arguments(&self, addr: SocketAddr) -> Vec<String> {
        let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi.json");
        let (host, port) = (addr.ip().to_string(), addr.port().to_string());
        let program = self.0.display().to_string();
        let options = ["mock", "-h", &host, "-p", &port, "-v", "silent"].map(str::to_owned);
        let document = document.display().to_string();
        [program].into_iter().chain(options).chain([document]).collect()
    }
}

fn install(directory: &Path) -> bool {
    if std::fs::create_dir_all(directory).is_err() {
        return false;
    }
    let cache = directory.join("cache");
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--save-exact", "--prefix"]);
    succeeds(npm.arg(directory).arg("--cache").arg(cache).arg(format!("@stoplight/prism-cli@{VERSION}")))
}

fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}
