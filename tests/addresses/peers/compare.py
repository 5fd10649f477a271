"""What public address parsers make of the same queries: `compare.py addresses.csv` (written by `cargo run --example addresses`).

cpca and jionlp cut a text into administrative units: cpca down to the county, jionlp down to the village of a national list. Neither has
compounds, roads or buildings, so neither can answer with a place. They are scored on what they can give: the city, the county, the subdistrict –
and on whether the compound, village, road or number comes out as a part of its own. A peer that is not installed is left out, and the output says so.
"""

import collections
import csv
import importlib.metadata
import sys
import time

CITY = "济宁市"
# The zone itself, and the two districts that its subdistricts still belong to in most tables.
COUNTIES = {"洸河": "任城区", "柳行": "任城区", "接庄": "任城区", "王因": "兖州区", "黄屯": "兖州区"}
ZONE = "济宁高新技术产业开发区"
COLUMNS = ["city", "county", "subdistrict", "name", "number", "elsewhere"]
Answer = collections.namedtuple("Answer", "city county subdistrict parts")


def text_or_nothing(value):
    return value if isinstance(value, str) else ""


def cpca_answers(texts):
    import cpca

    frame = cpca.transform(texts, pos_sensitive=False)
    # What is left over (地址) is one string: no part of it is told apart.
    for _, row in frame.iterrows():
        yield Answer(text_or_nothing(row["市"]), text_or_nothing(row["区"]), "", [])


def jionlp_answers(texts):
    import jionlp

    for text in texts:
        try:
            found = jionlp.parse_location(text, town_village=True)
        except Exception as fault:  # a parser that stops at a text has not answered it
            print(f"jionlp stops at {text!r}: {fault!r}", file=sys.stderr)
            found = {}
        town, village = found.get("town") or "", found.get("village") or ""
        yield Answer(found.get("city") or "", found.get("county") or "", town.removesuffix("街道"), [village])


def bare(name):
    """曹庄村, 曹庄社区 and 曹庄村委会 are one village."""
    for word in ("社区居委会", "居委会", "村委会", "社区", "村"):
        if name.endswith(word) and len(name) > len(word) + 1:
            return name.removesuffix(word)
    return name


def score(row, answer):
    """Which of the columns are right for one query."""
    name, number = row["name"], row["number"]
    return {
        "city": answer.city == CITY,
        "county": answer.county in (ZONE, COUNTIES[row["subdistrict"]]),
        "subdistrict": answer.subdistrict == row["subdistrict"],
        "name": any(part and bare(part) == bare(name) for part in answer.parts),
        "number": bool(number) and any(part.startswith(number) for part in answer.parts),
        "elsewhere": answer.city not in ("", CITY),
    }


def inside(answer):
    """Was a text from outside placed in the zone?"""
    return answer.county == ZONE or (answer.city == CITY and answer.subdistrict in COUNTIES)


def compare(peer, answers_of, rows):
    try:
        version = importlib.metadata.version(peer)
    except importlib.metadata.PackageNotFoundError:
        print(f"{peer}: not installed, skipped\n")
        return
    start = time.perf_counter()
    answers = list(answers_of([row["text"] for row in rows]))
    each = (time.perf_counter() - start) / max(len(rows), 1)
    assert len(answers) == len(rows), f"{peer} answered {len(answers)} of {len(rows)} texts"

    right = collections.defaultdict(collections.Counter)
    texts = collections.Counter()
    strangers = []
    for row, answer in zip(rows, answers):
        if row["class"] == "outside":
            strangers.append(inside(answer))
            continue
        for kind in (row["class"], "all"):
            texts[kind] += 1
            right[kind].update({column for column, yes in score(row, answer).items() if yes})
    print(f"{peer} {version}, {each * 1e6:.0f} µs each (%)")
    print(f"{'class':24}" + "".join(f"{column:>13}" for column in COLUMNS))
    for kind in [kind for kind in texts if kind != "all"] + ["all"]:
        count = texts[kind]
        print(f"{kind:24}" + "".join(f"{100 * right[kind][column] / count:13.2f}" for column in COLUMNS))
    if strangers:
        print(f"outside: {len(strangers)} texts, placed in the zone: {100 * sum(strangers) / len(strangers):.2f} %")
    print()


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    compare("cpca", cpca_answers, rows)
    compare("jionlp", jionlp_answers, rows)


if __name__ == "__main__":
    main()
