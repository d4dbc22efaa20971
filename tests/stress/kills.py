"""Kill runs at random moments, start them again with the same command, and compare with the run never killed.

  python tests/stress/kills.py --seed 0 --cases 60
  python tests/stress/kills.py --seed 0 --cases 30 --processes 2
  python tests/stress/kills.py --seed 0 --cases 30 --adapter

Three commands are killed: `xalign prepare`, `xalign train` (two recipes: by steps and by epochs with a gradient cache)
and `xalign push` to a Hub on this machine. A kill is SIGKILL at a random time, at a random change of a file, or while
a checkpoint is being written; some runs are sent SIGTERM instead, which must save and end with status 143. With
`--processes 2` or `--adapter` only training is killed: on two processes, of which one or both meet the signal, and
with a LoRA adapter.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path


sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.hub.loopback.server import TOKEN, Hub
from tests.small_recipe import small_config, small_data
from tests.stress.forked import Forked, ForkedPair


PATIENCE_S = 300
COMMON = {
    **small_data(train=96, held_out=12),
    "vocab_size": 300,
    "max_length": 24,
    "model_config": small_config(hidden_dropout_prob=0.1, attention_probs_dropout_prob=0.1),
    "per_device_train_batch_size": 4,
    "learning_rate": 1e-2,
    "seed": 3,
    "report_to": "none",
    "disable_tqdm": True,
    "use_cpu": True,
    "resume_from_checkpoint": True,
}
RECIPES = {
    # Entries of the log fall between checkpoints, and checkpoints between entries of the log.
    "steps": {
        "heads": {"mlm": {}, "tcm": {}},
        "max_steps": 12,
        "gradient_accumulation_steps": 2,
        "warmup_steps": 3,
        "logging_steps": 2,
        "save_steps": 3,
        "eval_strategy": "steps",
        "eval_steps": 3,
        "save_total_limit": 2,
    },
    "epochs": {
        "heads": {"mlm": {}, "tlm": {}, "tcm": {}},
        "num_train_epochs": 2,
        "per_device_train_batch_size": 8,
        "gradient_cache_chunk_size": 4,
        "logging_steps": 5,
        "save_strategy": "steps",
        "save_steps": 4,
        "eval_strategy": "steps",
        "eval_steps": 4,
        "load_best_model_at_end": True,
        "metric_for_best_model": "loss",
    },
}
# On the encoder of a run of the first recipe.
ADAPTER = {
    "model_config": {},
    "heads": {"mlm": {}, "tr": {"projection": "tanh", "learnable_temperature": True}},
    "peft": {"r": 2, "lora_alpha": 4, "lora_dropout": 0.1},
}
ONE_OR_BOTH = ((0,), (1,), (0, 1))


class Defect(AssertionError):
    """A promise that was not kept."""


class Command:
    """A command that is started again and again, always the same.

    Args:
        arguments: after `xalign`.
        place: its folder, which the kills at changes of files watch.
        before: called in its process first.
        processes: how many it runs on.
    """

    def __init__(self, arguments: list[str], place: Path, before=None, processes: int = 1):
        self.arguments, self.place, self.before, self.processes = arguments, place, before, processes
        self.log = place / "said.log"
        self.time, self.count = 0.0, 1

    def straight(self) -> None:
        """Run it, and remember how long it takes and how many changes it makes."""
        begun = time.monotonic()
        run = self.start(die_at=0)
        self.check(run.wait(PATIENCE_S), run)
        self.time, self.count = time.monotonic() - begun, run.changes()

    def start(self, die_at: int | None = None, **of_pair) -> Forked | ForkedPair:
        run = Forked if self.processes == 1 else ForkedPair
        return run(self.arguments, self.log, die_at=die_at, changes_in=self.place, before=self.before, **of_pair)

    def check(self, status: int | None, run: Forked | ForkedPair) -> None:
        if status is None:
            run.end()
            raise Defect(f"it hangs: {self.log}")
        if status != 0:
            raise Defect(f"status {status}: {self.log}")

    def killed(self, rng: random.Random, like: Command) -> str | None:
        """Start it and end it at a random moment; None where it was through before."""
        how = rng.choice(["time", "time", "change", "checkpoint", "SIGTERM"] if self.writes_checkpoints else HOW)
        if not like.count:  # a push changes nothing here
            how = "time"
        die_at = rng.randint(1, like.count) if how == "change" else None
        run = self.start(die_at, **({} if self.processes == 1 else {"signalled": rng.choice(ONE_OR_BOTH)}))
        if how == "change":
            status = run.wait(PATIENCE_S)
            if status is None:
                self.check(status, run)
        elif how == "checkpoint":
            status = self._until_a_checkpoint_is_written(run, rng)
        else:
            status = run.wait(rng.uniform(0, like.time))
        if status is None:
            status = run.end(signal.SIGTERM if how == "SIGTERM" else signal.SIGKILL)
            if status is None:
                raise Defect(f"a process does not end that has lost the other, or was asked to: {self.log}")
        if status == -signal.SIGKILL:
            return "SIGKILL"
        if how == "SIGTERM" and status in (128 + signal.SIGTERM, -signal.SIGTERM):
            return "SIGTERM, saved" if status > 0 else "SIGTERM, nothing to save yet"
        self.check(status, run)
        return None

    @property
    def writes_checkpoints(self) -> bool:
        return self.arguments[0] == "train"

    def _until_a_checkpoint_is_written(self, run: Forked | ForkedPair, rng: random.Random) -> int | None:
        wait_for = rng.randint(1, 3)
        begun = set()
        end = time.monotonic() + PATIENCE_S
        while (status := run.poll()) is None and time.monotonic() < end:
            for folder in self.place.glob("out/checkpoint-*"):
                if folder.name not in begun and not (folder / "trainer_state.json").exists():
                    begun.add(folder.name)
                    if len(begun) == wait_for:
                        time.sleep(rng.uniform(0, 0.04))
                        return run.poll()
            time.sleep(0.0005)
        return status


HOW = ["time", "change"]


def phase(place: Path, command: str) -> str:
    """Where a kill has met the command, as its folder tells."""
    if command != "train":
        return command
    from hf_xalign.checkpoints import missing_part

    out = place / "out"
    if not (out / "recipe.yaml").exists():
        return "start"
    if any(missing_part(folder) for folder in out.glob("checkpoint-*")):
        return "checkpoint"
    return "end" if (out / "train_results.json").exists() or (out / "trainer_state.json").exists() else "step"


def losses(state: Path) -> list[dict]:
    """The entries of the log without what clock and memory of the machine tell."""
    history = json.loads(state.read_text())["log_history"]
    of_the_machine = ("runtime", "per_second", "peak_memory_gb")
    return [
        {key: value for key, value in entry.items() if not key.endswith(of_the_machine)}
        for entry in history
        # Trainer's summary of the last part of a run.
        if "train_runtime" not in entry
    ]


def compare_runs(out: Path, straight: Path) -> None:
    weights = "adapter_model" if (straight / "adapter_model.safetensors").exists() else "model"
    for name in (f"{weights}.safetensors", "xalign_heads.safetensors"):
        if (out / name).read_bytes() != (straight / name).read_bytes():
            raise Defect(f"{out / name} has other bits than that of the run never killed")
    logs = [losses(folder / "trainer_state.json") for folder in (out, straight)]
    for entry, other in itertools.zip_longest(*logs):
        if entry != other:
            raise Defect(f"{out / 'trainer_state.json'} logs {entry}, the run never killed {other}")
    left = [path.name for path in out.rglob("*") if path.name.endswith((".tmp", ".partial")) or ".push-" in path.name]
    if left:
        raise Defect(f"{out}: {left} are left")


def compare_prepared(folder: Path, straight: Path) -> None:
    names = sorted(path.relative_to(straight).as_posix() for path in straight.rglob("*") if path.is_file())
    if names != sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()):
        raise Defect(f"{folder} has other files than the one never killed")
    for name in names:
        if (folder / name).read_bytes() != (straight / name).read_bytes():
            raise Defect(f"{folder / name} is another than that never killed")


def small_shards() -> None:
    """Have preparation keep what it has done every 8 rows, of which the recipes have too few for one shard."""
    from hf_xalign.data import preparation

    preparation.SHARD_ROWS = 8


class Stress:
    def __init__(self, work: Path, seed: int, hub: Hub, processes: int = 1):
        self.work, self.rng, self.hub, self.processes = work, random.Random(seed), hub, processes
        self.kills: Counter[str] = Counter()
        self.notices = self.restarts = self.runs = 0

    def place(self, name: str, recipe: str, **changes) -> Path:
        import yaml

        place = self.work / name
        place.mkdir()
        (place / "recipe.yaml").write_text(yaml.safe_dump(COMMON | RECIPES[recipe] | changes, sort_keys=False))
        return place

    def prepare(self, place: Path, prepared: Path) -> Command:
        arguments = ["prepare", str(place / "recipe.yaml"), "--prepared_dir", str(prepared)]
        return Command(arguments, place, small_shards)

    def train(self, place: Path, prepared: Path) -> Command:
        places = ["--prepared_dir", str(prepared), "--output_dir", str(place / "out")]
        return Command(["train", str(place / "recipe.yaml"), *places], place, processes=self.processes)

    def push(self, place: Path, folder: Path) -> Command:
        def before():
            os.environ["HF_TOKEN"] = TOKEN

        return Command(["push", str(folder), "--repo-id", f"me/{place.name}"], place, before)

    def kill(self, command: Command, like: Command, most: int) -> None:
        """Kill a command up to `most` times, then let it run to its end."""
        for _ in range(most):
            ended = command.killed(self.rng, like)
            if ended is None:
                break
            self.kills[phase(command.place, command.arguments[0]) if ended == "SIGKILL" else ended] += 1
            self.restarts += 1
        run = command.start()
        command.check(run.wait(PATIENCE_S), run)
        self.runs += 1
        self.notices += command.log.read_text(errors="replace").count("is half-written and skipped")

    def total(self) -> int:
        return sum(count for name, count in self.kills.items() if not name.startswith("SIGTERM"))

    def straight(self, name: str, **changes) -> tuple[Path, Command, Command]:
        """A run that is not killed: its folder, its preparation and its training."""
        place = self.place(f"straight-{name}{'-adapter' if changes else ''}", name, **changes)
        prepare = self.prepare(place, place / "prepared")
        prepare.straight()
        train = self.train(place, place / "prepared")
        train.straight()
        print(f"{place.name}: prepared in {prepare.time:.1f} s, trained in {train.time:.1f} s", flush=True)
        return place, prepare, train

    def go_on_training(self, cases: int, *, adapter: bool) -> None:
        """Kill training alone, of both recipes in turn."""
        changes = {}
        if adapter:
            changes = ADAPTER | {"model_name_or_path": str(self.straight("steps")[0] / "out")}
        straight = [(name, *self.straight(name, **changes)) for name in RECIPES]
        number = 0
        while self.total() < cases:
            name, of, _, train = straight[number % 2]
            number += 1
            here = self.place(f"case-{number}", name, **changes)
            self.kill(self.train(here, of / "prepared"), train, 5)
            compare_runs(here / "out", of / "out")
            shutil.rmtree(here)
            print(f"{number}: {dict(self.kills)}", flush=True)

    def go(self, cases: int) -> None:
        straight = {name: self.straight(name) for name in RECIPES}
        place = straight["steps"][0]
        pushed = self.push(self.place("straight-push", "steps"), place / "out")
        pushed.straight()
        done = stamps(place / "prepared")
        number = 0
        while self.total() < cases:
            number += 1
            name = "epochs" if number % 2 else "steps"
            of, prepare, train = straight[name]
            here = self.place(f"case-{number}", name)
            kind = number % 5
            if kind == 3:
                self.kill(self.prepare(here, here / "prepared"), prepare, 5)
                compare_prepared(here / "prepared", of / "prepared")
            elif kind == 4:
                self.kill(self.push(here, place / "out"), pushed, 3)
                self._compare_pushed(here.name)
            else:
                self.kill(self.train(here, of / "prepared"), train, 5)
                compare_runs(here / "out", of / "out")
            shutil.rmtree(here)
            print(f"{number}: {dict(self.kills)}", flush=True)
        if stamps(place / "prepared") != done:
            raise Defect("finished preparation was touched again")

    def _compare_pushed(self, name: str) -> None:
        trees = [self.hub.model(f"me/{repo}").tree() for repo in ("straight-push", name)]
        contents = [
            {file: self.hub.content(stored) for file, stored in tree.items() if file != "README.md"} for tree in trees
        ]
        if contents[0] != contents[1]:
            raise Defect(f"me/{name} on the Hub is another than that of the push never killed")


def stamps(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cases", type=int, default=60, help="kills with SIGKILL, at least")
    parser.add_argument("--processes", type=int, choices=(1, 2), default=1, help="that a training runs on")
    parser.add_argument("--adapter", action="store_true", help="train LoRA adapters")
    options = parser.parse_args()
    hub = Hub()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hf_xalign-kills-", ignore_cleanup_errors=True) as work:
        for key in [key for key in os.environ if key.startswith(("HF_", "HUGGING"))]:
            del os.environ[key]
        os.environ |= {
            "HF_ENDPOINT": hub.url,
            "HF_HOME": f"{work}/home",
            "OMP_NUM_THREADS": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
        }
        # Once, here: the processes that are killed are forks of this one.
        import hf_xalign.cli.prepare
        import hf_xalign.cli.train
        import hf_xalign.evaluation.model_evaluation
        import hf_xalign.hub.model_card
        import hf_xalign.hub.push
        import hf_xalign.train  # noqa: F401

        stress = Stress(Path(work), options.seed, hub, options.processes)
        try:
            if options.adapter or options.processes > 1:
                stress.go_on_training(options.cases, adapter=options.adapter)
            else:
                stress.go(options.cases)
        except Defect as defect:
            print(f"DEFECT (seed {options.seed}): {defect}")
            for log in sorted(Path(work).glob("*/said.log")):
                print(log.read_text(errors="replace")[-1500:])
            return 1
    terms = {name: count for name, count in stress.kills.items() if name.startswith("SIGTERM")}
    print(
        f"seed {options.seed}: {stress.total()} kills survived ("
        + ", ".join(f"{count} in {name}" for name, count in sorted(stress.kills.items()) if name not in terms)
        + f"), {sum(terms.values())} times SIGTERM ({terms.get('SIGTERM, saved', 0)} saved); {stress.runs} commands "
        f"ended bit-equal to those never killed; {stress.notices} half-written checkpoints skipped with a notice; "
        f"{time.monotonic() - begun:.0f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
