"""Train a recipe many times with a few keys changed, and compare the runs in one table.

  xalign sweep recipes/word_alignment/sweep.yaml
  xalign sweep SWEEP --jobs 2 --max_steps 50
  xalign sweep SWEEP --dry_run true

SWEEP is a YAML file:

  recipe: full.yaml                # what is varied; lies beside this file
  grid:                            # every combination is a setting
    heads.tr.weight: [0.6, 0.8]
    heads.awp.weight: [0.1, 0.2]
  runs:                            # more settings, or all of them; {} is the recipe as it is
    - {heads.wtr: null}
  seeds: [0, 1]                    # of every setting; default: the recipe's
  overrides: {max_steps: 1000}     # changes in all settings
  output_dir: runs/sweep           # a run goes to output_dir/seed-N/SETTING

All runs are checked before the first one starts. Their data are prepared once. Run the same command again to go on
where it was stopped: what is finished is not trained again. --key value changes the recipe of all runs; --output_dir
and --seeds are the sweep's. The exit status is 2 if a run failed. For figures: xalign report OUTPUT_DIR/seed-0
"""

from __future__ import annotations

import argparse


TAKES_OVERRIDES = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sweep", metavar="SWEEP", help="the YAML file of the sweep")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="runs at a time (default: 1)")
    parser.add_argument("--num_processes", type=int, metavar="N", help="processes of each run, as for xalign train")
    parser.add_argument("--markdown", metavar="FILE", help="write the table as Markdown, too")


def run(options: argparse.Namespace, overrides: list[str]) -> int:
    from hf_xalign.errors import XAlignError

    for name in ("jobs", "num_processes"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise XAlignError(f"--{name} is {value}; it must be at least 1")

    import logging
    import sys

    from hf_xalign.files import write_text
    from hf_xalign.sweep.plan import read_sweep
    from hf_xalign.sweep.results import gather_results, write_sweep
    from hf_xalign.sweep.running import run_sweep
    from hf_xalign.sweep.table import format_sweep, sweep_markdown

    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("hf_xalign").setLevel(logging.INFO)
    sweep = read_sweep(options.sweep, overrides)
    if sweep.dry_run and options.markdown:
        raise XAlignError("--markdown does not go with a dry run, which measures nothing")
    failed = run_sweep(
        sweep,
        jobs=options.jobs,
        num_processes=options.num_processes,
        say=lambda line: print(line, file=sys.stderr, flush=True),
    )
    if sweep.dry_run:
        done = len(sweep.runs) - len(failed)
        print(f"dry run of {sweep.path}: {done} of {len(sweep.runs)} runs built, one step done in each; nothing saved")
    elif len(failed) < len(sweep.runs):
        results = gather_results(sweep, failed)
        path = write_sweep(results, sweep.output_dir)
        print(format_sweep(results))
        print(f"\nwrote {path}")
        if options.markdown:
            print(f"wrote {write_text(options.markdown, sweep_markdown(results))}")
    if failed:
        # `xalign` prints it last, and ends with status 2.
        raise XAlignError(f"{len(failed)} of {len(sweep.runs)} runs failed: {', '.join(failed)}; see above")
    return 0
