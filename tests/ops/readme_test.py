#!/usr/bin/env python3
"""What the README names is there: files, folders, and the tests behind its promises."""

import re
import unittest
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
# Made by building and by running.
MADE = ("build/", "ops/run/")

TEST = re.compile(r"wutong_(?:\w+_)?test\(\s*(\w+)")
PATH = re.compile(r"(?<![\w./@*-])\.?[\w-]+/(?:[\w./-]*[\w/])?")
# A file without its folder lies in the folder that was named last before it.
BARE = re.compile(r"(?<![\w./-])[\w-]+\.(?:cpp|h|proto|py|toml|conf|json)\b")

# An entry of the section on the rules, with the lines that go on below it.
RULE = re.compile(r"^- \*\*D(\d+) (?:.|\n(?=  ))+", re.M)


def paths_in(text, top_level):
    """Each path that begins in the repository, and each file named without its folder."""
    folder = ""
    named = [*PATH.finditer(text), *BARE.finditer(text)]
    for match in sorted(named, key=lambda found: found.start()):
        path = match.group()
        if "/" not in path:
            yield folder + path
        elif path.split("/")[0] in top_level or path.startswith(MADE):
            folder = path[:path.rindex("/") + 1]
            yield path


def missing(text, root):
    top_level = {entry.name for entry in root.iterdir() if not entry.name.startswith("build")}
    return [path for path in paths_in(text, top_level)
            if not path.startswith(MADE) and not (root / path).exists()]


def tests_in(text):
    return set(re.findall(r"\b[a-z0-9_]+_test\b(?!\.)", text))


def declared_tests(root):
    lists = (root / "tests").rglob("CMakeLists.txt")
    return {name for file in lists for name in TEST.findall(file.read_text())}


def section(text, title):
    """What stands under the heading, up to the next of its kind."""
    return text.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


class ReadmeTest(unittest.TestCase):
    def setUp(self):
        self.readme = (REPOSITORY / "README.md").read_text()

    def test_every_path_is_there(self):
        self.assertEqual(missing(self.readme, REPOSITORY), [])

    def test_every_test_is_there(self):
        named = tests_in(self.readme)
        self.assertGreater(len(named), 10)
        self.assertLessEqual(named, declared_tests(REPOSITORY))

    def test_every_rule_is_there_in_two_lines_with_its_code(self):
        rules = list(RULE.finditer(section(self.readme, "The rules")))
        self.assertEqual([int(rule.group(1)) for rule in rules], list(range(1, 15)))
        for rule in rules:
            self.assertEqual(len(rule.group().splitlines()), 2, rule.group())
            self.assertIn("`actors/domain/", rule.group())

    def test_what_is_not_there_is_found(self):
        self.assertEqual(missing("`load/nothing.cpp`", REPOSITORY), ["load/nothing.cpp"])
        self.assertEqual(missing("bash ops/nothing --once", REPOSITORY), ["ops/nothing"])
        self.assertEqual(missing("(`load/day.cpp`), then `nothing.h`", REPOSITORY),
                         ["load/nothing.h"])
        self.assertEqual(missing("(`load/day.cpp`), then `plan.h`; ops/run/x", REPOSITORY), [])
        self.assertNotIn("nothing_test", declared_tests(REPOSITORY))
        self.assertEqual(tests_in("`nothing_test`, `ops/layers_test.py`"), {"nothing_test"})


if __name__ == "__main__":
    unittest.main()
