//! `pod image save`: images into an archive.

use std::fs::{self, File};
use std::io::{BufWriter, ErrorKind, IsTerminal, Write, stdout};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use image::archive::{self, Format};
use image::reference::Reference;
use image::{Image, Store};

use super::{looked_at, no_such};
use crate::error::Error;

/// Write images to an archive
#[derive(Debug, Args)]
pub struct Save {
    /// Which, by name or id
    #[arg(required = true)]
    names: Vec<String>,

    /// Where to [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// What kind of archive
    #[arg(long, value_enum, default_value_t = Kind::DockerArchive)]
    format: Kind,
}

/// What kind of archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// One that docker loads; it is an OCI layout, too.
    DockerArchive,
    /// An OCI layout only.
    OciArchive,
}

impl Save {
    /// Writes them.
    ///
    /// # Errors
    /// When there is no such image, it is damaged, or the archive cannot be written. Then there is none.
    pub fn run(&self) -> Result<(), Error> {
        let Some(store) = looked_at()? else { return Err(no_such(&self.names[0])) };
        let images = self.images(&store)?;
        let format = match self.format {
            Kind::DockerArchive => Format::Docker,
            Kind::OciArchive => Format::Oci,
        };
        match &self.output {
            None if stdout().is_terminal() => {
                Err(Error::Terminal { what: "write an archive to", way_out: "-o names a file" })
            }
            None => archive::save(&store, &images, format, &mut stdout().lock()).map_err(|error| match error {
                // Whoever reads it has enough of it.
                archive::ArchiveError::File { source, .. } if source.kind() == ErrorKind::BrokenPipe => {
                    Error::Output(source)
                }
                error => error.into(),
            }),
            Some(path) => write(path, |out| Ok(archive::save(&store, &images, format, out)?)),
        }
    }

    fn images(&self, store: &Store) -> Result<Vec<(Image, Vec<Reference>)>, Error> {
        let mut images: Vec<(Image, Vec<Reference>)> = Vec::new();
        for name in &self.names {
            for known in store.find(name)? {
                let at = images.iter().position(|(image, _)| *image == known.image).unwrap_or(images.len());
                if at == images.len() {
                    images.push((known.image, Vec::new()));
                }
                images[at].1.extend(known.name);
            }
        }
        Ok(images)
    }
}

/// A file that is whole, or is what it was.
fn write(path: &Path, fill: impl FnOnce(&mut BufWriter<File>) -> Result<(), Error>) -> Result<(), Error> {
    let failed =
        |source| Error::from(archive::ArchiveError::File { operation: "write", path: path.to_owned(), source });
    // What is no file is written to as it is.
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        let mut out = BufWriter::new(File::options().write(true).open(path).map_err(failed)?);
        return fill(&mut out).and_then(|()| out.flush().map_err(failed));
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    let making = path.with_file_name(name);
    let written = File::create(&making).map_err(failed).and_then(|file| {
        let mut out = BufWriter::new(file);
        fill(&mut out)?;
        out.flush().and_then(|()| fs::rename(&making, path)).map_err(failed)
    });
    if written.is_err() {
        // The first failure is the one to tell.
        let _ = fs::remove_file(&making);
    }
    written
}
