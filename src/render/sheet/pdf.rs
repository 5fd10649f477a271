//! PDF 1.7: the same page with its text as text – an embedded subset of the font, selectable and searchable.
//!
//! A halo is the glyph's outline as a drawing of its own (a form), so that no word is on the page twice.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{
    CidFontType, FontFlags, LineCapStyle, LineJoinStyle, SystemInfo, TextRenderingMode, UnicodeCmap,
};
use pdf_writer::{Content, Date, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};
use subsetter::GlyphRemapper;

use super::outline::{self, Piece};
use super::scene::{BOLD, Bend, Colour, Mosaic, Op, PER_MM, Run, Scene, Stroke};
use super::svg::opaque;
use crate::render::RenderFault;
use crate::tile::feature::{Geometry, Shape};

const POINTS_PER_MM: f64 = 72.0 / 25.4;
const FONT: Name<'static> = Name(b"F");
const INFO: SystemInfo<'static> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// Writes a page.
pub(super) fn write(scene: &Scene) -> Result<Vec<u8>, RenderFault> {
    let mut writer = Writer::new(scene);
    let content = writer.content(&scene.ops);
    writer.finish(&content)
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::with_capacity(bytes.len() / 3), Compression::new(6));
    // Writing to memory cannot fail; if it did, the reader would find an empty stream.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

struct Writer<'a> {
    scene: &'a Scene,
    pdf: Pdf,
    next: i32,
    glyphs: GlyphRemapper,
    /// By new number: the character it draws, and its width in thousandths of an em.
    said: BTreeMap<u16, (char, f32)>,
    /// Opacities in use: (of strokes and fills alike).
    opacities: BTreeSet<u8>,
    /// Glyphs with a halo somewhere, by their number in the font.
    haloed: BTreeSet<u16>,
    /// Areas that shine through as a whole.
    groups: Vec<(Ref, Vec<u8>)>,
}

impl<'a> Writer<'a> {
    fn new(scene: &'a Scene) -> Self {
        let (glyphs, said) = (GlyphRemapper::new(), BTreeMap::new());
        let (opacities, haloed, groups) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        let mut writer = Self { scene, pdf: Pdf::new(), next: 1, glyphs, said, opacities, haloed, groups };
        for run in scene.runs() {
            // Its own text, glyph by glyph: the font's widths are those that the page was laid out with.
            for ((_, glyph, advance_em), c) in scene.font.glyphs(&run.text).zip(run.text.chars()) {
                let number = writer.glyphs.remap(glyph);
                writer.said.entry(number).or_insert((c, (advance_em * 1000.0).round()));
            }
        }
        writer
    }

    fn reference(&mut self) -> Ref {
        self.next += 1;
        Ref::new(self.next)
    }

    fn content(&mut self, ops: &[Op]) -> Vec<u8> {
        let unit = (POINTS_PER_MM / PER_MM) as f32;
        let height = self.scene.height as f32 * unit;
        let mut content = Content::new();
        // Steps of the page, y downwards.
        content.transform([unit, 0.0, 0.0, -unit, 0.0, height]);
        self.draw(ops, &mut content);
        content.finish().to_vec()
    }

    fn draw(&mut self, ops: &[Op], content: &mut Content) {
        for op in ops {
            match op {
                Op::Fill(mosaic) => self.fill(mosaic, content),
                Op::Stroke(line) => self.stroke(line, content),
                Op::Dot { x, y, radius, colour } => {
                    self.opacity(colour[3], content);
                    fill_colour(*colour, content);
                    circle(*x as f32, *y as f32, *radius as f32, content);
                    content.fill_nonzero();
                }
                Op::Text(run) => self.text(run, content),
                Op::Clip([x0, y0, x1, y1], inner) => {
                    content.save_state();
                    content.rect(*x0 as f32, *y0 as f32, (x1 - x0) as f32, (y1 - y0) as f32);
                    content.clip_nonzero().end_path();
                    self.draw(inner, content);
                    content.restore_state();
                }
            }
        }
    }

    fn opacity(&mut self, opacity: u8, content: &mut Content) {
        self.opacities.insert(opacity);
        content.set_parameters(Name(format!("A{opacity}").as_bytes()));
    }

    fn fill(&mut self, mosaic: &Mosaic, content: &mut Content) {
        self.opacity(mosaic.opacity, content);
        if mosaic.opacity == 255 || mosaic.tiles.len() == 1 {
            return areas(mosaic, content);
        }
        let mut inner = Content::new();
        areas(mosaic, &mut inner);
        let id = self.reference();
        self.groups.push((id, inner.finish().to_vec()));
        content.x_object(Name(format!("L{}", id.get()).as_bytes()));
    }

    fn stroke(&mut self, line: &Stroke, content: &mut Content) {
        self.opacity(line.colour[3], content);
        stroke_colour(line.colour, content);
        content.set_line_width(line.width as f32);
        content.set_line_cap(if line.cap == Bend::Round { LineCapStyle::RoundCap } else { LineCapStyle::ButtCap });
        content.set_line_join(if line.join == Bend::Round {
            LineJoinStyle::RoundJoin
        } else {
            LineJoinStyle::MiterJoin
        });
        content.set_dash_pattern(line.dashes.iter().map(|d| *d as f32), 0.0);
        path(&line.path, content);
        content.stroke();
    }

    fn text(&mut self, run: &Run, content: &mut Content) {
        let size = run.size as f32;
        if let Some((colour, radius)) = run.halo {
            self.opacity(colour[3], content);
            stroke_colour(colour, content);
            content.set_dash_pattern([], 0.0).set_line_join(LineJoinStyle::RoundJoin);
            let em = size / outline::EM;
            for (glyph, x) in &run.glyphs {
                self.haloed.insert(*glyph);
                content.save_state();
                content.transform([em, 0.0, 0.0, -em, run.x as f32 + *x as f32 * em, run.y as f32]);
                content.set_line_width(radius as f32 * 2.0 / em);
                content.x_object(Name(format!("H{glyph}").as_bytes()));
                content.restore_state();
            }
        }
        self.opacity(run.colour[3], content);
        fill_colour(run.colour, content);
        let mode = if run.bold { TextRenderingMode::FillStroke } else { TextRenderingMode::Fill };
        if run.bold {
            stroke_colour(run.colour, content);
            content.set_dash_pattern([], 0.0).set_line_join(LineJoinStyle::RoundJoin);
            content.set_line_width(BOLD as f32 / 1000.0 * size);
        }
        content.begin_text().set_font(FONT, size).set_text_rendering_mode(mode);
        content.set_text_matrix([1.0, 0.0, 0.0, -1.0, run.x as f32, run.y as f32]);
        let mut shown = content.show_positioned();
        let mut items = shown.items();
        let mut at = 0.0;
        for (glyph, x) in &run.glyphs {
            let number = self.glyphs.get(*glyph).unwrap_or(0);
            // Where the glyph should be and where its predecessor's width leaves it.
            if (*x as f32 - at).abs() >= 1.0 {
                items.adjust(at - *x as f32);
            }
            items.show(Str(&number.to_be_bytes()));
            at = *x as f32 + self.said.get(&number).map_or(1000.0, |(_, width)| *width);
        }
        items.finish();
        shown.finish();
        content.end_text();
    }

    fn finish(mut self, content: &[u8]) -> Result<Vec<u8>, RenderFault> {
        let unit = (POINTS_PER_MM / PER_MM) as f32;
        let size = Rect::new(0.0, 0.0, self.scene.width as f32 * unit, self.scene.height as f32 * unit);
        let [catalog, pages, page, stream, font, info] = std::array::from_fn(|_| self.reference());
        self.pdf.catalog(catalog).pages(pages).lang(TextStr("zh-CN"));
        self.pdf.pages(pages).kids([page]).count(1);
        let haloes = self.haloes();
        let opacities: Vec<(u8, Ref)> = self.opacities.clone().into_iter().map(|o| (o, self.reference())).collect();
        let mut written = self.pdf.page(page);
        written.parent(pages).media_box(size).contents(stream);
        let mut resources = written.resources();
        resources.fonts().pair(FONT, font);
        let mut states = resources.ext_g_states();
        for (opacity, id) in &opacities {
            states.pair(Name(format!("A{opacity}").as_bytes()), id);
        }
        states.finish();
        let mut forms = resources.x_objects();
        for (name, id) in &haloes {
            forms.pair(Name(name.as_bytes()), id);
        }
        for (id, _) in &self.groups {
            forms.pair(Name(format!("L{}", id.get()).as_bytes()), id);
        }
        forms.finish();
        resources.finish();
        written.finish();
        for (opacity, id) in &opacities {
            let share = f32::from(*opacity) / 255.0;
            self.pdf.ext_graphics(*id).stroking_alpha(share).non_stroking_alpha(share);
        }
        self.pdf.stream(stream, &packed(content)).filter(Filter::FlateDecode);
        self.layers();
        self.font(font)?;
        self.info(info);
        Ok(self.pdf.finish())
    }

    fn info(&mut self, id: Ref) {
        let day = self.scene.day;
        let date = Date::new(day.year().unsigned_abs()).month(day.month() as u8).day(day.day() as u8);
        let mut info = self.pdf.document_info(id);
        info.title(TextStr(&self.scene.title)).author(TextStr(&self.scene.author));
        info.producer(TextStr("Wangge")).creation_date(date);
    }

    /// The outline of each haloed glyph, to be stroked with whatever colour and width hold where it is used.
    fn haloes(&mut self) -> Vec<(String, Ref)> {
        let haloed: Vec<&Run> = self.scene.runs().into_iter().filter(|run| run.halo.is_some()).collect();
        let mut forms = Vec::new();
        for (glyph, pieces) in outline::of_runs(&self.scene.font, haloed.iter().copied()) {
            let mut content = Content::new();
            glyph_path(&pieces, &mut content);
            content.stroke();
            let id = self.reference();
            let bytes = packed(&content.finish());
            let mut form = self.pdf.form_xobject(id, &bytes);
            form.filter(Filter::FlateDecode);
            form.bbox(Rect::new(-2000.0, -2000.0, 4000.0, 4000.0));
            form.finish();
            forms.push((format!("H{glyph}"), id));
        }
        // Glyphs without an outline are named too: an empty form serves all of them.
        let drawn: BTreeSet<String> = forms.iter().map(|(name, _)| name.clone()).collect();
        let blank: Vec<String> = self.haloed.iter().map(|g| format!("H{g}")).filter(|n| !drawn.contains(n)).collect();
        if !blank.is_empty() {
            let id = self.reference();
            self.pdf.form_xobject(id, b"").bbox(Rect::new(0.0, 0.0, 1.0, 1.0));
            forms.extend(blank.into_iter().map(|name| (name, id)));
        }
        forms
    }

    fn layers(&mut self) {
        let (width, height) = (self.scene.width as f32, self.scene.height as f32);
        for (id, bytes) in std::mem::take(&mut self.groups) {
            let bytes = packed(&bytes);
            let mut form = self.pdf.form_xobject(id, &bytes);
            form.filter(Filter::FlateDecode);
            form.bbox(Rect::new(-width, -height, 2.0 * width, 2.0 * height));
            let mut group = form.group();
            group.transparency().isolated(true).knockout(false);
            group.color_space().device_rgb();
            group.finish();
            form.finish();
        }
    }

    fn font(&mut self, id: Ref) -> Result<(), RenderFault> {
        let [cid, descriptor, file, unicode] = std::array::from_fn(|_| self.reference());
        let subset = subsetter::subset(self.scene.font.bytes(), 0, &self.glyphs)
            .map_err(|_| RenderFault::Font("it cannot be cut down to the characters of a sheet"))?;
        let cff = table(&subset, *b"CFF ");
        // Subsets are named by six letters before a plus.
        let called = format!("WANGGE+{}", self.scene.font.postscript_name());
        let name = Name(called.as_bytes());
        self.pdf
            .type0_font(id)
            .base_font(name)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(cid)
            .to_unicode(unicode);
        let mut described = self.pdf.cid_font(cid);
        described.subtype(if cff.is_some() { CidFontType::Type0 } else { CidFontType::Type2 });
        described.base_font(name).system_info(INFO).font_descriptor(descriptor).default_width(1000.0);
        if cff.is_none() {
            described.cid_to_gid_map_predefined(Name(b"Identity"));
        }
        let mut widths = described.widths();
        for (number, (_, width)) in self.said.iter().filter(|(_, (_, width))| *width != 1000.0) {
            widths.consecutive(*number, [*width]);
        }
        widths.finish();
        described.finish();
        let lines = self.scene.font.lines();
        let mut facts = self.pdf.font_descriptor(descriptor);
        facts.name(name).flags(FontFlags::SYMBOLIC).bbox(Rect::new(-1000.0, -1000.0, 3000.0, 2000.0));
        facts.italic_angle(0.0).ascent(lines.ascent_em * 1000.0).descent(-lines.descent_em * 1000.0);
        facts.cap_height(lines.cap_em * 1000.0).stem_v(80.0);
        match cff {
            Some(_) => facts.font_file3(file),
            None => facts.font_file2(file),
        };
        facts.finish();
        let bytes = packed(cff.unwrap_or(&subset));
        let mut stream = self.pdf.stream(file, &bytes);
        stream.filter(Filter::FlateDecode);
        if cff.is_some() {
            stream.pair(Name(b"Subtype"), Name(b"CIDFontType0C"));
        }
        stream.finish();
        let mut map = UnicodeCmap::new(Name(b"Wangge"), INFO);
        for (number, (c, _)) in &self.said {
            map.pair(*number, *c);
        }
        self.pdf.stream(unicode, &packed(&map.finish())).filter(Filter::FlateDecode);
        Ok(())
    }
}

/// A table of an OpenType file, by its directory.
fn table(font: &[u8], tag: [u8; 4]) -> Option<&[u8]> {
    let count = usize::from(u16::from_be_bytes(font.get(4..6)?.try_into().ok()?));
    let number = |at: usize| Some(u32::from_be_bytes(font.get(at..at + 4)?.try_into().ok()?) as usize);
    (0..count).map(|i| 12 + 16 * i).find(|at| font.get(*at..at + 4) == Some(&tag[..])).and_then(|at| {
        let (start, length) = (number(at + 8)?, number(at + 12)?);
        font.get(start..start.checked_add(length)?)
    })
}

fn areas(mosaic: &Mosaic, content: &mut Content) {
    let ground = mosaic.ground();
    for (colour, shape) in ground.iter().chain(&mosaic.tiles) {
        fill_colour(opaque(*colour), content);
        path(shape, content);
        content.fill_nonzero();
    }
}

fn fill_colour([r, g, b, _]: Colour, content: &mut Content) {
    let part = |v: u8| f32::from(v) / 255.0;
    content.set_fill_rgb(part(r), part(g), part(b));
}

fn stroke_colour([r, g, b, _]: Colour, content: &mut Content) {
    let part = |v: u8| f32::from(v) / 255.0;
    content.set_stroke_rgb(part(r), part(g), part(b));
}

fn path(shape: &Shape, content: &mut Content) {
    for part in shape.parts() {
        let mut points = part.iter().map(|(x, y)| (*x as f32, *y as f32));
        if let Some((x, y)) = points.next() {
            content.move_to(x, y);
        }
        points.for_each(|(x, y)| {
            content.line_to(x, y);
        });
        if shape.geometry == Geometry::Polygon {
            content.close_path();
        }
    }
}

fn circle(x: f32, y: f32, r: f32, content: &mut Content) {
    /// How far the handles of a quarter of a circle reach.
    const HANDLE: f32 = 0.552_284_8;
    let h = r * HANDLE;
    content.move_to(x + r, y);
    content.cubic_to(x + r, y + h, x + h, y + r, x, y + r);
    content.cubic_to(x - h, y + r, x - r, y + h, x - r, y);
    content.cubic_to(x - r, y - h, x - h, y - r, x, y - r);
    content.cubic_to(x + h, y - r, x + r, y - h, x + r, y);
    content.close_path();
}

fn glyph_path(pieces: &[Piece], content: &mut Content) {
    let f = |v: i32| v as f32;
    let mut last = (0.0, 0.0);
    for piece in pieces {
        match *piece {
            Piece::Move(x, y) => {
                content.move_to(f(x), f(y));
                last = (f(x), f(y));
            }
            Piece::Line(x, y) => {
                content.line_to(f(x), f(y));
                last = (f(x), f(y));
            }
            Piece::Quad([a, b, x, y]) => {
                // PDF has cubic curves only: their handles lie two thirds of the way to the one of a quadratic.
                let toward = |from: f32, to: f32| from + (to - from) * 2.0 / 3.0;
                let (ax, ay, x, y) = (f(a), f(b), f(x), f(y));
                content.cubic_to(toward(last.0, ax), toward(last.1, ay), toward(x, ax), toward(y, ay), x, y);
                last = (x, y);
            }
            Piece::Cubic([a, b, c, d, x, y]) => {
                content.cubic_to(f(a), f(b), f(c), f(d), f(x), f(y));
                last = (f(x), f(y));
            }
            Piece::Close => {
                content.close_path();
            }
        }
    }
}
