//! Finds what breaks directory synchronisation in an LDIF export, and writes
//! the change LDIF and its inverse.
//!
//! Data flows one way, and so do the dependencies between the modules:
//!
//! ```text
//! bytes ─ input ─▶ ldif ─▶ directory ─▶ rules ─▶ change ─▶ report ─▶ cli
//! ```
//!
//! * [`input`] opens files, pipes, compressed and UTF-16 data as UTF-8 bytes.
//! * [`ldif`] knows the format: records in, records out, with positions.
//! * [`directory`] knows LDAP's meaning: DNs, attribute descriptions, syntaxes.
//! * [`rules`] says what is wrong with an entry and what is suggested.
//! * [`change`] turns suggestions into change records, their inverse, and proof.
//! * [`fix`] decides which suggestions hold and drafts the proven files.
//! * [`transition`] says what two exports mean for the cloud.
//! * [`baseline`] knows the findings that were accepted, and their text.
//! * [`report`] shows findings and changes to people and programs.
//! * [`output`] writes files that appear complete or not at all.
//! * [`cli`] holds one file per command.

pub mod baseline;
pub mod change;
pub mod cli;
pub mod directory;
pub mod fix;
pub mod input;
pub mod ldif;
pub mod output;
pub mod report;
pub mod rules;
pub mod transition;
