#!/usr/bin/env python3
"""Writes reference_values.hpp: parameters after each update of each optimizer, in double.

    /usr/bin/python3 tests/optim/make_reference.py > tests/optim/reference_values.hpp

The values are those of PyTorch (Debian 12: apt install python3-torch, version 1.13). Optimistic Adam, which
PyTorch lacks, is written down here from the paper: Daskalakis et al., "Training GANs with optimism" (2018),
algorithm 1.
"""

import math

import torch

UPDATES = 12
START = [0.5, -1.25, 2.0, -0.03, 0.7]


def gradient(update, i):
    """Any numbers with changes of sign, from 0.001 to about 3."""
    return [1.0, 0.3, 3.0, 0.01, 1.0][i] * math.sin(0.9 * update * (i + 1) + i) + [0, 0.1, 0, 0.001, -2][i]


GRADIENTS = [[gradient(update, i) for i in range(len(START))] for update in range(UPDATES)]


def with_torch(optimizer_class, before_update=lambda update, group: None, **options):
    weights = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = optimizer_class([weights], **options)
    after = []
    for update, numbers in enumerate(GRADIENTS):
        before_update(update, optimizer.param_groups[0])
        weights.grad = torch.tensor(numbers, dtype=torch.float64)
        optimizer.step()
        after.append(weights.tolist())
    return after


def optimistic_adam(lr, betas, eps, weight_decay=0.0):
    def weights_of_one_parameter(theta, gradients):
        m = v = 0.0
        step_before = 0.0  # m_hat / (sqrt(v_hat) + eps) of the update before
        for t, gradient_t in enumerate(gradients, start=1):
            gradient_t += weight_decay * theta
            m = betas[0] * m + (1 - betas[0]) * gradient_t
            v = betas[1] * v + (1 - betas[1]) * gradient_t * gradient_t
            m_hat = m / (1 - betas[0] ** t)
            v_hat = v / (1 - betas[1] ** t)
            step = m_hat / (math.sqrt(v_hat) + eps)
            theta = theta - 2 * lr * step + lr * step_before
            step_before = step
            yield theta

    columns = [weights_of_one_parameter(w, g) for w, g in zip(START, zip(*GRADIENTS))]
    return [list(row) for row in zip(*columns)]


def scheduled(update, group):
    """Exponential decay of the rate 0.1 by 1.5 down to 0.01; momentum from 0.5 to 0.7 over updates 2 to 8."""
    group["lr"] = max(0.01, 0.1 / 1.5**update)
    group["momentum"] = 0.5 + 0.2 * min(max((update - 2) / 6, 0), 1)


def rate_changes(update, group):
    group["lr"] = 0.1 if update < 5 else 0.03


CLIP_NORM = 5.0


def clipped(numbers):
    """Norm of a gradient of 35 numbers, which are these five over and over, and the five after clipping."""
    weights = torch.zeros(7 * len(numbers), dtype=torch.float64, requires_grad=True)
    weights.grad = torch.tensor(numbers * 7, dtype=torch.float64)
    norm = torch.nn.utils.clip_grad_norm_([weights], CLIP_NORM)
    return norm.item(), weights.grad[: len(numbers)].tolist()


NORMS, CLIPPED = zip(*map(clipped, GRADIENTS))

SGD, ADAM, ADAMW, RMSPROP = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.RMSprop
CASES = {
    "sgd": with_torch(SGD, lr=0.1),
    "sgd_weight_decay": with_torch(SGD, lr=0.1, weight_decay=0.2),
    "sgd_momentum": with_torch(SGD, lr=0.1, momentum=0.9),
    "sgd_dampening": with_torch(SGD, lr=0.1, momentum=0.9, dampening=0.4, weight_decay=0.2),
    "sgd_nesterov": with_torch(SGD, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.2),
    "sgd_schedules": with_torch(SGD, scheduled, lr=0.1, momentum=0.5),
    "sgd_rate_changes": with_torch(SGD, rate_changes, lr=0.1, momentum=0.9),
    "adam": with_torch(ADAM, lr=0.1),
    "adam_gan": with_torch(ADAM, lr=2e-2, betas=(0.5, 0.99), eps=1e-3),
    "adam_weight_decay": with_torch(ADAM, lr=0.1, weight_decay=0.2),
    "adam_rate_changes": with_torch(ADAM, rate_changes, lr=0.1, betas=(0.0, 0.9)),
    "adam_w": with_torch(ADAMW, lr=0.1),
    "adam_w_weight_decay": with_torch(ADAMW, lr=0.1, weight_decay=0.2, betas=(0.5, 0.99)),
    "optimistic_adam": optimistic_adam(lr=0.1, betas=(0.5, 0.9), eps=1e-8),
    "optimistic_adam_weight_decay": optimistic_adam(lr=0.1, betas=(0.9, 0.99), eps=1e-3, weight_decay=0.2),
    "rms_prop": with_torch(RMSPROP, lr=0.01),
    "rms_prop_weight_decay": with_torch(RMSPROP, lr=0.01, alpha=0.9, eps=1e-3, weight_decay=0.2),
    "rms_prop_centered": with_torch(RMSPROP, lr=0.01, centered=True),
    "rms_prop_momentum": with_torch(RMSPROP, lr=0.01, momentum=0.9),
    "rms_prop_centered_momentum": with_torch(
        RMSPROP, lr=0.01, alpha=0.9, momentum=0.5, centered=True, weight_decay=0.2
    ),
}


def table(rows):
    return "{{" + ",\n     ".join("{" + ", ".join(repr(x) for x in row) + "}" for row in rows) + "}}"


print(f"""#pragma once
// Written by make_reference.py with PyTorch {torch.__version__}; change that script, not this file.
// clang-format off
#include <array>
#include <cstddef>

namespace gantry::test {{

inline constexpr std::size_t reference_updates = {UPDATES}, reference_size = {len(START)};
/// (update, parameter)
using ReferenceTable = std::array<std::array<double, reference_size>, reference_updates>;

inline constexpr std::array<double, reference_size> reference_start = {{{", ".join(map(repr, START))}}};
inline constexpr ReferenceTable reference_gradients =
    {table(GRADIENTS)};

/// Norms of the gradients of each update, repeated to 35 numbers, and the gradients clipped to a norm.
inline constexpr double reference_clip_norm = {CLIP_NORM!r};
inline constexpr std::array<double, reference_updates> reference_norms =
    {{{", ".join(map(repr, NORMS))}}};
inline constexpr ReferenceTable reference_clipped =
    {table(CLIPPED)};

/// Parameters after each update.
namespace reference_weights {{""")
for name, rows in CASES.items():
    print(f"inline constexpr ReferenceTable {name} =\n    {table(rows)};")
print("""}  // namespace reference_weights

}  // namespace gantry::test""")
