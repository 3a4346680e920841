"""Golden values of the error measures from PyTorch's Numeric Suite and numpy: writes errors.json beside this file.

    python3 tests/golden/errors.py        (torch 1.13, numpy 1.24 wrote the committed file)

Features are [N, C]. CKA is taken in feature space, principal angles by way of the projection matrices.
"""
import json
import pathlib

import numpy as np
import torch
from torch.ao.ns.fx.utils import compute_cosine_similarity, compute_normalized_l2_error, compute_sqnr

rng = np.random.default_rng(2404)


def onnxruntime_sqnr(x, y):
    """The formula of onnxruntime.quantization.qdq_loss_debug, which Debian does not have."""
    return float(20 * np.log10(np.linalg.norm(x) / np.linalg.norm(x - y)))


def cka(x, y):
    x, y = x - x.mean(0), y - y.mean(0)
    cross = np.linalg.norm(y.T @ x) ** 2
    return float(cross / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)))


def divergence(x, y, bins=64):
    lo, hi = min(x.min(), y.min()), max(x.max(), y.max())
    p, q = (np.histogram(v, bins, (lo, hi))[0] + 0.5 for v in (x, y))
    p, q = p / p.sum(), q / q.sum()
    return float((p * np.log(p / q)).sum())


def angles(a, b):
    """cos^2 of the angles are the leading eigenvalues of Pa Pb."""
    k = a.shape[1]
    values = np.sort(np.linalg.eigvals(a @ a.T @ b @ b.T).real)[::-1][:k]
    return np.degrees(np.arccos(np.sqrt(np.clip(values, 0, 1)))).tolist()


cases = []
for n, c, noise in ((40, 6, 0.1), (128, 16, 0.7), (25, 3, 2.0)):
    x = (rng.standard_normal((n, c)) * rng.uniform(0.2, 3, c)).astype(np.float32)
    y = (x + noise * rng.standard_normal((n, c)) + 0.05).astype(np.float32)
    tx, ty = torch.from_numpy(x), torch.from_numpy(y)
    d = np.abs(x - y)
    cases.append({
        "channels": c,
        "x": x.ravel().tolist(),
        "y": y.ravel().tolist(),
        "sqnr": float(compute_sqnr(tx, ty)),
        "onnxruntimeSqnr": onnxruntime_sqnr(x.astype(float), y.astype(float)),
        "cosine": float(compute_cosine_similarity(tx.flatten(), ty.flatten())),
        "normalizedL2": float(compute_normalized_l2_error(tx, ty)),
        "mse": float(torch.nn.functional.mse_loss(tx, ty)),
        "maxAbs": float(d.max()),
        "p99Abs": float(np.percentile(d.astype(float), 99)),
        "kl": divergence(x, y),
        "cka": cka(x.astype(float), y.astype(float)),
        "channelSqnr": [float(compute_sqnr(tx[:, i], ty[:, i])) for i in range(c)],
    })

subspaces = []
for c, k in ((6, 2), (16, 4), (9, 9)):
    a, b = (np.linalg.qr(rng.standard_normal((c, k)))[0] for _ in range(2))
    subspaces.append({"channels": c, "a": a.ravel().tolist(), "b": b.ravel().tolist(), "degrees": sorted(angles(a, b))})

path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps({"errors": cases, "subspaces": subspaces}) + "\n")
