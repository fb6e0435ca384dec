"""The old application at work while its store moves: python3 stage_writer.py DATABASE URL RATE LOG SEED.

Writes RATE times a second with Python's own sqlite3: the old schema, the old statements. Where the old database refuses
(its store has moved), a new row goes to Stockroom's HTTP service instead, under one idempotency key until it is acknowledged.
Every acknowledged write is one line of LOG: what, the row's name, its value, where. Ends when its standard input does.
"""

import json
import random
import sqlite3
import sys
import threading
import time
import urllib.error
import urllib.request

database, url, rate, log_path, seed = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4], int(sys.argv[5])
rng = random.Random(seed)
log = open(log_path, "a", buffering=1)
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()

connection = sqlite3.connect(database, timeout=15)
known = []
count = 0


def acknowledged(what, name, value, side):
    log.write(json.dumps([what, name, value, side]) + "\n")


def old(sql, values):
    """True: committed. False: the store is elsewhere, or on its way."""
    try:
        with connection:
            return connection.execute(sql, values).rowcount > 0
    except sqlite3.IntegrityError as error:
        if not str(error).startswith("stockroom:"):
            raise
        return False


def new(name, value):
    body = {"model": name, "tokens_input": value, "tokens_output": 1, "cost_usd": "0.5"}
    request = urllib.request.Request(
        url + "/v1/llm/requests",
        json.dumps(body).encode(),
        {"content-type": "application/json", "idempotency-key": name},
    )
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:
            return answer.status < 300
    except urllib.error.HTTPError as error:
        problem = json.loads(error.read())
        if error.code == 409 and problem["code"] == "NOT_AUTHORITY":
            return False
        if error.code >= 500:
            return False
        raise
    except (urllib.error.URLError, ConnectionError, TimeoutError, OSError):
        return False


def insert():
    """Tries both sides in turn. Whether the service has a row after it gave no answer is seen in the old database: when that
    takes writes again, it holds everything that the service acknowledged or kept."""
    global count
    count += 1
    name, value = "w%d-%d" % (seed, count), rng.randrange(1000)
    created = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
    sql = (
        "INSERT INTO llm_requests (model, tokens_input, tokens_output, cost_usd, created_at) "
        "SELECT ?, ?, 1, 0.5, ? WHERE NOT EXISTS (SELECT 1 FROM llm_requests WHERE model = ?)"
    )
    asked = False
    while True:
        if old(sql, (name, value, created, name)):
            side = "old"
            break
        if asked and connection.execute("SELECT 1 FROM llm_requests WHERE model = ?", (name,)).fetchone():
            side = "new"
            break
        if new(name, value):
            side = "new"
            break
        asked = True
        time.sleep(0.02)
    known.append(name)
    acknowledged("insert", name, value, side)


def update():
    if not known:
        return
    name, value = rng.choice(known), rng.randrange(1000)
    if old("UPDATE llm_requests SET tokens_input = ? WHERE model = ?", (value, name)):
        acknowledged("update", name, value, "old")


def delete():
    if not known:
        return
    name = known.pop(rng.randrange(len(known)))
    if old("DELETE FROM llm_requests WHERE model = ?", (name,)):
        acknowledged("delete", name, None, "old")
    else:
        known.append(name)


due = time.monotonic()
while not stop.is_set():
    choice = rng.random()
    (insert if choice < 0.7 else update if choice < 0.95 else delete)()
    due = max(due + 1 / rate, time.monotonic() - 1)
    time.sleep(max(0, due - time.monotonic()))
log.close()
