#!/usr/bin/env python3
"""Compiles a file as the build does, and reports the time and memory that this takes.

    bench/compile_time.py build/release examples/gan_mnist_mlp.cpp [-O2] [--rounds 3]

The command is taken from the build folder's compile_commands.json; an optimisation level replaces the one in it.
"""
import argparse
import json
import os
import pathlib
import re
import shlex
import time


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("-O", dest="level", default="2", help="optimisation level, 2 unless told")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()

    entries = json.loads((arguments.build / "compile_commands.json").read_text())
    matching = [e for e in entries if pathlib.Path(e["file"]).resolve() == arguments.file.resolve()]
    if not matching:
        parser.error(f"{arguments.build}/compile_commands.json does not know {arguments.file}")
    command = re.sub(r" -O\w+", "", matching[0]["command"])
    words = shlex.split(command) + [f"-O{arguments.level}"]
    words[words.index("-o") + 1] = os.devnull

    seconds, megabytes = [], []
    for _ in range(arguments.rounds):
        begin = time.monotonic()
        child = os.spawnvp(os.P_NOWAIT, words[0], words)
        _, status, usage = os.wait4(child, 0)
        if status != 0:
            raise SystemExit(f"the compiler failed: {' '.join(words)}")
        seconds.append(time.monotonic() - begin)
        megabytes.append(usage.ru_maxrss / 1024)
    print(f"{arguments.file} -O{arguments.level}: {min(seconds):.1f} s (least of {arguments.rounds}), {max(megabytes):.0f} MiB")


if __name__ == "__main__":
    main()
