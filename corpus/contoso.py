#!/usr/bin/env python3
"""Writes corpus/contoso.ldif: an export of a made-up company, most of it in order, and
among it one or two objects for each rule of the profile `entra`, made from the rule's
own example.

    ldifix rules --format json | contoso.py > contoso.ldif
    ldifix check --config contoso.toml contoso.ldif --format csv > contoso.findings.csv
"""

import base64
import hashlib
import json
import re
import sys

ROOT = "DC=contoso,DC=com"
PROFILE = "entra"
GIVEN = """Ada Ben Cara Dan Eva Finn Gina Hugo Ida Jack Kira Leo Mia Nils Olga Paul Rosa Sam Tara
Uwe Vera Will Yara Zoe Alma Bruno Clara David Elsa Felix""".split()
FAMILY = """Adams Brown Clark Dixon Evans Foster Green Hayes Irwin Jones Knight Lewis Moore Nolan
Owens Perry Quinn Reed Scott Turner Underwood Vance Walsh Young Zimmer Archer""".split()
DEPARTMENTS = ["Sales", "Finance", "Engineering", "Legal", "Logistics", "Research"]
# Whose examples are larger than a file that people read should be.
TOO_LARGE = {"member-count"}
# What nothing is found of without a further file.
TAKES_ANOTHER_FILE = {"earlier-change-not-kept", "entry-twice"}
# What stands for one person in the examples: each object gets names of its own.
NAMES = re.compile(r"annabelle|ann|archer|jürgen|jurgen|sales|staff|user(?!_)|p\d{3}", re.IGNORECASE)


class Export:
    def __init__(self, out):
        self.out = out
        self.number = 0
        self.logins = set()

    def write(self, dn, attributes):
        """One entry with what a domain controller adds to it."""
        self.number += 1
        name = dn.split(",")[0].partition("=")[2]
        digest = hashlib.sha256(f"{dn} {self.number}".encode()).digest()
        kept = {
            "distinguishedName": [dn],
            "name": [name],
            "whenCreated": ["20240311083000.0Z"],
            "whenChanged": ["20260314092600.0Z"],
            "uSNChanged": [str(20000 + self.number)],
            "objectGUID": [digest[:16]],
        }
        self.out.write(b"# %s\n" % ascii_only(name))
        self.line("dn", dn)
        for attribute, values in {**kept, **attributes}.items():
            for value in values:
                self.line(attribute, value)
        self.out.write(b"\n")

    def line(self, attribute, value):
        data = value if isinstance(value, bytes) else value.encode()
        safe = re.fullmatch(rb"[!-9;=-~][ -~]*[!-~]|[!-9;=-~]|", data)
        line = b"%s: %s" % (attribute.encode(), data)
        if not safe:
            line = b"%s:: %s" % (attribute.encode(), base64.b64encode(data))
        self.out.write(line[:76] + b"\n")
        for start in range(76, len(line), 75):
            self.out.write(b" " + line[start : start + 75] + b"\n")

    def login(self, given, family):
        login = (given[0] + family).lower()
        number = 2
        while login in self.logins:
            login = f"{(given[0] + family).lower()}{number}"
            number += 1
        self.logins.add(login)
        return login


def ascii_only(text):
    return text.encode("ascii", "replace")


def person(export, at, mail=True):
    """A user about whom there is nothing to say: the name and the attributes."""
    given, family = GIVEN[at % len(GIVEN)], FAMILY[(at * 7 + at // len(GIVEN)) % len(FAMILY)]
    login = export.login(given, family)
    department = DEPARTMENTS[at % len(DEPARTMENTS)]
    number = re.sub(r"\D", "", login)
    name = f"{given} {family}{' ' + number if number else ''}"
    dn = f"CN={name},OU={department},{ROOT}"
    attributes = {
        "objectClass": ["top", "person", "organizationalPerson", "user"],
        "objectCategory": [f"CN=Person,CN=Schema,CN=Configuration,{ROOT}"],
        "cn": [name],
        "sn": [family],
        "givenName": [given],
        "displayName": [name],
        "department": [department],
        "employeeNumber": [str(100001 + at)],
        "userAccountControl": ["512"],
        "sAMAccountName": [login],
        "userPrincipalName": [f"{login}@contoso.com"],
    }
    if mail:
        attributes |= {
            "mail": [f"{login}@contoso.com"],
            "mailNickname": [login],
            "proxyAddresses": [
                f"SMTP:{login}@contoso.com",
                f"smtp:{login}@contoso.mail.onmicrosoft.com",
                f"x500:/o=Contoso/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn={login}",
            ],
        }
    return dn, attributes


def group(name, members):
    return f"CN={name},OU=Groups,{ROOT}", {
        "objectClass": ["top", "group"],
        "objectCategory": [f"CN=Group,CN=Schema,CN=Configuration,{ROOT}"],
        "cn": [name],
        "displayName": [name],
        "groupType": ["-2147483646"],
        "sAMAccountName": [name],
        "member": members,
    }


def contact(name, address):
    return f"CN={name},OU=Partners,{ROOT}", {
        "objectClass": ["top", "person", "organizationalPerson", "contact"],
        "objectCategory": [f"CN=Person,CN=Schema,CN=Configuration,{ROOT}"],
        "cn": [name],
        "displayName": [name],
        "mail": [address],
        "mailNickname": [address.partition("@")[0]],
        "targetAddress": [f"SMTP:{address}"],
        "proxyAddresses": [f"SMTP:{address}"],
    }


def computer(name):
    return f"CN={name},OU=Computers,{ROOT}", {
        "objectClass": ["top", "person", "organizationalPerson", "user", "computer"],
        "objectCategory": [f"CN=Computer,CN=Schema,CN=Configuration,{ROOT}"],
        "cn": [name],
        "sAMAccountName": [f"{name}$"],
        "userAccountControl": ["4096"],
    }


def in_order(export, users):
    """The part of the company that is in order."""
    export.write(ROOT, {"objectClass": ["top", "domain", "domainDNS"], "dc": ["contoso"]})
    for unit in [*DEPARTMENTS, "Groups", "Partners", "Computers", "Findings"]:
        name = {"objectClass": ["top", "organizationalUnit"], "ou": [unit]}
        export.write(f"OU={unit},{ROOT}", name)
    dns = []
    for at in range(users):
        dn, attributes = person(export, at)
        dns.append(dn)
        export.write(dn, attributes)
    for at, department in enumerate(DEPARTMENTS):
        export.write(*group(f"{department} Staff", dns[at :: len(DEPARTMENTS)]))
    for at in range(12):
        login = f"{GIVEN[at].lower()}.{FAMILY[-1 - at].lower()}"
        export.write(*contact(f"{GIVEN[at]} {FAMILY[-1 - at]} (Fabrikam)", f"{login}@fabrikam.com"))
    for at in range(8):
        export.write(*computer(f"WS-{at + 1:04}"))


def example_lines(example):
    """The DN that an example gives, and its lines as (attribute, value)."""
    dn, lines = None, []
    for line in example.split("\n"):
        counted = re.fullmatch(r"# (\d+) (characters|values)", line)
        if counted and lines:
            attribute, value = lines[-1]
            count = int(counted[1])
            if counted[2] == "values":
                lines += [(attribute, value)] * (count - 1)
            else:
                lines[-1] = (attribute, ("pad", value, count))
            continue
        attribute, _, value = line.partition(":")
        if value.startswith(":"):
            value = base64.b64decode(value[1:].strip() + "==", validate=False)
        else:
            value = value.removeprefix(" ")
        if attribute == "dn":
            dn = value
        else:
            lines.append((attribute, value))
    return dn, lines


def own(value, mark):
    """A value of an example with names that no other example has."""
    if isinstance(value, tuple):
        _, text, count = value
        text = own(text, mark)
        if isinstance(text, bytes):
            # The count is of the letters of base64.
            return text + b"x" * (count * 3 // 4 - len(text))
        return text + "x" * (count - len(text))
    if isinstance(value, bytes):
        try:
            text = value.decode()
        except UnicodeDecodeError:
            return value
        return own(text, mark).encode() if NAMES.search(text) else value
    return NAMES.sub(lambda match: f"{match[0]}{mark}", value)


def broken(export, rule, number):
    """The objects of a rule's wrong example."""
    counts = {}
    several = len(rule["example"]["wrong"]) > 1
    names = [f"{rule['name']}{f' {part + 1}' if several else ''}" for part in range(9)]
    for part, example in enumerate(rule["example"]["wrong"]):
        # Examples call their own entries so.
        called = re.compile(r"CN=P(\d)(?=,DC=contoso,DC=com)")
        example = called.sub(lambda other: f"CN={names[int(other[1])]},OU=Findings", example)
        dn, lines = example_lines(example)
        given = {}
        for attribute, value in lines:
            value = own(value, number)
            given.setdefault(attribute, []).append(value)
        for attribute, values in given.items():
            # Of values that an example only counts each is to be another one.
            if len(values) > 1 and len(set(map(str, values))) == 1:
                counts[attribute] = [
                    value + (b"%d" % at if isinstance(value, bytes) else str(at))
                    for at, value in enumerate(values)
                ]
                given[attribute] = counts[attribute]
        name = names[part]
        own_classes = given.get("objectClass", ["user"])
        if not {"user", "inetOrgPerson", "group", "contact", "computer"} & set(own_classes):
            # What is not synchronised, and counts all the same.
            given["objectClass"] = ["top", *own_classes]
            export.write(dn, {**given, "cn": [dn.split(",")[0].partition("=")[2]]})
            continue
        classes = [str(value) for value in given.pop("objectClass", ["user"])]
        _, attributes = person(export, 1000 + 3 * number + part, mail=False)
        if "group" in classes:
            _, attributes = group(f"G{number}-{part}", [])
        elif "contact" in classes:
            _, attributes = contact(name, f"contact{number}@fabrikam.com")
        elif "computer" in classes:
            _, attributes = computer(f"WS-X{number}")
        if not {"group", "contact"} & set(classes):
            attributes["objectClass"] = ["top", "person", "organizationalPerson", *classes]
            if "computer" in classes and "user" not in classes:
                attributes["objectClass"] = ["top", "person", "organizationalPerson", "user", *classes]
        attributes["cn"] = [name]
        attributes["description"] = [rule["summary"]]
        for attribute in rule["attributes"]:
            if attribute not in ("objectClass", "cn", "sAMAccountName", "objectGUID", "groupType"):
                attributes.pop(attribute, None)
        attributes |= given
        export.write(dn or f"CN={name},OU=Findings,{ROOT}", attributes)


def main():
    rules = [json.loads(line) for line in sys.stdin]
    export = Export(sys.stdout.buffer)
    sys.stdout.buffer.write(b"# extended LDIF\n#\n# LDAPv3\n# base <%s> with scope subtree\n" % ROOT.encode())
    sys.stdout.buffer.write(b"# filter: (objectclass=*)\n# requesting: ALL\n#\n\n")
    in_order(export, 150)
    for number, rule in enumerate(rules):
        # Examples that tell an entry from its former self take two exports.
        is_alone = not any(entry.startswith("# before") for entry in rule["example"]["wrong"])
        if PROFILE in rule["profiles"] and rule["name"] not in TOO_LARGE | TAKES_ANOTHER_FILE and is_alone:
            broken(export, rule, number)
    sys.stdout.buffer.write(b"# search result\nsearch: 2\nresult: 0 Success\n\n# numResponses: %d\n" % (export.number + 1))
    sys.stdout.buffer.write(b"# numEntries: %d\n" % export.number)


if __name__ == "__main__":
    main()
