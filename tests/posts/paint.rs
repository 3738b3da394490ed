//! Documents become pixels.

use super::studio::{Studio, quarters, save};

#[test]
fn y() {
    let mut s = Studio::template("<link rel=stylesheet href='t.css'><div class=bg><h1 data-fit='10-200'>{{name}} <b>🌿</b> قهوة 日本</h1><p>in line <img src='photo:photo' class=i> text</p><img class=f src=photo:photo><img class=r src=photo:photo></div>")
        .file("t.css", "body{background:#fff}h1{height:200px;width:700px;margin:0;background:#fcc;line-height:1}.i{width:50px}.f{display:block;width:300px;height:200px;object-fit:cover;border-radius:20px}.r{position:absolute;left:600px;top:600px;width:100px;transform:rotate(20deg) scale(2)}.bg{width:100%;height:100%;background:url(photo:photo) center/cover}")
        .photo("photo", quarters(400, 400));
    let t = std::time::Instant::now();
    let p = s.paint();
    println!("{:?}", t.elapsed());
    let t = std::time::Instant::now();
    s.paint();
    println!("{:?}", t.elapsed());
    println!("{:?}", s.wants);
    save(&p.picture, std::path::Path::new("/tmp/y.png"));
}
