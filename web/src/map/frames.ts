// Which heat pictures the map holds at a moment: the one that is seen, the one that follows, and the one that is fading away.
//
// A picture is shown when all of it has arrived, and until then the one before it stays: nothing flashes blank between two frames.
import type { LayerSpecification, SourceSpecification } from 'maplibre-gl';
import type { Scene } from './scene';

export interface HeatPicture {
  /** Address of its tiles. */
  tiles: string;
  seen: boolean;
}

const PREFIX = 'page-heat:';

/** Source and layer of a picture have one name. */
export const nameOf = (tiles: string) => PREFIX + tiles;

export class Frames {
  private wanted: string | null = null;
  private next: string | null = null;
  private seen: string | null = null;
  private fading: string | null = null;

  want(heat: Scene['heat']) {
    this.wanted = heat?.tiles ?? null;
    this.next = heat?.next ?? null;
    if (this.wanted === null) this.seen = this.fading = null;
    else this.seen ??= this.wanted; // with nothing before it a picture may come tile by tile
  }

  /** The picture that is not seen yet, though it should be. */
  get awaited(): string | null {
    return this.wanted === this.seen ? null : this.wanted;
  }

  /** All of the awaited picture has arrived. */
  arrived() {
    this.fading = this.seen;
    this.seen = this.wanted;
  }

  pictures(): HeatPicture[] {
    const held = new Set([this.fading, this.seen, this.wanted, this.next]);
    return [...held].flatMap((tiles) => (tiles === null ? [] : [{ tiles, seen: tiles === this.seen }]));
  }
}

export const heatSources = (pictures: readonly HeatPicture[]): Record<string, SourceSpecification> =>
  Object.fromEntries(pictures.map(({ tiles }) => [nameOf(tiles), { type: 'raster', tiles: [tiles], tileSize: 256, maxzoom: 16 } as const]));

/** `fade_ms`: how long one picture gives way to another. */
export const heatLayers = (pictures: readonly HeatPicture[], fade_ms: number): LayerSpecification[] =>
  pictures.map(({ tiles, seen }) => ({
    id: nameOf(tiles),
    type: 'raster',
    source: nameOf(tiles),
    paint: {
      'raster-opacity': seen ? ['interpolate', ['linear'], ['zoom'], 11, 0.8, 14, 0.55, 17, 0.4] : 0,
      'raster-opacity-transition': { duration: fade_ms, delay: 0 },
      'raster-fade-duration': 0,
    },
  }));
