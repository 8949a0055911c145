//! One response after the other on a connection, taken apart as its bytes arrive.

use crate::http::{Body, HEAD_BYTES_MAX, Head, NotHttp};

/// What comes next in the bytes.
#[derive(Debug)]
pub(crate) enum Part<'a> {
    Head(Head),
    Body(&'a [u8]),
    /// The body is over; the next bytes are another response.
    End,
    /// All bytes are used up.
    Nothing,
}

/// The response that is being read.
#[derive(Debug, Default)]
pub(crate) struct Response {
    /// A head that arrived in pieces. They nearly never do, so it takes no memory.
    head: Box<[u8]>,
    body: Option<Body>,
}

impl Response {
    pub(crate) fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Part<'a>, NotHttp> {
        let Some(body) = &mut self.body else {
            return self.next_head(input);
        };
        if let Some(run) = body.next(input)? {
            return Ok(Part::Body(run));
        }
        if body.is_over() {
            self.body = None;
            return Ok(Part::End);
        }
        Ok(Part::Nothing)
    }

    fn next_head<'a>(&mut self, input: &mut &'a [u8]) -> Result<Part<'a>, NotHttp> {
        if input.is_empty() {
            return Ok(Part::Nothing);
        }
        let before = self.head.len();
        let head = if before == 0 {
            Head::parse(input)?
        } else {
            let room = HEAD_BYTES_MAX.saturating_sub(before).min(input.len());
            self.head = [&self.head[..], &input[..room]].concat().into();
            Head::parse(&self.head)?
        };
        let Some(head) = head else {
            if before == 0 {
                self.head = input[..input.len().min(HEAD_BYTES_MAX)].into();
            }
            *input = &[];
            return Ok(Part::Nothing);
        };
        self.head = Box::default();
        *input = &input[head.bytes - before..];
        // RFC 9110 §15.2: an interim response comes before the one that counts.
        if (100..200).contains(&head.status) {
            return self.next_head(input);
        }
        self.body = Some(head.body);
        Ok(Part::Head(head))
    }

    /// Whether the connection may end here.
    pub(crate) fn may_close(&self) -> bool {
        self.body.is_none_or(|body| body.may_close()) && self.head.is_empty()
    }
}
