#!/usr/bin/env python3
"""Writes corpus/ldif: one small LDIF file per quirk, and beside each what ldifix
must report of it. Many of the files hold bytes that an editor would spoil (line
ends, NULs, UTF-16), so they are made here.

    make.py            writes the files
    make.py --check    exits 1 if the committed files differ from what it would write
"""

import base64
import json
import sys
from pathlib import Path

from quirks import CASES
from quirks_change import CASES as CHANGE_CASES

FOLDER = Path(__file__).resolve().parent / "ldif"
PLAIN_WORDS = {"moddn": "modrdn"} | {
    f"ntdsSchema{word}": word.lower() for word in ("Add", "Delete", "Modify", "ModRdn")
}


def text_or_base64(value):
    """A value as the JSON of `fmt --to json` shows it."""
    if isinstance(value, (dict, str)) or value is None:
        return value
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(value).decode()}


def as_json(record):
    """A record as `fmt --to json` shows it: the plain word for every spelling of a
    changetype, and a control that does not say so is not critical."""
    record = dict(record)
    if "changetype" in record:
        record["changetype"] = PLAIN_WORDS.get(record["changetype"], record["changetype"])
    if "controls" in record:
        record["controls"] = [
            {"oid": oid, "critical": bool(critical)} | ({} if value is None else {"value": value})
            for oid, critical, value in record["controls"]
        ]
    return record


def expectation(case):
    records = case.get("records", [])
    spellings = [record.get("changetype") for record in records]
    spellings = [word if word in PLAIN_WORDS else None for word in spellings]
    errors = [{"line": line, "kind": kind} for line, kind in case.get("errors", [])]
    expected = {
        "read": len(records),
        "failed": case.get("failed", 0),
        "record_starts": len(records) + case.get("failed", 0),
        "errors": errors,
        "warnings": case.get("warnings", []),
        "records": [as_json(record) for record in records],
    }
    if any(spellings):
        expected["spellings"] = spellings
    if "entries" in case:
        expected["entries"] = case["entries"]
    return expected


def rendered(expected):
    """One record a line, so that a difference can be read."""
    head = {key: value for key, value in expected.items() if key != "records"}
    lines = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    records = [json.dumps(r, default=text_or_base64, ensure_ascii=False) for r in expected["records"]]
    inner = "\n  " + ",\n  ".join(records) + "\n " if records else ""
    return "{\n" + ",\n".join(lines) + f',\n "records": [{inner}]\n}}\n'


def files():
    for name, case in (CASES | CHANGE_CASES).items():
        data = case["data"]
        yield FOLDER / f"{name}.ldif", data.encode() if isinstance(data, str) else data
        yield FOLDER / f"{name}.expect.json", rendered(expectation(case)).encode()


def main():
    wanted = dict(files())
    if sys.argv[1:] == ["--check"]:
        there = {path for path in FOLDER.iterdir()}
        wrong = there ^ wanted.keys()
        wrong |= {path for path in there & wanted.keys() if path.read_bytes() != wanted[path]}
        for path in sorted(wrong):
            print(f"{path.name}: not as make.py writes it", file=sys.stderr)
        return 1 if wrong else 0
    FOLDER.mkdir(exist_ok=True)
    for path, data in wanted.items():
        path.write_bytes(data)
    print(f"{len(wanted)} files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
