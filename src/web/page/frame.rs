//! Pages and parts of pages from templates; everything from outside is escaped.

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};

use crate::web::Overview;

use super::asset::{SCRIPT_PATH, STYLE_PATH};
use super::shown::equip;

/// The parts that are replaced one by one while a page is open, in their order.
pub(super) const PARTS: [&str; 4] = ["verdict", "plots", "raised", "side"];

const TEMPLATES: [(&str, &str); 9] = [
    ("page", include_str!("html/page.html")),
    ("overview", include_str!("html/overview.html")),
    ("verdict", include_str!("html/verdict.html")),
    ("plots", include_str!("html/plots.html")),
    ("raised", include_str!("html/raised.html")),
    ("side", include_str!("html/side.html")),
    ("silences", include_str!("html/silences.html")),
    ("trail", include_str!("html/trail.html")),
    ("dialogs", include_str!("html/dialogs.html")),
];

static TEMPLATE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Lenient);
    let mut syntax = SyntaxConfig::builder();
    if let Ok(syntax) = syntax.trim_blocks(true).lstrip_blocks(true).build() {
        environment.set_syntax(syntax);
    }
    equip(&mut environment);
    for (name, text) in TEMPLATES {
        // The templates are ours: a test renders each.
        if let Err(error) = environment.add_template(name, text) {
            tracing::error!(name, %error, "a template of the page cannot be read");
        }
    }
    environment
});

/// Who looks, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Viewer {
    /// May acknowledge and silence.
    pub(super) acts: bool,
    /// By a session, which can be ended.
    pub(super) session: bool,
    /// Stands far away.
    pub(super) wall: bool,
}

/// One part of the overview; empty when there is none of that name.
pub(super) fn part(name: &str, overview: &Overview, viewer: Viewer) -> String {
    match PARTS.contains(&name) || name == "silences" {
        true => render(name, scene(overview, viewer)),
        false => String::new(),
    }
}

/// All parts of the overview, one after the other.
pub(super) fn parts(overview: &Overview, viewer: Viewer) -> String {
    let scene = scene(overview, viewer);
    PARTS.map(|name| render(name, scene.clone())).concat()
}

/// The whole page.
pub(super) fn whole(overview: &Overview, viewer: Viewer) -> String {
    let scene = scene(overview, viewer);
    let [verdict, plots, raised, side] =
        PARTS.map(|name| Value::from_safe_string(render(name, scene.clone())));
    let body = render("overview", context! { verdict, plots, raised, side });
    page("klaxond", "overview", &body, scene)
}

/// The page of the silences.
pub(super) fn silences(overview: &Overview, viewer: Viewer) -> String {
    let scene = scene(overview, viewer);
    let body = render("silences", scene.clone());
    page("Silences", "silences", &body, scene)
}

/// The trail of an alarm or a message as `why` tells it, by itself.
pub(super) fn trail(story: &serde_json::Value, overview: &Overview) -> String {
    let scene = scene(overview, Viewer::default());
    render(
        "trail",
        context! { story => Value::from(Serde(story)), ..scene },
    )
}

/// The same as a page.
pub(super) fn trail_page(story: &serde_json::Value, overview: &Overview, viewer: Viewer) -> String {
    page(
        "Trail",
        "trail",
        &trail(story, overview),
        scene(overview, viewer),
    )
}

/// A page that says one thing.
pub(super) fn word(text: &str, overview: &Overview, viewer: Viewer) -> String {
    let body = render("trail", context! { said => text });
    page("Trail", "trail", &body, scene(overview, viewer))
}

fn scene(overview: &Overview, viewer: Viewer) -> Value {
    context! {
        o => Value::from(Serde(overview)),
        zone => overview.timezone.as_str(),
        now => overview.at.to_string(),
        acts => viewer.acts,
        session => viewer.session,
        wall => viewer.wall,
    }
}

fn page(title: &str, name: &str, body: &str, scene: Value) -> String {
    let dialogs = Value::from_safe_string(render("dialogs", scene.clone()));
    let body = Value::from_safe_string(body.to_owned());
    let (style, script) = (STYLE_PATH.as_str(), SCRIPT_PATH.as_str());
    render(
        "page",
        context! { title, name, body, dialogs, style, script, ..scene },
    )
}

fn render(name: &str, scene: Value) -> String {
    let rendered = TEMPLATE
        .get_template(name)
        .and_then(|template| template.render(scene));
    rendered.unwrap_or_else(|error| {
        tracing::error!(name, %error, "a part of the page cannot be written");
        String::from("<p>This part cannot be shown; the log says why.</p>")
    })
}

#[cfg(test)]
mod tests;
