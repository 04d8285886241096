use std::borrow::Cow;

use proptest::prelude::*;

use super::*;
use crate::directory::{Entry, NormalizedDn};
use crate::ldif::{Line, Value};

fn entry(dn: &'static str, lines: &[(&'static str, &'static [u8])]) -> Entry<'static> {
    let mut entry = Entry::new(dn.as_bytes());
    for (name, value) in lines {
        entry.push(Cow::Borrowed(name.as_bytes()), Value::Bytes(Cow::Borrowed(value)));
    }
    entry
}

fn anna() -> Entry<'static> {
    entry(
        "CN=Anna Müller,OU=Sales,DC=example,DC=com",
        &[
            ("objectClass", b"top"),
            ("objectClass", b"user"),
            ("objectCategory", b"CN=Person,CN=Schema,CN=Configuration,DC=example,DC=com"),
            ("cn", "Anna Müller".as_bytes()),
            ("cn;lang-en", b"Anna Mueller"),
            ("description", b"Head  of (Sales) * \\ 50%"),
            ("userAccountControl", b"514"),
            ("groupType", b"-2147483646"),
            ("memberOf", b"CN=Staff\\, all,OU=Groups,DC=example,DC=com"),
            ("objectGUID", b"\x48\xb4\x5e\x89\x7e\x2e\x1b\x44\x9a\x01\x02\x03\x04\x05\x06\x07"),
            ("objectSid", b"S-1-5-21-1-2-3-1104"),
            ("whenCreated", b"20240229120000.0Z"),
            ("loginShell", b"/bin/Bash"),
            ("shoeSize", b"9"),
            ("msExchHideFromAddressLists", b"TRUE"),
        ],
    )
}

fn truth(filter: &str) -> Truth {
    match Filter::parse(filter.as_bytes()) {
        Ok(filter) => filter.matcher().evaluate(&anna()),
        Err(error) => unreachable!("{filter}: {error}"),
    }
}

#[test]
fn filters_that_select_the_entry() {
    for filter in [
        "(objectClass=*)",
        "objectclass=USER",
        "  ( & ( objectClass=user ) ( ! ( cn=bob ) ) )  ",
        "&(objectClass=user)(|(cn=x)(cn=anna m\\c3\\bcLLER))",
        "(commonName=Anna Mueller)",
        "(2.5.4.3=anna  MÜLLER )",
        "(cn;lang-en=anna mueller)",
        "(cn=A*)",
        "(cn=*LLER)",
        "(cn=*na*m*ler)",
        "(cn=anna *m*)",
        "(description=*\\28sales\\29 \\2a \\5c*)",
        "(description=head of*)",
        "(userAccountControl:1.2.840.113556.1.4.803:=2)",
        "(userAccountControl:1.2.840.113556.1.4.804:=18)",
        "(!(userAccountControl:1.2.840.113556.1.4.803:=16))",
        "(groupType:1.2.840.113556.1.4.803:=2147483648)",
        "(userAccountControl=0514)",
        "(userAccountControl>=99)",
        "(userAccountControl<=1000)",
        "(memberOf=cn=staff\\5c, ALL, ou=groups, dc=example, dc=com)",
        "(memberOf:1.2.840.113556.1.4.1941:=CN=Staff\\5c2c all,OU=Groups,DC=example,DC=com)",
        "(objectGUID=895eb448-2e7e-441b-9a01-020304050607)",
        "(objectGUID=\\48\\b4\\5e\\89\\7e\\2e\\1b\\44\\9a\\01\\02\\03\\04\\05\\06\\07)",
        "(objectSid=\\01\\05\\00\\00\\00\\00\\00\\05\\15\\00\\00\\00\\01\\00\\00\\00\\02\\00\\00\\00\\03\\00\\00\\00\\50\\04\\00\\00)",
        "(whenCreated>=20240229130000+0100)",
        "(!(whenCreated>=20240229120001Z))",
        "(objectCategory=person)",
        "(objectCategory=user)",
        "(objectCategory=CN=Person,CN=Schema,CN=Configuration,DC=example,DC=com)",
        "(cn~=Anna-Muller)",
        "(ou:dn:=sales)",
        "(:dn:caseIgnoreMatch:=SALES)",
        "(:caseExactMatch:=/bin/Bash)",
        "(loginShell=/bin/Bash)",
        "(!(loginShell=/bin/bash))",
        "(loginShell:caseIgnoreMatch:=/BIN/bash)",
        "(cn:=anna müller)",
        "(shoeSize<=10)",
        "(userAccountControl:integerOrderingMatch:=515)",
        "(msExchHideFromAddressLists=true)",
        "(!(noSuch=x))",
        "(&)",
        "(objectClass=PERSON)",
        "(objectClass=2.5.6.7)",
        "(objectClass~=top)",
        "(!(objectClass=group))",
        "(entryDN=*)",
        "(entryDN:dnSubtreeMatch:=ou=SALES, dc=example, dc=com)",
        "(entryDN:dnSubordinateMatch:=dc=com)",
        "(distinguishedName:1.3.6.1.4.1.4203.666.4.8:=OU=Sales,DC=example,DC=com)",
        "(!(entryDN:dnOneLevelMatch:=DC=example,DC=com))",
        "(memberOf:dnSubtreeMatch:=OU=Groups,DC=example,DC=com)",
        "(!(manager:dnSuperiorMatch:=DC=example,DC=com))",
    ] {
        assert_eq!(truth(filter), Truth::True, "{filter}");
    }
}

#[test]
fn filters_that_do_not_select_the_entry() {
    for filter in [
        "(|)",
        "(cn=Anna)",
        "(cn=*anna)",
        "(cn=a*nn*nn*)",
        "(cn=anna m*müller)",
        "(cn;lang-de=*)",
        "(ou=sales)",
        "(!(objectClass=*))",
        "(objectCategory=group)",
        "(userAccountControl:1.2.840.113556.1.4.803:=3)",
        "(userAccountControl>=515)",
        "(loginShell=/BIN/BASH)",
        "(memberOf=CN=Staff)",
        "(manager:1.2.840.113556.1.4.1941:=CN=Boss)",
        "(shoeSize>=10)",
        "(objectClass=group)",
        "(objectClass:objectIdentifierMatch:=person)",
        "(entryDN:dnSubtreeMatch:=ou=Sale,dc=example,dc=com)",
        "(memberOf:dnSuperiorMatch:=CN=x,OU=Groups,DC=example,DC=com)",
    ] {
        assert_eq!(truth(filter), Truth::False, "{filter}");
    }
}

#[test]
fn what_cannot_be_answered_selects_neither_way() {
    for filter in [
        "(userAccountControl=disabled)",
        "(userAccountControl>=x)",
        "(userAccountControl=5*)",
        "(memberOf=not a dn)",
        "(memberOf>=CN=a)",
        "(memberOf=CN=Staff*)",
        "(whenCreated>=yesterday)",
        "(msExchHideFromAddressLists=maybe)",
        "(cn:1.2.3.4:=x)",
        "(cn:1.2.840.113556.1.4.803:=2)",
        "(userAccountControl:1.2.840.113556.1.4.803:=x)",
        "(memberOf:1.2.840.113556.1.4.1941:=CN=All,DC=example,DC=com)",
        "(entryDN:dnSubtreeMatch:=not a dn)",
    ] {
        assert_eq!(truth(filter), Truth::Undefined, "{filter}");
        assert_eq!(truth(&format!("(!{filter})")), Truth::Undefined, "{filter}");
        assert_eq!(truth(&format!("(|{filter}(cn=*))")), Truth::True, "{filter}");
        assert_eq!(truth(&format!("(|{filter}(sn=*))")), Truth::Undefined, "{filter}");
        assert_eq!(truth(&format!("(&{filter}(sn=*))")), Truth::False, "{filter}");
        assert_eq!(truth(&format!("(&{filter}(cn=*))")), Truth::Undefined, "{filter}");
    }
}

#[test]
fn a_chain_is_followed_over_entries_and_ends_in_a_circle() {
    let known = [("cn=a", vec!["CN=B"]), ("cn=b", vec!["CN=A", "CN=C"]), ("cn=c", vec![])];
    let evaluate = |target: &str, dn: &'static [u8]| {
        let text = format!("(memberOf:1.2.840.113556.1.4.1941:={target})");
        let filter = Filter::parse(text.as_bytes());
        filter.map(|filter| {
            assert!(filter.needs_links());
            let matcher = filter.matcher();
            let mut graph = LinkGraph::new(matcher.chains());
            for (entry, links) in &known {
                let key = |dn: &&str| NormalizedDn::of(dn.as_bytes()).ok();
                let links = links.iter().filter_map(key).collect();
                key(entry).into_iter().for_each(|entry| graph.add(entry, vec![Vec::clone(&links)]));
            }
            matcher.evaluate_with(&entry("CN=x", &[("memberOf", dn)]), &graph.solve())
        })
    };
    assert_eq!(evaluate("cn=c", b"CN=A"), Ok(Truth::True));
    assert_eq!(evaluate("cn=a", b"CN=a"), Ok(Truth::True));
    assert_eq!(evaluate("cn=d", b"CN=A"), Ok(Truth::False));
    assert_eq!(evaluate("cn=a", b"CN=C"), Ok(Truth::False));
    assert_eq!(evaluate("cn=c", b"CN=elsewhere"), Ok(Truth::Undefined));
}

#[test]
fn a_chain_that_is_long_and_has_many_entries_takes_linear_time() {
    let key = |number: usize| NormalizedDn::of(format!("cn={number}").as_bytes());
    let length = 200_000;
    let matcher = format!("(member:1.2.840.113556.1.4.1941:=cn={length})").parse::<Filter>();
    let Ok(matcher) = matcher.map(|filter| filter.matcher()) else { unreachable!() };
    let mut graph = LinkGraph::new(matcher.chains());
    for number in 0..length {
        if let (Ok(from), Ok(to)) = (key(number), key(number + 1)) {
            graph.add(from, vec![vec![to]]);
        }
    }
    let links = graph.solve();
    for number in 0..=length {
        assert_eq!(key(number).map(|from| links.lead(0, &from)), Ok(Truth::True));
    }
}

#[test]
fn lines_match_without_an_entry() {
    let lines =
        [Line::of(b"objectClass", b"user"), Line::of(b"mail", b"a@b"), Line::of(b"CN", b"A")];
    let lines = EntryLines { dn: b"cn=a", lines: &lines };
    let matches = |filter: &str| filter.parse::<Filter>().map(|f| f.matcher().matches(&lines));
    assert_eq!(matches("(&(objectClass=user)(cn=a))"), Ok(true));
    assert_eq!(matches("(mail=b@*)"), Ok(false));
}

#[test]
fn a_reference_is_present_and_equals_nothing() {
    let mut entry = Entry::new(b"cn=a".as_slice());
    let url = Value::Url(Cow::Borrowed(b"file:///a".as_slice()));
    entry.push(Cow::Borrowed(b"jpegPhoto".as_slice()), url);
    let matches = |filter: &str| filter.parse::<Filter>().map(|f| f.matcher().matches(&entry));
    assert_eq!(matches("(jpegPhoto=*)"), Ok(true));
    assert_eq!(matches("(jpegPhoto=file:///a)"), Ok(false));
    assert_eq!(matches("(jpegPhoto=*a*)"), Ok(false));
}

#[test]
fn a_matcher_tells_what_it_looks_at() {
    let selected = "(&(cn=a)(!(|(mail=*)(memberOf:1.2.840.113556.1.4.1941:=dc=x))))"
        .parse::<Filter>()
        .map(|filter| {
            let matcher = filter.matcher();
            let bases = matcher.selectors().iter().filter_map(Selector::base);
            bases.map(<[u8]>::to_vec).collect::<Vec<_>>()
        });
    assert_eq!(selected, Ok(vec![b"cn".to_vec(), b"mail".to_vec(), b"memberOf".to_vec()]));
}

#[test]
fn errors_name_kind_place_and_a_way_out() {
    use FilterErrorKind::*;
    for (filter, kind, offset) in [
        ("", Empty, 0),
        ("   ", Empty, 0),
        ("(cn=a", NotClosed { opened: 0 }, 5),
        ("(&(cn=a)(sn=b)", NotClosed { opened: 0 }, 14),
        ("(&(cn=a(sn=b))", OpenInValue, 7),
        ("(cn=a))", TrailingText, 6),
        ("(cn=a)(sn=b)", TrailingText, 6),
        ("(&cn=a)", ExpectedFilter, 2),
        ("(!cn=a)", ExpectedFilter, 2),
        ("  (&(cn=a)x)", ExpectedFilter, 10),
        ("(!(cn=a)(sn=b))", NotOne, 8),
        ("(!)", ExpectedFilter, 2),
        ("()", BadAttribute, 1),
        ("(=a)", BadAttribute, 1),
        ("(c;;n=a)", BadAttribute, 1),
        ("(cn)", NoOperator, 3),
        ("(cn>a)", NoOperator, 3),
        ("(cn:dn:x:y:=a)", NoOperator, 8),
        ("(cn=\\zz)", BadEscape, 4),
        ("(cn=a\\", BadEscape, 5),
        ("(:=a)", NoRule, 1),
        ("(:dn:=a)", NoRule, 1),
    ] {
        let error = Filter::parse(filter.as_bytes()).err();
        assert_eq!(error, Some(FilterError { kind, offset }), "{filter}");
        assert!(error.is_some_and(|error| !error.hint().is_empty()));
    }
}

#[test]
fn deep_nesting_is_refused_without_exhausting_the_stack() {
    let nested = |depth: usize| format!("{}(cn=a){}", "(!".repeat(depth), ")".repeat(depth));
    assert!(Filter::parse(nested(MAX_DEPTH - 1).as_bytes()).is_ok());
    let error = Filter::parse(nested(MAX_DEPTH).as_bytes()).map_err(|error| error.kind);
    assert_eq!(error, Err(FilterErrorKind::TooDeep));
    let error = Filter::parse("(&".repeat(1_000_000).as_bytes()).map_err(|error| error.kind);
    assert_eq!(error, Err(FilterErrorKind::TooDeep));
}

#[test]
fn many_parts_in_a_long_value_take_linear_time() {
    // Backtracking would need the square of this, or worse.
    let value: &'static [u8] = Box::leak(vec![b'a'; 4_000_000].into_boxed_slice());
    let entry = entry("cn=x", &[("info", value)]);
    let filter = format!("(info={}b*)", "*a".repeat(1000));
    let matches = filter.parse::<Filter>().map(|filter| filter.matcher().matches(&entry));
    assert_eq!(matches, Ok(false));
}

#[test]
fn one_matcher_serves_all_threads() {
    fn shared<T: Send + Sync>(value: T) -> T {
        value
    }
    let matcher = "(cn=a*na*)".parse::<Filter>().map(|filter| shared(filter.matcher()));
    assert_eq!(matcher.map(|matcher| matcher.matches(&anna())), Ok(true));
}

#[test]
fn unknown_rules_are_told() {
    let rules = "(|(cn:dn:myRule:=a)(cn:caseExactMatch:=b)(cn:1.2.3:=c))".parse::<Filter>();
    let expected = vec!["myRule".to_owned(), "1.2.3".to_owned()];
    assert_eq!(rules.map(|filter| filter.unknown_rules()), Ok(expected));
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let attribute = prop_oneof![
        proptest::sample::select(vec![
            "cn",
            "memberOf",
            "userAccountControl",
            "objectGUID",
            "whenCreated",
            "objectCategory",
            "cn;lang-de",
            "2.5.4.3",
            "x_y",
            "loginShell",
        ])
        .prop_map(str::to_owned),
        "[a-zA-Z][a-zA-Z0-9-]{0,5}(;[a-z]{1,3}){0,2}",
    ]
    .prop_filter_map("an attribute", |text| FilterAttribute::new(&text).ok());
    let bytes = prop_oneof![
        proptest::collection::vec(any::<u8>(), 1..6),
        "[ ()*\\\\aAé0-9=,]{1,6}".prop_map(String::into_bytes),
    ];
    let rule = proptest::sample::select(vec![
        "caseExactMatch",
        "2.5.13.14",
        "1.2.840.113556.1.4.803",
        "1.2.840.113556.1.4.1941",
        "other",
        "1.2.3",
    ])
    .prop_map(MatchingRule::of);
    let some = |strategy: &BoxedStrategy<Vec<u8>>| proptest::option::of(strategy.clone());
    let bytes = bytes.boxed();
    let leaf = prop_oneof![
        attribute.clone().prop_map(Filter::Present),
        (attribute.clone(), bytes.clone()).prop_map(|(a, v)| Filter::Equal(a, v)),
        (attribute.clone(), bytes.clone()).prop_map(|(a, v)| Filter::GreaterOrEqual(a, v)),
        (attribute.clone(), bytes.clone()).prop_map(|(a, v)| Filter::LessOrEqual(a, v)),
        (attribute.clone(), bytes.clone()).prop_map(|(a, v)| Filter::Approximate(a, v)),
        (
            attribute.clone(),
            some(&bytes),
            proptest::collection::vec(bytes.clone(), 0..3),
            some(&bytes),
        )
            .prop_map(|(attribute, initial, middle, last)| {
                if initial.is_none() && middle.is_empty() && last.is_none() {
                    Filter::Present(attribute)
                } else {
                    Filter::Substring { attribute, initial, middle, last }
                }
            }),
        (attribute.clone(), any::<bool>(), proptest::option::of(rule.clone()), bytes.clone())
            .prop_map(|(attribute, dn, rule, value)| {
                Filter::Extensible { attribute: Some(attribute), dn, rule, value }
            }),
        (any::<bool>(), rule, bytes).prop_map(|(dn, rule, value)| {
            Filter::Extensible { attribute: None, dn, rule: Some(rule), value }
        }),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Filter::And),
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Filter::Or),
            inner.prop_map(|part| Filter::Not(Box::new(part))),
        ]
    })
}

fn contains_in_order(value: &str, initial: &str, middle: &[String], last: &str) -> bool {
    let Some(rest) = value.strip_prefix(initial) else { return false };
    match middle.split_first() {
        None => rest.ends_with(last),
        Some((part, others)) => (0..=rest.len()).any(|at| {
            rest.get(at..).is_some_and(|rest| contains_in_order(rest, part, others, last))
        }),
    }
}

proptest! {
    #[test]
    fn a_displayed_filter_reads_back(filter in any_filter()) {
        let text = filter.to_string();
        prop_assert_eq!(Filter::parse(text.as_bytes()), Ok(filter), "{}", text);
    }

    #[test]
    fn every_filter_evaluates_and_its_negation_agrees(filter in any_filter()) {
        let truth = filter.matcher().evaluate(&anna());
        let negated = Filter::Not(Box::new(filter)).matcher().evaluate(&anna());
        prop_assert_eq!(negated == Truth::Undefined, truth == Truth::Undefined);
        prop_assert_eq!(negated == Truth::True, truth == Truth::False);
    }

    #[test]
    fn no_bytes_make_the_parser_panic(text in prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..60),
        "[ ()&|!=*<>~:;\\\\a-c0-2.]{0,40}".prop_map(String::into_bytes),
    ]) {
        match Filter::parse(&text) {
            Ok(filter) => {
                let again = Filter::parse(filter.to_string().as_bytes());
                prop_assert_eq!(again, Ok(filter));
            }
            Err(error) => prop_assert!(error.offset <= text.len()),
        }
    }

    #[test]
    fn substrings_agree_with_trying_every_place(
        value in "[ab]{0,8}", initial in "[ab]{0,2}",
        middle in proptest::collection::vec("[ab]{1,2}", 0..3), last in "[ab]{0,2}",
    ) {
        let parts: String = middle.iter().map(|part| format!("{part}*")).collect();
        let text = format!("(info={initial}*{parts}{last})");
        let mut entry = Entry::new(b"cn=x".as_slice());
        let bytes = Value::Bytes(Cow::Borrowed(value.as_bytes()));
        entry.push(Cow::Borrowed(b"info".as_slice()), bytes);
        let matches = text.parse::<Filter>().map(|filter| filter.matcher().matches(&entry));
        prop_assert_eq!(matches, Ok(contains_in_order(&value, &initial, &middle, &last)));
    }
}
