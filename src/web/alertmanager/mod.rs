//! Alertmanager's interface, for those who speak it: Prometheus, `amtool`, dashboards.
//!
//! | path | what |
//! |---|---|
//! | `POST /api/v2/alerts` | alerts as Prometheus posts them |
//! | `POST /api/v1/webhook/alertmanager`, `…/grafana` | what those two post to a webhook |
//! | `GET /api/v2/alerts`, `…/alerts/groups` | open alarms, whoever sent them |
//! | `GET`, `POST /api/v2/silences`, `GET`, `DELETE /api/v2/silence/{id}` | silences |
//! | `GET /api/v2/status`, `…/receivers` | who we say we are |
//!
//! Facts: `api/v2/openapi.yaml`, `api/v2/api.go` and `cli/` of prometheus/alertmanager 0.25.
//!
//! | file | role |
//! |---|---|
//! | `clients` | what this needs of the daemon: codecs and the mapping of labels |
//! | `routes` | paths, and answers that are no alert's |
//! | `intake` | what is posted, to records |
//! | `alerts`, `shown` | open alarms as alerts |
//! | `silences`, `silence_id` | silences as Alertmanager shows and takes them |
//! | `matcher` | one matcher: read, printed, held against labels |
//! | `translate` | matchers to a filter, and a filter to matchers |
//! | `status` | version, config, receivers |

mod alerts;
mod clients;
mod intake;
mod matcher;
mod routes;
mod shown;
mod silence_id;
mod silences;
mod status;
mod translate;

pub use clients::{Clients, Dialect};
pub(super) use routes::routes;
