#!/usr/bin/python3
"""Writes pytorch_networks.safetensors: networks of PyTorch (Debian: python3-torch) with an input and their output in
evaluation mode, each as the part NAME.network of the file, with NAME.input and NAME.output beside it. Images are
channels-first, as PyTorch has them.

Use: /usr/bin/python3 make_pytorch_networks.py [pytorch_networks.safetensors]
"""
import json
import struct
import sys

import torch
from torch import nn
from torch.nn.utils import spectral_norm

BATCH = 3


class Maxout(nn.Linear):
    """The largest of some linear layers, which are one layer, piece by piece."""

    def __init__(self, inputs, outputs, pieces):
        super().__init__(inputs, outputs * pieces)
        self.pieces = pieces

    def forward(self, x):
        return super().forward(x).unflatten(1, (self.pieces, -1)).amax(1)


class Branches(nn.Module):
    """A vector that a head takes before it becomes an image."""

    def __init__(self):
        super().__init__()
        self.dense, self.head = nn.Linear(3, 24), nn.Linear(24, 4)
        self.conv, self.out = nn.Conv2d(3, 2, 3, padding=1), nn.Linear(16, 4)

    def forward(self, z):
        h = torch.tanh(self.dense(z))
        judged = self.head(h)
        return self.out(self.conv(h.unflatten(1, (3, 2, 4))).flatten(1)) + judged


torch.manual_seed(1)  # of the initial weights, too
CASES = {
    "conv_dense": ((2, 4, 5), [nn.Conv2d(2, 3, 3, padding=1), nn.Flatten(), nn.Linear(60, 4)]),
    "conv_norms_dense": ((2, 4, 5), [
        nn.Conv2d(2, 3, 3, padding=1), nn.BatchNorm2d(3), nn.LeakyReLU(0.2), nn.Flatten(), nn.Dropout(0.3),
        nn.BatchNorm1d(60), nn.Linear(60, 4)]),
    "dense_transposed": ((3,), [nn.Linear(3, 24), nn.Unflatten(1, (3, 2, 4)), nn.ConvTranspose2d(3, 2, 3, 2)]),
    "dense_norm_conv": ((3,), [
        nn.Linear(3, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Unflatten(1, (3, 2, 4)), nn.Conv2d(3, 2, 3, padding=1)]),
    "nested": ((2, 4, 5), [
        nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.Sequential(nn.Tanh(), nn.Flatten())),
        nn.Sequential(nn.Dropout(0.1), nn.Sequential(nn.BatchNorm1d(60), nn.Linear(60, 7)), nn.ReLU(),
                      nn.Linear(7, 16)),
        nn.Sequential(nn.BatchNorm1d(16), nn.Unflatten(1, (4, 2, 2))), nn.Conv2d(4, 2, 2)]),
    "maxout": ((2, 4, 6), [
        nn.Conv2d(2, 3, 3, padding=1), nn.MaxPool2d(2), nn.Flatten(), Maxout(18, 12, 3), nn.Dropout(0.2),
        nn.Unflatten(1, (2, 2, 3)), nn.Conv2d(2, 3, 2)]),
    "pool_dense": ((2, 4, 6), [
        nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(24, 3)]),
    "one_channel": ((2, 4, 5), [
        nn.Conv2d(2, 1, 3, padding=1), nn.Flatten(), nn.Linear(20, 6), nn.Unflatten(1, (1, 2, 3)), nn.Conv2d(1, 2, 2),
        nn.Conv2d(2, 1, 1), nn.Flatten()]),
    "one_pixel": ((5,), [
        nn.Unflatten(1, (5, 1, 1)), nn.ConvTranspose2d(5, 3, 2), nn.Conv2d(3, 4, 2), nn.Flatten(), nn.Linear(4, 4),
        nn.Unflatten(1, (4, 1, 1)), nn.ConvTranspose2d(4, 2, 3), nn.Conv2d(2, 3, 3), nn.Flatten()]),
    "other_sides": ((2, 4, 5), [
        nn.Conv2d(2, 3, 1), nn.Flatten(), nn.BatchNorm1d(60), nn.Unflatten(1, (3, 2, 10)), nn.Conv2d(3, 2, 2)]),
    "channel_means": ((2, 4, 5), [
        nn.Conv2d(2, 3, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 8), nn.Unflatten(1, (2, 2, 2)),
        nn.Upsample(scale_factor=2), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(8, 2)]),
    "groups": ((4, 4, 5), [
        nn.Conv2d(4, 6, 3, padding=1, groups=2), nn.ConvTranspose2d(6, 3, (2, 3), 2, groups=3), nn.ReLU(),
        nn.Conv2d(3, 6, 3, groups=3), nn.Conv2d(6, 6, 3, padding=1, groups=6)]),
    "spectral": ((4, 4, 5), [
        spectral_norm(nn.Conv2d(4, 6, (3, 2), padding=1, groups=2)), nn.ReLU(),
        spectral_norm(nn.ConvTranspose2d(6, 3, (2, 3), 2, groups=3)), nn.Flatten(),
        spectral_norm(nn.Linear(312, 24)), nn.Unflatten(1, (3, 2, 4)), nn.Conv2d(3, 2, 2)]),
    "branches": ((3,), [Branches()]),
}


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, tensor in tensors.items():
        content = tensor.detach().contiguous().numpy().tobytes()
        header[name] = {"dtype": {torch.float32: "F32", torch.float64: "F64", torch.int64: "I64"}[tensor.dtype],
                        "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def main():
    tensors = {}
    for name, (shape, layers) in CASES.items():
        network = nn.Sequential(*layers).eval()
        for key, tensor in network.state_dict().items():
            if key.endswith("running_var") or key.endswith("running_mean") or key.endswith("bias"):
                tensor.uniform_(0.5, 2)
            elif tensor.dim() == 1 and not key.endswith(("weight_u", "weight_v")):
                tensor.uniform_(-2, 2)
        x = torch.randn(BATCH, *shape)
        tensors[f"{name}.input"], tensors[f"{name}.output"] = x, network(x)
        tensors.update({f"{name}.network.{key}": tensor for key, tensor in network.state_dict().items()})
    write_safetensors(sys.argv[1] if len(sys.argv) > 1 else "pytorch_networks.safetensors", tensors)


if __name__ == "__main__":
    main()
