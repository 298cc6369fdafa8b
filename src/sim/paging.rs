//! Pages of plain lists: where they begin and end, the link to the next, and the count of all.

use serde_json::Value;
use serde_json::json;

use crate::sim::request::Request;
use crate::sim::request::Response;
use crate::sim::request::pairs;
use crate::sim::spec::Switches;

/// Default and largest page of Outlook's lists (facts 1.3).
const OUTLOOK: (usize, usize) = (10, 1000);
/// Default and largest page of directory lists (facts 3.1).
const DIRECTORY: (usize, usize) = (100, 999);

/// A page of a list of items that are walked over one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The first item.
    pub begin: usize,
    /// The one behind the last.
    pub end: usize,
    /// Items of the list.
    pub count: usize,
}

impl Page {
    /// The page of a list of a mailbox that a request asks for, by `$skip` and `$top`.
    pub fn of_mailbox(request: &Request, count: usize) -> Result<Self, Response> {
        let top = request.number("$top").unwrap_or(OUTLOOK.0);
        if top == 0 || top > OUTLOOK.1 {
            return Err(Response::error(
                400,
                "ErrorInvalidUrlQueryOption",
                "The value for the $top query option is not valid. It must be from 1 to 1000.",
            ));
        }
        let begin = request.number("$skip").unwrap_or(0).min(count);
        let end = (begin + top).min(count);
        Ok(Self { begin, end, count })
    }

    /// The page of a list of the directory, by `$skiptoken` and `$top`.
    pub fn of_directory(request: &Request, count: usize) -> Result<Self, Response> {
        let top = request.number("$top").unwrap_or(DIRECTORY.0);
        if top == 0 || top > DIRECTORY.1 {
            return Err(Response::error(
                400,
                "Request_BadRequest",
                "Invalid page size specified. Must be between 1 and 999 inclusive.",
            ));
        }
        let begin = request.number("$skiptoken").unwrap_or(0).min(count);
        let end = (begin + top).min(count);
        Ok(Self { begin, end, count })
    }

    /// The link to the next page, if there is one: the same options, and where to go on. Those of
    /// mailboxes count what was walked over (facts 1.9).
    pub fn next(self, request: &Request, host: &str, option: &str) -> Option<String> {
        (self.end < self.count).then(|| link(request, host, option, self.end))
    }

    /// Adds link and count to the page of a mailbox's list.
    pub fn annotate(self, body: &mut Value, request: &Request, host: &str) {
        if request.option("$count").as_deref() == Some("true") {
            body["@odata.count"] = json!(self.count);
        }
        if let Some(link) = self.next(request, host, "$skip") {
            body["@odata.nextLink"] = json!(link);
        }
    }
}

/// A link with the same options, and where to go on.
pub fn link(request: &Request, host: &str, option: &str, place: usize) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs(&request.query) {
        if !name.eq_ignore_ascii_case(option) {
            query.append_pair(&name, &value);
        }
    }
    query.append_pair(option, &place.to_string());
    format!("http://{host}{}?{}", request.path, query.finish())
}

/// The 504 of a list whose page is too large, or too deep (facts 1.7, 13).
pub fn too_long(switches: &Switches, request: &Request) -> Option<Response> {
    let top = request.number("$top").unwrap_or(OUTLOOK.0);
    let skip = request.number("$skip").unwrap_or(0);
    (top > switches.list_top_max || skip > switches.list_skip_max).then(timeout)
}

/// What the gateway says where Outlook takes too long.
pub fn timeout() -> Response {
    Response::error(504, "UnknownError", "")
}

/// A page of a plain list.
pub struct Listed<T> {
    /// The response.
    pub response: Response,
    /// What is on it.
    pub items: Vec<T>,
}

impl<T> From<Response> for Listed<T> {
    fn from(response: Response) -> Self {
        Self {
            response,
            items: Vec::new(),
        }
    }
}
