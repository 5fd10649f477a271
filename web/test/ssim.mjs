// Structural similarity of two pictures, as published by Wang, Bovik, Sheikh and Simoncelli (2004): on luma, under an 11 × 11 Gaussian window of
// σ = 1.5, averaged over all positions of the window that lie wholly inside. Runs in the browser and in Node alike.

const RADIUS = 5;
const SIGMA = 1.5;
const C1 = (0.01 * 255) ** 2;
const C2 = (0.03 * 255) ** 2;

const weights = Array.from({ length: 2 * RADIUS + 1 }, (_, i) => Math.exp(-((i - RADIUS) ** 2) / (2 * SIGMA ** 2)));
const total = weights.reduce((sum, weight) => sum + weight, 0);
const kernel = weights.map((weight) => weight / total);

/** Rec. 601 luma of RGBA bytes. */
export function luma(rgba) {
  const grey = new Float64Array(rgba.length / 4);
  for (let i = 0; i < grey.length; i++) grey[i] = 0.299 * rgba[4 * i] + 0.587 * rgba[4 * i + 1] + 0.114 * rgba[4 * i + 2];
  return grey;
}

/** Weighted means around every pixel that has a whole window. */
function blurred(values, width, height) {
  const [w, h] = [width - 2 * RADIUS, height - 2 * RADIUS];
  const rows = new Float64Array(w * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < w; x++) {
      let sum = 0;
      for (let k = 0; k < kernel.length; k++) sum += kernel[k] * values[y * width + x + k];
      rows[y * w + x] = sum;
    }
  }
  const out = new Float64Array(w * h);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      let sum = 0;
      for (let k = 0; k < kernel.length; k++) sum += kernel[k] * rows[(y + k) * w + x];
      out[y * w + x] = sum;
    }
  }
  return out;
}

/** From −1 to 1; 1 for pictures that are the same. Both are luma of `width` × `height` pixels. */
export function ssim(a, b, width, height) {
  const product = (p, q) => p.map((value, i) => value * q[i]);
  const mean = (values) => blurred(values, width, height);
  const [meanA, meanB] = [mean(a), mean(b)];
  const [squareA, squareB, both] = [mean(product(a, a)), mean(product(b, b)), mean(product(a, b))];
  let sum = 0;
  for (let i = 0; i < meanA.length; i++) {
    const [ma, mb] = [meanA[i], meanB[i]];
    const [varA, varB, cov] = [squareA[i] - ma * ma, squareB[i] - mb * mb, both[i] - ma * mb];
    sum += ((2 * ma * mb + C1) * (2 * cov + C2)) / ((ma * ma + mb * mb + C1) * (varA + varB + C2));
  }
  return sum / meanA.length;
}
