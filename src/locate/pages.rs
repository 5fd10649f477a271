//! Large tables in large pages: an index of hundreds of megabytes, asked at random, otherwise waits longer for the addresses of its pages than for what
//! is in them.

/// Room for `count` items; where that is many megabytes, in pages of two megabytes if the system has them. What is not used is never touched.
pub(super) fn with_room<T>(count: usize) -> Vec<T> {
    let mut items: Vec<T> = Vec::new();
    // A refusal is no harm: the vector then grows as others do.
    if items.try_reserve_exact(count).is_ok() {
        let room = items.spare_capacity_mut();
        in_large_pages(room.as_mut_ptr().cast(), size_of_val(room));
    }
    items
}

/// A large page, and from how many bytes on they are worth asking for.
#[cfg(target_os = "linux")]
const LARGE: usize = 2 << 20;
#[cfg(target_os = "linux")]
const WORTH_IT: usize = 8 << 20;

#[cfg(target_os = "linux")]
#[allow(unsafe_code, reason = "the one call to the system that tells it about pages")]
fn in_large_pages(start: *mut u8, bytes: usize) {
    let skipped = start.align_offset(LARGE);
    if bytes < WORTH_IT || skipped >= bytes {
        return;
    }
    let whole = (bytes - skipped) / LARGE * LARGE;
    // SAFETY: `skipped + whole <= bytes`, so the range lies inside the vector's own spare memory, and it begins on a page. MADV_HUGEPAGE changes how
    // the kernel backs a range, never what is read from it; a system that does not know it answers with an error, which changes nothing.
    unsafe {
        libc::madvise(start.add(skipped).cast(), whole, libc::MADV_HUGEPAGE);
    }
}

#[cfg(not(target_os = "linux"))]
fn in_large_pages(_: *mut u8, _: usize) {}
