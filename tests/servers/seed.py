#!/usr/bin/env python3
"""Entries with the bad values that identity synchronisation trips over, as an LDIF
for ldapadd.

    seed.py slapd|samba BASE_DN > seed.ldif

What a server does not store at all (an empty value, a second holder of a unique
name) is left out for that server.
"""

import struct
import sys
import uuid

from ldif_text import line

CLASSES = {
    "user": ["top", "person", "organizationalPerson", "user"],
    "contact": ["top", "person", "organizationalPerson", "contact"],
    "group": ["top", "group"],
}
CATEGORIES = {"user": "Person", "contact": "Person", "group": "Group"}
STAFF = "OU=Staff"
SID_AUTHORITY = b"\0\0\0\0\0\5"
DISTRIBUTION_GROUP = "8"
# More values than AD hands out in one go (MaxValRange).
MANY = 1600


def escaped(value):
    """An RDN value as RFC 4514 writes it."""
    text = "".join("\\" + c if c in ',+"\\<>;=' else c for c in value)
    if text.startswith((" ", "#")):
        text = "\\" + text
    return text[:-1] + "\\ " if text.endswith(" ") else text


class Seed:
    def __init__(self, server, base):
        self.server, self.base = server, base
        self.parts, self.count = [], 0

    def record(self, dn, pairs):
        self.parts.append(line("dn", dn) + b"".join(line(*pair) for pair in pairs) + b"\n")

    def entry(self, kind, cn, attributes):
        self.count += 1
        dn = f"CN={escaped(cn)},{STAFF},{self.base}"
        pairs = [("objectClass", name) for name in CLASSES[kind]]
        pairs.append(("cn", cn))
        if self.server == "slapd":
            pairs += self.what_ad_adds(kind, cn)
        for name, values in attributes.items():
            if values is not None:
                pairs += [(name, v) for v in (values if isinstance(values, list) else [values])]
        self.record(dn, pairs)

    def what_ad_adds(self, kind, cn):
        category = f"CN={CATEGORIES[kind]},CN=Schema,CN=Configuration,{self.base}"
        sid = struct.pack("<BB", 1, 5) + SID_AUTHORITY
        sid += struct.pack("<5I", 21, 1001, 2002, 3003, 5000 + self.count)
        return [
            ("objectClass", "mailRecipient"),
            ("objectCategory", category),
            ("objectGUID", uuid.uuid5(uuid.NAMESPACE_DNS, f"{cn}{self.count}").bytes_le),
            ("objectSid", sid),
            ("whenChanged", "20260101120000.0Z"),
            ("uSNChanged", str(10000 + self.count)),
        ]

    def user(self, name, cn=None, **special):
        attributes = {
            "sAMAccountName": name,
            "userPrincipalName": f"{name}@contoso.com",
            "displayName": cn or name.title(),
            "mail": f"{name}@contoso.com",
            "mailNickname": name,
            "proxyAddresses": [f"SMTP:{name}@contoso.com", f"smtp:{name}@contoso.onmicrosoft.com"],
        }
        self.entry("user", cn or f"{name.title()} Test", attributes | special)

    def contact(self, cn, **special):
        name = cn.lower().replace(" ", "")
        attributes = {
            "displayName": cn,
            "mail": f"{name}@fabrikam.com",
            "mailNickname": name,
            "targetAddress": f"SMTP:{name}@fabrikam.com",
            "proxyAddresses": [f"SMTP:{name}@fabrikam.com"],
        }
        self.entry("contact", cn, attributes | special)

    def group(self, name, **special):
        attributes = {
            "groupType": DISTRIBUTION_GROUP,
            "sAMAccountName": name,
            "displayName": name,
            "mail": f"{name}@contoso.com",
            "mailNickname": name,
            "proxyAddresses": [f"SMTP:{name}@contoso.com"],
        }
        self.entry("group", name, attributes | special)


def addresses(name, *more):
    return [f"SMTP:{name}@contoso.com", *more]


def clean(seed):
    for name in ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"):
        seed.user(name)
    seed.contact("Contact One")
    seed.group("grp1")


def blanks(seed):
    seed.user("blank1", displayName=" Leading")
    seed.user("blank2", displayName="Trailing ")
    seed.user("blank3", displayName="  Both, and  two inside  ")
    seed.user("blank4", givenName="Ann ", sn=" Other")
    seed.user("blank5", mail="blank5@contoso.com ")
    seed.user("blank6", mailNickname="blank6 ")
    seed.user("blank7", mailNickname=" blank7")
    seed.user("blank8", proxyAddresses=["SMTP:blank8@contoso.com ", "smtp:lead8@contoso.com"])
    seed.user("blank9", userPrincipalName="blank9@contoso.com ")
    seed.user("blank10", proxyAddresses=addresses("blank10", " smtp:lead10@contoso.com"))
    seed.user("blank11", displayName="No-break\u00a0\u00a0")
    seed.user("blank12", displayName=None)
    seed.user("blank13", displayName=None, mail="blank 13@contoso.com")
    seed.contact("Contact Blank", targetAddress="SMTP:contactblank@fabrikam.com ")


def characters(seed):
    seed.user("char1", mailNickname="char one")
    seed.user("char2", mailNickname=".char2")
    seed.user("char3", mailNickname="..char3")
    seed.user("char4", mailNickname="ch(ar)4")
    seed.user("char5", mailNickname="char\t5")
    seed.user("char6", proxyAddresses=addresses("char6", "smtp:char 6@contoso.com"))
    seed.user("char7", proxyAddresses=addresses("char7", "smtp:<char7>@contoso.com"))
    seed.user("char8", proxyAddresses=addresses("char8", "smtp:ch,ar;8@contoso.com"))
    seed.user("char9", proxyAddresses=addresses("char9", "smtp:smtp:char9@fabrikam.com"))
    seed.user("char10", userPrincipalName="char 10@contoso.com")
    seed.user("char11", userPrincipalName="char'11@contoso.com")
    seed.user("char12", userPrincipalName="char12@@contoso.com")
    seed.user("char13", userPrincipalName=".char13.@contoso.com")
    seed.user("char14", mail="char14 @contoso.com")
    seed.user("char15", mail="char15@contoso")
    seed.user("char16", mail="char16@@fabrikam.com", userPrincipalName="char(16)@contoso.com")
    seed.user("char17", displayName="Tab\there")
    seed.user("char18", proxyAddresses=addresses("char18", "smtp:char18@contoso.local"))
    seed.user("char19", userPrincipalName="char19@contoso.local")
    seed.user("char20", userPrincipalName="char20")
    seed.contact("Contact Char", targetAddress="SMTP:con tact@fabrikam.com")
    seed.group("grp2", mailNickname="grp 2")
    if seed.server == "slapd":
        seed.user("sam[7]:;|=+*?<>", cn="Sam Seven", userPrincipalName="sam7@contoso.com")
        seed.user('sam"8', cn="Sam Eight", userPrincipalName="sam8@contoso.com")


def several_at_once(seed):
    """Entries that need more than one attribute changed."""
    seed.user("multi1", displayName=None, userPrincipalName="multi 1@contoso.com",
              proxyAddresses=addresses("multi1", "smtp:mul ti1@fabrikam.com"))
    seed.user("multi2", mailNickname=".multi2", userPrincipalName="multi(2)@contoso.com")
    seed.user("multi3", displayName=" Multi Three", mail="multi 3@contoso.com", userPrincipalName="multi<3>@contoso.com")
    seed.contact("Contact Multi", displayName=None, targetAddress="SMTP:contact multi@fabrikam.com ")


def unicode_values(seed):
    seed.user("uni1", cn="Jürgen Müller", displayName="Jürgen Müller ")
    seed.user("uni2", cn="Mu\u0308ller NFD", displayName=" Mu\u0308ller")
    seed.user("uni3", cn="山田 太郎", mailNickname="山田 太郎")
    seed.user("uni4", mail="mäil4@contoso.com")
    seed.user("uni5", userPrincipalName="üni5@contoso.com")
    seed.user("uni6", proxyAddresses=addresses("uni6", "smtp:umläut6@contoso.com"))
    seed.user("uni7", cn="Emoji 😀 Test", displayName="😀 ")
    seed.contact("Kontakt Ä", mail="kontakt ä@fabrikam.com", targetAddress="SMTP:kontakta@fabrikam.com")


def lengths(seed):
    seed.user("long1", mailNickname="n" * 64)
    seed.user("long2", givenName="G" * 64)
    if seed.server == "slapd":
        seed.user("long3", mail="l" * 250 + "@contoso.com")
    seed.user("long4", userPrincipalName="u" * 105 + "@contoso.com")
    seed.user("long5", proxyAddresses=addresses("long5", "smtp:" + "p" * 300 + "@contoso.com"))
    seed.user("long6", displayName="D" * 256)
    seed.user("long7", cn="Long Seven", sAMAccountName="abcdefghijklmnopqrstuvwxyz")
    many = [f"smtp:alias{i:04d}.many1@contoso.com" for i in range(MANY)]
    seed.user("many1", proxyAddresses=addresses("many1", "smtp:many 1@contoso.com", *many))


def duplicates(seed):
    seed.user("dup1", proxyAddresses=addresses("dup1", "smtp:shared@contoso.com"))
    seed.user("dup2", proxyAddresses=addresses("dup2", "smtp:SHARED@contoso.com"))
    seed.group("grp3", proxyAddresses=addresses("grp3", "smtp:shared@CONTOSO.com"))
    seed.user("dup3", mail="alice@contoso.com")
    seed.user("dup4", mailNickname="alice")
    seed.user("dup5", mail="bob @contoso.com")
    seed.contact("Contact Dup", targetAddress="SMTP:contactone@fabrikam.com")
    if seed.server == "slapd":
        seed.user("dup6", sAMAccountName="ALICE", userPrincipalName=None)
    else:
        # Equal values within one entry: Samba stores them, OpenLDAP refuses.
        seed.user("twin1", proxyAddresses=addresses("twin1", "smtp:twin1@contoso.com"))
        seed.user("twin2", proxyAddresses=addresses("twin2", "smtp:b@contoso.com", "SMTP:B@contoso.com"))


def hostile_names(seed):
    """Names that a DN must escape or encode; each entry has an alias with a blank at
    its end, so that even the safest of fixes has to reach it."""
    names = ["Smith, Ann (IT) + Co", 'The "quoted" \\ back', "#hash; <angle> = equal", "O'Brien, Zoë", "山本, 花子"]
    names.append("Long name " + "x" * 50)
    for number, cn in enumerate(names, start=1):
        name = f"dn{number}"
        seed.user(name, cn=cn, displayName=f"{cn} ", proxyAddresses=addresses(name, f"smtp:{name}@fabrikam.com "))


def write_seed(path, server, base):
    """Writes the seed for one server and gives the number of people and groups in it."""
    seed = Seed(server, base)
    if server == "slapd":
        seed.record(base, [("objectClass", "top"), ("objectClass", "domainDNS"), ("dc", base.split(",")[0][3:])])
    seed.record(f"{STAFF},{base}", [("objectClass", "top"), ("objectClass", "organizationalUnit"), ("ou", "Staff")])
    for part in (clean, blanks, characters, several_at_once, unicode_values, lengths, duplicates, hostile_names):
        part(seed)
    with open(path, "wb") as out:
        out.write(b"".join(seed.parts))
    return seed.count


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("slapd", "samba"):
        sys.exit(__doc__)
    write_seed("/dev/stdout", sys.argv[1], sys.argv[2])
