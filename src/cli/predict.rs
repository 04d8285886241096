//! `ldifix check --predict`: what the cloud will show.

use std::io::Write;

use crate::report::{List, ListCell, ListColumn, counted};
use crate::rules::catalogue::cloud_object::{CloudObject, INITIAL_DOMAIN};
use crate::rules::catalogue::{Object, ObjectKind};
use crate::rules::profile::RuleSet;
use crate::rules::{Attr, Listed, Profile, Survey};

use super::blame::refuse;
use super::console::Console;
use super::listing::{Row, class, hidden, shown};

/// The columns of what the cloud will show.
pub(super) const COLUMNS: &[ListColumn] = &[
    hidden("class"),
    hidden("enabled"),
    shown("userPrincipalName"),
    shown("upn_from"),
    shown("mail"),
    shown("mailNickname"),
    hidden("nickname_from"),
    hidden("moera"),
    shown("proxyAddresses"),
    shown("dropped"),
    hidden("file"),
    hidden("line"),
    shown("left_out"),
];

/// Writes what the cloud will show of each user, group and contact in scope.
pub(super) fn write<W: Write>(
    survey: &Survey<'_>,
    profile: &Profile,
    mut list: List<W>,
    console: &Console,
) -> anyhow::Result<()> {
    let RuleSet::Catalogue(catalogue) = &profile.rules else {
        let text = format!(
            "--predict goes with a profile that knows the cloud, such as --profile entra; {} does \
             not",
            profile.name
        );
        return refuse("--predict", text);
    };
    if catalogue.settings.initial_domain.is_none() {
        console.note(&format!(
            "the initial domain is not known, and {INITIAL_DOMAIN} stands in its place: name it \
             with --initial-domain NAME.onmicrosoft.com"
        ));
    }
    if catalogue.settings.verified_domains.is_empty() {
        console.note(
            "the verified domains are not known, and every domain of the Internet counts as one: \
             name them with --verified-domain",
        );
    }
    let left_out = &catalogue.settings.left_out;
    let name = catalogue.settings.principal_name();
    for attr in [name, Attr::MailNickname, Attr::ProxyAddresses, Attr::Mail] {
        if left_out.contains(attr) {
            console.note(&format!(
                "no entry has {}: what is predicted holds only where the directory has none either",
                attr.name()
            ));
        }
    }
    let mut listed = 0;
    let look = |entry: &Listed<'_, '_>| {
        entry.verdict.ok()?;
        let object = Object::of(entry.subject, &catalogue.settings);
        let is_shown =
            matches!(object.kind, ObjectKind::User | ObjectKind::Group | ObjectKind::Contact);
        (is_shown && entry.prevented.is_none()).then(|| row(entry, &object))
    };
    survey.roll(look, |row| {
        listed += 1;
        list.write(&row.dn, &row.cells)
    })?;
    list.finish()?;
    console.note(&format!("{} predicted", counted(listed, "entry is", "entries are")));
    Ok(())
}

fn row(entry: &Listed<'_, '_>, object: &Object<'_, '_>) -> Row {
    let CloudObject {
        mail_nickname,
        principal_name,
        moera,
        mail,
        proxy_addresses,
        dropped,
        left_out,
    } = CloudObject::of(object);
    let text = |text: Option<String>| text.map_or(ListCell::Absent, ListCell::Text);
    let word = |word: Option<&str>| text(word.map(str::to_owned));
    let dropped = dropped.iter().map(|it| format!("{} ({})", it.value, it.reason.name())).collect();
    let cells = vec![
        class(entry),
        object.is_enabled().map_or(ListCell::Absent, ListCell::Flag),
        text(principal_name.as_ref().map(|name| name.text.clone())),
        word(principal_name.as_ref().map(|name| name.origin.name())),
        text(mail),
        text(mail_nickname.as_ref().map(|alias| alias.text.clone())),
        word(mail_nickname.as_ref().map(|alias| alias.from.name())),
        text(moera),
        ListCell::Several(proxy_addresses),
        ListCell::Several(dropped),
        ListCell::Text(entry.place.file.to_owned()),
        ListCell::Number(entry.line()),
        word(left_out.map(Attr::name)),
    ];
    Row { dn: entry.subject.dn().to_vec(), cells }
}
