"""A flame graph of what `perf script` tells, as one SVG file.

Each box is a function, as wide as the share of the samples in which it was on the stack; below it stands
who called it. Boxes of one caller are in the order of their names, so that two graphs can be compared.
Hovering over a box tells its name and share.
"""

import html
import re
import sys

WIDTH = 1600
ROW = 17
CHARACTER = 7.0
LEAST_SHARE = 0.0008

FRAME = re.compile(r"^\s+[0-9a-f]+ (?P<name>.*?)(?:\+0x[0-9a-f]+)? \((?P<object>[^()]*)\)$")


def stacks_of(lines):
    """(thread's name, frames from the outermost in) of each sample."""
    thread, frames = None, []
    for line in lines:
        line = line.rstrip("\n")
        if not line:
            if thread is not None:
                yield thread, frames[::-1]
            thread, frames = None, []
        elif not line[0].isspace():
            thread = re.split(r"\s+\d+", line, maxsplit=1)[0].strip()
        elif frame := FRAME.match(line):
            frames.append(frame["name"] if frame["name"] != "[unknown]" else frame["object"])
    if thread is not None:
        yield thread, frames[::-1]


def short(name):
    """Without arguments and template arguments, which fill boxes and tell little."""
    out, depth = [], 0
    for character in name.replace("operator<", "operator less").replace("->", ""):
        if character in "<(":
            depth += 1
        elif character in ">)":
            depth = max(0, depth - 1)
        elif depth == 0:
            out.append(character)
    return "".join(out).strip() or name


class Box:
    def __init__(self):
        self.samples = 0
        self.below = {}

    def add(self, frames):
        self.samples += 1
        box = self
        for frame in frames:
            box = box.below.setdefault(frame, Box())
            box.samples += 1

    def depth(self, least):
        deepest = [box.depth(least) for box in self.below.values() if box.samples >= least]
        return 1 + max(deepest, default=0)


def colour(name):
    if name.startswith("wutong::"):
        return "#e4813a"
    if name.startswith(("grpc", "google::protobuf")):
        return "#5b9bd5"
    if name.startswith("caf::"):
        return "#6aa84f"
    return "#b8a9c9" if "::" in name else "#c9b458"


def svg_of(root, title):
    least = max(1, LEAST_SHARE * root.samples)
    rows = root.depth(least)
    height = (rows + 3) * ROW
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="monospace" font-size="11">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="8" y="{ROW}" font-size="14">{html.escape(title)}</text>',
        f'<text x="8" y="{2 * ROW}">{root.samples} samples; orange: the gateway, blue: gRPC and '
        f"protobuf, green: CAF</text>",
    ]

    def draw(name, box, left, row):
        share = box.samples / root.samples
        width, top = share * WIDTH, height - (row + 1) * ROW
        label = html.escape(f"{name} ({100 * share:.1f} %)")
        fits = int(width / CHARACTER) - 1
        text = html.escape(name[:fits]) if fits >= 3 else ""
        out.append(
            f'<g><title>{label}</title><rect x="{left:.1f}" y="{top}" width="{max(width - 0.5, 0.3):.1f}"'
            f' height="{ROW - 1}" fill="{colour(name)}"/>'
            f'<text x="{left + 3:.1f}" y="{top + 12}">{text}</text></g>')
        for below, child in sorted(box.below.items()):
            if child.samples >= least:
                draw(below, child, left, row + 1)
            left += child.samples / root.samples * WIDTH

    draw("all", root, 0.0, 0)
    out.append("</svg>")
    return "\n".join(out) + "\n"


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: perf script | flame_graph.py TITLE OUT.svg")
    root = Box()
    for thread, frames in stacks_of(sys.stdin):
        root.add([thread] + [short(frame) for frame in frames])
    if root.samples == 0:
        sys.exit("flame_graph.py: no samples")
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        out.write(svg_of(root, sys.argv[1]))


if __name__ == "__main__":
    main()
