//! The same rows in front of Dwolla, and links of its replies that lead elsewhere: no byte may follow them.

use std::sync::Arc;
use std::time::Instant;

use dollr::{Expect, Name, Operation, ReferenceId, Secret, usd};
use dwolla::{Destination, Dwolla, DwollaRail, FundingSourceId};
use futures_util::{StreamExt, TryStreamExt, stream};
use payonce::Payment;
use payonce::rail::Order;
use payonce_sandbox::DwollaSandbox;
use payonce_sandbox::dwolla::{BALANCE, KEY, SECRET, VERIFIED_BALANCE};
use serde_json::{Value, json};

use super::front::{Act, Ask, Elsewhere, Front, Tally};
use super::misdeeds::{At, MISDEEDS, Means, Misdeed, row, whole};
use super::{LIMIT, SPEED, SandboxTime, Scene, judge_send, lives_of, outlive, report};
use crate::suite::{Figures, Run, Stop};

/// Ways to write a link that leads to another port of this machine, or may be taken to.
fn hrefs(ask: &Ask, path: &str) -> Vec<String> {
    let (here, port) = (&ask.here, ask.elsewhere);
    vec![
        format!("http://127.0.0.1:{port}{path}"),
        format!("//127.0.0.1:{port}{path}"),
        format!("https://127.0.0.1:{port}{path}"),
        format!("http://localhost:{port}{path}"),
        format!("http://127.1:{port}{path}"),
        format!("http://2130706433:{port}{path}"),
        format!("http://[::ffff:127.0.0.1]:{port}{path}"),
        format!("http://{here}@127.0.0.1:{port}{path}"),
        format!("http://user:word@127.0.0.1:{port}{path}"),
        format!("http://127.0.0.1:{port}\\@{here}{path}"),
        format!("http:\\\\127.0.0.1:{port}{path}"),
        format!(" http://127.0.0.1:{port}{path}"),
        format!("HTTP://127.0.0.1:{port}{path}"),
        format!("http://{here}/../..//127.0.0.1:{port}{path}"),
        format!("http://{here}/redirect?to=http://127.0.0.1:{port}{path}"),
        format!("http://{here}.127.0.0.1.nip.io:{port}{path}"),
        format!("\\\\127.0.0.1\\{port}{path}"),
        format!("file:///127.0.0.1:{port}{path}"),
    ]
}

/// One of the ways, by what the key happens to be.
fn href(ask: &Ask, path: &str) -> String {
    let mut all = hrefs(ask, path);
    let turn = ask.key.bytes().map(usize::from).sum::<usize>();
    all.swap_remove(turn % all.len())
}

const ID: &str = "74c9129b-d14a-4511-80da-0aa34a9b2388";

fn created(place: &str) -> Act {
    whole("201 Created", &format!("location: {place}\r\n"), "")
}

fn hal(body: &Value) -> Act {
    whole("200 OK", "content-type: application/vnd.dwolla.v1.hal+json\r\n", &body.to_string())
}

/// A transfer that is under way, and where it is to be found; every link of it leads elsewhere.
fn transfer(ask: &Ask) -> Act {
    if ask.line.starts_with("POST ") {
        return created(&format!("http://{}/transfers/{ID}", ask.here));
    }
    let link = |path: String| json!({ "href": href(ask, &path), "resource-type": "transfer" });
    hal(&json!({
        "_links": {
            "self": link(format!("/transfers/{ID}")),
            "source": link(format!("/accounts/{ID}")),
            "failure": link(format!("/transfers/{ID}/failure")),
            "cancel": link(format!("/transfers/{ID}")),
            "funded-transfer": link(format!("/transfers/{ID}")),
        },
        "id": ID,
        "status": "pending",
        "amount": { "value": "1.00", "currency": "USD" },
        "created": "2026-01-01T00:00:00.000Z",
    }))
}

/// A source whose owner is elsewhere.
fn source(ask: &Ask) -> Act {
    let owner = json!({ "href": href(ask, &format!("/accounts/{ID}")) });
    hal(&json!({
        "_links": { "self": owner, "account": owner, "customer": owner },
        "id": ask.key, "status": "verified", "type": "balance",
    }))
}

/// A page that names another, elsewhere.
fn page(ask: &Ask) -> Act {
    let link = json!({ "href": href(ask, &format!("/accounts/{ID}/transfers?offset=25")) });
    let links = json!({ "self": link, "first": link, "next": link, "last": link });
    let transfers: Vec<Value> = Vec::new();
    hal(&json!({ "_links": links, "_embedded": { "transfers": transfers }, "total": 9 }))
}

/// Links that lead elsewhere, one row for each place where they can be.
const LINKS: [Misdeed; 7] = [
    row("location elsewhere", |ask| created(&href(ask, &format!("/transfers/{ID}")))).at(At::Unanswered),
    row("location of another transfer", |ask| created(&format!("http://{}/transfers/{ID}", ask.here)))
        .at(At::Unanswered),
    row("location of no transfer", |ask| created(&format!("http://{}/customers/{ID}", ask.here)))
        .at(At::Unanswered),
    row("location of nothing", |_| created("")).at(At::Unanswered),
    row("owner elsewhere", source).at(At::Before),
    row("further pages elsewhere", page).at(At::Deaf),
    row("links of a transfer elsewhere", transfer).at(At::Deaf),
];

struct World {
    sandbox: DwollaSandbox,
    elsewhere: Elsewhere,
}

/// Suffers every row, and every link.
pub(super) async fn attack(run: &Run, figures: &mut Figures) -> Result<(), Stop> {
    let sandbox = DwollaSandbox::builder().speed(SPEED).start().await.map_err(anyhow::Error::from)?;
    let world = &World { sandbox, elsewhere: Elsewhere::start().await.map_err(anyhow::Error::from)? };
    let begin = Instant::now();
    let lives = lives_of(run, MISDEEDS.iter().filter(|row| row.at != At::Before), 1);
    // Which of the ways a link is written depends on the key, so that each row is suffered many times over.
    let again = run.scale.pick(6, 30, 60);
    let links = (0..again).flat_map(|_| lives_of(run, &LINKS, 1));
    let lives: Vec<_> = lives.into_iter().chain(links).collect();
    let told: Vec<Tally> = stream::iter(lives.iter().enumerate())
        .map(|(number, (misdeed, scene))| async move {
            let name = format!("hostile/{}/{number}", run.seed);
            life(world, misdeed, *scene, &name)
                .await
                .map_err(|what| run.violation(format!("dwolla: {} at {scene:?}: {what}", misdeed.name)))
        })
        .buffer_unordered(12)
        .try_collect()
        .await?;
    if world.elsewhere.calls() > 0 {
        return Err(run.violation("a client of dwolla followed a link to another host").into());
    }
    let ledger = world.sandbox.ledger();
    if !ledger.is_balanced() || !ledger.paid_twice().is_empty() {
        return Err(run.violation(format!("paid twice: {:?}", ledger.paid_twice())).into());
    }
    report(figures, "dwolla", &lives, &told, begin.elapsed());
    Ok(())
}

/// One payment under one misdeed, from its first send to its end.
async fn life(world: &World, misdeed: &Misdeed, scene: Scene, name: &str) -> Result<Tally, String> {
    let plans = scene.plans(misdeed.act);
    let front = Front::start(world.sandbox.addr(), world.elsewhere.port, plans).await;
    let front = front.map_err(|error| error.to_string())?;
    let dwolla = Dwolla::builder()
        .key(KEY)
        .secret(Secret::new(SECRET))
        .base_url(&front.url)
        .clock(Arc::new(SandboxTime(world.sandbox.clock())))
        .journal_in_memory()
        .request_timeout(LIMIT)
        // By the sandbox's clock.
        .first_answer(LIMIT * 3 * SPEED)
        .build()
        .map_err(|error| error.to_string())?;
    // Its own refusals have another shape, so those of the rows are nobody's.
    let means = if misdeed.means == Means::Refusal { Means::Doubt } else { misdeed.means };
    let misdeed = &Misdeed { means, ..*misdeed };
    if scene == Scene::Lost {
        let order = order();
        let body = format!(r#"{{"correlationId":"{}"}}"#, order.reference_id);
        judge_send(misdeed, &front, dwolla.rail(), &order, &body).await?;
    }
    let amount = usd("1.00").expect("one dollar is an amount");
    let [source, destination] = [BALANCE, VERIFIED_BALANCE].map(|id| FundingSourceId::new(id.to_string()));
    let destination = Destination::FundingSource(destination);
    let send = async || -> Result<Payment<DwollaRail>, dollr::Error> {
        dwolla.transfer(name, source.clone(), destination.clone(), amount).send().await
    };
    let paid = |key: ReferenceId| world.sandbox.ledger().payments(&key.to_string());
    outlive(misdeed, scene, &front, send, paid).await
}

/// An order that no journal knows.
fn order() -> Order {
    Order {
        operation: Operation::new("transfer").expect("a transfer is an operation"),
        name: Name::new("hostile").expect("hostile is a name"),
        reference_id: "550e8400-e29b-41d4-a716-446655440000".parse().expect("this is a key"),
        contents: String::new(),
        expect: Expect::Amount(usd("1.00").expect("one dollar is an amount")),
    }
}
