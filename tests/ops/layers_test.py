#!/usr/bin/env python3
"""Reads the sources and fails where they leave the design: an include that the layering forbids, a
clock or a fraction in the domain, and a few habits that compilers do not see.

usage: layers_test.py [ROOT]    (default: the repository that this file is in)
"""

import fnmatch
import os
import re
import sys
from pathlib import Path
from typing import Iterator, NamedTuple


class Finding(NamedTuple):
    path: str
    line: int
    rule: str
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.text}"


class Layer(NamedTuple):
    """What the files of one folder may include."""

    folders: tuple  # layers, folders of PROTO, or single headers
    libraries: tuple  # keys of LIBRARIES


# --- The table of the design

# Each library by the beginnings of its headers' paths. absl and tl are free for all.
LIBRARIES = {
    "caf": ("caf/",),
    "hiredis": ("hiredis/",),
    "lz4": ("lz4",),
    "sodium": ("sodium",),
    "prometheus": ("prometheus/",),
    "httplib": ("httplib.h",),
    "grpc": ("grpc/", "grpcpp/"),
    "protobuf": ("google/protobuf/",),
    "spdlog": ("spdlog/",),
    "cli11": ("CLI/",),
    "toml": ("toml++/", "toml.hpp"),
    "malloc": ("gperftools/",),
    "test": ("gtest/", "gmock/", "rapidcheck"),
    # The operating system's; the standard library has no dot and no slash in its names.
    "system": ("sys/", "linux/", "netinet/", "arpa/", "unistd.h", "fcntl.h", "signal.h", "poll.h",
               "time.h", "errno.h", "pthread.h", "sched.h", "netdb.h"),
}

PROTO = ("wutong/v1/", "wutong/stored/v1/", "wutong/documents/v1/", "grpc/health/v1/")

LAYERS = {
    "proto/": Layer(("proto/",) + PROTO, ("grpc", "protobuf")),
    "actors/domain/": Layer(("actors/domain/",), ()),
    "actors/": Layer(("actors/", "actors/domain/"), ("caf", "system")),
    # Of actors/ the port and the messages only. Of proto/ not the wire: what is stored must not
    # change with it.
    "persistence/": Layer(
        ("persistence/", "actors/domain/", "actors/ledger.h", "actors/codec.h", "actors/record_press.h",
         "actors/safekeeping.h", "actors/messages.h", "wutong/stored/v1/", "wutong/documents/v1/",
         "proto/"),
        ("hiredis", "lz4", "protobuf", "sodium", "system")),
    "gateway/": Layer(
        ("gateway/", "actors/", "actors/domain/", "persistence/", "proto/") + PROTO,
        ("caf", "sodium", "prometheus", "httplib", "grpc", "protobuf", "spdlog", "cli11", "toml",
         "malloc", "system")),
    "gateway/ctl/": Layer(("gateway/ctl/",) + PROTO, ("grpc", "protobuf", "cli11", "system")),
    "load/": Layer(("load/",) + PROTO, ("grpc", "protobuf", "cli11", "system")),
}
# Only what wires the gateway sees the ledger: the commands, and the options that the configuration
# names. The services know its port alone.
SEES_PERSISTENCE = ("gateway/commands/", "gateway/config/", "gateway/main.cpp")
FREE = ("load/measure/", "tests/")  # may include anything

# The targets of CMake, as the headers that they bring. What is linked must be allowed as well:
# "links nothing of the domain" is said of the load generator.
TARGETS = {
    "wutong::domain": "actors/domain/", "wutong::actors": "actors/ledger.h",
    "wutong::persistence": "persistence/", "wutong::codec": "persistence/",
    "wutong::audit": "persistence/", "wutong::gateway": "gateway/", "wutong::heap": "gateway/",
    "wutong::config": "gateway/config/", "wutong::documents_compiler": "gateway/documents/",
    "wutong::ctl": "gateway/ctl/",
    "wutong::load": "load/", "wutong::wire_writer": "proto/",
    "wutong::wire": "wutong/v1/", "wutong::stored": "wutong/stored/v1/",
    "wutong::documents": "wutong/documents/v1/", "wutong::grpc_health": "grpc/health/v1/",
    "wutong::caf": "caf/", "wutong::hiredis": "hiredis/", "wutong::lz4": "lz4", "wutong::sodium": "sodium",
    "wutong::prometheus": "prometheus/", "wutong::httplib": "httplib.h", "wutong::grpc": "grpcpp/",
    "wutong::grpc_reflection": "grpcpp/",
    "wutong::protobuf": "google/protobuf/", "spdlog::spdlog": "spdlog/", "CLI11::CLI11": "CLI/",
    "tomlplusplus::tomlplusplus": "toml++/", "wutong::malloc": "gperftools/",
}

# What the domain may take from the libraries that everybody may use.
DOMAIN_ABSL = ("algorithm", "base", "container", "functional", "hash", "numeric", "strings",
               "time/civil_time.h", "time/time.h", "types")
DOMAIN_STD_FORBIDDEN = {
    "chrono", "ctime", "random", "cmath", "cfloat", "cfenv", "fstream", "iostream", "filesystem",
    "thread", "mutex", "shared_mutex", "atomic", "future", "condition_variable", "semaphore",
}
# What is one for the whole process and touched by all threads: the table of names, and the handler of
# broken promises. No rule reads either, so they change no outcome.
DOMAIN_STD_SHARED = {
    "actors/domain/symbol.cpp": {"atomic", "mutex"},
    "actors/domain/ensure.cpp": {"atomic"},
}
DOMAIN_FORBIDDEN = [
    ("fraction", re.compile(r"\b(?:float|double)\b|\b\d[\d']*\.\d|\bToDouble\w*|\bFDivDuration\b"),
     "the domain counts in integers"),
    ("clock", re.compile(
        r"\b(?:std::chrono|\w+_clock::now|clock_gettime|gettimeofday|(?:std::)?time\s*\(\s*(?:nullptr"
        r"|NULL|0|&)|absl::Now|absl::GetCurrentTimeNanos)\b"), "time is an argument"),
    ("random", re.compile(r"\b(?:s?rand(?:om)?\s*\(|random_device|mt19937(?:_64)?|absl::BitGen)"),
     "chance is an argument"),
    ("environment", re.compile(
        r"\b(?:secure_)?getenv\b|\benviron\b|\bLocalTimeZone\b|\bLoadTimeZone\b|\blocaltime(?:_r)?\b"),
     "what the machine says is an argument"),
]

TOP_LEVEL = {"CMakeLists.txt", "README.md", "actors", "gateway", "persistence", "proto", "ops",
             "tests", "load"}
SOURCES = {".h", ".hpp", ".cc", ".cpp"}
LINES_AIM = 400
LINES_MAX = 600


# --- Reading

TOKEN = re.compile(
    r'(?P<comment>//[^\n]*|/\*.*?\*/)'
    r'|(?P<string>R"(?P<d>[^()\\\s]{0,16})\(.*?\)(?P=d)"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+')", re.S)


def without(text, kinds):
    """Blanks comments, or strings too, and keeps every line where it was."""
    def blank(match):
        if match.lastgroup == "d" or match.group("string") is not None:
            kind = "string"
        else:
            kind = "comment"
        return re.sub(r"[^\n]", " ", match.group()) if kind in kinds else match.group()
    return TOKEN.sub(blank, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def place_of(path):
    """The folder of a table that holds the path; the innermost, since each is a layer of its own."""
    holders = [f for f in (*LAYERS, *FREE, *PROTO) if path.startswith(f)]
    return max(holders, key=len, default=None)


def ignored_patterns(root):
    """What .gitignore names at the top level: builds and the data of runs."""
    file = root / ".gitignore"
    lines = file.read_text().split() if file.exists() else []
    return [line.strip("/") for line in lines if line.startswith("/")]


def files_of(root) -> Iterator[str]:
    ignored = ignored_patterns(root)
    for folder, folders, names in os.walk(root):
        here = Path(folder).relative_to(root)
        folders[:] = sorted(
            f for f in folders if not f.startswith(".") and f != "__pycache__"
            and not any(fnmatch.fnmatch(str(here / f), p) for p in ignored))
        for name in sorted(names):
            if not any(fnmatch.fnmatch(str(here / name), p) for p in ignored):
                yield (here / name).as_posix()


# --- Rules; each yields findings

def check_include(path, line, header) -> Iterator[Finding]:
    def found(rule, text):
        return Finding(path, line, rule, text)

    if header == "caf/all.hpp":
        yield found("caf-all", "include what is used; this header takes seconds in every file")
    home = place_of(path)
    if home is None or home in FREE:
        return
    layer = LAYERS[home]
    domain = home == "actors/domain/"
    if header.startswith("tl/"):
        return
    if header.startswith("absl/"):
        if domain and not header[len("absl/"):].startswith(DOMAIN_ABSL):
            yield found("include", f"the domain takes values only from abseil, not {header}")
        return
    if "/" not in header and "." not in header:
        if domain and header in DOMAIN_STD_FORBIDDEN - DOMAIN_STD_SHARED.get(path, set()):
            yield found("include", f"the domain is pure; <{header}> is not for it")
        return
    if home == "gateway/" and header.startswith("persistence/") and not path.startswith(
            (*SEES_PERSISTENCE, "gateway/CMakeLists.txt")):
        yield found("include", f"only {', '.join(SEES_PERSISTENCE)} may include {header}")
        return
    if header in layer.folders or place_of(header) in layer.folders:
        return
    if any(header.startswith(LIBRARIES[name]) for name in layer.libraries):
        return
    # What no table knows is forbidden too, so that a new library is a decision.
    yield found("include", f"{home} may not include {header}")


INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]', re.M)


def check_source(path, text) -> Iterator[Finding]:
    code = without(text, {"comment"})
    for match in INCLUDE.finditer(code):
        yield from check_include(path, line_of(code, match.start(1)), match.group(1))
    if path.endswith((".h", ".hpp")) and not re.search(r"^#pragma once$", code, re.M):
        yield Finding(path, 1, "pragma-once", "a header begins with #pragma once")
    if place_of(path) == "actors/domain/":
        bare = without(text, {"comment", "string"})
        for rule, pattern, why in DOMAIN_FORBIDDEN:
            for match in pattern.finditer(bare):
                yield Finding(path, line_of(bare, match.start()), rule,
                              f"{match.group().strip()}: {why}")


def check_proto(path, text) -> Iterator[Finding]:
    code = without(text, {"comment"})
    own = path.removeprefix("proto/").rsplit("/", 1)[0] + "/"
    for match in re.finditer(r'^\s*import\s+(?:public\s+|weak\s+)?"([^"]+)"', code, re.M):
        imported = match.group(1)
        if imported.startswith(PROTO) and not imported.startswith(own):
            yield Finding(path, line_of(code, match.start(1)), "proto-import",
                          f"the wire, the stored forms and the documents stand apart: {imported}")


def check_cmake(path, text) -> Iterator[Finding]:
    code = re.sub(r"#[^\n]*", "", text)
    for match in re.finditer(r"file\s*\(\s*GLOB|aux_source_directory|CONFIGURE_DEPENDS", code, re.I):
        yield Finding(path, line_of(code, match.start()), "glob", "name every source")
    home = place_of(path)
    if home in LAYERS:
        libraries = [call.span() for call in re.finditer(r"\bwutong_library\s*\([^)]*", code)]
        for match in re.finditer(r"\b\w+::\w+", code):
            header = TARGETS.get(match.group())
            if header is None:
                if match.group().startswith("wutong::"):
                    yield Finding(path, line_of(code, match.start()), "link",
                                  f"the table knows no {match.group()}")
                continue
            wired = any(first <= match.start() < end for first, end in libraries)
            if path == "gateway/CMakeLists.txt" and wired and header == "persistence/":
                yield Finding(path, line_of(code, match.start()), "link",
                              f"the library of the services may not link {match.group()}")
                continue
            for finding in check_include(path, line_of(code, match.start()), header):
                yield finding._replace(rule="link", text=f"{home} may not link {match.group()}")


OWNERLESS = re.compile(r"\b(?:TO" r"DO|FIX" r"ME)\b(?!\([A-Za-z][\w.@-]*\))")


def check_text(path, text) -> Iterator[Finding]:
    lines = text.count("\n") + (not text.endswith("\n"))
    if lines > LINES_AIM:
        rule = "too-long" if lines > LINES_MAX else "long"
        yield Finding(path, lines, rule, f"{lines} lines; split at {LINES_AIM}")
    for match in OWNERLESS.finditer(text):
        yield Finding(path, line_of(text, match.start()), "ownerless",
                      f"{match.group()} needs an owner: {match.group()}(name)")


def check_top_level(root) -> Iterator[Finding]:
    ignored = ignored_patterns(root)
    for entry in sorted(os.listdir(root)):
        if entry in TOP_LEVEL or entry.startswith("."):
            continue
        if not any(fnmatch.fnmatch(entry, p) for p in ignored):
            yield Finding(entry, 1, "top-level", "does not belong at the top level")


def check_listed(root, sources) -> Iterator[Finding]:
    """A source that no CMakeLists.txt names is never compiled, and a test in it never runs."""
    for path in sources:
        folder = Path(path).parent
        for holder in (folder, *folder.parents):
            lists = root / holder / "CMakeLists.txt"
            name = Path(path).relative_to(holder).as_posix()
            if lists.exists() and re.search(
                    rf"(?<![\w./-]){re.escape(name)}(?![\w./-])",
                    re.sub(r"#[^\n]*", "", lists.read_text())):
                break
        else:
            yield Finding(path, 1, "unlisted", "no CMakeLists.txt names it")


RULES = {"include", "link", "caf-all", "pragma-once", "fraction", "clock", "random", "environment",
         "proto-import", "glob", "long", "too-long", "ownerless", "top-level", "unlisted"}
WARNINGS = {"long"}


def check(root) -> list:
    findings = list(check_top_level(root))
    compiled = []
    for path in files_of(root):
        file = Path(path)
        script = path.startswith(("ops/", "load/")) and file.suffix == ""
        cmake = file.name == "CMakeLists.txt" or file.suffix == ".cmake"
        if not (script or cmake or file.suffix in SOURCES | {".proto", ".py", ".lua"}):
            continue
        text = (root / path).read_text(encoding="utf-8")
        findings += check_text(path, text)
        if cmake:
            findings += check_cmake(path, text)
        if file.suffix == ".proto":
            findings += check_proto(path, text)
        if file.suffix in SOURCES:
            findings += check_source(path, text)
        if file.suffix in {".cc", ".cpp"}:
            compiled.append(path)
    return findings + list(check_listed(root, compiled))


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]
    findings = check(root)
    for finding in findings:
        print(f"warning: {finding}" if finding.rule in WARNINGS else finding)
    return 1 if any(f.rule not in WARNINGS for f in findings) else 0


if __name__ == "__main__":
    sys.exit(main())
