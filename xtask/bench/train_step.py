"""One training step of DARTS_V2's network in PyTorch.

With `--parity FILE` the starting point is written to FILE, one step without drop-path is made, and
its loss and gradients are printed in place of times.
"""

import torch
from torch.nn.functional import cross_entropy

import measure
from derived import DerivedNetwork

AUXILIARY, CLIP = 0.4, 5.0


def main():
    parser = measure.arguments(channels=36, layers=20, batch=32)
    parser.add_argument("--aux", action="store_true")
    parser.add_argument("--drop-path", type=float, default=0.0)
    parser.add_argument("--parity", metavar="FILE")
    parser.add_argument("--double", action="store_true", help="make the parity step in float64")
    options = parser.parse_args()
    measure.prepare(options)
    net = DerivedNetwork(options.channels, options.layers, options.input[0], options.aux)
    net = net.to(memory_format=measure.LAYOUTS[options.layout]).train()
    images, labels = measure.batch(options)
    if options.parity:
        measure.write(options.parity, net, {}, train=(images, labels))
        if options.double:
            net, images = net.double(), images.double()
        parity(net, images, labels)
        return
    weights = list(net.parameters())
    sgd = torch.optim.SGD(weights, 0.025, 0.9, weight_decay=3e-4)

    def step():
        sgd.zero_grad()
        found = loss(net, images, labels, options.drop_path)
        found.backward()
        torch.nn.utils.clip_grad_norm_(weights, CLIP)
        sgd.step()
        return found.item()

    measure.run(options, step)


def loss(net, images, labels, drop_path):
    output, extra = net(images, drop_path)
    found = cross_entropy(output, labels)
    if extra is not None:
        found = found + AUXILIARY * cross_entropy(extra, labels)
    return found


def parity(net, images, labels):
    """Loss and gradients of one step; drop-path draws differently in every program."""
    found = loss(net, images, labels, 0.0)
    found.backward()
    gradients = {name: parameter.grad for name, parameter in sorted(net.named_parameters())}
    norms = torch.stack([gradient.norm() for gradient in gradients.values()])
    measure.say(
        losses=[found.item()],
        gradient_norm=norms.norm().item(),
        gradients={
            "norms of all weights": [norms.tolist()],
            "weights of the stem": gradients["stem.0.0.weight"].flatten(1).tolist(),
        },
        torch=torch.__version__,
    )


if __name__ == "__main__":
    main()
