//! Errors on the wire: RFC 9457 problem details, the title in Chinese, the detail in English, and a pointer to what was wrong.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::conflict::Conflicted;
use crate::service::base_map::{BaseMapFault, HostFault};
use crate::service::slots::WorkFault;

/// An answer that is not what was asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Problem {
    kind: Kind,
    detail: String,
    /// What is in the way, each by itself.
    conflicts: Vec<Conflicted>,
    /// Where in the request: `/query/lon`, `/path/z`.
    pointer: Option<String>,
    /// Names one occurrence, so that a person can find it in the log.
    instance: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Parameter,
    Unauthorised,
    Forbidden,
    Conflict,
    NotFound,
    Method,
    Body,
    BodySize,
    BodyIdle,
    MediaType,
    UriLength,
    Busy,
    Upstream,
    Internal,
}

impl Kind {
    /// Status, the last part of the type's URN, and the title people read.
    const fn says(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Parameter => (StatusCode::BAD_REQUEST, "parameter", "请求参数有误"),
            Self::Unauthorised => (StatusCode::UNAUTHORIZED, "unauthorised", "需要身份令牌"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "无权进行此操作"),
            Self::Conflict => (StatusCode::CONFLICT, "conflict", "与现状冲突"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "没有找到"),
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "method", "不支持这种请求方法"),
            Self::Body => (StatusCode::BAD_REQUEST, "body", "请求内容无法读取"),
            Self::BodyIdle => (StatusCode::REQUEST_TIMEOUT, "body-idle", "请求内容迟迟未到"),
            Self::MediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", "不支持这种内容格式"),
            Self::BodySize => (StatusCode::PAYLOAD_TOO_LARGE, "body-size", "请求内容过大"),
            Self::UriLength => (StatusCode::URI_TOO_LONG, "uri-length", "网址过长"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy", "服务繁忙，请稍后再试"),
            Self::Upstream => (StatusCode::BAD_GATEWAY, "upstream", "底图来源暂时无法提供瓦片"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "服务内部错误"),
        }
    }
}

impl Problem {
    pub(super) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), conflicts: Vec::new(), pointer: None, instance: None }
    }

    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    /// A query parameter that cannot be used.
    pub(super) fn query(name: &str, detail: impl Into<String>) -> Self {
        Self { pointer: Some(format!("/query/{name}")), ..Self::new(Kind::Parameter, detail) }
    }

    /// The query string as a whole.
    pub(super) fn query_string(detail: impl Into<String>) -> Self {
        Self { pointer: Some("/query".to_owned()), ..Self::new(Kind::Parameter, detail) }
    }

    /// Nothing has this address.
    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, detail)
    }

    /// Nothing has this address, because of one part of the path.
    pub(super) fn not_found_at(name: &str, detail: impl Into<String>) -> Self {
        Self { pointer: Some(format!("/path/{name}")), ..Self::new(Kind::NotFound, detail) }
    }

    pub(super) fn method() -> Self {
        Self::new(Kind::Method, "this address answers only the methods named in the Allow header")
    }

    pub(super) fn body_size(most_bytes: u64) -> Self {
        Self::new(Kind::BodySize, format!("the request body is larger than {most_bytes} bytes"))
    }

    /// The body, as far as it was read.
    pub(super) fn body(detail: impl Into<String>) -> Self {
        Self { pointer: Some("/body".to_owned()), ..Self::new(Kind::Body, detail) }
    }

    pub(super) fn idle(after: Duration) -> Self {
        Self::new(Kind::BodyIdle, format!("the request body did not go on for {after:?}"))
    }

    /// A part of the body.
    pub(super) fn body_at(pointer: &str, detail: impl Into<String>) -> Self {
        Self::new(Kind::Body, detail).at(pointer)
    }

    pub(super) fn with(self, conflicts: Vec<Conflicted>) -> Self {
        Self { conflicts, ..self }
    }

    pub(super) fn at(self, pointer: &str) -> Self {
        Self { pointer: Some(pointer.to_owned()), ..self }
    }

    /// Nobody is known by the token of this request, if there is one.
    pub(super) fn unauthorised(nobody: bool) -> Self {
        Self::new(
            Kind::Unauthorised,
            if nobody {
                "this service was started without actors (wangge serve --actors FILE), so nobody may change anything"
            } else {
                "send the token of an actor: Authorization: Bearer …"
            },
        )
    }

    pub(super) fn too_many_listeners() -> Self {
        Self::new(Kind::Busy, "too many listen already, or the service is stopping: try again in a second")
    }

    /// The kind of body, or its encoding.
    pub(super) fn media_type(detail: impl Into<String>) -> Self {
        Self::new(Kind::MediaType, detail)
    }

    pub(super) fn too_many_batches(most: usize) -> Self {
        Self::new(Kind::Busy, format!("{most} batches are under way already: try again in a second"))
    }

    pub(super) fn uri_length(most_bytes: usize) -> Self {
        Self::new(Kind::UriLength, format!("the request target is longer than {most_bytes} bytes"))
    }

    /// Something broke while answering this one request; `instance` is in the log.
    pub(super) fn internal(instance: String) -> Self {
        let detail = "this request failed inside the service; others are not affected";
        Self { instance: Some(instance), ..Self::new(Kind::Internal, detail) }
    }
}

impl From<WorkFault> for Problem {
    fn from(fault: WorkFault) -> Self {
        match fault {
            WorkFault::Busy { .. } => Self::new(Kind::Busy, fault.to_string()),
            WorkFault::Crashed | WorkFault::Failed(_) => Self::new(Kind::Internal, fault.to_string()),
        }
    }
}

impl From<BaseMapFault> for Problem {
    fn from(fault: BaseMapFault) -> Self {
        match fault {
            BaseMapFault::Outside(..) => Self::not_found(fault.to_string()),
            BaseMapFault::Work(fault) => fault.into(),
            BaseMapFault::Host(HostFault::Busy) => Self::new(Kind::Busy, fault.to_string()),
            BaseMapFault::Host(_) => Self::new(Kind::Upstream, fault.to_string()),
        }
    }
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<[At<'a>; 1]>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    conflicts: &'a [Conflicted],
}

#[derive(Serialize)]
struct At<'a> {
    pointer: &'a str,
    detail: &'a str,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, urn, title) = self.kind.says();
        let body = Body {
            r#type: format!("urn:wangge:problem:{urn}"),
            title,
            status: status.as_u16(),
            detail: &self.detail,
            instance: self.instance.as_deref(),
            errors: self.pointer.as_deref().map(|pointer| [At { pointer, detail: &self.detail }]),
            conflicts: &self.conflicts,
        };
        let mut response = (status, serde_json::to_vec(&body).unwrap_or_default()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.kind == Kind::Unauthorised {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.kind == Kind::Busy {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
