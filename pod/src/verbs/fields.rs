//! By which fields objects can be selected, as an API server has it. Pure.

use manifest::kind::Resource;
use manifest::selector::FieldSelector;
use serde_json::Value;

use crate::answer::Complaint;

/// Those of a kind, besides its name and namespace.
fn fields(kind: &str) -> &'static [&'static str] {
    match kind {
        "Pod" => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
        "Secret" => &["type"],
        "Namespace" => &["status.phase"],
        _ => &[],
    }
}

/// What was typed, understood.
///
/// # Errors
/// It is no selector of fields.
pub(super) fn parse(typed: Option<&str>) -> Result<Option<FieldSelector>, Complaint> {
    typed.map(|text| text.parse::<FieldSelector>().map_err(Complaint::plain)).transpose()
}

/// Those of events.
const EVENT: [&str; 8] = [
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "type",
];

/// Whether an event is selected.
///
/// # Errors
/// Events cannot be selected so.
pub(super) fn selects_event(selector: &FieldSelector, event: &Value) -> Result<bool, Complaint> {
    matches(selector, &EVENT, "/v1, Resource=events", event)
}

/// Whether an object is selected.
///
/// # Errors
/// Objects of its kind cannot be selected so.
pub(super) fn selects(selector: &FieldSelector, resource: &Resource, object: &Value) -> Result<bool, Complaint> {
    let (group, version) = (resource.group(), resource.root().api_version.rsplit('/').next().unwrap_or_default());
    matches(selector, fields(resource.kind), &format!("{group}/{version}, Resource={}", resource.plural), object)
}

fn matches(selector: &FieldSelector, fields: &[&str], kind: &str, object: &Value) -> Result<bool, Complaint> {
    let known = |name: &str| matches!(name, "metadata.name" | "metadata.namespace") || fields.contains(&name);
    let field = |name: &str| {
        let found = || object.pointer(&format!("/{}", name.replace('.', "/")));
        known(name).then(|| match found() {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Null) | None if name == "spec.hostNetwork" => "false".to_owned(),
            Some(Value::Null) | None => String::new(),
            Some(other) => other.to_string(),
        })
    };
    selector.matches(field).map_err(|trouble| {
        Complaint::Whole(format!(
            "Error from server (BadRequest): Unable to find {kind:?} that match label selector \"\", field selector {:?}: \
             {trouble}",
            selector.to_string()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_can_be_selected_by_is_an_api_servers() {
        let pods = Resource::find("pods").expect("a kind");
        let pod =
            json!({ "metadata": { "name": "a", "namespace": "n" }, "spec": {}, "status": { "phase": "Running" } });
        let selected = |text: &str| {
            let selector = parse(Some(text)).expect("a selector").expect("one");
            selects(&selector, pods, &pod)
        };
        assert_eq!(selected("metadata.name=a,status.phase!=Pending"), Ok(true));
        assert_eq!(selected("metadata.name=b"), Ok(false));
        assert_eq!(selected("spec.hostNetwork=false,status.podIP="), Ok(true));
        let expected = "Error from server (BadRequest): Unable to find \"/v1, Resource=pods\" that match label selector \
                        \"\", field selector \"x=1,metadata.name!=b\": field label not supported: x";
        assert_eq!(selected("x==1,metadata.name!=b"), Err(Complaint::Whole(expected.to_owned())));
        assert!(parse(Some("x")).is_err());
    }
}
