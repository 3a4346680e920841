"""Golden values of lib/quant from PyTorch autograd and NumPy: writes quant.json beside this file.

    python3 tests/golden/quant.py        (PyTorch 1.13 wrote the committed file)

The formulas are written here from the papers, forward only; every gradient is autograd's. The one thing
autograd cannot know is the straight-through estimator, so sign and round are custom Functions.
"""
import json
import math
import pathlib

import numpy
import torch

torch.manual_seed(2404)


class Sign(torch.autograd.Function):
    """+1 for v >= 0, else -1; derivative 1 on |v| <= 1."""

    @staticmethod
    def forward(ctx, v):
        ctx.save_for_backward(v)
        return torch.where(v >= 0, 1.0, -1.0)

    @staticmethod
    def backward(ctx, dy):
        (v,) = ctx.saved_tensors
        return dy * (v.abs() <= 1)


class Round(torch.autograd.Function):
    """Round half to even (torch.round); derivative 1."""

    @staticmethod
    def forward(ctx, v):
        return torch.round(v)

    @staticmethod
    def backward(ctx, dy):
        return dy


def sign_basis(w, s1):
    return s1[:, None] * Sign.apply(w)


def xnor(w):
    return w.abs().mean(dim=1, keepdim=True) * Sign.apply(w)


def lmb(w, s1, s2):
    first = s1[:, None] * Sign.apply(w)
    return first + s2[:, None] * Sign.apply(w - first)


def init_scales(w):
    s1 = w.abs().mean(dim=1)
    s2 = (w - s1[:, None] * torch.where(w >= 0, 1.0, -1.0)).abs().mean(dim=1)
    return s1, s2


def lsq(x, alpha, bits):
    qn, qp = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    g = 1 / math.sqrt(x.numel() * qp)
    # LSQ scales the gradient of alpha by g and leaves its value.
    step = alpha * g + (alpha - alpha * g).detach()
    # The detour may round alpha's value; the step the quotient sees has to be alpha itself.
    step = step + (alpha - step).detach()
    assert step.item() == alpha.item()
    return Round.apply(torch.clamp(x / step, qn, qp)) * step


def lsq_init(x, bits):
    return 2 * x.abs().mean() / math.sqrt(2 ** (bits - 1) - 1)


def gradients(f, inputs, dy):
    leaves = [v.clone().requires_grad_() for v in inputs]
    y = f(*leaves)
    y.backward(dy)
    return y.detach(), [leaf.grad for leaf in leaves]


def numbers(t):
    return t.flatten().tolist()


def weight_case(name, w, s1, s2):
    dy = torch.randn_like(w)
    y1, (dw1, ds1) = gradients(sign_basis, [w, s1], dy)
    yx, (dwx,) = gradients(xnor, [w], dy)
    y2, (dw2, d1, d2) = gradients(lmb, [w, s1, s2], dy)
    i1, i2 = init_scales(w)
    return {
        "name": name,
        "channels": w.shape[0],
        "w": numbers(w),
        "dy": numbers(dy),
        "sigma1": numbers(s1),
        "sigma2": numbers(s2),
        "init": {"sigma1": numbers(i1), "sigma2": numbers(i2)},
        "sign": {"y": numbers(y1), "dw": numbers(dw1), "dsigma1": numbers(ds1)},
        "xnor": {"y": numbers(yx), "dw": numbers(dwx)},
        "lmb": {"y": numbers(y2), "dw": numbers(dw2), "dsigma1": numbers(d1), "dsigma2": numbers(d2)},
    }


def lsq_case(name, x, alpha, bits):
    dy = torch.randn_like(x)
    alpha = torch.tensor(alpha) if not torch.is_tensor(alpha) else alpha
    y, (dx, dalpha) = gradients(lambda x, a: lsq(x, a, bits), [x, alpha], dy)
    return {
        "name": name,
        "bits": bits,
        "x": numbers(x),
        "dy": numbers(dy),
        "alpha": alpha.item(),
        "initAlpha": lsq_init(x, bits).item(),
        "y": numbers(y),
        "dx": numbers(dx),
        "dalpha": dalpha.item(),
    }


def weight_lsq(w, step):
    """Each row of w [O, n] at 8 bits with its own step; LSQ's gradient scale over the row."""
    g = 1 / math.sqrt(w.shape[1] * 127)
    scaled = step * g + (step - step * g).detach()
    scaled = scaled + (step - scaled).detach()
    assert torch.equal(scaled, step)
    return Round.apply(torch.clamp(w / scaled[:, None], -128, 127)) * scaled[:, None]


def weight_lsq_case(name, w, step):
    dy = torch.randn_like(w)
    y, (dw, dstep) = gradients(weight_lsq, [w, step], dy)
    return {
        "name": name,
        "w": numbers(w),
        "dy": numbers(dy),
        "step": numbers(step),
        "y": numbers(y),
        "dw": numbers(dw),
        "dstep": numbers(dstep),
    }


def ebb_case(name, sigma2s, tau):
    """tau * mean over layers of the mean over channels (BinaryDM Eq. 9)."""
    leaves = [s.clone().requires_grad_() for s in sigma2s]
    loss = tau * torch.stack([s.mean() for s in leaves]).mean()
    loss.backward()
    return {
        "name": name,
        "tau": tau,
        "sigma2s": [numbers(s) for s in sigma2s],
        "loss": loss.item(),
        "gradients": [numbers(leaf.grad) for leaf in leaves],
    }


above, below = 1 + 2**-23, 1 - 2**-24  # float32 neighbours of 1

weights = [
    weight_case(
        "exact zeros, ends of both windows",
        # Channel 0, sigma1 0.5: r = 0 at +-0.5, r = +-1 at +-1.5. Channel 1 the same w, sigma1 2: r = +-1 at +-1 and +-3.
        torch.tensor([[0.0, -0.0, 0.5, -0.5, 1.0, -1.0, above, -above, below, -below, 1.5, -1.5, 1.75, -3.0, 3.0]] * 2),
        torch.tensor([0.5, 2.0]),
        torch.tensor([0.25, 0.75]),
    ),
    weight_case("gaussian, learned scales", torch.randn(4, 27), torch.rand(4) + 0.2, torch.rand(4) * 0.6),
    weight_case("trained size", torch.randn(3, 64) * 0.05, torch.rand(3) * 0.05, torch.rand(3) * 0.03),
    weight_case("negative scales", torch.randn(2, 18), torch.tensor([-0.4, 0.6]), torch.tensor([0.3, -0.2])),
    weight_case("a channel of zeros", torch.stack([torch.zeros(9), torch.randn(9)]), torch.rand(2), torch.rand(2)),
]

ties = torch.arange(-20, 21) / 2  # every half from -10 to 10
activations = [
    lsq_case("halves and both clamps, 4 bits", ties * 0.25, 0.25, 4),
    lsq_case("halves and both clamps, 8 bits", torch.cat([ties, torch.tensor([-129.0, -128.5, -128.0, 126.5, 127.0, 127.5, 200.0])]) * 0.5, 0.5, 8),
    # 0.35 / 0.1 is below 3.5 in float64 and a tie in float32.
    lsq_case("ties of the float32 quotient", ties * torch.tensor(0.1), 0.1, 4),
    lsq_case("gaussian, 4 bits", torch.randn(200), lsq_init(torch.randn(200), 4), 4),
    lsq_case("gaussian, 8 bits", torch.randn(200) * 3, lsq_init(torch.randn(200) * 3, 8), 8),
    lsq_case("zeros", torch.zeros(5), 0.1, 4),
]

codes = torch.tensor([-200.0, -128.5, -128.0, -127.5, -2.5, -1.5, -0.5, 0.0, 0.5, 1.5, 2.5, 126.5, 127.0, 127.5, 200.0])
eight_bit_weights = [
    # 0.1 has no exact float32: codes times it and back are ties only of the float32 quotient.
    weight_lsq_case("halves and both clamps", codes[None, :] * torch.tensor([[0.5], [0.1], [3.0]]), torch.tensor([0.5, 0.1, 3.0])),
    weight_lsq_case("a trained first convolution", torch.randn(6, 36) * 0.2, torch.rand(6) * 0.01 + 1e-3),
    weight_lsq_case("a row of zeros", torch.stack([torch.zeros(9), torch.randn(9)]), torch.tensor([1.0, 0.02])),
]

penalties = [
    ebb_case("three widths", [torch.rand(4), torch.rand(16), torch.rand(1)], 9e-2),
    ebb_case("one layer", [torch.rand(8)], 0.5),
]

def plane_case(shape):
    """Random bytes without bits behind a row's end, and the signs lib/quant/bit-plane.ts says they stand for."""
    O, I, H, W = shape
    n = I * H * W
    bits = numpy.random.default_rng(n).integers(0, 2, (O, n), dtype=numpy.uint8)
    plane = numpy.packbits(bits, axis=1, bitorder="little")
    read = numpy.unpackbits(plane, axis=1, bitorder="little")[:, :n].reshape(O, H, W, I)
    signs = 2 * read.transpose(0, 3, 1, 2).astype(int) - 1
    return {"shape": list(shape), "plane": plane.flatten().tolist(), "signs": signs.flatten().tolist()}


planes = [plane_case(shape) for shape in [(3, 4, 3, 3), (2, 5, 3, 3), (4, 8, 1, 1), (2, 3, 1, 1)]]

out = pathlib.Path(__file__).with_suffix(".json")
golden = {
    "torch": torch.__version__.split("+")[0],
    "weights": weights,
    "activations": activations,
    "weightLsq": eight_bit_weights,
    "ebb": penalties,
    "planes": planes,
}
out.write_text(json.dumps(golden) + "\n")
print(f"{out.name}: {len(weights)} weight cases, {len(activations)} activation cases, "
      f"{len(eight_bit_weights)} of 8-bit weights, {len(penalties)} penalties, {len(planes)} bit planes")
