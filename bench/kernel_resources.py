#!/usr/bin/env python3
"""Reports registers, shared memory, stack and spills of gantry's CUDA kernels as ptxas prints them, and each file's maxima.

    bench/kernel_resources.py                                      # all kernels, sm_75 to sm_120
    bench/kernel_resources.py kernels/matmul.cu --architectures 80 90

Exits with 1 if a kernel spills or has a stack frame, or if nvcc warns. Needs nvcc in PATH (or --nvcc) and cuDNN's header.
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
    """The kernels' names as in the source, with template arguments but without parameters.

    >>> readable(["_ZN6gantry4cuda7uniformIdEEvmPT_", "_ZN6gantry4cuda3runILNS_14ActivationKindE2EfEEvPT0_", "custom"])
    ['uniform<double>', 'run<(ActivationKind)2, float>', 'custom']
    >>> readable(["_ZN6gantry4cuda5applyIN12_GLOBAL__N_13AddEEEvPFvT_E"])  # a pointer to a function as its parameter
    ['apply<Add>']
    """
    text = subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True, check=True).stdout
    return [re.sub(r"^void |gantry::(cuda::)?", "", without_parameters(line.replace("(anonymous namespace)::", "")))
            for line in text.splitlines()]


def without_parameters(name):
    """Removes the parenthesised parameter list at the end of a name.

    >>> without_parameters("f<(Kind)1>(int (*)(float))")
    'f<(Kind)1>'
    """
    open_parentheses = 0
    for at in range(len(name) - 1, -1, -1) if name.endswith(")") else ():
        open_parentheses += (name[at] == ")") - (name[at] == "(")
        if open_parentheses == 0:
            return name[:at]
    return name


def parse(messages):
    """Parses the output of ptxas -v to rows of (mangled name, architecture, registers, shared, stack and spilled bytes).

    >>> parse('''ptxas info    : Compiling entry function '_Z1fv' for 'sm_90'
    ... ptxas info    : Function properties for _Z1fv
    ...     8 bytes stack frame, 4 bytes spill stores, 12 bytes spill loads
    ... ptxas info    : Used 30 registers, used 1 barriers, 512 bytes smem
    ... ptxas info    : Compiling entry function '_Z1gv' for 'sm_90'
    ... ptxas info    : Function properties for _Z1gv
    ...     0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
    ... ptxas info    : Used 8 registers''')
    [('_Z1fv', 90, 30, 512, 8, 16), ('_Z1gv', 90, 8, 0, 0, 0)]
    """
    rows = []
    for row in pattern.finditer(messages):
        shared = re.search(r"(\d+) bytes smem", row["rest"])
        rows.append((row["name"], int(row["architecture"]), int(row["registers"]), int(shared[1]) if shared else 0,
                     int(row["stack"]), int(row["stores"]) + int(row["loads"])))
    return rows


def compile_one(nvcc, file, architectures, includes):
    """Compiles a file and returns the rows of its kernels, as parse does."""
    command = [nvcc, "-std=c++20", "-O3", "-Xptxas", "-v", "-Werror", "all-warnings", "-c", str(file), "-I", str(root / "include")]
    command += [f"-I{folder}" for folder in includes]
    command += [f"-gencode=arch=compute_{a},code=sm_{a}" for a in architectures]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(command + ["-o", f"{folder}/out.o"], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{file}: nvcc failed\n{done.stderr}")
    rows = parse(done.stderr)
    compiled = done.stderr.count("Compiling entry function")
    if len(rows) != compiled or len({row[:2] for row in rows}) != compiled:
        sys.exit(f"{file}: ptxas compiled {compiled} kernels, of which {len(rows)} were understood")
    return rows


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
        for mangled, architecture, *resources in compile_one(options.nvcc, file, options.architectures, options.include):
            kernels[mangled][architecture] = resources
    print("| kernel | " + " | ".join(f"sm_{a}" for a in options.architectures) + " |")
    print("|---" * (len(options.architectures) + 1) + "|")
    for file, kernels in files.items():
        for name, results in zip(readable(kernels), kernels.values()):
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
