#!/usr/bin/env python3
"""The GAN steps of bench/gpu/gan_step.cpp in PyTorch, on the same GPU and under the same names.

    bench/peers/torch_gpu_gan_step.py --csv torch.csv
    bench/peers/compare_gpu.py gantry.csv torch.csv

Each step is measured in fp32, TF32 and bf16 (autocast), in three modes:

    eager           operator by operator
    graph           the whole step as one CUDA graph, replayed
    compile+graph   both losses through torch.compile, and the whole step as one CUDA graph

The steps do the work of gantry's trainer with PyTorch's fastest options: data is gathered from bytes on the GPU, images
are channels_last, Adam is fused, generated images carry no gradient in the discriminator's update, and the discriminator
is frozen in the generator's update. Every step uses the same samples of the data set, so that PyTorch need not draw
indices. If a mode fails, it prints one line and the others continue.

Exit code: 77 without a GPU, 1 if a mode failed.
"""
import argparse
import csv
import gc
import math
import statistics
import sys
import time

import torch
from torch import nn

NO_GPU_EXIT_CODE = 77  # as bench/gpu/no_gpu.hpp
WARM_UP_STEPS = 6
SAMPLES = 7
BATCHES_OF_DATA = 8
LATENT = 100
PRECISIONS = ("fp32", "tf32", "bf16")


# -- networks: bench/gan_networks.hpp and examples/networks/dcgan.hpp ---------------------------------------------------


def mlp(widths, activation, last):
    layers = []
    for inputs, outputs in zip(widths, widths[1:]):
        layers += [nn.Linear(inputs, outputs), activation()]
    return nn.Sequential(*layers[:-1], *last)


def mlp_gan(generator, discriminator):
    return (
        mlp([LATENT, *generator, 784], nn.ReLU, [nn.Tanh()]),
        mlp([784, *discriminator, 1], lambda: nn.LeakyReLU(0.2), []),
    )


def dcgan(width, levels):
    """`width` channels next to the image, doubled at each further level."""

    def up(inputs, outputs, stride=2, padding=1):
        return nn.ConvTranspose2d(inputs, outputs, 4, stride, padding, bias=False)

    def down(inputs, outputs, stride=2, padding=1):
        return nn.Conv2d(inputs, outputs, 4, stride, padding, bias=False)

    channels = [width << level for level in range(levels)]
    generator = [nn.Unflatten(1, (LATENT, 1, 1)), up(LATENT, channels[-1], 1, 0), nn.BatchNorm2d(channels[-1]), nn.ReLU()]
    for inputs, outputs in zip(channels[::-1], channels[-2::-1]):
        generator += [up(inputs, outputs), nn.BatchNorm2d(outputs), nn.ReLU()]
    generator += [up(width, 3), nn.Tanh()]

    discriminator = [down(3, width), nn.LeakyReLU(0.2)]
    for inputs, outputs in zip(channels, channels[1:]):
        discriminator += [down(inputs, outputs), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2)]
    discriminator += [down(channels[-1], 1, 1, 0), nn.Flatten()]
    return nn.Sequential(*generator), nn.Sequential(*discriminator)


# name: networks, batch, image
GANS = {
    "mlp_256": (lambda: mlp_gan([128, 256], [256, 128]), 64, (784,)),
    "mlp_1200": (lambda: mlp_gan([1200, 1200], [240, 240]), 128, (784,)),
    "dcgan_16": (lambda: dcgan(16, 3), 100, (3, 32, 32)),
    "dcgan_64": (lambda: dcgan(64, 3), 64, (3, 32, 32)),
    "dcgan64x64": (lambda: dcgan(64, 4), 128, (3, 64, 64)),
}


# -- the step ----------------------------------------------------------------------------------------------------------


def make_step(name, batch, device, precision, compiled, capturable):
    """Returns a function that trains both networks once and returns their losses as tensors on the device."""
    torch.manual_seed(0)
    make, _, image = GANS[name]
    layout = torch.channels_last if len(image) == 3 else torch.contiguous_format
    generator, discriminator = (network.to(device, memory_format=layout) for network in make())
    adams = [
        torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999), fused=True, capturable=capturable)
        for network in (generator, discriminator)
    ]
    data = torch.randint(0, 256, (batch * BATCHES_OF_DATA, *image), dtype=torch.uint8, device=device)
    samples = torch.randint(0, len(data), (batch,), device=device)
    bce = nn.functional.binary_cross_entropy_with_logits

    def autocast():
        return torch.autocast(device, torch.bfloat16, enabled=precision == "bf16")

    def discriminator_loss():
        with autocast():
            real_images = (data[samples].float() * (2 / 255) - 1).contiguous(memory_format=layout)
            with torch.no_grad():
                fake_images = generator(torch.randn(batch, LATENT, device=device))
            real, fake = discriminator(real_images).float(), discriminator(fake_images).float()
            loss = bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))
            return loss, real.sigmoid().mean(), fake.sigmoid().mean()

    def generator_loss():
        with autocast():
            fake = discriminator(generator(torch.randn(batch, LATENT, device=device))).float()
            return bce(fake, torch.ones_like(fake))

    if compiled:
        discriminator_loss, generator_loss = torch.compile(discriminator_loss), torch.compile(generator_loss)

    def step():
        adams[1].zero_grad(set_to_none=True)
        d_loss, *_ = discriminator_loss()
        d_loss.backward()
        adams[1].step()

        adams[0].zero_grad(set_to_none=True)
        discriminator.requires_grad_(False)
        g_loss = generator_loss()
        g_loss.backward()
        discriminator.requires_grad_(True)
        adams[0].step()
        return d_loss, g_loss

    return step


def captured(step):
    """The same step as a CUDA graph."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(WARM_UP_STEPS):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        losses = step()

    def replay():
        graph.replay()
        return losses

    return replay


# -- measurement -------------------------------------------------------------------------------------------------------


def measure(step, device, seconds):
    """Microseconds per step, over many consecutive steps: median and minimum of several samples."""

    def sample(steps):
        begin = time.perf_counter()
        for _ in range(steps):
            losses = step()
        if device == "cuda":
            torch.cuda.synchronize()
        return (time.perf_counter() - begin) / steps, losses

    sample(WARM_UP_STEPS)
    estimate, _ = sample(2)
    steps = max(1, int(seconds / (SAMPLES + 1) / estimate))
    sample(steps)
    times = [sample(steps)[0] for _ in range(SAMPLES)]
    _, losses = sample(1)
    if not all(math.isfinite(loss.item()) for loss in losses):
        raise ArithmeticError("losses are not finite")
    return statistics.median(times) * 1e6, min(times) * 1e6


def run(name, batch, device, precision, mode, seconds):
    allowed = precision != "fp32"
    torch.backends.cuda.matmul.allow_tf32 = allowed
    torch.backends.cudnn.allow_tf32 = allowed
    step = make_step(name, batch, device, precision, "compile" in mode, "graph" in mode)
    return measure(captured(step) if "graph" in mode else step, device, seconds)


def forget():
    """Frees compiled code and memory of the last mode."""
    torch.compiler.reset()
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="name", help=f"networks: {', '.join(GANS)}; all by default")
    parser.add_argument("--seconds", type=float, default=0.4, help="of each measurement (%(default)s)")
    parser.add_argument("--precision", action="append", choices=PRECISIONS, help="may be repeated; all by default")
    parser.add_argument("--no-compile", action="store_true", help="skip torch.compile, which takes most of the time")
    parser.add_argument("--batch", type=int, help="overrides the batch sizes of the networks")
    parser.add_argument("--csv", metavar="FILE", help="also write the table to this file")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda", help="cpu is for smoke tests, without graphs")
    options = parser.parse_args()
    for name in options.names:
        if name not in GANS:
            parser.error(f"no network {name!r}: there are {', '.join(GANS)}")
    device = options.device
    if device == "cuda" and not torch.cuda.is_available():
        print("torch_gpu_gan_step: no GPU that PyTorch can use", file=sys.stderr)
        return NO_GPU_EXIT_CODE

    modes = ["eager", "graph", "compile+graph"] if device == "cuda" else ["eager", "compile"]
    if options.no_compile:
        modes = [mode for mode in modes if "compile" not in mode]
    torch.backends.cudnn.benchmark = True
    where = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    print(f"PyTorch {torch.__version__}, {where}; microseconds per step")
    print(f"{'network':12}{'batch':>6}  {'':6}{'':14}{'median':>10}{'min':>10}")

    file = open(options.csv, "w", newline="") if options.csv else None
    table = csv.writer(file) if file else None
    if table:
        table.writerow(["network", "batch", "precision", "mode", "us", "us_min"])
    failed = False
    for name in options.names or GANS:
        batch = options.batch or GANS[name][1]
        for precision in options.precision or PRECISIONS:
            for mode in modes:
                label = f"{name:12}{batch:6}  {precision:6}{mode:14}"
                try:
                    median, least = run(name, batch, device, precision, mode, options.seconds)
                    print(f"{label}{median:10.1f}{least:10.1f}", flush=True)
                    if table:
                        table.writerow([name, batch, precision, mode, f"{median:.3f}", f"{least:.3f}"])
                        file.flush()
                except Exception as error:  # the other modes go on
                    failed = True
                    line = (str(error).strip().splitlines() or [""])[0]
                    print(f"{label}failed: {type(error).__name__}: {line[:150]}", flush=True)
                forget()
    if file:
        file.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
