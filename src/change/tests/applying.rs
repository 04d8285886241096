use super::{change, entry, text_of};
use crate::change::{NotApplicable, Reason, apply_to_entry};

const JOE: &str = "dn: CN=Joe,DC=x\ncn: Joe\nobjectCategory: CN=Person\nmail: Joe@x.org\n\
                   proxyAddresses: SMTP:Joe@x.org\nproxyAddresses: smtp:joe@y.org\nlogins: 7\n";

fn applied(to: &str, mods: &str) -> Result<String, NotApplicable> {
    let before = entry(to);
    let change = change(&format!("dn: CN=Joe,DC=x\nchangetype: modify\n{mods}"));
    let mut after = before.clone();
    let done = apply_to_entry(&mut after, &change.change);
    if done.is_err() {
        assert_eq!(after, before, "a refused record must change nothing");
    }
    done.map(|()| text_of(&after))
}

fn reason(mods: &str) -> Reason {
    applied(JOE, mods).map_err(|refusal| refusal.reason).unwrap_err()
}

#[test]
fn values_go_and_come_one_by_one() {
    let after = applied(
        JOE,
        "delete: proxyAddresses\nproxyAddresses: smtp:joe@y.org\n-\n\
         add: proxyAddresses\nproxyAddresses: smtp:joe@z.org\n-\n",
    );
    assert_eq!(after.unwrap(), JOE.replace("y.org", "z.org"));
}

#[test]
fn a_value_may_be_named_in_another_spelling() {
    let after = applied(JOE, "delete: mail\nmail: JOE@X.ORG \n-\n").unwrap();
    assert_eq!(after, JOE.replace("mail: Joe@x.org\n", ""));
}

#[test]
fn an_attribute_may_be_called_by_its_oid_or_its_long_name() {
    let before = "dn: cn=a,dc=x\ncn: a\nuniqueMember: cn=b,dc=x\nuniqueMember: cn=c,dc=x\n\
                  drink: tea\nphysicalDeliveryOfficeName: 1\nuidNumber: 7\n";
    let mods = "delete: 2.5.4.50\n2.5.4.50: CN=b, dc=x\n-\ndelete: favouriteDrink\n-\n\
                replace: 2.5.4.19\n2.5.4.19: 2\n-\n\
                increment: 1.3.6.1.1.1.1.0\n1.3.6.1.1.1.1.0: 1\n-\n";
    assert_eq!(
        applied(before, mods).unwrap(),
        "dn: cn=a,dc=x\ncn: a\nuniqueMember: cn=c,dc=x\n\
         physicalDeliveryOfficeName: 2\nuidNumber: 8\n"
    );
}

#[test]
fn the_exact_value_goes_before_an_equal_one() {
    let twins = "dn: CN=Joe,DC=x\nproxyAddresses: SMTP:a@x\nproxyAddresses: smtp:a@x\n";
    let after = applied(twins, "delete: proxyAddresses\nproxyAddresses: smtp:a@x\n-\n").unwrap();
    assert_eq!(after, "dn: CN=Joe,DC=x\nproxyAddresses: SMTP:a@x\n");
    let after = applied(twins, "delete: proxyAddresses\nproxyAddresses: Smtp:a@x\n-\n").unwrap();
    assert_eq!(after, "dn: CN=Joe,DC=x\nproxyAddresses: smtp:a@x\n");
}

#[test]
fn what_a_server_refuses_is_refused_with_its_code() {
    let cases = [
        ("delete: proxyAddresses\nproxyAddresses: smtp:gone\n-\n", Reason::NoSuchValue, 16),
        ("delete: description\n-\n", Reason::NoSuchAttribute, 16),
        ("add: mail\nmail: other@x.org\n-\n", Reason::SingleValued, 19),
        ("add: proxyAddresses\nproxyAddresses: SMTP:JOE@y.ORG\n-\n", Reason::ValueExists, 20),
        ("add: x\nx: a\nx: a\n-\n", Reason::ValueExists, 20),
        ("replace: mail\nmail: a@x\nmail: b@x\n-\n", Reason::SingleValued, 19),
        ("increment: mail\nmail: 1\n-\n", Reason::NotAnInteger, 19),
        ("increment: logins\nlogins: one\n-\n", Reason::NotAnInteger, 19),
        ("increment: info\ninfo: 1\n-\n", Reason::NoSuchAttribute, 16),
        ("delete: cn\ncn: joe\n-\n", Reason::NamesTheEntry, 67),
        // The same value twice: the second time it is gone.
        ("delete: mail\nmail: Joe@x.org\nmail: Joe@x.org\n-\n", Reason::NoSuchValue, 16),
    ];
    for (mods, expected, code) in cases {
        assert_eq!((reason(mods), reason(mods).result_code()), (expected, code), "{mods}");
    }
}

#[test]
fn a_record_is_taken_back_as_a_whole() {
    let mods = "delete: mail\n-\nadd: mail\nmail: new@x.org\n-\nreplace: logins\nlogins: 8\n-\n\
                increment: logins\nlogins: 1\n-\ndelete: proxyAddresses\nproxyAddresses: gone\n-\n";
    assert_eq!(reason(mods), Reason::NoSuchValue);
}

#[test]
fn the_refusal_names_attribute_and_value() {
    let refusal = applied(JOE, "delete: proxyAddresses\nproxyAddresses: gone\n-\n").unwrap_err();
    assert_eq!(refusal.to_string(), "the value is not there: proxyAddresses: gone");
}

#[test]
fn elsewhere_than_in_active_directory_mail_takes_several_values() {
    let person = "dn: uid=joe,dc=x\nuid: joe\nmail: joe@x.org\n";
    let after = applied(person, "add: mail\nmail: joe@y.org\n-\n").unwrap();
    assert_eq!(after, format!("{person}mail: joe@y.org\n"));
}

#[test]
fn twins_may_come_back_together() {
    let after = applied(
        "dn: CN=Joe,DC=x\nproxyAddresses: SMTP:a@x\n",
        "delete: proxyAddresses\nproxyAddresses: SMTP:a@x\n-\n\
         add: proxyAddresses\nproxyAddresses: SMTP:a@x\nproxyAddresses: smtp:a@x\n-\n",
    );
    let twins = "dn: CN=Joe,DC=x\nproxyAddresses: SMTP:a@x\nproxyAddresses: smtp:a@x\n";
    assert_eq!(after.unwrap(), twins);
}

#[test]
fn a_replace_with_nothing_removes_and_never_fails() {
    assert_eq!(applied(JOE, "replace: info\n-\n").unwrap(), JOE);
    assert_eq!(applied(JOE, "replace: logins\n-\n").unwrap(), JOE.replace("logins: 7\n", ""));
}

#[test]
fn a_number_is_incremented() {
    let after = applied(JOE, "increment: logins\nlogins: -9\n-\n").unwrap();
    assert_eq!(after, JOE.replace("logins: 7", "logins: -2"));
}

#[test]
fn a_large_attribute_behaves_like_a_small_one() {
    let mut group = String::from("dn: CN=Joe,DC=x\n");
    for number in 0..1000 {
        group.push_str(&format!("member: CN=User {number},DC=x\n"));
    }
    let after = applied(
        &group,
        "delete: member\nmember: cn=user 500, dc=x\nmember: CN=User 7,DC=x\n-\n\
         add: member\nmember: CN=user  7,DC=x\n-\n",
    );
    let expected = group.replace("member: CN=User 500,DC=x\n", "");
    let expected = expected.replace("member: CN=User 7,DC=x\n", "") + "member: CN=user  7,DC=x\n";
    assert_eq!(after.unwrap(), expected);
    let twice = applied(&group, "add: member\nmember: cn=USER 999,dc=x\n-\n").unwrap_err();
    assert_eq!(twice.reason, Reason::ValueExists);
}

#[test]
fn a_rename_adjusts_the_values_that_name_the_entry() {
    let rename = |newrdn: &str, deleteoldrdn: u8| {
        let mut joe = entry("dn: cn=joe, dc=x\ncn: Joe\nsn: Doe\n");
        let record = change(&format!(
            "dn: cn=joe,dc=x\nchangetype: modrdn\nnewrdn: {newrdn}\ndeleteoldrdn: {deleteoldrdn}\n"
        ));
        apply_to_entry(&mut joe, &record.change).unwrap();
        text_of(&joe)
    };
    assert_eq!(rename("cn=Jim", 1), "dn: cn=Jim,dc=x\ncn: Jim\nsn: Doe\n");
    assert_eq!(rename("cn=Jim", 0), "dn: cn=Jim,dc=x\ncn: Joe\ncn: Jim\nsn: Doe\n");
    assert_eq!(rename("cn=JOE", 1), "dn: cn=JOE,dc=x\ncn: JOE\nsn: Doe\n");
    assert_eq!(
        rename("sn=doe+uid=j\\2ck", 0),
        "dn: sn=doe+uid=j\\\\2ck,dc=x\ncn: Joe\nsn: Doe\nuid: j,k\n"
    );
    // The value that names it goes and comes, and with it the spelling of the RDN.
    assert_eq!(rename("cn=joe", 1), "dn: cn=joe,dc=x\ncn: joe\nsn: Doe\n");
    assert_eq!(rename("cn=joe", 0), "dn: cn=joe,dc=x\ncn: Joe\nsn: Doe\n");
    assert_eq!(rename("2.5.4.3=joe", 1), "dn: 2.5.4.3=joe,dc=x\ncn: joe\nsn: Doe\n");
}

#[test]
fn a_value_replaced_over_and_over_costs_no_more_each_time() {
    let again = "replace: mail\nmail: a@x\n-\nreplace: mail\nmail: b@x\n-\n".repeat(30_000);
    let started = std::time::Instant::now();
    assert_eq!(applied(JOE, &again).unwrap(), JOE.replace("mail: Joe@x.org", "mail: b@x"));
    // A look at each gap would be 1.8 thousand million of them: minutes.
    assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn an_attribute_is_one_under_all_its_names_and_whatever_the_order_of_its_options() {
    let person = "dn: uid=joe,dc=x\ncn: Joe\ncn;x-a;lang-de: Sepp\n";
    let after = |mods: &str| applied(person, mods).unwrap();
    assert_eq!(after("delete: commonName\ncommonName: joe\n-\n"), person.replace("cn: Joe\n", ""));
    assert_eq!(after("replace: 2.5.4.3\n2.5.4.3: J\n-\n"), person.replace("cn: Joe", "cn: J"));
    let sepp = "delete: commonName;lang-DE;X-a\ncommonName;lang-DE;X-a: Sepp\n-\n";
    assert_eq!(after(sepp), "dn: uid=joe,dc=x\ncn: Joe\n");
    let twice = applied(person, "add: commonName\ncommonName: joe\n-\n").unwrap_err();
    assert_eq!(twice.reason, Reason::ValueExists);
    let long: String = (0..100).map(|at| format!("x{at}: 1\n")).collect();
    let person = format!("dn: uid=joe,dc=x\n{long}commonName: Joe\n");
    assert_eq!(
        applied(&person, "replace: cn\ncn: J\n-\n").unwrap(),
        person.replace("commonName: Joe", "commonName: J")
    );
    // Where an export spells it in two ways, each line is found as it is spelled.
    let both = "dn: uid=joe,dc=x\ncommonName: Joe\ncn: Sepp\n";
    let after = applied(both, "replace: cn\ncn: S\n-\n").unwrap();
    assert_eq!(after, both.replace("Sepp", "S"));
}

#[test]
fn what_names_an_entry_stays_whatever_a_modify_calls_it() {
    let delete = "delete: commonName\ncommonName: Joe\n-\n";
    let refusal = applied("dn: cn=Joe,dc=x\ncn: Joe\ncn: J\n", delete).unwrap_err();
    assert_eq!(refusal.reason, Reason::NamesTheEntry);
    let delete = "delete: cn\ncn: Joe\n-\n";
    let refusal = applied("dn: 2.5.4.3=Joe,dc=x\ncn: Joe\n", delete).unwrap_err();
    assert_eq!(refusal.reason, Reason::NamesTheEntry);
    let replace = "replace: commonName\ncommonName: Joe\n-\n";
    let refusal = applied("dn: CN=Joe,dc=x\ncn: Joe\nobjectGUID: 1\n", replace).unwrap_err();
    assert_eq!(refusal.reason, Reason::NamesTheEntry);
}
