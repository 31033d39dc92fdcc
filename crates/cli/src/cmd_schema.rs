//! `payonce schema`: the form of what people write for this command, as JSON Schema for their editors.

use clap::{Args, ValueEnum};

use crate::batch::rows;
use crate::config::profile::ConfigFile;
use crate::exit::{Error, Exit};
use crate::print;

/// Print the JSON Schema of the configuration file, or of a line of a file of payments.
#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Of what.
    of: Of,
}

/// What has a schema.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Of {
    /// The configuration file, whose TOML has the form of this JSON.
    Config,
    /// A payment in a file for `payonce batch`: an object in JSON, or the columns of a line in CSV.
    BatchRow,
}

impl Schema {
    pub(crate) fn run(self) -> Result<Exit, Error> {
        let schema = match self.of {
            Of::Config => schemars::schema_for!(ConfigFile).to_value(),
            Of::BatchRow => rows::schema(),
        };
        print::line(serde_json::to_string_pretty(&schema).expect("a schema is plain JSON"));
        Ok(Exit::Done)
    }
}
