#!/usr/bin/env python3
"""`load/bench` whole, as small as it gets, and that its peers do what they are measured for.

usage: bench_test.py BINARIES
"""

import contextlib
import json
import os
import random
import secrets
import signal
import subprocess
import sys
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "load" / "measure"), str(REPOSITORY / "tests" / "ops")]

import postgresql  # noqa: E402
from checkout_rules import DAY_MS, Checkout, broken_rules  # noqa: E402
from processes import adopt_orphans, children, end_children, wait_until  # noqa: E402
from redis_scripts import VARIANTS, RedisScripts, peer  # noqa: E402

BINARIES = None
PATIENCE_S = 600
# So many that none makes 64 checkouts in an interval of flushes, at any rate a gateway of two cores reaches: with more
# unflushed records than that a member is flushed by itself, and the bench would rightly not take the measurement.
MEMBERS = 10_000
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

    def test_all_peers_answer_alike(self):
        seed = int(os.environ.get("WUTONG_SEED") or secrets.randbits(32))
        print(f"WUTONG_SEED={seed}")
        made = CheckoutsByChance(random.Random(seed))
        with contextlib.ExitStack() as stack:
            scripts = stack.enter_context(RedisScripts(self.setting, "everysec"))
            peers = {variant: peer(scripts.redis, variant) for variant in VARIANTS}
            if postgresql.programs():
                postgres = stack.enter_context(postgresql.PostgreSql(self.setting))
                postgres.begin_anew(10)
                peers["postgresql"] = postgres.checkout

            for _ in range(200):
                checkout = made.next()
                answers = {name: peer(checkout) for name, peer in peers.items()}
                self.assertEqual(len(set(answers.values())), 1, f"{checkout}: {answers}")
                if answers["lean"].startswith("new"):
                    made.known.append(checkout)

    def test_a_peer_that_does_less_is_found_out(self):
        def forgetful(checkout):
            return f"new done {checkout.amount // 1000} 0 {checkout.amount // 1000}"

        self.assertNotEqual(broken_rules(forgetful), [])

    @unittest.skipUnless(postgresql.programs(), "PostgreSQL is not installed")
    def test_the_function_in_postgresql_answers_right(self):
        with postgresql.PostgreSql(self.setting) as postgres:
            postgres.check()


class CheckoutsByChance:
    """Of few members, over half a year, with lots that end meanwhile; some that are known are sent again, as they
    were or not quite. Time never falls."""

    def __init__(self, chance):
        self.chance, self.at_ms, self.made, self.known = chance, 20_000 * DAY_MS, 0, []

    def next(self):
        chance = self.chance
        if self.known and chance.random() < 0.2:
            again = chance.choice(self.known)
            return replace(again, amount=again.amount + chance.choice((0, 0, 1)))
        self.at_ms += chance.randrange(2 * DAY_MS)
        self.made += 1
        return Checkout(f"order-{self.made}", member=chance.randrange(3), at_ms=self.at_ms,
                        amount=chance.choice((0, 999, 8800, 58800, 200_000)),
                        points=chance.choice((0, 0, 0, 0, 100, 100, 300, 150)),
                        ends=self.at_ms // DAY_MS + chance.choice((0, 20, 90)),
                        cap=chance.choice((150, 1_000_000)))


class EngineAloneTest(unittest.TestCase):
    def test_members_of_another_shape_are_found_out(self):
        documents = REPOSITORY / "load" / "measure" / "documents"
        command = [BINARIES / "wutong-engine-bench", "--program", documents / "program_two_lots.json", "--policy",
                   documents / "policy_six_counters.json", "--members", "100", "--seconds", "0",
                   "--checkouts-each", "5"]

        def ends(*shape):
            return subprocess.run([*command, *shape], timeout=PATIENCE_S, stdin=subprocess.DEVNULL).returncode

        self.assertEqual(ends("--lots-each", "2", "--receipts-each", "5", "--counters-each", "6"), 0)
        self.assertEqual(ends("--lots-each", "1"), 1)
        self.assertEqual(ends("--receipts-each", "4"), 1)
        self.assertEqual(ends("--counters-each", "7"), 1)


class BenchTest(OwnFolder):
    def setUp(self):
        super().setUp()
        adopt_orphans()
        self.addCleanup(end_children)

    def start(self, *arguments):
        return subprocess.Popen(
            ["bash", REPOSITORY / "load" / "bench", "--no-build", "--build", BINARIES.parent, "--rounds", "1",
             "--seconds", "1", "--warm-up-s", "0", "--members", str(MEMBERS), "--large-members", "2000",
             "--flush-interval-s", "2", *arguments],
            env={**os.environ, "TMPDIR": str(self.folder)}, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def nothing_is_left(self):
        # What the kernel ended with it may take a moment.
        wait_until(lambda: not children(), "the end of what was started")
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
