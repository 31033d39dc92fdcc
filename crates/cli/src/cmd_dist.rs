//! What is packed beside the binary: shell completions and man pages, from the same words as `--help`.

use std::fs::create_dir_all;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::Shell;

use crate::config::Problem;
use crate::exit::{Error, Exit};

/// Write shell completions and man pages into a directory.
#[derive(Debug, Args)]
pub(crate) struct Dist {
    /// The directory, which is made if there is none.
    directory: PathBuf,
}

impl Dist {
    pub(crate) fn run(self) -> Result<Exit, Error> {
        let unwritable = |error| Problem::Unwritable(self.directory.display().to_string(), error);
        write(&self.directory).map_err(unwritable)?;
        Ok(Exit::Done)
    }
}

fn write(directory: &Path) -> io::Result<()> {
    let (completions, pages) = (directory.join("completions"), directory.join("man"));
    create_dir_all(&completions)?;
    create_dir_all(&pages)?;
    let mut command = crate::Cli::command();
    for shell in Shell::value_variants() {
        clap_complete::generate_to(*shell, &mut command, "payonce", &completions)?;
    }
    clap_mangen::generate_to(command, &pages)
}
