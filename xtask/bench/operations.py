"""Operations of the DARTS family, with the stage numbers that dartloom gives their parts."""

import torch
from torch import nn
from torch.nn import functional


class FactorizedReduce(nn.Module):
    """Two 1x1 convolutions of stride 2, on the plane and on the plane without its first row and
    column."""

    def __init__(self, inputs, outputs):
        super().__init__()
        half = outputs // 2
        even = nn.Conv2d(inputs, half, 1, stride=2, bias=False)
        odd = nn.Conv2d(inputs, outputs - half, 1, stride=2, bias=False)
        self.even, self.odd = even.weight, odd.weight

    def forward(self, x):
        even = functional.conv2d(x, self.even, stride=2)
        odd = functional.conv2d(x[:, :, 1:, 1:], self.odd, stride=2)
        return torch.cat([even, odd], dim=1)


class FlatLinear(nn.Linear):
    """A fully connected layer on everything but the batch."""

    def forward(self, x):
        return super().forward(x.flatten(1))


def pointwise(inputs, outputs, stride=1):
    return nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)


def depthwise(channels, kernel, stride, dilation=1):
    padding = dilation * (kernel - 1) // 2
    return nn.Conv2d(
        channels, channels, kernel, stride, padding, dilation, groups=channels, bias=False
    )


def norm(channels, affine):
    return nn.BatchNorm2d(channels, affine=affine)


def separable(channels, kernel, stride, affine):
    layers = []
    for step in (stride, 1):
        layers += [
            nn.ReLU(),
            depthwise(channels, kernel, step),
            pointwise(channels, channels),
            norm(channels, affine),
        ]
    return nn.Sequential(*layers)


def dilated(channels, kernel, stride, affine):
    return nn.Sequential(
        nn.ReLU(),
        depthwise(channels, kernel, stride, dilation=2),
        pointwise(channels, channels),
        norm(channels, affine),
    )


def pool(name, channels, stride, affine):
    kind = {"max": lambda: nn.MaxPool2d(3, stride, 1)}
    kind["avg"] = lambda: nn.AvgPool2d(3, stride, 1, count_include_pad=False)
    layers = [kind[name[:3]]()]
    # Pooled values are normalised while searching, where norms have no scale and shift.
    if not affine:
        layers.append(norm(channels, affine))
    return nn.Sequential(*layers)


def skip(channels, stride, affine):
    if stride == 1:
        return nn.Identity()
    return nn.Sequential(
        nn.ReLU(), FactorizedReduce(channels, channels), norm(channels, affine)
    )


def operation(name, channels, stride, affine):
    """The operation of that name on `channels` channels."""
    if name.endswith("_pool_3x3"):
        return pool(name, channels, stride, affine)
    if name == "skip_connect":
        return skip(channels, stride, affine)
    make = {"sep": separable, "dil": dilated}[name[:3]]
    return make(channels, int(name[-1]), stride, affine)


def port(inputs, outputs, reduce, affine):
    """What brings a cell's input to the cell's width."""
    convolution = FactorizedReduce if reduce else pointwise
    return nn.Sequential(nn.ReLU(), convolution(inputs, outputs), norm(outputs, affine))


def enlarging_port(inputs, outputs, affine):
    """The same from a plane of half the size."""
    layers = port(inputs, outputs, reduce=False, affine=affine)
    return layers.append(nn.Upsample(scale_factor=2, mode="nearest"))


def stem(images, channels):
    """A 3x3 convolution of the image and a norm that learns."""
    convolution = nn.Conv2d(images, channels, 3, padding=1, bias=False)
    return nn.Sequential(convolution, norm(channels, affine=True))
