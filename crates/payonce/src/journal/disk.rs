//! Whether the disk of a journal is this machine's: SQLite's log and the kernel's locks hold on no other.

use std::io;
use std::path::Path;

/// The name of the network file system that the directory is on, if it is on one that is known. Only Linux is asked.
///
/// # Errors
/// Those of the system, such as a directory that is not there.
pub fn network_file_system(directory: &Path) -> io::Result<Option<&'static str>> {
    kind(directory)
}

#[cfg(target_os = "linux")]
fn kind(directory: &Path) -> io::Result<Option<&'static str>> {
    Ok(named(rustix::fs::statfs(directory)?.f_type))
}

#[cfg(not(target_os = "linux"))]
fn kind(directory: &Path) -> io::Result<Option<&'static str>> {
    std::fs::metadata(directory).map(|_| None)
}

/// From the kernel's list of magic numbers.
#[cfg(target_os = "linux")]
fn named(kind: rustix::fs::FsWord) -> Option<&'static str> {
    let name = match kind {
        0x6969 => "NFS",
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => "SMB",
        0x0102_1997 => "9P",
        0x00c3_6400 => "Ceph",
        0x5346_414f | 0x6b41_4653 => "AFS",
        0x7375_7245 => "Coda",
        0x0131_11a8 | 0x4750_4653 => "GPFS",
        0x0bd0_0bd0 => "Lustre",
        _ => return None,
    };
    Some(name)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_disk_of_this_machine_is_told_from_one_of_the_network() {
        assert_eq!(named(0xef53), None, "ext4");
        assert_eq!(named(0x6969), Some("NFS"));
        let here = tempfile::tempdir().unwrap();
        assert_eq!(network_file_system(here.path()).unwrap(), None);
        assert!(network_file_system(&here.path().join("missing")).is_err());
    }
}
