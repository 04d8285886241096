"""Throw-away directory servers on the loopback interface: OpenLDAP's slapd with
names and rules like Active Directory's, and Samba's AD domain controller.

Each server keeps everything it has in one folder, is made from nothing, listens
on loopback addresses only (anything else stops it at once), and is stopped by
its own process id, never by name.
"""

import ipaddress
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
SYSTEM_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin:/usr/libexec:/usr/lib/openldap"


class CannotRun(Exception):
    """This machine lacks what the server needs; the message says what."""


class ServerError(Exception):
    """The server is there but did not do what it was asked."""


def program(name):
    found = shutil.which(name, path=SYSTEM_PATH)
    if not found:
        raise CannotRun(f"{name} is not installed (tests/servers/install installs it)")
    return found


def run(command, **options):
    options.setdefault("capture_output", True)
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("timeout", 600)
    return subprocess.run([str(part) for part in command], **options)


def must(command, **options):
    done = run(command, **options)
    if done.returncode != 0:
        text = (done.stdout or b"") + (done.stderr or b"")
        raise ServerError(f"{command[0]}: exit {done.returncode}: {text.decode(errors='replace')[-2000:]}")
    return done


def require_loopback(address):
    if not ipaddress.ip_address(address).is_loopback:
        raise ServerError(f"{address} is not a loopback address: refusing to start a server there")


def listening_sockets(pid):
    """(protocol, address, port) of every IP socket that the process listens on."""
    inodes = set()
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = os.readlink(fd)
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    found = []
    for table in ("tcp", "tcp6", "udp", "udp6"):
        path = Path("/proc/net") / table
        if not path.exists():
            continue
        for row in path.read_text().splitlines()[1:]:
            column = row.split()
            listens = column[3] == "0A" or (table.startswith("udp") and column[2].endswith(":0000"))
            if column[9] in inodes and listens:
                packed, port = column[1].split(":")
                words = [bytes.fromhex(packed[i : i + 8])[::-1] for i in range(0, len(packed), 8)]
                found.append((table, ipaddress.ip_address(b"".join(words)), int(port, 16)))
    return found


def is_loopback(address):
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def start_time(pid):
    """When the process began, in clock ticks since boot; None where there is none.
    Together with the id it names one process, even after ids are used again."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    state, *rest = stat[stat.rindex(")") + 2 :].split()
    return None if state == "Z" else int(rest[18])


class Server:
    """What both servers have in common. `run` is the folder of all their state."""

    name = ""
    base = "DC=ldifix,DC=test"

    def __init__(self, run_folder):
        self.run = Path(run_folder).resolve()

    # -- life ---------------------------------------------------------------

    def up(self):
        """Makes the server from nothing and starts it."""
        self.down()
        shutil.rmtree(self.run, ignore_errors=True)
        self.run.mkdir(parents=True, mode=0o755)
        self.password = secrets.token_urlsafe(12) + "Aa1."
        self.make()
        command, environment = self.start_command()
        log = open(self.run / "server.log", "ab")
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,
        )
        log.close()
        self.write_state(process.pid)
        try:
            self.wait_until_it_answers(process)
            self.require_loopback_only(process.pid)
        except BaseException:
            self.down()
            raise
        return self

    def wait_until_it_answers(self, process):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise ServerError(f"{self.name} ended at once:\n{self.log()}")
            probe = run(
                [program("ldapsearch"), "-x", "-H", self.uri, "-s", "base", "-b", "", "1.1"],
                timeout=20,
            )
            if probe.returncode == 0:
                return
            time.sleep(0.05)
        raise ServerError(f"{self.name} does not answer at {self.uri}:\n{self.log()}")

    def require_loopback_only(self, pid):
        sockets = listening_sockets(pid)
        abroad = [entry for entry in sockets if not is_loopback(entry[1])]
        if abroad:
            raise ServerError(f"{self.name} listens beyond loopback, stopped it: {abroad}")
        if not sockets:
            raise ServerError(f"{self.name}: cannot see where it listens, stopped it")

    def down(self):
        """Stops the server that this folder's state names, if it is running."""
        try:
            state = json.loads((self.run / "server.json").read_text())
        except (OSError, ValueError):
            return False
        pid, began = state["pid"], state["began"]
        (self.run / "server.json").unlink()
        if began is None or start_time(pid) != began:
            return False
        os.kill(pid, self.stop_signal)
        for tick in range(400):
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass
            if start_time(pid) != began:
                return True
            if tick == 300:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
        raise ServerError(f"{self.name} ({pid}) does not stop")

    def wipe(self):
        self.down()
        shutil.rmtree(self.run, ignore_errors=True)

    # -- state --------------------------------------------------------------

    def write_state(self, pid):
        secret = self.run / "password"
        secret.touch(mode=0o600)
        secret.write_text(self.password)
        state = {
            "server": self.name,
            "pid": pid,
            "began": start_time(pid),
            "uri": self.uri,
            "base": self.base,
            "bind_dn": self.bind_dn,
            "password_file": str(secret),
        }
        (self.run / "server.json").write_text(json.dumps(state, indent=1) + "\n")

    def log(self):
        parts = []
        for path in sorted(self.run.glob("*log*")):
            if path.is_file():
                parts.append(path.read_text(errors="replace")[-2000:])
        return "\n".join(parts)

    @property
    def simple_bind(self):
        """Arguments of the LDAP tools: where, and a simple bind as the administrator."""
        return ["-x", "-H", self.uri, "-D", self.bind_dn, "-y", str(self.run / "password")]


class Slapd(Server):
    name = "slapd"
    bind_dn = "cn=admin,DC=ldifix,DC=test"
    stop_signal = signal.SIGINT

    def __init__(self, run_folder, address="127.0.0.1"):
        super().__init__(run_folder)
        require_loopback(address)
        self.address = address
        self.uri = None

    def make(self):
        slapd = program("slapd")
        modules = next(
            (
                folder
                for folder in ("/usr/lib/ldap", "/usr/lib64/openldap", "/usr/lib/openldap")
                if list(Path(folder).glob("back_mdb*"))
            ),
            None,
        )
        load = f"modulepath {modules}\nmoduleload back_mdb\nmoduleload unique\n" if modules else ""
        (self.run / "database").mkdir(mode=0o700)
        self.configuration = self.run / "slapd.conf"
        self.configuration.write_text(
            f"""include {HERE}/slapd/ad.schema
pidfile {self.run}/slapd.pid
argsfile {self.run}/slapd.args
{load}sizelimit unlimited
database mdb
suffix "{self.base}"
rootdn "{self.bind_dn}"
rootpw {self.password}
directory {self.run}/database
maxsize 268435456
dbnosync
access to * by * read
overlay unique
unique_uri ldap:///?userPrincipalName?sub
"""
        )
        self.configuration.chmod(0o600)
        with socket.socket() as probe:
            probe.bind((self.address, 0))
            port = probe.getsockname()[1]
        self.uri = f"ldap://{self.address}:{port}"
        return slapd

    def start_command(self):
        command = [program("slapd"), "-f", self.configuration, "-h", self.uri, "-d", "0"]
        return command, os.environ.copy()

    def load(self, ldif):
        must([program("ldapadd"), *self.simple_bind, "-f", ldif])


class Samba(Server):
    name = "samba"
    bind_dn = "CN=Administrator,CN=Users,DC=ldifix,DC=test"
    realm = "LDIFIX.TEST"
    workgroup = "LDIFIX"
    stop_signal = signal.SIGTERM

    # Samba's LDAP port is fixed, so a second loopback address keeps it clear of
    # a server that this machine may have at 127.0.0.1.
    def __init__(self, run_folder, address=None):
        super().__init__(run_folder)
        address = address or os.environ.get("LDIFIX_SAMBA_ADDRESS") or self.free_address()
        require_loopback(address)
        self.address = address
        self.uri = f"ldap://{address}"
        # The database is thrown away: no write has to reach the disk.
        self.environment = {**os.environ, "PATH": SYSTEM_PATH, "TDB_NO_FSYNC": "1"}

    @staticmethod
    def free_address():
        """The first of a few loopback addresses with a free port 389, so that several
        acceptances can run at a time."""
        for last in range(1, 10):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((f"127.0.77.{last}", 389))
                except OSError:
                    continue
            return f"127.0.77.{last}"
        return "127.0.77.1"

    def make(self):
        for needed in ("samba", "samba-tool", "ldbmodify", "testparm"):
            program(needed)
        if os.geteuid() != 0:
            raise CannotRun("Samba AD needs root: it serves LDAP on port 389 only")
        self.require_free_port()
        (self.run / "etc").mkdir()
        self.provision()
        self.configure()
        self.extend_schema()

    def require_free_port(self):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.address, 389))
            except OSError as error:
                raise CannotRun(f"port 389 of {self.address} is taken: {error.strerror}") from error

    def provision(self):
        log = self.run / "provision.log"
        done = run(
            [
                program("samba-tool"),
                "domain",
                "provision",
                f"--targetdir={self.run}",
                f"--realm={self.realm}",
                f"--domain={self.workgroup}",
                "--host-name=dc1",
                f"--host-ip={self.address}",
                "--server-role=dc",
                "--dns-backend=NONE",
                f"--adminpass={self.password}",
                f"--option=log file={self.run}/log.%m",
            ],
            env=self.environment,
        )
        log.write_bytes(done.stdout + done.stderr)
        if done.returncode != 0:
            raise ServerError(f"samba-tool domain provision failed:\n{self.log()}")

    def configure(self):
        self.configuration = self.run / "etc" / "smb.conf"
        for folder in ("pid", "ncalrpc", "cache"):
            (self.run / folder).mkdir(exist_ok=True)
        # The LDAP service alone, everything inside the run folder, loopback only.
        self.configuration.write_text(
            f"""[global]
	netbios name = DC1
	realm = {self.realm}
	workgroup = {self.workgroup}
	server role = active directory domain controller
	server services = ldap
	dcerpc endpoint servers = none
	interfaces = {self.address}/8
	bind interfaces only = yes
	ldap server require strong auth = no
	tls enabled = no
	binddns dir = {self.run}/bind-dns
	cache directory = {self.run}/cache
	lock directory = {self.run}
	pid directory = {self.run}/pid
	ncalrpc dir = {self.run}/ncalrpc
	private dir = {self.run}/private
	state directory = {self.run}/state
	log file = {self.run}/log.%m
	logging = file
"""
        )
        effective = must([program("testparm"), "-s", self.configuration]).stdout.decode()
        if "bind interfaces only = Yes" not in effective:
            raise ServerError("smb.conf does not bind to loopback only: refusing to start")

    def extend_schema(self):
        for part in ("exchange-attributes", "exchange-classes"):
            filled = self.run / f"{part}.ldif"
            text = (HERE / "samba" / f"{part}.ldif").read_text()
            filled.write_text(text.replace("${BASE}", self.base))
            must(
                [
                    program("ldbmodify"),
                    f"--configfile={self.configuration}",
                    "-H",
                    self.run / "private" / "sam.ldb",
                    "--option=dsdb:schema update allowed=true",
                    filled,
                ],
                env=self.environment,
            )

    def start_command(self):
        command = [
            program("samba"),
            "-F",
            "--no-process-group",
            "--model=single",
            "-s",
            self.configuration,
        ]
        return command, self.environment

    def load(self, ldif):
        must([program("ldapadd"), *self.simple_bind, "-f", ldif])


SERVERS = {"slapd": Slapd, "samba": Samba}

