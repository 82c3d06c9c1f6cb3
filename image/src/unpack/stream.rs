//! A layer's bytes, unpacked by one thread while another writes files: digested on the way, counted,
//! and held in a few buffers only.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::limits::Limits;
use super::member::TarError;
use crate::digest::{Algorithm, Digest, Hasher};
use crate::media::Compression;

const BUFFER: usize = 256 << 10;
const BUFFERS: usize = 8;
/// What a frame of zstd may ask to be kept: more than any level asks for without being told to.
const WINDOW: u64 = 32 << 20;

/// A blob to be unpacked.
#[derive(Debug)]
pub(super) struct Source<R> {
    pub(super) from: R,
    pub(super) size: u64,
}

/// Hands the unpacked bytes to `body`; hands back what that does, and their digest. Where `body` has
/// not read them to their end there is none.
pub(super) fn unpacked<R: Read + Send, T, E>(
    source: Source<R>,
    limits: Limits,
    algorithm: Algorithm,
    body: impl FnOnce(&mut Unpacked) -> Result<T, E>,
) -> Result<(T, Option<Digest>), E>
where
    E: From<TarError>,
{
    let (full, filled) = sync_channel(BUFFERS);
    let (emptied, empty) = channel();
    thread::scope(|scope| {
        let produce = move || produce(source, limits, algorithm, &full, &empty);
        let producer = thread::Builder::new().spawn_scoped(scope, produce).map_err(TarError::Read)?;
        let mut reader = Unpacked { filled, emptied, buffer: Vec::new(), at: 0 };
        let done = body(&mut reader);
        // Who still has something to hand over sees that nobody wants it.
        drop(reader);
        let digest = producer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        done.map(|done| (done, digest))
    })
}

/// The bytes; they end with the blob.
#[derive(Debug)]
pub(super) struct Unpacked {
    filled: Receiver<io::Result<Vec<u8>>>,
    emptied: Sender<Vec<u8>>,
    buffer: Vec<u8>,
    at: usize,
}

impl Read for Unpacked {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at == self.buffer.len() {
            let used = std::mem::take(&mut self.buffer);
            if used.capacity() > 0 {
                // Nobody waits for it where everything has been handed over.
                let _ = self.emptied.send(used);
            }
            self.at = 0;
            match self.filled.recv() {
                Ok(buffer) => self.buffer = buffer?,
                Err(_) => return Ok(0),
            }
        }
        let count = into.len().min(self.buffer.len() - self.at);
        into[..count].copy_from_slice(&self.buffer[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

fn produce<R: Read>(
    source: Source<R>,
    limits: Limits,
    algorithm: Algorithm,
    full: &SyncSender<io::Result<Vec<u8>>>,
    empty: &Receiver<Vec<u8>>,
) -> Option<Digest> {
    let blob = source.size;
    let mut hasher = Hasher::new(algorithm);
    let (mut made, mut sum) = (0, 0_u64);
    let mut decoder = match Decoder::of(source.from) {
        Ok(decoder) => decoder,
        Err(error) => {
            let _ = full.send(Err(error));
            return None;
        }
    };
    loop {
        let mut buffer = if made < BUFFERS {
            made += 1;
            Vec::with_capacity(BUFFER)
        } else {
            empty.recv().ok()?
        };
        buffer.clear();
        let read = decoder.by_ref().take(BUFFER as u64).read_to_end(&mut buffer);
        let checked = read.and_then(|count| {
            sum += count as u64;
            limits.bytes(sum, blob).map_err(io::Error::other)
        });
        if let Err(error) = checked {
            let _ = full.send(Err(error));
            return None;
        }
        if buffer.is_empty() {
            return Some(hasher.finish());
        }
        hasher.update(&buffer);
        full.send(Ok(buffer)).ok()?;
    }
}

/// The bytes of something that may be compressed, without limits: for what is not kept.
pub(crate) fn decompressed<R: Read>(from: R) -> io::Result<impl Read> {
    Decoder::of(from)
}

/// Whatever a blob is compressed by. Its first bytes tell, for media types are wrong at times.
enum Decoder<R: Read> {
    Plain(BufReader<R>),
    Gzip(Box<MultiGzDecoder<BufReader<R>>>),
    Zstd(Zstd<BufReader<R>>),
}

impl<R: Read> Decoder<R> {
    fn of(from: R) -> io::Result<Self> {
        let mut from = BufReader::with_capacity(BUFFER, from);
        let beginning = from.fill_buf()?;
        Ok(match Compression::of(beginning) {
            Compression::Plain => Self::Plain(from),
            Compression::Gzip => Self::Gzip(Box::new(MultiGzDecoder::new(from))),
            Compression::Zstd => Self::Zstd(Zstd::new(from)),
        })
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(from) => from.read(into),
            Self::Gzip(decoder) => decoder.read(into),
            Self::Zstd(decoder) => decoder.read(into),
        }
    }
}

/// One frame of zstd behind the other.
struct Zstd<R> {
    from: R,
    decoder: Box<FrameDecoder>,
    within: bool,
}

impl<R: BufRead> Zstd<R> {
    fn new(from: R) -> Self {
        let mut decoder = Box::new(FrameDecoder::new());
        decoder.set_max_window_size(WINDOW);
        Self { from, decoder, within: false }
    }
}

impl<R: BufRead> Read for Zstd<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.within {
                while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                    let decoded = self.decoder.decode_blocks(&mut self.from, BlockDecodingStrategy::UptoBlocks(1));
                    decoded.map_err(io::Error::other)?;
                }
                if self.decoder.can_collect() > 0 {
                    return self.decoder.read(into);
                }
                self.within = false;
            }
            if self.from.fill_buf()?.is_empty() {
                return Ok(0);
            }
            match self.decoder.reset(&mut self.from) {
                Ok(()) => self.within = true,
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    io::copy(&mut (&mut self.from).take(length.into()), &mut io::sink())?;
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }
}
