//! Namespaces by their files: of which kind, whose, and which.

pub use crate::sys::namespace::{by_id, id_of, kind_of, of_pidfd, of_socket, owner_of, owner_uid};
