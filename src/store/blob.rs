//! Bytes of geometries: GeoPackage binary (a header, then WKB), and the points of an arc.

use crate::coverage::LatticePoint;

use super::schema::SRS;

/// A point, a line or polygons, in degrees.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    Point((f64, f64)),
    Line(Vec<(f64, f64)>),
    /// Rings with the first point not repeated; outer ring first.
    Polygon(Vec<Vec<(f64, f64)>>),
    MultiPolygon(Vec<Vec<Vec<(f64, f64)>>>),
}

/// Why bytes are not a geometry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlobFault {
    #[error("the geometry is not GeoPackage binary")]
    Header,
    #[error("the geometry ends early, at byte {0}")]
    Short(usize),
    #[error("the geometry has type {0}, which is not read here")]
    Kind(u32),
    #[error("{0} bytes are no whole number of points")]
    Points(usize),
}

const POINT: u32 = 1;
const LINE: u32 = 2;
const POLYGON: u32 = 3;
const MULTI_POLYGON: u32 = 6;

/// GeoPackage binary, little-endian; everything but a point with its envelope.
pub(super) fn encode(shape: &Shape) -> Vec<u8> {
    let mut bytes = b"GP\0".to_vec();
    let envelope = envelope(shape);
    bytes.push(if envelope.is_some() { 0b0000_0011 } else { 0b0000_0001 });
    bytes.extend(SRS.to_le_bytes());
    for value in envelope.into_iter().flatten() {
        bytes.extend(value.to_le_bytes());
    }
    match shape {
        Shape::Point(point) => {
            head(&mut bytes, POINT);
            pair(&mut bytes, *point);
        }
        Shape::Line(line) => {
            head(&mut bytes, LINE);
            count(&mut bytes, line.len());
            line.iter().for_each(|p| pair(&mut bytes, *p));
        }
        Shape::Polygon(rings) => polygon(&mut bytes, rings),
        Shape::MultiPolygon(polygons) => {
            head(&mut bytes, MULTI_POLYGON);
            count(&mut bytes, polygons.len());
            polygons.iter().for_each(|rings| polygon(&mut bytes, rings));
        }
    }
    bytes
}

/// West, east, south, north: the order of the format. `None` for a point.
pub(super) fn envelope(shape: &Shape) -> Option<[f64; 4]> {
    let lists: Vec<&Vec<(f64, f64)>> = match shape {
        Shape::Point(_) => return None,
        Shape::Line(line) => vec![line],
        Shape::Polygon(rings) => rings.iter().collect(),
        Shape::MultiPolygon(polygons) => polygons.iter().flatten().collect(),
    };
    let mut points = lists.into_iter().flatten();
    let &(x, y) = points.next()?;
    Some(points.fold([x, x, y, y], |[w, e, s, n], &(x, y)| [w.min(x), e.max(x), s.min(y), n.max(y)]))
}

fn head(bytes: &mut Vec<u8>, kind: u32) {
    bytes.push(1);
    bytes.extend(kind.to_le_bytes());
}

fn count(bytes: &mut Vec<u8>, n: usize) {
    bytes.extend((n as u32).to_le_bytes());
}

fn pair(bytes: &mut Vec<u8>, (x, y): (f64, f64)) {
    bytes.extend(x.to_le_bytes());
    bytes.extend(y.to_le_bytes());
}

fn polygon(bytes: &mut Vec<u8>, rings: &[Vec<(f64, f64)>]) {
    head(bytes, POLYGON);
    count(bytes, rings.len());
    for ring in rings {
        count(bytes, ring.len() + 1);
        ring.iter().chain(ring.first()).for_each(|p| pair(bytes, *p));
    }
}

/// Reads GeoPackage binary of either byte order, with any envelope; Z and M are refused.
pub(super) fn decode(bytes: &[u8]) -> Result<Shape, BlobFault> {
    let (&[g, p, _, flags], _) = bytes.split_first_chunk::<4>().ok_or(BlobFault::Header)?;
    let envelope = [0, 32, 48, 48, 64].get(usize::from(flags >> 1 & 7));
    let (true, Some(envelope)) = ((g, p) == (b'G', b'P'), envelope) else { return Err(BlobFault::Header) };
    let mut reader = Reader { bytes, at: 8 + envelope, little: true };
    let shape = reader.shape()?;
    if reader.at == bytes.len() { Ok(shape) } else { Err(BlobFault::Short(reader.at)) }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    little: bool,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], BlobFault> {
        let chunk =
            self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<N>()).ok_or(BlobFault::Short(self.at))?;
        self.at += N;
        Ok(*chunk)
    }

    fn whole(&mut self) -> Result<u32, BlobFault> {
        let bytes = self.take::<4>()?;
        Ok(if self.little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    fn real(&mut self) -> Result<f64, BlobFault> {
        let bytes = self.take::<8>()?;
        Ok(if self.little { f64::from_le_bytes(bytes) } else { f64::from_be_bytes(bytes) })
    }

    fn kind(&mut self) -> Result<u32, BlobFault> {
        let [order] = self.take::<1>()?;
        self.little = order == 1;
        self.whole()
    }

    fn pair(&mut self) -> Result<(f64, f64), BlobFault> {
        Ok((self.real()?, self.real()?))
    }

    /// A count can promise no more points than there are bytes left.
    fn line(&mut self) -> Result<Vec<(f64, f64)>, BlobFault> {
        let n = self.whole()? as usize;
        if n > (self.bytes.len() - self.at) / 16 {
            return Err(BlobFault::Short(self.at));
        }
        (0..n).map(|_| self.pair()).collect()
    }

    fn rings(&mut self) -> Result<Vec<Vec<(f64, f64)>>, BlobFault> {
        let mut rings = Vec::new();
        for _ in 0..self.whole()? {
            let mut ring = self.line()?;
            if ring.len() > 1 && ring.first() == ring.last() {
                ring.pop();
            }
            rings.push(ring);
        }
        Ok(rings)
    }

    fn shape(&mut self) -> Result<Shape, BlobFault> {
        match self.kind()? {
            POINT => Ok(Shape::Point(self.pair()?)),
            LINE => Ok(Shape::Line(self.line()?)),
            POLYGON => Ok(Shape::Polygon(self.rings()?)),
            MULTI_POLYGON => {
                let mut polygons = Vec::new();
                for _ in 0..self.whole()? {
                    match self.kind()? {
                        POLYGON => polygons.push(self.rings()?),
                        other => return Err(BlobFault::Kind(other)),
                    }
                }
                Ok(Shape::MultiPolygon(polygons))
            }
            other => Err(BlobFault::Kind(other)),
        }
    }
}

/// The points of an arc: x, y as little-endian `i32`, one after the other.
pub(super) fn encode_points(points: &[LatticePoint]) -> Vec<u8> {
    points.iter().flat_map(|p| [p.x.to_le_bytes(), p.y.to_le_bytes()]).flatten().collect()
}

pub(super) fn decode_points(bytes: &[u8]) -> Result<Box<[LatticePoint]>, BlobFault> {
    let (points, rest) = bytes.as_chunks::<8>();
    if !rest.is_empty() {
        return Err(BlobFault::Points(bytes.len()));
    }
    let number = |half: &[u8]| half.first_chunk::<4>().map_or(0, |b| i32::from_le_bytes(*b));
    Ok(points.iter().map(|p| LatticePoint::new(number(&p[..4]), number(&p[4..]))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes() -> Vec<Shape> {
        let ring = vec![(116.6, 35.4), (116.7, 35.4), (116.7, 35.5)];
        vec![
            Shape::Point((116.6, 35.4)),
            Shape::Line(vec![(116.6, 35.4), (116.7, 35.5)]),
            Shape::Polygon(vec![ring.clone(), ring.clone()]),
            Shape::MultiPolygon(vec![vec![ring.clone()], vec![ring]]),
        ]
    }

    #[test]
    fn shapes_survive_the_round_trip() {
        for shape in shapes() {
            assert_eq!(decode(&encode(&shape)), Ok(shape));
        }
    }

    #[test]
    fn cut_and_flipped_bytes_are_refused_or_read_but_never_panic() {
        for shape in shapes() {
            let bytes = encode(&shape);
            for end in 0..bytes.len() {
                assert!(decode(&bytes[..end]).is_err(), "{shape:?} cut at {end}");
            }
            for i in 0..bytes.len() {
                let mut flipped = bytes.clone();
                flipped[i] ^= 0xff;
                let _ = decode(&flipped);
            }
        }
    }

    #[test]
    fn arc_points_survive_the_round_trip() {
        let points = [LatticePoint::new(i32::MIN, i32::MAX), LatticePoint::new(0, -1)];
        assert_eq!(decode_points(&encode_points(&points)).unwrap().as_ref(), points);
        assert_eq!(decode_points(&[0; 12]), Err(BlobFault::Points(12)));
    }
}
