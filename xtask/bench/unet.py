"""One training step of the U-Net in PyTorch.

With `--parity FILE` the starting point is written to FILE, one step is made, and its loss and
gradients are printed in place of times.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

import measure

CLASSES = 2


def block(inputs, outputs):
    """Two 3x3 convolutions, each with a batch norm and a ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
        nn.Conv2d(outputs, outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class UNet(nn.Module):
    """Modules are named as dartloom's nodes, so that weights are."""

    def __init__(self, inputs, channels, depth):
        super().__init__()
        widths = [channels << level for level in range(depth + 1)]
        self.encoder = nn.ModuleList(block(a, b) for a, b in zip([inputs] + widths, widths))
        pairs = list(zip(widths[1:], widths))
        up = (nn.ConvTranspose2d(a, b, 2, stride=2) for a, b in pairs)
        self.up = nn.ModuleList(nn.Sequential(layer) for layer in up)
        self.decoder = nn.ModuleList(block(2 * b, b) for _, b in pairs)
        self.pool = nn.MaxPool2d(2)
        self.head = nn.Sequential(nn.Conv2d(channels, CLASSES, 1))

    def forward(self, x):
        kept = []
        for level, layers in enumerate(self.encoder):
            x = layers(self.pool(x) if level else x)
            kept.append(x)
        for level in reversed(range(len(self.up))):
            x = self.decoder[level](torch.cat([kept[level], self.up[level](x)], 1))
        return self.head(x)

    def state_dict(self, *args, **kwargs):
        state = super().state_dict(*args, **kwargs)
        return {named(name): tensor for name, tensor in state.items()}


def named(name):
    """The name in dartloom, where the bias of the head is a layer of its own."""
    return "head.1.bias" if name == "head.0.bias" else name


def main():
    parser = measure.arguments(channels=16, layers=4, batch=4)
    parser.set_defaults(input=(3, 128, 128))
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--parity", metavar="FILE")
    parser.add_argument("--double", action="store_true", help="make the parity step in float64")
    options = parser.parse_args()
    measure.prepare(options)
    net = UNet(options.input[0], options.channels, options.depth)
    net = net.to(memory_format=measure.LAYOUTS[options.layout]).train()
    images, labels = measure.batch(options, CLASSES)
    if options.parity:
        measure.write(options.parity, net, {}, train=(images, labels))
        if options.double:
            net, images = net.double(), images.double()
        parity(net, images, labels)
        return
    sgd = torch.optim.SGD(net.parameters(), 0.01, 0.9)

    def step():
        sgd.zero_grad()
        found = cross_entropy(net(images), labels)
        found.backward()
        sgd.step()
        return found.item()

    measure.run(options, step)


def parity(net, images, labels):
    """Loss and gradients of one step."""
    found = cross_entropy(net(images), labels)
    found.backward()
    gradients = {named(name): parameter.grad for name, parameter in net.named_parameters()}
    gradients = dict(sorted(gradients.items()))
    norms = torch.stack([gradient.norm() for gradient in gradients.values()])
    measure.say(
        losses=[found.item()],
        gradient_norm=norms.norm().item(),
        gradients={
            "norms of all weights": [norms.tolist()],
            "weights of the stem": gradients["encoder.0.0.weight"].flatten(1).tolist(),
        },
        torch=torch.__version__,
    )


if __name__ == "__main__":
    main()
