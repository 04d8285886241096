//! What can be wrong with LDIF, and what is worth a word.

use super::Position;

/// An error in one record. The record is not usable; the next one is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LdifError {
    /// What is wrong.
    pub kind: LdifErrorKind,
    /// Where.
    pub position: Position,
    /// The physical line in question, at most [`LdifError::TEXT_LIMIT`] bytes of it.
    pub text: Vec<u8>,
}

impl LdifError {
    /// Bytes of the offending line that an error carries.
    pub const TEXT_LIMIT: usize = 120;
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident, $name:literal, $message:literal, $hint:expr;)*) => {
        /// The kinds of error.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
        #[non_exhaustive]
        pub enum LdifErrorKind {
            $($(#[$doc])* #[error($message)] $variant,)*
        }

        impl LdifErrorKind {
            /// The stable name of the kind.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What a person can do about it.
            #[must_use]
            pub fn hint(self) -> Option<&'static str> {
                match self { $(Self::$variant => $hint,)* }
            }
        }
    };
}

kinds! {
    /// A line without a colon.
    NoColon, "no-colon", "a line without a colon",
        Some("every line is `attribute: value`; a value that goes on needs one leading space");
    /// A value that stands on the next line without a leading space.
    ValueOnNextLine, "value-on-next-line", "the value stands on the next line without a leading space",
        Some("put one space before the line, or move it behind the colon above");
    /// A character that an attribute description cannot hold.
    BadAttributeDescription, "bad-attribute-description",
        "this is no attribute description",
        Some("letters, digits, `-` and `_`, then options after `;`, then the colon without a space");
    /// A tab where a fold's space is due.
    TabFold, "tab-fold", "a line starts with a tab",
        Some("a folded line goes on after one space, not a tab");
    /// A continuation line with nothing before it.
    OrphanContinuation, "orphan-continuation", "a continuation line with nothing to continue",
        Some("remove the leading space, or the blank line above");
    /// A carriage return that ends no line.
    BareCr, "bare-cr", "a carriage return without a line feed",
        Some("the file has the line ends of old Macs, or a value holds a raw CR: convert it to LF, or encode the value as base64");
    /// Characters that are not base64.
    BadBase64, "bad-base64", "the value behind `::` is not base64",
        Some("only A-Z a-z 0-9 + / and = at the end; no spaces within");
    /// A version other than 1.
    UnsupportedVersion, "unsupported-version", "an LDIF version other than 1",
        Some("RFC 2849 defines version 1 only");
    /// A record that does not begin with a DN.
    MissingDn, "missing-dn", "a record does not begin with `dn:`",
        Some("look for a stray blank line above");
    /// A second DN inside a record.
    MissingBlankLine, "missing-blank-line", "a second `dn:` within a record",
        Some("a blank line is missing before it");
    /// `dn:< URL`.
    DnByUrl, "dn-by-url", "a DN given by URL", Some("write the DN itself");
    /// A `-` line in an entry.
    UnexpectedDash, "unexpected-dash", "a `-` line where no modification stands", None;
    /// An unknown change type.
    UnknownChangeType, "unknown-changetype", "an unknown changetype",
        Some("add, delete, modify, modrdn or moddn");
    /// Lines behind `changetype: delete`.
    DeleteWithAttributes, "delete-with-attributes", "`changetype: delete` with lines behind it",
        Some("to delete single values use `changetype: modify` with `delete: attribute`");
    /// A line that opens no modification.
    UnknownModification, "unknown-modification", "a modification begins with add, delete, replace or increment",
        None;
    /// A modification without the `-` before it.
    MissingDash, "missing-dash", "a `-` line is missing between two modifications",
        Some("end each modification with a line that holds only `-`");
    /// A value line for another attribute than the modification's.
    AttributeMismatch, "attribute-mismatch", "a value of another attribute than the modification names",
        None;
    /// A rename without `newrdn`.
    MissingNewRdn, "missing-newrdn", "a rename without `newrdn`", None;
    /// A rename without `deleteoldrdn`.
    MissingDeleteOldRdn, "missing-deleteoldrdn", "a rename without `deleteoldrdn`",
        Some("add `deleteoldrdn: 1` or `deleteoldrdn: 0`: without it the inverse is undefined");
    /// A `deleteoldrdn` that is neither 0 nor 1.
    BadDeleteOldRdn, "bad-deleteoldrdn", "`deleteoldrdn` is neither 0 nor 1", None;
    /// An unexpected line in a rename.
    BadRename, "bad-rename", "a rename takes newrdn, deleteoldrdn and newsuperior only", None;
    /// A control behind the change type.
    MisplacedControl, "misplaced-control", "a control behind `changetype`",
        Some("controls stand between the DN and `changetype`");
    /// A control that cannot be read.
    BadControl, "bad-control", "this is no control",
        Some("`control: OID [true|false] [: value]`");
    /// A line above the limit.
    LineTooLong, "line-too-long", "a line above the size limit", Some("raise it with --max-line");
    /// A URL that cannot be written again: it holds what LDIF has no way to quote.
    UnwritableUrl, "unwritable-url", "a URL with characters that no LDIF line can hold",
        Some("percent-encode it");
    /// Attributes of an entry that would be read back as a change.
    ChangeTypeFirst, "changetype-first", "an attribute `changetype` right behind the DN would be read as a change",
        Some("ask for another attribute of the entry too");
    /// A record that goes on with an entry and adds a value that the entry has.
    ContinuedValueExists, "continued-value-exists",
        "a record that goes on with an entry adds a value that is there already",
        Some("the entry is read without this record: export it again, or correct the record");
    /// A record that goes on with an entry and deletes a value that the entry lacks.
    ContinuedNoSuchValue, "continued-no-such-value",
        "a record that goes on with an entry deletes a value that is not there",
        Some("the entry is read without this record: export it again, or correct the record");
    /// A record that goes on with an entry and cannot be applied to it.
    ContinuedAmiss, "continued-amiss",
        "a record that goes on with an entry does not apply to it",
        Some("the entry is read without this record: export it again, or correct the record");
    /// A record above the limit.
    RecordTooLong, "record-too-long", "a record above the size limit",
        Some("raise it with --max-record");
}

/// Something unusual that is read all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LdifWarning {
    /// What is unusual.
    pub kind: WarningKind,
    /// Where it was first seen.
    pub first: Position,
    /// How often it was seen.
    pub count: u64,
}

macro_rules! warnings {
    ($($(#[$doc:meta])* $variant:ident, $name:literal, $message:literal;)*) => {
        /// The kinds of warning and note. None changes the exit code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum WarningKind {
            $($(#[$doc])* $variant,)*
        }

        impl WarningKind {
            /// All kinds, in order of their number.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable name of the kind.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }

        impl std::fmt::Display for WarningKind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self { $(Self::$variant => $message,)* })
            }
        }
    };
}

warnings! {
    /// Line ends of both kinds.
    MixedLineEnds, "mixed-line-ends", "line ends of both kinds (LF and CRLF)";
    /// A line of spaces that stands where a blank line is due.
    SpacesAsSeparator, "spaces-as-separator", "a line of spaces between two records, read as a blank line";
    /// A byte order mark where a record begins.
    MidFileBom, "mid-file-bom", "a byte order mark before a record, dropped; the file was put together from several";
    /// A comment within a record that goes on over a fold.
    FoldedComment, "folded-comment", "a folded line belongs to the comment above it; it looks like a lost value";
    /// A byte sequence that is not UTF-8.
    NotUtf8, "not-utf8", "a value that is not UTF-8; its bytes are kept";
    /// A NUL byte in a value.
    Nul, "nul", "a NUL byte in a value; it is kept";
    /// Base64 without its padding.
    UnpaddedBase64, "unpadded-base64", "base64 without padding";
    /// A URL reference.
    UrlReference, "url-reference", "a value given by URL; it is kept as a reference and never opened";
    /// An attribute of which the export holds a part.
    PartialAttribute, "partial-attribute", "an attribute with `;range=`: the export holds only a part of its values";
    /// A modify record without the final `-`.
    MissingFinalDash, "missing-final-dash", "a modify record without its final `-`";
    /// A `-` line with spaces behind the dash.
    DashWithSpaces, "dash-with-spaces", "a `-` line with spaces behind it";
    /// A modify record that modifies nothing.
    EmptyModify, "empty-modify", "a modify record without modifications";
    /// Content and change records in one input.
    MixedContentAndChanges, "mixed-content-and-changes", "content and change records in one input";
    /// An `include:` block.
    Include, "include", "an `include:` line; it is never opened";
    /// The last line has no line end.
    NoFinalLineEnd, "no-final-line-end", "the last line has no line end; the input may be cut short";
}
