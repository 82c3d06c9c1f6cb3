//! The times of directories, and modes by which nobody but root could make anything in them: these are
//! set when nothing is made in them any more. They are kept in a file meanwhile: a layer has as many
//! directories as it likes.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

use super::name::Parts;
use super::pax::Time;

#[derive(Debug)]
pub(super) struct Times {
    kept: BufWriter<File>,
}

impl Times {
    /// Keeps them in this file, which is empty.
    pub(super) fn new(file: File) -> Self {
        Self { kept: BufWriter::new(file) }
    }

    /// Of the directory that these names lead to; the last that is said of one counts.
    pub(super) fn keep(&mut self, way: &Parts, time: Time, mode: u32) -> io::Result<()> {
        let name = way.join(&b'/');
        let length = u32::try_from(name.len()).map_err(io::Error::other)?;
        self.kept.write_all(&length.to_le_bytes())?;
        self.kept.write_all(&name)?;
        self.kept.write_all(&time.seconds.to_le_bytes())?;
        self.kept.write_all(&time.nanoseconds.to_le_bytes())?;
        self.kept.write_all(&mode.to_le_bytes())
    }

    /// All that were kept, in order.
    pub(super) fn replay<E: From<io::Error>>(
        self,
        mut call: impl FnMut(Parts, Time, u32) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut file = self.kept.into_inner().map_err(io::IntoInnerError::into_error)?;
        let mut left = file.stream_position()?;
        file.rewind()?;
        let mut kept = BufReader::new(file);
        while left > 0 {
            let length = u32::from_le_bytes(number(&mut kept)?);
            let mut name = vec![0; length as usize];
            kept.read_exact(&mut name)?;
            let seconds = i64::from_le_bytes(number(&mut kept)?);
            let nanoseconds = u32::from_le_bytes(number(&mut kept)?);
            let mode = u32::from_le_bytes(number(&mut kept)?);
            left -= 20 + u64::from(length);
            let way = name.split(|byte| *byte == b'/').filter(|part| !part.is_empty()).map(<[u8]>::to_vec).collect();
            call(way, Time { seconds, nanoseconds }, mode)?;
        }
        Ok(())
    }
}

fn number<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_comes_back_in_order() {
        let mut times = Times::new(tempfile::tempfile().expect("a file"));
        let kept =
            [(vec![], -5, 1), (vec![b"a".to_vec(), b"\xff b".to_vec()], 7, 0), (vec![b"a".to_vec()], 1 << 40, 9)];
        for (way, seconds, nanoseconds) in &kept {
            times.keep(way, Time { seconds: *seconds, nanoseconds: *nanoseconds }, 0o555).expect("room");
        }
        let mut back = Vec::new();
        let replayed = times.replay(|way, time, mode| {
            assert_eq!(mode, 0o555);
            back.push((way, time.seconds, time.nanoseconds));
            io::Result::Ok(())
        });
        replayed.expect("readable");
        assert_eq!(back, kept);
    }
}
