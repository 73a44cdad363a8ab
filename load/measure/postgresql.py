"""The checkout as a function in PostgreSQL, where it is installed."""

import datetime
import os
import pwd
import re
import shutil
import signal
from pathlib import Path

from checkout_rules import broken_rules
from servers import LOAD_CORE, MeasureError, Server, run

SOURCES = Path(__file__).resolve().parent / "postgres"
CLIENTS = 32
# Beside these all is as PostgreSQL comes: an answer waits for the disk. What is raised keeps a checkpoint out of a
# measurement. A plan is made while the tables are still empty, and must not read them from end to end later.
SETTINGS = {"fsync": "on", "synchronous_commit": "on", "listen_addresses": "", "shared_buffers": "512MB",
            "max_wal_size": "8GB", "checkpoint_timeout": "1h", "max_connections": str(CLIENTS + 10),
            "enable_seqscan": "off"}


class Unavailable(MeasureError):
    """There is no PostgreSQL that we could start."""


def programs():
    """The folder of the newest PostgreSQL's programs, or nothing. Debian keeps the server's out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name)
                   if path.parent.name.isdecimal() else 0)
    on_path = shutil.which("initdb")
    if on_path:
        found.insert(0, Path(on_path).resolve().parent)
    return next((folder for folder in reversed(found)
                 if all((folder / name).exists() for name in ("initdb", "postgres", "psql", "pgbench"))), None)


def unprivileged():
    """PostgreSQL does not run as root: as whom instead, for subprocess; nothing if we are not root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise Unavailable("there is nobody to run PostgreSQL as, which does not run as root")


class PostgreSql:
    """A cluster of its own in the temporary folder, on a Unix socket, made by entering it."""

    def __init__(self, setting):
        self.setting = setting
        self.folder = setting.folder / "postgresql"
        self.programs = programs()
        self.server = None

    def __enter__(self):
        self.who = unprivileged()
        self.folder.mkdir()
        try:
            self.start()
            for file in ("schema.sql", "checkout.sql"):
                self.query((SOURCES / file).read_text())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            if self.server is not None:
                # The fast way: whoever is connected is not waited for.
                self.server.stop(signal.SIGINT)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        data = self.folder / "data"
        options = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        try:
            if self.who:
                os.chown(self.folder, self.who["user"], self.who["group"])
            run([self.programs / "initdb", "--pgdata", data, "--auth", "trust", "--username", "bench",
                 "--encoding", "UTF8", "--locale", "C"], cwd=self.folder, **self.who)
            self.server = Server("postgresql", self.folder, [
                self.programs / "postgres", "-D", data, "-k", self.folder, *options], cwd=self.folder,
                **self.who)
            self.server.wait_until(lambda: "ready to accept connections" in self.server.log(), "its start")
        except (MeasureError, OSError) as error:
            # The folder may lie where whoever runs it may not enter.
            raise Unavailable(f"PostgreSQL cannot be started: {error}") from error

    def query(self, text):
        return run([self.programs / "psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align",
                    "--set", "ON_ERROR_STOP=1", "--host", self.folder, "--username", "bench",
                    "--dbname", "postgres", "--command", text]).strip()

    def check(self):
        """The function gives right answers, or this says where not."""
        self.begin_anew(10)
        broken = broken_rules(self.checkout)
        if broken:
            raise MeasureError("the function in PostgreSQL:\n" + "\n".join(broken))

    def checkout(self, asked):
        """The function as checkout_rules.py asks it."""
        return self.query(
            f"SELECT checkout('M1', '{asked.order}', {asked.member}, {asked.at_ms}, {asked.amount}, "
            f"{asked.points}, {asked.day}, {asked.ends}, {asked.cap}, {asked.orders_max})")

    def begin_anew(self, members=None):
        """No orders, and members who have nothing."""
        members = members or self.setting.members
        self.query("TRUNCATE member, lot, sale, event")
        self.query(f"INSERT INTO member (id) SELECT generate_series(0, {members - 1})")
        self.query("VACUUM ANALYZE")
        self.query("CHECKPOINT")

    def measure(self):
        """Checkouts a second, and how long one takes on average in ms, by pgbench."""
        setting = self.setting
        now = datetime.datetime.now(datetime.timezone.utc).timestamp()
        command = [self.programs / "pgbench", "--no-vacuum", "--protocol", "prepared", "--client", CLIENTS,
                   "--jobs", 1, "--file", SOURCES / "checkout.pgbench", "--define",
                   f"members={setting.members}", "--define", f"at={int(now * 1000)}", "--define",
                   f"today={int(now // 86_400)}", "--host", self.folder, "--username", "bench"]
        if setting.warm_up_s > 0:
            run([*command, "--time", setting.warm_up_s, "postgres"], LOAD_CORE)
        told = run([*command, "--time", setting.seconds, "postgres"], LOAD_CORE,
                   timeout=setting.seconds + 60)
        if re.search(r"aborted|number of failed transactions: [1-9]", told):
            raise MeasureError(f"pgbench:\n{told}")
        events, sales = map(int, self.query("SELECT (SELECT count(*) FROM event), count(*) FROM sale").split("|"))
        if events != sales or sales == 0:
            raise MeasureError(f"PostgreSQL has {sales} orders and {events} events")
        return {"checkouts_per_s": float(re.search(r"tps = ([\d.]+)", told).group(1)),
                "mean_ms": float(re.search(r"latency average = ([\d.]+) ms", told).group(1))}
