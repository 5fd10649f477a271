// What a map is asked to show, and what it tells back. Both engines – vector (WebGL) and picture (PNG tiles) – speak this.
import type { Bounds, Span } from '../api';

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
  /** Its opacity, above 0 to 1. */
  strength: number;
  /** First and last zoom of its tiles. */
  zooms: readonly [number, number];
}

/** Everything drawn beside the district itself. A scene is a value: an engine shows exactly the last one it was given. */
export interface Scene {
  theme: Theme;
  /** Index of the one level to show, or `null` to follow the zoom. */
  level: number | null;
  heat: Span | null;
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

export interface MapEvents {
  clicked(place: Place): void;
  /** After every move; `level` is the index of the level the labels now name. */
  moved(camera: Camera, level: number): void;
  hovered(place: Place | null, name: string | null): void;
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
  /** Brings a place into the part of the map that panels leave free, moving as little as possible. */
  reveal(place: Place, padding: Padding, zoom?: number): void;
  zoomBy(steps: number): void;
  /** Draws anew what a new version changed. */
  refresh(changed: Changed): void;
  destroy(): void;
}
