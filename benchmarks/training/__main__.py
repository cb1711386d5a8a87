"""``python -m benchmarks.training``: train, time, print the tables and write the page."""

from __future__ import annotations

from benchmarks.command import parser, use_one_thread

use_one_thread()


def main() -> None:
    from benchmarks.training import report
    from benchmarks.training.libraries import installed
    from benchmarks.training.run import WORKLOADS, find

    options = parser("benchmarks.training", __doc__, "workloads' classes").parse_args()
    libraries = installed()
    if len(libraries) == 1:
        print("PyTorch is not installed and left out")
    findings = []
    for make in WORKLOADS:
        if not options.only or make.__name__ in options.only:
            print(f"{make.title} …", flush=True)
            findings.append(find(make(), libraries, options.rounds))
    print(report.learned(findings, libraries), report.timed(findings, libraries), sep="\n\n")
    if not options.only:
        text = report.page(findings, libraries, options.rounds)
        (options.docs / "training.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
