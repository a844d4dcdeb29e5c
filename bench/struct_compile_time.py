#!/usr/bin/env python3
"""Compiles training programs of 1, 10 and 50 different blocks, as a Sequential and as structs, and reports the times.

    bench/struct_compile_time.py [--compiler g++] [--rounds 3] [-O 0]

The programs alternate, so that a busy machine slows both alike. Times are CPU seconds, the least of the rounds.
"""
import argparse
import os
import pathlib
import shlex
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROGRAM = """
#include <gantry/gantry.hpp>
using namespace gantry;
{network}
int main() {{
    Cpu device;
    Network<Net, Cpu> net{{device, Seed{{1}}}};
    Adam adam{{net, {{}}}};
    const Step step{{device}};
    const auto x = filled<Shape<Batch, 8>>(device, 4, 1);
    adam.step(backward(mean(square(net(x))), net));
    return evaluation(net)(frozen(net)(x)).to_host().empty();
}}
"""


def sequential(blocks):
    layers = [f"Dense<8, {16 + i}>, BatchNorm<{16 + i}>, ReLU, Dense<{16 + i}, 8>" for i in range(blocks)]
    return f"using Net = Sequential<{', '.join(layers)}>;"


def struct(blocks):
    block = """template <int n>
struct Block {
    Dense<8, n> first;
    Fused<BatchNorm<n>, ReLU> norm;
    Dense<n, 8> second;
    auto operator()(const auto& x) const { return second(norm(first(x))); }
};
"""
    groups, calls = [], []
    for begin in range(0, blocks, 25):  # a struct has at most 32 members
        members = [f"    Block<{16 + i}> b{i};" for i in range(begin, min(begin + 25, blocks))]
        call = "x"
        for i in range(begin, min(begin + 25, blocks)):
            call = f"b{i}({call})"
        groups.append(f"struct Group{begin} {{\n" + "\n".join(members) +
                      f"\n    auto operator()(const auto& x) const {{ return {call}; }}\n}};\n")
        calls.append(begin)
    call = "x"
    for begin in calls:
        call = f"g{begin}({call})"
    members = "\n".join(f"    Group{begin} g{begin};" for begin in calls)
    return block + "".join(groups) + f"struct Net {{\n{members}\n    auto operator()(const auto& x) const {{ return {call}; }}\n}};\n"


def compile_one(command, path):
    words = [*command, str(path), "-o", os.devnull]
    child = os.spawnvp(os.P_NOWAIT, words[0], words)
    _, status, usage = os.wait4(child, 0)
    if status != 0:
        raise SystemExit(f"the compiler failed: {' '.join(words)}")
    return usage.ru_utime, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("-O", dest="level", default="0")
    arguments = parser.parse_args()
    command = [*shlex.split(arguments.compiler), "-std=c++20", f"-O{arguments.level}", f"-I{ROOT / 'include'}", "-c"]
    print("| blocks | Sequential, s | MiB | structs, s | MiB | ratio |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for blocks in (1, 10, 50):
            least = {}
            for _ in range(arguments.rounds):
                for name, network in (("sequential", sequential(blocks)), ("struct", struct(blocks))):
                    path = pathlib.Path(folder) / f"{name}.cpp"
                    path.write_text(PROGRAM.format(network=network))
                    seconds, megabytes = compile_one(command, path)
                    before = least.get(name, (seconds, megabytes))
                    least[name] = min(before[0], seconds), max(before[1], megabytes)
            a, b = least["sequential"], least["struct"]
            print(f"| {blocks} | {a[0]:.1f} | {a[1]:.0f} | {b[0]:.1f} | {b[1]:.0f} | {b[0] / a[0]:.2f} |", flush=True)


if __name__ == "__main__":
    main()
