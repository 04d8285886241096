#!/usr/bin/env python3
"""Writes what stands beside corpus/contoso.ldif: what the company was like before
(contoso-before.ldif), what the cloud holds (contoso-tenant.csv) and a change that was made
once (contoso-earlier.ldif), so that every rule that asks for one of them finds something.

    contoso_since.py
    ldifix check --config contoso-since.toml contoso.ldif --format csv > contoso-since.findings.csv
"""

import base64
import pathlib
import re

HERE = pathlib.Path(__file__).parent


def entries():
    """The text of each entry of the export by its DN, without folds and comments."""
    text = (HERE / "contoso.ldif").read_text().replace("\n ", "")
    blocks = (re.sub(r"^#.*\n", "", block, flags=re.M) for block in text.split("\n\n"))
    return {block.split("\n")[0].removeprefix("dn: "): block for block in blocks if block.startswith("dn:")}


def main():
    known = entries()
    people = [dn for dn in known if "user" in known[dn] and re.search(r",OU=(Sales|Finance|Research),", dn)]

    def value(dn, attribute):
        return re.search(rf"^{attribute}: (.*)$", known[dn], re.M)[1]

    before = []

    def was(dn, *changes):
        text = known[dn]
        for old, new in changes:
            assert old in text, (dn, old)
            text = text.replace(old, new)
        before.append(text)

    names = iter(people)
    # A new name to sign in with, and one that moves between federated domains.
    dn = next(names)
    was(dn, ("userPrincipalName: ", "userPrincipalName: former."))
    dn = next(names)
    name = value(dn, "userPrincipalName")
    was(dn, (f"userPrincipalName: {name}", f"userPrincipalName: {name.replace('.com', '.cloud')}"))
    # An address that goes from one to another, and a primary one that is given up.
    giver, taker, dn = next(names), next(names), next(names)
    line = re.search(r"^proxyAddresses: (smtp:.*)\n", known[taker], re.M)
    was(giver, ("proxyAddresses: SMTP:", f"proxyAddresses: {line[1]}\nproxyAddresses: SMTP:"))
    was(taker, (line[0], ""))
    was(dn, ("proxyAddresses: SMTP:", "proxyAddresses: SMTP:former."))
    # An anchor that was another one.
    dn = next(names)
    anchor = base64.b64encode(bytes(range(16))).decode()
    was(dn, ("objectGUID:: ", f"mS-DS-ConsistencyGuid:: {anchor}\nobjectGUID:: "))
    # Two who are no longer there.
    for number in (1, 2):
        dn, guid = next(names), base64.b64encode(bytes([number] * 16)).decode()
        gone = re.sub(r"^objectGUID:: .*$", f"objectGUID:: {guid}", known[dn], flags=re.M)
        gone = gone.replace(re.match(r"CN=[^,]*", dn)[0], f"CN=Former {number}")
        gone = gone.replace(value(dn, "sAMAccountName"), f"former{number}")
        before.append(gone)
    # A unit that was called otherwise.
    was("OU=Legal,DC=contoso,DC=com", ("OU=Legal", "OU=Law"), ("ou: Legal", "ou: Law"), ("name: Legal", "name: Law"))
    (HERE / "contoso-before.ldif").write_text("version: 1\n\n" + "\n\n".join(before) + "\n\n")

    other = base64.b64encode(bytes(range(16, 32))).decode()
    taken, soft, admin = (value(next(names), "userPrincipalName") for _ in range(3))
    rows = [
        "userPrincipalName,proxyAddresses,onPremisesImmutableId,isAdmin",
        f"cloud@contoso.onmicrosoft.com,SMTP:cloud@contoso.onmicrosoft.com;smtp:{taken},{other},False",
        f"{soft},SMTP:{soft},,False",
        f"{admin},SMTP:{admin},,True",
    ]
    (HERE / "contoso-tenant.csv").write_text("\n".join(rows) + "\n")

    dn = "CN=display-name-outer-space,OU=Findings,DC=contoso,DC=com"
    line = re.search(r"^displayName:.*$", known[dn], re.M)[0]
    name = line.removeprefix("displayName:")
    name = base64.b64decode(name[1:]).decode() if name.startswith(":") else name[1:]
    change = ["version: 1\n", f"dn: {dn}", "changetype: modify", "delete: displayName", line, "-"]
    change += ["add: displayName", f"displayName: {name.strip()}", "-\n"]
    (HERE / "contoso-earlier.ldif").write_text("\n".join(change))


if __name__ == "__main__":
    main()
