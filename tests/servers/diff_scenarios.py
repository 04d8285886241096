"""Two exports of a live server, before and after edits by hand: the change that
ldifix finds between them leads there, and its inverse back."""

import re

import ldif_text
from directory_server import program, run
from scenarios import check, check_same, without

# What an entry that is deleted and added again has anew, and what the servers note
# about it.
ANEW = {
    "objectguid", "objectsid", "whencreated", "usncreated", "pwdlastset", "usnchanged",
    "whenchanged", "lastlogoff", "ridnextrid",
}
# ldapsearch gives the identity of an entry only where it is asked for.
WHOLE = {"slapd": ["*", "+"], "samba": []}
JPEG = [b"\xff\xd8\xff\xe0 one", b"\xff\xd8\xff\xe0 two", b"\xff\xd8\xff\xe0 three"]


def add(dn, *pairs):
    lines = [ldif_text.line("dn", dn), b"changetype: add\n"]
    return b"".join(lines + [ldif_text.line(*pair) for pair in pairs]) + b"\n"


def rename(dn, rdn, superior=None):
    lines = [ldif_text.line("dn", dn), b"changetype: modrdn\n", ldif_text.line("newrdn", rdn), b"deleteoldrdn: 1\n"]
    if superior:
        lines.append(ldif_text.line("newsuperior", superior))
    return b"".join(lines) + b"\n"


def delete(dn):
    return ldif_text.line("dn", dn) + b"changetype: delete\n\n"


def unit(dn):
    return add(dn, ("objectClass", "organizationalUnit"), ("ou", dn.split(",")[0][3:]))


class Room:
    """The entries of the scenario, below one organizational unit."""

    def __init__(self, bench):
        self.bench, self.slapd = bench, bench.server.name == "slapd"
        self.top = f"OU=Diff,{bench.server.base}"

    def person(self, dn, name, *more):
        classes = ["top", "person", "organizationalPerson", "user"] + ["mailRecipient"] * self.slapd
        pairs = [("objectClass", one) for one in classes]
        pairs += [("cn", dn.split(",")[0][3:]), ("sAMAccountName", name), ("userPrincipalName", f"{name}@diff.test")]
        return add(dn, *pairs, *more)

    def group(self, dn, *members):
        pairs = [("objectClass", "top"), ("objectClass", "group"), ("cn", dn.split(",")[0][3:])]
        return add(dn, *pairs, *[("member", member) for member in members])

    def before(self):
        top = self.top
        sales = f"OU=Sales,{top}"
        yield unit(top)
        yield unit(sales)
        yield unit(f"OU=Deep,{sales}")
        yield unit(f"OU=Closed,{top}")
        yield self.person(f"CN=Ann,{sales}", "diffann", ("mail", "ann@diff.test"), ("proxyAddresses", "SMTP:ann@diff.test"), ("proxyAddresses", "smtp:a@diff.test"))
        yield self.person(f"CN=Bob,OU=Deep,{sales}", "diffbob")
        yield self.person(f"CN=Cid,{top}", "diffcid", ("displayName", " blanks "), ("givenName", "Zo\u00eb"))
        yield self.person(f"CN=Dan,{top}", "diffdan")
        yield self.person(f"CN=dora,{top}", "diffdora")
        yield self.person(f"CN=Eve,OU=Closed,{top}", "diffeve", ("mail", "eve@diff.test"))
        yield self.person(f"CN=Fay,OU=Closed,{top}", "difffay")
        yield self.group(f"CN=All,{top}", f"CN=Ann,{sales}", f"CN=Bob,OU=Deep,{sales}", f"CN=Eve,OU=Closed,{top}", f"CN=Cid,{top}")
        yield self.group(f"CN=Shut,OU=Closed,{top}", f"CN=Eve,OU=Closed,{top}", f"CN=Dan,{top}")
        if self.slapd:
            more = [("add", "jpegPhoto", JPEG[:2]), ("add", "cn;lang-de", ["\u00c4nne", "Ann"])]
            yield ldif_text.modify_record(f"CN=Ann,{sales}", more)

    def edits(self):
        """A rename, a move, a subtree that is renamed, a change of case in a name, an
        exchange of names and of unique values, adds, deletes."""
        top, sales = self.top, f"OU=Verkauf,{self.top}"
        upn = "userPrincipalName"
        yield rename(f"OU=Sales,{top}", "OU=Verkauf")
        yield rename(f"CN=Ann,{sales}", "CN=Anna Archer")
        yield ldif_text.modify_record(f"CN=Anna Archer,{sales}", [
            ("delete", "proxyAddresses", ["SMTP:ann@diff.test", "smtp:a@diff.test"]),
            ("add", "proxyAddresses", ["smtp:ann@diff.test", "SMTP:a@diff.test"]),
            ("delete", "mail", ["ann@diff.test"]), ("add", "mail", ["Ann@diff.test"]),
        ])
        yield rename(f"CN=dora,{top}", "CN=Dora")
        # Cid and Dan exchange their names, and their principal names.
        yield rename(f"CN=Cid,{top}", "CN=aside")
        yield rename(f"CN=Dan,{top}", "CN=Cid")
        yield rename(f"CN=aside,{top}", "CN=Dan")
        for dn, old, new in (("Dan", "diffcid", "aside"), ("Cid", "diffdan", "diffcid"), ("Dan", "aside", "diffdan")):
            yield ldif_text.modify_record(f"CN={dn},{top}", [("delete", upn, [f"{old}@diff.test"]), ("add", upn, [f"{new}@diff.test"])])
        yield unit(f"OU=New,{top}")
        yield self.person(f"CN=Gus,OU=New,{top}", "diffgus", ("description", "new"))
        yield rename(f"CN=Bob,OU=Deep,{sales}", "CN=Bob", f"OU=New,{top}")
        yield self.group(f"CN=News,OU=New,{top}", f"CN=Gus,OU=New,{top}", f"CN=Bob,OU=New,{top}")
        for dn in (f"CN=Shut,OU=Closed,{top}", f"CN=Eve,OU=Closed,{top}", f"CN=Fay,OU=Closed,{top}", f"OU=Closed,{top}"):
            yield delete(dn)
        members = [("add", "member", [f"CN=Gus,OU=New,{top}"])]
        if self.slapd:
            # slapd leaves values as they are, so they are edited.
            gone = [f"CN=Ann,OU=Sales,{top}", f"CN=Bob,OU=Deep,OU=Sales,{top}", f"CN=Eve,OU=Closed,{top}", f"CN=Cid,{top}"]
            come = [f"CN=Anna Archer,{sales}", f"CN=Bob,OU=New,{top}", f"CN=Dan,{top}", f"CN=Gus,OU=New,{top}"]
            members = [("delete", "member", gone), ("add", "member", come)]
            yield ldif_text.modify_record(f"CN=Anna Archer,{sales}", [
                ("delete", "jpegPhoto", []), ("add", "jpegPhoto", JPEG[1:]),
                # It is called Ann in German still, which does not name it.
                ("delete", "cn;lang-de", ["\u00c4nne"]), ("add", "cn;lang-de", ["\u00c4nnchen"]),
            ])
        yield ldif_text.modify_record(f"CN=All,{top}", members)


def apply_all(bench, path):
    """Every record of the file must be taken, whatever it does."""
    wanted = len(list(ldif_text.records(path.read_bytes())))
    check(wanted, f"{path.name} holds no record")
    done = run([program("ldapmodify"), *bench.server.simple_bind, "-f", path])
    begun = len(re.findall(rb"^(?:modifying (?:rdn of )?entry|adding new entry|deleting entry) ", done.stdout, re.MULTILINE))
    messages = done.stderr.decode(errors="replace")
    check(done.returncode == 0, f"ldapmodify: exit {done.returncode} at record {begun} of {wanted} in {path.name}: {messages}")
    check(begun == wanted, f"{begun} of {wanted} records applied")


def two_exports(bench):
    bench.start()
    room = Room(bench)

    def export(name):
        return bench.export(f"diff-{name}", "-LLL", "(objectClass=*)", *WHOLE[bench.server.name])

    def state():
        return without(bench.state(), ANEW)

    def diff(name, old, new):
        change, undo = bench.folder / f"{name}.change.ldif", bench.folder / f"{name}.undo.ldif"
        bench.ldifix("diff", old, new, "-o", change, "-u", undo, "--force", codes=(1,))
        for path in (change, undo):
            check(b"\nreplace:" not in path.read_bytes(), f"{path.name} replaces")
        return change, undo

    with bench.step("two exports: takes entries and the edits of a day"):
        apply_all(bench, bench.write_change("diff-before", *room.before()))
        first, old = state(), export("old")
        apply_all(bench, bench.write_change("diff-edits", *room.edits()))
        second, new = state(), export("new")
    with bench.step("an export does not differ from itself"):
        bench.ldifix("diff", new, new, codes=(0,))
    with bench.step("diff of the later and the earlier export, applied: the earlier state"):
        back, forth = diff("back", new, old)
        apply_all(bench, back)
        check_same(first, state(), "server")
    with bench.step("its inverse: the later state"):
        apply_all(bench, forth)
        check_same(second, state(), "server")
    with bench.step("renames and moves are one record each, and entries stay what they are"):
        kinds = re.findall(rb"^changetype: (\w+)", back.read_bytes(), re.MULTILINE)
        # Sales, Ann, Bob, dora and the exchange of Cid and Dan over a third name.
        check(kinds.count(b"modrdn") == 7, f"{kinds.count(b'modrdn')} modrdn records: {kinds}")
        check(kinds.count(b"add") == 4 and kinds.count(b"delete") == 3, f"{kinds}")
    with bench.step("once more with fresh exports, forth and back"):
        apply_all(bench, diff("again-back", export("new-2"), old)[0])
        check_same(first, state(), "server")
        change, undo = diff("again", export("old-2"), new)
        apply_all(bench, change)
        check_same(second, state(), "server")
        apply_all(bench, undo)
        check_same(first, state(), "server")
