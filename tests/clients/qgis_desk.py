"""A QGIS without a screen, for test_qgis.py: reads jobs as JSON from its input, does each as the desktop would, writes JSON answers to the file named.

Run by the Python that QGIS belongs to, apart from the tests: its Qt and its GDAL are not to meet theirs, and when it crashes a test says so.

    {"do": "browse", "name": …, "url": …}      a connection of the browser panel, opened: {"path of titles": uri, …}
    {"do": "draw", "layers": […], "crs": …, "extent": [west, south, east, north], "size": [columns, rows], "out": …}
    {"do": "identify", "uri": …, "points": [[x, y], …], "pixel": …}   the identify tool, on a WMS or WMTS layer

A layer is {"provider": "wms", "uri": …}, or {"provider": "vectortile", "uri": …, "fills": {"layer": …, "colours": {code: "#rrggbb"}}},
or {"provider": "ogr", …} with the same fills. Vector tiles without fills get the colours that QGIS chooses.
"""

import json
import os
import sys
import time

# The profile folder is given by the test: nothing of anybody's own QGIS is read or written.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from qgis.core import (  # noqa: E402
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsFillSymbol,
    QgsLayerItem,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsPointXY,
    QgsProperty,
    QgsProviderRegistry,
    QgsRaster,
    QgsRasterLayer,
    QgsRectangle,
    QgsSettings,
    QgsSingleSymbolRenderer,
    QgsSymbolLayer,
    QgsVectorLayer,
    QgsVectorTileBasicRenderer,
    QgsVectorTileBasicRendererStyle,
    QgsVectorTileLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QSize  # noqa: E402
from qgis.PyQt.QtGui import QColor  # noqa: E402

# What Python lets go of, its owner in C++ may still need; all of it lives until the end.
KEPT = []


def browse(job):
    QgsSettings().setValue(f"qgis/connections-wms/{job['name']}/url", job["url"])
    found = {}

    def walk(item, above):
        KEPT.append(item)
        item.populate(True)
        path = [*above, item.name()]
        if isinstance(item, QgsLayerItem):
            found["/".join(path)] = item.uri()
        for child in item.children():
            walk(child, path)

    for provider in QgsProviderRegistry.instance().providerMetadata("wms").dataItemProviders():
        KEPT.append(provider)
        root = provider.createDataItem(f"wms:/{job['name']}", None)
        if root is not None:
            KEPT.append(root)
            root.populate(True)
            for child in root.children():
                walk(child, [])
    return {"found": found}


def opened(description):
    provider, uri = description["provider"], description["uri"]
    if provider == "vectortile":
        layer = QgsVectorTileLayer(uri, "tiles")
    elif provider == "ogr":
        layer = QgsVectorLayer(uri, "units", provider)
    else:
        layer = QgsRasterLayer(uri, "pictures", provider)
    KEPT.append(layer)
    assert layer.isValid(), f"QGIS cannot open {uri}: {layer.error().message()}"
    fills = description.get("fills")
    if provider == "vectortile" and fills:
        style = QgsVectorTileBasicRendererStyle("units", fills["layer"], QgsWkbTypes.PolygonGeometry)
        style.setSymbol(by_code(fills["colours"]))
        style.setEnabled(True)
        renderer = QgsVectorTileBasicRenderer()
        renderer.setStyles([style])
        layer.setRenderer(renderer)
    elif provider == "ogr":
        layer.setRenderer(QgsSingleSymbolRenderer(by_code(fills["colours"])))
    return layer


def by_code(colours):
    """Plain fills, each unit in the colour of its code; no lines."""
    symbol = QgsFillSymbol.createSimple({"color": "#ff00ff", "outline_style": "no"})
    expression = f"map_get(from_json('{json.dumps(colours)}'), \"code\")"
    symbol.symbolLayer(0).setDataDefinedProperty(QgsSymbolLayer.PropertyFillColor, QgsProperty.fromExpression(expression))
    return symbol


def draw(job):
    layers = [opened(one) for one in job["layers"]]
    settings = QgsMapSettings()
    settings.setLayers(layers[::-1])
    settings.setDestinationCrs(QgsCoordinateReferenceSystem(job["crs"]))
    settings.setExtent(QgsRectangle(*job["extent"]))
    settings.setOutputSize(QSize(*job["size"]))
    settings.setOutputDpi(96)
    settings.setBackgroundColor(QColor(0, 0, 0, 0))
    settings.setFlag(QgsMapSettings.Antialiasing, job.get("antialias", False))
    began = time.monotonic()
    render = QgsMapRendererSequentialJob(settings)
    render.start()
    render.waitForFinished()
    took = time.monotonic() - began
    picture = render.renderedImage()
    assert picture.save(job["out"], "PNG")
    seen = settings.visibleExtent()
    return {
        "seconds": took,
        "extent": [seen.xMinimum(), seen.yMinimum(), seen.xMaximum(), seen.yMaximum()],
        "errors": [fault.message for fault in render.errors()],
        "layers": [about(layer) for layer in layers],
    }


def about(layer):
    extent = layer.extent()
    return {
        "crs": layer.crs().authid(),
        "extent": [extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum()],
        "zooms": [layer.sourceMinZoom(), layer.sourceMaxZoom()] if isinstance(layer, QgsVectorTileLayer) else None,
    }


FORMATS = {"feature": QgsRaster.IdentifyFormatFeature, "html": QgsRaster.IdentifyFormatHtml, "text": QgsRaster.IdentifyFormatText}


def identify(job):
    provider, half = opened({"provider": "wms", "uri": job["uri"]}).dataProvider(), 50 * job["pixel"]
    answers = []
    for x, y in job["points"]:
        around = QgsRectangle(x - half, y - half, x + half, y + half)
        answer = {}
        for name, kind in FORMATS.items():
            got = provider.identify(QgsPointXY(x, y), kind, around, 100, 100)
            assert got.isValid(), (name, got.error().message())
            answer[name] = [shown for value in got.results().values() for shown in told(value)]
        answers.append(answer)
    return {"answers": answers}


def told(value):
    """What the identify tool shows: text, or features with their attributes and where they are marked."""
    if isinstance(value, str):
        return [value]
    features = [feature for store in value for feature in store.features()]
    points = [feature.geometry().asPoint() for feature in features]
    return [
        {"at": [at.x(), at.y()], **dict(zip(feature.fields().names(), map(str, feature.attributes())))}
        for feature, at in zip(features, points)
    ]


def main(answers):
    jobs = json.load(sys.stdin)
    application = QgsApplication([], False, os.environ["QGIS_CUSTOM_CONFIG_PATH"])
    QgsApplication.initQgis()
    KEPT.append(application)
    done = [{"browse": browse, "draw": draw, "identify": identify}[job["do"]](job) for job in jobs]
    with open(answers, "w", encoding="utf-8") as out:
        json.dump(done, out, ensure_ascii=False)
    # Taking QGIS down in the order that Python happens to choose crashes it; what was asked for is on disk.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
