//! `glassmaster devices`: audio hosts and devices with rates, formats, buffer sizes.

use super::args::JsonOnly;
use super::output::CliError;

#[cfg(not(feature = "device"))]
pub fn run(_args: &JsonOnly) -> Result<u8, CliError> {
    Err(CliError::usage("built without audio devices; build with the feature `device`"))
}

#[cfg(feature = "device")]
pub fn run(args: &JsonOnly) -> Result<u8, CliError> {
    use serde_json::json;

    use super::output::{print, print_json};
    use crate::engine::device::{DeviceInfo, list};

    let hosts = list();
    if args.json {
        let device = |d: &DeviceInfo| {
            json!({
                "id": d.id, "name": d.name, "rates_hz": d.rates_hz, "formats": d.formats, "channels": d.channels,
                "buffer_frames": d.buffer_frames.map(|(min, max)| [min, max]), "default": d.is_default,
            })
        };
        let hosts: Vec<_> = hosts
            .iter()
            .map(|h| {
                let devices: Vec<_> = h.devices.iter().map(device).collect();
                json!({ "name": h.name, "mixes": h.mixes, "error": h.error, "devices": devices })
            })
            .collect();
        print_json(&json!({ "hosts": hosts }))?;
        return Ok(0);
    }
    let mut text = String::new();
    for host in &hosts {
        let note = if host.mixes { " (a sound server: it mixes and may convert)" } else { "" };
        text.push_str(&format!("{}{note}\n", host.name));
        if let Some(error) = &host.error {
            text.push_str(&format!("  {error}\n"));
        }
        for d in &host.devices {
            let rates: Vec<String> = d.rates_hz.iter().map(u32::to_string).collect();
            let mark = if d.is_default { " (default)" } else { "" };
            text.push_str(&format!(
                "  {}{mark}\n    {}\n    {} Hz; {}\n",
                d.id,
                d.name,
                rates.join(", "),
                d.formats.join(", ")
            ));
        }
    }
    if hosts.is_empty() {
        text.push_str("no audio host; `glassmaster play SESSION --device null` plays without sound\n");
    }
    print(&text)?;
    Ok(0)
}
