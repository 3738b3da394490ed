//! A template and its fields in, a page and its pixels out.

#[path = "peers/chromium.rs"]
mod chromium;
#[path = "posts/compose.rs"]
mod compose;
#[path = "posts/paint.rs"]
mod paint;
#[path = "posts/studio.rs"]
mod studio;
#[path = "posts/templates.rs"]
mod templates;
