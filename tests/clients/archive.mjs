// Mapbox's and Protomaps' own readers on an archive, and on what the service answers for the same tiles: node archive.mjs FILE ORIGIN SET…
// Asks for every tile of the archive's zooms in and around its box, compares feature by feature, and prints what was found as JSON.

import { open } from 'node:fs/promises';
import { PMTiles } from 'pmtiles';
import { VectorTile } from '@mapbox/vector-tile';
import { PbfReader } from 'pbf';

const [file, origin, ...sets] = process.argv.slice(2);

class FileSource {
  constructor(handle) {
    this.handle = handle;
  }
  getKey() {
    return file;
  }
  async getBytes(offset, length) {
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await this.handle.read(buffer, 0, length, offset);
    const data = new Uint8Array(buffer.subarray(0, bytesRead));
    return { data: data.buffer };
  }
}

/** Every feature of every layer, as plain values. */
function decoded(bytes) {
  const layers = {};
  for (const [name, layer] of Object.entries(new VectorTile(new PbfReader(bytes)).layers)) {
    layers[name] = Array.from({ length: layer.length }, (_, i) => {
      const feature = layer.feature(i);
      const parts = feature.loadGeometry().map((part) => part.map((point) => [point.x, point.y]));
      return { id: feature.id, type: feature.type, properties: { ...feature.properties }, parts };
    });
  }
  return layers;
}

/** What the service answers, all sets in one tile. */
async function served(z, x, y) {
  let layers = {};
  for (const set of sets) {
    const answer = await fetch(`${origin}/tiles/${set}/${z}/${x}/${y}.mvt`);
    if (answer.status !== 200) throw new Error(`${answer.url}: ${answer.status}`);
    layers = { ...layers, ...decoded(new Uint8Array(await answer.arrayBuffer())) };
  }
  return layers;
}

const ordered = (layers) => JSON.stringify(Object.entries(layers).sort(([a], [b]) => (a < b ? -1 : 1)));

const archive = new PMTiles(new FileSource(await open(file)));
const header = await archive.getHeader();
const column = (lon, z) => Math.floor(((lon + 180) / 360) * 2 ** z);
const row = (lat, z) => {
  const sin = Math.sin((lat * Math.PI) / 180);
  return Math.floor((0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI)) * 2 ** z);
};
const features = {};
let tiles = 0;
let outside = 0;
for (let z = header.minZoom; z <= header.maxZoom; z += 1) {
  features[z] = {};
  const [left, right] = [column(header.minLon, z), column(header.maxLon, z)];
  const [top, bottom] = [row(header.maxLat, z), row(header.minLat, z)];
  for (let x = Math.max(left - 1, 0); x <= Math.min(right + 1, 2 ** z - 1); x += 1) {
    for (let y = Math.max(top - 1, 0); y <= Math.min(bottom + 1, 2 ** z - 1); y += 1) {
      const inBox = x >= left && x <= right && y >= top && y <= bottom;
      const tile = await archive.getZxy(z, x, y);
      if (!inBox) {
        outside += tile ? 1 : 0;
        continue;
      }
      const kept = tile ? decoded(new Uint8Array(tile.data)) : {};
      if (ordered(kept) !== ordered(await served(z, x, y))) throw new Error(`${z}/${x}/${y} is not what the service answers`);
      tiles += tile ? 1 : 0;
      for (const [name, found] of Object.entries(kept)) features[z][name] = (features[z][name] ?? 0) + found.length;
    }
  }
}
console.log(JSON.stringify({ header, metadata: await archive.getMetadata(), tiles, outside, features }));
process.exit(0);
