//! Any text pasted for a position: readings inside the extent, or a reason; never a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use wangge::crs::PlaneCrs;
use wangge::crs::paste::{Extent, readings};

fuzz_target!(|text: &str| {
    let extent = Extent { west: 116.5, south: 35.3, east: 116.9, north: 35.6 };
    if let Ok(found) = readings(text, extent, PlaneCrs(4548)) {
        for reading in found {
            assert!(extent.contains(reading.point), "{reading:?} is outside");
        }
    }
});
