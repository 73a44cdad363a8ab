#!/usr/bin/env python3
"""Runs ops/quickstart with the programs as built: two days on one ledger, Ctrl-C while a day is sent
and while it serves, and the README's first checkout by hand.

usage: quickstart_day_test.py BUILD
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from processes import adopt_orphans, children, end_children, free_port, wait_until

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE_S = 120
# Enough for each kind of traffic to be above 1 %.
SMALL = ("--orders", "6000")
# Enough for a line of progress before it is over.
LONG = ("--orders", "12000")
BUILD = None


class QuickstartDayTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.data = Path(folder.name) / "data"
        self.output_file = Path(folder.name) / "output"
        self.port = free_port()
        self.addCleanup(end_children)

    def start(self, *arguments, day=SMALL):
        """In a session of its own, so that Ctrl-C may be sent to all of it."""
        with open(self.output_file, "w") as output:
            script = subprocess.Popen(
                ["bash", str(REPOSITORY / "ops" / "quickstart"), "--no-build", "--build", str(BUILD),
                 "--data", str(self.data), "--port", str(self.port), "--http-port",
                 str(free_port()), *arguments, "--", *day],
                cwd="/", stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True)
        self.addCleanup(self.end, script)
        return script

    def end(self, script):
        if script.poll() is None:
            script.terminate()
            script.wait(PATIENCE_S)

    def output(self):
        return self.output_file.read_text()

    def wait_for(self, script, pattern):
        wait_until(lambda: re.search(pattern, self.output(), re.M) or script.poll() is not None,
                   f"{pattern} in\n{self.output()}", PATIENCE_S)
        self.assertRegex(self.output(), re.compile(pattern, re.M))

    def ended(self, script):
        """The exit code; nothing that was started may outlive the script."""
        status = script.wait(PATIENCE_S)
        self.assertEqual(children(), {}, self.output())
        self.assertFalse((self.data / "redis.sock").exists())
        return status

    def send_a_day(self, number, day=SMALL):
        status = self.ended(self.start("--once", day=day))
        self.assertEqual(status, 0, self.output())
        return json.loads((self.data / f"day-{number}.json").read_text())

    def assert_nothing_is_wrong(self, summary):
        self.assertTrue(summary["ok"], summary)
        check = summary["check"]
        self.assertGreater(check["acknowledged"], 0)
        self.assertEqual(check["fetched"], check["acknowledged"])
        wrong = {name: count for name, count in check.items()
                 if name not in ("acknowledged", "fetched", "examples")}
        self.assertLessEqual({"lost", "changed", "doubled", "wrong_points", "wrong_balance"},
                             wrong.keys())
        self.assertEqual(set(wrong.values()), {0}, wrong)

    def test_a_second_start_sends_the_next_day_to_the_same_members(self):
        first = self.send_a_day(1)
        second = self.send_a_day(2)

        self.assertEqual([first["day"], second["day"]], [1, 2])
        self.assertEqual((self.data / "next-day").read_text().strip(), "3")
        self.assertEqual(first["members_enrolled"], first["members"])
        self.assertEqual(second["members_enrolled"], 0)
        for summary in (first, second):
            self.assertFalse(summary["sent_before"])
            self.assertEqual(summary["outcomes"]["orders_accepted"], 6000)
            self.assert_nothing_is_wrong(summary)

    def test_ctrl_c_while_a_day_is_sent_ends_it_and_the_day_is_finished_later(self):
        script = self.start(day=LONG)
        self.wait_for(script, r"^day 1 \d+/\d+ ")

        os.killpg(script.pid, signal.SIGINT)

        self.assertEqual(self.ended(script), 130, self.output())
        self.assertFalse((self.data / "next-day").exists())
        summary = self.send_a_day(1, day=LONG)
        self.assertTrue(summary["sent_before"])
        self.assertEqual(summary["outcomes"]["orders_accepted"], 12000)
        self.assert_nothing_is_wrong(summary)

    def test_the_first_checkout_of_the_readme_can_be_pasted_and_ctrl_c_ends_the_serving(self):
        script = self.start()
        self.wait_for(script, "Serving until Ctrl-C")

        block = self.first_checkout()
        checkout = re.search(r"^\S+/wutongctl checkout .*?[^\\]\n", block, re.M | re.S).group()
        # Pasted into one terminal, and into another; a till sends its checkout once more.
        for _ in range(2):
            done = subprocess.run(["bash", "-euc", block + checkout], cwd=REPOSITORY, text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=PATIENCE_S)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertRegex(done.stdout, r"(?s)the ledger holds.*this was known")
        os.killpg(script.pid, signal.SIGINT)

        self.assertEqual(self.ended(script), 0, self.output())

    def first_checkout(self):
        """The README's block, for the folders and the port of this test."""
        text = (REPOSITORY / "README.md").read_text()
        section = text.split("## A first checkout by hand", 1)[1].split("\n## ", 1)[0]
        block = re.search(r"^```sh\n(.*?)^```", section, re.M | re.S).group(1)
        for there, here in (("127.0.0.1:7700", f"127.0.0.1:{self.port}"),
                            ("ops/run/", f"{self.data}/"), ("build/bin/", f"{BUILD}/bin/")):
            self.assertIn(there, block)
            block = block.replace(there, here)
        return block


if __name__ == "__main__":
    BUILD = Path(sys.argv.pop(1)).resolve()
    adopt_orphans()
    unittest.main()
