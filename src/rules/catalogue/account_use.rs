//! Accounts that nobody uses or that are no longer what they are marked as: what depends
//! on the date, and on who is in which group.

use rustc_hash::FxHashSet;

use crate::rules::rule::{Example, Rule, RuleName, Severity};
use crate::rules::{Attr, Fingerprint};

use super::account_hygiene::number;
use super::references::key_of;
use super::verdict::Verdicts;
use super::{HostServices, Moment, Object, ObjectKind};

/// Days without a sign-in after which an account counts as unused, where nothing else is
/// said (PingCastle: S-Inactive, six months).
pub const STALE_DAYS: u32 = 180;

const HYGIENE: &[&str] = &["hygiene"];

/// Nobody signs in.
pub(super) static STALE: Rule = Rule {
    name: RuleName("account-stale"),
    label: "Hygiene",
    severity: Severity::Info,
    summary: "An enabled account has not been used for a long time.",
    reason: "Nobody would notice if somebody else used it; after a migration it costs a licence.",
    profiles: HYGIENE,
    classes: &["user", "inetOrgPerson", "computer"],
    attributes: &["lastLogonTimestamp", "userAccountControl"],
    limit: "180 days since lastLogonTimestamp, or --stale-days, by the clock of --as-of, or else \
            of the newest whenChanged in the exports; the attribute is up to 14 days behind",
    fix: "none: whether somebody needs it, a person must find out",
    sources: &["PingCastle: S-Inactive", "Microsoft: Active Directory schema, lastLogonTimestamp"],
    example: Example {
        wrong: &["userAccountControl: 512\nwhenChanged: 20260314092600.0Z\n\
                  lastLogonTimestamp: 133801632000000000"],
        right: &["userAccountControl: 512\nwhenChanged: 20260314092600.0Z\n\
                  lastLogonTimestamp: 134167968000000000"],
    },
};

/// It has run out.
pub(super) static EXPIRED: Rule = Rule {
    name: RuleName("account-expired"),
    label: "Hygiene",
    severity: Severity::Info,
    summary: "An enabled account has expired.",
    reason: "Nobody signs in with it on premises, but the cloud does not know accountExpires: there \
             the account still works.",
    profiles: HYGIENE,
    classes: &["user", "inetOrgPerson", "computer"],
    attributes: &["accountExpires", "userAccountControl"],
    limit: "accountExpires not in the past, by the clock of --as-of, or else of the newest \
            whenChanged in the exports; 0 and 9223372036854775807 are never",
    fix: "none: disable the account, which the cloud does know, or extend it",
    sources: &[
        "Microsoft: Implement password hash synchronization, Account expiration",
        "PingCastle: expired accounts",
    ],
    example: Example {
        wrong: &["userAccountControl: 512\nwhenChanged: 20260314092600.0Z\n\
                  accountExpires: 133801632000000000"],
        right: &["userAccountControl: 514\nwhenChanged: 20260314092600.0Z\n\
                  accountExpires: 133801632000000000"],
    },
};

/// The mark of an administrator on somebody who is none.
pub(super) static NO_LONGER_ADMIN: Rule = Rule {
    name: RuleName("account-admin-no-longer"),
    label: "Hygiene",
    severity: Severity::Info,
    summary: "An account bears the mark of an administrator and is in no protected group.",
    reason: "Active Directory sets adminCount and cuts the inheritance of rights, and takes neither \
             back: the help desk cannot reset the password, and ldifix suggests nothing for it.",
    profiles: HYGIENE,
    classes: &["user", "inetOrgPerson"],
    attributes: &["adminCount", "primaryGroupID", "member"],
    limit: "a member of a group with adminCount 1, or a primary group that is protected, as far as \
            the exports tell: groups of domains that are not exported are not seen, and without the \
            members of any group with adminCount 1 nothing is found; critical system objects are left out",
    fix: "none: set adminCount to 0 and let rights be inherited again, once it is sure",
    sources: &["Microsoft: AdminSDHolder, protected groups and SDPROP", "PingCastle: P-AdminCount"],
    example: Example {
        wrong: &[
            "objectClass: group\nadminCount: 1\nmember: CN=P9,DC=contoso,DC=com",
            "userAccountControl: 512\nadminCount: 1",
        ],
        right: &[
            "objectClass: group\nadminCount: 1\nmember: CN=P1,DC=contoso,DC=com",
            "userAccountControl: 512\nadminCount: 1",
        ],
    },
};

/// The numbers of the primary groups that are protected: domain admins, domain
/// controllers, schema and enterprise admins, read-only controllers.
const PROTECTED: [i64; 5] = [512, 516, 518, 519, 521];

/// What is known of all exports before the first entry is looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ahead {
    /// The newest time at which an entry was changed.
    pub newest: Option<Moment>,
    /// Who is in a group that Active Directory protects.
    pub protected: Protected,
    /// Which services the name HOST of a computer stands for.
    pub host_services: HostServices,
}

/// The members of groups that Active Directory protects (adminCount).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Protected {
    is_partial: bool,
    members: FxHashSet<Fingerprint>,
}

impl Protected {
    /// Adds a group by the keys of its members; `is_partial` where the export holds only
    /// some of them.
    pub(in crate::rules) fn add(
        &mut self,
        members: impl Iterator<Item = Fingerprint>,
        is_partial: bool,
    ) {
        self.members.extend(members);
        self.is_partial |= is_partial;
    }

    /// Whether the exports tell who is in such a group: there is one with members, and of
    /// none is only a part there.
    #[must_use]
    pub fn is_told(&self) -> bool {
        !self.members.is_empty() && !self.is_partial
    }

    /// Whether an entry is a member of one, by its DN.
    #[must_use]
    pub fn contains(&self, dn: &[u8]) -> bool {
        self.members.contains(&key_of(dn, &mut Vec::new()))
    }
}

/// Looks at an enabled account.
pub(super) fn check_enabled(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    let time = |attr: Attr| object.text(attr).and_then(|value| Moment::of_file_time(&value));
    let (last, end) = (time(Attr::LastLogonTimestamp), time(Attr::AccountExpires));
    if last.is_none() && end.is_none() {
        return;
    }
    let Some(now) = object.settings.clock() else {
        for (time, rule) in [(last, &STALE), (end, &EXPIRED)] {
            if time.is_some() {
                object.settings.left_out.silence_for("whenChanged", rule.name.0);
            }
        }
        return;
    };
    let most = i64::from(object.settings.stale_days.unwrap_or(STALE_DAYS));
    if let Some(last) = last.filter(|last| now.days_since(*last) > most) {
        let days = now.days_since(last);
        let detail = || format!("last used on {last}, {days} days before {now}");
        verdicts.on(Attr::LastLogonTimestamp, 0).breaks(&STALE, &detail);
    }
    if let Some(end) = end.filter(|end| *end < now) {
        let detail = || format!("it expired on {end}, and it is {now}");
        verdicts.on(Attr::AccountExpires, 0).breaks(&EXPIRED, &detail);
    }
}

/// Looks at a user, enabled or not.
pub(super) fn check_mark(object: &Object<'_, '_>, verdicts: &mut Verdicts) {
    if object.kind != ObjectKind::User || number(object, Attr::AdminCount) != Some(1) {
        return;
    }
    let Some(Ahead { protected, .. }) = object.settings.ahead.get() else { return };
    let in_primary =
        number(object, Attr::PrimaryGroupId).is_some_and(|group| PROTECTED.contains(&group));
    let is_critical = object.subject.has(Attr::IsCriticalSystemObject) || object.came_with_domain();
    if protected.is_told()
        && !in_primary
        && !is_critical
        && !protected.contains(object.subject.dn())
    {
        let detail = || "no group with adminCount 1 names it as a member".to_owned();
        verdicts.on(Attr::AdminCount, 0).breaks(&NO_LONGER_ADMIN, &detail);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::catalogue::Settings;
    use crate::rules::catalogue::user;

    fn found(settings: &Settings, lines: &[(Attr, &str)]) -> Vec<&'static str> {
        let subject = user(lines);
        let mut verdicts = Verdicts::in_full("hygiene", &settings.left_out);
        let object = Object::of(&subject, settings);
        check_enabled(&object, &mut verdicts);
        check_mark(&object, &mut verdicts);
        let place = crate::rules::idfix::Location { file: "", first_line: 1, dn_line: 0 };
        let findings = verdicts.into_findings(&object, place);
        findings.iter().flat_map(|it| &it.rules).map(|rule| rule.0).collect()
    }

    #[test]
    fn an_account_is_unused_or_expired_by_the_clock_that_is_known() {
        // 1 January 2025.
        let times = |attr| [(attr, "133801632000000000")];
        let as_of = |day: &str, stale_days| Settings {
            as_of: Some(day.parse().unwrap()),
            stale_days,
            ..Settings::default()
        };
        let last = times(Attr::LastLogonTimestamp);
        assert_eq!(found(&as_of("2025-06-30", None), &last), [""; 0]);
        assert_eq!(found(&as_of("2025-07-01", None), &last), ["account-stale"]);
        assert_eq!(found(&as_of("2025-06-30", Some(30)), &last), ["account-stale"]);
        let end = times(Attr::AccountExpires);
        assert_eq!(found(&as_of("2024-12-31", None), &end), [""; 0]);
        assert_eq!(found(&as_of("2025-01-01", None), &end), ["account-expired"]);
        for never in ["0", "9223372036854775807", "x"] {
            assert_eq!(
                found(&as_of("2025-01-01", None), &[(Attr::AccountExpires, never)]),
                [""; 0]
            );
        }
        let unknown = Settings::default();
        assert_eq!(found(&unknown, &end), [""; 0]);
        assert_eq!(unknown.left_out.silent()["whenChanged"], ["account-expired"]);
    }

    #[test]
    fn the_mark_is_out_of_date_only_where_the_members_of_protected_groups_are_known() {
        let knows = |member: &str, is_partial| {
            let mut protected = Protected::default();
            protected.add([key_of(member.as_bytes(), &mut Vec::new())].into_iter(), is_partial);
            Settings {
                ahead: Ahead { protected, ..Ahead::default() }.into(),
                ..Settings::default()
            }
        };
        let marked = (Attr::AdminCount, "1");
        let elsewhere = knows("CN=B,DC=com", false);
        assert_eq!(found(&elsewhere, &[marked]), ["account-admin-no-longer"]);
        assert_eq!(found(&knows("cn=ann,dc=COM", false), &[marked]), [""; 0]);
        assert_eq!(found(&knows("CN=B,DC=com", true), &[marked]), [""; 0]);
        assert_eq!(found(&Settings::default(), &[marked]), [""; 0]);
        assert_eq!(found(&elsewhere, &[(Attr::AdminCount, "0")]), [""; 0]);
        assert_eq!(found(&elsewhere, &[marked, (Attr::PrimaryGroupId, "512")]), [""; 0]);
        assert_eq!(found(&elsewhere, &[marked, (Attr::IsCriticalSystemObject, "TRUE")]), [""; 0]);
    }
}
