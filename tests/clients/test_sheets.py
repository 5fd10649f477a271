"""Sheets in other people's readers: PDFium opens and reads the PDF, resvg draws the SVG, and both show our own picture."""

import io
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy
import pypdfium2
import pytest
import resvg_py
from PIL import Image

SVG = "{http://www.w3.org/2000/svg}"
MM = 72 / 25.4
DPI = 100
SAMPLE = Path(__file__).resolve().parents[2] / "data/sample"

# What is printed: arguments, the page in millimetres, words that must be on it.
SHEETS = {
    "notice": (
        ["notice", "--unit", "370871001205005"],
        (420, 297),
        ["洸河街道黄庄社区第五网格（隆鑫苑）公示牌", "示例数据", "370871001205005", "446 户", "12345", "隆鑫苑小区党支部"],
    ),
    "micro": (
        ["notice", "--unit", "370871001205005003", "--paper", "A4"],
        (297, 210),
        ["3号微网格公示牌", "370871001205005003", "东至："],
    ),
    "exclave": (
        ["notice", "--unit", "370871003200002002"],
        (420, 297),
        ["370871003200002002", "东至：", "飞地：", "本单元边界 · Boundary"],
    ),
    "unit": (
        ["map", "--unit", "370871001205", "--paper", "A3", "--landscape"],
        (420, 297),
        ["黄庄社区网格图", "示例数据 · 内部使用", "第五网格(隆鑫苑)", "图例", "CGCS2000"],
    ),
    "box": (["map", "--bbox", "116.64,35.40,116.68,35.44", "--paper", "A4"], (210, 297), ["济宁高新区网格图", "1 : "]),
    "poster": (["poster", "--paper", "A1"], (841, 594), ["济宁高新区社会治理网格一张图", "370871005", "比例尺"]),
}


@pytest.fixture(scope="module", params=SHEETS)
def sheet(request, wangge, sample_store, tmp_path_factory):
    """One sheet in all three formats: (arguments of SHEETS, path without extension)."""
    arguments, size, words = SHEETS[request.param]
    base = tmp_path_factory.mktemp("sheets") / request.param
    for end in ["png", "svg", "pdf"]:
        out = base.with_suffix("." + end)
        wangge("render", *arguments, "--store", sample_store, "--date", "2026-06-01", "--dpi", DPI, "--out", out)
    return base, size, words


def picture(base):
    return Image.open(base.with_suffix(".png")).convert("RGB")


def apart(one, other):
    """Mean difference of two pictures (0 … 255), and the share of pixels that differ plainly, at half their size: edges are smoothed differently."""
    half = [numpy.asarray(i.resize((i.width // 2, i.height // 2), Image.Resampling.BOX), dtype=float) for i in (one, other)]
    difference = numpy.abs(half[0] - half[1])
    return difference.mean(), (difference.max(axis=2) > 64).mean()


def test_the_picture_has_the_size_of_the_page(sheet):
    base, (width, height), _ = sheet
    image = Image.open(base.with_suffix(".png"))
    assert image.size == (round(width / 25.4 * DPI), round(height / 25.4 * DPI))
    assert abs(image.info["dpi"][0] - DPI) < 0.1
    colours = numpy.unique(numpy.asarray(image.convert("RGB")).reshape(-1, 3), axis=0)
    assert len(colours) > 100, "there is something on it"


def test_pdfium_opens_the_pdf_and_finds_its_words(sheet):
    base, (width, height), words = sheet
    document = pypdfium2.PdfDocument(base.with_suffix(".pdf"))
    assert len(document) == 1
    page = document[0]
    assert page.get_size() == pytest.approx((width * MM, height * MM), abs=0.5)
    text = page.get_textpage().get_text_range().replace("\r\n", "\n")
    for word in words:
        assert word in text, word
    assert "\ufffd" not in text and "〓" not in text
    assert document.get_metadata_dict()["CreationDate"].startswith("D:20260601")


def test_the_pdf_shows_our_picture(sheet):
    base, *_ = sheet
    ours = picture(base)
    page = pypdfium2.PdfDocument(base.with_suffix(".pdf"))[0]
    theirs = page.render(scale=ours.width / page.get_size()[0]).to_pil().convert("RGB").resize(ours.size)
    mean, plainly = apart(ours, theirs)
    assert mean < 6 and plainly < 0.02, (mean, plainly)


def test_the_svg_is_well_formed_refers_to_what_is_there_and_shows_our_picture(sheet):
    base, (width, height), words = sheet
    text = base.with_suffix(".svg").read_text()
    root = ElementTree.fromstring(text)
    assert (root.get("width"), root.get("height")) == (f"{width}mm", f"{height}mm")
    there = {element.get("id") for element in root.iter() if element.get("id")}
    used = {use.get("{http://www.w3.org/1999/xlink}href")[1:] for use in root.iter(SVG + "use")}
    used |= {group.get("clip-path")[5:-1] for group in root.iter(SVG + "g") if group.get("clip-path")}
    assert used and used <= there
    said = "\n".join(group.get("aria-label") for group in root.iter(SVG + "g") if group.get("aria-label"))
    for word in words:
        assert word in said, word
    ours = picture(base)
    drawn = resvg_py.svg_to_bytes(svg_string=text, width=ours.width, height=ours.height, dpi=96)
    mean, plainly = apart(ours, Image.open(io.BytesIO(bytes(drawn))).convert("RGB").resize(ours.size))
    assert mean < 4 and plainly < 0.01, (mean, plainly)


def test_two_pictures_that_differ_are_told_apart(sheet):
    base, *_ = sheet
    ours = picture(base)
    moved = Image.new("RGB", ours.size, "white")
    moved.paste(ours, (6, 6))
    mean, plainly = apart(ours, moved)
    assert mean > 6 or plainly > 0.02, "the bounds above would have let this through"


def test_people_are_masked_unless_the_printer_says_so(wangge, sample_store, tmp_path):
    officer = next(
        line.split(",") for line in (SAMPLE / "people.csv").read_text().splitlines() if ",370871001205005003," in line
    )
    name, phone = officer[1], officer[2]
    said = []
    for more in [[], ["--contacts"]]:
        out = tmp_path / "notice.svg"
        wangge("render", "notice", "--unit", "370871001205005003", "--store", sample_store, "--out", out, *more)
        said.append(out.read_text())
    assert name not in said[0] and phone not in said[0] and f"{phone[:3]}****{phone[-4:]}" in said[0]
    assert f'aria-label="{name}"' in said[1] and f'aria-label="{phone}"' in said[1]


def test_a_poster_names_every_subdistrict_and_community_and_lists_every_grid_once(wangge, sample_store, tmp_path):
    out = tmp_path / "poster.svg"
    wangge("render", "poster", "--store", sample_store, "--date", "2026-06-01", "--out", out)
    root = ElementTree.fromstring(out.read_text())
    frames = [group for group in root.iter(SVG + "g") if group.get("clip-path")]
    on_map = [group.get("aria-label") for frame in frames for group in frame.iter(SVG + "g") if group.get("aria-label")]
    said = [group.get("aria-label") for group in root.iter(SVG + "g") if group.get("aria-label")]
    units = [line.split(",") for line in (SAMPLE / "units.csv").read_text().splitlines()[1:]]
    for level, code, name, *_ in units:
        assert said.count(code) == 1, code
        if level == "subdistrict":
            assert name in on_map
    communities = [unit for unit in units if unit[0] == "community"]
    assert sum(name in on_map for _, _, name, *_ in communities) == len(communities)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--out", "map.gif"], ".png, .svg or .pdf"),
        (["--bbox", "116.7,35.4,116.6,35.5", "--out", "map.png"], "west must be below east"),
        (["--size", "99999x9", "--out", "map.png"], "200 to 8192"),
        (["--paper", "A0", "--dpi", "500", "--out", "map.png"], "pixels are more than"),
        (["poster", "--paper", "A4", "--out", "map.pdf"], "A0 or A1"),
        (["notice", "--out", "map.pdf"], "name it by its code"),
        (["notice", "--unit", "1", "--out", "map.pdf"], "no unit has the code"),
        (["--style", "none", "--out", "map.pdf"], "there are"),
        (["--style", "choropleth", "--out", "map.pdf"], "a sheet has none"),
        (["--date", "2026-05-31", "--out", "map.pdf"], "give 2026-06-01 or a later day"),
        (["poster", "--unit", "370871003", "--out", "map.pdf"], "leave --unit out"),
        (["notice", "--unit", "370871003", "--bbox", "116.6,35.4,116.7,35.5", "--out", "map.pdf"], "cannot be used with"),
    ],
)
def test_what_cannot_be_printed_is_told_and_nothing_is_written(wangge, sample_store, tmp_path, arguments, word):
    arguments = [tmp_path / a if a.startswith("map.") else a for a in arguments]
    done = wangge("render", *arguments, "--store", sample_store, exit_code=2)
    assert word in done.stderr, done.stderr
    assert list(tmp_path.iterdir()) == []
