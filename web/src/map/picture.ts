// The map without WebGL: the server's PNG tiles in whole zooms, outlines and marks in SVG above them.
import type { Bounds } from '../api';
import { circle } from './circle';
import { levelAt } from './levels';
import { place as placeAt, spot } from './mercator';
import type { Spot } from './mercator';
import type { Camera, MapEvents, MapView, Padding, Place, Scene } from './scene';

const SIDE = 256;
const DEEPEST = 18;
const svgNames = 'http://www.w3.org/2000/svg';

export interface PictureOptions {
  element: HTMLElement;
  /** The zooms from which the names of each level fit, in tiles of 512 pixels. */
  ladder: readonly number[];
  bounds: Bounds;
  padding: Padding;
  camera: Camera | null;
  scene: Scene;
  events: MapEvents;
}

const baseTiles = '/tiles/basemap/{z}/{x}/{y}.png';

/** Name of the tile set that draws a theme. */
const drawn = { light: 'district', dark: 'dark' } as const;

/** A picture where it lies: of the tile set at an address, or the address filled in. */
interface Tile {
  image: HTMLImageElement;
  set: string;
  zoom: number;
  corner: Spot;
}

export class PictureMap implements MapView {
  readonly kind = 'picture';
  private readonly root = document.createElement('div');
  private readonly under = document.createElement('div');
  private readonly ground = document.createElement('div');
  private readonly heat = document.createElement('div');
  private readonly ink = document.createElementNS(svgNames, 'svg');
  private readonly tiles = new Map<string, Tile>();
  private readonly watcher: ResizeObserver;
  private scene: Scene;
  private centre: Spot = { x: 0.5, y: 0.5 };
  private zoom = 10;
  private epoch = 0;
  private loading = 0;
  private announced = false;
  private wanted: ReadonlySet<string> = new Set();
  /** The heat tiles last told to be seen. */
  private framed: string | null = null;

  constructor(private readonly options: PictureOptions) {
    this.scene = options.scene;
    this.root.className = 'picture';
    this.root.tabIndex = 0;
    this.under.className = 'picture-tiles';
    this.ground.className = 'picture-tiles picture-ground';
    this.heat.className = 'picture-tiles picture-heat';
    this.ink.classList.add('picture-ink');
    this.ink.setAttribute('aria-hidden', 'true');
    this.root.append(this.under, this.ground, this.heat, this.ink);
    options.element.append(this.root);
    this.listen();
    this.watcher = new ResizeObserver(() => this.draw());
    this.watcher.observe(this.root);
    if (options.camera) this.moveTo(spot(options.camera), options.camera.zoom);
    else this.fit(options.bounds, options.padding);
  }

  private size() {
    return { width: this.root.clientWidth, height: this.root.clientHeight };
  }

  /** Pixels from the north-west corner of the world at this zoom. */
  private scale() {
    return SIDE * 2 ** this.zoom;
  }

  private toScreen(at: Spot): Spot {
    const { width, height } = this.size();
    return { x: (at.x - this.centre.x) * this.scale() + width / 2, y: (at.y - this.centre.y) * this.scale() + height / 2 };
  }

  private fromScreen(at: Spot): Spot {
    const { width, height } = this.size();
    return { x: this.centre.x + (at.x - width / 2) / this.scale(), y: this.centre.y + (at.y - height / 2) / this.scale() };
  }

  private local(event: MouseEvent): Spot {
    const { left, top } = this.root.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  private listen() {
    let from: { at: Spot; centre: Spot } | null = null;
    let dragged = false;
    this.root.addEventListener('pointerdown', (event) => {
      from = { at: this.local(event), centre: this.centre };
      dragged = false;
    });
    this.root.addEventListener('pointermove', (event) => {
      const at = this.local(event);
      this.options.events.hovered(placeAt(this.fromScreen(at)), null);
      if (!from || !(event.buttons & 1)) return;
      const [dx, dy] = [at.x - from.at.x, at.y - from.at.y];
      if (!dragged && Math.hypot(dx, dy) < 4) return;
      if (!dragged) this.root.setPointerCapture(event.pointerId);
      dragged = true;
      this.moveTo({ x: from.centre.x - dx / this.scale(), y: from.centre.y - dy / this.scale() }, this.zoom);
    });
    this.root.addEventListener('pointerup', () => {
      from = null;
    });
    this.root.addEventListener('keydown', (event) => this.onKey(event));
    this.root.addEventListener('pointerleave', () => this.options.events.hovered(null, null));
    this.root.addEventListener('click', (event) => {
      if (!dragged) this.options.events.clicked(placeAt(this.fromScreen(this.local(event))));
    });
    let turned = 0;
    this.root.addEventListener(
      'wheel',
      (event) => {
        event.preventDefault();
        turned += event.deltaY;
        if (Math.abs(turned) < 60) return;
        this.zoomAt(this.local(event), turned < 0 ? 1 : -1);
        turned = 0;
      },
      { passive: false },
    );
  }

  private onKey(event: KeyboardEvent) {
    const step = 96 / this.scale();
    const moves: Record<string, Spot> = { ArrowUp: { x: 0, y: -step }, ArrowDown: { x: 0, y: step }, ArrowLeft: { x: -step, y: 0 }, ArrowRight: { x: step, y: 0 } };
    const move = moves[event.key];
    if (move) this.moveTo({ x: this.centre.x + move.x, y: this.centre.y + move.y }, this.zoom);
    else if (event.key === '+' || event.key === '=') this.zoomBy(1);
    else if (event.key === '-') this.zoomBy(-1);
  }

  private zoomAt(at: Spot, steps: number) {
    const kept = this.fromScreen(at);
    const { width, height } = this.size();
    const zoom = Math.max(8, Math.min(DEEPEST, this.zoom + steps));
    const scale = SIDE * 2 ** zoom;
    this.moveTo({ x: kept.x - (at.x - width / 2) / scale, y: kept.y - (at.y - height / 2) / scale }, zoom);
  }

  private moveTo(centre: Spot, zoom: number) {
    const [w, s, e, n] = this.options.bounds;
    const [a, b] = [spot({ lon: w, lat: n }), spot({ lon: e, lat: s })];
    this.centre = { x: Math.max(a.x, Math.min(b.x, centre.x)), y: Math.max(a.y, Math.min(b.y, centre.y)) };
    this.zoom = Math.round(zoom);
    this.draw();
    this.tell();
  }

  private tell() {
    const { lon, lat } = placeAt(this.centre);
    this.options.events.moved({ lon, lat, zoom: this.zoom }, this.scene.level ?? levelAt(this.zoom - 1, this.options.ladder));
  }

  private draw() {
    const wanted = new Set<string>();
    const { width, height } = this.size();
    const [first, last] = [this.fromScreen({ x: 0, y: 0 }), this.fromScreen({ x: width, y: height })];
    const n = 2 ** this.zoom;
    const { heat, choropleth, theme } = this.scene;
    // Figures stand on plain ground.
    const base = choropleth || this.scene.base?.kind !== 'raster' ? null : this.scene.base;
    const ground = choropleth ? `/tiles/choropleth/{z}/{x}/{y}.png?${choropleth.query}` : `/tiles/${drawn[theme]}/{z}/{x}/{y}.png`;
    const layers: { holder: HTMLElement; url: string; within?: Bounds }[] = [{ holder: this.ground, url: ground }];
    if (heat) layers.push({ holder: this.heat, url: heat.tiles });
    if (base && this.zoom >= base.zooms[0] && this.zoom <= base.zooms[1]) layers.push({ holder: this.under, url: baseTiles, within: base.bounds });
    this.under.style.opacity = String(base?.strength ?? 0);
    // The ground has no holes: it is laid over the base map as ink is over paper, or light over the dark.
    this.ground.style.mixBlendMode = base === null ? 'normal' : theme === 'dark' ? 'screen' : 'multiply';
    for (const { holder, url, within: [w, s, e, north] = [-180, -90, 180, 90] } of layers) {
      const [a, b] = [spot({ lon: w, lat: north }), spot({ lon: e, lat: s })];
      const from = (seen: number, there: number) => Math.max(0, Math.floor(seen * n), Math.floor(there * n));
      const to = (seen: number, there: number) => Math.min(n - 1, Math.floor(seen * n), Math.floor(there * n));
      for (let x = from(first.x, a.x); x <= to(last.x, b.x); x++) {
        for (let y = from(first.y, a.y); y <= to(last.y, b.y); y++) {
          const source = url.replace('{z}', String(this.zoom)).replace('{x}', String(x)).replace('{y}', String(y));
          const key = `${this.epoch} ${source}`;
          wanted.add(key);
          this.lay(holder, key, source, { set: url, zoom: this.zoom, corner: { x: x / n, y: y / n } });
        }
      }
    }
    this.wanted = wanted;
    this.clear();
    this.drawInk();
    this.settle();
  }

  /** Takes away what is not wanted any more; what another picture is to cover, only when all of that has come. */
  private clear() {
    for (const [key, tile] of this.tiles) {
      if (this.wanted.has(key)) continue;
      if (tile.zoom === this.zoom && this.loading > 0) {
        this.put(tile);
        continue;
      }
      tile.image.remove();
      this.tiles.delete(key);
    }
    const heat = this.scene.heat?.tiles;
    if (!heat || this.loading > 0 || this.framed === heat) return;
    this.framed = heat;
    this.options.events.framed(heat);
  }

  private lay(holder: HTMLElement, key: string, source: string, at: Omit<Tile, 'image'>) {
    const known = this.tiles.get(key);
    if (known) {
      this.put(known);
      return;
    }
    const image = new Image(SIDE, SIDE);
    image.alt = '';
    image.draggable = false;
    this.loading += 1;
    const done = (ok: boolean) => {
      this.loading -= 1;
      // What lies under the grids may end, or be away.
      if (holder !== this.under) this.options.events.reachable(ok);
      else if (!ok) image.remove();
      if (this.loading === 0) this.clear();
      this.settle();
    };
    image.addEventListener('load', () => done(true), { once: true });
    image.addEventListener('error', () => done(false), { once: true });
    image.src = source;
    holder.append(image);
    const tile = { image, ...at };
    this.tiles.set(key, tile);
    this.put(tile);
  }

  private put({ image, corner }: Tile) {
    const { x, y } = this.toScreen(corner);
    image.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  }

  private settle() {
    if (this.announced || this.loading > 0 || this.tiles.size === 0) return;
    this.announced = true;
    this.options.events.ready();
  }

  private outline(geometry: GeoJSON.Geometry | null): string {
    if (geometry?.type !== 'Polygon' && geometry?.type !== 'MultiPolygon') return '';
    const polygons = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
    return polygons
      .flat()
      .map((ring) => {
        const points = ring.map(([lon = 0, lat = 0]) => {
          const at = this.toScreen(spot({ lon, lat }));
          return `${at.x.toFixed(1)},${at.y.toFixed(1)}`;
        });
        return `M${points.join('L')}Z`;
      })
      .join('');
  }

  private drawInk() {
    const parts: SVGElement[] = [];
    const add = (name: string, attributes: Record<string, string>, text?: string) => {
      const part = document.createElementNS(svgNames, name);
      for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
      if (text) part.textContent = text;
      parts.push(part);
    };
    const mark = (at: Place, kind: string, radius: string, text?: string) => {
      const { x, y } = this.toScreen(spot(at));
      add('circle', { cx: x.toFixed(1), cy: y.toFixed(1), r: radius, class: kind });
      if (text) add('text', { x: x.toFixed(1), y: y.toFixed(1), class: `${kind}-number` }, text);
    };
    const accuracy = this.scene.place && this.scene.radius !== null ? circle(this.scene.place, this.scene.radius) : null;
    for (const [kind, geometry] of [['owner', this.scene.owner], ['focus', this.scene.focus], ['accuracy', accuracy]] as const) {
      const d = this.outline(geometry);
      if (!d) continue;
      add('path', { d, class: 'ink-casing' });
      add('path', { d, class: `ink-${kind}`, 'fill-rule': 'evenodd' });
    }
    this.scene.pins.forEach((pin, index) => mark(pin, 'ink-pin', '11', String(index + 1)));
    if (this.scene.place) mark(this.scene.place, 'ink-place', '7');
    this.ink.replaceChildren(...parts);
  }

  show(scene: Scene) {
    this.scene = scene;
    if (scene.heat?.tiles !== this.framed) this.framed = null;
    this.draw();
    this.tell();
  }

  fit([w, s, e, n]: Bounds, padding: Padding) {
    const { width, height } = this.size();
    const [a, b] = [spot({ lon: w, lat: n }), spot({ lon: e, lat: s })];
    const [free, tall] = [Math.max(64, width - padding.left - padding.right), Math.max(64, height - padding.top - padding.bottom)];
    const zoom = Math.floor(Math.log2(Math.min(free / (b.x - a.x), tall / (b.y - a.y)) / SIDE));
    const centre = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
    this.centreInFree(centre, Math.max(8, Math.min(DEEPEST - 1, zoom)), padding);
  }

  reframe() {
    // Whole zooms leave more room than panels take.
  }

  private centreInFree(at: Spot, zoom: number, padding: Padding) {
    const scale = SIDE * 2 ** zoom;
    this.moveTo({ x: at.x + (padding.right - padding.left) / 2 / scale, y: at.y + (padding.bottom - padding.top) / 2 / scale }, zoom);
  }

  reveal(place: Place, padding: Padding, zoom?: number) {
    const { width, height } = this.size();
    const at = this.toScreen(spot(place));
    const inside = at.x > padding.left + 32 && at.x < width - padding.right - 32 && at.y > padding.top + 32 && at.y < height - padding.bottom - 32;
    if (inside && (zoom === undefined || this.zoom >= zoom)) return;
    this.centreInFree(spot(place), Math.max(this.zoom, Math.round(zoom ?? 0)), padding);
  }

  zoomBy(steps: number) {
    const { width, height } = this.size();
    this.zoomAt({ x: width / 2, y: height / 2 }, steps);
  }

  async refresh() {
    this.epoch += 1;
    this.draw();
  }

  destroy() {
    this.watcher.disconnect();
    this.root.remove();
  }
}
