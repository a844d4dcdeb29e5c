#!/usr/bin/python3
"""Trains the DCGAN of pytorch/examples for MNIST in PyTorch (Debian: python3-torch) as test_dcgan.cpp does in gantry,
from weights that gantry wrote; compares the losses, and gives the trained weights back to gantry.

Use: dcgan.py PATH/TO/test_parity [--write dcgan_losses.hpp]
"""
import argparse
import json
import os
import struct
import subprocess
import sys
import tempfile

import torch
from torch import nn


def read_safetensors(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    header.pop("__metadata__", None)
    types = {"F32": torch.float32, "F64": torch.float64}
    return {name: torch.frombuffer(bytearray(data[slice(*entry["data_offsets"])]), dtype=types[entry["dtype"]])
            .reshape(entry["shape"]) for name, entry in header.items()}


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, tensor in tensors.items():
        content = tensor.detach().contiguous().numpy().tobytes()
        header[name] = {"dtype": {4: "F32", 8: "F64"}[tensor.element_size()], "shape": list(tensor.shape),
                        "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def up(channels_in, channels_out, size, stride, padding):
    return nn.ConvTranspose2d(channels_in, channels_out, size, stride, padding, bias=False)


def down(channels_in, channels_out, size=4, stride=2, padding=1):
    return nn.Conv2d(channels_in, channels_out, size, stride, padding, bias=False)


GENERATOR = nn.Sequential(
    nn.Unflatten(1, (100, 1, 1)), up(100, 256, 4, 1, 0), nn.BatchNorm2d(256), nn.ReLU(),
    up(256, 128, 3, 2, 1), nn.BatchNorm2d(128), nn.ReLU(), up(128, 64, 4, 2, 1), nn.BatchNorm2d(64), nn.ReLU(),
    up(64, 1, 4, 2, 1), nn.Tanh())
DISCRIMINATOR = nn.Sequential(
    down(1, 64), nn.LeakyReLU(0.2), down(64, 128), nn.BatchNorm2d(128), nn.LeakyReLU(0.2),
    down(128, 256), nn.BatchNorm2d(256), nn.LeakyReLU(0.2), down(256, 1, 3, 1, 0), nn.Flatten())
NETWORKS = {"generator": GENERATOR, "discriminator": DISCRIMINATOR}
# By the bytes of a number; see test_dcgan.cpp.
LEARNING_RATES = {4: 4e-6, 8: 2e-4}


def load(tensors):
    for name, network in NETWORKS.items():
        network.to(tensors["noise 0"].dtype)
        state = {key[len(name) + 1:]: value for key, value in tensors.items() if key.startswith(name + ".")}
        missing, unexpected = network.load_state_dict(state, strict=False)
        assert not unexpected and all(key.endswith("num_batches_tracked") for key in missing), (missing, unexpected)


def train(tensors, learning_rate):
    loss = nn.BCEWithLogitsLoss()
    optimizers = [torch.optim.Adam(network.parameters(), lr=learning_rate, betas=(0.5, 0.5))
                  for network in NETWORKS.values()]

    def update(optimizer, value):
        for each in optimizers:
            each.zero_grad()
        value.backward()
        optimizer.step()
        return value.item()

    def against(logits, target):
        return loss(logits, torch.full_like(logits, target))

    losses = {name: [] for name in NETWORKS}
    for i in range(sum(name.startswith("batch ") for name in tensors)):
        batch = tensors[f"batch {i}"]
        with torch.no_grad():
            fake = GENERATOR(tensors[f"noise {i}"])
        losses["discriminator"].append(
            update(optimizers[1], against(DISCRIMINATOR(batch), 0.9) + against(DISCRIMINATOR(fake), 0)))
        fake = GENERATOR(tensors[f"second noise {i}"])
        losses["generator"].append(update(optimizers[0], against(DISCRIMINATOR(fake), 1)))
    return losses


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("test_parity")
    parser.add_argument("--write", metavar="HEADER", help="write the losses for test_dcgan.cpp")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        def gantry(tag):
            return subprocess.run([arguments.test_parity, tag], env={**os.environ, "GANTRY_PARITY_FOLDER": folder},
                                  check=False).returncode

        if gantry("[start]") != 0:
            sys.exit("gantry did not write its start")
        header = ["#pragma once", f"// Made by dcgan.py with PyTorch {torch.__version__.split('+')[0]}.",
                  "// clang-format off",
                  "#include <vector>\n", "namespace gantry::test::parity {\n", "template <class T>",
                  f"inline constexpr double learning_rate = sizeof(T) == 4 ? {LEARNING_RATES[4]} : {LEARNING_RATES[8]};"]
        header += [line for name in NETWORKS
                   for line in ("template <class T>", f"inline const std::vector<double> {name}_losses;")]
        for size, learning_rate in LEARNING_RATES.items():
            tensors = read_safetensors(os.path.join(folder, f"start {size}.safetensors"))
            load(tensors)
            for name, values in train(tensors, learning_rate).items():
                scalar = {4: "float", 8: "double"}[size]
                header += ["template <>", f"inline const std::vector<double> {name}_losses<{scalar}>{{" +
                           ", ".join(f"{value:.{3 * size}g}" for value in values) + "};"]
            end = {f"{name}.{key}": value for name, network in NETWORKS.items()
                   for key, value in network.state_dict().items() if not key.endswith("num_batches_tracked")}
            write_safetensors(os.path.join(folder, f"end {size}.safetensors"), end)
        if arguments.write:
            with open(arguments.write, "w", encoding="ascii") as file:
                file.write("\n".join(header + ["\n}  // namespace gantry::test::parity\n"]))
        sys.exit(gantry("[end]"))


main()
