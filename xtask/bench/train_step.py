"""One training step of DARTS_V2's network in PyTorch."""

import torch
from torch.nn.functional import cross_entropy

import measure
from derived import DerivedNetwork

AUXILIARY, CLIP = 0.4, 5.0


def main():
    parser = measure.arguments(channels=36, layers=20, batch=32)
    parser.add_argument("--aux", action="store_true")
    parser.add_argument("--drop-path", type=float, default=0.0)
    options = parser.parse_args()
    measure.prepare(options)
    net = DerivedNetwork(options.channels, options.layers, options.input[0], options.aux)
    net = net.to(memory_format=measure.LAYOUTS[options.layout]).train()
    weights = list(net.parameters())
    sgd = torch.optim.SGD(weights, 0.025, 0.9, weight_decay=3e-4)
    images, labels = measure.batch(options)

    def step():
        sgd.zero_grad()
        output, extra = net(images, options.drop_path)
        loss = cross_entropy(output, labels)
        if extra is not None:
            loss = loss + AUXILIARY * cross_entropy(extra, labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, CLIP)
        sgd.step()
        return loss.item()

    measure.run(options, step)


if __name__ == "__main__":
    main()
