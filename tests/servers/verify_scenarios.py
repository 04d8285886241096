"""What the acceptance does with `invert` and `verify`. Each scenario starts from
nothing."""

import json

import ldif_text
from directory_server import must, program, run
from scenarios import check, check_same, differences

# What only a server writes: an entry that was deleted and added again has its own.
MAINTAINED = {
    "objectguid", "objectsid", "whencreated", "whenchanged", "usncreated", "usnchanged", "name",
    "instancetype", "distinguishedname", "samaccounttype", "pwdlastset", "badpwdcount",
    "badpasswordtime", "lastlogoff", "lastlogon", "logoncount", "entryuuid", "entrycsn",
    "createtimestamp", "modifytimestamp", "primarygroupid", "admincount",
    # Samba gives a new entry one that it was not told.
    "objectcategory",
}
TREE_DELETE = "1.2.840.113556.1.4.805"


def lines(*pairs):
    return b"".join(ldif_text.line(name, value) for name, value in pairs) + b"\n"


def delete(dn, control=None):
    controls = [("control", f"{control} true")] if control else []
    return lines(("dn", dn), *controls, ("changetype", "delete"))


def rename(dn, rdn, above=None):
    moved = [("newsuperior", above)] if above else []
    return lines(("dn", dn), ("changetype", "modrdn"), ("newrdn", rdn), ("deleteoldrdn", "1"), *moved)


def add(dn, *pairs):
    return lines(("dn", dn), ("changetype", "add"), *pairs)


def contact(bench, dn, cn, *pairs):
    classes = ["top", "person", "organizationalPerson", "contact"]
    if bench.server.name == "slapd":
        classes.append("mailRecipient")
    return add(dn, *[("objectClass", name) for name in classes], ("cn", cn), *pairs)


def unit(dn, ou):
    return add(dn, ("objectClass", "top"), ("objectClass", "organizationalUnit"), ("ou", ou))


def take(bench, path, *arguments):
    """ldapmodify must take the whole file."""
    done = run([program("ldapmodify"), *bench.server.simple_bind, *arguments, "-f", path])
    check(done.returncode == 0, f"ldapmodify: exit {done.returncode}: {done.stderr.decode(errors='replace')}")


def prepared(bench):
    """A subtree of its own, to be deleted as one, and people who change."""
    bench.start()
    staff = bench.staff
    old = f"OU=Old,{staff}"
    with bench.step("takes a unit with two contacts"):
        take(bench, bench.write_change(
            "old",
            unit(old, "Old"),
            contact(bench, f"CN=One,{old}", "One", ("mail", "one@fabrikam.com")),
            contact(bench, f"CN=Two,{old}", "Two", ("displayName", "Two, the second ")),
        ))
    return staff, old


def all_kinds(bench, staff, old):
    """Records of all kinds, several for one entry, each leaning on those before."""
    alice, bob, carol = (f"CN={name} Test,{staff}" for name in ("Alice", "Bob", "Carol"))
    new, newer = f"OU=New,{staff}", f"OU=Newer,{staff}"
    modify = ldif_text.modify_record
    tree = [
        delete(old, TREE_DELETE),
    ] if bench.server.name == "samba" else [
        delete(f"CN=Two,{old}"),
        delete(f"CN=One,{old}"),
        delete(old),
    ]
    counter = [modify(alice, [("increment", "uSNChanged", ["5"])])] if bench.server.name == "slapd" else []
    return [
        modify(alice, [
            ("replace", "mail", ["alice.new@contoso.com"]),
            ("add", "proxyAddresses", ["smtp:alice.new@contoso.com"]),
            ("delete", "proxyAddresses", ["smtp:alice@contoso.onmicrosoft.com"]),
            ("delete", "mailNickname", []),
            ("add", "mailNickname", ["Alice.New"]),
        ]),
        modify(alice, [("delete", "displayName", [])]),
        *counter,
        unit(new, "New"),
        contact(bench, f"CN=Late,{new}", "Late", ("mail", "late@fabrikam.com")),
        rename(bob, "CN=Robert Test", new),
        modify(f"CN=Robert Test,{new}", [("replace", "displayName", ["Robert "])]),
        rename(new, "OU=Newer"),
        modify(f"CN=Robert Test,{newer}", [
            ("delete", "displayName", ["Robert "]), ("add", "displayName", ["robert "]),
        ]),
        modify(f"CN=Late,{newer}", [("replace", "mail", ["later@fabrikam.com"])]),
        *tree,
        # A move that keeps the name, and a name that changes its case alone.
        rename(carol, "CN=Carol Test", newer),
        rename(f"CN=Carol Test,{newer}", "CN=CAROL Test"),
        modify(f"CN=Carol Test,{newer}", [("replace", "givenName", [" Carol"])]),
        delete(f"CN=Contact One,{staff}"),
        contact(bench, f"CN=Contact One,{staff}", "Contact One", ("mail", "again@fabrikam.com")),
    ]


def comparable(entries):
    return {
        dn: {name: values for name, values in attributes.items() if name not in MAINTAINED}
        for dn, attributes in entries.items()
    }


def check_restored(first, found, what):
    check_same(comparable(first), comparable(found), what)


def inverting(bench):
    """Any change file, and back."""
    staff, old = prepared(bench)
    first = bench.state()
    export = bench.export("before", "-LLL")
    change = bench.write_change("kinds", *all_kinds(bench, staff, old))
    undo = bench.folder / "kinds.undo.ldif"
    with bench.step("invert writes the inverse of records of all kinds"):
        bench.ldifix("invert", change, "--base", export, "-o", undo)
        wanted, got = (len(list(ldif_text.records(path.read_bytes()))) for path in (change, undo))
        check(got >= wanted, f"{got} records for {wanted}")
    with bench.step("apply predicts where they lead"):
        predicted = bench.predict(export, change, "kinds")
        check(differences(first, predicted), "the prediction is the export itself")
    with bench.step("ldapmodify takes the change, and the state is the predicted one"):
        take(bench, change)
        check_restored(predicted, bench.state(), "server")
    with bench.step("verify finds all of it applied"):
        states = verified(bench, change, "kinds.after", "--base", export)
        check(set(states) == {"applied"}, f"{states}")
    with bench.step("ldapmodify takes the inverse, and every value is back"):
        take(bench, undo)
        check_restored(first, bench.state(), "server")
    with bench.step("verify finds nothing of it applied"):
        states = verified(bench, change, "kinds.back", "--base", export)
        check("applied" not in states[:-2] and "conflict" not in states, f"{states}")


def verified(bench, change, name, *arguments):
    """The state of each record, from a fresh export."""
    export = bench.export(name, "-LLL")
    out, _ = bench.ldifix("verify", change, export, "--format", "json", *arguments, codes=(0, 1))
    return [json.loads(line)["state"] for line in out.splitlines()]


STALE = "nobody.ever@contoso.com"


def stopped_run(bench):
    """A change of all kinds with a stale record in the middle: ldapmodify stops there."""
    staff, old = prepared(bench)
    first = bench.state()
    base = bench.export("base", "-LLL")
    records = all_kinds(bench, staff, old)
    middle = len(records) // 2
    stale = ldif_text.modify_record(
        f"CN=Dave Test,{staff}", [("delete", "mail", [STALE]), ("add", "mail", ["dave.new@contoso.com"])]
    )
    records.insert(middle, stale)
    change = bench.write_change("stopped", *records)
    with bench.step("ldapmodify stops at the stale record"):
        rejects = bench.folder / "rejects.ldif"
        code, _, messages = bench.modify(change, "-S", rejects)
        check(code == 16, f"exit {code}: {messages}")
    return first, base, change, rejects, middle, len(records)


def check_stopped(bench, change, base, middle, count):
    """Applied, one conflict, pending: in this order."""
    states = verified(bench, change, "half", "--base", base)
    expected = ["applied"] * middle + ["conflict"] + ["pending"] * (count - middle - 1)
    check(states == expected, f"\nfound    {states}\nexpected {expected}")


def finishing(bench):
    first, base, change, rejects, middle, count = stopped_run(bench)
    with bench.step("verify tells what was applied, what is pending, and what is in conflict"):
        check_stopped(bench, change, base, middle, count)
    with bench.step("verify reads the rejects and shows the server's reason"):
        half = bench.folder / "half.ldif"
        out, _ = bench.ldifix("verify", rejects, half, codes=(1,))
        check(b"No such attribute (16)" in out and b"dave@contoso.com" in out, out.decode())
    with bench.step("what is pending is taken, and the rest of the change is there"):
        pending = bench.folder / "pending.ldif"
        bench.ldifix("verify", change, half, "--base", base, "--pending", pending, codes=(1,))
        take(bench, pending)
        without = bench.write_change("without", *all_kinds(bench, bench.staff, f"OU=Old,{bench.staff}"))
        check_restored(bench.predict(base, without, "without"), bench.state(), "server")
    with bench.step("verify finds all applied but the stale record"):
        states = verified(bench, change, "finished", "--base", base)
        check(states.count("applied") == count - 1 and states[middle] == "conflict", f"{states}")


def rolling_back(bench):
    first, base, change, _, middle, count = stopped_run(bench)
    with bench.step("verify tells what was applied, what is pending, and what is in conflict"):
        check_stopped(bench, change, base, middle, count)
    with bench.step("what was applied is taken back, and every value is there"):
        half, undo = bench.folder / "half.ldif", bench.folder / "rollback.ldif"
        bench.ldifix("verify", change, half, "--base", base, "--applied-undo", undo, codes=(1,))
        take(bench, undo)
        check_restored(first, bench.state(), "server")


VERIFY_SCENARIOS = [inverting, finishing, rolling_back]
