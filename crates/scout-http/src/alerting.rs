//! Alerts and rules as they are served: rendered when they change.

use scout_core::alerting::{AlertsView, RulesView};

use crate::encoding::Compressor;
use crate::json;
use crate::view::View;

/// The rendered state of alerting.
#[derive(Debug)]
pub(crate) struct AlertingPage {
    pub(crate) alerts: View,
    pub(crate) rules: View,
}

impl AlertingPage {
    pub(crate) fn new(alerts: &AlertsView, rules: &RulesView, compressor: &Compressor) -> Self {
        Self {
            alerts: View::new(json::line(alerts), compressor),
            rules: View::new(json::line(rules), compressor),
        }
    }

    /// Where nothing is judged.
    pub(crate) fn none(compressor: &Compressor) -> Self {
        Self::new(&AlertsView::none(), &RulesView::none(), compressor)
    }
}
