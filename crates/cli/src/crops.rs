//! The classes that random crops show.

use dartloom_engine::crops::CropShares;
use dartloom_report::table;
use serde::Serialize;

use crate::error::CliError;
use crate::output;

/// The shares as one line of JSON.
#[derive(Debug, Serialize)]
struct Said<'a> {
    /// Crops that were drawn.
    crops: u64,
    classes: Vec<SaidClass<'a>>,
}

/// Shares from 0 to 1.
#[derive(Debug, Serialize)]
struct SaidClass<'a> {
    class: &'a str,
    crops: f64,
    pixels: f64,
}

pub(crate) fn json(shares: &CropShares) -> Result<String, CliError> {
    let classes = shares.classes.iter().map(|own| SaidClass {
        class: &own.class,
        crops: own.crops,
        pixels: own.pixels,
    });
    let said = Said { crops: shares.crops, classes: classes.collect() };
    output::json(&said, "the shares of crops")
}

/// A table of classes under a line with the number of crops.
pub(crate) fn text(shares: &CropShares) -> String {
    let percent = |share: f64| format!("{:.2}", 100.0 * share);
    let mut rows =
        vec![["class", "crops with it %", "of the pixels %"].map(str::to_owned).to_vec()];
    rows.extend(
        shares
            .classes
            .iter()
            .map(|own| vec![own.class.clone(), percent(own.crops), percent(own.pixels)]),
    );
    format!("{} training crops\n{}", shares.crops, table(&rows))
}

#[cfg(test)]
mod tests {
    use dartloom_engine::crops::CropShare;

    use super::*;

    #[test]
    fn shares_are_a_table_and_a_line_of_json() {
        let share =
            |class: &str, crops, pixels| CropShare { class: class.to_owned(), crops, pixels };
        let classes = vec![share("field", 1.0, 0.96875), share("road", 0.25, 0.03125)];
        let shares = CropShares { crops: 48, classes };
        let expected = "48 training crops\n\
                        class  crops with it %  of the pixels %\n\
                        -----  ---------------  ---------------\n\
                        field           100.00            96.88\n\
                        road             25.00             3.12\n";
        assert_eq!(text(&shares), expected);
        let expected = r#"{"crops":48,"classes":[{"class":"field","crops":1.0,"pixels":0.96875},{"class":"road","crops":0.25,"pixels":0.03125}]}"#;
        assert_eq!(json(&shares).unwrap().trim_end(), expected);
    }
}
