//! The members of a tar archive, one after the other, with what extended headers say of them.
//!
//! tar's own iterator reads extended headers whole however long they are, and takes the values of
//! records for lines; so its headers are read here, and bounded.

use std::io::{self, Read};

use tar::{GnuExtSparseHeader, Header};

use super::pax::{self, Extended, Malformed, Time};
use super::sparse::{self, SEGMENTS, Segment};
use super::xattr::Attributes;

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    HardLink,
    Symlink,
    CharacterDevice,
    BlockDevice,
    Directory,
    Fifo,
}

/// A member; of a file, the data comes next.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: Vec<u8>,
    pub(crate) kind: Kind,
    pub(crate) link: Vec<u8>,
    pub(super) mode: u32,
    pub(super) uid: u64,
    pub(super) gid: u64,
    pub(super) mtime: Time,
    pub(super) device: (u32, u32),
    pub(super) xattrs: Attributes,
    /// How large the file is, holes and all.
    pub(crate) size: u64,
    /// Which parts of it the archive has; `None` where it has all.
    pub(super) map: Option<Vec<Segment>>,
}

/// That an archive is none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TarError {
    #[error("the archive cannot be read")]
    Read(#[from] io::Error),
    #[error("the archive ends in the middle")]
    Ends,
    #[error("the archive has a header with a wrong sum")]
    Sum,
    #[error("the archive has a header that is malformed: {0}")]
    Header(#[source] io::Error),
    #[error("the archive is malformed")]
    Malformed(#[from] Malformed),
    #[error("the archive has an extended header of {0} bytes")]
    TooLong(u64),
    #[error("the archive has a member of a kind that is not known: {:?}", char::from(*.0))]
    Kind(u8),
}

/// The members of the archive that is read from this.
#[derive(Debug)]
pub(crate) struct Members<R> {
    from: R,
    /// Of the last member's data, what has not been read.
    data: u64,
    padding: u64,
    ended: bool,
}

const BLOCK: u64 = 512;
/// Of one extended header; Linux has no attribute beyond 64 KiB.
const EXTENDED: u64 = 1 << 20;

impl<R: Read> Members<R> {
    pub(crate) fn new(from: R) -> Self {
        Self { from, data: 0, padding: 0, ended: false }
    }

    /// The next member, which may take as long as it takes to skip the data of the one before.
    pub(crate) fn next(&mut self) -> Result<Option<Member>, TarError> {
        let mut extended = Extended::default();
        let (mut long_name, mut long_link) = (None, None);
        let mut announced = false;
        loop {
            self.skip()?;
            let Some(header) = self.header()? else {
                return if announced { Err(TarError::Ends) } else { Ok(None) };
            };
            announced = true;
            let size = header.entry_size().map_err(TarError::Header)?;
            match header.as_bytes()[156] {
                b'x' => extended = pax::parse(&self.extended(size)?)?,
                b'L' => long_name = Some(without_nul(self.extended(size)?)),
                b'K' => long_link = Some(without_nul(self.extended(size)?)),
                // Of all that follow. What comes from there is a comment, and nobody else minds it.
                b'g' => {
                    self.extended(size)?;
                    announced = false;
                }
                flag => {
                    let member = self.member(&header, flag, size, extended, long_name, long_link)?;
                    return Ok(Some(member));
                }
            }
        }
    }

    /// The data of the last member that was handed out.
    pub(crate) fn data(&mut self) -> impl Read {
        Data(self)
    }

    /// Reads what is behind the last member.
    pub(crate) fn finish(mut self) -> Result<(), TarError> {
        io::copy(&mut self.from, &mut io::sink())?;
        Ok(())
    }

    fn member(
        &mut self,
        header: &Header,
        flag: u8,
        size: u64,
        extended: Extended,
        long_name: Option<Vec<u8>>,
        long_link: Option<Vec<u8>>,
    ) -> Result<Member, TarError> {
        let sparse = extended.sparse.unwrap_or_default();
        let name = sparse.name.or(extended.path).or(long_name).unwrap_or_else(|| header.path_bytes().into_owned());
        let link = extended.link.or(long_link);
        let link = link.or_else(|| header.link_name_bytes().map(std::borrow::Cow::into_owned)).unwrap_or_default();
        let kind = match flag {
            // What archives did before there were flags for it.
            b'0' | 0 if name.ends_with(b"/") => Kind::Directory,
            b'0' | 0 | b'7' | b'S' => Kind::File,
            b'1' => Kind::HardLink,
            b'2' => Kind::Symlink,
            b'3' => Kind::CharacterDevice,
            b'4' => Kind::BlockDevice,
            b'5' => Kind::Directory,
            b'6' => Kind::Fifo,
            other => return Err(TarError::Kind(other)),
        };
        let stored = extended.size.unwrap_or(size);
        let mut member = Member {
            name,
            kind,
            link,
            mode: blank(header.mode(), &header.as_bytes()[100..108])? & 0o7777,
            uid: extended.uid.map_or_else(|| blank(header.uid(), &header.as_bytes()[108..116]), Ok)?,
            gid: extended.gid.map_or_else(|| blank(header.gid(), &header.as_bytes()[116..124]), Ok)?,
            mtime: extended.mtime.map_or_else(|| time(header), Ok)?,
            device: device(header, kind)?,
            xattrs: extended.xattrs,
            size: stored,
            map: None,
        };
        // Only files have data, whatever the header of something else says.
        if kind != Kind::File {
            member.size = 0;
            return Ok(member);
        }
        self.expect(stored)?;
        if flag == b'S' {
            let (map, size) = self.gnu_map(header)?;
            (member.map, member.size) = (Some(map), size);
        } else if sparse.map_in_data {
            let (map, taken) = sparse::read_map(&mut self.from, stored)?;
            self.data -= taken;
            (member.map, member.size) = (Some(map), sparse.size.ok_or(Malformed)?);
        } else if !sparse.map.is_empty() || sparse.size.is_some() {
            (member.map, member.size) = (Some(sparse.map), sparse.size.ok_or(Malformed)?);
        }
        if let Some(map) = &member.map {
            sparse::check(map, member.size, self.data)?;
        }
        Ok(member)
    }

    /// Tar's own way with sparse files: the map is in the header and in blocks behind it.
    fn gnu_map(&mut self, header: &Header) -> Result<(Vec<Segment>, u64), TarError> {
        let gnu = header.as_gnu().ok_or(Malformed)?;
        let mut map = Vec::new();
        let mut add = |parts: &[tar::GnuSparseHeader]| {
            for part in parts.iter().filter(|part| !part.is_empty()) {
                let offset = part.offset().map_err(TarError::Header)?;
                map.push(Segment { offset, length: part.length().map_err(TarError::Header)? });
            }
            if map.len() > SEGMENTS { Err(TarError::Malformed(Malformed)) } else { Ok(()) }
        };
        add(&gnu.sparse)?;
        let mut more = gnu.is_extended();
        while more {
            let mut block = GnuExtSparseHeader::new();
            fill(&mut self.from, block.as_mut_bytes())?;
            add(block.sparse())?;
            more = block.is_extended();
        }
        Ok((map, gnu.real_size().map_err(TarError::Header)?))
    }

    /// The next header; `None` at the end.
    fn header(&mut self) -> Result<Option<Header>, TarError> {
        if self.ended {
            return Ok(None);
        }
        let mut header = Header::new_old();
        let block = header.as_mut_bytes();
        let mut count = 0;
        while count < block.len() {
            match self.from.read(&mut block[count..])? {
                0 => break,
                read => count += read,
            }
        }
        // Some archives just end, others say so.
        if count == 0 || count == block.len() && block.iter().all(|byte| *byte == 0) {
            self.ended = true;
            return Ok(None);
        }
        if count < block.len() {
            return Err(TarError::Ends);
        }
        let sum = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>();
        let found = sum(&block[..148]) + 8 * u32::from(b' ') + sum(&block[156..]);
        if header.cksum().map_err(|_| TarError::Sum)? == found { Ok(Some(header)) } else { Err(TarError::Sum) }
    }

    fn extended(&mut self, size: u64) -> Result<Vec<u8>, TarError> {
        if size > EXTENDED {
            return Err(TarError::TooLong(size));
        }
        self.expect(size)?;
        let mut bytes = Vec::new();
        self.data().read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn expect(&mut self, size: u64) -> Result<(), TarError> {
        if size > i64::MAX.cast_unsigned() {
            return Err(Malformed.into());
        }
        (self.data, self.padding) = (size, (BLOCK - size % BLOCK) % BLOCK);
        Ok(())
    }

    fn skip(&mut self) -> Result<(), TarError> {
        let left = self.data + self.padding;
        let skipped = io::copy(&mut (&mut self.from).take(left), &mut io::sink())?;
        // Some archives leave out what fills the last block up.
        if skipped < self.data {
            return Err(TarError::Ends);
        }
        (self.data, self.padding) = (0, 0);
        Ok(())
    }
}

struct Data<'a, R>(&'a mut Members<R>);

impl<R: Read> Read for Data<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.0.data).unwrap_or(usize::MAX).min(into.len());
        if most == 0 {
            return Ok(0);
        }
        let count = self.0.from.read(&mut into[..most])?;
        if count == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, TarError::Ends));
        }
        self.0.data -= count as u64;
        Ok(count)
    }
}

fn fill(from: &mut impl Read, block: &mut [u8]) -> Result<(), TarError> {
    from.read_exact(block).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => TarError::Ends,
        _ => error.into(),
    })
}

fn without_nul(mut name: Vec<u8>) -> Vec<u8> {
    if let Some(end) = name.iter().position(|byte| *byte == 0) {
        name.truncate(end);
    }
    name
}

/// A number, or nothing where the field is blank.
fn blank<T: Default>(number: io::Result<T>, field: &[u8]) -> Result<T, TarError> {
    match number {
        Err(_) if field.iter().all(|byte| matches!(byte, 0 | b' ')) => Ok(T::default()),
        number => number.map_err(TarError::Header),
    }
}

fn time(header: &Header) -> Result<Time, TarError> {
    let seconds = blank(header.mtime(), &header.as_bytes()[136..148])?;
    Ok(Time { seconds: seconds.cast_signed(), nanoseconds: 0 })
}

fn device(header: &Header, kind: Kind) -> Result<(u32, u32), TarError> {
    if !matches!(kind, Kind::CharacterDevice | Kind::BlockDevice) {
        return Ok((0, 0));
    }
    let number = |number: io::Result<Option<u32>>| number.map_err(TarError::Header).map(Option::unwrap_or_default);
    Ok((number(header.device_major())?, number(header.device_minor())?))
}
