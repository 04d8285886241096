#!/usr/bin/env python3
"""Writes a big synthetic export of an Active Directory, as ldapsearch would: one
user per entry, some 60 lines and 2.2 kB each (500,000 entries: 1.1 GB).

The same options give the same bytes, whatever the number of processes. A second
run with --mutate gives the same directory some time later: that many per cent of
the entries modified (60 %), deleted (20 %) or joined by a new one (20 %).

    generate.py 500000 big.ldif --dirty 3
    generate.py 100000 later.ldif --mutate 1
"""

import argparse
import base64
import multiprocessing
import os
import random
import struct
import sys
import uuid
from dataclasses import dataclass

BLOCK = 2000
DOMAIN = "DC=corp,DC=example,DC=com"
FIRST = """Adele Alban Amara Anton Beatrix Bernard Callum Camilla Cornelia Dagmar Dominik Dorothea Edgar
Eleonora Emmanuel Ferdinand Florence Frederik Gabriel Gloria Gregory Hannah Harald Imogen Isabel Jasper
Johanna Julian Katrina Kilian Leonard Lorena Magnus Matilda Nicolas Octavia Oscar Patrick Quentin Rebecca
Roland Sabrina Sebastian Tabea Ulrich Valentin Verena Wilfred""".split()
LAST = """Abbott Ackermann Aldridge Ashworth Barker Bellamy Blackwood Bradford Caldwell Carpenter Chandler
Coleman Crawford Dawson Donovan Eastwood Ellison Fairfax Fletcher Gardner Gibson Hamilton Hartley Hawkins
Holloway Jennings Kendall Kingsley Langley Lockwood Marsden Mercer Norwood Osborne Parsons Prescott Radford
Redmond Sheridan Sinclair Stafford Stanton Thornton Underhill Vaughan Wakefield Walton Whitaker Winslow""".split()
FIRST_OTHER = "Jürgen Chloé Mårten Łucja Françoise Søren Zoë 健太 Наталья Íñigo Gül".split()
LAST_OTHER = "Krüger Muñoz Sjöberg Østergaard Wójcik Lefèvre Čapek 佐藤 Кузнецов Öztürk".split()
DEPARTMENTS = "Sales Marketing Finance Engineering Legal Operations Procurement Logistics Research Facilities".split()
CITIES = "Seattle London Paris Berlin Tokyo Sydney Toronto Madrid Warsaw Oslo".split()
ROLES = ("ReadOnly", "Contributors", "Distribution List", "Application Owners")
GROUPS = [
    f"CN=GRP-{department}-{city}-{role},OU=Security Groups,OU={city},OU=Regions,{DOMAIN}"
    for department in DEPARTMENTS
    for city in CITIES
    for role in ROLES
]
X500 = "X500:/o=ExampleOrg/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn="


@dataclass(frozen=True)
class Options:
    entries: int
    seed: int
    dirty: float
    mutate: float
    non_ascii: float
    crlf: bool
    nofold: bool


def folded(text):
    """One logical line, folded at 76 as ldapsearch does."""
    if len(text) <= 76:
        return text
    parts = [text[:76]]
    parts += [text[at : at + 75] for at in range(76, len(text), 75)]
    return "\n ".join(parts)


def unfolded(text):
    return text


def is_plain(value):
    return not value or (
        value.isascii() and value.isprintable() and value[0] not in " :<" and value[-1] != " "
    )


def encoded(name, value):
    if is_plain(value):
        return f"{name}: {value}"
    return f"{name}:: {base64.b64encode(value.encode()).decode()}"


class Person:
    """What differs from entry to entry; all of it drawn from `chance` in one order,
    so that neither dirt nor mutation shifts what the next entry is."""

    def __init__(self, number, chance, options):
        draw = chance.random
        other = draw() * 100 < options.non_ascii
        first = chance.choice(FIRST_OTHER if other else FIRST)
        last = chance.choice(LAST_OTHER if other else LAST)
        self.first, self.last = first, last
        self.department, self.city = chance.choice(DEPARTMENTS), chance.choice(CITIES)
        plain_first = first.encode("ascii", "ignore").decode() or "x"
        plain_last = last.encode("ascii", "ignore").decode() or "x"
        self.account = f"{plain_first[:3]}{plain_last[:6]}{number}".lower()
        self.mail = self.principal = f"{plain_first}.{plain_last}{number}@corp.example.com".lower()
        self.cn = f"{first} {last} {number}"
        self.display = f"{last}, {first} ({self.department})"
        self.aliases = [
            f"SMTP:{self.mail}",
            f"smtp:{self.account}@example.mail.onmicrosoft.com",
            X500 + self.account,
        ]
        self.groups = chance.sample(range(len(GROUPS)), 5)
        self.guid = chance.getrandbits(128)
        self.usn, self.phone = int(draw() * 10**7), int(draw() * 10**4)
        minutes = int(draw() * 60 * 24 * 28 * 12 * 14)
        minutes, minute = divmod(minutes, 60)
        days, hour = divmod(minutes, 24)
        months, day = divmod(days, 28)
        year, month = divmod(months, 12)
        self.created = f"{2010 + year}{month + 1:02d}{day + 1:02d}{hour:02d}{minute:02d}{self.usn % 60:02d}.0Z"
        self.logon = 131_000_000_000_000_000 + int(draw() * 2_500_000_000_000_000)
        self.number = number
        dirt, kind = draw() * 100 < options.dirty, int(draw() * 7)
        if dirt:
            self.spoil(kind)

    def spoil(self, kind):
        if kind == 0:
            self.mail = self.mail.replace("@", " @")
        elif kind == 1:
            self.aliases.append(self.aliases[1].upper().replace("SMTP:", "smtp:"))
        elif kind == 2:
            self.display += " "
        elif kind == 3:
            self.principal = self.principal.partition("@")[0]
        elif kind == 4:
            self.account += '[]"x' * 4
        elif kind == 5:
            self.aliases[1] = "smtp:shared@example.mail.onmicrosoft.com"
        else:
            self.aliases[1] += " "

    def mutate(self, kind):
        if kind == 0:
            self.display = self.display.replace("(", "- ").replace(")", "")
        elif kind == 1:
            self.aliases.append(f"smtp:alias{self.number}@corp.example.com")
        else:
            last = (self.groups[4] + 1) % len(GROUPS)
            self.groups[4:] = [] if last in self.groups[:4] else [last]

    def lines(self, fold, group_lines):
        dn = f"CN={self.cn},OU={self.department},OU=Users,OU={self.city},OU=Regions,{DOMAIN}"
        sid = b"\1\5\0\0\0\0\0\5" + struct.pack("<5I", 21, 0x1A2B3C4D, 0x5E6F7081, 0x92A3B4C5, self.number + 1000)
        guid = uuid.UUID(int=self.guid).bytes_le
        cn = encoded("cn", self.cn)
        return f"""{fold(encoded("dn", dn))}
objectClass: top
objectClass: person
objectClass: organizationalPerson
objectClass: user
{fold(cn)}
{encoded("sn", self.last)}
title: Senior {self.department} Specialist
physicalDeliveryOfficeName: {self.city}
telephoneNumber: +1 425 555 {self.phone:04d}
{encoded("givenName", self.first)}
{fold(encoded("distinguishedName", dn))}
instanceType: 4
whenCreated: {self.created}
whenChanged: {self.created}
{fold(encoded("displayName", self.display))}
uSNCreated: {self.usn}
uSNChanged: {self.usn + 77}
department: {self.department}
company: Example Corporation
{chr(10).join([fold(encoded("proxyAddresses", alias)) for alias in self.aliases])}
{chr(10).join([group_lines[group] for group in self.groups])}
{fold(encoded("name", self.cn))}
objectGUID:: {base64.b64encode(guid).decode()}
userAccountControl: 512
badPwdCount: 0
codePage: 0
countryCode: 0
badPasswordTime: 0
lastLogoff: 0
lastLogon: {self.logon}
pwdLastSet: {self.logon}
primaryGroupID: 513
objectSid:: {base64.b64encode(sid).decode()}
accountExpires: 9223372036854775807
logonCount: 0
{fold(encoded("sAMAccountName", self.account))}
sAMAccountType: 805306368
{fold(encoded("userPrincipalName", self.principal))}
{fold(f"objectCategory: CN=Person,CN=Schema,CN=Configuration,{DOMAIN}")}
dSCorePropagationData: 16010101000000.0Z
lastLogonTimestamp: {self.logon}
{fold(encoded("mail", self.mail))}
{fold(encoded("mailNickname", self.account))}

"""


def block(arguments):
    """The entries from number `start` on, as bytes."""
    start, options = arguments
    fold = unfolded if options.nofold else folded
    group_lines = [fold(f"memberOf: {group}") for group in GROUPS]
    chance = random.Random(options.seed << 40 | start)
    fate = random.Random(options.seed << 40 | start | 1 << 39)
    parts = []
    for number in range(start, min(start + BLOCK, options.entries)):
        person = Person(number, chance, options)
        if fate.random() * 100 < options.mutate:
            kind = fate.random()
            if kind < 0.2:
                continue
            if kind < 0.4:
                newcomer = random.Random(options.seed << 40 | options.entries + number | 1 << 38)
                parts.append(Person(options.entries + number, newcomer, options).lines(fold, group_lines))
            else:
                person.mutate(int(fate.random() * 3))
        parts.append(person.lines(fold, group_lines))
    text = "".join(parts)
    return (text.replace("\n", "\r\n") if options.crlf else text).encode("ascii")


def generate(path, options, processes=None):
    """Writes the export; it appears under its name only when it is complete."""
    partial = f"{path}.part"
    work = [(start, options) for start in range(0, options.entries, BLOCK)]
    with open(partial, "wb") as out, multiprocessing.Pool(processes or os.cpu_count()) as pool:
        out.write(b"version: 1\r\n\r\n" if options.crlf else b"version: 1\n\n")
        for data in pool.imap(block, work):
            out.write(data)
    os.replace(partial, path)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("entries", type=int, help="number of entries")
    parser.add_argument("out", help="the file to write")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dirty", type=float, default=0, metavar="PCT", help="entries with a bad value")
    parser.add_argument("--mutate", type=float, default=0, metavar="PCT", help="entries that differ from a run without")
    parser.add_argument("--non-ascii", type=float, default=1, metavar="PCT", help="entries with non-ASCII names (default 1)")
    parser.add_argument("--crlf", action="store_true", help="CRLF line ends")
    parser.add_argument("--nofold", action="store_true", help="no folded lines")
    parser.add_argument("--processes", type=int, help="default: one per processor")
    return parser.parse_args()


def main():
    given = vars(arguments())
    out, processes = given.pop("out"), given.pop("processes")
    if given["entries"] < 0:
        sys.exit("generate.py: the number of entries is 0 or more")
    generate(out, Options(**given), processes)


if __name__ == "__main__":
    main()
