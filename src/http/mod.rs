//! The wire: the only JSON shapes, and every route on one page.
