//! Hearing of new payments at once. It takes a connection of its own that reaches the server itself; where a pooler stands
//! between, nothing is heard, and whoever waits has to look from time to time, as it does anyway.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_postgres::AsyncMessage;

use super::address::Address;

/// The pause before a lost connection is made anew.
const PAUSE: Duration = Duration::from_secs(5);

/// Wakes whoever waits, for every word, for ever. Whoever dropped the journal ends it.
pub(super) async fn listen(address: Address, news: Arc<Notify>) {
    loop {
        if let Err(error) = hear(&address, &news).await {
            tracing::debug!(%error, "new payments are not heard of at once");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn hear(address: &Address, news: &Arc<Notify>) -> super::Result<()> {
    let (client, mut connection) = address.connect().await?;
    let heard = Arc::clone(news);
    let hearing = async move {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            if matches!(message, AsyncMessage::Notification(_)) {
                heard.notify_waiters();
            }
        }
    };
    let asking = async {
        let asked = client.batch_execute("LISTEN payonce").await;
        // What was recorded before the connection stood was not heard of.
        news.notify_waiters();
        match asked {
            Ok(()) => std::future::pending().await,
            Err(error) => Err(super::explain::explain(&error)),
        }
    };
    tokio::select! {
        failed = asking => failed,
        () = hearing => Ok(()),
    }
}
