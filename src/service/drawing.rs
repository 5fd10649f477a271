//! What tiles are drawn with: the pyramid and the painter of a snapshot. Lookups need neither, so the port opens before they
//! are made; each is made once, on a blocking thread, and whoever needs it waits without holding one.

use std::sync::{Arc, OnceLock};

use tokio::sync::OnceCell;

use super::serving::State;
use crate::render::{Painter, RenderFault};
use crate::tile::{Pyramid, SetInfo, TileSet};

/// Empty until the first call asks.
#[derive(Debug, Default)]
pub(super) struct Drawing {
    pyramid: OnceLock<(Pyramid, [SetInfo; TileSet::ALL.len()])>,
    painter: OnceLock<Result<Painter, RenderFault>>,
    pyramid_made: OnceCell<()>,
    painter_made: OnceCell<()>,
}

impl Drawing {
    /// With the pyramid made already.
    pub(super) fn of(pyramid: Pyramid) -> Self {
        let drawing = Self::default();
        let infos = TileSet::ALL.map(|set| pyramid.info(set));
        let _ = drawing.pyramid.set((pyramid, infos)); // it is empty
        drawing
    }
}

impl State {
    fn drawn(&self) -> &(Pyramid, [SetInfo; TileSet::ALL.len()]) {
        self.drawing.pyramid.get_or_init(|| {
            let pyramid = Pyramid::new(&self.snapshot);
            let infos = TileSet::ALL.map(|set| pyramid.info(set));
            (pyramid, infos)
        })
    }

    /// What vector tiles are cut from. The first call takes what [`Pyramid::new`] takes: requests wait for
    /// [`State::pyramid_made`] before.
    #[must_use]
    pub fn pyramid(&self) -> &Pyramid {
        &self.drawn().0
    }

    /// The pyramid, if somebody has asked for it.
    pub(super) fn pyramid_if_made(&self) -> Option<&Pyramid> {
        self.drawing.pyramid.get().map(|(pyramid, _)| pyramid)
    }

    /// What TileJSON says of a set. As [`State::pyramid`].
    #[must_use]
    pub fn info(&self, set: TileSet) -> &SetInfo {
        &self.drawn().1[TileSet::ALL.iter().position(|known| *known == set).unwrap_or(0)]
    }

    /// Who draws the picture tiles. The first call places every label of every style: requests wait for
    /// [`State::painter_made`] before.
    ///
    /// # Errors
    /// When a style or the font cannot be drawn with; every later call says the same.
    pub fn painter(&self) -> Result<&Painter, RenderFault> {
        let painter = self.drawing.painter.get_or_init(|| {
            let styles: Vec<_> = self.look.styles.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
            Painter::new(&self.snapshot, self.pyramid(), &self.look.font, &styles)
        });
        painter.as_ref().map_err(Clone::clone)
    }

    /// Waits until the pyramid is made.
    pub async fn pyramid_made(self: &Arc<Self>) {
        self.made(&self.drawing.pyramid_made, |state| {
            let _ = state.pyramid();
        })
        .await;
    }

    /// Waits until the painter is made.
    pub async fn painter_made(self: &Arc<Self>) {
        self.made(&self.drawing.painter_made, |state| {
            let _ = state.painter(); // whoever draws with it hears of its fault
        })
        .await;
    }

    async fn made(self: &Arc<Self>, gate: &OnceCell<()>, make: fn(&Self)) {
        let state = Arc::clone(self);
        let making = async move {
            // A panic in there comes again in whoever draws next, whose request it then is.
            let _ = tokio::task::spawn_blocking(move || make(&state)).await;
        };
        gate.get_or_init(|| making).await;
    }
}
