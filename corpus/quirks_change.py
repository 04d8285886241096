"""Change records: ldifde's exports, and every kind of change."""

from quirks import ADA, ADA_ENTRY, ADA_LDIF, BEN, BEN_LDIF, GROUP, PEOPLE, crlf, entry

CASES = {}
CID = f"CN=Cid Cole,{PEOPLE}"


def case(name, data, records=(), **more):
    assert name not in CASES, name
    CASES[name] = {"data": data, "records": list(records), **more}


def add(dn, *attributes, changetype="add"):
    plain = entry(dn, *attributes)
    return {"dn": dn, "changetype": changetype, "attributes": plain["attributes"]}


def delete(dn, changetype="delete"):
    return {"dn": dn, "changetype": changetype}


def modify(dn, *mods, changetype="modify"):
    """mods: (operation, attribute, value, value...)"""
    return {"dn": dn, "changetype": changetype, "mods": [[op, name, list(values)] for op, name, *values in mods]}


def modrdn(dn, newrdn, deleteoldrdn, newsuperior=None, changetype="modrdn"):
    found = {"dn": dn, "changetype": changetype, "newrdn": newrdn, "deleteoldrdn": deleteoldrdn}
    return found | ({"newsuperior": newsuperior} if newsuperior is not None else {})


BEN_ADD = f"dn: {BEN}\nchangetype: add\nobjectClass: user\nmail: ben@contoso.com\n"
BEN_ADDED = add(BEN, ("objectClass", "user"), ("mail", "ben@contoso.com"))

# -- ldifde ------------------------------------------------------------------

case(
    "ldifde",
    crlf(f"dn: {ADA}\nchangetype: add\nobjectClass: user\ncn: Ada Adams\nobjectGUID:: NBocbwAAAECAAAAAAAAAAQ==\n\n{BEN_ADD}\n"),
    [
        add(
            ADA,
            ("objectClass", "user"),
            ("cn", "Ada Adams"),
            ("objectGUID", b"\x34\x1a\x1c\x6f\x00\x00\x00\x40\x80\x00\x00\x00\x00\x00\x00\x01"),
        ),
        BEN_ADDED,
    ],
    entries=2,
)
case(
    "ldifde-large-group",
    crlf(
        f"dn: {GROUP}\nchangetype: add\nobjectClass: group\nmember: {ADA}\n\n"
        f"dn: {GROUP}\nchangetype: modify\nadd: member\nmember: {BEN}\nmember: {CID}\n-\n\n{BEN_ADD}\n"
    ),
    [
        add(GROUP, ("objectClass", "group"), ("member", ADA)),
        modify(GROUP, ("add", "member", BEN, CID)),
        BEN_ADDED,
    ],
    entries=2,
)
SCHEMA = "CN=contoso-Badge,CN=Schema,CN=Configuration,DC=X"
case(
    "ldifde-schema",
    crlf(
        f"dn: {SCHEMA}\nchangetype: ntdsSchemaAdd\nobjectClass: attributeSchema\nlDAPDisplayName: contosoBadge\n\n"
        f"dn: {SCHEMA}\nchangetype: ntdsSchemaModify\nreplace: isMemberOfPartialAttributeSet\nisMemberOfPartialAttributeSet: TRUE\n-\n\n"
        "dn:\nchangetype: modify\nadd: schemaUpdateNow\nschemaUpdateNow: 1\n-\n\n"
        f"dn: {SCHEMA}\nchangetype: ntdsSchemaModRdn\nnewrdn: CN=contoso-Badge-Old\ndeleteoldrdn: 1\n\n"
        f"dn: {SCHEMA}\nchangetype: ntdsSchemaDelete\n\n"
    ),
    [
        add(SCHEMA, ("objectClass", "attributeSchema"), ("lDAPDisplayName", "contosoBadge"), changetype="ntdsSchemaAdd"),
        modify(SCHEMA, ("replace", "isMemberOfPartialAttributeSet", "TRUE"), changetype="ntdsSchemaModify"),
        modify("", ("add", "schemaUpdateNow", "1")),
        modrdn(SCHEMA, "CN=contoso-Badge-Old", True, changetype="ntdsSchemaModRdn"),
        delete(SCHEMA, changetype="ntdsSchemaDelete"),
    ],
)

# -- every kind of change ----------------------------------------------------

case("change-add", f"version: 1\n\n{BEN_ADD}", [BEN_ADDED])
case("change-delete", f"dn: {ADA}\nchangetype: delete\n\ndn: {BEN}\nchangetype: delete", [delete(ADA), delete(BEN)], warnings=["no-final-line-end"])
case(
    "change-modify",
    f"dn: {ADA}\nchangetype: modify\nadd: proxyAddresses\nproxyAddresses: smtp:a@contoso.com\nproxyAddresses: smtp:b@contoso.com\n-\n"
    "delete: mail\nmail: ada@contoso.com\n-\ndelete: description\n-\nreplace: title\ntitle: Director\n-\nreplace: info\n-\n"
    "increment: uidNumber\nuidNumber: 1\n-\n",
    [
        modify(
            ADA,
            ("add", "proxyAddresses", "smtp:a@contoso.com", "smtp:b@contoso.com"),
            ("delete", "mail", "ada@contoso.com"),
            ("delete", "description"),
            ("replace", "title", "Director"),
            ("replace", "info"),
            ("increment", "uidNumber", "1"),
        )
    ],
)
case(
    "change-modify-values",
    f"dn: {ADA}\nchangetype: modify\nDelete: Mail\nmail: ada@con\n toso.com\n-\nadd: mail\nMAIL:: YWRhQGNvbnRvc28uY29tIA==\n-\n"
    "add: jpegPhoto\njpegPhoto:< file:///etc/hostname\n-\n",
    [
        modify(
            ADA,
            ("delete", "Mail", "ada@contoso.com"),
            ("add", "mail", "ada@contoso.com "),
            ("add", "jpegPhoto", {"url": "file:///etc/hostname"}),
        )
    ],
    warnings=["url-reference"],
)
case(
    "change-modrdn",
    f"dn: {ADA}\nchangetype: modrdn\nnewrdn: CN=Ada Baker\ndeleteoldrdn: 1\n\n"
    f"dn: {BEN}\nchangetype: moddn\nnewrdn: CN=Ben Brown\ndeleteoldrdn: 0\nnewsuperior: OU=Moved,DC=contoso,DC=com\n\n"
    f"dn: {CID}\nchangetype: modrdn\nnewrdn:: Q049WsO2ZQ==\ndeleteoldrdn: 1\nnewsuperior:\n",
    [
        modrdn(ADA, "CN=Ada Baker", True),
        modrdn(BEN, "CN=Ben Brown", False, "OU=Moved,DC=contoso,DC=com", changetype="moddn"),
        modrdn(CID, "CN=Zöe", True, ""),
    ],
)
case(
    "change-words-in-capitals",
    f"DN: {ADA}\nchangeType: Modify\nREPLACE: title\nTitle: Director\n-\n\ndn: {BEN}\nCHANGETYPE: DELETE\n",
    [modify(ADA, ("replace", "title", "Director")), delete(BEN)],
)
case(
    "change-controls",
    f"dn: {ADA}\ncontrol: 1.2.840.113556.1.4.805 true\ncontrol: 1.2.840.113556.1.4.1413\ncontrol: 1.3.6.1.1.13.1 false: text\n"
    f"control: 1.3.6.1.1.12:: o4QAAAA=\nchangetype: delete\n\n{BEN_ADD}",
    [
        {
            "dn": ADA,
            "controls": [
                ["1.2.840.113556.1.4.805", True, None],
                ["1.2.840.113556.1.4.1413", None, None],
                ["1.3.6.1.1.13.1", False, "text"],
                ["1.3.6.1.1.12", None, b"\xa3\x84\x00\x00\x00"],
            ],
            "changetype": "delete",
        },
        BEN_ADDED,
    ],
)

# -- half-right changes ------------------------------------------------------

case(
    "modify-no-final-dash",
    f"dn: {ADA}\nchangetype: modify\nreplace: title\ntitle: Director\n\n{BEN_ADD}",
    [modify(ADA, ("replace", "title", "Director")), BEN_ADDED],
    warnings=["missing-final-dash"],
)
case(
    "modify-dash-with-space",
    f"dn: {ADA}\nchangetype: modify\nreplace: title\ntitle: Director\n- \nreplace: info\ninfo: x\n-  \n",
    [modify(ADA, ("replace", "title", "Director"), ("replace", "info", "x"))],
    warnings=["dash-with-spaces"],
)
case(
    "modify-folded-dash",
    f"dn: {ADA}\nchangetype: modify\nreplace: title\ntitle: Director\n-\n \nreplace: info\ninfo: x\n-\n",
    [modify(ADA, ("replace", "title", "Director"), ("replace", "info", "x"))],
)
case(
    "modify-nothing",
    f"dn: {ADA}\nchangetype: modify\n\n{BEN_ADD}",
    [modify(ADA), BEN_ADDED],
    warnings=["empty-modify"],
)
case(
    "content-and-changes",
    f"{ADA_LDIF}\n{BEN_ADD}\ndn: {CID}\nchangetype: delete\n",
    [ADA_ENTRY, BEN_ADDED, delete(CID)],
    warnings=["mixed-content-and-changes"],
)
case(
    "changes-then-content",
    f"dn: {CID}\nchangetype: delete\n\n{BEN_LDIF}",
    [delete(CID), entry(BEN, ("objectClass", "user"), ("mail", "ben@contoso.com"))],
    warnings=["mixed-content-and-changes"],
)

# -- wrong changes -----------------------------------------------------------


def wrong(name, text, line, kind, **more):
    case(name, f"{text}\n{BEN_ADD}", [BEN_ADDED], failed=1, errors=[(line, kind)], **more)


wrong(
    "modify-missing-dash",
    f"dn: {ADA}\nchangetype: modify\nreplace: title\ntitle: Director\nreplace: info\ninfo: x\n-\n",
    5,
    "missing-dash",
)
wrong(
    "modify-attribute-mismatch",
    f"dn: {ADA}\nchangetype: modify\nreplace: title\ndescription: Director\n-\n",
    4,
    "attribute-mismatch",
)
wrong(
    "modify-unknown-operation",
    f"dn: {ADA}\nchangetype: modify\nupdate: title\ntitle: Director\n-\n",
    3,
    "unknown-modification",
)
wrong("modrdn-missing-deleteoldrdn", f"dn: {ADA}\nchangetype: modrdn\nnewrdn: CN=Ada Baker\n", 2, "missing-deleteoldrdn")
wrong("modrdn-bad-deleteoldrdn", f"dn: {ADA}\nchangetype: modrdn\nnewrdn: CN=Ada Baker\ndeleteoldrdn: maybe\n", 4, "bad-deleteoldrdn")
wrong("modrdn-missing-newrdn", f"dn: {ADA}\nchangetype: modrdn\ndeleteoldrdn: 1\n", 2, "missing-newrdn")
wrong("modrdn-by-url", f"dn: {ADA}\nchangetype: modrdn\nnewrdn:< file:///etc/hostname\ndeleteoldrdn: 1\n", 3, "bad-rename", warnings=["url-reference"])
wrong("modrdn-empty-newrdn", f"dn: {ADA}\nchangetype: modrdn\nnewrdn: \ndeleteoldrdn: 1\n", 3, "missing-newrdn")
wrong("modify-no-attribute", f"dn: {ADA}\nchangetype: modify\nreplace:\n-\n", 3, "bad-attribute-description")
wrong("unknown-changetype", f"dn: {ADA}\nchangetype: rename\nnewrdn: CN=Ada Baker\n", 2, "unknown-changetype")
wrong("delete-with-attributes", f"dn: {ADA}\nchangetype: delete\nmail: ada@contoso.com\n", 3, "delete-with-attributes")
wrong(
    "control-bad-criticality",
    f"dn: {ADA}\ncontrol: 1.2.840.113556.1.4.805 perhaps\nchangetype: delete\n",
    2,
    "bad-control",
)
wrong("control-bad-oid", f"dn: {ADA}\ncontrol: tree-delete true\nchangetype: delete\n", 2, "bad-control")
wrong("control-after-changetype", f"dn: {ADA}\nchangetype: delete\ncontrol: 1.2.840.113556.1.4.805 true\n", 3, "misplaced-control")
