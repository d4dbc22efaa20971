"""How a checkpoint was made, told from the first step on."""

from __future__ import annotations

import datetime
import json
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback

from hf_xalign.data.prepared import PreparedData
from hf_xalign.data.sources import MINICORPUS
from hf_xalign.files import write_text
from hf_xalign.names import OWN_PREFIX
from hf_xalign.recipe import dump_recipe


PROVENANCE_NAME = "provenance.json"
FORMAT = "hf_xalign/provenance-1"
# What only training needs, LoRA, and the frozen copy that PEFT keeps of a module that it trains.
_NOT_OF_THE_MODEL = (OWN_PREFIX, "lora_", "original_module")
_PACKAGES = ("hf_xalign", "torch", "transformers", "accelerate", "datasets")


class RecipeCallback(TrainerCallback):
    """Writes `recipe.yaml` into the output folder when training starts, so that a run that is stopped tells, too.

    Args:
        resolved (`dict`): the recipe with the command line's changes, of `read_recipe`.
        prepared (`PreparedData`): its fingerprint and the packages' versions stand above the recipe as comments.
    """

    def __init__(self, resolved: dict[str, Any], prepared: PreparedData):
        self.resolved = resolved
        self.comments = [
            "Resolved by " + ", ".join(f"{name} {version(name)}" for name in _PACKAGES),
            f"Prepared data: fingerprint {prepared.info['fingerprint']}, {len(prepared.train)} training rows",
        ]

    def on_train_begin(self, args, state, control, **kwargs):
        if state.is_world_process_zero and not args.dry_run:
            dump_recipe(self.resolved, Path(args.output_dir) / "recipe.yaml", comments=self.comments)


class ProvenanceCallback(TrainerCallback):
    """Writes `provenance.json` into the output folder: data, machine and versions when training starts, its time when
    it ends. A resumed run tells the time from the step that it went on from.

    Args:
        resolved (`dict`): the recipe with the command line's changes, of `read_recipe`; it tells the licences.
        prepared (`PreparedData`): what is trained on.
        encoder (`str`, *optional*): the encoder that is trained further.
    """

    def __init__(self, resolved: dict[str, Any], prepared: PreparedData, encoder: str | None = None):
        self.told = {
            "format": FORMAT,
            "versions": {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES},
            "base_model": None if encoder is None else _base_model(encoder, resolved.get("model_revision")),
            "data": describe_data(prepared.info, resolved),
        }

    def on_train_begin(self, args, state, control, model=None, **kwargs):
        self._begun = time.monotonic()
        self.told |= {
            "architecture": {
                "model_type": model.config.model_type,
                "num_layers": model.config.num_hidden_layers,
                "hidden_size": model.config.hidden_size,
                "parameters": sum(
                    parameter.numel()
                    for name, parameter in model.named_parameters()
                    if not any(part in name for part in _NOT_OF_THE_MODEL)
                ),
            },
            "hardware": describe_hardware(args.device, args.world_size),
            "first_step": state.global_step,
            "started": _now(),
        }
        self._write(args, state)

    def on_train_end(self, args, state, control, **kwargs):
        self.told |= {
            "last_step": state.global_step,
            "seconds": round(time.monotonic() - self._begun, 1),
            "finished": _now(),
        }
        self._write(args, state)

    def _write(self, args, state) -> None:
        if state.is_world_process_zero and not args.dry_run:
            text = json.dumps(self.told, ensure_ascii=False, indent=1)
            write_text(Path(args.output_dir) / PROVENANCE_NAME, text + "\n")


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def describe_data(info: dict[str, Any], resolved: dict[str, Any]) -> dict[str, Any]:
    """What a card tells of prepared data: counts, fingerprints and licences; files by name, no sentence.

    Args:
        info: `preparation.json`.
        resolved: the recipe; its sources' `license` is taken, since a licence makes no other data.
    """
    sources = {
        section: [
            {
                "label": _of_no_folder(source["label"], source),
                "kind": source["kind"],
                "hub_id": _hub_id(source),
                "files": [{key: file[key] for key in ("name", "sha256")} for file in source["files"]],
                "rows": source["counts"]["kept"],
                "license": _license(resolved, section, number),
            }
            for number, source in enumerate(described)
        ]
        for section, described in info["sources"].items()
        # Nothing of what was excluded is in the data; the recipe names it.
        if section != "exclude_data"
    }
    return {
        "fingerprint": info["fingerprint"],
        "rows": info["rows"],
        "languages": info["languages"],
        "aligner": info["settings"].get("aligner"),
        "romaniser": info["versions"]["romaniser"],
        "deduplicated": info["settings"]["deduplicate"],
        "synthetic": info["synthetic"],
        "sources": sources,
    }


def _hub_id(source: dict[str, Any]) -> str | None:
    """What a source is called on the Hub, where it is from there."""
    path = source["path"]
    return None if source.get("format") or path.startswith(MINICORPUS) or os.path.exists(path) else path


def _license(resolved: dict[str, Any], section: str, number: int) -> str | None:
    described = (resolved.get(section) or [])[number : number + 1]
    return described[0].get("license") if described and isinstance(described[0], dict) else None


def _name(path: str) -> str:
    """A path without the folders of this machine; an id on the Hub, or `minicorpus:train`, as it is."""
    return os.path.basename(os.path.normpath(path)) if os.path.isabs(path) or os.path.exists(path) else path


def _of_no_folder(label: str, source: dict[str, Any]) -> str:
    return label.replace(source["path"], _name(source["path"]), 1)


def _base_model(encoder: str, revision: str | None) -> dict[str, Any]:
    local = os.path.exists(encoder)
    return {"name": _name(encoder), "local": local, "revision": None if local else revision}


def describe_hardware(device: torch.device, processes: int) -> dict[str, Any]:
    """The machine that a process runs on, and how many such processes there are."""
    cuda = device.type == "cuda"
    return {
        "device": device.type,
        "name": torch.cuda.get_device_name(device) if cuda else _cpu_name(),
        "processes": processes,
        "threads": torch.get_num_threads(),
    }


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
