"""
Signscope's client for training jobs: one file, nothing but the standard library.

    import signscope
    run = signscope.init("w1a4-lmb", teacher="big", config={"lr": 1e-4}, url="http://localhost:3000")
    signscope.watch(student, teacher=big, every=500)      # weights and what a checkpoint does not tell, per layer
    for step in range(1000):
        signscope.log({"loss": loss}, step=step)
    signscope.log_samples(images, step=1000, seed=7)
    signscope.log_checkpoint("ckpt.pt", step=1000)        # or a state dict; diagnosed by the server
    signscope.finish()

Training comes first. No call here raises or waits for the network: calls put what they are given into a bounded queue,
a background thread writes it to a spool folder and sends it from there. While the server is away the spool grows, and
what is left of it when the process ends is sent by the next process that calls `init` in the same folder. Broken uploads
go on where the server says they are. What cannot be kept is dropped and told by `logging`, once.

    SIGNSCOPE_URL     http://localhost:3000
    SIGNSCOPE_TOKEN   made by `token create NAME` on the server
    SIGNSCOPE_SPOOL   .signscope, the spool folder
    SIGNSCOPE_SPOOL_MB  4096, what it may hold; checkpoints beyond are dropped
    SIGNSCOPE_OFF     1: every call does nothing

Python 3.7 or newer. PyTorch (1.13 or newer) and NumPy are used only on tensors and modules that are handed in.
"""
import array
import atexit
import functools
import hashlib
import json
import logging
import math
import os
import queue
import shutil
import socket
import struct
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
import zlib

__all__ = ["init", "watch", "log", "log_samples", "log_checkpoint", "finish", "Run"]
__version__ = "1"

CHUNK = 8 * 2**20  # bytes of an upload sent at once: all that a broken connection can cost
QUEUE = 10_000  # calls that may wait for the background thread
BINS = 64  # of a weight histogram
GATHER = 1.0  # seconds over which log calls are gathered into one request
LONGEST_PAUSE = 30.0  # seconds between two tries while the server is away
TIMEOUT = 30.0  # seconds for one request

_logger = logging.getLogger("signscope")


# ---- what a training calls ---------------------------------------------------------------------------------------

def _harmless(call):
    """Whatever goes wrong inside is told and kept from the training; a forked worker's calls do nothing."""

    @functools.wraps(call)
    def quiet(*args, **kwargs):
        try:
            return call(*args, **kwargs)
        except Exception as error:  # a training must not end because its log does
            _tell("%s: %s: %s", call.__name__, type(error).__name__, error)
            return None

    return quiet


_run = None


def init(name, config=None, role="student", teacher=None, url=None, token=None, spool=None):
    """
    Begins the run `name`, or goes on with it, and makes it the one that the other functions write to.
    `config` is shown beside the run; `teacher` names the run of its teacher. Returns the run, never None.
    """
    global _run
    try:
        if _run is not None:
            _run.finish(timeout=5)
        _run = Run(name, config, role, teacher, url, token, spool)
    except Exception as error:
        _tell("init: %s: %s; nothing is logged", type(error).__name__, error)
        _run = _NoRun()
    return _run


def watch(model, teacher=None, every=500):
    """Measures the layers of `model` at every `every`-th step that is logged, also against `teacher`'s."""
    return _current().watch(model, teacher, every)


def log(values, step=None):
    """Logs numbers by name, nested dicts with '/'; without `step` one behind the last."""
    return _current().log(values, step)


def log_samples(images, step=None, seed=None, name="samples"):
    """Shows images: (N, C, H, W) or (N, H, W) in [-1, 1], [0, 1] or 0-255; or a PNG as bytes or path."""
    return _current().log_samples(images, step, seed, name)


def log_checkpoint(checkpoint, step=None, config=None, network=None):
    """Sends a checkpoint file, or a state dict as safetensors. `config` is the network's, where the file lacks it."""
    return _current().log_checkpoint(checkpoint, step, config, network)


def finish(outcome="finished", timeout=60.0):
    """Says how the run ended and waits at most `timeout` seconds until all is sent. The rest stays in the spool."""
    return _current().finish(outcome, timeout)


def _current():
    if _run is None:
        _tell("call signscope.init(name) first; nothing is logged")
        return _NoRun()
    return _run


class Run:
    """A run and the thread that sends what it logs. Also a context manager: an exception in it ends the run as failed."""

    def __init__(self, name, config=None, role="student", teacher=None, url=None, token=None, spool=None):
        self.name = str(name)[:120]
        self.dropped = 0
        self._pid = os.getpid()
        self._step = 0
        self._watched = None
        self._finished = False
        self._closing = threading.Event()
        self._deadline = math.inf
        self._queue = queue.Queue(maxsize=QUEUE)
        url = url or os.environ.get("SIGNSCOPE_URL") or "http://localhost:3000"
        folder = spool or os.environ.get("SIGNSCOPE_SPOOL") or ".signscope"
        self._server = _Server(url, token or os.environ.get("SIGNSCOPE_TOKEN"))
        self._spool = _Spool(folder, url)
        start = {"name": self.name, "role": role, "settings": _plain(config or {})}
        if teacher is not None:
            start["teacher"] = str(teacher)
        self._spool.add({"kind": "run", "body": start})
        self._thread = threading.Thread(target=self._work, name="signscope", daemon=True)
        self._thread.start()
        atexit.register(self._at_exit)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.finish("finished" if kind is None else "failed")

    @_harmless
    def log(self, values, step=None):
        step = self._advance(step)
        scalars = [
            {"name": name, "step": step, "value": value}
            for name, value in _numbers(values)
            if _is_finite(name, value)
        ]
        self._put(("scalars", scalars))
        self._measure(step)

    @_harmless
    def watch(self, model, teacher=None, every=500):
        self._watched = _Watched(model, teacher, max(1, int(every)))

    @_harmless
    def log_samples(self, images, step=None, seed=None, name="samples"):
        self._put(("samples", _snapshot(images), self._advance(step, by=0), seed, name))

    @_harmless
    def log_checkpoint(self, checkpoint, step=None, config=None, network=None):
        step = self._advance(step, by=0)
        if isinstance(checkpoint, (str, os.PathLike)):
            source = os.path.abspath(os.fspath(checkpoint))
        else:
            source = dict(_tensors(checkpoint))
        self._put(("checkpoint", source, step, _plain(config) if config else None, network))

    @_harmless
    def finish(self, outcome="finished", timeout=60.0):
        if self._finished or self._pid != os.getpid():
            return
        self._finished = True
        self._deadline = time.monotonic() + timeout
        self._put(("outcome", outcome))
        self._closing.set()
        self._thread.join(timeout)
        if self._thread.is_alive() or self._spool.entries():
            _tell("%s: not everything was sent; the rest is in %s", self.name, self._spool.path)
        if not self._thread.is_alive():
            self._spool.release()

    # -- in the thread of the training

    def _advance(self, step, by=1):
        self._step = int(step) if step is not None else self._step + by
        return self._step

    def _measure(self, step):
        if self._watched and self._watched.is_due(step):
            self._put(("statistics", self._watched.measure(step)))

    def _put(self, item):
        if self._pid != os.getpid():
            return  # a forked data loader has no thread of ours
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            self.dropped += 1
            _tell("%s: the queue is full, some of what was logged is dropped", self.name)

    def _at_exit(self):
        self.finish("failed" if hasattr(sys, "last_type") else "finished", timeout=10)

    # -- in the background thread

    def _work(self):
        pause, next_try = 1.0, 0.0
        while True:
            closing = self._closing.is_set()
            try:
                self._store(self._gather(0 if closing else GATHER))
            except Exception as error:
                _tell("%s: %s: %s; dropped", self.name, type(error).__name__, error)
            if time.monotonic() >= next_try:
                try:
                    self._send()
                    pause = 1.0
                except _Away as away:
                    _tell("%s: %s; it is kept in %s", self.name, away, self._spool.path)
                    next_try = time.monotonic() + pause
                    pause = min(LONGEST_PAUSE, pause * 2)
            if closing and self._queue.empty():
                if not self._spool.entries() or time.monotonic() >= self._deadline:
                    return
                next_try = min(next_try, time.monotonic() + 1.0)
                time.sleep(0.05)

    def _gather(self, seconds):
        """What was put within some seconds of the first; a checkpoint or many items end the wait."""
        items, until = [], time.monotonic() + seconds
        while len(items) < 1000:
            try:
                items.append(self._queue.get(timeout=max(0.0, until - time.monotonic())) if seconds else self._queue.get_nowait())
            except queue.Empty:
                break
        return items

    def _store(self, items):
        scalars = [scalar for item in items if item[0] == "scalars" for scalar in item[1]]
        layers = [layer for item in items if item[0] == "statistics" for layer in item[1]]
        for name, rows, most in (("scalars", scalars, 5000), ("layers", layers, 500)):
            for i in range(0, len(rows), most):
                body = {"run": self.name, "batch": uuid.uuid4().hex, name: rows[i : i + most]}
                self._spool.add({"kind": "scalars" if name == "scalars" else "statistics", "body": body})
        for item in items:
            if item[0] == "samples":
                self._store_samples(*item[1:])
            elif item[0] == "checkpoint":
                self._store_checkpoint(*item[1:])
            elif item[0] == "outcome":
                self._spool.add({"kind": "outcome", "run": self.name, "body": {"outcome": item[1]}})

    def _store_samples(self, images, step, seed, name):
        query = {"run": self.name, "step": step, "name": name}
        if seed is not None:
            query["seed"] = seed
        png = _png_of(images)
        self._spool.add({"kind": "samples", "query": query}, lambda path: _write(path, png))

    def _store_checkpoint(self, source, step, config, network):
        if isinstance(source, str):
            file_name, write = os.path.basename(source), lambda path: shutil.copyfile(source, path)
        else:
            file_name, write = "step-%d.safetensors" % step, lambda path: _write_safetensors(path, source)
        body = {"run": self.name, "step": step, "fileName": file_name}
        if config:
            body["config"] = config
        if network:
            body["network"] = network
        self._spool.add({"kind": "checkpoint", "body": body}, write)

    def _send(self):
        """Sends until nothing is left or the queue has more to store. Raises _Away."""
        for spool in self._spool.all_for_us():
            while True:
                if time.monotonic() >= self._deadline:
                    return
                entry = spool.first()
                if entry is None:
                    break
                try:
                    done = self._server.send(entry, spool)
                except _Refused as refusal:
                    _tell("%s was refused: %s", entry["kind"], refusal)
                    done = True
                if done:
                    spool.remove(entry)
                if not self._queue.empty() and not self._closing.is_set():
                    return


class _NoRun(Run):
    """Stands for a run that could not begin: every call does nothing."""

    def __init__(self):
        self.name, self.dropped = "", 0
        self._finished, self._step, self._watched = True, 0, None
        self._pid = -1


# ---- the spool: what is not sent yet, on disk --------------------------------------------------------------------

class _Spool:
    """
    A folder of numbered entries, each a JSON file and perhaps a binary one beside it, sent in order but for
    checkpoints, which wait for everything else. A lock tells other processes whether its owner lives.
    """

    def __init__(self, parent, url, path=None):
        self._parent, self._url = parent, url
        self.path = path or os.path.join(parent, "%d-%d-%s" % (time.time() * 1000, os.getpid(), uuid.uuid4().hex[:8]))
        self._number = 0
        if path is None:
            os.makedirs(self.path)
            _write(os.path.join(self.path, "url"), url.encode())
        self._lock = _lock(os.path.join(self.path, "lock"))

    def add(self, entry, write=None):
        """Stores an entry; `write` makes its binary file. Both are complete before the entry counts."""
        name = "%08d" % self._number
        self._number += 1
        if write:
            data = os.path.join(self.path, name + ".bin")
            if entry["kind"] == "checkpoint" and self._size() > float(os.environ.get("SIGNSCOPE_SPOOL_MB") or 4096) * 2**20:
                _tell("the spool is full, a checkpoint is dropped")
                return
            write(data)
        self._save(name, entry)

    def update(self, entry):
        name = entry["name"]
        self._save(name, {key: value for key, value in entry.items() if key != "name"})

    def _save(self, name, entry):
        path = os.path.join(self.path, name + ".json")
        _write(path + ".tmp", json.dumps(entry).encode())
        os.replace(path + ".tmp", path)

    def entries(self):
        return sorted(name[:-5] for name in os.listdir(self.path) if name.endswith(".json")) if os.path.isdir(self.path) else []

    def first(self):
        """The next to send; None if nothing waits."""
        last = None
        for name in self.entries():
            with open(os.path.join(self.path, name + ".json"), encoding="utf-8") as file:
                entry = json.load(file)
            entry["name"] = name
            if entry["kind"] != "checkpoint":
                return entry
            last = last or entry
        return last

    def data(self, entry):
        return os.path.join(self.path, entry["name"] + ".bin")

    def remove(self, entry):
        for ending in (".json", ".bin"):
            path = os.path.join(self.path, entry["name"] + ending)
            if os.path.exists(path):
                os.remove(path)

    def all_for_us(self):
        """Spools that ended processes left for this server, the oldest first, then this one."""
        for name in sorted(os.listdir(self._parent)):
            path = os.path.join(self._parent, name)
            if path == self.path or not os.path.isfile(os.path.join(path, "url")):
                continue
            with open(os.path.join(path, "url"), encoding="utf-8") as file:
                if file.read() != self._url:
                    continue
            left = _Spool(self._parent, self._url, path)
            if left._lock is None:
                continue
            yield left
            left.release()
        yield self

    def release(self):
        """Gives the folder up; an empty one goes."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None
            if not self.entries():
                shutil.rmtree(self.path, ignore_errors=True)

    def _size(self):
        return sum(os.path.getsize(os.path.join(self.path, name)) for name in os.listdir(self.path))


def _lock(path):
    """A file nobody else holds as long as this process lives; None if someone does, or where there are no such locks."""
    try:
        import fcntl
    except ImportError:  # Windows: spools of other processes are left alone
        return None
    file = open(path, "a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return file
    except OSError:
        file.close()
        return None


# ---- the server --------------------------------------------------------------------------------------------------

class _Away(Exception):
    """The server cannot take it now; it is tried again."""


class _Refused(Exception):
    """The server will never take it."""

    def __init__(self, status, words):
        super().__init__("%s (%d)" % (words, status))
        self.status = status


class _Server:
    def __init__(self, url, token):
        self._url, self._token = url.rstrip("/") + "/api/v1", token

    def send(self, entry, spool):
        """Sends an entry, or the next piece of one. Returns whether it is done. Raises _Away or _Refused."""
        kind = entry["kind"]
        if kind == "checkpoint":
            return self._send_piece(entry, spool)
        if kind == "run":
            self._ask("POST", "/runs", entry["body"])
        elif kind in ("scalars", "statistics"):
            self._ask("POST", "/" + kind, entry["body"])
        elif kind == "samples":
            with open(spool.data(entry), "rb") as file:
                self._ask("PUT", "/samples?" + urllib.parse.urlencode(entry["query"]), file.read())
        elif kind == "outcome":
            self._ask("PATCH", "/runs/" + urllib.parse.quote(entry["run"], safe=""), entry["body"])
        return True

    def _send_piece(self, entry, spool):
        """Announces a checkpoint or sends its next chunk, where the server says it is."""
        path = spool.data(entry)
        if "upload" not in entry:
            size, sha256 = _size_and_hash(path)
            upload = self._ask("POST", "/uploads", dict(entry["body"], bytes=size, sha256=sha256))
            entry["upload"], entry["offset"] = upload["id"], upload["offset"]
            spool.update(entry)
            return upload["state"] == "stored"
        with open(path, "rb") as file:
            file.seek(entry["offset"])
            chunk = file.read(CHUNK)
        where = "/uploads/" + entry["upload"]
        try:
            upload = self._ask("PUT", where, chunk, {"Upload-Offset": str(entry["offset"])})
        except (_Refused, _Away) as fault:
            if isinstance(fault, _Away) or fault.status in (404, 409, 413):
                self._locate(entry, spool)  # may find it complete after all
                if entry.get("complete"):
                    return True
            if isinstance(fault, _Refused) and fault.status in (404, 409, 413):
                raise _Away("the upload is taken up anew")
            raise
        entry["offset"] = upload["offset"]
        spool.update(entry)
        return upload["state"] != "receiving"

    def _locate(self, entry, spool):
        """Asks how far an upload is; one the server has forgotten is announced again."""
        try:
            upload = self._ask("GET", "/uploads/" + entry["upload"])
            entry["offset"], entry["complete"] = upload["offset"], upload["state"] != "receiving"
        except _Refused:
            del entry["upload"]
        spool.update(entry)

    def _ask(self, method, path, body=None, headers=None):
        headers = dict(headers or {})
        if self._token:
            headers["Authorization"] = "Bearer " + self._token
        if isinstance(body, dict):
            body, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        elif body is not None:
            headers["Content-Type"] = "application/octet-stream"
        request = urllib.request.Request(self._url + path, data=body, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                return json.loads(answer.read().decode("utf-8"))
        except urllib.error.HTTPError as error:
            words = _words_of(error)
            # A token may be given later, a full disk be cleared: only what is wrong in itself is given up.
            if error.code in (401, 403, 408, 421, 429) or error.code >= 500:
                raise _Away("%s (%d)" % (words, error.code))
            raise _Refused(error.code, words)
        except (OSError, ValueError) as error:  # no connection, a broken one, a timeout, an answer that is no JSON
            raise _Away("the server does not answer (%s)" % (getattr(error, "reason", None) or error))


def _words_of(error):
    try:
        told = json.loads(error.read().decode("utf-8"))["error"]
        return " ".join(part for part in (told["message"], told.get("hint")) if part)
    except Exception:
        return error.reason or "no reason given"


def _size_and_hash(path):
    digest, size = hashlib.sha256(), 0
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(2**20), b""):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


# ---- layers: what checkpoints do not tell ------------------------------------------------------------------------

class _Watched:
    """The layers of a model: every module with a `weight` of two or more axes, by its dotted path."""

    def __init__(self, model, teacher, every):
        self._model, self._teacher, self._every = model, teacher, every
        self._last = None

    def is_due(self, step):
        if self._last is None or step - self._last >= self._every or step < self._last:
            self._last = step
            return True
        return False

    def measure(self, step):
        teachers = dict(self._teacher.named_modules()) if self._teacher is not None else {}
        modules = list(self._model.named_modules())
        layers = [(path, module) for path, module in modules if _is_layer(module)]
        return [_layer_log(path, module, modules, teachers.get(path), step) for path, module in layers]


def _is_layer(module):
    return len(getattr(getattr(module, "weight", None), "shape", ())) >= 2


def _layer_log(path, module, modules, teacher, step):
    """Facts, numbers and the weight histogram of one layer, its own and those of the quantizers inside it."""
    facts, values = {"class": type(module).__name__}, {}
    inside = [(other[len(path) + 1 :], part) for other, part in modules if path and other.startswith(path + ".")]
    for prefix, part in [("", module)] + [(name + ".", part) for name, part in inside if not _is_layer(part)]:
        facts.update((prefix + name, value) for name, value in _plain_attributes(part))
        for name, tensor in _small_tensors(part):
            values.update(("%s%s" % (prefix + name, ending), value) for ending, value in _summary(tensor))
    weight = module.weight
    numbers, histogram = _statistics(weight)
    values.update(("weight." + name, value) for name, value in numbers.items())
    if teacher is not None and tuple(getattr(teacher.weight, "shape", ())) == tuple(weight.shape):
        values["weight.flips"] = _flips(weight, teacher.weight)
    return {
        "layer": path[:512] or "(model)",
        "step": step,
        "facts": {name[:120]: value for name, value in facts.items()},
        "values": {name[:120]: value for name, value in values.items() if math.isfinite(value)},
        "histograms": {"weight": histogram} if histogram else {},
    }


def _plain_attributes(module):
    """What a module keeps as plain Python: precision, order, bnn_mode, 'initialised' flags, kernel sizes as text."""
    for name, value in list(vars(module).items()):
        if name.startswith("_") or name == "training":
            continue
        if isinstance(value, bool) or (isinstance(value, (int, float)) and math.isfinite(value)):
            yield name, value
        elif isinstance(value, str):
            yield name, value[:200]


def _small_tensors(module):
    """Scales, steps and counters: parameters and buffers that are neither the weight nor its bias."""
    held = {}
    for kind in ("_parameters", "_buffers"):
        held.update(getattr(module, kind, None) or {})
    for name, value in vars(module).items():
        if not name.startswith("_") and hasattr(value, "shape"):
            held[name] = value
    return [(name, t) for name, t in held.items() if t is not None and name not in ("weight", "bias") and _count(t) <= 2**20]


def _summary(tensor):
    """One number as it is; of several their mean and range."""
    if _count(tensor) == 1:
        return [("", _flat(tensor)[0])]
    numbers, _ = _statistics(tensor)
    return [("." + name, numbers[name]) for name in ("mean", "min", "max") if name in numbers]


def _statistics(tensor):
    """Moments, the share of w >= 0 (signs of one bit) and of exact zeros, and a histogram, over the finite values."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(tensor, torch.Tensor):
        return _torch_statistics(torch, tensor)
    every = _flat(tensor)
    w = [value for value in every if math.isfinite(value)]
    if not w:
        return {"count": float(len(every)), "nonFinite": float(len(every))}, None
    n, lo, hi = len(w), min(w), max(w)
    mean = math.fsum(w) / n
    squares = math.fsum((v - mean) ** 2 for v in w) / n
    fourth = math.fsum((v - mean) ** 4 for v in w) / n
    counts = [0] * BINS
    for value in w:
        counts[min(BINS - 1, int((value - lo) / ((hi - lo) or 1.0) * BINS))] += 1
    numbers = {
        "mean": mean,
        "std": math.sqrt(squares),
        "min": lo,
        "max": hi,
        "meanAbs": math.fsum(abs(v) for v in w) / n,
        "positive": sum(v >= 0 for v in w) / n,
        "zero": sum(v == 0 for v in w) / n,
    }
    return _named(numbers, len(every), n, squares, fourth), {"lo": lo, "hi": hi, "counts": counts}


def _torch_statistics(torch, tensor):
    with torch.no_grad():
        every = tensor.detach().reshape(-1).float()
        w = every[torch.isfinite(every)]
        if w.numel() == 0:
            return {"count": float(every.numel()), "nonFinite": float(every.numel())}, None
        centred = w - w.mean()
        squares = (centred**2).mean()
        names = ("mean", "std", "min", "max", "meanAbs", "positive", "zero")
        parts = (w.mean(), squares.sqrt(), w.min(), w.max(), w.abs().mean(), (w >= 0).float().mean(), (w == 0).float().mean())
        *numbers, squares, fourth = torch.stack(parts + (squares, (centred**4).mean())).double().tolist()
        values = dict(zip(names, numbers))
        lo, hi = values["min"], values["max"]
        counts = torch.histc(w, bins=BINS, min=lo, max=hi).tolist() if hi > lo else [float(w.numel())] + [0.0] * (BINS - 1)
    return _named(values, every.numel(), w.numel(), squares, fourth), {"lo": lo, "hi": hi, "counts": counts}


def _named(numbers, count, finite, squares, fourth):
    numbers["count"], numbers["nonFinite"] = float(count), float(count - finite)
    if squares > 0:
        numbers["kurtosis"] = fourth / squares**2
    return numbers


def _flips(weight, teacher):
    """Share of weights whose sign (0 counts as +) differs from the teacher's."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(weight, torch.Tensor):
        with torch.no_grad():
            return float(((weight >= 0) != (teacher.to(weight.device) >= 0)).float().mean())
    pairs = list(zip(_flat(weight), _flat(teacher)))
    return sum((a >= 0) != (b >= 0) for a, b in pairs) / max(1, len(pairs))


# ---- numbers, tensors, pictures ----------------------------------------------------------------------------------

def _numbers(values, prefix=""):
    """(name, number) of nested dicts; anything with `item()` is a number of one element."""
    for key, value in values.items():
        name = (prefix + str(key))[:512]
        if isinstance(value, dict):
            yield from _numbers(value, name + "/")
        elif hasattr(value, "item"):
            yield name, float(value.item())
        elif isinstance(value, (int, float)):
            yield name, float(value)
        else:
            _tell("log: %s is no number", name)


def _is_finite(name, value):
    if not math.isfinite(value):
        _tell("log: %s is not finite and is left out", name)
    return math.isfinite(value)


def _plain(value, depth=0):
    """A value as JSON can hold it; whatever else is its text."""
    if depth > 20:
        return str(value)[:200]
    if isinstance(value, dict):
        return {str(key)[:200]: _plain(inner, depth + 1) for key, inner in value.items() if str(key) != "__proto__"}
    if isinstance(value, (list, tuple, set)):
        return [_plain(inner, depth + 1) for inner in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return str(value)[:1000]


def _count(tensor):
    count = 1
    for size in tensor.shape:
        count *= int(size)
    return count


def _flat(tensor):
    """The values of a tensor or of nested lists, row by row."""
    flat, rest = [], [tensor.tolist() if hasattr(tensor, "tolist") else tensor]
    while rest:
        value = rest.pop()
        if isinstance(value, (list, tuple)):
            rest.extend(reversed(value))
        else:
            flat.append(float(value))
    return flat


def _shape(values):
    if hasattr(values, "shape"):
        return tuple(int(size) for size in values.shape)
    shape = []
    while isinstance(values, (list, tuple)):
        shape.append(len(values))
        values = values[0] if values else None
    return tuple(shape)


def _snapshot(tensor):
    """A copy that later training steps do not change, in main memory."""
    if hasattr(tensor, "detach"):
        return tensor.detach().cpu().clone()
    return tensor.copy() if hasattr(tensor, "copy") and hasattr(tensor, "shape") else tensor


def _tensors(state, prefix=""):
    """(dotted name, copy) of every tensor in a state dict, or in dicts inside it; the rest is left out."""
    for key, value in state.items():
        name = prefix + str(key)
        if isinstance(value, dict):
            yield from _tensors(value, name + ".")
        elif hasattr(value, "shape") or isinstance(value, (list, tuple)):
            yield name, _snapshot(value)


_dtypes = {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "int64": "I64", "int32": "I32",
    "int16": "I16", "int8": "I8", "uint8": "U8", "bool": "BOOL",
}  # fmt: skip


def _write_safetensors(path, tensors):
    """The format in three lines: length of the header (u64), header (JSON), bytes of the tensors end to end."""
    header, parts, at = {}, [], 0
    for name, tensor in tensors.items():
        dtype, data = _bytes_of(tensor)
        header[name] = {"dtype": dtype, "shape": list(_shape(tensor)), "data_offsets": [at, at + len(data)]}
        parts.append(data)
        at += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for part in parts:
            file.write(part)


def _bytes_of(tensor):
    """Type and little-endian bytes; lists and whatever else has numbers become float32."""
    dtype = _dtypes.get(str(getattr(tensor, "dtype", "")).replace("torch.", ""))
    torch = sys.modules.get("torch")
    if dtype and torch is not None and isinstance(tensor, torch.Tensor):
        raw = tensor.contiguous().reshape(-1).view(torch.uint8)
        try:
            return dtype, raw.numpy().tobytes()
        except RuntimeError:  # PyTorch without NumPy
            return dtype, bytes(bytearray(raw.tolist()))
    if dtype and hasattr(tensor, "tobytes"):
        return dtype, tensor.astype(tensor.dtype.newbyteorder("<")).tobytes()
    values = array.array("f", _flat(tensor))
    if sys.byteorder == "big":
        values.byteswap()
    return "F32", values.tobytes()


def _png_of(images):
    if isinstance(images, (bytes, bytearray)):
        return bytes(images)
    if isinstance(images, (str, os.PathLike)):
        with open(images, "rb") as file:
            return file.read()
    shape = _shape(images)
    if len(shape) == 3:  # (N, H, W)
        shape = (shape[0], 1) + shape[1:]
    if len(shape) != 4 or shape[1] not in (1, 3):
        raise ValueError("images must be (N, 1 or 3, H, W) or (N, H, W), these are %s" % (shape,))
    return _grid(_pixels(images), *shape)


def _pixels(images):
    """Bytes 0-255 of values in [-1, 1] if any is negative, in [0, 1] if none is above 1, else in 0-255."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(images, torch.Tensor):
        x = images.float()
        scale, shift = _range(float(x.min()), float(x.max()))
        return bytes(_bytes_of((x * scale + shift).round().clamp(0, 255).to(torch.uint8))[1])
    values = _flat(images)
    scale, shift = _range(min(values), max(values))
    return bytes(min(255, max(0, round(v * scale + shift))) if v == v else 0 for v in values)


def _range(least, most):
    if least < 0:
        return 127.5, 127.5
    return (255.0, 0.0) if most <= 1 else (1.0, 0.0)


def _grid(pixels, n, c, h, w):
    """A PNG of N images of C planes side by side, in about as many columns as rows, two pixels of black between them."""
    columns = math.ceil(math.sqrt(n))
    rows = math.ceil(n / columns)
    width, height = columns * (w + 2) - 2, rows * (h + 2) - 2
    canvas = bytearray(width * height * c)
    for i in range(n):
        left, top = (i % columns) * (w + 2), (i // columns) * (h + 2)
        for plane in range(c):
            for y in range(h):
                source = ((i * c + plane) * h + y) * w
                target = ((top + y) * width + left) * c + plane
                canvas[target : target + w * c : c] = pixels[source : source + w]
    lines = b"".join(b"\0" + bytes(canvas[y * width * c : (y + 1) * width * c]) for y in range(height))
    kind = 0 if c == 1 else 2
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0))
        + _chunk(b"IDAT", zlib.compress(lines))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data) & 0xFFFFFFFF)


def _write(path, data):
    with open(path, "wb") as file:
        file.write(data)


_told = set()


def _tell(words, *details):
    """Each trouble of each name is told once: a log that repeats itself every step hides the training's own."""
    trouble = (words, str(details[:1]))
    if trouble not in _told and len(_told) < 100:
        _told.add(trouble)
        _logger.warning(words, *details)
