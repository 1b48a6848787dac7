"""The supernet of DARTS and PC-DARTS; parameters are named as dartloom names them."""

import torch
from torch import nn

from operations import FlatLinear, operation, port, stem

CANDIDATES = [
    "none",
    "max_pool_3x3",
    "avg_pool_3x3",
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "dil_conv_3x3",
    "dil_conv_5x5",
]
NODES = 4
EDGES = sum(2 + node for node in range(NODES))
STEM = 3
CLASSES = 10


class Edge(nn.ModuleDict):
    """A weighted sum of candidates. `none` adds nothing, so it is not computed."""

    def __init__(self, channels, stride):
        super().__init__(
            {
                name: operation(name, channels, stride, affine=False)
                for name in CANDIDATES
                if name != "none"
            }
        )

    def mix(self, x, weights):
        columns = (CANDIDATES.index(name) for name in self)
        return sum(weights[c] * op(x) for c, op in zip(columns, self.values()))


class PartialEdge(Edge):
    """Candidates on the first of `groups` parts of the channels; the others pass by."""

    def __init__(self, channels, stride, groups):
        super().__init__(channels // groups, stride)
        self.groups, self.kept, self.stride = groups, channels // groups, stride

    def mix(self, x, weights):
        mixed, rest = super().mix(x[:, : self.kept], weights), x[:, self.kept :]
        if self.stride == 2:
            rest = nn.functional.max_pool2d(rest, 2, 2)
        y = torch.cat([mixed, rest], dim=1)
        batch, channels, height, width = y.shape
        y = y.view(batch, self.groups, channels // self.groups, height, width)
        return y.transpose(1, 2).reshape(batch, channels, height, width)


class Cell(nn.Module):
    def __init__(self, ports, channels, reduction, groups=1):
        super().__init__()
        self.kind = "reduce" if reduction else "normal"
        self.ports = nn.ModuleList(nn.ModuleList([layers]) for layers in ports)
        strides = [
            2 if reduction and start < 2 else 1
            for node in range(NODES)
            for start in range(2 + node)
        ]
        self.edges = nn.ModuleList(
            Edge(channels, stride) if groups == 1 else PartialEdge(channels, stride, groups)
            for stride in strides
        )

    def forward(self, inputs, weights):
        states = [port[0](x) for port, x in zip(self.ports, inputs)]
        row = 0
        for _ in range(NODES):
            parts = []
            for state in states:
                parts.append(self.edges[row].mix(state, weights[row]))
                row += 1
            states.append(sum(parts))
        return torch.cat(states[2:], dim=1)


class Supernet(nn.Module):
    def __init__(self, channels, layers, images, groups=1):
        super().__init__()
        wide = STEM * channels
        self.stem = nn.ModuleList([stem(images, wide)])
        self.cells = nn.ModuleList()
        sources, width, previous = [wide, wide], channels, False
        for index in range(layers):
            reduction = index in (layers // 3, 2 * layers // 3)
            width *= 2 if reduction else 1
            halves = zip(sources, [previous, False])
            ports = [port(source, width, half, affine=False) for source, half in halves]
            self.cells.append(Cell(ports, width, reduction, groups))
            sources, previous = [sources[1], NODES * width], reduction
        self.head = nn.ModuleList(
            [nn.Sequential(nn.AdaptiveAvgPool2d(1), FlatLinear(sources[1], CLASSES))]
        )

    def forward(self, x, logits):
        weights = softmax(logits)
        before = last = self.stem[0](x)
        for cell in self.cells:
            before, last = last, cell([before, last], weights[cell.kind])
        return self.head[0](last)


def softmax(logits):
    """The weights of every kind of cell."""
    return {kind: table.softmax(dim=-1) for kind, table in logits.items()}


def fresh_logits():
    """Logits as DARTS starts them."""
    return {
        name: (1e-3 * torch.randn(EDGES, len(CANDIDATES))).requires_grad_()
        for name in ("normal", "reduce")
    }
