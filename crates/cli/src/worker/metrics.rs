//! What the libraries count and time, kept for whoever scrapes it, as Prometheus reads it.
//!
//! What must stay true: each series costs one number, or one for each bucket; and no label is added to those of the
//! libraries, none of which holds a name, a key or an amount.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit};

/// Up to how long each bucket of a histogram goes; the last has no end.
const BUCKETS: [(&str, Duration); 10] = [
    ("0.001", Duration::from_millis(1)),
    ("0.005", Duration::from_millis(5)),
    ("0.025", Duration::from_millis(25)),
    ("0.1", Duration::from_millis(100)),
    ("0.25", Duration::from_millis(250)),
    ("0.5", Duration::from_millis(500)),
    ("1", Duration::from_secs(1)),
    ("2.5", Duration::from_millis(2500)),
    ("10", Duration::from_secs(10)),
    ("30", Duration::from_secs(30)),
];

/// Everything that was counted and timed in this process. Clones are one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metrics(Arc<Mutex<Series>>);

#[derive(Debug, Default)]
struct Series {
    /// By name, and by what the labels say.
    counters: BTreeMap<String, BTreeMap<String, Arc<AtomicU64>>>,
    times: BTreeMap<String, BTreeMap<String, Arc<Times>>>,
}

/// How long something took, each time.
#[derive(Debug, Default)]
struct Times {
    buckets: [AtomicU64; BUCKETS.len()],
    count: AtomicU64,
    microseconds: AtomicU64,
}

impl HistogramFn for Times {
    fn record(&self, seconds: f64) {
        let took = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        if let Some(bucket) = BUCKETS.iter().position(|(_, end)| took <= *end) {
            self.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        self.microseconds.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

impl Metrics {
    fn lock(&self) -> MutexGuard<'_, Series> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The text that Prometheus reads.
    pub(crate) fn text(&self) -> String {
        let (series, mut text) = (self.lock(), String::new());
        for (name, series) in &series.counters {
            kind(&mut text, name, "counter");
            for (labels, count) in series {
                sample(&mut text, name, labels, count.load(Ordering::Relaxed));
            }
        }
        for (name, series) in &series.times {
            kind(&mut text, name, "histogram");
            for (labels, times) in series {
                times.tell(&mut text, name, labels);
            }
        }
        text
    }
}

impl Times {
    fn tell(&self, text: &mut String, name: &str, labels: &str) {
        let comma = if labels.is_empty() { "" } else { "," };
        let (mut so_far, all) = (0, self.count.load(Ordering::Relaxed));
        for ((end, _), bucket) in BUCKETS.iter().zip(&self.buckets) {
            so_far += bucket.load(Ordering::Relaxed);
            sample(text, &format!("{name}_bucket"), &format!("{labels}{comma}le=\"{end}\""), so_far.min(all));
        }
        sample(text, &format!("{name}_bucket"), &format!("{labels}{comma}le=\"+Inf\""), all);
        let microseconds = self.microseconds.load(Ordering::Relaxed);
        let sum = format!("{}.{:06}", microseconds / 1_000_000, microseconds % 1_000_000);
        sample(text, &format!("{name}_sum"), labels, sum);
        sample(text, &format!("{name}_count"), labels, all);
    }
}

/// Says what kind the samples of that name are.
pub(crate) fn kind(text: &mut String, name: &str, kind: &str) {
    let _ = writeln!(text, "# TYPE {name} {kind}");
}

/// Writes one sample.
pub(crate) fn sample(text: &mut String, name: &str, labels: &str, value: impl std::fmt::Display) {
    let _ = match labels {
        "" => writeln!(text, "{name} {value}"),
        labels => writeln!(text, "{name}{{{labels}}} {value}"),
    };
}

/// The labels as they are written.
fn labels(key: &Key) -> String {
    let escaped = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let labels = key.labels().map(|label| format!("{}=\"{}\"", label.key(), escaped(label.value())));
    labels.collect::<Vec<_>>().join(",")
}

impl Recorder for Metrics {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let mut series = self.lock();
        let series = series.counters.entry(key.name().to_owned()).or_default();
        Counter::from_arc(Arc::clone(series.entry(labels(key)).or_default()))
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        let mut series = self.lock();
        let series = series.times.entry(key.name().to_owned()).or_default();
        Histogram::from_arc(Arc::clone(series.entry(labels(key)).or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_and_timed_is_told_as_prometheus_reads_it() {
        let metrics = Metrics::default();
        metrics::with_local_recorder(&metrics, || {
            for outcome in ["completed", "completed", "a \"b\\"] {
                metrics::counter!("payments_total", "rail" => "dollr", "outcome" => outcome).increment(1);
            }
            for millis in [3, 70, 40_000] {
                metrics::histogram!("seconds").record(Duration::from_millis(millis));
            }
        });
        let text = metrics.text();
        for line in [
            "# TYPE payments_total counter",
            "payments_total{rail=\"dollr\",outcome=\"completed\"} 2",
            "payments_total{rail=\"dollr\",outcome=\"a \\\"b\\\\\"} 1",
            "# TYPE seconds histogram",
            "seconds_bucket{le=\"0.001\"} 0",
            "seconds_bucket{le=\"0.005\"} 1",
            "seconds_bucket{le=\"0.1\"} 2",
            "seconds_bucket{le=\"30\"} 2",
            "seconds_bucket{le=\"+Inf\"} 3",
            "seconds_sum 40.073000",
            "seconds_count 3",
        ] {
            assert!(text.lines().any(|told| told == line), "{line} is not in\n{text}");
        }
    }
}
