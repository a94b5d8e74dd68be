//! Exports from the window: what is on offer, and the job that makes it.

use std::sync::Arc;

use super::{Core, Done};
use crate::app::frame::{DeliverableView, DeliveredFileView, ExportRequest, ExportResult};
use crate::deliver::{self, DeliverError, Deliverable, DeliveryContext, Written};
use crate::jobs::Priority;
use crate::jobs::export::{Delivery, ExportError, Request, export};
use crate::media::SourceError;
use crate::model::{Extra, Order, Session, Timeline};

/// What could be made of the session now, judged anew when the session changes.
#[derive(Default)]
pub(super) struct Offers {
    of: Option<Arc<Session>>,
    views: Arc<Vec<DeliverableView>>,
}

impl Offers {
    pub(super) fn refresh(&mut self, session: &Arc<Session>, timeline: &Arc<Timeline>) {
        if self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, session)) {
            return;
        }
        self.of = Some(Arc::clone(session));
        let mut base = DeliveryContext::new(Arc::clone(session), now());
        base.timeline = Arc::clone(timeline);
        self.views = Arc::new(deliver::deliverables().iter().map(|d| offer(*d, &base)).collect());
    }

    pub(super) fn views(&self) -> Arc<Vec<DeliverableView>> {
        Arc::clone(&self.views)
    }
}

fn now() -> jiff::civil::DateTime {
    jiff::Zoned::now().datetime()
}

fn offer(deliverable: &'static dyn Deliverable, base: &DeliveryContext) -> DeliverableView {
    let mut view = DeliverableView {
        id: deliverable.id().to_owned(),
        name: deliverable.name().to_owned(),
        about: deliverable.about().to_owned(),
        findings: Vec::new(),
        files: Vec::new(),
        settings: deliverable.settings(),
    };
    if base.session.songs.is_empty() {
        return view;
    }
    if let Ok(context) = base.ordered(deliverable, &Extra::new()) {
        view.findings = deliverable.check(&context);
        let files = deliverable.files(&context).unwrap_or_default();
        view.files = files.iter().map(|f| f.to_string_lossy().into_owned()).collect();
    }
    view
}

/// The orders of a request.
fn orders_of(request: &ExportRequest) -> Vec<Order> {
    let order = |id: &String| Order {
        id: id.clone(),
        settings: request.settings.get(id).cloned().unwrap_or_default(),
    };
    request.deliverables.iter().map(order).collect()
}

impl Core {
    pub(super) fn export(&mut self, request: ExportRequest) {
        let session = Arc::clone(self.document.session());
        let library = Arc::clone(self.sources.library());
        self.jobs.spawn(&format!("Export {}", request.title), Priority::Asked, move |cx| {
            let order = Request {
                orders: orders_of(&request),
                force: request.overwrite,
                written_at: now(),
                threads: crate::jobs::parallel::thread_count(None),
            };
            let delivered = export(&session, &library, &order, &request.out, cx);
            Done::Exported(Box::new(result_of(request, delivered)))
        });
    }

    pub(super) fn exported(&mut self, result: ExportResult) {
        if result.cancelled {
            self.log.info(format!("{}: cancelled; no file was left half-written", result.title));
            return;
        }
        match &result.error {
            None => self.log.info(format!(
                "{}: {} files in {}",
                result.title,
                result.files.len(),
                result.out.display()
            )),
            Some(error) => self.log.error(format!("{}: {error}", result.title)),
        }
        self.result = Some(Arc::new(result));
    }
}

fn result_of(request: ExportRequest, delivered: Result<Delivery, ExportError>) -> ExportResult {
    let mut result = ExportResult {
        title: request.title,
        out: request.out,
        files: Vec::new(),
        findings: Vec::new(),
        error: None,
        cancelled: delivered.as_ref().is_err_and(is_cancelled),
    };
    match delivered {
        Ok(delivery) => {
            result.files = delivery.files.iter().map(|f| file_view(f, &result.out)).collect();
            result.findings = delivery.findings;
        }
        Err(error) => {
            result.error = Some(error.to_string());
            if let ExportError::Refused(findings) = error {
                result.findings = findings;
            }
        }
    }
    result
}

/// Stopped by hand, wherever it was at.
fn is_cancelled(error: &ExportError) -> bool {
    matches!(
        error,
        ExportError::Cancelled
            | ExportError::Source(SourceError::Cancelled)
            | ExportError::Deliver(DeliverError::Cancelled)
    )
}

fn file_view(file: &Written, out: &std::path::Path) -> DeliveredFileView {
    let path = file.path.strip_prefix(out).unwrap_or(&file.path).to_string_lossy().into_owned();
    let measured = file.measurements.as_ref();
    let null = match (file.bit_exact, file.null_db) {
        (true, _) => Some("bit exact".to_owned()),
        (false, Some(db)) => Some(format!("null {db:.1} dB").replace('-', "−")),
        (false, None) => None,
    };
    DeliveredFileView {
        path,
        bytes: file.bytes,
        sha256: file.sha256.clone(),
        integrated_lufs: measured.and_then(|m| m.integrated_lufs),
        true_peak_dbtp: measured.and_then(|m| m.true_peak_dbtp),
        duration_s: (file.frames > 0).then(|| file.frames as f64 / f64::from(file.sample_rate_hz.max(1))),
        null,
    }
}
