"""Reads and writes LDIF for the acceptance, independently of ldifix: a check must
not share the mistakes of what it checks."""

import base64


def unfolded(data):
    """Logical lines of UTF-8 or raw bytes, comments included."""
    return data.replace(b"\r\n", b"\n").replace(b"\n ", b"").split(b"\n")


def split_line(line):
    """(name, value) of one logical line."""
    name, _, rest = line.partition(b":")
    if rest.startswith(b":"):
        value = base64.b64decode(rest[1:].strip())
    else:
        value = rest.lstrip(b" ")
    return name.decode().lower(), value


def blocks(data):
    """The records as lists of logical lines, comments kept, version line dropped."""
    block = []
    for line in unfolded(data):
        if line:
            if not (not block and line.lower().startswith(b"version:")):
                block.append(line)
        elif block:
            yield block
            block = []
    if block:
        yield block


def records(data):
    """(dn, [(name, value), ...]) of every record that has a dn; comments dropped."""
    for block in blocks(data):
        lines = [split_line(line) for line in block if not line.startswith(b"#")]
        if lines and lines[0][0] == "dn":
            yield lines[0][1], lines[1:]


def entries(data, volatile=()):
    """{dn in small letters: {attribute: sorted values}} of an export."""
    found = {}
    for dn, lines in records(data):
        key = dn.decode("utf-8", "surrogateescape").lower()
        if key in found:
            raise ValueError(f"{key} stands twice in the export")
        attributes = {}
        for name, value in lines:
            if name not in volatile:
                attributes.setdefault(name, []).append(value)
        found[key] = {name: sorted(values) for name, values in attributes.items()}
    return found


def modifications(lines):
    """[(operation, attribute, [values])] of a modify record's lines."""
    found = []
    fresh = True
    for name, value in lines:
        if name == "changetype" or name == "control":
            continue
        if name.startswith("-"):
            fresh = True
        elif fresh:
            found.append((name, value.decode().lower(), []))
            fresh = False
        else:
            found[-1][2].append(value)
    return found


def is_plain(value):
    """Whether a value may stand in a line as it is (RFC 2849 SAFE-STRING), blanks
    at the end excluded."""
    if not value:
        return True
    if value[0] in b" :<" or value[-1] == 0x20:
        return False
    return all(0 < byte < 128 and byte not in b"\r\n" for byte in value)


def line(name, value):
    if isinstance(value, str):
        value = value.encode()
    if is_plain(value):
        return name.encode() + b": " + value + b"\n"
    return name.encode() + b":: " + base64.b64encode(value) + b"\n"


def modify_record(dn, mods):
    """One modify record; mods are (operation, attribute, values)."""
    parts = [line("dn", dn), line("changetype", "modify")]
    for operation, attribute, values in mods:
        parts.append(line(operation, attribute))
        parts.extend(line(attribute, value) for value in values)
        parts.append(b"-\n")
    return b"".join(parts) + b"\n"


def change_file(*change_records):
    return b"version: 1\n\n" + b"".join(change_records)
