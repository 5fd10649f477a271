// The map in WebGL: MapLibre with the server's own style, and the page's overlays composed into it.
import { Map as GlMap, setWorkerCount, setWorkerUrl } from 'maplibre-gl';
import type { FeatureIdentifier, MapMouseEvent, StyleSpecification } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import 'maplibre-gl/dist/maplibre-gl.css';
import type { Bounds } from '../api';
import { BASE } from './base';
import { Frames, nameOf } from './frames';
import { levelAt } from './levels';
import { compose, PICK } from './overlay';
import { addHatchings, States } from './shaded';
import type { Camera, Changed, MapEvents, MapView, Padding, Place, Scene, Theme } from './scene';

setWorkerUrl(new URL(workerUrl, location.href).href);
// An edit near the corner of a tile changes four of them; the library's own one worker would read them one after the other.
setWorkerCount(Math.max(2, Math.min(4, Math.floor(navigator.hardwareConcurrency / 2))));

/** Fonts of the reader's own machine: no glyph is ever fetched. */
const fonts = '"PingFang SC","HarmonyOS Sans SC","Microsoft YaHei","Noto Sans CJK SC","Source Han Sans SC",sans-serif';

const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

/** The largest canvas this graphics processor takes; the library's own limit shrinks a video wall. */
function largestCanvas(): [number, number] {
  const gl = document.createElement('canvas').getContext('webgl2');
  const side = gl ? (gl.getParameter(gl.MAX_TEXTURE_SIZE) as number) : 4096;
  gl?.getExtension('WEBGL_lose_context')?.loseContext();
  return [side, side];
}

/** How long one frame of heat gives way to the next. */
const FADE_MS = 250;

/** What waits for the map to be drawn waits no longer than that. */
const DRAWN_MS = 2000;
/** Nor is a frame held back for longer: whoever moves the map meanwhile must not feel it. */
const HELD_MS = 200;
const late = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

export interface VectorOptions {
  element: HTMLElement;
  styles: Record<Theme, StyleSpecification>;
  /** Keys of the levels, top first, and the zooms from which their names fit. */
  keys: readonly string[];
  ladder: readonly number[];
  bounds: Bounds;
  padding: Padding;
  camera: Camera | null;
  scene: Scene;
  events: MapEvents;
}

export class VectorMap implements MapView {
  readonly kind = 'vector';
  readonly map: GlMap;
  private scene: Scene;
  /** The unit under the pointer, as the map knows it. */
  private hovered: FeatureIdentifier | null = null;
  /** There is a pointer. */
  private pointed = false;
  private readonly frames = new Frames();
  private readonly states = new States();
  /** The style is there: differences, images and feature-states can be set. */
  private styled = false;
  /** The whole district is framed, and nobody has moved the map since. */
  private whole: boolean;
  /** The heat tiles last told to be seen. */
  private told: string | null = null;

  constructor(private readonly options: VectorOptions) {
    this.scene = options.scene;
    this.frames.want(options.scene.heat);
    this.whole = options.camera === null;
    const [w, s, e, n] = options.bounds;
    const far = 4 * Math.max(e - w, n - s); // wide screens show much around a district before it fills them
    this.map = new GlMap({
      container: options.element,
      maxBounds: [Math.max(-180, w - far), Math.max(-85, s - far), Math.min(180, e + far), Math.min(85, n + far)],
      maxZoom: 20,
      ...(options.camera
        ? { center: [options.camera.lon, options.camera.lat], zoom: options.camera.zoom }
        : { bounds: [w, s, e, n], fitBoundsOptions: { padding: options.padding } }),
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      renderWorldCopies: false,
      fadeDuration: calm() ? 0 : 200,
      localIdeographFontFamily: fonts,
      maxCanvasSize: largestCanvas(),
    });
    this.map.setStyle(this.composed()); // only now is the zoom known, and with it the level
    // For scripts on the page: tests, and kiosks that steer the map.
    Object.assign(options.element, { map: this.map });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.listen();
  }

  private composed(): StyleSpecification {
    const base = this.options.styles[this.scene.theme];
    const pick = this.pointed ? (this.scene.choropleth?.level ?? this.level()) : null;
    return compose(base, this.options.keys, this.scene, { pick, heat: this.frames.pictures(), fade_ms: calm() ? 0 : FADE_MS });
  }

  private level(): number {
    return this.scene.level ?? levelAt(this.map.getZoom(), this.options.ladder);
  }

  private listen() {
    const { map } = this;
    const { events } = this.options;
    map.on('click', ({ lngLat }: MapMouseEvent) => events.clicked({ lon: lngLat.lng, lat: lngLat.lat }));
    map.on('mousemove', (event) => this.hover(event));
    map.on('movestart', (event) => {
      if (event.originalEvent) this.whole = false;
    });
    map.on('mouseout', () => this.hover(null));
    map.on('style.load', () => {
      // Told of every difference, too; then the images are there.
      if (!addHatchings(map)) return;
      this.styled = true;
      this.states.forget();
      this.draw(); // the scene may be another by now
    });
    let drawn = this.level();
    const moved = () => {
      const { lng, lat } = map.getCenter();
      const level = this.level();
      if (level !== drawn) {
        drawn = level;
        this.draw();
      }
      events.moved({ lon: lng, lat, zoom: map.getZoom() }, level);
    };
    map.on('move', moved);
    map.once('idle', () => {
      moved();
      events.ready();
    });
    map.on('error', (event) => {
      // What lies under the grids comes from elsewhere, and may be away while the service is there.
      if ('sourceId' in event) {
        if (event.sourceId !== BASE) events.reachable(false);
      } else console.error(event.error); // a fault of the page's own, which a listener would hide
    });
    map.on('sourcedata', (event) => {
      if (event.tile) events.reachable(true);
    });
    map.on('render', () => this.framed());
  }

  private hover(event: MapMouseEvent | null) {
    if (event && !this.pointed) {
      this.pointed = true;
      this.draw();
    }
    const found = event && this.map.getLayer(PICK) ? this.map.queryRenderedFeatures(event.point, { layers: [PICK] })[0] : undefined;
    const code = (found?.properties.code as string | undefined) ?? null;
    const place = event ? { lon: event.lngLat.lng, lat: event.lngLat.lat } : null;
    this.options.events.hovered(place, code === null ? null : { code, name: String(found?.properties.name ?? '') });
    if (found?.id === this.hovered?.id && found?.sourceLayer === this.hovered?.sourceLayer) return;
    if (this.hovered) this.map.removeFeatureState(this.hovered, 'hovered');
    this.hovered = found ? { source: found.source, sourceLayer: found.sourceLayer, id: found.id } : null;
    if (this.hovered) this.map.setFeatureState(this.hovered, { hovered: true });
  }

  private draw() {
    if (!this.styled) return; // what is asked for until then is drawn then
    this.map.setStyle(this.composed(), { diff: true });
    this.states.apply(this.map, this.scene.choropleth);
  }

  /** Shows the awaited frame of heat once all of it is there, and tells when it is the one asked for that is seen. */
  private framed() {
    const tiles = this.scene.heat?.tiles;
    if (!tiles || tiles === this.told || !this.map.getSource(nameOf(tiles)) || !this.map.isSourceLoaded(nameOf(tiles))) return;
    this.told = tiles;
    if (this.frames.awaited !== null) {
      this.frames.arrived();
      this.draw();
    }
    this.options.events.framed(tiles);
  }

  show(scene: Scene) {
    this.scene = scene;
    this.frames.want(scene.heat);
    if (scene.heat?.tiles !== this.told) this.told = null;
    this.draw();
    const { lng, lat } = this.map.getCenter();
    this.options.events.moved({ lon: lng, lat, zoom: this.map.getZoom() }, this.level());
  }

  reframe(padding: Padding) {
    if (this.whole) this.fit(this.options.bounds, padding, !calm());
  }

  fit(bounds: Bounds, padding: Padding, animate: boolean) {
    const [w, s, e, n] = bounds;
    this.whole = bounds.every((side, index) => side === this.options.bounds[index]);
    const air = 28;
    const padded = { top: padding.top + air, right: padding.right + air, bottom: padding.bottom + air, left: padding.left + air };
    this.map.fitBounds([w, s, e, n], { padding: padded, animate, maxZoom: 17.5, duration: 700 });
  }

  reveal(place: Place, padding: Padding, zoom?: number) {
    const { width, height } = this.map.getContainer().getBoundingClientRect();
    const at = this.map.project([place.lon, place.lat]);
    const margin = 24;
    const free =
      at.x > padding.left + margin && at.x < width - padding.right - margin && at.y > padding.top + margin && at.y < height - padding.bottom - margin;
    if (free && (zoom === undefined || this.map.getZoom() >= zoom)) return;
    this.whole = false;
    const offset: [number, number] = [(padding.left - padding.right) / 2, (padding.top - padding.bottom) / 2];
    this.map.easeTo({ center: [place.lon, place.lat], zoom: Math.max(this.map.getZoom(), zoom ?? 0), offset, duration: 600 });
  }

  zoomBy(steps: number) {
    this.whole = false;
    this.map.easeTo({ zoom: this.map.getZoom() + steps, duration: 250 });
  }

  async refresh(changed: Changed) {
    const tile = (name: string) => {
      const [z = 0, x = 0, y = 0] = name.split('/').map(Number);
      return { z, x, y };
    };
    for (const source of Object.keys(this.options.styles.light.sources)) {
      if (source === BASE) continue;
      const tiles = changed === null ? null : changed[source];
      if (tiles === null) this.map.refreshTiles(source);
      else if (tiles) this.map.refreshTiles(source, tiles.map(tile));
    }
    if (this.map.areTilesLoaded()) return;
    const drawn = new Promise<void>((idle) => this.map.once('idle', () => idle()));
    if (!this.map.isMoving()) await this.heldUntilLoaded();
    await Promise.race([drawn, late(DRAWN_MS)]);
  }

  /** Paints nothing until the tiles that come anew are all there: a line across their edges changes at once, in one frame instead of one a tile. */
  private async heldUntilLoaded() {
    const { map } = this;
    const own = map as { triggerRepaint?: () => void };
    let owed = false;
    own.triggerRepaint = () => {
      owed = true;
    };
    const loaded = new Promise<void>((all) => {
      const look = () => {
        if (!map.areTilesLoaded()) return;
        map.off('sourcedata', look);
        all();
      };
      map.on('sourcedata', look);
    });
    await Promise.race([loaded, late(HELD_MS)]);
    delete own.triggerRepaint; // the library's own is behind it
    if (owed) map.triggerRepaint();
  }

  destroy() {
    this.map.remove();
  }
}
