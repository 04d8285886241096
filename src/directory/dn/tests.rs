use proptest::prelude::*;

use super::*;

fn key(dn: &str) -> String {
    match NormalizedDn::of(dn.as_bytes()) {
        Ok(key) => String::from_utf8_lossy(key.as_bytes()).into_owned(),
        Err(error) => format!("error: {error}"),
    }
}

fn kind(dn: &str) -> Option<(DnErrorKind, usize)> {
    Dn::parse(dn.as_bytes()).err().map(|error| (error.kind, error.offset))
}

/// Attribute and value as written, and whether the value is BER in hex.
type Written = (String, Vec<u8>, bool);

/// Types and values as written, for comparisons that do not fold.
fn parts(dn: &Dn) -> Vec<Vec<Written>> {
    let part = |ava: &Ava| (ava.attribute.clone(), ava.value.clone(), ava.ber);
    dn.rdns.iter().map(|rdn| rdn.avas.iter().map(part).collect()).collect()
}

fn parts_of(dn: &[u8]) -> Option<Vec<Vec<Written>>> {
    Dn::parse(dn).ok().map(|dn| parts(&dn))
}

#[test]
fn spellings_of_one_dn_have_one_key() {
    for (a, b) in [
        ("CN=Doe\\, John,OU=Sales,DC=Example,DC=com", "cn=doe\\2c john,ou=sales,dc=example,dc=com"),
        ("CN = John   Doe , DC=x", "cn=john doe,dc=x"),
        ("CN=a;DC=x", "cn=a,dc=x"),
        ("CN=\"Doe, John\",DC=x", "CN=Doe\\, John,DC=x"),
        ("2.5.4.3=a,0.9.2342.19200300.100.1.25=x", "cn=a,dc=x"),
        ("OID.2.5.4.3=a", "commonName=A"),
        ("UID=a+CN=b,DC=x", "cn=B + uid=A,dc=x"),
        ("CN=#0C0161,DC=x", "cn=a,dc=x"),
        ("CN=Müller", "CN=M\\C3\\BCLLER"),
        ("CN=Mu\u{308}ller", "cn=müller"),
        ("CN=\\ a\\ ", "cn=a"),
        ("CN=a\\ \\  b", "cn=a b"),
        ("<GUID=895eb448-2e7e-441b-9a01-020304050607>;<SID=S-1-5-32-544>;CN=a,DC=x", "cn=a,dc=x"),
    ] {
        assert!(!key(a).starts_with("error"), "{}", key(a));
        assert_eq!(key(a), key(b), "{a}");
        assert_eq!(Dn::parse(a.as_bytes()), Dn::parse(b.as_bytes()), "{a}");
    }
}

#[test]
fn what_is_different_stays_different() {
    for (a, b) in [
        ("CN=a\\,DC\\=x", "CN=a,DC=x"),
        ("CN=a+DC=x", "CN=a\\+DC=x"),
        ("CN=\\#0C0161", "CN=#0C0161"),
        ("CN=a", "CN=a,DC=x"),
        ("CN=a b", "CN=ab"),
        ("CN=a\\0ACNF:895eb448", "CN=a"),
        ("<GUID=1>", "<GUID=2>"),
    ] {
        assert_ne!(key(a), key(b), "{a}");
        assert_ne!(Dn::parse(a.as_bytes()), Dn::parse(b.as_bytes()), "{a}");
    }
}

#[test]
fn a_conflict_name_survives() {
    let text = "CN=Doe\\0ACNF:895eb448-2e7e-441b-9a01-020304050607,DC=x";
    let dn = Dn::parse(text.as_bytes()).unwrap_or_default();
    let value = dn.rdn().and_then(|rdn| rdn.avas().first()).map(|ava| ava.value().to_vec());
    assert_eq!(value.as_deref(), Some(b"Doe\nCNF:895eb448-2e7e-441b-9a01-020304050607".as_slice()));
    assert_eq!(dn.to_string(), text);
}

#[test]
fn extended_components_are_kept_beside_the_plain_dn() {
    let text = "<GUID=e0f581e7>;<SID=S-1-5-21-1>;CN=gdg\\0ADEL:e0f581e7,DC=x";
    let dn = Dn::parse(text.as_bytes()).unwrap_or_default();
    let names: Vec<&str> = dn.extended().iter().map(|part| part.name.as_str()).collect();
    assert_eq!(names, ["GUID", "SID"]);
    assert_eq!(dn.extended()[1].value, "S-1-5-21-1");
    assert_eq!(dn.depth(), 2);
    assert_eq!(dn.to_string(), text);
    assert_eq!(key("<GUID=E0F5>"), "<guid=e0f5>");
}

#[test]
fn raw_bytes_that_are_not_utf8_are_kept() {
    let dn = Dn::parse(b"CN=M\xFCller,DC=x").unwrap_or_default();
    assert_eq!(parts(&dn)[0][0].1, b"M\xFCller");
    assert_eq!(dn.to_string(), "CN=M\\FCller,DC=x");
    assert_eq!(parts_of(dn.to_string().as_bytes()), Some(parts(&dn)));
    assert_eq!(NormalizedDn::of(b"cn=M\xFCLLER , dc=X").ok(), Some(dn.normalized()));
}

#[test]
fn errors_name_kind_and_place() {
    use DnErrorKind::*;
    for (dn, expected, offset) in [
        ("cn=a,", EmptyRdn, 5),
        (",cn=a", EmptyRdn, 0),
        ("cn=a,,dc=x", EmptyRdn, 5),
        ("cn=a+,dc=x", EmptyRdn, 5),
        ("cn=Doe, John,dc=x", NoEquals, 12),
        ("=a", BadType, 0),
        ("cn=a,-x=b", BadType, 5),
        ("cn=a\\", BadEscape, 4),
        ("cn=a\\x", BadEscape, 4),
        ("cn=#0", BadHex, 3),
        ("cn=#zz,dc=x", BadHex, 3),
        ("cn=\"a,dc=x", OpenQuote, 3),
        ("cn=\"a\"b", TextBehindQuote, 6),
        ("<GUID=1,cn=a", OpenComponent, 0),
        ("<GUID=1>cn=a", OpenComponent, 8),
    ] {
        assert_eq!(kind(dn), Some((expected, offset)), "{dn}");
        let normalized = NormalizedDn::of(dn.as_bytes()).err();
        assert_eq!(normalized.map(|error| (error.kind, error.offset)), Some((expected, offset)));
    }
}

#[test]
fn empty_bytes_are_the_root_dse() {
    let root = Dn::parse(b"").unwrap_or_else(|_| Dn { rdns: Vec::new(), extended: Vec::new() });
    assert_eq!((root.depth(), key("").as_str()), (0, ""));
    let dn = Dn::parse(b"dc=x").unwrap_or_default();
    assert!(dn.is_within(&root));
    assert!(!root.is_within(&dn));
    assert_eq!(dn.parent(), None);
}

#[test]
fn subtrees_end_at_whole_rdns() {
    let within = |dn: &str, base: &str| key_is_within(key(dn).as_bytes(), key(base).as_bytes());
    assert!(within("CN=a,OU=b, DC=X", "ou=B,dc=x"));
    assert!(within("OU=b,DC=x", "OU=b,DC=x"));
    assert!(!within("OU=ab,DC=x", "b,DC=x"));
    assert!(!within("DC=xx", "DC=x"));
    assert!(!within("CN=a\\,DC=x", "DC=x"));
    assert!(!within("DC=x", "CN=a,DC=x"));
}

#[test]
fn ancestors_come_nearest_first() {
    let dn = NormalizedDn::of(b"CN=a\\,b,OU=c,DC=x");
    let ancestors: Option<Vec<&[u8]>> = dn.as_ref().ok().map(|dn| dn.ancestors().collect());
    assert_eq!(ancestors, Some(vec![b"ou=c,dc=x".as_slice(), b"dc=x".as_slice()]));
    assert_eq!(dn.map(|dn| dn.depth()), Ok(3));
}

#[test]
fn a_parent_stands_before_its_children() {
    let mut keys = ["cn=b,ou=a,dc=x", "ou=b,dc=x", "ou=a,dc=x", "dc=x", "", "cn=a,ou=b,dc=x"];
    keys.sort_by(|a, b| compare_hierarchy(a.as_bytes(), b.as_bytes()));
    let expected = ["", "dc=x", "ou=a,dc=x", "cn=b,ou=a,dc=x", "ou=b,dc=x", "cn=a,ou=b,dc=x"];
    assert_eq!(keys, expected);
}

#[test]
fn a_rename_or_move_keeps_the_spelling_of_the_rest() {
    let split = |dn: &'static str| split_rdn(dn.as_bytes());
    assert_eq!(split("CN=a\\ , OU=B"), Ok((b"CN=a\\ ".as_slice(), Some(b"OU=B".as_slice()))));
    assert_eq!(split("CN=a\\\\ ,OU=B"), Ok((b"CN=a\\\\".as_slice(), Some(b"OU=B".as_slice()))));
    assert_eq!(split("DC=x"), Ok((b"DC=x".as_slice(), None)));
    assert_eq!(split("<GUID=1>;CN=a,DC=x"), Ok((b"CN=a".as_slice(), Some(b"DC=x".as_slice()))));
    assert_eq!(join(b"CN=b", Some(b"OU=B")), b"CN=b,OU=B");
    assert_eq!(join(b"DC=x", None), b"DC=x");

    let moved = rebase(b"CN=A , ou=Sub,OU=Old,DC=x", b"ou=old,dc=X", b"OU=New,DC=x");
    assert_eq!(moved, Ok(Some(b"CN=A,ou=Sub,OU=New,DC=x".to_vec())));
    assert_eq!(rebase(b"OU=Old,DC=x", b"ou=old,dc=X", b"OU=n"), Ok(Some(b"OU=n".to_vec())));
    assert_eq!(rebase(b"CN=A,DC=x", b"ou=old,dc=X", b"OU=New,DC=x"), Ok(None));
}

#[test]
fn an_rdn_and_a_parent_make_a_dn() {
    let parent = Dn::parse(b"OU=b,DC=x").unwrap_or_default();
    let rdn = Ava::new("CN", "Doe, John ").map(Rdn::of);
    let child = rdn.map(|rdn| parent.child(rdn).to_string());
    assert_eq!(child.as_deref(), Ok("CN=Doe\\, John\\ ,OU=b,DC=x"));
    assert!(Ava::new("c n", "x").is_err());
    assert!(Rdn::parse(b"cn=a+uid=b").is_ok_and(|rdn| rdn.has_type(b"userid")));
    assert!(Rdn::parse(b"cn=a,dc=x").is_err());
}

fn bytes_of_a_dn() -> impl Strategy<Value = Vec<u8>> {
    let noise = proptest::collection::vec(any::<u8>(), 0..60);
    let like = "(<GUID=[a-f0-9]{0,4}>;)?([ ]?(cn|OU|dc|2\\.5\\.4\\.3|commonName|x_y|l)[ ]?=[ ]?([ aA#\"üÄ\u{FF0C}\u{37E}.<>/=-]|\\\\[,+ \"\\\\#;<>=]|\\\\[0-9A-Fa-f]{2}|[,;+]){0,6}[ ]?[,;+]?){0,4}";
    prop_oneof![
        noise,
        like.prop_map(String::into_bytes),
        "[ -~]{0,40}".prop_map(String::into_bytes)
    ]
}

fn any_dn() -> impl Strategy<Value = Dn> {
    let value = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..8),
        "[ ,+;#\"\\\\<>=aAä\0\n]{0,6}".prop_map(String::into_bytes),
    ];
    let ava =
        ("[a-zA-Z][a-zA-Z0-9-]{0,5}|[0-2](\\.[1-9][0-9]?){1,3}", value, any::<bool>()).prop_map(
            |(attribute, value, ber)| Ava { attribute, ber: ber && !value.is_empty(), value },
        );
    let rdn = proptest::collection::vec(ava, 1..3).prop_map(|avas| Rdn { avas });
    proptest::collection::vec(rdn, 0..4).prop_map(|rdns| Dn { rdns, extended: Vec::new() })
}

proptest! {
    #[test]
    fn a_displayed_dn_reads_back(dn in any_dn()) {
        let text = dn.to_string();
        prop_assert_eq!(parts_of(text.as_bytes()), Some(parts(&dn)), "{}", text);
        prop_assert_eq!(NormalizedDn::of(text.as_bytes()), Ok(dn.normalized()));
    }

    #[test]
    fn the_fast_path_agrees_with_the_parsed_dn(bytes in bytes_of_a_dn()) {
        let mut key = b"left over".to_vec();
        let fast = normalize_into(&bytes, &mut key).map(|()| key);
        let slow = Dn::parse(&bytes).map(|dn| dn.normalized().as_bytes().to_vec());
        prop_assert_eq!(fast, slow);
    }

    #[test]
    fn a_key_is_its_own_key(bytes in bytes_of_a_dn()) {
        if let Ok(key) = NormalizedDn::of(&bytes) {
            prop_assert_eq!(NormalizedDn::of(key.as_bytes()), Ok(key));
        }
    }

    #[test]
    fn keys_and_dns_agree_on_parents(dn in any_dn()) {
        let key = dn.normalized();
        prop_assert_eq!(key.depth(), dn.depth());
        let parent = dn.parent().map(|parent| parent.normalized());
        prop_assert_eq!(key.parent(), parent.as_ref().map(NormalizedDn::as_bytes));
        for ancestor in key.ancestors() {
            prop_assert!(key_is_within(key.as_bytes(), ancestor));
            prop_assert!(!key_is_within(ancestor, key.as_bytes()));
        }
    }

    #[test]
    fn splitting_and_joining_is_the_same_dn(bytes in bytes_of_a_dn()) {
        if let (Ok(dn), Ok((rdn, parent))) = (Dn::parse(&bytes), split_rdn(&bytes)) {
            let joined = Dn::parse(&join(rdn, parent)).map(|dn| parts(&dn));
            prop_assert_eq!(joined, Ok(parts(&dn)));
        }
    }
}

#[test]
fn a_dn_deeper_or_longer_than_any_server_takes_is_none() {
    for rdn in ["OU=a", "ou=\\2C", "O=a+l=b"] {
        let deep = |count: usize| vec![rdn; count].join(",");
        assert_eq!(kind(&deep(MOST_RDNS)), None, "{rdn}");
        assert_eq!(
            NormalizedDn::of(deep(MOST_RDNS).as_bytes()).map(|key| key.depth()),
            Ok(MOST_RDNS)
        );
        let too_deep = deep(MOST_RDNS + 1);
        assert_eq!(kind(&too_deep).map(|(kind, _)| kind), Some(DnErrorKind::TooDeep), "{rdn}");
        let error = NormalizedDn::of(too_deep.as_bytes()).map_err(|error| error.kind);
        assert_eq!(error, Err(DnErrorKind::TooDeep), "{rdn}");
    }
    let long = |length: usize| format!("CN={}", "x".repeat(length - 3));
    assert_eq!(kind(&long(LONGEST_DN)), None);
    assert_eq!(kind(&long(LONGEST_DN + 1)).map(|(kind, _)| kind), Some(DnErrorKind::TooLong));
    assert!(NormalizedDn::of(long(LONGEST_DN + 1).as_bytes()).is_err());
}
