#!/usr/bin/env python3
"""`wutong-load flood`, alone and in batches, against the running gateway, and a peer that answers the same.

usage: flood_gateway_test.py BINARIES
"""

import json
import subprocess
import sys
import unittest

from real_gateway import REPOSITORY, RealGateway

BINARIES = None
# 88.00 at M1.
POINTS_OF_A_CHECKOUT = 8
# Over two connections: as many checkouts under way alone as in batches.
ALONE = ["--outstanding", "64"]
BATCHES = ["--batch", "16", "--outstanding", "4"]
UNDER_WAY = 2 * 64
BATCH = 16


class FloodTest(unittest.TestCase):
    def test_all_that_is_answered_is_in_the_ledger(self):
        document = json.loads((REPOSITORY / "tests" / "data" / "p0.json").read_text())
        with RealGateway(BINARIES, document, {"version": 1, "limits": []}) as gateway:
            reply = gateway.folder / "reply.bin"
            alone = self.flood(gateway, gateway.target, *ALONE, "--enroll", "--seed", "1",
                               "--save-reply", str(reply))
            batches = self.flood(gateway, gateway.target, *BATCHES, "--seed", "2")
            self.assertEqual(gateway.metric("wutong_streams_open"), 0)
            audit = json.loads(gateway.run("wutong", "audit", "--json", "--config",
                                           str(gateway.config), timeout=120))
            with Echo(reply) as echo:
                self.flood(gateway, echo.target, *ALONE)
                self.flood(gateway, echo.target, *BATCHES)

        counted = alone["checkouts"] + batches["checkouts"]
        self.assertGreater(alone["checkouts"], 0)
        self.assertGreater(batches["checkouts"], 0)
        # Without a warm-up only those that were under way at the end are not counted, and a batch of each
        # stream that went out before it stopped.
        issued = audit["points_issued"] // POINTS_OF_A_CHECKOUT
        self.assertGreaterEqual(issued, counted)
        self.assertLessEqual(issued, counted + 2 * UNDER_WAY + 2 * BATCH)

    def flood(self, gateway, target, *more):
        summary = gateway.folder / "flood.json"
        print(gateway.run(
            "wutong-load", "flood", "--target", target, "--token-file", str(gateway.token_file),
            "--program", str(gateway.folder / "program.json"), "--members", "500", "--seconds",
            "2", "--warm-up-s", "0", "--channels", "2", *more, "--json", str(summary)))
        told = json.loads(summary.read_text())
        self.assertTrue(told["ok"])
        return told


class Echo:
    def __init__(self, reply):
        self.process = subprocess.Popen([f"{BINARIES}/wutong-echo", "--reply", str(reply)],
                                        stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        port = self.process.stdout.readline().split()[1].rstrip(",")
        self.target = f"127.0.0.1:{port}"
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


if __name__ == "__main__":
    BINARIES = sys.argv.pop(1)
    unittest.main()
