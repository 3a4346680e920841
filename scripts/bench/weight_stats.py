"""NumPy's side of `cli -- bench import`: the weight statistics of a safetensors file, once for every line on stdin.

usage: weight_stats.py JSON, with {"file": PATH, "layers": [names of weights], "bins": N}

Answers on stdout, one JSON document a line: first {"numpy", "python"}, then for each turn {"ms", "cpu", "layers"}: wall
and processor time, and of each layer a few of its numbers, by which both sides are known to have computed the same.
Per layer, sums in float64: quantiles at 0.1 and 99.9 %, the histogram between them, mean, standard deviation, kurtosis,
extent, mean|w|, values that are not finite; per output channel the share of positive signs, sigma1 = mean|w|,
sigma2 = mean|r|, and channels of one value; over all the SQNR of one and of two bases.
"""
import json
import platform
import struct
import sys
import time

import numpy as np


def open_tensors(path):
    """Name -> float32 array, memory-mapped."""
    with open(path, 'rb') as file:
        length = struct.unpack('<Q', file.read(8))[0]
        header = json.loads(file.read(length))
    data = np.memmap(path, dtype=np.uint8, mode='r', offset=8 + length)
    header.pop('__metadata__', None)
    return {
        name: data[slice(*entry['data_offsets'])].view(np.float32).reshape(entry['shape'])
        for name, entry in header.items()
    }


def statistics(weight, bins):
    w = np.array(weight).reshape(len(weight), -1)
    flat = w.ravel()
    finite = np.isfinite(flat)
    bad = flat.size - np.count_nonzero(finite)
    v = flat if bad == 0 else flat[finite]
    lo, hi = np.quantile(v, [0.001, 0.999])
    counts, _ = np.histogram(v, bins, (lo, hi))
    mean = v.mean(dtype=np.float64)
    squares = np.square(np.subtract(v, mean, dtype=np.float64))
    variance = squares.mean()
    kurtosis = np.dot(squares, squares) / squares.size / variance**2
    extent = v.min(), v.max()
    magnitude = np.abs(w)
    sigma1 = magnitude.mean(1, dtype=np.float64).astype(np.float32)
    positive = (w >= 0).mean(1)
    flat_channels = np.count_nonzero(w.min(1) == w.max(1))
    residual = np.abs(magnitude - sigma1[:, None])
    sigma2 = residual.mean(1, dtype=np.float64).astype(np.float32)
    energy = np.einsum('ij,ij->', w, w, dtype=np.float64)
    noise1 = np.einsum('ij,ij->', residual, residual, dtype=np.float64)
    left = residual - sigma2[:, None]
    noise2 = np.einsum('ij,ij->', left, left, dtype=np.float64)
    spreads = [np.quantile(s, [0, 0.5, 1]) for s in (positive, sigma1, sigma2)]
    return {
        'mean': mean,
        'std': variance**0.5,
        'kurtosis': kurtosis,
        'meanAbs': magnitude.mean(dtype=np.float64),
        'min': float(extent[0]),
        'max': float(extent[1]),
        'nonFinite': bad,
        'flat': flat_channels,
        'counted': int(counts.sum()),
        'positive': float(spreads[0][1]),
        'sigma1': float(spreads[1][1]),
        'sigma2': float(spreads[2][1]),
        'oneBasisSqnr': 10 * np.log10(energy / noise1),
        'twoBasesSqnr': 10 * np.log10(energy / noise2),
    }


job = json.loads(sys.argv[1])
print(json.dumps({'numpy': np.__version__, 'python': platform.python_version()}), flush=True)
for _ in sys.stdin:
    start, cpu = time.perf_counter(), time.process_time()
    tensors = open_tensors(job['file'])
    layers = [statistics(tensors[name], job['bins']) for name in job['layers']]
    ms, cpu = 1000 * (time.perf_counter() - start), 1000 * (time.process_time() - cpu)
    print(json.dumps({'ms': ms, 'cpu': cpu, 'layers': layers}), flush=True)
