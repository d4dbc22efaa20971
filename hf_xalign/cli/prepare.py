"""Read, clean, romanise and save the data of a recipe.

The recipe's data section (train_data, selection_data, test_data, exclude_data and what goes with them) becomes a
folder of Parquet files with a data set card; training reads it. Data that are already prepared are used as they are;
where it was interrupted or killed, the same command goes on: what was romanised and aligned by then is kept.
`--key value` changes the recipe, as it does for `xalign train`. `--push-to-hub ME/NAME` puts the data on the Hub then,
where `datasets.load_dataset("ME/NAME")` opens them; mind the licences of the sources.

Many processes or machines share the work through the folder they write to: give each its `--part I/N`, or start them
with `accelerate launch -m hf_xalign.prepare RECIPE`. None waits for another; the last to finish joins the parts.
"""

from __future__ import annotations

import argparse

from hf_xalign.cli.push import add_hub_arguments


TAKES_OVERRIDES = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", metavar="RECIPE", help="a recipe (YAML)")
    parser.add_argument("--overwrite", action="store_true", help="prepare again even if the folder is up to date")
    parser.add_argument(
        "--part", type=_part, metavar="I/N", help="do only part I (0 to N-1) of N; the last one to finish joins them"
    )
    parser.add_argument("--push-to-hub", metavar="ME/NAME", help="put the data on the Hub, with their card")
    add_hub_arguments(parser)


def _part(text: str) -> tuple[int, int]:
    index, slash, count = text.partition("/")
    if not (slash and index.isdecimal() and count.isdecimal() and int(index) < int(count)):
        raise argparse.ArgumentTypeError(f"{text!r} is no part: say 0/4 to 3/4 for four of them")
    return int(index), int(count)


def run(options: argparse.Namespace, overrides: list[str]) -> int | None:
    from hf_xalign.errors import XAlignError

    if options.push_to_hub is None and (options.private or options.revision):
        raise XAlignError("--private and --revision go with --push-to-hub ME/NAME")
    if options.push_to_hub is not None and options.part is not None:
        raise XAlignError("--push-to-hub goes without --part: push once all parts are joined")

    from hf_xalign.data.preparation_table import format_preparation
    from hf_xalign.data.prepared import read_info
    from hf_xalign.prepare import prepare_recipe, start_logging

    start_logging()
    if options.push_to_hub is not None:
        # Before the work, not after it.
        from hf_xalign.repository import check_login

        check_login(options.push_to_hub)
    folder = prepare_recipe(options.recipe, overrides, part=options.part, overwrite=options.overwrite)
    if folder is None:
        index, count = options.part
        print(f"part {index} of {count} is done; others are not")
        return None
    print(format_preparation(read_info(folder)))
    print(f"prepared data: {folder}")
    if options.push_to_hub is not None:
        from hf_xalign.cli.push import say
        from hf_xalign.hub.push import push_prepared

        say(push_prepared(folder, options.push_to_hub, private=options.private, revision=options.revision))
    return None
