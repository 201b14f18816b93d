//! How a recorder answers.

/// How a recorder answers a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// With an answer of HTTP.
    Answer {
        /// The status.
        status: u16,
        /// Beside those that the server sets.
        headers: Vec<(String, String)>,
        /// All of the body.
        body: Vec<u8>,
    },
    /// Not at all; the connection stays open.
    Hang,
    /// By resetting the connection (RST).
    Reset,
    /// With these bytes, whatever they are, and the end of the connection.
    Raw(Vec<u8>),
}

/// 200, without a body.
impl Default for Reply {
    fn default() -> Self {
        Self::status(200)
    }
}

impl Reply {
    /// An answer with this status and without a body.
    pub fn status(status: u16) -> Self {
        Self::Answer { status, headers: Vec::new(), body: Vec::new() }
    }

    /// An answer of 200 that ends before its body does.
    pub fn truncated() -> Self {
        Self::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"status\":".to_vec())
    }

    /// The same answer with one more header. Other replies have none.
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// The same answer with this body. Other replies have none.
    pub fn with_body(mut self, text: impl Into<Vec<u8>>) -> Self {
        if let Self::Answer { body, .. } = &mut self {
            *body = text.into();
        }
        self
    }
}
