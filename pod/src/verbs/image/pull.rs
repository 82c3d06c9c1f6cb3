//! `pod image pull`: an image from a registry into the store.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use image::Platform;
use image::reference::Typed;
use image::remote::{Login, Patience, Pulled, Remote, Settings, Verify, Watch};

use crate::error::Error;
use crate::images;

/// Fetch an image from a registry
///
/// Mirrors, short names and insecure registries are those of registries.conf, logins those of docker
/// and podman, certificates those of certs.d. A registry on this machine need not speak TLS. What
/// came of a layer before a download broke is not fetched again.
#[derive(Debug, Args)]
pub struct Pull {
    /// The image, by its path, with HOST:PORT/ before and :TAG or @DIGEST behind as docker has them
    #[arg(value_name = "IMAGE")]
    pub name: Typed,

    /// For which platform [default: this machine's]
    #[arg(long, value_name = "OS/ARCHITECTURE[/VARIANT]")]
    pub platform: Option<Platform>,

    /// Print only the image's whole name
    #[arg(short, long)]
    pub quiet: bool,

    /// Who to be to the registry, whatever the auth files say
    #[arg(long, value_name = "NAME:PASSWORD", value_parser = login, hide_env_values = true)]
    creds: Option<Login>,

    /// The auth file to use instead of the usual ones
    #[arg(long, value_name = "FILE")]
    authfile: Option<PathBuf>,

    /// Whether a registry has to prove who it is; unless said, all but those on this machine and those
    /// that registries.conf calls insecure have to
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    tls_verify: Option<bool>,

    /// How often to try again what may go well the next time
    #[arg(long, value_name = "TIMES", default_value_t = Patience::default().retries)]
    retry: u32,

    /// How long to wait before that, at first; then twice as long each time
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, default_value = "1s")]
    retry_delay: Duration,

    /// How long a registry may say nothing
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, default_value = "30s")]
    timeout: Duration,
}

fn login(text: &str) -> Result<Login, &'static str> {
    if text.contains(':') { Ok(Login::typed(text)) } else { Err("it is a name, a colon and a password") }
}

impl Pull {
    /// Fetches the image; what happens meanwhile is told.
    ///
    /// # Errors
    /// When there is no such image, it does not come whole, or cannot be kept. Nothing has its name then.
    pub fn run(&self, watch: &Watch<'_>) -> Result<Pulled, Error> {
        let settings = Settings::of_this_user(self.authfile.clone()).map_err(image::remote::RemoteError::from)?;
        let verify = match self.tls_verify {
            None => Verify::Configured,
            Some(true) => Verify::Always,
            Some(false) => Verify::Never,
        };
        // No time at all would be no connection.
        let silence = self.timeout.max(Duration::from_millis(1));
        let patience = Patience { silence, retries: self.retry, pause: self.retry_delay };
        let store = images::open()?;
        let wanted = self.platform.clone().unwrap_or_else(Platform::here);
        Ok(Remote::new(settings, verify, patience, self.creds.clone()).pull(&store, &self.name, &wanted, watch)?)
    }
}
