#!/usr/bin/env python3
"""Feeds the layer test a tree with one violation at a time: each must be found, and only it."""

import tempfile
import unittest
from pathlib import Path

import layers_test

HEADER = "#pragma once\n\n"

# A small tree that the rules have nothing to say about, and that comes close to many of them.
CLEAN = {
    "CMakeLists.txt": "project(wutong) # not file(GLOB)\n",
    "README.md": "Hello.\n",
    ".gitignore": "/build*/\n/ops/run/\n",
    ".hidden/anything.h": "",
    "build/CMakeLists.txt": "file(GLOB x *)\n",
    "ops/run/notes.py": "# TO" "DO\n",
    "ops/test": "#!/bin/sh\n# TO" "DO(mei): faster\n",
    "actors/domain/CMakeLists.txt": "wutong_library(domain SOURCES lot.cpp)\n",
    "actors/domain/lot.h": HEADER + (
        "#include <cstdint>\n#include <absl/container/flat_hash_map.h>\n#include <tl/expected.hpp>\n"
        "// A double award; std::chrono; 1.5.\n"
        "constexpr std::int64_t big = 1'000'000;\nconstexpr char quote = '\"';\n"
        "const char* text = \"float double getenv(1.5)\";\n"
        "struct Instant { std::int64_t unix_ms = 0; };\nvoid runtime(int expiry_time);\n"),
    "actors/domain/lot.cpp": '#include "actors/domain/lot.h"\n',
    "actors/CMakeLists.txt": "wutong_library(actors PUBLIC wutong::domain wutong::caf)\n",
    "actors/ledger.h": HEADER + '#include "actors/domain/lot.h"\n#include <caf/actor.hpp>\n',
    "actors/shard.h": HEADER + '#include "actors/ledger.h"\n// double is free to be used here\n',
    "persistence/CMakeLists.txt":
        "wutong_library(persistence SOURCES redis.cpp PUBLIC wutong::actors PRIVATE wutong::stored)\n",
    "persistence/redis.cpp": (
        '#include <hiredis/hiredis.h>\n#include <sys/epoll.h>\n#include "actors/ledger.h"\n'
        '#include "wutong/stored/v1/event.pb.h"\ndouble seconds = 1.5;\n'),
    "gateway/CMakeLists.txt": "wutong_executable(wutong SOURCES main.cpp LIBS wutong::persistence)\n",
    "gateway/main.cpp": (
        '#include "actors/shard.h"\n#include "wutong/v1/a.grpc.pb.h"\n#include <grpcpp/grpcpp.h>\n'),
    "gateway/commands/serve.h": HEADER + '#include "persistence/redis_ledger.h"\n',
    "gateway/config/config.h": HEADER + '#include "persistence/redis_options.h"\n',
    "gateway/ctl/CMakeLists.txt": "wutong_executable(wutongctl SOURCES ctl.cpp LIBS wutong::wire)\n",
    "gateway/ctl/ctl.cpp": '#include <CLI/CLI.hpp>\n#include "wutong/v1/a.pb.h"\n',
    "load/CMakeLists.txt": "wutong_executable(wutong-load SOURCES load.cpp LIBS wutong::wire)\n",
    "load/load.cpp": '#include "wutong/v1/a.grpc.pb.h"\n',
    "load/measure/CMakeLists.txt": "wutong_executable(bench SOURCES bench.cpp LIBS wutong::domain)\n",
    "load/measure/bench.cpp": '#include "actors/domain/lot.h"\n#include <hiredis/hiredis.h>\n',
    "proto/wutong/v1/a.proto": 'import "google/protobuf/empty.proto";\nimport "wutong/v1/b.proto";\n',
    "tests/CMakeLists.txt": "wutong_test(lot_test SOURCES\n  actors/domain/lot_test.cpp)\n",
    "tests/actors/domain/lot_test.cpp": '#include <gtest/gtest.h>\n#include "load/load.h"\n',
}

DOMAIN = "actors/domain/lot.h"

# rule, file, what is appended to it
VIOLATIONS = [
    ("include", DOMAIN, "#include <caf/actor.hpp>\n"),
    ("include", DOMAIN, '#include "actors/ledger.h"\n'),
    ("include", DOMAIN, '#include "wutong/v1/a.pb.h"\n'),
    ("include", DOMAIN, "#include <chrono>\n"),
    ("include", DOMAIN, "  #  include <random>\n"),
    ("include", DOMAIN, "#include <time.h>\n"),
    ("include", DOMAIN, "#include <absl/time/clock.h>\n"),
    ("include", DOMAIN, "#include <absl/random/random.h>\n"),
    ("include", DOMAIN, '#include "lot2.h"\n'),
    ("include", "actors/shard.h", "#include <hiredis/async.h>\n"),
    ("include", "actors/shard.h", '#include "persistence/redis.h"\n'),
    ("include", "actors/shard.h", '#include "wutong/v1/a.pb.h"\n'),
    ("include", "actors/shard.h", "#include <gtest/gtest.h>\n"),
    ("include", "actors/shard.h", '#include "shard2.h"\n'),
    ("include", "actors/shard.h", "#include <unknown_library/x.h>\n"),
    ("include", "persistence/redis.cpp", '#include "actors/shard.h"\n'),
    ("include", "persistence/redis.cpp", '#include "gateway/translate.h"\n'),
    ("include", "persistence/redis.cpp", '#include "wutong/v1/a.pb.h"\n'),
    ("include", "persistence/redis.cpp", "#include <grpcpp/grpcpp.h>\n"),
    ("include", "gateway/main.cpp", "#include <hiredis/hiredis.h>\n"),
    ("include", "gateway/main.cpp", '#include "gateway/ctl/table.h"\n'),
    ("include", "gateway/main.cpp", '#include "load/load.h"\n'),
    ("include", "gateway/ctl/ctl.cpp", '#include "gateway/translate.h"\n'),
    ("include", "gateway/ctl/ctl.cpp", '#include "actors/domain/lot.h"\n'),
    ("include", "load/load.cpp", '#include "actors/domain/lot.h"\n'),
    ("include", "load/load.cpp", '#include "load/measure/peer.h"\n'),
    ("include", "gateway/services.h", HEADER + '#include "persistence/ledger.h"\n'),
    ("include", "gateway/documents/program.h", HEADER + '#include "persistence/ledger.h"\n'),
    ("link", "load/CMakeLists.txt", "target_link_libraries(wutong-load PRIVATE wutong::domain)\n"),
    ("link", "load/CMakeLists.txt", "target_link_libraries(wutong-load PRIVATE wutong::codec)\n"),
    ("link", "load/CMakeLists.txt", "target_link_libraries(wutong-load PRIVATE wutong::audit)\n"),
    ("link", "load/CMakeLists.txt", "target_link_libraries(wutong-load PRIVATE wutong::config)\n"),
    ("link", "load/CMakeLists.txt",
     "target_link_libraries(wutong-load PRIVATE wutong::documents_compiler)\n"),
    ("link", "load/CMakeLists.txt", "target_link_libraries(wutong-load PRIVATE wutong::ctl)\n"),
    ("link", "load/CMakeLists.txt", "target_link_libraries(wutong-load PRIVATE wutong::unheard_of)\n"),
    ("link", "actors/CMakeLists.txt", "target_link_libraries(actors PRIVATE wutong::codec)\n"),
    ("link", "gateway/ctl/CMakeLists.txt", "target_link_libraries(ctl PRIVATE wutong::gateway)\n"),
    ("link", "gateway/CMakeLists.txt", "wutong_library(gateway PRIVATE wutong::codec)\n"),
    ("link", "gateway/CMakeLists.txt", "target_link_libraries(wutong PRIVATE wutong::hiredis)\n"),
    ("link", "actors/domain/CMakeLists.txt", "target_link_libraries(d PUBLIC wutong::caf)\n"),
    ("caf-all", "actors/shard.h", "#include <caf/all.hpp>\n"),
    ("caf-all", "tests/actors/domain/lot_test.cpp", '#include "caf/all.hpp"\n'),
    ("pragma-once", "actors/other.h", "struct Other {};\n"),
    ("pragma-once", "tests/support.h", "// #pragma once\n"),
    ("fraction", DOMAIN, "double rate;\n"),
    ("fraction", DOMAIN, "/* x */ float rate;\n"),
    ("fraction", DOMAIN, "auto rate = 1.5;\n"),
    ("clock", DOMAIN, "auto t = std::chrono::milliseconds(1);\n"),
    ("clock", DOMAIN, "auto t = absl::Now();\n"),
    ("clock", DOMAIN, "auto t = time(nullptr);\n"),
    ("clock", DOMAIN, "auto t = std::time(&x);\n"),
    ("clock", DOMAIN, "int t = clock_gettime(1, &x);\n"),
    ("random", DOMAIN, "int r = rand();\n"),
    ("random", DOMAIN, "std::mt19937_64 r;\n"),
    ("random", DOMAIN, "absl::BitGen r;\n"),
    ("environment", DOMAIN, 'auto* e = std::getenv("X");\n'),
    ("environment", DOMAIN, "auto zone = absl::LocalTimeZone();\n"),
    ("proto-import", "proto/wutong/v1/a.proto", 'import "wutong/stored/v1/event.proto";\n'),
    ("glob", "tests/CMakeLists.txt", "file( glob_recurse sources *.cpp)\n"),
    ("glob", "ops/cmake/Extra.cmake", "aux_source_directory(. sources)\n"),
    ("long", "actors/shard.h", "\n" * 400),
    ("too-long", "actors/shard.h", "\n" * 600),
    ("too-long", "ops/test", "\n" * 600),
    ("ownerless", "actors/shard.h", "// TO" "DO: faster\n"),
    ("ownerless", "ops/test", "# FIX" "ME later\n"),
    ("top-level", "notes.txt", "x\n"),
    ("top-level", "src/x.txt", "x\n"),
    ("unlisted", "actors/domain/tier.cpp", "\n"),
    ("unlisted", "tests/actors/domain/ot_test.cpp", "\n"),
]


def findings_in(tree):
    with tempfile.TemporaryDirectory() as folder:
        for path, text in tree.items():
            file = Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return layers_test.check(Path(folder))


class LayersTest(unittest.TestCase):
    def test_nothing_is_found_in_a_clean_tree(self):
        self.assertEqual(findings_in(CLEAN), [])

    def test_each_violation_is_found_and_nothing_else(self):
        for rule, path, text in VIOLATIONS:
            with self.subTest(rule=rule, path=path, text=text[:60]):
                tree = CLEAN | {path: CLEAN.get(path, "") + text}
                found = [(f.rule, f.path) for f in findings_in(tree)]
                place = path.split("/")[0] if rule == "top-level" else path
                self.assertEqual(found, [(rule, place)])

    def test_the_line_is_told(self):
        tree = CLEAN | {DOMAIN: HEADER + '/* two\nlines */ #include <vector>\ndouble d;\n'}
        self.assertEqual([(f.rule, f.line) for f in findings_in(tree)], [("fraction", 5)])

    def test_every_rule_has_a_violation_here(self):
        self.assertEqual({rule for rule, _, _ in VIOLATIONS}, layers_test.RULES)

    def test_only_warnings_do_not_fail(self):
        self.assertEqual(layers_test.WARNINGS, {"long"})


if __name__ == "__main__":
    unittest.main()
