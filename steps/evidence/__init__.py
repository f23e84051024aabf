"""Prometheus, read: raw counters become exact counts per scrape interval for both arms.

From a query to evidence, in the order of the data:

    prometheus_api/client          one HTTP query, one checked response (QueryResponse), or an error with its remedy
    prometheus_api/samples         the response as RawSeries: labels, and samples without impossible values
    counters/counter_deltas        increases per scrape; counter_resets says what a dropping counter means
    counters/duplicate_scrapes     scrapers of the same counters; scraper_failover says which of them counts
    counters/scrape_alignment      scrapes of all targets in common windows, closed when every target has reported
    counters/callers               leaves out callers that reach one arm only
    counters/strata                one Stratum per window: total and bad requests of stable and of the canary
    stable_pods                    the same for each of stable's pods, where the reporter does not tell pods apart
    metric_counts, metric_stream   these stages for one metric; the stream fetches only what is new since the last poll
    reader                         EvidenceReader.read: all streams of a run, their MetricEvidence, notes and problems

What is read, and what is found by asking:

    definitions/                   a MetricDefinition for each metric: its PromQL, the slot (class) of each series, and
                                   which slots are bad. standard_metrics, custom_metrics, request_status (what failed
                                   means), answer_classes (4xx and the like), upstreams (requests without an upstream)
    discovery/                     what this Prometheus has: reporter, names, units, labels of pods and of clusters,
                                   bucket bounds from stable's past hour
    preflight/                     the checks of `prepare`; each fault names what Prometheus has instead
    metric_catalog                 keeps what was found, for the reader; comparison holds what was decided before
    prometheus_arrivals, proxy_arrivals    whether requests still reach a side that is about to stop; no judgement
    recording, playback            every response and poll in a file (Recorder), and a Prometheus that answers from it

Each folder only imports those above it in this order: prometheus_api, counters, definitions, discovery, preflight. The
files beside this one import all of them.

Where to change what:

- what a failed request is: `definitions/request_status.py`;
- a standard metric, its PromQL or its part of the error budget: `definitions/standard_metrics.py`, which also names the
  other places of a metric;
- a new form of a custom metric: `definitions/custom_metrics.py`, and its check in `preflight/custom_metrics.py`;
- a label of another scrape configuration: `prometheus_api/samples.py` (pods and targets), `discovery/pod_labels.py`
  (custom metrics), `discovery/cluster_labels.py` (clusters and tenants);
- a sentence about a Prometheus that does not answer: `prometheus_api/prometheus_errors.py`;
- how much of the past is read, and when samples are too late: `reader.py`.

Nothing here judges: the evidence goes to `steps/judge` as counts (`steps/model/evidence.py`).
"""
