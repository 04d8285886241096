"""What `ldifix search` finds in an export is what the server finds live."""

import subprocess

import ldif_text
from scenarios import check

# Filters that both servers answer. {staff} and {base} are DNs of the server.
FILTERS = [
    "(objectClass=*)",
    "(objectClass=USER)",
    "(objectClass=person)",
    "(objectClass=organizationalPerson)",
    "(!(objectClass=organizationalPerson))",
    "(objectClass=top)",
    "(cn=alice test)",
    "(CN=ALICE  TEST)",
    "(cn=*)",
    "(cn=*test)",
    "(cn=a*)",
    "(cn=*li*e*te*)",
    "(cn=contact*one)",
    "(cn=smith, ann \\28it\\29 + co)",
    "(cn=*\\28it\\29*)",
    "(cn=the \"quoted\" \\5c back)",
    "(cn=j\\c3\\bcrgen m\\c3\\bcller)",
    "(cn=J\\c3\\9cRGEN*)",
    "(cn=\\e5\\b1\\b1*)",
    "(displayName=*)",
    "(!(displayName=*))",
    "(proxyAddresses=smtp:alice@contoso.com)",
    "(proxyAddresses=smtp:*)",
    "(proxyAddresses=*@CONTOSO.onmicrosoft.com)",
    "(&(proxyAddresses=*)(!(objectClass=contact)))",
    "(&(objectClass=user)(mail=*@contoso.com)(!(mail=a*)))",
    "(|(sAMAccountName=alice)(sAMAccountName=BOB)(cn=nobody))",
    "(&)",
    "(|)",
    "(!(|(objectClass=user)(objectClass=group)(objectClass=contact)))",
    "(&(|(cn=a*)(cn=b*)(cn=c*))(!(|(cn=*test)(cn=contact*))))",
    "(groupType=8)",
    "(groupType:1.2.840.113556.1.4.803:=8)",
    "(groupType:1.2.840.113556.1.4.804:=12)",
    "(!(groupType:1.2.840.113556.1.4.803:=8))",
    "(groupType=eight)",
    "(objectCategory=CN=Person,CN=Schema,CN=Configuration,{base})",
    "(objectCategory=cn=group, cn=schema,cn=configuration,{base})",
    "(!(objectCategory=CN=Group,CN=Schema,CN=Configuration,{base}))",
    "(member=cn=ALICE test, {staff})",
    "(member=*)",
    "(member=no name)",
    "(!(member=CN=Alice Test,{staff}))",
]
# Filters that only one of them answers, or answers as the standards have it.
OWN_FILTERS = {
    # Samba knows attributes by one name only, and takes a value that breaks the syntax
    # for one that does not match, so that the negation selects every entry.
    "slapd": [
        "(2.5.4.3=Alice Test)",
        "(commonName=Bob Test)",
        "(!(groupType=eight))",
        "(ou:dn:=staff)",
        "(&(ou:dn:=Staff)(objectClass=contact))",
        "(cn:caseExactMatch:=Alice Test)",
        "(cn:caseExactMatch:=alice test)",
        "(cn:=ALICE test)",
        "(:caseIgnoreMatch:=alice test)",
        "(:dn:2.5.13.2:=staff)",
        "(exactAddress=*)",
        "(createTimestamp>=20000101000000Z)",
        "(createTimestamp<=20000101000000Z)",
        "(!(createTimestamp<=20000101000000Z))",
        "(modifyTimestamp>=20000101020000+0200)",
        "(entryDN=cn=alice test,{staff})",
        "(hasSubordinates=TRUE)",
        "(objectClass=2.5.6.6)",
        "(structuralObjectClass=person)",
        "(entryDN:dnSubtreeMatch:={staff})",
        "(!(entryDN:dnSubtreeMatch:={staff}))",
        "(entryDN:dnOneLevelMatch:={base})",
        "(entryDN:dnSubordinateMatch:={base})",
        "(entryDN:dnSuperiorMatch:=cn=x,{staff})",
        "(member:dnSubtreeMatch:={staff})",
        "(structuralObjectClass=user)",
        "(displayName=both, and two inside)",
        "(displayName=*and two*)",
    ],
    "samba": [
        "(objectCategory=person)",
        "(objectCategory=group)",
        "(&(objectCategory=person)(objectClass=user))",
        "(userAccountControl:1.2.840.113556.1.4.803:=2)",
        "(!(userAccountControl:1.2.840.113556.1.4.803:=2))",
        "(userAccountControl>=514)",
        "(userAccountControl<=512)",
        "(sAMAccountType=805306368)",
        "(whenCreated>=20000101000000.0Z)",
        "(whenCreated<=20000101000000.0Z)",
        "(objectSid=*)",
        "(member:1.2.840.113556.1.4.1941:=CN=Alice Test,{staff})",
        "(memberOf:1.2.840.113556.1.4.1941:=CN=grp2,{staff})",
        "(memberOf=CN=grp1,{staff})",
        "(isCriticalSystemObject=TRUE)",
    ],
}
# Active Directory has no scope for all below the base without it.
SCOPES = {"slapd": ["base", "one", "sub", "children"], "samba": ["base", "one", "sub"]}
ATTRIBUTES = [["cn"], ["cn", "mail", "proxyAddresses"], ["1.1"], ["*"], ["OBJECTCLASS", "samaccountname"], ["noSuchAttribute"]]


def names(data):
    return sorted(dn.decode().lower() for dn, _ in ldif_text.records(data))


def same_names(live, found, what):
    live, found = names(live), names(found)
    lost = [dn for dn in live if dn not in found]
    more = [dn for dn in found if dn not in live]
    check(live == found, f"{what}: the server finds {len(live)}, ldifix {len(found)}\nonly the server: {lost[:5]}\nonly ldifix: {more[:5]}")


def live_search(bench, *arguments, base=None):
    return bench.search("-LLL", "-o", "ldif-wrap=no", *arguments, base=base)


def nested_groups(bench):
    """Alice is in grp1, grp1 is in grp2."""
    staff = bench.staff
    links = [("grp1", "Alice Test"), ("grp2", "grp1")]
    records = [ldif_text.modify_record(f"CN={group},{staff}", [("add", "member", [f"CN={member},{staff}"])]) for group, member in links]
    bench.modify_all(bench.write_change("nested", *records))


def contact_of_one_class(bench):
    """What it derives from is not said: Active Directory adds it, OpenLDAP does not."""
    dn = f"CN=Of One Class,{bench.staff}"
    record = b"".join([ldif_text.line("dn", dn), b"changetype: add\n", ldif_text.line("objectClass", "contact"), ldif_text.line("cn", "Of One Class"), b"\n"])
    code, _, messages = bench.modify(bench.write_change("one-class", record))
    check(code == 0, f"ldapmodify: exit {code}: {messages}")


def identities(export):
    """Filters by the binary and the textual form of Alice's identity, where there is one."""
    for _, lines in ldif_text.records(export.read_bytes()):
        values = {name.lower(): value for name, value in lines}
        if values.get("cn") == b"Alice Test" and "objectguid" in values:
            escaped = "".join(f"\\{byte:02x}" for byte in values["objectguid"])
            return [f"(objectGUID={escaped})"]
    return []


def search(bench):
    bench.start()
    with bench.step("takes nested groups"):
        nested_groups(bench)
    with bench.step("takes an entry of one class"):
        contact_of_one_class(bench)
    export = bench.export("export", "*", "+")
    filled = {"base": bench.server.base, "staff": bench.staff}
    filters = [text.format(**filled) for text in FILTERS + OWN_FILTERS[bench.server.name]] + identities(export)
    with bench.step(f"search finds what the server finds, for {len(filters)} filters"):
        wrong = []
        for text in filters:
            found, _ = bench.ldifix("search", export, "--filter", text, "--attrs", "1.1")
            try:
                same_names(live_search(bench, text, "1.1"), found, text)
            except Exception as difference:
                wrong.append(str(difference))
        check(not wrong, "\n".join(wrong))
    with bench.step("search looks where the server looks, for every scope and three bases"):
        for base in (bench.server.base, bench.staff.upper(), f"CN=Alice Test,{bench.staff}"):
            for scope in SCOPES[bench.server.name]:
                found, _ = bench.ldifix("search", export, "--base", base, "--scope", scope, "--attrs", "1.1")
                same_names(live_search(bench, "-s", scope, "1.1", base=base), found, f"{scope} of {base}")
    with bench.step("search gives the attributes that the server gives"):
        for attributes in ATTRIBUTES:
            live = live_search(bench, "(cn=*test)", *attributes)
            found, _ = bench.ldifix("search", export, "--filter", "(cn=*test)", "--attrs", ",".join(attributes))
            live, found = bench.entries(live), bench.entries(found)
            check(live == found, f"{attributes}: {[dn for dn in live if live[dn] != found.get(dn)][:5]}")
    with bench.step("the count from a pipe is the server's"):
        live = len(names(live_search(bench, "(objectClass=user)", "1.1")))
        command = [bench.binary, "search", "--filter", "(objectClass=user)", "--count"]
        found = subprocess.run(command, input=export.read_bytes(), capture_output=True, timeout=60)
        check(found.stdout.strip() == str(live).encode(), f"the server finds {live}, ldifix {found}")


SEARCH_SCENARIOS = [search]
