//! Lists of transfers: what is asked for, and page after page until the end.
//!
//! What must stay true: pages are counted, and no link to a next one is followed; a list that breaks off before its end is
//! an error and never looks whole; and no transfer comes twice, although a transfer that is made meanwhile moves all
//! others on.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::future::IntoFuture;

use futures_util::stream::{self, Stream, TryStreamExt};
use payonce::{BoxFuture, Error, ErrorKind, Money};
use payonce_rest::ask;

use super::Api;
use crate::ids::TransferId;
use crate::links::Owner;
use crate::raw::types;
use crate::status::{Transfer, TransferStatus};

/// The most of an account's transfers that a list reaches.
const REACH: usize = 10_000;

/// The most pages that are read of one list: more than twice as many as the provider's longest list has, as a rule.
const MOST_PAGES: usize = 1_000;

/// How many transfers a page has, unless told otherwise: as many as the provider is known to give.
const PAGE: u32 = 25;

/// A day, by the calendar in UTC.
pub use chrono::NaiveDate;

/// A list of transfers that is asked for. Awaited, it is read whole; as a [`stream`](Self::stream), page by page.
///
/// ```no_run
/// use dwolla::{AccountId, Dwolla, NaiveDate, TransferStatus, usd};
/// use futures_util::TryStreamExt;
///
/// # async fn large_returns(dwolla: Dwolla, own: AccountId, day: NaiveDate) -> Result<(), dwolla::Error> {
/// let failed = dwolla.transfers().list(own).status(TransferStatus::Failed).start_date(day);
/// let mut failed = std::pin::pin!(failed.start_amount(usd("1000.00")?).stream());
/// while let Some(transfer) = failed.try_next().await? {
///     println!("{} {}", transfer.id, transfer.amount);
/// }
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// `Invalid` when the owner's id has not the shape of one; `NotFound` when there is no such owner; otherwise what kept
/// the provider's word from being read. A list that breaks off before its end, such as one of an account with more than
/// 10,000 transfers, ends with `Unreadable`, and so does one without an end after 1,000 pages: narrow it by dates.
#[derive(Clone, Debug)]
#[must_use = "a list is not read before it is awaited"]
pub struct ListTransfers {
    api: Api,
    owner: Owner,
    search: Option<String>,
    start_amount: Option<String>,
    end_amount: Option<String>,
    start_date: Option<NaiveDate>,
    end_date: Option<NaiveDate>,
    status: Option<TransferStatus>,
    correlation_id: Option<String>,
    page: u32,
}

impl ListTransfers {
    pub(super) fn of(api: Api, owner: Owner) -> Self {
        Self {
            api,
            owner,
            search: None,
            start_amount: None,
            end_amount: None,
            start_date: None,
            end_date: None,
            status: None,
            correlation_id: None,
            page: PAGE,
        }
    }

    /// Only those in which this is in a name or an e-mail address, or is a customer's or an account's id.
    pub fn search(mut self, text: impl Into<String>) -> Self {
        self.search = Some(text.into());
        self
    }

    /// Only those of this amount or more.
    pub fn start_amount(mut self, amount: Money) -> Self {
        self.start_amount = Some(amount.amount().to_string());
        self
    }

    /// Only those of this amount or less.
    pub fn end_amount(mut self, amount: Money) -> Self {
        self.end_amount = Some(amount.amount().to_string());
        self
    }

    /// Only those made after this day began. (The provider does not say whether those of the day itself are among them.)
    pub fn start_date(mut self, day: NaiveDate) -> Self {
        self.start_date = Some(day);
        self
    }

    /// Only those made before this day. (The provider does not say whether those of the day itself are among them.)
    pub fn end_date(mut self, day: NaiveDate) -> Self {
        self.end_date = Some(day);
        self
    }

    /// Only those that stand so. The provider does not know `reclaimed` here.
    pub fn status(mut self, status: TransferStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// Only those with this id. That of a payment made here is its reference id.
    pub fn correlation_id(mut self, id: impl fmt::Display) -> Self {
        self.correlation_id = Some(id.to_string());
        self
    }

    /// How many to read at once; 25 unless told otherwise. The provider may give fewer.
    pub fn page_size(mut self, transfers: u32) -> Self {
        self.page = transfers.max(1);
        self
    }

    /// The transfers as they are read, a page at a time. It ends after its first error.
    pub fn stream(self) -> impl Stream<Item = Result<Transfer, Error>> + Send + 'static {
        stream::try_unfold(Pages::of(self), |mut pages| async move {
            Ok(pages.next().await?.map(|transfer| (transfer, pages)))
        })
    }

    /// The page that begins after so many, and how many there are in all.
    async fn page(&self, offset: usize) -> Result<types::TransferList, Error> {
        let day = |day: &NaiveDate| day.format("%Y-%m-%d").to_string();
        let (from, to) = (self.start_date.as_ref().map(day), self.end_date.as_ref().map(day));
        let status = self.status.clone().map(Into::into);
        let (limit, offset) = (Some(i64::from(self.page)), i64::try_from(offset).ok());
        macro_rules! listed {
            ($list:ident, $id:expr) => {
                ask!(self.api.wire, |raw| raw.$list(
                    $id.as_str(),
                    self.correlation_id.as_deref(),
                    self.end_amount.as_deref(),
                    to.as_deref(),
                    limit,
                    offset,
                    self.search.as_deref(),
                    self.start_amount.as_deref(),
                    from.as_deref(),
                    status.as_ref(),
                ))
            };
        }
        let seen = match &self.owner {
            Owner::Account(id) => {
                let id = id.clone().checked()?;
                listed!(list_account_transfers, id)
            }
            Owner::Customer(id) => {
                let id = id.clone().checked()?;
                listed!(list_customer_transfers, id)
            }
        };
        seen.success()
    }
}

impl IntoFuture for ListTransfers {
    type Output = Result<Vec<Transfer>, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.stream().try_collect())
    }
}

/// A list that is being read.
struct Pages {
    list: ListTransfers,
    /// What was read and not taken yet.
    read: VecDeque<Transfer>,
    /// How many were read in all.
    offset: usize,
    /// How many pages that were.
    pages: usize,
    /// What was read, to leave out what comes again.
    seen: HashSet<TransferId>,
    is_whole: bool,
}

impl Pages {
    fn of(list: ListTransfers) -> Self {
        Self { list, read: VecDeque::new(), offset: 0, pages: 0, seen: HashSet::new(), is_whole: false }
    }

    async fn next(&mut self) -> Result<Option<Transfer>, Error> {
        loop {
            if let Some(transfer) = self.read.pop_front() {
                return Ok(Some(transfer));
            }
            if self.is_whole {
                return Ok(None);
            }
            self.turn().await?;
        }
    }

    /// Reads the next page.
    async fn turn(&mut self) -> Result<(), Error> {
        if self.pages == MOST_PAGES {
            let message = format!(
                "the provider's list has no end after {MOST_PAGES} pages: narrow it by dates, or ask for larger pages"
            );
            return Err(Error::new(ErrorKind::Unreadable, message));
        }
        self.pages += 1;
        let types::TransferList { embedded, total, .. } = self.list.page(self.offset).await?;
        let transfers = embedded.transfers;
        let total = usize::try_from(total).unwrap_or_default();
        self.offset += transfers.len();
        self.is_whole = self.offset >= total;
        if transfers.is_empty() && !self.is_whole {
            let message = format!(
                "the provider's list broke off after {} of {total} transfers (it reaches {REACH} of an account): \
                 narrow it by dates",
                self.offset
            );
            return Err(Error::new(ErrorKind::Unreadable, message));
        }
        for transfer in transfers {
            let transfer = self.list.api.reading(|reader| Transfer::read(transfer, reader))?;
            if self.seen.insert(transfer.id.clone()) {
                self.read.push_back(transfer);
            }
        }
        Ok(())
    }
}
