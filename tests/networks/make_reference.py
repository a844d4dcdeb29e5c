#!/usr/bin/python3
"""Writes reference.safetensors: one training step of each network in networks.py, computed in double by PyTorch.

For each network NAME the file has its weights before the step as the part NAME.before (float), its inputs NAME.input0
and so on, NAME.output and the weights after the step as NAME.after (double). The loss is mean(y^2) for each output y, plus
a gradient penalty: the mean over the batch of |d sum(y) / d input0|^2, times a factor where it is so large that a step in
float would be inexact. Plain SGD with rate 0.01 updates the weights.

Use: /usr/bin/python3 make_reference.py [reference.safetensors]   (Debian: python3-torch)
"""
import pathlib
import sys

import torch

import networks

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "checkpoint"))
from make_pytorch_networks import write_safetensors

BATCH = 3
LABELS = torch.tensor([3, 0, 3])
torch.manual_seed(1)  # of the initial weights, too
CASES = {
    "unet": (networks.SmallUnet(2), [(3, 8, 8)]),
    "patches": (networks.PatchDiscriminator(6, 2), [(3, 32, 32), (3, 32, 32)]),
    "conditional_generator": (networks.ConditionalGenerator(5, 4, 2, 3), [(5,), LABELS]),
    "projection": (networks.ProjectionDiscriminator(4, 2, 3), [(3, 8, 8), LABELS]),
    "style": (networks.StyleGenerator(5, 6, 2), [(5,)]),
    "attention": (networks.AttentiveDiscriminator(8), [(3, 8, 8)]),
    "r3_generator": (networks.R3Generator(4, 2, 2, 5, 3, 4), [(5,), LABELS]),
    "r3_discriminator": (networks.R3Discriminator(4, 2, 2, 6, 4), [(3, 32, 32), LABELS]),
    "features": (networks.FeatureDiscriminator(3), [(3, 8, 8)]),
    "sngan_generator": (networks.SnganGenerator(5, 4), [(5,)], 1e-3),
    "sngan_discriminator": (networks.SnganDiscriminator(4), [(3, 32, 32)]),
    "spectral": (networks.SpectralLayers(), [(3, 8, 8), LABELS]),
}


def channels_last(x):
    return x.permute(0, 2, 3, 1).contiguous() if x.dim() == 4 else x


def main():
    torch.set_default_dtype(torch.float32)
    tensors = {}
    for name, (network, inputs, *factor) in CASES.items():
        for parameter in network.parameters():
            if parameter.numel() == 1:
                torch.nn.init.constant_(parameter, 0.7)  # attention's gamma begins with 0
        state = {key: value.clone() for key, value in network.state_dict().items()}
        tensors.update({f"{name}.before.{key}": value for key, value in state.items()})
        x = [i if i.dtype == torch.int64 else i.double() for i in
             (i if isinstance(i, torch.Tensor) else torch.randn(BATCH, *i) for i in inputs)]
        for k, one in enumerate(x):
            tensors[f"{name}.input{k}"] = channels_last(one)
        network.double()
        x[0].requires_grad_()
        outputs = network(*x)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        slope, = torch.autograd.grad(sum(y.sum() for y in outputs), x[0], create_graph=True)
        penalty = slope.square().flatten(1).sum(1).mean()
        loss = sum(y.square().mean() for y in outputs) + (factor[0] if factor else 1) * penalty
        optimizer = torch.optim.SGD(network.parameters(), lr=0.01)
        loss.backward()
        optimizer.step()
        tensors[f"{name}.output"] = channels_last(outputs[0]).detach()
        tensors[f"{name}.losses"] = torch.stack([loss, penalty]).detach()
        tensors.update({f"{name}.after.{key}": value.detach().clone() for key, value in network.state_dict().items()})
    tensors = {key: value for key, value in tensors.items() if not key.endswith("num_batches_tracked")}
    write_safetensors(sys.argv[1] if len(sys.argv) > 1 else "reference.safetensors", tensors)


main()
