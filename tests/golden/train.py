"""Golden loss terms and gradients of a student's training from PyTorch: writes train.safetensors beside this file.

    python3 tests/golden/train.py        (PyTorch 1.13 wrote the committed file)

A diffusers UNet2DModel of 11,000 parameters as plain functions in float64, its teacher and its student with random
weights, and one batch. Loss terms and quantizers are written from BinaryDM (Eq. 5, 9, 11-15) and LSQ, forward only;
every gradient is autograd's, with the straight-through estimator as custom Functions (see quant.py).

In the file, flat arrays in the sorted order of tensor names:
  teacher, latent            F16   parameters of the two networks, exactly representable in half precision
  x, noise                   F32   (2,1,8,8), timesteps in the metadata
  axes.AXIS.MODULE           F32   [C or W, k]
  RECIPE.scales              F32   sigma1, sigma2, step and alpha
  RECIPE.gradients           F32   of the total loss, by every parameter and every scale
The metadata key `golden` holds the loss terms of each recipe as JSON.
"""
import json
import math
import pathlib
import struct

import numpy as np
import torch
import torch.nn.functional as F

torch.manual_seed(2404)
torch.set_default_dtype(torch.float64)

CHANNELS = [4, 8]
GROUPS, EPSILON = 2, 1e-5
SIZE, BATCH, TIMESTEPS = 8, 2, [37, 812]


class Sign(torch.autograd.Function):
    """+1 for v >= 0, else -1; derivative 1 on |v| <= 1."""

    @staticmethod
    def forward(ctx, v):
        ctx.save_for_backward(v)
        return torch.where(v >= 0, 1.0, -1.0).to(v.dtype)

    @staticmethod
    def backward(ctx, dy):
        (v,) = ctx.saved_tensors
        return dy * (v.abs() <= 1)


class Round(torch.autograd.Function):
    """Round half to even; derivative 1."""

    @staticmethod
    def forward(ctx, v):
        return torch.round(v)

    @staticmethod
    def backward(ctx, dy):
        return dy


# the network ---------------------------------------------------------------------------------------------------


def sinusoid(t):
    """Cosines, then sines; angles rounded to float32 as upstream computes them."""
    half = CHANNELS[0] // 2
    rate = np.float32(-math.log(10000) / half)
    frequency = np.exp((np.arange(half) * np.float64(rate)).astype(np.float32).astype(np.float64)).astype(np.float32)
    angle = (np.array(t, np.float64)[:, None] * frequency.astype(np.float64)).astype(np.float32).astype(np.float64)
    values = np.concatenate([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    return torch.from_numpy(values.astype(np.float64))


def forward(weight, bias, quantize, x, t, seen=lambda module, h: None):
    """eps of x (B,C,H,W). weight(id), bias(id): effective parameters; quantize(id, input); seen(module id, output)."""

    def conv(name, h, stride=1):
        w = weight(name)
        return F.conv2d(quantize(name, h), w, bias(name), stride=stride, padding=w.shape[2] // 2)

    def dense(name, h):
        return F.linear(quantize(name, h), weight(name), bias(name))

    def norm(name, h):
        return F.group_norm(h, GROUPS, weight(name), bias(name), EPSILON)

    def module(name, h):
        seen(name, h)
        return h

    def res(name, h, time):
        r = conv(f"{name}.conv1", F.silu(norm(f"{name}.norm1", h)))
        r = r + dense(f"{name}.time_emb_proj", time)[:, :, None, None]
        r = conv(f"{name}.conv2", F.silu(norm(f"{name}.norm2", r)))
        return r + (conv(f"{name}.conv_shortcut", h) if h.shape[1] != r.shape[1] else h)

    def attend(name, h):
        b, c, height, width = h.shape
        rows = norm(f"{name}.group_norm", h).reshape(b, c, height * width).transpose(1, 2)
        q, k, v = (dense(f"{name}.{part}", rows) for part in ("to_q", "to_k", "to_v"))
        mixed = torch.softmax(q @ k.transpose(1, 2) / math.sqrt(c), dim=2) @ v
        return h + dense(f"{name}.to_out.0", mixed).transpose(1, 2).reshape(h.shape)

    time = F.silu(dense("time_embedding.linear_2", F.silu(dense("time_embedding.linear_1", sinusoid(t)))))
    h = module("conv_in", conv("conv_in", x))
    skips = [h]
    for level in (0, 1):
        h = module(f"down_blocks.{level}.resnets.0", res(f"down_blocks.{level}.resnets.0", h, time))
        skips.append(h)
        if level == 0:
            name = "down_blocks.0.downsamplers.0"
            h = module(name, conv(f"{name}.conv", h, stride=2))
            skips.append(h)
    h = res("mid_block.resnets.0", h, time)
    h = attend("mid_block.attentions.0", h)
    h = module("mid_block", res("mid_block.resnets.1", h, time))
    for level in (0, 1):
        for block in (0, 1):
            name = f"up_blocks.{level}.resnets.{block}"
            h = res(name, torch.cat([h, skips.pop()], dim=1), time)
            if level == 1 or block == 0:
                module(name, h)
        if level == 0:
            name = "up_blocks.0.upsamplers.0"
            h = module(name, conv(f"{name}.conv", F.interpolate(h, scale_factor=2, mode="nearest")))
    return conv("conv_out", F.silu(norm("conv_norm_out", h)))


def parameter_shapes():
    """Shapes by name, in any order."""
    low, high = CHANNELS
    wide = 4 * low
    shapes = {}

    def layer(name, *shape):
        shapes[f"{name}.weight"] = shape
        shapes[f"{name}.bias"] = shape[:1]

    def res(name, cin, cout):
        layer(f"{name}.norm1", cin)
        layer(f"{name}.conv1", cout, cin, 3, 3)
        layer(f"{name}.time_emb_proj", cout, wide)
        layer(f"{name}.norm2", cout)
        layer(f"{name}.conv2", cout, cout, 3, 3)
        if cin != cout:
            layer(f"{name}.conv_shortcut", cout, cin, 1, 1)

    layer("time_embedding.linear_1", wide, low)
    layer("time_embedding.linear_2", wide, wide)
    layer("conv_in", low, 1, 3, 3)
    res("down_blocks.0.resnets.0", low, low)
    layer("down_blocks.0.downsamplers.0.conv", low, low, 3, 3)
    res("down_blocks.1.resnets.0", low, high)
    res("mid_block.resnets.0", high, high)
    layer("mid_block.attentions.0.group_norm", high)
    for part in ("to_q", "to_k", "to_v", "to_out.0"):
        layer(f"mid_block.attentions.0.{part}", high, high)
    res("mid_block.resnets.1", high, high)
    res("up_blocks.0.resnets.0", high + high, high)
    res("up_blocks.0.resnets.1", high + low, high)
    layer("up_blocks.0.upsamplers.0.conv", high, high, 3, 3)
    res("up_blocks.1.resnets.0", high + low, low)
    res("up_blocks.1.resnets.1", low + low, low)
    layer("conv_norm_out", low)
    layer("conv_out", 1, low, 3, 3)
    return shapes


shapes = parameter_shapes()
layers = sorted(name[: -len(".weight")] for name, s in shapes.items() if name.endswith(".weight") and len(s) > 1)
kept = {"time_embedding.linear_1", "time_embedding.linear_2", "conv_in", "conv_out"}


def float32(v):
    return v.to(torch.float32).to(torch.float64)


def half(v):
    return v.to(torch.float16).to(torch.float64)


def random_network(spread):
    """Weights of layers with a few outside of [-1, 1] and none near an end of the window or near 0."""
    network = {}
    for name, shape in sorted(shapes.items()):
        v = torch.randn(shape) * spread
        if name.endswith(".weight") and len(shape) == 1:
            v = 1 + v
        if len(shape) > 1:
            v = torch.where(torch.rand(shape) < 0.02, v.sign() * (1.05 + v.abs()), v)
            v = torch.where(v.abs() < 1e-2, torch.full_like(v, 1e-2) * torch.where(v < 0, -1.0, 1.0), v)
            v = torch.where((v.abs() - 1).abs() < 1e-2, v * 1.02, v)
        network[name] = half(v)
        if len(shape) > 1:
            assert far_from_jumps(network[name])
    return network


def far_from_jumps(v):
    """Whether sign and its window see v alike in float32 and float64."""
    return bool((v.abs() > 1e-5).all() and ((v.abs() - 1).abs() > 1e-5).all())


# quantizers ----------------------------------------------------------------------------------------------------


def lsq(x, step, bits, count):
    """step*round(clamp(x/step)); the gradient by step is scaled by 1/sqrt(count*Qp)."""
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    g = 1 / math.sqrt(count * high)
    scaled = step * g + (step - step * g).detach()
    return Round.apply(torch.clamp(x / scaled, low, high)) * scaled


def far_from_ties(x, step, bits, margin):
    """Whether no x/step is within `margin` of a half between two codes or of an end of the range."""
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    v = x / step
    ties = (v - torch.floor(v) - 0.5).abs() > margin
    ends = torch.minimum((v - low).abs(), (v - high).abs()) > margin
    return bool((ties & ends).all())


def per_channel(s, w):
    return s.reshape(-1, *[1] * (w.dim() - 1))


def effective(method, bases, w, part):
    """Weights of one layer; part(name) is its sigma1, sigma2 or step."""
    if method == "fp":
        return w
    if method == "lsq":
        return lsq(w, per_channel(part("step"), w), 8, w[0].numel())
    if method == "xnor":
        return w.abs().mean(dim=tuple(range(1, w.dim())), keepdim=True) * Sign.apply(w)
    first = per_channel(part("sigma1"), w) * Sign.apply(w)
    if bases == 1:
        return first
    return first + per_channel(part("sigma2"), w) * Sign.apply(w - first)


def starting_scales(method, bases, w):
    """Random scales of one layer, drawn again until no weight or residual lies at a jump."""
    rows = w.flatten(1)
    for _ in range(1000):
        jitter = lambda s: float32(s * (0.7 + 0.6 * torch.rand(len(s))))
        if method == "lsq":
            step = jitter(rows.abs().amax(dim=1) / 127)
            if far_from_ties(rows, step[:, None], 8, 1e-3):
                return {"step": step}
        else:
            sigma1 = jitter(rows.abs().mean(dim=1))
            residual = rows - sigma1[:, None] * rows.sign()
            if bases == 1:
                return {"sigma1": sigma1}
            if far_from_jumps(residual):
                return {"sigma1": sigma1, "sigma2": jitter(residual.abs().mean(dim=1))}
    raise AssertionError("no scales keep all weights from the jumps")


# the loss ------------------------------------------------------------------------------------------------------


def rows_of(h, axis):
    """(B,C,H,W) -> positions x channels, or image rows x width."""
    return h.permute(0, 2, 3, 1).reshape(-1, h.shape[1]) if axis == "channels" else h.reshape(-1, h.shape[3])


def principal_axes(h, axis):
    """Uncentred over channels, max(1, C/4) of them; centred over width, max(2, W/4) of them."""
    rows = rows_of(h, axis)
    n = rows.shape[1]
    k = max(1, round(n / 4)) if axis == "channels" else max(2, n // 4)
    if axis == "width":
        rows = rows - rows.mean(dim=0)
    values, vectors = torch.linalg.eigh(rows.T @ rows / len(rows))
    # the span is only defined, and float32 only finds it, if the eigenvalues on its border are apart
    assert values[n - k] - values[n - k - 1] > 1e-2 * values[n - 1], (axis, n, values)
    return float32(vectors.flip(1)[:, :k])


def features(network, x):
    found = {}
    eps = forward(
        lambda id: network[f"{id}.weight"], lambda id: network[f"{id}.bias"], lambda id, h: h, x, TIMESTEPS,
        found.__setitem__,
    )
    return eps, found


def loss_terms(recipe, leaves, x, noise, taught, axes):
    """eps, lrm and ebb (None where the recipe has none) of BinaryDM Eq. 15, lrm before its weight."""
    manifest = recipe["manifest"]

    def weight(id):
        method, bases, _ = manifest.get(id, ("fp", 0, 32))
        return effective(method, bases, leaves[f"{id}.weight"], lambda name: leaves[f"{id}.{name}"])

    def quantize(id, h):
        bits = manifest[id][2]
        return h if bits == 32 else lsq(h, leaves[f"{id}.alpha"], bits, h.numel())

    found = {}
    predicted = forward(weight, lambda id: leaves[f"{id}.bias"], quantize, x, TIMESTEPS, found.__setitem__)
    terms = {"eps": ((predicted - noise) ** 2).mean(), "lrm": None, "ebb": None}
    if recipe["lrm"]:
        axis, form = recipe["lrm"]["axis"], recipe["lrm"]["form"]
        losses = []
        for module, teacher in taught.items():
            e = axes[axis][module]
            target = rows_of(teacher, axis) @ e
            distance = ((rows_of(found[module], axis) @ e - target) ** 2).mean()
            losses.append(distance / (target**2).mean() if form == "normalised" else distance)
        terms["lrm"] = torch.stack(losses).mean()
    if recipe["tau"]:
        second = [leaves[f"{id}.sigma2"] for id, (_, bases, _) in manifest.items() if bases == 2]
        terms["ebb"] = recipe["tau"] * torch.stack([s.mean() for s in second]).mean()
    return terms


def total(recipe, terms):
    whole = terms["eps"]
    if terms["lrm"] is not None:
        whole = whole + recipe["lrm"]["weight"] * terms["lrm"]
    return whole if terms["ebb"] is None else whole + terms["ebb"]


def starting_alphas(manifest, latent, scales, x):
    """LSQ steps layer by layer in a forward pass, each drawn again until none of its inputs lies at a jump."""
    alphas = {}

    def quantize(id, h):
        bits = manifest[id][2]
        if bits == 32:
            return h
        for _ in range(20000):
            start = 2 * h.abs().mean() / math.sqrt(2 ** (bits - 1) - 1)
            alpha = float32(start * (0.6 + 0.8 * torch.rand(())))
            if far_from_ties(h, alpha, bits, 1e-4 if bits == 4 else 1e-3):
                alphas[f"{id}.alpha"] = alpha.reshape(1)
                return lsq(h, alpha, bits, h.numel())
        raise AssertionError(f"{id}: no step keeps all inputs from the ties")

    def weight(id):
        method, bases, _ = manifest.get(id, ("fp", 0, 32))
        return effective(method, bases, latent[f"{id}.weight"], lambda name: scales[f"{id}.{name}"])

    forward(weight, lambda id: latent[f"{id}.bias"], quantize, x, TIMESTEPS)
    return alphas


# recipes -------------------------------------------------------------------------------------------------------


def manifest_of(method, bases, where="all", kept_bits=32):
    """Method, bases and activation bits by layer."""
    kept_layer = ("fp", 0, 32) if kept_bits == 32 else ("lsq", 0, 8)
    count = lambda id: 1 if where == "v1" and id.startswith("mid_block") else bases
    return {id: kept_layer if id in kept else (method, count(id), 4) for id in layers}


teacher, latent = random_network(0.2), random_network(0.3)
x, noise = float32(torch.randn(BATCH, 1, SIZE, SIZE)), float32(torch.randn(BATCH, 1, SIZE, SIZE))
_, taught = features(teacher, x)
axes = {axis: {module: principal_axes(h, axis) for module, h in taught.items()} for axis in ("channels", "width")}


def recipe(manifest, same=None, lrm=None, tau=None):
    """`same` names the recipe whose scales are used again."""
    return {"manifest": manifest, "same": same, "lrm": lrm, "tau": tau}


def mimicking(form, axis, weight):
    return {"form": form, "axis": axis, "weight": weight}


two_bases = manifest_of("lmb", 2)
recipes = {
    "sign": recipe(manifest_of("sign", 1)),
    "lmb": recipe(two_bases),
    "ebb": recipe(manifest_of("ebb", 2, where="v1"), tau=9e-2),
    "lrm": recipe(two_bases, "lmb", lrm=mimicking("paper", "channels", 0.5)),
    "lrm-normalised": recipe(two_bases, "lmb", lrm=mimicking("normalised", "channels", 0.5)),
    "lrm-width": recipe(two_bases, "lmb", lrm=mimicking("paper", "width", 0.5)),
    "xnor-kept-8": recipe(manifest_of("xnor", 1, kept_bits=8)),
}


def flat(tensors):
    return torch.cat([tensors[name].flatten() for name in sorted(tensors)])


stored = {"teacher": (flat(teacher), "F16"), "latent": (flat(latent), "F16"), "x": (x, "F32"), "noise": (noise, "F32")}
for axis, of_module in axes.items():
    for module, e in of_module.items():
        stored[f"axes.{axis}.{module}"] = (e, "F32")

scales, losses = {}, {}
for name, r in recipes.items():
    if r["same"] is None:
        own = {
            f"{id}.{part}": s
            for id, (method, bases, _) in r["manifest"].items()
            if method not in ("fp", "xnor")
            for part, s in starting_scales(method, bases, latent[f"{id}.weight"]).items()
        }
        scales[name] = {**own, **starting_alphas(r["manifest"], latent, own, x)}
        stored[f"{name}.scales"] = (flat(scales[name]), "F32")
    values = {**latent, **scales[r["same"] or name]}
    leaves = {key: v.clone().requires_grad_() for key, v in values.items()}
    terms = loss_terms(r, leaves, x, noise, taught, axes)
    whole = total(r, terms)
    whole.backward()
    gradients = {key: leaf.grad for key, leaf in leaves.items()}
    stored[f"{name}.gradients"] = (flat(gradients), "F32")
    number = lambda v: None if v is None else v.item()
    losses[name] = {"total": number(whole), **{key: number(term) for key, term in terms.items()}}
    norm = math.sqrt(sum(float((g**2).sum()) for g in gradients.values()))
    print(name, losses[name], f"gradient norm {norm:.3g}")


def write_safetensors(path, tensors, metadata):
    kinds = {"F16": np.float16, "F32": np.float32}
    header, parts, at = {"__metadata__": metadata}, [], 0
    for name, (tensor, dtype) in tensors.items():
        data = tensor.detach().numpy().astype(kinds[dtype])
        if not name.endswith(".gradients"):
            assert (data.astype(np.float64) == tensor.detach().numpy()).all(), name
        header[name] = {"dtype": dtype, "shape": list(data.shape), "data_offsets": [at, at + data.nbytes]}
        at += data.nbytes
        parts.append(data.tobytes())
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    path.write_bytes(struct.pack("<Q", len(head)) + head + b"".join(parts))


out = pathlib.Path(__file__).with_suffix(".safetensors")
about = {"torch": torch.__version__.split("+")[0], "timesteps": TIMESTEPS, "losses": losses}
write_safetensors(out, stored, {"golden": json.dumps(about)})
print(f"{out.name}: {len(recipes)} recipes, {sum(v.numel() for v in latent.values())} parameters, {out.stat().st_size} bytes")
