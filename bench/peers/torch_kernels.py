#!/usr/bin/python3
"""Alternates gantry's convolutions, or sums and maxima of rows, with the same in PyTorch, on one thread each.

    bench/peers/torch_kernels.py build/release/bench/bench_convolution 'depthwise|r3gan'
    bench/peers/torch_kernels.py build/release/bench/bench_reduce .

Prints microseconds, least and median of all rounds. PyTorch's convolutions take channels-first and channels-last images;
the faster one counts. Needs Debian's python3-torch.
"""
import json
import re
import statistics
import subprocess
import sys
import time

import torch

ROUNDS, SECONDS = 5, 0.3


def times_of(f):
    """Microseconds of each call of f, for SECONDS."""
    f()
    times, end = [], time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        start = time.perf_counter()
        f()
        times.append(1e6 * (time.perf_counter() - start))
    return times


def convolution(batch, extent, inputs, outputs, size, stride, padding, groups=1):
    """{direction: functions that compute it, one for each memory format}"""
    calls = {"forward": [], "x": [], "w": []}
    for memory_format in torch.contiguous_format, torch.channels_last:
        x = torch.randn(batch, inputs, extent, extent).contiguous(memory_format=memory_format)
        w = torch.randn(outputs, inputs // groups, size, size).contiguous(memory_format=memory_format)
        y = torch.conv2d(x, w, None, stride, padding, 1, groups).contiguous(memory_format=memory_format)
        calls["forward"].append(lambda x=x, w=w: torch.conv2d(x, w, None, stride, padding, 1, groups))
        for name, wanted in ("x", [True, False, False]), ("w", [False, True, False]):
            calls[name].append(lambda x=x, w=w, y=y, wanted=wanted: torch.ops.aten.convolution_backward(
                y, x, w, None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], groups, wanted))
    return calls


def reduction(name, rows, columns):
    x, y = torch.randn(rows, columns), torch.empty(rows)
    return {"": [lambda: torch.sum(x, 1, out=y) if name == "sum" else torch.amax(x, 1, out=y)]}


def calls_of(name):
    match = re.fullmatch(r"\S+/(\d+)x(\d+)x\d+x(\d+)-(\d+)/k(\d+)s(\d+)p(\d+)(?:g(\d+))?/.*threads:1.*", name)
    if match:
        return convolution(*(int(n) for n in match.groups(default="1")))
    match = re.fullmatch(r"(sum|max)/(\d+)x(\d+)", name)
    return reduction(match[1], int(match[2]), int(match[3])) if match else None


def gantry(program, name):
    """{direction: (least, median)} of one run, in microseconds"""
    command = [program, f"--benchmark_filter=^{name}$", f"--benchmark_min_time={SECONDS}", "--benchmark_format=json"]
    result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["benchmarks"][0]
    if "forward_us" in result:
        return {d: (result[f"{d}_us"], result[f"{d}_median_us"]) for d in ("forward", "x", "w")}
    return {"": (result["cpu_time"], result["cpu_time"])}


def main():
    program, pattern = sys.argv[1:]
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    command = [program, "--benchmark_list_tests=true", f"--benchmark_filter={pattern}"]
    for name in subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n"):
        calls = calls_of(name)
        if not calls:
            continue
        ours, theirs = {}, {}
        for _ in range(ROUNDS):
            for direction, times in gantry(program, name).items():
                ours.setdefault(direction, []).append(times)
            for direction, formats in calls.items():
                for i, f in enumerate(formats):
                    theirs.setdefault(direction, {}).setdefault(i, []).extend(times_of(f))
        for direction in calls:
            least = min(t[0] for t in ours[direction])
            median = statistics.median(t[1] for t in ours[direction])
            peer = min(theirs[direction].values(), key=min)
            print(f"{name.split('/threads')[0]:44s} {direction:8s} gantry {least:8.0f} {median:8.0f}   torch {min(peer):8.0f} "
                  f"{statistics.median(peer):8.0f}   ratio {least / min(peer):.2f} {median / statistics.median(peer):.2f}",
                  flush=True)


if __name__ == "__main__":
    main()
