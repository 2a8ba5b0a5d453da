//! Pictures as files: `NAME.svg`, `NAME.png` and `NAME.csv` in a folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::draw;
use crate::figure::{Figure, to_csv};

/// A picture that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plotted {
    /// The name of its files, without endings.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// Its files.
    pub files: Vec<PathBuf>,
    /// Whether there was nothing to draw.
    pub is_empty: bool,
}

/// Writes a figure into a folder that exists. The PNG is left out in a build without it.
///
/// # Errors
/// What the disk says, with the file.
pub fn plot(folder: &Path, figure: &Figure) -> io::Result<Plotted> {
    let mut files = Vec::new();
    let mut write = |ending: &str, bytes: &[u8]| {
        let path = folder.join(format!("{}.{ending}", figure.name));
        let named =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        fs::write(&path, bytes).map_err(named)?;
        files.push(path);
        io::Result::Ok(())
    };
    write("svg", draw::to_svg(figure).as_bytes())?;
    #[cfg(feature = "png")]
    write("png", &draw::to_png(figure)?)?;
    write("csv", to_csv(figure).as_bytes())?;
    let (name, title) = (figure.name.clone(), figure.title.clone());
    Ok(Plotted { name, title, files, is_empty: figure.is_empty() })
}
