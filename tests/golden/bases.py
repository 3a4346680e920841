"""Golden values of the basis and dynamics diagnostics from NumPy and PyTorch: writes bases.json beside this file.

    python3 tests/golden/bases.py        (PyTorch 1.13, NumPy 1.24 wrote the committed file)

Nothing here shares a formula with lib/diagnostics beyond its definition: scales are refitted by numpy.linalg.lstsq, the best
two bases are the best of every split found by refitting each of them, entropies are torch.distributions', straight-through slopes
are autograd's.
"""
import json
import math
import pathlib

import numpy
import torch

rng = numpy.random.default_rng(2404)


def signs(v):
    return numpy.where(v >= 0, 1.0, -1.0)


def planes_of(w, s1, s2):
    first = signs(w)
    if s2 is None:
        return [first]
    return [first, signs((w - s1[:, None].astype(numpy.float32) * first.astype(numpy.float32)))]


def sqnr(v, other):
    return 10 * math.log10((v**2).sum() / ((v - other) ** 2).sum())


def in_use(planes, scales):
    return sum(s[:, None] * b for s, b in zip(scales, planes))


def refit(v, planes):
    out = numpy.empty_like(v)
    for o in range(len(v)):
        basis = numpy.stack([b[o] for b in planes], axis=1)
        out[o] = basis @ numpy.linalg.lstsq(basis, v[o], rcond=None)[0]
    return out


def best(v, bases):
    if bases == 1:
        return numpy.abs(v).mean(axis=1, keepdims=True) * signs(v)
    out = numpy.empty_like(v)
    for o in range(len(v)):
        found = None
        for threshold in sorted(set(numpy.abs(v[o]))):
            high = numpy.where(numpy.abs(v[o]) >= threshold, 1.0, -1.0) * signs(v[o])
            basis = numpy.stack([signs(v[o]), high], axis=1)
            fit = basis @ numpy.linalg.lstsq(basis, v[o], rcond=None)[0]
            if found is None or ((v[o] - fit) ** 2).sum() < ((v[o] - found) ** 2).sum():
                found = fit
        out[o] = found
    return out


def fit_of(v, planes, scales):
    used = in_use(planes, scales)
    refitted, ideal = refit(v, planes), best(v, len(planes))
    left = [sqnr(v[o], refitted[o]) - sqnr(v[o], used[o]) for o in range(len(v))]
    return {
        "residualEnergy": ((v - used) ** 2).sum() / (v**2).sum(),
        "size": numpy.linalg.norm(used) / numpy.linalg.norm(v),
        "refitSqnr": sqnr(v, refitted),
        "bestSqnr": sqnr(v, ideal),
        "scalesLeft": sqnr(v, refitted) - sqnr(v, used),
        "basesLeft": sqnr(v, ideal) - sqnr(v, used),
        "left": left,
    }


def spread(values):
    return {"min": min(values), "median": float(numpy.median(values)), "max": max(values)}


def entropies(plane):
    share = torch.tensor((plane > 0).mean(axis=1))
    return (torch.distributions.Bernoulli(probs=share).entropy() / math.log(2)).tolist()


def window_of(w):
    leaf = torch.tensor(w, requires_grad=True)
    # hardtanh is the straight-through estimator's primitive: slope 1 strictly inside [-1, 1]
    torch.nn.functional.hardtanh(leaf).sum().backward()
    near = torch.tensor(w).abs() < 0.1 * torch.tensor(w).abs().mean(dim=1, keepdim=True)
    return {"outside": (leaf.grad == 0).double().mean().item(), "nearZero": near.double().mean().item()}


def case(name, w, teacher, s1, s2):
    w32, teacher32 = w.astype(numpy.float32), teacher.astype(numpy.float32)
    s1, s2 = s1.astype(numpy.float32), None if s2 is None else s2.astype(numpy.float32)
    planes = planes_of(w32, s1, s2)
    scales = [s.astype(numpy.float64) for s in ([s1] if s2 is None else [s1, s2])]
    v, t = w32.astype(numpy.float64), teacher32.astype(numpy.float64)
    flips = (signs(t) != signs(in_use(planes, scales))).mean(axis=1)
    return {
        "name": name,
        "channels": len(w),
        "w": w32.flatten().tolist(),
        "teacher": teacher32.flatten().tolist(),
        "sigma1": s1.tolist(),
        "sigma2": None if s2 is None else s2.tolist(),
        "stats": {
            "perChannel": w.shape[1],
            "positive": [(plane > 0).sum(axis=1).tolist() for plane in planes],
            "entropy": [spread(entropies(plane)) for plane in planes],
            "ratio": None if s2 is None else spread((scales[1] / scales[0]).tolist()),
            "latent": {**window_of(v), "fit": fit_of(v, planes, scales)},
            "teacher": {
                "flips": {"channel": int(numpy.argmax(flips)), "share": float(flips.max())},
                "fit": fit_of(t, planes, scales),
            },
        },
    }


def dynamics_case(O, n, steps):
    """Latent weights that move; signs, flips and drift of each moment."""
    w = rng.normal(0, 0.05, (O, n))
    moments, flips = [], numpy.zeros((O, n))
    before = start = None
    for step in steps:
        w32 = w.astype(numpy.float32)
        s1 = numpy.abs(w32).mean(axis=1, dtype=numpy.float64).astype(numpy.float32)
        s2 = (numpy.abs(numpy.abs(w32) - s1[:, None]).mean(axis=1) * rng.uniform(0.8, 1.2, O)).astype(numpy.float32)
        planes = planes_of(w32, s1, s2)
        scales = [s1.astype(numpy.float64), s2.astype(numpy.float64)]
        start = scales if start is None else start
        changed = None if before is None else [(a != b) for a, b in zip(before, planes)]
        if changed is not None:
            flips += changed[0]
        rows = None if changed is None else changed[0].mean(axis=1)
        moments.append(
            {
                "step": step,
                "w": w32.flatten().tolist(),
                "sigma1": s1.tolist(),
                "sigma2": s2.tolist(),
                "flips": None
                if changed is None
                else {
                    "first": changed[0].mean(),
                    "second": changed[1].mean(),
                    "worst": {"channel": int(numpy.argmax(rows)), "share": float(rows.max())},
                },
                "drift": [float(numpy.linalg.norm(s - a) / numpy.linalg.norm(a)) for s, a in zip(scales, start)],
            }
        )
        before = planes
        w = w + rng.normal(0, 0.02, (O, n))
    return {
        "channels": O,
        "perChannel": n,
        "moments": moments,
        "moved": float((flips >= 1).mean()),
        "repeated": float((flips >= 2).mean()),
    }


def cases():
    for name, shape, spread_of in [
        ("gaussian", (6, 72), lambda s: rng.normal(0, 0.7, s)),
        ("laplace", (5, 64), lambda s: rng.laplace(0, 0.6, s)),
        ("uniform, off balance", (4, 48), lambda s: rng.uniform(-0.4, 1.3, s)),
    ]:
        w = spread_of(shape)
        teacher = w + rng.normal(0, 0.2, shape)
        mean = numpy.abs(w).mean(axis=1)
        s1 = mean * rng.uniform(0.7, 1.3, shape[0])
        s2 = 0.6 * mean * rng.uniform(0.5, 1.5, shape[0])
        yield case(f"{name}, one basis", w, teacher, s1, None)
        yield case(f"{name}, two bases", w, teacher, s1, s2)


out = {"bases": list(cases()), "dynamics": dynamics_case(6, 90, [0, 50, 200, 1000])}
pathlib.Path(__file__).with_name("bases.json").write_text(json.dumps(out) + "\n")
