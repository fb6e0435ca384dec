#!/usr/bin/env python3
"""Stockroom from Python, with the standard library alone (3.8 or newer).

Copy the part around the class Stockroom into your application. The rest of this file shows the calls of an
application on SQLite, JSON files and dictionaries, each beside the call that takes its place, and runs both over a
small invented day:

    python3 examples/python/stockroom_client.py --url http://127.0.0.1:4100 [--key KEY]

It writes rows of invented symbols (EXAMPLE-A, EXAMPLE-B), most of them of 6 January 2020, and can be run again:
nothing is written twice. It ends with 0 only when every answer was as expected.
"""

import argparse
import json
import random
import re
import sqlite3
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from http.client import HTTPException
from pathlib import Path

# ------------------------------------------------------------------------------------------------------------
# The client: copy from here


class StockroomProblem(Exception):
    """What the service answered instead of a result. Branch on `code`, never on the text."""

    def __init__(self, status, code, detail, request_id=None, errors=(), retry_after=None):
        super().__init__("%s: %s" % (code, detail))
        self.status = status  # 0 when no answer came
        self.code = code
        self.detail = detail
        self.request_id = request_id  # the log of the service has it too
        self.errors = list(errors)  # with INVALID_INPUT: each value that was refused
        self.retry_after = retry_after  # seconds


def problem_of(status, headers, body):
    try:
        given = json.loads(body)
        code, detail = given["code"], given["detail"]
    except (ValueError, KeyError, TypeError):
        # Not Stockroom's: a proxy's page, most likely.
        given, code, detail = {}, "UNEXPECTED_ANSWER", "expected a problem of Stockroom, found status %d" % status
    seconds = headers.get("retry-after", "")
    retry_after = int(seconds) if seconds.isdigit() else None
    return StockroomProblem(
        status, code, detail, headers.get("x-request-id"), given.get("errors", ()), retry_after
    )


class Stockroom:
    """The HTTP API. One object serves all threads: it holds nothing but its settings.

    timeout is in seconds, for each wait on the connection. A call is tried again, at most `retries` times, when the
    service has too much to do (429, 503) or the connection was lost, and only when doing it twice does no harm: GET,
    PUT and DELETE, and POST with a key.
    """

    def __init__(self, url, api_key=None, timeout=10.0, retries=3):
        self.url = url.rstrip("/")
        self.api_key = api_key
        self.timeout = timeout
        self.retries = retries

    def get(self, path, **query):
        return self.call("GET", path, query=query)

    def put(self, path, body, **query):
        return self.call("PUT", path, query=query, body=body)

    def delete(self, path, **query):
        return self.call("DELETE", path, query=query)

    def post(self, path, body, key=None):
        """`key` is the Idempotency-Key: with the same key the same body is written once, however often it is sent."""
        return self.call("POST", path, body=body, key=key)

    def items(self, path, **query):
        """Every item of a list, fetched page by page."""
        while True:
            page = self.get(path, **query)
            for item in page["items"]:
                yield item
            if page["next_cursor"] is None:
                return
            query["cursor"] = page["next_cursor"]

    def call(self, method, path, query=None, body=None, key=None):
        """The answer as Python has it; None where it has no body. Raises StockroomProblem."""
        request = self._request(method, path, query or {}, body, key)
        may_repeat = method in ("GET", "PUT", "DELETE") or key is not None
        for attempt in range(self.retries + 1):
            try:
                return self._send(request)
            except StockroomProblem as problem:
                passing = problem.status in (429, 503) or problem.code == "CONNECTION_LOST"
                if not (passing and may_repeat) or attempt == self.retries:
                    raise
                # A random part, so that many processes do not come back at once.
                time.sleep((problem.retry_after or 0) + random.uniform(0, min(5.0, 0.2 * 2**attempt)))

    def _request(self, method, path, query, body, key):
        headers = {"accept": "application/json"}
        if self.api_key is not None:
            headers["authorization"] = "Bearer " + self.api_key
        if key is not None:
            headers["idempotency-key"] = key
        data = None
        if body is not None:
            headers["content-type"] = "application/json"
            # NaN and Infinity are no JSON: better a ValueError here than an answer that they are refused.
            data = json.dumps(body, allow_nan=False).encode("utf-8")
        given = [(name.rstrip("_"), query_text(value)) for name, value in query.items() if value is not None]
        url = self.url + path + ("?" + urllib.parse.urlencode(given) if given else "")
        return urllib.request.Request(url, data=data, headers=headers, method=method)

    def _send(self, request):
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:
                body = answer.read()
        except urllib.error.HTTPError as refused:
            with refused:
                raise problem_of(refused.code, refused.headers, refused.read()) from None
        except (OSError, HTTPException) as lost:
            raise StockroomProblem(0, "CONNECTION_LOST", "%s: %s" % (request.full_url, lost)) from lost
        return json.loads(body) if body else None


def query_text(value):
    """True is `true`, a list has commas, a time is ISO 8601."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(query_text(one) for one in value)
    return iso(value) if isinstance(value, datetime) else str(value)


def part(text):
    """A part of a path. M&M, NIFTY 50, a:b and a/b are all fine; what a URL would lose is not."""
    if text in ("", ".", ".."):
        raise ValueError("a part of a path cannot be %r" % text)
    return urllib.parse.quote(text, safe="")


def money(amount):
    """Money is a decimal as text: never a float, and never 1E-7."""
    return format(amount, "f")


def iso(moment):
    """A time says its zone. A naive one is refused, since nobody can tell what it means."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone: %s" % moment)
    return moment.isoformat()


# To here. What follows is the example.
# ------------------------------------------------------------------------------------------------------------

INDIA = timezone(timedelta(hours=5, minutes=30))
DAY = "2020-01-06"  # a Monday
A, B = "EXAMPLE-A", "EXAMPLE-B"


def at(clock):
    """A time of the invented day in India."""
    return datetime.fromisoformat("%sT%s" % (DAY, clock)).replace(tzinfo=INDIA)


class Answers:
    """Counts what was not as expected."""

    def __init__(self):
        self.wrong = 0

    def expect(self, what, found, wanted):
        is_right = found == wanted
        self.wrong += 0 if is_right else 1
        if is_right:
            print("  ok   %s: %s" % (what, found))
        else:
            print("  NOT  %s: %r, expected %r" % (what, found, wanted))


# --- 1. What calls of language models cost: cache/llm_costs.db ----------------------------------------------

LLM_CALLS = [("gpt-4", 250, 83, "0.0125"), ("gpt-4-turbo", 4000, 2000, "0.1"), ("gpt-4-turbo", 8000, 4000, "0.2")]


def old_log_llm(db, model, tokens_in, tokens_out, cost):
    db.execute(
        "INSERT INTO llm_requests (model, tokens_input, tokens_output, cost_usd, created_at) VALUES (?, ?, ?, ?, ?)",
        (model, tokens_in, tokens_out, float(cost), DAY + " 04:00:00"),
    )


def old_daily_spend(db):
    return db.execute("SELECT SUM(cost_usd) FROM llm_requests WHERE date(created_at) = ?", (DAY,)).fetchone()[0]


def new_log_llm(stockroom, call_id, model, tokens_in, tokens_out, cost):
    # The key names the call that is logged, so that a retry of yours is not paid for twice. Without cost_usd the price
    # list of the service says what it cost.
    return stockroom.post(
        "/v1/llm/requests",
        {
            "model": model,
            "tokens_input": tokens_in,
            "tokens_output": tokens_out,
            "cost_usd": money(Decimal(cost)),
            "created_at": iso(at("09:30:00")),
        },
        key="example-llm-" + call_id,
    )


def new_daily_spend(stockroom):
    return Decimal(stockroom.get("/v1/llm/spend", date=DAY)["total_cost_usd"])


def llm_costs(db, stockroom, answers):
    db.execute(
        "CREATE TABLE llm_requests (id INTEGER PRIMARY KEY AUTOINCREMENT, model TEXT NOT NULL, tokens_input INTEGER,"
        " tokens_output INTEGER, cost_usd REAL, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)"
    )
    for number, call in enumerate(LLM_CALLS):
        old_log_llm(db, *call)
        new_log_llm(stockroom, str(number), *call)
    print("  the old sum of floats was %r" % old_daily_spend(db))
    answers.expect("spent on %s, in US dollars" % DAY, new_daily_spend(stockroom), Decimal("0.3125"))


# --- 2. Recommendations and their exits: cache/ai_recommendations.db ----------------------------------------

SCALPS = [
    {"symbol": A, "recommendation": "Buy", "price": 100.0, "score_blend": 71.5},
    {"symbol": B, "recommendation": "Strong Sell", "price": 50.0, "score_blend": 66.0},
]
SCALP_RUN = "EXAMPLE:Scalping:2020-01-06T04:00:00"


def old_log_recommendations(db, picks):
    for rank, pick in enumerate(picks, 1):
        direction = "SHORT" if "Sell" in pick["recommendation"] else "LONG"
        row = (pick["symbol"], direction, DAY + "T04:00:00Z", pick["price"], pick["score_blend"], SCALP_RUN, rank)
        db.execute(
            "INSERT INTO ai_recommendations (symbol, mode, direction, generated_at_utc, entry_price, score_blend,"
            " run_id, rank_in_run) VALUES (?, 'Scalping', ?, ?, ?, ?, ?, ?)",
            row,
        )


def old_apply_exit(db, symbol, price):
    db.execute(
        "UPDATE ai_recommendations SET evaluated = 1, exit_price = ?,"
        " pnl_pct = (? - entry_price) / entry_price * 100 WHERE id = (SELECT id FROM ai_recommendations"
        " WHERE symbol = ? AND mode = 'Scalping' AND evaluated = 0 ORDER BY id LIMIT 1)",
        (price, price, symbol),
    )


def new_log_recommendations(stockroom, picks):
    # The run id alone makes it idempotent; the key says that it may be sent again when the connection is lost.
    payload = {
        "run_id": SCALP_RUN,
        "universe": "example",
        "mode": "Scalping",
        "generated_at": iso(at("09:30:00")),
        "items": picks,
    }
    return stockroom.post("/v1/recommendations", payload, key="example-" + SCALP_RUN)


def new_apply_exit(stockroom, symbol, price):
    position = {
        "symbol": symbol,
        "entry_time": iso(at("09:30:00")),
        "exit_time": iso(at("09:41:00")),
        "exit_price": price,
        "exit_reason": "target",
    }
    return stockroom.post("/v1/recommendations/scalping-exits", position)["items"][0]


def recommendations(db, stockroom, answers):
    db.execute(
        "CREATE TABLE ai_recommendations (id INTEGER PRIMARY KEY, symbol TEXT, mode TEXT, direction TEXT,"
        " generated_at_utc TEXT, entry_price REAL, score_blend REAL, run_id TEXT, rank_in_run INTEGER,"
        " evaluated INTEGER DEFAULT 0, exit_price REAL, pnl_pct REAL)"
    )
    old_log_recommendations(db, SCALPS)
    logged = new_log_recommendations(stockroom, SCALPS)
    answers.expect("recommendations of the run", logged["logged"] + logged["repeated"], 2)
    old_apply_exit(db, A, 101.5)
    new_apply_exit(stockroom, A, 101.5)
    query = "SELECT symbol, direction, evaluated, exit_price FROM ai_recommendations ORDER BY rank_in_run"
    old = db.execute(query).fetchall()
    rows = sorted(stockroom.items("/v1/recommendations", run_id=SCALP_RUN), key=lambda row: row["rank_in_run"])
    new = [(row["symbol"], row["direction"], int(row["evaluated"]), row["exit_price"]) for row in rows]
    answers.expect("symbol, direction, evaluated and exit price", new, old)


# --- 3. Runs of the top-picks engine: cache/top_picks_runs.db -----------------------------------------------

RUN = "example:Swing:2020-01-06T10:30:00"
PICKS = [{"symbol": A, "recommendation": "Buy", "price": 101.5, "score_blend": 74.0}]


def old_save_run(db, picks):
    db.execute(
        "INSERT INTO top_picks_runs (run_id, universe, mode, generated_at_utc, picks_count, payload)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (RUN, "example", "Swing", DAY + "T10:30:00Z", len(picks), json.dumps({"items": picks})),
    )


def old_latest_run(db):
    query = (
        "SELECT payload FROM top_picks_runs WHERE universe = ? AND mode = ? AND picks_count > 0"
        " ORDER BY generated_at_utc DESC LIMIT 1"
    )
    return json.loads(db.execute(query, ("example", "Swing")).fetchone()[0])["items"]


def new_save_run(stockroom, picks):
    payload = {
        "run_id": RUN,
        "universe": "example",
        "mode": "Swing",
        "generated_at": iso(at("16:00:00")),
        "trigger": "example",
        "items": picks,
    }
    return stockroom.post("/v1/top-picks/runs", payload, key="example-" + RUN)


def new_latest_run(stockroom):
    return stockroom.get("/v1/top-picks/latest", universe="example", mode="Swing")["items"]


def top_picks(db, stockroom, answers):
    db.execute(
        "CREATE TABLE top_picks_runs (run_id TEXT, universe TEXT, mode TEXT, generated_at_utc TEXT,"
        " picks_count INTEGER, payload TEXT)"
    )
    old_save_run(db, PICKS)
    new_save_run(stockroom, PICKS)
    answers.expect("the latest picks", new_latest_run(stockroom), old_latest_run(db))


# --- 4. What agents found and users prefer: cache/context.db ------------------------------------------------


def old_log_analysis(db, score, signals):
    db.execute(
        "INSERT INTO agent_analyses (symbol, agent_type, score, signals, created_at)"
        " VALUES (?, 'example-trend', ?, ?, ?)",
        (A, score, json.dumps(signals), DAY + " 04:05:00"),
    )


def old_latest_analysis(db):
    query = (
        "SELECT score, signals FROM agent_analyses WHERE symbol = ? AND agent_type = ?"
        " ORDER BY created_at DESC LIMIT 1"
    )
    score, signals = db.execute(query, (A, "example-trend")).fetchone()
    return score, json.loads(signals)


def old_set_preference(db, name, value):
    row = ("example-user", name, json.dumps(value))
    db.execute("INSERT OR REPLACE INTO user_preferences VALUES (?, ?, ?)", row)


def new_log_analysis(stockroom, score, signals):
    analysis = {
        "symbol": A,
        "agent_type": "example-trend",
        "score": score,
        "signals": signals,
        "created_at": iso(at("09:35:00")),
    }
    return stockroom.post("/v1/context/analyses", analysis, key="example-analysis-0935")


def new_latest_analysis(stockroom):
    found = stockroom.get("/v1/context/analyses/latest", symbol=A, agent_type="example-trend")
    return found["score"], found["signals"]


def new_set_preference(stockroom, name, value):
    return stockroom.put("/v1/context/preferences/example-user/" + part(name), {"value": value})


def context(db, stockroom, answers):
    db.execute(
        "CREATE TABLE agent_analyses (id INTEGER PRIMARY KEY, symbol TEXT, agent_type TEXT, score REAL,"
        " signals TEXT, created_at TIMESTAMP)"
    )
    db.execute(
        "CREATE TABLE user_preferences (user_id TEXT, pref_key TEXT, pref_value TEXT, UNIQUE (user_id, pref_key))"
    )
    signals = [{"name": "ema", "value": 1.25}]
    old_log_analysis(db, 62.5, signals)
    new_log_analysis(stockroom, 62.5, signals)
    answers.expect("the latest analysis", new_latest_analysis(stockroom), old_latest_analysis(db))
    old_set_preference(db, "risk", {"level": "moderate"})
    new_set_preference(stockroom, "risk", {"level": "moderate"})
    old = json.loads(db.execute("SELECT pref_value FROM user_preferences").fetchone()[0])
    answers.expect("a preference", stockroom.get("/v1/context/preferences/example-user/risk")["value"], old)
    # Reading the row, counting and writing it back lost what another process counted meanwhile: the service counts.
    learnt = {"agent_type": "example-trend", "pattern": "gap up", "correct": True}
    learning = stockroom.post("/v1/context/learnings", learnt, key="example-learning-0940")
    answers.expect("outcomes of the pattern", learning["sample_size"], 1)


# --- 5. Picks, outcomes and policies: cache/ai_recommendations.db -------------------------------------------

PICK = "e8a3b1c05d2f4967a0b1c2d3e4f50617"


def old_log_pick(db):
    row = (PICK, A, "LONG", "Intraday", DAY + "T04:00:00", DAY, 100.0)
    db.execute("INSERT INTO pick_events VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def old_save_outcome(db, close):
    change = (close - 100.0) / 100.0 * 100
    label = "WIN" if change > 0.5 else "LOSS" if change < -0.5 else "BREAKEVEN"
    db.execute("INSERT INTO pick_outcomes VALUES (?, 'EOD', ?, ?, ?)", (PICK, close, change, label))


def new_log_pick(stockroom):
    pick = {
        "pick_uuid": PICK,
        "symbol": A,
        "direction": "LONG",
        "source": "example",
        "mode": "Intraday",
        "signal_ts": iso(at("09:30:00")),
        "trade_date": DAY,
        "signal_price": 100.0,
        "contributions": [{"agent_name": "example-trend", "score": 62.5}],
    }
    return stockroom.post("/v1/picks", pick, key="example-pick-" + PICK)


def new_save_outcome(stockroom, close):
    # The return and the label follow from the prices, by the same rules.
    outcome = {"price_close": close, "horizon_end_ts": iso(at("15:30:00"))}
    return stockroom.put("/v1/picks/%s/outcomes/EOD" % PICK, outcome)


def pick_log(db, stockroom, answers):
    db.execute(
        "CREATE TABLE pick_events (pick_uuid TEXT UNIQUE, symbol TEXT, direction TEXT, mode TEXT, signal_ts TEXT,"
        " trade_date TEXT, signal_price REAL)"
    )
    db.execute(
        "CREATE TABLE pick_outcomes (pick_uuid TEXT, evaluation_horizon TEXT, price_close REAL, ret_close_pct REAL,"
        " outcome_label TEXT)"
    )
    old_log_pick(db)
    new_log_pick(stockroom)
    old_save_outcome(db, 102.0)
    outcome = new_save_outcome(stockroom, 102.0)
    old = db.execute("SELECT ret_close_pct, outcome_label FROM pick_outcomes").fetchone()
    answers.expect("return in % and label", (outcome["ret_close_pct"], outcome["outcome_label"]), old)
    # A draft only: making it active would retire the policy that is.
    policy = {"policy_id": "example-policy", "name": "Example", "config": {"min_score": 60}}
    try:
        stockroom.post("/v1/policies", policy)
    except StockroomProblem as problem:
        if problem.code != "CONFLICT":  # it is there from the run before
            raise
    answers.expect("the policy", stockroom.get("/v1/policies/example-policy")["config"], {"min_score": 60})


# --- 6. Support and resistance: support_resistance_levels in cache/top_picks_runs.db ------------------------


def pivots(high, low, close):
    p = (high + low + close) / 3
    above = {"r1": 2 * p - low, "r2": p + (high - low), "r3": high + 2 * (p - low)}
    below = {"s1": 2 * p - high, "s2": p - (high - low), "s3": low - 2 * (high - p)}
    return dict(above, p=p, **below)


def old_save_levels(db, levels):
    names = ("p", "r1", "r2", "r3", "s1", "s2", "s3")
    now = datetime.now(INDIA).replace(tzinfo=None)
    row = [A, "D"] + [levels[name] for name in names] + [now.isoformat()]
    db.execute("INSERT OR REPLACE INTO support_resistance_levels VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def new_save_levels(stockroom, levels):
    body = dict(levels, computed_at=iso(datetime.now(timezone.utc)))
    return stockroom.put("/v1/levels/" + part(A), body, scope="D")


def support_resistance(db, stockroom, answers):
    db.execute(
        "CREATE TABLE support_resistance_levels (symbol TEXT, timeframe_scope TEXT, p REAL, r1 REAL, r2 REAL,"
        " r3 REAL, s1 REAL, s2 REAL, s3 REAL, computed_at_ist TEXT, PRIMARY KEY (symbol, timeframe_scope))"
    )
    levels = pivots(103.0, 99.0, 101.0)
    old_save_levels(db, levels)
    new_save_levels(stockroom, levels)
    found = stockroom.get("/v1/levels/" + part(A), scope="D")
    old = db.execute("SELECT p, r1, s1 FROM support_resistance_levels").fetchone()
    answers.expect("pivot, r1 and s1", (found["p"], found["r1"], found["s1"]), old)


# --- 7. Candles: .cache/historical/*.json -------------------------------------------------------------------

CANDLES = [
    {"time": "09:15:00", "open": 100.0, "high": 100.8, "low": 99.6, "close": 100.4, "volume": 1200},
    {"time": "09:20:00", "open": 100.4, "high": 101.2, "low": 100.1, "close": 101.0, "volume": 900},
]


def old_save_candles(directory, candles):
    # The times had no zone.
    data = [dict(candle, time="%sT%s" % (DAY, candle["time"])) for candle in candles]
    file = directory / ("%s_5m_0123456789ab.json" % A)
    file.write_text(json.dumps({"data": data, "row_count": len(data), "columns": list(data[0])}), encoding="utf-8")
    return file


def old_read_closes(file):
    return [candle["close"] for candle in json.loads(file.read_text(encoding="utf-8"))["data"]]


def new_save_candles(stockroom, candles):
    timed = [dict(candle, time=iso(at(candle["time"]))) for candle in candles]
    query = {"interval": "5m", "source": "example", "from_": at("09:15:00"), "to": at("09:25:00")}
    return stockroom.put("/v1/prices/" + part(A), {"candles": timed}, **query)


def new_read_closes(stockroom):
    # `from` is a word of Python's: the underscore is dropped.
    query = {"interval": "5m", "source": "example", "from_": at("09:15:00"), "to": at("09:25:00")}
    return [candle["close"] for candle in stockroom.get("/v1/prices/" + part(A), **query)["candles"]]


def price_history(directory, stockroom, answers):
    file = old_save_candles(directory, CANDLES)
    new_save_candles(stockroom, CANDLES)
    answers.expect("closes of a range", new_read_closes(stockroom), old_read_closes(file))


# --- 8. The newest score of each symbol: data/global_scores/score_cache.json --------------------------------

SCORES = [
    {"symbol": A, "blend_score": 74.0, "confidence": "High", "is_actionable": True},
    {"symbol": B, "blend_score": 81.5, "confidence": "Medium", "is_actionable": True},
]


def old_save_scores(directory, scores):
    # All symbols lived and died together, and the time was local with a Z glued on.
    file = directory / "score_cache.json"
    by_symbol = {score["symbol"]: score for score in scores}
    written = {"timestamp": datetime.now().isoformat() + "Z", "ttl_hours": 6, "scores": by_symbol}
    file.write_text(json.dumps(written), encoding="utf-8")
    return file


def old_best(file):
    scores = json.loads(file.read_text(encoding="utf-8"))["scores"].values()
    return [score["symbol"] for score in sorted(scores, key=lambda score: -score["blend_score"])]


def new_save_scores(stockroom, scores):
    now = iso(datetime.now(timezone.utc))
    return stockroom.put("/v1/scores", {"scores": [dict(score, analyzed_at=now) for score in scores]})


def new_best(stockroom):
    found = stockroom.get("/v1/scores/top", symbols=[A, B], n=2, actionable=True)
    return [score["symbol"] for score in found["items"]]


def scores(directory, stockroom, answers):
    file = old_save_scores(directory, SCORES)
    new_save_scores(stockroom, SCORES)
    answers.expect("the best", new_best(stockroom), old_best(file))


# --- 9. The general cache: cache/*.json and a dictionary ----------------------------------------------------


def old_cache_set(directory, key, data):
    # Two keys could share a file: `a:b` and `a_b` did.
    file = directory / (re.sub(r"[:/]", "_", key) + ".json")
    file.write_text(json.dumps({"timestamp": datetime.now().isoformat(), "data": data}), encoding="utf-8")
    return file


def old_cache_get(file):
    return json.loads(file.read_text(encoding="utf-8"))["data"]


def new_cache_set(stockroom, key, data):
    return stockroom.put("/v1/cache/" + part(key), {"value": data, "ttl_seconds": 60, "tags": ["example"]})


def new_cache_get(stockroom, key):
    """None where there is nothing, as the old call had it."""
    try:
        return stockroom.get("/v1/cache/" + part(key))["value"]
    except StockroomProblem as problem:
        if problem.code != "NOT_FOUND":
            raise
        return None


def market_cache(directory, stockroom, answers):
    key, quote = "quote:%s" % A, {"price": 101.5, "change_pct": 1.5}
    file = old_cache_set(directory, key, quote)
    new_cache_set(stockroom, key, quote)
    answers.expect("a cached quote", new_cache_get(stockroom, key), old_cache_get(file))
    stockroom.delete("/v1/cache/" + part(key))
    answers.expect("the quote once it was removed", new_cache_get(stockroom, key), None)


# --- 10. What agents remember: dictionaries of the process --------------------------------------------------


def agent_memory(stockroom, answers):
    sessions = {}  # gone with the process, and unknown to the one beside it
    sessions.setdefault("example-session", {})["step"] = {"number": 3}
    stockroom.put("/v1/memory/sessions/example-session/step", {"value": {"number": 3}, "ttl_seconds": 3600})
    new = stockroom.get("/v1/memory/sessions/example-session/step")["value"]
    answers.expect("a value of a session", new, sessions["example-session"]["step"])
    answers.expect("the session was ended", stockroom.delete("/v1/memory/sessions/example-session"), {"ended": True})

    working = {"plan": ["scan", "rank"]}
    stockroom.put("/v1/memory/working/example-plan", {"value": working["plan"], "ttl_seconds": 300})
    answers.expect("working memory", stockroom.get("/v1/memory/working/example-plan")["value"], working["plan"])


# --- What goes wrong ----------------------------------------------------------------------------------------


def problems(stockroom, answers):
    try:
        stockroom.get("/v1/llm/spend", date="06/01/2020")
        answers.expect("a date that is none", "taken", "refused")
    except StockroomProblem as problem:
        fields = [fault["field"] for fault in problem.errors]
        answers.expect("a date that is none", (problem.status, problem.code, fields), (400, "INVALID_INPUT", ["date"]))
    # The key of a call that was logged, with another body: a mistake in the caller, which is told and not written.
    try:
        new_log_llm(stockroom, "0", "gpt-4", 1, 1, "9.99")
        answers.expect("a key that was used before", "taken", "refused")
    except StockroomProblem as problem:
        answers.expect("a key that was used before", problem.code, "IDEMPOTENCY_CONFLICT")


def main():
    parser = argparse.ArgumentParser(description="The old calls and the new ones, over an invented day.")
    parser.add_argument("--url", default="http://127.0.0.1:4100", help="where the service is (%(default)s)")
    parser.add_argument("--key", help="an API key with the scopes read and write")
    options = parser.parse_args()
    stockroom = Stockroom(options.url, api_key=options.key)
    answers = Answers()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        db = sqlite3.connect(":memory:")
        stores = [
            ("LLM costs", lambda: llm_costs(db, stockroom, answers)),
            ("Recommendations", lambda: recommendations(db, stockroom, answers)),
            ("Top picks", lambda: top_picks(db, stockroom, answers)),
            ("Context", lambda: context(db, stockroom, answers)),
            ("Picks, outcomes and policies", lambda: pick_log(db, stockroom, answers)),
            ("Support and resistance", lambda: support_resistance(db, stockroom, answers)),
            ("Price history", lambda: price_history(directory, stockroom, answers)),
            ("Scores", lambda: scores(directory, stockroom, answers)),
            ("The general cache", lambda: market_cache(directory, stockroom, answers)),
            ("Agent memory", lambda: agent_memory(stockroom, answers)),
            ("What goes wrong", lambda: problems(stockroom, answers)),
        ]
        try:
            for title, walk in stores:
                print(title)
                walk()
        except StockroomProblem as problem:
            print("%s (request %s)" % (problem, problem.request_id), file=sys.stderr)
            return 1
        finally:
            db.close()
    if answers.wrong > 0:
        print("%d answers were not as expected" % answers.wrong)
        return 1
    print("every answer was as expected")
    return 0


if __name__ == "__main__":
    sys.exit(main())
