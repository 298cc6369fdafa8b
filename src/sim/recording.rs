//! Every request and its answer as JSON lines in a file, for an independent reader to hold against
//! Microsoft's description. It holds no token and no secret.

use std::fs::File;
use std::io;
use std::io::BufWriter;
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::sim::request::Request;
use crate::sim::request::Response;
use crate::sim::request::pairs;

/// Headers of a request that say something about it.
const HEADERS: [&str; 5] = [
    "accept-encoding",
    "client-request-id",
    "consistencylevel",
    "content-type",
    "prefer",
];
/// Fields of a sign-in that are no secret.
const SIGN_IN: [&str; 3] = ["client_id", "grant_type", "scope"];

/// A file that is written to.
#[derive(Debug)]
pub struct Recording(Mutex<BufWriter<File>>);

impl Recording {
    /// Begins a new file.
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self(Mutex::new(BufWriter::new(File::create(path)?))))
    }

    /// Adds a request and its answer, which `fault` has met; the line is in the file when this
    /// returns.
    pub fn add(
        &self,
        request: &Request,
        response: &Response,
        fault: Option<usize>,
    ) -> io::Result<()> {
        let is_sign_in = request.path.ends_with("/oauth2/v2.0/token");
        let asked = if is_sign_in {
            let fields = pairs(&String::from_utf8_lossy(&request.body));
            let open = fields
                .into_iter()
                .filter(|(name, _)| SIGN_IN.contains(&name.as_str()));
            let open = open.map(|(name, value)| (name, json!(value)));
            Value::Object(open.collect())
        } else {
            serde_json::from_slice(&request.body).unwrap_or_default()
        };
        let given = (!is_sign_in).then(|| String::from_utf8_lossy(&response.body));
        let known = |name: &str| HEADERS.contains(&name);
        let headers: Map<String, Value> = request
            .headers
            .iter()
            .filter(|(name, _)| known(name))
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        let answered: Map<String, Value> = response
            .headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        let line = json!({
            "method": request.method, "path": request.path, "query": request.query,
            "headers": headers, "body": asked, "status": response.status,
            "response_headers": answered, "response": given, "fault": fault,
        });
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        serde_json::to_writer(&mut *file, &line)?;
        writeln!(file)?;
        file.flush()
    }
}
