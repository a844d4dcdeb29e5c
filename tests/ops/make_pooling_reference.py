#!/usr/bin/python3
"""Writes pooling_reference.hpp: what PyTorch's pooling does (Debian: python3-torch), in double, images
channels-last.

Use: /usr/bin/python3 make_pooling_reference.py > pooling_reference.hpp
"""
import torch
import torch.nn.functional as F

torch.manual_seed(1)
BATCH, CHANNELS, HEIGHT, WIDTH = 2, 2, 7, 6


def numbers(tensor):
    if tensor.dim() == 4:
        tensor = tensor.permute(0, 2, 3, 1)
    return "{" + ", ".join(repr(x) for x in tensor.detach().flatten().tolist()) + "}"


def gradient(result, x, upstream):
    (found,) = torch.autograd.grad(result, x, upstream)
    return found


def random_like(tensor):
    return torch.randint(-8, 9, tensor.shape).double() / 4


def pooling(name, size, stride, padding):
    largest, indices = F.max_pool2d(x, size, stride, padding, return_indices=True)
    mean = F.avg_pool2d(x, size, stride, padding)
    upstream = random_like(mean)
    print(f"inline const PoolingCase {name}{{")
    gradients = [gradient(largest, x, upstream), gradient(mean, x, upstream)]
    for tensor in [largest, indices, mean, upstream] + gradients:
        print(f"    {numbers(tensor)},")
    print("};")
    return largest, indices


def array(name, tensor):
    print(f"inline const std::vector<double> {name}{numbers(tensor)};")


print("#pragma once")
print("// Made by make_pooling_reference.py with PyTorch " + torch.__version__.split("+")[0] + ".")
print("#include <cstdint>")
print("#include <vector>\n")
print("namespace gantry::test::pooling_reference {\n")
print("struct PoolingCase {")
print("    std::vector<double> max;")
print("    std::vector<std::int32_t> switches;")
print("    std::vector<double> mean, upstream, max_gradient, mean_gradient;")
print("};\n")
print(f"inline constexpr int batch = {BATCH}, height = {HEIGHT}, width = {WIDTH}, channels = {CHANNELS};")
x = torch.randint(-4, 5, (BATCH, CHANNELS, HEIGHT, WIDTH)).double() / 2  # many are equal
x.requires_grad_()
array("x", x)

print("\n// size 2")
pooled = pooling("halves", 2, 2, 0)
array("unpooled", F.max_unpool2d(*pooled, 2, output_size=(HEIGHT, WIDTH)))
print("\n// size {3, 2}, stride {2, 1}, padding {1, 1}: windows overlap")
pooling("overlapping", (3, 2), (2, 1), (1, 1))
print("\n// size {2, 3}, stride {3, 2}: some rows and the last column are in no window")
pooling("with_gaps", (2, 3), (3, 2), 0)

print("\n// factors {2, 3}")
large = F.interpolate(x, scale_factor=(2, 3), mode="nearest")
upstream = random_like(large)
array("upsampled", large)
array("upsampled_upstream", upstream)
array("upsampled_gradient", gradient(large, x, upstream))

print("\n// AdaptiveAvgPool2d(1)")
mean = F.adaptive_avg_pool2d(x, 1)
upstream = random_like(mean)
array("global_mean", mean)
array("global_mean_upstream", upstream)
array("global_mean_gradient", gradient(mean, x, upstream))

print("\n// size 2, the first image and channel with NaNs at pixels 0, 4 (twice in a window: 14, 20) and 27")
with torch.no_grad():
    for pixel in [0, 4, 14, 20, 27]:
        x[0, 0, pixel // WIDTH, pixel % WIDTH] = float("nan")
_, indices = F.max_pool2d(x, 2, 2, return_indices=True)
print(f"inline const std::vector<std::int32_t> switches_with_nan{numbers(indices)};")
print("\n}  // namespace gantry::test::pooling_reference")
