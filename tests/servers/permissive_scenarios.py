"""What the acceptance does with the control for permissive modify. Starts from
nothing."""

import re

import ldif_text
from directory_server import must, program, run
from scenarios import check, check_same, differences
from verify_scenarios import TREE_DELETE, contact, lines, take, verified

PERMISSIVE = "1.2.840.113556.1.4.1413"
ONE, TWO, NEW = "smtp:one@fabrikam.com", "SMTP:two@fabrikam.com", "smtp:new@fabrikam.com"
ABSENT = "smtp:never@fabrikam.com"
MAIL = "perm@fabrikam.com"
ADDRESSES = "proxyAddresses"


def permissive_record(dn, mods):
    control = ldif_text.line("control", f"{PERMISSIVE} true")
    return ldif_text.modify_record(dn, mods).replace(b"changetype:", control + b"changetype:", 1)


# (what, modifications): both servers take them and do the same.
TAKEN = {
    "what is there is not added": [
        ("a value that is there", [("add", ADDRESSES, [ONE])]),
        ("one that is there, one that is not", [("add", ADDRESSES, [TWO, NEW])]),
        ("the same in two modifications", [("add", ADDRESSES, [NEW]), ("add", ADDRESSES, [NEW])]),
    ],
    "what is not there is not deleted": [
        ("a value that is not there, one that is", [("delete", ADDRESSES, [ABSENT, ONE])]),
        ("a value twice", [("delete", ADDRESSES, [ONE, ONE])]),
        ("a value in another case", [("delete", ADDRESSES, [ONE.upper()])]),
        ("a value of an attribute that is not there", [("delete", "givenName", ["x"])]),
        ("an attribute that is not there", [("delete", "givenName", [])]),
        ("an attribute twice", [("delete", "displayName", []), ("delete", "displayName", [])]),
        ("what an earlier modification deleted", [
            ("delete", ADDRESSES, [ONE, TWO]), ("delete", ADDRESSES, [ONE]),
        ]),
    ],
    "replace does as it always does": [
        ("the value that is there", [("replace", "mail", [MAIL])]),
        ("another spelling", [("replace", "mail", [MAIL.upper()])]),
        ("nothing, by nothing", [("replace", "givenName", [])]),
        ("all, and one of them added", [("replace", ADDRESSES, [NEW]), ("add", ADDRESSES, [NEW])]),
    ],
    "records that do a little of everything": [
        ("adds and deletes", [
            ("add", ADDRESSES, [ONE, NEW]),
            ("delete", "givenName", []),
            ("delete", ADDRESSES, [ABSENT, TWO]),
            ("replace", "mail", ["other@fabrikam.com"]),
            ("delete", "displayName", ["Perm"]),
            ("add", "displayName", ["Perm the second "]),
        ]),
        ("what was deleted comes back", [("delete", ADDRESSES, [ONE]), ("add", ADDRESSES, [ONE])]),
    ],
}
# What one server takes, and `apply` knows that it is this one.
TAKEN_BY = {
    "slapd": {
        "slapd keeps a value as it is spelled": [
            ("in another case", [("add", ADDRESSES, [ONE.upper()])]),
            ("of one value only", [("add", "mail", [MAIL.upper()])]),
        ],
        "slapd sets a number that is not there": [
            ("an increment", [("increment", "uSNChanged", ["5"])]),
        ],
        "slapd takes what is there for an attribute with one value": [
            ("the value that is there", [("add", "mail", [MAIL])]),
            ("and takes it away", [("add", "mail", [MAIL]), ("delete", "mail", [MAIL])]),
        ],
    },
    "samba": {
        "Samba looks at no value that it does not find": [
            ("a value that is not there", [("delete", ADDRESSES, [ABSENT])]),
            ("one that is there, one that is not", [("delete", ADDRESSES, [ONE, ABSENT])]),
            ("of one value only", [("delete", "mail", ["never@fabrikam.com"])]),
            ("a value that is there, said twice", [("add", ADDRESSES, [ONE, ONE])]),
        ],
    },
}
# (what, modifications, the server's result code): `apply` refuses them as well.
REFUSED = {
    "slapd": [
        ("the last value to delete is not there", [("delete", ADDRESSES, [ONE, ABSENT])], 16),
        ("the only value to delete is not there", [("delete", ADDRESSES, [ABSENT])], 16),
        ("a value that is there, said twice", [("add", ADDRESSES, [ONE, ONE])], 20),
        ("the naming attribute", [("delete", "cn", [])], 64),
    ],
    "samba": [
        ("a second value", [("add", "mail", ["second@fabrikam.com"])], 20),
        ("a new value, said twice", [("add", ADDRESSES, [NEW, NEW])], 20),
        ("the naming attribute", [("add", "cn", ["Perm"])], 67),
        ("the naming attribute, without its value", [("delete", "cn", ["Nobody"])], 67),
    ],
}
# Records that modify nothing; with the tree-delete control too.
OTHER_KINDS = {
    "add": [("changetype", "add"), ("objectClass", "organizationalUnit"), ("ou", "none")],
    "delete": [("changetype", "delete")],
    "modrdn": [("changetype", "modrdn"), ("newrdn", "CN=Permissive"), ("deleteoldrdn", "1")],
}
# MS-ADTS 3.1.1.3.4.1.8 has Active Directory take these, and so does `apply`.
SAMBA_ALONE_REFUSES = [
    ("the value of an attribute with one value", [("add", "mail", [MAIL])], 20),
    # 53 where the group has others.
    ("a member that is none", [("delete", "member", ["CN=Perm,{staff}"])], 16),
]


def permissive(bench):
    bench.start()
    server, staff = bench.server.name, bench.staff
    perm = f"CN=Perm,{staff}"
    lists = server == "samba"
    with bench.step(f"{'lists' if lists else 'has and does not list'} the control for permissive modify"):
        question = ["-LLL", "-s", "base", "-b", "", "supportedControl"]
        listed = must([program("ldapsearch"), *bench.server.simple_bind, *question]).stdout
        check((PERMISSIVE.encode() in listed) == lists, listed.decode())
    with bench.step("takes an entry to be changed"):
        attributes = [("mail", MAIL), (ADDRESSES, ONE), (ADDRESSES, TWO), ("displayName", "Perm")]
        take(bench, bench.write_change("perm", contact(bench, perm, "Perm", *attributes)))
    for label, cases in [*TAKEN.items(), *TAKEN_BY[server].items()]:
        with bench.step(f"permissive: {label}, as apply predicts, and back"):
            for what, mods in cases:
                case_by_case(what, lambda: there_and_back(bench, perm, mods))
    with bench.step("permissive: what cannot be is refused, as apply predicts"):
        for what, mods, code in REFUSED[server]:
            case_by_case(what, lambda: refused(bench, perm, mods, code, by_apply=True))
    if server == "slapd":
        with bench.step("permissive: slapd refuses the critical control with other records, as apply predicts"):
            for kind, lines_of_kind in OTHER_KINDS.items():
                for control in (PERMISSIVE, TREE_DELETE):
                    dn = f"OU=none,{staff}" if kind == "add" else perm
                    record = lines(("dn", dn), ("control", f"{control} true"), *lines_of_kind)
                    case_by_case(f"{kind}, {control}", lambda: refused_record(bench, record, 12, by_apply=True))
    if server == "samba":
        with bench.step("permissive: Samba refuses what MS-ADTS allows, and nothing changes"):
            for what, mods, code in SAMBA_ALONE_REFUSES:
                dn = f"CN=grp1,{staff}" if mods[0][1] == "member" else perm
                mods = [(op, name, [value.format(staff=staff) for value in values]) for op, name, values in mods]
                case_by_case(what, lambda: refused(bench, dn, mods, code, by_apply=False))
        with bench.step("permissive: Samba adds a value beside its twin, as it always does"):
            twin(bench, perm)
    with bench.step("permissive: a control on ldapmodify's command line is the same"):
        on_the_command_line(bench, perm)
    stopped_in_the_middle(bench, perm)


def case_by_case(what, case):
    """Says which case failed."""
    try:
        case()
    except Exception as error:
        raise type(error)(f"{what}: {error}") from error


def whole_state(bench):
    return bench.entries(whole_text(bench))


def whole_text(bench):
    """With what only OpenLDAP keeps, by which it is known."""
    operational = ["*", "+"] if bench.server.name == "slapd" else []
    return bench.search("-LLL", "-o", "ldif-wrap=no", *operational)


def whole_export(bench, name):
    path = bench.folder / f"{name}.ldif"
    path.write_bytes(whole_text(bench))
    return path


def there_and_back(bench, dn, mods):
    change = bench.write_change("permissive", permissive_record(dn, mods))
    export, first = whole_export(bench, "permissive.export"), whole_state(bench)
    undo, _ = bench.ldifix("invert", change, "--base", export)
    predicted = bench.predict(export, change, "permissive")
    bench.modify_all(change)
    check_same(predicted, whole_state(bench), "server")
    check_state(bench, change, export, "applied")
    take_back(bench, undo, first)


def take_back(bench, undo, first):
    path = bench.folder / "permissive.undo.ldif"
    path.write_bytes(undo)
    if list(ldif_text.records(undo)):
        bench.modify_all(path)
    check_same(first, whole_state(bench), "server, taken back")


def check_state(bench, change, base, expected):
    states = verified(bench, change, "permissive.now", "--base", base)
    check(states == [expected], f"verify says {states}")


def refused(bench, dn, mods, code, by_apply):
    refused_record(bench, permissive_record(dn, mods), code, by_apply)


def refused_record(bench, record, code, by_apply):
    change = bench.write_change("permissive.refused", record)
    export, first = whole_export(bench, "permissive.export"), whole_state(bench)
    done = run([bench.binary, "apply", export, change])
    said = re.search(rb"\(LDAP result \d+\)", done.stderr)
    check(bool(said) == by_apply, f"apply: exit {done.returncode}: {done.stderr.decode(errors='replace')}")
    found, _, messages = bench.modify(change)
    check(found == code, f"exit {found}: {messages}")
    check_same(first, whole_state(bench), "server")


def twin(bench, dn):
    """Active Directory finds the value there; Samba adds a twin, as without the control."""
    change = bench.write_change("twin", permissive_record(dn, [("add", ADDRESSES, [ONE.upper()])]))
    export, first = whole_export(bench, "twin.export"), whole_state(bench)
    predicted = bench.predict(export, change, "twin")
    bench.modify_all(change)
    predicted[dn.lower()][ADDRESSES.lower()].insert(0, ONE.upper().encode())
    check_same(predicted, whole_state(bench), "server")
    check_state(bench, change, export, "applied")
    back = [("delete", ADDRESSES, [ONE.upper(), ONE]), ("add", ADDRESSES, [ONE])]
    take_back(bench, ldif_text.change_file(ldif_text.modify_record(dn, back)), first)


def on_the_command_line(bench, dn):
    mods = [("add", ADDRESSES, [ONE, NEW]), ("delete", "givenName", [])]
    plain = bench.write_change("plain", ldif_text.modify_record(dn, mods))
    said = bench.write_change("said", permissive_record(dn, mods))
    export, first = whole_export(bench, "plain.export"), whole_state(bench)
    undo, _ = bench.ldifix("invert", said, "--base", export)
    predicted = bench.predict(export, said, "plain")
    code, _, messages = bench.modify(plain, "-e", f"!{PERMISSIVE}")
    check(code == 0, f"exit {code}: {messages}")
    check_same(predicted, whole_state(bench), "server")
    take_back(bench, undo, first)


def stopped_in_the_middle(bench, dn):
    first, base = whole_state(bench), whole_export(bench, "stop.base")
    stale = [("delete", "mail", [ABSENT]), ("add", "mail", [NEW])]
    stale = ldif_text.modify_record(f"CN=Dave Test,{bench.staff}", stale)
    before = [
        permissive_record(dn, [("add", ADDRESSES, [ONE, NEW])]),
        permissive_record(dn, [("delete", "displayName", []), ("add", "displayName", ["Stopped"])]),
    ]
    behind = [
        permissive_record(dn, [("delete", ADDRESSES, [ABSENT, TWO])]),
        permissive_record(dn, [("replace", "mail", ["stopped@fabrikam.com"])]),
    ]
    change = bench.write_change("stop", *before, stale, *behind)
    with bench.step("permissive: a stale record stops ldapmodify, and verify tells what was made"):
        code, _, messages = bench.modify(change)
        check(code == 16, f"exit {code}: {messages}")
        states = verified(bench, change, "stop.half", "--base", base)
        check(states == ["applied", "applied", "conflict", "pending", "pending"], f"{states}")
    half, pending, undo = (bench.folder / f"stop.{name}.ldif" for name in ("half", "pending", "undo"))
    with bench.step("permissive: what is pending finishes the change"):
        bench.ldifix("verify", change, half, "--base", base, "--pending", pending, codes=(1,))
        take(bench, pending)
        whole = bench.write_change("stop.whole", *before, *behind)
        check_same(bench.predict(base, whole, "stop.whole"), whole_state(bench), "server")
    with bench.step("permissive: what was applied is taken back, and every value is there"):
        done = whole_export(bench, "stop.done")
        bench.ldifix("verify", change, done, "--base", base, "--applied-undo", undo, codes=(1,))
        take(bench, undo)
        check(not differences(first, whole_state(bench)), "\n".join(differences(first, whole_state(bench))[:10]))


PERMISSIVE_SCENARIOS = [permissive]
