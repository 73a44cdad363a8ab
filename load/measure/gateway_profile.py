"""A CPU profile of the gateway under load, as a flame graph; load/profile builds and starts it."""

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import flame_graph
from gateway import ARRANGEMENTS, HEAP, THREADS, Gateway, flood
from servers import MeasureError

# Few a second, and each with what is on the stack: libraries come without frame pointers, so that the stack itself
# is written down and unwound afterwards.
SAMPLES_A_SECOND = 199
STACK_BYTES = 16384


@dataclass(frozen=True)
class Setting:
    binaries: Path
    folder: Path
    seconds: int
    members: int
    warm_up_s: int = 1


def profile(setting, arrangement):
    """The samples of the gateway's threads while it is flooded."""
    data = setting.folder / "perf.data"
    with Gateway(setting, "gateway", engine=THREADS, edge=HEAP) as gateway:
        gateway.enroll()
        perf = subprocess.Popen(
            ["perf", "record", "--quiet", "--event", "cpu-clock", "--freq", str(SAMPLES_A_SECOND),
             "--call-graph", f"dwarf,{STACK_BYTES}", "--output", data, "--pid",
             str(gateway.server.process.pid)],
            stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            told = flood(setting, gateway, *ARRANGEMENTS[arrangement])
        finally:
            perf.send_signal(signal.SIGINT)
            perf.wait(60)
    print(f"{arrangement}: {told['checkouts_per_s']:.0f} checkouts a second under perf", flush=True)
    root = flame_graph.Box()
    script = subprocess.Popen(["perf", "script", "--input", data], text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    for thread, frames in flame_graph.stacks_of(script.stdout):
        root.add([thread] + [flame_graph.short(frame) for frame in frames])
    script.wait()
    return root


def main():
    parser = argparse.ArgumentParser(prog="load/profile", description=__doc__)
    parser.add_argument("--binaries", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default=Path("profile.svg"))
    parser.add_argument("--arrangement", choices=sorted(ARRANGEMENTS), default="stream_32")
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--members", type=int, default=20_000)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="wutong-profile-"))
    try:
        root = profile(Setting(binaries=arguments.binaries.resolve(), folder=folder,
                               seconds=arguments.seconds, members=arguments.members),
                       arguments.arrangement)
        if root.samples == 0:
            raise MeasureError("perf took no samples: is it allowed to?")
        arguments.out.write_text(flame_graph.svg_of(root, f"wutong, {arguments.arrangement}"))
        print(f"{root.samples} samples: {arguments.out}")
        return 0
    except MeasureError as error:
        print(f"load/profile: {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
