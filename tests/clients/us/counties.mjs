// Writes the counties and states of npm `us-atlas` as the files that `district.toml` beside this script names.
// The county's code is its FIPS number, whose first two digits are the state's. A county that the atlas's own rounding (some
// 300 m) has flattened to a line has no land to own and is left out; it is named on the last line.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { feature } from 'topojson-client';

const here = dirname(fileURLToPath(import.meta.url));
const folder = process.argv[2];
if (!folder) {
  console.error('usage: node counties.mjs FOLDER');
  process.exit(2);
}
const atlas = JSON.parse(readFileSync(createRequire(import.meta.url).resolve('us-atlas/counties-10m.json'), 'utf8'));

const doubledArea = (ring) => ring.slice(1).reduce((sum, [x, y], i) => sum + ring[i][0] * y - x * ring[i][1], 0);
const hasLand = ({ type, coordinates }) =>
  (type === 'Polygon' ? [coordinates] : coordinates).some((rings) => Math.abs(doubledArea(rings[0])) > 1e-9);

const all = feature(atlas, atlas.objects.counties).features;
const counties = all.filter(({ geometry }) => hasLand(geometry)).map(({ id, properties, geometry }) => ({
  type: 'Feature',
  properties: { code: id, name: properties.name, parent: id.slice(0, 2) },
  geometry,
}));
const quoted = (text) => `"${text.replaceAll('"', '""')}"`;
const states = atlas.objects.states.geometries.map(({ id, properties }) => `state,${id},${quoted(properties.name)},,,,`);

mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'units.geojson'), JSON.stringify({ type: 'FeatureCollection', features: counties }));
writeFileSync(join(folder, 'units.csv'), ['level,code,name,parent,class,households,population', ...states.sort(), ''].join('\n'));
copyFileSync(join(here, 'district.toml'), join(folder, 'district.toml'));
const flat = all.filter(({ geometry }) => !hasLand(geometry)).map(({ id, properties }) => `${id} ${properties.name}`);
console.log(`${counties.length} counties, ${states.length} states; without land: ${flat.join(', ') || 'none'}`);
