//! Medians, tables, and the file that keeps a run's figures with the facts of its machine.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Serialize;

/// The middle of the samples; of an even number, the mean of the two in the middle. Zero when there are none.
pub(crate) fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0,
    }
}

/// What the figures depend on and a reader of them must know.
#[derive(Serialize)]
pub(crate) struct Machine {
    cores: usize,
    kernel: String,
    pub(crate) sqlite: &'static str,
}

impl Machine {
    /// This machine.
    pub(crate) fn here() -> Self {
        let kernel =
            fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_else(|_| "unknown".to_owned());
        Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: kernel.trim().to_owned(),
            sqlite: rusqlite::version(),
        }
    }
}

/// Rows of text, printed in columns: the first to the left, the others to the right.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub(crate) fn new(headings: &[&str]) -> Self {
        Self { rows: vec![headings.iter().map(|&heading| heading.to_owned()).collect()] }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    fn text(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| {
                self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
            })
            .map(Option::unwrap_or_default)
            .collect();
        let mut text = String::new();
        for row in &self.rows {
            let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| match column {
                0 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            });
            text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
            text.push('\n');
        }
        text
    }

    /// Prints it under a title.
    pub(crate) fn print(&self, title: &str) {
        println!("{title}\n\n{}", self.text());
    }
}

/// The directory of results, beside the build of this program, made if there is none. It lies on the disk of the
/// build and not in a temporary directory, which may be memory.
pub(crate) fn directory() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    let target = program.ancestors().nth(2).context("the program does not lie in a build directory")?;
    let directory = target.join("bench");
    fs::create_dir_all(&directory)?;
    Ok(directory)
}

/// Writes a run's figures to `<name>.json` in the directory of results.
pub(crate) fn save(name: &str, figures: &impl Serialize) -> Result<()> {
    let path = directory()?.join(format!("{name}.json"));
    let mut text = serde_json::to_string_pretty(figures)?;
    text.push('\n');
    fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
    println!("The figures are in {}.\n", path.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_whatever_the_order() {
        assert_eq!(median(&[]), 0.0);
        assert_eq!(median(&[9.0, 1.0, 4.0]), 4.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 9.0]), 3.0);
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(&["who", "n"]);
        table.row(["journal".to_owned(), "12".to_owned()]);
        table.row(["x".to_owned()]);
        assert_eq!(table.text(), "who       n\njournal  12\nx\n");
    }
}
