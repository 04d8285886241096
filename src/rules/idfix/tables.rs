//! The two rule sets, as data.

use crate::rules::Attr;
use crate::rules::profile::{
    Chain, Fill, Holders, IdFix, Population, Profile, ProfileOptions, RuleSet, Step, Tail, Values,
};

use super::Class;

const UNIQUE: Step = Step::Unique { unless: None };

/// The attributes that the two rule sets read, those that decide on an entry's
/// scope included.
pub(crate) const READ: &[Attr] = &[
    Attr::Cn,
    Attr::DisplayName,
    Attr::GivenName,
    Attr::GroupType,
    Attr::HomeMdb,
    Attr::IsCriticalSystemObject,
    Attr::Mail,
    Attr::MailNickname,
    Attr::MsExchHideFromAddressLists,
    Attr::MsExchRecipientTypeDetails,
    Attr::ObjectCategory,
    Attr::ObjectClass,
    Attr::ProxyAddresses,
    Attr::SamAccountName,
    Attr::Sn,
    Attr::TargetAddress,
    Attr::UserPrincipalName,
];

/// Whether the Multi-Tenant rules have something to say about an attribute.
pub(crate) fn looks_at(attr: Attr) -> bool {
    MULTITENANT.chains.iter().any(|chain| chain.attr == attr)
}

/// The Multi-Tenant rules.
pub(crate) fn multitenant(options: ProfileOptions) -> Profile {
    let all = MULTITENANT.chains;
    let without_login = all.split_last().map_or(all, |(_login, rest)| rest);
    let chains = if options.alternate_login_id { without_login } else { all };
    Profile {
        name: "idfix-multitenant",
        doc: "What IdFix 2.6.0.3 reports with its Multi-Tenant rules",
        rules: RuleSet::IdFix(IdFix { chains, ..MULTITENANT }),
    }
}

const MULTITENANT: IdFix = IdFix {
    population: Population::Synchronised,
    chains: &[
        Chain {
            attr: Attr::DisplayName,
            shown: "displayName",
            values: Values::First,
            steps: &[
                Step::MaxLength(255),
                Step::Blank { of: Holders::All, fill: Fill::CommonName(usize::MAX) },
            ],
            tail: Tail::None,
        },
        Chain {
            attr: Attr::GivenName,
            shown: "givenName",
            values: Values::First,
            steps: &[Step::MaxLength(63)],
            tail: Tail::None,
        },
        Chain {
            attr: Attr::Mail,
            shown: "mail",
            values: Values::First,
            steps: &[Step::MaxLength(256), UNIQUE],
            tail: Tail::None,
        },
        Chain {
            attr: Attr::MailNickname,
            shown: "mailnickname",
            values: Values::First,
            steps: &[Step::MaxLength(64), Step::LeadingPeriods, UNIQUE],
            tail: Tail::None,
        },
        Chain {
            attr: Attr::ProxyAddresses,
            shown: "proxyAddresses",
            values: Values::Each,
            steps: &[Step::MaxLength(256), Step::SecondColon, UNIQUE],
            tail: Tail::ByAddressType {
                smtp: &[Step::Forbidden(Class::SmtpProxy), Step::MailAddress],
                x400: &[Step::Forbidden(Class::OrName)],
                other: &[Step::Forbidden(Class::OtherProxy)],
            },
        },
        Chain {
            attr: Attr::SamAccountName,
            shown: "sAMAccountName",
            values: Values::First,
            steps: &[
                Step::MaxLengthByClass { user: 20, other: 256 },
                Step::Forbidden(Class::AccountName),
                Step::Unique { unless: Some(Attr::UserPrincipalName) },
            ],
            tail: Tail::None,
        },
        Chain {
            attr: Attr::TargetAddress,
            shown: "targetAddress",
            values: Values::First,
            steps: &[Step::MaxLength(255), Step::SecondColon, UNIQUE],
            tail: Tail::ByAddressType {
                smtp: &[Step::Forbidden(Class::SmtpTarget), Step::MailAddress],
                x400: &[Step::Forbidden(Class::OtherTarget)],
                other: &[Step::Forbidden(Class::OtherTarget)],
            },
        },
        // The last one: an alternate login ID drops it.
        Chain {
            attr: Attr::UserPrincipalName,
            shown: "userPrincipalName",
            values: Values::First,
            steps: &[
                Step::MaxLength(113),
                Step::Forbidden(Class::PrincipalName),
                Step::MailAddress,
                UNIQUE,
            ],
            tail: Tail::None,
        },
    ],
};

/// The Dedicated rules.
pub(crate) const DEDICATED: Profile = Profile {
    name: "idfix-dedicated",
    doc: "What IdFix 2.6.0.3 reports with its Dedicated rules",
    rules: RuleSet::IdFix(DEDICATED_RULES),
};

const DEDICATED_RULES: IdFix = IdFix {
    population: Population::WithMail,
    chains: &[
        Chain {
            attr: Attr::DisplayName,
            shown: "displayName",
            values: Values::First,
            steps: &[
                Step::MaxLength(256),
                Step::OuterWhiteSpace,
                Step::Blank { of: Holders::Groups, fill: Fill::CommonName(255) },
            ],
            tail: Tail::None,
        },
        Chain {
            attr: Attr::Mail,
            shown: "mail",
            values: Values::First,
            steps: &[
                Step::MaxLength(256),
                Step::Forbidden(Class::WhiteSpace),
                Step::MailAddress,
                UNIQUE,
            ],
            tail: Tail::None,
        },
        Chain {
            attr: Attr::MailNickname,
            shown: "mailnickname",
            values: Values::First,
            steps: &[
                Step::MaxLength(64),
                Step::Forbidden(Class::Nickname),
                UNIQUE,
                Step::Blank { of: Holders::Contacts, fill: Fill::PersonName },
            ],
            tail: Tail::None,
        },
        Chain {
            attr: Attr::ProxyAddresses,
            shown: "proxyAddresses",
            values: Values::Each,
            steps: &[Step::MaxLength(256), Step::SecondColon, UNIQUE],
            tail: Tail::ByAddressType { smtp: &[Step::MailAddress], x400: &[], other: &[] },
        },
        Chain {
            attr: Attr::TargetAddress,
            shown: "targetAddress",
            values: Values::First,
            steps: &[
                Step::MaxLength(256),
                Step::Blank { of: Holders::WithoutMailbox, fill: Fill::External(256) },
            ],
            tail: Tail::ByAddressType { smtp: &[Step::MailAddress], x400: &[], other: &[] },
        },
    ],
};
