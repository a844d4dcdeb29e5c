#!/usr/bin/env python3
"""Joins the tables of bench_gpu_gan_step and torch_gpu_gan_step.py and prints ratios.

    bench/peers/compare_gpu.py gantry.csv torch.csv

A ratio is PyTorch's time over gantry's: above 1 gantry is faster. Both files must come from the same GPU. PyTorch's bf16
is compared with gantry's TF32, since gantry has no bf16. The last column is PyTorch's fastest mode.
"""
import argparse
import csv
import sys

GANTRY_PRECISION = {"fp32": "fp32", "tf32": "tf32", "bf16": "tf32"}
MODES = ("eager", "graph", "compile+graph")


def read(path):
    """{(network, batch, precision): {mode: microseconds}}, in the order of the file."""
    times = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            if row["us"]:
                key = row["network"], int(row["batch"]), row["precision"]
                times.setdefault(key, {})[row["mode"]] = float(row["us"])
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gantry", help="bench_gpu_gan_step --csv")
    parser.add_argument("torch", help="torch_gpu_gan_step.py --csv")
    options = parser.parse_args()
    gantry, torch = read(options.gantry), read(options.torch)

    rows = []
    for (network, batch, precision), modes in torch.items():
        ours = gantry.get((network, batch, GANTRY_PRECISION[precision]), {}).get("graph")
        if ours:
            rows.append((network, batch, precision, ours, modes))
    if not rows:
        print("compare_gpu: the two files have no network, batch and precision in common", file=sys.stderr)
        return 1

    columns = [mode for mode in MODES if any(mode in row[-1] for row in rows)]
    print("microseconds per step, and PyTorch's time over gantry's; bf16 is compared with gantry's TF32")
    print(f"{'network':12}{'batch':>6}  {'':6}{'gantry':>10}", *(f"{mode:>20}" for mode in columns), f"{'best':>8}")
    for network, batch, precision, ours, modes in rows:
        cells = [f"{modes[m]:12.1f}{modes[m] / ours:7.2f}x" if m in modes else f"{'-':>20}" for m in columns]
        print(f"{network:12}{batch:6}  {precision:6}{ours:10.1f}", *cells, f"{min(modes.values()) / ours:7.2f}x")
    return 0


if __name__ == "__main__":
    sys.exit(main())
