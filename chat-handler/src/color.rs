//! Colors that people may choose: `#rrggbb`, `#rgb` and the names of CSS. Pure.
//! Nothing else passes, because pages put the color into a style.

/// A color fit for a page, as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Color(String);

impl Color {
    /// The color of those who have none.
    pub const DEFAULT: &str = "Gray";

    /// Takes what was typed; `None` if it is no color.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let known = match text.strip_prefix('#') {
            Some(digits) => {
                matches!(digits.len(), 3 | 6) && digits.bytes().all(|b| b.is_ascii_hexdigit())
            }
            None => {
                text.len() <= 20
                    && NAMES
                        .binary_search(&text.to_ascii_lowercase().as_str())
                        .is_ok()
            }
        };
        known.then(|| Self(text.to_owned()))
    }

    /// The color as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Color {
    fn default() -> Self {
        Self(Self::DEFAULT.to_owned())
    }
}

/// Named colors of CSS Color Module Level 4, section 6.1, sorted.
const NAMES: [&str; 148] = [
    "aliceblue",
    "antiquewhite",
    "aqua",
    "aquamarine",
    "azure",
    "beige",
    "bisque",
    "black",
    "blanchedalmond",
    "blue",
    "blueviolet",
    "brown",
    "burlywood",
    "cadetblue",
    "chartreuse",
    "chocolate",
    "coral",
    "cornflowerblue",
    "cornsilk",
    "crimson",
    "cyan",
    "darkblue",
    "darkcyan",
    "darkgoldenrod",
    "darkgray",
    "darkgreen",
    "darkgrey",
    "darkkhaki",
    "darkmagenta",
    "darkolivegreen",
    "darkorange",
    "darkorchid",
    "darkred",
    "darksalmon",
    "darkseagreen",
    "darkslateblue",
    "darkslategray",
    "darkslategrey",
    "darkturquoise",
    "darkviolet",
    "deeppink",
    "deepskyblue",
    "dimgray",
    "dimgrey",
    "dodgerblue",
    "firebrick",
    "floralwhite",
    "forestgreen",
    "fuchsia",
    "gainsboro",
    "ghostwhite",
    "gold",
    "goldenrod",
    "gray",
    "green",
    "greenyellow",
    "grey",
    "honeydew",
    "hotpink",
    "indianred",
    "indigo",
    "ivory",
    "khaki",
    "lavender",
    "lavenderblush",
    "lawngreen",
    "lemonchiffon",
    "lightblue",
    "lightcoral",
    "lightcyan",
    "lightgoldenrodyellow",
    "lightgray",
    "lightgreen",
    "lightgrey",
    "lightpink",
    "lightsalmon",
    "lightseagreen",
    "lightskyblue",
    "lightslategray",
    "lightslategrey",
    "lightsteelblue",
    "lightyellow",
    "lime",
    "limegreen",
    "linen",
    "magenta",
    "maroon",
    "mediumaquamarine",
    "mediumblue",
    "mediumorchid",
    "mediumpurple",
    "mediumseagreen",
    "mediumslateblue",
    "mediumspringgreen",
    "mediumturquoise",
    "mediumvioletred",
    "midnightblue",
    "mintcream",
    "mistyrose",
    "moccasin",
    "navajowhite",
    "navy",
    "oldlace",
    "olive",
    "olivedrab",
    "orange",
    "orangered",
    "orchid",
    "palegoldenrod",
    "palegreen",
    "paleturquoise",
    "palevioletred",
    "papayawhip",
    "peachpuff",
    "peru",
    "pink",
    "plum",
    "powderblue",
    "purple",
    "rebeccapurple",
    "red",
    "rosybrown",
    "royalblue",
    "saddlebrown",
    "salmon",
    "sandybrown",
    "seagreen",
    "seashell",
    "sienna",
    "silver",
    "skyblue",
    "slateblue",
    "slategray",
    "slategrey",
    "snow",
    "springgreen",
    "steelblue",
    "tan",
    "teal",
    "thistle",
    "tomato",
    "turquoise",
    "violet",
    "wheat",
    "white",
    "whitesmoke",
    "yellow",
    "yellowgreen",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_of_css_pass_as_typed() {
        for color in [
            "#aa0000",
            "#FFF",
            "Gray",
            "rebeccapurple",
            "yellowgreen",
            "aliceblue",
            "TAN",
        ] {
            assert_eq!(Color::parse(color).expect("a color").as_str(), color);
        }
        assert!(NAMES.is_sorted());
    }

    #[test]
    fn nothing_else_passes() {
        for text in [
            "",
            "#",
            "#12345",
            "#gggggg",
            "#1234567",
            "red;background:url(x)",
            "expression(1)",
            "rgb(1,2,3)",
            "var(--x)",
            "inherit",
            "red green",
            "\u{202e}red",
            "#aa00é",
        ] {
            assert_eq!(Color::parse(text), None, "{text}");
        }
    }
}
