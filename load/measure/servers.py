"""What a measurement starts: on cores of its own, in a temporary folder, and ended by process id."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE_S = 120

# What is asked runs on the one core and whoever asks on the other; Redis and PostgreSQL run where there is room,
# whoever is measured. All peers share this. With one core there is nothing to choose.
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = (CORES[0], CORES[1]) if len(CORES) > 1 else (None, None)


class MeasureError(Exception):
    """Something that was started ended, did not answer, or answered wrongly."""


class Stopping:
    """A signal that asks us to stop ends us where we are, so that whatever was started is ended on the way out; but
    not between making a process and knowing it."""

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    making = False
    asked = None

    @classmethod
    def watch(cls):
        for number in cls.signals:
            signal.signal(number, cls.on_signal)

    @classmethod
    def on_signal(cls, number, _):
        # Once: what ends on the way out must not be cut short.
        for other in cls.signals:
            signal.signal(other, signal.SIG_IGN)
        cls.asked = number
        if not cls.making:
            sys.exit(128 + number)

    @classmethod
    @contextlib.contextmanager
    def later(cls):
        cls.making = True
        try:
            yield
        finally:
            cls.making = False
        if cls.asked is not None:
            sys.exit(128 + cls.asked)


def guarded(command, core=None):
    """Ends with us, should we be killed."""
    pinned = [] if core is None else ["taskset", "-c", str(core)]
    return ["setpriv", "--pdeathsig", "TERM", "--", *pinned, *map(str, command)]


def run(command, core=None, timeout=PATIENCE_S, codes=(0,), **more):
    """A program to its end, with one of these exit codes; its output. In a session of its own, so that Ctrl-C reaches
    us alone, who end it."""
    process = None
    try:
        with Stopping.later():
            process = subprocess.Popen(guarded(command, core), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, text=True, start_new_session=True, **more)
        output, _ = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        raise MeasureError(f"{Path(str(command[0])).name} did not end within {timeout} s") from None
    finally:
        if process is not None and process.poll() is None:
            process.kill()
            process.communicate()
    if process.returncode not in codes:
        raise MeasureError(f"{' '.join(map(str, command))}: exit code {process.returncode}\n"
                           f"{output[-2000:]}")
    return output


def run_for_json(command, summary, core=None, timeout=PATIENCE_S, codes=(0,)):
    """A program of ours that writes its figures to the file `summary`."""
    summary.unlink(missing_ok=True)
    run([*command, "--json", summary], core, timeout, codes)
    return json.loads(summary.read_text())


class Server:
    """A process that serves until it is stopped; its output is a file in `folder`."""

    def __init__(self, name, folder, command, core=None, **more):
        self.name = name
        self.log_file = folder / f"{name}.log"
        self.process = None
        try:
            with open(self.log_file, "w") as log, Stopping.later():
                self.process = subprocess.Popen(guarded(command, core), stdin=subprocess.DEVNULL, stdout=log,
                                                stderr=log, start_new_session=True, **more)
        except SystemExit:
            self.stop()
            raise

    def log(self):
        return self.log_file.read_text(errors="replace")

    def wait_until(self, condition, what, patience_s=PATIENCE_S, pause_s=0.02):
        end = time.monotonic() + patience_s
        while not condition():
            if self.process.poll() is not None:
                raise MeasureError(f"{self.name} ended by itself\n{self.log()[-2000:]}")
            if time.monotonic() > end:
                raise MeasureError(f"{self.name}: waited {patience_s} s for {what}\n"
                                   f"{self.log()[-2000:]}")
            time.sleep(pause_s)

    def stop(self, signal_number=signal.SIGTERM, patience_s=PATIENCE_S):
        if self.process.poll() is None:
            self.process.send_signal(signal_number)
            try:
                self.process.wait(patience_s)
            except subprocess.TimeoutExpired:
                pass
            finally:
                # Also when the wait was cut short.
                if self.process.poll() is None:
                    self.process.kill()
        self.process.wait()


class Redis:
    """A Redis of our own by the repository's configuration, with the durability asked for. Without `rewrites` it does
    not rewrite its append-only file: with two cores that takes the half of one from whoever is measured, for a second
    or more."""

    def __init__(self, folder, durability, rewrites=True):
        folder.mkdir(parents=True)
        self.folder, self.socket = folder, folder / "redis.sock"
        if len(os.fsencode(self.socket)) > 107:
            raise MeasureError(f"{folder} is too long a path for a socket; set TMPDIR to a shorter one")
        self.server = Server("redis", folder, [
            "redis-server", REPOSITORY / "ops" / "redis.conf", "--dir", folder, "--unixsocket",
            self.socket, "--appendfsync", durability,
            *(() if rewrites else ("--auto-aof-rewrite-percentage", 0))])
        try:
            self.server.wait_until(lambda: self.command("PING") == "PONG", "an answer")
        except BaseException:
            self.server.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.server.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def command(self, *words):
        """The answer as redis-cli writes it; an error is one of its texts."""
        done = subprocess.run(["redis-cli", "-s", self.socket, *map(str, words)], text=True,
                              capture_output=True, start_new_session=True)
        return done.stdout.removesuffix("\n")

    def used_bytes(self):
        return int(re.search(r"^used_memory:(\d+)", self.command("INFO", "memory"), re.M).group(1))

    def settle(self):
        """Until no rewrite of the append-only file is under way, which would fall on what comes next."""
        self.server.wait_until(
            lambda: "aof_rewrite_in_progress:0" in self.command("INFO", "persistence"),
            "the end of a rewrite")


def fdatasync_p50_ms(folder, seconds=0.5):
    """The median time of an fdatasync after 300 bytes were appended, which is what Redis does at least for a
    batch that it has acknowledged."""
    file = folder / "fdatasync"
    took = []
    with open(file, "ab", buffering=0) as out:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            out.write(b"x" * 300)
            begin = time.perf_counter_ns()
            os.fdatasync(out.fileno())
            took.append(time.perf_counter_ns() - begin)
    file.unlink()
    return sorted(took)[len(took) // 2] / 1e6
