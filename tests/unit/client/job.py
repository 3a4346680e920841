"""A training job in small: job.py SCENARIO [ARGUMENT...]; the server and the spool come from the environment."""
import json
import logging
import os
import sys
import time

sys.path[:0] = [os.path.join(os.path.dirname(__file__), "../../../public"), os.path.dirname(__file__)]
import fakes
import signscope

logging.basicConfig()
scenario, arguments = sys.argv[1], sys.argv[2:]


def tell(**facts):
    print(json.dumps(facts))


def normal(checkpoint):
    with signscope.init("normal", config={"lr": 1e-4, "path": os}, teacher="big"):
        signscope.watch(fakes.model(), teacher=fakes.model(-1.0), every=10)
        for step in range(30):
            signscope.log({"loss": 1.0 / (step + 1), "terms": {"eps": step}, "bad": float("nan")}, step=step)
        signscope.log_samples([[[0.0, 1.0], [0.5, 0.25]]] * 3, step=29, seed=7)
        signscope.log_checkpoint(checkpoint, step=29)
        signscope.log_checkpoint({"w": [[1.0, -2.0], [3.0, -4.0]], "step": 3}, step=30)


def away():
    signscope.init("away")
    for step in range(100):
        signscope.log({"loss": step}, step=step)
    signscope.finish(timeout=2)
    tell(left=sum(len(files) for _, _, files in os.walk(os.environ["SIGNSCOPE_SPOOL"])))


def later():
    signscope.init("later")
    signscope.log({"loss": 1}, step=0)
    signscope.finish()


def upload(path):
    sent = []
    ask = signscope._Server._ask

    def counting(self, method, where, body=None, headers=None):
        if method != "PUT":
            return ask(self, method, where, body, headers)
        print("chunk", flush=True)
        time.sleep(0.1)
        try:
            answer = ask(self, method, where, body, headers)
        except signscope._Away as away:
            if "refused" not in str(away):  # with no connection nothing was sent
                sent.append(len(body))
            raise
        sent.append(len(body))
        return answer

    signscope._Server._ask = counting
    signscope.CHUNK = 2**21
    signscope.init("upload")
    signscope.log_checkpoint(path, step=1)
    signscope.finish(timeout=120)
    tell(sent=sum(sent), left=os.listdir(os.environ["SIGNSCOPE_SPOOL"]))


def full():
    signscope.QUEUE = 10
    run = signscope.init("full")
    for step in range(5000):
        run.log({"loss": step}, step=step)
    tell(dropped=run.dropped)
    run.finish(timeout=1)


def faults():
    class Broken:
        shape = (2, 2)

        def named_modules(self):
            raise RuntimeError("broken")

    signscope.log({"too": "early"})
    signscope.init("faults", config={"a": {"__proto__": 1}, "inf": float("inf")}, role="nonsense")
    for call in (
        lambda: signscope.log(None),
        lambda: signscope.log({"a": object(), "b": "text"}),
        lambda: signscope.log({"a": 1}, step="soon"),
        lambda: signscope.watch(Broken()),
        lambda: signscope.log({"a": 1}),
        lambda: signscope.log_samples("/nowhere.png"),
        lambda: signscope.log_samples([1, 2, 3]),
        lambda: signscope.log_checkpoint("/nowhere.pt", step=1),
        lambda: signscope.log_checkpoint(None),
        lambda: signscope.finish(timeout="never"),
        lambda: signscope.finish(timeout=2),
        lambda: signscope.log({"too": "late"}),
    ):
        call()
    tell(alive=True)


def unwritable():
    signscope.init("x", spool="/proc/nowhere")
    signscope.log({"loss": 1})
    signscope.finish()
    tell(alive=True)


def crash():
    signscope.init("crash")
    signscope.log({"loss": 1}, step=0)
    raise ValueError("the training's own")


globals()[scenario](*arguments)
