#!/usr/bin/env python3
"""ops/faults over a small tree of its own: what it calls caught, and what it calls wrong."""

import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

# The "program" is a script that is copied, so that nothing is compiled.
CMAKE = """
cmake_minimum_required(VERSION 3.25)
project(small LANGUAGES NONE)
add_custom_target(rule_test
  COMMAND sh -n "${CMAKE_SOURCE_DIR}/rule.sh"
  COMMAND "${CMAKE_COMMAND}" -E copy
    "${CMAKE_SOURCE_DIR}/rule.sh" "${CMAKE_BINARY_DIR}/tests/rule_test")
"""
RULE = """#!/bin/sh
points=10
spare=1
for filter; do :; done
case $filter in
  *Other.*) ;;
  *) [ "$points" -eq 10 ] ;;
esac
"""


def fault(before, after, test="Rule.Holds", at=2):
    return (f"Fault: {after} for {before}\nRule: D1\nCaught by: rule_test {test}\n"
            f"\n--- a/rule.sh\n+++ b/rule.sh\n@@ -{at} +{at} @@\n-{before}\n+{after}\n")


class FaultsTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.root = self.folder / "root"
        (self.root / "tests/faults").mkdir(parents=True)
        (self.root / "ops").mkdir()
        for script in ("build", "faults"):
            shutil.copy(REPOSITORY / "ops" / script, self.root / "ops")
        (self.root / "CMakeLists.txt").write_text(CMAKE)
        self.write_rule(RULE)

    def write_rule(self, text):
        (self.root / "rule.sh").write_text(text)
        (self.root / "rule.sh").chmod(0o755)

    def run_with(self, **faults):
        for name, text in faults.items():
            (self.root / f"tests/faults/{name}.patch").write_text(text)
        rule = (self.root / "rule.sh").read_text()
        done = subprocess.run(
            ["bash", self.root / "ops/faults", "--no-install", "--build", self.folder / "build"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        # The tree itself is never patched.
        self.assertEqual((self.root / "rule.sh").read_text(), rule)
        return done.returncode, done.stdout

    def test_faults_that_are_caught_are_told_with_their_rule_and_test(self):
        status, output = self.run_with(one=fault("points=10", "points=11"),
                                       two=fault("points=10", "points=9"))

        self.assertEqual(status, 0, output)
        self.assertRegex(output, r"(?m)^one +D1 +\d+  rule_test Rule\.Holds$")
        self.assertIn("2 faults, 2 caught", output)

    def test_each_that_is_wrong_is_named(self):
        status, output = self.run_with(
            caught=fault("points=10", "points=11"),
            harmless=fault("spare=1", "spare=2", at=3),
            moved=fault("points=12", "points=11"),
            elsewhere=fault("points=10", "points=11", test="Other.Holds"),
            broken=fault("points=10", "points=("),
            nameless=fault("points=10", "points=11", test=""))

        self.assertEqual(status, 1, output)
        for name, why in (("harmless", "NOT CAUGHT"), ("moved", "does not apply"),
                          ("elsewhere", "NOT CAUGHT"), ("broken", "does not build"),
                          ("nameless", "names no test")):
            self.assertRegex(output, rf"(?m)^{name} .*{why}")
        self.assertIn("6 faults, 1 caught", output)
        self.assertIn("wrong: broken elsewhere harmless moved nameless", output)

    def test_nothing_is_tried_where_the_tests_fail_without_a_fault(self):
        self.write_rule(RULE.replace("=10", "=9"))

        status, output = self.run_with(one=fault("points=9", "points=11"))

        self.assertEqual(status, 1, output)
        self.assertIn("rule_test fails without any fault", output)
        self.assertNotIn("caught,", output)


if __name__ == "__main__":
    unittest.main()
