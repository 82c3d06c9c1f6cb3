//! What the kernel is handed by pointers, together with what they point to.

use std::ffi::{CStr, CString, NulError, c_char};
use std::sync::atomic::{AtomicPtr, AtomicU8, Ordering};

use seccompiler::BpfProgram;

use crate::activation::Own;

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

    /// Adds variables, which have to live as long.
    pub(crate) fn with(&mut self, own: &[Own]) -> Vec<LateVariable> {
        let late: Vec<_> = own.iter().copied().map(LateVariable::of).collect();
        let end = self.pointers.len() - 1;
        self.pointers.splice(end..end, late.iter().map(|variable| variable.text.as_ptr().cast()));
        late
    }
}

/// A variable whose value only the process knows that executes the command, which writes it.
#[derive(Debug)]
pub(crate) struct LateVariable {
    pub(crate) own: Own,
    /// One heap block, which a move leaves in place.
    text: Vec<AtomicU8>,
    /// Where the value begins.
    value: usize,
}

impl LateVariable {
    /// As many digits as a number of 64 bits has.
    const DIGITS: usize = 20;

    fn of(own: Own) -> Self {
        let name = own.variable().bytes().chain(*b"=");
        let text: Vec<_> = name.chain([0; Self::DIGITS + 1]).map(AtomicU8::new).collect();
        Self { own, value: text.len() - Self::DIGITS - 1, text }
    }

    /// Writes the value, in decimal.
    pub(super) fn set(&self, mut value: u64) {
        let mut digits = [0_u8; Self::DIGITS];
        let mut first = digits.len();
        loop {
            first -= 1;
            // Less than ten.
            digits[first] = b'0' + u8::try_from(value % 10).unwrap_or(0);
            value /= 10;
            if value == 0 {
                break;
            }
        }
        for (place, digit) in self.text[self.value..].iter().zip(&digits[first..]) {
            place.store(*digit, Ordering::Relaxed);
        }
    }
}

/// The words with which a shell is executed that executes a script: its own name, a place for the script's,
/// and what follows the first of the script's words. They point to what is some [`CStrings`]'.
#[derive(Debug)]
pub(crate) struct ShellWords(Vec<AtomicPtr<c_char>>);

impl ShellWords {
    pub(crate) fn of(argv: &CStrings) -> Self {
        let shell = [c"/bin/sh".as_ptr(), std::ptr::null()];
        // Of no words at all, the end is still one.
        let rest = argv.pointers.get(1..).filter(|rest| !rest.is_empty()).unwrap_or(&argv.pointers);
        Self(shell.iter().chain(rest).map(|pointer| AtomicPtr::new(pointer.cast_mut())).collect())
    }

    /// The null-terminated array, with this script in its place.
    pub(super) fn with(&self, script: &CStr) -> *const *const c_char {
        self.0[1].store(script.as_ptr().cast_mut(), Ordering::Relaxed);
        self.0.as_ptr().cast()
    }
}

// SAFETY: the pointers lead only into `_text` and into variables that live as long, which nobody changes
// but the process that executes, by atomic stores.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_variable_is_written_where_the_kernel_reads_it() {
        for (value, text) in [(0, &c"LISTEN_PID=0"), (7, &c"LISTEN_PID=7"), (4_194_303, &c"LISTEN_PID=4194303")] {
            let mut envp = CStrings::new([[&b"A=1"[..]]].into_iter()).expect("no zero byte");
            let late = envp.with(&[Own::Pid]);
            late[0].set(value);
            assert_eq!(envp.pointers.len(), 3);
            // SAFETY: a C string, for there is room for a zero byte behind every value.
            assert_eq!(unsafe { CStr::from_ptr(envp.pointers[1]) }, *text);
            assert!(envp.pointers[2].is_null());
        }
        let largest = LateVariable::of(Own::PidfdInode);
        largest.set(u64::MAX);
        let text: Vec<_> = largest.text.iter().map(|byte| byte.load(Ordering::Relaxed)).collect();
        assert_eq!(text, b"LISTEN_PIDFDID=18446744073709551615\0");
    }
}
