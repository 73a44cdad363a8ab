"""Takes the gateway to one of its limits and checks what it promises there; load/limits builds and starts it."""

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import activation
import hot_member
import leaks
import overload
from bounds import bounded
from claims import Claims
from servers import MeasureError, Stopping

LIMITS = {"overload": overload, "hot-member": hot_member, "activation": activation, "leaks": leaks}


@dataclass(frozen=True)
class Setting:
    """What gateway.py wants to know."""

    binaries: Path
    folder: Path
    members: int
    seconds: int = 1
    warm_up_s: int = 0


def parse(arguments):
    parser = argparse.ArgumentParser(prog="load/limits", description=__doc__.split(";")[0])
    parser.add_argument("--binaries", type=Path, required=True, help=argparse.SUPPRESS)
    limits = parser.add_subparsers(dest="limit", required=True, metavar="NAME")
    for name, module in LIMITS.items():
        text = " ".join(module.__doc__.split())
        limit = limits.add_parser(name, help=text, description=text)
        limit.add_argument("--json", metavar="FILE", help="write claims and figures there too")
        limit.add_argument("--no-timing", dest="timing", action="store_false",
                           help="claims on latency and memory are told and do not count")
        limit.add_argument("--everysec", dest="durability", action="store_const", const="everysec", default="always",
                           help="Redis with appendfsync everysec: where the disk is not what is looked at")
        module.add_options(limit, bounded)
    return parser.parse_args(arguments)


def main():
    arguments = parse(sys.argv[1:])
    Stopping.watch()
    # A thousand connections are a thousand files, here and in the gateway.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    folder = Path(tempfile.mkdtemp(prefix="wutong-limits-"))
    claims = Claims(arguments.timing)
    try:
        setting = Setting(binaries=arguments.binaries.resolve(), folder=folder, members=arguments.members)
        LIMITS[arguments.limit].run(setting, arguments, claims)
    except MeasureError as error:
        print(f"load/limits: {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(claims.table(), flush=True)
    if arguments.json:
        told = {"limit": arguments.limit, "processors": os.cpu_count(), **claims.as_json()}
        Path(arguments.json).write_text(json.dumps(told, indent=2) + "\n")
    return 0 if claims.hold() else 1


if __name__ == "__main__":
    sys.exit(main())
