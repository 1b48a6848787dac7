"""Trains the U-Net of `unet.py` on a folder of images and masks and prints its scores, one JSON
line for each seed.

The recipe is that of dartloom's hand-made networks: momentum SGD, a cosine rate per epoch, L2,
clipped gradients, images normalised by the training part, flips and right-angle turns. What
differs from dartloom is the generator of random numbers, and PyTorch's initialisation.
"""

import argparse
import json
import math
import time
from pathlib import Path

import numpy
import torch
from PIL import Image
from torch.nn.functional import cross_entropy

import unet


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="holds train/ and test/, each images/ and masks/")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=0.025)
    parser.add_argument("--decay", type=float, default=3e-4)
    parser.add_argument("--clip", type=float, default=5.0)
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--validate", action="store_true", help="judge on val/ in place of test/")
    return parser.parse_args()


def part(folder):
    """Images `[N, C, H, W]` from 0 to 1 and masks `[N, H, W]`, in the order of their names."""
    names = sorted(path.name for path in (folder / "images").iterdir())
    images = [numpy.array(Image.open(folder / "images" / name), numpy.float32) for name in names]
    images = [image[None] if image.ndim == 2 else image.transpose(2, 0, 1) for image in images]
    masks = [numpy.array(Image.open(folder / "masks" / name), numpy.int64) for name in names]
    return torch.from_numpy(numpy.stack(images)) / 255, torch.from_numpy(numpy.stack(masks))


def turned(images, masks, generator):
    """Each image and its mask mirrored and turned by right angles, drawn anew."""
    draws = torch.randint(8, (len(images),), generator=generator).tolist()
    found = []
    for draw, image, mask in zip(draws, images, masks):
        both = torch.cat([image, mask[None].to(image.dtype)])
        both = both.flip(2) if draw & 4 else both
        found.append(torch.rot90(both, draw & 3, (1, 2)))
    both = torch.stack(found)
    return both[:, :-1].contiguous(), both[:, -1].long()


def train(options, seed, images, masks):
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    net = unet.UNet(images.shape[1], options.channels, options.depth)
    net = net.to(memory_format=torch.channels_last).train()
    sgd = torch.optim.SGD(net.parameters(), options.rate, 0.9, weight_decay=options.decay)
    for epoch in range(options.epochs):
        rate = options.rate * (1 + math.cos(math.pi * epoch / options.epochs)) / 2
        for group in sgd.param_groups:
            group["lr"] = rate
        order = torch.randperm(len(images), generator=generator)
        for chosen in order.split(options.batch):
            x, y = turned(images[chosen], masks[chosen], generator)
            sgd.zero_grad()
            cross_entropy(net(x.contiguous(memory_format=torch.channels_last)), y).backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), options.clip)
            sgd.step()
    return net.eval()


@torch.no_grad()
def judge(net, images, masks):
    """Scores over all pixels of all images; class 1 is the foreground."""
    said = torch.cat([net(x).argmax(1) for x in images.split(16)])
    hits = ((said == 1) & (masks == 1)).sum().item()
    wrong = ((said == 1) & (masks == 0)).sum().item()
    missed = ((said == 0) & (masks == 1)).sum().item()
    return {
        "dice": 2 * hits / max(2 * hits + wrong + missed, 1),
        "iou": hits / max(hits + wrong + missed, 1),
        "pixel_accuracy": (said == masks).float().mean().item(),
    }


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    images, masks = part(options.data / "train")
    mean = images.mean((0, 2, 3), keepdim=True)
    deviation = images.std((0, 2, 3), keepdim=True, correction=0)
    others, wanted = part(options.data / ("val" if options.validate else "test"))
    for seed in range(options.seeds):
        start = time.perf_counter()
        net = train(options, seed, (images - mean) / deviation, masks)
        seconds = time.perf_counter() - start
        scores = judge(net, (others - mean) / deviation, wanted)
        parameters = sum(weights.numel() for weights in net.parameters())
        print(json.dumps({"seed": seed, "parameters": parameters, "seconds": seconds, **scores}))


if __name__ == "__main__":
    main()
