#!/usr/bin/env python3
"""Runs ops/quickstart over stand-ins for our programs and a real Redis: the order of starts and
stops, the days, and that nothing is left running."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from processes import PATIENCE_S, free_port, runs, wait_until

QUICKSTART = Path(__file__).resolve().parents[2] / "ops" / "quickstart"

# Writes what it is asked into a file. As a gateway it also answers on the port that it is told, and
# says at its end whether Redis could still be reached.
STAND_IN = '''#!{python}
import http.server, json, os, signal, subprocess, sys, threading
name, arguments = os.path.basename(sys.argv[0]), sys.argv[1:]
redis = ["redis-cli", "-s", os.environ["STAND_IN_SOCKET"]]
def tell(**what):
    with open(os.environ["STAND_IN_EVENTS"], "a") as events:
        events.write(json.dumps(dict(what, name=name, pid=os.getpid())) + "\\n")
if arguments[0] == "create":
    subprocess.run(redis + ["SET", "wutong:ledger", "x"], check=True)
def tell_of_this():
    tell(did=arguments[0], arguments=arguments[1:])
if arguments[0] != "serve" or "STAND_IN_REFUSE" in os.environ:
    tell_of_this()
if arguments[0] == "token":
    for flag in ("--credentials", "--token-file"):
        with open(arguments[arguments.index(flag) + 1], "w") as made:
            made.write("made")
if name == "wutong-load":
    sys.exit(int(os.environ.get("STAND_IN_LOAD_STATUS", "0")))
if arguments[0] == "serve":
    if "STAND_IN_REFUSE" in os.environ:
        sys.exit("the reason is told here")
    class Ready(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            ready = self.path == "/readyz" and "STAND_IN_NOT_READY" not in os.environ
            self.send_response(200 if ready else 503)
            self.end_headers()
        def log_message(self, *_):
            pass
    server = http.server.HTTPServer(("127.0.0.1", int(os.environ["STAND_IN_PORT"])), Ready)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    # From here on it ends as it should when it is asked to.
    tell_of_this()
    server.serve_forever()
    answer = subprocess.run(redis + ["PING"], capture_output=True, text=True).stdout.strip()
    tell(did="stop", redis=answer)
'''


class QuickstartTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.data = self.folder / "a & b" / "data"
        self.events_file = self.folder / "events"
        self.port = free_port()
        binaries = self.folder / "build" / "bin"
        binaries.mkdir(parents=True)
        for name in ("wutong", "wutong-load"):
            binary = binaries / name
            binary.write_text(STAND_IN.format(python=sys.executable))
            binary.chmod(0o755)

    def start(self, *arguments, **environment):
        """In a session of its own, so that a test may send Ctrl-C to all of it."""
        script = subprocess.Popen(
            ["bash", str(QUICKSTART), "--no-build", "--build", str(self.folder / "build"),
             "--data", str(self.data), "--http-port", str(self.port), *arguments],
            env=dict(os.environ, STAND_IN_EVENTS=str(self.events_file),
                     STAND_IN_SOCKET=str(self.data / "redis.sock"),
                     STAND_IN_PORT=str(self.port), **environment),
            cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, start_new_session=True)
        self.addCleanup(self.end, script)
        return script

    def end(self, script):
        if script.poll() is None:
            script.terminate()
            script.wait(PATIENCE_S)
        script.stdout.close()

    def run_once(self, *arguments, **environment):
        script = self.start("--once", *arguments, **environment)
        output, _ = script.communicate(timeout=PATIENCE_S)
        return script.returncode, output

    def serve(self):
        script = self.start()
        wait_until(lambda: (self.data / "next-day").exists(), "the end of the day")
        return script

    def events(self):
        lines = self.events_file.read_text().splitlines() if self.events_file.exists() else []
        return [json.loads(line) for line in lines]

    def did(self):
        return [event["did"] for event in self.events()]

    def days(self):
        return [e["arguments"][e["arguments"].index("--day") + 1]
                for e in self.events() if e["did"] == "day"]

    def redis_pid(self):
        answer = subprocess.run(["redis-cli", "-s", str(self.data / "redis.sock"), "INFO", "server"],
                                capture_output=True, text=True, check=True).stdout
        return int(answer.split("process_id:")[1].split()[0])

    def assert_nothing_runs(self):
        for event in self.events():
            self.assertFalse(runs(event["pid"]), event)
        self.assertFalse((self.data / "redis.sock").exists())

    def test_the_first_start_creates_the_ledger_and_ends_after_the_summary(self):
        status, output = self.run_once()

        self.assertEqual(status, 0, output)
        self.assertEqual(self.did(), ["create", "token", "serve", "day", "stop"])
        self.assertEqual(self.events()[-1]["redis"], "PONG", "Redis must outlive the gateway")
        self.assertIn("/metrics", output)
        self.assert_nothing_runs()

    def test_the_next_start_finds_the_ledger_and_sends_the_next_day(self):
        self.run_once()
        status, output = self.run_once()

        self.assertEqual(status, 0, output)
        self.assertEqual(self.did().count("create"), 1)
        self.assertEqual(self.days(), ["1", "2"])

    def test_a_day_that_failed_is_an_error_and_is_sent_again(self):
        status, output = self.run_once(STAND_IN_LOAD_STATUS="3")
        self.assertEqual(status, 1, output)
        self.assertIn("exit code 3", output)
        self.assert_nothing_runs()

        self.run_once()
        self.assertEqual(self.days(), ["1", "1"])

    def test_what_follows_two_dashes_goes_to_the_load_generator(self):
        self.run_once("--", "--orders", "7")

        load = next(e for e in self.events() if e["did"] == "day")
        self.assertEqual(load["arguments"][-2:], ["--orders", "7"])

    def test_ctrl_c_ends_the_gateway_first_and_leaves_nothing_behind(self):
        script = self.serve()
        redis = self.redis_pid()

        os.killpg(script.pid, signal.SIGINT)

        self.assertEqual(script.wait(PATIENCE_S), 0)
        self.assertEqual(self.events()[-1]["redis"], "PONG")
        self.assertFalse(runs(redis))
        self.assert_nothing_runs()

    def test_ctrl_c_before_the_gateway_is_ready_leaves_nothing_behind(self):
        script = self.start(STAND_IN_NOT_READY="1")
        wait_until(lambda: "serve" in self.did(), "the start of the gateway")
        redis = self.redis_pid()

        os.killpg(script.pid, signal.SIGINT)

        self.assertEqual(script.wait(PATIENCE_S), 130)
        self.assertEqual(self.did(), ["create", "token", "serve", "stop"])
        self.assertFalse(runs(redis))
        self.assert_nothing_runs()

    def test_a_kill_of_the_script_ends_what_it_started(self):
        script = self.serve()
        pids = [self.redis_pid(), next(e["pid"] for e in self.events() if e["did"] == "serve")]

        script.kill()

        wait_until(lambda: not any(runs(pid) for pid in pids), "the end of Redis and the gateway")

    def test_two_at_once_on_the_same_data_are_refused(self):
        first = self.serve()
        status, output = self.run_once()

        self.assertEqual(status, 1)
        self.assertIn("in use", output)
        self.assertIsNone(first.poll())

    def test_a_gateway_that_does_not_start_is_told_with_its_log(self):
        status, output = self.run_once(STAND_IN_REFUSE="1")

        self.assertEqual(status, 1)
        self.assertIn("the reason is told here", output)
        self.assert_nothing_runs()

    def test_a_gateway_that_ends_while_serving_ends_everything(self):
        script = self.serve()
        gateway = next(e["pid"] for e in self.events() if e["did"] == "serve")

        os.kill(gateway, signal.SIGKILL)

        self.assertEqual(script.wait(PATIENCE_S), 1)
        self.assert_nothing_runs()


if __name__ == "__main__":
    unittest.main()
