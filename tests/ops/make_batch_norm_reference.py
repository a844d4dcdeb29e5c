#!/usr/bin/python3
"""Writes batch_norm_reference.hpp: what PyTorch's BatchNorm1d does (Debian: python3-torch), in double.

Use: /usr/bin/python3 make_batch_norm_reference.py > batch_norm_reference.hpp
"""
import torch

torch.manual_seed(1)
BATCH, FEATURES, STEPS, MOMENTUM, EPSILON = 5, 3, 2, 0.3, 1e-3

layer = torch.nn.BatchNorm1d(FEATURES, eps=EPSILON, momentum=MOMENTUM).double()
with torch.no_grad():
    layer.weight.uniform_(-2, 2)
    layer.bias.uniform_(-2, 2)
    layer.running_mean.uniform_(-1, 1)
    layer.running_var.uniform_(0.5, 2)


def array(name, tensor):
    numbers = ", ".join(repr(x) for x in tensor.detach().flatten().tolist())
    print(f"inline const std::vector<double> {name}{{{numbers}}};")


print("#pragma once")
print("// Made by make_batch_norm_reference.py with PyTorch " + torch.__version__.split("+")[0] + ".")
print("#include <vector>\n")
print("namespace gantry::test::batch_norm_reference {\n")
print(f"inline constexpr int batch = {BATCH}, features = {FEATURES}, steps = {STEPS};")
print(f"inline constexpr double momentum = {MOMENTUM}, epsilon = {EPSILON};")
array("scale", layer.weight)
array("shift", layer.bias)
array("running_mean", layer.running_mean)
array("running_variance", layer.running_var)
x = torch.randn(STEPS, BATCH, FEATURES).double() * 2 + 1
upstream = torch.randn(STEPS, BATCH, FEATURES).double()
array("x", x)
array("upstream", upstream)
y, x_gradient, scale_gradient, shift_gradient = [], [], [], []
for step in range(STEPS):
    layer.zero_grad()
    item = x[step].clone().requires_grad_()
    result = layer(item)
    (result * upstream[step]).sum().backward()
    y.append(result)
    x_gradient.append(item.grad)
    scale_gradient.append(layer.weight.grad.clone())
    shift_gradient.append(layer.bias.grad.clone())
print("\n// After each step, one after the other:")
array("y", torch.stack(y))
array("x_gradient", torch.stack(x_gradient))
array("scale_gradient", torch.stack(scale_gradient))
array("shift_gradient", torch.stack(shift_gradient))
print("\n// After all steps:")
array("running_mean_after", layer.running_mean)
array("running_variance_after", layer.running_var)
layer.eval()
array("y_in_evaluation", layer(x[0]))
print("\n}  // namespace gantry::test::batch_norm_reference")
