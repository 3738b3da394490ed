//! The schemas in schemas/ are those of this version.

use std::path::Path;

#[test]
fn the_schemas_in_the_repository_are_current() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    for (name, text) in softbox::campaign::schemas() {
        let path = folder.join(name);
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(written == text, "schemas/{name} is not current: run `softbox schema --write schemas`");
    }
}

#[test]
fn every_key_that_a_person_writes_is_described() {
    fn walk(value: &serde_json::Value, path: &str, lacking: &mut Vec<String>) {
        let serde_json::Value::Object(map) = value else { return };
        if let Some(serde_json::Value::Object(properties)) = map.get("properties") {
            for (key, property) in properties {
                let described = property.get("description").is_some() || property.get("$ref").is_some();
                if !described && !path.ends_with("SafeZone") {
                    lacking.push(format!("{path}.{key}"));
                }
            }
        }
        map.iter().for_each(|(key, value)| walk(value, &format!("{path}.{key}"), lacking));
    }
    for (name, text) in softbox::campaign::schemas() {
        let mut lacking = Vec::new();
        walk(&serde_json::from_str(&text).unwrap(), name, &mut lacking);
        assert!(lacking.is_empty(), "{lacking:?}");
    }
}
