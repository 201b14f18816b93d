//! `/openapi.json`: a description of the routes, kept by hand beside them.

use bytes::Bytes;

use crate::encoding::Compressor;
use crate::view::View;

const DOCUMENT: &[u8] = include_bytes!("openapi.json");

/// The document as it is served.
pub(crate) fn view(compressor: &Compressor) -> View {
    View::new(Bytes::from_static(DOCUMENT), compressor)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::parameters::Name;
    use crate::question::taken;
    use crate::route::{Access, Methods, Route};

    fn document() -> Value {
        serde_json::from_slice(DOCUMENT).unwrap()
    }

    fn keys(object: &Value) -> BTreeSet<&str> {
        object.as_object().unwrap().keys().map(String::as_str).collect()
    }

    fn routes() -> impl Iterator<Item = Route> {
        Route::ALL.into_iter().filter(|route| *route != Route::Other)
    }

    #[test]
    fn every_route_is_described_and_nothing_beside() {
        let document = document();
        let expected: BTreeSet<&str> = routes().map(Route::label).collect();
        assert_eq!(keys(&document["paths"]), expected);
        assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    }

    #[test]
    fn every_method_of_a_route_is_described_with_the_token_it_wants() {
        for route in routes() {
            let methods = match route.methods() {
                Methods::Read | Methods::Any => ["get", "head"].into(),
                Methods::Post => BTreeSet::from(["post"]),
            };
            let path = &document()["paths"][route.label()];
            assert_eq!(keys(path), methods, "{route:?}");
            for method in methods {
                let wants_token = path[method].get("security").is_some();
                assert_eq!(wants_token, route.access() == Access::TokenHolders, "{method} {route:?}");
            }
        }
    }

    #[test]
    fn the_parameters_of_a_route_are_those_that_it_takes() {
        let document = document();
        for route in routes() {
            let operations = document["paths"][route.label()].as_object().unwrap();
            for operation in operations.values() {
                let listed = operation.get("parameters").map_or(&[][..], |list| list.as_array().unwrap());
                let described = listed.iter().map(|entry| {
                    let reference = entry["$ref"].as_str().unwrap().strip_prefix('#').unwrap();
                    document.pointer(reference).expect("what is referred to")
                });
                let queried = described.filter(|parameter| parameter["in"] == "query");
                let names: Vec<&str> = queried.map(|parameter| parameter["name"].as_str().unwrap()).collect();
                let expected: Vec<&str> = taken(route).iter().map(|name| name.as_str()).collect();
                assert_eq!(names, expected, "{route:?}");
            }
        }
        assert_eq!(taken(Route::Series), Name::ALL);
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn follow(document: &Value, value: &Value) {
            match value {
                Value::Object(object) => {
                    if let Some(reference) = object.get("$ref") {
                        let pointer = reference.as_str().unwrap().strip_prefix('#').unwrap();
                        assert!(document.pointer(pointer).is_some(), "{pointer}");
                    }
                    object.values().for_each(|value| follow(document, value));
                }
                Value::Array(values) => values.iter().for_each(|value| follow(document, value)),
                _ => {}
            }
        }
        let document = document();
        follow(&document, &document);
    }
}
