#!/usr/bin/env python3
"""Measures whole runs of ldifix as ratios to `wc -l` of the same file, and says which
budgets they meet. Beside them, where installed: `ldapadd -n` and python-ldap, which
only parse, and diff(1), which only compares lines. Installs nothing; what is absent is said.

Every round runs each command once, right after a `wc -l` of its file; the figure is
the median of the rounds' ratios. Files are read once before, so the page cache is
warm. Memory: the peak of the whole process (the mapped file counts in it), and the
peak of its own (anonymous) memory, sampled.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from generate import Options, generate

ROOT = Path(__file__).resolve().parents[1]
MIB = 1 << 20
# Values of one generated entry that a uniqueness index holds: mail, mailNickname,
# userPrincipalName, sAMAccountName and three proxyAddresses.
INDEXED_PER_ENTRY = 7
# Those of an entry of the file of many: the address that three attributes hold, the other
# address, and mail, mailNickname and sAMAccountName.
INDEXED_OF_MANY = 5
# One entry in ten or so, with all its attributes.
SELECTIVE = ["--filter", "(&(objectClass=user)(department=Sales))"]
PYTHON_LDAP = """
import ldif, sys
class Count(ldif.LDIFParser):
    def handle(self, dn, entry): pass
Count(open(sys.argv[1], 'rb')).parse()
"""


@dataclass
class Run:
    seconds: float
    peak: int
    own: int


@dataclass
class Task:
    """One command that is measured. `reference` stands for the `wc -l` beside it."""

    name: str
    file: Path
    command: list
    reference: list = field(default_factory=list)
    piped: bool = False
    codes: tuple = (0,)
    rounds: int | None = None
    runs: list = field(default_factory=list)
    ratios: list = field(default_factory=list)

    def median(self, what):
        return statistics.median(getattr(run, what) for run in self.runs)

    @property
    def ratio(self):
        return statistics.median(self.ratios)

    @property
    def megabytes_per_second(self):
        return self.file.stat().st_size / 1e6 / self.median("seconds")


def watch_memory(pid, stop, found):
    """Keeps the largest VmHWM and RssAnon that were seen until `stop`."""
    while not stop.is_set():
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return
        for line in status.splitlines():
            name, _, rest = line.partition(":")
            if name in found:
                found[name] = max(found[name], int(rest.split()[0]) * 1024)
        stop.wait(0.01)


def measured(command, piped_file=None, codes=(0,)):
    """Runs a command with its output to nowhere; a piped one reads `cat FILE`."""
    with tempfile.TemporaryFile() as errors:
        began = time.perf_counter()
        source = subprocess.Popen(["cat", piped_file], stdout=subprocess.PIPE) if piped_file else None
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=source.stdout if source else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        if source:
            source.stdout.close()
        stop, seen = threading.Event(), {"VmHWM": 0, "RssAnon": 0}
        watch = threading.Thread(target=watch_memory, args=(process.pid, stop, seen))
        watch.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        stop.set()
        watch.join()
        process.returncode = os.waitstatus_to_exitcode(status)
        if source:
            source.wait()
        if process.returncode not in codes:
            errors.seek(0)
            said = errors.read()[-800:].decode(errors="replace")
            sys.exit(f"compare.py: {' '.join(map(str, command))}: exit {process.returncode}: {said}")
    # Linux counts this script's own memory into a child's maximum, up to the child's
    # exec: below that floor the sampled figure is the true one.
    floor = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak = usage.ru_maxrss * 1024 if usage.ru_maxrss > floor else seen["VmHWM"]
    return Run(seconds, peak, seen["RssAnon"])


def generated(folder, name, entries, **special):
    path = folder / f"{name}-{entries}.ldif"
    if not path.exists():
        print(f"generating {path}", file=sys.stderr, flush=True)
        plain = {"seed": 1, "dirty": 0, "mutate": 0, "non_ascii": 1, "crlf": False, "nofold": False}
        generate(path, Options(entries=entries, **(plain | special)))
    return path


def change_of_one_per_cent(export):
    """A change file that gives every hundredth entry another displayName."""
    path = export.with_suffix(".change.ldif")
    if path.exists():
        return path
    partial = path.with_suffix(".part")
    with open(export, "rb") as source, open(partial, "wb") as out:
        out.write(b"version: 1\n\n")
        number, dn, display, taking = 0, b"", b"", None
        for line in source:
            if line == b"\n":
                if display and number % 100 == 0:
                    out.write(dn + b"changetype: modify\ndelete: displayName\n" + display)
                    out.write(b"-\nadd: displayName\ndisplayName: Changed %d\n-\n\n" % number)
                number, dn, display, taking = number + 1, b"", b"", None
                continue
            if not line.startswith(b" "):
                taking = {b"dn": "dn", b"displayName": "display"}.get(line.partition(b":")[0])
            if taking == "dn":
                dn += line
            elif taking == "display":
                display += line
    os.replace(partial, path)
    return path


def differing(folder, entries):
    """The clean export some time later: one per cent changed, deleted or added."""
    return generated(folder, "later", entries, mutate=1)


def differing_much(folder, entries):
    """The clean export long after: 22 per cent changed, deleted or added."""
    return generated(folder, "long-after", entries, mutate=22)


def many(folder, entries):
    """An export of entries with little more than what must be unique."""
    path = folder / f"many-{entries}.ldif"
    if path.exists():
        return path
    print(f"generating {path}", file=sys.stderr, flush=True)
    partial = path.with_suffix(".part")
    with open(partial, "w", encoding="ascii") as out:
        out.write("version: 1\n\n")
        for number in range(entries):
            out.write(
                f"dn: CN=u{number},OU=People,DC=example,DC=com\nobjectClass: user\n"
                "objectCategory: CN=Person,CN=Schema,CN=Configuration,DC=example,DC=com\n"
                f"cn: u{number}\ndisplayName: User {number}\nobjectGUID:: AAAAAAAAAAAAA{number:09d}==\n"
                f"sAMAccountName: u{number}\nuserPrincipalName: u{number}@example.com\n"
                f"mail: u{number}@example.com\nmailNickname: u{number}\n"
                f"proxyAddresses: SMTP:u{number}@example.com\nproxyAddresses: smtp:alias{number}@example.com\n\n"
            )
    os.replace(partial, path)
    return path


def python_ldap():
    probe = subprocess.run([sys.executable, "-c", "import ldif"], capture_output=True)
    return probe.returncode == 0


def tasks(options, folder, scratch, absent):
    """The commands; what is not installed goes to `absent`."""
    program = str(options.ldifix)
    big = generated(folder, "dirty3", options.entries, dirty=3)
    small = generated(folder, "clean", options.small)
    change = change_of_one_per_cent(small)
    later = differing(folder, options.small)
    outputs = ["-o", scratch / "diff.ldif", "-u", scratch / "diff-undo.ldif", "--force"]
    fix = [program, "fix", big, "-o", scratch / "change.ldif", "-u", scratch / "undo.ldif", "--force"]
    found = [
        Task("check", big, [program, "check", big, "--format", "csv"], codes=(0, 1)),
        Task("check, IdFix's rules", big, [program, "check", big, "--format", "csv", "--profile", "idfix-multitenant"], codes=(0, 1)),
        Task("fix", big, fix, codes=(0, 1)),
        Task("fix --unsafe", big, [*fix, "--unsafe"], codes=(0, 1)),
        Task("fmt FILE", big, [program, "fmt", big]),
        Task("fmt through a pipe", big, [program, "fmt", "-"], reference=["wc", "-l"], piped=True),
        Task("search FILE", big, [program, "search", big, *SELECTIVE]),
        Task("search through a pipe", big, [program, "search", "-", *SELECTIVE], reference=["wc", "-l"], piped=True),
        Task("apply, 1 % changed", small, [program, "apply", small, change]),
        Task("invert, 1 % changed", small, [program, "invert", change, "--base", small]),
        Task("verify, 1 % changed", small, [program, "verify", change, small, "--pending", scratch / "pending.ldif", "--force"], codes=(0, 1)),
        Task("diff, none changed", small, [program, "diff", small, small, *outputs]),
        Task("diff, 1 % changed", small, [program, "diff", small, later, *outputs], codes=(1,)),
        Task("diff, 22 % changed", small, [program, "diff", small, differing_much(folder, options.small), *outputs], codes=(1,)),
    ]
    if options.many:
        export = many(folder, options.many)
        found.append(Task("check, many values", export, [program, "check", export, "--format", "csv"], codes=(0, 1), rounds=1))
        fix_many = [program, "fix", export, *fix[3:]]
        found.append(Task("fix, many values", export, fix_many, codes=(0, 1), rounds=1))
    if options.peers:
        # Line by line, it knows nothing of entries.
        found.append(Task("diff(1), 1 % changed", small, ["diff", small, later], codes=(1,), rounds=options.peer_runs))
    if options.big_diff:
        clean, later = generated(folder, "clean", options.entries), differing(folder, options.entries)
        found.append(Task("diff, big", clean, [program, "diff", clean, later, *outputs], codes=(1,)))
    if options.peers and shutil.which("ldapadd"):
        found.append(Task("ldapadd -n", big, ["ldapadd", "-n", "-x", "-f", big], rounds=options.peer_runs))
    else:
        absent.append("ldapadd (ldap-utils)" if options.peers else "peers: left out")
    if options.peers and python_ldap():
        command = [sys.executable, "-c", PYTHON_LDAP, small]
        found.append(Task("python-ldap", small, command, rounds=options.peer_runs))
    elif options.peers:
        absent.append("python-ldap (the module ldif)")
    return found


def measure(found, options):
    for path in {task.file for task in found}:
        measured(["wc", "-l", path])
    for number in range(options.runs):
        for task in found:
            if task.rounds is not None and number >= task.rounds:
                continue
            piped = task.file if task.piped else None
            reference = measured(task.reference or ["wc", "-l", task.file], piped)
            run = measured(task.command, piped, task.codes)
            task.runs.append(run)
            task.ratios.append(run.seconds / reference.seconds)
        print(f"round {number + 1} of {options.runs}", file=sys.stderr, flush=True)


def budgets(found, options):
    """(what, figure, goal, met) of every budget that can be judged from these runs."""
    task = {one.name: one for one in found}
    check, fix, apply = task["check"], task["fix"], task["apply, 1 % changed"]
    rows = [
        ("check: times wc -l", check.ratio, 3.0, True),
        ("fix: times check", fix.median("seconds") / check.median("seconds"), 1.3, True),
        ("fmt through a pipe: times cat | wc -l", task["fmt through a pipe"].ratio, 1.5, True),
        ("search through a pipe: times cat | wc -l", task["search through a pipe"].ratio, 1.5, True),
        (f"apply, {apply.file.stat().st_size / 1e6:.0f} MB: seconds", apply.median("seconds"), 0.5, True),
    ]
    diff = task["diff, 1 % changed"]
    rows.append((f"diff, 2 x {diff.file.stat().st_size / 1e6:.0f} MB: seconds", diff.median("seconds"), 0.5, True))
    apart = task["diff, 22 % changed"].median("seconds") / task["diff, none changed"].median("seconds")
    rows.append(("diff, 22 % changed: times none changed", apart, 3.0, True))
    for one, entries in ((diff, options.small), (task.get("diff, big"), options.entries)):
        if one:
            # Both exports have an index.
            rows.append((f"{one.name}: MiB of its own", one.median("own") / MIB, 64 + 2 * 32 * entries / MIB, True))
    if "ldapadd -n" in task:
        faster = task["ldapadd -n"].median("seconds") / check.median("seconds")
        rows.append(("check: times as fast as ldapadd -n", faster, 6.0, False))
    allowed = 64 + 16 * INDEXED_PER_ENTRY * options.entries / MIB
    rows.append(("check: MiB of its own", check.median("own") / MIB, allowed, True))
    # What a fix must not take is kept beside what the rules compare: another six values.
    for name, indexed in (("check, many values", INDEXED_OF_MANY), ("fix, many values", INDEXED_OF_MANY + 6)):
        if name in task:
            allowed = 64 + 16 * indexed * options.many / MIB
            rows.append((f"{name}: MiB of its own", task[name].median("own") / MIB, allowed, True))
    return [
        {"budget": name, "figure": round(figure, 3), "goal": round(goal, 3), "at_most": at_most,
         "met": figure <= goal if at_most else figure >= goal}
        for name, figure, goal, at_most in rows
    ]


def report(found, judged, absent):
    print(f"\n{'command':<22}{'file':<20}{'x wc -l':>9}{'seconds':>10}{'MB/s':>8}{'peak MiB':>10}{'own MiB':>9}{'runs':>6}")
    for task in found:
        print(
            f"{task.name:<22}{task.file.stem:<20}{task.ratio:>9.2f}{task.median('seconds'):>10.3f}"
            f"{task.megabytes_per_second:>8.0f}{task.median('peak') / MIB:>10.0f}{task.median('own') / MIB:>9.0f}{len(task.runs):>6}"
        )
    print("what goes through a pipe is compared with `cat FILE | wc -l`; peak counts the mapped file\n")
    for row in judged:
        sign = "<=" if row["at_most"] else ">="
        print(f"{'pass' if row['met'] else 'MISS':<6}{row['budget']:<42}{row['figure']:>9.2f}  {sign} {row['goal']:g}")
    for name in absent:
        print(f"not measured: {name}")


def arguments():
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ldifix", type=Path, default=target / "release" / "ldifix", help="the program (default: the release build)")
    parser.add_argument("--entries", type=int, default=500_000, help="entries of the big file (default 500,000: 1.1 GB)")
    parser.add_argument("--small", type=int, default=100_000, help="entries of the file for apply (default 100,000: 217 MB)")
    parser.add_argument("--many", type=int, default=2_000_000, help="entries of the file of many values, five each that must be unique; 0 leaves it out (default 2,000,000: 0.8 GB)")
    parser.add_argument("--big-diff", action="store_true", help="diff of two files of --entries entries too")
    parser.add_argument("--runs", type=int, default=5, help="rounds (default 5)")
    parser.add_argument("--peer-runs", type=int, default=1, help="rounds with the peers (default 1)")
    parser.add_argument("--no-peers", dest="peers", action="store_false")
    parser.add_argument("--folder", type=Path, default=target / "bench", help="where generated files are kept")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as JSON too")
    parser.add_argument("--strict", action="store_true", help="exit 1 if a budget is missed")
    return parser.parse_args()


def main():
    options = arguments()
    if options.runs < 1 or not os.access(options.ldifix, os.X_OK):
        sys.exit(f"compare.py: needs a release build at {options.ldifix} and at least one run")
    options.folder.mkdir(parents=True, exist_ok=True)
    absent = []
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        found = tasks(options, options.folder, Path(scratch), absent)
        measure(found, options)
    judged = budgets(found, options)
    report(found, judged, absent)
    if options.json:
        figures = [
            {"command": task.name, "file": task.file.name, "bytes": task.file.stat().st_size, "times_wc": round(task.ratio, 3),
             "seconds": round(task.median("seconds"), 4), "peak_bytes": task.median("peak"), "own_bytes": task.median("own"),
             "runs": len(task.runs)}
            for task in found
        ]
        options.json.write_text(json.dumps({"figures": figures, "budgets": judged, "absent": absent}, indent=1) + "\n")
    return 1 if options.strict and not all(row["met"] for row in judged) else 0


if __name__ == "__main__":
    sys.exit(main())
