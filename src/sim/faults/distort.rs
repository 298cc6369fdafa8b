//! Answers that were right and are distorted on their way: bodies, links, and what the connection
//! does.

use crate::sim::faults::fault::Fault;
use crate::sim::faults::fault::Kind;
use crate::sim::gzip;
use crate::sim::request::Request;
use crate::sim::request::Response;
use crate::sim::wire::Wire;

/// Bytes of a head that ends in a header's name.
const IN_HEAD: usize = 40;
/// A page that is larger than clients bear with.
const HUGE: usize = 96 << 20;
/// Deeper than any parser follows.
const DEEP: usize = 100_000;

/// What the connection does under a fault.
pub fn wire(fault: &Fault) -> Wire {
    match fault.kind {
        Kind::CutBefore => Wire::CutAt(0),
        Kind::CutInHead => Wire::CutAt(IN_HEAD),
        Kind::CutInBody => Wire::CutInBody,
        Kind::CutAfter => Wire::CutAfter,
        Kind::NeverEnds => Wire::Stalls,
        Kind::Drip => Wire::Drips(milliseconds(fault.seconds)),
        Kind::LongLength => Wire::LongLength,
        Kind::ShortLength => Wire::ShortLength,
        _ => Wire::Whole,
    }
}

/// Milliseconds for which the answer is held back.
pub fn delay(fault: &Fault) -> u64 {
    if fault.kind == Kind::Drip {
        0
    } else {
        milliseconds(fault.seconds)
    }
}

fn milliseconds(seconds: f64) -> u64 {
    let time = std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default();
    u64::try_from(time.as_millis()).unwrap_or_default()
}

/// The answer as it looks after a fault; `turn` distinguishes links that lead to the same page.
pub fn apply(
    fault: &Fault,
    request: &Request,
    host: &str,
    turn: u64,
    response: Response,
) -> Response {
    if response.status != 200 {
        return response;
    }
    let own = format!("http://{host}{}?{}", request.path, request.query);
    let again = || format!("{}&turn={turn}", without_turn(&own));
    let is_last = find_link(&response.body).is_none_or(|(_, is_delta, _)| is_delta);
    match fault.kind {
        Kind::SelfLink => linked(response, "next", &own),
        Kind::Endless if is_last && response.items > 0 => linked(response, "next", &again()),
        Kind::OnlyDuplicates if response.items > 0 => linked(response, "next", &again()),
        Kind::ForeignLink => {
            let found = find_link(&response.body);
            let name = if matches!(found, Some((_, true, _))) {
                "delta"
            } else {
                "next"
            };
            let link = found.map_or(own, |(_, _, link)| link);
            let rest = link.split_once("/v1.0").map_or("", |(_, rest)| rest);
            let to = fault.to.as_deref().unwrap_or("https://elsewhere.example");
            linked(response, name, &format!("{to}/v1.0{rest}"))
        }
        _ => distorted_body(fault, response),
    }
}

fn distorted_body(fault: &Fault, mut response: Response) -> Response {
    let body = &mut response.body;
    match fault.kind {
        Kind::BadGzip => {
            let mut packed = gzip::gzipped(body).unwrap_or_default();
            let middle = packed.len() / 2;
            packed.truncate(middle);
            *body = packed;
            return response.with("content-encoding", "gzip".to_owned());
        }
        Kind::GzipBomb => {
            blow_up(body, fault);
            *body = gzip::gzipped(body).unwrap_or_default();
            return response.with("content-encoding", "gzip".to_owned());
        }
        Kind::HugePage => {
            blow_up(body, fault);
            // It is not packed on its way.
            return response.with("content-encoding", "identity".to_owned());
        }
        Kind::BadJson => body.truncate(body.len() / 2),
        Kind::BadUtf8 => with_note(body, b"\"\xff\""),
        Kind::DeepJson => {
            let depth = fault.bytes.unwrap_or(DEEP);
            let note = [vec![b'['; depth], vec![b']'; depth]].concat();
            in_first_item(body, b"\"@sim.note\":", &note);
            with_note(body, &note);
        }
        Kind::HugeSubject => {
            let text = [&b"\""[..], &vec![b'x'; fault.bytes.unwrap_or(HUGE)], b"\""].concat();
            in_first_item(body, b"\"subject\":", &text);
        }
        _ => {}
    }
    response
}

/// Puts blanks behind a body.
fn blow_up(body: &mut Vec<u8>, fault: &Fault) {
    let size = fault.bytes.unwrap_or(HUGE).max(body.len());
    body.resize(size, b' ');
}

/// Puts a member before the members of the first item; of two with one name readers take either.
fn in_first_item(body: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    let start = b"\"value\":[{";
    let found = body
        .windows(start.len())
        .position(|window| window == start)
        .map(|at| at + start.len());
    if let Some(at) = found {
        let member = [name, value, b","].concat();
        body.splice(at..at, member);
    }
}

/// Adds an unknown member to an object.
fn with_note(body: &mut Vec<u8>, value: &[u8]) {
    if body.last() == Some(&b'}') {
        body.pop();
        body.extend([&b",\"@sim.note\":"[..], value, b"}"].concat());
    }
}

/// Where the link of a page begins, whether it is a deltaLink, and the link.
fn find_link(body: &[u8]) -> Option<(usize, bool, String)> {
    let text = std::str::from_utf8(body).ok()?;
    let at = text.rfind(",\"@odata.")?;
    let rest = text.get(at..)?.strip_suffix('}')?;
    let is_delta = rest.starts_with(",\"@odata.deltaLink\":");
    let (_, link) = rest.split_once("Link\":")?;
    let is_link = is_delta || rest.starts_with(",\"@odata.nextLink\":");
    let link = serde_json::from_str(link).ok()?;
    is_link.then_some((at, is_delta, link))
}

/// The page with another link; a page without one gets it.
fn linked(mut response: Response, name: &str, link: &str) -> Response {
    let end = find_link(&response.body).map_or(response.body.len() - 1, |(at, _, _)| at);
    response.body.truncate(end);
    let link = serde_json::json!(link).to_string();
    response
        .body
        .extend(format!(",\"@odata.{name}Link\":{link}}}").into_bytes());
    response
}

fn without_turn(url: &str) -> &str {
    url.split_once("&turn=").map_or(url, |(before, _)| before)
}
