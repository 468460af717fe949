"""Writes happyhouse.txt and openface.txt: a sample of every stage in f64, in NumPy alone.

    python make.py WEIGHTS_FOLDER [OUTPUT_FOLDER]

Written apart from the Rust code, so that both are wrong alike only by chance: convolutions
are einsums over sliding windows, batch-norm is not folded, padding is done in full.
"""
import sys
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

FOLDER = Path(sys.argv[1])
OUTPUT = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent
SAMPLES = 64


def tensor(name):
    return np.load(FOLDER / f"{name}.npy").astype(np.float64)


def windows(x, kernel, stride):
    """(n, c, h, w) to (n, c, oh, ow, kernel, kernel)."""
    return sliding_window_view(x, (kernel, kernel), (2, 3))[:, :, ::stride, ::stride]


def pad(x, top, left, bottom, right):
    return np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)))


def layer(x, conv, stride=1, padding=0, epsilon=1e-5):
    """Convolution, batch-norm with running statistics, ReLU."""
    kernel, norm = tensor(f"{conv}_w"), conv.replace("conv", "bn")
    x = windows(pad(x, *[padding] * 4), kernel.shape[2], stride)
    x = np.einsum("ncyxij,ocij->noyx", x, kernel, optimize=True)
    per_channel = lambda values: values[:, None, None]
    x = x + per_channel(tensor(f"{conv}_b"))
    x = (x - per_channel(tensor(f"{norm}_m"))) / np.sqrt(per_channel(tensor(f"{norm}_v")) + epsilon)
    return np.maximum(x * per_channel(tensor(f"{norm}_w")) + per_channel(tensor(f"{norm}_b")), 0)


def lrn(x, size=5, alpha=1e-4, beta=0.75):
    squares = np.pad(x * x, ((0, 0), (size // 2, size // 2), (0, 0), (0, 0)))
    sums = sum(squares[:, i : i + x.shape[1]] for i in range(size))
    return x / (1 + alpha / size * sums) ** beta


def max_pool(x, kernel, stride):
    return windows(x, kernel, stride).max((4, 5))


def average_pool(x, kernel, stride):
    return windows(x, kernel, stride).mean((4, 5))


def l2_pool(x, kernel, stride):
    return np.sqrt((windows(x, kernel, stride) ** 2).sum((4, 5)))


# Name, stride of the last convolutions, pool ("max" or the variant's mean), its stride,
# padding of its branch (top, left, bottom, right), branches.
BLOCKS = [
    ("3a", 1, "max", 2, (3, 3, 4, 4), "3 5 p 1"),
    ("3b", 1, "mean", 3, (4, 4, 4, 4), "3 5 p 1"),
    ("3c", 2, "max", 2, (0, 0, 1, 1), "3 5 raw"),
    ("4a", 1, "mean", 3, (2, 2, 2, 2), "3 5 p 1"),
    ("4e", 2, "max", 2, (0, 0, 1, 1), "3 5 raw"),
    ("5a", 1, "mean", 3, (1, 1, 1, 1), "3 p 1"),
    ("5b", 1, "max", 2, (1, 1, 1, 1), "3 p 1"),
]


def block(x, name, stride, pool, pool_stride, padding, branches, openface):
    prefix, parts = f"inception_{name}_", []
    for branch in branches.split():
        if branch in "35":
            y = layer(x, f"{prefix}{branch}x{branch}_conv1")
            y = layer(y, f"{prefix}{branch}x{branch}_conv2", stride, int(branch) // 2)
        elif branch == "1":
            y = layer(x, f"{prefix}1x1_conv")
        else:
            mean = l2_pool if openface else average_pool
            y = (max_pool if pool == "max" else mean)(x, 3, pool_stride)
            y = layer(y, f"{prefix}pool_conv") if branch == "p" else y
            y = pad(y, *padding)
        parts.append(y)
    return np.concatenate(parts, 1)


def stages(x, openface):
    norm = lrn if openface else lambda x: x
    x = layer(x, "conv1", 2, 3, 1e-5 if openface else 1e-3)
    yield "conv1", x
    x = norm(max_pool(pad(x, 1, 1, 1, 1), 3, 2))
    yield "pool1", x
    x = norm(layer(layer(x, "conv2"), "conv3", 1, 1))
    yield "conv3", x
    x = max_pool(pad(x, 1, 1, 1, 1), 3, 2)
    yield "pool3", x
    for name, *rest in BLOCKS:
        x = block(x, name, *rest, openface)
        yield f"inception_{name}", x
    x = average_pool(x, 3, 1)[:, :, 0, 0] @ tensor("dense_w").T + tensor("dense_b")
    yield "embedding", (x / np.linalg.norm(x))[:, :, None, None]


def picture():
    """Three waves of color, as in mod.rs."""
    c, y, x = np.meshgrid(*[np.arange(n, dtype=np.float64) for n in (3, 96, 96)], indexing="ij")
    wave = np.sin(0.11 * x + 0.7 * c) * np.cos(0.07 * y - 0.3 * c)
    ripple = np.sin(0.013 * x * y / (1 + c))
    return (0.5 + 0.35 * wave + 0.15 * ripple).astype(np.float32).astype(np.float64)[None]


for variant in ("happyhouse", "openface"):
    random = np.random.default_rng(0)
    lines = []
    for stage, values in stages(picture(), variant == "openface"):
        flat = values.ravel()
        count = min(SAMPLES, flat.size) if stage != "embedding" else flat.size
        chosen = np.sort(random.choice(flat.size, count, replace=False))
        shape = "×".join(map(str, values.shape[1:]))
        sample = " ".join(f"{i}:{flat[i]:.7g}" for i in chosen)
        lines.append(f"{stage} {shape} {flat.sum():.9g} {np.linalg.norm(flat):.9g} {sample}\n")
    (OUTPUT / f"{variant}.txt").write_text("".join(lines))
