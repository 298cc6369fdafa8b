//! A request and a response as the pure core sees them, without sockets.

use percent_encoding::percent_decode_str;

/// One HTTP request.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `GET` or `POST`.
    pub method: String,
    /// The path as it came, still percent-encoded.
    pub path: String,
    /// The query as it came.
    pub query: String,
    /// Header names in lower case, repeated headers joined by commas.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// A header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header == name);
        found.map(|(_, value)| value.as_str())
    }

    /// An option of the query, decoded; names are compared without case.
    pub fn option(&self, name: &str) -> Option<String> {
        pairs(&self.query)
            .into_iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// A number among the options.
    pub fn number(&self, name: &str) -> Option<usize> {
        self.option(name)?.parse().ok()
    }

    /// The names of `$select` in lower case; `None` where nothing is selected.
    pub fn select(&self) -> Option<Vec<String>> {
        let text = self.option("$select")?;
        let names = text.split(',').map(|name| name.trim().to_lowercase());
        Some(names.filter(|name| !name.is_empty()).collect())
    }

    /// The path in pieces, without the version. Keys in `name('key')` form become pieces of
    /// their own, and the three spellings of `delta` one (facts 1.1).
    pub fn pieces(&self) -> Vec<String> {
        let mut pieces = Vec::new();
        for raw in self.path.split('/').filter(|piece| !piece.is_empty()) {
            let piece = percent_decode_str(raw).decode_utf8_lossy().into_owned();
            let key = piece
                .strip_suffix("')")
                .and_then(|rest| rest.split_once("('"));
            if let Some((name, key)) = key {
                pieces.push(name.to_owned());
                // An apostrophe inside a key is written twice.
                pieces.push(key.replace("''", "'"));
            } else if matches!(
                piece.as_str(),
                "microsoft.graph.delta" | "delta()" | "microsoft.graph.delta()"
            ) {
                pieces.push("delta".to_owned());
            } else {
                pieces.push(piece);
            }
        }
        pieces
    }

    /// What `Prefer` says: page size and whether ids shall be immutable (facts 1.3).
    pub fn prefer(&self) -> Prefer {
        let mut prefer = Prefer::default();
        for part in self.header("prefer").unwrap_or_default().split([',', ';']) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim().trim_matches('"');
            match name.trim().to_lowercase().as_str() {
                "odata.maxpagesize" => prefer.page = value.parse().ok(),
                "idtype" => prefer.immutable = value.eq_ignore_ascii_case("ImmutableId"),
                _ => {}
            }
        }
        prefer
    }
}

/// The preferences that matter here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Prefer {
    /// `odata.maxpagesize`.
    pub page: Option<usize>,
    /// `IdType="ImmutableId"`.
    pub immutable: bool,
}

/// The pairs of a query or form, decoded.
pub fn pairs(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes())
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

/// One HTTP response.
#[derive(Debug, Clone, Default)]
pub struct Response {
    /// Status.
    pub status: u16,
    /// Headers besides those of the connection.
    pub headers: Vec<(&'static str, String)>,
    /// The body, uncompressed.
    pub body: Vec<u8>,
    /// Entries of `value[]`.
    pub items: usize,
}

impl Response {
    /// 200 with JSON.
    pub fn json(body: String, items: usize) -> Self {
        Self {
            status: 200,
            headers: vec![("content-type", JSON.to_owned())],
            body: body.into_bytes(),
            items,
        }
    }

    /// An error in Graph's shape (facts 6.1). Outlook leaves `innerError` out.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let body = serde_json::json!({"error": {"code": code, "message": message}});
        Self {
            status,
            headers: vec![("content-type", JSON.to_owned())],
            body: body.to_string().into_bytes(),
            items: 0,
        }
    }

    /// The same with a further header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

const JSON: &str = "application/json; odata.metadata=minimal; odata.streaming=true; charset=utf-8";
