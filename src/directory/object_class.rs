//! Object classes and what they derive from: an entry of `inetOrgPerson` is one of
//! `person`, whether or not the export says so. Active Directory writes all classes
//! of an entry, OpenLDAP those that it was given.

/// A class of a standard that Active Directory or OpenLDAP comes with.
struct ObjectClass {
    name: &'static str,
    oid: &'static str,
    /// The class that it derives from, where that is another one than `top`.
    superior: Option<&'static str>,
}

const fn class(name: &'static str, oid: &'static str) -> ObjectClass {
    ObjectClass { name, oid, superior: None }
}

const fn derived(name: &'static str, oid: &'static str, from: &'static str) -> ObjectClass {
    ObjectClass { name, oid, superior: Some(from) }
}

/// Every class derives from it (RFC 4512, section 2.4.1).
const TOP: [&str; 2] = ["top", "2.5.6.0"];

/// A class with two superiors stands here once for each.
const CLASSES: &[ObjectClass] = &[
    // RFC 4519
    class("applicationProcess", "2.5.6.11"),
    class("country", "2.5.6.2"),
    class("dcObject", "1.3.6.1.4.1.1466.344"),
    class("device", "2.5.6.14"),
    class("groupOfNames", "2.5.6.9"),
    class("groupOfUniqueNames", "2.5.6.17"),
    class("locality", "2.5.6.3"),
    class("organization", "2.5.6.4"),
    class("organizationalRole", "2.5.6.8"),
    class("organizationalUnit", "2.5.6.5"),
    class("person", "2.5.6.6"),
    class("uidObject", "1.3.6.1.1.3.1"),
    derived("organizationalPerson", "2.5.6.7", "person"),
    derived("residentialPerson", "2.5.6.10", "person"),
    // RFC 2798
    derived("inetOrgPerson", "2.16.840.1.113730.3.2.2", "organizationalPerson"),
    // RFC 4524
    class("account", "0.9.2342.19200300.100.4.5"),
    class("document", "0.9.2342.19200300.100.4.6"),
    class("documentSeries", "0.9.2342.19200300.100.4.9"),
    class("domain", "0.9.2342.19200300.100.4.13"),
    class("domainRelatedObject", "0.9.2342.19200300.100.4.17"),
    class("room", "0.9.2342.19200300.100.4.7"),
    class("simpleSecurityObject", "0.9.2342.19200300.100.4.19"),
    derived("friendlyCountry", "0.9.2342.19200300.100.4.18", "country"),
    derived("RFC822localPart", "0.9.2342.19200300.100.4.14", "domain"),
    // RFC 1274
    derived("dNSDomain", "0.9.2342.19200300.100.4.15", "domain"),
    derived("pilotDSA", "0.9.2342.19200300.100.4.21", "dSA"),
    derived("pilotOrganization", "0.9.2342.19200300.100.4.20", "organization"),
    derived("pilotOrganization", "0.9.2342.19200300.100.4.20", "organizationalUnit"),
    derived("pilotPerson", "0.9.2342.19200300.100.4.4", "person"),
    derived("newPilotPerson", "0.9.2342.19200300.100.4.4", "person"),
    // RFC 2256
    class("applicationEntity", "2.5.6.12"),
    derived("dSA", "2.5.6.13", "applicationEntity"),
    // RFC 4523
    class("certificationAuthority", "2.5.6.16"),
    class("pkiCA", "2.5.6.22"),
    class("pkiUser", "2.5.6.21"),
    derived("certificationAuthority-V2", "2.5.6.16.2", "certificationAuthority"),
    // RFC 2307
    class("ipHost", "1.3.6.1.1.1.2.6"),
    class("nisNetgroup", "1.3.6.1.1.1.2.8"),
    class("posixAccount", "1.3.6.1.1.1.2.0"),
    class("posixGroup", "1.3.6.1.1.1.2.2"),
    class("shadowAccount", "1.3.6.1.1.1.2.1"),
    // MS-ADSC
    class("group", "1.2.840.113556.1.5.8"),
    derived("computer", "1.2.840.113556.1.3.30", "user"),
    derived("contact", "1.2.840.113556.1.5.15", "organizationalPerson"),
    derived("user", "1.2.840.113556.1.5.9", "organizationalPerson"),
];

/// A class and all that derive from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subclasses {
    /// All there are.
    All,
    /// Those with these names and OIDs, in lower case; the class itself comes first.
    Of(Vec<String>),
}

impl Subclasses {
    /// Those of the class with a name (in any case) or an OID. Of one that is not known
    /// here, it alone.
    #[must_use]
    pub fn of(class: &str) -> Self {
        let is = |name: &&str| name.eq_ignore_ascii_case(class);
        if TOP.iter().any(is) {
            return Self::All;
        }
        let known = CLASSES.iter().find(|known| is(&known.name) || is(&known.oid));
        let Some(known) = known else { return Self::Of(vec![class.to_ascii_lowercase()]) };
        let mut found = vec![known];
        // Another name of the same class stands for itself.
        found.extend(CLASSES.iter().filter(|it| it.oid == known.oid && it.name != known.name));
        let mut at = 0;
        while let Some(superior) = found.get(at).map(|it| it.name) {
            let below = CLASSES.iter().filter(|it| it.superior == Some(superior));
            let below = below.filter(|it| !found.iter().any(|known| known.name == it.name));
            let below: Vec<_> = below.collect();
            found.extend(below);
            at += 1;
        }
        let mut names: Vec<String> = Vec::with_capacity(2 * found.len());
        for name in found.iter().flat_map(|it| [it.name, it.oid]) {
            let name = name.to_ascii_lowercase();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Self::Of(names)
    }
}

#[cfg(test)]
mod tests {
    use super::{CLASSES, Subclasses};

    fn names(class: &str) -> Vec<String> {
        match Subclasses::of(class) {
            Subclasses::Of(names) => names,
            Subclasses::All => panic!("{class} is not top"),
        }
    }

    #[test]
    fn a_class_stands_for_those_that_derive_from_it() {
        let persons = names("PERSON");
        assert_eq!(persons[..2], ["person", "2.5.6.6"]);
        for name in ["inetorgperson", "user", "computer", "contact", "2.16.840.1.113730.3.2.2"] {
            assert!(persons.iter().any(|known| known == name), "{name}");
        }
        assert!(!persons.iter().any(|name| name == "group"));
        assert_eq!(names("2.5.6.6"), persons);
        assert_eq!(names("inetOrgPerson"), ["inetorgperson", "2.16.840.1.113730.3.2.2"]);
        let pilots = ["pilotperson", "0.9.2342.19200300.100.4.4", "newpilotperson"];
        assert_eq!(names("pilotPerson"), pilots);
        assert!(names("organizationalUnit").iter().any(|name| name == "pilotorganization"));
        assert_eq!(names("eduPerson"), ["eduperson"]);
        assert_eq!(Subclasses::of("Top"), Subclasses::All);
    }

    #[test]
    fn every_superior_is_known() {
        for class in CLASSES {
            let is_known = |superior| CLASSES.iter().any(|other| other.name == superior);
            assert!(class.superior.is_none_or(is_known), "{}", class.name);
        }
    }
}
