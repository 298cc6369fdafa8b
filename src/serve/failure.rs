//! Why a request is not answered.

use axum::http::StatusCode;

use crate::index::error::IndexError;
use crate::index::query_error::QueryError;
use crate::insight::lookup::What;
use crate::lake::error::LakeError;
use crate::maintenance::names::NameError;
use crate::maintenance::show::ShowError;
use crate::maintenance::statuses::StatusError;

/// Why a request is not answered.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// A parameter is unknown or has a value that it does not take.
    #[error("{0}")]
    BadRequest(String),
    /// There is nothing of this id, or the reader may not see it.
    #[error("{0}")]
    NotFound(String),
    /// A text names none, or several.
    #[error("{}", named(.0))]
    Name(NameError),
    /// Activity from mail is not shown.
    #[error("activity from mail is not shown here")]
    MailIsNotShown,
    /// Lake or index cannot be read; its error is logged.
    #[error("the lake or the search index cannot be read at the moment; the log says why")]
    Unavailable,
    /// There is no index, or none that can be searched.
    #[error("{0}")]
    NoIndex(String),
    /// Other requests are worked on.
    #[error("too many requests at once; try again")]
    Busy,
}

impl Failure {
    /// The status of HTTP.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Name(error) if error.total > 1 => StatusCode::CONFLICT,
            Self::NotFound(_) | Self::Name(..) => StatusCode::NOT_FOUND,
            Self::MailIsNotShown => StatusCode::FORBIDDEN,
            Self::Unavailable | Self::NoIndex(_) | Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Nothing of this id.
    pub(super) fn nothing(what: &str) -> Self {
        Self::NotFound(format!("there is no {what} of this id"))
    }
}

fn named(error: &NameError) -> String {
    let kinds: Vec<&str> = error
        .wanted
        .iter()
        .map(|what| What::as_str(*what))
        .collect();
    let kinds = kinds.join(" or ");
    match error.total {
        0 => format!("no {kinds} is called `{}`", error.text),
        total => format!("`{}` names {total}; choose one of them", error.text),
    }
}

impl From<LakeError> for Failure {
    fn from(error: LakeError) -> Self {
        tracing::error!(%error, "the lake cannot be read");
        Self::Unavailable
    }
}

impl From<IndexError> for Failure {
    fn from(error: IndexError) -> Self {
        match error {
            IndexError::Query(QueryError::Empty) => {
                Self::BadRequest("nothing to look for: give words, or a filter".to_owned())
            }
            IndexError::Query(QueryError::EmptyPeriod) => {
                Self::BadRequest("the first day is after the last".to_owned())
            }
            IndexError::Query(error) => Self::BadRequest(error.to_string()),
            error => {
                tracing::error!(%error, "the index cannot be searched");
                Self::Unavailable
            }
        }
    }
}

impl From<ShowError> for Failure {
    fn from(error: ShowError) -> Self {
        match error {
            ShowError::Lake(error) => error.into(),
            ShowError::NoId | ShowError::Several(_) => Self::BadRequest(error.to_string()),
            ShowError::Unknown(_) => Self::nothing("interaction"),
        }
    }
}

impl From<StatusError> for Failure {
    fn from(error: StatusError) -> Self {
        tracing::error!(%error, "the mailboxes cannot be read");
        Self::Unavailable
    }
}
