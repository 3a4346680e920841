"""Golden values of the measures of an evaluation from numpy: writes evaluation.json beside this file.

    python3 tests/golden/evaluation.py        (numpy 1.24 wrote the committed file)

Each is written from its paper the slow way: the trace of the root from the eigenvalues of the unsymmetric product, all
distances at once, SSIM window by window.
"""
import json
import pathlib

import numpy as np

rng = np.random.default_rng(2404)


def frechet(a, b):
    """Heusel et al. 2017: |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2))."""
    s1, s2 = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = np.sqrt(np.linalg.eigvals(s1 @ s2).astype(complex)).sum().real
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(s1) + np.trace(s2) - 2 * root)


def distances(a, b):
    return np.sqrt(((a[:, None] - b[None]) ** 2).sum(-1))


def radii(a, k):
    """Distance to the k-th nearest other point."""
    return np.sort(distances(a, a), axis=1)[:, k]


def manifold(real, fake, k, k_coverage):
    """Kynkaanniemi et al. 2019; coverage of Naeem et al. 2020."""
    d = distances(real, fake)
    return {
        "precision": float((d <= radii(real, k)[:, None]).any(0).mean()),
        "recall": float((d <= radii(fake, k)[None]).any(1).mean()),
        "coverage": float((d.min(1) < radii(real, k_coverage)).mean()),
    }


def ssim(a, b):
    """Wang et al. 2004: 11x11 Gaussian window, sigma 1.5, peak 255."""
    at = np.arange(11) - 5
    g = np.exp(-(at[:, None] ** 2 + at[None] ** 2) / (2 * 1.5**2))
    g /= g.sum()
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    values = []
    for i in range(a.shape[0] - 10):
        for j in range(a.shape[1] - 10):
            x, y = a[i : i + 11, j : j + 11], b[i : i + 11, j : j + 11]
            mx, my = (g * x).sum(), (g * y).sum()
            vx, vy = (g * (x - mx) ** 2).sum(), (g * (y - my) ** 2).sum()
            cov = (g * (x - mx) * (y - my)).sum()
            values.append((2 * mx * my + c1) * (2 * cov + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2)))
    return float(np.mean(values))


def rounded(x):
    return np.round(x, 3).astype(np.float32).astype(np.float64)


real = rounded(rng.normal(size=(40, 5)))
fake = rounded(rng.normal(size=(40, 5)) @ rng.normal(size=(5, 5)) * 0.6 + 0.3)
# fewer points than dimensions: the covariances are singular
few, fewer = rounded(rng.normal(size=(4, 6))), rounded(rng.normal(size=(4, 6)))
a = rng.integers(0, 256, size=(14, 17))
b = np.clip(a + rng.integers(-40, 41, size=a.shape), 0, 255)

golden = {
    "points": {"D": 5, "real": real.ravel().tolist(), "fake": fake.ravel().tolist()},
    "frechet": frechet(real, fake),
    "manifold": manifold(real, fake, 3, 5),
    "singular": {
        "D": 6,
        "a": few.ravel().tolist(),
        "b": fewer.ravel().tolist(),
        "frechet": frechet(few, fewer),
    },
    "pictures": {"h": 14, "w": 17, "a": a.ravel().tolist(), "b": b.ravel().tolist(), "ssim": ssim(a.astype(float), b.astype(float))},
}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(golden) + "\n")
