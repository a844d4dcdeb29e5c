#!/usr/bin/python3
"""Writes batch_norm_reference.hpp: what PyTorch's batch norm does (Debian: python3-torch), in double, images
channels-last.

Use: /usr/bin/python3 make_batch_norm_reference.py > batch_norm_reference.hpp
"""
import torch

torch.manual_seed(1)
BATCH, FEATURES, HEIGHT, WIDTH, STEPS, MOMENTUM, EPSILON = 5, 3, 2, 3, 2, 0.3, 1e-3


def numbers(tensors):
    """All numbers of some tensors, one tensor after the other."""
    images_last = (t.permute(0, 2, 3, 1) if t.dim() == 4 else t for t in tensors)
    return "{" + ", ".join(repr(x) for t in images_last for x in t.detach().flatten().tolist()) + "}"


def case(name, layer, shape):
    layer = layer(FEATURES, eps=EPSILON, momentum=MOMENTUM).double()
    parameters = list(layer.parameters())
    with torch.no_grad():
        for parameter in parameters:
            parameter.uniform_(-2, 2)
        layer.running_mean.uniform_(-1, 1)
        layer.running_var.uniform_(0.5, 2)
    fields = [parameters[:1], parameters[1:], [layer.running_mean.clone()], [layer.running_var.clone()]]
    x = [(torch.randn(shape).double() * 2 + 1).requires_grad_() for _ in range(STEPS)]
    upstream = [torch.randn(shape).double() for _ in range(STEPS)]
    y = [layer(item) for item in x]
    gradients = [torch.autograd.grad(y[i], [x[i]] + parameters, upstream[i]) for i in range(STEPS)]
    fields += [x, upstream, y, [g[0] for g in gradients], [g[1] for g in gradients if parameters],
               [g[2] for g in gradients if parameters], [layer.running_mean], [layer.running_var]]
    layer.eval()
    fields += [[layer(x[0])]]
    print(f"\ninline const Case {name}{{")
    for field in fields:
        print(f"    {numbers(field)},")
    print("};")


def without_parameters(*arguments, **options):
    return torch.nn.BatchNorm2d(*arguments, affine=False, **options)


print("#pragma once")
print("// Made by make_batch_norm_reference.py with PyTorch " + torch.__version__.split("+")[0] + ".")
print("#include <vector>\n")
print("namespace gantry::test::batch_norm_reference {\n")
print(f"inline constexpr int batch = {BATCH}, features = {FEATURES}, height = {HEIGHT}, width = {WIDTH};")
print(f"inline constexpr int steps = {STEPS};")
print(f"inline constexpr double momentum = {MOMENTUM}, epsilon = {EPSILON};\n")
print("""/// Some steps of training, and an evaluation after them of the first step's batch.
struct Case {
    std::vector<double> scale, shift, running_mean, running_variance;
    std::vector<double> x, upstream, y, x_gradient, scale_gradient, shift_gradient;  // step after step
    std::vector<double> running_mean_after, running_variance_after, y_in_evaluation;
};""")
case("vectors", torch.nn.BatchNorm1d, (BATCH, FEATURES))
case("images", torch.nn.BatchNorm2d, (BATCH, FEATURES, HEIGHT, WIDTH))
case("images_not_affine", without_parameters, (BATCH, FEATURES, HEIGHT, WIDTH))
print("\n}  // namespace gantry::test::batch_norm_reference")
