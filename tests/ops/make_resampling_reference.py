#!/usr/bin/python3
"""Writes resampling_reference.hpp: resampling by 2 as StyleGAN2, R3GAN and PyTorch do it (Debian: python3-torch), in
double, with images in gantry's order: (batch, height, width, channels).

Use: /usr/bin/python3 make_resampling_reference.py > resampling_reference.hpp
"""
import torch
from torch.nn.functional import conv2d, conv_transpose2d, interpolate, pad

torch.manual_seed(1)
BATCH, CHANNELS = 2, 3


def window(taps):
    f = torch.tensor(taps).double()
    return torch.outer(f, f) / f.sum() ** 2


def by_channel(x):
    return x.reshape(-1, 1, *x.shape[2:])


def upsample2d(x, taps):
    """StyleGAN2's: zeros between the pixels, padding ((n + 1) // 2, (n - 2) // 2), convolution with the filter times 4."""
    n, (height, width) = len(taps), x.shape[2:]
    z = x.new_zeros(*x.shape[:2], 2 * height, 2 * width)
    z[:, :, ::2, ::2] = x
    z = pad(z, [(n + 1) // 2, (n - 2) // 2] * 2)
    return conv2d(by_channel(z), 4 * window(taps).flip(0, 1)[None, None]).reshape(*x.shape[:2], 2 * height, 2 * width)


def downsample2d(x, taps):
    """StyleGAN2's: padding ((n - 1) // 2, (n - 2) // 2), convolution, every second pixel."""
    n, (height, width) = len(taps), x.shape[2:]
    z = pad(x, [(n - 1) // 2, (n - 2) // 2] * 2)
    y = conv2d(by_channel(z), window(taps).flip(0, 1)[None, None], stride=2)
    return y.reshape(*x.shape[:2], height // 2, width // 2)


def interpolative(taps):
    """R3GAN's filter: convolved with [1, 1]."""
    return [a + b for a, b in zip([*taps, 0], [0, *taps])]


def bilinear(x, _):
    return interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


CASES = {
    "upsample": (upsample2d, (3, 4), [1, 3, 3, 1]),
    "downsample": (downsample2d, (4, 6), [1, 3, 3, 1]),
    "upsample_odd": (upsample2d, (2, 3), [1, 2, 5]),
    "downsample_odd": (downsample2d, (6, 4), [1, 2, 5]),
    "upsample_long": (upsample2d, (2, 3), [1, -2, 5, 7, 3]),
    "downsample_long": (downsample2d, (4, 2), [1, -2, 5, 7, 3]),
    "bilinear": (bilinear, (3, 4), None),
    "bilinear_of_one_row": (bilinear, (1, 2), None),
}


def array(name, tensor):
    numbers = ", ".join(f"{x:.12g}" for x in tensor.detach().permute(0, 2, 3, 1).flatten().tolist())
    print(f"    .{name}{{{numbers}}},")


def random(*extents):
    return torch.randint(-32, 33, extents).double() / 16


# R3GAN's InterpolativeUpsampler and InterpolativeDownsampler with [1, 2, 1].
image = random(BATCH, CHANNELS, 4, 6)
assert interpolative([1, 2, 1]) == [1, 3, 3, 1]
kernel = window([1, 3, 3, 1])[None, None]
up, down = conv_transpose2d(by_channel(image), 4 * kernel, stride=2, padding=1), conv2d(by_channel(image), kernel, stride=2, padding=1)
torch.testing.assert_close(up.reshape(BATCH, CHANNELS, 8, 12), upsample2d(image, [1, 3, 3, 1]))
torch.testing.assert_close(down.reshape(BATCH, CHANNELS, 2, 3), downsample2d(image, [1, 3, 3, 1]))

print("#pragma once")
print("// Made by make_resampling_reference.py with PyTorch " + torch.__version__.split("+")[0] + ".")
print("// clang-format off")
print("#include <vector>\n")
print("namespace gantry::test::resampling_reference {\n")
print("struct Case {\n    std::vector<double> x, upstream, y, x_gradient;\n};")
print(f"inline constexpr int batch = {BATCH}, channels = {CHANNELS};")
for name, (function, extents, taps) in CASES.items():
    x = random(BATCH, CHANNELS, *extents).requires_grad_()
    y = function(x, taps)
    upstream = random(*y.shape)
    (y * upstream).sum().backward()
    print(f"\ninline const Case {name}{{")
    array("x", x)
    array("upstream", upstream)
    array("y", y)
    array("x_gradient", x.grad)
    print("};")
print("\n}  // namespace gantry::test::resampling_reference")
