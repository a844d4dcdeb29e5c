#!/usr/bin/env python3
"""Registers, shared memory, stack and spills of each of gantry's CUDA kernels, as ptxas reports them, and the most of each file.

    bench/kernel_resources.py                                      # all kernels, sm_75 to sm_120
    bench/kernel_resources.py kernels/matmul.cu --architectures 80 90

Ends with exit code 1 if a kernel spills or has a stack frame, or if nvcc warns. Needs nvcc in PATH (or --nvcc) and cuDNN's header.
"""
import argparse
import collections
import pathlib
import re
import subprocess
import sys
import tempfile

root = pathlib.Path(__file__).resolve().parent.parent
pattern = re.compile(
    r"Compiling entry function '(?P<name>\w+)' for 'sm_(?P<architecture>\d+)\w*'.*?"
    r"(?P<stack>\d+) bytes stack frame, (?P<stores>\d+) bytes spill stores, (?P<loads>\d+) bytes spill loads.*?"
    r"Used (?P<registers>\d+) registers(?P<rest>[^\n]*)",
    re.DOTALL,
)


def readable(names):
    """The kernels' names as in the source, without their parameters."""
    text = subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True, check=True).stdout
    return [re.sub(r"^void |gantry::(cuda::)?|\(anonymous namespace\)::|\(.*\)$", "", line) for line in text.splitlines()]


def compile_one(nvcc, file, architectures, includes):
    """What nvcc says, and rows of (name, architecture, registers, shared bytes, stack bytes, spilled bytes)."""
    command = [nvcc, "-std=c++20", "-O3", "-Xptxas", "-v", "-Werror", "all-warnings", "-c", str(file), "-I", str(root / "include")]
    command += [f"-I{folder}" for folder in includes]
    command += [f"-gencode=arch=compute_{a},code=sm_{a}" for a in architectures]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(command + ["-o", f"{folder}/out.o"], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{file}: nvcc failed\n{done.stderr}")
    found = [match.groupdict() for match in pattern.finditer(done.stderr)]
    for row, name in zip(found, readable([row["name"] for row in found])):
        shared = re.search(r"(\d+) bytes smem", row["rest"])
        yield (name, int(row["architecture"]), int(row["registers"]), int(shared[1]) if shared else 0, int(row["stack"]),
               int(row["stores"]) + int(row["loads"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=pathlib.Path, help="by default kernels/*.cu")
    parser.add_argument("--architectures", nargs="+", type=int, default=[75, 80, 86, 89, 90, 100, 120])
    parser.add_argument("--nvcc", default="nvcc")
    parser.add_argument("--include", action="append", default=[], help="a folder with cudnn.h, if nvcc does not find it by itself")
    options = parser.parse_args()
    files = {}
    for file in options.files or sorted((root / "kernels").glob("*.cu")):
        kernels = files[file.stem] = collections.defaultdict(dict)
        for name, architecture, *resources in compile_one(options.nvcc, file, options.architectures, options.include):
            kernels[name][architecture] = resources
    print("| kernel | " + " | ".join(f"sm_{a}" for a in options.architectures) + " |")
    print("|---" * (len(options.architectures) + 1) + "|")
    for file, kernels in files.items():
        for name, results in kernels.items():
            cells = [f"{r} regs, {s} B" + (f", **stack {k}, spills {l}**" if k + l else "") for r, s, k, l in
                     (results[a] for a in options.architectures)]
            print(f"| {file}: {name} | " + " | ".join(cells) + " |")

    print("\n| file | kernels | registers, at most | bytes of shared memory | of stack | spilled |\n|---|---|---|---|---|---|")
    bad = 0
    for file, kernels in files.items():
        most = [max(column) for column in zip(*(row for results in kernels.values() for row in results.values()))]
        print(f"| {file} | {len(kernels)} | " + " | ".join(map(str, most)) + " |")
        bad += most[2] + most[3] > 0
    count = sum(map(len, files.values()))
    print(f"\n{count} kernels on {len(options.architectures)} architectures, {bad} files with spills or a stack frame")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
