"""``python -m benchmarks``: measure in one run, print the table, write the report and the plot."""

from __future__ import annotations

from benchmarks.command import parser, use_one_thread

use_one_thread()


def main() -> None:
    from benchmarks import run

    options = parser("benchmarks", __doc__).parse_args()
    if options.only:
        run.some(options.only, options.rounds)
    else:
        run.everything(options.rounds, options.docs)


if __name__ == "__main__":
    main()
