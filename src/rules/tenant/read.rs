//! The CSV that the admin centres and PowerShell write.

use csv::{ByteRecord, ReaderBuilder};

use super::{CloudObject, TenantExport, TenantExportError};

/// The columns, by what they hold.
#[derive(Debug, Default)]
struct Columns {
    principal_names: Vec<usize>,
    mails: Vec<usize>,
    addresses: Vec<usize>,
    anchors: Vec<usize>,
    synchronised: Vec<usize>,
    roles: Vec<usize>,
    /// What an object can be called, best first.
    names: Vec<usize>,
    titles: Vec<String>,
}

/// Titles of columns, in lower case and without what is no letter.
const PRINCIPAL_NAMES: &[&str] = &["userprincipalname"];
const MAILS: &[&str] = &["mail", "primarysmtpaddress"];
const ADDRESSES: &[&str] = &["proxyaddresses", "emailaddresses"];
const ANCHORS: &[&str] = &["onpremisesimmutableid", "immutableid", "sourceanchor"];
const SYNCHRONISED: &[&str] =
    &["onpremisessyncenabled", "directorysynced", "dirsyncenabled", "isdirsynced"];
const ROLES: &[&str] = &["isadmin", "roles", "directoryroles", "adminroles", "assignedroles"];
const NAMES: &[&str] = &[
    "userprincipalname",
    "primarysmtpaddress",
    "mail",
    "displayname",
    "name",
    "objectid",
    "id",
    "externaldirectoryobjectid",
];

impl TenantExport {
    /// Reads an export in CSV, with whichever separator its first line shows.
    ///
    /// Of the columns, whose titles count without regard to case and blanks, these
    /// are read: userPrincipalName; mail, PrimarySmtpAddress; proxyAddresses,
    /// EmailAddresses; onPremisesImmutableId, immutableId, sourceAnchor;
    /// onPremisesSyncEnabled, directorySynced, isDirSynced; isAdmin, roles,
    /// directoryRoles; displayName, objectId.
    ///
    /// # Errors
    /// [`TenantExportError`] where it is none.
    pub fn parse(text: &[u8]) -> Result<Self, TenantExportError> {
        let titles = text.split(|byte| *byte == b'\n').find(|line| !line.starts_with(b"#"));
        let mut reader = ReaderBuilder::new()
            .delimiter(separator(titles.unwrap_or_default()))
            // Windows PowerShell begins with `#TYPE`.
            .comment(Some(b'#'))
            .from_reader(text);
        let columns = Columns::of(reader.byte_headers().map_err(row_error)?)?;
        let knows_origins = !(columns.anchors.is_empty() && columns.synchronised.is_empty());
        let mut export = Self { knows_origins, ..Self::default() };
        let (mut row, mut rows) = (ByteRecord::new(), 0);
        while reader.read_byte_record(&mut row).map_err(row_error)? {
            rows += 1;
            columns.add(&row, &mut export)?;
        }
        if rows == 0 { Err(TenantExportError::Empty) } else { Ok(export) }
    }
}

/// The byte between the columns: the one that stands most often in the first line.
fn separator(titles: &[u8]) -> u8 {
    let count = |separator: u8| titles.iter().filter(|byte| **byte == separator).count();
    // The first of equals.
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|it| count(*it)).unwrap_or(b',')
}

fn row_error(error: csv::Error) -> TenantExportError {
    let line = error.position().map_or(1, csv::Position::line);
    let reason = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let fields = if *len == 1 { "field" } else { "fields" };
            format!("{len} {fields} where the first line has {expected_len}")
        }
        _ => error.to_string(),
    };
    TenantExportError::Row { line, reason }
}

impl Columns {
    fn of(titles: &ByteRecord) -> Result<Self, TenantExportError> {
        let titles: Vec<String> =
            titles.iter().map(|title| String::from_utf8_lossy(title).trim().to_owned()).collect();
        let plain: Vec<String> = titles
            .iter()
            .map(|title| title.chars().filter(char::is_ascii_alphanumeric).collect::<String>())
            .map(|title| title.to_ascii_lowercase())
            .collect();
        let of = |known: &[&str]| -> Vec<usize> {
            let places = |known: &&str| plain.iter().position(|title| title == known);
            known.iter().filter_map(places).collect()
        };
        let columns = Self {
            principal_names: of(PRINCIPAL_NAMES),
            mails: of(MAILS),
            addresses: of(ADDRESSES),
            anchors: of(ANCHORS),
            synchronised: of(SYNCHRONISED),
            roles: of(ROLES),
            names: of(NAMES),
            titles,
        };
        let known = [&columns.principal_names, &columns.mails, &columns.addresses];
        if known.iter().all(|places| places.is_empty()) {
            let mut found: String = columns.titles.join(", ").chars().take(200).collect();
            if found.is_empty() {
                found.push_str("an empty line");
            }
            return Err(TenantExportError::NoAddresses { found });
        }
        Ok(columns)
    }

    fn add(&self, row: &ByteRecord, export: &mut TenantExport) -> Result<(), TenantExportError> {
        let field = |at: &usize| {
            let text = String::from_utf8_lossy(row.get(*at).unwrap_or_default()).trim().to_owned();
            (!text.is_empty()).then_some(text)
        };
        let first = |places: &[usize]| places.iter().find_map(field);
        let anchor = first(&self.anchors);
        let is_synchronised = first(&self.synchronised)
            .is_some_and(|it| ["true", "yes", "1"].contains(&it.to_lowercase().as_str()));
        // Which object stands behind it is not said: it may be the very one that is
        // compared with it.
        if anchor.is_none() && is_synchronised {
            return Ok(());
        }
        let principal_name = first(&self.principal_names).map(|name| name.to_lowercase());
        let mut primary = None;
        let mut held = Vec::new();
        for at in &self.addresses {
            let Some(list) = field(at) else { continue };
            if is_type_name(&list) {
                let line = row.position().map_or(0, csv::Position::line);
                let column = self.titles.get(*at).cloned().unwrap_or_default();
                return Err(TenantExportError::TypeName { line, column, value: list });
            }
            for (kind, address) in addresses(&list) {
                let lower = address.to_lowercase();
                match kind {
                    "SMTP" => {
                        primary = Some(lower.clone());
                        held.push(lower);
                    }
                    _ if kind.is_empty() || kind.eq_ignore_ascii_case("smtp") => held.push(lower),
                    _ if kind.eq_ignore_ascii_case("sip") => held.push(format!("sip:{lower}")),
                    _ => {}
                }
            }
        }
        let mails = self.mails.iter().filter_map(field).map(|mail| mail.to_lowercase());
        for mail in mails.filter(|mail| mail.contains('@')) {
            primary.get_or_insert_with(|| mail.clone());
            held.push(mail);
        }
        held.extend(principal_name.clone());
        let object = CloudObject {
            name: first(&self.names).unwrap_or_default(),
            anchor: anchor.map(String::into_boxed_str),
            principal_name: principal_name.map(String::into_boxed_str),
            primary: primary.map(String::into_boxed_str),
            role: self.roles.iter().filter_map(field).find(|it| is_role(it)).map(Into::into),
        };
        export.add(object, held);
        Ok(())
    }
}

/// Whether the field of a role names one, or says that there is one.
fn is_role(field: &str) -> bool {
    const NO_ROLE: [&str; 10] =
        ["false", "$false", "no", "nein", "0", "none", "user", "n/a", "[]", "{}"];
    !NO_ROLE.iter().any(|word| field.eq_ignore_ascii_case(word))
}

/// Whether PowerShell wrote the type of a list in place of the list.
fn is_type_name(list: &str) -> bool {
    !list.contains('@') && ["System.", "Microsoft."].iter().any(|start| list.starts_with(start))
}

/// The addresses of a list with their types, whatever stands between them: the admin
/// centres and PowerShell write `;`, `,`, `+`, `|`, blanks and line ends.
fn addresses(list: &str) -> Vec<(&str, &str)> {
    let is_between = |c: char| c.is_whitespace() || ";,|+[]{}\"'".contains(c);
    let starts: Vec<usize> = list
        .char_indices()
        .map(|(at, _)| at)
        .filter(|at| {
            let before = list[..*at].chars().next_back();
            before.is_none_or(is_between) && type_of(&list[*at..]).is_some()
        })
        .collect();
    if starts.is_empty() {
        let is_end = |c: char| c != '+' && c != '\'' && is_between(c);
        let parts = list.split(is_end).filter(|part| part.contains('@'));
        return parts.map(|part| ("", part)).collect();
    }
    let ends = starts.iter().skip(1).copied().chain([list.len()]);
    starts
        .iter()
        .zip(ends)
        .filter_map(|(start, end)| {
            let one = list[*start..end].trim_end_matches(is_between);
            let kind = type_of(one)?;
            Some((kind, one[kind.len() + 1..].trim()))
        })
        .collect()
}

/// The type with which an address begins.
fn type_of(text: &str) -> Option<&str> {
    let colon = text.find(|c: char| !c.is_ascii_alphanumeric()).filter(|at| *at > 0)?;
    let kind = &text[..colon];
    (text[colon..].starts_with(':') && kind.len() <= 10).then_some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holders(export: &TenantExport, address: &str) -> Vec<String> {
        export.holders(address).map(|(_, object)| object.name.clone()).collect()
    }

    #[test]
    fn exports_of_the_usual_tools_are_read() {
        for text in [
            "#TYPE Selected\n\"UserPrincipalName\",\"Mail\",\"ProxyAddresses\",\"OnPremisesImmutableId\"\n\
             \"Ann@x.com\",\"ann@x.com\",\"SMTP:ann@x.com;smtp:a@x.com\",\"AAA=\"\n",
            "User principal name;Proxy addresses;Immutable Id\r\nAnn@x.com;smtp:a@x.com+SMTP:ann@x.com;AAA=\r\n",
            "userprincipalname\tEmailAddresses\tsourceAnchor\nAnn@x.com\tSMTP:ann@x.com smtp:a@x.com SPO:SPO_1@SPO_2\tAAA=\n",
            "userPrincipalName,emailaddresses,immutableid\nAnn@x.com,\"[\"\"smtp:a@x.com\"\",\"\"SMTP:ann@x.com\"\"]\",AAA=\n",
        ] {
            let export = TenantExport::parse(text.as_bytes()).unwrap();
            assert_eq!(holders(&export, "a@x.com"), ["Ann@x.com"], "{text}");
            assert_eq!(export.with_anchor("AAA="), Some(0));
            let (_, ann) = export.holders("ann@x.com").next().unwrap();
            assert_eq!(ann.primary.as_deref(), Some("ann@x.com"));
            assert!(export.knows_origins());
        }
    }

    #[test]
    fn addresses_without_a_type_and_those_of_other_types_are_told_apart() {
        assert_eq!(addresses("a+b@x.com, c@x.com"), [("", "a+b@x.com"), ("", "c@x.com")]);
        assert_eq!(
            addresses("X500:/o=Org, Inc/cn=a b;SIP:a@x.com"),
            [("X500", "/o=Org, Inc/cn=a b"), ("SIP", "a@x.com")]
        );
        assert_eq!(addresses("").len(), 0);
    }

    #[test]
    fn a_synchronised_object_without_its_anchor_is_passed_over() {
        let text = "userPrincipalName,directorySynced\nann@x.com,True\nbob@x.com,False\n";
        let export = TenantExport::parse(text.as_bytes()).unwrap();
        assert_eq!((export.len(), holders(&export, "ann@x.com").len()), (1, 0));
    }

    #[test]
    fn who_administers_the_cloud_is_told_by_any_of_the_usual_columns() {
        for (column, field, role) in [
            ("isAdmin", "True", Some("True")),
            ("isAdmin", "False", None),
            ("Directory roles", "Global Administrator", Some("Global Administrator")),
            ("Roles", "User", None),
            ("roles", "", None),
            ("title", "Administrator", None),
            ("isAdmin,roles", "False,Global Reader", Some("Global Reader")),
        ] {
            let text = format!("userPrincipalName,{column}\nann@x.com,{field}\n");
            let export = TenantExport::parse(text.as_bytes()).unwrap();
            let (_, ann) = export.holders("ann@x.com").next().unwrap();
            assert_eq!(ann.role.as_deref(), role, "{text}");
        }
    }

    #[test]
    fn what_is_no_export_is_refused_with_a_reason() {
        for (text, said) in [
            (
                "",
                "no column userPrincipalName, mail or proxyAddresses (EmailAddresses) is in it, only an",
            ),
            (
                "dn,cn\nx,y\n",
                "no column userPrincipalName, mail or proxyAddresses (EmailAddresses) is in it, only dn, cn;",
            ),
            ("mail\n", "no object is in it"),
            ("mail,id\na@x.com\n", "line 2: 1 field where the first line has 2"),
            (
                "mail,ProxyAddresses\na@x.com,System.String[]\n",
                "line 2: ProxyAddresses is System.String[], which PowerShell writes in place of a list",
            ),
        ] {
            let error = TenantExport::parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with(said), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_much(text in "\\PC*", list in "[a-zA-Z:;,+@ é]{0,40}") {
            let _ = TenantExport::parse(text.as_bytes());
            let _ = addresses(&list);
        }
    }
}
