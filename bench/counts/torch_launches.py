#!/usr/bin/python3
"""Counts the kernels that PyTorch's eager mode launches in a training step of a GAN, using its profiler on the CPU.

Each operator counts as one kernel, though some are two or three on a GPU (batch norm, the backward pass of a
convolution): a lower bound. Views, allocations, and the step counters that Adam keeps on the host are not counted. The
steps are those of step_counts.cpp without the rest of a trainer's work: batches are ready, and no metrics are computed.
Needs Debian's python3-torch.
"""
import collections
import sys

import torch
from torch import nn
from torch.profiler import ProfilerActivity, profile

NO_KERNEL = {
    "aten::" + name
    for name in (
        "alias as_strided chunk detach detach_ empty empty_like empty_strided expand is_nonzero item narrow permute "
        "requires_grad_ reshape resize_ result_type select set_ slice split squeeze t to transpose unbind unflatten "
        "unsqueeze view _local_scalar_dense _reshape_alias _unsafe_view"
    ).split()
}
# Operators that only call others.
COMPOSED = {
    "aten::" + name
    for name in (
        "linear matmul conv2d conv_transpose2d batch_norm _batch_norm_impl_index flatten ones_like zeros_like zeros "
        "ones randn binary_cross_entropy_with_logits _batch_norm_impl_index_backward zero_ sum_to_size"
    ).split()
}


def mlp(widths, last):
    layers = []
    for i, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        layers.append(nn.Linear(inputs, outputs))
        if i + 2 < len(widths):
            layers.append(nn.ReLU() if last else nn.LeakyReLU(0.2))
    return nn.Sequential(*layers, *([nn.Tanh()] if last else []))


def dcgan(n):
    def up(inputs, outputs, stride, padding):
        return nn.ConvTranspose2d(inputs, outputs, 4, stride, padding, bias=False)

    def down(inputs, outputs, stride, padding):
        return nn.Conv2d(inputs, outputs, 4, stride, padding, bias=False)

    generator = nn.Sequential(
        nn.Unflatten(1, (100, 1, 1)), up(100, 4 * n, 1, 0), nn.BatchNorm2d(4 * n), nn.ReLU(),
        up(4 * n, 2 * n, 2, 1), nn.BatchNorm2d(2 * n), nn.ReLU(), up(2 * n, n, 2, 1), nn.BatchNorm2d(n), nn.ReLU(),
        up(n, 3, 2, 1), nn.Tanh())
    discriminator = nn.Sequential(
        down(3, n, 2, 1), nn.LeakyReLU(0.2), down(n, 2 * n, 2, 1), nn.BatchNorm2d(2 * n), nn.LeakyReLU(0.2),
        down(2 * n, 4 * n, 2, 1), nn.BatchNorm2d(4 * n), nn.LeakyReLU(0.2), down(4 * n, 1, 1, 0), nn.Flatten())
    return generator, discriminator, (3, 32, 32)


def launches(generator, discriminator, image, batch, foreach):
    real = torch.rand(batch, *image) * 2 - 1
    ones, zeros = torch.ones(batch, 1), torch.zeros(batch, 1)
    loss = nn.BCEWithLogitsLoss()
    adams = [torch.optim.Adam(network.parameters(), foreach=foreach) for network in (generator, discriminator)]

    def step():
        adams[1].zero_grad(set_to_none=True)
        with torch.no_grad():
            fake = generator(torch.randn(batch, 100))
        (loss(discriminator(real), ones) + loss(discriminator(fake), zeros)).backward()
        adams[1].step()
        adams[0].zero_grad(set_to_none=True)
        discriminator.requires_grad_(False)
        loss(discriminator(generator(torch.randn(batch, 100))), ones).backward()
        discriminator.requires_grad_(True)
        adams[0].step()

    for _ in range(2):
        step()
    with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as run:
        step()
    kernels = collections.Counter()

    def visit(event):
        name = event.name
        counts_steps = name == "aten::add_" and event.input_shapes[:1] == [[]]
        if name in NO_KERNEL or counts_steps:
            return
        if name.startswith("aten::") and name not in COMPOSED:
            kernels[name] += 1
            return
        for child in event.cpu_children:
            visit(child)

    for event in run.events():
        if event.cpu_parent is None:
            visit(event)
    return kernels


def main():
    gans = {
        "mlp_256": (lambda: (mlp([100, 128, 256, 784], True), mlp([784, 256, 128, 1], False), (784,)), 64),
        "mlp_1200": (lambda: (mlp([100, 1200, 1200, 784], True), mlp([784, 240, 240, 1], False), (784,)), 128),
        "dcgan_16": (lambda: dcgan(16), 100),
        "dcgan_64": (lambda: dcgan(64), 64),
    }
    print("| step | kernels | kernels, Adam for all parameters at once |\n|---|---|---|")
    for name, (make, batch) in gans.items():
        each, together = (launches(*make(), batch, foreach) for foreach in (False, True))
        print(f"| {name}, batch {batch} | {sum(each.values())} | {sum(together.values())} |")
        if "--kernels" in sys.argv:
            for kernel, count in each.most_common():
                print(f"    {count:4d}  {kernel}")


if __name__ == "__main__":
    main()
