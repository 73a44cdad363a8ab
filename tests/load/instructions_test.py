"""What the steps of a checkout cost in instructions, compared with what they cost when somebody looked last.

Wall time says little on a crowded machine; instructions do not depend on who else is at work. A step that
takes more than a twentieth more than `load/measure/instructions.json` says fails. Whoever makes a step
cheaper, or dearer with reason, writes the new figures with

    python3 tests/load/instructions_test.py BIN --write
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
FIGURES = REPOSITORY / "load" / "measure" / "instructions.json"
MORE_AT_MOST = 0.05
FEW, MANY = 100, 1100

BIN = pathlib.Path()


def instructions(step, count):
    """Of a whole run of the step so many times, the set-up included."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out",
             str(BIN / "wutong-micro-bench"), "--steps", step, str(count)],
            capture_output=True, text=True, timeout=300, check=False)
    collected = re.search(r"Collected\s*:\s*(\d+)", done.stderr)
    if done.returncode != 0 or collected is None:
        raise AssertionError(f"{step}: exit code {done.returncode}\n{done.stderr}")
    return int(collected[1])


def cost_of(step):
    """Of one more: what both runs do besides is the same."""
    return round((instructions(step, MANY) - instructions(step, FEW)) / (MANY - FEW))


class InstructionsTest(unittest.TestCase):
    def test_no_step_has_become_dearer(self):
        figures = json.loads(FIGURES.read_text())
        dearer = []
        for step, before in figures.items():
            now = cost_of(step)
            print(f"{step}: {now}, was {before}", flush=True)
            if now > before * (1 + MORE_AT_MOST):
                dearer.append(f"{step} takes {now} instructions, and took {before}")
        self.assertEqual(dearer, [])

    def test_every_step_has_a_figure(self):
        unknown = subprocess.run([str(BIN / "wutong-micro-bench"), "--steps", "?", "1"],
                                 capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(unknown.returncode, 2)
        self.assertEqual(sorted(unknown.stderr.split()[-len(json.loads(FIGURES.read_text())):]),
                         sorted(json.loads(FIGURES.read_text())))


def write():
    figures = json.loads(FIGURES.read_text())
    for step in figures:
        figures[step] = cost_of(step)
        print(f"{step}: {figures[step]}", flush=True)
    FIGURES.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    BIN = pathlib.Path(sys.argv.pop(1))
    if "--write" in sys.argv:
        write()
    else:
        unittest.main()
