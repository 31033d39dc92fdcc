//! What every call of a client shares: the raw client, the token, the clocks, and what must not be repeated.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::TimeDelta;
use payonce::rail::{Setback, Then};
use payonce::{Clock, Error, ErrorKind, Secret, Timestamp};
use progenitor_client::{ClientInfo, Error as RawError};

use crate::call::{Call, Context, Shared};
use crate::exchange::broken;
use crate::provider::Provider;
use crate::redact::{LONGEST, redact_to};
use crate::seen::{Seen, blame, retry, setback};
use crate::token::{Token, Tokens};

/// The provider's clock is not known yet.
const UNTOLD: i64 = i64::MIN;

/// The way to the provider, shared by every call of a client.
pub struct Wire<P: Provider> {
    pub(crate) provider: P,
    /// The raw client without a token, from which the client of each call is made. Its transport is what puts each
    /// request on the wire.
    pub(crate) bare: P::Client,
    tokens: Tokens,
    clock: Arc<dyn Clock>,
    /// How far the provider's clock is ahead of ours, in milliseconds, or [`UNTOLD`].
    ahead: AtomicI64,
    /// What must not be repeated from the provider's words, beside the token.
    secrets: Vec<Secret>,
}

impl<P: Provider> fmt::Debug for Wire<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("base_url", &self.bare.baseurl()).finish_non_exhaustive()
    }
}

impl<P: Provider> Wire<P> {
    /// The way over this client, whose transport sends each request as it is. Nothing is sent yet.
    pub fn new(provider: P, bare: P::Client, secrets: Vec<Secret>, clock: Arc<dyn Clock>) -> Self {
        Self { provider, bare, tokens: Tokens::default(), clock, ahead: AtomicI64::new(UNTOLD), secrets }
    }

    /// The raw client, for calls that a facade does not offer itself: with the token, the limits and, for what moves no
    /// money, the one further try after a 401.
    pub fn raw(self: &Arc<Self>) -> P::Client {
        P::with_transport(&self.bare, Arc::new(Shared { wire: Arc::clone(self) }))
    }

    /// What time it is by the provider's clock, to the second. The reply that brought the token has told, if none did
    /// since.
    ///
    /// # Errors
    /// When there is no token and none can be had.
    pub async fn provider_now(self: &Arc<Self>) -> Result<Timestamp, Setback> {
        self.token().await?;
        Ok(self.now_there())
    }

    /// Fetches an access token, unless there is one, and tells how far the provider's clock is ahead of ours, to the
    /// second, if a reply told.
    ///
    /// # Errors
    /// `Unauthorized` when the provider refuses the credentials; otherwise what kept it from granting a token.
    pub async fn sign_in(self: &Arc<Self>) -> Result<Option<TimeDelta>, Error> {
        self.token().await.map_err(|setback| setback.error)?;
        Ok(self.ahead())
    }

    fn ahead(&self) -> Option<TimeDelta> {
        let ahead = self.ahead.load(Ordering::Relaxed);
        (ahead != UNTOLD).then(|| TimeDelta::milliseconds(ahead))
    }

    /// The clock that everything of this client goes by.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// What time it is by the provider's clock, as far as is known.
    pub fn now_there(&self) -> Timestamp {
        let now = self.clock.now() + self.ahead().unwrap_or_default();
        Timestamp::from_timestamp(now.timestamp(), 0).unwrap_or(now)
    }

    /// The provider has told its time.
    pub(crate) fn tells(&self, time: Timestamp) {
        let ahead = (time - self.clock.now()).num_milliseconds();
        self.ahead.store(ahead, Ordering::Relaxed);
    }

    /// The provider's words without anything secret.
    pub fn clean(&self, text: &str, secret: Option<&payonce_wire::Secret>) -> String {
        self.clean_to(LONGEST, text, secret)
    }

    /// The same, cut to so many characters only: for words that are there to be shown whole.
    pub fn clean_to(&self, longest: usize, text: &str, secret: Option<&payonce_wire::Secret>) -> String {
        let token = self.tokens.any();
        let token = token.as_ref().map(|token| token.text.expose());
        let secrets = self.secrets.iter().map(Secret::expose).chain(token);
        redact_to(longest, text, secrets.chain(secret.map(payonce_wire::Secret::expose)))
    }

    /// Begins a call: finds the token, and makes the client for it. [`once!`](crate::once) and [`ask!`](crate::ask) are
    /// the ways to make it.
    ///
    /// # Errors
    /// When there is no token and none can be had; nothing was sent then.
    pub async fn begin(self: &Arc<Self>) -> Result<Call<P>, Setback> {
        let token = Some(self.token().await?);
        Ok(Call::new(self, token))
    }

    pub(crate) async fn token(self: &Arc<Self>) -> Result<Arc<Token>, Setback> {
        match self.tokens.fresh(self.clock.now()) {
            Some(token) => Ok(token),
            // Boxed, because it is rarely needed and would make every call's future larger.
            None => Box::pin(self.tokens.renew(&*self.clock, self.fetch_token())).await,
        }
    }

    /// The provider has refused the token.
    pub(crate) fn refused(&self, token: &Arc<Token>) {
        self.tokens.refused(token);
    }

    async fn fetch_token(self: &Arc<Self>) -> Result<Token, Setback> {
        let asked_at = self.clock.now();
        let call = Call::new(self, None);
        let result = self.provider.grant(&call.raw).await;
        let seen = match result {
            Ok(value) => call.success(value),
            Err(error) => call.explain(error).await,
        };
        match seen {
            Seen::Success(grant, _) => Token::new(grant.token.expose(), asked_at, grant.lives),
            // The credentials were understood and refused; asking again would not help.
            Seen::Answer(head, Some(problem)) if matches!(head.status, 400 | 401 | 422) => {
                let message = format!("the provider refused the credentials with {}", head.status);
                let error = Error::new(ErrorKind::Unauthorized, message)
                    .with_status(head.status)
                    .with_request_id(head.request_id.clone())
                    .with_source(blame(&head, Some(&problem)));
                Err(Setback { error, then: Then::Stop })
            }
            Seen::Answer(head, problem) => Err(setback(&head, problem.as_ref())),
            Seen::Unreadable(head, why) => Err(retry(crate::seen::unreadable(&head, why))),
            Seen::Broken(error) => Err(retry(error)),
            Seen::NotSent(setback) => Err(setback),
        }
    }

    /// What a call saw that brought no success.
    pub(crate) async fn explain<T>(&self, context: &Context<P>, error: RawError<()>) -> Seen<T, P::Problem> {
        let head = context.head.get().map(|noted| self.head(noted));
        match (error, head) {
            (RawError::UnexpectedResponse(response), head) => {
                let head = head.unwrap_or_default();
                if let (401, Some(token)) = (head.status, &context.token) {
                    self.refused(token);
                }
                if !(400..=599).contains(&head.status) {
                    let why = format!("the provider answered {}, which means nothing here", head.status);
                    return Seen::Unreadable(head, why.into());
                }
                // A body that breaks off says nothing; the status still does.
                let body = response.bytes().await.unwrap_or_default();
                let clean = |text: &str, secret: Option<&payonce_wire::Secret>| self.clean(text, secret);
                let problem = P::problem(&body, &clean);
                Seen::Answer(head, problem)
            }
            (RawError::InvalidResponsePayload(_, error), head) => {
                // The cause's own words may repeat the body, which may hold a token.
                let place = format!("line {} column {}", error.line(), error.column());
                let why = format!("the provider's reply could not be understood, at {place}");
                Seen::Unreadable(head.unwrap_or_default(), why.into())
            }
            (RawError::CommunicationError(error), None) if error.is_connect() || error.is_builder() => {
                let message = "the provider could not be reached";
                let error = Error::new(ErrorKind::Unreachable, message).with_source(error.without_url());
                Seen::NotSent(retry(error))
            }
            (RawError::CommunicationError(error) | RawError::ResponseBodyError(error), head) => {
                Seen::Broken(broken(error, head))
            }
            (RawError::InvalidRequest(_), _) => {
                let error = Error::new(ErrorKind::Invalid, "the request could not be put together");
                Seen::NotSent(Setback { error, then: Then::Stop })
            }
            (_, head) => Seen::Unreadable(head.unwrap_or_default(), "the reply makes no sense".into()),
        }
    }
}
