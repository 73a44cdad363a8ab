"""What options of our commands take."""

import argparse


def bounded(low, high):
    """A whole number within bounds, both included."""
    def parse(text):
        value = int(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{value}: not from {low} to {high}")
        return value
    return parse
