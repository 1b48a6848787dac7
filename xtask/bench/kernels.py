"""Single operations in PyTorch, under the names of `dartloom bench kernels`."""

import argparse
import statistics
import time

import torch
from torch import nn

import measure
from operations import depthwise, norm, pointwise, pool, separable

PLANES = [(16, 32), (32, 16), (64, 8)]
LEAST = 5


class Add(nn.Module):
    """A sum with a second operand of the same shape, whose gradient is made as well."""

    def __init__(self, like):
        super().__init__()
        self.other = nn.Parameter(torch.rand_like(like))

    def forward(self, x):
        return x + self.other


def kernels(channels, x):
    """Every kernel for inputs such as `x`."""
    made = {
        "conv1x1": pointwise(channels, channels),
        "conv3x3": nn.Conv2d(channels, channels, 3, padding=1, bias=False),
        "convt2": nn.ConvTranspose2d(channels, channels, 2, stride=2, bias=False),
        "bilinear2": nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
    }
    for kernel in (3, 5):
        for stride in (1, 2):
            made[f"dw{kernel}s{stride}"] = depthwise(channels, kernel, stride)
            made[f"dil{kernel}s{stride}"] = depthwise(channels, kernel, stride, dilation=2)
    for kind in ("max", "avg"):
        for stride in (1, 2):
            # The norm that follows a pool while searching has a row of its own.
            made[f"{kind}pool3s{stride}"] = pool(kind, channels, stride, affine=True)
    made["bn"] = norm(channels, affine=False)
    made["relu"] = nn.ReLU()
    made["add"] = Add(x)
    made["sepconv3"] = separable(channels, 3, 1, affine=False)
    return made


def repeat(seconds, work):
    """Milliseconds of repetitions after one that does not count."""
    work()
    begin, times = time.perf_counter(), []
    while len(times) < LEAST or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        work()
        times.append(1e3 * (time.perf_counter() - start))
    return times


def measure_kernel(name, module, x, layout, seconds):
    module = module.to(memory_format=measure.LAYOUTS[layout]).train()
    x = x.to(memory_format=measure.LAYOUTS[layout]).detach().requires_grad_()
    ones = torch.ones_like(module(x)).detach()
    inputs = [x, *module.parameters()]
    forward = repeat(seconds, lambda: module(x))
    both = repeat(seconds, lambda: torch.autograd.grad(module(x), inputs, ones))
    batch, channels, side, _ = x.shape
    return {
        "kernel": name,
        "batch": batch,
        "shape": f"{channels}x{side}",
        "layout": layout,
        "forward_ms": statistics.median(forward),
        "forward_ms_best": min(forward),
        "both_ms": statistics.median(both),
        "both_ms_best": min(both),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=0.35)
    parser.add_argument("--layout", choices=measure.LAYOUTS, default="channels_last")
    parser.add_argument("--kernel", action="append", default=[])
    parser.add_argument("--batch", action="append", type=int, default=[])
    options = parser.parse_args()
    measure.prepare(options)
    rows = []
    for batch in options.batch or (16, 64):
        cases = [("stem3x3", nn.Conv2d(3, 48, 3, padding=1, bias=False), 3, 32)]
        for channels, side in PLANES:
            made = kernels(channels, torch.empty(batch, channels, side, side))
            cases += [(name, module, channels, side) for name, module in made.items()]
        for name, module, channels, side in cases:
            if not options.kernel or name in options.kernel:
                x = torch.rand(batch, channels, side, side) * 2 - 1
                rows.append(measure_kernel(name, module, x, options.layout, options.seconds))
    measure.say(kernels=rows, torch=torch.__version__)


if __name__ == "__main__":
    main()
