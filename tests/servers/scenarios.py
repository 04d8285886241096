"""What the acceptance does with one server. Each scenario starts from nothing."""

import re
import shutil

import ldif_text
from directory_server import must, program, run
from seed import MANY, write_seed

# Attributes that a server writes by itself. What is data to slapd (it knows no
# uSNChanged of its own) is compared there.
VOLATILE = {
    "slapd": {"entrycsn", "modifytimestamp", "modifiersname"},
    "samba": {
        "usnchanged", "whenchanged", "dscorepropagationdata", "logoncount", "lastlogon",
        "lastlogontimestamp", "badpwdcount", "badpasswordtime", "modifytimestamp",
    },
}
BEHIND = "Changed behind the back"


class StepFailed(Exception):
    """A step did not give what it must."""


def check(condition, text):
    if not condition:
        raise StepFailed(text)


class Bench:
    """One server, the program under test, and a folder for their files."""

    def __init__(self, server, binary, folder, report):
        self.server, self.binary, self.folder, self.report = server, binary, folder, report
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()

    def step(self, name):
        return self.report.step(f"{self.server.name}: {name}")

    def start(self):
        """The server from nothing, with the seed in it."""
        with self.step("starts from nothing, on loopback only"):
            self.server.up()
        with self.step("takes the entries with bad values"):
            seed = self.folder / "seed.ldif"
            self.count = write_seed(seed, self.server.name, self.server.base)
            self.server.load(seed)

    # -- the server's side --------------------------------------------------

    @property
    def staff(self):
        return f"OU=Staff,{self.server.base}"

    def search(self, *arguments, base=None):
        command = [program("ldapsearch"), *self.server.simple_bind, "-b", base or self.server.base, *arguments]
        return must(command).stdout

    def export(self, name, *arguments, base=None):
        path = self.folder / f"{name}.ldif"
        path.write_bytes(self.search(*arguments, base=base))
        return path

    def entries(self, data):
        return ldif_text.entries(data, VOLATILE[self.server.name])

    def state(self, base=None):
        return self.entries(self.search("-LLL", "-o", "ldif-wrap=no", base=base))

    def modify(self, path, *arguments):
        """ldapmodify with a file: (exit code, records begun, its messages)."""
        done = run([program("ldapmodify"), *self.server.simple_bind, *arguments, "-f", path])
        begun = len(re.findall(rb"^modifying (?:entry|rdn of entry) ", done.stdout, re.MULTILINE))
        return done.returncode, begun, done.stderr.decode(errors="replace")

    def modify_all(self, path):
        """Every record of the file must be taken."""
        wanted = len(list(ldif_text.records(path.read_bytes())))
        check(wanted, f"{path.name} holds no record")
        code, begun, messages = self.modify(path)
        check(code == 0, f"ldapmodify: exit {code} at record {begun} of {wanted}: {messages}")
        check(begun == wanted, f"{begun} of {wanted} records applied")

    def write_change(self, name, *records):
        path = self.folder / f"{name}.ldif"
        path.write_bytes(ldif_text.change_file(*records))
        return path

    # -- ldifix's side ------------------------------------------------------

    def ldifix(self, *arguments, codes=(0,)):
        done = run([self.binary, *arguments])
        said = done.stderr.decode(errors="replace")
        check(
            done.returncode in codes,
            f"ldifix {' '.join(map(str, arguments))}: exit {done.returncode}: {said[-1500:]}",
        )
        return done.stdout, said

    def fix(self, export, name, *arguments):
        change, undo = self.folder / f"{name}.change.ldif", self.folder / f"{name}.undo.ldif"
        for path in (change, undo):
            path.unlink(missing_ok=True)
        self.ldifix("fix", export, "-o", change, "-u", undo, *arguments, codes=(0, 1))
        return change, undo

    def predict(self, export, change, name):
        after, _ = self.ldifix("apply", export, change)
        (self.folder / f"{name}.after.ldif").write_bytes(after)
        return self.entries(after)


# -- comparing ---------------------------------------------------------------


def differences(expected, found):
    """One line per attribute whose set of values differs."""
    lines = []
    for dn in sorted(expected.keys() | found.keys()):
        if dn not in found or dn not in expected:
            lines.append(f"{dn}: {'gone' if dn not in found else 'new'}")
            continue
        for name in sorted(expected[dn].keys() | found[dn].keys()):
            old, new = expected[dn].get(name, []), found[dn].get(name, [])
            if old != new:
                lost = [value for value in old if value not in new]
                gained = [value for value in new if value not in old]
                lines.append(f"{dn}: {name}: expected {lost[:3] or old[:3]}, found {gained[:3] or new[:3]}")
    return lines


def check_same(expected, found, what):
    lines = differences(expected, found)
    check(not lines, f"{what}: {len(lines)} attributes differ:\n" + "\n".join(lines[:10]))


def without(entries, names):
    return {
        dn: {name: values for name, values in attributes.items() if name not in names}
        for dn, attributes in entries.items()
    }


def key(dn):
    return dn.decode().lower()


def check_guarded(change):
    """The form that makes a server refuse what is stale: modify records only, every
    value named, nothing replaced, no attribute dropped whole."""
    data = change.read_bytes()
    check(data.startswith(b"version: 1\n\n"), "does not begin with the version and a blank line")
    check(data.isascii(), "is not pure ASCII")
    seen = set()
    for dn, lines in ldif_text.records(data):
        name = dn.decode()
        check(lines[0] == ("changetype", b"modify"), f"{name}: not a modify record")
        mods = ldif_text.modifications(lines)
        check(mods, f"{name}: a record without modifications")
        for operation, attribute, values in mods:
            check(operation in ("delete", "add"), f"{name}: {operation}: {attribute}")
            check(values, f"{name}: {operation}: {attribute} names no value")
            check(";range=" not in attribute, f"{name}: {attribute} is a part of an attribute")
        seen.add(dn.lower())
    return seen


# -- scenario: the round trip ------------------------------------------------

PROFILES = [
    ("multi-tenant, unsafe", "LLL", ["--unsafe"]),
    ("multi-tenant, safe only", "default", []),
    ("dedicated, unsafe", "nowrap", ["--profile", "idfix-dedicated", "--unsafe"]),
    ("dedicated, safe only", "paged", ["--profile", "idfix-dedicated", "--no-comments"]),
]
DIALECTS = {
    "default": [],
    "LLL": ["-LLL"],
    "nowrap": ["-LLL", "-o", "ldif-wrap=no"],
    "paged": ["-E", "pr=20/noprompt"],
}


def round_trip(bench):
    bench.start()
    first = bench.state()
    for profile, dialect, arguments in PROFILES:
        label = f"{profile}, ldapsearch {' '.join(DIALECTS[dialect]) or 'as it is'}"
        name = profile.replace(", ", "-").replace(" ", "-")
        export = bench.export(f"{name}.export", *DIALECTS[dialect])
        one_round(bench, label, name, export, arguments, first)
    hostile_names_are_reached(bench)


def one_round(bench, label, name, export, arguments, first):
    with bench.step(f"{label}: fmt keeps every entry and value"):
        check_same(first, bench.entries(bench.ldifix("fmt", export)[0]), "fmt")
    with bench.step(f"{label}: check reports findings"):
        selection = [word for word in arguments if word.startswith("idfix-")]
        profile = ["--profile", *selection] if selection else []
        out, _ = bench.ldifix("check", export, "--format", "json", *profile, codes=(1,))
        check(out.count(b"\n") > 10, "hardly any findings for entries full of bad values")
    with bench.step(f"{label}: fix writes a guarded change and its inverse"):
        change, undo = bench.fix(export, name, *arguments)
        check(check_guarded(change) == check_guarded(undo), "the two files touch different entries")
    with bench.step(f"{label}: show explains the change"):
        out, _ = bench.ldifix("show", change, "--base", export)
        check(out.strip(), "show printed nothing")
    with bench.step(f"{label}: apply predicts the state"):
        predicted = bench.predict(export, change, name)
        check(differences(first, predicted), "the prediction is the export itself")
    with bench.step(f"{label}: ldapmodify takes every record"):
        bench.modify_all(change)
    with bench.step(f"{label}: the server's state is the predicted one"):
        check_same(predicted, bench.state(), "server")
    with bench.step(f"{label}: nothing is left to fix automatically"):
        again = bench.export(f"{name}.again", "-LLL")
        more, _ = bench.fix(again, f"{name}-again", *arguments)
        left = len(list(ldif_text.records(more.read_bytes()))) if more.exists() else 0
        check(left == 0, f"{left} records are offered on the corrected state")
    with bench.step(f"{label}: applied a second time it changes nothing"):
        bench.modify(change, "-c")
        check_same(predicted, bench.state(), "server")
    with bench.step(f"{label}: ldapmodify takes every record of the inverse"):
        bench.modify_all(undo)
    with bench.step(f"{label}: the server's state is the start, byte for byte"):
        check_same(first, bench.state(), "server")


def hostile_names_are_reached(bench):
    with bench.step("names with commas, quotes and non-ASCII letters were among the changed"):
        change = bench.folder / "multi-tenant-safe-only.change.ldif"
        names = [dn.decode() for dn, _ in ldif_text.records(change.read_bytes())]
        for what, found in (
            ("comma", [dn for dn in names if re.search(r"\\,|\\2c", dn, re.I)]),
            ("quote", [dn for dn in names if re.search(r'\\"|\\22', dn)]),
            ("non-ASCII", [dn for dn in names if not dn.isascii()]),
        ):
            check(found, f"no changed entry has a {what} in its name")


# -- scenario: exports of the servers' own tools -----------------------------


def own_tools(bench):
    """slapcat and ldbsearch write dialects of their own."""
    bench.start()
    first = bench.state()
    with bench.step("exports with its own tool"):
        tool, export, written_otherwise = own_export(bench)
    with bench.step(f"{tool}: fix writes a guarded change and its inverse"):
        change, undo = bench.fix(export, tool, "--unsafe")
        check_guarded(change)
        check_guarded(undo)
    with bench.step(f"{tool}: ldapmodify takes every record"):
        predicted = bench.predict(export, change, tool)
        bench.modify_all(change)
    with bench.step(f"{tool}: the server's state is the predicted one"):
        state = bench.state(bench.staff)
        predicted = {dn: lines for dn, lines in predicted.items() if dn in state}
        check_same(without(predicted, written_otherwise), without(state, written_otherwise), "server")
    with bench.step(f"{tool}: the inverse brings back the start, byte for byte"):
        bench.modify_all(undo)
        check_same(first, bench.state(), "server")
    if bench.server.name == "samba":
        ranges(bench)


def own_export(bench):
    """(tool, file, attributes that it writes in another form than ldapsearch)."""
    server = bench.server
    if server.name == "slapd":
        command = [program("slapcat"), "-f", server.configuration]
        operational = {
            "structuralobjectclass", "entryuuid", "creatorsname", "createtimestamp",
            "entrycsn", "modifiersname", "modifytimestamp",
        }
        tool, otherwise = "slapcat", operational
    else:
        database = server.run / "private" / "sam.ldb"
        command = [program("ldbsearch"), "-H", database, "-b", bench.staff]
        tool, otherwise = "ldbsearch", {"objectguid", "objectsid"}
    path = bench.folder / f"{tool}.ldif"
    path.write_bytes(must(command).stdout)
    return tool, path, otherwise


def ranges(bench):
    """Of an attribute with very many values an export may hold a part."""
    with bench.step("an attribute of which the export holds a part is reported and not touched"):
        export = bench.export(
            "range", "-LLL", "(sAMAccountName=many1)", "*", "proxyAddresses;range=0-9", base=bench.staff
        )
        check(b";range=0-9:" in export.read_bytes(), "the server sent no range")
        change, undo = bench.folder / "range.change.ldif", bench.folder / "range.undo.ldif"
        _, said = bench.ldifix("fix", export, "-o", change, "-u", undo, "--unsafe", codes=(0, 1))
        check(re.search("range|trunca|partial", said, re.I), f"not a word of the missing values: {said}")
        for dn, lines in ldif_text.records(change.read_bytes() if change.exists() else b""):
            touched = [name for _, name, _ in ldif_text.modifications(lines)]
            check("proxyaddresses" not in touched, f"{dn.decode()}: proxyAddresses is changed")
        whole = [v for n, v in next(ldif_text.records(bench.search("-LLL", "(sAMAccountName=many1)")))[1] if n == "proxyaddresses"]
        check(len(whole) > MANY, f"the server holds {len(whole)} values only")


# -- scenario: stale records -------------------------------------------------


def mods_of(change):
    return {dn: ldif_text.modifications(lines) for dn, lines in ldif_text.records(change.read_bytes())}


class StaleRecords:
    """Records of a change, picked for what can be done to their entries meanwhile."""

    def __init__(self, change, entries):
        self.mods, self.entries, self.taken = mods_of(change), entries, set()

    def pick(self, what, suits):
        for dn, mods in self.mods.items():
            found = None if dn in self.taken else suits(dn, mods)
            if found:
                self.taken.add(dn)
                return dn, found
        raise StepFailed(f"the change holds no record with {what}")

    def single(self, several):
        """A single-valued attribute of which the record deletes the value; with
        `several` the record changes other attributes too."""

        def suits(dn, mods):
            attributes = {attribute for _, attribute, _ in mods}
            if several and len(attributes) < 2:
                return None
            usual = ("mail", "mailnickname", "targetaddress", "userprincipalname", "displayname", "givenname")
            return next((a for op, a, _ in mods if op == "delete" and a in usual), None)

        return self.pick("a single-valued attribute" + (" among others" if several else ""), suits)

    def alias(self):
        def suits(dn, mods):
            if len({attribute for _, attribute, _ in mods}) > 1:
                return None
            # The inverse of a record that adds nothing has nothing that guards it.
            if not any(op == "add" for op, _, _ in mods):
                return None
            values = next((v for op, a, v in mods if op == "delete" and a == "proxyaddresses"), [])
            # Of twins one would be left, which the inverse takes for the value it added.
            return values if len({value.strip().lower() for value in values}) == len(values) else None

        return self.pick("an address to delete", suits)

    def absent(self):
        def suits(dn, mods):
            deleted = {attribute for op, attribute, _ in mods if op == "delete"}
            return next((a for op, a, _ in mods if op == "add" and a == "displayname" and a not in deleted), None)

        return self.pick("an attribute that was absent", suits)


def refused_records(path):
    """{dn: result code} of the file that ldapmodify -S writes."""
    refused = {}
    for block in ldif_text.blocks(path.read_bytes()):
        comments = b" ".join(line for line in block if line.startswith(b"#"))
        names = [line for line in block if ldif_text.split_line(line)[0] == "dn"]
        if names:
            code = re.search(rb"\((\d+)\)", comments)
            refused[ldif_text.split_line(names[0])[1]] = int(code[1]) if code else None
    return refused


def apply_with_rejects(bench, change, name):
    rejects = bench.folder / f"{name}.rejects.ldif"
    code, _, messages = bench.modify(change, "-c", "-S", rejects)
    check(code != 0, "ldapmodify took every record, stale ones included")
    check(rejects.exists(), f"ldapmodify kept no refused record: {messages}")
    return refused_records(rejects)


def check_rest_applied(bench, before, predicted, stale):
    """Stale entries as they were, all others as predicted."""
    stale = {key(dn) for dn in stale}
    expected = {dn: (before.get(dn) if dn in stale else lines) for dn, lines in predicted.items()}
    expected = {dn: lines for dn, lines in expected.items() if lines is not None}
    check_same(expected, bench.state(), "server")


def one_stale_record(bench):
    bench.start()
    export = bench.export("export", "-LLL")
    with bench.step("fix writes a change"):
        change, undo = bench.fix(export, "fix", "--unsafe")
        predicted = bench.predict(export, change, "fix")
    with bench.step("a value is edited behind the tool's back"):
        dn, attribute = StaleRecords(change, predicted).single(several=True)
        value = "changed.behind@fabrikam.com"
        edit = ldif_text.modify_record(dn, [("replace", attribute, [value])])
        bench.modify_all(bench.write_change("behind", edit))
        before = bench.state()
    with bench.step("exactly the stale record is refused, with error 16"):
        refused = apply_with_rejects(bench, change, "fix")
        check(refused == {dn: 16}, f"refused: {refused}, stale: {dn}")
    with bench.step("nothing of the stale record is applied, all others are"):
        check_rest_applied(bench, before, predicted, [dn])
    with bench.step("the inverse takes back what was applied, and refuses the stale record too"):
        refused = apply_with_rejects(bench, undo, "undo")
        check(refused == {dn: 16}, f"refused: {refused}, stale: {dn}")
        check_same(before, bench.state(), "server")


def many_kinds_of_stale(bench):
    bench.start()
    export = bench.export("export", "-LLL")
    with bench.step("fix writes a change"):
        change, undo = bench.fix(export, "fix", "--unsafe")
        predicted = bench.predict(export, change, "fix")
    with bench.step("a value replaced, one removed, one filled in, an entry deleted, an address added meanwhile"):
        stale = StaleRecords(change, predicted)
        absent, attribute = stale.absent()
        edits = [(absent, [("add", attribute, [BEHIND])])]
        replaced, attribute = stale.single(several=False)
        edits.append((replaced, [("replace", attribute, ["other.behind@fabrikam.com"])]))
        removed, values = stale.alias()
        edits.append((removed, [("delete", "proxyAddresses", values[:1])]))
        fresh, _ = stale.alias()
        edits.append((fresh, [("add", "proxyAddresses", ["smtp:meanwhile@fabrikam.com"])]))
        bench.modify_all(bench.write_change("behind", *(ldif_text.modify_record(*edit) for edit in edits)))
        deleted, _ = stale.single(several=False)
        gone = bench.folder / "gone.ldif"
        gone.write_bytes(ldif_text.line("dn", deleted) + b"changetype: delete\n")
        must([program("ldapmodify"), *bench.server.simple_bind, "-f", gone])
        before = bench.state()
    with bench.step("exactly the stale records are refused, each with its reason"):
        refused = apply_with_rejects(bench, change, "fix")
        # "Was absent" is guarded by add alone: slapd says constraint violation, AD value exists.
        occupied = {"slapd": 19, "samba": 20}[bench.server.name]
        expected = {absent: occupied, replaced: 16, removed: 16, deleted: 32}
        check(refused == expected, f"refused: {refused}\nexpected: {expected}")
    with bench.step("nothing of the stale records is applied, all others are, the added address stays"):
        addresses = predicted[key(fresh)]["proxyaddresses"]
        predicted[key(fresh)]["proxyaddresses"] = sorted([*addresses, b"smtp:meanwhile@fabrikam.com"])
        check_rest_applied(bench, before, predicted, [absent, replaced, removed, deleted])
    with bench.step("the inverse takes back what was applied and nothing else"):
        refused = apply_with_rejects(bench, undo, "undo")
        check(refused.keys() == expected.keys(), f"refused: {refused}")
        check_same(before, bench.state(), "server")


# -- scenario: changes written by hand ---------------------------------------


def by_hand(bench):
    bench.start()
    alice, bob = (f"CN={name} Test,{bench.staff}" for name in ("Alice", "Bob"))
    carol = f"CN=Carol Test,{bench.staff}"
    case_only(bench, alice)
    swap(bench, alice, bob)
    twins(bench, carol)


def there_and_back(bench, label, name, change, undo):
    """Apply by ldapmodify and by ldifix must agree; the inverse brings back the start."""
    with bench.step(f"{label}: the server does what apply predicts"):
        export = bench.export(f"{name}.export", "-LLL")
        first = bench.state()
        predicted = bench.predict(export, change, name)
        check(differences(first, predicted), "the prediction is the export itself")
        bench.modify_all(change)
        check_same(predicted, bench.state(), "server")
    with bench.step(f"{label}: and back, byte for byte"):
        after = bench.export(f"{name}.changed", "-LLL")
        check_same(first, bench.predict(after, undo, f"{name}.back"), "apply")
        bench.modify_all(undo)
        check_same(first, bench.state(), "server")


def exchange(dn, attribute, old, new):
    return ldif_text.modify_record(dn, [("delete", attribute, old), ("add", attribute, new)])


def case_only(bench, dn):
    pairs = [
        ("mail", ["alice@contoso.com"], ["Alice@Contoso.com"]),
        ("proxyAddresses", ["SMTP:alice@contoso.com"], ["smtp:Alice@contoso.com"]),
    ]
    there = [exchange(dn, name, old, new) for name, old, new in pairs]
    back = [exchange(dn, name, new, old) for name, old, new in reversed(pairs)]
    change, undo = bench.write_change("case", *there), bench.write_change("case.back", *back)
    there_and_back(bench, "case-only changes", "case", change, undo)


def swap(bench, alice, bob):
    name, a, b, temporary = "userPrincipalName", "alice@contoso.com", "bob@contoso.com", "swap.1@contoso.com"
    with bench.step("a swap of a unique value without a temporary one is refused"):
        change = bench.write_change("swap.direct", exchange(alice, name, [a], [b]), exchange(bob, name, [b], [a]))
        code, _, messages = bench.modify(change)
        check(code in (19, 68), f"exit {code}: {messages}")
    change = bench.write_change(
        "swap",
        exchange(alice, name, [a], [temporary]),
        exchange(bob, name, [b], [a]),
        exchange(alice, name, [temporary], [b]),
    )
    undo = bench.write_change(
        "swap.back",
        exchange(alice, name, [b], [temporary]),
        exchange(bob, name, [a], [b]),
        exchange(alice, name, [temporary], [a]),
    )
    there_and_back(bench, "a swap of a unique value through a temporary one", "swap", change, undo)


def twins(bench, dn):
    """Two values that differ in case only: delete both in one go, add the kept one."""
    if bench.server.name == "slapd":
        with bench.step("a twin of a value is refused where case does not count"):
            twin = ldif_text.modify_record(dn, [("add", "proxyAddresses", ["smtp:CAROL@contoso.com"])])
            code, _, messages = bench.modify(bench.write_change("twin", twin))
            check(code == 20, f"exit {code}: {messages}")
        attribute, pair = "exactAddress", ["smtp:carol@contoso.com", "SMTP:carol@contoso.com"]
    else:
        attribute, pair = "proxyAddresses", ["smtp:pair@contoso.com", "SMTP:Pair@contoso.com"]
    with bench.step(f"twins are stored in {attribute}"):
        bench.modify_all(bench.write_change("twins", ldif_text.modify_record(dn, [("add", attribute, pair)])))
    change = bench.write_change("twins.change", exchange(dn, attribute, pair, pair[1:]))
    undo = bench.write_change("twins.undo", exchange(dn, attribute, pair[1:], pair))
    there_and_back(bench, "twins", "twins", change, undo)


# -- scenario: renames -------------------------------------------------------


def record(dn, kind, *lines):
    return b"".join(ldif_text.line(*pair) for pair in [("dn", dn), ("changetype", kind), *lines]) + b"\n"


def rename(dn, rdn, superior=None, keep_old=False):
    lines = [("newrdn", rdn), ("deleteoldrdn", "0" if keep_old else "1")]
    return record(dn, "modrdn", *lines, *([("newsuperior", superior)] if superior else []))


def renames(bench):
    """What a rename takes along: in AD all that refers to the entry, elsewhere names only."""
    bench.start()
    is_ad = bench.server.name == "samba"
    move, deep = f"OU=Move,{bench.staff}", f"OU=Deep,OU=Move,{bench.staff}"
    ann, bert, team = f"CN=Ann Move,{deep}", f"CN=Bert Move,{move}", f"CN=Team,{move}"
    refers = [("manager", ann), ("seeAlso", ann), ("assistant", ann)] if is_ad else []
    person = lambda name: [("objectClass", "contact" if is_ad else "person"), ("cn", name)]
    with bench.step("takes entries that refer to each other"):
        new = bench.write_change(
            "new",
            record(move, "add", ("objectClass", "organizationalUnit"), ("ou", "Move")),
            record(deep, "add", ("objectClass", "organizationalUnit"), ("ou", "Deep")),
            record(ann, "add", *person("Ann Move"), ("description", ann)),
            record(bert, "add", *person("Bert Move"), *refers),
            record(team, "add", ("objectClass", "group"), ("cn", "Team"), ("member", ann), ("member", bert)),
        )
        must([program("ldapmodify"), *bench.server.simple_bind, "-f", new])
    deeper = f"OU=Deeper,{move}"
    now = f"CN=Ann\\, moved,{deeper}"
    # slapd spells the types of a value's DN as its schema does.
    called = now if is_ad else re.sub("(CN|OU|DC)=", lambda found: found[0].lower(), ann)
    there = [
        rename(ann, "CN=Ann\\, moved"),
        rename(deep, "ou=Deeper"),
        rename(bert, "cn=Bert Move", superior=deeper),
        # A later record calls an entry by its new name where the server keeps up.
        ldif_text.modify_record(team, [("delete", "member", [called]), ("add", "member", [called])]),
        rename(now, "CN=ann moved"),
    ]
    back = [
        rename(f"CN=ann moved,{deeper}", "CN=Ann\\, moved"),
        rename(f"CN=Bert Move,{deeper}", "CN=Bert Move", superior=move),
        rename(deeper, "OU=Deep"),
        rename(f"CN=Ann\\, moved,{deep}", "CN=Ann Move"),
    ]
    change, undo = bench.write_change("renames", *there), bench.write_change("renames.back", *back)
    there_and_back(bench, "renames and moves", "renames", change, undo)
    second_name(bench, bert, is_ad)


def second_name(bench, dn, is_ad):
    kept = bench.write_change("second-name", rename(dn, "CN=Bert Second", keep_old=True))
    export = bench.export("second-name.export", "-LLL")
    if not is_ad:
        with bench.step("a second name is kept, as apply predicts"):
            predicted = bench.predict(export, kept, "second-name")
            bench.modify_all(kept)
            check_same(predicted, bench.state(), "server")
        return
    with bench.step("a second name is refused, as apply predicts"):
        _, said = bench.ldifix("apply", export, kept, codes=(2,))
        check("(LDAP result 53)" in said, said)
        code, _, messages = bench.modify(kept)
        check(code == 53, f"exit {code}: {messages}")


SCENARIOS = [round_trip, own_tools, one_stale_record, many_kinds_of_stale, by_hand, renames]
