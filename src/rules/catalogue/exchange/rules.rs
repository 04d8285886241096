//! The rules for the types of recipients.

use crate::rules::rule::{Example, Rule, RuleName, Severity};

pub(super) const RULES: &[&Rule] = &[&HIDDEN, &DISPLAY_TYPE, &REMOTE_TYPE];

const PROFILES: &[&str] = &["entra", "entra-cloud-sync", "exchange-online"];
const CLASSES: &[&str] = &["user", "inetOrgPerson", "group", "contact"];
const TYPES: &str = "undocumented-features.com: Exchange recipient type values (2020)";
const MORE_TYPES: &str = "blog.petersenit.co.uk: Recipient types of Exchange";

/// A recipient that is hidden, and is not.
pub(super) static HIDDEN: Rule = Rule {
    name: RuleName("exchange-hidden-without-alias"),
    label: "Dropped",
    severity: Severity::Warning,
    summary: "An object is hidden from address lists and has no mailNickname.",
    reason: "Without mailNickname the mark is not synchronised: the cloud shows the object in its \
             address lists.",
    profiles: PROFILES,
    classes: CLASSES,
    attributes: &["msExchHideFromAddressLists", "mailNickname"],
    limit: "mailNickname where msExchHideFromAddressLists is TRUE; where homeMDB, \
            msExchRecipientTypeDetails or proxyAddresses are there, another rule asks for it",
    fix: "none: which alias it should have, a person must decide",
    sources: &["Microsoft: Entra Connect Sync: Understanding the default configuration"],
    example: Example {
        wrong: &["mail: ann@contoso.com\nmsExchHideFromAddressLists: TRUE"],
        right: &["mail: ann@contoso.com\nmsExchHideFromAddressLists: TRUE\nmailNickname: ann"],
    },
};

/// Two types that contradict each other.
pub(super) static DISPLAY_TYPE: Rule = Rule {
    name: RuleName("exchange-display-type"),
    label: "Hygiene",
    severity: Severity::Warning,
    summary: "msExchRecipientDisplayType and msExchRecipientTypeDetails name different kinds of \
              recipients.",
    reason: "Exchange and Outlook take the object for something that it is not: a room for a user, \
             a remote mailbox for one of this organisation.",
    profiles: PROFILES,
    classes: CLASSES,
    attributes: &["msExchRecipientDisplayType", "msExchRecipientTypeDetails"],
    limit: "the same kind: mailbox, room, equipment, mail contact or mail user, group; types that \
            are not listed are not looked at",
    fix: "none: Set-Mailbox -Type and Set-RemoteMailbox -Type set both",
    sources: &[TYPES, MORE_TYPES],
    example: Example {
        wrong: &["mail: r@contoso.com\nmailNickname: r\nmsExchRecipientTypeDetails: 1\n\
                  msExchRecipientDisplayType: 7"],
        right: &["mail: r@contoso.com\nmailNickname: r\nmsExchRecipientTypeDetails: 16\n\
                  msExchRecipientDisplayType: 7"],
    },
};

/// A mailbox that is remote by one attribute only.
pub(super) static REMOTE_TYPE: Rule = Rule {
    name: RuleName("exchange-remote-type"),
    label: "Hygiene",
    severity: Severity::Warning,
    summary: "A mailbox is remote by msExchRemoteRecipientType or by msExchRecipientTypeDetails, \
              and not by both.",
    reason: "Exchange and the cloud do not agree on where the mailbox is: mail may go to the wrong \
             one.",
    profiles: PROFILES,
    classes: &["user", "inetOrgPerson"],
    attributes: &["msExchRemoteRecipientType", "msExchRecipientTypeDetails"],
    limit: "msExchRemoteRecipientType with bit 1 (provisioned) or 4 (migrated) where \
            msExchRecipientTypeDetails is 2147483648, 8589934592, 17179869184 or 34359738368; \
            that it is absent counts where msExchRecipientDisplayType is there; an \
            archive in the cloud alone (bit 2) makes no mailbox remote",
    fix: "none: Enable-RemoteMailbox or Set-RemoteMailbox sets both",
    sources: &[TYPES],
    example: Example {
        wrong: &["mail: ann@contoso.com\nmailNickname: ann\nmsExchRecipientTypeDetails: 1\n\
                  msExchRemoteRecipientType: 4"],
        right: &[
            "mail: ann@contoso.com\nmailNickname: ann\nmsExchRecipientTypeDetails: 2147483648\n\
                  msExchRemoteRecipientType: 4",
        ],
    },
};
