"""Writes step.txt: the loss and the gradients of one training step in f64, by PyTorch.

    python make_step.py WEIGHTS_FOLDER [OUTPUT_FOLDER]

Twelve synthetic images, batch-norm in training mode; encodings 0 to 3 are anchors, 4 to 7
positives, 8 to 11 negatives; the triplet loss with margin 0.2, summed. The first line is the
loss, each other line `tensor norm sum index:value …` of a gradient.
"""
import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from numpy import load

FOLDER = Path(sys.argv[1])
OUTPUT = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent
SAMPLES = 16
TRAINED = ("_w", "_b")

tensors = {p.stem: torch.from_numpy(load(p)).double() for p in sorted(FOLDER.glob("*.npy"))}
trained = {n: t.requires_grad_() for n, t in tensors.items() if n.endswith(TRAINED)}


def layer(x, conv, stride=1, padding=0, epsilon=1e-5):
    """Convolution, batch-norm by the batch's own statistics, ReLU."""
    norm = conv.replace("conv", "bn")
    x = F.conv2d(x, trained[f"{conv}_w"], trained[f"{conv}_b"], stride, padding)
    x = F.batch_norm(x, None, None, trained[f"{norm}_w"], trained[f"{norm}_b"], True, 0.0, epsilon)
    return F.relu(x)


def block(x, name, stride, pool, pool_stride, padding, branches):
    prefix, parts = f"inception_{name}_", []
    for branch in branches.split():
        if branch in "35":
            y = layer(x, f"{prefix}{branch}x{branch}_conv1")
            y = layer(y, f"{prefix}{branch}x{branch}_conv2", stride, int(branch) // 2)
        elif branch == "1":
            y = layer(x, f"{prefix}1x1_conv")
        else:
            y = (F.max_pool2d if pool == "max" else F.avg_pool2d)(x, 3, pool_stride)
            y = layer(y, f"{prefix}pool_conv") if branch == "p" else y
            # Left, right, top, bottom.
            y = F.pad(y, (padding[0], padding[1], padding[0], padding[1]))
        parts.append(y)
    return torch.cat(parts, 1)


def encode(x):
    x = layer(x, "conv1", 2, 3, 1e-3)
    x = F.max_pool2d(F.pad(x, (1, 1, 1, 1)), 3, 2)
    x = layer(layer(x, "conv2"), "conv3", 1, 1)
    x = F.max_pool2d(F.pad(x, (1, 1, 1, 1)), 3, 2)
    x = block(x, "3a", 1, "max", 2, (3, 4), "3 5 p 1")
    x = block(x, "3b", 1, "mean", 3, (4, 4), "3 5 p 1")
    x = block(x, "3c", 2, "max", 2, (0, 1), "3 5 raw")
    x = block(x, "4a", 1, "mean", 3, (2, 2), "3 5 p 1")
    x = block(x, "4e", 2, "max", 2, (0, 1), "3 5 raw")
    x = block(x, "5a", 1, "mean", 3, (1, 1), "3 p 1")
    x = block(x, "5b", 1, "max", 2, (1, 1), "3 p 1")
    x = F.avg_pool2d(x, 3, 1).flatten(1)
    return F.normalize(F.linear(x, trained["dense_w"], trained["dense_b"]), dim=1)


def batch():
    """Waves of color, their phases by the image's number, as in step.rs."""
    axes = [torch.arange(n, dtype=torch.float64) for n in (12, 3, 96, 96)]
    m, c, y, x = torch.meshgrid(*axes, indexing="ij")
    wave = torch.sin(0.11 * x + 0.7 * c + 0.9 * m) * torch.cos((0.05 + 0.004 * m) * y - 0.3 * c)
    ripple = torch.sin(0.013 * x * y / (1 + c) + m)
    return (0.5 + 0.3 * wave + 0.15 * ripple).float().double()


anchors, positives, negatives = encode(batch()).chunk(3)
near, far = ((anchors - other).square().sum(1) for other in (positives, negatives))
loss = torch.relu(near - far + 0.2).sum()
loss.backward()
print("costs of the triplets", (near - far + 0.2).tolist(), file=sys.stderr)

lines = [f"loss {loss.item():.12g}\n"]
torch.manual_seed(0)
for name, tensor in trained.items():
    gradient = tensor.grad.flatten()
    chosen = torch.randperm(len(gradient))[:SAMPLES].sort().values.tolist()
    sample = " ".join(f"{i}:{gradient[i].item():.9g}" for i in chosen)
    lines.append(f"{name} {gradient.norm().item():.9g} {gradient.sum().item():.9g} {sample}\n")
(OUTPUT / "step.txt").write_text("".join(lines))
