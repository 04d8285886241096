"""Content records, encodings, line ends and what export tools add.

A case: the file's bytes, the records that come out, and by need `failed` (record
starts whose record is not usable), `errors` as (line, kind), and `warnings`.
"""

import base64

CASES = {}
PEOPLE = "OU=People,DC=contoso,DC=com"
ADA = f"CN=Ada Adams,{PEOPLE}"
BEN = f"CN=Ben Brown,{PEOPLE}"


def case(name, data, records=(), **more):
    assert name not in CASES, name
    CASES[name] = {"data": data, "records": list(records), **more}


def entry(dn, *attributes):
    """attributes: (name, value, value...)"""
    return {"dn": dn, "attributes": [[name, list(values)] for name, *values in attributes]}


def b64(value):
    return base64.b64encode(value if isinstance(value, bytes) else value.encode()).decode()


def crlf(text):
    return text.replace("\n", "\r\n").encode()


ADA_LDIF = f"dn: {ADA}\nobjectClass: user\nmail: ada@contoso.com\n"
BEN_LDIF = f"dn: {BEN}\nobjectClass: user\nmail: ben@contoso.com\n"
ADA_ENTRY = entry(ADA, ("objectClass", "user"), ("mail", "ada@contoso.com"))
BEN_ENTRY = entry(BEN, ("objectClass", "user"), ("mail", "ben@contoso.com"))
TWO = f"version: 1\n\n{ADA_LDIF}\n{BEN_LDIF}\n"
TWO_ENTRIES = [ADA_ENTRY, BEN_ENTRY]

# -- encodings ---------------------------------------------------------------

SMALL = f"version: 1\n\ndn:: {b64('CN=Zoë,' + PEOPLE)}\nsn: Zoë\n\n{BEN_LDIF}\n"
SMALL_ENTRIES = [entry(f"CN=Zoë,{PEOPLE}", ("sn", "Zoë")), BEN_ENTRY]

case("bom-utf8", b"\xef\xbb\xbf" + TWO.encode(), TWO_ENTRIES, warnings=["bom"])
case("bom-utf8-no-version", b"\xef\xbb\xbf" + ADA_LDIF.encode(), [ADA_ENTRY], warnings=["bom"])
case("utf16le-bom", b"\xff\xfe" + SMALL.encode("utf-16-le"), SMALL_ENTRIES)
case("utf16be-bom", b"\xfe\xff" + SMALL.encode("utf-16-be"), SMALL_ENTRIES)
case("utf16le-bom-crlf", b"\xff\xfe" + SMALL.replace("\n", "\r\n").encode("utf-16-le"), SMALL_ENTRIES)
case("utf16le-no-bom", SMALL.encode("utf-16-le"), SMALL_ENTRIES, warnings=["utf16-without-bom"])
case("utf16be-no-bom", SMALL.encode("utf-16-be"), SMALL_ENTRIES, warnings=["utf16-without-bom"])

BOM = "\ufeff"
case(
    "bom-mid-file",
    f"{BOM}{ADA_LDIF}\n{BOM}{BEN_LDIF}\n{BOM}version: 1\n\n{BOM}# comment\ndn: CN=Cid Cole,{PEOPLE}\nsn: Cole\n",
    [*TWO_ENTRIES, entry(f"CN=Cid Cole,{PEOPLE}", ("sn", "Cole"))],
    warnings=["bom", "mid-file-bom"],
)
case(
    "bom-mid-file-no-blank-line",
    f"{ADA_LDIF}{BOM}{BEN_LDIF}\n{BOM}{ADA_LDIF}",
    [ADA_ENTRY],
    failed=2,
    errors=[(4, "missing-blank-line")],
    warnings=["mid-file-bom"],
)

# -- line ends ---------------------------------------------------------------

case("crlf", crlf(TWO), TWO_ENTRIES)
case(
    "crlf-folded",
    crlf(f"dn: CN=Ada Ad\n ams,{PEOPLE}\nmail: ada@con\n toso.com\n"),
    [entry(ADA, ("mail", "ada@contoso.com"))],
)
case(
    "mixed-line-ends",
    f"dn: {ADA}\r\nobjectClass: user\nmail: ada@contoso.com\r\n\n".encode() + crlf(BEN_LDIF),
    TWO_ENTRIES,
    warnings=["mixed-line-ends"],
)
case("bare-cr", TWO.removeprefix("version: 1\n\n").replace("\n", "\r"), failed=1, errors=[(1, "bare-cr")])
case(
    "bare-cr-in-one-record",
    f"dn: {ADA}\nsn: Adams\rgivenName: Ada\n\n{BEN_LDIF}",
    [BEN_ENTRY],
    failed=1,
    errors=[(2, "bare-cr")],
)
case(
    "bare-cr-behind-comment",
    f"# an export\n\n{ADA_LDIF}".replace("\n", "\r"),
    errors=[(1, "bare-cr")],
)
case("no-final-newline", TWO.rstrip("\n"), TWO_ENTRIES, warnings=["no-final-line-end"])
case("many-blank-lines", f"\n\n\n{ADA_LDIF}\n\n\n\n{BEN_LDIF}\n\n\n", TWO_ENTRIES)

# -- version -----------------------------------------------------------------

case("version-missing", f"{ADA_LDIF}\n{BEN_LDIF}", TWO_ENTRIES)
case("version-repeated", f"version: 1\n\n{ADA_LDIF}\nversion: 1\n\n{BEN_LDIF}", TWO_ENTRIES)
case("version-no-blank-line", f"version: 1\n{ADA_LDIF}\n{BEN_LDIF}", TWO_ENTRIES)
case("version-repeated-no-blank-line", f"version: 1\n{ADA_LDIF}\nversion: 1\n{BEN_LDIF}", TWO_ENTRIES)
case("version-twice", f"version: 1\nversion: 1\n\nversion: 1\nversion: 1\n{ADA_LDIF}", [ADA_ENTRY])
case("version-2", f"version: 2\n\n{ADA_LDIF}", [ADA_ENTRY], errors=[(1, "unsupported-version")])
case(
    "version-2-no-blank-line",
    f"# two\nversion: 2\n{ADA_LDIF}\nversion: 3\nversion: 1\n\n{BEN_LDIF}",
    TWO_ENTRIES,
    errors=[(2, "unsupported-version"), (7, "unsupported-version")],
)
case(
    "version-attribute",
    f"dn: {ADA}\nobjectClass: user\nversion: 2\n",
    [entry(ADA, ("objectClass", "user"), ("version", "2"))],
)

# -- folds, comments, blank lines --------------------------------------------

case(
    "folded-value",
    f"dn: {ADA}\ndescription: one line\n  that goes on\n \n  and on\n",
    [entry(ADA, ("description", "one line that goes on and on"))],
)
case(
    "folded-name",
    f"dn: {ADA}\ndescr\n iption: folded in the name\n",
    [entry(ADA, ("description", "folded in the name"))],
)
case(
    "folded-at-colon",
    f"dn: {ADA}\ndescription:\n : {b64('base64 behind the fold')}\n",
    [entry(ADA, ("description", "base64 behind the fold"))],
)
case(
    "folded-name-and-colon",
    f"dn: {ADA}\ndescr\n iption\n :\n :\n  {b64('base64')}\nin\n fo:\n < file:///etc/hostname\n",
    [entry(ADA, ("description", "base64"), ("info", {"url": "file:///etc/hostname"}))],
    warnings=["url-reference"],
)
case(
    "folded-fill",
    f"dn:\n  {ADA}\nsn: \n  \n Adams\ninfo: \n :not base64\ntitle:\n",
    [entry(ADA, ("sn", "Adams"), ("info", ":not base64"), ("title", ""))],
)
case("folded-dn", f"d\n n: {ADA}\nobjectClass: user\nmail: ada@contoso.com\n", [ADA_ENTRY])
case(
    "folded-base64",
    f"dn:: {b64(ADA)[:20]}\n {b64(ADA)[20:]}\ndescription:: {b64('Grüße')[:3]}\n {b64('Grüße')[3:5]}\n {b64('Grüße')[5:]}\n",
    [entry(ADA, ("description", "Grüße"))],
)
case(
    "folded-inside-utf8",
    f"dn: {ADA}\nsn: M".encode() + "ü".encode()[:1] + b"\n " + "ü".encode()[1:] + b"ller\n",
    [entry(ADA, ("sn", "Müller"))],
)
case("folded-comment", f"# a comment\n  that goes on\n{ADA_LDIF}", [ADA_ENTRY])
case(
    "tab-fold",
    f"dn: {ADA}\ndescription: one\n\ttwo\n\n{BEN_LDIF}",
    [BEN_ENTRY],
    failed=1,
    errors=[(3, "tab-fold")],
)
case(
    "tab-fold-in-comment",
    f"# one\n\ttwo\n\n{BEN_LDIF}",
    [BEN_ENTRY],
    errors=[(2, "tab-fold")],
)
case("comment-in-record", f"dn: {ADA}\nobjectClass: user\n# between\nmail: ada@contoso.com\n", [ADA_ENTRY])
case(
    "comment-before-fold",
    f"dn: {ADA}\nobjectClass: user\nmail: ada@contoso.com\n# this comment\n swallows this line\n",
    [ADA_ENTRY],
    warnings=["folded-comment"],
)
case("space-line-between-records", f"{ADA_LDIF} \n{BEN_LDIF}", TWO_ENTRIES, warnings=["spaces-as-separator"])
case("spaces-line-between-records", f"{ADA_LDIF}   \n{BEN_LDIF}", TWO_ENTRIES, warnings=["spaces-as-separator"])
case("space-line-in-record", f"dn: {ADA}\nobjectClass: user\n \nmail: ada@contoso.com\n", [ADA_ENTRY])
case(
    "space-line-behind-bad-record",
    f"dn: {ADA}\nnonsense\n \n{BEN_LDIF}",
    [BEN_ENTRY],
    failed=1,
    errors=[(2, "no-colon")],
    warnings=["spaces-as-separator"],
)
case("space-lines-between-records", f"{ADA_LDIF} \n   \n \n{BEN_LDIF}", TWO_ENTRIES, warnings=["spaces-as-separator"])
case("space-lines-in-record", f"dn: {ADA}\nsn: one\n \n  \n \n two\n", [entry(ADA, ("sn", "one two"))])
case("space-first-line", f" \n{ADA_LDIF}", [ADA_ENTRY], warnings=["spaces-as-separator"])
case(
    "missing-blank-line",
    f"{ADA_LDIF}{BEN_LDIF}\ndn: CN=Cid Cole,{PEOPLE}\nsn: Cole\n",
    [entry(f"CN=Cid Cole,{PEOPLE}", ("sn", "Cole"))],
    failed=2,
    errors=[(4, "missing-blank-line")],
)
case(
    "attributes-without-dn",
    f"{ADA_LDIF}\nmail: nobody@contoso.com\n\n{BEN_LDIF}",
    TWO_ENTRIES,
    errors=[(5, "missing-dn")],
)

# -- lines -------------------------------------------------------------------

case(
    "spaces-after-colon",
    f"dn:{ADA}\nobjectClass:user\nmail:    ada@contoso.com\n",
    [ADA_ENTRY],
)
case("keywords-in-capitals", f"VERSION: 1\n\nDN: {ADA}\nobjectClass: user\nmail: ada@contoso.com\n", [ADA_ENTRY])
case(
    "trailing-space",
    f"dn: {ADA}\nmail: ada@contoso.com \ndisplayName:  \nsn:: {b64('Adams ')}\n",
    [entry(ADA, ("mail", "ada@contoso.com "), ("displayName", ""), ("sn", "Adams "))],
)
case(
    "raw-utf8",
    f"dn: CN=Jörg Süß,{PEOPLE}\nsn: Süß\ndisplayName: 山田 太郎\n",
    [entry(f"CN=Jörg Süß,{PEOPLE}", ("sn", "Süß"), ("displayName", "山田 太郎"))],
)
case(
    "raw-latin1",
    f"dn: {ADA}\nsn: M".encode() + b"\xfcller\n" + b"displayName: Caf\xe9 \x96 Bar\n",
    [entry(ADA, ("sn", b"M\xfcller"), ("displayName", b"Caf\xe9 \x96 Bar"))],
    warnings=["not-utf8"],
)
case(
    "nul",
    f"dn: {ADA}\ndescription: a".encode() + b"\0b\n\n" + BEN_LDIF.encode(),
    [entry(ADA, ("description", "a\0b")), BEN_ENTRY],
    warnings=["nul"],
)
case(
    "nul-in-base64",
    f"dn: {ADA}\ndescription:: {b64(b'a' + bytes(1) + b'b')}\n",
    [entry(ADA, ("description", "a\0b"))],
)
case(
    "bad-base64",
    f"dn: {ADA}\ndescription:: YW*=\n\n{BEN_LDIF}",
    [BEN_ENTRY],
    failed=1,
    errors=[(2, "bad-base64")],
)
case(
    "base64-inner-space",
    f"dn: {ADA}\ndescription:: YWJj ZGVm\n\n{BEN_LDIF}",
    [BEN_ENTRY],
    failed=1,
    errors=[(2, "bad-base64")],
)
case(
    "base64-bad-dn",
    f"dn:: {b64(ADA)[:-4]}*\nsn: Adams\n\n{BEN_LDIF}",
    [BEN_ENTRY],
    failed=1,
    errors=[(1, "bad-base64")],
)
case(
    "base64-missing-padding",
    f"dn: {ADA}\ndescription:: YWJjZA\n",
    [entry(ADA, ("description", "abcd"))],
    warnings=["unpadded-base64"],
)
case(
    "base64-empty",
    f"dn: {ADA}\ndescription::\nsn:: \n",
    [entry(ADA, ("description", ""), ("sn", ""))],
)
case(
    "base64-line-ends-in-value",
    f"dn: {ADA}\nstreetAddress:: {b64('One Way' + chr(13) + chr(10) + 'Building 2')}\n",
    [entry(ADA, ("streetAddress", "One Way\r\nBuilding 2"))],
)
case(
    "base64-dn-not-utf8",
    f"dn:: {b64(b'CN=M' + bytes([0xFC]) + b'ller,DC=contoso,DC=com')}\nsn: x\n",
    [entry(b"CN=M\xfcller,DC=contoso,DC=com", ("sn", "x"))],
)
case("empty-value", f"dn: {ADA}\ndescription:\nsn: Adams\n", [entry(ADA, ("description", ""), ("sn", "Adams"))])
case("dn-alone", f"dn: {ADA}\n\n{BEN_LDIF}", [entry(ADA), BEN_ENTRY])
case(
    "root-dse",
    "dn:\nsupportedLDAPVersion: 3\nsupportedLDAPVersion: 2\n\ndn: \nobjectClass: top\n",
    [entry("", ("supportedLDAPVersion", "3", "2")), entry("", ("objectClass", "top"))],
)
case(
    "value-on-next-line",
    f"dn: {ADA}\ndescription:\nThe value stands here\nsn: Adams\n\n{BEN_LDIF}",
    [BEN_ENTRY],
    failed=1,
    errors=[(3, "value-on-next-line")],
)
case(
    "orphan-continuation",
    f"{ADA_LDIF}\n  goes on with nothing\n\n{BEN_LDIF}",
    TWO_ENTRIES,
    errors=[(5, "orphan-continuation")],
)
case("dn-by-url", f"dn:< file:///etc/hostname\nsn: x\n\n{BEN_LDIF}", [BEN_ENTRY], failed=1, errors=[(1, "dn-by-url")], warnings=["url-reference"])
case("dash-in-entry", f"{ADA_LDIF}-\n\n{BEN_LDIF}", [BEN_ENTRY], failed=1, errors=[(4, "unexpected-dash")])
case("no-colon", f"dn: {ADA}\nsn: Adams\nnonsense\n\n{BEN_LDIF}", [BEN_ENTRY], failed=1, errors=[(3, "no-colon")])
case(
    "two-bad-records",
    f"dn: {ADA}\nnonsense\n\n{BEN_LDIF}\ndn: CN=Cid Cole,{PEOPLE}\nsn:: ****\n",
    [BEN_ENTRY],
    failed=2,
    errors=[(2, "no-colon"), (9, "bad-base64")],
)
case(
    "space-before-colon",
    f"dn: {ADA}\nsn : Adams\n\n{BEN_LDIF}",
    [BEN_ENTRY],
    failed=1,
    errors=[(2, "bad-attribute-description")],
)
case(
    "url",
    f"dn: {ADA}\njpegPhoto:< file:///etc/hostname\nsn: Adams\n",
    [entry(ADA, ("jpegPhoto", {"url": "file:///etc/hostname"}), ("sn", "Adams"))],
    warnings=["url-reference"],
)
case("include", f"version: 1\n\ninclude: file:///etc/hostname\n\n{ADA_LDIF}", [ADA_ENTRY], warnings=["include"])
case(
    "value-starts-with-colon-or-less",
    f"dn: {ADA}\ndescription: :starts with a colon\nsn: <angle>\n",
    [entry(ADA, ("description", ":starts with a colon"), ("sn", "<angle>"))],
)

# -- attributes --------------------------------------------------------------

case(
    "attribute-options",
    f"dn: {ADA}\ncn;lang-en: Ada\ncn;lang-de;x-phonetic: Ada\nuserCertificate;binary:: {b64(b'0' + bytes([0x82, 1]))}\n"
    "mail;vucsn-5f3a: ada@contoso.com\nmy_attribute: x\n1.2.840.113556.1.4.221: ada\n",
    [
        entry(
            ADA,
            ("cn;lang-en", "Ada"),
            ("cn;lang-de;x-phonetic", "Ada"),
            ("userCertificate;binary", b"0\x82\x01"),
            ("mail;vucsn-5f3a", "ada@contoso.com"),
            ("my_attribute", "x"),
            ("1.2.840.113556.1.4.221", "ada"),
        )
    ],
)
GROUP = "CN=All Staff,OU=Groups,DC=contoso,DC=com"
case(
    "range",
    f"dn: {GROUP}\nobjectClass: group\nmember;range=0-1: {ADA}\nmember;range=0-1: {BEN}\n",
    [entry(GROUP, ("objectClass", "group"), ("member;range=0-1", ADA, BEN))],
    warnings=["partial-attribute"],
)
case(
    "range-end",
    f"dn: {GROUP}\nobjectClass: group\nmember;range=1500-*: {BEN}\n",
    [entry(GROUP, ("objectClass", "group"), ("member;range=1500-*", BEN))],
    warnings=["partial-attribute"],
)
case(
    "repeated-values",
    f"dn: {ADA}\nproxyAddresses: SMTP:ada@contoso.com\nproxyAddresses: smtp:ada@contoso.com\nproxyAddresses: SMTP:ada@contoso.com\n",
    [entry(ADA, ("proxyAddresses", "SMTP:ada@contoso.com", "smtp:ada@contoso.com", "SMTP:ada@contoso.com"))],
)
case(
    "attributes-not-grouped",
    f"dn: {ADA}\nproxyAddresses: smtp:a@contoso.com\nsn: Adams\nPROXYADDRESSES: smtp:b@contoso.com\n",
    [entry(ADA, ("proxyAddresses", "smtp:a@contoso.com", "smtp:b@contoso.com"), ("sn", "Adams"))],
)
case(
    "attribute-named-control",
    f"dn: {ADA}\nobjectClass: user\ncontrol: not a control\n",
    [entry(ADA, ("objectClass", "user"), ("control", "not a control"))],
)
case(
    "change-log",
    f"dn: changenumber=1,cn=changelog\nobjectClass: changeLogEntry\nchangeNumber: 1\ntargetDN: {ADA}\nchangeType: modify\n"
    f"changes:: {b64('replace: mail' + chr(10) + 'mail: a@contoso.com' + chr(10) + '-' + chr(10))}\n",
    [
        entry(
            "changenumber=1,cn=changelog",
            ("objectClass", "changeLogEntry"),
            ("changeNumber", "1"),
            ("targetDN", ADA),
            ("changeType", "modify"),
            ("changes", "replace: mail\nmail: a@contoso.com\n-\n"),
        )
    ],
)
case(
    "hostile-dns",
    'dn: CN=Adams\\, Ada,DC=contoso,DC=com\nsn: 1\n\ndn: CN=The \\"quoted\\" \\\\ back,DC=contoso,DC=com\nsn: 2\n\n'
    "dn: CN=\\#hash+OU=two,DC=contoso,DC=com\nsn: 3\n\ndn: CN=Ada\\0ACNF:6f1c1a34-0000-4000-8000-000000000001,DC=contoso,DC=com\nsn: 4\n\n"
    "dn: CN=L\\C3\\BC\\2C x\\20,DC=contoso,DC=com\nsn: 5\n",
    [
        entry("CN=Adams\\, Ada,DC=contoso,DC=com", ("sn", "1")),
        entry('CN=The \\"quoted\\" \\\\ back,DC=contoso,DC=com', ("sn", "2")),
        entry("CN=\\#hash+OU=two,DC=contoso,DC=com", ("sn", "3")),
        entry("CN=Ada\\0ACNF:6f1c1a34-0000-4000-8000-000000000001,DC=contoso,DC=com", ("sn", "4")),
        entry("CN=L\\C3\\BC\\2C x\\20,DC=contoso,DC=com", ("sn", "5")),
    ],
)

# -- export tools ------------------------------------------------------------

HEADER = """# extended LDIF
#
# LDAPv3
# base <DC=contoso,DC=com> with scope subtree
# filter: (objectclass=*)
# requesting: ALL
#

"""
TRAILER = """# search result
search: 2
result: 0 Success

# numResponses: 3
# numEntries: 2
"""
NAMED = f"# Ada Adams, People, contoso.com\n{ADA_LDIF}\n# Ben Brown, People, contoso.com\n{BEN_LDIF}\n"

case("ldapsearch", HEADER + NAMED + TRAILER, TWO_ENTRIES)
case(
    "ldapsearch-referral",
    HEADER
    + NAMED
    + "# search reference\nref: ldap://contoso.com/CN=Configuration,DC=contoso,DC=com\n\n"
    + "# search reference\nref: ldap://ForestDnsZones.contoso.com/DC=ForestDnsZones,DC=contoso,DC=com\n\n"
    + TRAILER.rstrip("\n").replace("numResponses: 3", "numResponses: 5")
    + "\n# numReferences: 2\n",
    TWO_ENTRIES,
)
case("ldapsearch-referral-comment", f"{NAMED}# refldap://contoso.com/CN=Configuration,DC=contoso,DC=com\n\n", TWO_ENTRIES)
PAGE_HEADER = HEADER.replace("#\n\n", "# with pagedResults control: size=1\n#\n\n")


def page(number, record, cookie, control):
    return (
        f"{PAGE_HEADER}{record}\n# search result\nsearch: {number}\nresult: 0 Success\n"
        f"control: 1.2.840.113556.1.4.319 false {control}\npagedresults: cookie={cookie}\n"
    )


MIDDLE = ("UAAAAAAAAAA=", "MA0CAQAECFAAAAAAAAAA")
END = ("", "MAUCAQAEAA==")
case(
    "ldapsearch-paged",
    page(2, ADA_LDIF, *MIDDLE) + page(3, BEN_LDIF, *END) + "\n# numResponses: 4\n# numEntries: 2\n",
    TWO_ENTRIES,
)
case(
    "ldapsearch-paged-comments",
    f"{ADA_LDIF}\n# pagedresults: cookie=UAAAAAAAAAA=\n{BEN_LDIF}\n# pagedresults: cookie=\n",
    TWO_ENTRIES,
)
case(
    "ldapsearch-L",
    "version: 1\n\n" + HEADER.removeprefix("# extended LDIF\n") + NAMED + "# search result\n\n# numResponses: 3\n# numEntries: 2\n",
    TWO_ENTRIES,
)
case(
    "ldapsearch-paged-incomplete",
    page(2, ADA_LDIF, *MIDDLE) + page(3, BEN_LDIF, *MIDDLE),
    TWO_ENTRIES,
    warnings=["incomplete-export"],
)
case(
    "ldapsearch-paged-comment-incomplete",
    f"{NAMED}# pagedresults: cookie=UAAAAAAAAAA=\n",
    TWO_ENTRIES,
    warnings=["incomplete-export"],
)
case(
    "ldapsearch-size-limit",
    HEADER + NAMED + TRAILER.replace("result: 0 Success", "result: 4 Size limit exceeded"),
    TWO_ENTRIES,
    warnings=["incomplete-export"],
)
case(
    "ldapsearch-paged-estimate",
    f"{ADA_LDIF}\n# refldap://contoso.com/CN=Configuration,DC=contoso,DC=com\n\n"
    f"# pagedresults: estimate=104 cookie=MQA=\n{BEN_LDIF}\n# pagedresults: cookie=\n",
    TWO_ENTRIES,
)
case(
    "ldapsearch-paged-estimate-incomplete",
    f"{NAMED}# pagedresults: estimate=104 cookie=MQA=\n",
    TWO_ENTRIES,
    warnings=["incomplete-export"],
)
case("ldapsearch-LL", f"version: 1\n\n{ADA_LDIF}\n{BEN_LDIF}\n", TWO_ENTRIES)
case("ldapsearch-LLL", f"{ADA_LDIF}\n{BEN_LDIF}\n", TWO_ENTRIES)
case("ldapsearch-no-result", HEADER + NAMED, TWO_ENTRIES, warnings=["incomplete-export"])
case(
    "ldapsearch-fewer-entries",
    HEADER + NAMED + TRAILER.replace("numEntries: 2", "numEntries: 3"),
    TWO_ENTRIES,
    warnings=["incomplete-export"],
)
case(
    "ldapsearch-looks-like-trailer",
    f"dn: {ADA}\nsearch: 2\nresult: 4 Size limit exceeded\nref: ldap://contoso.com/\n",
    [entry(ADA, ("search", "2"), ("result", "4 Size limit exceeded"), ("ref", "ldap://contoso.com/"))],
)
case(
    "ldbsearch",
    "# record 1\ndn: @INDEXLIST\n@IDXATTR: cn\n\n# record 2\n"
    f"dn: {ADA}\nobjectGUID: 6f1c1a34-0000-4000-8000-000000000001\nobjectSid: S-1-5-21-1001-2002-3003-1104\n"
    f"manager: <GUID=6f1c1a34-0000-4000-8000-000000000002>;<SID=S-1-5-21-1001-2002-3003-1105>;{BEN}\n\n"
    "# Referral\nref: ldap://contoso.com/CN=Configuration,DC=contoso,DC=com\n\n"
    "# returned 3 records\n# 2 entries\n# 1 referrals\n",
    [
        entry("@INDEXLIST", ("@IDXATTR", "cn")),
        entry(
            ADA,
            ("objectGUID", "6f1c1a34-0000-4000-8000-000000000001"),
            ("objectSid", "S-1-5-21-1001-2002-3003-1104"),
            ("manager", f"<GUID=6f1c1a34-0000-4000-8000-000000000002>;<SID=S-1-5-21-1001-2002-3003-1105>;{BEN}"),
        ),
    ],
)
case(
    "ldbsearch-fewer-entries",
    f"# record 1\n{ADA_LDIF}\n# returned 3 records\n# 2 entries\n# 1 referrals\n",
    [ADA_ENTRY],
    warnings=["incomplete-export"],
)
case(
    "slapcat",
    f"dn: {ADA}\nobjectClass: user\nstructuralObjectClass: user\nentryUUID: 6f1c1a34-0000-4000-8000-000000000001\n"
    "creatorsName: cn=admin,dc=contoso,dc=com\ncreateTimestamp: 20260101120000Z\n"
    "entryCSN: 20260101120000.000000Z#000000#000#000000\n\n",
    [
        entry(
            ADA,
            ("objectClass", "user"),
            ("structuralObjectClass", "user"),
            ("entryUUID", "6f1c1a34-0000-4000-8000-000000000001"),
            ("creatorsName", "cn=admin,dc=contoso,dc=com"),
            ("createTimestamp", "20260101120000Z"),
            ("entryCSN", "20260101120000.000000Z#000000#000#000000"),
        )
    ],
)
