//! Which address is answered by what.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Extension;
use axum::Router;
use axum::extract::ConnectInfo;
use axum::extract::FromRequestParts;
use axum::extract::Path;
use axum::extract::Request;
use axum::extract::State;
use axum::extract::rejection::ExtensionRejection;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::http::request::Parts;
use axum::middleware;
use axum::middleware::Next;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use maud::Markup;
use serde_json::Value;

use crate::index::query::WithFacets;
use crate::insight::answer::Named;
use crate::insight::lookup::What;
use crate::model::opened::Opened;
use crate::serve::access_log::Access;
use crate::serve::answers::About;
use crate::serve::answers::Asking;
use crate::serve::answers::Found;
use crate::serve::api;
use crate::serve::coverage;
use crate::serve::coverage::Coverage;
use crate::serve::failure::Failure;
use crate::serve::guard;
use crate::serve::pages;
use crate::serve::parameters;
use crate::serve::parameters::List;
use crate::serve::parameters::Search;
use crate::serve::server::Client;
use crate::serve::server::Server;

const CSS: &str = include_str!("pages/style.css");
const OPENAPI: &str = include_str!("openapi.json");

/// All addresses.
pub(super) fn router(server: Arc<Server>) -> Router {
    Router::new()
        .route("/", get(search_page))
        .route("/search", get(search_page))
        .route("/find", get(find))
        .route("/interaction/{id}", get(interaction_page))
        .route(
            "/contact/{id}",
            get(|id, asked| about_page(What::Contact, id, asked)),
        )
        .route(
            "/account/{id}",
            get(|id, asked| about_page(What::Account, id, asked)),
        )
        .route(
            "/colleague/{id}",
            get(|id, asked| about_page(What::Colleague, id, asked)),
        )
        .route("/coverage", get(coverage_page))
        .route(
            "/style.css",
            get(|| async { text("text/css; charset=utf-8", CSS) }),
        )
        .route("/api/v1/search", get(search_json))
        .route("/api/v1/interactions/{id}", get(interaction_json))
        .route(
            "/api/v1/contacts/{id}",
            get(|id, asked| about_json(What::Contact, id, asked)),
        )
        .route(
            "/api/v1/accounts/{id}",
            get(|id, asked| about_json(What::Account, id, asked)),
        )
        .route(
            "/api/v1/colleagues/{id}",
            get(|id, asked| about_json(What::Colleague, id, asked)),
        )
        .route("/api/v1/coverage", get(coverage_json))
        .route(
            "/api/v1/openapi.json",
            get(|| async { text("application/json", OPENAPI) }),
        )
        .fallback(unknown)
        .layer(middleware::from_fn_with_state(Arc::clone(&server), guarded))
        .with_state(server)
}

/// Refuses what is not served, finds out who reads, and adds the headers of every answer.
async fn guarded(
    State(server): State<Arc<Server>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let refusal = guard::refusal(request.method(), request.headers(), &server.hosts);
    let medium = Medium::of(request.uri().path());
    let mut response = if let Some((status, why)) = refusal {
        medium.refused(status, why)
    } else if let Some(reader) = server.readers.of(request.headers(), peer.ip()) {
        let peer = peer.ip();
        request.extensions_mut().insert(Client { reader, peer });
        next.run(request).await
    } else {
        server.note_refused(peer.ip()).await;
        unauthorized(&server, medium)
    };
    response.headers_mut().extend(guard::HEADERS);
    response
}

fn unauthorized(server: &Server, medium: Medium) -> Response {
    let why = "sign in: show an access token, or come through the proxy that signs readers in";
    let mut response = medium.refused(StatusCode::UNAUTHORIZED, why);
    if server.readers.take_tokens() {
        // A browser asks for a name, which does not matter, and for the token.
        let challenge = HeaderValue::from_static("Basic realm=\"touchpoint\", charset=\"UTF-8\"");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Medium {
    /// For people.
    Page,
    /// For programs.
    Json,
}

impl Medium {
    /// That of a path.
    fn of(path: &str) -> Self {
        if path.starts_with("/api/") {
            Self::Json
        } else {
            Self::Page
        }
    }

    /// Before it is known who reads: a page would show more than the reason.
    fn refused(self, status: StatusCode, why: &str) -> Response {
        match self {
            Self::Page => (status, format!("{why}\n")).into_response(),
            Self::Json => json(status, &api::error(status, why)),
        }
    }

    fn failed(self, failure: &Failure) -> Response {
        match self {
            Self::Page => {
                let page = pages::failure::page(failure).into_string();
                html(failure.status(), page)
            }
            Self::Json => json(failure.status(), &api::failure(failure)),
        }
    }
}

fn json(status: StatusCode, value: &Value) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (status, kind, value.to_string()).into_response()
}

/// The id in a path.
struct Id(String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let medium = Medium::of(parts.uri.path());
        let id = Path::<String>::from_request_parts(parts, state).await;
        id.map(|Path(id)| Self(id)).map_err(|_| {
            let why = "the id in the path is not UTF-8; encode it as %XX";
            medium.failed(&Failure::BadRequest(why.to_owned()))
        })
    }
}

fn text(kind: &'static str, body: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}

/// A request that passed; one of which it is unknown who sent it has not.
struct Asked {
    server: Arc<Server>,
    client: Client,
    query: String,
}

impl FromRequestParts<Arc<Server>> for Asked {
    type Rejection = ExtensionRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        server: &Arc<Server>,
    ) -> Result<Self, Self::Rejection> {
        let Extension(client) = Extension::from_request_parts(parts, server).await?;
        Ok(Self {
            server: Arc::clone(server),
            client,
            query: parts.uri.query().unwrap_or_default().to_owned(),
        })
    }
}

impl Asked {
    /// Answers with a page.
    async fn page(
        self,
        work: impl FnOnce(&Asking<'_>, &str) -> Result<(Markup, Access), Failure> + Send + 'static,
    ) -> Response {
        let query = self.query;
        let answering = self.server.answer(self.client, move |asking| {
            let (page, access) = work(asking, &query)?;
            Ok((page.into_string(), access))
        });
        match answering.await {
            Ok(page) => html(StatusCode::OK, page),
            Err(failure) => Medium::Page.failed(&failure),
        }
    }

    /// Answers a program.
    async fn json(
        self,
        work: impl FnOnce(&Asking<'_>, &str) -> Result<(Value, Access), Failure> + Send + 'static,
    ) -> Response {
        let query = self.query;
        let answering = self
            .server
            .answer(self.client, move |asking| work(asking, &query));
        match answering.await {
            Ok(value) => json(StatusCode::OK, &value),
            Err(failure) => Medium::Json.failed(&failure),
        }
    }
}

fn html(status: StatusCode, page: String) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (status, kind, page).into_response()
}

async fn unknown(uri: Uri) -> Response {
    let why = "there is nothing at this address";
    Medium::of(uri.path()).failed(&Failure::NotFound(why.to_owned()))
}

async fn search_page(asked: Asked) -> Response {
    asked
        .page(|asking, query| {
            let search = Search::parse(query)?;
            if search.is_empty() {
                return Ok((
                    pages::search::empty(&search, asking.visible.contents()),
                    Access::of("search", Vec::new()),
                ));
            }
            let found = asking.search(&search, WithFacets::Yes)?;
            let page = pages::search::page(&search, &found, asking);
            Ok((page, searched(&found)))
        })
        .await
}

async fn search_json(asked: Asked) -> Response {
    asked
        .json(|asking, query| {
            let (search, facets) = api::search(query)?;
            let found = asking.search(&search, facets)?;
            let json = api::hits(&found.hits, asking.current.index_state.as_ref());
            Ok((json, searched(&found)))
        })
        .await
}

/// A search is noted with what it is filtered by and what it lists, without its words.
fn searched(found: &Found) -> Access {
    Access::of("search", found.filters.clone()).listing(Some(&found.hits))
}

/// An interaction is noted with its whole id, however it was abbreviated.
fn opened(asking: &Asking<'_>, query: &str, id: &str) -> Result<(Opened, Access), Failure> {
    List::parse(query, &[], asking.now)?;
    let opened = asking.opened(id)?;
    let id = opened
        .rows
        .first()
        .map(|row| row.interaction_id.to_string());
    Ok((opened, Access::of("interaction", id.into_iter().collect())))
}

async fn interaction_page(Id(id): Id, asked: Asked) -> Response {
    asked
        .page(move |asking, query| {
            let (opened, access) = opened(asking, query, &id)?;
            let page = pages::interaction::page(&opened, asking.level(), asking.visible.contents());
            Ok((page, access))
        })
        .await
}

async fn interaction_json(Id(id): Id, asked: Asked) -> Response {
    asked
        .json(move |asking, query| {
            let (opened, access) = opened(asking, query, &id)?;
            let json = api::opened(&opened, asking.level(), asking.visible.contents());
            Ok((json, access))
        })
        .await
}

/// What is shown of a contact, an account or a colleague, and what was asked of it.
fn about(
    asking: &Asking<'_>,
    query: &str,
    (what, id): (What, String),
    known: &[&str],
) -> Result<(About, List, Access), Failure> {
    let list = List::parse(query, known, asking.now)?;
    let named = asking.named(what, &id)?;
    let about = asking.about(named, list.as_of(asking.now))?;
    let access = Access::of(what.as_str(), vec![id]).listing(about.latest.as_ref());
    Ok((about, list, access))
}

async fn about_page(what: What, Id(id): Id, asked: Asked) -> Response {
    asked
        .page(move |asking, query| {
            let known = ["as_of", "offset", "limit"];
            let (about, list, access) = about(asking, query, (what, id), &known)?;
            Ok((
                pages::about::page(&about, &list, asking.visible.contents()),
                access,
            ))
        })
        .await
}

async fn about_json(what: What, Id(id): Id, asked: Asked) -> Response {
    asked
        .json(move |asking, query| {
            let (about, list, access) = about(asking, query, (what, id), &["as_of", "limit"])?;
            let state = asking.current.index_state.as_ref();
            Ok((api::about(&about, &list, state), access))
        })
        .await
}

/// Leads to the page of what a text names.
async fn find(asked: Asked) -> Response {
    let query = asked.query;
    let answering = asked.server.answer(asked.client, move |asking| {
        let text = parameters::only(&query, "name")?;
        let named: Named = asking.found(&text)?;
        let access = Access::of(named.what.as_str(), vec![named.id.to_string()]);
        Ok((pages::words::link_of(&named), access))
    });
    match answering.await {
        Ok(link) => (StatusCode::SEE_OTHER, [(header::LOCATION, link)]).into_response(),
        Err(failure) => Medium::Page.failed(&failure),
    }
}

fn covered(asking: &Asking<'_>, query: &str) -> Result<(Coverage, List, Access), Failure> {
    let list = List::parse(query, &["problems", "offset", "limit"], asking.now)?;
    let coverage = coverage::coverage(asking, &list)?;
    let access = Access::of("coverage", Vec::new());
    Ok((coverage, list, access))
}

async fn coverage_page(asked: Asked) -> Response {
    asked
        .page(|asking, query| {
            let (coverage, list, access) = covered(asking, query)?;
            Ok((pages::coverage::page(&coverage, &list, asking.now), access))
        })
        .await
}

async fn coverage_json(asked: Asked) -> Response {
    asked
        .json(|asking, query| {
            let (coverage, _, access) = covered(asking, query)?;
            Ok((api::coverage(&coverage), access))
        })
        .await
}
