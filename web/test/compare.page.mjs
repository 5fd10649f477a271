// Runs inside the browser: draws a view with MapLibre, lays our picture tiles out over the same ground, and measures how alike they are.
import { Map as GlMap, setWorkerUrl } from './maplibre-gl.mjs';
import { luma, ssim } from './ssim.mjs';

setWorkerUrl(new URL('./maplibre-gl-worker.mjs', import.meta.url).href);

const TILE = 256;

/** Where a place lies in the world's pixels at a zoom of picture tiles. */
function worldPixel([lon, lat], z) {
  const side = TILE * 2 ** z;
  const sin = Math.sin((lat * Math.PI) / 180);
  return [((lon + 180) / 360) * side, (0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI)) * side];
}

function placeOf([x, y], z) {
  const side = TILE * 2 ** z;
  const lat = (Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / side))) * 180) / Math.PI;
  return [(x / side) * 360 - 180, lat];
}

/** The image “hatching” of the style `choropleth`, as map/shaded.ts draws it in the light. */
function hatching() {
  const [side, ink] = [16, [104, 115, 130]];
  const image = new ImageData(side, side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const off = Math.abs(((x + y + side / 2) % side) - side / 2) / Math.SQRT2;
      image.data.set([...ink, Math.round(Math.max(0, Math.min(1, 1.6 - off)) * 255)], (y * side + x) * 4);
    }
  }
  return image;
}

const canvas = (width, height) => Object.assign(document.createElement('canvas'), { width, height });

async function byMapLibre(view, centre, width, height) {
  const holder = document.createElement('div');
  holder.style.cssText = `width: ${width}px; height: ${height}px`;
  document.body.replaceChildren(holder);
  const map = new GlMap({
    container: holder,
    style: view.style,
    center: centre,
    zoom: view.zoom,
    interactive: false,
    attributionControl: false,
    fadeDuration: 0,
    localIdeographFontFamily: false,
    renderWorldCopies: false,
    pixelRatio: view.scale,
    canvasContextAttributes: { preserveDrawingBuffer: true },
  });
  map.on('error', ({ error }) => console.error(error));
  map.once('style.load', () => map.addImage('hatching', hatching(), { pixelRatio: 2 }));
  if (view.states) {
    await new Promise((ready) => map.once('load', () => ready()));
    for (const { id, layer, state } of view.states) map.setFeatureState({ source: 'units', sourceLayer: layer, id }, state);
  }
  await new Promise((settled) => map.once('idle', () => settled()));
  const sheet = canvas(width * view.scale, height * view.scale);
  sheet.getContext('2d').drawImage(map.getCanvas(), 0, 0);
  map.remove();
  return sheet;
}

async function byTiles(view, corner, width, height) {
  const sheet = canvas(width * view.scale, height * view.scale);
  const pen = sheet.getContext('2d');
  const z = view.zoom + 1;
  const range = (from, size) => Array.from({ length: Math.floor((from + size - 1) / TILE) - Math.floor(from / TILE) + 1 }, (_, i) => Math.floor(from / TILE) + i);
  const jobs = range(corner[0], width).flatMap((x) =>
    range(corner[1], height).map(async (y) => {
      const url = view.tiles.replace('{z}', z).replace('{x}', x).replace('{y}', y).replace('{at}', view.scale === 2 ? '@2x' : '');
      const answer = await fetch(url);
      if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
      const picture = await createImageBitmap(await answer.blob());
      pen.drawImage(picture, (x * TILE - corner[0]) * view.scale, (y * TILE - corner[1]) * view.scale);
    }),
  );
  await Promise.all(jobs);
  return sheet;
}

/** MapLibre's, ours, and where they differ, side by side. */
function beside(theirs, ours, a, b) {
  const { width, height } = theirs;
  const sheet = canvas(width * 3, height);
  const pen = sheet.getContext('2d');
  pen.drawImage(theirs, 0, 0);
  pen.drawImage(ours, width, 0);
  const difference = pen.createImageData(width, height);
  for (let i = 0; i < a.length; i++) {
    const shade = 255 - Math.min(255, 3 * Math.abs(a[i] - b[i]));
    difference.data.set([shade, shade, shade, 255], 4 * i);
  }
  pen.putImageData(difference, 2 * width, 0);
  return sheet.toDataURL('image/png');
}

/** `view`: style (address or document), tiles (address with {z}, {x}, {y}, {at}), zoom (whole, MapLibre's), centre, scale, states. */
export async function compare(view, width, height) {
  // The middle goes to a corner of pixels, so that both draw on the same raster.
  const z = view.zoom + 1;
  const middle = worldPixel(view.centre, z).map(Math.round);
  const corner = [middle[0] - width / 2, middle[1] - height / 2];
  const theirs = await byMapLibre(view, placeOf(middle, z), width, height);
  const ours = await byTiles(view, corner, width, height);
  const grey = (sheet) => luma(sheet.getContext('2d').getImageData(0, 0, sheet.width, sheet.height).data);
  const [a, b] = [grey(theirs), grey(ours)];
  return { similarity: ssim(a, b, theirs.width, theirs.height), picture: beside(theirs, ours, a, b) };
}
