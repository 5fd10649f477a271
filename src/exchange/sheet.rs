//! Tables for people: CSV that a spreadsheet opens with its Chinese whole (a byte order mark) and nothing in it runs as a formula.

/// A table with its header. A text that a spreadsheet would take for a formula gets an apostrophe in front, as spreadsheets themselves write it.
///
/// # Errors
/// None that memory can have; rows of other lengths than the header's are written as they are.
pub fn csv<'a>(
    header: &[&str],
    rows: impl Iterator<Item = Vec<std::borrow::Cow<'a, str>>>,
) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(vec![0xEF, 0xBB, 0xBF]);
    writer.write_record(header)?;
    for row in rows {
        for text in &row {
            writer.write_field(plain(text).as_bytes())?;
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer.into_inner().map_err(|fault| csv::Error::from(fault.into_error()))
}

fn plain(text: &str) -> std::borrow::Cow<'_, str> {
    let number = text.parse::<f64>().is_ok();
    if !number && text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_texts_and_figures_stay_figures() {
        let row = ["=1+1", "-3.5", "@x", "张,三", "普通"].map(Into::into).to_vec();
        let bytes = csv(&["a", "b", "c", "d", "e"], [row].into_iter()).expect("memory");
        let text = String::from_utf8(bytes).expect("UTF-8");
        assert_eq!(text, "\u{feff}a,b,c,d,e\n'=1+1,-3.5,'@x,\"张,三\",普通\n");
    }
}
