//! Suggestions that are not taken, and why.

use crate::change::{OrderRefusal, Refusal};
use crate::rules::Finding;

/// A finding whose suggestion is not taken.
#[derive(Debug, Clone)]
pub struct Declined<'a> {
    /// The finding.
    pub finding: Finding<'a>,
    /// Why its suggestion is not taken.
    pub reason: Decline,
}

/// Why a suggestion is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Decline {
    /// There is no value to write.
    #[error("there is nothing to write: a person must decide")]
    Manual,
    /// It takes `--unsafe`.
    #[error("it is unsafe: take it with --unsafe")]
    Unsafe,
    /// The finding was accepted.
    #[error("the baseline accepts the finding")]
    Accepted,
    /// Its rule was not asked for.
    #[error("its rule is left out by --select, --ignore or --severity")]
    NotSelected,
    /// The entry cannot be read as a whole.
    #[error("the entry is misread: a record that goes on with it does not apply")]
    Misread,
    /// Another entry of the exports has the same name.
    #[error("the name stands twice in the exports, and which entry is right is not known")]
    StandsTwice,
    /// The new value would break a rule.
    #[error("the proposed value would be wrong again: {errors}")]
    StillWrong {
        /// The labels of what would be found.
        errors: String,
    },
    /// The edit would make something else wrong.
    #[error("the change would lead to a finding on {attribute}: {errors}")]
    Breaks {
        /// The attribute.
        attribute: &'static str,
        /// The labels of what would be found.
        errors: String,
    },
    /// Another entry has the value.
    #[error("the proposed value is held already by {}", .holder.escape_ascii())]
    Held {
        /// The DN of the holder.
        holder: Vec<u8>,
    },
    /// Another entry of the run takes the value.
    #[error("the proposed value goes to {} in this run", .taker.escape_ascii())]
    Taken {
        /// The DN of the entry that takes it.
        taker: Vec<u8>,
    },
    /// The value is a duplicate only of one that is given up in this run: removing
    /// it too would leave nobody with it.
    #[error("{} held the value first and gives it up in this run", .holder.escape_ascii())]
    GivenUp {
        /// The DN of the entry that gives it up.
        holder: Vec<u8>,
    },
    /// It gets an address that another entry gives up, which takes a synchronisation in
    /// between.
    #[error(
        "{} gives the address up: that takes a synchronisation in between, and a second change \
         file, see --second-cycle",
        .holder.escape_ascii()
    )]
    SecondCycle {
        /// The DN of the entry that gives it up.
        holder: Vec<u8>,
    },
    /// It gets an address that another entry gives up in the second change only.
    #[error(
        "{} gives the address up in the second change only: run fix again on an export from \
         after it",
        .holder.escape_ascii()
    )]
    ThirdCycle {
        /// The DN of the entry that gives it up.
        holder: Vec<u8>,
    },
    /// The value cannot be changed by a modify record.
    #[error("{0}")]
    Refused(Refusal),
    /// The record cannot be applied in any order.
    #[error("{0}")]
    Order(OrderRefusal),
}

impl Decline {
    /// The stable name of the reason.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Misread => "misread",
            Self::StandsTwice => "stands-twice",
            Self::Unsafe => "unsafe",
            Self::Accepted => "accepted",
            Self::NotSelected => "not-selected",
            Self::StillWrong { .. } => "still-wrong",
            Self::Breaks { .. } => "breaks-another-rule",
            Self::Held { .. } => "held",
            Self::Taken { .. } => "taken-in-this-run",
            Self::GivenUp { .. } => "given-up-in-this-run",
            Self::SecondCycle { .. } => "needs-second-cycle",
            Self::ThirdCycle { .. } => "needs-third-cycle",
            Self::Refused(_) => "cannot-be-written",
            Self::Order(_) => "no-order",
        }
    }
}
