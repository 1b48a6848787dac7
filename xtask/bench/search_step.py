"""One search step of DARTS (first or second order, in a chain or a U-Net) or PC-DARTS in PyTorch.

Logits by Adam on a validation batch, then weights by SGD on a training batch. With `--parity FILE`
the starting point is written to FILE, one step is made, and its losses and the logits' gradients
are printed in place of times.
"""

import torch
from torch.nn.functional import cross_entropy

import measure
from supernet import Supernet, fresh_logits
from unet_supernet import CLASSES as PIXEL_CLASSES
from unet_supernet import UNetSupernet

RATE, MOMENTUM, DECAY, CLIP = 0.025, 0.9, 3e-4, 5.0
# Radius of the finite difference of second order (DARTS, section 2.3).
RADIUS = 0.01


class Search:
    def __init__(self, net, logits, lean):
        self.net, self.logits, self.lean = net, logits, lean
        self.weights = list(net.parameters())
        self.tables = list(logits.values())
        self.sgd = torch.optim.SGD(self.weights, RATE, MOMENTUM, weight_decay=DECAY)
        self.adam = torch.optim.Adam(self.tables, 3e-4, (0.5, 0.999), weight_decay=1e-3)
        self.losses, self.gradients, self.norm = [], [], 0.0

    def loss(self, batch):
        images, labels = batch
        loss = cross_entropy(self.net(images, self.logits), labels)
        self.losses.append(loss.item())
        return loss

    def logit_gradients(self, batch):
        """Gradients of the logits alone; a plain backward pass makes the weights' as well."""
        loss = self.loss(batch)
        if self.lean:
            return list(torch.autograd.grad(loss, self.tables))
        return list(torch.autograd.grad(loss, self.tables + self.weights))[: len(self.tables)]

    def first_order(self, valid):
        return self.logit_gradients(valid)

    def second_order(self, train, valid):
        """The gradient through one step of the weights (equations 7 and 8 of DARTS)."""
        kept = [weight.detach().clone() for weight in self.weights]
        descent = torch.autograd.grad(self.loss(train), self.weights)
        with torch.no_grad():
            for weight, gradient in zip(self.weights, descent):
                velocity = self.sgd.state[weight].get("momentum_buffer")
                direction = gradient + DECAY * weight
                if velocity is not None:
                    direction += MOMENTUM * velocity
                weight -= RATE * direction
        both = torch.autograd.grad(self.loss(valid), self.tables + self.weights)
        ahead, direction = both[: len(self.tables)], both[len(self.tables) :]
        norm = torch.stack([part.norm() for part in direction]).norm()
        radius = RADIUS / norm
        ends = []
        for sign in (1, -1):
            self.move(kept, direction, sign * radius)
            ends.append(self.logit_gradients(train))
        self.move(kept, direction, 0)
        return [
            gradient - RATE * (plus - minus) / (2 * radius)
            for gradient, plus, minus in zip(ahead, *ends)
        ]

    def move(self, start, direction, distance):
        with torch.no_grad():
            for weight, origin, part in zip(self.weights, start, direction):
                weight.copy_(origin + distance * part)

    def step(self, train, valid, second):
        self.losses = []
        self.gradients = self.second_order(train, valid) if second else self.first_order(valid)
        for table, gradient in zip(self.tables, self.gradients):
            table.grad = gradient
        self.adam.step()
        # The weights' pass makes gradients of the logits too, which must not be added to these.
        self.adam.zero_grad()
        self.sgd.zero_grad()
        self.loss(train).backward(inputs=self.weights if self.lean else None)
        self.norm = torch.nn.utils.clip_grad_norm_(self.weights, CLIP).item()
        self.sgd.step()
        return self.losses[-1]


def network(options):
    """The supernet of a method, and the classes of a pixel where pixels have labels."""
    channels, layers, images = options.channels, options.layers, options.input[0]
    if options.method == "darts-unet":
        return UNetSupernet(channels, layers // 2, images), PIXEL_CLASSES
    groups = 4 if options.method == "pc-darts" else 1
    return Supernet(channels, layers, images, groups), None


def main():
    parser = measure.arguments(channels=16, layers=8, batch=64)
    methods = ["darts", "darts-second-order", "pc-darts", "darts-unet"]
    parser.add_argument("--method", choices=methods, default="darts")
    parser.add_argument("--lean", action="store_true", help="no gradients that nobody uses")
    parser.add_argument("--parity", metavar="FILE")
    parser.add_argument("--double", action="store_true", help="make the parity step in float64")
    options = parser.parse_args()
    measure.prepare(options)
    net, pixel_classes = network(options)
    net = net.to(memory_format=measure.LAYOUTS[options.layout]).train()
    logits = fresh_logits()
    train, valid = (measure.batch(options, pixel_classes) for _ in range(2))
    search = Search(net, logits, options.lean)
    second = options.method == "darts-second-order"
    if not options.parity:
        measure.run(options, lambda: search.step(train, valid, second))
        return
    tables = {f"logits.{name}": table.detach() for name, table in logits.items()}
    measure.write(options.parity, net, tables, train=train, valid=valid)
    if options.double:
        logits = {name: t.detach().double().requires_grad_() for name, t in logits.items()}
        train, valid = [(images.double(), labels) for images, labels in (train, valid)]
        search = Search(net.double(), logits, options.lean)
    search.step(train, valid, second)
    tables = (gradient.tolist() for gradient in search.gradients)
    gradients = {f"logits of {cell}": table for cell, table in zip(logits, tables)}
    measure.say(
        losses=search.losses,
        gradient_norm=search.norm,
        gradients=gradients,
        torch=torch.__version__,
    )


if __name__ == "__main__":
    main()
