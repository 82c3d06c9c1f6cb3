//! `pod generate kube`: a pod made by hand as a manifest.

use clap::Args;
use manifest::kind::Resource;
use registry::{Name, Registry};

use crate::answer::{Answer, Complaint};
use crate::error::Error;
use crate::generate::{Workload, manifest};
use crate::images;
use crate::instance;
use crate::output::{Made, Shape};
use crate::record::{PodRecord, WorkloadRecord};

/// Show a pod that was made by hand as the manifest of one like it.
///
/// `pod delete POD` and `pod apply -f` of what is shown give such a pod, here or in a cluster that has its images.
/// Containers of images are shown, with what was typed and what the image had said; what a manifest cannot say is told.
#[derive(Args, Debug)]
pub struct Kube {
    /// The pod's name
    pub pod: Name,

    #[command(flatten)]
    shape: Shape,
}

impl Kube {
    /// What it comes to.
    ///
    /// # Errors
    /// There is no such pod, or what is known of it or of images cannot be read.
    pub fn run(&self, registry: &Registry) -> Result<Answer, Error> {
        let printer = match self.shape.printer_or_yaml() {
            Ok(printer) => printer,
            Err(complaint) => return Ok(complaint.into()),
        };
        let found = registry.pod(&self.pod)?;
        let directory = found.directory();
        let record: PodRecord = directory.pod()?;
        if let Some((namespace, name)) = record.plan.key() {
            let pods = Resource::find("pods").map_or("pods", |pods| pods.plural);
            let shows = format!("pod get {pods} {name} -n {namespace} -o yaml");
            return Ok(Complaint::Plain(format!("pod {} is of a manifest: {shows} shows it", self.pod)).into());
        }
        let mut workloads = Vec::new();
        for name in directory.workload_names()? {
            let Some(WorkloadRecord { plan, .. }) = directory.spec(&name)? else { continue };
            let image = plan.container.as_ref().map(image_of).transpose()?.flatten();
            workloads.push(Workload { plan, image });
        }
        let generated = match manifest(&record.plan, directory.path(), &workloads) {
            Ok(generated) => generated,
            Err(why) => return Ok(Complaint::Plain(why).into()),
        };
        Ok(match printer.text(Made { value: generated.value, done: "generated".to_owned() }) {
            Ok(text) => Answer { text, warnings: generated.told, ..Answer::default() },
            Err(complaint) => complaint.into(),
        })
    }
}

/// What the image is called that a container stands on; `None` where it has no name, or is none.
fn image_of(container: &container::ContainerPlan) -> Result<Option<String>, Error> {
    let Some(place) = instance::own(container) else { return Ok(None) };
    let store = place.ancestors().nth(2).map(images::look).transpose().map_err(image::ImageError::from)?.flatten();
    let Some(store) = store else { return Ok(None) };
    let instances = store.instances().map_err(image::ImageError::from)?;
    let Some(pin) = instances.into_iter().find(|instance| instance.path == place).and_then(|instance| instance.pin)
    else {
        return Ok(None);
    };
    // What of others cannot be understood is none of its.
    let (known, _of_others) = store.known()?;
    Ok(known.into_iter().find(|one| one.image.id == pin.image && one.name.is_some()).map(|one| one.recorded))
}
