"""The real gateway over a real Redis, both of a test's own, on Unix socket and free ports."""

import json
import re
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE_S = 60


class RealGateway:
    """Started by entering it; leaving it stops what it started, by process id."""

    def __init__(self, binaries, program, policy, clock="gateway", history_days=35):
        self.binaries = Path(binaries)
        self.program, self.policy = program, policy
        self.clock, self.history_days = clock, history_days
        self.processes = []

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = Path(self.temporary.name)
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        # The gateway flushes into Redis, so Redis goes last.
        while self.processes:
            self.end_last()
        self.temporary.cleanup()

    def end_last(self):
        process = self.processes.pop()
        process.terminate()
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def start(self):
        self.spawn("redis", ["redis-server", str(REPOSITORY / "ops" / "redis.conf"), "--dir",
                             str(self.folder), "--unixsocket", str(self.socket)])
        self.wait_until(lambda: self.redis("PING") == "PONG")
        self.write_config()
        self.run("wutong", "token", "--name", "test", "--role", "operator", "--venue", "*",
                 "--credentials", str(self.folder / "credentials.toml"), "--token-file",
                 str(self.token_file))
        self.run("wutong", "create", "--config", str(self.config))
        self.serve()

    def restart(self, engine):
        """The gateway alone, in order, with other lines of TOML for [engine]."""
        self.end_last()
        self.write_config(engine)
        self.serve()

    def write_config(self, engine=""):
        (self.folder / "program.json").write_text(json.dumps(self.program))
        (self.folder / "policy.json").write_text(json.dumps(self.policy))
        self.config.write_text(f"""
[ledger]
node = "test"
unix_socket = "{self.socket}"
[create]
shards = 16
clock = "{self.clock}"
history_days = {self.history_days}
[engine]
{engine}
[gateway]
listen = "127.0.0.1:0"
[metrics]
listen = "127.0.0.1:0"
[documents]
program = "program.json"
risk_policy = "policy.json"
[credentials]
file = "credentials.toml"
[witness]
file = "witness"
""")

    def serve(self):
        self.spawn("gateway", [str(self.binaries / "wutong"), "serve", "--config",
                               str(self.config)])
        self.wait_until(lambda: "serving gRPC on" in self.log("gateway"))
        port = re.search(r"serving gRPC on .*, port (\d+);", self.log("gateway")).group(1)
        self.target = f"127.0.0.1:{port}"
        self.wait_until(lambda: subprocess.run(
            [str(self.binaries / "wutongctl"), "--target", self.target, "--token-file",
             str(self.token_file), "health"], capture_output=True).returncode == 0)

    def redis(self, *command, given=None):
        done = subprocess.run(["redis-cli", "-s", str(self.socket), *command], input=given,
                              text=True, capture_output=True)
        return done.stdout.removesuffix("\n")

    def metric(self, name):
        port = re.search(r"serving metrics on .*, port (\d+)", self.log("gateway")).group(1)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as page:
            return float(re.search(rf"^{name} (\S+)$", page.read().decode(), re.M).group(1))

    @property
    def socket(self):
        return self.folder / "redis.sock"

    @property
    def config(self):
        return self.folder / "wutong.toml"

    @property
    def token_file(self):
        return self.folder / "token"

    def spawn(self, name, command):
        with open(self.folder / f"{name}.log", "w") as log:
            self.processes.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                                   stderr=log))

    def log(self, name):
        return (self.folder / f"{name}.log").read_text()

    def wait_until(self, condition):
        end = time.monotonic() + PATIENCE_S
        while not condition():
            gone = [process.args for process in self.processes if process.poll() is not None]
            if gone or time.monotonic() > end:
                logs = "\n".join(log.read_text() for log in self.folder.glob("*.log"))
                raise AssertionError(f"not in {PATIENCE_S} s, or ended: {gone}\n{logs}")
            time.sleep(0.05)

    def run(self, program, *arguments, timeout=PATIENCE_S):
        """A program of ours, to its end; its output. Anything but success fails the test."""
        done = subprocess.run([str(self.binaries / program), *arguments], text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=timeout)
        if done.returncode != 0:
            raise AssertionError(f"{program} {arguments}: exit code {done.returncode}\n"
                                 f"{done.stdout}\n{self.log('gateway')[-4000:]}")
        return done.stdout
