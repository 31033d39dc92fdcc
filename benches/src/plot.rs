//! A plot as one SVG file that needs nothing else. Both axes begin at zero, so that a slope is as steep as it is.

use std::fmt::Write;

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 830.0;
const TOP: f64 = 70.0;
const BOTTOM: f64 = 360.0;
/// Told apart by their dashes too, for those who cannot by their colours.
const STROKES: [&str; 2] = ["stroke=\"#0b62a4\"", "stroke=\"#b45309\" stroke-dasharray=\"6 4\""];

/// What is drawn.
pub(crate) struct Plot {
    pub(crate) title: String,
    pub(crate) across: &'static str,
    pub(crate) up: &'static str,
    /// A name and its points each; there are strokes for two.
    pub(crate) lines: Vec<(&'static str, Vec<(f64, f64)>)>,
}

impl Plot {
    /// The whole file.
    pub(crate) fn svg(&self) -> String {
        let most = |pick: fn(&(f64, f64)) -> f64| {
            self.lines.iter().flat_map(|(_, points)| points).map(pick).fold(0.0, f64::max)
        };
        let (step_x, step_y) = (step(most(|point| point.0)), step(most(|point| point.1)));
        let (end_x, end_y) = (end(most(|point| point.0), step_x), end(most(|point| point.1), step_y));
        let x = |value: f64| LEFT + (RIGHT - LEFT) * value / end_x;
        let y = |value: f64| BOTTOM - (BOTTOM - TOP) * value / end_y;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
             font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">\n<title>{0}</title>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
             <text x=\"{LEFT}\" y=\"24\" font-size=\"15\">{0}</text>\n",
            self.title
        );
        for value in ticks(end_y, step_y) {
            let at = y(value);
            line(&mut svg, &format!("<path d=\"M{LEFT} {at:.1}H{RIGHT}\" stroke=\"#ddd\"/>"));
            line(
                &mut svg,
                &format!("<text x=\"62\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>", at + 4.0),
            );
        }
        for value in ticks(end_x, step_x) {
            let at = x(value);
            line(&mut svg, &format!("<text x=\"{at:.1}\" y=\"378\" text-anchor=\"middle\">{value}</text>"));
        }
        line(&mut svg, &format!("<text x=\"450\" y=\"402\" text-anchor=\"middle\">{}</text>", self.across));
        let turned = "transform=\"rotate(-90 18 215)\" x=\"18\" y=\"215\" text-anchor=\"middle\"";
        line(&mut svg, &format!("<text {turned}>{}</text>", self.up));
        for ((place, (name, points)), stroke) in self.lines.iter().enumerate().zip(STROKES) {
            let path: Vec<_> =
                points.iter().map(|point| format!("{:.1},{:.1}", x(point.0), y(point.1))).collect();
            let style = format!("fill=\"none\" stroke-width=\"2\" {stroke}");
            line(&mut svg, &format!("<polyline {style} points=\"{}\"/>", path.join(" ")));
            let at = LEFT + 260.0 * place as f64;
            line(&mut svg, &format!("<path {style} d=\"M{at} 46h30\"/>"));
            line(&mut svg, &format!("<text x=\"{}\" y=\"50\">{name}</text>", at + 38.0));
        }
        svg.push_str("</svg>\n");
        svg
    }
}

fn line(svg: &mut String, element: &str) {
    writeln!(svg, "{element}").expect("text takes any text");
}

/// A round distance between marks that makes three to eight of them up to `most`.
fn step(most: f64) -> f64 {
    let mut step = 10_f64.powf(most.max(1.0).log10().floor()) / 5.0;
    for factor in [2.5, 2.0, 2.0] {
        if most / step > 8.0 {
            step *= factor;
        }
    }
    step
}

/// The end of an axis: the first mark that is not below `most`.
fn end(most: f64, step: f64) -> f64 {
    (most / step).ceil().max(1.0) * step
}

fn ticks(end: f64, step: f64) -> impl Iterator<Item = f64> {
    let count = (end / step).round() as u32;
    (0..=count).map(move |n| f64::from(n) * step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_a_few_round_marks_and_holds_every_point() {
        for most in [1.0, 7.3, 10.0, 99.0, 100_000.0, 250_000.0, 1_000_000.0] {
            let step = step(most);
            let marks = ticks(end(most, step), step).count();
            assert!(end(most, step) >= most, "{most}");
            assert!((4..=9).contains(&marks), "{most}: {marks} marks of {step}");
        }
    }

    #[test]
    fn a_level_line_is_drawn_level_and_a_rise_upwards() {
        let plot = |second| {
            let lines = vec![("cost", vec![(50.0, 10.0), (100.0, second)])];
            Plot { title: "t".to_owned(), across: "x", up: "y", lines }.svg()
        };
        assert!(plot(10.0).contains("points=\"450.0,70.0 830.0,70.0\""), "{}", plot(10.0));
        assert!(plot(20.0).contains("points=\"450.0,215.0 830.0,70.0\""), "{}", plot(20.0));
    }
}
