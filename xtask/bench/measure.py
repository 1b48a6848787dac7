"""What every script of this folder does: arguments, clock, memory, one line of JSON."""

import argparse
import json
import resource
import statistics
import time

import torch

# Memory that the interpreter and the library hold before anything is computed.
START_KIB = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
SEED = 0
CLASSES = 10


def shape(text):
    channels, height, width = (int(part) for part in text.split("x"))
    return channels, height, width


def arguments(channels, layers, batch):
    """A parser with what all network scripts take."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--channels", type=int, default=channels)
    parser.add_argument("--layers", type=int, default=layers)
    parser.add_argument("--batch", type=int, default=batch)
    parser.add_argument("--input", type=shape, default=(3, 32, 32))
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--warm-up", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--layout", choices=LAYOUTS, default="channels_last")
    return parser


def prepare(options):
    """Sets threads and seed."""
    torch.set_num_threads(options.threads)
    torch.manual_seed(SEED)


def batch(options, pixel_classes=None):
    """Images and labels that are made up: a class for every image, or one of `pixel_classes` for
    every pixel."""
    images = torch.rand(options.batch, *options.input) * 2 - 1
    if pixel_classes is None:
        labels = torch.randint(CLASSES, (options.batch,))
    else:
        labels = torch.randint(pixel_classes, (options.batch, *options.input[1:]))
    return images.to(memory_format=LAYOUTS[options.layout]), labels


def run(options, step):
    """Makes the steps and prints their figures."""
    seconds = []
    for index in range(options.warm_up + options.steps):
        start = time.perf_counter()
        loss = step()
        if index >= options.warm_up:
            seconds.append(time.perf_counter() - start)
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    say(
        layout=options.layout,
        threads=options.threads,
        step_seconds=statistics.median(seconds),
        step_seconds_all=seconds,
        rss_mib=(peak_kib - START_KIB) / 1024,
        loss=loss,
        torch=torch.__version__,
    )


def write(path, net, tables, **batches):
    """Everything the other implementation needs to make the same step."""
    from safetensors.torch import save_file

    state = net.state_dict()
    tensors = {name: t for name, t in state.items() if not name.endswith("batches_tracked")}
    tensors |= tables
    for part, (images, labels) in batches.items():
        tensors |= {f"{part}.images": images, f"{part}.labels": labels}
    save_file({name: t.contiguous().clone() for name, t in tensors.items()}, path)


def say(**values):
    print(json.dumps(values))
