"""The network that DARTS_V2 is trained in (DARTS, section 3.1, retraining)."""

import torch
from torch import nn

from operations import FlatLinear, norm, operation, pointwise, port, stem

CLASSES = 10
STEM = 3
# (operation, source) of both edges into each node in turn, and the nodes that are put out.
NORMAL = [
    ("sep_conv_3x3", 0),
    ("sep_conv_3x3", 1),
    ("sep_conv_3x3", 0),
    ("sep_conv_3x3", 1),
    ("sep_conv_3x3", 1),
    ("skip_connect", 0),
    ("skip_connect", 0),
    ("dil_conv_3x3", 2),
]
REDUCE = [
    ("max_pool_3x3", 0),
    ("max_pool_3x3", 1),
    ("skip_connect", 2),
    ("max_pool_3x3", 1),
    ("max_pool_3x3", 0),
    ("skip_connect", 2),
    ("skip_connect", 2),
    ("max_pool_3x3", 1),
]
NODES = 4


def drop_path(x, probability):
    """Drops whole images of an operation's output."""
    keep = 1 - probability
    mask = torch.empty(x.shape[0], 1, 1, 1).bernoulli_(keep)
    return x * (mask / keep)


class Cell(nn.Module):
    def __init__(self, genes, sources, channels, reduction, previous_reduction):
        super().__init__()
        self.genes = genes
        halve = [previous_reduction, False]
        self.ports = nn.ModuleList(
            nn.ModuleList([port(source, channels, half, affine=True)])
            for source, half in zip(sources, halve)
        )
        self.edges = nn.ModuleList(
            nn.ModuleDict(
                {name: operation(name, channels, 2 if reduction and start < 2 else 1, affine=True)}
            )
            for name, start in genes
        )

    def forward(self, inputs, probability):
        states = [port[0](x) for port, x in zip(self.ports, inputs)]
        for node in range(NODES):
            parts = []
            for gene in (2 * node, 2 * node + 1):
                name, start = self.genes[gene]
                op = self.edges[gene][name]
                y = op(states[start])
                if self.training and probability > 0 and not isinstance(op, nn.Identity):
                    y = drop_path(y, probability)
                parts.append(y)
            states.append(parts[0] + parts[1])
        return torch.cat(states[2:], dim=1)


def auxiliary(channels):
    """The auxiliary head for images of 32 x 32."""
    return nn.Sequential(
        nn.ReLU(),
        nn.AvgPool2d(5, 3, count_include_pad=False),
        pointwise(channels, 128),
        norm(128, affine=True),
        nn.ReLU(),
        nn.Conv2d(128, 768, 2, bias=False),
        norm(768, affine=True),
        nn.ReLU(),
        FlatLinear(768, CLASSES),
    )


class DerivedNetwork(nn.Module):
    def __init__(self, channels, layers, images, with_auxiliary):
        super().__init__()
        wide = STEM * channels
        self.stem = nn.ModuleList([stem(images, wide)])
        self.cells = nn.ModuleList()
        sources, width, previous = [wide, wide], channels, False
        self.side = 2 * layers // 3
        for index in range(layers):
            reduction = index in (layers // 3, self.side)
            width *= 2 if reduction else 1
            genes = REDUCE if reduction else NORMAL
            self.cells.append(Cell(genes, sources, width, reduction, previous))
            sources, previous = [sources[1], NODES * width], reduction
            if index == self.side and with_auxiliary:
                self.auxiliary = auxiliary(sources[1])
        if not with_auxiliary:
            self.auxiliary = None
        self.head = nn.ModuleList(
            [nn.Sequential(nn.AdaptiveAvgPool2d(1), FlatLinear(sources[1], CLASSES))]
        )

    def forward(self, x, probability):
        extra = None
        before = last = self.stem[0](x)
        for index, cell in enumerate(self.cells):
            before, last = last, cell([before, last], probability)
            if index == self.side and self.auxiliary is not None and self.training:
                extra = self.auxiliary(last)
        return self.head[0](last), extra
