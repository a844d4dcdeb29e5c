#!/usr/bin/python3
"""Writes convolution_reference.hpp: what PyTorch's conv2d and conv_transpose2d do (Debian: python3-torch), in double,
in gantry's order: images (batch, height, width, channels), weights (height, width, channels of the larger image,
channels of the smaller one).

Use: /usr/bin/python3 make_convolution_reference.py > convolution_reference.hpp
"""
import torch

torch.manual_seed(1)
BATCH = 2
# name: function, image, channels, window of test_convolution.cpp
CASES = {
    "uneven": (torch.nn.functional.conv2d, (5, 7), (3, 4), (3, 2),
               dict(stride=(2, 1), padding=(1, 2), dilation=(1, 2))),
    "halving": (torch.nn.functional.conv2d, (8, 6), (2, 3), (4, 4), dict(stride=2, padding=1)),
    "uneven_transposed": (torch.nn.functional.conv_transpose2d, (4, 3), (4, 3), (3, 4),
                          dict(stride=(2, 3), padding=(1, 0), dilation=(2, 1), output_padding=(1, 2))),
    "doubling": (torch.nn.functional.conv_transpose2d, (3, 4), (3, 2), (4, 4), dict(stride=2, padding=1)),
    "grouped": (torch.nn.functional.conv2d, (5, 4), (6, 4), (3, 2), dict(stride=(2, 1), padding=(1, 0), groups=2)),
    "depthwise": (torch.nn.functional.conv2d, (3, 5), (3, 6), (3, 3), dict(padding=1, dilation=(1, 2), groups=3)),
    "grouped_transposed": (torch.nn.functional.conv_transpose2d, (2, 3), (6, 4), (4, 4),
                           dict(stride=2, padding=1, groups=2)),
}


def array(name, tensor):
    numbers = ", ".join(f"{x:.10g}" for x in tensor.detach().flatten().tolist())
    print(f"    .{name}{{{numbers}}},")


def random(*extents):
    """Multiples of 1/16: products and sums of them have few digits."""
    return torch.randint(-32, 33, extents).double() / 16


def image(tensor):
    return tensor.permute(0, 2, 3, 1)


def weights(tensor):
    return tensor.permute(2, 3, 1, 0)


print("#pragma once")
print("// Made by make_convolution_reference.py with PyTorch " + torch.__version__.split("+")[0] + ".")
print("// clang-format off")
print("#include <vector>\n")
print("namespace gantry::test::convolution_reference {\n")
print("struct Case {\n    std::vector<double> x, w, bias, upstream, y, x_gradient, w_gradient, bias_gradient;\n};")
print(f"inline constexpr int batch = {BATCH};")
for name, (function, extents, (channels_in, channels_out), size, options) in CASES.items():
    x = random(BATCH, channels_in, *extents).requires_grad_()
    groups = options.get("groups", 1)
    first = ((channels_out, channels_in // groups) if function is torch.nn.functional.conv2d else
             (channels_in, channels_out // groups))
    w = random(*first, *size).requires_grad_()
    bias = random(channels_out).requires_grad_()
    y = function(x, w, bias, **options)
    upstream = random(*y.shape)
    (y * upstream).sum().backward()
    print(f"\ninline const Case {name}{{")
    array("x", image(x))
    array("w", weights(w))
    array("bias", bias)
    array("upstream", image(upstream))
    array("y", image(y))
    array("x_gradient", image(x.grad))
    array("w_gradient", weights(w.grad))
    array("bias_gradient", bias.grad)
    print("};")
print("\n}  // namespace gantry::test::convolution_reference")
