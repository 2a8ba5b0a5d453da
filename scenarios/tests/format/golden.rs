//! Text that is compared with a committed file; `UPDATE_GOLDEN=1` rewrites the file.

use std::path::PathBuf;

/// Compares, or rewrites.
pub fn assert_golden(file: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).expect("the golden file can be written");
        return;
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    let difference =
        golden.lines().zip(text.lines()).enumerate().find(|(_, (old, new))| old != new);
    assert!(
        golden == text,
        "{} is not current (UPDATE_GOLDEN=1 rewrites it); first difference: {difference:#?}",
        path.display()
    );
}
