"""The engine without network and ledger: its rate on one core, and what a member takes in memory."""

from gateway import DOCUMENTS, POLICY, PROGRAM
from servers import run_for_json

LOTS, RECEIPTS, COUNTERS = 2, 5, 6


def engine(setting, *more, timeout):
    return run_for_json([setting.binaries / "wutong-engine-bench", "--threads", 1, *more],
                        setting.folder / "engine.json", timeout=timeout)


def checkouts_per_core_s(setting):
    """Of random members, by the time that the engine's thread was at work: who submits is not counted. Claimed,
    decided, applied and encoded; snapshots are none of it, and measured beside unary calls. As many are under way as
    a core's second cache holds: with 65,536 the engine waits for memory at every step, and does a third. Memory is
    had of the kernel beforehand, as a gateway with `heap_reserve_bytes` has it: without flushes it grows by
    hundreds of megabytes a second, and what the kernel takes to clear them is not the engine's."""
    heap_mib = 256 + setting.large // 250
    told = engine(setting, "--program", PROGRAM, "--policy", POLICY, "--members", setting.large, "--seconds",
                  setting.seconds, "--flush-interval-ms", 0, "--outstanding", 1024, "--batch", 256, "--heap-reserve-mib",
                  heap_mib, timeout=600)
    return told["checkouts_per_core_s"]


def resident_bytes(setting, members):
    """What the resident set grew by for members who have 2 lots, 5 receipts and 6 counters each; the program looks
    at a thousand of them and fails if one has anything else."""
    told = engine(setting, "--program", DOCUMENTS / "program_two_lots.json", "--policy",
                  DOCUMENTS / "policy_six_counters.json", "--members", members, "--seconds", 0,
                  "--checkouts-each", RECEIPTS, "--lots-each", LOTS, "--receipts-each", RECEIPTS,
                  "--counters-each", COUNTERS, timeout=3600)
    return told["resident_bytes"]


def resident_bytes_per_member(setting):
    """The slope from a tenth of the members to all of them, so that what the process takes anyway does not count."""
    few = setting.large // 10
    grown = resident_bytes(setting, setting.large) - resident_bytes(setting, few)
    return grown / (setting.large - few)
