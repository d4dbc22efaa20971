"""Read, clean, romanise and save the data of a recipe.

The recipe's data section (train_data, selection_data, test_data, exclude_data and what goes with them) becomes a
folder of Parquet files with a data set card; training reads it. Data that are already prepared are used as they are;
where it was interrupted or killed, the same command goes on: what was romanised and aligned by then is kept.
`--key value` changes the recipe, as it does for `xalign train`. `--push-to-hub ME/NAME` puts the data on the Hub then,
where `datasets.load_dataset("ME/NAME")` opens them; mind the licences of the sources.
"""

from __future__ import annotations

import argparse

from hf_xalign.cli.push import add_hub_arguments


TAKES_OVERRIDES = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", metavar="RECIPE", help="a recipe (YAML)")
    parser.add_argument("--overwrite", action="store_true", help="prepare again even if the folder is up to date")
    parser.add_argument("--push-to-hub", metavar="ME/NAME", help="put the data on the Hub, with their card")
    add_hub_arguments(parser)


def run(options: argparse.Namespace, overrides: list[str]) -> int | None:
    import logging
    import sys
    from pathlib import Path

    from hf_xalign.errors import XAlignError

    if options.push_to_hub is None and (options.private or options.revision):
        raise XAlignError("--private and --revision go with --push-to-hub ME/NAME")

    from hf_xalign.arguments import ModelArguments
    from hf_xalign.data.arguments import DataArguments
    from hf_xalign.data.preparation import prepare
    from hf_xalign.data.preparation_table import format_preparation
    from hf_xalign.data.prepared import read_info
    from hf_xalign.recipe import read_recipe
    from hf_xalign.training_args import XAlignTrainingArguments

    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("hf_xalign").setLevel(logging.INFO)
    recipe = Path(options.recipe)
    # Training arguments are checked by name only: a recipe for a GPU is prepared on a machine without one.
    (data_args, model_args), _ = read_recipe(
        recipe, overrides, (DataArguments, ModelArguments), also_known=(XAlignTrainingArguments,)
    )
    if options.push_to_hub is not None:
        # Before the work, not after it.
        from hf_xalign.repository import check_login

        check_login(options.push_to_hub)
    folder = prepare(
        data_args,
        default_dir=Path("prepared") / recipe.stem,
        encoder=model_args.model_name_or_path,
        overwrite=options.overwrite,
    )
    print(format_preparation(read_info(folder)))
    print(f"prepared data: {folder}")
    if options.push_to_hub is not None:
        from hf_xalign.cli.push import say
        from hf_xalign.hub.push import push_prepared

        say(push_prepared(folder, options.push_to_hub, private=options.private, revision=options.revision))
    return None
