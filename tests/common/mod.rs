//! What the tests share.

use std::path::{Path, PathBuf};

/// A file or folder of the shared data, which is not part of the project; says so and gives `None` where it is absent.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [
        std::env::var_os("AVERTED_SHARED").map(PathBuf::from),
        Some(root.join("../shared")),
        Some(root.join("../../shared")),
    ];
    let found = folders.into_iter().flatten().map(|folder| folder.join(path)).find(|file| file.exists());
    if found.is_none() {
        println!("skipped: {path} is not here");
    }
    found
}
