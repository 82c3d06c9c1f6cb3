//! `pod image`: what containers are made of. A file for each verb.

pub mod pull;
