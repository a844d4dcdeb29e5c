#!/usr/bin/env python3
"""Alternates two Google Benchmark programs and prints the ratios of the times of benchmarks with the same name.

    bench/peers/compare.py build/release/bench/bench_gan_step build/release/bench/peers/peer_torch_gan_step

Shared machines are noisy: the programs alternate, one short run of one benchmark at a time, and the minimum and the
median of all runs are compared. glibc's malloc is configured to keep its pages (otherwise libtorch spends 20 to 40 % of
a small step on page faults), and BLAS uses OpenMP threads.
"""
import argparse
import json
import os
import statistics
import subprocess

TUNED = {
    "MALLOC_TRIM_THRESHOLD_": str(1 << 40),
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TOP_PAD_": str(64 << 20),
    "OMP_WAIT_POLICY": "active",
}


def names(program, pattern):
    command = [program, "--benchmark_list_tests=true", f"--benchmark_filter={pattern}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def run(program, name, seconds, environment):
    """The milliseconds per iteration, and the benchmark's name in the report."""
    command = [program, f"--benchmark_filter=^{name}$", f"--benchmark_min_time={seconds}", "--benchmark_format=json"]
    output = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    result = json.loads(output)["benchmarks"][0]
    return result["real_time"] * {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3}[result["time_unit"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ours")
    parser.add_argument("peer")
    parser.add_argument("--filter", default=".*", help="names of benchmarks, a regular expression")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.4, help="of each run")
    arguments = parser.parse_args()

    ours, peer = names(arguments.ours, arguments.filter), names(arguments.peer, arguments.filter)
    shared = [name for name in ours if name in peer]
    environment = os.environ | TUNED
    print(f"{'milliseconds':44}{'ours min':>10}{'median':>10}{'peer min':>10}{'median':>10}{'peer/ours min':>15}{'median':>10}")
    for name in shared:
        times = {arguments.ours: [], arguments.peer: []}
        for _ in range(arguments.rounds):
            for program, list_of_times in times.items():
                list_of_times.append(run(program, name, arguments.seconds, environment))
        (a, b) = times.values()
        a_median, b_median = statistics.median(a), statistics.median(b)
        print(
            f"{name:44}{min(a):10.4f}{a_median:10.4f}{min(b):10.4f}{b_median:10.4f}"
            f"{min(b) / min(a):15.2f}{b_median / a_median:10.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
