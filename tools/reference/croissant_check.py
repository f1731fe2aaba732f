"""Checks Croissant files with MLCommons' own validator, and reads the records that they describe.

    node --import tsx tools/reference/croissant_export.ts OUT
    $PYTHON tools/reference/croissant_check.py OUT/*/croissant.json

Fails on any error or warning of `mlcroissant`, and where the records of the record set "rows" are not the lines of the
file beside it.
"""

import argparse
import json
import logging
import sys
from pathlib import Path

from absl import logging as absl_logging
import mlcroissant as mlc


class Warnings(logging.Handler):
    """Collects what the validator would only print."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())


def plain(value):
    """Text and lists of it from what the reader gives: bytes, arrays, and NaN for what is missing."""
    if isinstance(value, bytes):
        return value.decode()
    if value is None or value != value:
        return None
    return value


def compare(line, record):
    """What of a record is not what its line says."""
    for name, expected in line.items():
        if name == "messages":
            found = record["rows/messages"]
            turns = [
                {"role": plain(turn["rows/messages/role"]), "content": plain(turn["rows/messages/content"])}
                for turn in found
            ]
            if turns != expected:
                yield f"messages: {turns} != {expected}"
        elif name == "tags":
            if [plain(tag) for tag in record["rows/tags"]] != expected:
                yield f"tags: {record['rows/tags']} != {expected}"
        elif plain(record[f"rows/{name}"]) != expected:
            yield f"{name}: {record[f'rows/{name}']} != {expected}"


def check(path, warnings):
    """Prints one line for a file; true where all is well."""
    del warnings.messages[:]
    dataset = mlc.Dataset(jsonld=str(path))
    issues = [*dataset.metadata.ctx.issues.errors, *dataset.metadata.ctx.issues.warnings, *warnings.messages]
    sets = [record_set.uuid for record_set in dataset.metadata.record_sets]
    records = "sealed"
    if "rows" in sets:
        lines = [json.loads(line) for line in (path.parent / "rows.jsonl").read_text("utf-8").splitlines()]
        found = list(dataset.records("rows"))
        records = f"{len(found)} records"
        if len(found) != len(lines):
            issues.append(f"{len(found)} records for {len(lines)} lines")
        for number, (line, record) in enumerate(zip(lines, found), 1):
            issues += [f"record {number}: {problem}" for problem in compare(line, record)]
    print(f"{path}: {dataset.metadata.name}, {records}, {len(issues)} issues")
    for issue in issues[:20]:
        print(f"  {issue}")
    return not issues


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    arguments = parser.parse_args()
    warnings = Warnings()
    absl_logging.get_absl_logger().addHandler(warnings)
    results = [check(path, warnings) for path in arguments.files]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
