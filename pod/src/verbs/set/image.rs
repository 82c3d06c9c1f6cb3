//! `set image`: containers given other images.

use clap::Args;
use manifest::edit::set_image;
use manifest::kind::Object;

use super::super::{NO_RESOURCES, pairs};
use super::{BY_FILENAME, Target, Words};
use crate::answer::{Answer, Complaint};

#[derive(Args, Debug)]
pub(super) struct Image {
    /// A kind and names, pod web or pod/web; and a container, or * for each, and its image
    #[arg(value_name = "KIND NAME… CONTAINER=IMAGE")]
    words: Vec<String>,

    #[command(flatten)]
    target: Target,
}

const WORDS: Words =
    Words { done: "image updated", failed: "failed to patch image update to pod template: ", always: false };

impl Image {
    pub(super) fn answer(&self) -> Result<Answer, Complaint> {
        let mut answer = Answer::default();
        let (names, words) = pairs::split(&self.words, "image")?;
        let strategy = self.target.strategy(&mut answer)?;
        if self.target.local && !names.is_empty() {
            return Err(Complaint::plain(BY_FILENAME));
        }
        if names.is_empty() && self.target.files.is_empty() {
            return Err(Complaint::plain(NO_RESOURCES));
        }
        let images = images(&words)?;
        self.target.change(answer, strategy, &names, &WORDS, |object, _| change(object, &images))
    }
}

fn images(words: &[&str]) -> Result<Vec<(String, String)>, Complaint> {
    if words.is_empty() {
        return Err(Complaint::plain("at least one image update is required"));
    }
    let mut images: Vec<(String, String)> = Vec::new();
    for word in words {
        let Some((name, image)) = word.split_once('=') else {
            return Err(Complaint::Plain(format!("invalid image format: {word}")));
        };
        images.retain(|(other, _)| other != name);
        images.push((name.to_owned(), image.to_owned()));
    }
    Ok(images)
}

fn change(object: &mut Object, images: &[(String, String)]) -> Result<(), Vec<String>> {
    let mut value = object.to_value();
    let mut troubles = Vec::new();
    for image in images {
        troubles.extend(set_image(&mut value, std::slice::from_ref(image)).err().map(|error| error.to_string()));
    }
    if !troubles.is_empty() {
        return Err(troubles);
    }
    *object = Object::from_value(object.kind(), value).map_err(|error| vec![error.to_string()])?;
    Ok(())
}
