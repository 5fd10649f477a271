//! Glyph masks: the coverage of a glyph and of its halo, drawn once and kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use swash::scale::{Render, ScaleContext, Source};
use swash::zeno::{Join, Stroke, Vector};

use super::font::Font;

/// Masks are kept in two generations of at most this size each; when the younger is full, the older goes.
const GENERATION_BYTES: usize = 8 << 20;
/// What a mask costs besides its pixels, roughly.
const ENTRY_BYTES: usize = 96;
/// No mask of a glyph is larger than this on a side; a broken outline would be.
const MAX_SIDE_PX: u32 = 2048;

/// Which mask: lengths in quarters of a device pixel, but for the size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MaskKey {
    pub glyph: u16,
    /// Font size, in sixteenths: what grows with the zoom has the width that it has in a browser.
    pub size_16: u16,
    /// Radius of the halo; 0 is the glyph itself.
    pub halo_q: u16,
    /// How far right of a whole pixel the glyph stands: 0 … 3.
    pub shift_q: u8,
    /// How far below one.
    pub down_q: u8,
}

/// Coverage of pixels, 0 … 255, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    /// From the glyph's origin to the mask's left edge, rightwards.
    pub left_px: i32,
    /// From the baseline to the mask's top edge, upwards.
    pub top_px: i32,
    pub width_px: u32,
    pub height_px: u32,
    pub cover: Vec<u8>,
}

#[derive(Default)]
struct Kept {
    young: HashMap<MaskKey, Arc<Mask>>,
    old: HashMap<MaskKey, Arc<Mask>>,
    young_bytes: usize,
}

/// The masks of one font, made on demand and shared by all threads; bounded to 16 MB.
pub struct GlyphCache {
    font: Font,
    kept: RwLock<Kept>,
    scaler: Mutex<ScaleContext>,
}

impl std::fmt::Debug for GlyphCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GlyphCache").field("font", &self.font).field("masks", &self.len()).finish_non_exhaustive()
    }
}

impl GlyphCache {
    #[must_use]
    pub fn new(font: &Font) -> Self {
        Self { font: font.clone(), kept: RwLock::default(), scaler: Mutex::new(ScaleContext::new()) }
    }

    /// How many masks are kept now.
    #[must_use]
    pub fn len(&self) -> usize {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.young.len() + kept.old.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One mask. A glyph without ink (a space) has an empty one. The same key always gives the same mask.
    #[must_use]
    pub fn mask(&self, key: MaskKey) -> Arc<Mask> {
        {
            let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(mask) = kept.young.get(&key) {
                return Arc::clone(mask);
            }
        }
        let aged = self.kept.write().unwrap_or_else(PoisonError::into_inner).old.remove(&key);
        // Two threads may draw the same mask at the same time: both get the same bytes.
        let mask = aged.unwrap_or_else(|| Arc::new(self.rasterize(key)));
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        let bytes = mask.cover.len() + ENTRY_BYTES;
        if kept.young_bytes + bytes > GENERATION_BYTES {
            kept.old = std::mem::take(&mut kept.young);
            kept.young_bytes = 0;
        }
        if kept.young.insert(key, Arc::clone(&mask)).is_none() {
            kept.young_bytes += bytes;
        }
        mask
    }

    fn rasterize(&self, key: MaskKey) -> Mask {
        // The glyph itself is drawn after its halo: it is kept on the way.
        let inner = (key.halo_q > 0).then(|| self.mask(MaskKey { halo_q: 0, ..key }));
        let mut context = self.scaler.lock().unwrap_or_else(PoisonError::into_inner);
        let size_px = f32::from(key.size_16) / 16.0;
        let mut scaler = context.builder(self.font.face()).size(size_px).hint(false).build();
        let mut render = Render::new(&[Source::Outline]);
        // Upwards is positive.
        render.offset(Vector::new(f32::from(key.shift_q) / 4.0, -f32::from(key.down_q) / 4.0));
        let Some(inner) = inner else {
            return render.render(&mut scaler, key.glyph).and_then(Mask::from_image).unwrap_or_else(Mask::empty);
        };
        if inner.cover.is_empty() {
            return Mask::empty();
        }
        let mut stroke = Stroke::new(f32::from(key.halo_q) / 2.0);
        stroke.join(Join::Round);
        let ring = render.style(stroke).render(&mut scaler, key.glyph).and_then(Mask::from_image);
        ring.map_or_else(|| (*inner).clone(), |ring| ring.joined(&inner))
    }
}

impl Mask {
    fn empty() -> Self {
        Self { left_px: 0, top_px: 0, width_px: 0, height_px: 0, cover: Vec::new() }
    }

    fn from_image(image: swash::scale::image::Image) -> Option<Self> {
        let placement = image.placement;
        let sane = placement.width <= MAX_SIDE_PX
            && placement.height <= MAX_SIDE_PX
            && image.data.len() == (placement.width * placement.height) as usize;
        (sane && !image.data.is_empty()).then_some(Self {
            left_px: placement.left,
            top_px: placement.top,
            width_px: placement.width,
            height_px: placement.height,
            cover: image.data,
        })
    }

    /// The stroke's ring and the glyph inside it, as one mask around both.
    fn joined(&self, inner: &Self) -> Self {
        let left_px = self.left_px.min(inner.left_px);
        let top_px = self.top_px.max(inner.top_px);
        let right_px = (self.left_px + self.width_px as i32).max(inner.left_px + inner.width_px as i32);
        let bottom_px = (self.height_px as i32 - self.top_px).max(inner.height_px as i32 - inner.top_px);
        let (width_px, height_px) = ((right_px - left_px) as u32, (bottom_px + top_px) as u32);
        let mut whole = Self { left_px, top_px, width_px, height_px, cover: vec![0; (width_px * height_px) as usize] };
        for part in [self, inner] {
            let (dx, dy) = ((part.left_px - left_px) as usize, (top_px - part.top_px) as usize);
            raise(&mut whole.cover, width_px as usize, dx, dy, part);
        }
        whole
    }
}

/// Raises `cover` (rows of `width` pixels) to the part's coverage wherever that is higher. The part must lie inside.
pub(super) fn raise(cover: &mut [u8], width: usize, dx: usize, dy: usize, part: &Mask) {
    if part.width_px == 0 {
        return;
    }
    let rows = cover.chunks_exact_mut(width).skip(dy);
    for (to, from) in rows.zip(part.cover.chunks_exact(part.width_px as usize)) {
        for (to, &from) in to.iter_mut().skip(dx).zip(from) {
            *to = (*to).max(from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::font::bundled;

    fn key(font: &Font, ch: &str, size_q: u16, halo_q: u16, shift_q: u8) -> MaskKey {
        let (_, glyph, _) = font.glyphs(ch).next().unwrap();
        MaskKey { glyph, size_16: size_q * 4, halo_q, shift_q, down_q: 0 }
    }

    fn at(mask: &Mask, x: i32, y: i32) -> u8 {
        let (column, row) = (x - mask.left_px, mask.top_px - y);
        let inside = (0..mask.width_px as i32).contains(&column) && (0..mask.height_px as i32).contains(&row);
        if inside { mask.cover[row as usize * mask.width_px as usize + column as usize] } else { 0 }
    }

    /// The oracle: distances, from centre to centre, in an eight times larger mask, averaged over each pixel. `radius` is in its
    /// small pixels.
    fn dilated(large: &Mask, x: i32, y: i32, radius: f32) -> f32 {
        let reach = radius.ceil() as i32;
        let mut covered = 0;
        for (sx, sy) in (0..8).flat_map(|sy| (0..8).map(move |sx| (x * 8 + sx, y * 8 + sy - 7))) {
            let near = (-reach..=reach).any(|dy| {
                (-reach..=reach)
                    .any(|dx| ((dx * dx + dy * dy) as f32) <= radius * radius && at(large, sx + dx, sy + dy) > 127)
            });
            covered += u32::from(near);
        }
        covered as f32 / 64.0 * 255.0
    }

    #[test]
    fn a_halo_is_every_pixel_within_its_radius() {
        let font = bundled();
        let cache = GlyphCache::new(&font);
        for (ch, size_q, halo_q) in [("洸", 48, 6), ("8", 44, 8), ("网", 72, 4), ("e", 52, 2)] {
            let halo = cache.mask(key(&font, ch, size_q, halo_q, 0));
            let large = cache.mask(key(&font, ch, size_q * 8, 0, 0));
            let (mut weaker, mut stronger) = (0.0_f32, 0.0_f32);
            for y in halo.top_px - halo.height_px as i32 - 1..=halo.top_px + 2 {
                for x in halo.left_px - 2..halo.left_px + halo.width_px as i32 + 2 {
                    // An edge lies up to one small pixel beyond the last covered centre: the truth is between these two.
                    let radius = f32::from(halo_q) * 2.0;
                    let (least, most) = (dilated(&large, x, y, radius), dilated(&large, x, y, radius + 1.0));
                    let cover = f32::from(at(&halo, x, y));
                    (weaker, stronger) = (weaker.max(least - cover), stronger.max(cover - most));
                }
            }
            // One row of small pixels is 32 of 255. In a corner the rasterizer adds the areas of both edges, hence twice that above.
            assert!(weaker <= 32.0 && stronger <= 64.0, "{ch}: weaker by {weaker}, stronger by {stronger}");
        }
    }

    #[test]
    fn shifts_move_the_ink_by_quarters_to_the_right_and_down() {
        let font = bundled();
        let cache = GlyphCache::new(&font);
        let centre = |shift_q, down_q| {
            let mask = cache.mask(MaskKey { down_q, ..key(&font, "黄", 52, 0, shift_q) });
            let (mut right, mut down, mut total) = (0.0, 0.0, 0.0);
            for (index, &cover) in mask.cover.iter().enumerate() {
                let (column, row) = (index as u32 % mask.width_px, index as u32 / mask.width_px);
                right += f64::from(cover) * (f64::from(column) + f64::from(mask.left_px));
                down += f64::from(cover) * (f64::from(row) - f64::from(mask.top_px));
                total += f64::from(cover);
            }
            (right / total, down / total)
        };
        let still = centre(0, 0);
        for (shift_q, down_q) in [(1, 0), (2, 0), (3, 0), (0, 1), (0, 2), (0, 3), (3, 1)] {
            let moved = centre(shift_q, down_q);
            let (right, down) = (moved.0 - still.0, moved.1 - still.1);
            let near = |moved: f64, quarters: u8| (moved - f64::from(quarters) / 4.0).abs() < 0.04;
            assert!(near(right, shift_q) && near(down, down_q), "{shift_q} {down_q}: {right} {down}");
        }
    }

    #[test]
    fn masks_are_kept_and_their_memory_is_bounded() {
        let font = bundled();
        let cache = GlyphCache::new(&font);
        let first = cache.mask(key(&font, "洸", 48, 6, 0));
        assert!(Arc::ptr_eq(&first, &cache.mask(key(&font, "洸", 48, 6, 0))));
        assert!(cache.mask(key(&font, " ", 48, 6, 0)).cover.is_empty());
        for size_q in 600..1600 {
            let _ = cache.mask(key(&font, "8", size_q, 0, 0));
        }
        let kept = cache.kept.read().unwrap();
        let bytes: usize =
            kept.young.values().chain(kept.old.values()).map(|mask| mask.cover.len() + ENTRY_BYTES).sum();
        assert!(bytes <= 2 * GENERATION_BYTES && !kept.old.is_empty(), "{bytes}");
        drop(kept);
        assert_eq!(cache.mask(key(&font, "洸", 48, 6, 0)), first);
    }

    #[test]
    fn threads_share_a_cache() {
        let font = bundled();
        let cache = GlyphCache::new(&font);
        let sizes: Vec<u16> = (40..60).collect();
        let draw = || sizes.iter().map(|&size_q| cache.mask(key(&font, "网", size_q, 6, 1))).collect::<Vec<_>>();
        let (a, b) = rayon::join(draw, draw);
        assert_eq!(a, b);
    }
}
