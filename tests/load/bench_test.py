#!/usr/bin/env python3
"""`load/bench` whole, as small as it gets, and that its peers do what they are measured for.

usage: bench_test.py BINARIES
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "load" / "measure"), str(REPOSITORY / "tests" / "ops")]

import postgresql  # noqa: E402
from checkout_rules import broken_rules  # noqa: E402
from processes import adopt_orphans, children, end_children  # noqa: E402
from redis_scripts import VARIANTS, RedisScripts, peer  # noqa: E402

BINARIES = None
PATIENCE_S = 600
KEYS = {"unary_ratio_64", "unary_ratio_256", "unary_p99_ratio_64", "stream_vs_redis_script",
        "stream_checkouts_per_s", "engine_checkouts_per_s", "resident_bytes_per_member", "start_orderly_ms",
        "start_killed_ms", "snapshot_overhead_ratio", "redis_script_checkouts_per_s"}


class OwnFolder(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        # PostgreSQL runs as somebody else where we are root.
        self.folder.chmod(0o755)


class PeersTest(OwnFolder):
    def setUp(self):
        super().setUp()
        self.setting = SimpleNamespace(folder=self.folder)

    def test_each_script_answers_right(self):
        with RedisScripts(self.setting, "everysec") as scripts:
            for variant in VARIANTS:
                with self.subTest(variant):
                    self.assertEqual(broken_rules(peer(scripts.redis, variant)), [])
            events = [int(scripts.redis.command("XLEN", f"rules-{variant}:events")) for variant in VARIANTS]

        # One for each order that was new, and none for what was known or refused.
        self.assertEqual(len(set(events)), 1)
        self.assertGreater(events[0], 0)

    def test_a_peer_that_does_less_is_found_out(self):
        def forgetful(checkout):
            return f"new done {checkout.amount // 1000} 0 {checkout.amount // 1000}"

        self.assertNotEqual(broken_rules(forgetful), [])

    @unittest.skipUnless(postgresql.programs(), "PostgreSQL is not installed")
    def test_the_function_in_postgresql_answers_right(self):
        with postgresql.PostgreSql(self.setting) as postgres:
            postgres.check()


class BenchTest(OwnFolder):
    def setUp(self):
        super().setUp()
        adopt_orphans()
        self.addCleanup(end_children)

    def start(self, *arguments):
        return subprocess.Popen(
            ["bash", REPOSITORY / "load" / "bench", "--no-build", "--build", BINARIES.parent, "--rounds", "1",
             "--seconds", "1", "--warm-up-s", "0", "--members", "1000", "--large-members", "2000", *arguments],
            env={**os.environ, "TMPDIR": str(self.folder)}, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def nothing_is_left(self):
        self.assertEqual(children(), {})
        self.assertEqual([file.name for file in self.folder.iterdir() if file.name != "bench.json"], [])

    def test_every_figure_is_told(self):
        figures = self.folder / "bench.json"

        bench = self.start("--json", str(figures))
        told, _ = bench.communicate(timeout=PATIENCE_S)

        print(told)
        self.assertEqual(bench.returncode, 0)
        self.nothing_is_left()
        measured = json.loads(figures.read_text())
        for key in KEYS:
            self.assertIsInstance(measured[key], float, key)
        if measured["setting"]["postgres_absent"]:
            self.assertIsNone(measured["postgres_checkouts_per_s"])
        else:
            self.assertGreater(measured["postgres_checkouts_per_s"], 0)
        self.assertGreaterEqual(measured["setting"]["tail_events"], 2000)
        self.assertGreaterEqual(measured["start_killed_ms"], measured["setting"]["lease_ms"] / 2)
        self.assertIn(measured["setting"]["stream_batch"], (8, 32))
        self.assertIn(measured["setting"]["redis_script"], VARIANTS)

    def test_it_takes_everything_with_it_when_it_is_stopped(self):
        bench = self.start("--only", "echo,gateway,redis")
        for line in bench.stdout:
            if "echo_unary_64_per_s" in line:
                break
        self.assertNotEqual(children(), {})

        bench.send_signal(signal.SIGTERM)
        bench.communicate(timeout=PATIENCE_S)

        self.assertEqual(bench.returncode, 128 + signal.SIGTERM)
        self.nothing_is_left()


if __name__ == "__main__":
    BINARIES = Path(sys.argv.pop(1)).resolve()
    unittest.main()
