//! What the kernel is handed by pointers, together with what they point to.

use std::ffi::{CStr, CString, NulError, c_char};

use seccompiler::BpfProgram;

/// Strings, and the null-terminated array of pointers to them that execve(2) wants.
#[derive(Debug)]
pub struct CStrings {
    pub(crate) pointers: Vec<*const c_char>,
    /// What `pointers` points into: one heap block, which a move leaves in place.
    _text: Vec<u8>,
}

impl CStrings {
    /// Of strings that the kernel can be handed as they are.
    #[must_use]
    pub fn of<const NUMBER: usize>(strings: [&CStr; NUMBER]) -> Self {
        let text: Vec<u8> = strings.iter().flat_map(|string| string.to_bytes_with_nul()).copied().collect();
        let mut at = 0;
        let mut pointers = Vec::with_capacity(NUMBER + 1);
        for string in strings {
            pointers.push(text[at..].as_ptr().cast());
            at += string.to_bytes_with_nul().len();
        }
        pointers.push(std::ptr::null());
        Self { pointers, _text: text }
    }

    /// Of strings in parts, each string's parts put together.
    ///
    /// # Errors
    /// When there is a zero byte in one.
    pub fn new<'a, const PARTS: usize>(
        strings: impl Iterator<Item = [&'a [u8]; PARTS]> + Clone,
    ) -> Result<Self, NulError> {
        let (number, length) = strings.clone().fold((0, 0), |(number, length), parts| {
            (number + 1, length + parts.iter().map(|part| part.len()).sum::<usize>() + 1)
        });
        let mut text = Vec::with_capacity(length);
        let mut starts = Vec::with_capacity(number);
        for parts in strings {
            let start = text.len();
            starts.push(start);
            parts.iter().for_each(|part| text.extend_from_slice(part));
            if text[start..].contains(&0) {
                // Said as the type says it that would have been made of it.
                CString::new(&text[start..])?;
            }
            text.push(0);
        }
        let pointer = |start: usize| text[start..].as_ptr().cast();
        let pointers = starts.into_iter().map(pointer).chain([std::ptr::null()]).collect();
        Ok(Self { pointers, _text: text })
    }
}

// SAFETY: the pointers lead only into `_text`, which moves along and which nobody changes.
unsafe impl Send for CStrings {}
// SAFETY: as above; it is only read.
unsafe impl Sync for CStrings {}

/// A program that filters system calls, as the kernel takes it.
#[derive(Debug)]
pub struct Filter {
    pub(crate) program: libc::sock_fprog,
    /// What `program` points into: one heap block, which a move leaves in place.
    _instructions: BpfProgram,
}

impl Filter {
    /// Of a compiled program.
    #[must_use]
    pub fn of(instructions: BpfProgram) -> Self {
        let program = libc::sock_fprog {
            // The compiler of programs makes none that are longer than the kernel takes.
            len: u16::try_from(instructions.len()).unwrap_or(u16::MAX),
            filter: instructions.as_ptr().cast_mut().cast(),
        };
        Self { program, _instructions: instructions }
    }
}

// SAFETY: the pointer leads only into `_instructions`, which move along and which nobody changes.
unsafe impl Send for Filter {}
// SAFETY: as above; it is only read.
unsafe impl Sync for Filter {}
