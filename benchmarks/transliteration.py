"""Claim: `Transliterate` gives what plain uroman gives, at 20 times its speed or more.

Both sides romanise the same sentences of `mono_sentences.parquet` (in the folder HF_XALIGN_DATA), a process each, in
turns. Ours is timed from the start of the process to its end, over all lines. Plain uroman (`Uroman()` and
`romanize_string`, without its cache, which is not exact) takes minutes for as many, so it gets the first
`--plain-lines` of them: its time for all is reckoned as its loading time and all lines at its own lines per second.
Every line that plain uroman has romanised is compared.

    python benchmarks/transliteration.py --lang ukr
    python benchmarks/transliteration.py --lang mixture --lines 100000 --plain-lines 5000 --rounds 5
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from process_memory import resident


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lang", default="mixture", help="an ISO 639-3 code of the data, or mixture (default)")
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--plain-lines", type=int, default=4_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--child", choices=["ours", "plain"], help=argparse.SUPPRESS)
    parser.add_argument("--input", help=argparse.SUPPRESS)
    parser.add_argument("--output", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options)
    else:
        compare(options)


def sentences(lang: str, count: int, seed: int) -> list[tuple[str, str]]:
    """(language, text) pairs: those of one language, or a seeded mixture of all, in the proportions of the data."""
    import pyarrow.parquet

    if "HF_XALIGN_DATA" not in os.environ:
        sys.exit("set HF_XALIGN_DATA to the folder that holds mono_sentences.parquet")
    path = Path(os.environ["HF_XALIGN_DATA"]) / "mono_sentences.parquet"
    columns = pyarrow.parquet.read_table(path, columns=["lang", "text"]).to_pydict()
    pairs = [
        (one, text) for one, text in zip(columns["lang"], columns["text"], strict=True) if lang in (one, "mixture")
    ]
    if not pairs:
        sys.exit(f"no sentences of {lang!r}; there are {', '.join(sorted(set(columns['lang'])))}")
    random.Random(seed).shuffle(pairs)
    return pairs[:count]


def child(options: argparse.Namespace) -> None:
    """One timed process: reads pairs from a file, writes romanised lines, prints its times."""
    began = time.perf_counter()
    pairs = json.loads(Path(options.input).read_text(encoding="utf-8"))
    read = time.perf_counter()
    if options.child == "plain":
        import uroman

        romanizer = uroman.Uroman()
        loaded = time.perf_counter()
        lines = [romanizer.romanize_string(text, lcode=lang) for lang, text in pairs]
    else:
        from hf_xalign.data.transliteration import Transliterate, transliterate

        transliterate(["ї"], lang="ukr")
        loaded = time.perf_counter()
        lines = romanised(pairs, Transliterate("text", lang_column="lang"))
    done = time.perf_counter()
    Path(options.output).write_text(json.dumps(lines), encoding="utf-8")
    memory = resident("VmHWM") >> 20
    print(json.dumps({"read": read - began, "load": loaded - read, "run": done - loaded, "memory": memory}))


def romanised(pairs: list[tuple[str, str]], transliterate) -> list[str]:
    lines = []
    for begin in range(0, len(pairs), 1000):
        langs, texts = map(list, zip(*pairs[begin : begin + 1000], strict=True))
        lines += transliterate({"lang": langs, "text": texts})["text_latn"]
    return lines


def timed(side: str, source: Path, folder: Path, home: Path) -> tuple[dict, list[str]]:
    output = folder / f"{side}.json"
    command = [sys.executable, __file__, "--child", side, "--input", str(source), "--output", str(output)]
    began = time.perf_counter()
    process = subprocess.run(
        command,
        env=os.environ | {"HF_HOME": str(home), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    times = {"whole": time.perf_counter() - began, **json.loads(process.stdout)}
    return times, json.loads(output.read_text(encoding="utf-8"))


def compare(options: argparse.Namespace) -> None:
    pairs = sentences(options.lang, options.lines, options.seed)
    few = pairs[: options.plain_lines]
    print(
        f"{options.lang}: {len(pairs)} sentences for ours, the first {len(few)} of them for plain uroman; "
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; "
        f"Python {platform.python_version()}, "
        f"uroman {version('uroman')}, regex {version('regex')}, hf_xalign {version('hf_xalign')}"
    )
    plain, ours = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        all_, some = folder / "all.json", folder / "some.json"
        all_.write_text(json.dumps(pairs), encoding="utf-8")
        some.write_text(json.dumps(few), encoding="utf-8")
        first, _ = timed("ours", some, folder, folder / "home")  # reads uroman's files and saves the tables
        unequal = 0
        for _ in range(options.rounds):
            times, expected = timed("plain", some, folder, folder / "home")
            plain.append(times)
            times, lines = timed("ours", all_, folder, folder / "home")
            ours.append(times)
            unequal += sum(a != b for a, b in zip(expected, lines, strict=False)) + (len(lines) != len(pairs))
    rate = statistics.median(len(few) / times["run"] for times in plain)
    load = statistics.median(times["load"] for times in plain)
    reckoned = load + len(pairs) / rate
    print(f"plain uroman   load {load:.2f} s, {rate:.0f} lines/s, reckoned for all lines {reckoned:.1f} s")
    print(f"ours, start    {first['load']:.2f} s the first time on a machine, later see below")
    whole, start, run = (statistics.median(times[key] for times in ours) for key in ("whole", "load", "run"))
    spread = f"{min(times['whole'] for times in ours):.2f} to {max(times['whole'] for times in ours):.2f}"
    print(
        f"ours           start {start:.2f} s ({start / load:.0%} of uroman's), whole process {whole:.2f} s ({spread})"
        f", {len(pairs) / whole:.0f} lines/s, {reckoned / whole:.0f}x; without start-up and input "
        f"{len(pairs) / run:.0f} lines/s, {len(pairs) / run / rate:.0f}x; {max(one['memory'] for one in ours)} MB"
    )
    print(f"unequal lines  {unequal} of {len(few) * options.rounds} compared")
    if unequal:
        sys.exit(1)


if __name__ == "__main__":
    main()
