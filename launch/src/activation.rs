//! Sockets that somebody has opened for the command: the variables that say whose they are name a process,
//! and that is the command's, whatever its pid is inside.

use std::ffi::{OsStr, OsString};

/// What only the process itself knows of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// Its pid, as it counts.
    Pid,
    /// The inode of its pidfd, which no other process ever has.
    PidfdInode,
}

/// The variables, and what they are.
///
/// # References
/// sd_listen_fds(3)
const VARIABLES: [(&str, Own); 2] = [("LISTEN_PID", Own::Pid), ("LISTEN_PIDFDID", Own::PidfdInode)];

impl Own {
    /// The variable that it is the value of.
    #[must_use]
    pub fn variable(self) -> &'static str {
        VARIABLES[self as usize].0
    }
}

/// Takes those variables out that name this process, by its pid: the command is to have them with what it is.
#[must_use]
pub fn take(environment: &mut Vec<(OsString, OsString)>, pid: u32) -> Vec<Own> {
    let is_ours = |(key, value): &(OsString, OsString)| key == Own::Pid.variable() && *value == *pid.to_string();
    if !environment.iter().any(is_ours) {
        return Vec::new();
    }
    let has = |own: &Own| environment.iter().any(|(key, _)| key == own.variable());
    let found: Vec<_> = VARIABLES.into_iter().map(|(_, own)| own).filter(has).collect();
    environment.retain(|(key, _)| !VARIABLES.iter().any(|(name, _)| key == OsStr::new(name)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_stands_in_the_order_of_the_enum() {
        assert_eq!(VARIABLES.map(|(_, own)| own as usize), [0, 1]);
    }

    #[test]
    fn only_what_names_us_is_handed_on() {
        let of = |pairs: &[(&str, &str)]| -> Vec<(OsString, OsString)> {
            pairs.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
        };
        for (given, own, left) in [
            (
                &[("A", "1"), ("LISTEN_PID", "42"), ("LISTEN_FDS", "2")][..],
                vec![Own::Pid],
                &[("A", "1"), ("LISTEN_FDS", "2")][..],
            ),
            (&[("LISTEN_PIDFDID", "7"), ("LISTEN_PID", "42")], vec![Own::Pid, Own::PidfdInode], &[]),
            (
                &[("LISTEN_PID", "43"), ("LISTEN_PIDFDID", "7")],
                vec![],
                &[("LISTEN_PID", "43"), ("LISTEN_PIDFDID", "7")],
            ),
            (&[("LISTEN_PID", "")], vec![], &[("LISTEN_PID", "")]),
            (&[("LISTEN_PIDFDID", "7")], vec![], &[("LISTEN_PIDFDID", "7")]),
            (&[], vec![], &[]),
        ] {
            let mut environment = of(given);
            assert_eq!(take(&mut environment, 42), own, "{given:?}");
            assert_eq!(environment, of(left), "{given:?}");
        }
    }
}
