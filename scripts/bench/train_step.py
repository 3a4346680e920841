"""PyTorch's side of `cli -- bench train`: one training step for every line on stdin, on one thread.

usage: train_step.py JSON, with {"model": UNet2DModel configuration, "batch": B, "student": true or false, ...optimizer}

Answers on stdout, one JSON document a line: first {"torch", "threads", "parameters", "layout"}, then {"ms", "cpu"} for
each step, wall and processor time. A step is what the TypeScript trainer does in one: noised images, forward, backward, clipping, AdamW, EMA.
The memory layout, contiguous (NCHW) or channels_last (NHWC), is the one that was faster in three steps of each.
A student is W1A4: two bases with learned scales per output channel (LMB) and LSQ before every layer but the first
and last convolution and the time embedding. Only down and up blocks without attention are built.
"""
import json
import math
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


class Sign(torch.autograd.Function):
    """+1 for x >= 0, else -1; gradient 1 inside [-1, 1]."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.where(x >= 0, 1.0, -1.0)

    @staticmethod
    def backward(ctx, dy):
        (x,) = ctx.saved_tensors
        return dy * (x.abs() <= 1)


class LSQ(torch.autograd.Function):
    """alpha * round(clamp(x / alpha, -8, 7)) with LSQ's gradients."""

    @staticmethod
    def forward(ctx, x, alpha):
        v = x / alpha
        ctx.save_for_backward(v)
        return v.clamp(-8, 7).round_().mul_(alpha)

    @staticmethod
    def backward(ctx, dy):
        (v,) = ctx.saved_tensors
        inside = (v >= -8) & (v <= 7)
        q = v.clamp(-8, 7).round_()
        dalpha = (dy * (q - v * inside)).sum() / math.sqrt(v.numel() * 7)
        return dy * inside, dalpha


class Binary(nn.Module):
    """A convolution or linear layer with two binary bases and a 4-bit input."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer
        w = layer.weight.detach()
        column = (-1,) + (1,) * (w.dim() - 1)
        sigma1 = w.abs().flatten(1).mean(1).view(column)
        self.sigma1 = nn.Parameter(sigma1)
        self.sigma2 = nn.Parameter((w - sigma1 * w.sign()).abs().flatten(1).mean(1).view(column))
        self.alpha = nn.Parameter(torch.tensor(0.3))

    def forward(self, x):
        w = self.layer.weight
        first = self.sigma1 * Sign.apply(w)
        weight = first + self.sigma2 * Sign.apply(w - first)
        x = LSQ.apply(x, self.alpha)
        if isinstance(self.layer, nn.Linear):
            return F.linear(x, weight, self.layer.bias)
        return F.conv2d(x, weight, self.layer.bias, self.layer.stride, self.layer.padding)


def same(layer):
    return layer


class ResBlock(nn.Module):
    def __init__(self, i, o, time, groups, eps, q):
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, i, eps)
        self.conv1 = q(nn.Conv2d(i, o, 3, padding=1))
        self.time = q(nn.Linear(time, o))
        self.norm2 = nn.GroupNorm(groups, o, eps)
        self.conv2 = q(nn.Conv2d(o, o, 3, padding=1))
        self.shortcut = q(nn.Conv2d(i, o, 1)) if i != o else None

    def forward(self, x, t):
        h = self.conv1(F.silu(self.norm1(x))) + self.time(t)[:, :, None, None]
        h = self.conv2(F.silu(self.norm2(h)))
        return h + (self.shortcut(x) if self.shortcut else x)


class Attention(nn.Module):
    """One head over the pixels."""

    def __init__(self, c, groups, eps, q):
        super().__init__()
        self.norm = nn.GroupNorm(groups, c, eps)
        self.q, self.k, self.v, self.out = (q(nn.Linear(c, c)) for _ in range(4))

    def forward(self, x):
        b, c, h, w = x.shape
        y = self.norm(x).flatten(2).transpose(1, 2)  # (B, HW, C)
        scores = self.q(y) @ self.k(y).transpose(1, 2) * c**-0.5
        y = self.out(torch.softmax(scores, -1) @ self.v(y))
        return x + y.transpose(1, 2).reshape(b, c, h, w)


class UNet(nn.Module):
    def __init__(self, model, q):
        super().__init__()
        widths, depth = model["block_out_channels"], model["layers_per_block"]
        groups, eps = model["norm_num_groups"], model["norm_eps"]
        stem, time = widths[0], 4 * widths[0]
        self.stem = stem

        def res(i, o):
            return ResBlock(i, o, time, groups, eps, q)

        self.time1, self.time2 = nn.Linear(stem, time), nn.Linear(time, time)
        self.conv_in = nn.Conv2d(model["in_channels"], stem, 3, padding=1)
        self.down, skips, c = nn.ModuleList(), [stem], stem
        for level, width in enumerate(widths):
            last = level == len(widths) - 1
            blocks = nn.ModuleList(res(c if i == 0 else width, width) for i in range(depth))
            shrink = None if last else q(nn.Conv2d(width, width, 3, stride=2))
            self.down.append(nn.ModuleDict({"blocks": blocks, **({} if last else {"shrink": shrink})}))
            skips += [width] * (depth if last else depth + 1)
            c = width
        self.mid1, self.attention, self.mid2 = res(c, c), Attention(c, groups, eps, q), res(c, c)
        self.up = nn.ModuleList()
        for level, width in reversed(list(enumerate(widths))):
            blocks = nn.ModuleList()
            for _ in range(depth + 1):
                blocks.append(res(c + skips.pop(), width))
                c = width
            grow = {} if level == 0 else {"grow": q(nn.Conv2d(width, width, 3, padding=1))}
            self.up.append(nn.ModuleDict({"blocks": blocks, **grow}))
        self.norm_out = nn.GroupNorm(groups, stem, eps)
        self.conv_out = nn.Conv2d(stem, model["out_channels"], 3, padding=1)

    def forward(self, x, t):
        half = self.stem // 2
        angle = t[:, None] * torch.exp(-math.log(10000) * torch.arange(half) / (half - 1))
        time = self.time2(F.silu(self.time1(torch.cat([angle.sin(), angle.cos()], 1))))
        time = F.silu(time)
        h = self.conv_in(x)
        skips = [h]
        for level in self.down:
            for block in level["blocks"]:
                h = block(h, time)
                skips.append(h)
            if "shrink" in level:
                h = level["shrink"](F.pad(h, (0, 1, 0, 1)))
                skips.append(h)
        h = self.mid2(self.attention(self.mid1(h, time)), time)
        for level in self.up:
            for block in level["blocks"]:
                h = block(torch.cat([h, skips.pop()], 1), time)
            if "grow" in level:
                h = level["grow"](F.interpolate(h, scale_factor=2))
        return self.conv_out(F.silu(self.norm_out(h)))


def trainer(job, layout):
    """Returns the number of trained values and a function that does one step."""
    model, batch = job["model"], job["batch"]
    torch.manual_seed(1)
    net = UNet(model, Binary if job["student"] else same).to(memory_format=layout)
    parameters = list(net.parameters())
    optimizer = torch.optim.AdamW(parameters, job["learningRate"], weight_decay=job["weightDecay"])
    average = [p.detach().clone() for p in parameters]
    size = (batch, model["in_channels"], model["sample_size"], model["sample_size"])
    images = torch.randn(size)
    alpha_bar = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000), 0)

    def step():
        t = torch.randint(0, 1000, (batch,))
        noise = torch.randn(size)
        a = alpha_bar[t][:, None, None, None]
        x = (a.sqrt() * images + (1 - a).sqrt() * noise).to(memory_format=layout)
        optimizer.zero_grad()
        F.mse_loss(net(x, t.float()), noise).backward()
        nn.utils.clip_grad_norm_(parameters, job["clip"])
        optimizer.step()
        with torch.no_grad():
            for mean, p in zip(average, parameters):
                mean.lerp_(p, 1 - job["ema"])

    return sum(p.numel() for p in parameters), step


def timed(step):
    start, before = time.perf_counter(), time.process_time()
    step()
    cpu = time.process_time() - before
    return {"ms": (time.perf_counter() - start) * 1000, "cpu": cpu * 1000}


def say(document):
    print(json.dumps(document), flush=True)


def main():
    job = json.loads(sys.argv[1])
    torch.set_num_threads(1)
    layouts = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
    trainers = {name: trainer(job, layout) for name, layout in layouts.items()}
    for _, step in trainers.values():
        step()
    best = {name: min(timed(step)["cpu"] for _ in range(3)) for name, (_, step) in trainers.items()}
    layout = min(best, key=best.get)
    parameters, step = trainers[layout]
    say({"torch": torch.__version__, "threads": torch.get_num_threads(), "parameters": parameters, "layout": layout})
    for _ in sys.stdin:
        say(timed(step))


main()
