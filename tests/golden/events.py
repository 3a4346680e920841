"""Event files as others write them: writes tensorboardx.tfevents, tensors.tfevents and events.json beside this file.

    python3 tests/golden/events.py        (tensorboardX 2.6, TensorBoard 2.21 wrote the committed files)

The first is of tensorboardX's SummaryWriter, the class PyTorch's is made after; the second holds tensors with their plugin's name, as
TensorFlow 2 logs, by TensorBoard's own writer. The JSON is what TensorBoard reads back from both, each histogram brought to
64 bins between its outermost edges by numpy.interp.
"""
import base64
import json
import pathlib
import tempfile

import numpy
import tensorboardX.summary
from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.histogram.summary_v2 import histogram_pb
from tensorboard.plugins.image import metadata as image_metadata
from tensorboard.plugins.scalar.summary_v2 import scalar_pb
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.util import tensor_util

here = pathlib.Path(__file__).parent
rng = numpy.random.default_rng(2405)
time = 1.7e9


def written(name, write):
    """The one event file `write` leaves in a folder, kept under a name of its own."""
    with tempfile.TemporaryDirectory() as folder:
        write(folder)
        (file,) = pathlib.Path(folder).iterdir()
        (here / name).write_bytes(file.read_bytes())
    return name


def with_tensorboard_x(folder):
    with tensorboardX.SummaryWriter(folder) as writer:
        for step, loss in enumerate([0.5, 0.3, float("nan"), float("inf"), 0.1]):
            writer.add_scalar("train/loss", loss, 100 * step, time + step)
        writer.add_scalar("far", -1e-30, 2**40, time)
        for step in [0, 200]:
            writer.add_histogram("conv1/weight", rng.normal(0, 0.05 + step, 300).astype(numpy.float32), step, 64, time)
        writer.add_histogram("conv1/signs", numpy.sign(rng.normal(0, 1, 90)), 200, "tensorflow", time)
        writer.add_histogram("one", numpy.full(7, 0.25), 200, "tensorflow", time)
        writer.add_image("grid", rng.integers(0, 256, (3, 4, 5), dtype=numpy.uint8), 200, time)
        writer.add_text("note", "of no layer", 1, time)
        writer.add_pr_curve("curve", rng.integers(0, 2, 20), rng.random(20), 1, 5, walltime=time)
        for part in tensorboardX.summary.hparams({"lr": 1e-3, "method": "lmb"}, {"train/loss": 0}):
            writer.file_writer.add_summary(part, 0, time)


def with_tensors(folder):
    writer = EventFileWriter(folder)

    def add(step, value):
        values = value if isinstance(value, Summary) else Summary(value=[value])
        writer.add_event(Event(wall_time=time, step=step, summary=values))

    for step, loss in enumerate([0.25, float("nan"), 0.125]):
        add(step, scalar_pb("epoch_loss", loss))
    add(7, histogram_pb("kernel", rng.normal(0, 1, 200), buckets=12))
    add(7, histogram_pb("constant", numpy.full(5, 3.0)))
    add(7, histogram_pb("nothing", numpy.zeros(0)))
    png = tensorboardX.summary.image("", rng.integers(0, 256, (1, 3, 2), dtype=numpy.uint8)).value[0].image
    image = [b"2", b"3", png.encoded_image_string]
    metadata = image_metadata.create_summary_metadata(display_name=None, description=None)
    add(7, Summary.Value(tag="sample", metadata=metadata, tensor=tensor_util.make_tensor_proto(image)))
    writer.close()


def finite(value):
    return value if numpy.isfinite(value) else None


def equal_bins(rows):
    """Counts up to an edge, straight between the edges that were written; all of it at once where they coincide."""
    lo, hi = rows[0, 0], rows[-1, 1]
    if lo == hi:
        return {"lo": lo, "hi": hi, "counts": [rows[:, 2].sum()] + 63 * [0]}
    edges = numpy.append(lo, rows[:, 1])
    upto = numpy.append(0, rows[:, 2].cumsum())
    return {"lo": lo, "hi": hi, "counts": numpy.diff(numpy.interp(numpy.linspace(lo, hi, 65), edges, upto)).tolist()}


def read(name):
    """Everything of the three kinds that TensorBoard's own reader finds."""
    events = EventAccumulator(str(here / name))
    events.Reload()
    found = {"file": name, "scalars": [], "histograms": [], "images": []}
    for plugin in found.keys() & set(events.ActivePlugins()):
        for tag in sorted(events.PluginTagToContent(plugin)):
            for event in events.Tensors(tag):
                value = tensor_util.make_ndarray(event.tensor_proto)
                entry = {"tag": tag, "step": event.step}
                if plugin == "scalars":
                    entry["value"] = finite(float(value))
                elif plugin == "histograms":
                    rows = value.astype(float)
                    entry["histogram"] = equal_bins(rows) if rows[:, 2].sum() > 0 else None
                else:
                    width, height, png = value
                    entry |= {"width": int(width), "height": int(height), "png": base64.b64encode(png).decode()}
                found[plugin].append(entry)
    return found


names = [written("tensorboardx.tfevents", with_tensorboard_x), written("tensors.tfevents", with_tensors)]
(here / "events.json").write_text(json.dumps([read(name) for name in names], allow_nan=False) + "\n")
