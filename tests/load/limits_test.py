#!/usr/bin/env python3
"""`load/limits` as small as it gets. Whatever goes by the clock or by memory is told there and does not count: a
short run on a crowded machine says nothing of it. What counts is how calls end, what is in the ledger, and that
nothing is left behind.

usage: limits_test.py BINARIES CASE
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "load" / "measure"), str(REPOSITORY / "tests" / "ops")]

from claims import Claims  # noqa: E402
from processes import adopt_orphans, children, end_children, wait_until  # noqa: E402

BINARIES = None
PATIENCE_S = 200
# A disk that stalls for seconds fails a run; that says nothing of the next.
TRIES = 2


class LimitsTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = Path(temporary.name)
        adopt_orphans()
        self.addCleanup(end_children)

    def start(self, *arguments):
        done = subprocess.run(
            ["bash", REPOSITORY / "load" / "limits", *arguments, "--everysec", "--no-build", "--build", BINARIES.parent,
             "--json", self.folder / "told.json"],
            env={**os.environ, "TMPDIR": str(self.folder)}, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE_S)
        print(done.stdout, flush=True)
        # What the kernel ended with it may take a moment.
        wait_until(lambda: not children(), "the end of what was started")
        self.assertEqual([file.name for file in self.folder.iterdir() if file.name != "told.json"], [])
        return done

    def told(self, *arguments):
        """Its claims, all of which hold that count."""
        for attempt in range(TRIES):
            done = self.start(*arguments, "--no-timing")
            if done.returncode == 0 or attempt == TRIES - 1:
                self.assertEqual(done.returncode, 0)
                return json.loads((self.folder / "told.json").read_text())
        return None


class OverloadTest(LimitsTest):
    def test_whoever_is_too_many_is_told_so_and_nothing_else_happens(self):
        told = self.told("overload", "--knee", "1000", "--calls-under-way-max", "1", "--seconds", "2",
                         "--calm-seconds", "1", "--members", "500")

        self.assertGreater(told["figures"]["over"]["done"], 0)
        self.assertGreater(told["figures"]["over"]["turned_away"], 0)
        self.assertEqual(told["figures"]["calls_under_way_max"], 1)


class HotMemberTest(LimitsTest):
    def test_all_checkouts_are_done_of_the_one_and_of_the_others(self):
        told = self.told("hot-member", "--hot-rate", "500", "--rate", "200", "--rounds", "1", "--seconds", "2",
                         "--members", "500")

        for figure in ("p99_ratio_to_alone", "p99_ratio_to_spread", "hot_p99_ms", "others_p99_ms_hot"):
            self.assertIn(figure, told["figures"])


class ActivationTest(LimitsTest):
    def test_members_who_are_not_in_memory_are_served_without_error(self):
        told = self.told("activation", "--members", "8000", "--resident", "1600", "--rate", "300", "--seconds", "3",
                         "--warm-up-s", "1")

        self.assertGreater(told["figures"]["activations"], 800)
        self.assertLessEqual(told["figures"]["members_resident"], 1600)


class LeaksTest(LimitsTest):
    def test_nothing_of_unruly_clients_stays_open(self):
        told = self.told("leaks", "--seconds", "4", "--bouts", "2", "--warm-up-bouts", "1", "--rate", "300",
                         "--connections", "100", "--slow-readers", "2", "--members", "200")

        self.assertGreater(told["figures"]["streams_broken"], 0)
        self.assertGreater(told["figures"]["slow_sent"], 0)

    def test_a_claim_that_does_not_hold_is_an_exit_code(self):
        # A resident set does not shrink to less than nothing.
        done = self.start("leaks", "--seconds", "1", "--bouts", "1", "--warm-up-bouts", "0", "--rate", "50",
                          "--connections", "5", "--slow-readers", "1", "--members", "100",
                          "--growth-max-percent", "-200")

        self.assertEqual(done.returncode, 1)
        self.assertIn("DOES NOT HOLD", done.stdout)


class ClaimsTest(unittest.TestCase):
    def test_one_that_does_not_hold_is_enough(self):
        claims = Claims()
        claims.add("water is wet", "yes", True)
        self.assertTrue(claims.hold())

        claims.add("fire is cold", "no", False)

        self.assertFalse(claims.hold())
        self.assertIn("fire is cold  no   DOES NOT HOLD", claims.table())
        self.assertFalse(claims.as_json()["holds"])

    def test_without_timing_timed_ones_are_told_and_do_not_count(self):
        claims = Claims(timing=False)
        claims.add_timed("it is fast", "9 s", False)
        claims.tell("by the way", "7")

        self.assertTrue(claims.hold())
        self.assertIn("does not hold (does not count)", claims.table())
        self.assertEqual([claim["holds"] for claim in claims.as_json()["claims"]], [False, None])

    def test_with_timing_they_count(self):
        claims = Claims()
        claims.add_timed("it is fast", "9 s", False)

        self.assertFalse(claims.hold())


if __name__ == "__main__":
    BINARIES = Path(sys.argv.pop(1)).resolve()
    unittest.main()
