"""Draw the results of one or more runs on one page.

Reads results.json, languages.json and downstream.json in DIR and in DIR/*, as `xalign evaluate` writes them, and
DIR/trainer_state.json where there is one; writes one HTML file that needs nothing else. Runs are shown in the order
given; the first is the reference that the others are compared with. Where runs have both alignment figures and
downstream scores, the page shows how the two go together (4 runs at least).
"""

from __future__ import annotations

import argparse


TAKES_OVERRIDES = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folders", metavar="DIR", nargs="+", help="a run folder or an evaluation folder")
    parser.add_argument("--output", metavar="FILE", default="report.html", help="default: %(default)s")
    parser.add_argument("--markdown", metavar="FILE", help="write the tables as Markdown, too")
    parser.add_argument("--title", metavar="T", help="heading of the page; default: the pair of languages")


def run(options: argparse.Namespace) -> None:
    from hf_xalign.evaluation.report.document import write_report

    print(f"wrote {write_report(options.folders, options.output, title=options.title)}")
    if options.markdown:
        from hf_xalign.evaluation.report.markdown import markdown_tables
        from hf_xalign.files import write_text

        write_text(options.markdown, markdown_tables(options.folders))
        print(f"wrote {options.markdown}")
