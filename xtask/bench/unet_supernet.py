"""The supernet of DARTS' cells in a U-Net; parameters are named as dartloom names them."""

from torch import nn

from operations import enlarging_port, pointwise, port, stem
from supernet import NODES, Cell, softmax

CLASSES = 2


class UNetSupernet(nn.Module):
    """`depth` reduction cells on the way down, as many normal cells on the way up.

    A reduction cell reads the two values before it, as in a chain. A normal cell reads the value of
    its own size from the way down, and the cell below it.
    """

    def __init__(self, channels, depth, images):
        super().__init__()
        self.depth = depth
        self.stem = nn.ModuleList([stem(images, channels)])
        widths = [channels << level for level in range(depth + 1)]
        # Channels of what every level of the way down puts out; the stem is the first.
        kept = [channels] + [NODES * width for width in widths[1:]]
        self.cells = nn.ModuleList()
        for level in range(1, depth + 1):
            # The stem stands before itself.
            earlier = port(kept[max(level - 2, 0)], widths[level], level > 1, affine=False)
            last = port(kept[level - 1], widths[level], False, affine=False)
            self.cells.append(Cell([earlier, last], widths[level], reduction=True))
        for level in reversed(range(depth)):
            across = port(kept[level], widths[level], False, affine=False)
            below = enlarging_port(NODES * widths[level + 1], widths[level], affine=False)
            self.cells.append(Cell([across, below], widths[level], reduction=False))
        self.head = nn.ModuleList([nn.Sequential(pointwise(NODES * channels, CLASSES))])

    def forward(self, x, logits):
        weights = softmax(logits)
        kept = [self.stem[0](x)]
        for cell in self.cells[: self.depth]:
            kept.append(cell([kept[max(len(kept) - 2, 0)], kept[-1]], weights[cell.kind]))
        last = kept.pop()
        for cell in self.cells[self.depth :]:
            last = cell([kept.pop(), last], weights[cell.kind])
        return self.head[0](last)
