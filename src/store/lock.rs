//! One writer at a time: a lock file beside the store that dies with its process and says who holds it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::StoreFault;

/// Held while writing; let go when dropped or when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct WriterLock {
    _file: File,
    path: PathBuf,
}

/// Between two tries for the lock.
const PAUSE: Duration = Duration::from_millis(2);

fn lock_path(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

/// Whether the file we locked is still the one that the path names: its former holder may have removed it in between.
fn is_current(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        match (file.metadata(), fs::metadata(path)) {
            (Ok(ours), Ok(named)) => ours.ino() == named.ino() && ours.dev() == named.dev(),
            _ => false,
        }
    }
    #[cfg(not(unix))]
    {
        let _ = (file, path);
        true
    }
}

impl WriterLock {
    /// As [`WriterLock::take`], but waits for a short while: for writers that are done soon.
    pub(super) fn wait(store: &Path, patience: Duration) -> Result<Self, StoreFault> {
        let begun = Instant::now();
        loop {
            match Self::take(store) {
                Err(StoreFault::Locked { .. }) if begun.elapsed() < patience => thread::sleep(PAUSE),
                taken => return taken,
            }
        }
    }

    pub(super) fn take(store: &Path) -> Result<Self, StoreFault> {
        let path = lock_path(store);
        let io = |source| StoreFault::Io { file: path.clone(), source };
        loop {
            let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
            let mut file = opened.map_err(|error| match error.kind() {
                std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                    StoreFault::ReadOnly { file: store.to_owned(), reason: error.to_string() }
                }
                _ => io(error),
            })?;
            match file.try_lock() {
                Ok(()) if is_current(&file, &path) => {
                    file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).map_err(io)?;
                    return Ok(Self { _file: file, path });
                }
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let mut pid = String::new();
                    let _ = file.take(20).read_to_string(&mut pid);
                    let pid = if pid.trim().is_empty() { "unknown".to_owned() } else { pid.trim().to_owned() };
                    return Err(StoreFault::Locked { file: store.to_owned(), pid });
                }
                Err(TryLockError::Error(error)) => return Err(io(error)),
            }
        }
    }
}

impl Drop for WriterLock {
    fn drop(&mut self) {
        // While still holding it: whoever opened it meanwhile sees in `is_current` that it is gone.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_is_refused_with_the_pid_of_the_first_and_may_follow_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("d.gpkg");
        let first = WriterLock::take(&store).unwrap();
        let refused = WriterLock::take(&store).unwrap_err();
        assert!(matches!(&refused, StoreFault::Locked { pid, .. } if *pid == std::process::id().to_string()));
        drop(first);
        drop(WriterLock::take(&store).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
