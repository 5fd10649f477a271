// Chooses the engine: WebGL where the browser has it, pictures where it has not.
import type { StyleSpecification } from 'maplibre-gl';
import { api } from '../api';
import type { VectorOptions } from './vector';
import type { MapView, Theme } from './scene';

/** Tile and TileJSON addresses of the style made absolute: the worker that fetches them has no page to resolve against. */
function anchored(style: StyleSpecification): StyleSpecification {
  const absolute = (address: string) => new URL(address, location.origin).href.replaceAll('%7B', '{').replaceAll('%7D', '}');
  const sources = Object.fromEntries(
    Object.entries(style.sources).map(([name, source]) => {
      const own = { ...source } as { url?: string; tiles?: string[] };
      if (typeof own.url === 'string') own.url = absolute(own.url);
      if (own.tiles) own.tiles = own.tiles.map(absolute);
      return [name, own];
    }),
  );
  return { ...style, sources: sources as StyleSpecification['sources'] };
}

function hasWebGl(): boolean {
  const gl = document.createElement('canvas').getContext('webgl2');
  gl?.getExtension('WEBGL_lose_context')?.loseContext();
  return gl !== null;
}

export async function openMap(options: Omit<VectorOptions, 'styles'>): Promise<MapView> {
  const [light, dark] = await Promise.all([api.style('district'), api.style('dark')]);
  const styles: Record<Theme, StyleSpecification> = {
    light: anchored(light as StyleSpecification),
    dark: anchored(dark as StyleSpecification),
  };
  if (!hasWebGl()) {
    const { PictureMap } = await import('./picture');
    return new PictureMap(options);
  }
  const { VectorMap } = await import('./vector');
  return new VectorMap({ ...options, styles });
}
