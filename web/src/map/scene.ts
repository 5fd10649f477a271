// What a map is asked to show, and what it tells back. Both engines – vector (WebGL) and picture (PNG tiles) – speak this.
import type { Bounds } from '../api';

export type Theme = 'light' | 'dark';

export interface Place {
  lon: number;
  lat: number;
}

export interface Camera extends Place {
  zoom: number;
}

/** A map under the grids. */
export interface UnderGrids {
  /** Only pictures can be shown without WebGL. */
  kind: 'raster' | 'vector';
  /** Its opacity, above 0 to 1. */
  strength: number;
  /** First and last zoom of its tiles. */
  zooms: readonly [number, number];
  /** Where it has tiles. */
  bounds: Bounds;
}

/** Addresses of the heat tiles to be seen, and of those to be ready next. */
export interface Heat {
  tiles: string;
  next: string | null;
}

/** The units of one level coloured by a figure. */
export interface Choropleth {
  level: number;
  key: string;
  /** By the id of a unit's feature in the tiles. */
  colours: ReadonlyMap<number, string>;
  /** Codes of the units whose figure rests on too few cases to be compared. */
  few: string[];
  /** What the picture tiles of the same are asked for. */
  query: string;
}

/** Everything drawn beside the district itself. A scene is a value: an engine shows exactly the last one it was given. */
export interface Scene {
  theme: Theme;
  /** Index of the one level to show, or `null` to follow the zoom. */
  level: number | null;
  heat: Heat | null;
  choropleth: Choropleth | null;
  base: UnderGrids | null;
  /** The place asked about. */
  place: Place | null;
  /** How far from there it may be, in metres. */
  radius: number | null;
  /** Further readings of one pasted coordinate, numbered from 1. */
  pins: Place[];
  /** The unit that answers for the place. */
  owner: GeoJSON.Geometry | null;
  /** The unit picked in the chain or found by search. */
  focus: GeoJSON.Geometry | null;
}

export interface Padding {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

/** A unit under the pointer. */
export interface Hovered {
  code: string;
  name: string;
}

export interface MapEvents {
  clicked(place: Place): void;
  /** After every move; `level` is the index of the level the labels now name. */
  moved(camera: Camera, level: number): void;
  hovered(place: Place | null, unit: Hovered | null): void;
  /** All of the heat tiles of this address are on the map, and seen. */
  framed(tiles: string): void;
  /** Everything of the first view is drawn. */
  ready(): void;
  /** A tile did not come, or came again after failures. */
  reachable(ok: boolean): void;
}

/** By tile set the tiles that are not what they were, as `z/x/y`; `null` for all of a set, or of every set. A set that is not named is as it was. */
export type Changed = Readonly<Record<string, readonly string[] | null>> | null;

export interface MapView {
  readonly kind: 'vector' | 'picture';
  show(scene: Scene): void;
  fit(bounds: Bounds, padding: Padding, animate: boolean): void;
  /** Frames the whole district anew, unless the reader has moved the map since it was framed: panels came or went. */
  reframe(padding: Padding): void;
  /** Brings a place into the part of the map that panels leave free, moving as little as possible. */
  reveal(place: Place, padding: Padding, zoom?: number): void;
  zoomBy(steps: number): void;
  /** Draws anew what a new version changed; done when it is drawn. */
  refresh(changed: Changed): Promise<void>;
  destroy(): void;
}
