"""Changes the money code in small ways and asks whether a test notices.

    scripts/mutate.py                         a sample of 100 mutants, the same for the same seed
    scripts/mutate.py --all                   every mutant (hours)
    scripts/mutate.py --sample 20 --seed 7 src/libraries/WaterfallMath.sol src/rights/HolderAccount.sol
    scripts/mutate.py --list FILE…            only names the mutants

docs/security/mutants.toml says which tests prove which contract, and which mutants behave as the original and why.
Exit code 1 if a mutant survives that is not answered there, or an answer has no mutant any more.
What has been tried for the same contracts and tests is kept in cache/mutate/ and not tried again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from _mutate.answers import Answers, Place, load, places
from _mutate.forge import Bench, Verdict, compiler
from _mutate.operators import Mutant, mutants

ROOT = Path(__file__).resolve().parents[1]
ANSWERS = ROOT / "docs" / "security" / "mutants.toml"
CACHE = ROOT / "cache" / "mutate"


@dataclass(frozen=True, slots=True)
class Case:
    """A mutant and its name."""

    place: Place
    mutant: Mutant


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="*", help="below contracts/; by default all in mutants.toml")
    parser.add_argument("--sample", type=int, default=100, help="how many mutants (default 100)")
    parser.add_argument("--all", action="store_true", help="every mutant")
    parser.add_argument("--seed", type=int, default=1, help="which sample (default 1)")
    parser.add_argument("--timeout", type=int, default=120, help="seconds a mutant may take")
    parser.add_argument("--list", action="store_true", help="only name the mutants")
    return parser.parse_args()


def _cases(files: list[str]) -> list[Case]:
    cases = []
    for file in files:
        source = (ROOT / "contracts" / file).read_text("utf-8")
        found = mutants(source)
        named = places(file, source, found)
        cases += [Case(place, mutant) for place, mutant in zip(named, found, strict=True)]
    return cases


def _sample(cases: list[Case], options: argparse.Namespace) -> list[Case]:
    if options.all or options.sample >= len(cases):
        return cases
    chosen = random.Random(options.seed).sample(range(len(cases)), options.sample)  # noqa: S311  # no secret
    return [cases[i] for i in sorted(chosen)]


def _world() -> str:
    """A digest of all that can change a verdict."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "contracts").glob("[st]*/**/*.sol")):
        digest.update(path.read_bytes())
    digest.update((ROOT / "contracts" / "foundry.toml").read_bytes())
    return digest.hexdigest()


class Journal:
    """Verdicts kept between runs, one line of JSON each."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._world = _world()
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        known = [json.loads(line) for line in lines]
        self._verdicts = {
            entry["place"]: (Verdict(entry["verdict"]), entry["test"])
            for entry in known
            if entry["world"] == self._world
        }

    def get(self, place: Place) -> tuple[Verdict, str] | None:
        """The verdict of an earlier run, if nothing has changed since."""
        return self._verdicts.get(str(place))

    def put(self, place: Place, verdict: Verdict, test: str) -> None:
        """Keeps a verdict."""
        entry = {"world": self._world, "place": str(place), "verdict": verdict, "test": test}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")


def _try(
    bench: Bench, journal: Journal, answers: Answers, cases: list[Case]
) -> Iterator[tuple[Case, Verdict]]:
    sources: dict[str, str] = {}
    for number, case in enumerate(cases, start=1):
        file = case.place.file
        begun = time.monotonic()
        known = journal.get(case.place)
        if known is None:
            if file not in sources:
                sources[file] = (ROOT / "contracts" / file).read_text("utf-8")
                if trouble := bench.baseline(answers.tests[file]):
                    sys.exit(f"mutate: without any change the tests of {file} fail: {trouble}")
                begun = time.monotonic()
            changed = case.mutant.apply(sources[file])
            known = bench.verdict(file, changed, answers.tests[file])
            journal.put(case.place, *known)
        verdict, test = known
        spent = time.monotonic() - begun
        print(
            f"{number:4}/{len(cases)} {spent:5.1f} s  {verdict:16} {case.place}  {test}", flush=True
        )
        yield case, verdict


def _report(tried: list[tuple[Case, Verdict]], answers: Answers) -> int:
    """Prints a table by contract; the number of mutants that need a test."""
    print(
        f"\n{'contract':44} {'tried':>6} {'killed':>7} {'stillborn':>10} {'answered':>9} {'open':>5}"
    )
    open_ = [
        case.place
        for case, verdict in tried
        if verdict is Verdict.SURVIVED and case.place not in answers.equivalent
    ]
    for file in dict.fromkeys(case.place.file for case, _ in tried):
        counts = Counter(verdict for case, verdict in tried if case.place.file == file)
        left = sum(place.file == file for place in open_)
        killed = counts[Verdict.KILLED] + counts[Verdict.TIMEOUT]
        answered = counts[Verdict.SURVIVED] - left
        print(
            f"{file:44} {counts.total():6} {killed:7} {counts[Verdict.STILLBORN]:10}"
            f" {answered:9} {left:5}"
        )
    for place in open_:
        print(f"survived: {place}")
    return len(open_)


def main() -> int:
    """Run, report; 1 if something is open."""
    options = _arguments()
    answers = load(ANSWERS)
    everywhere = _cases(list(answers.tests))
    stale = answers.equivalent.keys() - {case.place for case in everywhere}
    for place in stale:
        print(f"answered, but there is no such mutant: {place}")
    if unknown := set(options.files) - answers.tests.keys():
        sys.exit(f"mutate: {ANSWERS} names no tests for {', '.join(sorted(unknown))}")
    wanted = [case for case in everywhere if not options.files or case.place.file in options.files]
    cases = _sample(wanted, options)
    if options.list:
        print("\n".join(str(case.place) for case in cases))
        return 0
    CACHE.mkdir(parents=True, exist_ok=True)
    journal = Journal(CACHE / "verdicts.jsonl")
    with compiler() as socket:
        bench = Bench(ROOT, CACHE / "tree", socket, options.timeout)
        tried = list(_try(bench, journal, answers, cases))
    print(f"\n{len(tried)} of {len(wanted)} mutants tried")
    return 1 if _report(tried, answers) or stale else 0


if __name__ == "__main__":
    sys.exit(main())
